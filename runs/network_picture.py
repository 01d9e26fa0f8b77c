"""A picture of the network: who is tied to whom, what changed in a game, where war threatens.

Places are the scenario's own coordinates, no map. Strands are the four layers of ties; arrows are
what one actor learnt of another. Strands are bent around nodes and labels put where they are free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill, wrap
from typing import Any

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
from model.schema import ScenarioFile, Tie
from model.transcript import Event, Transcript
from runs.figures import STYLE
from runs.words import percent, share

SIZE = (13.6, 7.65)  # inches, 16:9 as a projector
WIDE = 1.5  # places are written in a square and drawn this much wider than high
RADIUS = 0.04  # of a node, at the military capital of the start
AREA = (0.13, 0.085)  # half axes of a theatre
MARGIN = np.array([0.15, 0.115])  # around the outermost places
CLEAR = 0.085  # distance that strands keep from nodes that are not theirs
BENDS = tuple(0.04 * n for k in range(12) for n in ((k, -k) if k else (0,)))
SIDE_BY_SIDE = 0.014  # strands nearer than this look like one
TOGETHER = 3.0  # what it costs to run side by side all the way, in bends
SAMPLES = 25  # points of a strand that are looked at
INK_STEP = 0.01  # between points of a strand that a label should not hide
INK, SOFT, FAINT = "#1c1c1c", "#5c6670", "#9aa3ab"
WORSE, BETTER = "#D55E00", "#009E73"  # colour-blind safe (Okabe and Ito 2008)
THEATRE = "#f3ead8"
SUPPORT = LinearSegmentedColormap.from_list("support", ["#f4f6f8", "#9db8d2", "#1f4e79"])
LEARNT = 0.1  # changes of belief below this are not drawn
MOST_ARROWS = 8


@dataclass(frozen=True)
class Layer:
    """One kind of tie and how it is drawn."""

    name: str
    colour: str
    style: Any  # of matplotlib
    least: float  # weaker ties are not drawn: all would hide the strong ones
    widest: float  # points
    words: str


LAYERS = (
    Layer("trade", "#d9b44a", "solid", 0.12, 5.0, "trade, width by value"),
    Layer("alignment", FAINT, (0, (1.0, 1.6)), 0.9, 1.6, "votes alike (.9 or more)"),
    Layer("rivalry", "#8b1e3f", (0, (4.5, 2.2)), 0.4, 2.8, "rivalry, width by strength"),
    Layer("alliance", "#33506b", "solid", 0.2, 4.2, "alliance, width by strength"),
)


@dataclass(frozen=True)
class Strand:
    """A curve from one node to another."""

    start: Floats
    control: Floats
    end: Floats

    def at(self, t: Floats | list[float]) -> Floats:
        """Points of the curve, (point, 2)."""
        s = np.asarray(t, dtype=float).reshape(-1, 1)
        return (1 - s) ** 2 * self.start + 2 * s * (1 - s) * self.control + s**2 * self.end

    @property
    def points(self) -> Floats:
        """Points along the curve without its ends, where all strands of a node meet."""
        return self.at(np.linspace(0.12, 0.88, SAMPLES))

    @property
    def ink(self) -> Floats:
        """Points all along the curve, at even distances."""
        length = np.sqrt(((self.end - self.start) ** 2).sum())
        return self.at(np.linspace(0.0, 1.0, max(int(length / INK_STEP), 2)))


def network_picture(file: ScenarioFile, transcript: Transcript) -> Figure:
    """Draw the network as the game left it, with what changed since its start."""
    header = transcript.header
    states = list(transcript.of("state"))
    last = states[-1]
    with rc_context(STYLE):
        figure = Figure(figsize=SIZE)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.012, 0.075, 0.79, 0.80))
        board = Board(axes, {a: _place(x.place) for a, x in file.actors.items()})
        draw_theatres(board, file, states[0], last)
        draw_ties(board, file)
        draw_changes(board, header["state"], last)
        draw_actors(board, file, header["state"], last)
        board.put_labels()
        board.frame()
        draw_legend(figure)
        write_around(figure, header, list(transcript.quarters())[-1][0])
    return figure


def _place(place: tuple[float, float]) -> Floats:
    return np.array([WIDE * place[0], place[1]])


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
    """What has been drawn so far, so that the next thing finds a free place."""

    def __init__(self, axes: Axes, nodes: Mapping[str, Floats]) -> None:
        self.axes, self.nodes = axes, nodes
        self.strands: list[Strand] = []
        self.labels: list[Label] = []
        self.texts: list[Text] = []
        self.sizes = dict.fromkeys(nodes, RADIUS)
        self.places: list[Floats] = [*nodes.values()]

    def frame(self) -> None:
        """Show all that was drawn, and nothing of the axes."""
        self.axes.set_axis_off()

    def window(self) -> None:
        """Fix the limits, so that sizes of texts are known before the last thing is drawn."""
        xy = np.array(self.places)
        low, high = xy.min(axis=0) - MARGIN, xy.max(axis=0) + MARGIN
        self.axes.set_xlim(low[0], high[0])
        self.axes.set_ylim(low[1], high[1])
        self.axes.set_aspect("equal", adjustable="box")

    def route(self, i: str, j: str, bends: Sequence[float] = BENDS) -> Strand:
        """Find the curve from i to j that keeps clear of nodes and of other strands."""
        start, end = self.nodes[i], self.nodes[j]
        along = end - start
        normal = np.array([-along[1], along[0]])
        options = [Strand(start, (start + end) / 2 + 2 * b * normal / 2, end) for b in bends]
        costs = [
            self._crowding(s, {i, j}) + 0.5 * abs(b) for s, b in zip(options, bends, strict=True)
        ]
        best = options[int(np.argmin(costs))]
        self.strands.append(best)
        return best

    def _crowding(self, strand: Strand, own: set[str]) -> float:
        points = strand.points
        cost = 0.0
        for name, place in self.nodes.items():
            if name in own:
                continue
            gap = np.sqrt(((points - place) ** 2).sum(axis=1)).min()
            cost += 40.0 * max(CLEAR - gap, 0.0)
        if self.strands:
            others = np.array([s.points for s in self.strands])  # (strand, point, 2)
            x, y = (points[:, None, None, k] - others[None, ..., k] for k in range(2))
            near = (x * x + y * y).min(axis=2) < SIDE_BY_SIDE**2  # (point, strand)
            cost += TOGETHER * float(near.mean(axis=0).sum())
        return cost

    def put_labels(self) -> None:
        """Write all labels where they hide least: never over another label or a node."""
        boxes: list[Floats] = []
        crowd = np.concatenate([s.ink for s in self.strands] or [np.zeros((0, 2))])
        for label in self.labels:
            placed = [self._write(label, spot) for spot in label.spots]
            frames = [self._box(text) for text in placed]
            costs = [self._hidden(frame, boxes, crowd) + 0.02 * n for n, frame in enumerate(frames)]
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

    def _hidden(self, box: Floats, boxes: Sequence[Floats], crowd: Floats) -> float:
        cost = 0.0
        for other in boxes:
            width = min(box[2], other[2]) - max(box[0], other[0])
            height = min(box[3], other[3]) - max(box[1], other[1])
            if width > -0.006 and height > -0.004:  # noqa: PLR2004 - a hair's breadth between
                cost += 50.0 + 1e4 * max(width, 0.0) * max(height, 0.0)
        for name, place in self.nodes.items():
            nearest = np.minimum(np.maximum(place, box[:2]), box[2:])
            if np.sqrt(((nearest - place) ** 2).sum()) < self.sizes[name]:
                cost += 50.0
        x, y = self.axes.get_xlim(), self.axes.get_ylim()
        outside = max(x[0] - box[0], box[2] - x[1], y[0] - box[1], box[3] - y[1], 0.0)
        inside = ((crowd > box[:2]) & (crowd < box[2:])).all(axis=1).sum()
        return cost + 200.0 * outside + 0.012 * float(inside)


def balanced(text: str, width: int) -> str:
    """Break a name into as few lines as fit, of much the same length."""
    lines = len(wrap(text, width))
    while width > 1 and len(wrap(text, width - 1, break_long_words=False)) == lines:
        width -= 1
        if max(map(len, wrap(text, width, break_long_words=False))) > width:
            width += 1
            break
    return "\n".join(wrap(text, width, break_long_words=False))


def draw_theatres(board: Board, file: ScenarioFile, first: Event, last: Event) -> None:
    """Draw the places of possible war, their odds of a crisis a quarter, now and at the start."""
    board.places += [_place(t.place) for t in file.theatres.values()]
    board.window()
    for name, theatre in file.theatres.items():
        x, y = _place(theatre.place)
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
        strengths = {(t.source_of, t.to): _strength(t, layer.name) for t in file.ties}
        top = max(strengths.values(), default=0.0) or 1.0
        scale = top if layer.name == "trade" else 1.0
        for (i, j), strength in strengths.items():
            if strength / scale < layer.least:
                continue
            strand = board.route(i, j)
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
                    linewidth=max(layer.widest * strength / scale, 0.7),
                    zorder=1 + LAYERS.index(layer),
                    capstyle="butt",
                )
            )


def _strength(tie: Tie, layer: str) -> float:
    """Strength of a tie in a layer; trade is counted both ways, USD bn a year."""
    if layer == "trade":
        return sum(q.value for q in (tie.trade, tie.trade_back) if q is not None)
    quantity = getattr(tie, layer)
    return quantity.value if quantity is not None else 0.0


def changes(first: Event, last: Event) -> Iterator[tuple[float, str, str, str, bool]]:
    """Changes of trust and hostility since the start: size, from, to, words, for the better."""
    for what, good in (("reliability", 1.0), ("hostility", -1.0)):
        word = "trust" if what == "reliability" else what
        for pair, now in last[what].items():
            change = now - first[what][pair]
            if abs(change) >= LEARNT:
                i, j = pair.split(">")
                words = f"{word} {'+' if change > 0 else '−'}{share(abs(change))}"
                yield abs(change), i, j, words, good * change > 0.0


def draw_changes(board: Board, first: Event, last: Event) -> None:
    """Draw the largest changes of belief as arrows from who learnt it to whom it is about."""
    ranked = sorted(changes(first, last), key=lambda c: (-c[0], c[1], c[2]))[:MOST_ARROWS]
    for _, i, j, words, better in ranked:
        strand = board.route(i, j, [b for b in BENDS if b])
        colour = BETTER if better else WORSE
        start, end = _outside(board, strand, i, j)
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


def _outside(board: Board, strand: Strand, i: str, j: str) -> tuple[float, float]:
    """Where a strand leaves its first node and reaches its second, as shares of its way."""
    t = np.linspace(0.0, 1.0, 200)
    points = strand.at(t)

    def gap(name: str) -> Floats:
        return np.sqrt(((points - board.nodes[name]) ** 2).sum(axis=1))

    clear = (gap(i) > board.sizes[i] + 0.012) & (gap(j) > board.sizes[j] + 0.012)
    inside = t[clear]
    return (float(inside[0]), float(inside[-1])) if len(inside) else (0.2, 0.8)


def draw_actors(board: Board, file: ScenarioFile, first: Event, last: Event) -> None:
    """Draw the actors: colour and number are support, size is military capital."""
    for name, actor in file.actors.items():
        x, y = board.nodes[name]
        radius = RADIUS * growth(file, name, first, last) ** 0.5
        board.sizes[name] = radius
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
        spots = [
            (x, y - near, "center", "top"),
            (x, y + near, "center", "bottom"),
            (x + near, y, "left", "center"),
            (x - near, y, "right", "center"),
            (x + near, y - near, "left", "top"),
            (x - near, y - near, "right", "top"),
            (x + near, y + near, "left", "bottom"),
            (x - near, y + near, "right", "bottom"),
        ]
        label = Label(balanced(actor.name, 12), spots, 11.5, INK, weight="bold")
        board.labels.insert(0, label)


def growth(file: ScenarioFile, actor: str, first: Event, last: Event) -> float:
    """Military capital of an actor against the start; 1 where the scenario keeps none."""
    for name, stock in file.stocks.items():
        if stock.owner == actor and "military capital" in stock.name.lower():
            return float(last["stocks"][name] / max(first["stocks"][name], 1e-9))
    return 1.0


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
