"""What the ledger reads and what forces come of it: wars, ceasefires, transfers, channels."""

from dataclasses import replace

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agents.briefing import Floats, Ints
from model.ledger import (
    force_balance,
    force_coefficients,
    linear_accounts,
    source_start,
    source_values,
)
from model.scenario import Scenario
from model.schema import ACCOUNTS, ScenarioFile
from model.turn import Game, begin, prepare
from model.world import World, settings_value
from tests.drawn import worlds
from tests.worlds import numbers, rules, strait

HOME = ACCOUNTS.index("home")


def home_of_client(game: Game, world: World) -> list[float]:
    """Account of the Client at home by the ledger alone: -2 while there is war in the strait."""
    scenario = game.scenario
    sources = source_values(scenario, world, world.value)
    accounts = linear_accounts(scenario, sources, source_start(scenario))
    return accounts[scenario.actor("Client"), HOME].round(9).tolist()


def test_a_war_of_the_ladder_is_in_the_ledger() -> None:
    game = prepare(strait())
    world = begin(game, 3)
    assert home_of_client(game, replace(world, war=np.array([[0, 1, 4]]))) == [0, -2, -2]


def test_a_broken_ceasefire_is_war_and_one_that_holds_is_none() -> None:
    """The theatre is hot while the assurance stands below 1, where it starts."""
    parts = strait().model_dump(by_alias=True)
    parts["theatres"]["strait"]["hot_while"] = {"lever": "assurance", "below": 1}
    game = prepare(ScenarioFile.model_validate(parts))
    world = begin(game, 3)
    value = world.value.copy()
    value[game.scenario.lever("assurance")] = [0, 1, 2]
    assert home_of_client(game, replace(world, value=value)) == [-2, 0, 0]


def forces_at(scenario: Scenario, setting: Ints) -> Floats:
    """Forces with the levers at these settings, (theatre, side, run); none is cut off."""
    start = source_start(scenario)
    runs = setting.shape[1]
    sources = np.repeat(start, runs, axis=1)
    sources[: len(scenario.levers.ids)] = settings_value(scenario, setting)
    return force_balance(strong(scenario), sources, start)


def strong(scenario: Scenario) -> Scenario:
    forces = scenario.theatres.forces + 100.0
    return replace(scenario, theatres=replace(scenario.theatres, forces=forces))


@settings(max_examples=25, phases=[Phase.generate], report_multiple_bugs=False)
@given(worlds(places=2), st.integers(0, 2**32 - 1))
def test_a_coefficient_is_what_one_move_changes(file: ScenarioFile, seed: int) -> None:
    """Also where forces are transferred: the share of troops, and the troops of a share."""
    scenario = prepare(file).scenario
    levers, ledger = scenario.levers, scenario.ledger
    rng = np.random.default_rng(seed)
    before = rng.integers(0, levers.size)[:, None]
    coefficient = force_coefficients(scenario, settings_value(scenario, before))
    for x in range(len(levers.ids)):
        after = before.copy()
        after[x] = (before[x] + 1) % levers.size[x]
        gap = settings_value(scenario, after)[x] - settings_value(scenario, before)[x]
        expected = np.zeros((*scenario.theatres.forces.shape[:2], 1))
        for e in np.flatnonzero(ledger.force_source == x):
            expected[ledger.theatre[e], ledger.side[e]] += coefficient[e] * gap
        found = forces_at(scenario, after) - forces_at(scenario, before)
        np.testing.assert_allclose(found, expected, atol=1e-9)


@settings(max_examples=25, phases=[Phase.generate], report_multiple_bugs=False)
@given(worlds(places=2))
def test_at_the_start_forces_are_those_of_the_file(file: ScenarioFile) -> None:
    """Also where a share stands at a half from the start: what is away is counted as away."""
    scenario = prepare(file).scenario
    found = forces_at(scenario, scenario.levers.start[:, :1])
    np.testing.assert_allclose(found, strong(scenario).theatres.forces)


def test_without_the_channel_of_forces_no_lever_moves_them() -> None:
    off = prepare(strait(rules=rules(channel_forces=0))).scenario
    on = prepare(strait()).scenario
    for scenario, moved in ((off, False), (on, True)):
        highest = scenario.levers.size[:, None] - 1
        change = forces_at(scenario, highest) - forces_at(scenario, scenario.levers.start[:, :1])
        assert bool(np.abs(change).max() > 0.1) == moved


def test_no_side_is_ever_quite_without_forces() -> None:
    """A hundredth is left, whatever levers take away."""
    parts = strait().model_dump(by_alias=True)
    none = numbers(challenger=0, defender=0, patron=0)
    parts["theatres"]["strait"]["forces"] = none
    scenario = prepare(ScenarioFile.model_validate(parts)).scenario
    start = source_start(scenario)
    assert force_balance(scenario, start, start).tolist() == [[[0.01]] * 3]
