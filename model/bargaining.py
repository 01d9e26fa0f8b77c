"""Talks: alternating offers, ratification, and what a signed deal does."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agents.briefing import (
    NO_PACKAGE,
    Bools,
    Briefing,
    Customs,
    Decision,
    Floats,
    Ints,
    Seat,
    take,
)
from agents.numerics import exp
from agents.utility import TIE, change_utility
from model.beliefs import Evidence
from model.chance import Chance
from model.perception import View, over_limit
from model.politics import ratification_odds
from model.scenario import NOBODY, Scenario, TableRules
from model.tables import Menu, TableView, at_table
from model.world import NEVER_DUE, World, paid


@dataclass(frozen=True)
class Ask:
    """Questions put to several actors on the same world: their answers are sealed together."""

    question: str
    table: str  # "" where the question is not about one
    briefings: dict[str, Briefing]
    runs: Any = slice(None)  # which games of the batch are asked
    live: Bools | None = None  # (asked game,) in which the answer still matters; None = in all


@dataclass(frozen=True)
class Talks:
    """What happened at one table in a quarter; arrays over the games in which it was open."""

    table: int
    runs: Ints  # (open game,)
    seats: tuple[Seat, Seat]
    first: Ints  # (open game,) 0 or 1, the party that spoke first
    offers: Ints  # (round, open game) package, 0 = none made, -1 = talks were over
    accepted: Ints  # (open game,) package agreed on, 0 = none
    round: Ints  # (open game,) round of the agreement, -1 = none


def negotiate(
    view: View, seen: TableView, places: tuple[int, int], chance: Chance
) -> Generator[Ask, dict[str, Decision], Talks | None]:
    """Hold one quarter's alternating offers at a table, in all games in which it is open."""
    scenario, world = view.scenario, view.world
    table = seen.table
    number = [t.id for t in scenario.tables].index(table.id)
    runs = np.flatnonzero(world.opener[number] != NOBODY)
    if not len(runs):
        return None
    first = _first_speaker(scenario, world, table, number, chance)[runs]
    seats = tuple(at_table(view, seen, k, places[k], first == k, runs) for k in range(2))
    here = take(view.customs, runs)
    names = [scenario.actors[a] for a in table.parties]
    rounds = scenario.rules.rounds
    offers = np.full((rounds, len(runs)), -1, dtype=np.int64)
    accepted = np.zeros(len(runs), dtype=np.int64)
    when = np.full(len(runs), -1, dtype=np.int64)
    going = np.ones(len(runs), dtype=bool)
    for t in range(rounds):
        speaker = (first + t) % 2
        answers = yield Ask(
            "offer",
            table.id,
            {
                names[k]: _talk_briefing(
                    view, table, k, seats[k], here, "offer", t, speaker == k, None
                )
                for k in range(2)
            },
            runs,
            going,
        )
        proposed = [answers[n].offer for n in names]
        made = np.where(speaker == 0, _given(proposed[0]), _given(proposed[1]))
        made = np.where(going & _may_be_said(seats, made), made, 0)
        offers[t] = np.where(going, made, -1)
        answers = yield Ask(
            "reply",
            table.id,
            {
                names[k]: _talk_briefing(
                    view, table, k, seats[k], here, "reply", t, speaker == k, made
                )
                for k in range(2)
            },
            runs,
            going,
        )
        said = [answers[n].accept for n in names]
        yes = np.where(speaker == 0, _given(said[1]), _given(said[0]))
        agreed = going & yes & (made > 0)
        accepted = np.where(agreed, made, accepted)
        when = np.where(agreed, t, when)
        going = going & ~agreed
        if not going.any():
            break
    return Talks(number, runs, (seats[0], seats[1]), first, offers, accepted, when)


def _given(answer: Any) -> Any:
    """Return an answer that its question demands.

    Raises
    ------
    ValueError
        If a doctrine or seat left it out.
    """
    if answer is None:
        raise ValueError("a decision lacks the field that its question asks for")
    return answer


def _may_be_said(seats: tuple[Seat, ...], package: Ints) -> Bools:
    """Say whether a package is open to both sides of a table, whoever offers it. (open game,).

    One side may know of a promise that bars it, and a seat that is answered from outside may
    offer anything.
    """
    known = (package > NO_PACKAGE) & (package < len(seats[0].packages))
    moves = seats[0].packages[np.where(known, package, NO_PACKAGE)].T
    runs = np.arange(len(package))
    for seat in seats:
        credit = np.zeros(len(package))
        for move in moves:
            credit = credit + seat.credit[move, runs]
        known &= ~seat.blocked[moves, runs].any(axis=0) & (credit >= seat.required - TIE)
    return known


def _first_speaker(
    scenario: Scenario, world: World, table: TableRules, number: int, chance: Chance
) -> Ints:
    """Return which party speaks first: drawn, or by the rule of the scenario. (run,)."""
    opener = np.where(world.opener[number] == table.parties[0], 0, 1)
    if scenario.rules.first_mover == "opener":
        return opener
    if scenario.rules.first_mover == "invited":
        return 1 - opener
    return (chance.uniform("first speaker", world.quarter, table.id)[0] < 0.5).astype(np.int64)  # noqa: PLR2004


