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
from agents.utility import ACCEPTANCE, NEVER, TIE, relation_factor, value_of

UNIFORM, LOGISTIC = ACCEPTANCE.index("uniform"), ACCEPTANCE.index("logistic")
BLOCK = 16  # numbers that a loop works on at once; the rest would go one by one
SURE = 40.0  # beyond it a logistic chance is 1 to the last bit


def possible_packages(seat: Seat) -> Bools:
    """Packages that are open: no blocked move, and the standing demand is met. (package, run)."""
    possible = np.empty((len(seat.packages), seat.own.shape[2]), dtype=np.bool_)
    _possible(seat.packages, seat.blocked, seat.credit, seat.required, possible)
    return possible


@njit(cache=True, nogil=True, error_model="numpy")
def _moves_of(package, none):
    """Return a package without what fills it up, `no move`."""
    n = 0
    while n < len(package) and package[n] != none:
        n += 1
    return package[:n]


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
        for m in _moves_of(packages[p], none):
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
        for m in _moves_of(packages[package[r]], len(blocked) - 1):
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
    board: Any  # the packages of the seat, and its numbers as the kernels read them


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
def _whole(n):
    """Round up to whole blocks: what a loop does beyond n is never read."""
    return (n + BLOCK - 1) // BLOCK * BLOCK


