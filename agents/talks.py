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
from agents.numerics import LEAN, logistic1
from agents.utility import ACCEPTANCE, NEVER, TIE, relation_factor, value_of

UNIFORM, LOGISTIC = ACCEPTANCE.index("uniform"), ACCEPTANCE.index("logistic")
BLOCK = 4  # numbers that a loop works on at once; the rest would go one by one
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


@njit(**LEAN)
def _list_packages(since, shift, blocked, r, before, move, start, size, package):
    """List the packages without a blocked move in run r; returns how many, and how many moves.

    Move after move is added to all packages listed before its slot, so that a package's sums are
    those of an earlier one plus one number: block after block of them, without looking any up.

    since, shift : see `_order`
    before : (move,) packages listed before each move
    move, start, size : (open move,) its number, the first package that ends with it, how many do
    package : (entry,) numbers; entry 0 is no deal
    """
    n, n_open = 1, 0
    package[0] = 0
    for m in range(len(since)):
        before[m] = n
        if blocked[r, m]:
            continue
        count = before[since[m]]
        move[n_open], start[n_open], size[n_open] = m, n, count
        n_open += 1
        for i in range(count):
            package[np.uint64(n + i)] = shift[package[i]] + m
        n += count
    return n, n_open


@njit(**LEAN)
def _add_up(each, start, size, n_open, out):
    """Sum over the moves of each package listed. each : (open move,); out : (entry,)."""
    out[0] = 0.0
    for j in range(n_open):
        first, number = start[j], each[j]  # read once, or the loop would not vectorise
        for i in range(_whole(size[j])):
            out[np.uint64(first + i)] = out[i] + number  # unsigned: never counted from the end


@njit(**LEAN)
def _utilities(goals, kind, prices, r, listed, rooms, out):
    """Change in one-quarter utility of the packages listed in run r, (entry,)."""
    position, weights, loss_aversion = goals[0], goals[1], goals[2][0, r]
    n, n_open, move, start, size = listed
    price, change = rooms
    out[: _whole(n)] = 0.0
    for k in range(prices.shape[1]):
        touched = False
        for j in range(n_open):
            price[j] = prices[r, k, move[j]]
            touched |= price[j] != 0.0
        if not touched:
            continue
        x, weight = position[k, r], weights[k, r]
        base = value_of(x, loss_aversion, kind)
        _add_up(price, start, size, n_open, change)
        if kind == 0:
            for i in range(_whole(n)):
                y = x + change[i]
                phi = y / (1.0 + abs(y))
                phi = phi if y >= 0.0 else loss_aversion * phi
                out[i] += weight * (phi - base)
        else:
            for i in range(n):
                out[i] += weight * (value_of(x + change[i], loss_aversion, kind) - base)


@njit(**LEAN)
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


@njit(**LEAN)
def vote1(room, spread, cost):
    """Chance that a body at home ratifies what costs so much; 1 where nobody votes."""
    slack = (room - cost) / spread
    return logistic1(slack) if slack < SURE else 1.0


@njit(**LEAN)
def _vote(room, spread, cost, r, listed, rooms, votes, out):
    """Multiply the chances of the packages listed by those that a body at home ratifies them."""
    n, n_open, move, start, size = listed
    price, total = rooms
    free = True
    for j in range(n_open):
        price[j] = cost[r, move[j]]
        free &= price[j] == 0.0
    total[0], votes[0] = 0.0, vote1(room, spread, 0.0)
    if free:
        for i in range(_whole(n)):
            out[i] *= votes[0]
        return
    for j in range(n_open):
        first, each = start[j], price[j]
        if each == 0.0:
            for i in range(size[j]):
                total[np.uint64(first + i)] = total[i]
                votes[np.uint64(first + i)] = votes[i]
        else:
            for i in range(size[j]):
                total[np.uint64(first + i)] = total[i] + each
            for i in range(_whole(size[j])):
                votes[np.uint64(first + i)] = vote1(room, spread, total[np.uint64(first + i)])
    for i in range(_whole(n)):
        out[i] *= votes[i]


