"""B1 and B2: published numbers of questions that many parties settle."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats
from model.assembly import POINTS, condorcet_election
from model.reading import read
from model.yardsticks import mean_position, median_position
from runs.figures import ARMS
from runs.theory.core import Check, Finding, equal, theory

DATA = Path(__file__).parent / "data"
FOUR_DECIMALS = 5.001e-5
SETTLED = ("sanctions", "settlement")  # words in the names of 2025q1's questions of many parties


def table(name: str) -> list[dict[str, str]]:
    """Read a shipped table of numbers; its first line says where they come from."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        next(lines)
        return list(csv.DictReader(lines))


def column(rows: list[dict[str, str]], name: str) -> Floats:
    """Return a column as numbers."""
    return np.array([float(row[name]) for row in rows])


@theory(
    "B1",
    "An election among thirteen positions",
    source="Wise, Lester and Efird 2015, Multidimensional bargaining using KTAB",
    limits="a lot over positions that exist; nobody moves, persuades or trades",
)
def condorcet() -> Finding:
    """Thirteen parties hold positions on two issues, each with its influence and salience.

    Any two positions are put against each other and each party lends its weight to the one
    nearer to its own; a position is likely to prevail if it beats all others. Parties whose
    position is safe become bold, the others cautious. The probabilities are those that another
    program, KTAB, has published. The same function settles the questions of many parties in
    the game of 2025.
    """
    rows = table("ktab_pce")
    position = np.array([column(rows, f"position_{n}") for n in (1, 2)]).T[..., None] / POINTS
    salience = np.array([column(rows, f"salience_{n}") for n in (1, 2)]).T[..., None] / POINTS
    odds, holder = condorcet_election(position, salience, column(rows, "influence")[:, None])
    got, wanted = odds[holder[:, 0], 0], column(rows, "probability")
    names = [row["actor"] for row in rows]
    checks = [
        equal(f"probability of {name}", "p_i ~ product over j of v_ij", x, y, FOUR_DECIMALS)
        for name, x, y in zip(names, wanted, got, strict=True)
    ]
    asked = read("2025q1").assemblies.values()
    used = [word for word in SETTLED if any(word in a.name.casefold() for a in asked)]
    checks.append(
        Check(
            "the same election settles questions of 2025q1",
            "sanctions, a Ukraine settlement",
            ", ".join(SETTLED),
            ", ".join(a.name for a in asked),
            "both",
            len(used) == len(SETTLED),
        )
    )

    def draw(axes: Axes) -> None:
        place = np.arange(len(names))
        axes.bar(place - 0.2, wanted, 0.4, color=ARMS[0], label="KTAB")
        axes.bar(place + 0.2, got, 0.4, color=ARMS[1], label="here")
        axes.set_xticks(place, names)
        axes.set_ylabel("probability of the position")
        axes.legend()

    return Finding(tuple(checks), {"party": names, "KTAB": wanted, "here": got}, draw)


@theory(
    "B2",
    "Emission standards in the European Community",
    source="Bueno de Mesquita 1994, as in Scholz, Calbert and Smith 2011",
    limits="the forecast before anybody moves; later rounds of that model are not rebuilt",
)
def emissions() -> Finding:
    """Ten governments want a standard for cars to come after four, seven or ten years.

    Weighed by capability and salience, the mean of what they want is 7.39 years and the median
    7: where a forecast begins before any bargaining.
    """
    rows = table("bdm_ec_emissions")
    weights = [column(rows, name) for name in ("Position", "Capability", "Salience")]
    checks = (
        equal("weighted mean", "sum c s x / sum c s", 7.38996, mean_position(*weights), 5e-6),
        equal(
            "weighted median", "half of the weight on either side", 7, median_position(*weights), 0
        ),
    )
    data = dict(zip(("position", "capability", "salience"), weights, strict=True))
    return Finding(checks, data)
