"""Hindcast: games from a past start against what happened, scored beside naive forecasters."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

import numpy as np

from agents.briefing import Bools, Floats, Ints
from model.chance import Chance
from model.faults import near
from model.history import LAST_GUIDING, Consulted, Question, history
from model.reading import read, shipped
from model.scenario import quarter_name
from model.schema import ScenarioFile
from runs.batch import Progress
from runs.engines import Job, run_chunks
from runs.ensemble import Chunk
from runs.errors import UserError, check_games
from runs.outcomes import Values
from runs.posterior import Draws
from runs.scoring import (
    BANDS,
    NAIVE,
    brier,
    by_year,
    covered,
    crps,
    naive_scores,
    past_swings,
    skill,
)

CHUNK = 1000
ALONE = 2 * CHUNK  # games up to which starting other processes takes longer than it saves
LOOK_BACK = 10  # years before the start that naive forecasters and rates of growth know
TROOPS = ("lever.usfk_army", "lever.usfk_air", "lever.usfk_marines")
THOUSAND, PERCENT = 1000.0, 100.0
YEAR = "2017"  # as long as this
QUARTERS, SEPTEMBER = 4, 2
MADE = {  # measures of questions that are changes since the start
    "sma_change": ("lever.sma_cash",),
    "usfk_change": TROOPS,
    "europe_change": ("lever.us_troops_europe",),
}
FOR_FACTS = ("lever.hns_cash", "lever.us_dprk_track", "stock.ships", "count.prk_nuclear_tests")


Yearly = Literal["mean", "end", "september", "sum"]


@dataclass(frozen=True)
class Measured:
    """A series of the record, and the measure of the model that stands for it."""

    record: str  # series of the history
    name: str
    unit: str
    of: tuple[str, ...]  # measures, added up
    yearly: Yearly = "mean"  # how quarters make a year, where the record is by years
    by_year: str = ""  # series that takes its place where quarters were not counted yet
    anchored: bool = False  # the model gives the change since the start, in thousands
    grows: str = ""  # measure above 0 in which years it rises: within an agreement
    output: str = ""  # stock, % from trend: budgets are money set before the year's output is known
    spent: str = ""  # series of real growth of that money, from which output's own is worked out


# What is agreed for a year is paid for all of it, though signed in its course (rounds 9 and 10).
SERIES = (
    Measured(
        "sma_cash",
        "SMA cash",
        "KRW bn a year",
        ("lever.sma_cash",),
        yearly="end",
        grows="lever.sma_in_force",
    ),
    Measured(
        "usfk_count",
        "U.S. active duty in Korea",
        "persons",
        TROOPS,
        yearly="september",
        by_year="usfk_count_year",
        anchored=True,
    ),
    Measured(
        "spending_rok",
        "ROK defence spending",
        "% of GDP",
        ("lever.rok_spending",),
        output="stock.gdp_rok",
        spent="growth_rok",
    ),
    Measured(
        "spending_jpn",
        "Japanese defence spending",
        "% of GDP",
        ("lever.jpn_spending",),
        output="stock.gdp_jpn",
        spent="growth_jpn",
    ),
    Measured(
        "spending_nato",
        "European and Canadian spending",
        "% of GDP",
        ("lever.nato_spending",),
        output="stock.gdp_nato",
        spent="growth_nato",
    ),
    Measured(
        "spending_usa",
        "U.S. defence spending",
        "% of GDP",
        ("lever.us_spending",),
        output="stock.gdp_usa",
        spent="growth_usa",
    ),
    Measured(
        "prk_test_days",
        "Test days of the DPRK",
        "days",
        ("count.prk_testing",),
        yearly="sum",
        by_year="prk_test_days_year",
    ),
)
NO_HANDLE = (
    "Votes in the General Assembly: alignment is a constant of the ties in this model, so its "
    "forecast is no change and is not scored."
)


@dataclass(frozen=True)
class Games:
    """Games of a scenario as far as a hindcast looks at them."""

    file: ScenarioFile
    seed: int
    numbers: Ints  # (run,) the games' own numbers
    series: Mapping[str, Floats]  # measure → (quarter, run), after each quarter
    outcomes: Mapping[str, Values]  # outcome id → (run,)

    @property
    def runs(self) -> int:
        """Number of games."""
        return len(self.numbers)

    @cached_property
    def quarters(self) -> list[str]:
        """Names of the quarters played."""
        length = len(next(iter(self.series.values())))
        return [quarter_name(self.file.start, n) for n in range(length)]

    def start(self, measure: str) -> float:
        """Where a lever stood at the start."""
        return self.file.levers[measure.removeprefix("lever.")].start


@dataclass(frozen=True)
class Forecast:
    """What the games say about one series of the record, and what happened."""

    measured: Measured
    record: str  # series of the history
    members: Mapping[str, Floats]  # period → (run,)
    truth: Mapping[str, float]  # period → figure, where there is one
    past: Floats  # figures before the start, (period,)


@dataclass(frozen=True)
class Score:
    """How good a forecast was."""

    forecast: Forecast
    crps: float
    naive: Mapping[str, float]  # forecaster → CRPS
    skill: Mapping[str, tuple[float, float, float]]  # forecaster → value and interval
    coverage: Mapping[float, float]  # % of the members → share of figures inside


@dataclass(frozen=True)
class Answered:
    """A question, the chance that the games give it, and its score."""

    question: Question
    chance: float
    unmoved: bool  # what no change at all would have answered
    brier: float


@dataclass(frozen=True)
class Hindcast:
    """A scenario's games held against the record."""

    games: Games
    draws: Draws
    scores: tuple[Score, ...]
    answers: tuple[Answered, ...]
    record: Consulted

    @property
    def held_out(self) -> bool:
        """Whether these years are scored only and guided nothing."""
        return int(self.games.file.start[:4]) > LAST_GUIDING

    @property
    def better(self) -> dict[str, int]:
        """In how many series the model is better than each naive forecaster."""
        return {n: sum(s.crps < s.naive[n] for s in self.scores) for n in NAIVE}

    @property
    def coverage(self) -> dict[float, float]:
        """Share of all figures within the intervals."""
        counts = np.array([len(s.forecast.truth) for s in self.scores], dtype=float)
        share = {b: np.array([s.coverage[b] for s in self.scores]) for b in BANDS}
        return {b: float((share[b] * counts).sum() / counts.sum()) for b in BANDS}

    @property
    def brier(self) -> float:
        """Mean Brier score of the questions."""
        return float(np.mean([a.brier for a in self.answers]))


