"""The agenda: which tables are open, what is demanded at them, what re-opening them costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numba import njit

from agents.briefing import Bools, Decision, Floats, Ints, columns
from agents.numerics import exp
from model.beliefs import Evidence
from model.chance import Chance
from model.scenario import NOBODY, Scenario
from model.tables import cheapest_exit, rounded_down, slots_free
from model.world import World, ruptured

HALF = 0.5  # neither party is heard first more often than the other


def set_agenda(
    scenario: Scenario,
    world: World,
    chance: Chance,
    answers: Mapping[str, Decision],
    evidence: Evidence,
    gained: Floats,
    demanded: Bools,
) -> World:
    """Open the tables that were asked for; where both sides ask, the lot says who is the opener.

    Talks that their opener no longer keeps on its agenda lapse; what was demanded there stands.
    gained : (actor, run) perceived wins of the quarter; what re-opening costs is taken off
    demanded : (table, run) an event of this quarter made the demand that stands
    """
    opener = openers(scenario, world, chance, answers)
    named = np.full_like(world.named, NOBODY)
    demand = world.demand.copy()
    for a, name in enumerate(scenario.actors):
        answer = answers[name]
        assert answer.named is not None
        for i, n in enumerate(tables_of(scenario, a)):
            table = scenario.tables[n]
            opens = opener[n] == a
            at = np.flatnonzero(opens)
            if len(at):
                asked = columns(answer.named[i], at)
                named[n][:, at] = allowed(table.levers, asked, scenario.levers.step)
            anew = at[world.opener[n, at] != a]
            if len(anew):
                gained[a, anew] -= reopening_cost(scenario, world, n, a, named[n], anew)
            if table.demander == a:
                demand[n] = press_demand(scenario, world, n, answer, i, opens, demanded[n])
                living = world.lock[table.headline] > world.quarter
                newly = living & np.isfinite(demand[n]) & ~np.isfinite(world.demand[n])
                other = table.parties[0] + table.parties[1] - a
                evidence.add("broken", other, a, scenario.rules.weight_reopening, newly)
    return replace(world, opener=opener, named=named, demand=demand)


def openers(
    scenario: Scenario, world: World, chance: Chance, answers: Mapping[str, Decision]
) -> Ints:
    """Who opens each table or keeps it open, (table, run); both who ask use a slot of theirs.

    Talks that are on are the other's: nobody opens them a second time.
    """
    asked = np.zeros((len(scenario.tables), 2, world.runs), dtype=bool)
    gone = ruptured(scenario, world)
    for a, name in enumerate(scenario.actors):
        answer = answers[name].open
        assert answer is not None
        free = slots_free(scenario, world, a)
        used = np.zeros(world.runs, dtype=np.int64)
        for i, n in enumerate(tables_of(scenario, a)):
            k = scenario.tables[n].parties.index(a)
            other = scenario.tables[n].parties[1 - k]
            asked[n, k] = answer[i] & (used < free) & (world.opener[n] != other) & ~gone[a, other]
            used += asked[n, k]
    lot = chance.uniforms("opener", world.quarter, [t.id for t in scenario.tables])[:, 0] < HALF
    second = np.where(asked.all(axis=1), lot, asked[:, 1])
    parties = np.array([t.parties for t in scenario.tables], dtype=np.int64).reshape(-1, 2, 1)
    opener = np.where(second, parties[:, 1], parties[:, 0])
    return np.where(asked.any(axis=1), opener, NOBODY)


def tables_of(scenario: Scenario, actor: int) -> list[int]:
    """Return the numbers of the tables at which an actor sits."""
    return [n for n, table in enumerate(scenario.tables) if actor in table.parties]


def allowed(levers: Ints, named: Ints, step: Ints) -> Ints:
    """Drop names that are no levers of the table, and repetitions; the farthest come first.

    named : (slot, run); step : (lever,) how far each may move, the order of a menu's slots
    """
    known = np.zeros(len(step), dtype=bool)
    known[levers] = True
    out = np.full(named.shape, NOBODY)
    _order(named, known, step, out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _order(named, known, step, out):
    """Put each name where all before it reach at least as far, and all after it less."""
    for r in range(named.shape[1]):
        count = 0
        for slot in range(len(named)):
            x = named[slot, r]
            fresh = 0 <= x < len(known) and known[x]
            for at in range(count):
                fresh = fresh and out[at, r] != x
            if not fresh:
                continue
            at = count
            while at > 0 and step[out[at - 1, r]] < step[x]:
                out[at, r] = out[at - 1, r]
                at -= 1
            out[at, r] = x
            count += 1


def reopening_cost(
    scenario: Scenario, world: World, table: int, actor: int, named: Ints, runs: Ints
) -> Floats:
    """What it costs an actor at home to re-open a table in some games, utility, (game,).

    The dearest exit among the levers named that an agreement of the two still fixes; at a closed
    table at least the cheapest exit that it has there. named : (slot, run); runs : (game,)
    """
    rules, cost = scenario.tables[table], np.zeros(len(runs))
    _reopen(
        rules.parties,
        named,
        runs,
        world.quarter,
        world.closed[table],
        world.lock,
        world.lock_with,
        scenario.levers.exit_cost[actor],
        cheapest_exit(scenario, rules, actor),
        cost,
    )
    return cost


@njit(cache=True, nogil=True, error_model="numpy")
def _reopen(parties, named, runs, quarter, closed, lock, lock_with, exit_cost, cheapest, out):
    for n in range(len(runs)):
        r = runs[n]
        if closed[r] > quarter:
            out[n] = cheapest[r if len(cheapest) > 1 else 0]
        for slot in range(len(named)):
            x = named[slot, r]
            if x == NOBODY or lock[x, r] <= quarter or lock_with[x, r] not in parties:
                continue
            out[n] = max(out[n], exit_cost[x, r if exit_cost.shape[1] > 1 else 0])


def press_demand(
    scenario: Scenario,
    world: World,
    number: int,
    answer: Decision,
    place: int,
    opens: Bools,
    made: Bools,
) -> Floats:
    """Headline level that is publicly asked at a table from now on, -inf where none. (run,).

    One that stands comes down, pressed or not; a new one stands at its height in its first
    quarter. None is left once it asks for no more than what stands already.
    place : of the table among the demander's; opens : (run,) it keeps the table on its agenda
    made : (run,) an event made the one that stands, this quarter
    """
    table = scenario.tables[number]
    assert answer.norm is not None
    levels = scenario.levers.settings[table.headline]
    level = levels[world.setting[table.headline]]
    settlement = level if answer.settlement is None else level + answer.settlement[place]
    stands = np.isfinite(world.demand[number])
    lower = decay_demands(scenario, world.demand[number], settlement)
    lower = np.where(made, world.demand[number], lower)
    fresh = np.where(opens, demanded(table.norm_levels, answer.norm[place]), -np.inf)
    asked = np.where(stands, lower, fresh)
    return np.where(rounded_down(levels, asked) > level, asked, -np.inf)


def decay_demands(scenario: Scenario, demand: Floats, settlement: Floats) -> Floats:
    """Headline demands come down: D <- s* + (D - s*) exp(-c), per quarter. Any shape with runs.

    settlement : what the demander believes the other will settle for; a demand that is lower
    already stays
    """
    keep = exp(-scenario.rules.concession)
    live = np.isfinite(demand)
    gap = np.where(live, demand, settlement) - settlement
    return np.where(live & (gap > 0.0), settlement + gap * keep, demand)


def demanded(levels: Floats, norm: Ints) -> Floats:
    """Level that a norm asks for, -inf where none is invoked. (run,)."""
    if not len(levels):
        return np.full(norm.shape, -np.inf)
    wide = np.broadcast_to(levels, (len(levels), len(norm)))
    pick = np.clip(norm, 0, len(levels) - 1)
    return np.where(norm >= 0, wide[pick, np.arange(len(norm))], -np.inf)
