"""The network as inline SVG: who is tied to whom, and what this quarter did."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

import numpy as np

from agents.briefing import Floats
from model.notice import NOTICE
from model.schema import ScenarioFile
from model.transcript import Event
from runs.network_layout import (
    AREA,
    BENDS,
    INK,
    LAYERS,
    RADIUS,
    SAMPLES,
    WORSE,
    Layer,
    Layout,
    Strand,
    balanced,
    growth,
    layout_of,
    place_of,
    strength,
)
from runs.viewer.flows import Flow
from runs.viewer.markup import Markup, join, tag
from runs.words import part, percent, share

WIDTH = 1000.0  # of the drawing, in its own units
LETTER = 0.54  # width of a letter against its height, on average
LINE = 1.25
BIG, SMALL = 17.0, 13.0  # letters of names, and of all else
ARROW_BENDS = tuple(b for b in BENDS if b and abs(b) < 0.3)  # noqa: PLR2004 - flat curves
MOST_LEARNT = 5  # arrows of trust where nobody is in focus
MOST_LABELS = 12  # on arrows: more would hide the rest
MONEY, TROOPS = "#8a6d00", "#3b6e8f"
QUARTER_LAYERS = {  # name → words, colour, what a screen reader and the legend say
    "offers": ("Offers and deals", "#1b7f5c", "line: signed; dashes: refused"),
    "threats": ("Threats", WORSE, "line with “!”"),
    "trust": ("Trust learnt", "#5d3a9b", "line: for the better; dashes: for the worse"),
    "money": ("Money", MONEY, "who pays whom, USD bn a year"),
    "troops": ("Troops", TROOPS, "whose troops stand with whom"),
}
TIE_LAYERS = {
    "alliance": "Alliance",
    "alignment": "Votes alike",
    "trade": "Trade",
    "rivalry": "Rivalry",
}
USUAL_LAYERS = frozenset({"alliance", "rivalry", "offers", "threats", "trust"})
LOW, HALF, HIGH = (244, 246, 248), (157, 184, 210), (31, 78, 121)  # support 0, .5, 1


@dataclass(frozen=True)
class Scene:
    """What is to be drawn of a quarter."""

    file: ScenarioFile
    first: Event  # header of the game, its state that of the start
    state: Event  # the state that is shown; `hazard` and `utility` only after a quarter
    previous: Event | None  # state of the quarter before
    flows: tuple[Flow, ...]
    ruptured: frozenset[frozenset[str]]
    crises: dict[str, Event]  # theatre → event of this quarter
    active: frozenset[str]  # actors that did something this quarter
    caption: str
    layers: frozenset[str] = USUAL_LAYERS
    focus: str = ""  # an actor, or A>B

    def pair(self) -> frozenset[str]:
        """Actors in focus."""
        return frozenset(self.focus.split(">")) - {""}


@dataclass(frozen=True)
class Ground:
    """What stays where it is all game: strands of ties and the places of names."""

    layout: Layout
    strands: dict[tuple[str, str, str], Strand]  # (layer, from, to)
    scale: float
    lanes: dict[tuple[str, str], list[Strand]] = field(default_factory=dict)  # found so far

    def xy(self, point: Floats) -> tuple[float, float]:
        """Turn a place into a point of the drawing."""
        x, y = point
        low, high = self.layout.low, self.layout.high
        return self.scale * float(x - low[0]), self.scale * float(high[1] - y)

    def lane(self, start: str, end: str, number: int) -> Strand:
        """Curve of the n-th arrow of a quarter from one actor to another: always the same."""
        lanes = self.lanes.setdefault((start, end), [])
        while len(lanes) <= number:
            beside = [*self.layout.strands, *self.lanes.get((end, start), []), *lanes]
            lanes.append(replace(self.layout, strands=beside).route(start, end, ARROW_BENDS))
        return lanes[number]

    @property
    def height(self) -> float:
        """Height of the drawing."""
        return self.scale * float(self.layout.high[1] - self.layout.low[1])


_grounds: dict[Hashable, Ground] = {}  # laid out so far, shared by all tabs
MOST_GROUNDS = 16


def ground_of(file: ScenarioFile) -> Ground:
    """Lay out the ties of a scenario, once for all that have the same places and ties."""
    key = (
        tuple((a, x.place) for a, x in file.actors.items()),
        tuple((t, x.place) for t, x in file.theatres.items()),
        file.ties,
    )
    if key not in _grounds:
        while len(_grounds) >= MOST_GROUNDS:
            _grounds.pop(next(iter(_grounds)))
        _grounds[key] = _laid_out(file)
    return _grounds[key]


def _laid_out(file: ScenarioFile) -> Ground:
    layout = layout_of(file)
    strands = {}
    for layer in LAYERS:
        for i, j in weights(file, layer):
            strands[layer.name, i, j] = layout.route(i, j)
    ground = Ground(layout, strands, WIDTH / float(layout.high[0] - layout.low[0]))
    for table in file.tables.values():
        for start, end in permutations(table.parties):
            ground.lane(start, end, 0)  # found now, so that nobody waits for it later
    return ground


def weights(file: ScenarioFile, layer: Layer) -> dict[tuple[str, str], float]:
    """Ties that are drawn in a layer, and how strong they are from 0 to 1."""
    all_ = {(t.source_of, t.to): strength(t, layer.name) for t in file.ties}
    top = (max(all_.values(), default=0.0) or 1.0) if layer.name == "trade" else 1.0
    return {pair: w / top for pair, w in all_.items() if w / top >= layer.least}


@dataclass
class Taken:
    """Where something is written already, and the strands that a text would hide."""

    crowd: Floats  # (point, 2)
    boxes: list[Floats] = field(default_factory=list)


def draw(ground: Ground, scene: Scene) -> Markup:
    """Draw a quarter."""
    layout = replace(ground.layout, strands=list(ground.layout.strands))
    layout.sizes = {
        a: RADIUS * growth(scene.file, a, scene.first["state"], scene.state) ** 0.5
        for a in scene.file.actors
    }
    shown = [f for f in chosen_flows(scene) if f.layer in scene.layers]
    count: dict[tuple[str, str], int] = {}
    arrows = []
    for flow in shown:
        number = count.get((flow.start, flow.end), 0)
        count[flow.start, flow.end] = number + 1
        arrows.append((flow, ground.lane(flow.start, flow.end, number)))
    layout.strands += [strand for _, strand in arrows]
    taken = Taken(layout.crowd)
    names = join(
        *(_name(ground, layout, scene, a, taken) for a in scene.file.actors),
        *(_theatre_name(ground, layout, scene, t, taken) for t in scene.file.theatres),
    )
    labels = join(*_flow_labels(ground, layout, arrows, scene, taken))
    height = ground.height + 26.0
    return tag(
        "svg",
        tag("title", f"Network of ties, {scene.caption}"),
        _markers(),
        join(*(_theatre(ground, scene, t) for t in scene.file.theatres)),
        join(*(_tie(ground, scene, layer) for layer in LAYERS if layer.name in scene.layers)),
        join(*(_arrow(ground, layout, scene, flow, strand) for flow, strand in arrows)),
        join(*(_node(ground, layout, scene, a) for a in scene.file.actors)),
        names,
        labels,
        tag("text", f"{scene.caption} · {NOTICE}", x=14, y=height - 8, class_="hs-caption"),
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="group",
        aria_label=f"Network of ties, {scene.caption}",
        xmlns="http://www.w3.org/2000/svg",
        class_="hs-network",
        font_family="system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif",
    )


def chosen_flows(scene: Scene) -> list[Flow]:
    """Leave out most of what was learnt about trust, which would hide the rest, unless in focus."""
    pair = scene.pair()
    learnt = [f for f in scene.flows if f.layer == "trust" and pair <= {f.start, f.end}]
    kept = sorted(learnt, key=lambda f: -f.size)[: MOST_LEARNT if not pair else None]
    return [f for f in scene.flows if f.layer != "trust" or f in kept]


def _markers() -> Markup:
    heads = {"offers", "threats", "trust", "money", "troops"}
    colours = {k: QUARTER_LAYERS[k][1] for k in sorted(heads)}
    return tag(
        "defs",
        *(
            tag(
                "marker",
                tag("path", d="M0,0 L8,4 L0,8 Z", fill=colour),
                id=f"hs-{name}",
                viewBox="0 0 8 8",
                refX=6.5,
                refY=4,
                markerWidth=11,
                markerHeight=11,
                markerUnits="userSpaceOnUse",
                orient="auto",
            )
            for name, colour in colours.items()
        ),
    )


def _theatre(ground: Ground, scene: Scene, name: str) -> Markup:
    """Draw a place of possible war as an area; what deters there is told on hovering."""
    theatre = scene.file.theatres[name]
    x, y = ground.xy(place_of(theatre.place))
    return tag(
        "g",
        tag("title", theatre_words(scene, name)),
        tag(
            "ellipse",
            cx=x,
            cy=y,
            rx=ground.scale * AREA[0],
            ry=ground.scale * AREA[1],
            class_="hs-theatre hs-hot" if name in scene.crises else "hs-theatre",
        ),
    )


def theatre_words(scene: Scene, name: str) -> str:
    """Say what a theatre is, how likely a crisis is, who would win, what the promise is worth."""
    theatre, state = scene.file.theatres[name], scene.state
    sides = [
        scene.file.actors[a].name if a in scene.file.actors else a
        for a in (theatre.challenger, theatre.defender)
    ]
    said = f"{theatre.name}: a place of possible war between {sides[0]} and {sides[1]}."
    if "hazard" in state:
        said += (
            f" Chance of a crisis {percent(state['hazard'][name])} a quarter. Chance that"
            f" {sides[0]} would win {percent(state['odds'][name])}."
        )
    promise = state["commitment"].get(name)
    if theatre.patron is not None and promise is not None:
        patron = scene.file.actors[theatre.patron].name
        said += f" Chance that {patron} would come to its aid {percent(promise)}."
    return said


def _theatre_name(ground: Ground, layout: Layout, scene: Scene, name: str, taken: Taken) -> Markup:
    """Write a theatre's name, the odds of a crisis and of the defence, where that hides least."""
    theatre, state = scene.file.theatres[name], scene.state
    lines = [(line, "hs-theatre-name") for line in balanced(theatre.name, 24).split("\n")]
    if "hazard" in state:
        lines.append((f"crisis {percent(state['hazard'][name])} a quarter", "hs-theatre-odds"))
        held = 1.0 - state["odds"][name]
        lines.append((f"defence holds at {percent(held)}", "hs-theatre-odds"))
    crisis = scene.crises.get(name)
    if crisis is not None:
        lines.insert(0, (f"⚠ {crisis['called']}", "hs-theatre-hot"))
    x, y = place_of(theatre.place)
    spots = [(x, y + shift * AREA[1], "middle", "middle") for shift in (0.0, -0.25, 0.25)]
    tall = LINE * SMALL * len(lines)
    widest = max(len(line) for line, _ in lines)
    return _write(
        ground, lines, _free(ground, layout, spots, LETTER * SMALL * widest, tall, taken), tall
    )