@njit(**LEAN)
def _passages(bodies, costs, consent, r, listed, rooms, votes, out):
    """Chances that the packages listed in run r enter into force, (entry,)."""
    n, n_open, move, start, size = listed
    price, chance = rooms
    out[: _whole(n)] = 1.0
    _vote(bodies[0, r], bodies[1, r], costs[0], r, listed, rooms, votes, out)
    _vote(bodies[2, r], bodies[3, r], costs[1], r, listed, rooms, votes, out)
    asked = False
    for j in range(n_open):
        price[j] = consent[r, move[j]]
        asked |= price[j] != 1.0
    if asked:
        chance[0] = 1.0
        for j in range(n_open):
            each, first = price[j], start[j]
            for i in range(size[j]):
                chance[np.uint64(first + i)] = chance[i] * each
        for i in range(_whole(n)):
            out[i] *= chance[i]


@njit(**LEAN)
def _settlement(plain, theirs, passage, possible, n):
    """Return the best that both could expect together."""
    best = 0.0
    for i in range(1, n):
        common = passage[i] * min(plain[i], theirs[i])
        best = max(best, common if possible[i] else 0.0)
    return best


@njit(**LEAN)
def _accept(slack, n, belief, width):
    """Turn what a responder gains beyond its threshold into the chance that it accepts, (entry,).

    n : how many of the entries are asked for
    """
    if belief == LOGISTIC:
        for i in range(_whole(n)):
            slack[i] = logistic1(slack[i] / width)
    elif belief == UNIFORM:
        for i in range(n):
            slack[i] = min(max(0.5 + slack[i] * (0.5 / width), 0.0), 1.0)
    else:
        for i in range(n):
            slack[i] = 1.0 if slack[i] >= -TIE else 0.0


@njit(**LEAN)
def _pick(worth, gain, n, wait, worthy, package, place):
    """Return which of the packages that are worth a thought is proposed, -1 if none.

    It is the first, in the order of their numbers, that no later one beats by more than a tie.
    place : (package,) zero, and left so
    """
    top, pick, near = wait + TIE, -1, 0
    for c in range(n):
        if worth[c] > top:
            top, pick = worth[c], c
    margin = top - (4.0 * TIE + abs(top) * TIE)
    for c in range(n):
        near += worth[c] > margin
    if pick < 0 or near == 1:
        return pick
    for c in range(n):
        place[package[worthy[c]]] = c + 1
    best, pick = wait, -1
    for p in range(len(place)):
        c = place[p] - 1
        if c >= 0:
            place[p] = 0
            if gain[c] > best + TIE and worth[c] > best + TIE:
                best, pick = worth[c], c
    return pick


@njit(**LEAN)
def _talk(mine, yours, package, n, patience, outside, opens, belief, width, rooms, r, out):
    """Reason back from the last round over the packages listed in run r.

    mine, yours : (entry,) gains over refusing, NEVER where a package may not be signed
    rooms : (entry,) for the packages that are worth a thought in a round: which they are, what
        they gain, the chance that they are accepted, what proposing them is worth; and (package,)
    """
    offer, threshold, odds = out
    worthy, gain, accepted, worth, place = rooms
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
            n_worthy += to_proposer[i] > wait + TIE  # if it were sure to be accepted
        for c in range(n_worthy):
            gain[c] = to_proposer[worthy[c]]
            accepted[c] = to_responder[worthy[c]] - floor
        _accept(accepted, n_worthy, belief, width)
        for c in range(_whole(n_worthy)):
            worth[c] = wait + accepted[c] * (gain[c] - wait)
        best, chance, got, said = wait, 0.0, floor, 0
        c = _pick(worth, gain, n_worthy, wait, worthy, package, place)
        if c >= 0:
            best, chance, said = worth[c], accepted[c], package[worthy[c]]
            got = max(to_responder[worthy[c]], floor)
        if speak:
            offer[t, r], odds[t, r] = said, chance
            ahead_mine, ahead_yours = best, got
        else:
            threshold[t, r] = floor
            ahead_mine, ahead_yours = got, best


