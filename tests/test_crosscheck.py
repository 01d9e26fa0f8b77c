"""Independent software on our cases: the extra `crosscheck`, else these say so."""

from collections.abc import Callable
from functools import cache
from importlib import import_module

import numpy as np
import pytest

from agents.briefing import Decision, Floats
from agents.doctrine import get_doctrine
from agents.utility import each_utility
from model.bargaining import Ask, Talks
from model.chance import Chance
from model.reading import read
from model.turn import begin, play_quarter, prepare
from model.yardsticks import Zone, kalai_point, nash_point, zone_of_agreement
from runs.theory.quantal import equilibrium
from tests.worlds import play

WHY = "independent software is not installed: pip install -e '.[crosscheck]' -c constraints.txt"


def gain_from_moving(
    actor: str, stock: str, offset: Callable[[float], float], belief: float
) -> float:
    """What the engine's player thinks its second move gains it over its first, by its belief."""
    seen: list[Floats] = []

    def watch(ask: Ask, answers: dict[str, Decision]) -> None:
        if ask.question == "own_moves":
            briefing = ask.briefings[actor]
            assert briefing.options is not None
            raise_ = int(np.flatnonzero(briefing.options.steps > 0)[0])
            seen.append(each_utility(briefing.goals, briefing.options.own)[raise_])

    values = {f"stocks.{stock}.start": belief, f"aspirations.{actor}.security": offset(belief)}
    play(read("pennies"), 1, 1, values=values, watch=watch)
    return float(seen[0][0])


def test_nashpy_finds_the_mixed_equilibrium_of_our_matching_pennies() -> None:
    """Where both are indifferent by the engine's prices: p = 1/2, q = 1/10."""
    nash = pytest.importorskip("nashpy", reason=WHY)
    row = [gain_from_moving("A", "often-left", lambda q: 10 * q - 0.5, q) for q in (1.0, 0.0)]
    column = [gain_from_moving("B", "often-up", lambda p: 1.5 - 2 * p, p) for p in (1.0, 0.0)]
    assert row == pytest.approx([9, -1])
    assert column == pytest.approx([-1, 1])
    first = np.array([row, [0.0, 0.0]])
    second = np.array([[column[0], 0.0], [column[1], 0.0]])
    (found,) = nash.Game(first, second).support_enumeration()
    assert [strategy[0] for strategy in found] == pytest.approx([0.5, 0.1])
    assert equilibrium(500.0) == pytest.approx([0.5, 0.1], abs=3e-3)


@cache
def zones() -> list[tuple[Talks, Zone]]:
    """Return the talks of some games of the small world, with their zones."""
    file = read("triad")
    game = prepare(file)
    chance, world = Chance(5, np.arange(8)), begin(game, 8)
    deciders = {a: get_doctrine(file.actors[a].doctrine) for a in game.scenario.actors}
    found = []
    for _ in range(4):
        record = play_quarter(game, world, chance, deciders)
        world = record.world
        found += [(talks, zone_of_agreement(talks)) for talks in record.talks if talks is not None]
    return found


def negmas_points(gains: Floats) -> tuple[set[tuple[float, ...]], Floats, Floats]:
    """Return NegMAS's Pareto frontier, Nash and Kalai-Smorodinsky points.

    gains : (outcome, 2); no deal, worth nothing to both, is added to them, so that the reserved
    values are the least there are: below them NegMAS counts ranges otherwise
    """
    make_issue = pytest.importorskip("negmas", reason=WHY).make_issue
    preferences = import_module("negmas.preferences")
    ops = preferences.ops
    worth = np.vstack([[0.0, 0.0], gains])
    issue = make_issue(len(worth), "package")
    outcomes = [(n,) for n in range(len(worth))]
    players = [
        preferences.MappingUtilityFunction(
            dict(zip(outcomes, map(float, worth[:, k]), strict=True)),
            issues=[issue],
            reserved_value=0.0,
        )
        for k in range(2)
    ]
    frontier, _ = ops.pareto_frontier(players, outcomes=outcomes, issues=[issue])
    (nash, _), *_ = ops.nash_points(players, frontier, outcomes=outcomes)
    (kalai, _), *_ = ops.ks_points(players, frontier, outcomes=outcomes)
    return {tuple(map(float, p)) for p in frontier}, np.array(nash), np.array(kalai)


def test_negmas_finds_the_same_frontier_and_points_of_our_packages() -> None:
    """NegMAS takes the most equal shares of the ideal, we the largest smaller share.

    Both are Kalai and Smorodinsky's point where packages are fine; ours never gives the worse off
    less.
    """
    compared = 0
    for talks, zone in zones():
        for r in range(len(talks.runs)):
            good = np.flatnonzero(zone.agreeable[:, r])
            if zone.nash[r] == 0 or len(good) < 3:
                continue
            first, second = zone.first[:, r], zone.second[:, r]
            frontier, nash, kalai = negmas_points(np.array([first[good], second[good]]).T)
            ours = zone.frontier[:, r] & zone.agreeable[:, r]
            assert frontier == set(zip(first[ours].tolist(), second[ours].tolist(), strict=True))
            point = zone.nash[r]
            assert nash.prod() == pytest.approx(first[point] * second[point], rel=1e-9)
            ideal = np.array([first[good].max(), second[good].max()])
            point = zone.kalai[r]
            mine = np.array([first[point], second[point]])
            assert (mine / ideal).min() >= (kalai / ideal).min() - 1e-12
            compared += 1
    assert compared > 10


def test_negmas_finds_the_same_points_of_a_fine_pie() -> None:
    share = np.linspace(0.0, 1.0, 1201)
    first, second = np.sqrt(share), np.minimum(1.0 - share, 0.5)
    _, nash, kalai = negmas_points(np.array([first, second]).T)
    ours = int(nash_point(first[:, None], second[:, None])[0])
    assert nash == pytest.approx([first[ours], second[ours]])
    ours = int(kalai_point(first[:, None], second[:, None])[0])
    assert kalai == pytest.approx([first[ours], second[ours]], abs=2e-3)
