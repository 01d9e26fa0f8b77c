"""How figures look: fans of many games, readable in print, on a projector and without colour."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from agents.briefing import Floats
from model.notice import NOTICE
from runs.store import disk_errors, write_whole
from runs.summary import quantiles

# Blues of one hue that differ in lightness, so that they survive a grey print and colour blindness.
OUTER, INNER, MEDIAN = "#c6dcec", "#7fb0d3", "#08306b"
BANDS = ((5.0, 95.0, OUTER, "90 % of games"), (25.0, 75.0, INNER, "50 % of games"))
# Colour-blind safe (Okabe and Ito 2008, "Color Universal Design"), for several arms in one picture.
ARMS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLE: Any = {  # of matplotlib's many names, the few that differ from its defaults
    "font.size": 11.0,
    "axes.titlesize": 11.0,
    "axes.labelsize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "figure.facecolor": "white",
    "axes.formatter.useoffset": False,
    "legend.frameon": False,
    "svg.hashsalt": "hubspoke",  # the same picture is the same file
}
PANEL, HEAD, FOOT = (3.5, 2.5), 0.4, 0.85  # inches: width and height of a panel, heights
TITLE_LINE, LETTERS = 0.3, 8.0  # inches; bold letters of 14 points an inch
LEAST_WIDTH = 8.5  # inches, for the texts above and below
MARGIN = 0.008  # of the width, left of them
MOST_COLUMNS = 4
PAGE = 12  # panels that can be read on one page or screen
TICKS = 5
TITLE_WIDTH = 32  # characters of a panel's title before it breaks
PIXELS_PER_INCH = 160


def fan(axes: Axes, values: Floats) -> None:
    """Draw bands of many games and their median over the quarters.

    values : (quarter, run)
    """
    quarter = np.arange(len(values))
    for low, high, colour, label in BANDS:
        bottom, top = quantiles(values, (low, high))
        axes.fill_between(quarter, bottom, top, color=colour, linewidth=0.0, label=label)
    axes.plot(quarter, quantiles(values, (50.0,))[0], color=MEDIAN, linewidth=2.0, label="median")


def fan_chart(
    series: Mapping[str, tuple[str, Floats]], quarters: Sequence[str], title: str, below: str
) -> Figure:
    """Small multiples of fans under a title, over what a reader needs to know and the notice.

    series : name → (unit, (quarter, run))
    quarters : their names, like 2025Q1
    """
    columns = min(MOST_COLUMNS, ceil(len(series) ** 0.5))
    rows = ceil(len(series) / columns)
    size = max(PANEL[0] * columns, LEAST_WIDTH), PANEL[1] * rows
    lines = wrap(title, int(size[0] * LETTERS))
    top = HEAD + TITLE_LINE * len(lines)
    with rc_context(STYLE):
        figure = Figure(figsize=(size[0], top + size[1] + FOOT), layout="constrained")
        heights = (top, size[1], FOOT)
        head, body, foot = np.asarray(figure.subfigures(3, 1, height_ratios=heights))
        grid = body.subplots(rows, columns, squeeze=False).reshape(-1)
        for axes, (name, (unit, values)) in zip(grid, series.items(), strict=False):
            fan(axes, values)
            axes.set_title(_broken(name), loc="left", fontweight="bold")
            axes.set_ylabel(unit)
            axes.margins(x=0.0)
            axes.yaxis.set_major_locator(MaxNLocator(TICKS))
            if axes.dataLim.height == 0.0:  # a flat line needs no magnifying glass
                axes.set_ylim(values[0, 0] - 1.0, values[0, 0] + 1.0)
            _date_axis(axes, quarters)
        for axes in grid[len(series) :]:
            axes.set_axis_off()
        handles, labels = grid[0].get_legend_handles_labels()
        head.text(MARGIN, 0.95, "\n".join(lines), va="top", fontweight="bold", fontsize=14)
        head.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=(MARGIN, 0.0),
            ncols=len(labels),
            borderaxespad=0.0,
            borderpad=0.0,
        )
        foot.text(MARGIN, 0.85, f"{below}\n{NOTICE}", va="top", fontsize=9.5, linespacing=1.4)
    return figure


def _broken(name: str) -> str:
    """Break a long title at the space nearest to its middle."""
    spaces = [n for n, letter in enumerate(name) if letter == " "]
    if len(name) <= TITLE_WIDTH or not spaces:
        return name
    middle = min(spaces, key=lambda n: abs(n - len(name) // 2))
    return f"{name[:middle]}\n{name[middle + 1 :]}"


def _date_axis(axes: Axes, quarters: Sequence[str]) -> None:
    """Mark the years where there are several, else the quarters."""
    firsts = [n for n, name in enumerate(quarters) if name.endswith("Q1")]
    marks = firsts if len(firsts) > 1 else list(range(len(quarters)))
    marks = marks[:: ceil(len(marks) / TICKS)]
    years = len(firsts) > 1
    axes.set_xticks(marks, [quarters[n][:4] if years else quarters[n] for n in marks])


def save(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write a figure as PNG and SVG, whole or not at all, and return where."""
    written = []
    for suffix in ("png", "svg"):
        content = io.BytesIO()
        about = {"Description": NOTICE, **({"Date": None} if suffix == "svg" else {})}
        with rc_context(STYLE):
            figure.savefig(content, format=suffix, dpi=PIXELS_PER_INCH, metadata=about)
        file = stem.with_suffix(f".{suffix}")
        with disk_errors(stem.parent):
            write_whole(file, content.getvalue())
        written.append(file)
    return written[0], written[1]
