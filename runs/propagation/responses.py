"""Numbers of a propagation: impulse responses, order of first passage, sizes of influence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from agents.briefing import Bools, Floats
from runs.propagation.followed import Followed
from runs.propagation.pairs import Small

BANDS = (2.5, 25.0, 50.0, 75.0, 97.5)  # percent of games: 95 % and 50 % bands, and the median
SURE = 1.96  # standard errors to either side that hold 95 % of means
REACHED = 0.25  # share of games in which a quantity must differ to count as reached
NEVER = -1


@dataclass(frozen=True)
class Response:
    """How one quantity answers to a shock, by quarter."""

    what: Followed
    base: Floats  # (quarter,) mean of the games without the shock
    spread: float  # standard deviation of the games without the shock, all quarters
    mean: Floats  # (quarter,) mean difference
    error: Floats  # (quarter,) Monte-Carlo standard error of that mean
    bands: Floats  # (band, quarter) of the differences of single games
    share: Floats  # (quarter,) of games in which it differs

    @property
    def peak(self) -> int:
        """Quarter of the largest mean difference."""
        return int(np.abs(self.mean).argmax())

    def certain(self, errors: float) -> bool:
        """Whether the mean difference at its peak is more than so many standard errors."""
        return bool(abs(self.mean[self.peak]) > errors * self.error[self.peak])

    @property
    def size(self) -> float:
        """The largest mean difference, in units that compare.

        The standard deviation of the quantity over games and quarters without the shock, or the
        size from which on two games count as different, whichever is larger.
        """
        return float(abs(self.mean[self.peak]) / max(self.spread, self.what.differs))


@dataclass(frozen=True)
class Passage:
    """When a shock reaches a quantity."""

    what: Followed
    share: float  # of games that it ever reaches
    quarter: float  # median quarter among these, NaN where it reaches too few
    early: float  # a quarter of them is reached by then
    late: float  # three quarters


def errors_for(comparisons: int) -> float:
    """Return how many standard errors are more than chance, at 95 %, among so many comparisons.

    Bonferroni's correction: each is held to 5 % divided by their number.
    """
    return NormalDist().inv_cdf(1.0 - 0.05 / (2.0 * max(comparisons, 1)))


def responses(
    what: Sequence[Followed], control: Iterable[Small], change: Iterable[Small]
) -> list[Response]:
    """Summarise every quantity. control, change : (quarter, run) of each."""
    return [_response(w, c, d) for w, c, d in zip(what, control, change, strict=True)]


def _response(what: Followed, control: Small, change: Small) -> Response:
    old, new = control.astype(float), change.astype(float)
    runs = new.shape[1]
    error = new.std(axis=1, ddof=1) / np.sqrt(runs) if runs > 1 else np.full(len(new), np.nan)
    return Response(
        what,
        old.mean(axis=1),
        float(old.std()),
        new.mean(axis=1),
        error,
        np.percentile(new, BANDS, axis=1),
        differs(what, change).mean(axis=1),
    )


def differs(what: Followed, change: Small) -> Bools:
    """Say where two games differ in a quantity. (quarter, run)."""
    return np.abs(change) > what.differs


def first_passage(where: Bools) -> Floats:
    """First quarter at which something holds in each game, NEVER where it does not. (run,).

    where : (quarter, run)
    """
    return np.where(where.any(axis=0), where.argmax(axis=0), NEVER).astype(float)


def passage(what: Followed, change: Small, reached: float = REACHED) -> Passage:
    """When the shock reaches a quantity, if it does in a share of games or more."""
    first = first_passage(differs(what, change))
    hit = first[first > NEVER]
    share = len(hit) / max(len(first), 1)
    if share < reached:
        return Passage(what, share, np.nan, np.nan, np.nan)
    early, median, late = np.percentile(hit, (25, 50, 75), method="inverted_cdf")
    return Passage(what, share, float(median), float(early), float(late))


def in_order(what: Sequence[Followed], change: Iterable[Small]) -> list[Passage]:
    """Passages of all quantities that are reached, the earliest and most frequent first.

    change : (quarter, run) of each
    """
    found = [passage(w, d) for w, d in zip(what, change, strict=True)]
    hit = [p for p in found if not np.isnan(p.quarter)]
    return sorted(hit, key=lambda p: (p.quarter, -p.share, p.what.id))
