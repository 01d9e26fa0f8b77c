"""Yardsticks of a table: what could have been had, measured after the fact; no player sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from agents.briefing import Bools, Floats, Ints, Seat
from agents.talks import possible_packages
from agents.utility import change_utility, package_utilities
from model.bargaining import Talks
from model.perception import View
from model.scenario import NOBODY, TableRules, Ties
from model.schema import ACCOUNTS
from model.theatres import SECURITY, security_by_theatre
from model.ties import camp_energy, stable_camps

NEUTRAL_VOTES = 0.5  # likeness of votes that says nothing about friend or foe (assumed)


@dataclass(frozen=True)
class Zone:
    """The bargaining zone of one table in one quarter, as both parties truly valued it."""

    first: Floats  # (package, run) gain over the status quo of the first party
    second: Floats  # (package, run) of the second party
    possible: Bools  # (package, run)
    agreeable: Bools  # (package, run) both gain
    frontier: Bools  # (package, run) nothing possible is better for both
    nash: Ints  # (run,) package with the largest product of gains, 0 where no zone
    kalai: Ints  # (run,) package whose gains are nearest in share of the ideal, 0 where no zone
    signed: Ints  # (run,) package agreed, 0 = none
    shares: Floats  # (run,) the first party's part of the surplus signed, NaN where none
    left: Floats  # (run,) surplus left on the table: best sum of gains less what was signed


def zone_of_agreement(talks: Talks) -> Zone:
    """Measure a quarter's talks: both parties' own values over the same packages.

    Nash 1950 (product), Kalai and Smorodinsky 1975 (equal shares of the ideal gains); the status
    quo is the disagreement point. Discrete packages, so points are the nearest that exist.
    """
    first, second = (package_utilities(s.me, s.own, s.packages) for s in talks.seats)
    possible = possible_packages(_unbound(talks.seats[0])) & possible_packages(
        _unbound(talks.seats[1])
    )
    agreeable = possible & (first >= 0.0) & (second >= 0.0)
    runs = np.arange(first.shape[1])
    gains = np.where(agreeable, first, 0.0), np.where(agreeable, second, 0.0)
    total = np.where(agreeable, gains[0] + gains[1], 0.0)
    got = first[talks.accepted, runs], second[talks.accepted, runs]
    surplus = got[0] + got[1]
    made = talks.accepted > 0
    return Zone(
        first,
        second,
        possible,
        agreeable,
        pareto_frontier(first, second, possible),
        nash_point(*gains),
        kalai_point(*gains),
        talks.accepted,
        np.where(made & (surplus > 0.0), got[0] / np.where(surplus > 0.0, surplus, 1.0), np.nan),
        total.max(axis=0) - np.where(made, surplus, 0.0),
    )


def _unbound(seat: Seat) -> Seat:
    """Return the seat without its headline demand: a stance, not a limit of the zone."""
    return replace(seat, required=np.full_like(seat.required, -np.inf))


def pareto_frontier(first: Floats, second: Floats, possible: Bools) -> Bools:
    """Packages than which no possible one (nor the status quo) is better for both, (package, run).

    first, second : (package, run) gains; ties count as not better
    """
    out = np.zeros(possible.shape, dtype=bool)
    for r in range(first.shape[1]):
        open_ = np.flatnonzero(possible[:, r])
        order = open_[np.lexsort((-second[open_, r], -first[open_, r]))]
        best = -np.inf
        for p in order:
            if second[p, r] > best:
                out[p, r] = True
                best = second[p, r]
    return out


def nash_point(first: Floats, second: Floats) -> Ints:
    """Package with the largest product of gains, (run,); 0 where no package gives both something.

    first, second : (package, run) gains over disagreement, 0 for what is not agreeable (Nash 1950)
    """
    product = first * second
    best = product.argmax(axis=0)
    return np.where(product.max(axis=0) > 0.0, best, 0)


def kalai_point(first: Floats, second: Floats) -> Ints:
    """Package with the largest smaller share of the ideal gains, (run,); 0 where no zone.

    Kalai and Smorodinsky 1975 on discrete packages: maximise min(g1/ideal1, g2/ideal2).
    """
    ideal = [np.maximum(x.max(axis=0), 1e-300) for x in (first, second)]
    share = np.minimum(first / ideal[0], second / ideal[1])
    return np.where(share.max(axis=0) > 0.0, share.argmax(axis=0), 0)


def propensity(ties: Ties, run: int = 0) -> Floats:
    """How much two actors are drawn to each other by their ties, symmetric, (actor, actor).

    The mean of both directions of alliance + alignment - 1/2 - rivalry: an alignment of one half is
    neutral, as votes that agree half of the time.
    """
    layers = [
        x[..., min(run, x.shape[2] - 1)] for x in (ties.alliance, ties.alignment, ties.rivalry)
    ]
    drawn = layers[0] + (layers[1] - NEUTRAL_VOTES) - layers[2]
    drawn = (drawn + drawn.T) / 2.0
    np.fill_diagonal(drawn, 0.0)
    return drawn


def camps(ties: Ties, run: int = 0) -> list[tuple[float, Ints]]:
    """Camps that fit the network: energy and camp (actor,) of each stable division, best first.

    Every actor weighs the same (Axelrod and Bennett 1993): a yardstick, no player sees it.
    """
    drawn = propensity(ties, run)
    even = np.ones(len(drawn))
    found = [(camp_energy(even, drawn, camp), camp) for camp in stable_camps(even, drawn)]
    return sorted(found, key=lambda each: each[0])


def mean_position(position: Floats, influence: Floats, salience: Floats) -> float:
    """Mean of positions in a question of many parties, weighted by influence times salience."""
    weight = influence * salience
    return float((weight * position).sum() / weight.sum())


def median_position(position: Floats, influence: Floats, salience: Floats) -> float:
    """Median voter's position, weighted by influence times salience (Black 1948)."""
    order = np.argsort(position, kind="stable")
    below = np.cumsum((influence * salience)[order])
    return float(position[order][np.searchsorted(below, below[-1] / 2.0)])


