"""Charts as inline SVG: waterfall, pairs of bars, lines, heat map, points in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10

from model.chronicle import figure
from runs.viewer.markup import Markup, join, tag
from runs.words import part

FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
GOOD, BAD, PLAIN, SOFT, LINE = "#1b7f5c", "#b34700", "#1f4e79", "#5c6670", "#dfe3e7"
ROW = 24.0
LABELS = 204.0  # room for the names of bars
HALF = 0.5


@dataclass(frozen=True)
class Bar:
    """A bar of a waterfall."""

    name: str
    value: float


def svg(width: float, height: float, label: str, *inner: str | None) -> Markup:
    """Frame a drawing."""
    return tag(
        "svg",
        tag("title", label),
        *inner,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        aria_label=label,
        xmlns="http://www.w3.org/2000/svg",
        class_="hs-chart",
        font_family=FONT,
        font_size=13,
    )


def waterfall(
    bars: Sequence[Bar],
    total: Bar,
    *,
    line: Bar | None = None,
    label: str = "",
    width: float = 500.0,
) -> Markup:
    """Draw terms one after the other, each from where the last ended, and their sum below.

    line : a level to compare the sum with
    """
    left, right = LABELS, 56.0
    ends, at = [0.0], 0.0
    for bar in bars:
        at += bar.value
        ends.append(at)
    marks = [*ends, total.value, *([line.value] if line is not None else [])]
    low, high = min(marks), max(marks)
    span = max(high - low, 1e-6)

    def x(value: float) -> float:
        return left + (width - left - right) * (value - low) / span

    rows = []
    for n, bar in enumerate(bars):
        y = ROW * n + 4.0
        rows.append(_row(bar.name, bar.value, x(ends[n]), x(ends[n + 1]), y, left, width, None))
        rows.append(
            tag(
                "path", d=f"M{x(ends[n + 1]):.1f},{y + ROW - 7:.1f} v8", stroke=SOFT, stroke_width=1
            )
        )
    y = ROW * len(bars) + 8.0
    rows.append(tag("path", d=f"M0,{y - 4:.1f} H{width}", stroke=LINE, stroke_width=1))
    rows.append(_row(total.name, total.value, x(0.0), x(total.value), y, left, width, PLAIN))
    height = y + ROW + 2.0
    rows.insert(
        0, tag("path", d=f"M{x(0.0):.1f},0 V{height - 2:.1f}", stroke="#9aa3ab", stroke_width=1)
    )
    if line is not None:
        at = x(line.value)
        rows.append(
            tag(
                "path",
                d=f"M{at:.1f},{y - 3:.1f} V{height:.1f}",
                stroke="#1c1f23",
                stroke_width=2,
                stroke_dasharray="4 3",
            )
        )
        height += 16.0
        rows.append(
            tag(
                "text",
                f"{line.name} {part(line.value)}",
                x=min(max(at, left + 60.0), width - 70.0),
                y=height - 4.0,
                text_anchor="middle",
                fill="#1c1f23",
                font_size=12,
            )
        )
    return svg(width, height, label or f"{total.name} {part(total.value)}", *rows)


def _row(
    name: str,
    value: float,
    start: float,
    end: float,
    y: float,
    left: float,
    width: float,
    colour: str | None,
) -> Markup:
    strong = 650 if colour else None
    return join(
        tag("text", name, x=left - 10.0, y=y + 14.0, text_anchor="end", font_weight=strong),
        tag(
            "rect",
            x=min(start, end),
            y=y + 2.0,
            width=max(abs(end - start), 1.5),
            height=ROW - 8.0,
            rx=2,
            fill=colour or (GOOD if value >= 0.0 else BAD),
        ),
        tag(
            "text",
            part(value, 3),
            x=width - 2.0,
            y=y + 14.0,
            text_anchor="end",
            font_weight=strong,
            data_value=f"{value:.6f}",
        ),
    )


def pairs(
    rows: Sequence[tuple[str, float, float]],
    names: tuple[str, str],
    label: str,
    width: float = 500.0,
) -> Markup:
    """Draw two bars a row: hollow what was believed, filled what was true."""
    left, right, tall = LABELS, 100.0, 30.0
    top = max((abs(v) for _, *both in rows for v in both), default=1.0) or 1.0
    middle = left + (width - left - right) / 2.0
    half = (width - left - right) / 2.0
    out = [tag("path", d=f"M{middle},18 V{18 + tall * len(rows)}", stroke="#9aa3ab")]
    for n, (head, at) in enumerate(zip(names, (width - 54.0, width - 2.0), strict=True)):
        out.append(
            tag(
                "text",
                head,
                x=at,
                y=12,
                text_anchor="end",
                fill=SOFT,
                font_size=12,
                font_weight=650 if n else None,
            )
        )
    for n, (name, *both) in enumerate(rows):
        y = 18.0 + tall * n
        out.append(tag("text", name, x=left - 10.0, y=y + 18.0, text_anchor="end"))
        for k, value in enumerate(both):
            length = half * abs(value) / top
            out.append(
                tag(
                    "rect",
                    x=middle if value >= 0.0 else middle - length,
                    y=y + 4.0 + 11.0 * k,
                    width=max(length, 1.0),
                    height=9,
                    fill=PLAIN if k else "#fff",
                    stroke=PLAIN,
                    stroke_width=1.2,
                )
            )
            out.append(
                tag(
                    "text",
                    part(value, 2),
                    x=width - 54.0 + 52.0 * k,
                    y=y + 18.0,
                    text_anchor="end",
                    font_weight=650 if k else None,
                )
            )
    return svg(width, 22.0 + tall * len(rows), label, *out)


def lines(name: str, unit: str, values: Sequence[float], mark: int) -> Markup:
    """Draw a series under its name, a dot at the quarter looked at, its value written.

    values : the start and each quarter; NaN where there is none; mark : number of the value
    """
    width, height, left = 230.0, 58.0, 8.0
    known = [v for v in values if isfinite(v)]
    if not known:
        return Markup("")
    low, high = min(known), max(known)
    if high - low < 1e-9 * max(abs(high), 1.0):
        low, high = low - 1.0, high + 1.0
    step = (width - 2 * left - 42.0) / max(len(values) - 1, 1)

    def point(n: int) -> tuple[float, float]:
        return left + step * n, 8.0 + (height - 18.0) * (high - values[n]) / (high - low)

    drawn = [point(n) for n in range(len(values)) if isfinite(values[n])]
    path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
    here = point(mark) if isfinite(values[mark]) else None
    said = figure(_rounded(values[mark])) if here else "–"
    ends = [(max(known), 12.0)] + [(min(known), height - 6.0)] * (max(known) > min(known))
    return tag(
        "figure",
        tag("figcaption", tag("b", name), tag("span", f"{said} {unit}")),
        svg(
            width,
            height,
            f"{name}: {said} {unit}",
            tag("path", d=path, fill="none", stroke=PLAIN, stroke_width=2),
            tag(
                "circle", cx=here[0], cy=here[1], r=4.5, fill="#fff", stroke=PLAIN, stroke_width=2.5
            )
            if here
            else None,
            *(
                tag(
                    "text",
                    figure(_rounded(v)),
                    x=width - 3,
                    y=y,
                    text_anchor="end",
                    fill=SOFT,
                    font_size=11,
                )
                for v, y in ends
            ),
        ),
    )


def _rounded(value: float) -> float:
    """Keep three digits."""
    if value == 0.0 or not isfinite(value):
        return value
    return round(value, max(2 - floor(log10(abs(value))), 0))


def heat(
    names: Sequence[str], values: dict[tuple[int, int], float], label: str, *, good_high: bool
) -> Markup:
    """Draw a matrix: rows who thinks, columns of whom; each cell has its number.

    values : (row, column) → 0 to 1
    """
    cell, left, top = 52.0, 176.0, 100.0
    width, height = left + cell * len(names), top + 34.0 * len(names)
    out = []
    for n, name in enumerate(names):
        at = left + cell * (n + 0.5)
        out.append(tag("text", name, transform=f"translate({at:.1f},{top - 8:.1f}) rotate(-38)"))
        out.append(tag("text", name, x=left - 8, y=top + 34.0 * (n + 0.5) + 4, text_anchor="end"))
    for (i, j), value in values.items():
        x, y = left + cell * j, top + 34.0 * i
        strong = value if good_high else 1.0 - value
        dark = abs(strong - HALF) > 0.3  # noqa: PLR2004 - white reads better
        out.append(
            tag(
                "g",
                tag("title", f"{names[i]} about {names[j]}: {value:.2f} of 1"),
                tag("rect", x=x + 1, y=y + 1, width=cell - 2, height=32, rx=3, fill=blend(strong)),
                tag(
                    "text",
                    f"{value:.2f}".removeprefix("0"),
                    x=x + cell / 2,
                    y=y + 21,
                    text_anchor="middle",
                    fill="#fff" if dark else "#1c1f23",
                ),
            )
        )
    return svg(width + 62.0, height + 4.0, label, *out)


def blend(value: float) -> str:
    """Colour from worse (orange) over white to better (blue), safe for the colour-blind."""
    ends = (166, 74, 10), (247, 247, 245), (31, 78, 121)
    low, high, t = (
        (ends[0], ends[1], 2 * value) if value < HALF else (ends[1], ends[2], 2 * value - 1)
    )
    t = min(max(t, 0.0), 1.0)
    return "#" + "".join(f"{round(a + t * (b - a)):02x}" for a, b in zip(low, high, strict=True))
