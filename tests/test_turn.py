"""The turn as a whole: one game is itself in any company, and what never may happen never does."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agents.briefing import Briefing, Decision, Floats
from agents.contract import unlike
from agents.doctrine import Doctrine, get_doctrine
from agents.doctrines.status_quo import StatusQuo
from agents.doctrines.transactional import Transactional
from model.chance import Chance
from model.measures import world_digest
from model.schema import ScenarioFile
from model.turn import play_quarter
from tests.drawn import drawn_world, worlds
from tests.invariants import Watch, check
from tests.papers import clerks, replays
from tests.worlds import Small, differences, divide, play, strait

QUARTERS = 4
RUNS = 5
# Worlds come from a seed, so there is nothing to shrink.
some_worlds = settings(max_examples=12, phases=[Phase.generate], report_multiple_bugs=False)


@some_worlds
@given(worlds(), st.permutations(range(RUNS)), st.integers(1, RUNS), st.integers(0, 2**64 - 1))
def test_a_game_is_the_same_alone_and_in_any_batch(
    file: ScenarioFile, order: list[int], size: int, seed: int
) -> None:
    """Bit for bit, in every quarter, also when each run has parameters of its own."""
    values = some_values(file, seed)
    whole = play(file, RUNS, QUARTERS, seed=seed, values=values)
    for rows in (order[:size], order[:1]):
        mine = {path: value[rows] for path, value in values.items()}
        part = play(file, rows, QUARTERS, seed=seed, values=mine)
        for there, here in zip(whole.worlds, part.worlds, strict=True):
            assert not differences(there.take(np.array(rows)), here)
        digest = world_digest(whole.end)
        np.testing.assert_array_equal(digest[rows], world_digest(part.end))
        for together, apart in zip(whole.records, part.records, strict=True):
            np.testing.assert_array_equal(together.utility[:, rows], apart.utility)


def some_values(file: ScenarioFile, seed: int) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)
    paths = ["rules.acceptance_width", "rules.settlement_odds", "rules.escalation"]
    for name in file.actors:
        paths += [f"actors.{name}.transactionalism", f"actors.{name}.round_discount"]
    paths += [f"theatres.{name}.credibility" for name in file.theatres]
    paths += [f"ledger.{name}.coefficient" for name in sorted(file.ledger)[:3]]
    return {path: rng.uniform(0.05, 0.95, RUNS) for path in paths if rng.random() < 0.5}


@some_worlds
@given(worlds(), st.integers(0, 2**32 - 1))
def test_the_order_of_a_file_and_its_words_change_nothing(file: ScenarioFile, seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = reworded(shuffled(file.model_dump(by_alias=True), rng))
    other = Small.model_validate(parts)
    assert other.model_dump_json() != file.model_dump_json()
    assert not differences(play(file, 3, QUARTERS).end, play(other, 3, QUARTERS).end)


def shuffled(part: Any, rng: np.random.Generator) -> Any:
    """Put the keys of all mappings in another order."""
    if isinstance(part, dict):
        keys = list(part)
        return {keys[n]: shuffled(part[keys[n]], rng) for n in rng.permutation(len(keys))}
    if isinstance(part, (list, tuple)):
        return [shuffled(x, rng) for x in part]
    return part


def reworded(part: Any) -> Any:
    """Change all words that only people read."""
    if isinstance(part, dict):
        words = ("title", "unit", "why", "note", "body", "office")
        return {k: "other" if k in words else reworded(v) for k, v in part.items()}
    return [reworded(x) for x in part] if isinstance(part, (list, tuple)) else part


def test_the_engine_knows_no_names() -> None:
    """A world without chance goes the same way whatever its actors are called."""
    plain = play(divide(), 1, 1).records[0].talks[0]
    turned = play(divide(names=("Zoe", "Abe")), 1, 1).records[0].talks[0]
    assert plain is not None
    assert turned is not None
    np.testing.assert_array_equal(plain.offers, turned.offers)
    np.testing.assert_array_equal(plain.accepted, turned.accepted)


@some_worlds
@given(worlds())
def test_the_same_answers_make_the_same_game(file: ScenarioFile) -> None:
    """A replay needs the answers alone: nothing passes from a mind to the world but decisions."""
    seats = clerks(file)
    first = play(file, 2, QUARTERS, deciders=seats)
    again = play(file, 2, QUARTERS, deciders=replays(seats))
    assert not differences(first.end, again.end)


class Counter(Transactional):
    """Counts how often it is asked."""

    def decide(self, briefing: Briefing) -> Decision:
        decision = super().decide(briefing)
        assert briefing.memory is not None
        return replace(decision, memory=briefing.memory + 1.0)


def test_talks_that_are_over_ask_no_more() -> None:
    """What a doctrine remembers of a game does not depend on how long others' talks go on."""
    seats = {a: Counter() for a in strait().actors}
    whole = play(strait(), 8, 4, deciders=seats)
    for r in range(8):
        alone = play(strait(), [r], 4, deciders=seats)
        np.testing.assert_array_equal(whole.end.memory[..., [r]], alone.end.memory)
    assert len(np.unique(whole.end.memory)) > 1