def _talk_briefing(
    view: View,
    table: TableRules,
    k: int,
    seat: Seat,
    customs: Customs,
    question: Any,
    round_: int,
    my_turn: Bools,
    offered: Ints | None,
) -> Briefing:
    actor = table.parties[k]
    name = view.scenario.actors[actor]
    return Briefing(
        actor=name,
        quarter=view.world.quarter,
        question=question,
        goals=seat.me,
        customs=customs,
        seats=(seat,),
        round=round_,
        my_turn=my_turn,
        offered=offered,
    )


@dataclass(frozen=True)
class Signing:
    """What became of the agreements of a table."""

    odds: Floats  # (party, open game) chance of ratification
    ratified: Bools  # (party, open game)
    consent: Bools  # (open game,) scripted parties agreed
    overtaken: Bools  # (open game,) a lever had moved meanwhile
    signed: Bools  # (open game,)


def settle(
    scenario: Scenario,
    world: World,
    talks: Talks,
    menus: Menu,
    chance: Chance,
    evidence: Evidence,
    gained: Floats,
) -> tuple[World, Signing]:
    """Ratify what was agreed at a table and make it a promise with dates.

    Levers with a lead take effect later; all are locked for the deal's term; the demand is met and
    the threats of the two end. A failed vote leaves the talks open.
    """
    table = scenario.tables[talks.table]
    runs, agreed = talks.runs, talks.accepted > 0
    parts = list(_parts(talks, menus))
    overtaken = np.zeros(len(runs), dtype=bool)
    cost = np.zeros((2, len(runs)))
    consent = np.ones(len(runs), dtype=bool)
    for lever, steps, inside in parts:
        where = np.flatnonzero(inside & agreed)
        x, at = lever[where], runs[where]
        overtaken[where] |= world.moved[x, at]
        target = np.clip(world.setting[x, at] + steps, 0, scenario.levers.size[x] - 1)
        gap = (
            scenario.levers.settings[x, target] - scenario.levers.settings[x, world.setting[x, at]]
        )
        for k in range(2):
            home = scenario.levers.home_cost[table.parties[k]]
            rate = home[x, at] if home.shape[1] > 1 else home[x, 0]
            cost[k, where] += rate * gap
        odds = scenario.levers.consent_odds
        odds_here = odds[x, at] if odds.shape[1] > 1 else odds[x, 0]
        for lever_id in np.unique(x[odds_here < 1.0]):
            draw = chance.uniform(
                "consent", world.quarter, f"{table.id} {scenario.levers.ids[lever_id]}"
            )[0]
            mine = x == lever_id
            consent[where[mine]] &= draw[at[mine]] < odds_here[mine]
    overtaken |= agreed & _over_limit(scenario, world, runs, parts)
    odds, passed = _vote(scenario, world, table, runs, cost, chance)
    signed = agreed & ~overtaken & consent & passed.all(axis=0)
    world = _promise(scenario, world, table, talks, parts, signed)
    world = _close(scenario, world, talks, signed)
    for k in range(2):
        gain = _gain(talks, k)
        gained[table.parties[k]][runs[signed]] += gain[signed]
    return world, Signing(odds, passed, consent, overtaken & agreed, signed)


def _parts(talks: Talks, menus: Menu) -> Generator[tuple[Ints, int, Bools], None, None]:
    """Lever moves inside the agreed package: (lever (run,), steps, contained (run,))."""
    inside = menus.contains[talks.accepted]
    n_slots = len(menus.slot)
    for s in range(n_slots):
        if inside[:, s].any():
            yield talks.seats[0].lever[s], int(menus.slot_steps[s]), inside[:, s]
    for b, moves in enumerate(menus.bundles):
        if inside[:, n_slots + b].any():
            for m in moves:
                lever = np.full(len(talks.runs), menus.lever[m])
                yield lever, int(menus.steps[m]), inside[:, n_slots + b]


def _over_limit(
    scenario: Scenario, world: World, runs: Ints, parts: list[tuple[Ints, int, Bools]]
) -> Bools:
    """Say where the moves of a deal together would break a hard limit. (open game,)."""
    setting = world.setting[:, runs].copy()
    for lever, steps, inside in parts:
        where = np.flatnonzero(inside)
        x = lever[where]
        setting[x, where] = np.clip(setting[x, where] + steps, 0, scenario.levers.size[x] - 1)
    return over_limit(scenario, world, setting, runs)


def _vote(
    scenario: Scenario, world: World, table: TableRules, runs: Ints, cost: Floats, chance: Chance
) -> tuple[Floats, Bools]:
    odds = np.ones((2, len(runs)))
    passed = np.ones((2, len(runs)), dtype=bool)
    for k, actor in enumerate(table.parties):
        whole_cost = np.zeros(world.runs)
        whole_cost[runs] = cost[k]
        odds[k] = ratification_odds(scenario, actor, world.support[actor], whole_cost)[runs]
        name = f"{table.id} {scenario.actors[actor]}"
        draw = chance.uniform("ratification", world.quarter, name)[0]
        passed[k] = draw[runs] < odds[k]
    return odds, passed