@cache
def past_scenarios() -> tuple[str, ...]:
    """Names of the scenarios that lie in the past."""
    return tuple(name for name in shipped() if read(name).title.startswith("Hindcast"))


@cache
def past_scenario(name: str) -> ScenarioFile:
    """Read a scenario that lies in the past.

    Raises
    ------
    UserError
        If it is none.
    """
    known = past_scenarios()
    if name not in known:
        hint = near(name, known)
        meant = f" → did you mean {hint}?" if hint else ""
        raise UserError(f"no hindcast starts at {name!r}{meant} (there are {', '.join(known)})")
    return read(name)


def play_past(file: ScenarioFile, runs: int, draws: Draws) -> Games:
    """Play games of a past scenario with drawn numbers."""
    return play_drawn(file, runs, draws, _measures(file.name))


def play_drawn(
    file: ScenarioFile,
    runs: int,
    draws: Draws,
    names: tuple[str, ...],
    quarters: int | None = None,
) -> Games:
    """Play games whose uncertain numbers are drawn; luck and numbers have the same seed.

    names : measures to follow

    Raises
    ------
    UserError
        If there are no games to play, or the seed makes no sense.
    """
    check_games(runs, draws.seed, quarters)
    jobs = [
        Job(
            file,
            draws.seed,
            np.arange(n, min(n + CHUNK, runs)),
            quarters=quarters,
            series=names,
            trajectories=True,
            draws=draws,
        )
        for n in range(0, runs, CHUNK)
    ]
    progress = Progress(f"{file.name}: games", runs, runs, sys.stderr)
    workers = 1 if runs <= ALONE else None
    with closing(progress), closing(run_chunks(jobs, workers, progress.add)) as played:
        chunks = sorted(played, key=lambda chunk: int(chunk.runs[0]))
    return games_of(file, draws.seed, chunks, names)


def past_job(file: ScenarioFile, seed: int, numbers: Ints, draws: Draws) -> Job:
    """Return some games of a past scenario, to be played."""
    return Job(file, seed, numbers, series=_measures(file.name), trajectories=True, draws=draws)


