"""The debrief: what was possible, who got what, why, what was believed, and luck against choice."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agents.briefing import Decision
from model.bargaining import Talks
from model.beliefs import reliability
from model.moves import own_options
from model.notice import NOTICE
from model.scenario import NOBODY
from model.schema import ACCOUNTS
from model.transcript import StoredSeat
from model.turn import Quarter
from model.world import World
from model.yardsticks import Zone, zone_of_agreement
from runs.seminar.deal_words import condition_words, fate
from runs.seminar.ground import as_ruled
from runs.seminar.live import Live
from runs.seminar.news import outcome_of, ticker
from runs.seminar.pictures import zone_svg
from runs.seminar.turns import doctrine_of, opening, settings_of
from runs.seminar.views import QUESTION_WORDS, with_overrides
from runs.seminar.words import Translate, setting_words, translator

SECTIONS = "sections"  # folder of exported zips of other classes
FELT = 0.005


def whole(live: Live, t: Translate) -> dict[str, Any]:
    """Return all of the debrief that needs no further games."""
    return {
        "title": t(live.game.file.title),
        "turns": len(live.session.turns),
        "tables": tables_of(live, t),
        "deals": signed_deals(live, t),
        "beliefs": beliefs(live, t),
        "commitments": commitments(live, t),
        "forecasts": forecasts(live, t),
        "advice": list(advice(live, t)),
        "result": result(live, t),
        "record": [
            {"turn": turn.number, "quarters": ticker(t, live.game.file, with_overrides(turn))}
            for turn in live.session.turns
        ],
        "used": [
            (turn.number, _name(live, seat, t), how)
            for turn in live.session.turns
            for seat, how in turn.used.items()
            if how in ("draft", "fallback")
        ],
        "sections": sections(live, t),
        "goals": [(t(name), t(question)) for name, question in GOALS],
    }


GOALS = (
    (
        "Abandonment and entrapment",
        "Whose fear of being left alone, and whose of being drawn in, moved a deal?",
    ),
    ("Two-level games", "Which deal failed at home, and what would have made it pass?"),
    ("Credibility", "Which threat or promise was believed, and why that one?"),
    (
        "Burden sharing",
        "Who carries more at the end than at the start, and what was given for it?",
    ),
    (
        "Linkage",
        "Where did something agreed at one table change what was possible at another?",
    ),
    ("Criticism of models", "What does this model get wrong?"),
)

PERCENTILES = (  # what they are of
    (
        "Percentile among the same orders: of 100 games on this class's orders and deals under"
        " other draws, so many ended worse for the office. What differs is luck alone."
    ),
    (
        "Percentile among doctrines: of 100 games in which every office is played by its doctrine,"
        " this one by the doctrine named beside it, so many ended worse for the office. What"
        " differs is its choices, the choices of the others, and luck."
    ),
    (
        "50 is a middling outcome of its kind. Offices that no team played (without ●) chose as"
        " their doctrine does; their second percentile shows what the teams and luck did to them."
    ),
)


def _name(live: Live, seat: str, t: Translate) -> str:
    return t(live.game.file.actors[seat].name)


def signed_deals(live: Live, t: Translate) -> list[dict[str, Any]]:
    """Return the deals that all parties signed, and what became of each."""
    return [
        {
            "turn": v.turn,
            "parties": ", ".join(_name(live, p, t) for p in v.parties),
            "what": "; ".join(_setting(live, x, y, t) for x, y in v.moves.items()),
            "condition": condition_words(live, v.condition, t) if v.condition else "",
            "fate": fate(live, v, t),
        }
        for v in live.session.deals.values()
        if v.status == "signed" and v.turn <= len(live.session.turns)
    ]


def tables_of(live: Live, t: Translate) -> list[dict[str, Any]]:
    """Return the talks of all turns; the one at which most was left on the table is to be shown."""
    found = list(talks_of(live, t))
    most = max((x["left"] for x in found), default=0.0)
    for x in found:
        x["lead"] = x["left"] == most
    return found


def talks_of(live: Live, t: Translate) -> Iterator[dict[str, Any]]:
    """Tell each table of each turn at which talks were held: zone, shares, replies with reasons."""
    for turn in live.session.turns:
        records = live.records[turn.number - 1]
        starts = [live.worlds[turn.number - 1], *(r.world for r in records)]
        for number, rules in enumerate(live.game.game.scenario.tables):
            held = [(q, r) for q, r in enumerate(records) if r.talks[number] is not None]
            if not held:
                continue
            signed = [(q, r) for q, r in held if r.talks[number].accepted[0] > 0]  # type: ignore[union-attr]
            q, record = (signed or held)[0]
            talk = record.talks[number]
            assert talk is not None
            middle, _ = opening(live.game, starts[q])
            yield _table(live, turn, rules.id, q, talk, record, middle, t)


def _table(
    live: Live, turn: Any, table: str, q: int, talk: Talks, record: Any, middle: World, t: Translate
) -> dict[str, Any]:
    scenario = live.game.game.scenario
    rules = scenario.tables[talk.table]
    pair = (scenario.actors[rules.parties[0]], scenario.actors[rules.parties[1]])
    names = (_name(live, pair[0], t), _name(live, pair[1], t))
    zone = zone_of_agreement(talk)
    signing = record.signings[talk.table]
    in_force = bool(signing is not None and signing.signed[0])
    nash, got = int(zone.nash[0]), int(talk.accepted[0])
    marks = []
    if nash:
        marks.append((nash, "star", t("Nash point")))
    if got:
        marks.append((got, "ring", t("signed")))
    last = max((int(p) for p in talk.offers[:, 0]), default=0)
    if last > 0 and not got:
        marks.append((last, "square", t("last offer")))
    events = [e for e in turn.quarters[q] if e.get("table") == table]
    return {
        "turn": turn.number,
        "quarter": scenario.quarter(middle.quarter),
        "name": t(live.forms.table_name(table)),
        "names": names,
        "svg": zone_svg(
            zone.first[:, 0],
            zone.second[:, 0],
            zone.possible[:, 0],
            zone.frontier[:, 0],
            marks,
            names,
            t,
        ),
        "zone": bool(zone.agreeable[1:, 0].any()),
        "signed": bool(got),
        "in_force": in_force,
        "shares": _shares(zone, got),
        "left": float(zone.left[0]),
        "nash": _words(live, middle, talk, nash, t),
        "agreed": _words(live, middle, talk, got, t),
        "fair": _gains(zone, nash),
        "had": _gains(zone, got),
        "replies": [_reply(live, e, t) for e in events if e["event"] == "reply"],
        "table": table,
    }


def _shares(zone: Zone, got: int) -> tuple[int, int] | None:
    share = float(zone.shares[0])
    if not got or not np.isfinite(share) or not 0.0 <= share <= 1.0:
        return None
    return round(100 * share), round(100 * (1 - share))


def _gains(zone: Zone, package: int) -> tuple[float, float] | None:
    return (float(zone.first[package, 0]), float(zone.second[package, 0])) if package else None


def _words(live: Live, middle: World, talk: Talks, package: int, t: Translate) -> str:
    if not package:
        return ""
    moves = settings_of(live.game, middle, talk, package)
    said = [
        f"{t(live.forms.lever_name(x))} → {setting_words(t, live.forms.setting(x, v))}"
        for x, v in moves.items()
    ]
    return "; ".join(said)


def _reply(live: Live, e: Mapping[str, Any], t: Translate) -> dict[str, Any]:
    """Tell a reply term by term: what accepting would have changed, against refusing."""
    terms = [(t(k), float(v)) for k, v in sorted(e["accounts"].items(), key=lambda x: -abs(x[1]))]
    future, refusing = float(e["future"] or 0.0), e["refusing"]
    return {
        "by": _name(live, e["by"], t),
        "accepted": e["accepted"],
        "team": not e["weighed"],
        "terms": terms,
        "sum": float(e["sum"]),
        "future": future,
        "passage": round(100 * float(e["passage"])),
        "refusing": float(refusing["worth"] or 0.0),
        "threat": float(refusing["threat"] or 0.0),
        "hope": float(refusing["settlement"] or 0.0),
        "gain": float(e["gain"]),
        "verdict": t(_verdict(e)),
    }


def _verdict(e: Mapping[str, Any]) -> str:
    gain = float(e["gain"])
    if not e["accepted"] and e["possible"] and e["weighed"] and gain > 0.0:
        return "Accepting was worth more than refusing, but it hoped for more by holding out."
    if e["accepted"]:
        return (
            "Accepting was worth more than refusing."
            if gain >= 0
            else ("By the ledger refusing was worth more; it was signed all the same.")
        )
    if not e["possible"]:
        return "It could not be signed: less than a demand that stands, or bound elsewhere."
    return (
        "By the ledger accepting was worth more; it was refused all the same."
        if gain > FELT
        else ("Refusing was worth more than accepting.")
    )


def beliefs(live: Live, t: Translate) -> list[dict[str, Any]]:
    """Hold what was believed of each actor's word against what it did in this game."""
    scenario = live.game.game.scenario
    kept = dict.fromkeys(scenario.actors, 0)
    broken = dict.fromkeys(scenario.actors, 0)
    for turn in live.session.turns:
        for quarter in turn.quarters:
            for e in quarter:
                if e["event"] == "promise":
                    (kept if e["kept"] else broken)[e["by"]] += 1
                elif e["event"] == "own_move" and e["breaks"]:
                    broken[e["by"]] += 1
    first, last = (reliability(w)[..., 0] for w in (live.worlds[0], live.world))
    out = []
    for n, a in enumerate(scenario.actors):
        others = [i for i in range(len(scenario.actors)) if i != n]
        out.append(
            {
                "name": _name(live, a, t),
                "kept": kept[a],
                "broken": broken[a],
                "before": round(100 * float(first[others, n].mean())),
                "after": round(100 * float(last[others, n].mean())),
                "by": [
                    (_name(live, scenario.actors[i], t), round(100 * float(last[i, n])))
                    for i in others
                ],
            }
        )
    return out


