"""`batch`: what it writes, what it says, and that it goes on from where it was stopped."""

import io
import re
import signal
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.notice import NOTICE
from model.schema import ScenarioFile
from runs import bench
from runs.batch import Progress, Written, batch, parse_shard, sanity
from runs.ensemble import play_chunk
from runs.errors import UserError
from runs.outcomes import Column
from runs.store import Results
from runs.summary import OPENERS, Row, as_text, number, percent, summary
from tests.stopped import interrupted
from tests.worlds import strait

RUNS, CHUNK, QUARTERS = 40, 8, 6
TAU = "actors.Patron.transactionalism"


@pytest.fixture(scope="module")
def file() -> ScenarioFile:
    return strait()


def play(file: ScenarioFile, folder: Path, **options: Any) -> tuple[Written, str]:
    said = io.StringIO()
    plain = {"runs": RUNS, "chunk": CHUNK, "quarters": QUARTERS, "seed": 5, "workers": 1}
    done = batch(file, out=folder, stream=said, **(plain | options))
    return done, said.getvalue()


@pytest.fixture(scope="module")
def folder(file: ScenarioFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch")
    done, _ = play(file, folder, command="hubspoke batch made-up", trajectories=True)
    assert done.complete
    return folder


def part_files(folder: Path) -> dict[str, bytes]:
    return {
        f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.glob("*/part-*.parquet")
    }


def times(folder: Path) -> dict[str, int]:
    return {f.name: f.stat().st_mtime_ns for f in folder.glob("outcomes/part-*.parquet")}


def test_the_games_on_disk_are_those_that_were_played(file: ScenarioFile, folder: Path) -> None:
    played = play_chunk(file, 5, np.arange(RUNS), quarters=QUARTERS, trajectories=True)
    results = Results(folder)
    read = results.outcomes()
    assert results.columns() == played.columns
    for label, values in played.outcomes.items():
        assert np.array_equal(read[label], values, equal_nan=values.dtype.kind == "f"), label
    followed = results.trajectories()
    for label, series in played.trajectories.items():
        assert np.array_equal(followed[label].to_numpy().reshape(RUNS, QUARTERS).T, series), label


def test_the_manifest_says_what_was_played(folder: Path) -> None:
    manifest = Results(folder).manifest
    assert {
        "scenario": "made-up",
        "seed": 5,
        "runs": RUNS,
        "quarters": QUARTERS,
        "trajectories": "all",
        "parameters": {},
        "doctrines": {},
        "command": "hubspoke batch made-up",
        "notice": NOTICE,
    }.items() <= manifest.items()
    assert re.fullmatch(r"[0-9a-f]{64}", manifest["scenario_hash"])
    assert manifest["created"].startswith("2")


def test_the_table_is_true_of_the_games(folder: Path) -> None:
    results = Results(folder)
    games = results.outcomes()
    rows = {row.outcome: row for row in summary(results)}
    assert set(rows) == set(games) - {"run", "digest"}
    for label, row in rows.items():
        known = games[label].dropna()
        assert row.games == len(known)
        if len(known):
            assert row.mean == pytest.approx(known.mean())
            assert row.median in set(known)
            assert (known <= row.high).mean() >= 0.95
            assert (known < row.low).mean() <= 0.05
    deals = rows["deals: The alliance"]
    assert deals.share == pytest.approx((games["deals: The alliance"] > 0).mean())
    asked = next(row for label, row in rows.items() if "asked" in label)
    assert asked.share == pytest.approx(games[asked.outcome].notna().mean())


def test_everything_that_people_see_carries_the_notice(folder: Path) -> None:
    names = ("summary.txt", "sanity.txt", "manifest.json", "fans.svg")
    assert [name for name in names if NOTICE not in (folder / name).read_text()] == []
    assert NOTICE.encode() in (folder / "fans.png").read_bytes()


def test_the_figure_says_what_it_shows(folder: Path) -> None:
    drawing = (folder / "fans.svg").read_text()
    for said in ("90 % of games", "median", "40 games", "seed 5", "scenario made-up"):
        assert said in drawing, said


def test_the_same_command_again_plays_nothing(file: ScenarioFile, folder: Path) -> None:
    before = times(folder)
    done, said = play(file, folder, trajectories=True)
    assert done.complete
    assert times(folder) == before
    assert said == "made-up: 40 of 40 games are there\n"


def test_shards_make_the_same_files(file: ScenarioFile, folder: Path, tmp_path: Path) -> None:
    first, _ = play(file, tmp_path, shard=(1, 2), trajectories=True)
    assert (first.complete, first.games, first.table) == (False, 24, None)
    second, _ = play(file, tmp_path, shard=(2, 2), trajectories=True)
    assert second.complete
    assert part_files(tmp_path) == part_files(folder)


def test_settings_doctrines_and_series_reach_the_games(file: ScenarioFile, tmp_path: Path) -> None:
    taus = np.linspace(0.0, 1.0, 10)
    options: dict[str, Any] = {
        "values": {TAU: taus, "rules.concession": 0.5},
        "doctrines": {"Rival": "status_quo"},
        "series": ["support.Client"],
    }
    play(file, tmp_path, runs=10, chunk=4, **options)
    results = Results(tmp_path)
    expected = play_chunk(file, 5, np.arange(10), quarters=QUARTERS, **options)
    assert (results.outcomes()["digest"] == expected.outcomes["digest"]).all()
    assert (results.outcomes()[f"set: {TAU}"] == taus).all()
    assert "support.Client" in results.trajectories()
    assert "end: support.Client" in results.outcomes()
    assert results.manifest["doctrines"] == {"Rival": "status_quo"}
    with pytest.raises(UserError, match="parameters"):
        play(file, tmp_path, runs=10, chunk=4, **(options | {"values": {TAU: taus**2}}))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"runs": 0}, "--runs 0"),
        ({"seed": -1}, "--seed -1"),
        ({"quarters": 0}, "--quarters 0"),
        ({"shard": (3, 2)}, "1/n to n/n"),
        ({"workers": 0}, "--workers 0"),
        ({"doctrines": {"Rival": "hegder"}}, "did you mean hedger"),
        ({"values": {TAU: np.zeros(3)}}, "3 values for 40 runs"),
        ({"values": {"rules.concesion": 1.0}}, "did you mean rules.concession"),
        ({"series": ["lever.nothing"]}, "lever.nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(
    file: ScenarioFile, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        play(file, tmp_path, **options)
    assert not part_files(tmp_path)


def test_a_shard_is_written_as_one_of_how_many() -> None:
    assert parse_shard("2/4") == (2, 4)
    for wrong in ("5/4", "0/4", "2", "a/b", "-1/4", ""):
        with pytest.raises(UserError):
            parse_shard(wrong)


PROGRAM = """
import sys
from runs import batch
from tests.worlds import strait

batch.code_hash = lambda: "some code"  # that somebody edits a source meanwhile is another matter

if __name__ == "__main__":
    out, workers = sys.argv[1:]
    batch.batch(strait(), runs=200, chunk=4, quarters=1, seed=5, out=out, workers=int(workers))
"""


def test_it_goes_on_after_a_kill(
    file: ScenarioFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    interrupted(tmp_path, PROGRAM, signal.SIGKILL, 2)
    first = times(out)
    assert 0 < len(first) < 50
    assert Results(out).games == 4 * len(first), "what is there is whole"
    last_words = interrupted(tmp_path, PROGRAM, signal.SIGINT, 1)
    assert "the same command goes on from there" in last_words
    second = times(out)
    assert len(first) < len(second) < 50
    assert {name: second[name] for name in first} == first, "what is whole is not played again"
    monkeypatch.setattr("runs.batch.code_hash", lambda: "some code")
    done, said = play(file, out, runs=200, chunk=4, quarters=1)
    assert done.complete
    assert f"{4 * len(second)} of 200 games are there" in said
    unbroken = play_chunk(file, 5, np.arange(200), quarters=1)
    assert (Results(out).outcomes()["digest"] == unbroken.outcomes["digest"]).all()


def test_progress_is_a_few_plain_lines_without_a_terminal() -> None:
    said = io.StringIO()
    progress = Progress("made-up", 1000, 900, said)
    for _ in range(300):
        progress.add(3)
    progress.close()
    lines = said.getvalue().splitlines()
    assert lines[0] == "made-up: 100 of 1,000 games are there"
    assert lines[1].startswith("made-up: 190 of 1,000 games, ")
    assert lines[-1] == "made-up: 1,000 of 1,000 games, 0 s gone, 0 s left"
    assert len(lines) == 11


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_with_the_time_left_on_a_terminal() -> None:
    said = Terminal()
    progress = Progress("made-up", 1000, 900, said)
    progress.add(900)
    progress.close()
    assert "1000/1000" in said.getvalue()
    assert "<" in said.getvalue().splitlines()[-1]


def test_the_report_answers_what_a_scholar_asks(folder: Path) -> None:
    results = Results(folder)
    games, text = results.outcomes(), sanity(Results(folder))
    share = percent(float((games["re-openings: The alliance"] > 0).mean()))
    assert f"while an agreement stood, in {share}" in text
    asked = games["first demand: The alliance, asked (% above what was agreed)"]
    settled = games["first demand: The alliance, price (% change agreed)"].notna()
    expected = [
        (f"{here.sum():,}", percent(float(settled[here].mean())))
        for here in ((asked > low) & (asked <= high) for low, high in pairwise(OPENERS))
        if here.any()
    ]
    assert expected
    lines = text.partition("first demand")[2].splitlines()[2:]
    for (count, share), line in zip(expected, lines, strict=False):
        assert re.search(rf" {count} +{share}", line)
    assert f"{games['deals: The front'].mean():.2f}" in text
    assert f"{games['threats announced: The Patron, The troops (The alliance)'].mean():.3f}" in text
    years = QUARTERS / 4
    assert f"{games['crises: A theatre'].mean() / years:.4f}" in text
    actors = ("The Client", "The Patron", "The Rival")
    never = [a for a in actors if not games[f"own moves: {a}"].any()]
    assert f"never moved in any game: {', '.join(never) or 'nobody'}" in text
    for column in results.columns():
        if column.id.startswith("bound."):
            assert column.label.removeprefix("at bound: ") in text


def test_numbers_are_written_for_people() -> None:
    assert [number(x) for x in (1234567.8, 0.12345678, -0.0, float("nan"))] == [
        "1,234,568",
        "0.1235",
        "0",
        "",
    ]
    shares = [0.0, 0.00098, 0.254, 0.9996, 1.0, float("nan")]
    assert [percent(x) for x in shares] == ["0 %", "0.098 %", "25 %", "100.0 %", "100 %", ""]


def test_the_table_for_the_terminal_is_aligned() -> None:
    rows = [
        Row("end.a", "end: a", "", 9, 1.0, 0.5, 1.0, 2.0, float("nan")),
        Row("deals.long", "deals: a long name", "", 9, 10.0, 0.5, 1.0, 2.0, 0.5),
        Row("lever.a", "lever: a", "", 9, 10.0, 0.5, 1.0, 2.0, 0.5),
    ]
    head, first, second = as_text(rows).splitlines()
    assert first.index("0.5") == second.index("0.5")
    assert head.split() == ["outcome", "mean", "5", "%", "median", "95", "%", "games", "with"]
    assert second.endswith("50 %")


def test_kernels_are_timed_without_changing_the_games(
    file: ScenarioFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def watched(file: ScenarioFile, seed: int, runs: Sequence[int]) -> Any:
        seen.append(play_chunk(file, seed, runs))
        return seen[-1]

    monkeypatch.setattr(bench, "play_chunk", watched)
    before = bench.kernels()
    assert {"_package_utilities", "_plan"} <= set(before)
    assert bench.kernel_seconds(file, np.arange(8)) > 0.0
    assert bench.kernels() == before
    plain, timed = (chunk.outcomes["digest"] for chunk in seen)
    assert (plain == timed).all()


def test_too_few_games_are_no_measurement() -> None:
    with pytest.raises(UserError, match="at least 24,000"):
        bench.bench(games=100)


@pytest.mark.slow
def test_bench_measures_all_it_promises() -> None:
    numbers = bench.bench("triad")
    assert list(numbers) == list(bench.MEANING)
    assert all(value > 0.0 for value in numbers.values())
    assert NOTICE in bench.as_text(numbers)


def test_columns_of_a_folder_are_described_in_a_file(folder: Path) -> None:
    lines = (folder / "columns.csv").read_text().splitlines()
    assert lines[0] == "id,label,unit,kind"
    assert len(lines) == 1 + len(Results(folder).columns())
    assert (
        Column("deals.alliance", "deals: The alliance", "deals", "count")
        in Results(folder).columns()
    )
