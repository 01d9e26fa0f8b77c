"""T8: matching pennies by players who err (McKelvey and Palfrey 1995)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats
from model.reading import read
from runs.figures import ARMS
from runs.theory.core import Check, Finding, Played, equal, play, theory

PUBLISHED = {0.5: (0.83067, 0.41808), 1.0: (0.89358, 0.31278), 5.0: (0.70198, 0.11714)}
GAMES = 100  # for each lambda
BURN_IN, COUNTED = 500, 700  # quarters: beliefs average over a hundred
TOLERANCE = 0.012  # beliefs that keep moving bend the average by about 1/100 at lambda = 5
CURVE = (0.0, 0.1, 0.2, 0.35, 0.7, 2.0, 10.0)
MANY = 20_000


def logit(x: Floats | float) -> Floats:
    """Logistic function, for the theory's side."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(x))))


def equilibrium(precision: float) -> tuple[float, float]:
    """Return the logit equilibrium (p, q) of the game, by bisection on q."""

    def excess(q: float) -> float:
        p = float(logit(precision * (10.0 * q - 1.0)))
        return float(logit(precision * (1.0 - 2.0 * p))) - q

    low, high = 0.0, 1.0
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if excess(middle) > 0.0 else (low, middle)
    return float(logit(precision * (10.0 * low - 1.0))), low


def frequencies(precision: tuple[float, ...]) -> Floats:
    """Return how often Row goes up and Column left, (player, precision), once beliefs rest."""
    each = np.repeat(precision, GAMES)
    sharpness = {f"actors.{a}.sharpness": each for a in "AB"}
    played = play(read("pennies"), len(each), BURN_IN + COUNTED, sharpness)
    shares = [played.lever(x)[-COUNTED:].mean(axis=0) for x in ("up", "left")]
    return np.array(shares).reshape(2, len(precision), GAMES).mean(axis=2)


def replies(precision: float, left: float) -> Played:
    """Play one quarter many times against a given belief about Column."""
    values = {
        "actors.A.sharpness": precision,
        "stocks.often-left.start": left,
        # accounts count from the start, so what is wanted of them moves with it
        "aspirations.A.security": 10.0 * left - 0.5,
    }
    return play(read("pennies"), MANY, 1, values)


@theory(
    "T8",
    "Matching pennies by players who err",
    source="McKelvey and Palfrey 1995, Quantal response equilibria for normal form games",
    limits="two moves; belief is a moving average, so precise play wavers around equilibrium",
    scenarios=("pennies",),
)
def quantal() -> Finding:
    """People take the best move not always, but the more often the more it gains.

    In matching pennies with unequal prizes game theory says that Row goes up half of the time
    whatever it wins by it, for its share only has to keep Column guessing. Players who err do
    otherwise: Row is drawn to the prize of 9, Column knows it and mostly goes right. The more
    precise the players, the nearer to the textbook; without precision all is a coin toss.
    """
    precisions = tuple(sorted({*PUBLISHED, *CURVE}))
    found = dict(zip(precisions, frequencies(precisions).T, strict=True))
    checks: list[Check] = []
    for precision, wanted in PUBLISHED.items():
        for name, x, got in zip(("up", "left"), wanted, found[precision], strict=True):
            checks.append(
                equal(
                    f"how often {name}, lambda {precision:g}",
                    "p = logistic(l (10q - 1)), q = logistic(l (1 - 2p))",
                    x,
                    float(got),
                    TOLERANCE,
                )
            )
    for name, got in zip(("up", "left"), found[0.0], strict=True):
        checks.append(equal(f"how often {name}, lambda 0", "1/2", 0.5, float(got), TOLERANCE))
    for left, best in ((0.3, 1.0), (0.05, 0.0)):
        got = float(replies(1e6, left).end("up").mean())
        what = f"how often up against left = {left:g}, lambda without end"
        checks.append(equal(what, "best reply: up iff 10q > 1", best, got, 0.0))
    p, q = PUBLISHED[1.0]
    got = float(replies(1.0, q).end("up").mean())
    sure = 4.0 * float(np.sqrt(p * (1.0 - p) / MANY))
    formula = "logistic(10q - 1), four standard errors"
    checks.append(equal(f"how often up against left = {q:g}, lambda 1", formula, p, got, sure))

    def draw(axes: Axes) -> None:
        fine = np.concatenate([np.linspace(0.0, 1.0, 41), np.geomspace(1.05, 10.0, 40)])
        curve = np.array([equilibrium(x) for x in fine]).T
        for n, name in enumerate(("Row goes up", "Column goes left")):
            axes.plot(fine, curve[n], color=ARMS[n], label=f"{name}: theory")
            axes.plot(
                precisions, [found[x][n] for x in precisions], "o", color=ARMS[n], label="engine"
            )
        axes.set_xscale("symlog", linthresh=0.5)
        axes.set_xlabel("precision lambda")
        axes.set_ylabel("how often")
        axes.set_ylim(0, 1)
        axes.legend(ncols=2)

    table = np.array([found[x] for x in precisions]).T
    exact = np.array([equilibrium(x) for x in precisions]).T
    data = {"lambda": precisions, "up": table[0], "left": table[1]}
    return Finding(tuple(checks), {**data, "up, theory": exact[0], "left, theory": exact[1]}, draw)