def commitments(live: Live, t: Translate) -> list[dict[str, Any]]:
    """Hold what each believed of the patron of a theatre against its true commitment."""
    scenario, world = live.game.game.scenario, live.world
    out = []
    for n, theatre in enumerate(scenario.theatres.ids):
        patron = int(scenario.theatres.patron[n])
        if patron == NOBODY:
            continue
        out.append(
            {
                "name": t(live.game.file.theatres[theatre].name),
                "patron": _name(live, scenario.actors[patron], t),
                "true": round(100 * float(world.commitment[n, 0])),
                "believed": [
                    (_name(live, a, t), round(100 * float(world.credibility[i, n, 0])))
                    for i, a in enumerate(scenario.actors)
                    if i != patron
                ],
            }
        )
    return out


def forecasts(live: Live, t: Translate) -> list[dict[str, Any]]:
    """Score each team's forecasts: mean squared error of its odds, against always saying half."""
    s, out = live.session, []
    for seat in s.held:
        rows = [
            (turn.number, q, odds[q] / 100.0, outcome_of(q, turn.quarters))
            for turn in s.turns
            for odds in [s.forecasts.get((turn.number, seat), {})]
            for q in sorted(odds)
        ]
        if rows:
            score = sum((p - happened) ** 2 for _, _, p, happened in rows) / len(rows)
            out.append(
                {
                    "name": _name(live, seat, t),
                    "score": score,
                    "rows": [
                        (n, t(QUESTION_WORDS[q]), round(100 * p), happened)
                        for n, q, p, happened in rows
                    ],
                }
            )
    return out


