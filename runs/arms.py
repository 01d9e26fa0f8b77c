"""Two arms of an experiment, the same games but for one number: side by side, with the difference.

Both arms share all draws, so the difference of a game in one and in the other is the effect, and
its mean is surer than the means themselves.
"""

from __future__ import annotations

import numpy as np

from agents.briefing import Floats
from runs.errors import UserError
from runs.outcomes import Column
from runs.store import Results
from runs.summary import aligned, number

ALWAYS = ("demands", "reopenings", "first_reopening", "deals", "troops")  # groups of outcomes
IF_SURE = ("threats", "own_moves", "promises", "crises", "end")  # those that differ for sure
SURE = 1.96  # standard errors to either side that hold 95 % of means


def read_pair(text: str) -> tuple[str, tuple[float, float]]:
    """Read `NAME=LOW,HIGH`.

    Raises
    ------
    UserError
        If it is not of that form.
    """
    name, _, numbers = text.partition("=")
    try:
        low, high = (float(part) for part in numbers.split(","))
    except ValueError:
        wanted = "a name and two numbers are needed, such as tau_usa=.2,.9"
        raise UserError(f"--compare {text}: {wanted}") from None
    if low == high:
        raise UserError(
            f"--compare {text}: both values are the same, so there is nothing to compare"
        )
    return name.strip(), (low, high)


def side_by_side(first: Results, second: Results) -> list[str]:
    """Compare the outcomes of two arms: both means, the mean difference and its 95 % interval.

    Outcomes that differ in no game are left out, and of some groups those that may be chance.
    """
    shown = (*ALWAYS, *IF_SURE)
    columns = [c for g in shown for c in first.columns() if c.id.partition(".")[0] == g]
    labels = [c.label for c in columns]
    tables = [arm.table("outcomes", labels) for arm in (first, second)]
    lines = [["  mean of all games", first.folder.name, second.folder.name, "difference", "95 %"]]
    for column in columns:
        one, other = (
            _of_all(column, table.column(column.label).to_numpy().astype(float)) for table in tables
        )
        gap, error = _difference(one, other)
        kept = column.id.partition(".")[0] in ALWAYS or abs(gap) > error
        if kept and not np.array_equal(one, other, equal_nan=True):
            lines.append([f"  {column.label}", _mean(one), _mean(other), *_told(gap, error)])
    return aligned(lines).splitlines()


def _of_all(column: Column, values: Floats) -> Floats:
    """Numbers of all games: how far the troops were cut is nought where they were not."""
    return np.nan_to_num(values) if column.id.endswith((".deepest", ".share")) else values


def _mean(values: Floats) -> str:
    return number(float(np.nanmean(values))) if (~np.isnan(values)).any() else ""


def _difference(one: Floats, other: Floats) -> tuple[float, float]:
    """Mean of the second less the first in games where both have a value, and 95 % of its error."""
    both = ~np.isnan(one) & ~np.isnan(other)
    if both.sum() < 2:  # noqa: PLR2004 - no spread in one game
        return float("nan"), float("nan")
    gap = other[both] - one[both]
    return float(gap.mean()), float(SURE * gap.std(ddof=1) / np.sqrt(len(gap)))


def _told(gap: float, error: float) -> tuple[str, str]:
    return ("", "") if np.isnan(gap) else (f"{gap:+.4g}", f"± {error:.2g}")
