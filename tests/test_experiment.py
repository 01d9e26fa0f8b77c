"""Arms that share all draws, and shocks that leave every other draw as it is."""

import io
from typing import Any

import numpy as np
import pytest

from agents.answers import DoctrineError
from model.beliefs import Evidence, reliability
from model.chance import Chance
from model.events import happen
from model.reading import read
from model.schema import ASSUMED
from model.turn import begin, play_quarter, prepare
from runs.ensemble import play_chunk, seat_doctrines
from runs.errors import UserError
from runs.experiment import Arm, Played, play_arms
from runs.shocks import (
    Shock,
    apply,
    control_and_shocked,
    read_shock,
    ready_shocks,
    shocks_for,
    with_shocks,
)
from tests.worlds import differences, strait

FILE = strait()
SEED, QUARTERS, GAMES = 5, 6, 20


def played(arms: list[Arm], **options: Any) -> dict[str, Played]:
    return play_arms(
        arms,
        SEED,
        GAMES,
        quarters=QUARTERS,
        workers=1,
        stream=io.StringIO(),
        **{"trajectories": True, **options},
    )


def pair(*shocks: str) -> tuple[Played, Played]:
    arms = control_and_shocked(FILE, [read_shock(FILE, text) for text in shocks])
    both = played(list(arms))
    return both["control"], both["shocked"]


def test_an_arm_is_what_a_batch_plays() -> None:
    taus = np.linspace(0.0, 1.0, GAMES)
    arms = [
        Arm("one", FILE),
        Arm("many", FILE, {"actors.Patron.transactionalism": taus}, {"Client": "hedger"}),
    ]
    got = played(arms, series=["deals"])
    for arm in arms:
        chunk = play_chunk(
            FILE,
            SEED,
            np.arange(GAMES),
            quarters=QUARTERS,
            values=arm.values,
            doctrines=arm.doctrines,
            series=["deals"],
            trajectories=True,
        )
        assert [c.id for c in got[arm.name].columns] == [c.id for c in chunk.columns]
        for column in chunk.columns:
            np.testing.assert_array_equal(
                got[arm.name].outcomes[column.id], chunk.outcomes[column.label]
            )
        np.testing.assert_array_equal(
            got[arm.name].trajectories["deals"], chunk.trajectories["deals"]
        )


def test_a_shock_that_does_not_happen_leaves_the_game_as_it_is() -> None:
    control, _ = pair("troops=7@3")
    plain = played([Arm("plain", FILE)])["plain"]
    for name, values in plain.outcomes.items():
        if name != "digest":  # which counts the events, too
            np.testing.assert_array_equal(values, control.outcomes[name], err_msg=name)


def test_arms_are_alike_until_the_shock_and_differ_by_it_then() -> None:
    control, shocked = pair("troops=7@3")
    for name, values in control.trajectories.items():
        np.testing.assert_array_equal(values[:2], shocked.trajectories[name][:2], err_msg=name)
    assert (shocked.trajectories["lever.troops"][2] == 7.0).all()
    assert (control.trajectories["lever.troops"][2] > 7.0).all()


def test_a_shock_in_a_running_game_is_the_event_of_the_experiment() -> None:
    """Two quarters, then the shock: the same world as in the game that knew of it all along."""
    shock = read_shock(FILE, "troops=7@3")
    games, other = prepare(FILE, {}), prepare(with_shocks(FILE, [shock]), {})
    chance, deciders = Chance(SEED, np.arange(GAMES)), seat_doctrines(FILE, {})
    world, foreseen = begin(games, GAMES), begin(other, GAMES)
    for quarter in range(QUARTERS):
        if quarter == shock.quarter:
            games, world = apply(games, world, shock)
        world = play_quarter(games, world, chance, deciders).world
        foreseen = play_quarter(other, foreseen, chance, deciders).world
    assert differences(world, foreseen) == []
    twice, again = apply(games, world, shock)
    assert len(twice.scenario.file.events) == len(FILE.events) + 2
    assert len(again.fired) == len(twice.scenario.file.events)


