"""Seats that wait: filled by a program, in one game or many at once, they play what it answers."""

from collections.abc import Callable

import numpy as np
import pytest

from agents.answers import DoctrineError
from agents.briefing import Briefing, Decision
from agents.doctrine import Doctrine, get_doctrine
from agents.seats import ExternalSeat, HumanSeat, Waiting
from model.chance import Chance
from model.measures import world_digest
from model.reading import read
from model.turn import Decider, Game, Quarter, Record, begin, prepare
from model.wargame import Wargame

FILE = read("triad")
GAME = prepare(FILE)
RUNS, QUARTERS = np.array([0, 3, 5, 6, 9]), 3


def played(play: Callable[[Quarter], Record], runs: np.ndarray) -> list[int]:
    """Play some quarters, each as told; returns the digest of each game."""
    world, chance = begin(GAME, len(runs)), Chance(7, runs)
    for _ in range(QUARTERS):
        world = play(Quarter(GAME, world, chance)).world
    return world_digest(world).tolist()


def doctrines() -> dict[str, Doctrine]:
    return {actor: get_doctrine(part.doctrine) for actor, part in FILE.actors.items()}


def people(game: Game) -> dict[str, HumanSeat]:
    return {actor: HumanSeat() for actor in game.scenario.actors}


@pytest.mark.parametrize("runs", [RUNS, RUNS[:1]])
def test_people_in_every_seat_of_many_games_at_once(runs: np.ndarray) -> None:
    """The driver of a seminar: it waits for one answer after the other, and nothing is lost."""
    minds, seats = doctrines(), people(GAME)

    def play(quarter: Quarter) -> Record:
        while True:
            try:
                return quarter.play(seats)
            except Waiting as wait:
                asked = wait.briefing
                with pytest.raises(Waiting):
                    quarter.play(seats)  # asked again, it still waits
                seats[asked.actor].answer(minds[asked.actor].decide(asked))

    assert played(play, runs) == played(lambda quarter: quarter.play(doctrines()), runs)


@pytest.mark.parametrize("runs", [RUNS, RUNS[:1]])
def test_programs_in_every_seat_of_many_games_at_once(runs: np.ndarray) -> None:
    def seats() -> dict[str, Decider]:
        return {actor: ExternalSeat(mind.decide) for actor, mind in doctrines().items()}

    one = played(lambda quarter: quarter.play(seats()), runs)
    assert one == played(lambda quarter: quarter.play(doctrines()), runs)


def waits() -> tuple[Wargame, HumanSeat]:
    seat = HumanSeat()
    model = Wargame("triad", rng=4, quarters=2, doctrines={"Client": seat})
    model.step()
    assert model.waiting is not None
    return model, seat


def test_an_answer_that_does_not_fit_is_refused_and_the_question_stands() -> None:
    model, seat = waits()
    with pytest.raises(DoctrineError, match="the seat human, playing Client, agenda, quarter 1"):
        seat.answer(Decision(accept=np.array([True])))
    with pytest.raises(DoctrineError, match="`named` is missing"):
        seat.answer(Decision(open=np.zeros((1, 1), dtype=bool)))
    model.go_on()
    assert model.waiting is not None
    assert model.waiting.question == "agenda"
    quiet = get_doctrine("status_quo")
    while model.waiting is not None:
        seat.answer(quiet.decide(model.waiting))
        model.go_on()
    assert model.world.quarter == 1


def test_a_later_answer_to_the_same_question_replaces_the_first() -> None:
    model, seat = waits()
    assert model.waiting is not None
    for name in ("transactional", "status_quo"):
        seat.answer(get_doctrine(name).decide(model.waiting))
    model.go_on()
    opened = model.actors["Client"].answers[0][1].open
    assert opened is not None
    assert not opened.any()


def test_who_is_asked_nothing_answers_nothing() -> None:
    with pytest.raises(DoctrineError, match="is asked nothing"):
        HumanSeat().answer(Decision())


def test_a_program_that_answers_nonsense_is_named() -> None:
    def program(briefing: Briefing) -> Decision:
        return Decision(settlement=np.full((9, 9), np.nan))

    model = Wargame("triad", rng=1, doctrines={"Client": ExternalSeat(program, name="learner")})
    with pytest.raises(DoctrineError, match=r"seat learner, playing Client, agenda.*settlement"):
        model.step()
