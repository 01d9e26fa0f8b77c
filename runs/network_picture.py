"""A picture of the network: who is tied to whom, what changed in a game, where war threatens.

Places are the scenario's own coordinates, no map. Strands are the four layers of ties; arrows are
what one actor learnt of another. Strands are bent around nodes and labels put where they are free.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse, FancyArrowPatch, PathPatch
from matplotlib.path import Path as Curve
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from agents.briefing import Floats
from model.notice import NOTICE
from model.schema import ScenarioFile
from model.transcript import Event, Transcript
from runs.figures import STYLE
from runs.network_layout import (
    AREA,
    BENDS,
    BETTER,
    INK,
    LAYERS,
    RADIUS,
    SAMPLES,
    SOFT,
    THEATRE,
    WORSE,
    Layout,
    balanced,
    changes,
    growth,
    layout_of,
    place_of,
    spots_around,
    strength,
)
from runs.words import percent, share

SIZE = (13.6, 7.65)  # inches, 16:9 as a projector
SUPPORT = LinearSegmentedColormap.from_list("support", ["#f4f6f8", "#9db8d2", "#1f4e79"])
MOST_ARROWS = 8


def network_picture(file: ScenarioFile, transcript: Transcript) -> Figure:
    """Draw the network as the game left it, with what changed since its start."""
    header = transcript.header
    states = list(transcript.of("state"))
    last = states[-1]
    with rc_context(STYLE):
        figure = Figure(figsize=SIZE)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.012, 0.075, 0.79, 0.80))
        board = Board(axes, layout_of(file))
        draw_theatres(board, file, states[0], last)
        draw_ties(board, file)
        draw_changes(board, header["state"], last)
        draw_actors(board, file, header["state"], last)
        board.put_labels()
        board.frame()
        draw_legend(figure)
        write_around(figure, header, list(transcript.quarters())[-1][0])
    return figure


@dataclass
class Label:
    """A text and the places where it may stand, best first: (x, y, horizontal, vertical)."""

    text: str
    spots: list[tuple[float, float, str, str]]
    size: float
    colour: str
    weight: str = "normal"
    style: str = "normal"
    boxed: bool = False  # breaks the line that it stands on


class Board:
    """The layout with the axes that it is drawn into."""

    def __init__(self, axes: Axes, layout: Layout) -> None:
        self.axes, self.layout = axes, layout
        self.labels: list[Label] = []
        self.texts: list[Text] = []

    def frame(self) -> None:
        """Show all that was drawn, and nothing of the axes."""
        self.axes.set_axis_off()

    def window(self) -> None:
        """Fix the limits, so that sizes of texts are known before the last thing is drawn."""
        low, high = self.layout.low, self.layout.high
        self.axes.set_xlim(low[0], high[0])
        self.axes.set_ylim(low[1], high[1])
        self.axes.set_aspect("equal", adjustable="box")

    def put_labels(self) -> None:
        """Write all labels where they hide least: never over another label or a node."""
        boxes: list[Floats] = []
        crowd = self.layout.crowd
        for label in self.labels:
            placed = [self._write(label, spot) for spot in label.spots]
            frames = [self._box(text) for text in placed]
            costs = [self.layout.hidden(f, boxes, crowd) + 0.02 * n for n, f in enumerate(frames)]
            best = int(np.argmin(costs))
            for n, text in enumerate(placed):
                if n != best:
                    text.remove()
            boxes.append(frames[best])
            self.texts.append(placed[best])

    def _write(self, label: Label, spot: tuple[float, float, str, str]) -> Text:
        x, y, across, up = spot
        return self.axes.text(
            x,
            y,
            label.text,
            ha=across,
            va=up,
            fontsize=label.size,
            color=label.colour,
            fontweight=label.weight,
            fontstyle=label.style,
            linespacing=1.15,
            zorder=9,
            path_effects=[withStroke(linewidth=2.6, foreground="white")],
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2} if label.boxed else None,
        )

    def _box(self, text: Text) -> Floats:
        """Corners of a text in data coordinates: low x, low y, high x, high y."""
        box = text.get_window_extent().transformed(self.axes.transData.inverted())
        return np.array([box.x0, box.y0, box.x1, box.y1])


def draw_theatres(board: Board, file: ScenarioFile, first: Event, last: Event) -> None:
    """Draw the places of possible war, their odds of a crisis a quarter, now and at the start."""
    board.window()
    for name, theatre in file.theatres.items():
        x, y = place_of(theatre.place)
        hazard = last["hazard"][name]

        board.axes.add_patch(
            Ellipse(
                (x, y), 2 * AREA[0], 2 * AREA[1], facecolor=THEATRE, edgecolor="#d8c9a8", zorder=0
            )
        )
        before = first["hazard"][name]
        words = f"{balanced(theatre.name, 24)}\ncrisis {percent(hazard)} a quarter"
        if percent(before) != percent(hazard):
            words += f"\n(at first {percent(before)})"
        spots = [
            (x, y, "center", "center"),
            (x, y - 0.6 * AREA[1], "center", "top"),
            (x, y + 0.6 * AREA[1], "center", "bottom"),
            (x - 0.4 * AREA[0], y, "right", "center"),
            (x + 0.4 * AREA[0], y, "left", "center"),
            (x, y - AREA[1], "center", "top"),
            (x, y + AREA[1], "center", "bottom"),
        ]
        board.labels.append(Label(words, spots, 9.5, "#6f5726", style="italic"))


def draw_ties(board: Board, file: ScenarioFile) -> None:
    """Draw the layers of ties; trade where it is large, the others where they are strong."""
    for layer in LAYERS:
        strengths = {(t.source_of, t.to): strength(t, layer.name) for t in file.ties}
        top = max(strengths.values(), default=0.0) or 1.0
        scale = top if layer.name == "trade" else 1.0
        for (i, j), weight in strengths.items():
            if weight / scale < layer.least:
                continue
            strand = board.layout.route(i, j)
            curve = Curve(
                [strand.start, strand.control, strand.end],
                [Curve.MOVETO, Curve.CURVE3, Curve.CURVE3],
            )
            board.axes.add_patch(
                PathPatch(
                    curve,
                    fill=False,
                    edgecolor=layer.colour,
                    linestyle=layer.style,
                    linewidth=max(layer.widest * weight / scale, 0.7),
                    zorder=1 + LAYERS.index(layer),
                    capstyle="butt",
                )
            )


def draw_changes(board: Board, first: Event, last: Event) -> None:
    """Draw the largest changes of belief as arrows from who learnt it to whom it is about."""
    ranked = sorted(changes(first, last), key=lambda c: (-c[0], c[1], c[2]))[:MOST_ARROWS]
    for _, i, j, words, better in ranked:
        strand = board.layout.route(i, j, [b for b in BENDS if b])
        colour = BETTER if better else WORSE
        start, end = board.layout.shown(strand, i, j)
        part = strand.at(np.linspace(start, end, SAMPLES))
        board.axes.add_patch(
            FancyArrowPatch(
                path=Curve(part),
                arrowstyle="-|>,head_length=6,head_width=3",
                color=colour,
                linewidth=1.7,
                zorder=6,
                path_effects=[withStroke(linewidth=3.6, foreground="white")],
            )
        )
        spots = [
            (float(x), float(y), across, up)
            for x, y in strand.at([0.5, 0.4, 0.6, 0.3, 0.7])
            for across, up in (("center", "center"), ("left", "center"), ("right", "center"))
        ]
        board.labels.append(Label(words, spots, 9.5, colour, weight="bold", boxed=True))


def draw_actors(board: Board, file: ScenarioFile, first: Event, last: Event) -> None:
    """Draw the actors: colour and number are support, size is military capital."""
    for name, actor in file.actors.items():
        x, y = board.layout.nodes[name]
        radius = RADIUS * growth(file, name, first, last) ** 0.5
        board.layout.sizes[name] = radius
        support = last["support"][name]
        board.axes.add_patch(
            Circle((x, y), radius, facecolor=SUPPORT(support), edgecolor=INK, lw=1.1, zorder=7)
        )
        dark = support > 0.7  # noqa: PLR2004 - where white reads better than ink
        board.axes.text(
            x,
            y,
            share(support),
            ha="center",
            va="center_baseline",
            fontsize=9.5,
            color="white" if dark else INK,
            zorder=8,
        )
        near = radius + 0.012
        spots = spots_around(x, y, near)
        label = Label(balanced(actor.name, 12), spots, 11.5, INK, weight="bold")
        board.labels.insert(0, label)


def draw_legend(figure: Figure) -> None:
    """Explain lines, arrows and nodes beside the picture."""
    lines = [
        Line2D([], [], color=x.colour, linestyle=x.style, linewidth=max(0.7 * x.widest, 1.4))
        for x in reversed(LAYERS)
    ]
    words = [x.words for x in reversed(LAYERS)]
    lines += [
        Line2D([], [], color=c, linewidth=1.7, marker=">", markevery=[1]) for c in (WORSE, BETTER)
    ]
    words += [
        "learnt since the start: less\ntrust, or more hostility",
        "learnt since the start: more\ntrust, or less hostility",
    ]
    dots = [
        Line2D(
            [], [], linestyle="", marker="o", markersize=11, markeredgecolor=INK, color=SUPPORT(s)
        )
        for s in (0.25, 0.5, 0.75)
    ]
    words += [f"support at home {share(s)}" for s in (0.25, 0.5, 0.75)]
    dots.append(Line2D([], [], linestyle="", marker="o", markersize=11, color=THEATRE))
    words.append("place of possible war")
    dots.append(Line2D([], [], linestyle=""))
    words.append("node size: military capital\nagainst the start")
    figure.legend(
        [*lines, *dots],
        words,
        loc="center left",
        bbox_to_anchor=(0.8, 0.5),
        fontsize=10,
        labelspacing=0.85,
        handlelength=2.4,
    )


def write_around(figure: Figure, header: Event, quarter: str) -> None:
    """Write title, what the picture shows, and the notice."""
    figure.text(0.02, 0.945, fill(header["title"], 110), fontsize=15, fontweight="bold", color=INK)
    changed = [f"{k} = {v:g}" for k, v in header["settings"].items()]
    what = " · ".join(
        [
            f"Ties at the end of {quarter}",
            f"seed {header['seed']}, game {header['run']}",
            f"scenario {header['scenario']} {header['scenario_hash'][:12]}",
            *([f"hubspoke {header['version']}"] if header["version"] != "unknown" else []),
            *changed,
        ]
    )
    figure.text(0.02, 0.905, what, fontsize=10, color=SOFT)
    figure.text(0.02, 0.028, f"{NOTICE}.", fontsize=10, color=SOFT)
