"""What is kept of a game: counts and summaries that a scholar asks for, one number a game.

The history of a batch holds a few facts of every quarter; each outcome is one pass over it, for
all runs at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from agents.briefing import Bools, Floats, Ints
from agents.numerics import total
from model.measures import measure, signed, world_digest
from model.scenario import NOBODY, Scenario, TableRules, constant
from model.schema import ScenarioFile
from model.theatres import CLASH, WAR
from model.turn import Game, Record
from model.world import TALLY, World, paid, settings_value
from runs.errors import UserError

Kind = Literal["count", "flag", "number", "event", "digest"]  # event: NaN where it did not happen
Values = NDArray[Any]
NO_DEMAND = -np.inf


@dataclass(frozen=True)
class Column:
    """One outcome: a label for people and an id for programs."""

    id: str
    label: str
    unit: str
    kind: Kind


@dataclass(frozen=True)
class Watched:
    """A series that is followed through the game."""

    id: str
    name: str
    unit: str
    of: str  # name of the measure, see model.measures

    @property
    def label(self) -> str:
        """Name with unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class History:
    """Facts of every quarter of a batch; the first axis is the quarter played."""

    opened: Ints  # (quarter, table, run) opener, NOBODY where no talks were held
    signed: Bools  # (quarter, table, run)
    demand: Floats  # (quarter, table, run) headline level asked, -inf none
    renewed: Bools  # (quarter, table, run) the demand is new this quarter
    locked: Bools  # (quarter, table, run) a living agreement fixed the headline lever
    before: Floats  # (quarter, table, run) headline level decided before the quarter
    after: Floats  # (quarter, table, run) and after it
    kind_before: Floats  # (quarter, table, run) paid in kind as decided before, headline units
    kind_after: Floats  # (quarter, table, run) and after the quarter
    troops_cut: Floats  # (quarter, cause, table, run) troops decided away, thousand
    events: Floats  # (quarter, activity, run) events of counted levers that may spoil another
    during: Bools  # (quarter, activity, run) what they may spoil went on
    value: Floats  # (quarter, lever, run) in effect at the end of the quarter
    announced: Bools  # (quarter, threat, run)
    called_off: Bools  # (quarter, threat, run)
    carried_out: Bools  # (quarter, threat, run)
    bluffed: Bools  # (quarter, threat, run)
    own_moves: Ints  # (quarter, actor, run)
    rung: Ints  # (quarter, theatre, run)
    utility: Floats  # (quarter, actor, run)
    series: Floats  # (quarter, series, run)


def watched_series(file: ScenarioFile, more: Sequence[str] = ()) -> tuple[Watched, ...]:
    """Series to follow: key series of the scenario, and more measures by name.

    Without key series they are all levers.
    """
    key = tuple(file.series) or tuple(f"lever.{x}" for x in sorted(file.levers))
    seen: set[str] = set()
    return tuple(
        replace(each, name=distinct(each.name, each.id, seen))
        for each in (_watch(file, name) for name in dict.fromkeys((*key, *more)))
    )


def distinct(label: str, name: str, seen: set[str]) -> str:
    """Return the label, with the id behind it if it is taken; then it counts as taken, too."""
    found = label if label not in seen else f"{label} [{name}]"
    seen.add(found)
    return found


def _watch(file: ScenarioFile, name: str) -> Watched:
    if name in file.series:
        series = file.series[name]
        return Watched(name, series.name, series.unit, series.of)
    if name.removeprefix("lever.") in file.levers and name.startswith("lever."):
        lever = file.levers[name.removeprefix("lever.")]
        return Watched(name, lever.name, lever.unit, name)
    return Watched(name, name, "", name)


