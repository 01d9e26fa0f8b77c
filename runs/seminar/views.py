"""What each viewer may see: a team its own, the projector what is public, the white cell all.

Every page is made from one of these. Nothing of another seat's secrets goes into a team's or the
projector's view, not even a number of things: a test holds the bytes against each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from model.beliefs import reliability
from model.moves import own_options
from model.overrides import RULING
from model.schema import ACCOUNTS
from model.world import World
from runs.seminar.deal_words import answering, deals, fate_words, line_words, proposals
from runs.seminar.live import QUESTIONS, Live
from runs.seminar.news import moved, opening_news, ticker
from runs.seminar.rulings import rulings
from runs.seminar.session import OPEN, OVER, PUBLISHED, SCREEN, WHITE, Message, Turn
from runs.seminar.words import Translate, setting_words

FEW = 0.005
QUESTION_WORDS = {
    "crisis": "A crisis breaks out somewhere in this turn",
    "threat": "Somebody announces a threat in this turn",
    "deals": "Three public deals or more are signed in this turn",
}


def public(live: Live, t: Translate) -> dict[str, Any]:
    """Return what everybody may see: positions, ties, news, the clock."""
    s = live.session
    kept = (s.feed.get(SCREEN, 0), tuple(s.held.values()), s.phase, t("Turn"))
    if kept not in live.shown:
        live.shown = {k: v for k, v in live.shown.items() if k[:3] == kept[:3]}
        live.shown[kept] = _public(live, t)
    return live.shown[kept]


def _public(live: Live, t: Translate) -> dict[str, Any]:
    s, match = live.session, live.game
    middle, happened = live.opened()
    return {
        "turn": s.turn,
        "turns": match.turns(),
        "phase": s.phase,
        "quarters": [match.game.scenario.quarter(live.world.quarter + n) for n in range(2)],
        "title": t(match.file.title),
        "clock": clock(live),
        "roster": [
            {"id": a, "name": t(match.file.actors[a].name), "by": by} for a, by in s.held.items()
        ],
        "news": [
            {"turn": turn.number, "quarters": ticker(t, match.file, with_overrides(turn))}
            for turn in reversed(s.turns)
        ],
        "opening": opening_news(t, match.file, happened),
        "positions": positions(live, middle, t),
        "debrief": s.debrief,
        "injects": [
            i.text
            for i in s.injects.values()
            if i.status == "released" and not i.to and i.released == s.turn
        ],
    }


def with_overrides(turn: Turn) -> list[list[Mapping[str, Any]]]:
    """Return the events of a turn with what the white cell changed at its end."""
    quarters: list[list[Mapping[str, Any]]] = [list(q) for q in turn.quarters]
    for change in turn.overrides:
        quarters[-1].append({"event": "override", **change})
    return quarters


def clock(live: Live) -> dict[str, Any]:
    """Return the clock as the server keeps it."""
    s = live.session
    return {"deadline": s.deadline, "left": s.left, "running": s.deadline is not None}


def positions(live: Live, world: World, t: Translate) -> list[dict[str, Any]]:
    """Return where the levers of the class stand, as the public knows it, by owner."""
    match, scenario = live.game, live.game.game.scenario
    start = live.worlds[0]
    out = []
    for a, actor in match.file.actors.items():
        lines = []
        for lever in active_levers(live, a):
            x = scenario.lever(lever)
            hidden = bool(world.secret[x, 0])
            setting = int((world.before if hidden else world.setting)[x, 0])
            rule = match.file.levers[lever]
            first = int(start.setting[x, 0])
            now = live.forms.setting(lever, rule.settings[setting])
            lines.append(
                {
                    "name": t(rule.name),
                    "now": setting_words(t, now),
                    "moved": setting - first,
                    "place": setting / max(1, len(rule.settings) - 1),
                }
            )
        out.append({"id": a, "name": t(actor.name), "lines": lines})
    return out


def active_levers(live: Live, actor: str) -> list[str]:
    """Levers of an actor that can move in this edition: alone, or at a table."""
    scenario = live.game.game.scenario
    a = scenario.actor(actor)
    alone = {int(x) for x in own_options(scenario, a)[0]}
    tabled = {int(x) for table in scenario.tables for x in table.levers}
    return [
        scenario.levers.ids[x] for x in sorted(alone | tabled) if int(scenario.levers.owner[x]) == a
    ]


def team(live: Live, seat: str, device: int, t: Translate) -> dict[str, Any]:
    """Return what one team may see beyond the public: its own, and what was said to it."""
    s, match = live.session, live.game
    actor = match.file.actors[seat]
    world = live.world
    middle = live.middle()
    proposed = live.once(("proposals", seat, t("Turn")), lambda: proposals(live, seat, t))
    return {
        "seat": seat,
        "name": t(actor.name),
        "brief": brief(live, seat, t),
        "indicators": indicators(live, seat, world, t),
        "messages": messages(live, seat, t),
        "deals": deals(live, seat, t),
        "tables": [table | answering(live, table, seat) for table in proposed["tables"]],
        "others": proposed["others"],
        "conditions": proposed["conditions"],
        "slots": live.slots(seat) if s.phase == OPEN else 0,
        "opened": len(live.opened_by(seat)) if s.phase == OPEN else 0,
        "form": order_form(live, seat, middle, t) if s.phase == OPEN else None,
        "locked": s.locked.get(seat),
        "leader": s.leader.get(seat) == device,
        "draft": s.drafts.get(seat),
        "injects": [
            i.text
            for i in s.injects.values()
            if i.status == "released" and seat in i.to and i.released == s.turn
        ],
        "help": s.help.get(seat, ""),
        "reflection": s.reflections.get((s.turn, seat), ""),
        "forecast": s.forecasts.get((s.turn, seat), {}),
        "questions": [(q, t(QUESTION_WORDS[q])) for q in QUESTIONS],
        "used": s.turns[-1].used.get(seat) if s.turns and s.phase in (PUBLISHED, OVER) else None,
    }


def brief(live: Live, seat: str, t: Translate) -> dict[str, Any]:
    """Return the role as it is now."""
    return brief_at(live, seat, live.world, t)


def brief_at(live: Live, seat: str, world: World, t: Translate) -> dict[str, Any]:
    """Return the role: public and secret part, goals, weights in words."""
    match, scenario = live.game, live.game.game.scenario
    a = scenario.actor(seat)
    platform = scenario.platforms[a][int(world.platform[a, 0])]
    rule = match.file.actors[seat]
    weights = rule.platforms[platform].weights
    ranked = sorted(weights.items(), key=lambda w: -w[1].value)
    return {
        "office": t(rule.platforms[platform].office),
        "about": t(rule.about),
        "weights": [
            (t(account), round(100 * q.value), t(weight_word(q.value))) for account, q in ranked
        ],
        "levers": [t(match.file.levers[x].name) for x in active_levers(live, seat)],
        "partners": [t(live.forms.table_name(x)) for x in live.forms.tables_of(seat)],
        "body": t(rule.ratification.body) if rule.ratification else "",
        "goal": t(GOALS.get(seat, "End with your accounts above where they began.")),
    }


GOALS = {
    "USA": "Have allies carry more of the cost, and keep them: at least two deals in force in which"
    " an ally pays or spends more, and no cut that you did not want.",
    "ROK": "Keep the American guarantee at a price that the National Assembly passes: troops at"
    " today's number, and nuclear planning deeper than today.",
    "JPN": "Be worth defending without paying much more: host-nation support within a few per cent"
    " of today, and a role that the Diet accepts.",
    "CHN": "Keep the pressure off: no wider alliance around you, and trade that goes on.",
    "PRK": "Be recognised and paid: talks with Washington, or aid from Beijing or Moscow, without"
    " limits that bite.",
    "RUS": "Keep what was taken and get relief: no harder front in Europe, and partners that help.",
    "NATO": "Keep America in Europe while Europe carries more: the troops stay, and spending"
    " rises no faster than parliaments pass.",
}


def weight_word(weight: float) -> str:
    """Say in a word how much an account weighs."""
    for least, word in ((0.25, "decisive"), (0.15, "important"), (0.08, "of some weight")):
        if weight >= least:
            return word
    return "minor"


def indicators(live: Live, seat: str, world: World, t: Translate) -> dict[str, Any]:
    """Return a team's own accounts, support, beliefs and computed value."""
    scenario = live.game.game.scenario
    a = scenario.actor(seat)
    record = live.records[-1][-1] if live.records else None
    previous = live.records[-1][0] if live.records else None
    accounts = []
    for k, account in enumerate(ACCOUNTS):
        now = float(record.accounts[a, k, 0]) if record else 0.0
        before = float(world.reference[a, k, 0])
        unit = "USD bn a year" if account in ("treasury", "commerce") else "points"
        gap = (now - before) / float(scenario.scale[a, k].reshape(-1)[0]) if record else 0.0
        accounts.append(
            {"name": t(account), "now": now, "unit": t(unit), "gap": gap, "word": t(gap_word(gap))}
        )
    trust = reliability(world)
    return {
        "accounts": accounts,
        "support": float(world.support[a, 0]),
        "value": sum(float(r.utility[a, 0]) for r in live.records[-1]) / 2.0 if record else None,
        "history": [sum(float(r.utility[a, 0]) for r in turn) / len(turn) for turn in live.records],
        "trust": [
            {
                "name": t(live.game.file.actors[b].name),
                "reliability": float(trust[a, n, 0]),
                "word": t(trust_word(float(trust[a, n, 0]))),
            }
            for n, b in enumerate(scenario.actors)
            if b != seat
        ],
        "played": previous is not None,
    }