def _tie(ground: Ground, scene: Scene, layer: Layer) -> Markup:
    """Draw a layer of ties; those that broke are gone."""
    out = []
    for (i, j), weight in weights(scene.file, layer).items():
        if layer.name == "alliance" and frozenset((i, j)) in scene.ruptured:
            continue
        strand = ground.strands[layer.name, i, j]
        width = max(layer.widest * weight, 0.7) * 1.3
        dash = None
        if layer.style != "solid":
            dash = " ".join(f"{max(width, 1.2) * step:.1f}" for step in layer.style[1])
        a, b = scene.file.actors[i].name, scene.file.actors[j].name
        title = f"{TIE_LAYERS[layer.name]}: {a} and {b}{_tie_words(scene.file, layer, i, j)}"
        path = _path(ground, strand)
        out.append(
            tag(
                "g",
                tag("title", title),
                tag("path", d=path, class_="hs-hit"),
                tag(
                    "path",
                    d=path,
                    fill="none",
                    stroke=layer.colour,
                    stroke_width=round(width, 1),
                    stroke_dasharray=dash,
                ),
                class_=_faded(scene, i, j),
                data_pick=f"pair:{i}>{j}",
            )
        )
    return join(*out)


def _tie_words(file: ScenarioFile, layer: Layer, i: str, j: str) -> str:
    tie = next(t for t in file.ties if (t.source_of, t.to) == (i, j))
    if layer.name == "trade":
        there = tie.trade.value if tie.trade is not None else 0.0
        back = tie.trade_back.value if tie.trade_back is not None else 0.0
        return f", goods {there:,.0f} one way and {back:,.0f} back, USD bn a year"
    return f", {share(strength(tie, layer.name))} of 1"


