"""How figures look: fans of many games, readable in print, on a projector and without colour."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from textwrap import fill, wrap
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from agents.briefing import Floats
from model.notice import NOTICE
from runs.disk import disk_errors, write_whole
from runs.summary import percent, quantiles

# Blues of one hue that differ in lightness, so that they survive a grey print and colour blindness.
OUTER, INNER, MEDIAN = "#c6dcec", "#7fb0d3", "#08306b"
RECORD = "#D55E00"  # stands out from the blues in colour and, with its dots, without
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
TITLE_LINE, TITLE_SIZES, LETTERS = 0.3, (14.0, 13.0, 12.0, 11.0), 112.0  # inches; points; bold
# letters an inch at one point
LEAST_WIDTH = 8.5  # inches, for the texts above and below
MARGIN = 0.008  # of the width, left of them
MOST_COLUMNS = 4
PAGE = 12  # panels that can be read on one page or screen
TICKS = 5
TITLE_WIDTH = 32  # characters of a panel's title before it breaks
PIXELS_PER_INCH = 160
SHOWN = {"0 to 1": (0.0, 1.0), "chance a quarter": (0.0, None)}  # axes of some units, whole
LABEL_WIDTH = 13  # characters of a level's name before it breaks


@dataclass(frozen=True)
class Panel:
    """One series of many games."""

    name: str
    unit: str
    values: Floats  # (quarter, run)
    levels: Mapping[float, str] = field(default_factory=dict)  # level → its name, where it has one
    record: Floats | None = None  # (quarter,) what happened, NaN where it is not known


def fan(axes: Axes, values: Floats) -> None:
    """Draw bands of many games and their median over the quarters.

    values : (quarter, run)
    """
    quarter = np.arange(len(values))
    for low, high, colour, label in BANDS:
        bottom, top = quantiles(values, (low, high))
        axes.fill_between(quarter, bottom, top, color=colour, linewidth=0.0, label=label)
    axes.plot(quarter, quantiles(values, (50.0,))[0], color=MEDIAN, linewidth=2.0, label="median")


def fan_chart(panels: Sequence[Panel], quarters: Sequence[str], title: str, below: str) -> Figure:
    """Small multiples of fans under a title, over what a reader needs to know and the notice.

    quarters : their names, like 2025Q1, or years
    """
    columns = min(MOST_COLUMNS, ceil(len(panels) ** 0.5))
    rows = ceil(len(panels) / columns)
    size = max(PANEL[0] * columns, LEAST_WIDTH), PANEL[1] * rows
    points, lines = _title(title, size[0])
    top = HEAD + TITLE_LINE * len(lines)
    with rc_context(STYLE):
        figure = Figure(figsize=(size[0], top + size[1] + FOOT), layout="constrained")
        heights = (top, size[1], FOOT)
        head, body, foot = np.asarray(figure.subfigures(3, 1, height_ratios=heights))
        grid = body.subplots(rows, columns, squeeze=False).reshape(-1)
        for axes, panel in zip(grid, panels, strict=False):
            _draw(axes, panel)
            _date_axis(axes, quarters)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        handles, labels = grid[0].get_legend_handles_labels()
        head.text(MARGIN, 0.95, "\n".join(lines), va="top", fontweight="bold", fontsize=points)
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


def _title(title: str, width: float) -> tuple[float, list[str]]:
    """Choose the largest letters that keep a title on one line, the smallest if none do."""
    for points in TITLE_SIZES:
        lines = wrap(title, int(width * LETTERS / points))
        if len(lines) == 1:
            break
    return points, lines


def _draw(axes: Axes, panel: Panel) -> None:
    """Draw a fan with its name, unit and a vertical axis that does not exaggerate."""
    fan(axes, panel.values)
    if panel.record is not None:
        dots: Any = {"marker": "o", "markersize": 4.0, "clip_on": False}
        axes.plot(panel.record, color=RECORD, label="record", **dots)
    axes.set_title(_broken(panel.name), loc="left", fontweight="bold")
    axes.margins(x=0.0)
    low, high = axes.dataLim.intervaly
    if low == high:
        _draw_flat(axes, panel.values, low)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(TICKS))
        if panel.unit in SHOWN:
            axes.set_ylim(*SHOWN[panel.unit])
    if panel.levels:
        names = {x: name for x, name in panel.levels.items() if low <= x <= high}
        words = [fill(n, LABEL_WIDTH) for n in names.values()]
        axes.set_yticks(list(names), words, fontsize=9.0)
        lowest = axes.get_yticklabels()[0]
        lowest.set_verticalalignment("bottom")  # the first year stands below
    else:
        axes.set_ylabel(panel.unit)


def _draw_flat(axes: Axes, values: Floats, level: float) -> None:
    """Show one level without a scale around it, and say in how many games it was left."""
    axes.set_ylim(level - 1.0, level + 1.0)
    axes.set_yticks([level])
    left = float((values != level).any(axis=0).mean())
    said = f"another value in {percent(left)} of games" if left else "the same in all games"
    axes.text(0.5, 0.56, said, transform=axes.transAxes, ha="center", fontsize=9.5, color="#5c6670")


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
    files = stem.with_suffix(".png"), stem.with_suffix(".svg")
    with rc_context(STYLE):
        contents = _png(figure), _svg(figure)
    for file, content in zip(files, contents, strict=True):
        with disk_errors(stem.parent):
            write_whole(file, content)
    return files


def _svg(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="svg", metadata={"Description": NOTICE, "Date": None})
    return content.getvalue()


def _png(figure: Figure) -> bytes:
    """Return a figure as PNG of few colours: a quarter of the size, and no eye sees it."""
    drawn, content = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=PIXELS_PER_INCH)
    about = PngInfo()
    about.add_text("Description", NOTICE)
    few = (
        Image.open(drawn)
        .convert("RGB")
        .quantize(
            method=Image.Quantize.MAXCOVERAGE,  # keeps rare colours, such as those of two arrows
            dither=Image.Dither.NONE,
        )
    )
    few.save(content, format="png", optimize=True, pnginfo=about, dpi=(PIXELS_PER_INCH,) * 2)
    return content.getvalue()