def games_of(
    file: ScenarioFile, seed: int, chunks: Sequence[Chunk], names: tuple[str, ...] = ()
) -> Games:
    """Put games together.

    names : measures that were followed; those of hindcasts unless given
    """
    names = names or _measures(file.name)
    columns = {c.id: c for c in chunks[0].columns}
    label = {name: columns[f"end.{name}"].label.removeprefix("end: ") for name in names}
    kept = {i: c for i, c in columns.items() if not i.startswith("set.")}
    return Games(
        file,
        seed,
        np.concatenate([c.runs for c in chunks]),
        {n: np.concatenate([c.trajectories[label[n]] for c in chunks], axis=1) for n in names},
        {i: np.concatenate([c.outcomes[each.label] for c in chunks]) for i, each in kept.items()},
    )


def _measures(scenario: str) -> tuple[str, ...]:
    """Measures that a hindcast needs, each once."""
    wanted = [of for m in SERIES for of in (*m.of, m.output, m.grows) if of]
    for question in Consulted(history()).questions(scenario):
        wanted += MADE.get(question.measure, (question.measure,))
    return tuple(dict.fromkeys((*wanted, *FOR_FACTS)))


def levels(games: Games, measured: Measured) -> Floats:
    """Return what stands for a series of the record after each quarter. (quarter, run).

    A share is decided of the output that is expected, and recorded of the output that came.
    """
    level: Floats = np.sum([games.series[of] for of in measured.of], axis=0)
    if measured.output:
        output = 1.0 + games.series[measured.output] / PERCENT
        level = level * output[0] / output
    return level


def foretold(games: Games, measured: Measured, record: Consulted) -> Forecast:
    """Bring the games to the form of the record: years or quarters, counts or sums."""
    level = levels(games, measured)
    periods = games.quarters
    year = int(games.file.start[: len(YEAR)])
    since, last = str(year - LOOK_BACK), games.quarters[-1]
    name = measured.record
    if measured.by_year and record.history.series(name)[0].period >= games.file.start:
        name = measured.by_year
    known = record.series(name, since, last)
    if all(len(period) == len(YEAR) for period in known):
        level = _years(level, measured.yearly)
        periods = [str(year + n) for n in range(len(level))]
    if measured.spent:
        level = level / surprises(games, measured, record, len(periods))
    past = {p: x for p, x in known.items() if p < periods[0]}
    if measured.grows:  # the sum paid at the start was known then
        at_start = max(p for p, x in known.items() if x == games.start(measured.of[0]))
        past = {p: x for p, x in known.items() if p <= at_start}
        level = level * _growth(games, record, games.series[measured.grows])
    before = np.array(list(past.values()))
    if measured.anchored:
        moved = THOUSAND * (level - sum(games.start(of) for of in measured.of))
        level = before[-1] + moved + _swings(games, before, len(periods))
    truth = {p: x for p, x in known.items() if p not in past}
    return Forecast(measured, name, dict(zip(periods, level, strict=True)), truth, before)


def _years(quarters: Floats, how: Yearly) -> Floats:
    """Make years of quarters, from a first quarter on. (quarter, run) → (year, run)."""
    by_year = quarters.reshape(-1, QUARTERS, quarters.shape[1])
    if how == "sum":
        return by_year.sum(axis=1)
    if how == "mean":
        return by_year.mean(axis=1)
    return by_year[:, -1] if how == "end" else by_year[:, SEPTEMBER]


def _growth(games: Games, record: Consulted, in_force: Floats) -> Floats:
    """Growth since the start, by rates seen before it. (year, run).

    A sum rises with each year in whose first quarter an agreement is in force.
    in_force : (quarter, run) above 0 where one is, after each quarter
    """
    first = int(games.file.start[: len(YEAR)])
    paid = record.series("sma_cash", str(first - LOOK_BACK), str(first - 1))
    new = {each.first for each in record.rounds(first - LOOK_BACK, first)}
    rates = [
        paid[str(y)] / paid[str(y - 1)] for y in range(first - LOOK_BACK + 1, first) if y not in new
    ]
    draw = Chance(games.seed, games.numbers).uniform("growth", 0, "sma_cash")[0]
    rate = np.array(rates)[(draw * len(rates)).astype(np.int64)]
    rises = in_force[::QUARTERS] > 0.0
    rises[0] = False  # the sum of the first year is the one at the start
    grown: Floats = rate ** rises.cumsum(axis=0)
    return grown


