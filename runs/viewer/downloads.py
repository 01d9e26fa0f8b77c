"""What a reader can take home: transcript, story, series, picture; each carries the notice."""

from __future__ import annotations

import csv
import io

from model.notice import NOTICE
from model.transcript import chained
from runs.story import Manner, tell
from runs.viewer.desk import Desk
from runs.viewer.network import draw
from runs.viewer.style import STYLE


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


FILES = {
    "Transcript": ("transcript.jsonl", transcript),
    "Story": ("story.txt", story),
    "Series": ("series.csv", series),
    "Network": ("network.svg", picture),
}
