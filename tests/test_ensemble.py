"""Many games at once: the same games in any chunk, order, process; and what is counted of them."""

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import count, islice
from multiprocessing import active_children

import numpy as np
import pytest

from agents.doctrine import get_doctrine
from model.chance import Chance
from model.measures import measure, world_digest
from model.scenario import NOBODY
from model.schema import ScenarioFile
from model.turn import Game, Record, begin, play_quarter, prepare
from model.world import World
from runs.engines import Job, run_chunks
from runs.ensemble import Chunk, play_chunk
from runs.errors import UserError
from runs.outcomes import History, Values, first_story, watched_series
from tests.worlds import strait

SEED, QUARTERS, GAMES = 11, 8, 24
TAU = "actors.Patron.transactionalism"


@pytest.fixture(scope="module")
def file() -> ScenarioFile:
    return strait()


def play(file: ScenarioFile, runs: object, **options: object) -> Chunk:
    return play_chunk(
        file,
        SEED,
        runs,  # type: ignore[arg-type]
        quarters=QUARTERS,
        trajectories=True,
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def whole(file: ScenarioFile) -> Chunk:
    return play(file, np.arange(GAMES))


def bits(values: Values) -> Values:
    """Values as bits, so that NaN equals NaN and nothing is nearly equal."""
    return np.ascontiguousarray(values).view(np.uint8)


def assert_same(part: Chunk, whole: Chunk) -> None:
    """The games of a part are, bit for bit, those of the whole."""
    assert part.columns == whole.columns
    for label, values in part.outcomes.items():
        assert (bits(values) == bits(whole.outcomes[label][part.runs])).all(), label
    for label, values in part.trajectories.items():
        assert (bits(values) == bits(whole.trajectories[label][:, part.runs])).all(), label


@pytest.mark.parametrize(
    "runs", [[7], [0, 1, 2], [23, 4, 11, 10], range(5, 24)], ids=["one", "few", "mixed", "most"]
)
def test_a_game_is_the_same_in_any_chunk_and_order(
    file: ScenarioFile, whole: Chunk, runs: list[int]
) -> None:
    assert_same(play(file, runs), whole)


def test_the_games_differ_from_each_other(whole: Chunk) -> None:
    assert len(set(whole.outcomes["digest"])) == GAMES


def test_a_game_is_the_same_in_other_processes(file: ScenarioFile, whole: Chunk) -> None:
    """And who stops listening, as Ctrl-C does, leaves no process behind."""
    endless = (
        Job(file, SEED, np.arange(n, n + 6) % GAMES, quarters=QUARTERS, trajectories=True)
        for n in count(step=6)
    )
    finished: list[int] = []
    chunks = run_chunks(endless, 2, finished.append)
    for chunk in islice(chunks, 4):
        assert_same(chunk, whole)
    assert finished == [6, 6, 6, 6]
    assert active_children()
    chunks.close()
    assert not active_children()


def test_a_game_is_the_same_as_a_mesa_model(file: ScenarioFile, whole: Chunk) -> None:
    from model.wargame import Wargame  # noqa: PLC0415 (workers import this file, too)

    game = Wargame(file, rng=SEED, run=9, quarters=QUARTERS)
    game.run_for(QUARTERS)
    assert world_digest(game.world)[0] == whole.outcomes["digest"][9]


def test_values_per_run_are_those_of_each_run_alone(file: ScenarioFile) -> None:
    taus = np.array([0.1, 0.9, 0.5])
    varied = play(file, [3, 4, 5], values={TAU: taus, "rules.concession": 0.4})
    assert (varied.outcomes[f"set: {TAU}"] == taus).all()
    for n, tau in enumerate(taus):
        alone = play(file, [3 + n], values={TAU: float(tau), "rules.concession": 0.4})
        assert alone.outcomes["digest"][0] == varied.outcomes["digest"][n]
    assert len(set(play(file, [3, 3, 3], values={TAU: taus}).outcomes["digest"])) > 1


def test_other_doctrines_make_other_games(file: ScenarioFile, whole: Chunk) -> None:
    other = play(file, np.arange(GAMES), doctrines={"Client": "status_quo"})
    assert (other.outcomes["digest"] != whole.outcomes["digest"]).any()
    assert_same(play(file, [2], doctrines={"Client": file.actors["Client"].doctrine}), whole)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"doctrines": {"Cliemt": "hedger"}}, "did you mean Client"),
        ({"doctrines": {"Client": "hegder"}}, "did you mean hedger"),
        ({"series": ["lever.nothing"]}, "lever.nothing"),
        ({"series": ["nothing"]}, "nothing"),
    ],
)
def test_unknown_names_are_refused_in_words(
    file: ScenarioFile, options: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        play(file, [0], **options)


@dataclass(frozen=True)
class DeadlyJob(Job):
    """Ends its process, as a system short of memory does."""

    def play(self) -> Chunk:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError


def test_a_worker_that_is_killed_is_reported(file: ScenarioFile) -> None:
    jobs = [DeadlyJob(file, SEED, np.arange(n, n + 1)) for n in range(3)]
    with pytest.raises(UserError, match="run the same command again"):
        list(run_chunks(jobs, 2))
    assert not active_children()


def test_no_workers_are_no_engine(file: ScenarioFile) -> None:
    with pytest.raises(UserError, match="at least one"):
        list(run_chunks([], 0))


def records(file: ScenarioFile, runs: int) -> Iterator[tuple[Game, World, Record]]:
    """Play quarter by quarter: what `play_chunk` does, to be counted here by hand."""
    game = prepare(file)
    chance = Chance(SEED, np.arange(runs))
    deciders = {name: get_doctrine(actor.doctrine) for name, actor in file.actors.items()}
    world = begin(game, runs)
    for _ in range(QUARTERS):
        record = play_quarter(game, world, chance, deciders)
        yield game, world, record
        world = record.world


def test_outcomes_are_what_happened(file: ScenarioFile, whole: Chunk) -> None:
    counted: dict[str, float] = {}

    def add(outcome: str, run: int, amount: float = 1.0) -> None:
        counted[f"{outcome} @{run}"] = counted.get(f"{outcome} @{run}", 0.0) + amount

    for game, before, record in records(file, GAMES):
        scenario, own = game.scenario, record.own_moves
        for n, table in enumerate(scenario.tables):
            talk, signing = record.talks[n], record.signings[n]
            for run in range(GAMES):
                if record.opened[n, run] != NOBODY:
                    add(f"open.{table.id}.{scenario.actors[record.opened[n, run]]}", run)
                if record.demand[n, run] > 0.0 and not before.demand[n, run] > 0.0:
                    add(f"demands.{table.id}", run)
                    if before.lock[table.headline, run] > before.quarter:
                        add(f"reopenings.{table.id}", run)
            if talk is not None and signing is not None:
                for run, yes in zip(talk.runs, signing.signed, strict=True):
                    add(f"deals.{table.id}", run, yes)
        for run in range(GAMES):
            for a, actor in enumerate(scenario.actors):
                add(f"own_moves.{actor}", run, sum(x != NOBODY for x in own.lever[a, :, run]))
                add(f"utility.{actor}", run, record.utility[a, run] / QUARTERS)
            for n, theatre in enumerate(scenario.theatres.ids):
                for what, least in (("crises", 1), ("clashes", 2), ("wars", 4)):
                    add(f"{what}.{theatre}", run, record.crises.rung[n, run] >= least)
            for n, threat in enumerate(scenario.threats.ids):
                for what in ("announced", "called_off", "carried_out", "bluffed"):
                    add(f"threats.{what}.{threat}", run, getattr(own, what)[n, run])
    for column in whole.columns:
        if any(key.startswith(f"{column.id} @") for key in counted):
            expected = [counted.get(f"{column.id} @{run}", 0.0) for run in range(GAMES)]
            assert whole.outcomes[column.label] == pytest.approx(expected, abs=1e-12), column
            counted = {k: v for k, v in counted.items() if not k.startswith(f"{column.id} @")}
    assert not {key for key, value in counted.items() if value}, "counted, but no outcome"
    promises = ("made", "kept", "broken", "void")
    for n, what in enumerate(promises):
        assert (whole.outcomes[f"promises {what}"] == record.world.tally[n]).all()


def test_every_kind_of_thing_happens_in_the_test_world(whole: Chunk) -> None:
    """Otherwise the count above would compare zeros."""
    for name in ("deals.alliance", "demands.alliance", "crises.strait", "own_moves.Rival"):
        label = next(c.label for c in whole.columns if c.id == name)
        assert whole.outcomes[label].any(), label


def test_outcomes_are_labelled_in_the_words_of_the_scenario(whole: Chunk) -> None:
    labels = {c.id: c.label for c in whole.columns}
    assert labels["deals.alliance"] == "deals: The alliance"
    assert labels["open.alliance.Client"] == "open: The alliance, opened by The Client (quarters)"
    threat = "threats announced: The Patron, The troops (The alliance)"
    assert labels["threats.announced.alliance: Patron on troops"] == threat


def test_a_series_may_be_a_sum(file: ScenarioFile) -> None:
    both = "lever.payment + 0.5 * lever.troops"
    chunk = play(file, np.arange(4), series=[both, "lever.payment", "lever.troops"])
    payment, troops, added = (
        next(v for k, v in chunk.trajectories.items() if k.startswith(name))
        for name in ("The payment", "The troops", both)
    )
    assert (added == payment + 0.5 * troops).all()


def test_series_are_measured_every_quarter_and_at_the_end(file: ScenarioFile) -> None:
    chunk = play(file, np.arange(4), series=["support.Client", "lever.payment"])
    followed = watched_series(file, ["support.Client"])
    assert list(chunk.trajectories) == [w.label for w in followed], "each under a name of its own"
    for each in followed:
        expected = np.array([measure(g, r, each.of) for g, _, r in records(file, 4)])
        assert (chunk.trajectories[each.label] == expected).all()
        assert (chunk.outcomes[f"end: {each.label}"] == expected[-1]).all()
        assert chunk.outcomes[f"mean: {each.label}"] == pytest.approx(expected.mean(axis=0))


def test_levers_at_a_bound_and_driven_there(file: ScenarioFile, whole: Chunk) -> None:
    *_, (game, _, record) = records(file, GAMES)
    levers, world = game.scenario.levers, record.world
    for n, name in enumerate(levers.ids):
        at_bound = np.isin(world.setting[n], [0, levers.size[n] - 1])
        started = levers.start[n, 0] in (0, levers.size[n] - 1)
        shown = file.levers[name].name
        labels = {c.id: c.label for c in whole.columns}
        assert labels[f"bound.{name}"].startswith(f"at bound: {shown}")
        assert (whole.outcomes[labels[f"bound.{name}"]] == at_bound).all()
        assert (whole.outcomes[labels[f"driven.{name}"]] == (at_bound & (not started))).all()


def test_columns_have_labels_and_ids_of_their_own(whole: Chunk) -> None:
    assert len({c.id for c in whole.columns}) == len(whole.columns)
    assert [c.label for c in whole.columns] == list(whole.outcomes)


def told(
    demand: list[float], signed: list[int], level: list[float], kind: Sequence[float] = ()
) -> dict[str, float]:
    """Story of a game at a table: what was asked (0 nothing), signed and decided each quarter."""
    asked = np.where(np.array(demand) > 0.0, demand, -np.inf).reshape(-1, 1, 1)
    new = np.isfinite(asked) & ~np.isfinite(
        np.vstack([[[[-np.inf]]], asked[:-1]]).reshape(asked.shape)
    )
    arrays = {f.name: np.zeros((len(demand), 1, 1)) for f in fields(History)}
    arrays |= {
        "demand": asked,
        "signed": np.array(signed, dtype=bool).reshape(-1, 1, 1),
        "before": np.array([100.0, *level[:-1]]).reshape(-1, 1, 1),
        "after": np.array(level).reshape(-1, 1, 1),
    }
    if kind:
        arrays["kind_before"] = np.array([0.0, *kind[:-1]]).reshape(-1, 1, 1)
        arrays["kind_after"] = np.array(kind, dtype=float).reshape(-1, 1, 1)
    story = first_story(History(**arrays), 0, new[:, 0])  # type: ignore[arg-type]
    return {key: float(values[0]) for key, values in story.items()}


def test_the_story_of_a_demand() -> None:
    met = told([0, 500, 300, 200, 0], [0, 0, 0, 1, 0], [100, 100, 100, 110, 110])
    story = {"quarter": 1, "asked": 400, "price": 10, "in_kind": 0, "delay": 2}
    assert met == pytest.approx(story)
    at_once = told([0, 0, 150], [1, 0, 1], [100, 100, 150])
    assert at_once == pytest.approx(story | {"quarter": 2, "asked": 50, "price": 50, "delay": 0})


def test_what_is_paid_in_kind_is_told_apart() -> None:
    """10 of 100 in cash and 25 in kind in the quarter of the deal."""
    kind = [0, 0, 25]
    met = told([0, 150, 140], [0, 0, 1], [100, 100, 110], kind)
    assert (met["price"], met["in_kind"]) == pytest.approx((10, 25))


def test_a_demand_that_lapses_has_no_price() -> None:
    lapsed = told([150, 140, 0, 130], [0, 0, 1, 1], [100, 100, 120, 130])
    assert lapsed["asked"] == pytest.approx(50)
    assert np.isnan([lapsed["price"], lapsed["delay"]]).all()
    never = told([0, 0], [0, 1], [100, 90])
    assert np.isnan(list(never.values())).all()
