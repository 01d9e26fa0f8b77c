"""Figures of a propagation: impulse responses, first passage, channels, what they learnt."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from textwrap import fill

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from agents.briefing import Floats
from model.notice import NOTICE
from runs.figures import ARMS, INNER, MEDIAN, OUTER, STYLE
from runs.propagation.channels import DIRECT, TOGETHER, WHOLE, Parts
from runs.propagation.followed import FAMILIES, Family
from runs.propagation.responses import SURE, Passage, Response

COLUMNS, PANEL = 4, (3.4, 2.35)  # inches
WIDEST_NAME = 36  # characters of a panel's title before it breaks
GREY, SOFT = "#8a949c", "#5c6670"
SHOCK = "#D55E00"
FAMILY_COLOURS: dict[Family, str] = dict(
    zip(FAMILIES, (*ARMS[:6], "#000000", "#999999"), strict=True)
)
LEAST_SCALE = 0.05  # of beliefs: smaller differences stay faint
MOST_ROWS = 34  # of a list that can be read on a page


def frame(size: tuple[float, float], title: str, below: str) -> tuple[Figure, Floats]:
    """Return a figure with title, text below and notice, and the box left for what it shows.

    The box is (left, bottom, right, top), shares of the figure.
    """
    width, height = size
    letters = int(width * 13.5)
    head = fill(title, int(width * 8.2))
    foot = "\n".join(fill(line, letters) for line in f"{below}\n{NOTICE}".split("\n"))
    above, under = 0.12 + 0.28 * (head.count("\n") + 1), 0.2 + 0.185 * (foot.count("\n") + 1)
    figure = Figure(figsize=(width, height + above + under))
    whole = height + above + under
    figure.text(0.012, 1.0 - 0.1 / whole, head, va="top", fontweight="bold", fontsize=14)
    figure.text(0.012, 0.1 / whole, foot, va="bottom", fontsize=9.0, color=SOFT, linespacing=1.35)
    return figure, np.array([0.0, under / whole, 1.0, 1.0 - above / whole])


def response_page(
    shown: Sequence[Response], quarters: Sequence[str], since: int, title: str, below: str
) -> Figure:
    """Small multiples of impulse responses: mean with its error, and where single games lie."""
    rows, columns = ceil(len(shown) / COLUMNS), min(COLUMNS, len(shown))
    with rc_context(STYLE):
        figure, box = frame((max(PANEL[0] * columns, 9.0), PANEL[1] * rows + 0.35), title, below)
        grid = np.asarray(figure.subplots(rows, columns, squeeze=False)).reshape(-1)
        for axes, response in zip(grid, shown, strict=False):
            _draw_response(axes, response, quarters, since)
        for axes in grid[len(shown) :]:
            axes.set_axis_off()
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="upper left",
            bbox_to_anchor=(0.006, box[3]),
            ncols=len(labels),
            fontsize=10,
            borderaxespad=0.0,
        )
        lifted = (box[0], box[1], box[2], box[3] - 0.35 / figure.get_figheight())
        figure.tight_layout(rect=lifted, h_pad=1.1, w_pad=1.0)
    return figure


def _draw_response(axes: Axes, response: Response, quarters: Sequence[str], since: int) -> None:
    n = np.arange(len(response.mean))
    low95, low50, _, high50, high95 = response.bands
    error = SURE * response.error
    axes.fill_between(n, low95, high95, color=OUTER, linewidth=0, label="95 % of games")
    axes.fill_between(n, low50, high50, color=INNER, linewidth=0, label="50 % of games")
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    axes.fill_between(
        n,
        response.mean - error,
        response.mean + error,
        color=SHOCK,
        alpha=0.35,
        linewidth=0,
        label="95 % interval of the mean",
    )
    axes.plot(n, response.mean, color=MEDIAN, linewidth=2.0, label="mean difference")
    axes.axvline(since, color=SHOCK, linewidth=1.0, linestyle=(0, (3, 2)), label="shock")
    name = response.what.name[0].upper() + response.what.name[1:]
    axes.set_title(fill(name, WIDEST_NAME), loc="left", fontweight="bold", fontsize=9.5)
    axes.set_ylabel(fill(response.what.unit, 26), fontsize=8.5)
    axes.margins(x=0.0)
    inner = np.concatenate([low50, high50, response.mean - error, response.mean + error])
    room = 0.6 * max(float(inner.max() - inner.min()), response.what.differs)
    bottom, top = float(inner.min()) - room, float(inner.max()) + room
    if low95.min() < bottom or high95.max() > top:
        axes.set_ylim(bottom, top)
        axes.text(
            0.99,
            0.02,
            f"95 % at the end: {low95[-1]:+.2g} to {high95[-1]:+.2g}".replace("-", "−"),
            transform=axes.transAxes,
            ha="right",
            fontsize=7.5,
            color=SOFT,
        )
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(labelsize=8.5)
    quarter_axis(axes, quarters)


def quarter_axis(axes: Axes, quarters: Sequence[str]) -> None:
    """Mark the first quarters of years."""
    firsts = [n for n, name in enumerate(quarters) if name.endswith("Q1")]
    marks = firsts if len(firsts) > 1 else list(range(len(quarters)))
    axes.set_xticks(marks, [quarters[n][:4] if len(firsts) > 1 else quarters[n] for n in marks])


def passage_page(
    shown: Sequence[tuple[Passage, Response]],
    quarters: Sequence[str],
    since: int,
    title: str,
    below: str,
) -> Figure:
    """List of quantities in the order in which the shock reaches them."""
    shown = shown[:MOST_ROWS]
    height = 0.24 * len(shown) + 0.9
    with rc_context(STYLE):
        figure, box = frame((11.0, height), title, below)
        axes = figure.add_axes((0.40, box[1] + 0.42 / figure.get_figheight(), 0.50, 0))
        top = box[3] - 0.35 / figure.get_figheight()
        bottom = box[1] + 0.42 / figure.get_figheight()
        axes.set_position((0.40, bottom, 0.50, top - bottom))
        for n, (passage, response) in enumerate(shown):
            colour = FAMILY_COLOURS[passage.what.family]
            axes.plot(
                [passage.early, passage.late], [n, n], color=colour, linewidth=2.5, alpha=0.45
            )
            up = response.mean[response.peak] > 0.0
            axes.plot(passage.quarter, n, marker="^" if up else "v", color=colour, markersize=7)
            axes.text(
                1.02,
                n,
                f"{100 * passage.share:.0f} %",
                transform=axes.get_yaxis_transform(),
                va="center",
                fontsize=8.5,
            )
        axes.axvline(since, color=SHOCK, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.set_yticks(range(len(shown)), [_short(p.what.name) for p, _ in shown], fontsize=9.0)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(max(since - 0.6, -0.4), len(quarters) - 0.6)
        axes.text(1.02, 1.01, "of games", transform=axes.transAxes, fontsize=8.5, va="bottom")
        step = 1 if len(quarters) <= 8 else 2  # noqa: PLR2004 - names that fit side by side
        marks = list(range(since, len(quarters), step))
        axes.set_xticks(marks, [quarters[m] for m in marks], fontsize=8.5)
        families = list(dict.fromkeys(p.what.family for p, _ in shown))
        for family in families:
            axes.plot(
                [],
                [],
                marker="^",
                linestyle="",
                color=FAMILY_COLOURS[family],
                label=FAMILIES[family],
            )
        figure.legend(
            loc="upper left",
            bbox_to_anchor=(0.006, box[3]),
            ncols=min(len(families), 4),
            fontsize=8.5,
            borderaxespad=0.0,
            columnspacing=1.2,
            handletextpad=0.2,
        )
    return figure


def _short(name: str, most: int = 52) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def channel_page(shown: Sequence[tuple[str, str, Parts]], title: str, below: str) -> Figure:
    """Bars: what each channel carries of the effect on each quantity; (name, unit, parts)."""
    rows, columns = ceil(len(shown) / COLUMNS), min(COLUMNS, len(shown))
    with rc_context(STYLE):
        figure, box = frame((max(3.4 * columns, 9.0), 2.5 * rows), title, below)
        grid = np.asarray(figure.subplots(rows, columns, squeeze=False)).reshape(-1)
        for n, (axes, (name, unit, parts)) in enumerate(zip(grid, shown, strict=False)):
            place = np.arange(len(parts.names))
            colours = [
                {WHOLE: "#000000", DIRECT: "#56B4E9", TOGETHER: "#CC79A7"}.get(p, "#0072B2")
                for p in parts.names
            ]
            axes.barh(place, parts.mean, color=colours, height=0.66)
            axes.errorbar(
                parts.mean,
                place,
                xerr=SURE * parts.error,
                fmt="none",
                ecolor="#444444",
                elinewidth=1,
            )
            axes.axvline(0.0, color=GREY, linewidth=0.8)
            axes.set_ylim(len(place) - 0.4, -0.6)
            first = n % columns == 0
            axes.set_yticks(place, parts.names if first else [""] * len(place), fontsize=9.0)
            axes.set_title(
                fill(name[0].upper() + name[1:], 34), loc="left", fontweight="bold", fontsize=9.5
            )
            axes.set_xlabel(unit, fontsize=8.5)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.tick_params(axis="x", labelsize=8.5)
        for axes in grid[len(shown) :]:
            axes.set_axis_off()
        figure.tight_layout(rect=tuple(box), h_pad=1.0, w_pad=1.0)
    return figure


def belief_page(
    matrices: dict[str, Floats], names: Sequence[str], title: str, below: str
) -> Figure:
    """Squares: what each learnt to think otherwise of each; kind → (from, about) mean change."""
    from matplotlib.colors import TwoSlopeNorm

    with rc_context({**STYLE, "axes.grid": False}):
        figure, box = frame((3.1 * len(matrices) + 0.6, 3.75), title, below)
        grid = np.asarray(figure.subplots(1, len(matrices), squeeze=False)).reshape(-1)
        for n, (axes, (kind, matrix)) in enumerate(zip(grid, matrices.items(), strict=True)):
            most = max(float(np.nanmax(np.abs(matrix))), LEAST_SCALE)
            axes.imshow(matrix, cmap="PuOr", norm=TwoSlopeNorm(0.0, -most, most))
            for i, j in np.argwhere(~np.isnan(matrix)):
                if abs(matrix[i, j]) >= 0.005:  # noqa: PLR2004 - reads as zero below
                    text = f"{matrix[i, j]:+.2f}".replace("0.", ".").replace("-", "−")
                    dark = abs(matrix[i, j]) > 0.7 * most
                    axes.text(
                        j,
                        i,
                        text,
                        ha="center",
                        va="center",
                        fontsize=7.5,
                        color="white" if dark else "black",
                    )
            axes.set_xticks(range(len(names)), names, fontsize=8.0, rotation=45)
            axes.set_yticks(range(len(names)), names if n == 0 else [""] * len(names), fontsize=8.5)
            axes.set_title(kind, loc="left", fontweight="bold", fontsize=10)
        grid[0].set_ylabel("who thinks so, of whom below", fontsize=8.5)
        figure.tight_layout(rect=(box[0], box[1] + 0.01, box[2], box[3]), w_pad=0.8)
    return figure
