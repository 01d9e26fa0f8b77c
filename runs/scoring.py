"""How good a forecast was: scores of ensembles, naive forecasters, and skill with its doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from agents.briefing import Floats

MEMBERS = 200  # of the naive ensembles
TREND = 8  # observations that a trend is drawn through (assumed, 5 to 12)
RECORD = 10  # observations that climatology and past swings look back on (assumed, 8 to 15)
FEWEST = 4  # observations without which there is no swing and no trend
RESAMPLES = 2000
DOUBT = (5.0, 95.0)  # % of resamples that an interval of skill leaves out below and above
BANDS = (50.0, 90.0)  # % of the members within an interval that coverage counts


def crps(members: Floats, truth: float) -> float:
    """Continuous ranked probability score of an ensemble: 0 is perfect, in the unit of the truth.

    E|X - y| - E|X - X'|/2, as a sum over sorted members that loses no digits (quantile
    decomposition: Jordan, Krüger and Lerch 2019, Journal of Statistical Software 90(12), eq. 3).
    """
    x = np.sort(members)
    n = len(x)
    weight = (truth < x) - (np.arange(1, n + 1) - 0.5) / n
    return float(2.0 * np.mean((x - truth) * weight))


def covered(members: Floats, truth: float, percent: float) -> bool:
    """Say whether the central interval of so many percent of the members holds the truth."""
    low, high = np.percentile(members, (50.0 - percent / 2.0, 50.0 + percent / 2.0))
    return bool(low <= truth <= high)


def brier(chance: float, happened: bool) -> float:
    """Square of the error of a probability (Brier 1950): .25 for saying one half."""
    return (chance - float(happened)) ** 2


def no_change(past: Floats, ahead: int) -> Floats:
    """Last value, for sure. past : (period,) → (member,)."""
    return np.full(1, past[-1])


def past_swings(past: Floats, ahead: int) -> Floats:
    """Last value, and around it the changes that so many periods brought before."""
    seen = past[-(RECORD + ahead) :]
    swings = seen[ahead:] - seen[:-ahead]
    return past[-1] + swings if len(swings) >= FEWEST else no_change(past, ahead)


def trend(past: Floats, ahead: int) -> Floats:
    """Straight line through the last values, and around it what they stood off it."""
    seen = past[-TREND:]
    if len(seen) < FEWEST:
        return no_change(past, ahead)
    x = np.arange(len(seen), dtype=float)
    slope = float(((x - x.mean()) * (seen - seen.mean())).sum() / ((x - x.mean()) ** 2).sum())
    line = seen.mean() + slope * (x - x.mean())
    spread = np.sqrt(len(seen) / (len(seen) - 2.0))
    return line[-1] + slope * ahead + spread * (seen - line)


def climatology(past: Floats, ahead: int) -> Floats:
    """Any of the last values."""
    return past[-RECORD:]


NAIVE = {
    "no change": no_change,
    "past swings": past_swings,
    "trend": trend,
    "climatology": climatology,
}


def skill(scores: Floats, others: Floats, seed: int) -> tuple[float, float, float]:
    """Share of another forecaster's score that is saved, with an interval; below 0 it is worse.

    The interval resamples the years, of which there are few: it is wide, and should be.

    scores, others : (year,) mean score of each year
    """
    best = _saved(scores.mean(), others.mean())
    draw = np.random.default_rng(seed).integers(0, len(scores), (RESAMPLES, len(scores)))
    saved = [_saved(scores[pick].mean(), others[pick].mean()) for pick in draw]
    low, high = np.percentile(saved, DOUBT, method="inverted_cdf")
    return best, float(low), float(high)


def _saved(score: float, other: float) -> float:
    if other == 0.0:
        return 0.0 if score == 0.0 else -np.inf
    return float(1.0 - score / other)


def by_year(periods: Sequence[str], scores: Sequence[float]) -> Floats:
    """Mean score of each year. → (year,)."""
    years: dict[str, list[float]] = {}
    for period, score in zip(periods, scores, strict=True):
        years.setdefault(period[:4], []).append(score)
    return np.array([np.mean(each) for each in years.values()])


def naive_scores(past: Floats, truth: Mapping[str, float]) -> dict[str, list[float]]:
    """CRPS of each naive forecaster, for each period of the truth. past : (period,)."""
    ahead = {period: n + 1 for n, period in enumerate(truth)}
    return {
        name: [crps(forecast(past, ahead[p]), y) for p, y in truth.items()]
        for name, forecast in NAIVE.items()
    }