def _faded(scene: Scene, i: str, j: str) -> str | None:
    pair = scene.pair()
    if not pair or pair <= {i, j}:
        return None
    return "hs-faded"


def _path(ground: Ground, strand: Strand) -> str:
    start, control, end = (ground.xy(p) for p in (strand.start, strand.control, strand.end))
    return "M{:.1f},{:.1f} Q{:.1f},{:.1f} {:.1f},{:.1f}".format(*start, *control, *end)


def _arrow(ground: Ground, layout: Layout, scene: Scene, flow: Flow, strand: Strand) -> Markup:
    """Draw something that goes from one actor to another this quarter."""
    start, end = layout.shown(strand, flow.start, flow.end)
    points = [ground.xy(p) for p in strand.at(np.linspace(start, end, SAMPLES))]
    line = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    colour = QUARTER_LAYERS[flow.layer][1]
    width = 1.6 + 2.4 * min(max(flow.size, 0.0), 1.0)
    return tag(
        "g",
        tag("title", flow.title),
        tag("path", d=line, class_="hs-hit"),
        tag("path", d=line, class_="hs-halo", stroke_width=width + 3.0),
        tag(
            "path",
            d=line,
            fill="none",
            stroke=colour,
            stroke_width=round(width, 1),
            stroke_dasharray=None if flow.good or flow.layer == "threats" else "7 5",
            marker_end=f"url(#hs-{flow.layer})",
        ),
        class_=_faded(scene, flow.start, flow.end) or (None if flow.changed else "hs-standing"),
        data_pick=f"pair:{flow.start}>{flow.end}",
    )


