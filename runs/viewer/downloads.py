"""What a reader can take home: transcript, story, series, picture; each carries the notice."""

from __future__ import annotations

import csv
import io
import re
from textwrap import wrap

from model.notice import NOTICE
from model.transcript import chained
from runs.story import Manner, tell
from runs.viewer.charts import SOFT, svg
from runs.viewer.desk import Desk
from runs.viewer.markup import Markup, tag
from runs.viewer.network import draw
from runs.viewer.reasoning import choices
from runs.viewer.style import STYLE
from runs.viewer.why import terms
from runs.viewer.zone import draw_zone, table_shown, verdict

LETTERS = 74  # a line over a drawing


def transcript(desk: Desk) -> bytes:
    """The game so far as JSON Lines, each line chained to those before."""
    return b"".join(chained(desk.game.transcript().events))


def story(desk: Desk) -> bytes:
    """The game so far in words."""
    if not desk.moments:
        return f"Nothing has been played yet.\n{NOTICE}\n".encode()
    lines = [*tell(desk.game.transcript(), Manner())]
    if desk.game.interventions:
        lines += ["", "What the reader did to this game", *desk.game.interventions]
    return "\n".join([*lines, ""]).encode()


def series(desk: Desk) -> bytes:
    """Key series as a table, one row a quarter; the first line is the notice."""
    collected = desk.game.datacollector.model_vars
    out = io.StringIO()
    out.write(f"# {NOTICE}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(collected)
    writer.writerows(zip(*collected.values(), strict=True))
    return out.getvalue().encode()


def picture(desk: Desk) -> bytes:
    """The network of the quarter looked at, as a drawing that stands alone."""
    drawing = draw(desk.ground(), desk.scene())
    head, _, rest = drawing.partition(">")
    return f"{head}><style>{STYLE}</style>{rest}".encode()


def waterfall(desk: Desk) -> bytes:
    """The terms of the decision that is looked at."""
    moment = desk.moment
    found = choices(desk.names, moment, desk.actor) if moment is not None else []
    if not found or moment is None:
        return nothing("No decision is looked at.")
    choice = found[min(desk.choice, len(found) - 1)]
    return alone(f"{moment.name}. {choice.title}", terms(choice))


def zone(desk: Desk) -> bytes:
    """The bargaining zone that is looked at."""
    moment, table = desk.moment, table_shown(desk)
    if moment is None or table is None:
        return nothing("No table was open.")
    words = f"{moment.name}. {desk.names.table(table)}. {verdict(desk.names, moment, table)}"
    return alone(words, draw_zone(desk.names, moment, table))


def alone(title: str, drawing: Markup) -> bytes:
    """Put a title over a drawing and the notice under it, so that it can stand alone."""
    lines = wrap(title, LETTERS)
    above = 18.0 * len(lines) + 8.0
    width, height = map(float, re.findall(r'viewBox="0 0 (\d+) (\d+)"', drawing)[0])
    placed = drawing.replace("<svg ", f'<svg y="{above:.0f}" width="{width}" height="{height}" ', 1)
    whole = svg(
        width,
        height + above + 24.0,
        title,
        *(tag("text", line, x=4, y=18.0 * (n + 1)) for n, line in enumerate(lines)),
        Markup(placed),
        tag("text", NOTICE, x=4, y=height + above + 16.0, fill=SOFT),
    )
    return whole.encode()


def nothing(words: str) -> bytes:
    """A drawing that says that there is nothing to draw."""
    return alone(words, svg(500.0, 20.0, words))


FILES = {
    "Transcript": ("transcript.jsonl", transcript),
    "Story": ("story.txt", story),
    "Series": ("series.csv", series),
    "Network": ("network.svg", picture),
    "Waterfall": ("waterfall.svg", waterfall),
    "Zone": ("zone.svg", zone),
}
