"""How an office values what it gets: accounts, utility, transactional deals, the plan of talks.

The kernels run over packages with the runs innermost; tests hold a NumPy reference that must be
equal to them bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from agents.briefing import NO_PACKAGE, Bools, Customs, Floats, Goals, Ints, Seat
from agents.numerics import log1, logistic, logistic1

KINDS = ("rational", "log", "quadratic", "linear")
ACCEPTANCE = ("exact", "uniform", "logistic")
NEVER = -1e300  # value of a package that cannot be signed
TIE = 1e-12  # an offer this much short of the threshold still counts as meeting it


@njit(cache=True, nogil=True, error_model="numpy")
def value_of(x: float, loss_aversion: float, kind: int) -> float:
    """Value of an account that stands `x` standard deviations above its reference.

    rational: x/(1+x) for gains, -lambda |x|/(1+|x|) for losses (a rational form of the prospect
    theory value function, Kahneman and Tversky 1979, bit-exact everywhere); log: log(1+x);
    quadratic: -x^2/2; linear: x.
    """
    if kind == 0:
        phi = x / (1.0 + abs(x))
        return phi if x >= 0.0 else loss_aversion * phi
    if kind == 1:
        return log1(max(1.0 + x, 1e-12))
    if kind == 2:  # noqa: PLR2004 - the place of `quadratic` in KINDS
        return -0.5 * x * x
    return x


@njit(cache=True, nogil=True, error_model="numpy")
def _package_utilities(position, weights, loss_aversion, kind, prices, packages, out):
    n_accounts, _, n_runs = prices.shape
    n_packages, size = packages.shape
    for p in range(n_packages):
        for r in range(n_runs):
            out[p, r] = 0.0
    base = np.empty(n_runs)
    change = np.empty(n_runs)
    for k in range(n_accounts):
        touched = False
        for m in range(prices.shape[1]):
            for r in range(n_runs):
                if prices[k, m, r] != 0.0:
                    touched = True
                    break
            if touched:
                break
        if not touched:
            continue
        for r in range(n_runs):
            base[r] = value_of(position[k, r], loss_aversion[r], kind)
        for p in range(1, n_packages):
            first = packages[p, 0]
            for r in range(n_runs):
                change[r] = prices[k, first, r]
            for j in range(1, size):
                m = packages[p, j]
                if m == prices.shape[1] - 1:
                    break
                for r in range(n_runs):
                    change[r] += prices[k, m, r]
            if kind == 0:
                for r in range(n_runs):
                    x = position[k, r] + change[r]
                    phi = x / (1.0 + abs(x))
                    phi = phi if x >= 0.0 else loss_aversion[r] * phi
                    out[p, r] += weights[k, r] * (phi - base[r])
            else:
                for r in range(n_runs):
                    x = position[k, r] + change[r]
                    phi = value_of(x, loss_aversion[r], kind)
                    out[p, r] += weights[k, r] * (phi - base[r])
    return out


def package_utilities(goals: Goals, prices: Floats, packages: Ints) -> Floats:
    """Change in one-quarter utility that each package brings.

    sum over accounts k of w_k (phi(x_k + d_k) - phi(x_k))

    prices : (account, move + 1, run), the last move is `no move`
    packages : (package, K) moves; package 0 is no deal, worth 0
    returns : (package, run)
    """
    out = np.empty((packages.shape[0], prices.shape[2]))
    runs = prices.shape[2]
    _package_utilities(
        _full(goals.position, runs),
        _full(goals.weights, runs),
        _full(goals.loss_aversion, runs),
        goals.kind,
        np.ascontiguousarray(prices),
        packages,
        out,
    )
    return out


def change_utility(goals: Goals, change: Floats) -> Floats:
    """Change in one-quarter utility of a single change of all accounts.

    change : (account, run) in standard deviations; returns (run,)
    """
    prices = np.zeros((change.shape[0], 2, change.shape[1]))
    prices[:, 0] = change
    return package_utilities(goals, prices, np.array([[1], [0]]))[1]


@njit(cache=True, nogil=True, error_model="numpy")
def _values(x, loss_aversion, kind, out):
    for r in range(len(x)):
        out[r] = value_of(x[r], loss_aversion[r], kind)


def value_of_account(x: Floats, loss_aversion: Floats, kind: int) -> Floats:
    """Value of one account at positions x, (run,) standard deviations."""
    out = np.empty(x.shape)
    _values(x, _full(loss_aversion, len(x)), kind, out)
    return out


def each_utility(goals: Goals, changes: Floats) -> Floats:
    """Change in one-quarter utility of each of several changes, taken alone.

    changes : (account, option, run) in standard deviations; returns (option, run)
    """
    n = changes.shape[1]
    prices = np.concatenate([changes, np.zeros_like(changes[:, :1])], axis=1)
    singles = np.concatenate([[n], np.arange(n)])[:, None].astype(np.int64)
    return package_utilities(goals, prices, singles)[1:]


def package_change(seat: Seat, package: Ints) -> Floats:
    """Change in my accounts that a package brings, (account, run), standard deviations.

    package : (run,) index into the seat's packages
    """
    runs = np.arange(len(package))
    change = np.zeros((seat.own.shape[0], len(package)))
    for column in seat.packages.T:
        change = change + seat.own[:, column[package], runs]
    return change


def account_terms(goals: Goals, change: Floats) -> Floats:
    """Return the part of each account in the change of utility, (account, run): the `why`."""
    return np.stack(
        [
            change_utility(goals, np.where(np.arange(len(change))[:, None] == k, change, 0.0))
            for k in range(len(change))
        ]
    )


def _full(array: Any, runs: int) -> Any:
    """Broadcast the run axis to `runs` columns, contiguous as the kernels need it."""
    if array.shape[-1] == runs and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:-1], runs)))


def relation_factor(goals: Goals, customs: Customs, term: Floats) -> Floats:
    """Weight of a change in relation capital in a deal: (1 - tau) rho B / A_T, shape (run,).

    A_T = (1 - d^T)/(1 - d) is the deal's own annuity, B = d/(1 - persistence d) the life of
    relation capital; tau = 1 keeps the quid pro quo alone (diffuse reciprocity, Keohane 1986).
    """
    d = goals.discount
    annuity = (1.0 - whole_power(d, term)) / (1.0 - d)
    life = d / (1.0 - customs.relation_persistence * d)
    return (1.0 - goals.transactionalism) * goals.reciprocity * life / annuity


def whole_power(base: Floats, exponent: Floats) -> Floats:
    """base ** floor(exponent) by repeated multiplication (exact everywhere), exponents 0 to 400."""
    base, exponent = np.broadcast_arrays(np.asarray(base, float), np.asarray(exponent, float))
    result = np.ones(base.shape)
    for step in range(int(min(400, exponent.max(initial=0.0)))):
        result = np.where(step < np.floor(exponent), result * base, result)
    return result


@dataclass(frozen=True)
class Valuation:
    """What each package is worth against refusing it."""

    mine: Floats  # (package, run) my gain over refusing
    theirs: Floats  # (package, run) my estimate of their gain over refusing
    plain: Floats  # (package, run) my change in utility alone, without relation or refusal
    their_plain: Floats  # (package, run) my estimate of their change in utility alone
    refusal: Floats  # (run,) what refusing is worth to me against today
    bond: Floats  # (run,) worth to me of each unit that they gain: the shadow of the future
    possible: Bools  # (package, run)


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


@njit(cache=True, nogil=True, error_model="numpy")
def _settlement(plain, theirs, possible, odds):
    """Return odds x the best that both could have together, (run,)."""
    best = np.zeros(plain.shape[1])
    for p in range(1, plain.shape[0]):
        for r in range(plain.shape[1]):
            common = min(plain[p, r], theirs[p, r])
            best[r] = max(best[r], common if possible[p, r] else 0.0)
    return odds * best


@njit(cache=True, nogil=True, error_model="numpy")
def _gains(plain, theirs, bond, their_bond, refusal, their_refusal, mine, their_gain):
    for p in range(plain.shape[0]):
        for r in range(plain.shape[1]):
            relation = bond[r] * min(max(theirs[p, r], 0.0), 1.0)
            mine[p, r] = plain[p, r] + relation - refusal[r]
            relation = their_bond[r] * min(max(plain[p, r], 0.0), 1.0)
            their_gain[p, r] = theirs[p, r] + relation - their_refusal[r]


def deal_values(seat: Seat, customs: Customs) -> Valuation:
    """Transactional utility of every package at a table.

    gain_i = u_i(after) - V_i(refuse) + (1 - tau_i) rho_i r+ clip(gain_j, 0, 1) B / A_T and
    V_i(refuse) = (1 - d)[(1 - P) u(status quo) + P u(threat)] + d V~, with V~ the believed
    settlement: settlement odds times the egalitarian package (Kalai 1977) while talks are open.
    """
    runs = seat.own.shape[2]
    plain = package_utilities(seat.me, seat.own, seat.packages)
    theirs = package_utilities(seat.them, seat.theirs, seat.packages)
    possible = possible_packages(seat)
    settlement = _settlement(plain, theirs, possible, _full(customs.settlement_odds, runs))
    refusal = _refusal(seat.me, seat.menace, seat.menace_odds, settlement)
    their_refusal = _refusal(seat.them, seat.leverage, seat.leverage_odds, settlement)
    bond = relation_factor(seat.me, customs, seat.term) * customs.relation_gain
    their_bond = relation_factor(seat.them, customs, seat.term) * customs.relation_gain
    mine, their_gain = np.empty_like(plain), np.empty_like(plain)
    _gains(plain, theirs, bond, their_bond, refusal, their_refusal, mine, their_gain)
    return Valuation(mine, their_gain, plain, theirs, refusal, bond, possible)


def _refusal(goals: Goals, menace: Floats, odds: Floats, settlement: Floats) -> Floats:
    hurt = change_utility(goals, menace)
    return (1.0 - goals.discount) * odds * hurt + goals.discount * settlement


@dataclass(frozen=True)
class Plan:
    """Backward induction over the rounds of one quarter's talks, in one actor's beliefs."""

    offer: Ints  # (round, run) package to propose when it is my turn; 0 = none
    threshold: Floats  # (round, run) least gain that I accept when it is theirs
    odds: Floats  # (round, run) believed chance that my offer is accepted


@njit(cache=True, nogil=True, error_model="numpy")
def _plan(mine, theirs, possible, my_discount, their_discount, opens, rounds, belief, width):
    n_packages, n_runs = mine.shape
    offer = np.zeros((rounds, n_runs), dtype=np.int64)
    threshold = np.zeros((rounds, n_runs))
    odds = np.zeros((rounds, n_runs))
    ahead_mine = np.zeros(n_runs)  # my value of the talks from the next round on
    ahead_theirs = np.zeros(n_runs)
    best = np.empty(n_runs)
    best_odds = np.empty(n_runs)
    best_p = np.empty(n_runs, dtype=np.int64)
    floor = np.empty(n_runs)  # continuation value of the responder
    wait = np.empty(n_runs)  # of the proposer
    half = np.empty(n_runs)
    speak = np.empty(n_runs, dtype=np.bool_)
    for back in range(rounds):
        t = rounds - 1 - back
        for r in range(n_runs):
            speak[r] = opens[r] == (t % 2 == 0)
            floor[r] = (
                their_discount[r] * ahead_theirs[r] if speak[r] else my_discount[r] * ahead_mine[r]
            )
            wait[r] = (
                my_discount[r] * ahead_mine[r] if speak[r] else their_discount[r] * ahead_theirs[r]
            )
            half[r] = 0.5 / width[r]
            best[r] = wait[r]
            best_odds[r] = 0.0
            best_p[r] = 0
        for p in range(1, n_packages):
            for r in range(n_runs):
                to_proposer = mine[p, r] if speak[r] else theirs[p, r]
                to_responder = theirs[p, r] if speak[r] else mine[p, r]
                slack = to_responder - floor[r]
                if belief == 0:
                    chance = 1.0 if slack >= -TIE else 0.0
                elif belief == 1:
                    chance = min(max(0.5 + slack * half[r], 0.0), 1.0)
                else:
                    chance = logistic1(slack / width[r])
                worth = wait[r] + chance * (to_proposer - wait[r])
                better = possible[p, r] and worth > best[r] + TIE
                best[r] = worth if better else best[r]
                best_odds[r] = chance if better else best_odds[r]
                best_p[r] = p if better else best_p[r]
        for r in range(n_runs):
            p = best_p[r]
            if speak[r]:
                offer[t, r] = p
                odds[t, r] = best_odds[r]
                got = max(theirs[p, r], floor[r]) if p > 0 else floor[r]
                ahead_mine[r] = best[r]
                ahead_theirs[r] = got
            else:
                threshold[t, r] = floor[r]
                got = max(mine[p, r], floor[r]) if p > 0 else floor[r]
                ahead_theirs[r] = best[r]
                ahead_mine[r] = got
    return offer, threshold, odds


def plan(seat: Seat, customs: Customs, valuation: Valuation) -> Plan:
    """Best proposals and acceptance thresholds for all rounds of alternating offers.

    The proposer picks the package with the highest P(accept) gain + (1 - P) value(refusal); the
    responder accepts a gain of at least its believed best counter or walk (Rubinstein 1982 with a
    last round; Fearon 1995 for the uniform belief).
    """
    runs = seat.own.shape[2]
    offer, threshold, odds = _plan(
        valuation.mine,
        valuation.theirs,
        valuation.possible,
        _full(seat.me.round_discount, runs),
        _full(seat.them.round_discount, runs),
        _full(seat.opens, runs),
        customs.rounds,
        customs.acceptance,
        _full(customs.acceptance_width, runs),
    )
    return Plan(offer, threshold, odds)


@njit(cache=True, nogil=True, error_model="numpy")
def _choose_logit(score, sharpness, gumbel, blocked, out):
    n_options, n_runs = score.shape
    best = np.full(n_runs, -1e300)
    for o in range(n_options):
        for r in range(n_runs):
            noisy = sharpness[r] * score[o, r] + gumbel[o, r]
            better = (not blocked[o, r]) and noisy > best[r]
            best[r] = noisy if better else best[r]
            out[r] = o if better else out[r]
    return best


def choose_logit(score: Floats, sharpness: Floats, gumbel: Floats, blocked: Bools) -> Ints:
    """Pick one option a run by logit with precision lambda_q (Gumbel-max); -1 where all blocked.

    score, gumbel : (option, run), blocked : (option, run); returns (run,)
    """
    out = np.full(score.shape[1], -1, dtype=np.int64)
    _choose_logit(score, _full(sharpness, score.shape[1]), gumbel, blocked, out)
    return out


def chance_of(score: Floats) -> Floats:
    """Logistic probability of a score, any shape."""
    return logistic(score)
