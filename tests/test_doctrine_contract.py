"""What every doctrine owes, shipped or not: one contract, run over all that are registered."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from agents import doctrine as registry
from agents.answers import DoctrineError
from agents.briefing import Briefing
from agents.contract import (
    QUESTIONS,
    DoctrineContract,
    answers_what_it_is_asked,
    decides_each_run_by_itself,
    fresh,
)
from agents.doctrine import (
    Doctrine,
    UnknownDoctrineError,
    doctrine,
    doctrines,
    find,
    get_doctrine,
)
from tests.drawn import briefings
from tests.papers import clerks
from tests.worlds import play, strait

every_doctrine = pytest.mark.parametrize("name", doctrines())


class TestShipped(DoctrineContract):
    """What an author inherits: every rule, here for each of the shipped doctrines."""

    @pytest.fixture(autouse=True, params=doctrines())
    def _which(self, request: pytest.FixtureRequest) -> None:
        self.doctrine = request.param


@pytest.fixture(scope="module")
def from_a_game() -> list[Briefing]:
    """Briefings of every question and actor from four quarters of three games."""
    file = strait()
    seats = clerks(file)
    play(file, 3, 4, deciders=seats)
    return [briefing for seat in seats.values() for briefing in seat.asked()]


@every_doctrine
def test_the_contract_holds_on_briefings_of_a_game(name: str, from_a_game: list[Briefing]) -> None:
    assert {b.question for b in from_a_game} == set(QUESTIONS)
    make = find(name).make
    for briefing in from_a_game:
        assert answers_what_it_is_asked(make, fresh(briefing)) == []
        assert decides_each_run_by_itself(make, fresh(briefing)) == []


def test_all_of_the_design_are_there() -> None:
    assert set(doctrines()) >= {
        "transactional",
        "institutional",
        "maximum_pressure",
        "accommodator",
        "hedger",
        "tit_for_tat",
        "crisis_bargainer",
        "status_quo",
        "random",
        "backward_induction",
    }


def test_a_name_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_REGISTRY", dict(doctrines()))

    class Impostor(Doctrine):
        """Pretends."""

    with pytest.raises(DoctrineError, match=r"taken by Hedger \(agents.doctrines.hedger"):
        doctrine("hedger", sources=["nobody"])(Impostor)
    assert doctrine("impostor", sources=["nobody"])(Impostor) is Impostor
    assert isinstance(get_doctrine("impostor"), Impostor)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownDoctrineError, match=r"did you mean hedger\?"):
        get_doctrine("hegder")
    with pytest.raises(UnknownDoctrineError, match="known: accommodator,"):
        get_doctrine("zzz")


@every_doctrine
@given(briefing=briefings("honour"))
@settings(max_examples=1)
def test_a_sixth_question_is_refused(name: str, briefing: Briefing) -> None:
    asked: Any = "surrender"
    with pytest.raises(ValueError, match="'surrender': one of agenda, offer, reply"):
        get_doctrine(name).decide(replace(briefing, question=asked))
