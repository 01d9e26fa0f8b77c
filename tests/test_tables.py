"""What a table looks like to its parties: consent, threats, closed tables, demands."""

from dataclasses import replace

import numpy as np
import pytest

from agents.briefing import Prospect
from model.chance import Chance
from model.perception import View, perceive
from model.schema import ACCOUNTS
from model.tables import absent_consent, prospect, view_table
from model.turn import Game, begin, prepare
from model.world import World
from tests.worlds import strait

SECURITY = ACCOUNTS.index("security")


@pytest.fixture(scope="module")
def game() -> Game:
    return prepare(strait())


@pytest.fixture
def world(game: Game) -> World:
    return begin(game, 2)


def seen(game: Game, world: World) -> View:
    return perceive(game.scenario, world, Chance(1, np.arange(world.runs)))


def looks(game: Game, world: World, actor: str) -> Prospect:
    """The alliance's table as one of its parties sees it before the agenda is set."""
    return shown(game, seen(game, world), actor)


def shown(game: Game, view: View, actor: str) -> Prospect:
    number = [t.id for t in game.scenario.tables].index("alliance")
    k = game.scenario.tables[number].parties.index(game.scenario.actor(actor))
    return prospect(view, view_table(view, number, game.menus[number]), k, game.places[number][k])


@pytest.mark.parametrize(
    ("lever", "steps", "at", "absent"),
    [
        ("troops", -1, ("Patron", "Rival"), False),  # its owner may do it alone
        ("troops", 1, ("Patron", "Rival"), True),  # Client, the host, must agree
        ("troops", 1, ("Patron", "Client"), False),
        ("effort", 1, ("Patron", "Rival"), True),  # Client owns it
    ],
)
def test_who_must_be_at_the_table(
    game: Game, lever: str, steps: int, at: tuple[str, str], absent: bool
) -> None:
    scenario = game.scenario
    parties = scenario.actor(at[0]), scenario.actor(at[1])
    moves = np.array([scenario.lever(lever)]), np.array([steps])
    assert absent_consent(scenario.levers, parties, *moves).tolist() == [absent]


def test_a_threat_that_may_yet_come_is_believed_twice(game: Game, world: World) -> None:
    """To be announced and to be carried out: resolve .5 of a threat made, .25 of one to come."""
    number = [t.id for t in game.scenario.tables].index("alliance")
    demand, announced = world.demand.copy(), world.announced.copy()
    demand[number] = [5.0, -np.inf]
    assert looks(game, world, "Client").seat.menace_odds.tolist() == [0, 0]
    asked = replace(world, demand=demand)
    assert looks(game, asked, "Client").seat.menace_odds == pytest.approx([0.25, 0])
    announced[0] = [False, True]
    told = replace(asked, announced=announced)
    assert looks(game, told, "Client").seat.menace_odds == pytest.approx([0.25, 0.5])


def test_what_only_the_threatened_knows_of_a_threat_hurts_it(game: Game, world: World) -> None:
    plain = seen(game, world)
    view = replace(plain, private=np.full_like(plain.private, 0.5) * [1, -1])
    harm = shown(game, plain, "Client").seat.menace[SECURITY]
    assert shown(game, view, "Client").seat.menace[SECURITY] == pytest.approx(harm - [0.5, -0.5])


def test_a_closed_table_costs_an_exit_until_its_term_is_over(game: Game, world: World) -> None:
    number = [t.id for t in game.scenario.tables].index("alliance")
    actor = game.scenario.actor("Client")
    cost = game.scenario.levers.exit_cost.copy()
    cost[actor] = 0.3
    dear = replace(game.scenario, levers=replace(game.scenario.levers, exit_cost=cost))
    closed = world.closed.copy()
    closed[number] = [world.quarter, world.quarter + 1]
    free = replace(world, closed=closed, lock=np.zeros_like(world.lock))
    costs = looks(replace(game, scenario=dear), free, "Client").exit_cost
    assert (costs[:-1, 0] == 0).all()
    assert costs[:-1, 1] == pytest.approx(0.3)


def test_a_demand_is_counted_from_what_is_paid(game: Game, world: World) -> None:
    """Payment stands at 1; the norms are 1.1, 1.5 and 5, in the order of their names."""
    demands = looks(game, world, "Patron").demands
    assert sorted(demands[:, 0]) == pytest.approx([0.1, 0.5, 4.0])
