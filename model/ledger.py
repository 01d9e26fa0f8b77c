"""The ledger: lever positions and stocks enter the accounts of actors and the force balances.

Linear on purpose: why an actor gained or lost is then an exact sum, line by line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from agents.briefing import Bools, Floats, Ints
from agents.numerics import LEAN
from model.scenario import NOBODY, Scenario, constant, some_runs
from model.schema import ACCOUNTS
from model.world import World, full, settings_value

MONEY = "money"
FORCES = "forces"


@njit(**LEAN)
def _add_lines(source, row, coefficient, now, start, out):
    shared, alike = coefficient.shape[1] == 1, start.shape[1] == 1
    for e in range(len(source)):
        s, k = source[e], row[e]
        if shared and alike:
            c, base = coefficient[e, 0], start[s, 0]
            for r in range(now.shape[1]):
                out[k, r] += c * (now[s, r] - base)
        else:
            for r in range(now.shape[1]):
                c, base = coefficient[e, 0 if shared else r], start[s, 0 if alike else r]
                out[k, r] += c * (now[s, r] - base)


def source_values(scenario: Scenario, world: World, levers: Floats) -> Floats:
    """Return what the ledger reads: levers, stocks, wars, crises, counted events. (source, run).

    levers : (lever, run) physical values, in effect or as decided
    """
    at_war = (world.war > 0) | hot(scenario, world)
    counted = _counted_levers(scenario)
    return np.concatenate([levers, world.stock, at_war, world.rung, world.count[counted]])


@constant
def _counted_levers(scenario: Scenario) -> Ints:
    """Return the levers whose events are drawn and counted."""
    return np.flatnonzero(scenario.levers.dispersion[:, 0] > 0.0)


@constant
def source_start(scenario: Scenario) -> Floats:
    """Values of the sources at the start of the game, (source, run)."""
    setting = scenario.levers.start
    levers = settings_value(scenario, setting)
    theatres = scenario.theatres
    at_war = [
        levers[theatres.hot_lever[t]] < theatres.hot_below[t]
        if theatres.hot_lever[t] != NOBODY
        else np.zeros(levers.shape[1])
        for t in range(len(theatres.ids))
    ]
    rows = [
        *levers,
        *scenario.stock_start,
        *at_war,
        *np.zeros((len(theatres.ids), 1)),
        # an activity is judged against its tempo at the start, not against silence
        *levers[_counted_levers(scenario)],
    ]
    return scenario.numbers.stack([np.asarray(x, float) for x in rows])


def hot(scenario: Scenario, world: World) -> np.ndarray:
    """Theatres at war because a lever (a ceasefire) stands below its mark, (theatre, run)."""
    theatres = scenario.theatres
    result = np.zeros((len(theatres.ids), world.runs), dtype=bool)
    for t, lever in enumerate(theatres.hot_lever):
        if lever != NOBODY:
            result[t] = world.value[lever] < theatres.hot_below[t]
    return result


def linear_accounts(scenario: Scenario, sources: Floats, start: Floats) -> Floats:
    """Accounts without the theatres: sum of coefficient x (source - start).

    sources, start : (source, run); returns (actor, account, run) in the accounts' units
    """
    out = np.zeros((len(scenario.actors) * len(ACCOUNTS), sources.shape[1]))
    lines = scenario.ledger.source, _account_rows(scenario), switched(scenario)
    _add_lines(*lines, sources, start, out)
    return out.reshape(len(scenario.actors), len(ACCOUNTS), -1)


@constant
def _account_rows(scenario: Scenario) -> Ints:
    """Return the row of each account entry among all actors' accounts."""
    return scenario.ledger.actor * len(ACCOUNTS) + scenario.ledger.account


@constant
def switched(scenario: Scenario) -> Floats:
    """Coefficients of the account entries with the channels of the scenario switched on or off."""
    return _switch(
        scenario, scenario.ledger.coefficient, scenario.ledger.channel, {MONEY: "channel_money"}
    )


def _switch(
    scenario: Scenario, coefficient: Floats, channels: tuple[str, ...], switches: dict[str, str]
) -> Floats:
    factors = {name: getattr(scenario.rules, rule) for name, rule in switches.items()}
    if all((f == 1.0).all() for f in factors.values()):
        return coefficient
    one = np.ones(1)
    return coefficient * scenario.numbers.stack([factors.get(c, one) for c in channels])


def force_coefficients(scenario: Scenario, levers: Floats) -> Floats:
    """Marginal coefficients of the force entries; those of transfers depend on the levers.

    A share lever moves odds x share of each troop lever's force from one theatre to another.
    levers : (lever, run); returns (force entry, run)
    """
    force = scenario.ledger.force
    if scenario.transfers:
        force = np.array(np.broadcast_to(force, (len(force), levers.shape[1])))
    for rule in scenario.transfers:
        troops = np.zeros(levers.shape[1])
        for n, lever in enumerate(rule.troops):
            each = rule.odds * rule.weight[n]
            troops = troops + each * levers[lever]
            at = rule.first + 2 * (n + 1)
            force[at] = -each * levers[rule.share]
            force[at + 1] = -force[at]
        force[rule.first] = -troops
        force[rule.first + 1] = troops
    switch = scenario.rules.channel_forces
    return force if (switch == 1.0).all() else force * switch


