"""Why an actor chose as it did: the terms it weighed, what it believed, what else there was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from agents.agenda import headline_lever, name_levers
from agents.talks import value_package
from agents.utility import each_utility, package_change
from model.chronicle import in_words, move, package_told
from model.reasons import Weighed, account_parts, outlook, weigh
from model.schema import ACCOUNTS
from model.transcript import Event
from runs.viewer.flows import capital
from runs.viewer.watched import Moment
from runs.words import Names, proposal, threat_words

MOST = 5  # alternatives that are shown
GOODWILL = "goodwill"
NAMES = {
    GOODWILL: "goodwill (the future)",
    "threat": "their threat avoided",
    "hope": "hope of a later deal given up",
    "passage": "may fail on the way",
    "cost": "cost of changing course",
    "law": "cost at law and at home",
    "manner": "its way of deciding adds",
    "breach": "cost of breaking its word",
}


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: what a term adds to utility."""

    name: str
    value: float


@dataclass(frozen=True)
class Choice:
    """One decision of an actor in a quarter."""

    event: Event
    kind: str  # offer, reply, own_move, threat, promise
    other: str  # the actor on the other side, "" for own moves
    title: str
    verdict: str  # a word or two
    steps: tuple[Step, ...]
    total: float
    total_name: str
    least: float | None = None  # it takes no less
    weighed: bool = True


def choices(names: Names, moment: Moment, actor: str) -> list[Choice]:
    """All that an actor decided in a quarter and that was weighed, in order."""
    return [
        *at_tables(names, moment, actor),
        *alone(names, moment, actor),
        *promises(names, moment, actor),
    ]


def at_tables(names: Names, moment: Moment, actor: str) -> Iterator[Choice]:
    """Offers and replies."""
    offers = {(e["table"], e["round"]): e for e in moment.of("offer")}
    for event in moment.of("offer", "reply"):
        if event["by"] != actor:
            continue
        offer = offers[event["table"], event["round"]]
        other = names.actor(event["to"])
        if not offer["moves"]:
            continue
        reply = event["event"] == "reply"
        if reply:
            verdict = "accepts" if event["accepted"] else "refuses"
            title = f"{other} proposes {proposal(offer)}"
        else:
            verdict = "proposes"
            title = f"To {other}: {proposal(offer)}"
        yield Choice(
            event,
            event["event"],
            event["to"],
            f"{names.table(event['table'])}, round {event['round']}. {capital(title)}",
            verdict,
            tuple(deal_steps(event)),
            event["gain"],
            "gain over walking away",
            event["least"] if reply else None,
            event["weighed"],
        )


def alone(names: Names, moment: Moment, actor: str) -> Iterator[Choice]:
    """Own moves and threats."""
    for event in moment.of("own_move", "threat"):
        if event["by"] != actor:
            continue
        steps = [*account_steps(event)]
        threat = event["event"] == "threat"
        if threat:
            steps += [Step(NAMES["law"], -(event["cost"] or 0.0))]
            title, verdict = threat_words(names, event), event["what"].replace("_", " ")
        else:
            steps += [
                Step(NAMES["cost"], -(event["cost"] or 0.0)),
                Step(NAMES["manner"], event["manner"] or 0.0),
            ]
            title, verdict = in_words(event["move"]), "moves alone"
        steps = [s for s in steps if s.value]
        yield Choice(
            event,
            event["event"],
            event["against"] if threat else "",
            capital(title),
            verdict,
            tuple(steps),
            sum(s.value for s in steps),
            "worth of carrying it out" if threat else "worth of the move",
        )


def promises(names: Names, moment: Moment, actor: str) -> Iterator[Choice]:
    """Promises that fell due: kept unless breaking them gains more than the breach costs."""
    heard = moment.reasons.heard.get(("honour", "", 0))
    if heard is None or actor not in heard.ask.briefings:
        return
    briefing = heard.briefing(actor)
    due = briefing.promises
    assert due is not None
    decider = moment.deciders[actor]
    for event in moment.of("promise"):
        lever = moment.game.scenario.lever(event["move"]["lever"])
        found = np.flatnonzero((due.lever == lever) & due.due[:, 0])
        if event["by"] != actor or not len(found):
            continue
        n = int(found[0])
        parts = account_parts(outlook(decider, briefing.goals), due.own[:, n])
        steps = [
            *account_steps(parts),
            Step(NAMES["breach"], float(due.breach_cost[n, 0])),
        ]
        told = in_words(event["move"])
        yield Choice(
            event,
            "promise",
            event["to"],
            f"Promised to {names.actor(event['to'])}: {told}",
            "keeps its word" if event["kept"] else "breaks its word",
            tuple(steps),
            sum(s.value for s in steps),
            "worth of keeping it",
            weighed=hasattr(decider, "weigh"),
        )


def account_steps(event: Event) -> Iterator[Step]:
    """What each account adds."""
    for account in ACCOUNTS:
        if account in event["accounts"]:
            yield Step(account, event["accounts"][account])


def deal_steps(event: Event) -> Iterator[Step]:
    """Terms of a deal, which add up to its gain.

    gain = passage x (accounts + goodwill - threat - settlement), see `model.reasons.deal_terms`.
    """
    refusing = event["refusing"]
    steps = [
        *account_steps(event),
        Step(NAMES[GOODWILL], event["future"] or 0.0),
        Step(NAMES["threat"], -refusing["threat"]),
        Step(NAMES["hope"], -refusing["settlement"]),
    ]
    before = event["sum"] + (event["future"] or 0.0) - refusing["worth"]
    steps.append(Step(NAMES["passage"], event["gain"] - before))
    return (s for s in steps if abs(s.value) >= 5e-4)  # noqa: PLR2004 - would read as zero


