"""Worlds at random: valid files, played through whatever their numbers, and blind to names."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agents.briefing import Briefing, Decision, Floats
from agents.doctrines.status_quo import StatusQuo
from model.beliefs import belief
from model.parameters import ABOVE_NOTHING, domain_of, paths, with_values
from model.reading import read, scenario_hash
from model.schema import ScenarioFile
from model.transcript import Transcript, write
from model.wargame import Wargame
from runs.play import events, replay
from tests.drawn import drawn_world, worlds
from tests.invariants import check
from tests.worlds import (
    Small,
    actor,
    differences,
    ledger,
    lever,
    play,
    strait,
    table,
    world,
)

SEEDS = st.integers(0, 2**32 - 1)
# Worlds come from a seed, so there is nothing to shrink.
some_worlds = settings(max_examples=8, phases=[Phase.generate], report_multiple_bugs=False)


def written(folder: Path, file: ScenarioFile) -> Path:
    """Write a world as a scenario file (JSON is YAML)."""
    path = folder / "drawn.yaml"
    path.write_text(file.model_dump_json(by_alias=True, exclude_none=True), "utf-8")
    return path


@some_worlds
@given(worlds(most=9))
def test_a_drawn_world_is_a_valid_file(
    tmp_path_factory: pytest.TempPathFactory, file: ScenarioFile
) -> None:
    """Else the tests on drawn worlds would say nothing about worlds that people can write."""
    again = read(written(tmp_path_factory.getbasetemp(), file))
    assert scenario_hash(again) == scenario_hash(file)


@some_worlds
@given(st.integers(6, 9), SEEDS)
def test_many_actors(actors: int, seed: int) -> None:
    check(play(drawn_world(seed, actors, places=1), 2, 3))


@pytest.mark.parametrize("closed_until", [None, "2026Q1"])
def test_a_table_at_which_nothing_can_be_said(closed_until: str | None) -> None:
    """A lever that the other does not feel is on no table."""
    players = {"Ann": actor(), "Ben": actor("crisis_bargainer"), "Cyd": actor()}
    file = world(
        players,
        {"own": lever("Ann", [0, 1], 0, unilateral="both")},
        ledger=ledger(("own", "Ann.home", 1)),
        tables={"pact": table("Ann", "Ben", closed_until=closed_until)},
    )
    check(play(file, 3, 3))
    check(play(file, 3, 3, deciders={name: Eager() for name in players}))


def extreme(file: ScenarioFile, rng: np.random.Generator, share: float) -> ScenarioFile:
    """Put a share of all numbers at an end of what the rules allow, as large as people may write.

    Where levers start is left alone: it is no matter of degree.
    """
    values = {}
    for name, path in paths(file).items():
        if rng.random() >= share or path[-1] == "start" or path[0] == "limits":
            continue
        domain = domain_of(path)
        ends = [max(domain.low, -LARGE), min(domain.high, LARGE)]
        if domain.low == ABOVE_NOTHING:
            ends[0] = SMALL
        shares = path[-2] in ("weights", "platforms")  # of one whole: not all may be zero
        values[name] = float(ends[1 if shares else int(rng.integers(2))])
    return with_values(file, values)


LARGE, SMALL = 1e6, 1e-6


@some_worlds
@given(worlds(), SEEDS, st.sampled_from([0.02, 0.2, 1.0]))
def test_numbers_at_the_ends_of_what_is_allowed(
    file: ScenarioFile, seed: int, share: float
) -> None:
    check(play(extreme(file, np.random.default_rng(seed), share), 3, 4))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(150))
def test_many_extremes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    file = drawn_world(seed, actors=2 + seed % 8, places=seed % 3)
    check(play(extreme(file, rng, float(rng.choice([0.02, 0.1, 0.3, 1.0]))), 3, 8))


@settings(some_worlds, max_examples=4)
@given(worlds(), SEEDS)
def test_a_transcript_of_any_world_replays(
    tmp_path_factory: pytest.TempPathFactory, file: ScenarioFile, seed: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    source = written(folder, file)
    told = Transcript(tuple(events(Wargame(file, rng=seed, quarters=4), str(source))))
    write(folder / "game.jsonl", told.events)
    assert replay(folder / "game.jsonl").difference == ""


@some_worlds
@given(worlds(), SEEDS)
def test_the_order_of_lists_changes_nothing(file: ScenarioFile, seed: int) -> None:
    """Lists that are sets by their sense: ties, inflows, a table's levers, targets of entries."""
    rng = np.random.default_rng(seed)
    parts = file.model_dump(by_alias=True)
    lists = [(parts, "ties")]
    lists += [(stock, "inflows") for stock in parts["stocks"].values()]
    lists += [(table, "levers") for table in parts["tables"].values()]
    lists += [(entry, "to") for entry in parts["ledger"].values()]
    for part, key in lists:
        part[key] = [part[key][n] for n in rng.permutation(len(part[key]))]
    other = Small.model_validate(parts)
    assert not differences(play(file, 3, 4).end, play(other, 3, 4).end)


