"""The order of play in a quarter, written once: for one game, for many, for people and programs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np

from agents.briefing import Bools, Briefing, Decision, Floats, Ints, columns
from model import events, moves, reckoning
from model.agenda import set_agenda
from model.assembly import assemblies
from model.bargaining import AGREED, Ask, Signing, Talks, negotiate, settle
from model.beliefs import Evidence, Menaces, menacing_levers
from model.chance import Chance
from model.compiling import build
from model.perception import View, accounts_in_effect, perceive
from model.scenario import Scenario, Values
from model.schema import ScenarioFile
from model.tables import Menu, TableView, menu, prospect, slots_free, view_table
from model.theatres import Crises, break_out, hazards
from model.world import World, draft, start_world

Conversation = Generator[Ask, dict[str, Decision], "Record"]


@dataclass(frozen=True)
class Game:
    """A scenario made ready to be played: what never changes within a game."""

    scenario: Scenario
    menus: tuple[Menu, ...]  # per table
    menacing: Menaces
    places: tuple[tuple[int, int], ...]  # per table, its number among the tables of each party


@dataclass(frozen=True)
class Record:
    """What happened in a quarter; the world is as the quarter left it."""

    world: World
    events: Bools  # (event, run)
    opened: Ints  # (table, run) opener of talks held this quarter, NOBODY where none
    named: Ints  # (table, slot, run)
    demand: Floats  # (table, run) headline level asked during the talks, -inf none
    talks: tuple[Talks | None, ...]  # per table
    signings: tuple[Signing | None, ...]  # per table
    assembly: Ints  # (assembly, run) setting decided, NOBODY where not called or not ratified
    own_moves: moves.Moves
    crises: Crises
    promises: reckoning.Kept
    accounts: Floats  # (actor, account, run)
    utility: Floats  # (actor, run) one-quarter utility against the reference


def prepare(file: ScenarioFile, values: Values | None = None) -> Game:
    """Make a scenario ready, with some parameters set to other values (scalars or one per run)."""
    scenario = build(file, values)
    count = [0] * len(scenario.actors)
    places = []
    for table in scenario.tables:
        a, b = table.parties
        places.append((count[a], count[b]))
        count[a] += 1
        count[b] += 1
    return Game(
        scenario,
        tuple(menu(scenario, t) for t in scenario.tables),
        menacing_levers(scenario),
        tuple(places),
    )


def ready(file: ScenarioFile, values: Values) -> Game:
    """Prepare a scenario; game after game of the same one finds it prepared."""
    if any(np.ndim(value) > 0 for value in values.values()):
        return prepare(file, values)
    return _prepared(SameFile(file), tuple(sorted((k, float(v)) for k, v in values.items())))


@dataclass(frozen=True, eq=False)
class SameFile:
    """A file as a key of a cache: the same object, not an equal one."""

    file: ScenarioFile

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameFile) and other.file is self.file

    def __hash__(self) -> int:
        return id(self.file)


@lru_cache(maxsize=4)
def _prepared(key: SameFile, values: tuple[tuple[str, float], ...]) -> Game:
    return prepare(key.file, dict(values))


def begin(game: Game, runs: int) -> World:
    """Return the world before the first quarter.

    References stand where the accounts are, or where aspirations put them.
    """
    world = start_world(game.scenario, runs)
    accounts = accounts_in_effect(game.scenario, world)
    return replace(world, reference=accounts + game.scenario.aspiration)


def quarter(game: Game, world: World, chance: Chance) -> Conversation:
    """Play one quarter: yields questions, receives decisions, returns the record.

    All briefings of one Ask are answered on the same world, so simultaneous moves are sealed.
    """
    scenario = game.scenario
    evidence = Evidence.none(len(scenario.actors), world.runs)
    gained = np.zeros((len(scenario.actors), world.runs))
    world = reckoning.new_quarter(scenario, world)

    world, happened = events.happen(scenario, world, chance, evidence)
    world, decided = assemblies(scenario, world, chance)

    view = perceive(scenario, world, chance)
    tables = tuple(view_table(view, n, m) for n, m in enumerate(game.menus))
    answers = yield _agenda_ask(game, view, tables)
    world = set_agenda(scenario, world, chance, answers, evidence, gained, happened.demanded)
    opened, named, demand = world.opener, world.named, world.demand

    view = replace(view, world=world)
    talks: list[Talks | None] = []
    for n, seen in enumerate(tables):
        talks.append((yield from negotiate(view, seen, game.places[n], chance)))
    del tables, answers  # their prices are large, and no longer needed
    world = draft(world, *AGREED)
    signings: list[Signing | None] = [
        settle(scenario, world, talk, game.menus[n], chance, gained) if talk is not None else None
        for n, talk in enumerate(talks)
    ]
    reckoning.go_behind_backs(scenario, world, talks, signings, evidence)

    view = perceive(scenario, world, chance)
    ask, rebuffed = moves.own_moves_ask(game.scenario, view, talks, signings, chance)
    answers = yield ask
    world, own = moves.make_moves(scenario, world, answers, rebuffed, evidence, gained, chance)

    now, start = reckoning.sources_in_effect(scenario, world)
    odds, hazard = hazards(scenario, world, now, start, reckoning.sources_ahead(scenario, world))
    hazard = np.where(happened.crisis, 1.0, hazard)
    world, crises = break_out(scenario, world, chance, odds, hazard, view.resolve)

    answers = yield reckoning.honour_ask(scenario, view, world)
    world, kept = reckoning.fall_due(scenario, world, answers, evidence, gained)
    world = reckoning.reckon(
        scenario,
        world,
        chance,
        evidence,
        crises,
        gained,
        game.menacing,
        talks,
        signings,
        own.announced,
    )
    accounts = accounts_in_effect(scenario, world)
    utility = reckoning.utilities(scenario, world, accounts)
    world = reckoning.move_references(scenario, world, accounts)
    world = replace(world, quarter=world.quarter + 1)
    return Record(
        world,
        happened.events,
        opened,
        named,
        demand,
        tuple(talks),
        tuple(signings),
        decided,
        own,
        crises,
        kept,
        accounts,
        utility,
    )


def _tables_of(scenario: Scenario, actor: int) -> list[tuple[int, int]]:
    """Return table number and place at it (0 or 1) for each table of an actor."""
    return [
        (n, t.parties.index(actor)) for n, t in enumerate(scenario.tables) if actor in t.parties
    ]


def _agenda_ask(game: Game, view: View, tables: tuple[TableView, ...]) -> Ask:
    scenario, world = game.scenario, view.world
    briefings = {}
    for a, name in enumerate(scenario.actors):
        mine = _tables_of(scenario, a)
        briefings[name] = Briefing(
            actor=name,
            quarter=world.quarter,
            question="agenda",
            goals=view.goals[a],
            customs=view.customs,
            prospects=tuple(prospect(view, tables[n], k, game.places[n][k]) for n, k in mine),
            slots=slots_free(scenario, world, a),
        )
    return Ask("agenda", "", briefings)


class Decider(Protocol):
    """Anything that answers a briefing: a doctrine, or a seat."""

    def decide(self, briefing: Briefing) -> Decision:
        """Return the decision."""
        ...


Watch = Callable[[Ask, dict[str, Decision]], None]


class Quarter:
    """A quarter in play: asks the deciders, and waits where a seat has no answer yet."""

    def __init__(self, game: Game, world: World, chance: Chance) -> None:
        self.game = game
        self.chance = chance
        self.memory = world.memory.copy()
        self.talk = quarter(game, world, chance)
        self.ask = next(self.talk)
        self.answers: dict[str, Decision] = {}

    def play(self, deciders: Mapping[str, Decider], watch: Watch | None = None) -> Record:
        """Ask until the quarter is over.

        watch : called with every question and its answers, for transcripts

        Raises
        ------
        Waiting
            If a seat has no answer; what others answered is kept, call again when it has one.
        """
        while True:
            for name in self.ask.briefings:
                if name not in self.answers:
                    self.answers[name] = self._answer(name, deciders[name])
            if watch is not None:
                watch(self.ask, self.answers)
            answers, self.answers = self.answers, {}
            try:
                self.ask = self.talk.send(answers)
            except StopIteration as end:
                record: Record = end.value
                return replace(record, world=replace(record.world, memory=self.memory))

    def briefing(self, name: str) -> Briefing:
        """Return what one of those asked is shown, with its own memory and draws."""
        a, runs = self.game.scenario.actors.index(name), self.ask.runs
        briefing, memory = self.ask.briefings[name], columns(self.memory[a], runs)
        memory = memory.copy() if isinstance(runs, slice) else memory  # columns are a view of it
        memory.setflags(write=False)
        return replace(
            briefing,
            memory=memory,
            draw=private_draw(self.chance, briefing.quarter, name, runs),
        )

    def _answer(self, name: str, decider: Decider) -> Decision:
        """Put the question to one decider, and keep what it remembers."""
        a, runs = self.game.scenario.actors.index(name), self.ask.runs
        briefing = self.briefing(name)
        decision = decider.decide(briefing)
        if decision.memory is not None and decision.memory is not briefing.memory:
            # where talks are over in one game of a batch, being asked on must leave no trace
            live = self.ask.live
            if live is None:
                self.memory[a][:, runs] = decision.memory
            else:
                self.memory[a][:, runs[live]] = decision.memory[:, live]
        return decision


def play_quarter(
    game: Game,
    world: World,
    chance: Chance,
    deciders: Mapping[str, Decider],
    watch: Watch | None = None,
) -> Record:
    """Play one quarter with deciders that answer at once."""
    return Quarter(game, world, chance).play(deciders, watch)


def private_draw(
    chance: Chance, quarter_: int, actor: str, runs: Ints | slice
) -> Callable[[str, int], Floats]:
    """Draws of an actor's own, by name; nobody else's stream is touched."""

    def draw(name: str, n: int) -> Floats:
        return chance.uniform(f"doctrine {actor}", quarter_, name, n)[:, runs]

    return draw
