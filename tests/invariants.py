"""What may never happen in any quarter of any world, whoever plays."""

from collections.abc import Iterator
from dataclasses import fields

import numpy as np

from agents.briefing import Briefing, Decision
from agents.contract import arrays
from agents.doctrines.transactional import Transactional
from agents.talks import possible_packages, value_package
from agents.utility import TIE
from model.bargaining import Ask
from model.beliefs import belief
from model.perception import limit_bounds, limit_use
from model.scenario import NOBODY, Scenario
from model.schema import ScenarioFile
from model.turn import Game, Record
from model.world import World
from tests.papers import clerks
from tests.worlds import Played


def check(played: Played) -> None:
    """Check every quarter of a game."""
    scenario = played.game.scenario
    pairs = zip(played.worlds[:-1], played.worlds[1:], played.records, strict=True)
    for before, after, record in pairs:
        check_bounds(scenario, after)
        check_record(record)
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


MAY_BE_INFINITE = ("demand", "required", "standing")  # no demand is -inf, anything meets it
CHANCES = ("odds", "hazard", "menace_odds", "leverage_odds", "trust")


def check_record(record: Record) -> None:
    """Every number that was worked out is one, and every chance lies between 0 and 1."""
    for path, value in arrays(record):
        name = path.rpartition(".")[2]
        if value.dtype.kind == "f":
            odd = np.isnan(value) if name in MAY_BE_INFINITE else ~np.isfinite(value)
            assert not odd.any(), path
        if name in CHANCES:
            assert ((value >= 0) & (value <= 1)).all(), path


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
    for good, bad in ((world.kept, world.broken), (world.carried, world.bluffed)):
        assert ((belief(good, bad) >= 0) & (belief(good, bad) <= 1)).all()
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
        used = limit_use(scenario, after.setting)[n]
        most = np.maximum(bound, limit_use(scenario, before.setting)[n])
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
            gain = value_package(mind.weigh(briefing.seats[0], briefing)[1], briefing.offered).mine
            assert (gain[runs] >= -TIE).all()
