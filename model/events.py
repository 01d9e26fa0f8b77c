"""What happens to the players: dated and random events, and questions that many parties settle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from agents.briefing import Bools, Floats
from model.beliefs import Evidence
from model.chance import Chance
from model.politics import hold_election
from model.scenario import Scenario, nearest_setting, quarter_index
from model.schema import Condition, Effect, Event
from model.world import OVERTAKEN, World, draft, overtake


@dataclass(frozen=True)
class Happened:
    """Events of a quarter."""

    events: Bools  # (event, run)
    crisis: Bools  # (theatre, run) an event brings a crisis
    demanded: Bools  # (table, run) an event brings a headline demand


def condition_holds(scenario: Scenario, world: World, condition: Condition | None) -> Bools:
    """Say in which runs a condition on a lever or stock holds, (run,)."""
    if condition is None:
        return np.ones(world.runs, dtype=bool)
    if condition.of in scenario.levers.ids:
        value = world.value[scenario.lever(condition.of)]
    else:
        value = world.stock[scenario.stocks.index(condition.of)]
    return within(value, condition.at_least, condition.at_most)


def within(value: Floats, at_least: float | None, at_most: float | None) -> Bools:
    """Say where a value lies within bounds, None = no bound. (run,)."""
    low = -np.inf if at_least is None else at_least
    high = np.inf if at_most is None else at_most
    inside: Bools = (value >= low) & (value <= high)
    return inside


def comes(scenario: Scenario, world: World, name: str, event: Event, chance: Chance) -> Bools:
    """Say in which runs an event happens this quarter, (run,)."""
    start, when = scenario.file.start, event.when
    if when.quarter is not None:
        if quarter_index(start, when.quarter) != world.quarter:
            return np.zeros(world.runs, dtype=bool)
        odds = scenario.numbers.of(f"events.{name}.odds", event.odds, 1.0)
    else:
        first = quarter_index(start, when.first) if when.first else 0
        last = quarter_index(start, when.last) if when.last else 10**6
        if not first <= world.quarter <= last:
            return np.zeros(world.runs, dtype=bool)
        odds = scenario.numbers.of(f"events.{name}.when.hazard", when.hazard)
    draw = chance.uniform("event", world.quarter, name)[0]
    return (draw < odds) & condition_holds(scenario, world, event.condition)


def happen(
    scenario: Scenario, world: World, chance: Chance, evidence: Evidence
) -> tuple[World, Happened]:
    """Let the events of the quarter happen, in order of their ids."""
    names, world = sorted(scenario.file.events), draft(world, *OVERTAKEN)
    crisis = np.zeros((len(scenario.theatres.ids), world.runs), dtype=bool)
    now = np.zeros(world.fired.shape, dtype=bool)
    before = world.demand
    for n, name in enumerate(names):
        event = scenario.file.events[name]
        where = comes(scenario, world, name, event, chance)
        if event.once:
            where = where & ~world.fired[n]
        if not where.any():
            continue
        now[n] = where
        for effect in event.effects:
            world = take_effect(scenario, world, name, effect, where, chance, evidence, crisis)
    return replace(world, fired=world.fired | now), Happened(now, crisis, world.demand != before)


def take_effect(
    scenario: Scenario,
    world: World,
    name: str,
    effect: Effect,
    where: Bools,
    chance: Chance,
    evidence: Evidence,
    crisis: Bools,
) -> World:
    """Apply one effect of an event in the runs where it happens.

    world : a draft that owns the arrays OVERTAKEN, of which a lever's rows are written into
    """
    if effect.lever is not None:
        _move_lever(scenario, world, effect, where)
    elif effect.stock is not None:
        stock = world.stock.copy()
        n = scenario.stocks.index(effect.stock)
        level = stock[n] + np.where(where, effect.add or 0.0, 0.0)
        stock[n] = np.minimum(np.maximum(level, scenario.stock_low[n]), scenario.stock_high[n])
        return replace(world, stock=stock)
    elif effect.support is not None:
        return _add_support(world, scenario.actor(effect.support), effect.add or 0.0, where)
    elif effect.election is not None:
        return _elect(scenario, world, name, effect, where, chance)
    elif effect.crisis is not None:
        crisis[scenario.theatres.ids.index(effect.crisis)] |= where
    elif effect.attention is not None:
        return _distract(scenario, world, effect, where)
    elif effect.reopen is not None:
        closed = world.closed.copy()
        n = [t.id for t in scenario.tables].index(effect.reopen)
        closed[n] = np.where(where, np.minimum(closed[n], world.quarter), closed[n])
        return replace(world, closed=closed)
    elif effect.demand is not None:
        return _ask_in_public(scenario, world, effect, where, evidence)
    elif effect.about is not None:
        about = scenario.actor(effect.about)
        for what, weight in (("kept", effect.kept), ("broken", effect.broken)):
            if weight:
                evidence.show(what, about, np.array([weight]), where)
    elif effect.pledge is not None:
        missed = where & ~condition_holds(scenario, world, effect.met)
        cost = float(scenario.rules.support_pledge[0])
        return _add_support(world, scenario.actor(effect.pledge), -cost, missed)
    return world


def _move_lever(scenario: Scenario, world: World, effect: Effect, where: Bools) -> None:
    """Move a lever at once; what was promised on it is overtaken by the event."""
    assert effect.lever is not None
    lever = scenario.lever(effect.lever)
    size = scenario.levers.size[lever]
    if effect.to is not None:
        settings = scenario.levers.settings[lever, :size]
        target = np.full(world.runs, nearest_setting(settings, effect.to))
    else:
        target = np.minimum(np.maximum(world.setting[lever] + (effect.by or 0), 0), size - 1)
    overtake(scenario, world, lever, target, where)


def _ask_in_public(
    scenario: Scenario, world: World, effect: Effect, where: Bools, evidence: Evidence
) -> World:
    """Make a headline demand, unless a higher one stands or so much is paid already.

    As any new demand it is evidence against its author while an agreement fixes the lever.
    """
    n = [t.id for t in scenario.tables].index(effect.demand or "")
    table, asked = scenario.tables[n], effect.to or 0.0
    level = scenario.levers.settings[table.headline, world.setting[table.headline]]
    where = where & (asked > level) & (asked > world.demand[n])
    newly = where & (world.lock[table.headline] > world.quarter) & ~np.isfinite(world.demand[n])
    other = table.parties[0] + table.parties[1] - table.demander
    evidence.add("broken", other, table.demander, scenario.rules.weight_reopening, newly)
    demand = world.demand.copy()
    demand[n] = np.where(where, asked, demand[n])
    return replace(world, demand=demand)


def _add_support(world: World, actor: int, amount: float, where: Bools) -> World:
    support = world.support.copy()
    support[actor] = np.minimum(np.maximum(support[actor] + np.where(where, amount, 0.0), 0.0), 1.0)
    return replace(world, support=support)


def _elect(
    scenario: Scenario, world: World, name: str, effect: Effect, where: Bools, chance: Chance
) -> World:
    """Draw the winner among the platforms by their odds (scaled to sum to one)."""
    assert effect.election is not None
    actor = scenario.actor(effect.election)
    number = scenario.file.events[name].effects.index(effect)
    names = sorted(effect.platforms)
    odds = [
        scenario.numbers.of(f"events.{name}.effects.{number}.platforms.{p}", effect.platforms[p])
        for p in names
    ]
    total: Floats = odds[0]
    for other in odds[1:]:
        total = total + other
    draw = chance.uniform("election", world.quarter, f"{name} {number}")[0] * total
    winner = np.full(world.runs, scenario.platforms[actor].index(names[-1]))
    below = np.zeros(world.runs, dtype=bool)
    reach: Floats = np.zeros(1)
    for p, share in zip(names, odds, strict=True):
        reach = reach + share
        hit = (draw < reach) & ~below
        winner = np.where(hit, scenario.platforms[actor].index(p), winner)
        below |= hit
    return hold_election(scenario, world, actor, winner, where)


def _distract(scenario: Scenario, world: World, effect: Effect, where: Bools) -> World:
    assert effect.attention is not None
    actor = scenario.actor(effect.attention)
    lost, end = world.distraction.copy(), world.distraction_end.copy()
    lost[actor] = np.where(where, effect.slots, lost[actor])
    end[actor] = np.where(where, world.quarter + effect.quarters, end[actor])
    return replace(world, distraction=lost, distraction_end=end)
