"""What every doctrine owes, shipped or not: one contract, run over all that are registered."""

from copy import deepcopy
from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import doctrine as registry
from agents.briefing import Briefing, Decision, Question
from agents.doctrine import (
    Doctrine,
    UnknownDoctrineError,
    doctrine,
    doctrines,
    get_doctrine,
)
from agents.utility import possible_packages
from tests.drawn import briefings
from tests.papers import arrays, clerks
from tests.worlds import play, strait

QUESTIONS: tuple[Question, ...] = get_args(Question)
ANSWERS = {
    "agenda": {"open", "named", "norm"},
    "offer": {"offer"},
    "reply": {"accept"},
    "own_moves": {"choice", "announce"},
    "honour": {"keep"},
}
OPTIONAL = {"agenda": {"settlement"}, "own_moves": {"carry_out"}}
EXAMPLES = 15

every_doctrine = pytest.mark.parametrize("name", doctrines())
every_question = pytest.mark.parametrize("question", QUESTIONS)
some_examples = settings(max_examples=EXAMPLES)


def fresh(briefing: Briefing) -> Briefing:
    """Copy a briefing, leaving behind what a doctrine may have pinned to it."""
    return briefing.take(np.arange(briefing.goals.weights.shape[1]))


def assert_same(one: Decision, other: Decision) -> None:
    """Two decisions are the same bit for bit."""
    a, b = dict(arrays(one)), dict(arrays(other))
    assert a.keys() == b.keys()
    for name, array in a.items():
        assert array.dtype == b[name].dtype, name
        np.testing.assert_array_equal(array, b[name], err_msg=name)


@every_doctrine
@every_question
@some_examples
@given(data=st.data())
def test_a_batch_is_its_runs(name: str, question: Question, data: st.DataObject) -> None:
    """decide(batch)[..., r] == decide(batch.take(r)), one by one and in any choice and order."""
    briefing = data.draw(briefings(question))
    runs = briefing.goals.weights.shape[1]
    rows = data.draw(st.lists(st.integers(0, runs - 1), min_size=1, max_size=runs))
    whole = get_doctrine(name).decide(briefing)
    for index in (np.array(rows), *(np.array([r]) for r in range(runs))):
        part = get_doctrine(name).decide(briefing.take(index))
        taken = {
            k: getattr(whole, k)[..., index]
            for k in (f.name for f in fields(Decision))
            if getattr(whole, k) is not None
        }
        assert_same(part, Decision(**taken))


@every_doctrine
@every_question
@some_examples
@given(data=st.data())
def test_it_repeats_itself_and_leaves_its_papers_alone(
    name: str, question: Question, data: st.DataObject
) -> None:
    briefing = data.draw(briefings(question))
    before = deepcopy(dict(arrays(briefing)))
    first = get_doctrine(name).decide(briefing)
    for path, array in arrays(briefing):
        np.testing.assert_array_equal(array, before[path], err_msg=path)
    assert_same(get_doctrine(name).decide(briefing), first)
    assert_same(get_doctrine(name).decide(fresh(briefing)), first)


@every_doctrine
@every_question
@some_examples
@given(data=st.data())
def test_it_answers_what_it_is_asked(name: str, question: Question, data: st.DataObject) -> None:
    briefing = data.draw(briefings(question))
    decision = get_doctrine(name).decide(briefing)
    said = {f.name for f in fields(Decision) if getattr(decision, f.name) is not None}
    extra = OPTIONAL.get(question, set()) | {"memory"}
    assert ANSWERS[question] <= said <= ANSWERS[question] | extra
    if decision.memory is not None:
        assert briefing.memory is not None
        assert decision.memory.shape == briefing.memory.shape
        assert np.isfinite(decision.memory).all()
    CHECKS[question](briefing, decision)


