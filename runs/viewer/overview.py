"""Panels of the whole game: key series over time, and who trusts whom."""

from __future__ import annotations

from runs.viewer.charts import heat, lines
from runs.viewer.desk import Desk
from runs.viewer.markup import Markup, tag

UNITS = " ("
LONGEST = 22  # letters of a name beside the table
ABOUT = {
    "reliability": ("keeps its word", True),
    "hostility": ("is hostile", False),
    "relation": ("is in good standing", True),
}


def series_panel(desk: Desk) -> Markup:
    """Draw every key series, as Mesa's data collector has it."""
    collected = desk.game.datacollector.model_vars
    named = [k for k in collected if k != "Quarter"]
    mark = desk.shown + 1  # the start comes first
    return tag(
        "div",
        tag(
            "p",
            "Each line goes from the start to the present; the dot is the quarter looked at.",
            class_="hs-soft",
        ),
        tag(
            "div",
            *(lines(*_name(k), [float(v) for v in collected[k]], mark) for k in named),
            class_="hs-series",
        ),
    )


def _name(title: str) -> tuple[str, str]:
    name, _, unit = title.rpartition(UNITS)
    return name, unit.removesuffix(")")


def trust_panel(desk: Desk) -> Markup:
    """Draw what each thinks of each."""
    state = desk.moment.state if desk.moment is not None else desk.game.first["state"]
    actors = list(desk.game.file.actors)
    about = desk.about
    words, good = ABOUT[about]
    values = {}
    for pair, value in state[about].items():
        i, j = (actors.index(a) for a in pair.split(">"))
        values[i, j] = float(value)
    names = [desk.game.file.actors[a].name for a in actors]
    short = [n if len(n) <= LONGEST else a for n, a in zip(names, actors, strict=True)]
    return tag(
        "div",
        tag(
            "div",
            *(
                tag(
                    "button",
                    name,
                    type="button",
                    aria_pressed=str(name == about).lower(),
                    data_pick=f"about:{name}",
                    class_="hs-person",
                )
                for name in ABOUT
            ),
            class_="hs-people",
            role="group",
            aria_label="What the table shows",
        ),
        tag(
            "p",
            f"Row: who thinks. Column: of whom. How far the one believes that the other {words},"
            " 0 to 1. Blue is better, orange worse; the number says it as well.",
            class_="hs-soft",
        ),
        heat(
            short, values, f"{about.capitalize()} of each actor in the eyes of each", good_high=good
        ),
    )