def renamed(part: Any, names: dict[str, str]) -> Any:
    """Call actors by other names wherever they stand: alone, in `A>B` and in `A.account`."""
    if isinstance(part, dict):
        return {renamed(k, names): renamed(v, names) for k, v in part.items()}
    if isinstance(part, (list, tuple)):
        return [renamed(x, names) for x in part]
    if isinstance(part, str):
        head, dot, tail = part.partition(".")
        pair = [names.get(x, x) for x in head.split(">")]
        return ">".join(pair) + dot + tail
    return part


def measures(file: ScenarioFile, names: dict[str, str], runs: int) -> dict[str, Floats]:
    """What becomes of each actor, under the name it had, and of levers and tables, (run,) each."""
    game = play(file, runs, 8, seed=5)
    scenario = game.game.scenario
    out: dict[str, Floats] = {}
    for old, new in names.items():
        a = scenario.actor(new)
        out[f"utility {old}"] = sum((r.utility[a] for r in game.records), np.zeros(runs))
        out[f"support {old}"] = game.end.support[a]
        out[f"opened {old}"] = sum(
            ((r.opened == a).sum(axis=0) for r in game.records), np.zeros(runs)
        )
        out[f"trusted {old}"] = belief(game.end.kept, game.end.broken)[:, a].sum(axis=0)
        out[f"moves {old}"] = sum(
            ((r.own_moves.lever[a] >= 0).sum(axis=0) for r in game.records), np.zeros(runs)
        )
    for n, name in enumerate(scenario.levers.ids):
        out[f"lever {name}"] = game.end.value[n]
    for n, theatre in enumerate(scenario.theatres.ids):
        out[f"crises {theatre}"] = sum((r.crises.rung[n] for r in game.records), np.zeros(runs))
    out["promises"] = game.end.tally[0].astype(float)
    return {name: np.round(values, 9) for name, values in out.items()}  # sums in another order


def largest_gap(one: dict[str, Floats], other: dict[str, Floats]) -> tuple[float, str]:
    """Largest Kolmogorov-Smirnov statistic among the measures, scaled by sqrt(n/2), and which."""
    gaps = []
    for name, a in one.items():
        b = other[name]
        grid = np.unique(np.concatenate([a, b]))
        below = [np.searchsorted(np.sort(x), grid, "right") / len(x) for x in (a, b)]
        gaps.append((float(np.abs(below[0] - below[1]).max() * np.sqrt(len(a) / 2)), name))
    return max(gaps)


# The Kolmogorov-Smirnov statistic exceeds this by chance once in 2e-6: 2 exp(-2 x 2.63^2).
RARE = 2.63
RUNS = 2000


def called(file: ScenarioFile, names: dict[str, str]) -> ScenarioFile:
    """Call the actors of a world by other names."""
    return Small.model_validate(renamed(file.model_dump(by_alias=True), names))


def reversed_names(file: ScenarioFile) -> dict[str, str]:
    """Swap the names of actors so that their order is turned round."""
    return dict(zip(sorted(file.actors), sorted(file.actors, reverse=True), strict=True))


def unmoved(file: ScenarioFile) -> dict[str, str]:
    return {a: a for a in file.actors}


def check_names(file: ScenarioFile) -> None:
    names = reversed_names(file)
    before = measures(file, unmoved(file), RUNS)
    gap, measure = largest_gap(before, measures(called(file, names), names, RUNS))
    assert gap < RARE, measure


def test_other_names_change_nothing_but_the_draws() -> None:
    """In distribution: the Rival is called Client, and who comes first by name gains nothing."""
    check_names(strait())


@settings(some_worlds, max_examples=2)
@given(worlds())
def test_other_names_in_any_world(file: ScenarioFile) -> None:
    check_names(file)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
def test_other_names_in_many_worlds(seed: int) -> None:
    check_names(drawn_world(seed, actors=2 + seed % 5, places=seed % 3))


def test_the_measures_tell_worlds_apart() -> None:
    """Else their agreement would say nothing: with one table less a Rival is another."""
    other = with_values(strait(), {"actors.Rival.agenda": 1})
    names = unmoved(other)
    gap, _ = largest_gap(measures(strait(), names, RUNS), measures(other, names, RUNS))
    assert gap > 2 * RARE


def test_who_opens_where_both_ask_is_drawn() -> None:
    """Half the time either, each quarter anew, whatever the names."""
    file = with_values(strait(events={}), {"theatres.strait.base_hazard": 0})
    seats = {name: Eager() for name in file.actors}
    game = play(file, 1000, 2, deciders=seats)
    tables = [t.id for t in game.game.scenario.tables]
    n = tables.index("rivals")
    first = [r.opened[n] == game.game.scenario.tables[n].parties[0] for r in game.records]
    assert first[0].mean() == pytest.approx(0.5, abs=0.06)
    assert (first[1] == first[0]).all(), "talks that are on stay with their opener"


class Eager(StatusQuo):
    """Opens whatever it can, and agrees to nothing."""

    def agenda(self, briefing: Briefing) -> Decision:
        """Ask for every table."""
        quiet = super().agenda(briefing)
        assert quiet.open is not None
        return replace(quiet, open=np.ones_like(quiet.open))
