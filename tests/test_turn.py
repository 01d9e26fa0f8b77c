"""The turn as a whole: one game is itself in any company, and what never may happen never does."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
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
from agents.talks import possible_packages, value_package
from agents.utility import TIE
from model.bargaining import Ask
from model.chance import Chance
from model.measures import world_digest
from model.perception import limit_bounds, limit_use
from model.scenario import NOBODY, Scenario
from model.schema import ScenarioFile
from model.turn import Game, Record, play_quarter
from model.world import World
from tests.drawn import drawn_world, worlds
from tests.papers import clerks, replays
from tests.worlds import Played, Small, differences, divide, play, strait

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


def check(played: Played) -> None:
    """Check every quarter of a game."""
    scenario = played.game.scenario
    pairs = zip(played.worlds[:-1], played.worlds[1:], played.records, strict=True)
    for before, after, record in pairs:
        check_bounds(scenario, after)
        check_promises(after)
        check_limits(scenario, before, after, record)
        check_causes(played.game, before, after, record)
        check_agendas(scenario, record)
        check_deals(record)


def check_agendas(scenario: Scenario, record: Record) -> None:
    """Nobody keeps more tables open than it has slots, nor names what the table is not about."""
    for a in range(len(scenario.actors)):
        assert ((record.opened == a).sum(axis=0) <= scenario.agenda[a]).all()
    for n, table in enumerate(scenario.tables):
        assert np.isin(record.opened[n], [NOBODY, *table.parties]).all()
        assert np.isin(record.named[n], [NOBODY, *table.levers]).all()


def check_deals(record: Record) -> None:
    """What is signed was possible for both sides."""
    for talk, signing in zip(record.talks, record.signings, strict=True):
        if talk is not None and signing is not None:
            column = np.flatnonzero(signing.signed)
            for seat in talk.seats:
                assert possible_packages(seat)[talk.accepted[column], column].all()


BETWEEN_0_AND_1 = ("support", "hostility", "credibility", "commitment")
NOT_NEGATIVE = ("kept", "broken", "carried", "bluffed", "count", "war", "tally", "distraction")


def check_bounds(scenario: Scenario, world: World) -> None:
    for each in fields(World):
        value = getattr(world, each.name)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and each.name != "demand":
            assert np.isfinite(value).all(), each.name
    assert not np.isnan(world.demand).any()
    for name in BETWEEN_0_AND_1:
        value = getattr(world, name)
        assert ((value >= 0) & (value <= 1)).all(), name
    for name in NOT_NEGATIVE:
        assert (getattr(world, name) >= 0).all(), name
    levers = scenario.levers
    assert ((world.setting >= 0) & (world.setting < levers.size[:, None])).all()
    least, most = levers.settings.min(axis=1), levers.settings.max(axis=1)
    slack = 1e-9 * np.abs(most)
    assert (world.value >= (least - slack)[:, None]).all()
    assert (world.value <= (most + slack)[:, None]).all()
    assert ((world.rung >= 0) & (world.rung <= 4)).all()
    assert (world.stock >= scenario.stock_low[:, None]).all()
    assert (world.stock <= scenario.stock_high[:, None]).all()
    offices = np.array([len(p) for p in scenario.platforms])
    assert ((world.platform >= 0) & (world.platform < offices[:, None])).all()
    waiting = world.promised_to != NOBODY
    assert (world.due[waiting] >= world.quarter).all()


def check_promises(world: World) -> None:
    """Promises made are kept, broken, void or still waiting."""
    made, kept, broken, void = world.tally
    waiting = (world.promised_to != NOBODY).sum(axis=0)
    np.testing.assert_array_equal(made, kept + broken + void + waiting)


def check_limits(scenario: Scenario, before: World, after: World, record: Record) -> None:
    """No hard limit is broken, unless an event moved a lever under it."""
    for n, bound in enumerate(limit_bounds(scenario, after)):
        used = limit_use(scenario, n, after.setting)
        most = np.maximum(bound, limit_use(scenario, n, before.setting))
        under = np.flatnonzero(scenario.limits.weight[n])
        struck = [x for x in under if x in event_levers(scenario)]
        excused = bool(struck) & record.events.any(axis=0)
        assert ((used <= most + 1e-9) | excused).all(), scenario.limits.ids[n]


def event_levers(scenario: Scenario) -> list[int]:
    effects = [x for event in scenario.file.events.values() for x in event.effects]
    return [scenario.lever(x.lever) for x in effects if x.lever is not None]


def check_causes(game: Game, before: World, after: World, record: Record) -> None:
    """A lever moves by a deal, an event, an assembly, a spoil or a breach, or alone where it may.

    Alone means its owner, one setting, in a direction that the file leaves to it, or a threat
    that was announced. A deal needs the owner at the table, and the host for what the owner may
    not do alone.
    """
    scenario = game.scenario
    levers = scenario.levers
    excused = np.zeros(after.setting.shape, dtype=bool)
    for x in event_levers(scenario):
        excused[x] |= record.events.any(axis=0)
    for n, name in enumerate(sorted(scenario.file.assemblies)):
        lever = scenario.lever(scenario.file.assemblies[name].lever)
        excused[lever] |= record.assembly[n] != NOBODY
    for x in levers.spoiled[levers.spoiled != NOBODY]:
        excused[x] = True
    excused |= (before.promised_to != NOBODY) & (after.setting == before.before)
    for table, lever, steps, run in deals(game, record):
        excused[lever, run] = True
        parties = scenario.tables[table].parties
        alone = levers.alone_up[lever] if steps > 0 else levers.alone_down[lever]
        assert levers.owner[lever] in parties
        assert alone or levers.host[lever] in (NOBODY, *parties)
    for actor, (lever, steps) in enumerate(
        zip(record.own_moves.lever, record.own_moves.steps, strict=True)
    ):
        for x, s in zip(lever, steps, strict=True):
            moved = np.flatnonzero(x != NOBODY)
            assert (levers.owner[x[moved]] == actor).all()
            may = np.where(s > 0, levers.alone_up[x], levers.alone_down[x])
            assert (may & (np.abs(s) == 1))[moved].all()
            excused[x[moved], moved] = True
    for n, carried in enumerate(record.own_moves.carried_out):
        excused[scenario.threats.lever[n]] |= carried
        assert not (carried & ~before.announced[n]).any()
    assert (excused | (after.setting == before.setting)).all()


def deals(game: Game, record: Record) -> Iterator[tuple[int, int, int, int]]:
    """Moves in the signed deals of a quarter: table, lever, steps and the game."""
    for talk, signing, menu in zip(record.talks, record.signings, game.menus, strict=True):
        if talk is None or signing is None:
            continue
        slots, bundles = len(menu.slot), len(menu.bundles)
        for column in np.flatnonzero(signing.signed):
            run = int(talk.runs[column])
            for part in menu.packages[talk.accepted[column]]:
                if part < slots:
                    lever = int(talk.seats[0].lever[part, column])
                    yield talk.table, lever, int(menu.slot_steps[part]), run
                elif part < slots + bundles:
                    for m in menu.bundles[part - slots]:
                        yield talk.table, int(menu.lever[m]), int(menu.steps[m]), run


class Watch:
    """Looks on while a game is played, and checks agendas and deals."""

    def __init__(self, file: ScenarioFile) -> None:
        self.seats = clerks(file)
        self.asks: list[tuple[Ask, dict[str, Decision]]] = []

    def look(self, ask: Ask, answers: dict[str, Decision]) -> None:
        """Keep a question and its answers."""
        self.asks.append((ask, dict(answers)))

    def check(self) -> None:
        """Check all that was seen."""
        for ask, answers in self.asks:
            for name, briefing in ask.briefings.items():
                if ask.question == "agenda":
                    opened = answers[name].open
                    assert opened is not None
                    assert briefing.slots is not None
                    assert (opened.sum(axis=0) <= briefing.slots).all()
                elif ask.question == "reply":
                    self.check_reply(ask, briefing, answers[name])

    def check_reply(self, ask: Ask, briefing: Briefing, answer: Decision) -> None:
        """A deal is possible; whoever weighs it believes that it gains at least nothing."""
        assert answer.accept is not None
        assert briefing.offered is not None
        assert briefing.my_turn is not None
        live = np.ones(len(answer.accept), bool) if ask.live is None else ask.live
        runs = np.flatnonzero(answer.accept & live & ~briefing.my_turn & (briefing.offered > 0))
        package = briefing.offered[runs]
        assert possible_packages(briefing.seats[0])[package, runs].all()
        mind = self.seats[briefing.actor].mind
        if isinstance(mind, Transactional):
            gain = value_package(*mind.weigh(briefing.seats[0], briefing), briefing.offered).mine
            assert (gain[runs] >= -TIE).all()
