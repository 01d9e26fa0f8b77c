"""What a calibration looks at: games and record brought to the same few summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from agents.briefing import Floats
from model.history import LAST_GUIDING, Consulted
from runs.hindcast import (
    SERIES,
    YEAR,
    Forecast,
    Games,
    came,
    foretold,
    past_scenario,
    past_scenarios,
)


@dataclass(frozen=True)
class Summary:
    """One number of a game that the record has, too."""

    id: str
    what: str
    unit: str
    record: float


@dataclass(frozen=True)
class Summarised:
    """Games of one scenario as a calibration sees them."""

    summaries: tuple[Summary, ...]
    values: Floats  # (summary, run)


@cache
def guiding() -> tuple[str, ...]:
    """Names of the past scenarios that end by the last guiding year."""
    return tuple(name for name in past_scenarios() if _ends(name) <= LAST_GUIDING)


def _ends(name: str) -> int:
    file = past_scenario(name)
    return int(file.start[: len(YEAR)]) + -(-file.quarters // 4) - 1


def summarise(games: Games, record: Consulted) -> Summarised:
    """Bring games to summaries: of each series its mean and its rise, of each question its answer.

    Raises
    ------
    ValueError
        If the games go beyond the last year that may guide.
    """
    if int(games.quarters[-1][: len(YEAR)]) > LAST_GUIDING:
        raise ValueError(f"{games.file.name} goes beyond {LAST_GUIDING}: it is scored only")
    rows: list[tuple[Summary, Floats]] = []
    forecasts = [foretold(games, measured, record) for measured in SERIES]
    for forecast in forecasts:
        rows += _of_series(games.file.name, forecast)
    for question in record.questions(games.file.name):
        of = f"{games.file.name}.{question.question}"
        answer = Summary(of, question.what, "yes or no", float(question.happened))
        rows.append((answer, came(games, forecasts[0], question).astype(float)))
    return Summarised(tuple(s for s, _ in rows), np.array([values for _, values in rows]))


def _of_series(scenario: str, forecast: Forecast) -> list[tuple[Summary, Floats]]:
    """Mean over the years, and the last year less the first."""
    truth = _by_years({p: np.array([x]) for p, x in forecast.truth.items()})
    games = _by_years({p: forecast.members[p] for p in forecast.truth})
    measured = forecast.measured
    found = []
    for what, words, of in (
        ("mean", f"mean of {len(truth)} years", lambda x: x.mean(axis=0)),
        ("rise", f"{len(truth)} years, last less first", lambda x: x[-1] - x[0]),
    ):
        summary = Summary(
            f"{scenario}.{measured.record}.{what}",
            f"{measured.name}, {words}",
            measured.unit,
            float(of(truth)[0]),
        )
        found.append((summary, of(games)))
    return found


def _by_years(periods: Mapping[str, Floats]) -> Floats:
    """Means of the periods of each year. (year, run)."""
    years: dict[str, list[Floats]] = {}
    for period, values in periods.items():
        years.setdefault(period[: len(YEAR)], []).append(values)
    return np.array([np.mean(each, axis=0) for each in years.values()])