def advice(live: Live, t: Translate) -> Iterator[dict[str, Any]]:
    """Say what each team's doctrine would have moved in its place, turn by turn."""
    match = live.game
    for turn in live.session.turns:
        teams = [a for a, how in turn.used.items() if how in ("orders", "draft")]
        if not teams:
            continue
        world = live.worlds[turn.number - 1]
        told = [e for e in turn.quarters[0] if e["event"] == "answers"]
        seats = {
            a: StoredSeat(a, [(e["question"], e["answers"][a]) for e in told if a in e["answers"]])
            for a in match.game.scenario.actors
        }
        quarter = Quarter(match.game, world, as_ruled(match, turn).chance)
        said: dict[tuple[str, str], Decision] = {}

        def watch(
            ask: Any, _: Any, quarter: Quarter = quarter, said: Any = said, teams: list[str] = teams
        ) -> None:
            if ask.question in ("agenda", "own_moves"):
                for a in teams:
                    said[a, ask.question] = doctrine_of(match, a).decide(quarter.briefing(a))

        quarter.play(seats, watch)
        middle, _ = opening(match, world)
        for a in teams:
            orders = turn.orders[a]
            assert orders is not None
            yield {
                "turn": turn.number,
                "name": _name(live, a, t),
                "team": [_setting(live, x, v, t) for x, v in orders["moves"].items()],
                "doctrine": _own_moves(live, a, said[a, "own_moves"], middle, t),
                "tables": _opened(live, a, said[a, "agenda"], t),
            }


def _setting(live: Live, lever: str, value: float, t: Translate) -> str:
    return (
        f"{t(live.forms.lever_name(lever))} → {setting_words(t, live.forms.setting(lever, value))}"
    )