def snapshot(
    game: Game, before: World, record: Record, series: Sequence[Watched]
) -> dict[str, Values]:
    """Facts of one quarter, by the names of `History`.

    before : the world as the last quarter left it
    """
    scenario, world = game.scenario, record.world
    tables = scenario.tables
    headline = [t.headline for t in tables]
    fixed = before.lock[headline] > before.quarter
    level, decided = (settings_value(scenario, w.setting) for w in (before, world))
    own = record.own_moves
    activity, other, quiet = activities(scenario)
    return {
        "kind_before": _in_kind(scenario, level),
        "kind_after": _in_kind(scenario, decided),
        "troops_cut": _troops_cut(scenario, before, record),
        "events": world.count[activity],
        "during": before.value[other] > quiet[:, None],
        "opened": record.opened,
        "signed": _rows([signed(record, n) > 0.0 for n in range(len(tables))], world.runs),
        "demand": record.demand,
        "renewed": np.isfinite(record.demand) & ~np.isfinite(before.demand),
        "locked": fixed,
        "before": level[headline],
        "after": decided[headline],
        "value": world.value,
        "announced": own.announced,
        "called_off": own.called_off,
        "carried_out": own.carried_out,
        "bluffed": own.bluffed,
        "own_moves": (own.lever != NOBODY).sum(axis=1),
        "rung": record.crises.rung,
        "utility": record.utility,
        "series": _rows([measured(game, record, s.of) for s in series], world.runs),
    }


def _in_kind(scenario: Scenario, decided: Floats) -> Floats:
    """Payments other than the headline, as decided, in headline units. (table, run).

    decided : (lever, run) values that are settled, maybe not yet in effect
    """
    rows = [paid(credit, decided) for credit in _credit_in_kind(scenario)]
    return _rows(rows, decided.shape[1])


@constant
def _credit_in_kind(scenario: Scenario) -> tuple[Floats, ...]:
    """Credit of each table's levers other than the headline, (lever, run) each."""
    levers = np.arange(len(scenario.levers.ids))[:, None]
    return tuple(np.where(levers == t.headline, 0.0, t.credit) for t in scenario.tables)


@constant
def activities(scenario: Scenario) -> tuple[Ints, Ints, Floats]:
    """Counted levers, what each of them may spoil, and the value to which that then falls."""
    levers = scenario.levers
    found = np.flatnonzero((levers.dispersion[:, 0] > 0.0) & (levers.spoiled != NOBODY))
    other = levers.spoiled[found]
    return found, other, levers.settings[other, levers.spoiled_to[found]]


@constant
def stationed(scenario: Scenario) -> tuple[Ints, ...]:
    """Levers that are the patron's troops, by the thousand, where each table's payer is host."""
    return tuple(_stationed(scenario, table) for table in scenario.tables)


def _stationed(scenario: Scenario, table: TableRules) -> Ints:
    if table.theatre == NOBODY:
        return np.zeros(0, dtype=np.int64)
    levers, units = scenario.levers, scenario.file.levers
    owned = levers.owner == scenario.theatres.patron[table.theatre]
    troops = np.array([units[x].unit.startswith("thousand") for x in levers.ids])
    return np.flatnonzero(owned & (levers.host == table.payer) & troops)


CAUSES = {
    "threat": "by a threat carried out",
    "alone": "by the owner alone",
    "deal": "by agreement",
    "event": "by events and breaches",
}


def _troops_cut(scenario: Scenario, before: World, record: Record) -> Floats:
    """Troops that a quarter has decided away, by cause, net, thousand. (cause, table, run)."""
    world, own, threats = record.world, record.own_moves, scenario.threats
    out = np.zeros((len(CAUSES), len(scenario.tables), world.runs))
    for n, levers in enumerate(stationed(scenario)):
        for x in levers:
            settings = scenario.levers.settings[x]
            gone = np.maximum(settings[before.setting[x]] - settings[world.setting[x]], 0.0)
            threat = own.carried_out[threats.lever == x].any(axis=0)
            alone = ~threat & (own.lever == x).any(axis=(0, 1))
            deal = ~threat & ~alone & (world.promised_to[x] != NOBODY)
            for k, where in enumerate((threat, alone, deal, ~(threat | alone | deal))):
                out[k, n] += np.where(where, gone, 0.0)
    return out


def _rows(rows: Sequence[Values], runs: int) -> Values:
    """Stack rows of one number a run, also when there are none. (row, run)."""
    return np.array(rows).reshape(len(rows), runs)