def test_a_demand_of_an_event_stands_at_its_height_and_is_held_against_its_author() -> None:
    """Of 5, five times what was agreed until 2025Q4; one of 0.9 asks for nothing."""
    game = prepare(with_shocks(FILE, [read_shock(FILE, "alliance=5@2")]), {})
    chance, deciders = Chance(SEED, np.arange(GAMES)), seat_doctrines(FILE, {})
    first = play_quarter(game, begin(game, GAMES), chance, deciders)
    calm = ~np.isfinite(first.world.demand[0])
    record = play_quarter(game, first.world, chance, deciders)
    assert calm.any()
    np.testing.assert_array_equal(record.demand[0], 5.0)
    third = play_quarter(game, record.world, chance, deciders)
    assert (third.demand[0] < 5.0).all()

    scenario = game.scenario
    evidence = Evidence.none(3, GAMES)
    world, happened = happen(scenario, first.world, chance, evidence)
    patron, client = scenario.actor("Patron"), scenario.actor("Client")
    weight = FILE.rules.weight_reopening.value
    np.testing.assert_array_equal(evidence.broken[client, patron][calm], weight)
    assert happened.demanded[0].all()
    assert (reliability(record.world)[client, patron] < reliability(first.world)[client, patron])[
        calm
    ].all()
    low = prepare(with_shocks(FILE, [read_shock(FILE, "alliance=0.9@2")]), {})
    world, happened = happen(low.scenario, first.world, chance, Evidence.none(3, GAMES))
    assert not happened.demanded.any()
    np.testing.assert_array_equal(world.demand, first.world.demand)


def test_a_doctrine_changes_at_its_quarter_and_forgets() -> None:
    control, shocked = pair("Client=status_quo@4")
    for name, values in control.trajectories.items():
        np.testing.assert_array_equal(values[:3], shocked.trajectories[name][:3], err_msg=name)
    assert any(
        (values[3:] != shocked.trajectories[name][3:]).any()
        for name, values in control.trajectories.items()
    )
    whole = played([Arm("whole", FILE, {}, {"Client": "status_quo@2025Q1"})])["whole"]
    plain = played([Arm("plain", FILE, {}, {"Client": "status_quo"})])["plain"]
    np.testing.assert_array_equal(whole.outcomes["digest"], plain.outcomes["digest"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trops=7@3", "did you mean troops?"),
        ("troops=8@3", "did you mean troops=7?"),
        ("troops=many@3", "is no number"),
        ("troops=7@17", "from 2025Q1 to 2028Q4"),
        ("troops=7@2024Q4", "from 2025Q1 to 2028Q4"),
        ("troops=7@soon", "is no quarter"),
        ("troops=@3", "LEVER=VALUE@QUARTER"),
        ("", "LEVER=VALUE@QUARTER"),
        ("shok@3", "did you mean shock?"),
        ("brigade_out", "has no lever usfk_army"),
        ("front=3@3", "no lever, actor or table with demands"),
    ],
)
def test_a_wrong_shock_is_explained(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said.replace("?", r"\?")):
        read_shock(FILE, text)


def test_a_wrong_doctrine_or_arm_is_explained() -> None:
    with pytest.raises((UserError, DoctrineError), match="did you mean hedger"):
        read_shock(FILE, "Client=hegder@2")
    for arms, said in (
        ([], "needs arms"),
        ([Arm("a", FILE), Arm("a", FILE)], "name of its own"),
        ([Arm("a", FILE, {"nothing": 1.0})], "arm a: .* no parameter 'nothing'"),
        ([Arm("a", FILE, {"actors.Patron.agenda": np.ones(3)})], "3 values for 20 games"),
    ):
        with pytest.raises(UserError, match=said):
            played(arms)


def test_every_ready_shock_fits_the_scenario_of_the_brief_and_has_a_source() -> None:
    file = read("2025q1")
    assert shocks_for(file).keys() == ready_shocks().keys()
    for name, ready in ready_shocks().items():
        assert ready.source == ASSUMED or ready.source in file.sources, name
        shock = read_shock(file, f"{name}@2025Q2")
        assert (shock.quarter, shock.title) == (1, ready.title)
    happened = read_shock(file, "us_midterms@2")
    assert happened == Shock(
        "us_midterms",
        file.events["us_midterms"].name,
        1,
        file.events["us_midterms"].effects,
        source=file.events["us_midterms"].source,
    )
