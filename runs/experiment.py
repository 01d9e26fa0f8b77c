"""An experiment: arms that play the same games, each with something changed.

All arms share seed and run numbers, so they share every draw (common random numbers): the
difference of a game in two arms is the effect in that game, and its mean is surer than the means.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TextIO

import numpy as np

from agents.briefing import Floats
from model.parameters import check_settings
from model.scenario import Values as Settings
from model.schema import ScenarioFile
from runs.batch import Progress, chunk_size
from runs.engines import Job, run_chunks
from runs.ensemble import Chunk, seat_doctrines
from runs.errors import UserError, check_games
from runs.outcomes import Column, Values, watched_series


@dataclass(frozen=True)
class Arm:
    """One way to play: a scenario, and what is set otherwise in it."""

    name: str
    file: ScenarioFile
    values: Settings = field(default_factory=dict)  # path or alias → one number, or (run,)
    doctrines: Mapping[str, str] = field(default_factory=dict)  # actor → doctrine


@dataclass(frozen=True)
class Played:
    """What came of the games of one arm; game r stands at place r in every arm."""

    arm: Arm
    columns: tuple[Column, ...]  # what the outcomes are
    outcomes: dict[str, Values]  # column id → (run,)
    trajectories: dict[str, Floats]  # series id → (quarter, run); empty unless asked for


def play_arms(
    arms: Sequence[Arm],
    seed: int,
    runs: int,
    *,
    quarters: int | None = None,
    series: Sequence[str] = (),
    trajectories: bool = False,
    workers: int | None = None,
    stream: TextIO | None = None,
) -> dict[str, Played]:
    """Play games 0 to runs - 1 of a seed in every arm: name of the arm → what came of it.

    series : measures to follow besides the scenario's key series, see `model.measures`
    trajectories : keep the series of every quarter
    workers : processes; as many as there are processors unless given
    stream : where progress goes; standard error unless given

    Raises
    ------
    UserError
        If there is no arm, two have one name, or an actor, doctrine or series is unknown.
    ValueError
        If a parameter is unknown or its value makes no sense.
    """
    check_games(runs, seed, quarters)
    names = [arm.name for arm in arms]
    if not names or len(set(names)) < len(names):
        raise UserError("an experiment needs arms, each with a name of its own")
    settings = [check_arm(arm, runs) for arm in arms]
    size = chunk_size(runs)
    parts = [np.arange(n, min(n + size, runs)) for n in range(0, runs, size)]
    jobs = (
        Job(
            arm.file,
            seed,
            part,
            quarters=quarters,
            values={p: v if np.ndim(v) == 0 else v[part] for p, v in setting.items()},
            doctrines=arm.doctrines,
            series=tuple(series),
            trajectories=trajectories,
            tag=arm.name,
        )
        for arm, setting in zip(arms, settings, strict=True)
        for part in parts
    )
    progress = Progress("games", runs * len(arms), runs * len(arms), stream or sys.stderr)
    found: dict[str, dict[int, Chunk]] = {name: {} for name in names}
    try:
        with closing(run_chunks(jobs, workers, progress.add)) as chunks:
            for chunk in chunks:
                found[chunk.tag][int(chunk.runs[0])] = chunk
    finally:
        progress.close()
    return {arm.name: _joined(arm, found[arm.name], series) for arm in arms}


def check_arm(arm: Arm, runs: int) -> dict[str, Floats]:
    """Check an arm and return its values under their full names, each () or (run,).

    Raises
    ------
    UserError, DoctrineError
        Says what is wrong.
    """
    seat_doctrines(arm.file, arm.doctrines)
    try:
        values = check_settings(arm.file, arm.values).values
    except ValueError as error:
        raise UserError(f"arm {arm.name}: {error}") from error
    arrays = {path: np.asarray(value, dtype=float) for path, value in values.items()}
    for path, value in arrays.items():
        if value.ndim and value.shape != (runs,):
            raise UserError(f"arm {arm.name}: {path} has {value.size} values for {runs} games")
    return arrays


def _joined(arm: Arm, chunks: Mapping[int, Chunk], series: Sequence[str]) -> Played:
    """Put the chunks of an arm together in order of their games."""
    ordered = [chunks[n] for n in sorted(chunks)]
    columns = ordered[0].columns
    watched = watched_series(arm.file, series) if ordered[0].trajectories else ()
    return Played(
        arm,
        columns,
        {c.id: np.concatenate([k.outcomes[c.label] for k in ordered]) for c in columns},
        {w.id: np.concatenate([k.trajectories[w.label] for k in ordered], axis=1) for w in watched},
    )
