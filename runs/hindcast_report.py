"""What a hindcast says: text, tables, fan charts with the record on top, and a log of scorings."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.figure import Figure

from model.history import LAST_GUIDING
from model.notice import NOTICE
from model.reading import scenario_hash
from runs.answer_pictures import skill_picture
from runs.disk import disk_errors, write_whole
from runs.errors import check_games
from runs.figures import Panel, fan_chart, save
from runs.hindcast import (
    NO_HANDLE,
    YEAR,
    Answered,
    Forecast,
    Hindcast,
    Score,
    hindcast,
    past_scenario,
)
from runs.posterior import Draws, Posterior, spoken
from runs.scoring import BANDS, DOUBT, NAIVE
from runs.store import code_hash, program_version, renewed
from runs.summary import aligned, number, percent

LOG, KIND = "scorings.csv", "hindcast"
LOGGED = (
    "created",
    "scenario",
    "held out",
    "numbers",
    "games",
    "seed",
    "series better than no change",
    "within 90 %",
    "Brier",
    "version",
    "code",
    "scenario hash",
)
SERIES_HEAD = (
    "Series: mean CRPS, the lower the better; in brackets the share that the model saves, and its "
    f"interval of {DOUBT[1] - DOUBT[0]:.0f} % over resampled years, of which there are few"
)


@dataclass(frozen=True)
class Reported:
    """What became of a hindcast."""

    text: str
    folder: Path
    files: tuple[Path, ...]


def report(
    name: str,
    runs: int,
    seed: int,
    posterior: Posterior | None = None,
    out: Path | None = None,
    width: int = 100,
    command: str = "",
) -> Reported:
    """Play a hindcast, score it, and write what came of it; beside a posterior, the prior.

    Raises
    ------
    UserError
        If there is no such scenario or the folder cannot be written.
    """
    past_scenario(name)
    check_games(runs, seed)
    folder = Path("results") / f"hindcast-{name}" if out is None else out
    with renewed(folder, KIND), disk_errors(folder):
        found = hindcast(name, runs, Draws(seed, posterior))
        beside = hindcast(name, runs, Draws(seed)) if posterior is not None else None
        log = keep(folder / LOG, [_logged(each) for each in (beside, found) if each])
        text = told(found, log, width, beside)
        contents = {
            "hindcast.txt": f"{text}\n",
            "scores.csv": scores_csv(found, beside),
            "questions.csv": questions_csv(found),
            "record.csv": record_csv(found),
            "manifest.json": json.dumps(manifest(found, command), indent=2) + "\n",
        }
        for file, content in contents.items():
            write_whole(folder / file, content.encode())
        files = [folder / LOG, *(folder / file for file in contents), *_charts(found, folder)]
        return Reported(text, folder, tuple(files))


def told(
    found: Hindcast,
    log: Sequence[Sequence[str]],
    width: int = 100,
    beside: Hindcast | None = None,
) -> str:
    """Tell a hindcast: head, series, questions, what it rests on, what was scored before.

    beside : the same with numbers of the prior
    """
    games = found.games
    role = (
        "These years are held out: they guided neither rule nor number and are scored only. A "
        "temporal hold-out, not a blind one: the authors knew them."
        if found.held_out
        else f"Years up to {LAST_GUIDING} may guide rules and numbers: no test of foresight."
    )
    head = (
        f"{games.file.title}\n{games.runs:,} games of {games.file.name} "
        f"({scenario_hash(games.file)[:12]}), seed {games.seed}. "
        f"{spoken(found.draws.posterior, games.file)} {role}"
    )
    said = f"{_verdict(found)} {_against_no_change(found)}"
    if beside is not None:
        said += (
            f" With numbers of the prior alone: {_verdict(beside)} Brier {number(beside.brier)}."
        )
    parts = [
        head,
        NOTICE,
        SERIES_HEAD,
        _series_table(found.scores, beside.scores if beside else None),
        said,
        NO_HANDLE,
        _question_head(found),
        _question_table(found.answers),
        f"Unverified figures that this rests on ({len(found.record.unverified())})",
        listed(map(str, found.record.unverified())),
        "Scorings in this folder",
        aligned([list(LOGGED[:9]), *(list(row[:9]) for row in log)]),
    ]
    return "\n\n".join(filled(part, width) for part in parts)


def filled(text: str, width: int) -> str:
    """Break long lines, but not those of tables and lists."""
    return "\n".join(
        fill(line, width) if not line.startswith("  ") and "  " not in line else line
        for line in text.splitlines()
    )


def listed(lines: Iterable[str]) -> str:
    """Write lines under a heading."""
    return "\n".join(f"  {line}" for line in lines) or "  none"


def _against_no_change(found: Hindcast) -> str:
    worse = [s.forecast.measured.name for s in found.scores if s.crps >= s.naive["no change"]]
    if not worse:
        return "No series is worse than no change."
    return f"No better than no change: {', '.join(worse)}."


def _verdict(found: Hindcast) -> str:
    better = ", ".join(f"{name} in {n}" for name, n in found.better.items())
    inside = " and ".join(
        f"{percent(share)} of figures within {band:.0f} % of games"
        for band, share in found.coverage.items()
    )
    return f"Of {len(found.scores)} series the model is better than {better}; {inside}."


def _series_table(scores: Sequence[Score], beside: Sequence[Score] | None) -> str:
    head = ["series", "model", *(["prior"] if beside else [])]
    head += [*NAIVE, *(f"in {band:.0f} %" for band in BANDS)]
    rows = [
        [
            f"{s.forecast.measured.name} ({s.forecast.measured.unit})",
            number(s.crps),
            *([number(beside[n].crps)] if beside else []),
            *(f"{number(s.naive[name])} ({_saved(s.skill[name])})" for name in NAIVE),
            *(percent(s.coverage[band]) for band in BANDS),
        ]
        for n, s in enumerate(scores)
    ]
    return aligned([head, *rows])


def _saved(skill: tuple[float, float, float]) -> str:
    best, low, high = (f"{x:+.2f}" for x in skill)
    return f"{best}: {low} to {high}"


def _question_table(answers: Sequence[Answered]) -> str:
    rows = [
        [
            a.question.what,
            percent(a.chance),
            "yes" if a.question.happened else "no",
            f"{a.brier:.2f}",
        ]
        for a in answers
    ]
    return aligned([["question", "chance", "happened", "Brier"], *rows])


def _question_head(found: Hindcast) -> str:
    return (
        f"Questions: chance in the games, and what happened; Brier {number(found.brier)} "
        f"({number(_brier_of_no_change(found.answers))} for no change, .25 for one half each). "
        "They were chosen after the fact"
    )


def _brier_of_no_change(answers: Sequence[Answered]) -> float:
    return float(np.mean([a.unmoved != a.question.happened for a in answers]))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table as CSV, the notice above it."""
    out = io.StringIO()
    out.write(f"# {NOTICE}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def scores_csv(found: Hindcast, beside: Hindcast | None = None) -> str:
    """One row for each series: scores, skill with intervals, coverage.

    beside : the same with numbers of the prior
    """
    named = [name.replace(" ", "_") for name in NAIVE]
    head = ["series", "unit", "figures", "crps_model", "crps_prior", *(f"crps_{n}" for n in named)]
    prior = (beside or found).scores if beside or not found.draws.posterior else None
    head += [f"skill_{n}{end}" for n in named for end in ("", "_low", "_high")]
    head += [f"within_{band:.0f}" for band in BANDS]
    rows = [
        [
            s.forecast.record,
            s.forecast.measured.unit,
            len(s.forecast.truth),
            s.crps,
            prior[n].crps if prior else "",
            *s.naive.values(),
            *(x for name in NAIVE for x in s.skill[name]),
            *s.coverage.values(),
        ]
        for n, s in enumerate(found.scores)
    ]
    return table(head, rows)


def questions_csv(found: Hindcast) -> str:
    """One row for each question."""
    head = ["question", "what", "chance", "happened", "brier", "no_change_says", "confidence"]
    rows = [
        [
            a.question.question,
            a.question.what,
            a.chance,
            "yes" if a.question.happened else "no",
            a.brier,
            "yes" if a.unmoved else "no",
            a.question.confidence,
        ]
        for a in found.answers
    ]
    return table(head, rows)


def record_csv(found: Hindcast) -> str:
    """One row for each figure: what happened, quantiles of the games, and what nobody verified."""
    quantiles = (5, 25, 50, 75, 95)
    unverified = {str(row) for row in found.record.unverified()}
    rows = []
    for s in found.scores:
        of = s.forecast.record
        shown = {o.period: str(o) for o in found.record.history.series(of)}
        for period, truth in s.forecast.truth.items():
            sure = "unverified" if shown[period] in unverified else "seen"
            told = np.percentile(s.forecast.members[period], quantiles)
            rows.append([of, period, truth, sure, *(f"{x:.6g}" for x in told)])
    return table(["series", "period", "record", "confidence", *map(str, quantiles)], rows)


def manifest(found: Hindcast, command: str) -> dict[str, object]:
    """Return what the results depend on."""
    games = found.games
    return {
        "kind": KIND,
        "scenario": games.file.name,
        "scenario_hash": scenario_hash(games.file),
        "seed": games.seed,
        "runs": games.runs,
        "numbers": found.draws.label,
        "held_out": found.held_out,
        "sources": found.record.sources(),
        "unverified": [str(row) for row in found.record.unverified()],
        "version": program_version(),
        "code": code_hash(),
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_with": f"Python {sys.version.split()[0]}, NumPy {np.__version__}",
        "notice": NOTICE,
    }


def keep(file: Path, scored: Sequence[Sequence[str]]) -> list[list[str]]:
    """Add scorings to those in the folder and return all, the oldest first."""
    rows = []
    if file.exists():
        with file.open(encoding="utf-8", newline="") as lines:
            rows = [row for row in csv.reader(lines) if row and not row[0].startswith("#")][1:]
    rows += map(list, scored)
    write_whole(file, table(LOGGED, rows).encode())
    return rows


def _logged(found: Hindcast) -> list[str]:
    games = found.games
    return [
        datetime.now(UTC).isoformat(timespec="seconds"),
        games.file.name,
        "yes" if found.held_out else "no",
        found.draws.label,
        str(games.runs),
        str(games.seed),
        f"{found.better['no change']} of {len(found.scores)}",
        percent(found.coverage[BANDS[-1]]),
        f"{found.brier:.3f}",
        program_version(),
        code_hash(),
        scenario_hash(games.file)[:12],
    ]


def _charts(found: Hindcast, folder: Path) -> list[Path]:
    """Draw fans with the record on top: one figure for years, one for quarters."""
    files: list[Path] = []
    for name, yearly in (("years", True), ("quarters", False)):
        shown = [s.forecast for s in found.scores if _yearly(s.forecast) == yearly]
        if not shown:
            continue
        periods = list(shown[0].members)
        panels = [
            Panel(
                f.measured.name,
                f.measured.unit,
                np.array(list(f.members.values())),
                record=np.array([f.truth.get(p, np.nan) for p in periods]),
            )
            for f in shown
        ]
        below = f"Dots: what happened. {about(found)}"
        figure = fan_chart(panels, periods, found.games.file.title, below)
        files += save(figure, folder / name)
    return [*files, *save(_skill(found), folder / "skill")]


def about(found: Hindcast) -> str:
    """Say of what a figure is."""
    games = found.games
    return (
        f"{games.runs:,} games of {games.file.name} {scenario_hash(games.file)[:12]}, seed "
        f"{games.seed}, numbers: {found.draws.label}"
    )


def _skill(found: Hindcast) -> Figure:
    """Draw what the model saves of each naive forecaster's error."""
    said = (
        "Error: continuous ranked probability score (CRPS). Line: interval of "
        f"{DOUBT[1] - DOUBT[0]:.0f} % over resampled years, of which there are few. Blue dot: "
        "surely better; orange diamond: surely worse; grey square: neither is sure."
    )
    skills = {s.forecast.measured.name: s.skill for s in found.scores}
    title = f"Skill of the hindcast from {found.games.file.start}"
    return skill_picture(skills, title, f"{said}\n{about(found)}")


def _yearly(forecast: Forecast) -> bool:
    return len(next(iter(forecast.members))) == len(YEAR)
