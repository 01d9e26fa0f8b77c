"""Games in pieces: what one job gave, in a file named by all that it depends on.

The same command goes on where another one stopped, and a change of anything (scenario, code,
numbers, seeds) is another piece. For experiments that keep few outcomes of many small sets of
games; whole batches are kept by `runs.store`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agents.briefing import Floats, Ints
from runs.batch import Progress
from runs.disk import disk_errors, is_whole, sweep_out, write_vouched
from runs.engines import Job, Task, run_chunks, useful
from runs.ensemble import Chunk
from runs.errors import UserError
from runs.store import to_parquet

Derive = Callable[[Chunk], Mapping[str, Floats]]
GAMES = "games"  # of a results folder, where its pieces lie
DIGITS = 12  # of the hash in a file's name


class Tagged(Protocol):
    """What carries the tag of its job and the numbers of its games."""

    @property
    def tag(self) -> str:
        """Of the job."""
        ...

    @property
    def runs(self) -> Ints:
        """Numbers of the games, (run,)."""
        ...


class TaggedTask[C: Tagged](Task[C], Tagged, Protocol):
    """A job of any kind that has a tag, as `runs.engines` takes it."""


@dataclass(frozen=True, eq=False)
class Piece[C: Tagged]:
    """One job, and what is kept of it; the job's tag is the file's name."""

    job: TaggedTask[C]
    table: Callable[[C], pa.Table]


@dataclass(frozen=True)
class Kept:
    """What is kept of a chunk: outcomes by id, and more, such as sums over the quarters."""

    columns: tuple[str, ...]
    derive: Derive = field(default=lambda _: {})

    def __call__(self, chunk: Chunk) -> pa.Table:
        """Return it as a table, one row a game.

        Raises
        ------
        UserError
            If there is no such outcome.
        """
        labels = {column.id: column.label for column in chunk.columns}
        unknown = [name for name in self.columns if name not in labels]
        if unknown:
            raise UserError(unknown_outcome(unknown[0], list(labels)))
        kept = {n: np.asarray(chunk.outcomes[labels[n]], dtype=float) for n in self.columns}
        return pa.table({**kept, **self.derive(chunk)})


def named(stem: str, said: Mapping[str, Any], runs: Ints, *values: Mapping[str, Any] | None) -> str:
    """Name the file of a piece by a stem and a hash of what its games depend on.

    said : what they depend on besides numbers and values, as JSON can hold it
    runs : (run,); values : path → one number, or one per run; of each game that is compared
    """
    digest = sha256(json.dumps(said, sort_keys=True).encode())
    digest.update(runs.tobytes())
    for each in values:
        for path, value in sorted((each or {}).items()):
            digest.update(path.encode())
            digest.update(np.asarray(value, dtype=float).tobytes())
    return f"{stem}-{digest.hexdigest()[:DIGITS]}.parquet"


def piece(stem: str, job: Job, kept: Kept, said: Mapping[str, Any]) -> Piece[Chunk]:
    """Return a piece of a `Job`; said : as of `named`."""
    return Piece(replace(job, tag=named(stem, said, job.runs, job.values)), kept)


def play_pieces[C: Tagged](
    pieces: Callable[[], Iterator[Piece[C]]],
    folder: Path,
    name: str,
    workers: int | None = None,
    stream: TextIO | None = None,
) -> list[str]:
    """Play the pieces that are not in the folder yet, and return the files' names in order.

    pieces : lists them, the same each time; their numbers are too many to be kept
    folder : of the pieces; the caller holds the lock of the results
    name : of the progress bar

    Raises
    ------
    UserError
        If there is no such outcome, or the folder cannot be written.
    KeyboardInterrupt
        After saying what is kept.
    """
    stream = sys.stderr if stream is None else stream
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        sweep_out(folder)
    sizes = {each.job.tag: len(each.job.runs) for each in pieces()}
    missing = {tag for tag in sizes if not is_whole(folder / tag)}
    for tag in sorted(missing):
        if (folder / tag).is_file():
            print(f"{tag} is not as it was written; its games are played again", file=stream)
    wanted: dict[str, Piece[C]] = {}

    def jobs() -> Iterator[TaggedTask[C]]:
        for each in pieces():
            if each.job.tag in missing:
                missing.discard(each.job.tag)  # the same games may be asked for twice
                wanted[each.job.tag] = each
                yield each.job

    progress = Progress(name, sum(sizes.values()), sum(sizes[t] for t in missing), stream)
    few = useful(workers, len(missing))
    try:
        with closing(run_chunks(jobs(), few)) as chunks:
            for chunk in chunks:
                content = to_parquet(wanted.pop(chunk.tag).table(chunk))
                with disk_errors(folder):
                    write_vouched(folder / chunk.tag, content)
                progress.add(len(chunk.runs))
    except KeyboardInterrupt:
        progress.close()
        print(f"stopped: the same command goes on from there ({folder})", file=stream)
        raise
    finally:
        progress.close()
    return list(sizes)


def unknown_outcome(name: str, known: Sequence[str]) -> str:
    """Say that there is no such outcome, with the nearest."""
    from model.faults import near

    meant = near(name, known)
    hint = f" → did you mean {meant}?" if meant else ""
    return f"there is no outcome {name!r}{hint} (`columns.csv` of any batch lists them all)"


def read_pieces(folder: Path, names: Sequence[str]) -> dict[str, Floats]:
    """Read pieces one after the other: outcome → (run,)."""
    tables = [pq.read_table(folder / name) for name in names]
    table = pa.concat_tables(tables)
    return {column: table.column(column).to_numpy() for column in table.column_names}