def check_agenda(briefing: Briefing, decision: Decision) -> None:
    runs, tables = briefing.goals.weights.shape[1], len(briefing.prospects)
    size = briefing.customs.named_levers + briefing.customs.sweeteners
    assert decision.open is not None
    assert decision.named is not None
    assert decision.norm is not None
    assert briefing.slots is not None
    assert decision.open.shape == (tables, runs)
    assert decision.open.dtype == bool
    assert decision.named.shape == (tables, size, runs)
    assert decision.named.dtype.kind == "i"
    assert decision.norm.shape == (tables, runs)
    assert decision.norm.dtype.kind == "i"
    assert (decision.open.sum(axis=0) <= briefing.slots).all()
    for n, prospect in enumerate(briefing.prospects):
        assert not (decision.open[n] & ~prospect.available).any()
        assert np.isin(decision.named[n], prospect.seat.lever).all()
        assert (decision.norm[n] >= -1).all()
        assert (decision.norm[n] < max(len(prospect.demands), 1)).all()
        for row in decision.named[n].T:
            named = row[row >= 0].tolist()
            assert len(set(named)) == len(named)
    if decision.settlement is not None:
        assert decision.settlement.shape == (tables, runs)
        assert np.isfinite(decision.settlement).all()


def check_offer(briefing: Briefing, decision: Decision) -> None:
    assert decision.offer is not None
    assert briefing.my_turn is not None
    assert decision.offer.shape == briefing.my_turn.shape
    assert decision.offer.dtype == np.int64
    possible = possible_packages(briefing.seats[0])
    made = decision.offer > 0
    assert possible[decision.offer, np.arange(len(made))][made].all()


def check_reply(briefing: Briefing, decision: Decision) -> None:
    assert decision.accept is not None
    assert briefing.my_turn is not None
    assert briefing.offered is not None
    assert decision.accept.shape == briefing.my_turn.shape
    assert decision.accept.dtype == bool
    possible = possible_packages(briefing.seats[0])
    assert not (decision.accept & ~possible[briefing.offered, np.arange(len(possible[0]))]).any()


def check_own_moves(briefing: Briefing, decision: Decision) -> None:
    options = briefing.options
    assert options is not None
    assert decision.choice is not None
    assert decision.announce is not None
    runs = options.stay.shape[1]
    assert decision.choice.shape == (2, runs)
    assert decision.choice.dtype.kind == "i"
    assert (decision.choice >= -1).all()
    assert (decision.choice < len(options.lever)).all()
    for r, row in enumerate(decision.choice.T):
        moved = row[row >= 0]
        assert not options.blocked[moved, r].any()
        assert len(set(options.lever[moved].tolist())) == len(moved)
    assert decision.announce.shape == options.standing.shape
    assert decision.announce.dtype == bool
    assert not (decision.announce & (options.standing | ~options.rebuffed)).any()
    if decision.carry_out is not None:
        assert decision.carry_out.shape == options.falls_due.shape
        assert decision.carry_out.dtype == bool
        assert not (decision.carry_out & ~options.falls_due).any()


def check_honour(briefing: Briefing, decision: Decision) -> None:
    assert briefing.promises is not None
    assert decision.keep is not None
    assert decision.keep.shape == briefing.promises.due.shape
    assert decision.keep.dtype == bool


CHECKS = {
    "agenda": check_agenda,
    "offer": check_offer,
    "reply": check_reply,
    "own_moves": check_own_moves,
    "honour": check_honour,
}


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
    for given_ in from_a_game:
        briefing = fresh(given_)
        whole = get_doctrine(name).decide(briefing)
        CHECKS[briefing.question](briefing, whole)
        for r in range(runs_of(briefing)):
            part = get_doctrine(name).decide(briefing.take(np.array([r])))
            for path, array in arrays(whole):
                np.testing.assert_array_equal(array[..., [r]], getattr(part, path), err_msg=path)


def runs_of(briefing: Briefing) -> int:
    return int(briefing.goals.weights.shape[1])


@every_doctrine
def test_its_name_text_and_sources(name: str) -> None:
    entry = doctrines()[name]
    made = get_doctrine(name)
    assert made.name == entry.name == name
    assert isinstance(made, Doctrine)
    assert entry.about.endswith(".")
    assert entry.sources
    assert all(len(source) > 10 for source in entry.sources)


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

    with pytest.raises(ValueError, match=r"'hedger' is taken by Hedger"):
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
