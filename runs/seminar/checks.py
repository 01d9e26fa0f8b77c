"""Before and after a class: does it work in this room, begin anew, delete."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import segno

from model.notice import NOTICE
from model.reading import read
from runs.errors import UserError
from runs.seminar.access import KEY_FILE
from runs.seminar.record import FILE
from runs.seminar.server import address_of_network
from runs.seminar.words import Translate, translator

NEEDED = 200_000_000  # bytes of disk for a class, plenty
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Report:
    """What was tested."""

    text: str
    good: bool


def folder_of(scenario: str, data: Path | None) -> Path:
    """Folder of the record."""
    return data if data is not None else Path("results") / f"seminar-{read(scenario).name}"


def check(folder: Path, *, lan: bool, port: int, language: str = "en") -> Report:
    """Test disk, network, fonts, and the way a phone would come in."""
    t, lines, good = translator(language), [], True
    for name, (problem, said) in (
        (t("disk"), _disk(folder, t)),
        (t("record"), _record(folder, t)),
        (t("fonts"), _fonts(t)),
        (t("network"), _network(port, t, lan=lan)),
    ):
        good = good and not problem
        lines.append(f"{'✗' if problem else '✓'} {name}: {said}")
    if lan:
        address = f"http://{address_of_network()}:{port}/join"
        phone = t("Open this with a phone in the class network ({address}):", address=address)
        lines += ["", phone, "", _terminal_qr(address), *advice(t)]
    lines += ["", t(NOTICE)]
    return Report("\n".join(lines), good)


def advice(t: Translate) -> list[str]:
    """Say what to do when a phone finds nothing."""
    return [
        t(
            "If the phone finds nothing while the server runs, the Wi-Fi keeps devices apart, or"
            " the firewall of this machine turns them away. Then, in this order:"
        ),
        "  1. "
        + t(
            "Allow Python in the firewall (Windows asks at the first start; choose private"
            " networks)."
        ),
        "  2. "
        + t("Open a hotspot on this laptop or on a phone, let all join it, and start again."),
        "  3. "
        + t(
            "One laptop: without --lan, let the teams come one by one to this machine, each in a"
            " private window of its own; or take orders on paper and enter them in the white cell."
        ),
    ]


def _terminal_qr(text: str) -> str:
    import io

    out = io.StringIO()
    segno.make(text).terminal(out, compact=True)
    return out.getvalue()


def _disk(folder: Path, t: Translate) -> tuple[bool, str]:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    try:
        probe = folder / ".probe"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        words = "{folder} cannot be written ({why}); choose another with --data"
        return True, t(words, folder=folder, why=error.strerror)
    said = t("{n} GB free in {folder}", n=f"{free / 1e9:.1f}", folder=folder)
    return free < NEEDED, said if free >= NEEDED else f"{said}: {t('make room first')}"


def _record(folder: Path, t: Translate) -> tuple[bool, str]:
    path = folder / FILE
    if not path.exists():
        return False, t("none yet, a new seminar begins")
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            (count,) = db.execute("SELECT count(*) FROM event").fetchone()
    except sqlite3.Error as error:
        words = "{folder} cannot be read ({why}); is the seminar running already?"
        return True, t(words, folder=path, why=error)
    return False, t("{n} events, the class goes on (--reset puts it aside)", n=count)


def _fonts(t: Translate) -> tuple[bool, str]:
    font = HERE / "static" / "seminar-kr.ttf"
    if not font.exists():
        words = "the Korean font is missing from the installation; install the program again"
        return True, t(words)
    return False, t("Korean is served from here, browsers need no font of their own")


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


def _network(port: int, t: Translate, *, lan: bool) -> tuple[bool, str]:
    host = address_of_network() if lan else "127.0.0.1"
    if lan and host.startswith("127."):
        return True, t("this machine is in no network; join one, or work without --lan")
    try:
        server = HTTPServer(("0.0.0.0" if lan else host, port), _Hello)  # noqa: S104 - asked for
    except OSError as error:
        words = "port {n} cannot be used ({why}); choose another with --port"
        return True, t(words, n=port, why=error.strerror)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    try:
        asked = HTTPConnection(host, port, timeout=3)
        asked.request("GET", "/")
        answered = asked.getresponse().status == 200  # noqa: PLR2004 - found
    except (TimeoutError, OSError):
        answered = False
    finally:
        server.server_close()
    address = f"http://{host}:{port}"
    if not answered:
        return True, t("{address} does not answer on this machine", address=address)
    return False, t("{address} answers on this machine", address=address)


def put_aside(folder: Path) -> str:
    """Give the record of a seminar its date as a name, so that a new one can begin."""
    if not (folder / FILE).exists():
        return f"{folder} holds no record yet; a new seminar begins"
    when = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside = folder.with_name(f"{folder.name}-until-{when}")
    folder.rename(aside)
    return f"The old record is kept in {aside}"


def delete(folder: Path) -> str:
    """Delete the record of a seminar, and nothing else in its folder.

    Raises
    ------
    UserError
        If there is none.
    """
    names = (FILE, f"{FILE}-wal", f"{FILE}-shm", KEY_FILE)
    found = [folder / n for n in names if (folder / n).exists()]
    if not found:
        raise UserError(f"{folder} holds no record of a seminar; name its folder with --data")
    for path in found:
        path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
    return f"Deleted the record in {folder}. Exports that you made elsewhere are still there"
