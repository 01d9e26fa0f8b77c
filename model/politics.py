"""The home front: ratification, support, elections."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numba import njit

from agents.briefing import Bools, Floats, Ints
from agents.numerics import logistic
from model.scenario import Scenario
from model.schema import ACCOUNTS
from model.theatres import CLASH, Crises
from model.world import World

TREASURY, HOME = ACCOUNTS.index("treasury"), ACCOUNTS.index("home")
EVEN = 0.5  # support at which an office is neither strong nor weak
RALLY = 0.5  # assumed: what being stood by wins, of what being left alone costs
DEFENDING = 1  # side of a theatre whose publics wait for the patron


def ratification_odds(scenario: Scenario, actor: int, support: Floats, cost: Floats) -> Floats:
    """Chance that a deal passes at home: logistic((W + beta (support - .5) - cost)/sigma).

    cost : (run,) SMA-percent equivalents, sweeteners negative (Putnam 1988). 1 where no body
    votes: an administrative agreement.
    """
    if not scenario.ratifies[actor]:
        return np.ones(support.shape)
    slack = ratification_room(scenario, actor, support) - cost
    return logistic(slack / scenario.ratify_spread[actor])


def ratification_room(scenario: Scenario, actor: int, support: Floats) -> Floats:
    """Cost at which a deal passes at home as often as not: W + beta (support - .5), (run,)."""
    room: Floats = scenario.win_set[actor] + scenario.ratify_support[actor] * (support - EVEN)
    return room


def offices(scenario: Scenario, platform: Ints) -> tuple[Floats, Floats]:
    """Weights (actor, account, run) and transactionalism (actor, run) of the offices in power."""
    weights = np.empty((len(scenario.actors), scenario.weights.shape[2], platform.shape[1]))
    tau = np.empty(platform.shape)
    _look_up(scenario.weights, scenario.transactionalism, platform, weights, tau)
    return weights, tau


@njit(cache=True, nogil=True, error_model="numpy")
def _look_up(weights, transactionalism, platform, out, tau):
    alike = weights.shape[3] == 1, transactionalism.shape[2] == 1
    for a in range(len(platform)):
        for r in range(platform.shape[1]):
            tau[a, r] = transactionalism[a, platform[a, r], 0 if alike[1] else r]
        for k in range(out.shape[1]):
            for r in range(platform.shape[1]):
                out[a, k, r] = weights[a, platform[a, r], k, 0 if alike[0] else r]


def update_support(
    scenario: Scenario, world: World, position: Floats, crises: Crises, gained: Floats
) -> World:
    """Move support with the purse, crises and perceived wins, back towards one half.

    position : (actor, account, run) standard deviations above reference; gained : (actor, run)
    utility of deals and promises this quarter. A crisis in which the patron left the defender's
    side alone costs support there; one in which it stood by rallies half as much.
    """
    rules, theatres = scenario.rules, scenario.theatres
    purse = np.minimum(np.maximum(position[:, TREASURY] + position[:, HOME], -1.0), 1.0)
    push = rules.support_treasury * purse + rules.support_deal * np.minimum(
        np.maximum(gained, -1.0), 1.0
    )
    for t in range(len(theatres.ids)):
        shaken = crises.rung[t] >= CLASH
        if not shaken.any():
            continue
        rally = np.where(crises.defended[t], RALLY, -1.0)
        for a in np.nonzero(theatres.side[:, t] == DEFENDING)[0]:
            push[a] += np.where(shaken, rules.support_crisis * rally, 0.0)
    support = EVEN + rules.support_persistence * (world.support - EVEN)
    support = support + rules.channel_home * push
    return replace(world, support=np.minimum(np.maximum(support, 0.0), 1.0))


def hold_election(
    scenario: Scenario, world: World, actor: int, winner: Ints, where: Bools
) -> World:
    """Put the winning platform into office and reopen the tables of the country.

    What its predecessor publicly demanded is not its own demand.
    winner : (run,) platform index; where : (run,) an election is held
    """
    platform = world.platform.copy()
    changed = where & (winner != platform[actor])
    platform[actor] = np.where(where, winner, platform[actor])
    closed, demand = world.closed.copy(), world.demand.copy()
    for n, table in enumerate(scenario.tables):
        if actor in table.parties:
            closed[n] = np.where(changed, np.minimum(closed[n], world.quarter), closed[n])
        if actor == table.demander:
            demand[n] = np.where(changed, -np.inf, demand[n])
    return replace(world, platform=platform, closed=closed, demand=demand)
