"""Pictures of the seminar as SVG that stands in a page: the map of ties, zones, bands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from model.beliefs import reliability
from runs.seminar.live import Live
from runs.seminar.words import Translate

WIDTH, HEIGHT = 760, 470
INK, SOFT, ALLY, RIVAL = "#1c2733", "#4d5b69", "#173f5f", "#a33a1e"
SHOWN = 0.3  # weaker rivalry is left out
SERIES = ("#173f5f", "#b3541e", "#1d6b4f", "#6a4c93")


def text(
    x: float,
    y: float,
    words: str,
    size: int = 15,
    anchor: str = "middle",
    fill: str = INK,
    weight: int = 400,
) -> str:
    """Return a line of text."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"'
        f' font-weight="{weight}">{escape(words)}</text>'
    )


def ties_svg(live: Live, t: Translate) -> str:
    """Draw the public ties: alliances as lines, rivalries as dashes, wider where strong."""
    match = live.game
    scenario = match.game.scenario
    x, y = (np.array([rule.place[n] for rule in match.file.actors.values()]) for n in (0, 1))
    places = {
        a: (
            125 + (WIDTH - 250) * (rule.place[0] - x.min()) / max(float(np.ptp(x)), 0.01),
            40 + (HEIGHT - 150) * (y.max() - rule.place[1]) / max(float(np.ptp(y)), 0.01),
        )
        for a, rule in match.file.actors.items()
    }
    names = scenario.actors
    ally, rival = scenario.ties.alliance[..., 0], scenario.ties.rivalry[..., 0]
    parts = []
    for i, a in enumerate(names):
        for j in range(i + 1, len(names)):
            (x1, y1), (x2, y2) = places[a], places[names[j]]
            line = f'x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"'
            if max(ally[i, j], ally[j, i]) > 0:
                width = 2 + 4 * max(ally[i, j], ally[j, i])
                parts.append(f'<line {line} stroke="{ALLY}" stroke-width="{width:.1f}"/>')
            elif max(rival[i, j], rival[j, i]) > SHOWN:
                width = 1 + 3 * max(rival[i, j], rival[j, i])
                parts.append(
                    f'<line {line} stroke="{RIVAL}" stroke-width="{width:.1f}"'
                    ' stroke-dasharray="3 6" stroke-linecap="round"/>'
                )
    for a, (left, top) in places.items():
        held = live.session.held.get(a) == "people"
        fill = ALLY if held else "#fff"
        parts.append(
            f'<circle cx="{left:.0f}" cy="{top:.0f}" r="11" fill="{fill}" stroke="{ALLY}"'
            ' stroke-width="3"/>'
        )
        parts.append(
            f'<text x="{left:.0f}" y="{top + 30:.0f}" font-size="17" text-anchor="middle"'
            f' font-weight="600" fill="{INK}" stroke="#fff" stroke-width="5"'
            f' paint-order="stroke">{escape(t(match.file.actors[a].name))}</text>'
        )
    foot = HEIGHT - 12
    legend = (
        f'<line x1="14" y1="{foot - 5}" x2="50" y2="{foot - 5}" stroke="{ALLY}" stroke-width="5"/>'
        + text(58, foot, t("alliance"), 14, "start")
        + f'<line x1="150" y1="{foot - 5}" x2="186" y2="{foot - 5}" stroke="{RIVAL}"'
        ' stroke-width="3" stroke-dasharray="3 6" stroke-linecap="round"/>'
        + text(194, foot, t("rivalry"), 14, "start")
        + f'<circle cx="300" cy="{foot - 5}" r="7" fill="{ALLY}"/>'
        + text(314, foot, t("a team"), 14, "start")
        + f'<circle cx="410" cy="{foot - 5}" r="6" fill="#fff" stroke="{ALLY}" stroke-width="2"/>'
        + text(424, foot, t("its doctrine"), 14, "start")
    )
    label = escape(t("Alliances and rivalries among the seven offices"))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(parts)}{legend}</svg>"
    )


