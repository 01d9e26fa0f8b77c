"""What a table looks like to its parties: consent, threats, closed tables, demands."""

from dataclasses import replace

import numpy as np
import pytest

from agents.briefing import Ints, Prospect, Seat
from model.chance import Chance
from model.perception import View, perceive
from model.scenario import NOBODY
from model.schema import ACCOUNTS
from model.tables import (
    absent_consent,
    at_table,
    prospect,
    rounded_down,
    slots_free,
    view_table,
)
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


def seated(game: Game, world: World, actor: str, *named: str) -> Seat:
    """One party's seat at the open table of the alliance, where some levers are named."""
    scenario = game.scenario
    number = [t.id for t in scenario.tables].index("alliance")
    slots = world.named.copy()
    slots[number] = NOBODY
    for slot, lever in enumerate(named):
        slots[number, slot] = scenario.lever(lever)
    world = replace(world, named=slots)
    view = seen(game, world)
    k = scenario.tables[number].parties.index(scenario.actor(actor))
    table, runs = view_table(view, number, game.menus[number]), np.arange(world.runs)
    return at_table(view, table, k, 0, np.ones(world.runs, dtype=bool), runs)


def test_a_named_lever_may_move_by_all_its_steps_and_no_more(game: Game, world: World) -> None:
    """Payment by 3 steps up or down, two of them at most below 1; troops by one."""
    free = replace(world, lock=np.zeros_like(world.lock))
    seat = seated(game, free, "Patron", "payment", "troops")
    moves = {
        (seat.names[x], int(s))
        for x, s, bar in zip(seat.lever[:, 0], seat.steps, seat.blocked[:, 0], strict=True)
        if x != NOBODY and not bar
    }
    assert {s for name, s in moves if name == "payment"} == {-2, -1, 1, 2, 3}
    assert {s for name, s in moves if name == "troops"} == {-1, 1}


def test_a_bundle_is_barred_by_any_of_its_moves_and_by_what_is_fixed(
    game: Game, world: World
) -> None:
    """Payment, assurance and troops together: the last move but `no move`."""
    free = replace(world, lock=np.zeros_like(world.lock))
    assert not seated(game, free, "Patron").blocked[-2].any()
    lock = free.lock.copy()
    lock[game.scenario.lever("assurance")] = [world.quarter + 4, 0]
    fixed = replace(free, lock=lock, lock_with=full_of(game, world, "Client"))
    assert seated(game, fixed, "Patron").blocked[-2].tolist() == [True, False]
    moved = free.moved.copy()
    moved[game.scenario.lever("troops")] = [False, True]
    late = seated(game, replace(free, moved=moved), "Patron")
    assert late.blocked[-2].tolist() == [False, True]


def full_of(game: Game, world: World, actor: str) -> Ints:
    return np.full_like(world.lock_with, game.scenario.actor(actor))


def test_a_bundle_needs_the_consent_of_all_who_must_agree() -> None:
    levers = {"payment": 0.7, "assurance": 0.5}
    file = strait()
    asks = file.levers["talks"].consent
    assert asks is not None
    chance = {
        name: file.levers[name].model_copy(
            update={
                "consent": asks.model_copy(
                    update={"odds": asks.odds.model_copy(update={"value": odds})}
                )
            }
        )
        for name, odds in levers.items()
    }
    asked = prepare(file.model_copy(update={"levers": {**file.levers, **chance}}))
    assert seated(asked, begin(asked, 2), "Patron").consent[-2] == pytest.approx(0.35)


def test_an_offer_must_reach_the_highest_setting_within_the_demand(
    game: Game, world: World
) -> None:
    """Paid is 1: 1.5 asked is .5 more, 4.2 is met by 3, 2 more."""
    number = [t.id for t in game.scenario.tables].index("alliance")
    demand = world.demand.copy()
    demand[number] = [1.5, 4.2]
    assert seated(game, replace(world, demand=demand), "Client").required == pytest.approx([0.5, 2])
    settings = game.scenario.levers.settings[game.scenario.lever("payment")]
    assert rounded_down(settings, np.array([1.5, 1.4999, 99])) == pytest.approx([1.5, 1.35, 5])


def test_wars_and_events_take_attention(game: Game, world: World) -> None:
    """A war in the strait takes one of Patron's tables; what distracts ends with its quarter."""
    patron = game.scenario.actor("Patron")
    all_ = slots_free(game.scenario, world, patron)
    war = replace(world, war=np.array([[0, 3]]))
    assert (all_ - slots_free(game.scenario, war, patron)).tolist() == [0, 1]
    lost, end = world.distraction.copy(), world.distraction_end.copy()
    lost[patron], end[patron] = 1, [world.quarter, world.quarter + 1]
    busy = replace(world, distraction=lost, distraction_end=end)
    assert (all_ - slots_free(game.scenario, busy, patron)).tolist() == [0, 1]


def test_a_move_costs_at_home_what_it_changes(game: Game, world: World) -> None:
    """Client's payment from 1 to 1.1 at 40 a unit costs 4; assurance from 1 to 2 brings 3."""
    seat = looks(game, world, "Client").seat
    names = [seat.names[x] if x != NOBODY else "" for x in seat.lever[:, 0]]
    cost = {
        (name, int(s)): float(c)
        for name, s, c in zip(names, seat.steps, seat.home.cost[:, 0], strict=True)
    }
    assert cost["payment", 1] == pytest.approx(4)
    assert cost["payment", -1] == pytest.approx(-4)
    assert cost["assurance", 1] == pytest.approx(-3)
    assert cost["troops", -1] == 0
