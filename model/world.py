"""The state of the world between two rules: a frozen record of arrays, every one ends with runs."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numba import njit

from agents.briefing import Bools, Floats, Ints
from model.scenario import NOBODY, Scenario, TableRules, quarter_index

NEVER_DUE = -1
QUARTERS = 4  # of a year
RENEWAL = 4  # assumed, 2 to 8: quarters before its end from which an agreement may be renewed


@dataclass(frozen=True)
class World:
    """Lever positions, slow stocks, beliefs, talks and promises of a batch of games."""

    quarter: int  # since the start
    # levers
    setting: Ints  # (lever, run) what has been decided, maybe not yet in effect
    before: Ints  # (lever, run) the setting that the last decision replaced
    value: Floats  # (lever, run) physical value in effect
    due: Ints  # (lever, run) quarter at which the setting takes effect, NEVER_DUE if it has
    promised_to: Ints  # (lever, run) actor to whom the coming setting was promised, or NOBODY
    lock: Ints  # (lever, run) first quarter at which it is free of an agreement
    lock_with: Ints  # (lever, run) the other side of that agreement, or NOBODY
    secret: Bools  # (lever, run) what has been decided is known to the parties alone
    moved: Bools  # (lever, run) this quarter
    # stocks and events
    stock: Floats  # (stock, run)
    count: Floats  # (lever, run) events of the lever this quarter
    rung: Ints  # (theatre, run) of this quarter's crisis, 0 none, 4 war
    war: Ints  # (theatre, run) quarters of war left
    outcome: Ints  # (theatre, run) of the last war: 1 the challenger won, -1 it lost, 0 none yet
    fired: Bools  # (event, run)
    distraction: Ints  # (actor, run) agenda slots lost
    distraction_end: Ints  # (actor, run) first quarter without it
    # beliefs: what the first thinks of the second
    kept: Floats  # (actor, actor, run) Beta count
    broken: Floats  # (actor, actor, run)
    carried: Floats  # (actor, actor, run) Beta count of threats carried out
    bluffed: Floats  # (actor, actor, run)
    hostility: Floats  # (actor, actor, run) 0 to 1
    credibility: Floats  # (actor, theatre, run) of the patron, believed
    commitment: Floats  # (theatre, run) of the patron, true
    relation: Floats  # (actor, actor, run) capital
    # home
    support: Floats  # (actor, run) 0 to 1
    platform: Ints  # (actor, run)
    reference: Floats  # (actor, account, run)
    # talks
    opener: Ints  # (table, run) actor or NOBODY
    named: Ints  # (table, slot, run) lever or NOBODY
    demand: Floats  # (table, run) headline level that is publicly asked, -inf where none
    agreed: Floats  # (table, run) headline units that were last agreed to be paid
    closed: Ints  # (table, run) first quarter at which the table may open again
    ends: Ints  # (table, run) first quarter after the agreement in force, if it has a duration
    announced: Bools  # (threat, run)
    threat_due: Ints  # (threat, run)
    memory: Floats  # (actor, table slot, run)
    tally: Ints  # (tally, run) promises made, kept, broken, void

    @property
    def runs(self) -> int:
        """Number of games in the batch."""
        return int(self.value.shape[-1])

    def take(self, index: Any) -> World:
        """Return the world of a subset of the runs."""
        return replace(
            self,
            **{
                f.name: getattr(self, f.name)[..., index]
                for f in fields(self)
                if isinstance(getattr(self, f.name), np.ndarray)
            },
        )


def draft(world: World, *names: str) -> World:
    """Return a world that owns the arrays named: the rule that drafts it may write into them."""
    return replace(world, **{name: getattr(world, name).copy() for name in names})


def ruptured(scenario: Scenario, world: World, ties: Any = ...) -> Bools:
    """Ties whose relation capital fell below `rupture`, (actor, actor, run) (Morrow 1991).

    ties : index of those asked about; all unless given
    """
    gone: Bools = world.relation[ties] < scenario.ties.rupture[ties]
    return gone


TALLY = ("made", "kept", "broken", "void")
OVERTAKEN = ("setting", "before", "value", "due", "promised_to", "secret", "tally")


def full(array: Any, runs: int) -> Any:
    """Copy an array to `runs` columns."""
    return np.array(np.broadcast_to(array, (*np.shape(array)[:-1], runs)))


def slots(scenario: Scenario) -> int:
    """Levers that may be named at a table."""
    return int(scenario.rules.named_levers + scenario.rules.sweeteners)


@njit(cache=True, nogil=True, error_model="numpy")
def _look_up(settings: Floats, setting: Ints, out: Floats) -> None:
    for x in range(setting.shape[0]):
        for r in range(setting.shape[1]):
            out[x, r] = settings[x, setting[x, r]]


def settings_value(scenario: Scenario, setting: Ints) -> Floats:
    """Physical value of a setting of every lever, (lever, run)."""
    out = np.empty(setting.shape)
    _look_up(scenario.levers.settings, setting, out)
    return out


def overtake(scenario: Scenario, world: World, lever: int, target: Ints, where: Bools) -> None:
    """Put a lever to a setting at once; what was promised on it is void, and no secret any more.

    A continuous lever is given a new setting to follow. target, where : (run,); world : a draft
    that owns the arrays OVERTAKEN, written into
    """
    _overtake(
        where,
        target,
        bool(scenario.levers.follow[lever, 0] == 0.0),
        scenario.levers.settings[lever],
        world.tally[TALLY.index("void")],
        *(getattr(world, name)[lever] for name in OVERTAKEN if name != "tally"),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _overtake(
    where, target, stepped, settings, void, setting, before, value, due, promised_to, secret
):
    for r in range(len(where)):
        if where[r]:
            void[r] += promised_to[r] != NOBODY
            value[r] = settings[target[r]] if stepped else value[r]
            setting[r] = before[r] = target[r]
            due[r], promised_to[r], secret[r] = NEVER_DUE, NOBODY, False


def start_world(scenario: Scenario, runs: int) -> World:
    """Return the world at the start of the first quarter, before references are set."""
    n = len(scenario.levers.ids)
    actors, tables = len(scenario.actors), len(scenario.tables)
    theatres, threats = len(scenario.theatres.ids), len(scenario.threats.ids)
    setting = full(scenario.levers.start, runs)
    prior = scenario.rules.belief_prior
    value = settings_value(scenario, setting)
    lock, lock_with, ends = _agreements(scenario, runs)
    ints = np.int64
    return World(
        quarter=0,
        setting=setting,
        before=setting,
        value=value,
        due=np.full((n, runs), NEVER_DUE, dtype=ints),
        promised_to=np.full((n, runs), NOBODY, dtype=ints),
        lock=lock,
        lock_with=lock_with,
        secret=np.zeros((n, runs), dtype=bool),
        moved=np.zeros((n, runs), dtype=bool),
        stock=full(scenario.stock_start, runs),
        count=np.where(scenario.levers.dispersion > 0.0, value, 0.0),  # the tempo so far
        rung=np.zeros((theatres, runs), dtype=ints),
        war=np.zeros((theatres, runs), dtype=ints),
        outcome=np.zeros((theatres, runs), dtype=ints),
        fired=np.zeros((len(scenario.file.events), runs), dtype=bool),
        distraction=np.zeros((actors, runs), dtype=ints),
        distraction_end=np.zeros((actors, runs), dtype=ints),
        kept=full(2.0 * prior * scenario.reliability, runs),
        broken=full(2.0 * prior * (1.0 - scenario.reliability), runs),
        carried=full(2.0 * prior * scenario.resolve, runs),
        bluffed=full(2.0 * prior * (1.0 - scenario.resolve), runs),
        hostility=full(scenario.hostility, runs),
        credibility=full(
            np.broadcast_to(
                scenario.theatres.credibility,
                (actors, *scenario.theatres.credibility.shape),
            ),
            runs,
        ),
        commitment=full(scenario.theatres.credibility, runs),
        relation=full(scenario.ties.relation, runs),
        support=full(scenario.support, runs),
        platform=full(scenario.platform[:, None], runs),
        reference=np.zeros((actors, scenario.scale.shape[1], runs)),
        opener=np.full((tables, runs), NOBODY, dtype=ints),
        named=np.full((tables, slots(scenario), runs), NOBODY, dtype=ints),
        demand=np.full((tables, runs), -np.inf),
        agreed=_paid_at_start(scenario, value),
        closed=full(
            np.array([[t.closed_until] for t in scenario.tables], dtype=ints).reshape(tables, 1),
            runs,
        ),
        ends=ends,
        announced=np.zeros((threats, runs), dtype=bool),
        threat_due=np.full((threats, runs), NEVER_DUE, dtype=ints),
        memory=np.zeros((actors, max(tables, 1), runs)),  # a mood needs a slot without tables too
        tally=np.zeros((len(TALLY), runs), dtype=ints),
    )


def _agreements(scenario: Scenario, runs: int) -> tuple[Ints, Ints, Ints]:
    lock = np.zeros((len(scenario.levers.ids), runs), dtype=np.int64)
    lock_with = np.full(lock.shape, NOBODY, dtype=np.int64)
    ends = np.zeros((len(scenario.tables), runs), dtype=np.int64)
    ids = [t.id for t in scenario.tables]
    for agreement in scenario.file.agreements.values():
        number = ids.index(agreement.table)
        table, over = scenario.tables[number], quarter_index(scenario.file.start, agreement.until)
        for name in agreement.levers:
            lever = scenario.lever(name)
            lock[lever] = over + 1 - (RENEWAL if lever in table.agreement else 0)
            lock_with[lever] = other_party(scenario, table, lever)
            if lever == table.in_force:
                ends[number] = over + 1
    return lock, lock_with, ends


def other_party(scenario: Scenario, table: TableRules, lever: int) -> int:
    """Return the party of a table to which the owner of a lever gives its word."""
    a, b = table.parties
    return b if scenario.levers.owner[lever] == a else a


def agreement_end(scenario: Scenario, world: World, number: int) -> Ints:
    """Return the first quarter after an agreement that is made now at a table, (run,).

    A renewal, in the last RENEWAL quarters of the one in force, begins when that is over; any
    other begins now. Each runs its years.
    """
    table, now = scenario.tables[number], world.quarter
    years = scenario.levers.settings[table.years, world.setting[table.years]]
    old = world.ends[number]
    renewed = (world.value[table.in_force] > 0.0) & (old > now) & (old - RENEWAL <= now)
    length = np.maximum(np.floor(QUARTERS * years), 1.0).astype(np.int64)
    return np.where(renewed, old, now) + length


def _paid_at_start(scenario: Scenario, value: Floats) -> Floats:
    return np.array([paid(t.credit, value) for t in scenario.tables]).reshape(
        len(scenario.tables), value.shape[1]
    )


def fair_payment(scenario: Scenario, world: World, table: int) -> Floats:
    """What counts as a fair payment, headline units, (run,).

    The agreed sum, unless a demand disputes it: then min(asked, cap x agreed), so that an
    exorbitant demand does not make its own fulfilment necessary for protection.
    """
    agreed, demand = world.agreed[table], world.demand[table]
    disputed = np.minimum(demand, scenario.rules.fair_cap * agreed)
    return np.where(np.isfinite(demand), np.maximum(disputed, agreed), agreed)


def paid(credit: Floats, value: Floats) -> Floats:
    """Return what counts as paid, in the headline unit: sum of credit x value, (run,)."""
    result = np.zeros(value.shape[1])
    for lever in np.flatnonzero(credit.any(axis=1)):
        result = result + credit[lever] * value[lever]
    return result