@njit(cache=True, nogil=True, error_model="numpy")
def _open_packages(first, last, blocked, credit, package, before, move, credited):
    """List the packages without a blocked move, in their order; returns how many.

    first : (package + 1,) where the packages that a package begins start; package, before, move,
    credited : (entry,) number, entry of the prefix, last move, credit towards a headline demand;
    entry 0 is no deal
    """
    package[0] = before[0] = 0
    credited[0] = 0.0
    n, i = 1, 0
    while i < n:
        for p in range(first[package[i]], first[package[i] + 1]):
            m = last[p]
            if not blocked[m]:
                package[n] = p
                before[n] = i
                move[n] = m
                credited[n] = credited[i] + credit[m]
                n += 1
        i += 1
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def _open_utilities(goals, kind, prices, r, n, before, move, change, out):
    """Change in one-quarter utility of the packages listed in run r, (entry,)."""
    position, weights, loss_aversion = goals[0], goals[1], goals[2][0, r]
    out[:n] = change[0] = 0.0
    for k in range(prices.shape[0]):
        touched, i = False, 1
        while i < n and not touched:
            touched = prices[k, move[i]] != 0.0
            i += 1
        if not touched:
            continue
        x, weight = position[k, r], weights[k, r]
        base = value_of(x, loss_aversion, kind)
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
    position, weights, loss_aversion = goals[0], goals[1], goals[2][0, r]
    total = 0.0
    for k in range(len(change)):
        if change[k, r] != 0.0:
            x = position[k, r]
            after = value_of(x + change[k, r], loss_aversion, kind)
            total += weights[k, r] * (after - value_of(x, loss_aversion, kind))
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def vote1(room, spread, cost):
    """Chance that a body at home ratifies what costs so much; 1 where nobody votes."""
    slack = (room - cost) / spread
    return logistic1(slack) if slack < SURE else 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _passages(bodies, costs, consent, r, n, before, move, sums, out):
    """Chances that the packages listed in run r enter into force, (entry,).

    sums : (entry,) room for what they cost at home, then for the odds of all scripted consents
    """
    out[:n] = 1.0
    sums[0] = 0.0
    for body in range(2):
        room, spread, cost = bodies[2 * body, r], bodies[2 * body + 1, r], costs[body][r]
        free = True
        for i in range(1, n):
            sums[i] = sums[before[i]] + cost[move[i]]
            free = free and cost[move[i]] == 0.0
        if free:
            vote = vote1(room, spread, 0.0)
            for i in range(1, n):
                out[i] *= vote
        else:
            for i in range(1, n):
                out[i] *= vote1(room, spread, sums[i])
    sums[0] = 1.0
    for i in range(1, n):
        sums[i] = sums[before[i]] * consent[r, move[i]]
    for i in range(1, n):
        out[i] *= sums[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _settlement(plain, theirs, passage, possible, n):
    """Return the best that both could expect together."""
    best = 0.0
    for i in range(1, n):
        common = passage[i] * min(plain[i], theirs[i])
        best = max(best, common if possible[i] else 0.0)
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _acceptances(slack, n, belief, width, out):
    """Believed chances that a responder accepts, by what it gains beyond its threshold, (entry,).

    n : how many of the entries are asked for
    """
    if belief == LOGISTIC:
        for i in range(_whole(n)):
            out[i] = logistic1(slack[i] / width)
    elif belief == UNIFORM:
        for i in range(n):
            out[i] = min(max(0.5 + slack[i] * (0.5 / width), 0.0), 1.0)
    else:
        for i in range(n):
            out[i] = 1.0 if slack[i] >= -TIE else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _talk(mine, yours, package, n, patience, outside, opens, belief, width, rooms, out):
    """Reason back from the last round over the packages listed.

    mine, yours : (entry,) gains over refusing, NEVER where a package may not be signed
    rooms : three of (entry,) for the packages that are worth a thought in a round
    """
    offer, threshold, odds = out
    worthy, slack, accepted = rooms
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
        n_worthy = 0
        for i in range(1, n):
            worthy[n_worthy] = i
            slack[n_worthy] = to_responder[i] - floor
            n_worthy += to_proposer[i] > wait + TIE  # if it were sure to be accepted
        _acceptances(slack, n_worthy, belief, width, accepted)
        best, chance, pick = wait, 0.0, 0
        for c in range(n_worthy):
            gain = to_proposer[worthy[c]]
            worth = wait + accepted[c] * (gain - wait)
            if gain > best + TIE and worth > best + TIE:
                best, chance, pick = worth, accepted[c], worthy[c]
        got = max(to_responder[pick], floor) if pick > 0 else floor
        if speak:
            offer[t] = package[pick]
            odds[t] = chance
            ahead_mine, ahead_yours = best, got
        else:
            threshold[t] = floor
            ahead_mine, ahead_yours = got, best


@njit(cache=True, nogil=True, error_model="numpy")
def _plan(board, first, last, opens, threats, doubts, belief, out):
    (own, theirs), (me, them), kinds, (blocked, credit, required), bodies, costs, consent, bonds = (
        board
    )
    n_runs, n_packages = len(own), len(last)
    offer, threshold, odds, refusal, their_refusal = out
    room = _whole(n_packages)
    package, before = np.zeros(room, dtype=np.int64), np.zeros(room, dtype=np.int64)
    move, worthy = np.zeros(room, dtype=np.int64), np.zeros(room, dtype=np.int64)
    possible = np.zeros(room, dtype=np.bool_)
    credited, change, slack = np.zeros(room), np.zeros(room), np.zeros(room)
    mine, yours, passage = np.zeros(room), np.zeros(room), np.zeros(room)
    gain, your_gain = np.zeros(room), np.zeros(room)
    for r in range(n_runs):
        menace_odds, leverage_odds, settlement_odds, width, here, there = doubts[:, r]
        n = _open_packages(first, last, blocked[r], credit[r], package, before, move, credited)
        for i in range(n):
            possible[i] = credited[i] >= required[r] - TIE
        _open_utilities(me, kinds[0], own[r], r, n, before, move, change, mine)
        _open_utilities(them, kinds[1], theirs[r], r, n, before, move, change, yours)
        _passages(bodies, costs, consent, r, n, before, move, change, passage)
        settlement = settlement_odds * _settlement(mine, yours, passage, possible, n)
        hurt = _change_utility(me, kinds[0], threats[0], r)
        refusal[r] = (1.0 - me[2][1, r]) * menace_odds * hurt + me[2][1, r] * settlement
        hurt = _change_utility(them, kinds[1], threats[1], r)
        their_refusal[r] = (1.0 - them[2][1, r]) * leverage_odds * hurt + them[2][1, r] * settlement
        for i in range(1, n):
            relation = bonds[0, r] * min(max(yours[i], 0.0), 1.0) - bonds[2, r]
            worth = passage[i] * (mine[i] + relation - refusal[r])
            gain[i] = worth if possible[i] else NEVER
            relation = bonds[1, r] * min(max(mine[i], 0.0), 1.0) - bonds[3, r]
            worth = passage[i] * (yours[i] + relation - their_refusal[r])
            your_gain[i] = worth if possible[i] else NEVER
        patience = me[2][2, r], them[2][2, r]
        talk = offer[:, r], threshold[:, r], odds[:, r]
        ways = (here, there), opens[r], belief, width
        _talk(gain, your_gain, package, n, patience, *ways, (worthy, slack, change), talk)


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
    first = np.searchsorted(seat.prefix[1:], np.arange(len(length) + 1)) + 1
    offer = np.zeros((customs.rounds, runs), dtype=np.int64)
    threshold, odds = np.zeros(offer.shape), np.zeros(offer.shape)
    refusal, their_refusal = np.empty(runs), np.empty(runs)
    weights = [relation_factor(goals, customs, seat.term) for goals in (seat.me, seat.them)]
    gains = (weight * customs.relation_gain for weight in weights)
    told = zip((seat.coerced, seat.coercing), weights, strict=True)
    losses = (np.where(where, weight * customs.relation_loss, 0.0) for where, weight in told)
    bonds = _rows(runs, *gains, *losses)
    board = _board(seat, bonds)
    odds_of = (seat.menace_odds, seat.leverage_odds, customs.settlement_odds)
    _plan(
        board,
        first,
        last,
        full_runs(seat.opens, runs),
        (full_runs(seat.menace, runs), full_runs(seat.leverage, runs)),
        _rows(runs, *odds_of, customs.acceptance_width, seat.outside, seat.their_outside),
        customs.acceptance,
        (offer, threshold, odds, refusal, their_refusal),
    )
    bond, their_bond, grudge, their_grudge = bonds
    return Plan(
        offer,
        threshold,
        odds,
        refusal,
        their_refusal,
        bond,
        their_bond,
        grudge,
        their_grudge,
        (seat.packages, board),
    )


def _board(seat: Seat, bonds: Floats) -> Any:
    """Return a table as the kernels read it: runs first, or last where there is no other axis."""
    runs = seat.own.shape[2]
    rooms = (seat.home.room, seat.home.spread, seat.their_home.room, seat.their_home.spread)
    return (
        (_runs_first(seat.own), _runs_first(seat.theirs)),
        (_office(seat.me, runs), _office(seat.them, runs)),
        (seat.me.kind, seat.them.kind),
        (_runs_first(seat.blocked), _runs_first(seat.credit), _rows(runs, seat.required)[0]),
        _rows(runs, *rooms),
        (_runs_first(seat.home.cost), _runs_first(seat.their_home.cost)),
        _runs_first(seat.consent),
        bonds,
    )


def value_package(course: Plan, package: Ints) -> Valuation:
    """Transactional utility of one package a run against refusing it.

    gain_i = P(passage) (u_i(after) - V_i(refuse) + (1 - tau_i) rho_i dR B / A_T),
    dR = r+ clip(gain_j, 0, 1) - r- where a threat of j's stands announced

    with P(passage) the chance that both bodies ratify and scripted parties agree (Putnam 1988).

    package : (run,) index into the packages of the seat that the plan is for
    """
    worth = np.empty((5, len(package)))
    possible = np.empty(len(package), dtype=bool)
    packages, board = course.board
    refusals = _rows(len(package), course.refusal, course.their_refusal)
    _value(packages, package, board, refusals, worth, possible)
    mine, yours, passage, plain, their_plain = worth
    return Valuation(mine, yours, passage, plain, their_plain, possible)


@njit(cache=True, nogil=True, error_model="numpy")
def _value(packages, package, board, refusals, out, possible):
    (own, theirs), (me, them), kinds, (blocked, credit, required), bodies, costs, consent, bonds = (
        board
    )
    for r in range(len(package)):
        if package[r] == NO_PACKAGE:
            out[0, r] = -bonds[2, r] - refusals[0, r]
            out[1, r] = -bonds[3, r] - refusals[1, r]
            out[2, r], out[3, r], out[4, r] = 1.0, 0.0, 0.0
            possible[r] = False
            continue
        moves = _moves_of(packages[package[r]], own.shape[2] - 1)
        open_, credited, agreed, cost, other_cost = True, 0.0, 1.0, 0.0, 0.0
        for m in moves:
            open_ = open_ and not blocked[r, m]
            credited += credit[r, m]
            agreed *= consent[r, m]
            cost += costs[0][r, m]
            other_cost += costs[1][r, m]
        possible[r] = open_ and credited >= required[r] - TIE
        vote = vote1(bodies[0, r], bodies[1, r], cost)
        passage = vote * vote1(bodies[2, r], bodies[3, r], other_cost) * agreed
        plain = _package_utility(me, kinds[0], own[r], moves, r)
        their_plain = _package_utility(them, kinds[1], theirs[r], moves, r)
        relation = bonds[0, r] * min(max(their_plain, 0.0), 1.0) - bonds[2, r]
        their_relation = bonds[1, r] * min(max(plain, 0.0), 1.0) - bonds[3, r]
        out[0, r] = passage * (plain + relation - refusals[0, r])
        out[1, r] = passage * (their_plain + their_relation - refusals[1, r])
        out[2, r] = passage
        out[3, r] = plain
        out[4, r] = their_plain


@njit(cache=True, nogil=True, error_model="numpy")
def _package_utility(goals, kind, prices, moves, r):
    """Change in one-quarter utility of one package in run r."""
    position, weights, loss_aversion = goals[0], goals[1], goals[2][0, r]
    total = 0.0
    for k in range(len(prices)):
        change = 0.0
        for m in moves:
            change += prices[k, m]
        if change != 0.0:
            x = position[k, r]
            after = value_of(x + change, loss_aversion, kind)
            total += weights[k, r] * (after - value_of(x, loss_aversion, kind))
    return total


def _runs_first(array: Any) -> Any:
    """Return an array with the run axis first, as kernels need it that go run by run."""
    if array.ndim == 3:  # noqa: PLR2004 - account and move before it
        return np.ascontiguousarray(array.transpose(2, 0, 1))
    return np.ascontiguousarray(array.T)


def _rows(runs: int, *numbers: Floats) -> Floats:
    """Put numbers of every run, or the same for all, below each other. (number, run)."""
    rows = np.empty((len(numbers), runs))
    for row, values in zip(rows, numbers, strict=True):
        row[:] = values
    return rows


def _office(goals: Goals, runs: int) -> Any:
    """Return the numbers of an office that the kernels read."""
    numbers = _rows(runs, goals.loss_aversion, goals.discount, goals.round_discount)
    return full_runs(goals.position, runs), full_runs(goals.weights, runs), numbers
