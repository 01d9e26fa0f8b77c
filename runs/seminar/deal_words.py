"""Deals in words: what lies on the table and on what it hangs, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from model.world import World
from runs.seminar.forms import Line
from runs.seminar.live import Live
from runs.seminar.session import OPEN, Version
from runs.seminar.words import LANGUAGES, Translate, setting_words, translator


def deals(live: Live, seat: str | None, t: Translate) -> list[dict[str, Any]]:
    """Return the versions of this turn that a seat is party to, all if None, the latest first."""
    s = live.session
    return [
        deal(live, v, seat, t)
        for v in reversed(s.deals.values())
        if v.turn == s.turn and (seat is None or seat in v.parties)
    ]


def deal(live: Live, v: Version, seat: str | None, t: Translate) -> dict[str, Any]:
    """Tell a version: its changes, and how it differs from the one that it answers."""
    file = live.game.file
    open_ = v.open and live.session.phase == OPEN and v.turn == live.session.turn
    lapsed = live.lapsed(v)
    lead = live.game.game.scenario.levers.lead
    parent = live.session.deals.get(v.parent) if v.parent else None
    changes = []
    for lever in sorted({*v.moves, *(parent.moves if parent else {})}):
        old = parent.moves.get(lever) if parent else None
        new = v.moves.get(lever)
        how = "same" if old == new or parent is None else "new" if old is None else "changed"
        how = "gone" if new is None else how
        value = old if new is None else new
        assert value is not None
        changes.append(
            {
                "name": t(file.levers[lever].name),
                "to": setting_words(t, live.forms.setting(lever, value)),
                "was": setting_words(t, live.forms.setting(lever, old)) if old is not None else "",
                "how": how,
                "later": int(lead[live.game.game.scenario.lever(lever)]),
            }
        )
    return {
        "id": v.id,
        "hash": v.hash,
        "by": t(file.actors[v.by].name),
        "mine": v.by == seat,
        "parties": [
            {
                "name": t(file.actors[p].name),
                "said": "yes" if p in v.yes else "no" if p in v.no else "",
            }
            for p in v.parties
        ],
        "others": [p for p in v.parties if p != seat],
        "changes": changes,
        "moves": v.moves,
        "words": v.words,
        "parts": [_part(live, table, t) for table in live.parts(v.parties, v.moves)],
        "condition": condition_words(live, v.condition, t) if v.condition else "",
        "minutes": f"{v.minutes:g}" if v.minutes is not None else "",
        "expires": v.expires,
        "left": v.left,
        "fate": fate(live, v, t),
        "status": "lapsed" if lapsed else v.status if open_ or not v.open else "expired",
        "child": parent is not None,
        "open": open_ and not lapsed,
        "can_sign": open_ and not lapsed and seat is not None and seat not in v.yes,
    }


def _part(live: Live, table: str, t: Translate) -> dict[str, Any]:
    """Say of one table of a deal who will know, and how long it will bind."""
    rules = live.game.file.tables[table]
    return {
        "name": t(rules.name),
        "secret": rules.visible == "parties",
        "term": int(rules.term.value),
    }


def conditions(live: Live, world: World, t: Translate) -> list[str]:
    """Say on what a deal can hang."""
    return [condition_words(live, hook.written, t) for hook in live.forms.conditions(world)]


def condition_of(live: Live, words: str) -> dict[str, Any] | None:
    """Return the condition that these words say in any of the languages, None if none does."""
    known = {
        condition_words(live, hook.written, translator(language)): hook.written
        for hook in live.forms.conditions(live.middle())
        for language in LANGUAGES
    }
    return known.get(" ".join(words.split()))


def condition_words(live: Live, condition: Mapping[str, Any], t: Translate) -> str:
    """Put what a deal hangs on into words."""
    if condition.get("table"):
        return t(
            "a deal is signed at the table {table}",
            table=t(live.forms.table_name(condition["table"])),
        )
    lever = condition["lever"]
    value = next(v for v in (condition.get("at_least"), condition.get("at_most")) if v is not None)
    words = "{lever} does not fall below {value}"
    if condition.get("at_most") is not None:
        words = "{lever} does not rise above {value}"
    setting = setting_words(t, live.forms.setting(lever, value))
    return t(words, lever=t(live.forms.lever_name(lever)), value=setting)


def fate(live: Live, v: Version, t: Translate) -> str:
    """Say what became of a signed deal once its turn was published."""
    turn = next((x for x in live.session.turns if x.number == v.turn), None)
    told = turn.fates.get(v.id) if turn is not None else None
    return fate_words(live, told, t) if told else ""


def fate_words(live: Live, told: Mapping[str, Any], t: Translate) -> str:
    """Put what became of a signed deal into words."""
    if told["unmet"]:
        return t("Not in force: what it hangs on did not hold at the end of the turn.")
    if told["since"]:
        return t("In force since {quarter}.", quarter=told["since"])
    why = "; ".join(
        f"{t(live.forms.table_name(x['table']))}: {_why(live, x, t)}" for x in told["failed"]
    )
    return t("Not in force, no part of it: {why}.", why=why)


FAILED = {
    "closed": "the talks could not take it up",
    "overtaken": "overtaken by what was agreed elsewhere",
    "consent": "somebody who must agree did not",
}


def _why(live: Live, failed: Mapping[str, Any], t: Translate) -> str:
    if failed["why"] == "vote":
        body = live.game.file.actors[failed["who"]].ratification
        return t("refused by {body}", body=t(body.body if body is not None else failed["who"]))
    return t(FAILED[failed["why"]])


def proposals(live: Live, seat: str, t: Translate) -> dict[str, Any]:
    """Return what a seat can put into a deal, and on what it can hang, as far as it knows."""
    middle = live.middle()
    seen, own = live.forms.seen(seat, middle), live.forms.tables_of(seat)
    return {
        "tables": [table_form(live, table, seat, seen, t) for table in own],
        "others": [
            {"name": t(live.forms.table_name(x.id)), "lines": _lines(live, x.id, seen, t)}
            for x in live.game.game.scenario.tables
            if not x.secret and x.id not in own
        ],
        "conditions": conditions(live, middle, t),
    }


def _lines(live: Live, table: str, world: World, t: Translate) -> list[dict[str, Any]]:
    return [line_words(line, t) for line in live.forms.deal_lines(table, world)]


def table_form(live: Live, table: str, seat: str, world: World, t: Translate) -> dict[str, Any]:
    """Return what a seat can propose at one of its tables."""
    a, b = live.forms.parties(table)
    other = b if a == seat else a
    rules = live.game.file.tables[table]
    number = [x.id for x in live.game.game.scenario.tables].index(table)
    demand = float(world.demand[number, 0])
    demanded = ""
    if np.isfinite(demand):
        lever = rules.demands[0].lever
        demanded = f"{t(live.forms.lever_name(lever))}: {demand:,.0f}"
    return {
        "id": table,
        "name": t(rules.name),
        "other": other,
        "other_name": t(live.game.file.actors[other].name),
        "secret": rules.visible == "parties",
        "lines": _lines(live, table, world, t),
        "demand": demanded,
        "term": int(rules.term.value),
    }


def answering(live: Live, table: Mapping[str, Any], seat: str) -> dict[str, Any]:
    """Say who answers at a table now, and which proposal of the other side lies there."""
    s, other = live.session, table["other"]
    lying = (
        v.id
        for v in reversed(s.deals.values())
        if v.open and v.turn == s.turn and v.by == other and set(v.parties) == {seat, other}
    )
    return {"by": s.held[other], "parent": next(lying, "")}


def line_words(line: Line, t: Translate) -> dict[str, Any]:
    """Put a line of a form into words."""
    note = t(NOTES[line.note]) if line.note in NOTES else ""
    if line.note.startswith("breaks "):
        note = t("fixed by an agreement: a change breaks it")
    return {
        "lever": line.lever,
        "name": t(line.name),
        "owner": line.owner,
        "now": setting_words(t, line.now),
        "choices": [(c.value, setting_words(t, c.text), c.here) for c in line.choices],
        "note": note,
    }


NOTES = {
    "promised": "promised to another: it cannot be moved now",
    "bound": "bound by an agreement",
    "stuck": "it cannot be moved alone from here",
}
