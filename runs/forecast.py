"""Answers to dated questions from games of 2025q1: `hubspoke forecast`.

The questions and what of a game answers each stand in forecast.csv. Nothing after the scenario's
cut-off informs an answer: neither its numbers, nor a threshold, nor a base rate.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from agents.briefing import Bools, Floats
from model.chance import Chance
from model.history import Consulted, history
from model.notice import NOTICE
from model.reading import read, scenario_hash
from model.schema import ScenarioFile
from runs.answer_pictures import Likely, Span, chance_picture, span_picture
from runs.disk import disk_errors, write_whole
from runs.errors import check_games
from runs.figures import save
from runs.hindcast import PERCENT, SERIES, Games, Measured, levels, play_drawn, surprises
from runs.hindcast_report import Reported, filled, listed, table
from runs.posterior import Draws, Posterior, spoken
from runs.store import code_hash, program_version, renewed
from runs.summary import aligned, number, percent

FILE = Path(__file__).with_name("forecast.csv")
SCENARIO, KIND = "2025q1", "forecast"
QUANTILES = (5, 25, 50, 75, 95)  # %
SAME = 1e-6  # a position that differs by less is the same
RATIO_YEARS = ("2019", "2024")  # of missiles on a test day: the era of short-range salvos
DECLARED = (
    "The questions were chosen after the fact, by people who knew how they came out; games, "
    "thresholds and rates know nothing after {cutoff}. The answers test the model, and the choice "
    "of questions flatters or shames it."
)


@dataclass(frozen=True)
class Asked:
    """A question, and what of a game answers it."""

    id: str
    question: str
    answer: str  # probability or quantiles
    by: str  # quarter
    handle: str  # ever, end, year, growth, missiles, rate
    measure: str  # of the model, or a series of the record
    relation: str  # above, below, other than
    than: str
    rate: str  # base rate, or growth of output
    note: str

    @property
    def measured(self) -> Measured | None:
        """The series of the record that it asks for, if it does."""
        return next((m for m in SERIES if m.record == self.measure), None)

    @property
    def followed(self) -> tuple[str, ...]:
        """Measures that games must follow for it."""
        if self.handle == "rate":
            return ()
        if self.measured is not None:
            return (*self.measured.of, self.measured.output)
        return (self.measure,)


@dataclass(frozen=True)
class Told:
    """An answer: a probability, or quantiles."""

    asked: Asked
    probability: float  # NaN for quantiles
    quantiles: Floats  # (QUANTILES,), NaN for a probability


def questions() -> list[Asked]:
    """Return the shipped questions."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return [Asked(**row) for row in csv.DictReader(lines)]


def forecast(file: ScenarioFile, runs: int, draws: Draws, record: Consulted) -> list[Told]:
    """Play games and answer all questions."""
    asked = questions()
    names = tuple(dict.fromkeys(name for each in asked for name in each.followed))
    last = max(each.by for each in asked)
    quarters = 4 * (int(last[:4]) - int(file.start[:4])) + int(last[5:]) - int(file.start[5:]) + 1
    games = play_drawn(file, runs, draws, names, quarters)
    return [answer(each, games, record) for each in asked]


def answer(asked: Asked, games: Games, record: Consulted) -> Told:
    """Answer one question from games, or by its base rate.

    Raises
    ------
    ValueError
        If the table of questions names something unknown.
    """
    nothing = np.full(len(QUANTILES), np.nan)
    if asked.handle == "rate":
        return Told(asked, float(asked.rate), nothing)
    until = games.quarters.index(asked.by) + 1
    if asked.answer == "probability":
        came = _came(asked, games.series[asked.measure][:until])
        # never 0 or 1: many games are not all games (Jeffreys' prior)
        return Told(asked, float((came.sum() + 0.5) / (len(came) + 1.0)), nothing)
    values = _values(asked, games, until, record)
    return Told(asked, float("nan"), np.percentile(values, QUANTILES))


def _came(asked: Asked, level: Floats) -> Bools:
    """Say in which games it came true, ever or at the end. (quarter, run) → (run,)."""
    than = float(asked.than)
    beyond = {
        "above": level > than,
        "below": level < than,
        "other than": np.abs(level - than) > SAME,
    }[asked.relation]
    if asked.handle not in ("ever", "end"):
        raise ValueError(f"{asked.id}: {asked.handle!r} gives no probability")
    came: Bools = beyond.any(axis=0) if asked.handle == "ever" else beyond[-1]
    return came


def _values(asked: Asked, games: Games, until: int, record: Consulted) -> Floats:
    """Values of the games that quantiles are taken of. (run,)."""
    if asked.handle == "end":
        return games.series[asked.measure][until - 1]
    if asked.handle == "missiles":
        return games.series[asked.measure][:until].sum(axis=0) * _per_day(games, record)
    measured = asked.measured
    if measured is None or asked.handle not in ("year", "growth"):
        raise ValueError(f"{asked.id}: {asked.handle!r} of {asked.measure!r} gives no quantiles")
    share: Floats = levels(games, measured)[:until].mean(axis=0)
    if asked.handle == "year":
        return share / surprises(games, measured, record, 1)[0]
    start = sum(games.start(of) for of in measured.of)
    gap = games.series[measured.output][:until]
    output = (1.0 + float(asked.rate) / PERCENT) * (1.0 + (gap.mean(axis=0) - gap[0]) / PERCENT)
    return PERCENT * (share / start * output - 1.0)


def _per_day(games: Games, record: Consulted) -> Floats:
    """Missiles on a test day, that of one of the last years for each game. (run,)."""
    missiles = record.series("prk_missiles", *RATIO_YEARS)
    days = record.series("prk_test_days_year", *RATIO_YEARS)
    ratio = np.array([missiles[p] / days[p] for p in missiles])
    draw = Chance(games.seed, games.numbers).uniforms("missiles", 0, ["day"])[0, 0]
    return ratio[(draw * len(ratio)).astype(np.int64)]


