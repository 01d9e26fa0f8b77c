"""Indices with bootstrap intervals, the share of chance, and whether they have settled."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.briefing import Floats
from runs.sensitivity.design import LEVELS, Design, problem

RESAMPLES = 200
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Indices:
    """What each factor does to one outcome; (factor,) arrays, NaN where nothing varies."""

    main: Floats  # Morris: mean size of an elementary effect; Sobol: total order
    main_error: Floats  # half of the bootstrap interval
    other: Floats  # Morris: their spread (single numbers only); Sobol: first order
    other_error: Floats
    pairs: Floats  # (factor, factor) Sobol: second order, upper half; empty for Morris
    pairs_error: Floats


@dataclass(frozen=True)
class Found:
    """All that is said of one outcome."""

    outcome: str
    chance: float  # share of the variance of single games that no number explains
    indices: Indices
    settled: Mapping[int, Floats]  # blocks used → main index, (factor,)


def chance_share(games: Floats) -> float:
    """Share of the variance of single games that is chance: within rows, against all.

    games : (row, repeat); the variance between rows is that of their means, less what chance
    leaves in a mean (one-way analysis of variance)
    """
    within = float(games.var(axis=1, ddof=1).mean())
    between = max(float(games.mean(axis=1).var(ddof=1)) - within / games.shape[1], 0.0)
    return within / (within + between) if within + between > 0.0 else float("nan")


def analyse(design: Design, games: Mapping[str, Floats]) -> list[Found]:
    """Analyse every outcome; games : outcome → (row, repeat)."""
    found = []
    for name, values in games.items():
        row_means = values.mean(axis=1)
        sizes = sorted({max(4, design.size // part) for part in (8, 4, 2, 1)})
        settled = {n: indices(design, row_means, n).main for n in sizes[:-1]}
        whole = indices(design, row_means, design.size)
        found.append(Found(name, chance_share(values), whole, {**settled, design.size: whole.main}))
    return found


def indices(design: Design, row_means: Floats, blocks: int) -> Indices:
    """Return the indices from the first blocks of the matrix."""
    rows = blocks * design.block
    values, k = row_means[:rows], len(design.factors)
    nothing = np.full(k, np.nan)
    if np.ptp(values) == 0.0:
        square = np.full((k, k), np.nan)
        return Indices(nothing, nothing, nothing, nothing, square, square)
    if design.method == "morris":
        return _morris(design, design.shares[:rows], values)
    return _sobol(design, values)


def _morris(design: Design, shares: Floats, values: Floats) -> Indices:
    """Elementary effects (Morris 1991; Campolongo, Cariboni and Saltelli 2007)."""
    from SALib.analyze import morris

    got = morris.analyze(
        problem(design.factors),
        shares,
        values,
        num_levels=LEVELS,
        num_resamples=RESAMPLES,
        conf_level=CONFIDENCE,
        seed=design.seed,
    )
    order = _order(design, list(got["names"]))
    sigma = np.ma.filled(np.ma.asarray(got["sigma"], dtype=float), np.nan)
    empty = np.zeros((0, 0))
    return Indices(
        np.asarray(got["mu_star"], dtype=float)[order],
        np.asarray(got["mu_star_conf"], dtype=float)[order],
        np.asarray(sigma, dtype=float)[order],
        np.full(len(order), np.nan),
        empty,
        empty,
    )


def _sobol(design: Design, values: Floats) -> Indices:
    """Shares of variance (Saltelli et al. 2010), the rows of a block under the same chance."""
    from SALib.analyze import sobol

    with warnings.catch_warnings():
        # rare outcomes are alike in some resample; the interval says what that is worth
        warnings.filterwarnings("ignore", "Constant values encountered")
        got: Any = sobol.analyze(
            problem(design.factors),
            values,
            calc_second_order=True,
            num_resamples=RESAMPLES,
            conf_level=CONFIDENCE,
            seed=design.seed,
        )
    return Indices(
        *(np.asarray(got[k]) for k in ("ST", "ST_conf", "S1", "S1_conf", "S2", "S2_conf"))
    )


def _order(design: Design, names: list[str]) -> list[int]:
    """Places of the design's factors in what SALib returns."""
    return [names.index(factor.id) for factor in design.factors]
