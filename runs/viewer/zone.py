"""The bargaining zone of a table: packages as points in the plane of both sides' utility."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from agents.briefing import Floats
from model.chronicle import package_told
from model.yardsticks import Zone, zone_of_agreement
from runs.viewer.charts import BAD, GOOD, PLAIN, SOFT, svg
from runs.viewer.desk import Desk
from runs.viewer.flows import capital
from runs.viewer.markup import Markup, tag
from runs.viewer.reasoning import table_number
from runs.viewer.watched import Moment
from runs.words import Names, part, percent, proposal

WIDTH, HEIGHT = 500.0, 400.0
LEFT, TOP, RIGHT, FOOT = 56.0, 16.0, 16.0, 48.0
ROOM = 130.0  # for the name of a point


@dataclass(frozen=True)
class Plane:
    """The part of the plane that is drawn."""

    low: Floats  # (2,) utility
    high: Floats

    def xy(self, first: float, second: float) -> tuple[float, float]:
        """Turn utilities into a point of the drawing."""
        x = (first - self.low[0]) / (self.high[0] - self.low[0])
        y = (second - self.low[1]) / (self.high[1] - self.low[1])
        return LEFT + (WIDTH - LEFT - RIGHT) * x, HEIGHT - FOOT - (HEIGHT - TOP - FOOT) * y

    def holds(self, first: float, second: float) -> bool:
        """Say whether a point is drawn."""
        return bool((self.low <= (first, second)).all() and ((first, second) <= self.high).all())


def tables_open(moment: Moment) -> list[str]:
    """Tables at which talks were held."""
    scenario = moment.game.scenario
    return [t.id for n, t in enumerate(scenario.tables) if moment.record.talks[n] is not None]


def zone_of(moment: Moment, table: str) -> Zone | None:
    """Measure the zone of a table, None where it was not open."""
    talk = moment.record.talks[table_number(moment, table)]
    return zone_of_agreement(talk) if talk is not None else None


def table_panel(desk: Desk) -> Markup:
    """Write the panel “Bargaining”: choose a table, see its zone."""
    moment, names = desk.moment, desk.names
    if moment is None:
        return tag("p", "No talks have been held yet.")
    open_, table = tables_open(moment), table_shown(desk)
    if table is None:
        return tag("p", "No table was open this quarter.")
    return tag(
        "div",
        tag(
            "div",
            *(
                tag(
                    "button",
                    names.table(t),
                    type="button",
                    aria_pressed=str(t == table).lower(),
                    data_pick=f"table:{t}",
                    class_="hs-person",
                )
                for t in open_
            ),
            class_="hs-people",
            role="group",
            aria_label="Tables that were open this quarter",
        ),
        tag("p", verdict(names, moment, table)),
        draw_zone(names, moment, table),
        tag(
            "p",
            "Each dot is a package that could be signed; how much each side would gain by it in"
            " truth, against today. Numbers: the offers in order, the filled one was accepted."
            " Line: the Pareto frontier, where nobody can gain but at the other's cost. Star: the"
            " Nash point (largest product of gains). Diamond: the Kalai–Smorodinsky point (equal"
            " shares of the best that each could hope for). The players see none of this.",
            class_="hs-soft",
        ),
        tag("div", *(tag("p", line) for line in offers_told(names, moment, table))),
        class_="hs-story",
    )


def table_shown(desk: Desk) -> str | None:
    """Return the table that is looked at: the chosen one, or one of the chosen actor."""
    open_ = tables_open(desk.moment) if desk.moment is not None else []
    if desk.table in open_:
        return desk.table
    parties = {t: rule["parties"] for t, rule in desk.game.first["tables"].items()}
    return min(open_, key=lambda t: desk.actor not in parties[t], default=None)


def offers_told(names: Names, moment: Moment, table: str) -> Iterator[str]:
    """Tell the offers at a table by their numbers in the drawing."""
    replies = {e["round"]: e for e in moment.of("reply") if e["table"] == table}
    offers = [e for e in moment.of("offer") if e["table"] == table and e["moves"]]
    for n, offer in enumerate(offers, start=1):
        answer = "accepts" if replies[offer["round"]]["accepted"] else "refuses"
        by, to = names.actor(offer["by"]), names.actor(offer["to"])
        yield f"{n}. {capital(by)} proposes {proposal(offer)}. {capital(to)} {answer}."


def draw_zone(names: Names, moment: Moment, table: str) -> Markup:
    """Draw the packages, the frontier, the Nash and Kalai points, the offers and the deal."""
    number = table_number(moment, table)
    talk, zone = moment.record.talks[number], zone_of(moment, table)
    assert talk is not None
    assert zone is not None
    parties = [moment.game.scenario.actors[a] for a in moment.game.scenario.tables[number].parties]
    first, second = zone.first[:, 0], zone.second[:, 0]
    offers = [int(p) for p in talk.offers[:, 0] if p > 0]
    plane = plane_of(first, second, zone, offers)
    out = [*_axes(plane, [names.title(a) for a in parties])]
    for p in range(1, len(first)):
        if not zone.possible[p, 0] or not plane.holds(first[p], second[p]):
            continue
        x, y = plane.xy(first[p], second[p])
        inside = bool(zone.agreeable[p, 0])
        out.append(tag("circle", cx=x, cy=y, r=2.6, fill="#7fa3c4" if inside else "#d4d9de"))
    edge = sorted((first[p], second[p]) for p in np.flatnonzero(zone.frontier[:, 0]))
    line = [plane.xy(*e) for e in edge if plane.holds(*e)]
    if len(line) > 1:
        path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in line)
        out.append(tag("path", d=path, fill="none", stroke=PLAIN, stroke_width=1.6))
    out += _yardsticks(plane, zone, first, second)
    spots = [plane.xy(*np.clip((first[p], second[p]), plane.low, plane.high)) for p in offers]
    if len(spots) > 1:
        path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        out.append(
            tag("path", d=path, fill="none", stroke=BAD, stroke_width=1.2, stroke_dasharray="3 3")
        )
    for n, (x, y) in enumerate(spots, start=1):
        taken = offers[n - 1] == int(talk.accepted[0])
        told = package_told(moment.game, moment.middle, talk, offers[n - 1])
        out.append(
            tag(
                "g",
                tag("title", f"Offer {n}: {proposal(told)}{' – accepted' if taken else ''}"),
                tag(
                    "circle",
                    cx=x,
                    cy=y,
                    r=10,
                    fill=GOOD if taken else "#fff",
                    stroke=GOOD if taken else BAD,
                    stroke_width=2,
                ),
                tag(
                    "text",
                    str(n),
                    x=x,
                    y=y + 4.5,
                    text_anchor="middle",
                    font_weight=700,
                    fill="#fff" if taken else BAD,
                ),
            )
        )
    return svg(WIDTH, HEIGHT, f"Bargaining zone, {names.table(table)}, {moment.name}", *out)


def plane_of(first: Floats, second: Floats, zone: Zone, offers: list[int]) -> Plane:
    """Choose what is drawn: the zone of agreement, today's state, and the offers around it."""
    agreeable = zone.agreeable[:, 0]
    near = np.array(
        [(0.0, 0.0), *((first[p], second[p]) for p in offers)]
        + [(first[p], second[p]) for p in np.flatnonzero(agreeable)]
    )
    span = np.maximum(near.max(axis=0) - near.min(axis=0), 0.05)
    low, high = near.min(axis=0) - 0.35 * span, near.max(axis=0) + 0.12 * span
    return Plane(low, high)


