"""Yardsticks: bargaining points on pies with known answers, and zones of played tables."""

from itertools import pairwise

import numpy as np
import pytest

from agents.doctrine import get_doctrine
from model.chance import Chance
from model.perception import perceive
from model.reading import read
from model.ties import camp_energy, frustration, settle_camps, stable_camps
from model.turn import begin, play_quarter, prepare
from model.yardsticks import (
    camps,
    dependence,
    kalai_point,
    mean_position,
    median_position,
    nash_point,
    pareto_frontier,
    propensity,
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


def random_network(seed: int, actors: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(actors, actors))
    drawn = drawn + drawn.T
    np.fill_diagonal(drawn, 0.0)
    return rng.uniform(0.1, 5.0, actors), drawn, rng.integers(0, 2, actors)


def test_energy_is_the_sum_over_ordered_pairs_across_camps() -> None:
    strength, drawn, camp = random_network(1)
    by_hand = sum(
        strength[i] * strength[j] * drawn[i, j]
        for i in range(7)
        for j in range(7)
        if camp[i] != camp[j]
    )
    assert camp_energy(strength, drawn, camp) == pytest.approx(by_hand)


@pytest.mark.parametrize("seed", range(20))
def test_a_switch_lowers_the_energy_by_twice_what_its_actor_gains(seed: int) -> None:
    strength, drawn, camp = random_network(seed)
    path = settle_camps(strength, drawn, camp, 100)
    for before, after in pairwise(path):
        (who,) = np.flatnonzero(before != after)
        eased = frustration(strength, drawn, before)[who] - frustration(strength, drawn, after)[who]
        fall = camp_energy(strength, drawn, before) - camp_energy(strength, drawn, after)
        assert eased > 0.0
        assert fall == pytest.approx(2.0 * strength[who] * eased)
    end = path[-1] if path[-1][-1] == 0 else 1 - path[-1]
    assert any((end == camp).all() for camp in stable_camps(strength, drawn))


def test_camps_of_two_friends_and_a_foe() -> None:
    drawn = np.array([[0.0, 1.0, -1.0], [1.0, 0.0, -1.0], [-1.0, -1.0, 0.0]])
    (only,) = stable_camps(np.ones(3), drawn)
    assert only.tolist() == [1, 1, 0]


def test_allies_are_drawn_together_and_rivals_apart() -> None:
    file = read("2025q1")
    ties = prepare(file).scenario.ties
    drawn = propensity(ties)
    names = sorted(file.actors)
    usa, rok, prk = (names.index(a) for a in ("USA", "ROK", "PRK"))
    assert drawn[usa, rok] > 0.0 > drawn[rok, prk]
    assert (drawn == drawn.T).all()
    energies = [energy for energy, _ in camps(ties)]
    assert energies == sorted(energies)


def test_the_median_position_has_half_of_the_weight_on_either_side() -> None:
    position = np.array([10.0, 0.0, 5.0])
    even = np.ones(3)
    assert median_position(position, even, even) == 5.0
    assert median_position(position, np.array([3.0, 1.0, 1.0]), even) == 10.0
    assert mean_position(position, np.array([3.0, 1.0, 1.0]), even) == 7.0
