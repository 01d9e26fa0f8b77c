"""T6: autonomy for security (Morrow 1991)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from model.reading import read
from model.world import ruptured
from runs.figures import ARMS
from runs.theory.core import Finding, Played, direction, play, theory

GAMES = 900
GROWTH = (0.0, 0.005, 0.01, 0.02)  # of the junior's strength, a quarter


def games(growth: float) -> Played:
    """Play with a junior that grows by so much a quarter; all arms share their draws."""
    return play(read("autonomy"), GAMES, values={"stocks.strength.growth": growth})


@theory(
    "T6",
    "Autonomy for security",
    source="Morrow 1991, Alliances and asymmetry",
    limits="hangs on agreements that run out: where nothing need be renewed, a stronger junior is"
    " asked for less, threatened less, and the tie rests without breaking",
    scenarios=("autonomy",),
)
def autonomy() -> Finding:
    """In an unequal alliance the strong protects and the weak gives autonomy for it.

    If the weak side grows stronger, the same protection is worth less to it: it gives fewer
    bases and less of a say. Agreements that run out are no longer renewed, what goodwill there
    was fades, a threat may do the rest: such alliances break more often than those of equals
    or of a weak side that stays weak.
    """
    arms = [games(growth) for growth in GROWTH]
    given = np.array([arm.lever("bases").mean(axis=0) for arm in arms])
    broken = np.array(
        [[ruptured(arm.game.scenario, w)[0, 1] for w in arm.worlds] for arm in arms]
    ).astype(float)  # (arm, quarter, run)
    over = broken[:, -1]
    what = "the junior grows by {:g} a quarter instead of 0: {}"
    checks = []
    for n, growth in enumerate(GROWTH[1:], 1):
        text = what.format(growth, "concessions, mean of the game")
        checks.append(direction(text, "fewer concessions", given[n] - given[0], -1))
    for n, growth in enumerate(GROWTH[1:], 1):
        text = what.format(growth, "the tie is broken in the end")
        checks.append(direction(text, "more break-ups", over[n] - over[0], 1))

    def draw(axes: Axes) -> None:
        quarters = np.arange(broken.shape[1])
        for n, growth in enumerate(GROWTH):
            label = f"strength grows by {growth:g} a quarter"
            axes.plot(quarters, broken[n].mean(axis=1), color=ARMS[n], label=label)
        axes.set_xlabel("quarter")
        axes.set_ylabel("broken alliances, share of games")
        axes.set_ylim(0, 1)
        axes.legend()

    ends = {"concessions": given.mean(axis=1), "broken": over.mean(axis=1)}
    return Finding(tuple(checks), {"growth": np.array(GROWTH), **ends}, draw)