def _axes(plane: Plane, titles: list[str]) -> list[Markup]:
    x, y = plane.xy(0.0, 0.0)
    right, top = WIDTH - RIGHT, TOP
    out = [
        tag("rect", x=x, y=top, width=right - x, height=y - top, fill="#eef6f1"),
        tag(
            "path", d=f"M{x:.1f},{top} V{HEIGHT - FOOT} M{LEFT},{y:.1f} H{right}", stroke="#9aa3ab"
        ),
        tag(
            "text", "both gain", x=right - 6, y=top + 14, text_anchor="end", fill=GOOD, font_size=12
        ),
        tag("text", "today", x=x - 5, y=y + 14, text_anchor="end", fill=SOFT, font_size=12),
        tag(
            "text",
            f"What {titles[0]} gains, utility →",
            x=(LEFT + right) / 2,
            y=HEIGHT - 10,
            text_anchor="middle",
        ),
        tag(
            "text",
            f"What {titles[1]} gains, utility →",
            text_anchor="middle",
            transform=f"translate(14,{(HEIGHT - FOOT + top) / 2:.0f}) rotate(-90)",
        ),
    ]
    for k in range(2):
        for value in (plane.low[k], plane.high[k]):
            a, b = plane.xy(*((value, plane.low[1]) if k == 0 else (plane.low[0], value)))
            out.append(
                tag(
                    "text",
                    part(float(value)),
                    x=a if k == 0 else a - 5,
                    y=HEIGHT - FOOT + 15 if k == 0 else b + 4,
                    text_anchor="middle" if k == 0 else "end",
                    fill=SOFT,
                    font_size=11,
                )
            )
    return out


