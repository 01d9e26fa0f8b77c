"""T10 and B3: which camps a network of friendships and hostilities makes (landscape theory)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats, Ints
from model.compiling import build
from model.reading import read
from model.ties import camp_energy, improving_switches, settle_camps, stable_camps
from model.yardsticks import camps
from runs.figures import ARMS
from runs.theory.core import Check, Finding, equal, theory
from runs.theory.published import table

ACTORS, NETWORKS, MOST = 9, 300, 500
NEUTRAL = 3.0  # of Axelrod and Furnas's five points
WEAK = 10.0  # Syria's strength in the second case
CASES = (
    ("as it is", None, -83_200, "ISIS, Nursa, Turkey"),
    ("Syria's strength 10", WEAK, -65_600, "ISIS, Nursa"),
)


def descent(strength: Floats, propensity: Floats, start: Ints) -> tuple[Floats, bool]:
    """Return the energies of improving switches one by one, and whether nobody gains at the end."""
    path = settle_camps(strength, propensity, start, MOST)
    energies = np.array([camp_energy(strength, propensity, camp) for camp in path])
    return energies, not improving_switches(strength, propensity, path[-1]).any()


def syria(weak: float | None = None) -> tuple[list[str], Floats, Floats]:
    """Return names, strengths and propensities of Axelrod and Furnas's case."""
    rows = table("landscape_syria_strength")
    names = [row["actor"] for row in rows]
    strength = np.array([float(row["strength"]) for row in rows])
    if weak is not None:
        strength[names.index("Syria")] = weak
    cells = [list(row.values())[1:] for row in table("landscape_syria_propensity")]
    drawn = np.array([[float(x) - NEUTRAL if x else 0.0 for x in row] for row in cells])
    return names, strength, drawn


@theory(
    "T10",
    "Friends of friends",
    source="Axelrod and Bennett 1993, A landscape theory of aggregation",
    limits="a component, not a game: two camps, one switch at a time, likings that do not change",
)
def landscape() -> Finding:
    """Each actor would rather stand with those it likes and against those it does not.

    If likings are mutual, every switch of camp that eases the one who makes it lowers the
    strain in the whole network, as water runs downhill; so switching ends, and where it ends
    depends on where it began. If one likes whom the other shuns, they can chase each other for
    ever. The same rule, put to the ties of a scenario, says which camps its network makes.
    """
    rng = np.random.default_rng(1)
    falling, settled, longest = 0, 0, 0
    for _ in range(NETWORKS):
        drawn = rng.normal(size=(ACTORS, ACTORS))
        drawn = drawn + drawn.T
        strength = rng.uniform(0.1, 10.0, ACTORS)
        energies, at_rest = descent(strength, drawn, rng.integers(0, 2, ACTORS))
        falling += bool((np.diff(energies) < 0.0).all())
        settled += at_rest
        longest = max(longest, len(energies) - 1)
    chase = np.array([[0.0, 1.0], [-1.0, 0.0]])
    path = settle_camps(np.ones(2), chase, np.array([0, 1]), MOST)
    checks = [
        equal(
            f"of {NETWORKS} symmetric networks, energy falls at every switch",
            "E' - E = 2 s_i (F'_i - F_i) < 0",
            NETWORKS,
            falling,
            0.0,
        ),
        equal(
            f"of {NETWORKS}, switching ends (the longest after {longest})",
            "no cycles",
            NETWORKS,
            settled,
            0.0,
        ),
        equal(
            "one chases, the other flees: switches until stopped",
            "asymmetric: a cycle",
            MOST,
            len(path) - 1,
            0.0,
        ),
    ]
    scenario = build(read("2025q1"))
    found = camps(scenario.ties)
    best = ", ".join(np.array(scenario.actors)[found[0][1] == found[0][1][0]])
    rest = ", ".join(np.array(scenario.actors)[found[0][1] != found[0][1][0]])
    checks.append(
        Check(
            "network yardstick: stable camps of 2025q1",
            "at least one exists",
            ">= 1",
            f"{len(found)}; the best: {best} | {rest}",
            "count",
            len(found) >= 1,
        )
    )
    names, strength, drawn = syria()
    starts = rng.integers(0, 2, (12, len(names)))
    paths = [descent(strength, drawn, start)[0] for start in starts]

    def draw(axes: Axes) -> None:
        for energies in paths:
            axes.plot(energies / 1000.0, ".-", color=ARMS[0], alpha=0.6)
        axes.axhline(CASES[0][2] / 1000.0, color=ARMS[1], label="the one stable division")
        axes.set_xlabel("switches of camp (war in Syria, twelve random beginnings)")
        axes.set_ylabel("energy, thousand")
        axes.legend()

    steps = max(len(p) for p in paths)
    columns = {
        f"start {n}": np.concatenate([p, np.full(steps - len(p), p[-1])])
        for n, p in enumerate(paths, 1)
    }
    return Finding(tuple(checks), {"switch": np.arange(steps)} | columns, draw)


@theory(
    "B3",
    "Camps in the war in Syria",
    source="Axelrod and Bennett 1993; data of Axelrod and Furnas",
    limits="likings judged by experts on five points; eleven actors taken as one each",
)
def camps_in_syria() -> Finding:
    """Eleven parties to the war in Syria, with their strength and how much each likes each.

    Of the 1,024 ways to stand in two camps exactly one is such that nobody gains by changing
    sides: Turkey, ISIS and Nursa against all others. Were the government of Syria as weak as
    most, it would be ISIS and Nursa alone.
    """
    checks = []
    energies: list[float] = []
    for name, weak, energy, members in CASES:
        names, strength, drawn = syria(weak)
        stable = stable_camps(strength, drawn)
        few = [sorted(np.array(names)[camp == (camp.sum() * 2 < len(camp))]) for camp in stable]
        formula = "E = sum s_i s_j (p_ij - 3) over ordered pairs across camps"
        lowest = min(camp_energy(strength, drawn, camp) for camp in stable)
        checks += [
            equal(f"{name}: stable divisions", "nobody gains by switching", 1, len(stable), 0.0),
            equal(f"{name}: energy", formula, energy, lowest, 0.0),
            Check(
                f"{name}: the smaller camp",
                formula,
                members,
                ", ".join(few[0]),
                "the same",
                ", ".join(few[0]) == members,
            ),
        ]
        energies.append(lowest)
    return Finding(tuple(checks), {"case": (1, 2), "energy": energies})
