"""The matrix of a sensitivity analysis: every row is played in the same few games of its block.

Rows of one block (a trajectory of Morris, a row of Saltelli with its exchanges) share seed and run
numbers, so that a difference within the block is the factor's and not chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np

from agents.briefing import Floats, Ints
from model.parameters import parameters
from model.reading import scenario_hash
from model.schema import ScenarioFile
from runs.engines import Job
from runs.ensemble import Chunk
from runs.errors import UserError, needs
from runs.pieces import Kept, Piece, piece, play_pieces, read_pieces
from runs.prior import at_quantile
from runs.sensitivity.factors import Factor
from runs.store import code_hash

Method = Literal["morris", "sobol"]
LEVELS = 4  # of Morris' grid
TOGETHER = 480  # games of one piece
MISSING = needs("sensitivity", "sensitivity")


@dataclass(frozen=True)
class Design:
    """What is played."""

    file: ScenarioFile
    method: Method
    factors: tuple[Factor, ...]
    size: int  # blocks
    repeats: int  # games of each row
    seed: int
    quarters: int
    outcomes: tuple[str, ...]
    shares: Floats  # (row, number) quantiles of all numbers that are varied, 0 to 1

    @property
    def names(self) -> tuple[str, ...]:
        """All numbers that are varied, in the order of the columns."""
        return tuple(name for factor in self.factors for name in factor.numbers)

    @property
    def block(self) -> int:
        """Rows of one block."""
        k = len(self.factors)
        return k + 1 if self.method == "morris" else 2 * k + 2

    @property
    def runs(self) -> Ints:
        """Number of each game of each row, the same within a block. (row, repeat)."""
        first = np.arange(len(self.shares)) // self.block * self.repeats
        return first[:, None] + np.arange(self.repeats)


def problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """Describe the factors to SALib: numbers between 0 and 1, in groups if a factor has several."""
    names = [name for factor in factors for name in factor.numbers]
    said: dict[str, Any] = {
        "num_vars": len(names),
        "names": names,
        "bounds": [[0.0, 1.0]] * len(names),
    }
    if any(len(factor.numbers) > 1 for factor in factors):
        said["groups"] = [factor.id for factor in factors for _ in factor.numbers]
    return said


def lay_out(
    file: ScenarioFile,
    method: Method,
    factors: Sequence[Factor],
    *,
    size: int,
    repeats: int,
    seed: int,
    outcomes: Sequence[str],
    quarters: int | None = None,
) -> Design:
    """Sample the matrix.

    Raises
    ------
    UserError
        If SALib is not installed, or a number makes no sense.
    """
    try:
        from SALib.sample import morris, sobol
    except ImportError as error:
        raise UserError(MISSING) from error
    _check(method, factors, size, repeats)
    length = file.quarters if quarters is None else quarters
    said = problem(factors)
    if method == "morris":
        shares = morris.sample(said, size, num_levels=LEVELS, seed=seed)
    else:
        shares = sobol.sample(said, size, calc_second_order=True, seed=seed)
    return Design(
        file, method, tuple(factors), size, repeats, seed, length, tuple(outcomes), shares
    )


def _check(method: Method, factors: Sequence[Factor], size: int, repeats: int) -> None:
    if len(factors) < 2:  # noqa: PLR2004
        raise UserError("a sensitivity analysis compares at least two factors")
    if repeats < 2:  # noqa: PLR2004 - else chance cannot be told from numbers
        raise UserError(f"--repeats {repeats}: at least 2, to tell chance from numbers")
    if method == "sobol" and (size < 4 or size & (size - 1)):  # noqa: PLR2004
        raise UserError(f"--size {size}: a power of two from 4, for a Sobol sequence")
    if size < 4:  # noqa: PLR2004
        raise UserError(f"--size {size}: at least 4 trajectories")


def pieces(design: Design) -> Iterator[Piece[Chunk]]:
    """List the games, piece by piece."""
    known = parameters(design.file)
    said = {
        "code": code_hash(),
        "scenario": scenario_hash(design.file),
        "seed": design.seed,
        "quarters": design.quarters,
        "outcomes": design.outcomes,
    }
    rows, runs = max(TOGETHER // design.repeats, 1), design.runs
    for start in range(0, len(design.shares), rows):
        here = design.shares[start : start + rows]
        values = {
            name: np.repeat(at_quantile(known[name], u), design.repeats)
            for name, u in zip(design.names, here.T, strict=True)
        }
        job = Job(
            design.file,
            design.seed,
            runs[start : start + rows].reshape(-1),
            quarters=design.quarters,
            values=values,
        )
        yield piece(f"{design.method}-{start:06d}", job, Kept(design.outcomes), said)


def play(
    design: Design, folder: Path, workers: int | None = None, stream: TextIO | None = None
) -> dict[str, Floats]:
    """Play what is missing: outcome → (row, repeat)."""
    names = play_pieces(lambda: pieces(design), folder, "sensitivity", workers, stream)
    read = read_pieces(folder, names)
    return {name: read[name].reshape(-1, design.repeats) for name in design.outcomes}