@njit(**LEAN)
def _plan(board, since, shift, opens, threats, doubts, belief, rooms, out):
    (own, theirs), (me, them), kinds, (blocked, credit, required), bodies, costs, consent, bonds = (
        board
    )
    offer, threshold, odds, refusal, their_refusal = out
    (before, move, start, size, price), (package, worthy, place), possible, rows = rooms
    total, votes, wins, passage, mine, yours, gain, your_gain = rows
    for r in range(len(own)):
        menace_odds, leverage_odds, settlement_odds = doubts[0, r], doubts[1, r], doubts[2, r]
        n, n_open = _list_packages(since, shift, blocked, r, before, move, start, size, package)
        listed = n, n_open, move, start, size
        pair = price, total
        demand = required[r] > -np.inf
        if demand:
            for j in range(n_open):
                price[j] = credit[r, move[j]]
            _add_up(price, start, size, n_open, total)
            for i in range(n):
                possible[i] = total[i] >= required[r] - TIE
        _utilities(me, kinds[0], own, r, listed, pair, mine)
        _utilities(them, kinds[1], theirs, r, listed, pair, yours)
        _passages(bodies, costs, consent, r, listed, pair, votes, passage)
        settlement = settlement_odds * _settlement(mine, yours, passage, possible, n)
        hurt = _change_utility(me, kinds[0], threats[0], r)
        refusal[r] = (1.0 - me[2][1, r]) * menace_odds * hurt + me[2][1, r] * settlement
        hurt = _change_utility(them, kinds[1], threats[1], r)
        their_refusal[r] = (1.0 - them[2][1, r]) * leverage_odds * hurt + them[2][1, r] * settlement
        for i in range(_whole(n)):
            relation = bonds[0, r] * min(max(yours[i], 0.0), 1.0) - bonds[2, r]
            worth = passage[i] * (mine[i] + relation - refusal[r])
            gain[i] = worth if possible[i] else NEVER
            relation = bonds[1, r] * min(max(mine[i], 0.0), 1.0) - bonds[3, r]
            worth = passage[i] * (yours[i] + relation - their_refusal[r])
            your_gain[i] = worth if possible[i] else NEVER
        if demand:
            possible[:] = True
        patience = me[2][2, r], them[2][2, r]
        outside = doubts[4, r], doubts[5, r]
        ways = outside, opens[r], belief, doubts[3, r]
        # what is no longer needed makes room
        talk = worthy, wins, votes, total, place
        _talk(gain, your_gain, package, n, patience, *ways, talk, r, (offer, threshold, odds))


def _rooms(moves: int, packages: int) -> Any:
    """Return what planning one game after the other writes into."""
    room = (packages // BLOCK + 2) * BLOCK
    return (
        (*np.empty((4, moves), dtype=np.int64), np.empty(moves)),
        (*np.zeros((2, room), dtype=np.uint32), np.zeros(packages, dtype=np.int64)),
        np.ones(room, dtype=bool),
        tuple(np.zeros((8, room))),
    )


def _order(packages: Ints, prefix: Ints, none: int) -> tuple[Ints, Ints]:
    """Return how the packages of a seat are made of moves.

    since : (move,) a package ends with the move after any moves of other slots below this one
    shift : (package,) number of the package that adds a move to it, less that move

    Raises
    ------
    ValueError
        If they are not the combinations that a menu has.
    """
    since, shift = np.zeros(none, dtype=np.int64), np.zeros(len(packages), dtype=np.int64)
    if not _find_order(packages, prefix, since, shift):
        raise ValueError("packages: not all combinations of moves, at most one of each slot")
    return since, shift


@njit(cache=True, nogil=True, error_model="numpy")
def _find_order(packages, prefix, since, shift):
    n, none = len(packages), len(since)
    last = np.full(n, -1)
    in_row = True
    for p in range(1, n):
        begun = prefix[p]
        last[p] = _moves_of(packages[p], none)[-1]
        if begun != prefix[p - 1] or p == 1:
            shift[begun] = p - last[p]
        in_row = in_row and p == shift[begun] + last[p]
        since[last[p]] = max(since[last[p]], last[begun] + 1)
    before = np.ones(none + 1, dtype=np.int64)
    for m in range(none):
        before[m + 1] = before[m] + before[since[m]]
    return in_row and before[none] == n


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
    moves = seat.own.shape[1] - 1
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
        *_order(seat.packages, seat.prefix, moves),
        full_runs(seat.opens, runs),
        (full_runs(seat.menace, runs), full_runs(seat.leverage, runs)),
        _rows(runs, *odds_of, customs.acceptance_width, seat.outside, seat.their_outside),
        customs.acceptance,
        _rooms(moves, len(seat.packages)),
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