def zone_svg(
    first: np.ndarray,
    second: np.ndarray,
    possible: np.ndarray,
    frontier: np.ndarray,
    marks: Sequence[tuple[int, str, str]],
    names: tuple[str, str],
    t: Translate,
) -> str:
    """Draw a bargaining zone: what each package would bring either side.

    first, second, possible, frontier : (package,); marks : (package, shape, words)
    """
    size, pad = 360, 46
    shown = np.flatnonzero(possible)
    points = {int(p): (float(first[p]), float(second[p])) for p in shown}
    for p, _, _ in marks:
        points[p] = (float(first[p]), float(second[p]))
    xs = [x for x, _ in points.values()] + [0.0]
    ys = [y for _, y in points.values()] + [0.0]
    high_x, high_y = max([*xs, 0.02]), max([*ys, 0.02])
    # what is far worse than no deal for one side would squeeze the rest into a corner
    kept = [points[p] for p, _, _ in marks]
    low_x = min([max(min(xs), -high_x), *(x for x, _ in kept)])
    low_y = min([max(min(ys), -high_y), *(y for _, y in kept)])

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            pad + (size - 2 * pad) * (x - low_x) / (high_x - low_x),
            size - pad - (size - 2 * pad) * (y - low_y) / (high_y - low_y),
        )

    x0, y0 = at(0.0, 0.0)
    right, top = at(high_x, high_y)
    area = f'x="{x0:.1f}" y="{top:.1f}" width="{right - x0:.1f}" height="{y0 - top:.1f}"'
    parts = [
        f'<rect {area} fill="#e7f3ed"/>',
        f'<line x1="{pad}" y1="{y0:.1f}" x2="{size - pad}" y2="{y0:.1f}" stroke="#8795a3"/>',
        f'<line x1="{x0:.1f}" y1="{pad}" x2="{x0:.1f}" y2="{size - pad}" stroke="#8795a3"/>',
    ]
    seen = set()
    for p in map(int, shown):
        x, y = at(*points[p])
        if not (pad - 1 <= x and y <= size - pad + 1):  # far worse than no deal for one side
            continue
        spot = (round(x), round(y))
        if spot in seen and not frontier[p]:
            continue
        seen.add(spot)
        fill = ALLY if frontier[p] else "#aeb9c4"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3.2 if frontier[p] else 1.8}" fill="{fill}"/>'
        )
    for p, shape, words in marks:
        x, y = at(*points[p])
        if shape == "star":
            parts.append(text(x, y + 7, "★", 21, fill="#b3541e"))
        elif shape == "ring":
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="#1d6b4f"'
                ' stroke-width="3"/>'
            )
        else:
            parts.append(
                f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" fill="none"'
                ' stroke="#6a4c93" stroke-width="2.5"/>'
            )
        parts.append(f"<title>{escape(words)}</title>")
    parts.append(text(size / 2, size - 12, t("gain of {a}", a=names[0]) + " →", 14))
    parts.append(
        f'<g transform="rotate(-90 14 {size / 2})">'
        + text(14, size / 2, t("gain of {a}", a=names[1]) + " →", 14)
        + "</g>"
    )
    label = escape(t("Bargaining zone of {a} and {b}", a=names[0], b=names[1]))
    return (
        f'<svg viewBox="0 0 {size} {size}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def strip_svg(
    rows: Iterable[tuple[str, np.ndarray, float | None, np.ndarray | None]], t: Translate
) -> str:
    """Draw bands of outcomes: 10 to 90 % of many games, and where this class ended.

    rows : (name, values of many games, value of the class, values of another set of games)
    """
    rows = list(rows)
    width, left, step = 760, 240, 44
    height = step * len(rows) + 44
    every = np.concatenate(
        [np.concatenate([v, o if o is not None else v[:0]]) for _, v, _, o in rows]
    )
    marks = [m for _, _, m, _ in rows if m is not None]
    low = min(float(np.quantile(every, 0.02)), *marks, 0.0)
    high = max(float(np.quantile(every, 0.98)), *marks, 0.0)
    span = max(high - low, 1e-9)

    def at(value: float) -> float:
        return left + (width - left - 24) * (min(max(value, low), high) - low) / span

    parts = [
        f'<line x1="{at(0):.1f}" y1="8" x2="{at(0):.1f}" y2="{height - 36}" stroke="#8795a3"/>'
    ]
    for n, (name, values, mark, other) in enumerate(rows):
        y = 22 + step * n
        parts.append(text(left - 12, y + 6, name, 15, "end", weight=600))
        for set_, offset, fill in ((values, -5, "#9db8cc"), (other, 6, "#e3b796")):
            if set_ is None or not len(set_):
                continue
            a, m, b = (float(np.quantile(set_, q)) for q in (0.1, 0.5, 0.9))
            h = 10 if other is not None else 14
            top = y + (offset if other is not None else -7)
            parts.append(
                f'<rect x="{at(a):.1f}" y="{top}" width="{max(at(b) - at(a), 2):.1f}"'
                f' height="{h}" fill="{fill}"/>'
            )
            parts.append(
                f'<line x1="{at(m):.1f}" x2="{at(m):.1f}" y1="{top}" y2="{top + h}"'
                f' stroke="{INK}" stroke-width="2"/>'
            )
        if mark is not None:
            parts.append(text(at(mark), y + 8, "◆", 19, fill="#9b1c1c"))
    parts.append(text(at(0), height - 18, "0", 13, fill=SOFT))
    parts.append(
        text(
            width - 24,
            height - 4,
            t("value to the office, mean of the turns") + " →",
            13,
            "end",
            SOFT,
        )
    )
    label = escape(
        t("Bands from 10 to 90 per cent of the games, line: the middle one, diamond: this class")
    )
    head = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
    return f"{head}{''.join(parts)}</svg>"


def trust_of(live: Live) -> np.ndarray:
    """Return reliability as each believes it of each, (actor, actor)."""
    return np.asarray(reliability(live.world)[..., 0])
