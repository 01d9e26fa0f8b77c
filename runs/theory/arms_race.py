"""T7: two that arm because the other does (Richardson 1960, Jervis 1978)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats
from model.reading import read
from runs.figures import ARMS
from runs.theory.core import Check, Finding, Played, equal, play, theory

STEP = 0.05  # of arms
MOST = 10.0
FATIGUE = np.array([0.7, 0.5])
FEAR = np.array([0.8, 0.6])
GRIEVANCE = np.array([2.0, 1.0])
SMALL = np.array([0.2, 0.2])  # grievances with which even a nearly unstable race rests below MOST
STARTS = ((0.0, 0.0), (8.0, 1.0), (1.0, 8.0), (9.0, 9.0), (5.0, 0.0), (0.0, 5.0))
SPIRALS = (0.5, 0.8, 0.95, 1.05, 1.25, 2.0)  # a1 a2 / (m1 m2)


def coefficients(fear: Floats, grievance: Floats) -> tuple[Floats, Floats, Floats]:
    """Return Richardson's a, m, g, (actor,), of the scenario's fear, fatigue and grievance."""
    return fear / 2.0, (1.0 + FATIGUE * FATIGUE) / 2.0, grievance / 2.0


def rest(fear: Floats, grievance: Floats) -> Floats:
    """Where the race comes to rest: x* = (a1 g2 + m2 g1)/(m1 m2 - a1 a2), and symmetrically."""
    a, m, g = coefficients(fear, grievance)
    room = m[0] * m[1] - a[0] * a[1]
    return np.array([a[0] * g[1] + m[1] * g[0], a[1] * g[0] + m[0] * g[1]]) / room


def goes_to(fear: Floats, grievance: Floats) -> Floats:
    """Where best replies lead from nothing, the levers' end being MOST; (actor,)."""
    a, m, g = coefficients(fear, grievance)
    x = np.zeros(2)
    for _ in range(2000):
        x = np.minimum((a * x[::-1] + g) / m, MOST)
    return x


def race(start: Floats, fear: Floats, grievance: Floats, quarters: int) -> Played:
    """Play races from some starts; start, fear : (actor, run), grievance : (actor,)."""
    file = read("arms-race")
    values: dict[str, Floats] = {}
    for i, who in enumerate("AB"):
        values[f"levers.{who}.start"] = start[i]
        values[f"ledger.{who} fears.coefficient"] = -fear[i]
        # accounts count from the start: what was wanted of them moves with it
        margin = grievance[i] - start[i] + fear[i] * start[1 - i]
        values[f"aspirations.{who}.security"] = margin
        values[f"aspirations.{who}.treasury"] = FATIGUE[i] * start[i]
    return play(file, start.shape[1], quarters, values)


@theory(
    "T7",
    "Two that arm because the other does",
    source="Richardson 1960, Arms and Insecurity; Jervis 1978",
    limits="each answers where the other stands, by steps of one size: rest is theory's, paths not",
    scenarios=("arms-race",),
)
def arms_race() -> Finding:
    """Each side arms out of fear and grievance, and disarms because arms are dear.

    If fatigue outweighs fear on both sides taken together, the race comes to rest, from
    wherever it began; if not, every step calls for the next, and nothing but the levers' end
    stops it. Nobody need want war or mean ill: that is the security dilemma.
    """
    starts = np.array(STARTS).T
    calm = race(starts, FEAR[:, None].repeat(len(STARTS), axis=1), GRIEVANCE, 220)
    goal = rest(FEAR, GRIEVANCE)
    ends = np.array([calm.lever(x)[-20:].mean(axis=0) for x in "AB"])
    checks = [
        equal(
            f"arms of {name}, the farthest of {len(STARTS)} starts",
            "x* = (a1 g2 + m2 g1)/(m1 m2 - a1 a2)",
            float(goal[i]),
            float(ends[i][np.abs(ends[i] - goal[i]).argmax()]),
            2 * STEP,
        )
        for i, name in enumerate(("North", "South"))
    ]
    _, m, _ = coefficients(FEAR, GRIEVANCE)
    fear = np.sqrt(4.0 * np.array(SPIRALS) * m[0] * m[1])  # the same for both
    runaway = race(np.zeros((2, len(SPIRALS))), np.array([fear, fear]), SMALL, 300)
    for n, ratio in enumerate(SPIRALS):
        level = np.array([runaway.end(x)[n] for x in "AB"])
        point = goes_to(fear[[n, n]], SMALL)
        ends_inside = bool((point < MOST).all())
        # a step too coarse to gain anything is not made, and the other's answer multiplies that
        slack = STEP / abs(1.0 - ratio) if ends_inside else STEP
        checks.append(
            Check(
                f"race with a1 a2 = {ratio:g} m1 m2",
                "stable iff m1 m2 > a1 a2",
                f"{point[0]:.2f}, {point[1]:.2f}, {'inside' if ratio < 1.0 else 'to the end, 10'}",
                f"{level[0]:.2f}, {level[1]:.2f}",
                f"± {slack:.2g}",
                bool((np.abs(level - point) <= slack).all()) and ends_inside == (ratio < 1.0),
            )
        )

    def draw(axes: Axes) -> None:
        a, m, g = coefficients(FEAR, GRIEVANCE)
        line = np.linspace(0, MOST, 50)
        axes.plot((a[0] * line + g[0]) / m[0], line, color=ARMS[0], label="North's best reply")
        axes.plot(line, (a[1] * line + g[1]) / m[1], color=ARMS[1], label="South's best reply")
        for n in range(len(STARTS)):
            x, y = (calm.lever(i)[:, n] for i in "AB")
            axes.plot(x, y, color="0.6", linewidth=1)
            axes.plot(x[0], y[0], "o", color="0.6", markersize=4)
        axes.plot(*goal, "*", color="black", markersize=12, label="where theory puts rest")
        axes.set_xlabel("arms of North")
        axes.set_ylabel("arms of South")
        axes.set_xlim(-0.2, MOST)
        axes.set_ylim(-0.2, MOST)
        axes.legend(loc="lower right")

    paths = {
        f"{name} from {x:g}, {y:g}": calm.lever(lever)[:, n]
        for n, (x, y) in enumerate(STARTS)
        for lever, name in (("A", "North"), ("B", "South"))
    }
    return Finding(tuple(checks), {"quarter": np.arange(len(calm.worlds)), **paths}, draw)
