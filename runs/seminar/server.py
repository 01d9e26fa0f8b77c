"""Starts the server of a seminar on this machine, and says how to get in."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import uvicorn

from model.notice import NOTICE
from model.reading import read
from runs.errors import UserError
from runs.seminar.forks import doctrines_alone, play_on
from runs.seminar.turns import QUARTERS, Match
from runs.seminar.web import make_site
from runs.seminar.words import Translate, translator

PORT = 8765
NOWHERE = "10.255.255.255"  # nothing is sent: it only tells which network card would be used


def address_of_network() -> str:
    """Return the address of this machine in the network of the class."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((NOWHERE, 1))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def serve(
    scenario: str, folder: Path | None, *, lan: bool, port: int, seed: int, language: str
) -> None:
    """Serve a seminar until it is stopped.

    Raises
    ------
    UserError
        If the scenario is none for a class, or the port is taken.
    """
    file = read(scenario)
    if file.quarters < QUARTERS:
        raise UserError(f"{scenario} is too short for a class: a turn is {QUARTERS} quarters")
    folder = folder if folder is not None else Path("results") / f"seminar-{file.name}"
    host = "0.0.0.0" if lan else "127.0.0.1"  # noqa: S104 - asked for with --lan
    address = f"http://{address_of_network() if lan else '127.0.0.1'}:{port}"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UserError(
                f"port {port} cannot be used ({error.strerror}); choose another with --port"
            ) from None
    site, word = make_site(folder, scenario, seed, language, address)
    if site.live.session.scenario != scenario:
        raise UserError(
            f"{folder} holds a seminar on {site.live.session.scenario}; choose another folder with"
            " --data, or name that scenario"
        )
    print(welcome(address, word, folder, translator(language), file.title, lan=lan), flush=True)
    threading.Thread(target=warm, args=(site.live.game,), daemon=True).start()
    config = uvicorn.Config(
        site.app(),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        backlog=512,
    )
    try:
        uvicorn.Server(config).run()
    finally:
        site.live.record.close()


def warm(match: Match) -> None:
    """Compile what the debrief needs, while the class reads its roles."""
    play_on(match, match.start(), {"": [doctrines_alone(match)]}, 2)


def welcome(address: str, word: str, folder: Path, t: Translate, title: str, *, lan: bool) -> str:
    """Say where the pages are, and the facilitator's word."""
    doors = (
        (t("Facilitator"), f"{address}/", t("word: {word}", word=word)),
        (t("Role cards"), f"{address}/cards", t("after entering: print them")),
        (t("Projector"), f"{address}/screen", ""),
        (t("Students"), f"{address}/join", t("with the code on a card")),
    )
    words = (
        "The record is kept in {folder}; start again with the same command and the class goes on."
    )
    lines = [t(title), t(NOTICE), ""]
    lines += [
        f"  {who:<13} {where:<{len(address) + 8}} {how}".rstrip() for who, where, how in doors
    ]
    lines += ["", t(words, folder=folder)]
    if not lan:
        words = "Only this machine can reach it. Open it to the class network with --lan."
        lines.append(t(words))
    lines.append(t("Stop with Ctrl-C."))
    return "\n".join(lines)