def gap_word(gap: float) -> str:
    """Say how an account stands against what is taken for granted."""
    if abs(gap) < 0.1:  # noqa: PLR2004 - a tenth of a standard deviation is not felt
        return "as taken for granted"
    strong = abs(gap) >= 1.0
    if gap > 0:
        return (
            "far above what is taken for granted" if strong else "above what is taken for granted"
        )
    return "far below what is taken for granted" if strong else "below what is taken for granted"


def trust_word(trust: float) -> str:
    """Say how far a promise is believed."""
    for least, word in ((0.75, "keeps its word"), (0.5, "mostly keeps its word")):
        if trust >= least:
            return word
    return "often breaks its word" if trust < 0.3 else "doubtful"  # noqa: PLR2004 - words for shares


def messages(live: Live, seat: str, t: Translate) -> list[dict[str, Any]]:
    """Return what a team wrote or was sent, and public words, the latest first."""
    return [
        _message(live, m, t)
        for m in reversed(live.session.messages)
        if not m.to or seat in m.to or seat == m.by
    ]


def _message(live: Live, m: Message, t: Translate) -> dict[str, Any]:
    def name(a: str) -> str:
        return t("White cell") if a == WHITE else t(live.game.file.actors[a].name)

    return {
        "turn": m.turn,
        "by": name(m.by),
        "to": ", ".join(name(a) for a in m.to) if m.to else t("everybody"),
        "text": m.text,
    }


