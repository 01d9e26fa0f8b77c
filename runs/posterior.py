"""Numbers of many games: what history informed from a posterior, the rest from their ranges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from agents.briefing import Floats
from model.chance import Chance
from model.history import LAST_GUIDING
from model.notice import NOTICE
from model.schema import ScenarioFile
from runs.disk import write_whole
from runs.errors import UserError
from runs.prior import draw_prior, uncertain

SHIPPED, NONE = "shipped", "none"
FILE = Path(__file__).parent / "calibration" / "shipped.json"
FORMAT = "hubspoke posterior 1"
STREAM, ROW = "posterior", "row"
DIGITS = 4  # of a quantile in the file
PRIOR = "prior"


@dataclass(frozen=True)
class Posterior:
    """A weighted sample of the parameters that were calibrated, as quantiles of their prior."""

    name: str
    ranges: Mapping[str, tuple[float, float, float]]  # parameter → value, low, high of its prior
    quantiles: Floats  # (parameter, row)
    weights: Floats  # (row,)
    made: Mapping[str, Any]  # how: scenarios, games, seed, code, what it rests on

    def fits(self, file: ScenarioFile) -> list[str]:
        """Return the parameters whose prior in a scenario is the one that was calibrated."""
        listed = uncertain(file)
        return [
            name
            for name, prior in self.ranges.items()
            if name in listed and (listed[name].value, *listed[name].range) == prior
        ]

    @cached_property
    def upto(self) -> Floats:
        """Weights added up, (row,)."""
        upto = np.cumsum(self.weights) / self.weights.sum()
        upto[-1] = 1.0
        return upto

    @cached_property
    def digest(self) -> str:
        """Short hash of what the draws depend on."""
        told = repr(sorted(self.ranges.items())).encode()
        rows = np.ascontiguousarray(self.quantiles).tobytes() + self.weights.tobytes()
        return sha256(told + rows).hexdigest()[:8]


@dataclass(frozen=True)
class Draws:
    """How the uncertain numbers of games are drawn: from a posterior, or all from their ranges."""

    seed: int
    posterior: Posterior | None = None

    def values(self, file: ScenarioFile, runs: ArrayLike) -> dict[str, Floats]:
        """Draw all uncertain parameters for each game: name → (run,).

        What was calibrated comes together from one row of the posterior, the rest from the ranges.
        A game's numbers depend on seed, game, name and posterior alone.
        """
        known: dict[str, Floats] = {}
        if self.posterior is not None:
            numbers = np.atleast_1d(np.asarray(runs, dtype=np.int64))
            u = Chance(self.seed, numbers).uniforms(STREAM, 0, [ROW])[0, 0]
            row = np.searchsorted(self.posterior.upto, u)
            rows = dict(zip(self.posterior.ranges, self.posterior.quantiles[:, row], strict=True))
            known = {name: rows[name] for name in self.posterior.fits(file)}
        return draw_prior(file, self.seed, runs, known)

    @property
    def label(self) -> str:
        """What the numbers come from, for logs and manifests."""
        if self.posterior is None:
            return PRIOR
        return f"posterior {self.posterior.name} {self.posterior.digest}"


def spoken(posterior: Posterior | None, file: ScenarioFile) -> str:
    """Say in a sentence or two whether the numbers are calibrated."""
    if posterior is None:
        return (
            "Every number is drawn from the range that the scenario gives; nothing is calibrated."
        )
    fits, all_ = posterior.fits(file), len(posterior.ranges)
    if not fits:
        return (
            f"Nothing is calibrated: none of the {all_} numbers of the posterior "
            f"`{posterior.name}` is the same here, so every number is drawn from its range."
        )
    on = " and ".join(posterior.made["scenarios"])
    said = (
        f"{len(fits)} numbers come from the posterior `{posterior.name}`, calibrated on "
        f"{on}, nothing later than {LAST_GUIDING}; the other {len(uncertain(file)) - len(fits)} "
        "are drawn from the ranges that the scenario gives."
    )
    other = f" {all_ - len(fits)} calibrated numbers do not apply: their range is another here."
    return said + (other if len(fits) < all_ else "")


def read_posterior(which: str) -> Posterior | None:
    """Read a posterior: `shipped`, `none`, or the file that `hubspoke calibrate` wrote.

    Raises
    ------
    UserError
        If there is no such file, or it is no posterior.
    """
    if which == NONE:
        return None
    path = FILE if which == SHIPPED else Path(which)
    if path.is_dir():
        path /= "posterior.json"
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UserError(
            f"--posterior {which}: there is no such file; write {SHIPPED}, {NONE}, or the file "
            "that `hubspoke calibrate` wrote"
        ) from None
    except ValueError as error:
        raise UserError(f"--posterior {which}: the file is damaged: {error}") from None
    try:
        return _understood(which if which == SHIPPED else str(path), written)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"--posterior {which}: this is no posterior of `hubspoke calibrate` ({error})"
        ) from None


def _understood(name: str, written: Mapping[str, Any]) -> Posterior:
    if written["format"] != FORMAT:
        raise ValueError(f"its format is {written['format']!r}")
    listed = written["parameters"]
    ranges = {
        p: (float(x["value"]), float(x["range"][0]), float(x["range"][1]))
        for p, x in listed.items()
    }
    quantiles = np.array([x["quantiles"] for x in listed.values()], dtype=float)
    weights = np.array(written["weights"], dtype=float)
    if quantiles.shape != (len(listed), len(weights)):
        raise ValueError("its rows have different lengths")
    if not (np.isfinite(weights).all() and (weights >= 0.0).all() and weights.sum() > 0.0):
        raise ValueError("its weights must not be negative")
    if not ((quantiles >= 0.0) & (quantiles <= 1.0)).all():
        raise ValueError("its quantiles must lie between 0 and 1")
    if not isinstance(written["made"]["scenarios"], Mapping):
        raise TypeError("it does not say which scenarios it was calibrated on")
    return Posterior(name, ranges, quantiles, weights, written["made"])


def write_posterior(
    path: Path,
    file: ScenarioFile,
    names: Sequence[str],
    quantiles: Floats,
    weights: Floats,
    made: Mapping[str, Any],
) -> None:
    """Write a posterior so that `read_posterior` reads it.

    quantiles : (parameter, row); weights : (row,)
    """
    listed = uncertain(file)
    lines = [
        f'  {json.dumps(name)}: {{"value": {listed[name].value!r}, '
        f'"range": {list(listed[name].range)!r},\n    "quantiles": {_short(row)}}}'
        for name, row in zip(names, quantiles, strict=True)
    ]
    head = json.dumps({"format": FORMAT, "notice": NOTICE, "made": made}, indent=1)[:-2]
    body = ",\n".join(lines)
    shares = weights / weights.max()
    text = f'{head},\n "weights": {_short(shares)},\n "parameters": {{\n{body}\n}}}}\n'
    write_whole(path, text.encode())


def _short(values: Floats) -> str:
    return f"[{','.join(f'{x:.{DIGITS}g}' for x in values)}]"