@dataclass(frozen=True)
class Belief:
    """What one thought that something means for the other, and what it meant in truth."""

    name: str
    believed: float
    true: float


def beliefs(moment: Moment, choice: Choice) -> list[Belief]:
    """What the actor believed that the package means for the other side, against the truth."""
    if choice.kind not in ("offer", "reply"):
        return []
    package = package_of(moment, choice)
    mine, theirs = seats(moment, choice)
    which = np.array([package])
    thought = account_parts(
        mine.seat.them, package_change(mine.seat.packages, mine.seat.theirs, which)
    )["accounts"]
    true = account_parts(
        theirs.seat.me, package_change(theirs.seat.packages, theirs.seat.own, which)
    )["accounts"]
    out = [
        Belief(k, thought.get(k, 0.0), true.get(k, 0.0))
        for k in ACCOUNTS
        if k in thought or k in true
    ]
    gain = value_package(mine.course, which).theirs[0], value_package(theirs.course, which).mine[0]
    return [*out, Belief("gain over walking away", float(gain[0]), float(gain[1]))]


def package_of(moment: Moment, choice: Choice) -> int:
    """Number of the package that a choice at a table is about."""
    table, round_ = choice.event["table"], choice.event["round"] - 1
    talk = moment.record.talks[table_number(moment, table)]
    assert talk is not None
    return int(talk.offers[round_, 0])


def table_number(moment: Moment, table: str) -> int:
    """Number of a table."""
    return [t.id for t in moment.game.scenario.tables].index(table)


def seats(moment: Moment, choice: Choice) -> tuple[Weighed, Weighed]:
    """What the actor weighed at the table in that round, and what the other did."""
    event = choice.event
    heard = moment.reasons.heard["offer", event["table"], event["round"] - 1]
    mine, theirs = (
        weigh(moment.deciders[a], heard.briefing(a)) for a in (event["by"], event["to"])
    )
    return mine, theirs


@dataclass(frozen=True)
class Alternative:
    """Something else that could have been done."""

    words: str
    mine: float
    theirs: float | None  # as the actor believed
    taken: bool = False


def alternatives(moment: Moment, choice: Choice) -> list[Alternative]:
    """What else the actor weighed, the best for itself first."""
    if choice.kind in ("offer", "reply"):
        return other_packages(moment, choice)
    return other_moves(moment, choice) if choice.kind == "own_move" else []


def other_packages(moment: Moment, choice: Choice) -> list[Alternative]:
    """Packages that both would gain by, as the actor believed, and the one that was proposed."""
    mine, _ = seats(moment, choice)
    chosen = package_of(moment, choice)
    talk = moment.record.talks[table_number(moment, choice.event["table"])]
    assert talk is not None
    found = []
    for package in range(1, len(mine.seat.packages)):
        worth = value_package(mine.course, np.array([package]))
        if package == chosen or (worth.possible[0] and worth.mine[0] > 0 and worth.theirs[0] > 0):
            found.append((float(worth.mine[0]), float(worth.theirs[0]), package))
    found.sort(reverse=True)
    best = [f for f in found if f[2] != chosen][:MOST]
    kept = sorted([*best, *(f for f in found if f[2] == chosen)], reverse=True)
    return [
        Alternative(
            proposal(package_told(moment.game, moment.middle, talk, package)),
            gain,
            theirs,
            package == chosen,
        )
        for gain, theirs, package in kept
    ]


def other_moves(moment: Moment, choice: Choice) -> list[Alternative]:
    """Moves that the actor could have made alone, by their worth less what they cost."""
    actor = choice.event["by"]
    decider = moment.deciders[actor]
    briefing = moment.reasons.heard["own_moves", "", 0].briefing(actor)
    options = briefing.options
    assert options is not None
    goals = outlook(decider, briefing.goals)
    worth = each_utility(goals, options.own)
    if hasattr(decider, "appeal"):
        worth = decider.appeal(options, worth, briefing)
    worth = (worth - briefing.customs.adjustment_cost - options.cost)[:, 0]
    order = [n for n in np.argsort(-worth, kind="stable") if not options.blocked[n, 0]]
    scenario = moment.game.scenario
    done = {
        (e["move"]["lever"], e["move"]["to"]) for e in moment.of("own_move") if e["by"] == actor
    }
    out = []
    for rank, n in enumerate(order):
        told = move(scenario, moment.middle, int(options.lever[n]), int(options.steps[n]))
        taken = (told["lever"], told["to"]) in done
        if rank < MOST or taken:
            out.append(Alternative(in_words(told), float(worth[n]), None, taken))
    return [*out, Alternative("Do nothing", 0.0, None)]


@dataclass(frozen=True)
class Wanted:
    """A table that an actor could open or keep open, and how much it expected there."""

    table: str
    worth: float  # utility
    opened: bool


def talks_wanted(moment: Moment, actor: str) -> list[Wanted]:
    """Tables by what the actor expected of them, best first; empty if it does not weigh them."""
    decider = moment.deciders[actor]
    heard = moment.reasons.heard["agenda", "", 0]
    opened = heard.answers[actor].open
    if not hasattr(decider, "interest") or opened is None:
        return []
    briefing = heard.briefing(actor)
    out = []
    for n, prospect in enumerate(briefing.prospects):
        if not prospect.available[0]:
            continue
        me = outlook(decider, prospect.seat.me)
        seen = replace(prospect, seat=replace(prospect.seat, me=me))
        first = np.full(1, headline_lever(prospect), dtype=np.int64)
        worth = decider.interest(prospect, name_levers(seen, briefing, first)[1], briefing)
        out.append(Wanted(prospect.seat.table, float(worth[0]), bool(opened[n, 0])))
    return sorted(out, key=lambda w: -w.worth)
