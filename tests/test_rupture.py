"""Ties that break: when, what goes with them, and that nothing breaks without the rule."""

from dataclasses import replace

import numpy as np
import pytest

from model.reading import read
from model.reckoning import break_ties, move_relations
from model.scenario import NOBODY
from model.schema import ScenarioFile
from model.turn import Game, begin, prepare
from model.wargame import Wargame
from model.world import World, ruptured
from tests.worlds import Small, differences, number, play, strait


def breakable(least: float = -0.3) -> ScenarioFile:
    """Return the strait with an alliance that can break."""
    data = strait().model_dump(by_alias=True)
    for tie in data["ties"]:
        tie["rupture"] = number(least)
    return Small.model_validate(data)


@pytest.fixture(scope="module")
def game() -> Game:
    return prepare(breakable())


def torn(game: Game, relation: float) -> tuple[World, int, int]:
    """Return a world in talks whose patron and client stand so with each other, in game 0 of 2."""
    scenario = game.scenario
    a, b = scenario.actor("Patron"), scenario.actor("Client")
    world = begin(game, 2)
    capital = world.relation.copy()
    capital[[a, b], [b, a], 0] = relation
    table = [t.id for t in scenario.tables].index("alliance")
    opener, demand = world.opener.copy(), world.demand.copy()
    opener[table], demand[table] = a, 2.0
    lock, partner = world.lock.copy(), world.lock_with.copy()
    x = scenario.lever("payment")
    lock[x], partner[x] = 8, a
    return (
        replace(
            world,
            relation=capital,
            opener=opener,
            demand=demand,
            lock=lock,
            lock_with=partner,
            announced=np.ones_like(world.announced),
        ),
        a,
        b,
    )


def test_a_tie_breaks_below_its_least_capital(game: Game) -> None:
    for relation, gone in ((-0.31, True), (-0.3, False), (0.0, False)):
        world, a, b = torn(game, relation)
        assert ruptured(game.scenario, world)[a, b].tolist() == [gone, False]


def test_what_goes_with_a_broken_tie(game: Game) -> None:
    scenario = game.scenario
    world, a, b = torn(game, -0.5)
    after = break_ties(scenario, world)
    table = [t.id for t in scenario.tables].index("alliance")
    assert after.opener[table].tolist() == [NOBODY, a]
    assert np.isneginf(after.demand[table]).tolist() == [True, False]
    assert after.announced[:, 0].tolist() == [False]
    assert after.commitment[0, 0] == 0.0 < after.commitment[0, 1]
    assert (after.credibility[:, 0, 0] == 0.0).all()
    x = scenario.lever("payment")
    assert after.lock_with[x].tolist() == [NOBODY, a]
    assert after.lock[x].tolist() == [0, 8]
    # the other ties are as they were
    c = scenario.actor("Rival")
    assert not ruptured(scenario, after)[[a, b], c].any()


def test_what_has_broken_does_not_mend(game: Game) -> None:
    world, a, b = torn(game, -0.5)
    none = [None] * len(game.scenario.tables)
    after = move_relations(game.scenario, world, none, none, np.zeros_like(world.announced))
    assert after.relation[a, b].tolist() == [-0.5, 0.0]
    held, _, _ = torn(game, -0.2)
    after = move_relations(game.scenario, held, none, none, np.zeros_like(world.announced))
    assert after.relation[a, b, 0] == pytest.approx(-0.2 * 0.93)


def test_nobody_talks_across_a_broken_tie() -> None:
    """With a least capital above zero every tie breaks in the first quarter."""
    game = play(breakable(0.5), 20, 4)
    assert all(talk is None for record in game.records for talk in record.talks)
    assert all((record.opened == NOBODY).all() for record in game.records)
    assert (game.end.commitment == 0.0).all()


def test_without_the_rule_nothing_breaks_and_a_low_one_changes_nothing() -> None:
    plain, low = play(strait(), 20, 6), play(breakable(-100.0), 20, 6)
    assert differences(plain.end, low.end) == []


def test_the_alliance_is_no_tie_of_the_network_any_more() -> None:
    game = Wargame(breakable(0.5), rng=1)
    layers = {key for _, _, key in game.ties().edges(keys=True)}
    assert "alliance" not in layers
    assert layers
    assert "alliance" in {k for _, _, k in Wargame(strait(), rng=1).ties().edges(keys=True)}


def test_relation_capital_may_be_there_from_the_start() -> None:
    world = begin(prepare(read("autonomy")), 3)
    assert (world.relation[0, 1] == 0.4).all()
    assert (world.relation[1, 0] == 0.4).all()
    assert (world.relation[2] == 0.0).all()
