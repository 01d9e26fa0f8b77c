"""Games in pieces: what one chunk gave of some outcomes, in a file named by all that it depends on.

The same command goes on where another one stopped, and a change of anything (scenario, code,
numbers, seeds) is another piece. For experiments that keep few outcomes of many small sets of
games; whole batches are kept by `runs.store`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agents.briefing import Floats
from runs.batch import Progress
from runs.engines import Job, run_chunks
from runs.ensemble import Chunk
from runs.errors import UserError
from runs.store import disk_errors, to_parquet, write_whole

Derive = Callable[[Chunk], Mapping[str, Floats]]
DIGITS = 12  # of the hash in a file's name


@dataclass(frozen=True, eq=False)
class Piece:
    """One chunk of games, and where its outcomes are kept; the job's tag is the file's name."""

    job: Job
    columns: tuple[str, ...]  # outcomes that are kept, by id
    derive: Derive | None = None  # more that is kept, such as sums over the quarters


def piece(
    stem: str,
    job: Job,
    columns: Sequence[str],
    said: Mapping[str, Any],
    derive: Derive | None = None,
) -> Piece:
    """Name a piece by its stem and a hash.

    said : what the games depend on besides runs and values of the job, as JSON can hold it
    """
    digest = sha256(json.dumps(said, sort_keys=True).encode())
    digest.update(job.runs.tobytes())
    for path, value in sorted((job.values or {}).items()):
        digest.update(path.encode())
        digest.update(np.asarray(value, dtype=float).tobytes())
    name = f"{stem}-{digest.hexdigest()[:DIGITS]}.parquet"
    return Piece(replace(job, tag=name), tuple(columns), derive)


def play_pieces(
    pieces: Callable[[], Iterator[Piece]],
    folder: Path,
    name: str,
    workers: int | None = None,
    stream: TextIO | None = None,
) -> list[str]:
    """Play the pieces that are not in the folder yet, and return the files' names in order.

    pieces : lists them, the same each time; their numbers are too many to be kept
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
    sizes = {each.job.tag: len(each.job.runs) for each in pieces()}
    missing = {tag for tag in sizes if not is_readable(folder / tag)}
    wanted: dict[str, Piece] = {}

    def jobs() -> Iterator[Job]:
        for each in pieces():
            if each.job.tag in missing:
                missing.discard(each.job.tag)  # the same games may be asked for twice
                wanted[each.job.tag] = each
                yield each.job

    progress = Progress(name, sum(sizes.values()), sum(sizes[t] for t in missing), stream)
    try:
        with closing(run_chunks(jobs(), workers, progress.add)) as chunks:
            for chunk in chunks:
                keep(chunk, wanted.pop(chunk.tag), folder / chunk.tag)
    except KeyboardInterrupt:
        progress.close()
        print(f"stopped: the same command goes on from there ({folder})", file=stream)
        raise
    finally:
        progress.close()
    return list(sizes)


def is_readable(file: Path) -> bool:
    """Say whether a piece is there and whole; it is written under another name first."""
    try:
        return file.is_file() and pq.read_metadata(file).num_rows > 0
    except (OSError, pa.ArrowInvalid):
        return False


def keep(chunk: Chunk, wanted: Piece, file: Path) -> None:
    """Write the outcomes that are wanted of a chunk.

    Raises
    ------
    UserError
        If there is no such outcome.
    """
    labels = {column.id: column.label for column in chunk.columns}
    unknown = [name for name in wanted.columns if name not in labels]
    if unknown:
        raise UserError(unknown_outcome(unknown[0], list(labels)))
    kept = {name: np.asarray(chunk.outcomes[labels[name]], dtype=float) for name in wanted.columns}
    if wanted.derive is not None:
        kept |= wanted.derive(chunk)
    with disk_errors(file.parent):
        write_whole(file, to_parquet(pa.table(kept)))


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