def measured(game: Game, record: Record, name: str) -> Floats:
    """Return a measure by name, (run,).

    Raises
    ------
    UserError
        If there is no such measure.
    """
    try:
        return measure(game, record, name)
    except (KeyError, ValueError, IndexError) as error:
        known = "lever.ID, stock.ID, hazard.THEATRE, support.ACTOR, account.ACTOR.ACCOUNT …"
        raise UserError(f"there is no series {name!r}: write {known}") from error


def history(quarters: Sequence[Mapping[str, Values]]) -> History:
    """Put the snapshots of all quarters together."""
    return History(**{name: np.stack([q[name] for q in quarters]) for name in quarters[0]})


Outcome = tuple[Column, Values]


def outcomes(game: Game, past: History, world: World, series: Sequence[Watched]) -> list[Outcome]:
    """All outcomes of a batch, each (run,); labels are unique.

    world : as the last quarter left it
    """
    parts = (
        [(Column("digest", "digest", "", "digest"), world_digest(world))],
        _series(past, series),
        _tables(game, past),
        _demands(game, past),
        _threats(game, past),
        _troops(game, past),
        _activities(game, past),
        _crises(game, past),
        _promises(world),
        _actors(game, past),
        _levers(game, past, world),
    )
    seen: set[str] = set()
    return [
        (replace(column, label=distinct(column.label, column.id, seen)), values)
        for part in parts
        for column, values in part
    ]


def _series(past: History, series: Sequence[Watched]) -> Iterator[Outcome]:
    for n, each in enumerate(series):
        end = Column(f"end.{each.id}", f"end: {each.label}", each.unit, "number")
        mean = Column(f"mean.{each.id}", f"mean: {each.label}", each.unit, "number")
        yield end, past.series[-1, n]
        yield mean, _mean(past.series[:, n])


def _mean(values: Floats) -> Floats:
    """Mean over quarters, the same bits however many runs there are. (quarter, run) → (run,)."""
    return total(values, 0) / len(values)


def _tables(game: Game, past: History) -> Iterator[Outcome]:
    actors, file = game.scenario.actors, game.scenario.file
    for n, table in enumerate(game.scenario.tables):
        named = file.tables[table.id].name
        yield (
            Column(f"deals.{table.id}", f"deals: {named}", "deals", "count"),
            past.signed[:, n].sum(axis=0),
        )
        for a in table.parties:
            by = actors[a]
            label = f"open: {named}, opened by {file.actors[by].name} (quarters)"
            yield (
                Column(f"open.{table.id}.{by}", label, "quarters", "count"),
                (past.opened[:, n] == a).sum(axis=0),
            )


def _demands(game: Game, past: History) -> Iterator[Outcome]:
    """Headline demands: how many, and the story of the first and of the first re-opening."""
    for n, table in enumerate(game.scenario.tables):
        if NOBODY in (table.headline, table.demander):
            continue
        named = game.scenario.file.tables[table.id].name
        made = past.renewed[:, n]
        reopened = made & past.locked[:, n]
        for what, label, where in (
            ("demand", "demand", made),
            ("reopening", "re-opening", reopened),
        ):
            yield (
                Column(f"{what}s.{table.id}", f"{label}s: {named}", f"{label}s", "count"),
                where.sum(axis=0),
            )
            story = first_story(past, n, where)
            for key, (said, unit) in _STORY.items():
                name = f"first {label}: {named}, {said} ({unit})"
                yield Column(f"first_{what}.{table.id}.{key}", name, unit, "event"), story[key]


_STORY = {
    "quarter": ("quarter", "quarters since the start"),
    "asked": ("asked", "% above what was agreed"),
    "price": ("price", "% change agreed"),
    "in_kind": ("in kind", "% of what was agreed, besides the price"),
    "delay": ("delay", "quarters from demand to deal"),
}