@constant
def _force_lines(scenario: Scenario) -> tuple[Ints, Ints, Floats]:
    """Source, row (theatre x side) and coefficient of the force entries that are no transfers."""
    ledger = scenario.ledger
    own = np.ones(len(ledger.theatre), dtype=bool)
    for rule in scenario.transfers:
        own[rule.first : rule.first + 2 * (1 + len(rule.troops))] = False
    coefficient = ledger.force * scenario.rules.channel_forces
    return ledger.force_source[own], _force_rows(scenario)[own], coefficient[own]


@constant
def _force_rows(scenario: Scenario) -> Ints:
    """Return the row (theatre x side) of each force entry."""
    return scenario.ledger.theatre * scenario.theatres.forces.shape[1] + scenario.ledger.side


def transferred(scenario: Scenario, levers: Floats) -> list[tuple[int, Floats]]:
    """Force that transfers move, beyond the start: (rule number, (run,)) pairs."""
    start = source_start(scenario)
    result = []
    for n, rule in enumerate(scenario.transfers):
        now = np.zeros(levers.shape[1])
        for k, lever in enumerate(rule.troops):
            each = rule.odds * rule.weight[k]
            now = now + each * (
                levers[lever] * levers[rule.share] - start[lever] * start[rule.share]
            )
        result.append((n, now))
    return result


def force_balance(scenario: Scenario, sources: Floats, start: Floats) -> Floats:
    """Forces of challenger, local defender and patron in each theatre, (theatre, side, run).

    base + sum of coefficient x (source - start) + what transfers move; never below a hundredth.
    """
    out = full(scenario.theatres.forces, sources.shape[1])
    flat, row = out.reshape(-1, sources.shape[1]), _force_rows(scenario)
    _add_lines(*_force_lines(scenario), sources, start, flat)
    for n, amount in transferred(scenario, sources[: len(scenario.levers.ids)]):
        first = scenario.transfers[n].first
        counted = amount * scenario.rules.channel_forces
        flat[row[first]] -= counted
        flat[row[first + 1]] += counted
    return np.maximum(out, 0.01, out=out)


@njit(**LEAN)
def _gaps(lever, steps, setting, size, settings, out):
    alike = steps.shape[1] == 1
    for m in range(len(lever)):
        x = lever[m]
        for r in range(setting.shape[1]):
            now = setting[x, r]
            then = min(max(now + steps[m, 0 if alike else r], 0), size[x] - 1)
            out[m, r] = settings[x, then] - settings[x, now]


def gaps(scenario: Scenario, lever: Ints, steps: Ints, setting: Ints) -> Floats:
    """How far moves carry their levers within their ends, (move, run) in the levers' units.

    lever : (move,); steps : (move,) or (move, run); setting : (lever, run) as decided
    """
    out = np.empty((len(lever), setting.shape[1]))
    steps = steps[:, None] if steps.ndim == 1 else steps
    _gaps(lever, steps, setting, scenario.levers.size, scenario.levers.settings, out)
    return out


@njit(**LEAN)
def _price_lines(lever, gap, order, first, account, coefficient, scale, moved, out):
    """Write the sums of all lines, and zeros where there are none; say where lines are."""
    n_runs = gap.shape[1]
    shared = coefficient.shape[1] == 1
    for m in range(len(lever)):
        x = lever[m]
        for n in range(first[x], first[x + 1]):
            e = order[n]
            k = account[e]
            if not moved[k, m]:
                moved[k, m] = True
                out[k, m] = 0.0
            if shared:
                c = coefficient[e, 0] / scale[k]
                for r in range(n_runs):
                    out[k, m, r] += c * gap[m, r]
            else:
                for r in range(n_runs):
                    out[k, m, r] += coefficient[e, r] / scale[k] * gap[m, r]
    for k in range(out.shape[0]):
        for m in range(out.shape[1]):
            if not moved[k, m]:
                out[k, m] = 0.0
    return moved


def price_moves(
    scenario: Scenario, actor: int, lever: Ints, gap: Floats, runs: Any = slice(None)
) -> tuple[Floats, Bools]:
    """Price moves in an actor's linear accounts, in standard deviations: (account, move + 1, run).

    lever : (move,); gap : (move, run) how far each carries its lever; runs : which games these are
    also returns (account, move + 1), where a move can change anything: all else is 0
    """
    order, first = scenario.ledger.by_actor[actor]
    coefficient = some_runs(switched(scenario), runs)
    out = np.empty((len(ACCOUNTS), len(lever) + 1, gap.shape[1]))
    account, scale = scenario.ledger.account, scenario.scale[actor]
    moved = np.zeros(out.shape[:2], dtype=bool)
    _price_lines(lever, gap, order, first, account, coefficient, scale, moved, out)
    return out, moved