def _gain(talks: Talks, k: int) -> Floats:
    """Return one-quarter utility of the agreed package to a party, (open game,).

    By the prices of its seat, not by what a doctrine reads into them: replayed answers, which
    weigh nothing, must lead to the same world.
    """
    seat, runs = talks.seats[k], np.arange(len(talks.runs))
    change = np.zeros((len(seat.own), len(runs)))
    for move in seat.packages[talks.accepted].T:
        change = change + seat.own[:, move, runs]
    return change_utility(seat.me, change)


def _promise(
    scenario: Scenario,
    world: World,
    table: TableRules,
    talks: Talks,
    parts: list[tuple[Ints, int, Bools]],
    signed: Bools,
) -> World:
    """Write the moves of a signed deal down as promises that fall due."""
    if not signed.any():
        return world
    setting, due = world.setting.copy(), world.due.copy()
    promised, lock = world.promised_to.copy(), world.lock.copy()
    lock_with, secret = world.lock_with.copy(), world.secret.copy()
    moved, tally = world.moved.copy(), world.tally.copy()
    reference, agreed = world.reference.copy(), world.agreed.copy()
    earlier = world.before.copy()
    term = np.broadcast_to(np.floor(table.term).astype(np.int64), world.runs)
    a, b = table.parties
    for lever, steps, inside in parts:
        where = np.flatnonzero(inside & signed)
        if not len(where):
            continue
        x, at = lever[where], talks.runs[where]
        before = setting[x, at]
        after = np.clip(before + steps, 0, scenario.levers.size[x] - 1)
        owner = scenario.levers.owner[x]
        partner = np.where(owner == a, b, a)
        tally[3, at] += promised[x, at] != NOBODY
        earlier[x, at] = before
        setting[x, at] = after
        due[x, at] = world.quarter + scenario.levers.lead[x]
        promised[x, at] = partner
        lock[x, at] = world.quarter + np.maximum(term[at], 1)
        lock_with[x, at] = partner
        secret[x, at] = table.secret
        moved[x, at] = True
        tally[0, at] += 1
        if not table.secret:  # else when it falls due: a reference is public
            take_for_granted(scenario, reference, table, x, at, before, after)
    at = talks.runs[signed]
    agreed[talks.table, at] = paid_decided(scenario, table, setting)[at]
    return replace(
        world,
        setting=setting,
        due=due,
        promised_to=promised,
        lock=lock,
        lock_with=lock_with,
        secret=secret,
        moved=moved,
        tally=tally,
        reference=reference,
        agreed=agreed,
        before=earlier,
    )


def paid_decided(scenario: Scenario, table: TableRules, setting: Ints) -> Floats:
    """What counts as paid once all decided settings are in effect, headline units, (run,)."""
    values = np.take_along_axis(scenario.levers.settings, setting, axis=1)
    return paid(table.credit, values)


def take_for_granted(
    scenario: Scenario,
    reference: Floats,
    table: TableRules,
    x: Ints,
    at: Ints,
    before: Ints,
    after: Ints,
) -> None:
    """Move the reference of the accounts that a signed sum enters to the agreed level."""
    for lever in np.unique(x):
        if lever != table.headline:
            continue
        here = x == lever
        runs = at[here]
        settings = scenario.levers.settings[lever]
        gap = settings[after[here]] - settings[before[here]]
        ledger = scenario.ledger
        for e in np.flatnonzero(ledger.source == lever):
            rate = ledger.coefficient[e]
            rate = rate[runs] if len(rate) > 1 else rate
            reference[ledger.actor[e], ledger.account[e], runs] += rate * gap


def _close(scenario: Scenario, world: World, talks: Talks, signed: Bools) -> World:
    """Close the table of a signed deal for its term, with its demand and threats."""
    if not signed.any():
        return world
    at = talks.runs[signed]
    opener, demand, closed = world.opener.copy(), world.demand.copy(), world.closed.copy()
    announced, threat_due = world.announced.copy(), world.threat_due.copy()
    table = scenario.tables[talks.table]
    term = np.broadcast_to(np.floor(table.term).astype(np.int64), world.runs)
    opener[talks.table, at] = NOBODY
    demand[talks.table, at] = -np.inf
    closed[talks.table, at] = world.quarter + np.maximum(term[at], 1)
    for n in table.threats:
        announced[n, at] = False
        threat_due[n, at] = NEVER_DUE
    return replace(
        world,
        opener=opener,
        demand=demand,
        closed=closed,
        announced=announced,
        threat_due=threat_due,
    )


def decay_demands(scenario: Scenario, demand: Floats, settlement: Floats) -> Floats:
    """Headline demands come down: D <- s* + (D - s*) exp(-c), per quarter. (table, run).

    settlement : (table, run) what the demander believes the other will settle for; a demand that
    is lower already stays
    """
    keep = exp(-scenario.rules.concession)
    live = np.isfinite(demand)
    gap = np.where(live, demand, settlement) - settlement
    return np.where(live & (gap > 0.0), settlement + gap * keep, demand)
