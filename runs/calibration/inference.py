"""Likelihood-free inference from one set of games whose numbers were drawn from the prior.

Rejection with regression adjustment (Beaumont, Zhang and Balding 2002, Genetics 162) on summaries
that are regressions themselves (semi-automatic: Fearnhead and Prangle 2012, Journal of the Royal
Statistical Society B 74). All of it works on quantiles of the prior, so that every parameter is
uniform between 0 and 1 before, and on ranks of the summaries among the games, so that neither unit
nor outlier counts. One set of games serves the choice of parameters, the posterior, and its check
by simulation (Talts et al. 2018, arXiv 1804.06788): no further games are played for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.briefing import Bools, Floats, Ints

NEAREST = 0.05  # share of the games that are kept (assumed, .02 to .2)
MOST = 12  # parameters that are calibrated at most (assumed, 8 to 15)
SHUFFLES = 19  # so that a trace is there by luck alone in one of twenty calibrations
REACH = 0.01  # share of games that must lie beyond the record on either side
EDGE = 1e-4  # quantiles are held this far from 0 and 1
BANDS = (50.0, 90.0)  # % of the posterior within an interval whose coverage is counted


@dataclass(frozen=True)
class Screened:
    """Which parameters the summaries of a game tell something about."""

    share: Floats  # (parameter,) of its prior variance that a regression on the summaries explains
    bar: float  # most that any shows when summaries are dealt to the wrong games, SHUFFLES times
    chosen: Ints  # (chosen,) indices, the best told first


@dataclass(frozen=True)
class Sample:
    """A weighted sample of the posterior."""

    quantiles: Floats  # (parameter, row) of the prior
    weights: Floats  # (row,), sum 1

    @property
    def effective(self) -> float:
        """Effective sample size (Kish 1965)."""
        return float(1.0 / np.sum(self.weights**2))


def ranks(games: Floats, value: Floats | None = None) -> Floats:
    """Share of the games below a value, half of the ties counted: 0 to 1.

    games : (summary, run); value : (summary, n), the games themselves if left out → the same shape
    """
    of = games if value is None else value
    out = np.empty(of.shape)
    for n, each in enumerate(games):
        ordered = np.sort(each)
        below = np.searchsorted(ordered, of[n], "left") + np.searchsorted(ordered, of[n], "right")
        out[n] = below / (2.0 * len(ordered))
    return out


def in_reach(games: Floats, record: Floats) -> Bools:
    """Say which summaries of the record are not beyond what games show. (summary,).

    A game on the far side of the record, or at it, must be met in REACH of all games: what the
    model cannot show says something about the model and nothing about its numbers.
    """
    above = np.mean(games >= record[:, None], axis=1)
    below = np.mean(games <= record[:, None], axis=1)
    varies = games.max(axis=1) > games.min(axis=1)
    return (np.minimum(above, below) >= REACH) & varies


def _with_one(features: Floats) -> Floats:
    return np.vstack([np.ones(features.shape[1]), features]).T


def _explained(quantiles: Floats, basis: Floats) -> Floats:
    """Adjusted R² of each parameter's regression on features. (parameter,).

    basis : (run, rank) orthonormal, of the features with a constant
    """
    n, rank = basis.shape
    fitted = (quantiles @ basis) @ basis.T
    left = ((quantiles - fitted) ** 2).sum(axis=1)
    whole = ((quantiles - quantiles.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return 1.0 - left / whole * (n - 1.0) / (n - rank)


def screen(quantiles: Floats, features: Floats, seed: int) -> Screened:
    """Choose parameters by what the summaries tell about them; the record itself has no say.

    quantiles : (parameter, run); features : (summary, run)
    """
    x = _with_one(features)
    basis = np.linalg.svd(x, full_matrices=False).U[:, : np.linalg.matrix_rank(x)]
    share = _explained(quantiles, basis)
    deal = np.random.default_rng(seed).permutation
    bar = max(_explained(quantiles, basis[deal(len(basis))]).max() for _ in range(SHUFFLES))
    best = np.argsort(-share, kind="stable")[:MOST]
    return Screened(share, float(bar), best[share[best] > bar])


def project(quantiles: Floats, features: Floats) -> Floats:
    """Regress parameters on features. (parameter, feature + 1) coefficients, the constant first."""
    return np.linalg.lstsq(_with_one(features), quantiles.T, rcond=None)[0].T


def projected(coefficients: Floats, features: Floats) -> Floats:
    """Expected parameters at given features: the summaries that count. (parameter, n)."""
    return coefficients @ _with_one(features).T


def posterior(quantiles: Floats, told: Floats, at: Floats) -> Sample:
    """Keep the games nearest to the record, and move them onto it by a local regression.

    quantiles : (parameter, run); told : (parameter, run) projected summaries of the games;
    at : (parameter,) those of the record
    """
    spread = told.std(axis=1)
    gap = (told - at[:, None]) / spread[:, None]
    distance = np.sqrt((gap**2).sum(axis=0))
    count = max(int(NEAREST * len(distance)), 2 * len(at) + 2)
    kept = np.argsort(distance, kind="stable")[:count]
    bound = distance[kept[-1]]
    weights = 1.0 - (distance[kept] / bound) ** 2  # Epanechnikov; the last one counts nothing
    kept, weights = kept[weights > 0.0], weights[weights > 0.0]
    held = np.clip(quantiles[:, kept], EDGE, 1.0 - EDGE)
    odds = np.log(held / (1.0 - held))
    root = np.sqrt(weights)
    slope = np.linalg.lstsq(_with_one(gap[:, kept]) * root[:, None], (odds * root).T, rcond=None)[0]
    moved = odds - slope[1:].T @ gap[:, kept]
    return Sample(1.0 / (1.0 + np.exp(-moved)), weights / weights.sum())


def below(sample: Sample, quantile: Floats) -> Floats:
    """Posterior probability below a quantile of each parameter. (parameter,)."""
    return ((sample.quantiles < quantile[:, None]) * sample.weights).sum(axis=1)


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Value below which so much of the weight lies."""
    order = np.argsort(values, kind="stable")
    return float(np.interp(share, np.cumsum(weights[order]) - weights[order] / 2, values[order]))


