"""Draw every number of a scenario from the range that its author holds plausible."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from agents.briefing import Floats
from model.chance import Chance
from model.parameters import Parameter, parameters
from model.schema import ScenarioFile

KNOWN = ("levers.", "rules.channel_")  # where the levers stand is known; a switch is no belief
STREAM = "prior"


def uncertain(file: ScenarioFile) -> dict[str, Parameter]:
    """Return the parameters that a prior draws: those with a range, but for starts and switches."""
    return {
        name: p
        for name, p in parameters(file).items()
        if p.range[0] < p.range[1]
        and not (name.startswith(KNOWN[0]) and name.endswith(".start"))
        and not name.startswith(KNOWN[1])
    }


def draw_prior(file: ScenarioFile, seed: int, runs: ArrayLike) -> dict[str, Floats]:
    """Draw all uncertain parameters for each game, independently: name → (run,).

    The value is the median: half of the draws are uniform below it, half above, all within the
    range. A game's numbers depend on seed, game and name alone.
    """
    listed = uncertain(file)
    chance = Chance(seed, np.atleast_1d(np.asarray(runs, dtype=np.int64)))
    draws = chance.uniforms(STREAM, 0, list(listed))[:, 0]
    return {name: at_quantile(p, u) for (name, p), u in zip(listed.items(), draws, strict=True)}


def at_quantile(p: Parameter, u: Floats) -> Floats:
    """Return the value below which a share u of the draws lies."""
    half = np.where(u < 0.5, p.value - p.range[0], p.range[1] - p.value)  # noqa: PLR2004
    return p.value + half * (2 * u - 1)