def _yardsticks(plane: Plane, zone: Zone, first: Floats, second: Floats) -> list[Markup]:
    """Mark the Nash and the Kalai–Smorodinsky point; where they are one package, with one mark."""
    nash, kalai = int(zone.nash[0]), int(zone.kalai[0])
    points = {kalai: ("Kalai", "diamond"), nash: ("Nash", "star")}
    if nash == kalai:
        points = {nash: ("Nash and Kalai", "star")}
    return [
        _mark(*plane.xy(first[p], second[p]), *how)
        for p, how in points.items()
        if p > 0 and plane.holds(first[p], second[p])
    ]


def _mark(x: float, y: float, name: str, shape: str) -> Markup:
    d = "M0,-8 L2.4,-2.6 8,-2.4 3.6,1.4 5,7 0,3.8 -5,7 -3.6,1.4 -8,-2.4 -2.4,-2.6 Z"
    if shape == "diamond":
        d = "M0,-7 L7,0 0,7 -7,0 Z"
    return tag(
        "g",
        tag("title", f"{name} point"),
        tag("path", d=d, transform=f"translate({x:.1f},{y:.1f})", fill="#f0a500", stroke="#1c1f23"),
        tag(
            "text",
            name,
            x=x + 12 if x < WIDTH - ROOM else x - 12,
            y=y - 8,
            text_anchor="start" if x < WIDTH - ROOM else "end",
            font_size=12,
            font_weight=600,
        ),
    )


def verdict(names: Names, moment: Moment, table: str) -> str:
    """Say in words what was agreed, how the surplus was shared, and what was left."""
    number = table_number(moment, table)
    zone = zone_of(moment, table)
    assert zone is not None
    first = names.actor(moment.game.scenario.actors[moment.game.scenario.tables[number].parties[0]])
    count = int(zone.agreeable[:, 0].sum())
    if not count:
        return "No package would have made both better off than today: there was nothing to sign."
    packages = "1 package" if count == 1 else f"{count} packages"
    said = f"{packages} would have made both better off than today."
    left = float(zone.left[0])
    unused = part(left).removeprefix("+")
    if not zone.signed[0]:
        return f"{said} None was agreed: {unused} of joint utility was left on the table."
    signing = next(e for e in moment.of("signing") if e["table"] == table)
    said += " One was agreed" + ("." if signing["signed"] else ", but it did not enter into force.")
    share = float(zone.shares[0])
    if np.isfinite(share):
        of = percent(min(max(share, 0.0), 1.0))
        said += f" Of its joint gain {of} is for {first}."
    more = "Nothing more" if unused == "0" else f"{unused} more"
    return f"{said} {more} could have been had together."