def _own_moves(live: Live, a: str, decision: Decision, middle: World, t: Translate) -> list[str]:
    scenario = live.game.game.scenario
    levers, steps = own_options(scenario, scenario.actor(a))
    assert decision.choice is not None
    out = []
    for n in decision.choice[:, 0]:
        if n >= 0:
            x = int(levers[n])
            place = int(middle.setting[x, 0]) + int(steps[n])
            place = min(max(place, 0), int(scenario.levers.size[x]) - 1)
            lever = scenario.levers.ids[x]
            out.append(_setting(live, lever, live.game.file.levers[lever].settings[place], t))
    return out


def _opened(live: Live, a: str, decision: Decision, t: Translate) -> list[str]:
    assert decision.open is not None
    tables = [
        table.id
        for table in live.game.game.scenario.tables
        if live.game.game.scenario.actor(a) in table.parties
    ]
    return [
        t(live.forms.table_name(x))
        for x, yes in zip(tables, decision.open[:, 0], strict=True)
        if yes
    ]


def result(live: Live, t: Translate) -> list[dict[str, Any]]:
    """Return the value of the game to each office, and the accounts that made it."""
    scenario = live.game.game.scenario
    records = [r for turn in live.records for r in turn]
    out = []
    for n, a in enumerate(scenario.actors):
        accounts = []
        for k, account in enumerate(ACCOUNTS):
            gap = float(records[-1].accounts[n, k, 0] - live.worlds[0].reference[n, k, 0])
            accounts.append((t(account), gap / float(np.ravel(scenario.scale[n, k])[0])))
        out.append(
            {
                "id": a,
                "name": _name(live, a, t),
                "people": live.session.held[a] == "people",
                "value": mean_utility(live, n),
                "accounts": accounts,
                "support": (
                    round(100 * float(live.worlds[0].support[n, 0])),
                    round(100 * float(live.world.support[n, 0])),
                ),
            }
        )
    return out


def mean_utility(live: Live, actor: int) -> float:
    """Mean one-quarter utility of an actor in this game."""
    records = [r for turn in live.records for r in turn]
    return sum(float(r.utility[actor, 0]) for r in records) / len(records)


def sections(live: Live, t: Translate) -> list[dict[str, Any]]:
    """Return the mean value to each office in other sections, from their exported zips."""
    out: list[dict[str, Any]] = []
    for path in sorted((live.folder / SECTIONS).glob("*.zip")):
        try:
            with ZipFile(path) as archive:
                rows = list(csv.DictReader(io.StringIO(archive.read("accounts.csv").decode())))
                told = json.loads(archive.read("manifest.json"))
        except (BadZipFile, KeyError, OSError, ValueError):
            out.append({"name": path.name, "problem": t("this is no export of a seminar")})
            continue
        if told.get("scenario") != live.session.scenario:
            out.append({"name": path.name, "problem": t("played on another scenario")})
            continue
        values: dict[str, list[float]] = {}
        for row in rows:
            if row["account"] == ACCOUNTS[0] and row["utility"]:
                values.setdefault(row["seat"], []).append(float(row["utility"].lstrip("'")))
        means = {a: sum(v) / len(v) for a, v in values.items()}
        played = int(told.get("turns", 0))
        out.append({"name": path.stem, "problem": "", "turns": played, "values": means})
    return out


@lru_cache(maxsize=1)
def _pages() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def debrief_page(live: Live, t: Translate) -> str:
    """Return the debrief as a page that stands alone."""
    style = (Path(__file__).parent / "static" / "seminar.css").read_text("utf-8")
    return (
        _pages()
        .get_template("debrief_alone.html")
        .render(t=t, d=whole(live, t), notice=t(NOTICE), language=language_of(t), style=style)
    )


def debrief_pdf(live: Live, t: Translate) -> bytes:
    """Return the debrief as PDF."""
    from runs.seminar.paper import pdf_of

    body = _pages().get_template("debrief_paper.html").render(t=t, d=whole(live, t))
    return pdf_of(body, t("Debrief"), t(NOTICE))


def language_of(t: Translate) -> str:
    """Language of a translator."""
    return "ko" if t("Debrief") == translator("ko")("Debrief") != "Debrief" else "en"


def figure(value: float) -> str:
    """Write a part of utility."""
    return f"{value:+.3f}".replace("-", "−")


def worth(rows: Sequence[tuple[str, float]]) -> float:
    """Sum of terms."""
    return sum(v for _, v in rows)
