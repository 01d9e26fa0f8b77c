"""Results on disk: a manifest, and one Parquet file per chunk of games, whole or not there.

A folder holds

    manifest.json                                what was played: scenario, seed, parameters …;
                                                 its last line is the hash of what it says
    outcomes/part-000000-000255.parquet          one row per game
    trajectories/part-000000-000255.parquet      one row per game and quarter
    …/part-….parquet.sha256                      their content hashes (`sha256sum -c` reads them)

A file that is there and whole is never written again, so the same command goes on where another
one stopped, and several machines can fill one folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agents.briefing import Ints
from model.notice import NOTICE
from model.reading import scenario_hash
from model.scenario import quarter_name
from model.schema import ScenarioFile
from runs.disk import (
    WHOLE,
    alone,
    disk_errors,
    ends_well,
    hash_file,
    is_whole,
    sweep_out,
    write_vouched,
    write_whole,
)
from runs.ensemble import Chunk
from runs.errors import UserError, needs
from runs.outcomes import Column, Values

MANIFEST = "manifest.json"
FORMAT = 2  # raised when a reader of the old format would misread the new one
KINDS = ("outcomes", "trajectories")
RESULTS = ("*/part-*.parquet", "games/*.parquet")  # what makes a folder one of results
HASH = "sha256"
CHECKED_AT_ONCE = 256_000_000  # bytes whose hashes are reckoned in about half a second
DESIGN = "design.parquet"  # one row a point, in the folder of a sweep
# "files" are listed once all is written; of "claims" a folder may hold some and then more.
NOT_COMPARED = {"command", "created", "made_with", "notice", "files", "claims", HASH}
ALL, SOMETHING = "all", "something that its manifest does not tell"
Manifest = dict[str, Any]
Shard = tuple[int, int]  # this one of how many, from 1


@dataclass(frozen=True, order=True)
class Part:
    """Games `start` to `stop - 1`: what one file holds."""

    start: int
    stop: int

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"part-{self.start:06d}-{self.stop - 1:06d}.parquet"

    @property
    def runs(self) -> Ints:
        """Numbers of the games, (run,)."""
        return np.arange(self.start, self.stop)

    @classmethod
    def of(cls, file: Path) -> Self:
        """Return the part that a file holds, by its name."""
        _, first, last = file.name.removesuffix(".parquet").split("-")
        return cls(int(first), int(last) + 1)


def program_version() -> str:
    """Version of the installed program."""
    try:
        return version("hubspoke")
    except PackageNotFoundError:
        return "unknown"


@cache
def code_hash() -> str:
    """Hash of the sources that decide what a game is: all of agents/ and model/."""
    rooms = Path(__file__).resolve().parents[1]
    digest = sha256()
    for file in sorted(chain.from_iterable((rooms / r).rglob("*.py") for r in ("agents", "model"))):
        digest.update(file.relative_to(rooms).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


class Store:
    """A results folder open for writing; a context manager that holds the folder's lock.

    Raises
    ------
    UserError
        If the folder holds results of something else, another process writes them, or it cannot
        be written.
    """

    def __init__(self, folder: Path, manifest: Manifest, shard: Shard = (1, 1)) -> None:
        self.folder, self.manifest, self.shard = folder, manifest, shard
        self._tag = f"{shard[0]}-of-{shard[1]}"
        self.replayed: list[str] = []  # names of files that were there but not whole

    def __enter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(claimed(self.folder, self.manifest, self._tag))
            with disk_errors(self.folder):
                for kind in KINDS:
                    (self.folder / kind).mkdir(exist_ok=True)
                    sweep_out(self.folder / kind, self._tag)
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def parts(self) -> list[Part]:
        """All parts of this shard: every n-th one, so that shards never share a file."""
        return shard_parts(self.manifest, self.shard)

    def missing(self) -> list[Part]:
        """Parts of this shard that are not there, or not whole."""
        return [part for part in self.parts() if not self._is_whole(part)]

    def _is_whole(self, part: Part) -> bool:
        files = [self.folder / kind / part.name for kind in KINDS[: 1 + bool(self.kept(part))]]
        there = [file for file in files if file.is_file()]
        broken = [file for file in there if not is_whole(file)]
        self.replayed += [f"{file.parent.name}/{file.name}" for file in broken]
        return len(there) == len(files) and not broken

    def kept(self, part: Part) -> int:
        """Number of games of a part whose trajectories are kept: its first ones."""
        limit = self.manifest["trajectories"]
        last = part.stop if limit == ALL else min(limit, part.stop)
        return max(last - part.start, 0)

    def write(self, chunk: Chunk) -> None:
        """Write the games of a part; the outcomes come last, so that they vouch for the part."""
        part = Part(int(chunk.runs[0]), int(chunk.runs[-1]) + 1)
        _compare(self.folder, self.manifest)  # another shard may have claimed the empty folder
        with disk_errors(self.folder):
            if kept := self.kept(part):
                table = trajectory_table(chunk, kept, self.manifest["start"])
                self._write("trajectories", part, table)
            self._write("outcomes", part, outcome_table(chunk))

    def _write(self, kind: str, part: Part, table: pa.Table) -> None:
        content = to_parquet(table)
        write_vouched(self.folder / kind / part.name, content, self._tag)


def shard_parts(manifest: Mapping[str, Any], shard: Shard = (1, 1)) -> list[Part]:
    """Parts of one shard: every n-th part of the whole, counted from the i-th."""
    chunk, runs = manifest["chunk"], manifest["runs"]
    every = [Part(n, min(n + chunk, runs)) for n in range(0, runs, chunk)]
    return every[shard[0] - 1 :: shard[1]]


@contextmanager
def claimed(folder: Path, manifest: Manifest, tag: str = WHOLE) -> Iterator[None]:
    """Hold a folder for results of this manifest.

    Raises
    ------
    UserError
        If it holds results of something else, or another process writes there.
    """
    with alone(folder, tag):
        with disk_errors(folder):
            claim(folder, manifest, tag)
        yield


@contextmanager
def renewed(folder: Path, kind: str) -> Iterator[None]:
    """Hold a folder whose results are made anew each time, such as a forecast's.

    kind : as the manifests of such results say

    Raises
    ------
    UserError
        If it holds results of another kind, another process writes there, or it cannot be written.
    """
    with alone(folder):
        if (folder / MANIFEST).exists():
            there = _kind(folder)
            if there != kind:
                raise UserError(
                    f"{folder} holds results of {there}, which these would replace: choose another "
                    "folder with --out"
                )
        yield


def _kind(folder: Path) -> str:
    """Say of what kind the results of a folder are, as far as its manifest tells."""
    try:
        said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return SOMETHING
    return str(said.get("kind", "something else")) if isinstance(said, dict) else SOMETHING


def claim(folder: Path, manifest: Manifest, tag: str = "") -> None:
    """Write the manifest into a folder without results; in others it must say the same.

    Raises
    ------
    UserError
        Names what differs.
    """
    file = folder / MANIFEST
    if not any(next(folder.glob(each), None) for each in RESULTS):
        _write_manifest(folder, manifest, tag)
    elif not file.exists():
        raise UserError(f"{folder} holds results without a {MANIFEST}: choose another folder")
    _compare(folder, manifest)


def _write_manifest(folder: Path, manifest: Manifest, tag: str = "") -> None:
    text = json.dumps(sealed(manifest), indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / MANIFEST, text.encode(), tag)


def stamped(kind: str, file: ScenarioFile, command: str) -> Manifest:
    """Return what the manifests of all experiments say; the files are listed by `finish`."""
    return {
        "format": FORMAT,
        "kind": kind,
        "scenario": file.name,
        "scenario_hash": scenario_hash(file),
        "version": program_version(),
        "code": code_hash(),
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "notice": NOTICE,
        "files": [],
    }


def finish(folder: Path, manifest: Manifest, files: Sequence[Path]) -> None:
    """List in the manifest what was written: the experiment is finished."""
    names = [file.relative_to(folder).as_posix() for file in files]
    with disk_errors(folder):
        _write_manifest(folder, {**manifest, "files": names})


def _compare(folder: Path, manifest: Manifest) -> None:
    """Refuse a folder whose manifest says something else."""
    there = read_manifest(folder)
    ours = json.loads(json.dumps(manifest))
    differ = [
        f"  {key}: {_short(there.get(key))} there, {_short(ours.get(key))} now"
        for key in sorted({*there, *ours} - NOT_COMPARED)
        if there.get(key) != ours.get(key)
    ]
    if differ:
        lines = "\n".join(differ)
        raise UserError(
            f"{folder} holds results of something else:\n{lines}\n"
            "Choose another folder with --out, or run what was run there."
        )


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"  # noqa: PLR2004 (a line of a terminal)


def sealed(manifest: Manifest) -> Manifest:
    """Add the hash of what a manifest says: a changed number must not pass for the truth."""
    said = {key: value for key, value in manifest.items() if key != HASH}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return said | {HASH: sha256(text.encode()).hexdigest()}


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a results folder.

    Raises
    ------
    UserError
        If there is none, it cannot be read, is of another format, or has been changed.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{folder} is no results folder: it has no {MANIFEST}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{folder / MANIFEST} is damaged: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UserError(f"{folder / MANIFEST} has another format: use the program that wrote it")
    if sealed(manifest) != manifest:
        raise UserError(
            f"{folder / MANIFEST} has been changed since it was written, so it does not say what "
            "these results are of: put the old one back, or choose another folder with --out"
        )
    return manifest


def outcome_table(chunk: Chunk) -> pa.Table:
    """Outcomes as a table, one row a game; every field says its id, unit and kind."""
    arrays = [pa.array(chunk.runs)]
    fields = [pa.field("run", arrays[0].type)]
    for column in chunk.columns:
        array = _array(column, chunk.outcomes[column.label])
        arrays.append(array)
        fields.append(_field(column, array))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _array(column: Column, values: Values) -> pa.Array:
    if column.kind in ("count", "flag"):
        return pa.array(values.astype(np.int8 if column.kind == "flag" else np.int32))
    return pa.array(values, from_pandas=True)  # what never happened is null, not NaN


def _field(column: Column, array: pa.Array) -> pa.Field:
    about = {"id": column.id, "unit": column.unit, "kind": column.kind}
    return pa.field(column.label, array.type, metadata=about)


def _column(field: pa.Field) -> Column:
    about = {key.decode(): value.decode() for key, value in field.metadata.items()}
    return Column(about["id"], field.name, about["unit"], about["kind"])


def trajectory_table(chunk: Chunk, games: int, start: str) -> pa.Table:
    """Series of the first games as a table, one row per game and quarter."""
    quarters = len(next(iter(chunk.trajectories.values())))
    names = [quarter_name(start, n) for n in range(quarters)]
    columns = {
        "run": pa.array(np.repeat(chunk.runs[:games], quarters)),
        "quarter": pa.array(names * games).dictionary_encode(),
    }
    for label, values in chunk.trajectories.items():
        columns[label] = pa.array(values[:, :games].T.reshape(-1), from_pandas=True)
    return pa.table(columns)


def to_parquet(table: pa.Table) -> bytes:
    """Compress a table; floats by streams of bytes, which shrinks alike numbers best."""
    floats = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    out = pa.BufferOutputStream()
    pq.write_table(
        table,
        out,
        compression="zstd",
        use_byte_stream_split=floats,
        use_dictionary=[name for name in table.schema.names if name not in floats],
        write_statistics=False,
    )
    return out.getvalue().to_pybytes()


def merge(folders: Sequence[Path], out: Path) -> None:
    """Put the parts of several folders of one batch or sweep into one.

    Raises
    ------
    UserError
        If they are of different things, a file is not as it was written, or parts are missing.
    """
    if not folders:
        raise UserError("name the folders that are to be put together")
    manifest = read_manifest(folders[0])
    found: dict[str, Path] = {}
    for folder in folders:
        _compare(folder, manifest)
        for file in sorted(folder.glob("*/part-*.parquet")):
            if not is_whole(file):
                raise UserError(f"{file} is not as it was written: play it again, or leave it out")
            found.setdefault(file.relative_to(folder).as_posix(), file)
    missing = [p for p in shard_parts(manifest) if f"{KINDS[0]}/{p.name}" not in found]
    if missing:
        games = sum(len(part.runs) for part in missing)
        raise UserError(
            f"{games:,} of {manifest['runs']:,} games are in none of the folders, the first of "
            f"them {missing[0].start}: a shard is missing"
        )
    with Store(out, manifest), disk_errors(out):
        for name, file in found.items():
            write_whole(hash_file(out / name), hash_file(file).read_bytes())
            write_whole(out / name, file.read_bytes())
        for extra in (DESIGN, "design.csv"):
            if (folders[0] / extra).is_file():
                write_whole(out / extra, (folders[0] / extra).read_bytes())


class Results:
    """A results folder open for reading, also while it is being written.

    What is there when it is opened can be read; opened again, it has what came since. Contents are
    held against their hashes at once where that takes no time to speak of (CHECKED_AT_ONCE), in
    larger folders by `verify`.

    Raises
    ------
    UserError
        If it is no results folder, or the content of a file is not what was written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        parts = [*self.folder.glob("*/part-*.parquet")]
        small = sum(file.stat().st_size for file in parts) <= CHECKED_AT_ONCE
        check = is_whole if small else ends_well
        self._files = {kind: _whole_files(self.folder / kind, check) for kind in KINDS}

    def verify(self) -> None:
        """Hold the content of every file against its hash.

        Raises
        ------
        UserError
            Names the files whose content is not what was written.
        """
        for kind in KINDS:
            _whole_files(self.folder / kind, is_whole)

    @property
    def games(self) -> int:
        """Number of games that are there."""
        return sum(part.stop - part.start for part in map(Part.of, self._files["outcomes"]))

    @property
    def complete(self) -> bool:
        """Whether all games of the manifest are there."""
        return self.games == self.manifest["runs"]

    @property
    def notice(self) -> str:
        """What goes with everything that is shown."""
        return NOTICE

    def columns(self) -> tuple[Column, ...]:
        """Outcomes that were kept of each game."""
        files = self._files["outcomes"]
        if not files:
            return ()
        return tuple(_column(field) for field in pq.read_schema(files[0]) if field.name != "run")

    def table(self, kind: str = "outcomes", columns: Sequence[str] | None = None) -> pa.Table:
        """Read a kind of results, or some columns of it, in order of the games."""
        return self._read(kind, self._files[kind], columns)

    def first_trajectories(self, games: int) -> pa.Table:
        """Read the trajectories of the games that are numbered below `games`."""
        files = [f for f in self._files["trajectories"] if Part.of(f).start < games]
        table = self._read("trajectories", files, None)
        return table.filter(pc.less(table["run"], games))

    def _read(self, kind: str, files: list[Path], columns: Sequence[str] | None) -> pa.Table:
        if not files:
            raise UserError(f"{self.folder} has no {kind} yet")
        wanted = None if columns is None else list(columns)
        # one thread: the files are small and wide, so handing columns around takes longer
        tables = [pq.ParquetFile(file).read(wanted, use_threads=False) for file in files]
        return pa.concat_tables(tables).unify_dictionaries()

    def outcomes(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """One row a game; what never happened is NaN."""
        return self.table("outcomes", columns).to_pandas()

    def trajectories(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """One row per game and quarter, of the games whose trajectories were kept."""
        return self.table("trajectories", columns).to_pandas()

    def design(self) -> pd.DataFrame | None:
        """The points of a sweep, one row each; None where the games are of no sweep."""
        file = self.folder / DESIGN
        return pq.read_table(file).to_pandas() if file.is_file() else None

    def dataset(self) -> Any:
        """Outcomes and trajectories as an xarray Dataset: dimensions `run` and `quarter`.

        Raises
        ------
        UserError
            If xarray is not installed.
        """
        try:
            import xarray as xr
        except ImportError:
            raise UserError(needs("an xarray dataset", "xarray")) from None
        games = self.outcomes().set_index("run")
        found = {name: ("run", games[name].to_numpy()) for name in games}
        out = xr.Dataset(found, coords={"run": games.index.to_numpy()}, attrs={"notice": NOTICE})
        if self._files["trajectories"]:
            table = self.trajectories().astype({"quarter": str}).set_index(["run", "quarter"])
            series = xr.Dataset.from_dataframe(table)
            out = out.merge(series.rename({n: f"{n}, by quarter" for n in series}), join="outer")
        for column in self.columns():
            out[column.label].attrs = {"id": column.id, "units": column.unit}
        return out

    def query(self, sql: str) -> pd.DataFrame:
        """Ask in SQL: the tables are `outcomes`, `trajectories`, `columns`; `design` of a sweep."""
        import duckdb

        listed = pa.table(
            {
                key: [getattr(column, key) for column in self.columns()]
                for key in ("id", "label", "unit", "kind")
            }
        )
        with duckdb.connect() as connection:
            connection.register("columns", listed)
            for kind, files in self._files.items():
                if files:
                    names = [str(file) for file in files]
                    connection.read_parquet(names).create_view(kind)
            if (self.folder / DESIGN).is_file():
                connection.read_parquet(str(self.folder / DESIGN)).create_view("design")
            return connection.sql(sql).df()


def _whole_files(folder: Path, check: Callable[[Path], bool]) -> list[Path]:
    """Files of a kind in order of their games; check : says whether one is whole.

    Raises
    ------
    UserError
        Names the files whose content is not what was written.
    """
    files = [file for file in sorted(folder.glob("part-*.parquet")) if file.is_file()]
    broken = [file.name for file in files if not check(file)]
    if broken:
        raise UserError(
            f"in {folder} these files are not as they were written: {', '.join(broken)}; delete "
            "them and run the same command again, which plays their games anew"
        )
    return sorted(files, key=Part.of)
