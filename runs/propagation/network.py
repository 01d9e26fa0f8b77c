"""The propagation map: along which ties a shock travels, when it arrives, how much, which sign.

Nodes are the players, at the places of the scenario. An arrow from i to j is i's influence on j
(`runs.propagation.pairs`): what j gains or loses in utility because i's levers and stocks stand
elsewhere than in the same game without the shock, mean over all games. Grey lines are the ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.path import Path as Curve
from matplotlib.patheffects import withStroke

from agents.briefing import Floats
from model.schema import ScenarioFile
from runs.figures import STYLE
from runs.network_layout import (
    BENDS,
    BETTER,
    INK,
    RADIUS,
    SAMPLES,
    WIDE,
    WORSE,
    Layout,
    Strand,
    balanced,
    spots_around,
)
from runs.network_picture import Board, Label
from runs.propagation.followed import FELT
from runs.propagation.pairs import OTHERS, Small
from runs.propagation.pictures import frame
from runs.propagation.responses import NEVER, REACHED, SURE, first_passage
from runs.words import part

MOST_ARROWS = 12
FAINTEST = 0.002  # utility; weaker influences are not drawn
WIDEST = 6.0  # points, of the strongest arrow
UTILITY = LinearSegmentedColormap.from_list("utility", [WORSE, "#f6f6f6", BETTER])
TIE = "#d5dade"
SIZE = (13.2, 6.4)  # inches
SMALL = 0.07  # radius of a node in a panel


@dataclass(frozen=True)
class Edge:
    """Influence of one player on another."""

    origin: str
    to: str
    mean: Floats  # (quarter,) utility
    error: Floats  # (quarter,) Monte-Carlo standard error
    whole: float  # mean over the quarters from the shock on
    sure: bool  # the mean over these quarters is more than chance, at 95 %
    arrival: float  # median first quarter in which it is felt, NaN where in too few games
    share: float  # of games in which it is ever felt


def edges(actors: Sequence[str], influence: Small, since: int) -> list[Edge]:
    """All influences of one player on another, the strongest first.

    influence : (actor from and OTHERS, actor to, quarter, run)
    """
    found = []
    for i, origin in enumerate(actors):
        for j, to in enumerate(actors):
            values = influence[i, j].astype(float)
            first = first_passage(np.abs(values) > FELT)
            hit = first[first > NEVER]
            share = len(hit) / values.shape[1]
            known = share >= REACHED
            whole = values[since:].mean(axis=0)
            found.append(
                Edge(
                    origin,
                    to,
                    values.mean(axis=1),
                    _error(values),
                    float(whole.mean()),
                    bool(abs(whole.mean()) > SURE * _error(whole[None])[0]),
                    float(np.percentile(hit, 50, method="inverted_cdf")) if known else np.nan,
                    share,
                )
            )
    return sorted(found, key=lambda e: -abs(e.whole))


def _error(values: Floats) -> Floats:
    """Monte-Carlo standard error of the mean over runs. (…, run)."""
    runs = values.shape[-1]
    return values.std(axis=-1, ddof=1) / np.sqrt(runs) if runs > 1 else np.full(len(values), np.nan)


def others(actors: Sequence[str], influence: Small, since: int) -> dict[str, dict[str, float]]:
    """What no player's doing explains: row of OTHERS → actor → mean utility."""
    n = len(actors)
    means = influence[n:, :, since:].astype(float).mean(axis=(2, 3))
    return {
        name: {actor: float(means[k, j]) for j, actor in enumerate(actors)}
        for k, name in enumerate(OTHERS)
    }


def shown(listed: Sequence[Edge]) -> list[Edge]:
    """Edges that are drawn: between two, strong enough and more than chance."""
    between = [e for e in listed if e.origin != e.to and e.sure and abs(e.whole) >= FAINTEST]
    return between[:MOST_ARROWS]


