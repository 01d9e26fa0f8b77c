"""Figures of hindcast and forecast: skill against naive forecasters, chances and spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from textwrap import fill
from typing import NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agents.briefing import Floats
from runs.figures import ARMS, INNER, MEDIAN, OUTER, STYLE
from runs.propagation.pictures import SOFT, frame
from runs.summary import number, percent

WORST = -1.5  # of a skill that is drawn; what lies below is written
ROW = 0.34  # inches
COLUMNS = 2


class Likely(NamedTuple):
    """A question that is answered by a chance."""

    name: str
    chance: float
    played: bool  # from games; else a base rate


class Span(NamedTuple):
    """A question that is answered by quantiles: 5, 25, 50, 75, 95 %."""

    name: str
    quantiles: Floats


def skill_picture(
    skills: Mapping[str, Mapping[str, tuple[float, float, float]]], title: str, below: str
) -> Figure:
    """Draw what the model saves against each naive forecaster.

    skills : series → forecaster → (best, low, high): 1 is perfect, 0 no better than the forecaster
    """
    series = list(skills)
    naive = list(next(iter(skills.values())))
    with rc_context(STYLE):
        size = (3.0 * len(naive) + 2.2, ROW * len(series) + 1.1)
        figure, box = frame(size, title, below)
        grid = figure.subplots(1, len(naive), sharey=True, squeeze=False)[0]
        for axes, forecaster in zip(grid, naive, strict=True):
            for row, name in enumerate(series):
                _skill(axes, row, *skills[name][forecaster])
            axes.axvline(0.0, color=SOFT, linewidth=1.2)
            axes.set_xlim(WORST, 1.0)
            axes.set_title(f"against {forecaster}", loc="left", fontweight="bold", fontsize=10.5)
            axes.set_xlabel("share of the error saved", fontsize=9.0)
        grid[0].set_yticks(range(len(series)), [fill(name, 30) for name in series], fontsize=9.5)
        grid[0].set_ylim(len(series) - 0.5, -0.5)
        figure.tight_layout(rect=tuple(box), w_pad=1.2)
    return figure


def _skill(axes: Axes, row: int, best: float, low: float, high: float) -> None:
    """Blue dot: surely better; orange diamond: surely worse; grey square: neither is sure."""
    colour, mark = "#6b7680", "s"
    if low > 0.0:
        colour, mark = ARMS[0], "o"
    elif high < 0.0:
        colour, mark = ARMS[1], "D"
    axes.plot([max(low, WORST), high], [row, row], color=colour, linewidth=2.2)
    if best >= WORST:
        axes.plot([best], [row], mark, color=colour, markersize=6.5)
    if low < WORST:
        axes.plot([WORST], [row], "<", color=colour, markersize=7.0, clip_on=False)


def chance_picture(chances: Sequence[Likely], title: str, below: str) -> Figure:
    """Draw chances as bars, the likeliest first."""
    with rc_context(STYLE):
        figure, box = frame((11.0, 0.34 * len(chances) + 0.8), title, below)
        _chances(figure.subplots(), sorted(chances, key=lambda c: -c.chance))
        figure.tight_layout(rect=tuple(box))
    return figure


def span_picture(spans: Sequence[Span], title: str, below: str) -> Figure:
    """Draw quantiles, each on an axis of its own."""
    rows = ceil(len(spans) / COLUMNS)
    with rc_context(STYLE):
        figure, box = frame((11.0, 1.2 * rows), title, below)
        grid = np.asarray(figure.subplots(rows, COLUMNS, squeeze=False)).reshape(-1)
        for axes, span in zip(grid, spans, strict=False):
            _span(axes, span)
        for axes in grid[len(spans) :]:
            axes.set_axis_off()
        figure.tight_layout(rect=tuple(box), h_pad=1.2, w_pad=2.5)
    return figure


def _chances(axes: Axes, chances: Sequence[Likely]) -> None:
    place = np.arange(len(chances))
    for played, colour, hatch, label in (
        (True, INNER, "", "from games"),
        (False, "white", "////", "base rate of history: the model has no honest handle"),
    ):
        mine = [n for n, c in enumerate(chances) if c.played == played]
        if mine:
            axes.barh(
                place[mine],
                [chances[n].chance for n in mine],
                color=colour,
                edgecolor=MEDIAN,
                hatch=hatch,
                height=0.62,
                label=label,
            )
    for n, each in enumerate(chances):
        axes.text(each.chance + 0.008, n, percent(each.chance), va="center", fontsize=9.0)
    axes.set_yticks(place, [fill(c.name, 74) for c in chances], fontsize=8.5)
    axes.invert_yaxis()
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("chance by the end of 2025", fontsize=9.5)
    axes.legend(loc="lower right", fontsize=9.0)


def _span(axes: Axes, span: Span) -> None:
    low, lower, middle, upper, high = (float(x) for x in span.quantiles)
    axes.plot([low, high], [0.0, 0.0], color=OUTER, linewidth=9.0, solid_capstyle="butt")
    axes.plot([lower, upper], [0.0, 0.0], color=INNER, linewidth=9.0, solid_capstyle="butt")
    axes.plot([middle], [0.0], "|", color=MEDIAN, markersize=13.0, markeredgewidth=2.5)
    axes.set_title(fill(span.name, 72), loc="left", fontsize=9.5)
    axes.set_yticks([])
    axes.set_ylim(-1.0, 1.0)
    axes.spines["left"].set_visible(False)
    marks = [low, middle, high] if high > low else [middle]
    room = 0.06 * max(high - low, 1e-9 + abs(middle) * 0.01)
    axes.set_xlim(low - room, high + room)
    axes.set_xticks(marks, [number(x) for x in marks], fontsize=8.5)
