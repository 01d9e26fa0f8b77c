"""Where the network's nodes and strands lie: shared by the picture and the browser viewer.

Places are the scenario's own coordinates, no map. Strands are bent around nodes and around each
other; labels are put where they hide least.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

import numpy as np

from agents.briefing import Floats
from model.schema import ScenarioFile, Tie
from model.transcript import Event
from runs.words import share

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
LEARNT = 0.1  # changes of belief below this are not drawn


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


def place_of(place: tuple[float, float]) -> Floats:
    """Return the place of a node or theatre in the picture."""
    return np.array([WIDE * place[0], place[1]])


@dataclass
class Layout:
    """What has been laid out so far, so that the next thing finds a free place."""

    nodes: Mapping[str, Floats]
    places: list[Floats] = field(default_factory=list)  # of more than nodes, to be in the picture
    strands: list[Strand] = field(default_factory=list)
    sizes: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sizes = dict.fromkeys(self.nodes, RADIUS)
        xy = np.array([*self.nodes.values(), *self.places])
        self.low, self.high = xy.min(axis=0) - MARGIN, xy.max(axis=0) + MARGIN

    @property
    def crowd(self) -> Floats:
        """Points of all strands, (point, 2)."""
        return np.concatenate([s.ink for s in self.strands] or [np.zeros((0, 2))])

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

    def shown(self, strand: Strand, i: str, j: str) -> tuple[float, float]:
        """Where a strand leaves its first node and reaches its second, as shares of its way."""
        t = np.linspace(0.0, 1.0, 200)
        points = strand.at(t)

        def gap(name: str) -> Floats:
            return np.sqrt(((points - self.nodes[name]) ** 2).sum(axis=1))

        clear = (gap(i) > self.sizes[i] + 0.012) & (gap(j) > self.sizes[j] + 0.012)
        inside = t[clear]
        return (float(inside[0]), float(inside[-1])) if len(inside) else (0.2, 0.8)

    def hidden(self, box: Floats, boxes: Sequence[Floats], crowd: Floats) -> float:
        """Cost of a label in a box: what it would hide of other labels, nodes and strands.

        box : low x, low y, high x, high y; crowd : (point, 2) of the strands
        """
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
        outside = max((self.low - box[:2]).max(), (box[2:] - self.high).max(), 0.0)
        inside = ((crowd > box[:2]) & (crowd < box[2:])).all(axis=1).sum()
        return cost + 200.0 * outside + 0.012 * float(inside)


def layout_of(file: ScenarioFile) -> Layout:
    """Return the layout of a scenario, nothing drawn yet."""
    nodes = {a: place_of(x.place) for a, x in file.actors.items()}
    return Layout(nodes, [place_of(t.place) for t in file.theatres.values()])


def balanced(text: str, width: int) -> str:
    """Break a name into as few lines as fit, of much the same length."""
    lines = len(wrap(text, width))
    while width > 1 and len(wrap(text, width - 1, break_long_words=False)) == lines:
        width -= 1
        if max(map(len, wrap(text, width, break_long_words=False))) > width:
            width += 1
            break
    return "\n".join(wrap(text, width, break_long_words=False))


def spots_around(x: float, y: float, near: float) -> list[tuple[float, float, str, str]]:
    """Places for the name of a node, best first: x, y, and how the text is aligned to it."""
    return [
        (x, y - near, "center", "top"),
        (x, y + near, "center", "bottom"),
        (x + near, y, "left", "center"),
        (x - near, y, "right", "center"),
        (x + near, y - near, "left", "top"),
        (x - near, y - near, "right", "top"),
        (x + near, y + near, "left", "bottom"),
        (x - near, y + near, "right", "bottom"),
    ]


def strength(tie: Tie, layer: str) -> float:
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


def growth(file: ScenarioFile, actor: str, first: Event, last: Event) -> float:
    """Military capital of an actor against the start; 1 where the scenario keeps none."""
    for name, stock in file.stocks.items():
        if stock.owner == actor and "military capital" in stock.name.lower():
            return float(last["stocks"][name] / max(first["stocks"][name], 1e-9))
    return 1.0
