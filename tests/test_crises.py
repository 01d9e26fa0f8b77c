"""Crises and wars: how often they climb, who wins, and what is left."""

from dataclasses import replace

import numpy as np
import pytest

from model.beliefs import resolve
from model.chance import Chance
from model.ledger import force_balance
from model.reckoning import sources_in_effect
from model.theatres import WAR, Crises, after_wars, break_out, hazards, outlook
from model.turn import Game, begin, prepare
from model.world import World
from tests.worlds import rules, strait


@pytest.fixture(scope="module")
def game() -> Game:
    return prepare(strait())


def crises_of(game: Game, runs: int, odds: float, hazard: float) -> tuple[World, Crises]:
    shape = (1, runs)
    world = begin(game, runs)
    return break_out(
        game.scenario,
        world,
        Chance(5, np.arange(runs)),
        np.full(shape, odds),
        np.full(shape, hazard),
        resolve(world),
    )


def test_crises_climb_as_often_as_the_rule_says(game: Game) -> None:
    """A rung with 2 x .3 x .8 x (1 - .3) = .336, half of it where the patron stands by (.7)."""
    runs = 40_000
    world, crises = crises_of(game, runs, odds=0.8, hazard=0.25)
    rung = crises.rung[0]
    assert (rung > 0).mean() == pytest.approx(0.25, abs=0.01)
    climb = 0.7 * 0.336 / 2 + 0.3 * 0.336
    assert (rung[rung > 0] > 1).mean() == pytest.approx(climb, abs=0.015)
    third = 0.7 * (0.336 / 2) ** 2 + 0.3 * 0.336**2
    assert (rung[rung > 0] > 2).mean() == pytest.approx(third, abs=0.01)
    np.testing.assert_array_equal(crises.tested, crises.rung >= 2)
    assert not (crises.defended & ~crises.tested).any()
    np.testing.assert_array_equal(world.war > 0, crises.rung == WAR)


def test_no_hazard_no_crisis_and_no_second_war(game: Game) -> None:
    assert (crises_of(game, 100, odds=1.0, hazard=0.0)[1].rung == 0).all()
    always = rules(escalation=1, war_quarters=3)
    sure = prepare(strait(rules=always), {"theatres.strait.nuclear_risk": 0.0})
    world, crises = crises_of(sure, 200, odds=1.0, hazard=1.0)
    assert (crises.rung == WAR).all()
    for left in (2, 1, 0):
        world, crises = break_out(
            sure.scenario,
            replace(world, quarter=world.quarter + 1),
            Chance(5, np.arange(200)),
            np.ones((1, 200)),
            np.ones((1, 200)),
            resolve(world),
        )
        assert (crises.rung == 0).all()
        assert (world.war == left).all()


def after_a_war(odds: float, quarters: int) -> tuple[Game, World, Crises]:
    """A war that lasts two quarters breaks out in the first; the odds are those of its end, too."""
    game = prepare(
        strait(rules=rules(escalation=1, war_quarters=2)),
        {"theatres.strait.nuclear_risk": 0.0, "theatres.strait.credibility": 0.0},
    )
    world, crises = crises_of(game, 400, odds=1.0, hazard=1.0)
    for quarter in range(1, quarters):
        world, crises = break_out(
            game.scenario,
            replace(world, quarter=quarter),
            Chance(5, np.arange(400)),
            np.full((1, 400), odds),
            np.zeros((1, 400)),
            resolve(world),
        )
    return game, world, crises


def test_a_war_is_won_by_the_odds_of_its_end() -> None:
    _, world, crises = after_a_war(0.7, 2)
    assert (world.war == 1).all()
    assert not world.outcome.any()
    _, world, crises = after_a_war(0.7, 3)
    assert (world.war == 0).all()
    assert (world.outcome > 0).mean() == pytest.approx(0.7, abs=0.07)
    np.testing.assert_array_equal(crises.ended, world.outcome)
    _, later, crises = after_a_war(0.7, 4)
    np.testing.assert_array_equal(later.outcome, world.outcome)
    assert not crises.ended.any()