def surprises(games: Games, measured: Measured, record: Consulted, years: int) -> Floats:
    """Output of each year beside what was expected when its budget was set. (year, run).

    The growth of one of the last years over the mean of them all. Output grows as real spending
    does, over the growth of its share. The same year is drawn for all countries: slumps are
    shared.
    """
    first = int(games.file.start[: len(YEAR)])
    since, until = str(first - LOOK_BACK), str(first - 1)
    share = record.series(measured.record, since, until)
    spent = record.series(measured.spent, since, until)
    grown = np.array(
        [
            (1.0 + spent[str(y)] / PERCENT) * share[str(y - 1)] / share[str(y)]
            for y in range(first - LOOK_BACK + 1, first)
        ]
    )
    chance = Chance(games.seed, games.numbers)
    draws = np.array([chance.uniform("output", n, "surprise")[0] for n in range(years)])
    surprise: Floats = grown[(draws * len(grown)).astype(np.int64)] / grown.mean()
    return surprise


def _swings(games: Games, past: Floats, periods: int) -> Floats:
    """Moves of a count that no decision explains, as they were before the start. (period, run)."""
    draw = Chance(games.seed, games.numbers).uniform("count", 0, "swing")[0]
    out = np.zeros((periods, games.runs))
    for n in range(periods):
        around = past_swings(past, n + 1) - past[-1]
        out[n] = around[(draw * len(around)).astype(np.int64)]
    return out


def score(forecast: Forecast, seed: int) -> Score:
    """Score one forecast beside the naive ones."""
    truth = forecast.truth
    mine = [crps(forecast.members[p], y) for p, y in truth.items()]
    others = naive_scores(forecast.past, truth)
    years = by_year(list(truth), mine)
    return Score(
        forecast,
        float(np.mean(mine)),
        {name: float(np.mean(each)) for name, each in others.items()},
        {name: skill(years, by_year(list(truth), each), seed) for name, each in others.items()},
        {
            band: float(np.mean([covered(forecast.members[p], y, band) for p, y in truth.items()]))
            for band in BANDS
        },
    )


def came(games: Games, sums: Forecast, question: Question) -> Bools:
    """Say in which games something came true. (run,).

    sums : the forecast of the sums paid, of whose yearly changes some questions are
    """
    if question.measure == "sma_change":
        now = sums.members[question.first]
        before = sums.members.get(str(int(question.first) - 1), sums.past[-1])
        return _beyond(question)(100.0 * (now / before - 1.0), question.than)
    of = MADE.get(question.measure, (question.measure,))
    level = np.sum([games.series[name][_window(games, question)] for name in of], axis=0)
    if question.measure in MADE:
        level = level - sum(games.start(name) for name in of)
    return _beyond(question)(level, question.than).any(axis=0)


def answered(games: Games, sums: Forecast, question: Question) -> Answered:
    """Give a question the share of games in which it came true."""
    still = 0.0
    if question.measure not in MADE:
        still = _unmoved(games, question.measure, len(_window(games, question)))
    chance = float(came(games, sums, question).mean())
    unmoved = bool(_beyond(question)(still, question.than))
    return Answered(question, chance, unmoved, brier(chance, question.happened))


def _beyond(question: Question) -> Any:
    return np.greater if question.relation == "above" else np.less


def _window(games: Games, question: Question) -> list[int]:
    """Quarters, by number, in which a question may come true."""
    first, last = question.first, question.last
    return [
        n
        for n, q in enumerate(games.quarters)
        if first <= q[: len(first)] and q[: len(last)] <= last
    ]


def _unmoved(games: Games, measure: str, quarters: int) -> float:
    """Where a measure stands if nothing changes; events are expected at their tempo."""
    kind, _, name = measure.partition(".")
    start = games.file.levers[name].start
    return start * quarters if kind == "count" else start


def hindcast(name: str, runs: int, draws: Draws) -> Hindcast:
    """Play a past scenario and hold it against the record.

    Raises
    ------
    UserError
        If there is no such scenario.
    """
    games = play_past(past_scenario(name), runs, draws)
    record = Consulted(history())
    forecasts = [foretold(games, measured, record) for measured in SERIES]
    answers = [answered(games, forecasts[0], q) for q in record.questions(name)]
    scores = [score(f, draws.seed) for f in forecasts]
    return Hindcast(games, draws, tuple(scores), tuple(answers), record)
