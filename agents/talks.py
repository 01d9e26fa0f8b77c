"""How an office plans its talks: what refusing is worth, what to propose, what to accept.

The kernels go game by game over the packages that are open there, so that what is blocked costs
nothing; tests hold a NumPy reference that must be equal to them bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from agents.briefing import NO_PACKAGE, Bools, Customs, Floats, Goals, Ints, Seat, full_runs
from agents.numerics import logistic1
from agents.utility import (
    TIE,
    change_utility,
    package_change,
    relation_factor,
    value_of,
)


def possible_packages(seat: Seat) -> Bools:
    """Packages that are open: no blocked move, and the standing demand is met. (package, run)."""
    possible = np.empty((len(seat.packages), seat.own.shape[2]), dtype=np.bool_)
    _possible(seat.packages, seat.blocked, seat.credit, seat.required, possible)
    return possible


@njit(cache=True, nogil=True, error_model="numpy")
def _possible(packages, blocked, credit, required, out):
    n_runs = out.shape[1]
    none = blocked.shape[0] - 1
    credited = np.empty(n_runs)
    for r in range(n_runs):
        out[NO_PACKAGE, r] = False
    for p in range(1, len(packages)):
        for r in range(n_runs):
            out[p, r] = True
            credited[r] = 0.0
        for m in packages[p]:
            if m == none:
                break
            for r in range(n_runs):
                out[p, r] = out[p, r] and not blocked[m, r]
                credited[r] += credit[m, r]
        for r in range(n_runs):
            out[p, r] = out[p, r] and credited[r] >= required[r] - TIE


def is_possible(seat: Seat, package: Ints) -> Bools:
    """Say where one package a run is open. package, returns : (run,)."""
    possible = np.empty(len(package), dtype=bool)
    _is_possible(seat.packages, package, seat.blocked, seat.credit, seat.required, possible)
    return possible


@njit(cache=True, nogil=True, error_model="numpy")
def _is_possible(packages, package, blocked, credit, required, out):
    for r in range(len(package)):
        open_, credited = package[r] > NO_PACKAGE, 0.0
        for m in packages[package[r]]:
            open_ = open_ and not blocked[m, r]
            credited += credit[m, r]
        out[r] = open_ and credited >= required[r] - TIE


@dataclass(frozen=True)
class Plan:
    """What refusing is worth at a table, and backward induction over the rounds of a quarter.

    All in one actor's beliefs, utility against today.
    """

    offer: Ints  # (round, run) package to propose when it is my turn; 0 = none
    threshold: Floats  # (round, run) least gain that I accept when it is theirs
    odds: Floats  # (round, run) believed chance that my offer is accepted
    refusal: Floats  # (run,) what refusing is worth to me
    their_refusal: Floats  # (run,) my estimate of what it is worth to them
    bond: Floats  # (run,) worth to me of each unit that they gain: the shadow of the future
    their_bond: Floats  # (run,)
    grudge: Floats  # (run,) what signing under an announced threat of theirs costs me in goodwill
    their_grudge: Floats  # (run,)


@dataclass(frozen=True)
class Valuation:
    """What a package is worth against refusing it."""

    mine: Floats  # (run,) my expected gain over refusing
    theirs: Floats  # (run,) my estimate of their expected gain over refusing
    passage: Floats  # (run,) believed chance that it enters into force once agreed
    plain: Floats  # (run,) my change in utility alone, without relation or refusal
    their_plain: Floats  # (run,) my estimate of their change in utility alone
    possible: Bools  # (run,) no blocked move, and the standing demand is met


@njit(cache=True, nogil=True, error_model="numpy")
def _open_packages(prefix, last, blocked, credit, place, package, before, move, credited):
    """List the packages without a blocked move; returns how many. Entry 0 is no deal.

    place : (package,) entry of each package, -1 = blocked; package, before, move, credited :
    (entry,) number, entry of the prefix, last move, and credit towards a headline demand
    """
    place[0] = package[0] = before[0] = 0
    credited[0] = 0.0
    n = 1
    for p in range(1, len(prefix)):
        shorter, m = place[prefix[p]], last[p]
        if shorter < 0 or blocked[m]:
            place[p] = -1
            continue
        place[p] = n
        package[n] = p
        before[n] = shorter
        move[n] = m
        credited[n] = credited[shorter] + credit[m]
        n += 1
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def _open_utilities(goals, kind, prices, r, n, before, move, change, out):
    """Change in one-quarter utility of the packages listed in run r, (entry,)."""
    position, weights, loss_aversion = goals[0], goals[1], goals[2][r]
    for i in range(n):
        out[i] = 0.0
    for k in range(prices.shape[0]):
        touched = False
        for m in range(prices.shape[1]):
            touched = touched or prices[k, m] != 0.0
        if not touched:
            continue
        x, weight = position[k, r], weights[k, r]
        base = value_of(x, loss_aversion, kind)
        change[0] = 0.0
        for i in range(1, n):
            change[i] = change[before[i]] + prices[k, move[i]]
        if kind == 0:
            for i in range(1, n):
                y = x + change[i]
                phi = y / (1.0 + abs(y))
                phi = phi if y >= 0.0 else loss_aversion * phi
                out[i] += weight * (phi - base)
        else:
            for i in range(1, n):
                out[i] += weight * (value_of(x + change[i], loss_aversion, kind) - base)


@njit(cache=True, nogil=True, error_model="numpy")
def _change_utility(goals, kind, change, r):
    """Change in one-quarter utility of a single change of all accounts in run r."""
    position, weights, loss_aversion = goals[0], goals[1], goals[2][r]
    total = 0.0
    for k in range(len(change)):
        if change[k, r] != 0.0:
            x = position[k, r]
            after = value_of(x + change[k, r], loss_aversion, kind)
            total += weights[k, r] * (after - value_of(x, loss_aversion, kind))
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def passage1(home, their_home, consent, cost, other_cost):
    """Chance that a deal enters into force: both bodies ratify it, and scripted parties agree.

    home, their_home : room and spread of a body; cost, other_cost : of the deal, to each
    """
    other = logistic1((their_home[0] - other_cost) / their_home[1])
    return logistic1((home[0] - cost) / home[1]) * other * consent


@njit(cache=True, nogil=True, error_model="numpy")
def _passages(bodies, costs, consent, r, n, before, move, sums, out):
    """Chances that the packages listed in run r enter into force, (entry,).

    sums : (2, entry) what they cost at home, written into
    """
    home, their_home = (bodies[0][r], bodies[1][r]), (bodies[2][r], bodies[3][r])
    sums[0, 0] = sums[1, 0] = 0.0
    out[0] = 1.0
    for i in range(1, n):
        sums[0, i] = sums[0, before[i]] + costs[0][r, move[i]]
        sums[1, i] = sums[1, before[i]] + costs[1][r, move[i]]
        out[i] = out[before[i]] * consent[r, move[i]]
    for i in range(1, n):
        out[i] = passage1(home, their_home, out[i], sums[0, i], sums[1, i])


@njit(cache=True, nogil=True, error_model="numpy")
def _settlement(plain, theirs, passage, possible, n):
    """Return the best that both could expect together."""
    best = 0.0
    for i in range(1, n):
        common = passage[i] * min(plain[i], theirs[i])
        best = max(best, common if possible[i] else 0.0)
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _chances(to_responder, floor, belief, width, n, out):
    """Believed chances that the packages listed are accepted, (entry,)."""
    if belief == 0:
        for i in range(1, n):
            out[i] = 1.0 if to_responder[i] - floor >= -TIE else 0.0
    elif belief == 1:
        half = 0.5 / width
        for i in range(1, n):
            out[i] = min(max(0.5 + (to_responder[i] - floor) * half, 0.0), 1.0)
    else:
        for i in range(1, n):
            out[i] = logistic1((to_responder[i] - floor) / width)


@njit(cache=True, nogil=True, error_model="numpy")
def _talk(mine, yours, possible, package, n, patience, outside, opens, belief, width, chance, out):
    """Reason back from the last round over the packages listed; chance is written into."""
    offer, threshold, odds = out
    ahead_mine, ahead_yours = outside  # value of the talks from the next round on
    for t in range(len(offer) - 1, -1, -1):
        speak = opens == (t % 2 == 0)
        wait, floor = patience[0] * ahead_mine, patience[1] * ahead_yours
        alone, elsewhere = outside  # of the proposer, of the responder
        to_proposer, to_responder = mine, yours
        if not speak:
            wait, floor, alone, elsewhere = floor, wait, elsewhere, alone
            to_proposer, to_responder = yours, mine
        if elsewhere > floor:  # rather than go on it would walk out
            wait, floor = alone, elsewhere
        _chances(to_responder, floor, belief, width, n, chance)
        best, pick = wait, 0
        for i in range(1, n):
            worth = wait + chance[i] * (to_proposer[i] - wait)
            if possible[i] and worth > best + TIE:
                best, pick = worth, i
        got = max(to_responder[pick], floor) if pick > 0 else floor
        if speak:
            offer[t] = package[pick]
            odds[t] = chance[pick] if pick > 0 else 0.0
            ahead_mine, ahead_yours = best, got
        else:
            threshold[t] = floor
            ahead_mine, ahead_yours = got, best


@njit(cache=True, nogil=True, error_model="numpy")
def _plan(
    own,
    theirs,
    me,
    them,
    kinds,
    prefix,
    last,
    blocked,
    credit,
    required,
    bodies,
    costs,
    consent,
    outside,
    opens,
    threats,
    bonds,
    grudges,
    settlement_odds,
    belief,
    width,
    out,
):
    n_runs, n_packages = len(own), len(prefix)
    offer, threshold, odds, refusal, their_refusal = out
    place = np.empty(n_packages, dtype=np.int64)
    package = np.empty(n_packages, dtype=np.int64)
    before = np.empty(n_packages, dtype=np.int64)
    move = np.empty(n_packages, dtype=np.int64)
    credited = np.empty(n_packages)
    possible = np.empty(n_packages, dtype=np.bool_)
    change = np.empty(n_packages)
    mine = np.empty(n_packages)
    yours = np.empty(n_packages)
    gain = np.empty(n_packages)
    your_gain = np.empty(n_packages)
    chance = np.empty(n_packages)
    passage = np.empty(n_packages)
    sums = np.empty((2, n_packages))
    for r in range(n_runs):
        n = _open_packages(
            prefix, last, blocked[r], credit[r], place, package, before, move, credited
        )
        for i in range(n):
            possible[i] = credited[i] >= required[r] - TIE
        _open_utilities(me, kinds[0], own[r], r, n, before, move, change, mine)
        _open_utilities(them, kinds[1], theirs[r], r, n, before, move, change, yours)
        _passages(bodies, costs, consent, r, n, before, move, sums, passage)
        settlement = settlement_odds[r] * _settlement(mine, yours, passage, possible, n)
        hurt = _change_utility(me, kinds[0], threats[0], r)
        refusal[r] = (1.0 - me[3][r]) * threats[1][r] * hurt + me[3][r] * settlement
        hurt = _change_utility(them, kinds[1], threats[2], r)
        their_refusal[r] = (1.0 - them[3][r]) * threats[3][r] * hurt + them[3][r] * settlement
        for i in range(1, n):
            relation = bonds[0][r] * min(max(yours[i], 0.0), 1.0) - grudges[0][r]
            gain[i] = passage[i] * (mine[i] + relation - refusal[r])
            relation = bonds[1][r] * min(max(mine[i], 0.0), 1.0) - grudges[1][r]
            your_gain[i] = passage[i] * (yours[i] + relation - their_refusal[r])
        patience = me[4][r], them[4][r]
        talk = offer[:, r], threshold[:, r], odds[:, r]
        _talk(
            gain,
            your_gain,
            possible,
            package,
            n,
            patience,
            (outside[0][r], outside[1][r]),
            opens[r],
            belief,
            width[r],
            chance,
            talk,
        )


def plan(seat: Seat, customs: Customs) -> Plan:
    """Best proposals and acceptance thresholds for all rounds of alternating offers.

    The proposer picks the package with the highest P(accept) gain + (1 - P) value(refusal); the
    responder accepts a gain of at least its believed best counter, or what it could have elsewhere
    if that is more (Rubinstein 1982 with a last round; Binmore, Shaked and Sutton 1989 for outside
    options; Fearon 1995 for the uniform belief). Refusing is worth

    V_i(refuse) = (1 - d)[(1 - P) u(status quo) + P u(threat)] + d V~, with V~ the believed
    settlement: settlement odds times the egalitarian package (Kalai 1977) while talks are open.
    """
    runs = seat.own.shape[2]
    none = seat.own.shape[1] - 1
    length = (seat.packages != none).sum(axis=1)
    last = seat.packages[np.arange(len(length)), np.maximum(length - 1, 0)]
    offer = np.zeros((customs.rounds, runs), dtype=np.int64)
    threshold, odds = np.zeros(offer.shape), np.zeros(offer.shape)
    refusal, their_refusal = np.empty(runs), np.empty(runs)
    weights = [relation_factor(goals, customs, seat.term) for goals in (seat.me, seat.them)]
    bonds = [full_runs(weight * customs.relation_gain, runs) for weight in weights]
    grudges = [
        full_runs(np.where(told, weight * customs.relation_loss, 0.0), runs)
        for told, weight in zip((seat.coerced, seat.coercing), weights, strict=True)
    ]
    _plan(
        _runs_first(seat.own),
        _runs_first(seat.theirs),
        _office(seat.me, runs),
        _office(seat.them, runs),
        (seat.me.kind, seat.them.kind),
        seat.prefix,
        last,
        _runs_first(seat.blocked),
        _runs_first(seat.credit),
        full_runs(seat.required, runs),
        _bodies(seat, runs),
        (_runs_first(seat.home.cost), _runs_first(seat.their_home.cost)),
        _runs_first(seat.consent),
        (full_runs(seat.outside, runs), full_runs(seat.their_outside, runs)),
        full_runs(seat.opens, runs),
        tuple(
            full_runs(x, runs)
            for x in (seat.menace, seat.menace_odds, seat.leverage, seat.leverage_odds)
        ),
        tuple(bonds),
        tuple(grudges),
        full_runs(customs.settlement_odds, runs),
        customs.acceptance,
        full_runs(customs.acceptance_width, runs),
        (offer, threshold, odds, refusal, their_refusal),
    )
    return Plan(offer, threshold, odds, refusal, their_refusal, *bonds, *grudges)


def value_package(seat: Seat, course: Plan, package: Ints) -> Valuation:
    """Transactional utility of one package a run against refusing it.

    gain_i = P(passage) (u_i(after) - V_i(refuse) + (1 - tau_i) rho_i dR B / A_T),
    dR = r+ clip(gain_j, 0, 1) - r- where a threat of j's stands announced

    with P(passage) the chance that both bodies ratify and scripted parties agree (Putnam 1988).

    package : (run,) index into the seat's packages
    """
    plain = change_utility(seat.me, package_change(seat.packages, seat.own, package))
    theirs = change_utility(seat.them, package_change(seat.packages, seat.theirs, package))
    relation = course.bond * np.minimum(np.maximum(theirs, 0.0), 1.0) - course.grudge
    their_relation = course.their_bond * np.minimum(np.maximum(plain, 0.0), 1.0)
    their_relation = their_relation - course.their_grudge
    passage = np.empty(len(package))
    costs = seat.home.cost, seat.their_home.cost
    bodies = _bodies(seat, len(package))
    _pass_one(seat.packages, package, bodies, costs, seat.consent, passage)
    return Valuation(
        passage * (plain + relation - course.refusal),
        passage * (theirs + their_relation - course.their_refusal),
        passage,
        plain,
        theirs,
        is_possible(seat, package),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _pass_one(packages, package, bodies, costs, consent, out):
    for r in range(len(package)):
        out[r] = 1.0
        if package[r] == NO_PACKAGE:
            continue
        agreed, cost, other_cost = 1.0, 0.0, 0.0
        for m in packages[package[r]]:
            agreed *= consent[m, r]
            cost += costs[0][m, r]
            other_cost += costs[1][m, r]
        home, their_home = (bodies[0][r], bodies[1][r]), (bodies[2][r], bodies[3][r])
        out[r] = passage1(home, their_home, agreed, cost, other_cost)


def _bodies(seat: Seat, runs: int) -> Any:
    """Return room and spread of both ratifying bodies."""
    rooms = (seat.home.room, seat.home.spread, seat.their_home.room, seat.their_home.spread)
    return tuple(full_runs(x, runs) for x in rooms)


def _runs_first(array: Any) -> Any:
    """Return an array with the run axis first, as kernels need it that go run by run."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 0))


def _office(goals: Goals, runs: int) -> Any:
    """Return the numbers of an office that the kernels read."""
    return tuple(
        full_runs(x, runs)
        for x in (
            goals.position,
            goals.weights,
            goals.loss_aversion,
            goals.discount,
            goals.round_discount,
        )
    )
