"""T5: why some fight though war is dear (Fearon 1995)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats
from model.reading import read
from model.scenario import Values
from runs.figures import ARMS
from runs.theory.core import SEED, Check, Finding, changed, equal, play, theory

P, COST, MOST = 0.5, 0.1, 0.4  # A's odds, its cost of war, the most that war may cost B
GRID = 0.01  # of the share
GAMES, BATCHES = 5_000, 4
RANGES = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
FEW = 1000
FIRST, PATIENCE, B_COST = 0.75, 0.9, 0.2  # of the power shift


def ultimatum(most: Floats, seed: int = SEED) -> tuple[Floats, Floats]:
    """Return what A asks in the end (NaN where B refuses) and whether there is war, (run,).

    most : (run,) what war may cost B at the most
    """
    values = {
        "rules.acceptance_width": most / 2.0,
        "tables.dispute.threats.0.private": most / 2.0,
        "ledger.war to B.coefficient": -(COST + most / 2.0),
    }
    played = play(read("ultimatum"), len(most), 2, values, seed)
    war = played.end("war")
    return np.where(war == 0.0, played.end("line"), np.nan), war


def complete_information(costs: Floats) -> tuple[Floats, Floats]:
    """Return what A gets, and whether there is war, if it knows what war costs B, (run,)."""
    file = changed(read("ultimatum"), rules={"acceptance": "exact"})
    values: Values = {
        "tables.dispute.threats.0.private": 0.0,
        "ledger.war to B.coefficient": -(COST + costs),
    }
    played = play(file, len(costs), 2, values)
    return played.end("line"), played.end("war")


def fights(shift: Floats, foresight: float = PATIENCE) -> Floats:
    """Return the chance that A fights now, by how much its odds will fall, (run,)."""
    later = FIRST - shift
    values: Values = {
        "stocks.rise.growth": 3.0 / later - 3.0 - 1.0,  # p = 3/(3 + force of B)
        "theatres.dispute.foresight": foresight,
    }
    return play(read("power-shift"), len(shift), 1, values).records[0].crises.hazard[0]


@theory(
    "T5",
    "Why some fight though war is dear",
    source="Fearon 1995, Rationalist explanations for war",
    limits="one ultimatum, no signals; of the future only the drift of power, one quarter ahead",
    scenarios=("ultimatum", "power-shift"),
)
def war() -> Finding:
    """War costs both sides, so there is always a division that both would rather have.

    Two things stand in its way. One side does not know what war would cost the other: asking
    for more gains more if it is granted and risks a war if not, and the best demand risks
    some. Had it known, there would be no war. Or everybody knows that the balance of power
    will shift, and the rising side cannot promise not to use its strength: then the declining
    side fights while it still can, if the shift is so large that all the other can give today
    does not make up for it.
    """
    outcomes = [ultimatum(np.full(GAMES, MOST), SEED + n) for n in range(BATCHES)]
    asked = np.concatenate([x for x, _ in outcomes])
    wars = np.concatenate([x for _, x in outcomes])
    best, risk = P + (MOST - COST) / 2.0, (1.0 - COST / MOST) / 2.0
    sure = 4.0 * float(np.sqrt(risk * (1.0 - risk) / len(wars)))
    demands = asked[np.isfinite(asked)]
    rising = np.arange(0.01, FIRST - 0.01, 0.01)
    attacks = fights(rising)
    threshold = (1.0 - FIRST + COST + PATIENCE * B_COST) / PATIENCE
    first = float(rising[attacks > 0.5].min())  # noqa: PLR2004 - it fights or not
    costs = np.linspace(0.0, MOST, 41)
    got, known = complete_information(costs)
    off = float(np.abs(got - P - costs).max())
    checks = [
        equal("best demand", "p + (C - c_A)/2", best, float(demands.mean()), GRID / 2),
        equal("all demands alike: their spread", "0", 0.0, float(np.ptp(demands)), 1e-9),
        equal(
            "chance of war", "(1 - c_A/C)/2, four standard errors", risk, float(wars.mean()), sure
        ),
        equal("chance of war if A knows B's cost", "0", 0.0, float(known.mean()), 0.0),
        equal("and it gets p + c_B: the farthest of 41", "p + c_B", 0.0, off, GRID + 1e-9),
        equal(
            "least fall of A's odds at which it fights",
            "(1 - p1 + c_A + d c_B)/d",
            threshold,
            first - 0.005,
            0.005,
        ),
        Check(
            "it fights at every larger fall, and at no smaller one",
            "threshold",
            "rises once",
            "".join(f"{x:.0f}" for x in attacks[::4]),
            "order",
            bool((np.diff(np.round(attacks, 6)) >= 0.0).all() and attacks[0] == 0.0),
        ),
        equal("without foresight, largest fall: fights", "0", 0.0, fights(rising, 0.0)[-1], 0.0),
    ]
    shares, frequency = ultimatum(np.repeat(RANGES, FEW))
    frequency = frequency.reshape(len(RANGES), FEW).mean(axis=1)
    terms = np.nanmean(shares.reshape(len(RANGES), FEW), axis=1)

    def draw(axes: Axes) -> None:
        fine = np.linspace(COST, RANGES[-1], 100)
        axes.plot(fine, P + (fine - COST) / 2, color=ARMS[0], label="demand: theory")
        axes.plot(RANGES, terms, "o", color=ARMS[0], label="engine")
        axes.plot(fine, (1 - COST / fine) / 2, color=ARMS[1], label="chance of war: theory")
        axes.plot(RANGES, frequency, "s", color=ARMS[1], label="engine")
        axes.set_xlabel("the most that war may cost B (A knows no more of it)")
        axes.set_ylabel("share, chance")
        axes.set_ylim(0, 1)
        axes.legend(ncols=2)

    return Finding(tuple(checks), {"C": RANGES, "demand": terms, "chance of war": frequency}, draw)
