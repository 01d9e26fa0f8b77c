"""The engine's side of a class turn: play its quarters, look ahead, ask a doctrine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.briefing import Bools, Briefing, Decision
from agents.doctrine import get_doctrine
from agents.talks import is_possible
from model.assembly import assemblies
from model.bargaining import Ask
from model.beliefs import Evidence
from model.chance import Chance
from model.chronicle import package_moves
from model.events import happen
from model.reasons import Decides
from model.reckoning import new_quarter
from model.schema import ScenarioFile
from model.standing import digest
from model.tables import slots_free
from model.turn import Game, Quarter, Record, Watch, begin, prepare
from model.world import World
from runs.seminar.seats import NAME, Orders, Tabled, TurnSeat, package_of, steps_to

QUARTERS = 2  # of the engine in a turn of the class


@dataclass(frozen=True)
class Match:
    """The game that a class plays: a scenario, its draws, and who plays a seat that is empty."""

    file: ScenarioFile
    game: Game
    chance: Chance
    doctrines: dict[str, str]  # actor → doctrine of its empty seat

    @staticmethod
    def of(file: ScenarioFile, seed: int, run: int = 0) -> Match:
        """Make a scenario ready for a class."""
        chosen = {a: actor.doctrine for a, actor in file.actors.items()}
        return Match(file, prepare(file), Chance(seed, np.array([run])), chosen)

    def start(self) -> World:
        """Return the world before the first quarter."""
        return begin(self.game, 1)

    def turns(self) -> int:
        """Number of turns that the class plays."""
        return max(1, self.file.quarters // QUARTERS)


@dataclass(frozen=True)
class Plans:
    """What goes into a turn: orders of the teams (none: the doctrine), and deals by table.

    changes : effects by which the white cell rules a draw of the turn, or changes its outcome
    """

    orders: Mapping[str, Orders | None]
    tabled: Mapping[str, Tabled]
    changes: tuple[Mapping[str, Any], ...] = ()


def opening(match: Match, world: World) -> tuple[World, list[str]]:
    """Return the world as the tables meet this quarter, and the events that happened before."""
    scenario = match.game.scenario
    middle = new_quarter(scenario, world)
    evidence = Evidence.none(len(scenario.actors), world.runs)
    middle, happened = happen(scenario, middle, match.chance, evidence)
    middle, _ = assemblies(scenario, middle, match.chance)
    names = sorted(scenario.file.events)
    return middle, [names[n] for n in np.flatnonzero(happened.events[:, 0])]


def seated(
    match: Match, world: World, plans: Plans, withheld: Mapping[str, Bools]
) -> dict[str, TurnSeat]:
    """Seat everybody for a quarter."""
    middle, _ = opening(match, world)
    tabled = plans.tabled
    return {
        a: TurnSeat(
            match.game, a, doctrine_of(match, a), plans.orders.get(a), tabled, middle, withheld
        )
        for a in match.game.scenario.actors
    }


def doctrine_of(match: Match, actor: str) -> Decides:
    """Return the doctrine of a seat."""
    return get_doctrine(match.doctrines[actor])


def play_quarter(
    match: Match,
    world: World,
    plans: Plans,
    watch: Watch | None = None,
    withheld: Mapping[str, Bools] | None = None,
) -> Record:
    """Play one quarter of the engine, one game or many.

    withheld : table → (run,) games in which nothing of what is tabled there lies on it
    """
    seats = seated(match, world, plans, withheld or {})
    quarter = Quarter(match.game, world, match.chance)
    for seat in seats.values():
        seat.quarter = quarter
    return quarter.play(seats, watch)


class TeamSeat:
    """Whoever reads the reasons of a team: it weighed nothing that the program could see."""

    name = NAME

    def decide(self, briefing: Briefing) -> Decision:
        """Never asked."""
        raise NotImplementedError


def quiet(match: Match, actors: set[str]) -> dict[str, Orders | None]:
    """Orders by which these actors do nothing and the others follow their doctrines."""
    return {a: Orders() if a in actors else None for a in match.game.scenario.actors}


@dataclass(frozen=True)
class Answer:
    """What a doctrine says to a proposal."""

    accepted: bool
    counter: dict[str, float] | None  # lever → setting, what it would sign instead
    problem: str = ""  # the proposal cannot be made


def ask_doctrine(match: Match, world: World, people: set[str], offer: Tabled) -> Answer:
    """Put a proposal to the doctrine of an empty seat, as the engine's talks would.

    Nothing of other teams enters: they are taken to be quiet. people : actors held by teams
    """
    scenario = match.game.scenario
    rules = next(t for t in scenario.tables if t.id == offer.table)
    other = next(scenario.actors[a] for a in rules.parties if scenario.actors[a] != offer.by)
    heard: list[tuple[Ask, dict[str, Decision]]] = []
    plans = Plans(quiet(match, people), {offer.table: offer})
    seats = seated(match, world, plans, {})
    seats[other] = _Listening(
        match.game,
        other,
        doctrine_of(match, other),
        None,
        {offer.table: offer},
        seats[other].middle,
        {},
    )
    quarter = Quarter(match.game, world, match.chance)
    for seat in seats.values():
        seat.quarter = quarter
    record = quarter.play(seats, lambda ask, answers: heard.append((ask, dict(answers))))
    talk = record.talks[scenario.tables.index(rules)]
    if talk is None:
        return Answer(accepted=False, counter=None, problem="closed")
    accepted = bool(talk.accepted[0] > 0)
    counter = None
    for t in range(len(talk.offers)):
        k = (int(talk.first[0]) + t) % 2
        package = int(talk.offers[t, 0])
        if package > 0 and scenario.actors[rules.parties[k]] == other and not accepted:
            counter = settings_of(match, seats[other].middle, talk, package)
    return Answer(accepted, counter)


class _Listening(TurnSeat):
    """A doctrine at the table of a proposal: it talks there about what was proposed."""

    def _offer(self, briefing: Briefing) -> Decision:
        return self.doctrine.decide(briefing)

    def _reply(self, briefing: Briefing) -> Decision:
        return self.doctrine.decide(briefing)


def settings_of(match: Match, middle: World, talk: Any, package: int) -> dict[str, float]:
    """Return the levers of a package and the settings that it brings them to."""
    scenario = match.game.scenario
    out = {}
    for x, steps in package_moves(match.game, talk, package):
        there = min(max(int(middle.setting[x, 0]) + steps, 0), int(scenario.levers.size[x]) - 1)
        out[scenario.levers.ids[x]] = float(scenario.levers.settings[x, there])
    return out


def proposals(match: Match, world: World, people: set[str]) -> list[Tabled]:
    """What the doctrines of empty seats would propose to teams this quarter."""
    scenario = match.game.scenario
    plans = Plans(quiet(match, people), {})
    middle, _ = opening(match, world)
    record = play_quarter(match, world, plans)
    out = []
    for talk in record.talks:
        if talk is None:
            continue
        rules = scenario.tables[talk.table]
        names = [scenario.actors[a] for a in rules.parties]
        for t in range(len(talk.offers)):
            package = int(talk.offers[t, 0])
            by = names[(int(talk.first[0]) + t) % 2]
            to = next(n for n in names if n != by)
            if package > 0 and by not in people and to in people:
                moves = settings_of(match, middle, talk, package)
                out.append(Tabled(rules.id, by, by, moves, signed=False))
                break
    return out


def why_impossible(match: Match, world: World, people: set[str], offer: Tabled) -> str:
    """Say why the engine could not take a proposal up, nothing if it can.

    The table is opened with the levers of the proposal by whoever would open it.
    """
    scenario = match.game.scenario
    number = next(n for n, t in enumerate(scenario.tables) if t.id == offer.table)
    rules = scenario.tables[number]
    names = {scenario.actors[a] for a in rules.parties}
    middle, _ = opening(match, world)
    if not any(steps_to(scenario, middle, x, v).any() for x, v in offer.moves.items()):
        return "nothing"
    free = int(slots_free(scenario, middle, scenario.actor(offer.opener))[0])
    mine = middle.opener[number, 0] == scenario.actor(offer.opener)
    if free == 0 and not mine:
        return "slots"
    found: list[str] = []

    def watch(ask: Ask, answers: dict[str, Decision]) -> None:
        if ask.question != "offer" or ask.table != offer.table or found:
            return
        menu = match.game.menus[number]
        seats = {a: b.seats[0] for a, b in ask.briefings.items()}
        mine = seats[offer.by]
        levers = {
            scenario.lever(x): int(steps_to(scenario, middle, x, v)[0])
            for x, v in offer.moves.items()
        }
        package = package_of(menu, mine, levers, 0)
        required = max(float(s.required[0]) for s in seats.values())
        credit = float(mine.credit[menu.packages[package], 0].sum())
        if not package:
            found.append("steps")
        elif np.isfinite(required) and credit < required:
            found.append("demand")
        elif not is_possible(mine, np.array([package]))[0]:
            found.append("bound")  # as far as it knows: else it would learn of others' secrets
        else:
            found.append("")

    orders: dict[str, Orders | None] = dict.fromkeys(scenario.actors, Orders())
    plans = Plans(orders | dict.fromkeys(names, Orders()), {offer.table: offer})
    play_quarter(match, world, plans, watch)
    return found[0] if found else "closed"


def digest_of(world: World) -> str:
    """Digest of the state."""
    return digest(world)
