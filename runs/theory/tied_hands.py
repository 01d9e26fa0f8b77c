"""T4: what a parliament's veto does to a deal (Putnam 1988, Schelling 1960)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats
from model.reading import read
from runs.figures import ARMS
from runs.theory.core import Check, Finding, equal, play, theory

GAMES = 2000
TIED = {"Ann": (2.0, 0.32, 0.28, 0.24, 0.2), "Ben": (2.0, 0.8, 0.76, 0.72, 0.68)}
TOWARDS = {"Ann": 1.0, "Ben": -1.0}
SURE = 0.0005  # spread of a vote that is no question


def games(
    win_sets: dict[str, Floats], spread: float | None = None, quarters: int = 1
) -> tuple[Floats, Floats]:
    """Return Ann's share where a deal was signed (else NaN), and how often none was, (arm, run)."""
    arms = len(next(iter(win_sets.values())))
    values: dict[str, Floats | float] = {
        f"actors.{who}.ratification.win_set": np.repeat(x, GAMES) for who, x in win_sets.items()
    }
    if spread is not None:
        values |= {f"actors.{who}.ratification.spread": spread for who in TIED}
    played = play(read("win-sets"), arms * GAMES, quarters, values)
    signed = played.end("agreement") == 1.0
    share = np.where(signed, played.end("share"), np.nan).reshape(arms, GAMES)
    return share, 1.0 - signed.reshape(arms, GAMES).mean(axis=1)


@theory(
    "T4",
    "Tied hands",
    source="Putnam 1988, Diplomacy and domestic politics; Schelling 1960, The Strategy of Conflict",
    limits="a parliament is a threshold with noise; it is not foreseen, so failures are many",
    scenarios=("win-sets",),
)
def tied_hands() -> Finding:
    """A negotiator whose parliament passes little gets better terms.

    What is signed must be what passes. The same tie makes it likelier that nothing is signed
    at all. If what passes on the one side is nowhere what passes on the other, there is no
    deal however long they talk.
    """
    checks: list[Check] = []
    terms: dict[str, Floats] = {}
    failures: dict[str, Floats] = {}
    for who, win_sets in TIED.items():
        share, failed = games({who: np.array(win_sets)})
        mean = np.nanmean(share, axis=1)
        terms[who], failures[who] = mean, failed
        better = TOWARDS[who] * np.diff(mean) > 0.0
        checks += [
            Check(
                f"terms move to {who} as its parliament passes less",
                "mean of Ann's share over deals signed",
                "rises" if who == "Ann" else "falls",
                " ".join(f"{x:.3f}" for x in mean),
                "order",
                bool(better.all()),
            ),
            Check(
                f"no deal is likelier as {who}'s parliament passes less",
                "P(no deal)",
                "rises from 0",
                " ".join(f"{x:.3f}" for x in failed),
                "order",
                bool(failed[0] == 0.0 and (np.diff(failed) > 0.0).all()),
            ),
        ]
    apart = {"Ann": np.array([0.25]), "Ben": np.array([0.7])}  # at least .75, and at most .7
    _, failed = games(apart, SURE, quarters=6)
    never = "disjoint win-sets, six quarters: no deal"
    checks.append(equal(never, "1", 1.0, float(failed[0]), 0.0))
    narrow = {"Ann": np.array([0.3]), "Ben": np.array([0.75])}  # at least .7, and at most .75
    share, failed = games(narrow, SURE)
    low, high = float(np.nanmin(share)), float(np.nanmax(share))
    checks.append(
        Check(
            "narrow overlap of .7 to .75: no deal lies outside",
            ".7 <= share <= .75",
            "inside",
            f"{low:.2f} to {high:.2f} in {1 - failed[0]:.0%} of games",
            "none outside",
            bool(low >= 0.7 - 1e-9 and high <= 0.75 + 1e-9 and 0.0 < failed[0] < 1.0),
        )
    )

    def draw(axes: Axes) -> None:
        other = axes.twinx()
        names = [f"{x:g}" if x < 1.0 else "all" for x in TIED["Ann"]]
        place = np.arange(len(names))
        axes.plot(place, terms["Ann"], "o-", color=ARMS[0], label="Ann's share, where signed")
        other.plot(place, failures["Ann"], "s--", color=ARMS[1], label="chance of no deal")
        axes.set_xticks(place, names)
        axes.set_xlabel("part of the pie that Ann's parliament lets go")
        axes.set_ylabel("Ann's share", color=ARMS[0])
        other.set_ylabel("chance of no deal", color=ARMS[1])
        other.set_ylim(0, 1)
        other.grid(visible=False)

    data: dict[str, Floats] = {}
    for who, win_sets in TIED.items():
        data |= {f"{who} lets go": np.array(win_sets), f"{who}: Ann's share": terms[who]}
        data |= {f"{who}: no deal": failures[who]}
    return Finding(tuple(checks), data, draw)