def order_form(live: Live, seat: str, world: World, t: Translate) -> dict[str, Any]:
    """Return the one-page order form of a team."""
    forms = live.forms

    def lines(found: list[Any]) -> list[dict[str, Any]]:
        return [
            {
                "id": x.id,
                "text": _translated(t, x.text),
                "table": t(forms.table_name(x.table))
                if x.table in live.game.file.tables
                else t(live.game.file.actors[x.table].name),
                "options": [(value, _translated(t, said)) for value, said in x.options],
            }
            for x in found
        ]

    return {
        "moves": [line_words(line, t) for line in forms.own_lines(seat, world)],
        "demands": lines(forms.demands(seat, world)),
        "threats": lines(forms.threats(seat, world)),
        "threats_due": lines(forms.threats_due(seat, world)),
        "promises": lines(forms.promises(seat, world)),
    }


def _translated(t: Translate, text: str) -> str:
    """Translate `name: from → to` piece by piece."""
    name, colon, rest = text.partition(": ")
    if not colon:
        return t(text)
    return f"{t(name)}: " + " → ".join(setting_words(t, part) for part in rest.split(" → "))


def white(live: Live, t: Translate) -> dict[str, Any]:
    """Return what the white cell sees: all of it."""
    s, match = live.session, live.game
    seats = []
    for a, by in s.held.items():
        devices = [d for d in s.devices.values() if d.seat == a]
        state = "locked" if a in s.locked else "draft" if a in s.drafts else "nothing yet"
        seats.append(
            {
                "id": a,
                "name": t(match.file.actors[a].name),
                "by": by,
                "devices": [
                    {"name": d.name, "number": d.number, "pen": s.leader.get(a) == d.number}
                    for d in devices
                ],
                "orders": state if by == "people" else "doctrine",
                "doctrine": t(match.doctrines[a].replace("_", " ")),
                "help": s.help.get(a, ""),
                "issued": s.issued.get(a, 0),
                "reflection": s.reflections.get((s.turn, a), ""),
            }
        )
    return {
        "seats": seats,
        "messages": [_message(live, m, t) for m in reversed(s.messages)],
        "deals": deals(live, None, t),
        "injects": [
            {
                "id": i.id,
                "status": i.status,
                "to": [t(match.file.actors[a].name) for a in i.to],
                "turn": i.turn,
                "text": i.text,
                "effects": [effect_words(live, e, t) for e in i.effects],
            }
            for i in s.injects.values()
        ],
        "overrides": [
            {"reason": o["reason"], "effects": [effect_words(live, e, t) for e in o["effects"]]}
            for o in s.overrides
        ],
        "all_locked": bool(s.teams()) and all(a in s.locked for a in s.teams()),
        "levers": [
            {
                "id": x,
                "name": t(match.file.levers[x].name),
                "settings": [
                    (v, setting_words(t, live.forms.setting(x, v)))
                    for v in match.file.levers[x].settings
                ],
            }
            for a in s.held
            for x in active_levers(live, a)
        ],
        "turns_played": len(s.turns),
        "triggers": [(q, t(QUESTION_WORDS[q])) for q in QUESTIONS],
    }


