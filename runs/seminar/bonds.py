"""What binds in a turn: a deal of several tables stands or falls as one, a condition is held to.

Nothing here is a rule of the engine. A quarter is played; where a part of a deal has not come into
force, or what it hangs on does not hold at the end of the turn, the quarter is played again with
the other parts withheld, until nothing changes any more. What is withheld only grows, so that it
ends. All arrays may hold many games, each settled by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agents.briefing import Bools
from model.chronicle import Chronicle
from model.events import within
from model.overrides import override, ruled
from model.transcript import Event
from model.turn import Record
from model.world import World
from runs.seminar.seats import Condition, steps_to
from runs.seminar.turns import (
    QUARTERS,
    Match,
    Plans,
    TeamSeat,
    doctrine_of,
    opening,
    play_quarter,
)

Masks = dict[str, Bools]  # table or deal → (run,)


@dataclass(frozen=True)
class Quarterly:
    """One quarter of a turn, settled."""

    record: Record
    withheld: Masks  # table → games in which nothing of a deal lies on it
    signed: Masks  # table → games in which the part of a deal there came into force
    settled: Masks  # table → games in which there is nothing left to sign


@dataclass(frozen=True)
class Settled:
    """A turn of the class: its quarters, and the deals whose condition did not hold."""

    quarters: tuple[Quarterly, ...]
    unmet: Masks  # deal → games
    world: World  # as the turn leaves it, with what the white cell changed

    @property
    def records(self) -> tuple[Record, ...]:
        """What the engine says of each quarter."""
        return tuple(q.record for q in self.quarters)


def deals_of(plans: Plans) -> dict[str, list[str]]:
    """Return the signed deals of a turn and the tables at which each has a part."""
    out: dict[str, list[str]] = {}
    for table, part in sorted(plans.tabled.items()):
        if part.signed:
            out.setdefault(part.deal or table, []).append(table)
    return out


def with_rulings(match: Match, plans: Plans) -> Match:
    """Put what the white cell has ruled in the place of the draws."""
    return replace(match, chance=ruled(match.chance, plans.changes))


def settle(match: Match, world: World, plans: Plans) -> Settled:
    """Play a turn so that each deal binds whole or not at all."""
    match = with_rulings(match, plans)
    conditions = {
        plans.tabled[tables[0]].deal: c
        for tables in deals_of(plans).values()
        if (c := plans.tabled[tables[0]].condition) is not None
    }
    unmet = {deal: np.zeros(world.runs, dtype=bool) for deal in conditions}
    while True:
        quarters: list[Quarterly] = []
        here, over = world, {deal: np.zeros(world.runs, dtype=bool) for deal in deals_of(plans)}
        for _ in range(QUARTERS):
            quarters.append(_quarter(match, here, plans, unmet, over))
            here = quarters[-1].record.world
            over = {d: over[d] | _any(quarters[-1].signed, t) for d, t in deals_of(plans).items()}
        here = override(match.game, here, match.chance, plans.changes)
        done = Settled(tuple(quarters), unmet, here)
        broken = {
            deal: bound(plans, done, deal) & ~holds(match, done, condition)
            for deal, condition in conditions.items()
        }
        if not any(b.any() for b in broken.values()):
            return done
        unmet = {deal: unmet[deal] | broken[deal] for deal in unmet}


def _any(masks: Masks, tables: list[str]) -> Bools:
    return np.logical_or.reduce([masks[t] for t in tables])


def _quarter(match: Match, world: World, plans: Plans, unmet: Masks, over: Masks) -> Quarterly:
    """Play a quarter again and again until no deal is signed at one of its tables alone.

    unmet, over : deal → games in which its condition fails, or it is in force already
    """
    middle, _ = opening(match, world)
    never = np.zeros(world.runs, dtype=bool)
    settled = {
        t: over[part.deal or t] | ~_left(match, middle, part.moves) if part.signed else never
        for t, part in plans.tabled.items()
    }
    withheld = {t: settled[t] | unmet.get(plans.tabled[t].deal, never) for t in plans.tabled}
    missed = dict.fromkeys(deals_of(plans), never)
    while True:
        record = play_quarter(match, world, plans, None, withheld)
        signed = {t: in_force(match, record, t, world.runs) & ~withheld[t] for t in plans.tabled}
        more = False
        for deal, tables in deals_of(plans).items():
            for t in tables:
                missed[deal] = missed[deal] | ~(signed[t] | withheld[t])
            for t in tables:
                alone = missed[deal] & signed[t]
                more = more or bool(alone.any())
                withheld[t] = withheld[t] | alone
        if not more:
            return Quarterly(record, withheld, signed, settled)


def _left(match: Match, middle: World, moves: Mapping[str, float]) -> Bools:
    """Games in which something of a deal does not stand there yet, (run,)."""
    left = np.zeros(middle.runs, dtype=bool)
    for x, value in moves.items():
        left |= steps_to(match.game.scenario, middle, x, value) != 0
    return left


def in_force(match: Match, record: Record, table: str, runs: int) -> Bools:
    """Games in which a deal was signed at a table in a quarter, (run,)."""
    number = [t.id for t in match.game.scenario.tables].index(table)
    talk, signing = record.talks[number], record.signings[number]
    out = np.zeros(runs, dtype=bool)
    if talk is not None and signing is not None:
        out[talk.runs] = signing.signed
    return out


def bound(plans: Plans, done: Settled, deal: str) -> Bools:
    """Games in which a deal came into force in the turn, (run,)."""
    tables = deals_of(plans)[deal]
    return np.logical_or.reduce([_any(q.signed, tables) for q in done.quarters])


def holds(match: Match, done: Settled, condition: Condition) -> Bools:
    """Say where a condition holds at the end of the turn, as far as the public knows, (run,)."""
    world = done.world
    if condition.table:
        each = [in_force(match, r, condition.table, world.runs) for r in done.records]
        return np.logical_or.reduce(each)
    x = match.game.scenario.lever(condition.lever)
    known = np.where(world.secret[x], world.before[x], world.setting[x])
    value = match.game.scenario.levers.settings[x][known]
    return within(value, condition.at_least, condition.at_most)


def fates(match: Match, plans: Plans, done: Settled) -> dict[str, dict[str, Any]]:
    """Tell of one game what became of each signed deal.

    Returns
    -------
    deal → since (the quarter in which it came into force, empty if it did not), unmet (its
    condition did not hold), failed (what stood in the way: table, why, who)
    """
    scenario, out = match.game.scenario, {}
    for deal, tables in deals_of(plans).items():
        since, failed = "", []
        for q in done.quarters:
            played = scenario.quarter(q.record.world.quarter - 1)
            whole = all(q.signed[t][0] or q.settled[t][0] for t in tables)
            if not since and whole and any(q.signed[t][0] for t in tables):
                since = played
            if not since:
                failed = [
                    {"table": t, **_why(match, q.record, t)}
                    for t in tables
                    if not (q.signed[t][0] or q.withheld[t][0])
                ]
        unmet = bool(done.unmet.get(deal, np.zeros(1, dtype=bool))[0])
        out[deal] = {"since": since, "unmet": unmet, "failed": [] if since or unmet else failed}
    return out


def _why(match: Match, record: Record, table: str) -> dict[str, str]:
    """Say why a part did not come into force: vote, consent, overtaken, or not taken up."""
    scenario = match.game.scenario
    number = [t.id for t in scenario.tables].index(table)
    talk, signing = record.talks[number], record.signings[number]
    if talk is None or signing is None or talk.accepted[0] == 0:
        return {"why": "closed", "who": ""}
    for k, a in enumerate(scenario.tables[number].parties):
        if not signing.ratified[k, 0]:
            return {"why": "vote", "who": scenario.actors[a]}
    return {"why": "overtaken" if signing.consent[0] else "consent", "who": ""}


@dataclass(frozen=True)
class Played:
    """A turn that was played."""

    world: World
    records: tuple[Record, ...]
    chronicle: tuple[tuple[Event, ...], ...]  # per quarter
    fates: dict[str, dict[str, Any]]  # of the signed deals


def play_turn(match: Match, world: World, plans: Plans) -> Played:
    """Play the quarters of a class turn on one set of orders, and tell them."""
    settled, match = settle(match, world, plans), with_rulings(match, plans)
    records, told = [], []
    for quarter in settled.quarters:
        deciders: dict[str, Any] = {
            a: doctrine_of(match, a) if plans.orders.get(a) is None else TeamSeat()
            for a in match.game.scenario.actors
        }
        chronicle = Chronicle(match.game, world, match.chance, deciders)
        record = play_quarter(match, world, plans, chronicle.watch, quarter.withheld)
        told.append(tuple(chronicle.quarter(record)))
        records.append(record)
        world = record.world
    world = settled.world
    return Played(world, tuple(records), tuple(told), fates(match, plans, settled))