def test_a_beaten_challenger_is_calm_and_all_have_lost_forces() -> None:
    """Base hazard x .25; of 1, 1 and .5 at the start .6, .7 and .45 are left."""
    game, world, _ = after_a_war(0.0, 3)
    scenario = game.scenario
    sources, start = sources_in_effect(scenario, world)
    forces = after_wars(scenario, world, force_balance(scenario, sources, start))
    assert forces[0, :, 0] == pytest.approx([0.6, 0.7, 0.45])
    odds, hazard = hazards(scenario, world, sources, start)
    peace = replace(world, outcome=np.zeros_like(world.outcome))
    base = scenario.theatres.base_hazard
    calm = replace(scenario, theatres=replace(scenario.theatres, base_hazard=0.25 * base))
    weaker = replace(
        calm, theatres=replace(calm.theatres, forces=np.array([[[0.6], [0.7], [0.45]]]))
    )
    same_odds, same_hazard = hazards(weaker, peace, sources, start)
    assert odds == pytest.approx(same_odds)
    assert hazard == pytest.approx(same_hazard)


def test_what_has_been_won_is_not_challenged_and_the_loser_lives_with_it() -> None:
    """The defending side keeps the least force, .01, and is less secure than before the war."""
    game, world, _ = after_a_war(1.0, 3)
    scenario, client = game.scenario, game.scenario.actor("Client")
    sources, start = sources_in_effect(scenario, world)
    forces = after_wars(scenario, world, force_balance(scenario, sources, start))
    assert forces[0, :, 0] == pytest.approx([0.6, 0.01, 0.01])
    odds, hazard = hazards(scenario, world, sources, start)
    assert (odds > 0.99).all()
    assert (hazard == 0.0).all()
    peace = replace(world, outcome=np.zeros_like(world.outcome))
    before = outlook(scenario, peace, client, force_balance(scenario, sources, start)).security
    assert (outlook(scenario, world, client, forces).security < before).all()


def test_a_crisis_stops_before_a_resolved_defender() -> None:
    """Without the patron the chance to climb is .336 x twice the challenger's doubt in resolve."""
    game = prepare(strait(), {"theatres.strait.credibility": 0.0})
    scenario, runs = game.scenario, 20_000
    world = begin(game, runs)
    rival, client = scenario.actor("Rival"), scenario.actor("Client")
    believed = resolve(world)
    for seen, climbs in ((0.5, 0.336), (0.75, 0.168), (1.0, 0.0)):
        believed[rival, client] = seen
        _, crises = break_out(
            scenario,
            world,
            Chance(5, np.arange(runs)),
            np.full((1, runs), 0.8),
            np.ones((1, runs)),
            believed,
        )
        assert (crises.rung > 1).mean() == pytest.approx(climbs, abs=0.01)


def test_a_challenger_comes_as_it_is_hostile_not_as_it_is_hated(game: Game) -> None:
    world = begin(game, 1)
    now, start = sources_in_effect(game.scenario, world)
    theatres = game.scenario.theatres
    who, foe = theatres.challenger[0], theatres.defender[0]

    def hazard(first: int, second: int) -> float:
        hostility = np.zeros_like(world.hostility)
        hostility[first, second] = 1.0
        return float(
            hazards(game.scenario, replace(world, hostility=hostility), now, start)[1][0, 0]
        )

    # 1 - hazard = exp(-base (.5 + hostility) …): 1.5 against .5
    hates, hated = (np.log(1.0 - hazard(*pair)) for pair in ((who, foe), (foe, who)))
    assert hates == pytest.approx(3.0 * hated)


def test_a_challenger_acts_on_what_it_believes_of_the_patron(game: Game) -> None:
    """Its belief moves its odds, the patron's true commitment does not."""
    world, rival = begin(game, 1), game.scenario.theatres.challenger[0]
    now, start = sources_in_effect(game.scenario, world)
    believed = world.credibility.copy()
    believed[rival] = 0.0
    doubts = replace(world, credibility=believed)
    feeble = replace(world, commitment=np.zeros_like(world.commitment))
    odds, unprotected, same = (
        hazards(game.scenario, w, now, start)[0] for w in (world, doubts, feeble)
    )
    assert (unprotected > odds).all()
    assert same == pytest.approx(odds)


def test_nuclear_risk_holds_both_back() -> None:
    game = prepare(strait(), {"theatres.strait.nuclear_risk": 1.0})
    _, crises = crises_of(game, 200, odds=1.0, hazard=1.0)
    assert (crises.rung == 1).all()
