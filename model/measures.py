"""What is measured of a game: key series by name, and the digest that says two games are one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from agents.briefing import Floats
from model.beliefs import belief
from model.scenario import NOBODY, Scenario, TableRules
from model.schema import ACCOUNTS, series_terms
from model.turn import Game, Record
from model.world import World, paid, settings_value

AT_START = (
    "lever",
    "decided",
    "stock",
    "count",
    "credibility",
    "support",
    "reliability",
    "resolve",
    "hostility",
    "relation",
    "burden",
    "burden_paid",
    "burden_force",
)
PATRON = 2  # side of a theatre


def measure(game: Game, record: Record, name: str) -> Floats:
    """Return a series by its name after a quarter, (run,).

    lever.ID, decided.LEVER (not yet in effect, perhaps), demand.TABLE (NaN without one), stock.ID,
    count.LEVER, hazard.THEATRE, odds.THEATRE, credibility.THEATRE,
    support.ACTOR, utility.ACTOR, account.ACTOR.ACCOUNT, reliability.A>B, resolve.A>B,
    hostility.A>B, relation.A>B, burden.ACTOR (with burden_paid.ACTOR and burden_force.ACTOR),
    deals, deal.TABLE, crises; or a sum of such, each times a number if need be:
    lever.A + 0.5 * lever.B

    Raises
    ------
    KeyError
        If there is no such series.
    """
    (factor, first), *more = series_terms(name)
    out = factor * _measure(game, record, first)
    for factor, each in more:
        out = out + factor * _measure(game, record, each)
    return out


def _measure(game: Game, record: Record, name: str) -> Floats:
    scenario, world = game.scenario, record.world
    kind, _, of = name.partition(".")
    if kind == "lever":
        return world.value[scenario.lever(of)]
    if kind == "decided":
        return settings_value(scenario, world.setting)[scenario.lever(of)]
    if kind == "demand":
        asked = record.demand[[t.id for t in scenario.tables].index(of)]
        return np.where(np.isfinite(asked), asked, np.nan)
    if kind == "stock":
        return world.stock[scenario.stocks.index(of)]
    if kind == "count":
        return world.count[scenario.lever(of)]
    if kind in ("hazard", "odds"):
        return np.asarray(getattr(record.crises, kind)[scenario.theatres.ids.index(of)])
    if kind == "credibility":
        return world.commitment[scenario.theatres.ids.index(of)]
    if kind == "support":
        return world.support[scenario.actor(of)]
    if kind == "utility":
        return record.utility[scenario.actor(of)]
    if kind == "account":
        return _account(scenario, record, of)
    if kind in ("reliability", "resolve", "hostility", "relation"):
        return _belief(scenario, world, kind, of)
    if kind in ("burden", "burden_paid", "burden_force"):
        return _burden(scenario, world, kind, of)
    if kind == "deal":
        return signed(record, [t.id for t in scenario.tables].index(of))
    if kind == "deals":
        deals = np.zeros(world.runs)
        for table in range(len(scenario.tables)):
            deals = deals + signed(record, table)
        return deals
    if kind == "crises":
        return (record.crises.rung > 0).sum(axis=0).astype(float)
    raise KeyError(name)


def signed(record: Record, table: int) -> Floats:
    """1.0 in the games in which a deal was signed at a table this quarter, (run,)."""
    out = np.zeros(record.world.runs)
    talk, signing = record.talks[table], record.signings[table]
    if talk is not None and signing is not None:
        out[talk.runs] = signing.signed
    return out


def measure_now(game: Game, world: World, record: Record | None, name: str) -> Floats:
    """Return a series in a world that may not have seen a quarter yet, (run,).

    Before the first quarter there are levers, stocks, beliefs and support; what only a quarter
    brings about (hazards, utilities, deals) is NaN.
    """
    if record is not None:
        return measure(game, record, name)
    if all(each.partition(".")[0] in AT_START for _, each in series_terms(name)):
        return measure(game, cast(Record, _Start(world)), name)
    return np.full(world.runs, np.nan)


@dataclass(frozen=True)
class _Start:
    """Stands for the record of the quarter before the first."""

    world: World


def _account(scenario: Scenario, record: Record, of: str) -> Floats:
    actor, account = of.split(".")
    return record.accounts[scenario.actor(actor), ACCOUNTS.index(account)]


def _belief(scenario: Scenario, world: World, kind: str, of: str) -> Floats:
    i, j = (scenario.actor(a) for a in of.split(">"))
    if kind in ("hostility", "relation"):
        return np.asarray(getattr(world, kind)[i, j])
    good, bad = ("kept", "broken") if kind == "reliability" else ("carried", "bluffed")
    return belief(getattr(world, good)[i, j], getattr(world, bad)[i, j])


def _burden(scenario: Scenario, world: World, kind: str, of: str) -> Floats:
    """Burden transfer: what an ally pays per unit of its patron's force, today = 1 at the start.

    Numerator and denominator are series of their own: a cut of troops alone raises the index
    though nobody pays more.
    """
    table = payers(scenario)[of]
    start = settings_value(scenario, scenario.levers.start)
    top = paid(table.credit, world.value) / np.maximum(paid(table.credit, start), 1e-9)
    now = _patron_force(scenario, table, world.value)
    bottom = now / np.maximum(_patron_force(scenario, table, start), 1e-9)
    if kind == "burden_paid":
        return top
    return bottom if kind == "burden_force" else top / np.maximum(bottom, 1e-9)


def payers(scenario: Scenario) -> dict[str, TableRules]:
    """Allies whose payments buy commitment, with the table at which they pay."""
    return {scenario.actors[t.payer]: t for t in scenario.tables if t.payer != NOBODY}


def _patron_force(scenario: Scenario, table: TableRules, levers: Floats) -> Floats:
    """Return the force that the patron keeps in the theatre, index, from its own levers alone."""
    ledger = scenario.ledger
    force = np.array(scenario.theatres.forces[table.theatre, PATRON])
    start = settings_value(scenario, scenario.levers.start)
    patron = scenario.theatres.patron[table.theatre]
    for e in np.flatnonzero((ledger.theatre == table.theatre) & (ledger.side == PATRON)):
        lever = ledger.force_source[e]
        if lever < len(scenario.levers.ids) and scenario.levers.owner[lever] == patron:
            force = force + ledger.force[e] * (levers[lever] - start[lever])
    return np.maximum(force, 0.01)


@njit(cache=True, nogil=True, error_model="numpy")
def _mix(words, digest):
    for n in range(words.shape[0]):
        for r in range(words.shape[1]):
            h = digest[r] ^ words[n, r]
            h *= np.uint64(0x9E3779B97F4A7C15)
            digest[r] = h ^ (h >> np.uint64(29))


def world_digest(world: World) -> NDArray[np.uint64]:
    """Return a 64-bit digest of the state of each game: equal states, equal digests. (run,)."""
    digest = np.full(world.runs, np.uint64(world.quarter + 1))
    for field in fields(world):
        value = getattr(world, field.name)
        if isinstance(value, np.ndarray):
            flat = np.ascontiguousarray(value.reshape(-1, world.runs))
            wide = flat.astype(np.float64) if flat.dtype == np.float64 else flat.astype(np.int64)
            # minus zero and zero are the same number
            words = (wide + 0.0 if wide.dtype == np.float64 else wide).view(np.uint64)
            _mix(words, digest)
    return digest
