"""The facts of history H1 to H8 as a scorecard: the record's number beside what games show.

Both numbers come from the same definition, a row of facts.csv. Whether a fact passes is decided by
RULE, which was written down before the first scorecard was made.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from agents.briefing import Floats
from model.history import LAST_GUIDING, Consulted, history
from runs.hindcast import (
    SERIES,
    YEAR,
    Forecast,
    Games,
    Measured,
    came,
    foretold,
    past_scenario,
    past_scenarios,
    play_past,
)
from runs.posterior import Draws

FILE = Path(__file__).with_name("facts.csv")
RULE = (
    "A row passes if the record lies within what 90 % of games show; what happened or not passes "
    "if at least 5 % of games agree with it. A fact passes if all its rows do. What the model has "
    "no rule for does not pass."
)
INTERVAL = (5.0, 95.0)  # % of games
LEAST = 5.0  # % of games that must agree
PERCENT, QUARTERS = 100.0, 4
TALKING = 0.5  # level of the track above which talks are held
MORE = (  # series that facts need and hindcasts do not score
    Measured("us_fleet", "Battle force", "ships", ("stock.ships",), yearly="september"),
    Measured("host_nation", "Host-nation support", "JPY bn", ("lever.hns_cash",), yearly="end"),
)
ALL = {m.record: m for m in (*SERIES, *MORE)}


@dataclass(frozen=True)
class Fact:
    """One row: a number that the record and every game have."""

    fact: str  # H1 to H8
    what: str
    scenario: str
    kind: str  # change, growth, level, talks, question, outcome; unmodelled
    of: str  # series, question or outcome
    first: str
    last: str
    unit: str
    number: str  # of the record, where no table has it
    source: str
    why: str  # the mechanism that makes it, or is missing

    @property
    def later(self) -> bool:
        """Whether it belongs to the years that are scored only."""
        return int(self.scenario[: len(YEAR)]) > LAST_GUIDING


@dataclass(frozen=True)
class Held:
    """A row held against games."""

    fact: Fact
    record: float
    low: float  # NaN where the model has no rule
    middle: float
    high: float

    @property
    def passes(self) -> bool:
        """Whether it passes by RULE."""
        if self.fact.kind == "question":
            agree = self.middle if self.record else PERCENT - self.middle
            return agree >= LEAST
        return self.low <= self.record <= self.high

    @property
    def verdict(self) -> str:
        """Say how it came out."""
        if self.fact.kind == "unmodelled":
            return "no rule"
        if self.passes:
            return "passes"
        if np.isnan(self.middle):
            return "in no game"
        if self.fact.kind == "question":
            return "too rare"
        return "games lie higher" if self.record < self.low else "games lie lower"


@dataclass(frozen=True)
class Scorecard:
    """All facts held against games."""

    held: tuple[Held, ...]
    games: Mapping[str, Games]
    draws: Draws
    record: Consulted

    def passed(self, later: bool) -> dict[str, bool]:
        """Say which facts pass, in the years that may guide or in those that are scored only."""
        rows = sorted((h for h in self.held if h.fact.later == later), key=lambda h: h.fact.fact)
        return {
            fact: all(h.passes for h in group)
            for fact, group in groupby(rows, key=lambda h: h.fact.fact)
        }


def facts() -> list[Fact]:
    """Return the shipped facts."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return [Fact(**row) for row in csv.DictReader(lines)]


def scorecard(runs: int, draws: Draws) -> Scorecard:
    """Play all past scenarios and hold the facts against them."""
    record = Consulted(history())
    games = {name: play_past(past_scenario(name), runs, draws) for name in past_scenarios()}
    held = tuple(hold(fact, games[fact.scenario], record) for fact in facts())
    return Scorecard(held, games, draws, record)


def hold(fact: Fact, games: Games, record: Consulted) -> Held:
    """Hold one row against the games of its scenario.

    Raises
    ------
    ValueError
        If the row is of no known kind.
    """
    if fact.kind == "question":
        (question,) = (q for q in record.questions(fact.scenario) if q.question == fact.of)
        sums = foretold(games, SERIES[0], record)
        share = PERCENT * float(came(games, sums, question).mean())
        return Held(fact, PERCENT * question.happened, np.nan, share, np.nan)
    if fact.kind == "outcome":
        return _held(fact, float(fact.number), games.outcomes[fact.of].astype(float))
    if fact.kind == "talks":
        return _held(fact, *_with_and_without_talks(fact, games, record))
    forecast = foretold(games, ALL[fact.of], record)
    first, last = (np.array(_record(forecast, record, p)) for p in (fact.first, fact.last))
    if fact.kind == "unmodelled":
        number = float(_number("change", fact, first, last))
        return Held(fact, number, np.nan, np.nan, np.nan)
    since = forecast.members.get(fact.first, first)
    then = forecast.members[fact.last]
    return _held(
        fact, float(_number(fact.kind, fact, first, last)), _number(fact.kind, fact, since, then)
    )


def _record(forecast: Forecast, record: Consulted, year: str) -> float:
    """Figure of a year; the mean where they are by quarters."""
    return float(np.mean(list(record.series(forecast.record, year, year).values())))


def _number(kind: str, fact: Fact, first: Floats, last: Floats) -> Floats:
    """What a row says of a first and a last figure, each () or (run,)."""
    years = int(fact.last) - int(fact.first)
    if kind == "change":
        return PERCENT * (last / first - 1.0)
    if kind == "growth":
        return PERCENT * ((last / first) ** (1.0 / years) - 1.0)
    if kind == "level":
        return last
    raise ValueError(f"{fact.what}: there is no kind {kind!r}")


def _with_and_without_talks(fact: Fact, games: Games, record: Consulted) -> tuple[float, Floats]:
    """Mean of years with talks less mean of years without; NaN where a game has but one kind."""
    talks = record.series("us_prk_talks", fact.first, fact.last)
    days = record.series(fact.of, fact.first, fact.last)
    there = np.array(list(days.values()))
    held = np.array([talks[p] > TALKING for p in days])
    tests = games.series["count.prk_testing"]
    on = games.series["lever.us_dprk_track"] > TALKING
    with np.errstate(invalid="ignore"):
        during = (tests * on).sum(axis=0) / on.sum(axis=0)
        outside = (tests * ~on).sum(axis=0) / (~on).sum(axis=0)
    return float(there[held].mean() - there[~held].mean()), QUARTERS * (during - outside)


def _held(fact: Fact, record: float, values: Floats) -> Held:
    known = values[np.isfinite(values)]
    if not len(known):
        return Held(fact, record, np.nan, np.nan, np.nan)
    low, high = np.percentile(known, INTERVAL)
    return Held(fact, record, float(low), float(np.median(known)), float(high))


def why(held: Sequence[Held]) -> dict[str, list[str]]:
    """Mechanisms behind each fact, each once."""
    found: dict[str, list[str]] = {}
    for h in held:
        reasons = found.setdefault(h.fact.fact, [])
        if h.fact.why not in reasons:
            reasons.append(h.fact.why)
    return found
