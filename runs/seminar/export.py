"""The whole seminar as one zip: transcript, events, tables, debrief, how to run it again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from model.chronicle import in_words
from model.notice import NOTICE
from model.overrides import KIND as OVERRIDE
from model.reading import scenario_hash
from model.schema import ACCOUNTS
from model.standing import header
from model.transcript import FILE_NAME, Event, chained
from runs.seminar.live import Live, commitment
from runs.seminar.news import outcome_of
from runs.seminar.seats import NAME
from runs.seminar.session import Session, Version
from runs.seminar.words import Translate
from runs.store import program_version

HIDDEN = {"token", "code", "white"}  # never leave the record: they open doors
PERSONAL = {"name"}  # pseudonyms of people
WORDS = {"text", "words"}  # what people wrote
SEALS = "seals.json"


def transcript(live: Live) -> Iterator[Event]:
    """Tell the game as the engine's transcript: all seats are played again from their answers."""
    game, world = live.game.game, live.worlds[0]
    scenario = game.scenario
    yield header(
        game,
        world,
        seed=live.session.seed,
        run=0,
        quarters=live.world.quarter,
        names=dict.fromkeys(scenario.actors, NAME),
        settings={},
        source=live.session.scenario,
        version=program_version(),
    )
    for quarter in live.transcript_events():
        yield from quarter
    from runs.seminar.turns import digest_of

    yield {"event": "end", "quarters": live.world.quarter, "digest": digest_of(live.world)}


def bundle(live: Live, t: Translate, *, anonymous: bool = False) -> bytes:
    """Return the zip.

    anonymous : leave out pseudonyms, everything that people wrote, and the times of day
    """
    from runs.seminar.debrief import debrief_page, debrief_pdf

    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr(FILE_NAME, b"".join(chained(transcript(live))))
        archive.writestr("events.jsonl", _events(live, anonymous=anonymous))
        archive.writestr(SEALS, json.dumps(seals(live), indent=1))
        for name, columns, rows in tables(live, anonymous=anonymous):
            archive.writestr(name, _csv(columns, rows))
        archive.writestr("debrief.html", debrief_page(live, t))
        archive.writestr("debrief.pdf", debrief_pdf(live, t))
        archive.writestr(
            "manifest.json", json.dumps(_manifest(live, anonymous=anonymous), indent=1)
        )
        archive.writestr("README.txt", README.format(notice=NOTICE, scenario=live.session.scenario))
    return out.getvalue()


README = """A seminar of Hub and Spoke, on {scenario}. {notice}

  hubspoke replay THIS.zip    plays the game again and compares every quarter's state

transcript.jsonl  the game: every answer of every seat, overrides with their reasons
events.jsonl      what the class did, in order
seals.json        orders as they were locked: sha256(salt + orders as JSON, keys sorted) = the seal
*.csv             one table each; every row says turn and phase
debrief.html/pdf  what the class saw afterwards
"""


def _manifest(live: Live, *, anonymous: bool) -> dict[str, Any]:
    return {
        "seminar": live.session.id,
        "scenario": live.session.scenario,
        "scenario_hash": scenario_hash(live.game.file),
        "seed": live.session.seed,
        "run": 0,
        "version": program_version(),
        "turns": len(live.session.turns),
        "quarters": live.world.quarter,
        "digest": live.session.turns[-1].digest,
        "anonymous": anonymous,
        "command": f"hubspoke seminar {live.session.scenario} --seed {live.session.seed}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "notice": NOTICE,
    }


def _events(live: Live, *, anonymous: bool) -> str:
    lines = []
    for event in live.record.events():
        data = _without(event.data, HIDDEN | (PERSONAL | WORDS if anonymous else set()))
        if event.kind == "published":
            data = {k: v for k, v in data.items() if k != "quarters"}  # they are the transcript
        told = {"id": event.id, "kind": event.kind, **({} if anonymous else {"at": event.at})}
        lines.append(json.dumps({**told, "data": data}, ensure_ascii=False))
    return "\n".join(lines) + "\n"


def _without(data: Any, keys: set[str]) -> Any:
    if isinstance(data, Mapping):
        return {k: _without(v, keys) for k, v in data.items() if k not in keys}
    return [_without(x, keys) for x in data] if isinstance(data, list) else data


def seals(live: Live) -> list[dict[str, Any]]:
    """Return every set of orders that was locked, with salt and seal: now they can be checked."""
    out, turn = [], 0
    for event in live.record.events():
        if event.kind in ("turn_begun", "rewound"):
            turn = event.data["turn"]
        elif event.kind == "locked":
            keys = ("seat", "orders", "salt", "commitment")
            out.append({"turn": turn, **{k: event.data[k] for k in keys}})
    return out