def previewed(live: Live, t: Translate) -> dict[str, Any]:
    """Return what would be published now."""
    played = live.preview()
    _, used = live.plans()
    quarters = [list(q) for q in played.chronicle]
    for change in live.session.overrides:
        quarters[-1].append({"event": "override", **change})
    file = live.game.file
    scenario = live.game.game.scenario
    return {
        "used": [(t(file.actors[a].name), how) for a, how in used.items()],
        "quarters": ticker(t, file, quarters),
        "secret": [
            (
                [t(file.actors[p].name) for p in e["parties"]],
                "; ".join(moved(t, m) for m in e["moves"]),
            )
            for q in played.chronicle
            for e in q
            if e["event"] == "signing" and e["secret"] and e["signed"]
        ],
        "fates": [
            (
                ", ".join(t(file.actors[p].name) for p in live.session.deals[id_].parties),
                fate_words(live, told, t),
            )
            for id_, told in played.fates.items()
        ],
        "utility": [
            (
                t(file.actors[a].name),
                sum(float(r.utility[n, 0]) for r in played.records) / len(played.records),
            )
            for n, a in enumerate(scenario.actors)
        ],
        "rulings": [
            (
                json.dumps(r.written),
                f"{ruling_words(live, r.written, t)} ({t(CHANCES[r.kind], n=round(100 * r.odds))})",
            )
            for r in rulings(live.game.game, played)
        ],
    }


CHANCES = {"ratification": "chance to pass: {n} %", "crisis": "chance of a crisis: {n} %"}


def ruling_words(live: Live, written: Mapping[str, Any], t: Translate) -> str:
    """Say what a ruling decides."""
    file = live.game.file
    quarter = live.game.game.scenario.quarter(written["quarter"])
    what, _, who = str(written["of"]).partition(" ")
    if written[RULING] == "crisis":
        words = "{quarter}: no crisis in {place}"
        if written["comes"]:
            words = "{quarter}: a crisis breaks out in {place}"
        return t(words, quarter=quarter, place=t(file.theatres[what].name))
    words = "{quarter}: {body} refuses the deal at {table}"
    if written["comes"]:
        words = "{quarter}: {body} passes the deal at {table}"
    rule = file.actors[who].ratification
    body = t(rule.body if rule is not None else who)
    return t(words, quarter=quarter, body=body, table=t(live.forms.table_name(what)))


def effect_words(live: Live, effect: Mapping[str, Any], t: Translate) -> str:
    """Say what the white cell changes."""
    file = live.game.file
    if "lever" in effect:
        lever = effect["lever"]
        setting = setting_words(t, live.forms.setting(lever, effect["to"]))
        return f"{t(file.levers[lever].name)} → {setting}"
    if "support" in effect:
        gap = f"{100 * effect['add']:+.0f}".replace("-", "−")
        return t("support of {a}: {n} points", a=t(file.actors[effect["support"]].name), n=gap)
    if "about" in effect:
        words = "{a} is seen to break a promise"
        if effect.get("kept"):
            words = "{a} is seen to keep a promise"
        return t(words, a=t(file.actors[effect["about"]].name))
    return ruling_words(live, effect, t)
