"""Seats of a class turn: what a team ordered and signed, as decisions on the engine's questions.

A class turn is several quarters on one set of orders. A seat without orders is played by its
doctrine; a deal that was signed binds either kind. All arrays may hold many games, so that the
same orders can be played again under other draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from agents.agenda import believed_settlement
from agents.briefing import Bools, Briefing, Decision, Ints, Seat
from model.moves import own_options, threats_of
from model.reasons import Decides
from model.scenario import Scenario
from model.tables import Menu
from model.turn import Game, Quarter
from model.world import World

NAME = "seminar"  # of every seat in the transcript: its answers are stored and played again


@dataclass(frozen=True)
class Orders:
    """What a team decides alone, for a whole class turn."""

    moves: Mapping[str, float] = field(default_factory=dict)  # lever → setting aimed at
    demands: Mapping[str, str] = field(default_factory=dict)  # table → norm invoked
    threats: frozenset[str] = frozenset()  # announced when refused
    let_pass: frozenset[str] = frozenset()  # threats that are not carried out when they fall due
    broken: frozenset[str] = frozenset()  # levers whose promise is not kept


@dataclass(frozen=True)
class Condition:
    """What must hold at the end of the turn, for all to see, or else a deal never bound anybody.

    Either a deal signed at a table in this turn, or a position on one side of a setting.
    """

    table: str = ""
    lever: str = ""
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class Tabled:
    """The last version of a deal at one table: signed by both sides, or refused."""

    table: str
    opener: str  # asked for the talks, with a slot of its agenda
    by: str  # made this version
    moves: Mapping[str, float]  # lever → setting
    signed: bool
    deal: str = ""  # parts of the same deal stand or fall together
    condition: Condition | None = None


def steps_to(scenario: Scenario, world: World, lever: str, value: float) -> Ints:
    """Settings between where a lever stands and the setting of that value, (run,)."""
    x = scenario.lever(lever)
    settings = scenario.levers.settings[x, : scenario.levers.size[x]]
    return int(np.abs(settings - value).argmin()) - world.setting[x]


def package_of(menu: Menu, seat: Seat, levers: Mapping[int, int], run: int) -> int:
    """Number of the package that moves exactly these levers by these steps, 0 if there is none.

    levers : lever → steps; run : column of the seat
    """
    slots, none = len(menu.slot), len(seat.steps) - 1
    wanted = {(x, s) for x, s in levers.items() if s}
    found = [
        m for m in range(slots) if (int(seat.lever[m, run]), int(menu.slot_steps[m])) in wanted
    ]
    for b, moves in enumerate(menu.bundles):
        if {(int(menu.lever[m]), int(menu.steps[m])) for m in moves} == wanted:
            found = [slots + b]
    if not wanted or (len(found) != len(wanted) and not (found and found[0] >= slots)):
        return 0
    row = np.full(menu.packages.shape[1], none)
    if len(found) > len(row):
        return 0
    row[: len(found)] = sorted(found)
    match = np.flatnonzero((menu.packages == row).all(axis=1))
    return int(match[0]) if len(match) else 0


class TurnSeat:
    """One office in one quarter of a class turn."""

    name = NAME

    def __init__(
        self,
        game: Game,
        actor: str,
        doctrine: Decides,
        orders: Orders | None,
        tabled: Mapping[str, Tabled],
        middle: World,
        withheld: Mapping[str, Bools],
    ) -> None:
        self.game = game
        self.actor = actor
        self.doctrine = doctrine
        self.orders = orders
        self.tabled = {t: d for t, d in tabled.items() if actor in self._parties(t)}
        self.middle = middle  # positions as the tables meet
        self.withheld = withheld  # table → (run,) games in which nothing lies on it
        self.quarter: Quarter | None = None  # set when it is in play

    def decide(self, briefing: Briefing) -> Decision:
        """Answer as ordered and agreed."""
        return {
            "agenda": self._agenda,
            "offer": self._offer,
            "reply": self._reply,
            "own_moves": self._own_moves,
            "honour": self._honour,
        }[briefing.question](briefing)

    def _parties(self, table: str) -> tuple[str, ...]:
        scenario = self.game.scenario
        rules = next(t for t in scenario.tables if t.id == table)
        return tuple(scenario.actors[a] for a in rules.parties)

    def _agenda(self, briefing: Briefing) -> Decision:
        asked = self.orders.demands if self.orders is not None else {}
        base = self._quiet(briefing) if self.orders is not None else self.doctrine.decide(briefing)
        assert base.open is not None
        assert base.named is not None
        assert base.norm is not None
        opened, named, norm = base.open.copy(), base.named.copy(), base.norm.copy()
        forced = np.zeros_like(opened)
        for i, prospect in enumerate(briefing.prospects):
            table = prospect.seat.table
            deal = self.tabled.get(table)
            if deal is not None:
                lies = ~self._withheld(table, opened.shape[1])
                forced[i] = lies & (prospect.mine | (deal.opener == self.actor))
                opened[i] = np.where(lies, forced[i], opened[i])
                levers = self._levers_named(deal.moves, named.shape[1])
                named[i] = np.where(lies, levers[:, None], named[i])
                norm[i] = np.where(lies & deal.signed, -1, norm[i])  # who signed asks no more
            if table in asked and len(prospect.demands):
                norms = self.game.scenario.file.tables[table].demands[0].norms
                norm[i] = sorted(norms).index(asked[table])
                opened[i] = forced[i] = True
                if deal is None:
                    lever = self.game.scenario.file.tables[table].demands[0].lever
                    named[i] = self._levers_named({lever: 0.0}, named.shape[1])[:, None]
        return replace(base, open=_within(opened, forced, briefing.slots), named=named, norm=norm)

    def _withheld(self, table: str, count: int) -> Bools:
        """Games asked in which nothing lies on a table, (run,)."""
        whole = self.withheld.get(table, np.zeros(self.middle.runs, dtype=bool))
        return whole if len(whole) == count else whole[self._runs(count)]

    def _quiet(self, briefing: Briefing) -> Decision:
        """Open nothing; talks that are on and were not named lapse."""
        customs = briefing.customs
        runs = briefing.goals.weights.shape[1]
        shape = (len(briefing.prospects), customs.named_levers + customs.sweeteners, runs)
        settlement = [believed_settlement(p) for p in briefing.prospects]
        return Decision(
            open=np.zeros((shape[0], runs), dtype=bool),
            named=np.full(shape, -1),
            norm=np.full((shape[0], runs), -1),
            settlement=np.stack(settlement) if settlement else np.zeros((0, runs)),
        )

    def _levers_named(self, moves: Mapping[str, float], slots: int) -> Ints:
        """Levers of a deal in the slots of the agenda; a bundle longer than they are needs none."""
        levers = [self.game.scenario.lever(x) for x in sorted(moves)][:slots]
        return np.array(levers + [-1] * (slots - len(levers)))

    def _package(self, seat: Seat) -> Ints:
        """Package of the deal at this table in each of the games asked, (run,)."""
        scenario, deal = self.game.scenario, self.tabled[seat.table]
        menu = self.game.menus[[t.id for t in scenario.tables].index(seat.table)]
        runs = self._runs(seat.own.shape[2])
        steps = {
            scenario.lever(x): steps_to(scenario, self.middle, x, v) for x, v in deal.moves.items()
        }
        known: dict[tuple[int, ...], int] = {}
        out = np.zeros(len(runs), dtype=np.int64)
        for n, r in enumerate(runs):
            here = tuple(int(s[r]) for s in steps.values())
            key = (*here, *(int(x) for x in seat.lever[: len(menu.slot), n]))
            if key not in known:
                known[key] = package_of(menu, seat, dict(zip(steps, here, strict=True)), n)
            out[n] = known[key]
        return out

    def _runs(self, count: int) -> Ints:
        """Columns of the batch that are asked."""
        assert self.quarter is not None
        runs = np.arange(self.middle.runs)[self.quarter.ask.runs]
        assert len(runs) == count
        return runs

    def _offer(self, briefing: Briefing) -> Decision:
        seat = briefing.seats[0]
        deal = self.tabled.get(seat.table)
        none = np.zeros(seat.own.shape[2], dtype=np.int64)
        if deal is None:
            return self._unbound(briefing, Decision(offer=none))
        mine = deal.signed or deal.by == self.actor
        assert briefing.my_turn is not None
        offer = np.where(briefing.my_turn, self._package(seat), 0) if mine else none
        return self._where_it_lies(briefing, Decision(offer=offer, memory=briefing.memory))

    def _reply(self, briefing: Briefing) -> Decision:
        seat = briefing.seats[0]
        deal = self.tabled.get(seat.table)
        no = np.zeros(seat.own.shape[2], dtype=bool)
        if deal is None:
            return self._unbound(briefing, Decision(accept=no, memory=briefing.memory))
        if not deal.signed:
            return self._where_it_lies(briefing, Decision(accept=no, memory=briefing.memory))
        assert briefing.offered is not None
        wanted = self._package(seat)
        same = (briefing.offered == wanted) & (wanted > 0)
        return self._where_it_lies(briefing, Decision(accept=same, memory=briefing.memory))

    def _unbound(self, briefing: Briefing, nothing: Decision) -> Decision:
        """Answer where no deal lies on the table: a team says nothing, a doctrine talks."""
        return nothing if self.orders is not None else self.doctrine.decide(briefing)

    def _where_it_lies(self, briefing: Briefing, agreed: Decision) -> Decision:
        """Answer as agreed, and as if there were no deal in the games in which it is withheld."""
        seat = briefing.seats[0]
        withheld = self._withheld(seat.table, seat.own.shape[2])
        if not withheld.any():
            return agreed
        free = self._unbound(briefing, _nothing(agreed))
        return Decision(
            offer=_either(withheld, free.offer, agreed.offer),
            accept=_either(withheld, free.accept, agreed.accept),
            memory=_either(withheld, free.memory, agreed.memory),
        )

    def _own_moves(self, briefing: Briefing) -> Decision:
        if self.orders is None:
            return self.doctrine.decide(briefing)
        options, scenario = briefing.options, self.game.scenario
        assert options is not None
        runs = briefing.goals.weights.shape[1]
        choice = np.full((2, runs), -1)
        lever, by = own_options(scenario, scenario.actor(self.actor))
        for n, (name, value) in enumerate(sorted(self.orders.moves.items())[:2]):
            way = np.sign(steps_to(scenario, self.middle, name, value))
            for s in (-1, 1):
                found = np.flatnonzero((lever == scenario.lever(name)) & (by == s))
                if len(found):
                    choice[n] = np.where(way == s, found[0], choice[n])
        mine = [scenario.threats.ids[n] for n in threats_of(scenario, scenario.actor(self.actor))]
        announce = np.array([t in self.orders.threats for t in mine], dtype=bool)
        carry = np.array([t not in self.orders.let_pass for t in mine], dtype=bool)
        shape = options.standing.shape
        return Decision(
            choice=choice,
            announce=np.broadcast_to(announce[:, None], shape) & options.rebuffed,
            carry_out=np.array(np.broadcast_to(carry[:, None], shape)),
        )

    def _honour(self, briefing: Briefing) -> Decision:
        promises, scenario = briefing.promises, self.game.scenario
        assert promises is not None
        if self.orders is None:
            return self.doctrine.decide(briefing)
        broken = [scenario.levers.ids[x] in self.orders.broken for x in promises.lever]
        keep = ~np.array(broken, dtype=bool)[:, None]
        return Decision(keep=np.array(np.broadcast_to(keep, promises.due.shape)))


def _nothing(answer: Decision) -> Decision:
    """Return the same answer with nothing offered and nothing accepted."""
    return replace(
        answer,
        offer=None if answer.offer is None else np.zeros_like(answer.offer),
        accept=None if answer.accept is None else np.zeros_like(answer.accept),
    )


def _either(where: Bools, first: Any, second: Any) -> Any:
    """Return one field of two answers, the first where it says so; None if neither has it."""
    if first is None or second is None:
        return second if first is None else first
    return np.where(where, first, second)


def _within(opened: Bools, forced: Bools, slots: Ints | None) -> Bools:
    """Drop tables from the end of the agenda until it fits; what is agreed stays longest."""
    if slots is None:
        return opened
    out = np.zeros_like(opened)
    used = np.zeros(opened.shape[1], dtype=np.int64)
    for which in (opened & forced, opened & ~forced):
        for i in range(len(opened)):
            take = which[i] & (used < slots)
            out[i] |= take
            used += take
    return out