def first_story(past: History, table: int, made: Bools) -> dict[str, Floats]:
    """When a demand was first made, what was asked, at what price it was settled, and how late.

    The deal is the first one at the table while the demand stands; its price is the change of the
    headline lever in that quarter. NaN where no demand was made or no deal followed. (run,) each.

    made : (quarter, run) the demands to choose from
    """
    n_quarters, runs = made.shape
    number = np.arange(n_quarters)[:, None]
    any_made = made.any(axis=0)
    first = np.where(any_made, made.argmax(axis=0), n_quarters)
    stands = np.isfinite(past.demand[:, table]) | (number < first)
    alive = np.logical_and.accumulate(stands, axis=0) & (number >= first)
    settled = alive & past.signed[:, table]
    done = settled.any(axis=0)
    when = settled.argmax(axis=0)
    at = np.minimum(first, n_quarters - 1), np.arange(runs)
    deal = when, np.arange(runs)
    level = past.before[:, table][at]
    asked = _percent(past.demand[:, table][at], level)
    price = _percent(past.after[:, table][deal], past.before[:, table][deal])
    kind = past.kind_after[:, table][deal] - past.kind_before[:, table][deal]
    return {
        "quarter": np.where(any_made, first, np.nan),
        "asked": np.where(any_made, asked, np.nan),
        "price": np.where(done, price, np.nan),
        "in_kind": np.where(done, _share(kind, past.before[:, table][deal]), np.nan),
        "delay": np.where(done, when - first, np.nan),
    }


def _percent(new: Floats, old: Floats) -> Floats:
    """Change in %, NaN where there was nothing before or is nothing now."""
    return _share(new, old) - 100.0


def _share(part: Floats, whole: Floats) -> Floats:
    """Part of a whole in %, NaN where there is no whole or the part is not known."""
    known = (whole != 0.0) & np.isfinite(part)
    return 100.0 * np.divide(part, whole, out=np.full(part.shape, np.nan), where=known)


def _threats(game: Game, past: History) -> Iterator[Outcome]:
    scenario, threats = game.scenario, game.scenario.threats
    for n, name in enumerate(threats.ids):
        named = _threat_name(scenario, n)
        for what, label in (
            ("announced", "announced"),
            ("called_off", "called off"),
            ("carried_out", "carried out"),
            ("bluffed", "bluffed"),
        ):
            yield (
                Column(f"threats.{what}.{name}", f"threats {label}: {named}", "threats", "count"),
                getattr(past, what)[:, n].sum(axis=0),
            )
    start = settings_value(scenario, scenario.levers.start)
    moves = zip(threats.lever, threats.steps, strict=True)
    for x, down in sorted({(int(x), bool(s < 0)) for x, s in moves}):
        lever = scenario.file.levers[scenario.levers.ids[x]]
        change = start[x] - past.value[:, x] if down else past.value[:, x] - start[x]
        most = change.max(axis=0)  # no cut at all is no cut of depth nought
        what, label = ("cut", "deepest cut") if down else ("rise", "highest rise")
        yield (
            Column(
                f"{what}.{scenario.levers.ids[x]}",
                f"{label}: {lever.name} ({lever.unit})",
                lever.unit,
                "event",
            ),
            np.where(most > 0.0, most, np.nan),
        )


def _threat_name(scenario: Scenario, threat: int) -> str:
    """Say who threatens what at which table, such as `Patron, The Patron's troops (Alliance)`."""
    file, threats = scenario.file, scenario.threats
    by = file.actors[scenario.actors[threats.by[threat]]].name
    lever = file.levers[scenario.levers.ids[threats.lever[threat]]].name
    table = file.tables[scenario.tables[threats.table[threat]].id].name
    return f"{by}, {lever} ({table})"


def _troops(game: Game, past: History) -> Iterator[Outcome]:
    """The patron's troops at each paying ally, all services together: announced, decided, gone."""
    scenario, threats = game.scenario, game.scenario.threats
    start = settings_value(scenario, scenario.levers.start)
    for n, table in enumerate(scenario.tables):
        where = stationed(scenario)[n]
        if not len(where):
            continue
        named = f"{scenario.file.tables[table.id].name}, troops"
        at = f"troops.{table.id}"
        said = past.announced[:, np.isin(threats.lever, where)].sum(axis=(0, 1))
        yield Column(f"{at}.announced", f"{named}: cuts announced", "threats", "count"), said
        for k, (cause, words) in enumerate(CAUSES.items()):
            label = f"{named}: cut {words} (thousand)"
            gone = total(past.troops_cut[:, k, n], 0)
            yield Column(f"{at}.{cause}", label, "thousand", "count"), gone
        first = total(start[where], 0)
        most = (first - total(past.value[:, where].swapaxes(0, 1), 0)).max(axis=0)
        most = np.where(most > 0.0, most, np.nan)  # no cut at all is no cut of depth nought
        yield Column(f"{at}.deepest", f"{named}: deepest cut (thousand)", "thousand", "event"), most
        share = _share(most, np.broadcast_to(first, most.shape))
        yield Column(f"{at}.share", f"{named}: deepest cut (% of the start)", "%", "event"), share