def test_own_moves_are_sealed() -> None:
    """What one does alone in a quarter tells nobody anything before all have chosen."""
    file = strait()
    so_far = play(file, 4, 3)
    told, done = [], []
    for alone in ("transactional", "random"):
        seats = clerks(file)
        seats["Patron"].mind = Torn(get_doctrine("transactional"), get_doctrine(alone))
        record = play_quarter(so_far.game, so_far.end, Chance(1, np.arange(4)), seats)
        told.append({a: seat.asked("own_moves")[0] for a, seat in seats.items()})
        done.append(record.own_moves.lever)
    for a, name in enumerate(so_far.game.scenario.actors):
        assert not unlike(told[0][name], told[1][name])
        assert np.array_equal(done[0][a], done[1][a]) == (name != "Patron")


@dataclass
class Torn:
    """Decides as one doctrine at tables and as another in its own moves."""

    usual: Doctrine
    alone: Doctrine

    def decide(self, briefing: Briefing) -> Decision:
        mind = self.alone if briefing.question == "own_moves" else self.usual
        return mind.decide(briefing)


def test_nothing_moves_where_nobody_does_and_nothing_happens() -> None:
    file = strait(events={}, assemblies={})
    seats = {a: StatusQuo() for a in file.actors}
    end = play(file, 3, 12, deciders=seats).end
    game = play(file, 3, 0).end
    np.testing.assert_array_equal(end.value, game.value)
    np.testing.assert_array_equal(end.setting, game.setting)
    assert not end.tally.any()


@some_worlds
@given(worlds())
def test_what_may_never_happen(file: ScenarioFile) -> None:
    """Bounds, budgets, limits, consent, promises and deals, in every quarter of any world."""
    watch = Watch(file)
    played = play(file, 3, QUARTERS, deciders=watch.seats, watch=watch.look)
    check(played)
    watch.check()


@some_worlds
@given(worlds(), st.integers(0, 2**32 - 1))
def test_whatever_a_seat_answers(file: ScenarioFile, seed: int) -> None:
    """The rules hold against answers that no doctrine would give."""
    wild = {name: Wild(np.random.default_rng([seed, n])) for n, name in enumerate(file.actors)}
    check(play(file, 3, QUARTERS, deciders=wild))


class Wild(Doctrine):
    """Answers anything of the right shape: opens all, names all, offers what is blocked."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def agenda(self, briefing: Briefing) -> Decision:
        runs = briefing.goals.weights.shape[1]
        tables = len(briefing.prospects)
        size = briefing.customs.named_levers + briefing.customs.sweeteners
        return Decision(
            open=np.ones((tables, runs), dtype=bool),
            named=self.rng.integers(-1, 9, (tables, size, runs)),
            norm=self.rng.integers(-1, 9, (tables, runs)),
            settlement=self.rng.normal(size=(tables, runs)),
        )

    def offer(self, briefing: Briefing) -> Decision:
        seat = briefing.seats[0]
        return Decision(offer=self.rng.integers(0, len(seat.packages), len(seat.term)))

    def reply(self, briefing: Briefing) -> Decision:
        return Decision(accept=np.ones(len(briefing.seats[0].term), dtype=bool))

    def own_moves(self, briefing: Briefing) -> Decision:
        options = briefing.options
        assert options is not None
        runs = options.stay.shape[1]
        return Decision(
            choice=self.rng.integers(-1, len(options.lever) + 1, (2, runs)),
            announce=np.ones_like(options.standing),
            carry_out=np.ones_like(options.falls_due),
        )

    def honour(self, briefing: Briefing) -> Decision:
        assert briefing.promises is not None
        return Decision(keep=self.rng.random(briefing.promises.due.shape) < 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_many_worlds(seed: int) -> None:
    """The same demands on many worlds: alone or together, in any order, against any answer."""
    file = drawn_world(seed, actors=2 + seed % 4, places=seed % 3)
    watch = Watch(file)
    played = play(file, RUNS, 8, deciders=watch.seats, watch=watch.look)
    check(played)
    watch.check()
    assert not differences(played.end.take([2]), play(file, [2], 8).end)
    rng = np.random.default_rng(seed)
    other = Small.model_validate(reworded(shuffled(file.model_dump(by_alias=True), rng)))
    assert not differences(played.end, play(other, RUNS, 8, deciders=replays(watch.seats)).end)
    check(play(file, RUNS, 8, deciders={name: Wild(rng) for name in file.actors}))
