"""What the public learns of a turn: the press ticker, from the engine's events.

Offers, replies, deals at secret tables and beliefs are nobody else's business before the debrief.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from model.chronicle import figure
from model.schema import ScenarioFile
from runs.seminar.words import Translate

Told = Mapping[str, Any]


def moved(t: Translate, move: Told) -> str:
    """Say a change of a lever: name, from → to."""
    if "labels" in move:
        return f"{t(move['name'])}: {t(move['labels'][0])} → {t(move['labels'][1])}"
    unit = t(str(move["unit"]))
    return f"{t(move['name'])}: {figure(move['from'])} → {figure(move['to'])} {unit}"


def ticker(
    t: Translate, file: ScenarioFile, quarters: Sequence[Sequence[Told]]
) -> list[tuple[str, list[str]]]:
    """Return the news of the quarters of a turn: (quarter, lines)."""
    out = []
    for told in quarters:
        name = next(str(e["quarter"]) for e in told if e["event"] == "quarter")
        lines = [line for e in told for line in _line(t, file, e)]
        out.append((name, lines))
    return out


def _line(t: Translate, file: ScenarioFile, e: Told) -> Iterator[str]:
    def actor(a: str) -> str:
        return t(file.actors[a].name)

    kind = e["event"]
    if kind == "happening":
        yield t(e["name"]) + _effects(t, file, e["effects"])
    elif kind == "assembly":
        yield f"{t(e['name'])}: {moved(t, e['move'])}"
    elif kind == "expiry":
        a, b = (actor(x) for x in e["parties"])
        words = "The agreement of {a} and {b} may be renewed: it runs out after {quarter}"
        if e["over"]:
            words = "The agreement of {a} and {b} has run out: {quarter} was its last quarter"
        yield t(words, a=a, b=b, quarter=e["last"])
    elif kind == "agenda" and e["demand"] and e["demand"]["fresh"]:
        d = e["demand"]
        yield t(
            "{a} demands of {b}: {what}",
            a=actor(e["by"]),
            b=actor(e["to"]),
            what=moved(t, d),
        )
    elif kind == "signing" and not e["secret"]:
        a, b = (actor(x) for x in e["parties"])
        moves = {m["lever"]: m for m in (*e["moves"], e.get("entry")) if m}
        what = "; ".join(moved(t, m) for m in moves.values())
        if e["signed"]:
            yield t("{a} and {b} sign: {what}", a=a, b=b, what=what)
        else:
            yield t(
                "{a} and {b} agreed, but it does not enter into force: {why}",
                a=a,
                b=b,
                why=_why_not(t, e),
            )
    elif kind == "own_move":
        said = t("{a} decides alone: {what}", a=actor(e["by"]), what=moved(t, e["move"]))
        if e["breaks"]:
            said += " – " + t("this breaks its agreement with {b}", b=actor(e["breaks"]))
        yield said
    elif kind == "threat":
        yield t(
            THREATS[e["what"]], a=actor(e["by"]), b=actor(e["against"]), what=moved(t, e["move"])
        )
    elif kind == "crisis":
        said = t(
            "Crisis: {place}, {rung}",
            place=t(file.theatres[e["theatre"]].name),
            rung=t(e["called"]),
        )
        if e["patron"]:
            stood = "{a} stands by its ally" if e["stood_by"] else "{a} stands aside"
            said += " – " + t(stood, a=actor(e["patron"]))
        yield said
    elif kind == "war_over":
        winner = str(e["won"])
        name = actor(winner) if winner in file.actors else t(winner)
        yield t(
            "The war is over: {place}; it was won by {a}",
            place=t(file.theatres[e["theatre"]].name),
            a=name,
        )
    elif kind == "promise" and not e["kept"] and not _secret(file, e):
        yield t(
            "{a} breaks a promise to {b}: {what}",
            a=actor(e["by"]),
            b=actor(e["to"]),
            what=moved(t, e["move"]),
        )
    elif kind == "override":
        yield t("Decision of the white cell: {why}", why=e["reason"])


THREATS = {
    "announced": "{a} threatens {b}: {what}",
    "carried_out": "{a} carries out its threat against {b}: {what}",
    "bluffed": "{a} lets its threat against {b} pass: {what}",
    "called_off": "{a} calls off its threat against {b}: {what}",
}


def _secret(file: ScenarioFile, promise: Told) -> bool:
    """Say whether a promise was made at a table that others know nothing of."""
    pair = {promise["by"], promise["to"]}
    return any(
        rule.visible == "parties" and set(rule.parties) == pair for rule in file.tables.values()
    )


def _why_not(t: Translate, e: Told) -> str:
    failed = [v["body"] for v in e["votes"].values() if not v["passed"]]
    if failed:
        return t("refused by {body}", body=t(failed[0]))
    if not e["consent"]:
        return t("{who} did not consent", who=", ".join(t(p) for p in e["asked_too"]))
    return t("overtaken by what was agreed elsewhere")


def _effects(t: Translate, file: ScenarioFile, effects: Sequence[Told]) -> str:
    said = []
    for effect in effects:
        if effect["kind"] == "lever" and effect["move"]["from"] != effect["move"]["to"]:
            said.append(moved(t, effect["move"]))
        elif effect["kind"] == "election" and effect["changed"]:
            said.append(t("new in office: {office}", office=t(effect["office"])))
    return f" ({'; '.join(said)})" if said else ""


def opening_news(t: Translate, file: ScenarioFile, events: Sequence[str]) -> list[str]:
    """Return what happened as a turn begins."""
    return [t(file.events[name].name) for name in events]


def outcome_of(question: str, quarters: Sequence[Sequence[Told]]) -> bool:
    """Say how a question of the forecasts turned out."""
    events = [e for told in quarters for e in told]
    if question == "crisis":
        return any(e["event"] == "crisis" for e in events)
    if question == "threat":
        return any(e["event"] == "threat" and e["what"] == "announced" for e in events)
    signed = [e for e in events if e["event"] == "signing" and e["signed"] and not e["secret"]]
    return len(signed) >= 3  # noqa: PLR2004 - as the question says
