"""`hubspoke sweep`: play a design into a results folder, and say what its factors do."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa

from agents.briefing import Floats, Ints
from model.notice import NOTICE
from model.schema import ScenarioFile
from model.turn import SameFile
from runs.batch import chunk_size, describe, fill, spoken_time
from runs.disk import disk_errors, write_whole
from runs.engines import processors
from runs.ensemble import Chunk, play_chunk
from runs.errors import UserError
from runs.outcomes import Column
from runs.posterior import Draws
from runs.store import (
    ALL,
    DESIGN,
    Manifest,
    Part,
    Shard,
    Store,
    outcome_table,
    to_parquet,
    trajectory_table,
)
from runs.sweep.design import Design, Edit, Point, edited

PROBE = 64  # games from which a dry run measures time and size
POINT = Column("point", "point of the design", "", "count")
GAME = Column("game", "game of the point", "", "count")


@dataclass(frozen=True)
class Piece:
    """Rows of one world and one seating, played together."""

    edit: Edit
    doctrines: dict[str, str]
    points: Ints  # (run,)
    games: Ints  # (run,) number of each game, which decides its draws
    values: dict[str, Floats]  # path → (run,)


@dataclass(frozen=True)
class SweepJob:
    """Rows of a design to be played; `runs.engines` takes it as it takes a `Job`."""

    file: ScenarioFile
    seed: int
    runs: Ints  # (row,)
    quarters: int
    pieces: tuple[Piece, ...]
    series: tuple[str, ...]
    trajectories: bool
    draws: Draws | None = None  # of numbers that no point sets; the same game, the same numbers

    def play(self) -> Chunk:
        """Play the pieces one after the other and put their games together."""
        chunks = [
            play_chunk(
                edited(SameFile(self.file), piece.edit),
                self.seed,
                piece.games,
                quarters=self.quarters,
                values=piece.values,
                doctrines=piece.doctrines,
                series=self.series,
                trajectories=self.trajectories,
                drawn=self.draws.values(self.file, piece.games) if self.draws else {},
            )
            for piece in self.pieces
        ]
        first = chunks[0]
        outcomes = {
            POINT.label: np.concatenate([piece.points for piece in self.pieces]),
            GAME.label: np.concatenate([piece.games for piece in self.pieces]),
            **{
                c.label: np.concatenate([chunk.outcomes[c.label] for chunk in chunks])
                for c in first.columns
            },
        }
        followed = {
            label: np.concatenate([chunk.trajectories[label] for chunk in chunks], axis=1)
            for label in first.trajectories
        }
        return Chunk(self.runs, (POINT, GAME, *first.columns), outcomes, followed)


def job(design: Design, rows: Ints, draws: Draws | None = None) -> SweepJob:
    """Return what plays some rows of a design."""
    file = design.file
    point = rows // file.runs
    game = rows % file.runs if file.pairing == "same" else rows
    pieces = []
    for where in _runs_of(design.points, point):
        first: Point = design.points[point[where[0]]]
        values = {path: design.table[n, point[where]] for n, path in enumerate(design.paths)}
        pieces.append(Piece(first.edit, first.doctrines, point[where], game[where], values))
    return SweepJob(
        design.scenario,
        file.seed,
        rows,
        design.quarters,
        tuple(pieces),
        file.series,
        file.trajectories,
        draws,
    )


def _runs_of(points: Sequence[Point], point: Ints) -> Iterator[Ints]:
    """Places of rows that share world and seating, as long as they stand together."""
    begin = 0
    for n in range(1, len(point) + 1):
        here = points[point[begin]]
        if n == len(point) or not _together(here, points[point[n]]):
            yield np.arange(begin, n)
            begin = n


def _together(one: Point, other: Point) -> bool:
    return one is other or (one.edit == other.edit and one.doctrines == other.doctrines)


def design_table(design: Design) -> pa.Table:
    """The design: one row a point, with the level of every factor and what is set there."""
    columns: dict[str, Any] = {"point": np.arange(len(design.points))}
    for name in design.file.factors:
        levels = [p.levels[name] for p in design.points]
        words = any(isinstance(level, str) for level in levels)
        columns[name] = [str(x) for x in levels] if words else np.array(levels, dtype=float)
    for n, path in enumerate(design.paths):
        if path not in columns:
            columns[f"set.{path}"] = design.table[n]
    actors = sorted({actor for p in design.points for actor in p.doctrines})
    for actor in actors:
        own = design.scenario.actors[actor].doctrine
        columns[f"plays.{actor}"] = [p.doctrines.get(actor, own) for p in design.points]
    columns["shocks"] = [", ".join(p.edit.shocks) for p in design.points]
    columns["rules"] = [", ".join(f"{k}={v}" for k, v in p.edit.rules) for p in design.points]
    return pa.table(columns)


def manifest_of(design: Design, command: str, draws: Draws | None = None) -> Manifest:
    """Return the manifest of a sweep: that of its games, and the whole design."""
    file = design.file
    said = describe(
        design.scenario,
        design.rows,
        file.seed,
        design.quarters,
        file.trajectories,
        {},
        {},
        file.series,
        chunk_size(design.rows),
        command,
        draws,
    )
    return said | {
        "kind": "sweep",
        "title": file.title,
        "trajectories": ALL if file.trajectories else 0,
        "points": len(design.points),
        "games_a_point": file.runs,
        "design": file.model_dump(mode="json", exclude_defaults=True),
    }


def sweep(
    design: Design,
    out: Path,
    *,
    workers: int | None = None,
    shard: Shard = (1, 1),
    draws: Draws | None = None,
    command: str = "",
    stream: TextIO | None = None,
) -> None:
    """Play what is missing of a design; it can be stopped, and goes on from there.

    draws : of the numbers that the design does not set; as the scenario says unless given

    Raises
    ------
    UserError
        Says what to do: other results in the folder, an outcome that there is not …
    """
    check_outcomes(design)
    with Store(out, manifest_of(design, command, draws), shard) as store:
        table = design_table(design)
        with disk_errors(out):
            tag = f"{shard[0]}-of-{shard[1]}"
            write_whole(out / DESIGN, to_parquet(table), tag)
            text = f"# {NOTICE}\n{table.to_pandas().to_csv(index=False)}"
            write_whole(out / "design.csv", text.encode(), tag)
        fill(store, partial(_jobs, design, draws), workers, stream or sys.stderr)


def _jobs(design: Design, draws: Draws | None, missing: Sequence[Part]) -> Iterator[SweepJob]:
    for part in missing:
        yield job(design, part.runs, draws)


def check_outcomes(design: Design) -> tuple[str, ...]:
    """Return the ids of the outcomes of a game, played for one quarter.

    Raises
    ------
    UserError
        If the design names an outcome that there is not.
    """
    from model.faults import near

    tried = replace(job(design, np.array([0])), quarters=1).play()
    known = tuple(c.id for c in tried.columns)
    for name in design.file.outcomes:
        if name not in known:
            hint = near(name, known)
            meant = f" → did you mean {hint}?" if hint else ""
            raise UserError(f"{design.file.title}: there is no outcome {name!r}{meant}")
    return known


@dataclass(frozen=True)
class Estimate:
    """What a sweep would take."""

    points: int
    games: int
    seconds: float
    disk: float  # bytes
    workers: int


def estimate(design: Design, workers: int | None = None) -> Estimate:
    """Measure time and size on a few games of the design, spread over its points."""
    check_outcomes(design)
    rows = np.unique(np.linspace(0, design.rows - 1, min(PROBE, design.rows)).astype(np.int64))
    some = job(design, np.sort(rows))
    world = replace(some, pieces=some.pieces[:1], runs=some.pieces[0].points)
    world.play()  # what is compiled on first use must not be counted
    whole = job(design, np.arange(min(chunk_size(design.rows), design.rows, 4 * PROBE)))
    begun = time.perf_counter()
    chunk = whole.play()
    gone = time.perf_counter() - begun
    size = len(to_parquet(outcome_table(chunk)))
    if design.file.trajectories:
        size += len(to_parquet(trajectory_table(chunk, len(chunk.runs), design.scenario.start)))
    count = processors() if workers is None else workers
    share = design.rows / len(chunk.runs)
    return Estimate(
        len(design.points), design.rows, gone * share / max(count, 1), size * share, count
    )


def estimated(found: Estimate) -> list[str]:
    """Say what a sweep would take."""
    size = found.disk / 1e6
    disk = f"{size / 1000:.1f} GB" if size >= 1000 else f"{size:.1f} MB"  # noqa: PLR2004 - a GB
    many = "process" if found.workers == 1 else "processes"
    return [
        f"{found.points:,} points, {found.games:,} games",
        f"about {spoken_time(found.seconds)} with {found.workers} {many}, measured on a few games",
        f"about {disk} on disk",
    ]
