"""What a Mesa user types works, and a Mesa game is the same game as in a batch."""

from typing import Any

import mesa
import networkx as nx
import numpy as np
import pytest
from mesa.batchrunner import batch_run

from agents.actor import Actor
from agents.briefing import Briefing, Decision
from agents.doctrine import UnknownDoctrineError, get_doctrine
from agents.seats import ExternalSeat, HumanSeat
from model.chance import Chance
from model.measures import world_digest
from model.parameters import UnknownParameter
from model.reading import ScenarioError, read
from model.turn import begin, play_quarter, prepare
from model.wargame import Wargame

QUARTERS = 4


def test_a_game_runs_as_mesa_users_run_models() -> None:
    model = Wargame(rng=1)
    assert isinstance(model, mesa.Model)
    model.run_for(16)
    assert not model.running
    assert model.time == 16
    assert model.quarter_name == "2028Q4"
    rows = model.datacollector.get_agent_vars_dataframe()
    assert set(rows["Actor"]) == {"USA", "ROK", "JPN", "CHN", "PRK", "RUS", "NATO"}
    assert len(rows) == 17 * 7
    series = model.datacollector.get_model_vars_dataframe()
    assert len(series) == 17
    assert series["SMA cash (KRW bn a year)"].iloc[0] == 1402.8
    assert np.isfinite(series.drop(columns="Quarter").to_numpy(float)[1:]).all()


def test_a_seed_of_numpy_is_a_seed() -> None:
    assert Wargame("divide", rng=np.int64(3)).seed_used == 3


def test_batch_run_takes_named_parameters() -> None:
    rows = batch_run(
        Wargame, {"tau_usa": [0.2, 0.8]}, rng=range(2), max_steps=16, display_progress=False
    )
    assert {row["tau_usa"] for row in rows} == {0.2, 0.8}
    assert {row["rng"] for row in rows} == {0, 1}
    assert all(row["Step"] == 16 for row in rows)
    assert len(rows) == 2 * 2 * 7


def test_a_mesa_game_is_the_game_of_a_batch_bit_for_bit() -> None:
    runs = np.array([11, 3, 7])
    file = read("2025q1")
    game = prepare(file)
    chance, world = Chance(5, runs), begin(game, len(runs))
    deciders = {a: get_doctrine(file.actors[a].doctrine) for a in game.scenario.actors}
    for _ in range(QUARTERS):
        world = play_quarter(game, world, chance, deciders).world
    digests = world_digest(world)
    for place, run in enumerate(runs):
        model = Wargame(rng=5, run=int(run), quarters=QUARTERS)
        model.run_for(16)
        assert model.digest == f"{int(digests[place]):016x}"


def test_a_parameter_by_name_or_by_path_is_the_same_game() -> None:
    by_name = Wargame(rng=2, quarters=QUARTERS, tau_usa=0.3)
    by_path = Wargame(rng=2, quarters=QUARTERS, settings={"actors.USA.transactionalism": 0.3})
    other = Wargame(rng=2, quarters=QUARTERS)
    for model in (by_name, by_path, other):
        model.run_for(QUARTERS)
    assert by_name.digest == by_path.digest
    assert by_name.digest != other.digest


def test_agents_stand_on_a_network_of_ties() -> None:
    model = Wargame("triad", rng=2)
    assert all(isinstance(agent, Actor) for agent in model.agents)
    place: Any = model.actors["Patron"].cell
    neighbours = {a.name for a in place.neighborhood.agents}
    assert neighbours == {"Client", "Rival"}
    ties = model.ties()
    assert isinstance(ties, nx.MultiDiGraph)
    assert ties.has_edge("Patron", "Client", key="alliance")
    before = ties["Patron"]["Client"]["alliance"]["reliability"]
    model.run_for(8)
    assert model.ties()["Patron"]["Client"]["alliance"]["reliability"] != before


def test_no_seed_draws_one_and_keeps_it() -> None:
    model = Wargame("triad", quarters=2)
    again = Wargame("triad", rng=model.seed_used, quarters=2)
    model.run_for(2)
    again.run_for(2)
    assert model.digest == again.digest


def test_a_doctrine_can_be_given_to_any_actor() -> None:
    model = Wargame("triad", rng=1, doctrines={"Rival": "status_quo"})
    assert model.actors["Rival"].doctrine.name == "status_quo"


def test_a_program_in_an_external_seat_plays_like_the_doctrine_it_asks() -> None:
    asked: list[str] = []
    doctrine = get_doctrine("transactional")

    def program(briefing: Briefing) -> Decision:
        asked.append(briefing.question)
        return doctrine.decide(briefing)

    seat = Wargame("triad", rng=4, quarters=3, doctrines={"Client": ExternalSeat(program)})
    plain = Wargame("triad", rng=4, quarters=3, doctrines={"Client": "transactional"})
    seat.run_for(3)
    plain.run_for(3)
    assert set(asked) == {"agenda", "offer", "reply", "own_moves", "honour"}
    assert seat.digest == plain.digest


def test_a_human_seat_waits_and_the_game_goes_on_from_the_same_question() -> None:
    seat, doctrine = HumanSeat(), get_doctrine("transactional")
    model = Wargame("triad", rng=4, quarters=2, doctrines={"Client": seat})
    plain = Wargame("triad", rng=4, quarters=2, doctrines={"Client": "transactional"})
    plain.run_for(2)
    questions = 0
    while model.running:
        model.step()
        while model.waiting is not None:
            questions += 1
            assert model.waiting.actor == "Client"
            seat.answer(doctrine.decide(model.waiting))
            model.go_on()
    assert questions > 4
    assert model.digest == plain.digest
    assert model.time == 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"world": "2025q2"}, ScenarioError, "2025q1"),
        ({"settings": {"tau_us": 0.5}}, UnknownParameter, "tau_usa"),
        ({"doctrines": {"USA": "transactionl"}}, UnknownDoctrineError, "transactional"),
        ({"doctrines": {"UK": "hedger"}}, ValueError, "actors: CHN"),
        ({"world": "triad", "tau_usa": 0.5}, UnknownParameter, "USA"),
        ({"rng": -1}, ValueError, "seed"),
    ],
)
def test_wrong_arguments_say_what_is_wrong(
    arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Wargame(**arguments)  # type: ignore[arg-type]
