"""Talks: alternating offers, ratification, and what a signed deal does."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, fields
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
    columns,
    take,
)
from agents.talks import is_possible
from agents.utility import change_utility, package_change
from model.chance import Chance
from model.perception import View, breaks_limits
from model.politics import ratification_odds
from model.scenario import NOBODY, Scenario, TableRules, per_run, some_runs
from model.tables import Menu, TableView, at_table
from model.world import (
    NEVER_DUE,
    RENEWAL,
    TALLY,
    World,
    agreement_end,
    other_party,
    overtake,
    paid,
    settings_value,
)

AGREED = (  # what a signed deal writes
    "setting",
    "before",
    "due",
    "promised_to",
    "lock",
    "lock_with",
    "secret",
    "moved",
    "tally",
    "reference",
    "agreed",
    "opener",
    "demand",
    "closed",
    "announced",
    "threat_due",
    "value",
    "ends",
)


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
        made, open_ = _heard(seats, np.where(going, made, NO_PACKAGE))
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
        agreed = going & yes & open_
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


def _heard(seats: tuple[Seat, ...], package: Ints) -> tuple[Ints, Bools]:
    """Return what is heard of an offer, and whether it may be signed, (open game,) each.

    One side may know of a promise that bars a package, unknown to the other: such an offer is made
    in vain, but made, or else its maker would learn of the promise. What neither could sign is no
    offer; a seat that is answered from outside may say anything.
    """
    known = (package > NO_PACKAGE) & (package < len(seats[0].packages))
    package = np.where(known, package, NO_PACKAGE)
    first, second = (is_possible(seat, package) for seat in seats)
    return np.where(first | second, package, NO_PACKAGE), first & second


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
    end: Ints  # (open game,) first quarter after the agreement made, NEVER_DUE where there is none


@dataclass(frozen=True)
class Parts:
    """The lever moves inside agreed packages, all games in one line."""

    game: Ints  # (part,) place among the open games
    run: Ints  # (part,) the game's column in the batch
    lever: Ints  # (part,)
    before: Ints  # (part,) setting
    after: Ints  # (part,)

    def take(self, index: Any) -> Parts:
        """Return some of the parts."""
        return Parts(*(getattr(self, f.name)[index] for f in fields(self)))


def settle(
    scenario: Scenario,
    world: World,
    talks: Talks,
    menus: Menu,
    chance: Chance,
    gained: Floats,
) -> Signing:
    """Ratify what was agreed at a table and make it a promise with dates.

    Levers with a lead take effect later; all are locked for the deal's term, or until an agreement
    with a duration may be renewed; the demand is met and the threats of the two end. A failed vote
    leaves the talks open.

    world : a draft that owns the arrays AGREED; gained : (actor, run), both written into
    """
    table = scenario.tables[talks.table]
    runs, agreed = talks.runs, talks.accepted > 0
    parts = _parts(scenario, world, talks, menus)
    overtaken = breaks_limits(scenario, world, parts.run, parts.lever, parts.after)[runs]
    overtaken[parts.game[world.moved[parts.lever, parts.run]]] = True
    consent = _consent(scenario, world, table, parts, chance, len(runs))
    cost = _home_costs(scenario, table, parts, len(runs))
    odds, passed = _vote(scenario, world, table, runs, cost, chance)
    signed = agreed & ~overtaken & consent & passed.all(axis=0)
    end = np.full(len(runs), NEVER_DUE, dtype=np.int64)
    if signed.any():
        made = parts.take(signed[parts.game])
        entry = (made.lever == table.in_force) & (made.after > made.before)
        _promise(scenario, world, table, talks, made.take(~entry), runs[signed])
        end = enter_into_force(scenario, world, talks, made)
        _close(scenario, world, talks, runs[signed])
        for k in range(2):
            if not table.secret:  # the public at home does not know of it
                gained[table.parties[k], runs[signed]] += _gain(talks, k, signed)
    return Signing(odds, passed, consent, overtaken & agreed, signed, end)


def _parts(scenario: Scenario, world: World, talks: Talks, menus: Menu) -> Parts:
    """Take the agreed packages apart, in the order in which each names its moves."""
    deals = np.flatnonzero(talks.accepted)
    part = menus.parts[talks.accepted[deals]]
    deal, place = np.nonzero(part >= 0)
    game, move, n_slots = deals[deal], part[deal, place], len(menus.slot)
    of_slot = talks.seats[0].lever[np.minimum(move, n_slots), game]
    lever = np.where(move < n_slots, of_slot, menus.lever[np.maximum(move - n_slots, 0)])
    steps = np.concatenate([menus.slot_steps, menus.steps])[move]
    run = talks.runs[game]
    before = world.setting[lever, run]
    after = np.clip(before + steps, 0, scenario.levers.size[lever] - 1)
    return Parts(game, run, lever, before, after)


def _consent(
    scenario: Scenario,
    world: World,
    table: TableRules,
    parts: Parts,
    chance: Chance,
    games: int,
) -> Bools:
    """Say where the scripted parties to the levers of a deal agree, (open game,)."""
    consent = np.ones(games, dtype=bool)
    odds = per_run(scenario.levers.consent_odds, parts.lever, parts.run)
    for lever in np.unique(parts.lever[odds < 1.0]):
        name = f"{table.id} {scenario.levers.ids[lever]}"
        draw = chance.uniform("consent", world.quarter, name)[0]
        mine = parts.lever == lever
        consent[parts.game[mine]] &= draw[parts.run[mine]] < odds[mine]
    return consent


def _home_costs(scenario: Scenario, table: TableRules, parts: Parts, games: int) -> Floats:
    """Return what deals cost at the home of each party, (party, open game)."""
    settings = scenario.levers.settings
    gap = settings[parts.lever, parts.after] - settings[parts.lever, parts.before]
    rates = [scenario.levers.home_cost[a] for a in table.parties]
    costs = [per_run(rate, parts.lever, parts.run) * gap for rate in rates]
    return np.array([np.bincount(parts.game, cost, games) for cost in costs])


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


def _gain(talks: Talks, k: int, signed: Bools) -> Floats:
    """Return one-quarter utility of the agreed packages that were signed to a party, (deal,).

    By the prices of its seat, not by what a doctrine reads into them: replayed answers, which
    weigh nothing, must lead to the same world.
    """
    seat = talks.seats[k]
    deals = np.flatnonzero(signed)
    change = package_change(seat.packages, seat.own[..., deals], talks.accepted[deals])
    return change_utility(take(seat.me, deals), change)


def _promise(
    scenario: Scenario,
    world: World,
    table: TableRules,
    talks: Talks,
    parts: Parts,
    runs: Ints,
) -> None:
    """Write the moves of signed deals down as promises that fall due; `runs` are the games."""
    x, at = parts.lever, parts.run
    a, b = table.parties
    partner = np.where(scenario.levers.owner[x] == a, b, a)
    overtaken = at[world.promised_to[x, at] != NOBODY]
    world.tally[TALLY.index("void")] += np.bincount(overtaken, minlength=world.runs)
    world.tally[TALLY.index("made")] += np.bincount(at, minlength=world.runs)
    world.before[x, at] = parts.before
    world.setting[x, at] = parts.after
    world.due[x, at] = world.quarter + scenario.levers.lead[x]
    world.promised_to[x, at] = partner
    world.lock[x, at] = _end(world, table, at)
    world.lock_with[x, at] = partner
    world.secret[x, at] = table.secret
    world.moved[x, at] = True
    if not table.secret:  # else when it falls due: a reference is public
        sums = parts.take(x == table.headline)
        take_for_granted(scenario, world.reference, table, sums.run, sums.before, sums.after)
    if table.counts.any():
        value = settings_value(scenario, columns(world.setting, runs))
        world.agreed[talks.table, runs] = paid(some_runs(table.credit, runs), value)


def enter_into_force(scenario: Scenario, world: World, talks: Talks, parts: Parts) -> Ints:
    """Let signed deals on the sum, the years or the entry into force be new agreements.

    Each is in force from now on (its parties have ratified it, so that this is no promise) and
    fixes these levers until it may be renewed. One that two agree to end is none.
    parts : of signed deals; returns the first quarter after each, (open game,), else NEVER_DUE
    """
    table, x = scenario.tables[talks.table], scenario.tables[talks.table].in_force
    end = np.full(len(talks.runs), NEVER_DUE, dtype=np.int64)
    if x == NOBODY:
        return end
    new = np.zeros(len(talks.runs), dtype=bool)
    new[parts.game[np.isin(parts.lever, table.agreement)]] = True
    new[parts.game[(parts.lever == x) & (parts.after < parts.before)]] = False
    if not new.any():
        return end
    at = talks.runs[new]
    end[new] = agreement_end(scenario, world, talks.table)[at]
    where = np.zeros(world.runs, dtype=bool)
    where[at] = True
    overtake(scenario, world, x, np.ones(world.runs, dtype=np.int64), where)
    world.moved[x, at] = True
    world.ends[talks.table, at] = end[new]
    for lever in table.agreement:
        world.lock[lever, at] = end[new] - RENEWAL
        world.lock_with[lever, at] = other_party(scenario, table, int(lever))
    return end


def _end(world: World, table: TableRules, runs: Ints) -> Ints:
    """Return the first quarter after deals that are signed now, (deal,) or (1,) if alike."""
    term = np.maximum(np.floor(some_runs(table.term, runs)).astype(np.int64), 1)
    return world.quarter + term


def take_for_granted(
    scenario: Scenario,
    reference: Floats,
    table: TableRules,
    runs: Ints,
    before: Ints,
    after: Ints,
) -> None:
    """Move the reference of the accounts that a signed sum enters to the agreed level.

    reference : (actor, account, run), written into; before, after : (signed game,) settings
    """
    if not len(runs):
        return
    settings, ledger = scenario.levers.settings[table.headline], scenario.ledger
    gap = settings[after] - settings[before]
    for e in np.flatnonzero(ledger.source == table.headline):
        rate = ledger.coefficient[e]
        rate = rate[runs] if len(rate) > 1 else rate
        reference[ledger.actor[e], ledger.account[e], runs] += rate * gap


def _close(scenario: Scenario, world: World, talks: Talks, runs: Ints) -> None:
    """Close the table of a signed deal for its term, with its demand and threats."""
    table = scenario.tables[talks.table]
    world.opener[talks.table, runs] = NOBODY
    world.demand[talks.table, runs] = -np.inf
    world.closed[talks.table, runs] = _end(world, table, runs)
    for n in table.threats:
        world.announced[n, runs] = False
        world.threat_due[n, runs] = NEVER_DUE
