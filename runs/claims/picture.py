"""The picture of a claim: one row for each world, the three uncertainties apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agents.briefing import Floats
from model.notice import NOTICE
from runs.claims.claim import Estimand
from runs.claims.play import FLIPPED, ZEROED, Plan
from runs.claims.verdict import Evidence, Verdict, mean_interval
from runs.figures import ARMS, MEDIAN, STYLE

KINDS = {
    "chance": (MEDIAN, "chance"),
    "numbers": (ARMS[0], "numbers"),
    "structure": (ARMS[2], "structure"),
    "audit": (ARMS[1], "direct lines"),
    "null": ("#6b7680", "worlds without decisions"),
    "path": (ARMS[3], "paths of this claim"),
}
ROW, WIDTH, LABELS, AROUND = 0.235, 3.1, 3.5, 1.9  # inches
WRAP = 33  # characters of a panel's title before it breaks
TITLE = 8.0  # characters of the figure's title an inch before it breaks
BAND = "#fbe9c8"


@dataclass(frozen=True)
class Line:
    """One row: a name, and the effects game by game or draw by draw."""

    name: str
    kind: str
    effects: Floats


def lines_of(plan: Plan, found: Evidence) -> list[Line]:
    """Return the rows of a picture, from the top."""
    rule = plan.rule
    lines = [
        Line(f"numbers of the scenario, {rule.games} games", "chance", found.main),
        Line(f"{rule.draws} draws of all numbers", "numbers", found.draws.mean(axis=1)),
    ]
    of_kind: Mapping[str, Mapping[str, Floats]] = {
        "structure": found.structure,
        "audit": {ZEROED: found.zeroed, FLIPPED: found.flipped},
        "null": found.nulls,
        "path": found.paths,
    }
    for condition in plan.conditions:
        some = of_kind.get(condition.kind, {})
        if condition.id in some:
            lines.append(Line(condition.variant.name, condition.kind, some[condition.id]))
    return lines


def picture(
    plan: Plan, found: Mapping[str, Evidence], verdicts: Mapping[str, Verdict], below: str
) -> Figure:
    """Draw all estimands of a claim side by side, the same rows in each."""
    estimands = plan.claim.estimands
    every = {name: lines_of(plan, each) for name, each in found.items()}
    rows = len(next(iter(every.values())))
    width = LABELS + WIDTH * len(estimands)
    height = AROUND + ROW * rows
    with rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        grid = figure.subplots(1, len(estimands), sharey=True, squeeze=False)[0]
        for axes, (name, lines) in zip(grid, every.items(), strict=True):
            _draw(axes, estimands[name], lines, verdicts[name])
        first = next(iter(every.values()))
        grid[0].set_yticks(range(rows), [line.name for line in first], fontsize=8.5)
        for label, line in zip(grid[0].get_yticklabels(), first, strict=True):
            label.set_color(KINDS[line.kind][0])
        grid[0].set_ylim(rows - 0.4, -0.6)
        figure.suptitle(
            fill(f"{plan.claim.id}. {plan.claim.title}", int(width * TITLE)),
            x=0.01,
            ha="left",
            fontweight="bold",
        )
        figure.supxlabel(
            fill(f"{below} {NOTICE}.", int(width * 13)), fontsize=8.0, x=0.01, ha="left"
        )
    return figure


def _draw(axes: Axes, estimand: Estimand, lines: Sequence[Line], verdict: Verdict) -> None:
    axes.axvspan(-estimand.smallest, estimand.smallest, color=BAND, linewidth=0.0, zorder=0)
    axes.axvline(0.0, color="#55626f", linewidth=0.8, zorder=1)
    for row, line in enumerate(lines):
        colour = KINDS[line.kind][0]
        if line.kind == "numbers":
            jitter = np.linspace(-0.28, 0.28, len(line.effects))
            axes.plot(line.effects, row + jitter, ".", color="#9fbfdc", markersize=3.0, zorder=2)
            centre, low, high = verdict.median.value, verdict.median.low, verdict.median.high
            mark = "D"
        else:
            centre, low, high = mean_interval(line.effects)
            mark = "o"
        axes.plot([low, high], [row, row], color=colour, linewidth=2.0, zorder=3)
        axes.plot([centre], [row], mark, color=colour, markersize=5.0, zorder=4)
    _limits(axes, estimand, lines, verdict)
    axes.set_title(fill(estimand.name, WRAP), loc="left", fontsize=9.5, fontweight="bold")
    axes.set_xlabel(f"effect, {estimand.unit}", fontsize=9.0)
    axes.tick_params(labelsize=8.5)
    axes.grid(visible=False, axis="y")
    if estimand.direction != "either":
        side = 1.0 if estimand.direction == "up" else 0.0
        arrow = "claimed →" if side else "← claimed"
        place: dict[str, Any] = {"ha": "right" if side else "left", "va": "bottom"}
        axes.text(
            side, 0.0, arrow, transform=axes.transAxes, fontsize=8.0, color="#55626f", **place
        )


def _limits(axes: Axes, estimand: Estimand, lines: Sequence[Line], verdict: Verdict) -> None:
    """Show all means and nine draws of ten; a few far draws would press all others together."""
    shown = [0.0, 1.6 * estimand.smallest, -1.6 * estimand.smallest]
    for line in lines:
        ends = mean_interval(line.effects)[1:]
        if line.kind == "numbers":
            ends = tuple(np.quantile(line.effects, (0.05, 0.95)))
        shown += [float(x) for x in ends]
    low, high = min(shown), max(shown)
    pad = 0.06 * (high - low)
    axes.set_xlim(low - pad, high + pad)
