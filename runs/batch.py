"""`hubspoke batch`: many games into a results folder, then a table, a report and figures."""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import batched
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from agents.doctrine import spoken
from model.notice import NOTICE
from model.parameters import check_settings
from model.reading import scenario_hash
from model.scenario import Values
from model.schema import ScenarioFile
from runs.arms import side_by_side
from runs.disk import disk_errors, write_whole
from runs.engines import Job, Task, run_chunks, useful
from runs.ensemble import Chunk, reference, seat_doctrines
from runs.errors import UserError, check_games
from runs.outcomes import Watched, watched_series
from runs.patterns import as_lines, hold
from runs.posterior import Draws
from runs.store import (
    ALL,
    FORMAT,
    Manifest,
    Part,
    Results,
    Shard,
    Store,
    code_hash,
    program_version,
)
from runs.summary import SHORT, Row, as_csv, as_text, sanity, summary

__all__ = ["CHUNK", "FAN_GAMES", "Written", "batch", "parse_shard", "sanity"]

# games played together, and one file: they share the interpreter's time, which is about that of 600
# games' own arithmetic
SMALLEST_CHUNK, CHUNK = 500, 3000
PARTS = 8  # of many games, so that several processors have work
FAN_GAMES = 1000  # games whose trajectories are always kept: enough for 5 % bands
AS_WRITTEN = "the scenario's, not calibrated"
LINES = 10  # progress lines where there is no terminal


@dataclass(frozen=True)
class Written:
    """What a batch wrote; without the last part of a sharded batch there is no table yet."""

    folder: Path
    games: int  # that are there
    complete: bool
    text: str = ""  # the short table, for the terminal
    table: Path | None = None  # summary.csv
    report: Path | None = None  # sanity.txt
    figure: Path | None = None  # fans.png
    files: tuple[Path, ...] = ()  # all that are made from the results


def batch(
    file: ScenarioFile,
    *,
    runs: int = 1000,
    seed: int = 1,
    workers: int | None = None,
    shard: Shard = (1, 1),
    trajectories: bool = False,
    out: str | Path | None = None,
    quarters: int | None = None,
    values: Values | None = None,
    doctrines: Mapping[str, str] | None = None,
    series: Sequence[str] = (),
    chunk: int | None = None,
    draws: Draws | None = None,
    command: str = "",
    arms: Sequence[Path] = (),
    stream: TextIO | None = None,
) -> Written:
    """Play games 0 to runs - 1 of a seed, as far as they are not in the folder already.

    workers : processes; as many as there are processors unless given
    shard : (i, n) plays every n-th part from the i-th; the folders of all n can be put together
    trajectories : keep every quarter of all games, not of the first 1,000 only
    out : results folder; `results/NAME-seed-N` unless given
    values : parameter path or alias → one number, or one per run
    chunk : games that are played together; an eighth of all, SMALLEST_CHUNK to CHUNK, unless given
    draws : of the numbers that `values` does not set; they are as the scenario says unless given
    command : how the user asked for it, for the manifest
    arms : two results folders of the same games, to be compared side by side in the report
    stream : where progress goes; standard error unless given

    Raises
    ------
    UserError
        Says what to do: other results in the folder, no space, a worker ended from outside …
    ValueError
        If a parameter is unknown or its value makes no sense.
    """
    check_games(runs, seed, quarters)
    _check_shard(shard)
    chunk = chunk_size(runs) if chunk is None else chunk
    if chunk < 1:
        raise UserError(f"chunk {chunk}: at least one game is played at a time")
    settings = check_settings(file, values or {}).values
    seat_doctrines(file, doctrines or {})
    played_by = {actor: reference(which) for actor, which in (doctrines or {}).items()}
    length = file.quarters if quarters is None else quarters
    manifest = describe(
        file, runs, seed, length, trajectories, settings, played_by, series, chunk, command, draws
    )
    folder = Path(out) if out is not None else default_folder(file, seed)
    stream = sys.stderr if stream is None else stream
    with Store(folder, manifest, shard) as store:
        fill(store, partial(_jobs, file, manifest, settings, draws, store.kept), workers, stream)
        return report(file, folder, arms)


def fill(
    store: Store,
    jobs: Callable[[Sequence[Part]], Iterable[Task[Chunk]]],
    workers: int | None,
    stream: TextIO,
) -> None:
    """Play what is missing in a store, and say how far it is; it can be stopped at any time.

    jobs : parts → what plays them
    """
    missing = store.missing()
    for name in store.replayed:
        print(f"{name} is not as it was written; its games are played again", file=stream)
    games = sum(len(part.runs) for part in store.parts())
    todo = sum(len(part.runs) for part in missing)
    progress = Progress(store.manifest["scenario"], games, todo, stream)
    try:
        with closing(run_chunks(jobs(missing), useful(workers, len(missing)))) as chunks:
            for each in chunks:
                store.write(each)
                progress.add(len(each.runs))
    except KeyboardInterrupt:
        progress.close()
        kept = f"{games - progress.left:,} of {games:,} games are kept in {store.folder}"
        print(f"stopped: {kept}; the same command goes on from there", file=stream)
        raise
    finally:
        progress.close()