def contraction(sample: Sample) -> Floats:
    """Share of the prior standard deviation that history has taken away. (parameter,)."""
    mean = (sample.quantiles * sample.weights).sum(axis=1)
    spread = np.sqrt(((sample.quantiles - mean[:, None]) ** 2 * sample.weights).sum(axis=1))
    return 1.0 - spread * np.sqrt(12.0)


def from_uniform(values: Floats, weights: Floats) -> float:
    """Kolmogorov's distance of a weighted sample from the uniform distribution."""
    order = np.argsort(values, kind="stable")
    x, upto = values[order], np.cumsum(weights[order])
    before = upto - weights[order]
    return float(max((upto - x).max(), (x - before).max()))


def informed(sample: Sample) -> Bools:
    """Say which parameters moved beyond chance: Kolmogorov's test at 5 %. (parameter,)."""
    bar = 1.358 / np.sqrt(sample.effective)
    return np.array([from_uniform(x, sample.weights) > bar for x in sample.quantiles])


@dataclass(frozen=True)
class Checked:
    """The inference tried on games whose numbers are known."""

    tried: int
    below: Floats  # (parameter, game) posterior probability below the true number
    coverage: dict[float, Floats]  # % → (parameter,) share of true numbers within the interval

    @property
    def uniform(self) -> Bools:
        """Whether the ranks of the true numbers pass for uniform, 5 % over all. (parameter,)."""
        even = np.full(self.tried, 1.0 / self.tried)
        alpha = 0.05 / len(self.below)
        bar = np.sqrt(np.log(2.0 / alpha) / (2.0 * self.tried))
        return np.array([from_uniform(x, even) <= bar for x in self.below])


def check(quantiles: Floats, told: Floats, games: Sequence[int]) -> Checked:
    """Take games for the record, one after the other, and see where their true numbers fall.

    quantiles, told : as for `posterior`; games : numbers of those that are taken
    """
    ranked = np.empty((len(quantiles), len(games)))
    others = np.ones(quantiles.shape[1], dtype=bool)
    for n, game in enumerate(games):
        others[game] = False
        sample = posterior(quantiles[:, others], told[:, others], told[:, game])
        ranked[:, n] = below(sample, quantiles[:, game])
        others[game] = True
    inside = {b: (np.abs(ranked - 0.5) <= b / 200.0).mean(axis=1) for b in BANDS}
    return Checked(len(games), ranked, inside)