def _node(ground: Ground, layout: Layout, scene: Scene, actor: str) -> Markup:
    """Draw an actor: colour and number are support at home, a ring if it did something."""
    x, y = ground.xy(layout.nodes[actor])
    radius = ground.scale * layout.sizes[actor]
    support = scene.state["support"][actor]
    chosen = actor in scene.pair()
    title = (
        f"{scene.file.actors[actor].name}: {scene.state['offices'][actor]}. Support at home"
        f" {percent(support)}."
    )
    return tag(
        "g",
        tag("title", title),
        tag("circle", cx=x, cy=y, r=radius + 6.0, class_="hs-active")
        if actor in scene.active
        else None,
        tag("circle", cx=x, cy=y, r=radius + 3.5, class_="hs-chosen") if chosen else None,
        tag("circle", cx=x, cy=y, r=radius, fill="#fff"),
        tag("circle", cx=x, cy=y, r=radius, fill=shade(support), class_="hs-node"),
        tag(
            "text",
            percent(support),
            x=x,
            y=y + 4.5,
            text_anchor="middle",
            font_size=13,
            fill="#fff" if support > 0.65 and (chosen or not scene.pair()) else INK,  # noqa: PLR2004
        ),
        tabindex=0,
        role="button",
        aria_label=f"{title} Choose this actor.",
        aria_pressed=str(chosen).lower(),
        data_pick=f"actor:{actor}",
        class_="hs-actor" if not scene.pair() or chosen else "hs-actor hs-pale",
    )


def shade(support: float) -> str:
    """Colour of a support from 0 to 1."""
    low, high, t = (LOW, HALF, 2.0 * support) if support < 0.5 else (HALF, HIGH, 2 * support - 1)  # noqa: PLR2004
    t = min(max(t, 0.0), 1.0)
    return "#" + "".join(f"{round(a + t * (b - a)):02x}" for a, b in zip(low, high, strict=True))


def _name(ground: Ground, layout: Layout, scene: Scene, actor: str, taken: Taken) -> Markup:
    """Write an actor's name and how it fares, where that hides least."""
    lines = balanced(scene.file.actors[actor].name, 12).split("\n")
    trend = fares(scene, actor)
    x, y = layout.nodes[actor]
    near = layout.sizes[actor] + 9.0 / ground.scale
    spots = [
        (x, y - near, "middle", "top"),
        (x, y + near, "middle", "bottom"),
        (x + near, y, "start", "middle"),
        (x - near, y, "end", "middle"),
    ]
    widest = max(*(len(line) * BIG for line in lines), len(trend) * SMALL)
    tall = LINE * BIG * len(lines) + (LINE * SMALL if trend else 0.0)
    spot = _free(ground, layout, spots, LETTER * widest, tall, taken)
    return _write(
        ground,
        [*((line, "hs-name") for line in lines), *([(trend, "hs-trend")] if trend else [])],
        spot,
        tall,
    )


def fares(scene: Scene, actor: str) -> str:
    """Say how an actor fares: its utility this quarter and which way it went."""
    now = scene.state.get("utility", {}).get(actor)
    if now is None:
        return ""
    then = (scene.previous or {}).get("utility", {}).get(actor)
    sign = (
        ""
        if then is None
        else "▲ "
        if now > then + 0.005
        else "▼ "
        if now < then - 0.005
        else "＝ "
    )
    return f"{sign}utility {part(now)}"


