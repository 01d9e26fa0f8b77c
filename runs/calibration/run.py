"""`hubspoke calibrate`: games of the past with drawn numbers, and what history says about them.

The folder holds, besides what is made from them, the games' summaries in parts; a part is there
whole or not at all, so the same command goes on where it was stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agents.briefing import Bools, Floats, Ints
from model.history import Consulted, history
from model.notice import NOTICE
from model.reading import read, scenario_hash
from model.schema import ScenarioFile
from runs.batch import Progress
from runs.calibration import inference
from runs.calibration.evidence import Summary, guiding, summarise
from runs.calibration.inference import Checked, Sample, Screened
from runs.disk import disk_errors, sweep_out, write_whole
from runs.engines import run_chunks
from runs.errors import SEEDS, UserError, check_numbers
from runs.hindcast import games_of, past_job, past_scenario, past_scenarios
from runs.posterior import Draws, Posterior, write_posterior
from runs.prior import draw_quantiles, uncertain
from runs.store import FORMAT, Manifest, Part, claimed, code_hash, program_version, to_parquet

TODAY = "2025q1"  # what is calibrated must be the same number there
CHUNK = 1000
FEWEST, MOST = 500, 100_000  # games of each scenario
CHECKS = 300  # games that are taken for the record in the check by simulation
PREDICTED = 1000  # games of each scenario with numbers of the posterior
BEFORE, AFTER = "prior", "posterior"


@dataclass(frozen=True)
class Calibrated:
    """What came of a calibration."""

    folder: Path
    manifest: Manifest
    file: ScenarioFile  # of one of the scenarios, for ranges and units
    candidates: tuple[str, ...]
    screened: Screened
    summaries: tuple[Summary, ...]
    used: Bools  # (summary,) whether the model reaches the record
    before: Floats  # (summary, run) of games with numbers of the prior
    after: Floats  # (summary, run) of games with numbers of the posterior
    sample: Sample
    checked: Checked
    record: Consulted

    @property
    def names(self) -> list[str]:
        """Parameters that were calibrated, the best told first."""
        return [self.candidates[n] for n in self.screened.chosen]


def calibrate(
    draws: int,
    seed: int,
    out: Path,
    workers: int | None = None,
    command: str = "",
    stream: TextIO | None = None,
) -> Calibrated:
    """Play games with numbers of the prior, infer the posterior, and play games with that.

    Raises
    ------
    UserError
        If the folder holds something else or cannot be written, or the games tell nothing.
    """
    check_numbers(seed, None)
    if not FEWEST <= draws <= MOST:
        raise UserError(f"--draws {draws}: from {FEWEST} to {MOST:,}")
    stream = sys.stderr if stream is None else stream
    manifest = describe(draws, seed, command)
    with claimed(out, manifest), disk_errors(out):
        return _calibrate(_Played(out, seed, workers, stream), draws, manifest)


def _calibrate(played: _Played, draws: int, manifest: Manifest) -> Calibrated:
    record = Consulted(history())
    summaries = tuple(s for name in guiding() for s in played.summaries(name, record))
    before = played.values(BEFORE, range(draws), None)
    told = np.array([s.record for s in summaries])
    names = candidates()
    quantiles = draw_quantiles(list(names), played.seed, np.arange(draws))
    used = inference.in_reach(before, told)
    features = inference.ranks(before[used])
    screened = inference.screen(quantiles, features, played.seed)
    if not len(screened.chosen):
        raise UserError("the games tell nothing about any number: play more of them with --draws")
    chosen = quantiles[screened.chosen]
    onto = inference.project(chosen, features)
    seen = inference.ranks(before[used], told[used, None])
    expected = inference.projected(onto, features)
    sample = inference.posterior(chosen, expected, inference.projected(onto, seen)[:, 0])
    checks = np.random.default_rng(played.seed).choice(draws, min(CHECKS, draws), replace=False)
    checked = inference.check(chosen, expected, list(checks))
    file = past_scenario(guiding()[0])
    path = played.folder / "posterior.json"
    kept = [names[n] for n in screened.chosen]
    made = {key: manifest[key] for key in ("scenarios", "draws", "seed", "version", "code")}
    made["unverified"] = [str(row) for row in record.unverified()]
    write_posterior(path, file, kept, sample.quantiles, sample.weights, made)
    ranges = {n: (uncertain(file)[n].value, *uncertain(file)[n].range) for n in kept}
    posterior = Posterior(str(path), ranges, sample.quantiles, sample.weights, made)
    after = played.values(AFTER, range(draws, draws + PREDICTED), posterior)
    return Calibrated(
        played.folder,
        manifest,
        file,
        names,
        screened,
        summaries,
        used,
        before,
        after,
        sample,
        checked,
        record,
    )


@cache
def candidates() -> tuple[str, ...]:
    """Return the parameters that may be calibrated: the same number with the same range always.

    What was another number in another year (support, stakes, forces) cannot be learnt from it.
    """
    files = [uncertain(f) for f in (*map(past_scenario, past_scenarios()), read(TODAY))]
    return tuple(
        name
        for name, p in files[0].items()
        if all(name in f and (f[name].value, f[name].range) == (p.value, p.range) for f in files)
    )


def describe(draws: int, seed: int, command: str) -> Manifest:
    """Return what a calibration depends on."""
    return {
        "format": FORMAT,
        "what": "calibration",
        "scenarios": {name: scenario_hash(past_scenario(name)) for name in guiding()},
        "candidates": len(candidates()),
        "draws": draws,
        "predicted": PREDICTED,
        "seed": seed,
        "chunk": CHUNK,
        "version": program_version(),
        "code": code_hash(),
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_with": f"Python {sys.version.split()[0]}, NumPy {np.__version__}",
        "notice": NOTICE,
    }


@dataclass
class _Played:
    """Games of a folder: those that are there are read, the others are played."""

    folder: Path
    seed: int
    workers: int | None
    stream: TextIO

    def chance(self, scenario: str) -> int:
        """Return the seed of a scenario's games: two pasts share numbers and no luck."""
        return (self.seed + 1 + guiding().index(scenario)) % SEEDS

    def summaries(self, scenario: str, record: Consulted) -> tuple[Summary, ...]:
        """Learn from two games what there is to summarise, and what it rests on."""
        file, numbers = past_scenario(scenario), np.arange(2)
        chunk = past_job(file, self.chance(scenario), numbers, Draws(self.seed)).play()
        return summarise(games_of(file, self.chance(scenario), [chunk]), record).summaries

    def values(self, kind: str, numbers: range, posterior: Posterior | None) -> Floats:
        """Summaries of all games of all scenarios. (summary, run)."""
        each = [self._of(name, kind, numbers, posterior) for name in guiding()]
        return np.concatenate(each)

    def _of(self, scenario: str, kind: str, numbers: range, posterior: Posterior | None) -> Floats:
        file, folder = past_scenario(scenario), self.folder / f"{kind}-{scenario}"
        folder.mkdir(exist_ok=True)
        sweep_out(folder)
        bounds = [*range(numbers.start, numbers.stop, CHUNK), numbers.stop]
        parts = [Part(first, last) for first, last in pairwise(bounds)]
        missing = [part for part in parts if not (folder / part.name).is_file()]
        left = sum(len(part.runs) for part in missing)
        progress = Progress(f"{scenario}, numbers of the {kind}", len(numbers), left, self.stream)
        seed = self.chance(scenario)
        draws = Draws(self.seed, posterior)
        jobs = (past_job(file, seed, part.runs, draws) for part in missing)
        workers = 1 if len(missing) <= 1 else self.workers
        try:
            with closing(run_chunks(jobs, workers)) as chunks:
                for chunk in chunks:
                    told = summarise(games_of(file, seed, [chunk]), Consulted(history()))
                    part = Part(int(chunk.runs[0]), int(chunk.runs[-1]) + 1)
                    table = _table(chunk.runs, told.summaries, told.values)
                    write_whole(folder / part.name, to_parquet(table))
                    progress.add(len(chunk.runs))
        except KeyboardInterrupt:
            print(f"stopped: the same command goes on from there ({folder})", file=self.stream)
            raise
        finally:
            progress.close()
        tables = [pq.ParquetFile(folder / part.name).read() for part in parts]
        whole = pa.concat_tables(tables).drop_columns(["run"])
        return np.array([whole.column(n).to_numpy() for n in whole.column_names])


def _table(runs: Ints, summaries: Sequence[Summary], values: Floats) -> pa.Table:
    columns: dict[str, Any] = {"run": runs}
    return pa.table(columns | {s.id: row for s, row in zip(summaries, values, strict=True)})
