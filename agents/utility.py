"""How an office values what it gets: accounts, utility, transactional deals, the plan of talks.

The kernels run over packages with the runs innermost; tests hold a NumPy reference that must be
equal to them bit for bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from agents.briefing import Bools, Customs, Floats, Goals, Ints, full_runs
from agents.numerics import array_function, log1, logistic

KINDS = ("rational", "log", "quadratic", "linear")
ACCEPTANCE = ("exact", "uniform", "logistic")
NEVER = -1e300  # value of a package that cannot be signed
BLOCK = 256  # runs that are looked at together: a loop without a way out vectorises
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
def touched_rows(prices):
    """Say which accounts a move changes in any run, (account, move): most change few of them."""
    touched = np.zeros(prices.shape[:2], dtype=np.bool_)
    for k in range(prices.shape[0]):
        for m in range(prices.shape[1]):
            for first in range(0, prices.shape[2], BLOCK):
                part, some = prices[k, m, first : first + BLOCK], False
                for r in range(len(part)):
                    some |= part[r] != 0.0
                if some:
                    touched[k, m] = True
                    break
    return touched


@njit(cache=True, nogil=True, error_model="numpy")
def _package_utilities(position, weights, loss_aversion, kind, prices, packages, out):
    n_accounts, _, n_runs = prices.shape
    n_packages, size = packages.shape
    for p in range(n_packages):
        for r in range(n_runs):
            out[p, r] = 0.0
    base = np.empty(n_runs)
    change = np.empty(n_runs)
    touched = touched_rows(prices)
    for k in range(n_accounts):
        if not touched[k].any():
            continue
        for r in range(n_runs):
            base[r] = value_of(position[k, r], loss_aversion[r], kind)
        for p in range(1, n_packages):
            idle = True
            for m in packages[p]:
                idle = idle and not touched[k, m]
            if idle:
                continue
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
        full_runs(goals.position, runs),
        full_runs(goals.weights, runs),
        full_runs(goals.loss_aversion, runs),
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
    _values(x, full_runs(loss_aversion, len(x)), kind, out)
    return out


def each_utility(goals: Goals, changes: Floats) -> Floats:
    """Change in one-quarter utility of each of several changes, taken alone.

    changes : (account, option, run) in standard deviations; returns (option, run)
    """
    n = changes.shape[1]
    prices = np.concatenate([changes, np.zeros_like(changes[:, :1])], axis=1)
    singles = np.concatenate([[n], np.arange(n)])[:, None].astype(np.int64)
    return package_utilities(goals, prices, singles)[1:]


def package_change(packages: Ints, prices: Floats, package: Ints) -> Floats:
    """Change in accounts that a package brings, (account, run), standard deviations.

    packages : (package, K) moves; prices : (account, move + 1, run); package : (run,) which
    """
    change = np.empty((len(prices), len(package)))
    _package_change(packages, prices, package, change)
    return change


@njit(cache=True, nogil=True, error_model="numpy")
def _package_change(packages, prices, package, out):
    for r in range(len(package)):
        moves = packages[package[r]]
        for k in range(len(prices)):
            out[k, r] = 0.0
            for m in moves:
                out[k, r] += prices[k, m, r]


def account_terms(goals: Goals, change: Floats) -> Floats:
    """Return the part of each account in the change of utility, (account, run): the `why`."""
    return np.stack(
        [
            change_utility(goals, np.where(np.arange(len(change))[:, None] == k, change, 0.0))
            for k in range(len(change))
        ]
    )


def relation_factor(goals: Goals, customs: Customs, term: Floats) -> Floats:
    """Weight of a change in relation capital in a deal: (1 - tau) rho B / A_T, shape (run,).

    A_T = (1 - d^T)/(1 - d) is the deal's own annuity, B = d/(1 - persistence d) the life of
    relation capital; tau = 1 keeps the quid pro quo alone (diffuse reciprocity, Keohane 1986).
    """
    d = goals.discount
    annuity = (1.0 - whole_power(d, term)) / (1.0 - d)
    life = d / (1.0 - customs.relation_persistence * d)
    return (1.0 - goals.transactionalism) * goals.reciprocity * life / annuity


@njit(cache=True, nogil=True, error_model="numpy")
def _whole_power(base: float, exponent: float) -> float:
    result = 1.0
    for _ in range(int(min(max(exponent, 0.0), 400.0))):
        result = result * base
    return result


_whole_powers = array_function(_whole_power, "float64(float64, float64)")


def whole_power(base: Floats, exponent: Floats) -> Floats:
    """base ** floor(exponent) by repeated multiplication (exact everywhere), exponents 0 to 400."""
    return _whole_powers(base, exponent)


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
    _choose_logit(score, full_runs(sharpness, score.shape[1]), gumbel, blocked, out)
    return out


def chance_of(score: Floats) -> Floats:
    """Logistic probability of a score, any shape."""
    return logistic(score)