def report(
    runs: int,
    seed: int,
    posterior: Posterior | None = None,
    out: Path | None = None,
    width: int = 100,
    command: str = "",
) -> Reported:
    """Answer the questions and write the answers.

    Raises
    ------
    UserError
        If there are no games to play, or the folder cannot be written.
    """
    check_games(runs, seed)
    folder = Path("results") / f"forecast-{SCENARIO}" if out is None else out
    with renewed(folder, KIND):
        return _write(runs, Draws(seed, posterior), folder, width, command)


def _write(runs: int, draws: Draws, folder: Path, width: int, command: str) -> Reported:
    file, record = read(SCENARIO), Consulted(history())
    answers = forecast(file, runs, draws, record)
    text = told(file, answers, draws, runs, record, width)
    manifest = {
        "kind": KIND,
        "scenario": SCENARIO,
        "scenario_hash": scenario_hash(file),
        "cutoff": file.cutoff,
        "seed": draws.seed,
        "runs": runs,
        "numbers": draws.label,
        "declared": DECLARED.format(cutoff=file.cutoff),
        "sources": record.sources(),
        "unverified": [str(row) for row in record.unverified()],
        "version": program_version(),
        "code": code_hash(),
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "notice": NOTICE,
    }
    contents = {
        "forecast.csv": forecast_csv(answers),
        "mapping.csv": mapping_csv(answers),
        "forecast.txt": f"{text}\n",
        "manifest.json": json.dumps(manifest, indent=2) + "\n",
    }
    with disk_errors(folder):
        for name, content in contents.items():
            write_whole(folder / name, content.encode())
        drawn = pictures(file, answers, draws, runs)
        files = [save(figure, folder / name) for name, figure in drawn.items()]
    return Reported(text, folder, tuple(chain((folder / name for name in contents), *files)))


def pictures(
    file: ScenarioFile, answers: Sequence[Told], draws: Draws, runs: int
) -> dict[str, Figure]:
    """Draw all answers: chances, and quantiles."""
    chances = [
        Likely(f"{t.asked.id} {t.asked.question}", t.probability, t.asked.handle != "rate")
        for t in answers
        if t.asked.answer == "probability"
    ]
    spans = [
        Span(f"{t.asked.id} {t.asked.question}", t.quantiles)
        for t in answers
        if t.asked.answer == "quantiles"
    ]
    about = (
        f"The questions were chosen after the fact; nothing after {file.cutoff} informs the "
        f"answers.\n{runs:,} games of {file.name} {scenario_hash(file)[:12]}, seed {draws.seed}, "
        f"numbers: {draws.label}"
    )
    bands = f"Bars: 90 % and 50 % of games; mark: median. {about}"
    return {
        "chances": chance_picture(chances, "Questions about 2025: chances", about),
        "quantiles": span_picture(spans, "Questions about 2025: quantities", bands),
    }


def told(
    file: ScenarioFile,
    answers: Sequence[Told],
    draws: Draws,
    runs: int,
    record: Consulted,
    width: int = 100,
) -> str:
    """Tell the answers: what they rest on, both kinds, and how each is read off a game."""
    head = (
        f"{len(answers)} questions about 2025, answered from {runs:,} games of {SCENARIO} "
        f"({scenario_hash(file)[:12]}), seed {draws.seed}. {spoken(draws.posterior, file)}"
    )
    chances = [["question", "chance", "from"]]
    chances += [
        [f"{t.asked.id} {t.asked.question}", percent(t.probability), _handle(t.asked)]
        for t in answers
        if t.asked.answer == "probability"
    ]
    spans = [["question", *(f"{q} %" for q in QUANTILES)]]
    spans += [
        [f"{t.asked.id} {t.asked.question}", *map(number, t.quantiles)]
        for t in answers
        if t.asked.answer == "quantiles"
    ]
    notes = [f"{t.asked.id}: {t.asked.note}" for t in answers if t.asked.note]
    parts = [
        head,
        NOTICE,
        DECLARED.format(cutoff=file.cutoff),
        "Chances, by the end of 2025",
        aligned(chances),
        "Quantiles",
        aligned(spans),
        "How each is read off a game, and where the model has no honest handle",
        *notes,
        f"Unverified figures that this rests on ({len(record.unverified())})",
        listed(map(str, record.unverified())),
    ]
    return "\n\n".join(filled(part, width) for part in parts)


def _handle(asked: Asked) -> str:
    return "base rate" if asked.handle == "rate" else "games"


def forecast_csv(answers: Sequence[Told]) -> str:
    """One row for each question: its probability, or its quantiles."""
    head = ["id", "probability", *(f"q{q:02d}" for q in QUANTILES)]
    blank = [""] * len(QUANTILES)
    rows = [
        [t.asked.id, f"{t.probability:.4f}", *blank]
        if t.asked.answer == "probability"
        else [t.asked.id, "", *(f"{x:.4g}" for x in t.quantiles)]
        for t in answers
    ]
    return table(head, rows)


def mapping_csv(answers: Sequence[Told]) -> str:
    """One row for each question: what of a game answers it."""
    head = ["id", "question", "by", "from", "handle", "measure", "relation", "than", "rate", "note"]
    rows = [
        [
            a.id,
            a.question,
            a.by,
            _handle(a),
            a.handle,
            a.measure,
            a.relation,
            a.than,
            a.rate,
            a.note,
        ]
        for a in (t.asked for t in answers)
    ]
    return table(head, rows)