def dependence(view: View, table: TableRules, actor: int) -> Floats:
    """Utility that an actor would lose if the tie of a table ended, (run,), positive = dependent.

    Every lever of the partner at the table falls to the setting that is worst for the actor in
    its linear accounts, and where the partner is its patron, help is no longer believed in.
    """
    scenario, known = view.scenario, view.known[actor]
    partner = table.parties[0] + table.parties[1] - actor
    change = np.zeros((len(ACCOUNTS), known.setting.shape[1]))
    goals = view.goals[actor]
    for x in table.levers:
        if scenario.levers.owner[x] != partner:
            continue
        ends = (scenario.levers.settings[x, 0], scenario.levers.settings[x, -1])
        worst = None
        for end in ends:
            moved = np.zeros_like(change)
            for e in np.flatnonzero(
                (scenario.ledger.source == x) & (scenario.ledger.actor == actor)
            ):
                k = scenario.ledger.account[e]
                gap = end - known.levers[x]
                moved[k] += scenario.ledger.coefficient[e] * gap / scenario.scale[actor, k]
            value = change_utility(goals, moved)
            if worst is None:
                worst = (value, moved)
            else:
                lower = value < worst[0]
                worst = np.where(lower, value, worst[0]), np.where(lower, moved, worst[1])
        if worst is not None:
            change = change + worst[1]
    if table.theatre != NOBODY and scenario.theatres.patron[table.theatre] == partner:
        seen = view.outlooks[actor]
        alone = seen.credibility.copy()
        alone[table.theatre] = 0.0
        bare = security_by_theatre(scenario, actor, seen.forces, alone, seen.alarm)
        gap = bare[table.theatre] - seen.security[table.theatre]
        change[SECURITY] += gap / scenario.scale[actor, SECURITY]
    return -change_utility(goals, change)