def _activities(game: Game, past: History) -> Iterator[Outcome]:
    """How often counted activities happened while what they may spoil went on, and otherwise."""
    scenario = game.scenario
    activity, other, _ = activities(scenario)
    for n, (x, y) in enumerate(zip(activity, other, strict=True)):
        name = scenario.levers.ids[x]
        first, second = (scenario.file.levers[scenario.levers.ids[i]].name for i in (x, y))
        for what, words, where in (
            ("during", "while there is", past.during[:, n]),
            ("outside", "without", ~past.during[:, n]),
        ):
            quarters = where.sum(axis=0)
            events = total(np.where(where, past.events[:, n], 0.0), 0)
            rate = np.divide(
                events, quarters, out=np.full(events.shape, np.nan), where=quarters > 0
            )
            label = f"{first}, events a quarter {words}: {second}"
            yield Column(f"activity.{what}.{name}", label, "a quarter", "number"), rate


def _crises(game: Game, past: History) -> Iterator[Outcome]:
    for n, theatre in enumerate(game.scenario.theatres.ids):
        named = game.scenario.file.theatres[theatre].name
        for what, least in (("crises", 1), ("clashes", CLASH), ("wars", WAR)):
            yield (
                Column(f"{what}.{theatre}", f"{what}: {named}", what, "count"),
                (past.rung[:, n] >= least).sum(axis=0),
            )


def _promises(world: World) -> Iterator[Outcome]:
    for n, what in enumerate(TALLY):
        yield Column(f"promises.{what}", f"promises {what}", "promises", "count"), world.tally[n]


def _actors(game: Game, past: History) -> Iterator[Outcome]:
    for n, actor in enumerate(game.scenario.actors):
        named = game.scenario.file.actors[actor].name
        yield (
            Column(f"own_moves.{actor}", f"own moves: {named}", "moves", "count"),
            past.own_moves[:, n].sum(axis=0),
        )
        yield (
            Column(f"utility.{actor}", f"utility: {named} (mean)", "mean a quarter", "number"),
            _mean(past.utility[:, n]),
        )


def _growth(scenario: Scenario, lever: int, past: History) -> Outcome:
    """Yearly growth of a continuous lever from its start, %."""
    name = scenario.levers.ids[lever]
    start = scenario.levers.settings[lever, scenario.levers.start[lever]]
    years = len(past.value) / 4.0
    growth = 100.0 * ((past.value[-1, lever] / start) ** (1.0 / years) - 1.0)
    label = f"growth: {scenario.file.levers[name].name} (% a year)"
    return Column(f"growth.{name}", label, "% a year", "number"), growth


def _levers(game: Game, past: History, world: World) -> Iterator[Outcome]:
    levers, scenario = game.scenario.levers, game.scenario
    for n, name in enumerate(levers.ids):
        lever = scenario.file.levers[name]
        yield (
            Column(f"lever.{name}", f"lever: {lever.name} ({lever.unit})", lever.unit, "number"),
            world.value[n],
        )
        if levers.follow[n, 0] > 0.0:
            yield _growth(scenario, n, past)
        last = levers.size[n] - 1
        ends = (world.setting[n] == 0) | (world.setting[n] == last)
        begins = (levers.start[n] == 0) | (levers.start[n] == last)
        yield Column(f"bound.{name}", f"at bound: {lever.name}", "0/1", "flag"), ends
        yield (
            Column(f"driven.{name}", f"driven to bound: {lever.name}", "0/1", "flag"),
            ends & ~begins,
        )