def broken_seals(path: Path) -> list[str]:
    """Say which seals of an exported seminar do not fit their orders."""
    with ZipFile(path) as archive:
        if SEALS not in archive.namelist():
            return []
        kept = json.loads(archive.read(SEALS))
    return [
        f"turn {s['turn']}, {s['seat']}"
        for s in kept
        if commitment(s["orders"], s["salt"]) != s["commitment"]
    ]


Table = tuple[str, tuple[str, ...], Iterable[Sequence[Any]]]


def tables(live: Live, *, anonymous: bool) -> Iterator[Table]:
    """Return the tables: name, columns, rows; each row says turn and phase."""
    s = live.session
    yield (
        "messages.csv",
        ("turn", "phase", "by", "to", "text"),
        [
            (m.turn, "negotiation", m.by, " ".join(m.to) or "all", "" if anonymous else m.text)
            for m in s.messages
        ],
    )
    yield (
        "deals.csv",
        DEAL_COLUMNS,
        [row for v in s.deals.values() for row in _deal_rows(s, v)],
    )
    yield (
        "orders.csv",
        ("turn", "phase", "seat", "source", "what", "which", "value"),
        [row for turn in s.turns for row in _order_rows(turn)],
    )
    yield ("outcomes.csv", ("turn", "phase", "quarter", "event", "who", "what"), _outcomes(live))
    yield (
        "accounts.csv",
        ("turn", "phase", "quarter", "seat", "account", "value", "utility", "support"),
        _accounts(live),
    )
    yield (
        "forecasts.csv",
        ("turn", "phase", "seat", "question", "percent", "happened"),
        [
            (turn.number, "orders", seat, q, odds[q], int(outcome_of(q, turn.quarters)))
            for turn in s.turns
            for seat in s.held
            for odds in [s.forecasts.get((turn.number, seat), {})]
            for q in sorted(odds)
        ],
    )
    if not anonymous:
        yield (
            "reflections.csv",
            ("turn", "phase", "seat", "text"),
            [(n, "reflection", seat, text) for (n, seat), text in sorted(s.reflections.items())],
        )


DEAL_COLUMNS = (
    *("turn", "phase", "version", "answers", "by", "parties", "lever", "setting", "status"),
    *("minutes", "condition", "in_force_since"),
)


def _deal_rows(s: Session, v: Version) -> Iterator[tuple[Any, ...]]:
    told = next((turn.fates.get(v.id, {}) for turn in s.turns if turn.number == v.turn), {})
    start = (v.turn, "negotiation", v.id, v.parent or "", v.by, " ".join(v.parties))
    condition = json.dumps(v.condition) if v.condition else ""
    more = (v.status, "" if v.minutes is None else v.minutes, condition, told.get("since", ""))
    for lever, setting in sorted(v.moves.items()):
        yield (*start, lever, setting, *more)


def _order_rows(turn: Any) -> Iterator[tuple[Any, ...]]:
    for seat, orders in turn.orders.items():
        start = (turn.number, "orders", seat, turn.used[seat])
        if orders is None:
            yield (*start, "doctrine", "", "")
            continue
        for what in ("moves", "demands"):
            for which, value in orders[what].items():
                yield (*start, what, which, value)
        for what in ("threats", "let_pass", "broken"):
            for which in orders[what]:
                yield (*start, what, which, "")


def _outcomes(live: Live) -> Iterator[tuple[Any, ...]]:
    for turn in live.session.turns:
        for quarter in turn.quarters:
            name = ""
            for e in quarter:
                name = e["quarter"] if e["event"] == "quarter" else name
                start = (turn.number, "adjudication", name, e["event"])
                if e["event"] == "signing":
                    yield (*start, " ".join(e["parties"]), f"{e['words']}; signed: {e['signed']}")
                elif e["event"] in ("own_move", "threat"):
                    yield (*start, e["by"], in_words(e["move"]))
                elif e["event"] == "crisis":
                    yield (*start, e["theatre"], e["called"])
        for change in turn.overrides:
            yield (turn.number, "adjudication", "", OVERRIDE, "white cell", change["reason"])


def _accounts(live: Live) -> Iterator[tuple[Any, ...]]:
    for turn in live.session.turns:
        for quarter in turn.quarters:
            name = next(e["quarter"] for e in quarter if e["event"] == "quarter")
            state = quarter[-1]
            for seat, accounts in state["accounts"].items():
                for account in ACCOUNTS:
                    shown = (accounts[account], state["utility"][seat], state["support"][seat])
                    yield (turn.number, "adjudication", name, seat, account, *shown)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_safe(x) for x in row] for row in rows)
    return out.getvalue()


def _safe(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" and value else value