def _free(
    ground: Ground,
    layout: Layout,
    spots: Sequence[tuple[float, float, str, str]],
    width: float,
    height: float,
    taken: Taken,
) -> tuple[float, float, str, str]:
    """Choose the place for a text of this size, in units of the drawing, and take it."""
    w, h = width / ground.scale, height / ground.scale
    boxes = [_box(spot, w, h) for spot in spots]
    costs = [layout.hidden(box, taken.boxes, taken.crowd) + 0.02 * n for n, box in enumerate(boxes)]
    best = int(np.argmin(costs))
    taken.boxes.append(boxes[best])
    return spots[best]


def _box(spot: tuple[float, float, str, str], width: float, height: float) -> Floats:
    x, y, across, up = spot
    left = x - {"start": 0.0, "middle": width / 2.0, "end": width}[across]
    low = y - {"bottom": 0.0, "middle": height / 2.0, "top": height}[up]
    return np.array([left, low, left + width, low + height])


def _write(
    ground: Ground,
    lines: Sequence[tuple[str, str]],
    spot: tuple[float, float, str, str],
    tall: float,
) -> Markup:
    x, y = ground.xy(np.array(spot[:2]))
    top = {"top": y, "middle": y - tall / 2.0, "bottom": y - tall}[spot[3]]
    out = []
    for text, kind in lines:
        size = BIG if kind == "hs-name" else SMALL
        top += LINE * size
        out.append(tag("text", text, x=x, y=top - 0.3 * size, text_anchor=spot[2], class_=kind))
    return join(*out)


def _flow_labels(
    ground: Ground,
    layout: Layout,
    arrows: Sequence[tuple[Flow, Strand]],
    scene: Scene,
    taken: Taken,
) -> list[Markup]:
    """Write on the arrows what they are, those of the actors in focus first."""
    pair = scene.pair()
    rank = sorted(
        arrows,
        key=lambda a: (not pair & {a[0].start, a[0].end}, not a[0].changed, -a[0].size),
    )
    out = []
    for flow, strand in rank[:MOST_LABELS]:
        if pair and not pair <= {flow.start, flow.end}:
            continue
        spots = [
            (float(x), float(y), across, "middle")
            for x, y in strand.at([0.5, 0.42, 0.58, 0.34, 0.66])
            for across in ("middle", "start", "end")
        ]
        width, tall = LETTER * SMALL * (len(flow.label) + 1), 17.0
        x, y, across, _ = _free(ground, layout, spots, width, tall, taken)
        px, py = ground.xy(np.array([x, y]))
        left = px - {"start": 0.0, "middle": width / 2.0, "end": width}[across]
        out.append(
            tag(
                "g",
                tag("title", flow.title),
                tag("rect", x=left, y=py - 9.0, width=width, height=18, rx=4, class_="hs-tag"),
                tag(
                    "text",
                    flow.label,
                    x=left + width / 2.0,
                    y=py + 4.5,
                    text_anchor="middle",
                    class_="hs-flow",
                    fill=QUARTER_LAYERS[flow.layer][1],
                ),
                data_pick=f"pair:{flow.start}>{flow.end}",
            )
        )
    return out


def switches(layers: frozenset[str]) -> Markup:
    """Write the switches of the layers, each with a sample of its line: the legend at once."""
    ties = [(x.name, TIE_LAYERS[x.name], x.colour, _sample(x), x.words) for x in reversed(LAYERS)]
    quarter = [
        (k, words, colour, None, about) for k, (words, colour, about) in QUARTER_LAYERS.items()
    ]
    rows = (
        ("Ties", [_switch(*each, on=each[0] in layers) for each in ties]),
        ("This quarter", [_switch(*each, on=each[0] in layers, arrow=True) for each in quarter]),
    )
    return tag(
        "div",
        *(
            tag(
                "div",
                tag("span", words, class_="hs-legend"),
                *row,
                class_="hs-switches",
                role="group",
                aria_label=f"What the network shows: {words}",
            )
            for words, row in rows
        ),
    )


def _sample(layer: Layer) -> str | None:
    return None if layer.style == "solid" else " ".join(str(3 * s) for s in layer.style[1])


def _switch(
    name: str,
    words: str,
    colour: str,
    dash: str | None,
    about: str,
    *,
    on: bool,
    arrow: bool = False,
) -> Markup:
    line = tag(
        "svg",
        tag("path", d="M1,6 H23", stroke=colour, stroke_width=3, stroke_dasharray=dash),
        tag("path", d="M19,1 L25,6 L19,11 Z", fill=colour) if arrow else None,
        viewBox="0 0 26 12",
        width=26,
        height=12,
        aria_hidden="true",
    )
    return tag(
        "button",
        line,
        tag("span", words),
        type="button",
        title=about,
        aria_pressed=str(on).lower(),
        data_pick=f"layer:{name}",
        class_="hs-chip",
    )
