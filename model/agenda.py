"""The agenda: which tables are open, what is demanded at them, what re-opening them costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from agents.briefing import Bools, Decision, Floats, Ints
from agents.numerics import exp
from model.beliefs import Evidence
from model.scenario import NOBODY, Scenario, per_run
from model.tables import rounded_down, slots_free
from model.world import World, ruptured


def set_agenda(
    scenario: Scenario,
    world: World,
    answers: Mapping[str, Decision],
    evidence: Evidence,
    gained: Floats,
) -> World:
    """Open the tables that were asked for; where both sides ask, the first by id is the opener.

    Talks that their opener no longer keeps on its agenda lapse; what was demanded there stands.
    gained : (actor, run) perceived wins of the quarter; what re-opening costs is taken off
    """
    opener = np.full_like(world.opener, NOBODY)
    named = np.full_like(world.named, NOBODY)
    demand = world.demand.copy()
    gone = ruptured(scenario, world)
    for a, name in enumerate(scenario.actors):
        answer = answers[name]
        assert answer.open is not None
        assert answer.named is not None
        free = slots_free(scenario, world, a)
        used = np.zeros(world.runs, dtype=np.int64)
        mine = [n for n, t in enumerate(scenario.tables) if a in t.parties]
        for i, n in enumerate(mine):
            table = scenario.tables[n]
            other = table.parties[0] + table.parties[1] - a
            wants = answer.open[i] & (used < free) & (world.opener[n] != other)
            wants &= ~gone[a, other]
            used = used + wants
            opens = wants & (opener[n] == NOBODY)
            opener[n] = np.where(opens, a, opener[n])
            named[n] = np.where(opens, allowed(table.levers, answer.named[i]), named[n])
            anew = opens & (world.opener[n] != a)
            if anew.any():
                gained[a] -= np.where(anew, reopening_cost(scenario, world, n, a, named[n]), 0.0)
            if table.demander == a:
                demand[n] = press_demand(scenario, world, n, answer, i, opens)
                living = world.lock[table.headline] > world.quarter
                newly = living & np.isfinite(demand[n]) & ~np.isfinite(world.demand[n])
                evidence.add("broken", other, a, scenario.rules.weight_reopening, newly)
    return replace(world, opener=opener, named=named, demand=demand)


def allowed(levers: Ints, named: Ints) -> Ints:
    """Drop names that are no levers of the table, and repetitions. (slot, run)."""
    named = np.where(np.isin(named, levers), named, NOBODY)
    for slot in range(1, len(named)):
        again = (named[:slot] == named[slot]).any(axis=0)
        named[slot] = np.where(again, NOBODY, named[slot])
    return named


def reopening_cost(scenario: Scenario, world: World, table: int, actor: int, named: Ints) -> Floats:
    """What it costs an actor at home to re-open a table, utility, (run,).

    The dearest exit among the levers named that an agreement of the two still fixes; at a closed
    table at least the cheapest exit that it has there. named : (slot, run)
    """
    rules = scenario.tables[table]
    exit_cost = scenario.levers.exit_cost[actor]
    runs = np.arange(world.runs)
    closed = world.closed[table] > world.quarter
    cost = np.where(closed, exit_cost[rules.levers].min(axis=0), 0.0)
    for slot in named:
        x = np.maximum(slot, 0)
        partner = np.isin(world.lock_with[x, runs], rules.parties)
        fixed = (slot != NOBODY) & (world.lock[x, runs] > world.quarter) & partner
        cost = np.where(fixed, np.maximum(cost, per_run(exit_cost, x, runs)), cost)
    return cost


def press_demand(
    scenario: Scenario, world: World, number: int, answer: Decision, place: int, opens: Bools
) -> Floats:
    """Headline level that is publicly asked at a table from now on, -inf where none. (run,).

    One that stands comes down, pressed or not; a new one stands at its height in its first
    quarter. None is left once it asks for no more than what stands already.
    place : of the table among the demander's; opens : (run,) it keeps the table on its agenda
    """
    table = scenario.tables[number]
    assert answer.norm is not None
    levels = scenario.levers.settings[table.headline]
    level = levels[world.setting[table.headline]]
    settlement = level if answer.settlement is None else level + answer.settlement[place]
    stands = np.isfinite(world.demand[number])
    lower = decay_demands(scenario, world.demand[number], settlement)
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
