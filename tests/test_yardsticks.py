"""Yardsticks: bargaining points on pies with known answers, and zones of played tables."""

import numpy as np

from agents.doctrine import get_doctrine
from model.chance import Chance
from model.perception import perceive
from model.reading import read
from model.turn import begin, play_quarter, prepare
from model.yardsticks import (
    dependence,
    kalai_point,
    nash_point,
    pareto_frontier,
    zone_of_agreement,
)

SHARES = np.linspace(0.0, 1.0, 101)


def pie(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return first[:, None], second[:, None]


def test_nash_point_of_a_pie_is_the_even_split() -> None:
    assert SHARES[nash_point(*pie(SHARES, 1.0 - SHARES))[0]] == 0.5


def test_an_outside_option_moves_the_nash_split_by_half_of_it() -> None:
    outside = 0.2
    gain = np.where(outside <= SHARES, SHARES - outside, 0.0)
    split = SHARES[nash_point(*pie(gain, np.where(gain > 0.0, 1.0 - SHARES, 0.0)))[0]]
    assert abs(split - (0.5 + outside / 2)) < 1e-9


def test_nash_point_does_not_depend_on_the_units_of_utility() -> None:
    first, second = np.sqrt(SHARES), 1.0 - SHARES
    assert nash_point(*pie(first, second)) == nash_point(*pie(7.0 * first, 0.1 * second))


def test_nash_point_ignores_irrelevant_alternatives() -> None:
    first, second = np.sqrt(SHARES), 1.0 - SHARES
    best = int(nash_point(*pie(first, second))[0])
    kept = np.arange(101) <= best
    assert nash_point(*pie(np.where(kept, first, 0.0), np.where(kept, second, 0.0)))[0] == best


def test_kalai_smorodinsky_gives_equal_shares_of_the_ideal() -> None:
    # the second party can have at most half: on x + y = 1, y <= 1/2, the diagonal to (1, 1/2)
    second = np.minimum(1.0 - SHARES, 0.5)
    assert abs(SHARES[kalai_point(*pie(SHARES, second))[0]] - 2.0 / 3.0) < 0.01


def test_no_zone_no_point() -> None:
    nothing = np.zeros((5, 1))
    assert nash_point(nothing, nothing)[0] == 0
    assert kalai_point(nothing, nothing)[0] == 0


def test_frontier_holds_what_nothing_beats_for_both() -> None:
    first = np.array([[0.0], [1.0], [2.0], [2.0], [3.0]])
    second = np.array([[0.0], [3.0], [2.0], [1.0], [2.5]])
    possible = np.array([[False], [True], [True], [True], [True]])
    assert pareto_frontier(first, second, possible)[:, 0].tolist() == [
        False,
        True,
        False,
        False,
        True,
    ]


def test_zones_of_a_played_game_are_consistent() -> None:
    file = read("triad")
    game = prepare(file)
    chance, world = Chance(3, np.arange(20)), begin(game, 20)
    deciders = {a: get_doctrine(file.actors[a].doctrine) for a in game.scenario.actors}
    seen = 0
    for _ in range(6):
        record = play_quarter(game, world, chance, deciders)
        world = record.world
        for talks in record.talks:
            if talks is None:
                continue
            zone = zone_of_agreement(talks)
            runs = np.arange(len(talks.runs))
            agreed = talks.accepted > 0
            seen += int(agreed.sum())
            assert zone.possible[talks.accepted, runs][agreed].all()
            assert (zone.left > -1e-9)[~agreed].all()
            inside = zone.nash > 0
            assert zone.agreeable[zone.nash, runs][inside].all()
            assert zone.frontier[zone.nash, runs][inside].all()
            named = zone.shares[np.isfinite(zone.shares)]
            assert len(named) <= agreed.sum()
    assert seen > 10


def test_a_client_depends_on_its_patron_more_than_the_patron_on_it() -> None:
    file = read("triad")
    game = prepare(file)
    world = begin(game, 1)
    view = perceive(game.scenario, world, Chance(1, np.array([0])))
    table = next(t for t in game.scenario.tables if t.id == "alliance")
    client, patron = game.scenario.actor("Client"), game.scenario.actor("Patron")
    assert dependence(view, table, client)[0] > dependence(view, table, patron)[0] > 0.0