def map_picture(
    file: ScenarioFile,
    listed: Sequence[Edge],
    felt: dict[str, tuple[float, float]],
    quarters: Sequence[str],
    title: str,
    below: str,
) -> Figure:
    """Draw the summary: all quarters from the shock on.

    felt : actor → mean change of its utility, and the quarter in which it is reached
    """
    drawn = shown(listed)
    with rc_context(STYLE):
        figure, box = frame(SIZE, title, below)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.012, box[1], 0.80, box[3] - box[1]))
        layout = Layout(places(file))
        layout.low = layout.low - np.array([0.0, 0.08])  # names of three lines stand below nodes
        board = Board(axes, layout)
        board.window()
        _ties(axes, file, board)
        strongest = max((abs(e.whole) for e in drawn), default=1.0)
        for edge in drawn:
            _arrow(board, edge, quarters, WIDEST * abs(edge.whole) / strongest)
        scale = TwoSlopeNorm(0.0, *_limits([v for v, _ in felt.values()]))
        for name, actor in file.actors.items():
            value, reached = felt[name]
            x, y = board.layout.nodes[name]
            axes.add_patch(
                Circle(
                    (x, y), RADIUS, facecolor=UTILITY(scale(value)), edgecolor=INK, lw=1.1, zorder=7
                )
            )
            axes.text(
                x, y, part(value, 3), ha="center", va="center_baseline", fontsize=9.5, zorder=8
            )
            near = RADIUS + 0.012
            spots = spots_around(x, y, near)
            words = balanced(actor.name, 14)
            words += "" if np.isnan(reached) else f"\nfrom {quarters[int(reached)]}"
            board.labels.insert(0, Label(words, spots, 10.5, INK, weight="bold"))
        board.put_labels()
        board.frame()
        _legend(figure)
    return figure


def places(file: ScenarioFile) -> dict[str, Floats]:
    """Places of the players, drawn out in height so that arrows find room between them."""
    return {a: WIDE * np.array(x.place) for a, x in file.actors.items()}


def _limits(values: Sequence[float]) -> tuple[float, float]:
    most = max((abs(v) for v in values), default=0.0) or 1.0
    return -most, most


def _ties(axes: Axes, file: ScenarioFile, board: Board) -> None:
    """Draw the ties, thin and grey: the network along which it may travel."""
    pairs = {frozenset((t.source_of, t.to)) for t in file.ties}
    for pair in sorted(pairs, key=sorted):
        i, j = sorted(pair)
        (x0, y0), (x1, y1) = board.layout.nodes[i], board.layout.nodes[j]
        axes.plot([x0, x1], [y0, y1], color=TIE, linewidth=1.0, zorder=0)


def _arrow(board: Board, edge: Edge, quarters: Sequence[str], width: float) -> None:
    strand = board.layout.route(edge.origin, edge.to, [b for b in BENDS if b])
    colour = BETTER if edge.whole > 0.0 else WORSE
    head = 4.0 + width
    board.axes.add_patch(
        FancyArrowPatch(
            path=_way(board, strand, edge),
            arrowstyle=f"-|>,head_length={head},head_width={head / 2}",
            color=colour,
            linewidth=max(width, 1.0),
            linestyle="solid" if edge.whole > 0.0 else (0, (6, 1.2)),
            capstyle="butt",  # round ends of a wide line would close the gaps between its dashes
            zorder=6,
            path_effects=[withStroke(linewidth=max(width, 1.0) + 1.6, foreground="white")],
        )
    )
    words = part(edge.whole, 3)
    if not np.isnan(edge.arrival):
        words += f"\n{quarters[int(edge.arrival)]}"
    spots = [
        (float(x), float(y), "center", "center")
        for x, y in strand.at([0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73])
    ]
    board.labels.append(Label(words, spots, 9.0, colour, weight="bold", boxed=True))


