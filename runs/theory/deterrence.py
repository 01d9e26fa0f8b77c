"""T9: when a promise to come deters (Zagare and Kilgour 2000)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from model.reading import read
from model.scenario import Values
from runs.figures import ARMS
from runs.theory.core import Finding, equal, play, theory

GRID = 0.005  # of credibility
HAS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)  # what the challenger has without a fight
COSTS = (0.0, 1.0, 3.0)  # of losing; a war of even odds is worth (1 - cost)/2


def threshold(has: float, cost: float) -> float:
    """Return the least credibility that deters: (U_win - U_has)/(U_win - U_war)."""
    war = 0.5 - 0.5 * cost
    return (1.0 - has) / (1.0 - war)


@theory(
    "T9",
    "When a promise to come deters",
    source="Zagare and Kilgour 2000, Perfect Deterrence",
    limits="one challenger that errs never; credibility is a chance, whatever it rests on",
    scenarios=("deterrence",),
)
def deterrence() -> Finding:
    """A guarantee deters if the challenger prefers what it has to a lottery.

    It wins for nothing if the guarantor stays away, and fights a war if it comes. The more the
    challenger is content with what it has, and the worse the war, the less credible the
    promise needs to be. More force makes no promise credible, and a credible promise of too
    little force does not deter.
    """
    credibility = np.arange(GRID / 2, 1.0, GRID)  # between the thresholds, where nobody is torn
    least = np.empty((len(COSTS), len(HAS)))
    checks = []
    for c, cost in enumerate(COSTS):
        values: Values = {
            "theatres.islands.credibility": np.tile(credibility, len(HAS)),
            "theatres.islands.reference": np.repeat(HAS, len(credibility)),
            "theatres.islands.war_cost": cost,
        }
        played = play(read("deterrence"), len(credibility) * len(HAS), 1, values)
        attacked = (played.records[0].crises.rung[0] > 0).reshape(len(HAS), len(credibility))
        # from the least credibility on there is never an attack, below it always
        clean = (np.diff(attacked.astype(int), axis=1) <= 0).all(axis=1)
        least[c] = np.where(clean, attacked.mean(axis=1), np.nan)
        wanted = np.array([min(threshold(has, cost), 1.0) for has in HAS])  # 1: nothing deters
        for n in {int(np.argmax(np.abs(least[c] - wanted))), 2, len(HAS) - 1}:
            checks.append(
                equal(
                    f"least credibility that deters; has {HAS[n]:g}, losing costs {cost:g}",
                    "(U_win - U_has)/(U_win - U_war), at most 1",
                    float(wanted[n]),
                    float(least[c, n]),
                    GRID / 2,
                )
            )

    def draw(axes: Axes) -> None:
        fine = np.linspace(0, 1, 100)
        for c, cost in enumerate(COSTS):
            label = f"losing costs {cost:g}"
            axes.plot(fine, [threshold(x, cost) for x in fine], color=ARMS[c], label=label)
            axes.plot(HAS, least[c], "o", color=ARMS[c])
        axes.text(0.03, 0.06, "attack", color="0.4")
        axes.text(0.78, 0.9, "deterrence", color="0.4")
        axes.set_xlabel("what the challenger has without a fight (winning is 1)")
        axes.set_ylabel("credibility of the promise")
        axes.set_ylim(0, 1)
        axes.set_xlim(0, 1)
        axes.legend(title="lines: theory, points: engine", loc=(0.02, 0.12))

    data = {"has": HAS} | {f"losing costs {x:g}": least[c] for c, x in enumerate(COSTS)}
    return Finding(tuple(checks), data, draw)