def compare(
    file: ScenarioFile, name: str, pair: tuple[float, float], out: Path, **options: Any
) -> Written:
    """Play a batch, and the same games with either value of a number; show both side by side.

    name : parameter path or alias; out : results folder, the two arms lie in folders inside it;
    options : as of `batch`
    """
    values = options.pop("values", None) or {}
    arms = []
    for value in pair:
        arms.append(out / f"{name}={value:g}")
        batch(file, out=arms[-1], values={**values, name: value}, **options)
    return batch(file, out=out, values=values, arms=arms, **options)


def chunk_size(runs: int) -> int:
    """Return how many games are played together, by their number alone."""
    return min(CHUNK, max(SMALLEST_CHUNK, -(-runs // PARTS)))


def default_folder(file: ScenarioFile, seed: int) -> Path:
    """Return the folder of results that nobody has named."""
    return Path("results") / f"{file.name}-seed-{seed}"


def _check_shard(shard: Shard) -> None:
    if not 1 <= shard[0] <= shard[1]:
        raise UserError(f"--shard {shard[0]}/{shard[1]}: shards are numbered 1/n to n/n")


def parse_shard(text: str) -> Shard:
    """Read `2/4`, the second of four shards.

    Raises
    ------
    UserError
        If it is not of that form.
    """
    first, slash, of = text.partition("/")
    if not (slash and first.strip().isdecimal() and of.strip().isdecimal()):
        raise UserError(f"--shard {text}: write which one of how many, such as 1/4")
    shard = int(first), int(of)
    _check_shard(shard)
    return shard


def describe(
    file: ScenarioFile,
    runs: int,
    seed: int,
    quarters: int,
    trajectories: bool,
    settings: Values,
    doctrines: Mapping[str, str],
    series: Sequence[str],
    chunk: int,
    command: str,
    draws: Draws | None = None,
) -> Manifest:
    """Return the manifest: everything that the results depend on, and who made them when."""
    return {
        "format": FORMAT,
        "scenario": file.name,
        "title": file.title,
        "scenario_hash": scenario_hash(file),
        "version": program_version(),
        "code": code_hash(),
        "seed": seed,
        "runs": runs,
        "quarters": quarters,
        "start": file.start,
        "chunk": chunk,
        "trajectories": ALL if trajectories else FAN_GAMES,
        "series": [watched.id for watched in watched_series(file, series)],
        "numbers": AS_WRITTEN if draws is None else draws.label,
        "parameters": {path: _setting(value) for path, value in sorted(settings.items())},
        "doctrines": dict(sorted(doctrines.items())),
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_with": f"Python {sys.version.split()[0]}, NumPy {np.__version__}",
        "notice": NOTICE,
    }


def _setting(value: Any) -> Any:
    """A number as it is; one per run as its bounds and hash, the numbers being in the results."""
    if np.ndim(value) == 0:
        return float(value)
    numbers = np.ascontiguousarray(value, dtype=np.float64)
    digest = sha256(numbers.tobytes()).hexdigest()
    return {"from": float(numbers.min()), "to": float(numbers.max()), "sha256": digest}


def _jobs(
    file: ScenarioFile,
    manifest: Manifest,
    settings: Values,
    draws: Draws | None,
    kept: Callable[[Part], int],
    missing: Sequence[Part],
) -> Iterator[Job]:
    for path, value in settings.items():
        if np.ndim(value) > 0 and len(value) != manifest["runs"]:  # type: ignore[arg-type]
            raise UserError(f"{path} is given {np.size(value)} values for {manifest['runs']} runs")
    for part in missing:
        yield Job(
            file,
            manifest["seed"],
            part.runs,
            quarters=manifest["quarters"],
            values={
                path: value if np.ndim(value) == 0 else np.asarray(value, float)[part.runs]
                for path, value in settings.items()
            },
            doctrines=manifest["doctrines"],
            series=tuple(manifest["series"]),
            trajectories=kept(part) > 0,
            draws=draws,
        )


def report(file: ScenarioFile, folder: Path, arms: Sequence[Path] = ()) -> Written:
    """Write table, report and figure of a results folder, if all its games are there."""
    results = Results(folder)
    if not results.complete:
        return Written(folder, results.games, complete=False)
    rows = summary(results)
    more = {}
    if held := hold({row.id: row for row in rows}):
        more["History until 2020 and these games"] = as_lines(held)
    if arms:
        first, second = (Results(arm) for arm in arms)
        more[f"{first.folder.name} and {second.folder.name}, the same draws"] = side_by_side(
            first, second
        )
    texts = {
        "summary.csv": as_csv(rows),
        "summary.txt": f"{as_text(rows)}\n\n{_caption(results)}\n{NOTICE}\n",
        "columns.csv": _columns_csv(results),
        "sanity.txt": sanity(results, rows, more),
    }
    files = []
    with disk_errors(folder):
        for name, text in texts.items():
            write_whole(folder / name, text.encode())
            files.append(folder / name)
    files += draw_fans(file, results, folder / "fans")
    return Written(
        folder,
        results.games,
        complete=True,
        text=_short_text(rows),
        table=files[0],
        report=files[3],
        figure=files[4],
        files=tuple(files),
    )


def _short_text(rows: Sequence[Row]) -> str:
    return f"{as_text(rows, SHORT)}\n{NOTICE}"


def _columns_csv(results: Results) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "label", "unit", "kind"])
    writer.writerows([c.id, c.label, c.unit, c.kind] for c in results.columns())
    return out.getvalue()


def _caption(results: Results) -> str:
    """Say what the games were, in a line under a table or figure."""
    manifest = results.manifest
    parts = [
        f"{results.games:,} games",
        f"scenario {manifest['scenario']} {manifest['scenario_hash'][:12]}",
        f"seed {manifest['seed']}",
        f"hubspoke {manifest['version']}",
        f"numbers: {manifest['numbers']}",
    ]
    parts += [f"{k} = {v:g}" for k, v in manifest["parameters"].items() if isinstance(v, float)]
    parts += [f"{actor} plays {spoken(name)}" for actor, name in manifest["doctrines"].items()]
    return " · ".join(parts)


def draw_fans(file: ScenarioFile, results: Results, stem: Path) -> list[Path]:
    """Draw the key series as fans, from the games whose trajectories were kept (at most 1,000).

    Up to twelve series share a page; the pages are `fans.png`, `fans-2.png` …, the same as SVG.
    """
    from runs.figures import PAGE, Panel, fan_chart, save

    watched = watched_series(file, results.manifest["series"])
    table = results.first_trajectories(FAN_GAMES)
    quarters = list(dict.fromkeys(table.column("quarter").to_pylist()))
    games = table.num_rows // len(quarters)
    series = [
        Panel(
            w.name, w.unit, table.column(w.label).to_numpy().reshape(games, -1).T, stages(file, w)
        )
        for w in watched
    ]
    shown = f"fans of the first {games:,}" if games < results.games else f"fans of all {games:,}"
    below = f"{_caption(results)}\n{shown} games: median, 50 % and 90 % of games in each quarter"
    written: list[Path] = []
    for page, panels in enumerate(batched(series, PAGE), start=1):
        name = stem if page == 1 else stem.with_name(f"{stem.name}-{page}")
        written += save(fan_chart(panels, quarters, file.title, below), name)
    return written


def stages(file: ScenarioFile, series: Watched) -> dict[float, str]:
    """Names of the levels of a series that counts the stages of a lever; none of any other."""
    lever = file.levers.get(series.of.removeprefix("lever."))
    if series.unit != "stage" or lever is None:
        return {}
    return dict(zip(lever.settings, lever.labels, strict=True))


class Progress:
    """How far it is and how long it still takes: a bar on a terminal, a few lines elsewhere."""

    def __init__(self, name: str, total: int, left: int, stream: TextIO) -> None:
        self.name, self.total, self.left, self.stream = name, total, left, stream
        self._todo, self._begun = left, time.monotonic()
        self._next_line = left - left / LINES
        self._bar = None
        if left < total:
            print(f"{name}: {total - left:,} of {total:,} games are there", file=stream)
        if left and stream.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=total, initial=total - left, desc=name, unit=" games", file=stream
            )

    def add(self, games: int) -> None:
        """Note games that are finished."""
        self.left -= games
        if self._bar is not None:
            self._bar.update(games)
        elif self.left <= self._next_line:
            self._next_line = self.left - self._todo / LINES
            gone = time.monotonic() - self._begun
            rest = gone * self.left / (self._todo - self.left)
            done = f"{self.name}: {self.total - self.left:,} of {self.total:,} games"
            print(
                f"{done}, {spoken_time(gone)} gone, {spoken_time(rest)} left",
                file=self.stream,
                flush=True,
            )

    def close(self) -> None:
        """Leave the terminal in order."""
        if self._bar is not None:
            self._bar.close()


def spoken_time(seconds: float) -> str:
    """Say a time as people do: 2 min 05 s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