def _way(board: Board, strand: Strand, edge: Edge) -> Curve:
    """Return the part of a strand that lies between its nodes."""
    start, end = board.layout.shown(strand, edge.origin, edge.to)
    return Curve(strand.at(np.linspace(start, end, SAMPLES)))


def _legend(figure: Figure) -> None:
    lines = [
        Line2D([], [], color=BETTER, linewidth=3, marker=">", markevery=[1]),
        Line2D([], [], color=WORSE, linewidth=3, marker=">", markevery=[1], linestyle=(0, (4, 1))),
        Line2D([], [], color=TIE, linewidth=1.2),
        Line2D([], [], linestyle="", marker="o", markersize=12, color=BETTER, markeredgecolor=INK),
        Line2D([], [], linestyle="", marker="o", markersize=12, color=WORSE, markeredgecolor=INK),
        Line2D([], [], linestyle=""),
    ]
    words = [
        "influence that raises\nthe other's utility",
        "influence that lowers it",
        "tie",
        "player that gains, with its\nchange of utility",
        "player that loses",
        "quarter: when it is first felt,\nmedian of the games",
    ]
    figure.legend(
        lines,
        words,
        loc="center left",
        bbox_to_anchor=(0.815, 0.5),
        fontsize=9.5,
        labelspacing=0.95,
    )


def quarter_pictures(
    file: ScenarioFile,
    listed: Sequence[Edge],
    felt: dict[str, Floats],
    quarters: Sequence[str],
    since: int,
    title: str,
    below: str,
) -> Figure:
    """Draw a panel for each quarter from the shock on; felt : actor → (quarter,) utility."""
    numbers = list(range(since, len(quarters)))
    columns = min(4, len(numbers))
    rows = ceil(len(numbers) / columns)
    strongest = max((float(np.abs(e.mean).max()) for e in listed if e.origin != e.to), default=1.0)
    scale = TwoSlopeNorm(0.0, *_limits([float(v) for row in felt.values() for v in row]))
    with rc_context({**STYLE, "axes.grid": False}):
        figure, box = frame((3.3 * columns, 2.3 * rows), title, below)
        grid = np.asarray(figure.subplots(rows, columns, squeeze=False)).reshape(-1)
        for axes in grid:
            axes.set_axis_off()
        for axes, q in zip(grid, numbers, strict=False):
            layout = Layout(places(file))
            layout.sizes = dict.fromkeys(layout.nodes, SMALL)
            board = Board(axes, layout)
            board.window()
            axes.set_title(quarters[q], loc="left", fontweight="bold", fontsize=10)
            now = [
                e
                for e in listed
                if e.origin != e.to
                and abs(e.mean[q]) >= FAINTEST
                and abs(e.mean[q]) > SURE * e.error[q]
            ]
            for edge in sorted(now, key=lambda e: -abs(e.mean[q]))[:MOST_ARROWS]:
                width = max(5.0 * abs(edge.mean[q]) / max(strongest, 1e-9), 0.7)
                good = edge.mean[q] > 0.0
                strand = board.layout.route(edge.origin, edge.to, [b for b in BENDS if b])
                axes.add_patch(
                    FancyArrowPatch(
                        path=_way(board, strand, edge),
                        arrowstyle=f"-|>,head_length={3 + width},head_width={(3 + width) / 2}",
                        color=BETTER if good else WORSE,
                        linewidth=width,
                        linestyle="solid" if good else (0, (5, 1.2)),
                        capstyle="butt",
                        zorder=2,
                    )
                )
            for name, place in board.layout.nodes.items():
                value = float(felt[name][q])
                axes.add_patch(
                    Circle(
                        (place[0], place[1]),
                        0.075,
                        facecolor=UTILITY(scale(value)),
                        edgecolor=INK,
                        lw=0.8,
                        zorder=3,
                    )
                )
                axes.text(*place, name, ha="center", va="center", fontsize=6.5, zorder=4)
        figure.tight_layout(rect=tuple(box), h_pad=0.4, w_pad=0.2)
    return figure
