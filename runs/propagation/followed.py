"""What is compared in a pair of games: every utility, account, lever, stock, belief, theatre."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Literal

from model.schema import ACCOUNTS, ScenarioFile

Family = Literal["utility", "account", "support", "lever", "stock", "belief", "theatre", "table"]
FAMILIES: dict[Family, str] = {
    "utility": "Utility of the players",
    "account": "Accounts of the players",
    "support": "Support at home",
    "lever": "Levers",
    "stock": "Slow stocks",
    "belief": "What they think of each other",
    "theatre": "Places of possible war",
    "table": "Tables",
}
UNITS = {"treasury": "USD bn a year", "commerce": "USD bn a year"}  # the other accounts: points
# From what size on two games count as different (assumed: below it a reader would not notice).
FELT = 0.005  # utility, on whose scale a good deal is worth .02 to .3
OF_SCALE = 0.1  # accounts: part of one standard deviation of a quiet world
OF_SETTING = 0.1  # levers: part of the smallest distance between two settings
OF_START = 0.01  # stocks: part of what they start with
POINTS = 0.01  # support, credibility, odds of war, relation capital
BELIEF = 0.02  # reliability, resolve, hostility
HAZARD = 0.001  # chance of a crisis in a quarter
SIGNED = 0.5  # an agreement
BELIEFS = {
    "reliability": "trust of {i} in {j}",
    "resolve": "resolve of {j} in the eyes of {i}",
    "hostility": "hostility of {j} in the eyes of {i}",
    "relation": "relation capital of {i} with {j}",
}


@dataclass(frozen=True)
class Followed:
    """A quantity that is compared in every quarter."""

    id: str  # a measure, see `model.measures`
    family: Family
    name: str
    unit: str
    differs: float  # two games differ in it if it is farther apart than this
    owner: str = ""  # actor
    about: str = ""  # actor, of a belief


def followed(file: ScenarioFile) -> tuple[Followed, ...]:
    """Everything that is compared, family by family."""
    return tuple(
        each
        for part in (_of_actors, _levers, _stocks, _beliefs, _theatres, _tables)
        for each in part(file)
    )


def called(file: ScenarioFile, actor: str) -> str:
    """What a sentence calls an actor."""
    return file.actors[actor].called or file.actors[actor].name


def _of_actors(file: ScenarioFile) -> Iterator[Followed]:
    for a in file.actors:
        name = called(file, a)
        yield Followed(f"utility.{a}", "utility", f"utility of {name}", "utility", FELT, a)
        yield Followed(f"support.{a}", "support", f"support in {name}", "0 to 1", POINTS, a)
        for k in ACCOUNTS:
            scale = file.scales.get(a, {}).get(k, 1.0)
            unit = UNITS.get(k, "points")
            text = f"{'home audience' if k == 'home' else k} of {name}"
            yield Followed(f"account.{a}.{k}", "account", text, unit, OF_SCALE * scale, a)


def _levers(file: ScenarioFile) -> Iterator[Followed]:
    for x, lever in file.levers.items():
        gap = min(b - a for a, b in pairwise(lever.settings)) if len(lever.settings) > 1 else 1.0
        yield Followed(f"lever.{x}", "lever", lever.name, lever.unit, OF_SETTING * gap, lever.owner)


def _stocks(file: ScenarioFile) -> Iterator[Followed]:
    for x, stock in file.stocks.items():
        least = OF_START * abs(stock.start.value) or 10 * OF_START
        yield Followed(f"stock.{x}", "stock", stock.name, stock.unit, least, stock.owner or "")


def _beliefs(file: ScenarioFile) -> Iterator[Followed]:
    for kind, words in BELIEFS.items():
        for i, j in permutations(file.actors, 2):
            text = words.format(i=called(file, i), j=called(file, j))
            least = POINTS if kind == "relation" else BELIEF
            yield Followed(f"{kind}.{i}>{j}", "belief", text, "0 to 1", least, i, j)


def _theatres(file: ScenarioFile) -> Iterator[Followed]:
    for t, theatre in file.theatres.items():
        for kind, words, unit, least in (
            ("hazard", "crisis hazard", "chance a quarter", HAZARD),
            ("odds", "odds of the challenger", "0 to 1", POINTS),
            ("credibility", "commitment of the patron", "0 to 1", POINTS),
        ):
            yield Followed(f"{kind}.{t}", "theatre", f"{words}, {theatre.name}", unit, least)


def _tables(file: ScenarioFile) -> Iterator[Followed]:
    for t, table in file.tables.items():
        text = f"agreements, {table.name}"
        yield Followed(f"deal.{t}", "table", text, "a quarter", SIGNED)
