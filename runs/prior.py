"""Draw every number of a scenario from the range that its author holds plausible."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from agents.briefing import Floats
from model.chance import Chance
from model.parameters import Parameter, parameters
from model.schema import ScenarioFile

KNOWN = ("levers.", "rules.channel_")  # where the levers stand is known; a switch is no belief
STREAM = "prior"
HALF = 0.5


def uncertain(file: ScenarioFile) -> dict[str, Parameter]:
    """Return the parameters that a prior draws: those with a range, but for starts and switches."""
    return {
        name: p
        for name, p in parameters(file).items()
        if p.range[0] < p.range[1]
        and not (name.startswith(KNOWN[0]) and name.endswith(".start"))
        and not name.startswith(KNOWN[1])
    }


def at_quantile(p: Parameter, u: Floats) -> Floats:
    """Value of a parameter at a quantile of its prior: the scenario's value is the median.

    Half of the draws are uniform below it, half above, all within the range. u : (run,), 0 to 1
    """
    return p.value + np.where(u < HALF, p.value - p.range[0], p.range[1] - p.value) * (2 * u - 1)


def draw_quantiles(names: list[str], seed: int, runs: ArrayLike) -> Floats:
    """Draw quantiles of parameters; a game's depend on seed, game and name. (name, run)."""
    chance = Chance(seed, np.atleast_1d(np.asarray(runs, dtype=np.int64)))
    return chance.uniforms(STREAM, 0, names)[:, 0]


def draw_prior(
    file: ScenarioFile, seed: int, runs: ArrayLike, known: Mapping[str, Floats] | None = None
) -> dict[str, Floats]:
    """Draw all uncertain parameters for each game, independently: name → (run,).

    known : name → (run,) quantiles that take the place of drawn ones
    """
    listed = uncertain(file)
    drawn = dict(zip(listed, draw_quantiles(list(listed), seed, runs), strict=True))
    return {name: at_quantile(listed[name], u) for name, u in (drawn | dict(known or {})).items()}
