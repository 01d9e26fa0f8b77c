"""Sweeps: designs read and checked, each point played as an arm, and what is said of them."""

import io
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from model.notice import NOTICE
from model.reading import ScenarioError, read
from runs.cli import main
from runs.ensemble import play_chunk
from runs.errors import UserError
from runs.experiment import Arm, play_arms
from runs.posterior import Draws
from runs.shocks import control_and_shocked, read_shock
from runs.store import Results
from runs.sweep.design import Design, read_design, shipped
from runs.sweep.play import sweep
from runs.sweep.report import report

GRID = """
title: A test
scenario: triad
runs: 4
quarters: 3
factors:
  actors.Patron.transactionalism: {values: [.2, .9]}
  what happens:
    arms:
      nothing: {}
      troops leave: {shocks: [troops=10@2]}
      exact: {rules: {acceptance: exact}, set: {actors.Client.agenda: 1}}
  doctrines.Client: {values: [transactional, status_quo]}
outcomes: [utility.Client, lever.troops]
"""


def written(tmp_path: Path, text: str = GRID) -> Path:
    file = tmp_path / "design.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def played(tmp_path: Path, text: str = GRID, name: str = "out", **options: object) -> Design:
    design = read_design(str(written(tmp_path, text)))
    sweep(design, tmp_path / name, workers=1, stream=io.StringIO(), **options)  # type: ignore[arg-type]
    return design


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> tuple[Design, Path]:
    folder = tmp_path_factory.mktemp("grid")
    return played(folder), folder / "out"


def test_a_grid_crosses_all_factors_and_every_point_is_an_arm(grid: tuple[Design, Path]) -> None:
    design, folder = grid
    assert len(design.points) == 12
    assert design.rows == 48
    games = Results(folder).outcomes(["point of the design", "game of the point", "digest"])
    assert list(games.iloc[:, 0]) == list(np.repeat(np.arange(12), 4))
    assert list(games.iloc[:, 1]) == list(np.tile(np.arange(4), 12))
    file = read("triad")
    _, shocked = control_and_shocked(file, [read_shock(file, "troops=10@2")])
    exact = file.model_copy(update={"rules": file.rules.model_copy(update={"acceptance": "exact"})})
    for n, point in enumerate(design.points):
        arm = {
            "nothing": Arm("x", file),
            "troops leave": Arm("x", shocked.file),
            "exact": Arm("x", exact, {"actors.Client.agenda": 1.0}),
        }[str(point.levels["what happens"])]
        tau = {"actors.Patron.transactionalism": point.levels["actors.Patron.transactionalism"]}
        seats = {"Client": str(point.levels["doctrines.Client"])}
        whole = Arm("x", arm.file, {**arm.values, **tau}, seats)  # type: ignore[dict-item]
        one = play_arms([whole], 1, 4, quarters=3, workers=1, stream=io.StringIO())["x"]
        np.testing.assert_array_equal(
            games["digest"][4 * n : 4 * n + 4].to_numpy(), one.outcomes["digest"]
        )


def test_the_design_lies_beside_the_games(grid: tuple[Design, Path]) -> None:
    _, folder = grid
    table = pd.read_parquet(folder / "design.parquet")
    assert list(table["what happens"].unique()) == ["nothing", "troops leave", "exact"]
    assert set(table["plays.Client"]) == {"transactional", "status_quo"}
    assert (folder / "design.csv").read_text(encoding="utf-8").startswith(f"# {NOTICE}")
    manifest = Results(folder).manifest
    assert (manifest["points"], manifest["games_a_point"], manifest["kind"]) == (12, 4, "sweep")
    assert manifest["design"]["title"] == "A test"


def test_a_report_names_what_surely_differs(grid: tuple[Design, Path]) -> None:
    design, folder = grid
    reported = report(design, folder)
    assert reported.complete
    table = pd.read_csv(folder / "effects.csv", comment="#")
    gone = table[(table["level"] == "troops leave") & (table["outcome"] == "lever.troops")].iloc[0]
    assert gone["difference"] < -5.0
    assert abs(gone["difference"]) > 1.96 * gone["error"]
    assert "what happens, against nothing" in reported.text
    assert NOTICE in reported.text
    means = pd.read_csv(folder / "points.csv", comment="#")
    assert len(means) == 2 * 12
    assert reported.figure is not None
    assert reported.figure.is_file()


def test_a_stopped_sweep_goes_on_and_shards_come_together(tmp_path: Path) -> None:
    text = GRID.replace("runs: 4", "runs: 60")
    design = played(tmp_path, text, "whole")
    for n in (1, 2):
        assert not report(design, tmp_path / "parts").complete if n == 2 else True
        sweep(design, tmp_path / "parts", workers=1, shard=(n, 2), stream=io.StringIO())
    one, two = (Results(tmp_path / name) for name in ("whole", "parts"))
    assert len(list((tmp_path / "parts" / "outcomes").glob("*.parquet"))) == 2
    pd.testing.assert_frame_equal(one.outcomes(), two.outcomes())
    lost = next((tmp_path / "parts" / "outcomes").glob("*.parquet"))
    content = lost.read_bytes()
    lost.unlink()
    sweep(design, tmp_path / "parts", workers=1, stream=io.StringIO())
    assert lost.read_bytes() == content
    other = played(tmp_path, text.replace("[.2, .9]", "[.2, .8]"), "other")
    with pytest.raises(UserError, match="holds results of something else"):
        sweep(other, tmp_path / "parts", workers=1, stream=io.StringIO())


def test_drawn_numbers_are_the_same_at_every_point(tmp_path: Path) -> None:
    """Points that set nothing that matters play the same games, with the same numbers."""
    text = """
title: Drawn
scenario: triad
runs: 3
quarters: 2
factors:
  what: {arms: {one: {}, two: {}, leave: {shocks: [troops=10@2]}}}
"""
    played(tmp_path, text, "plain")
    played(tmp_path, text, draws=Draws(1))
    plain, drawn = (Results(tmp_path / n).outcomes()["digest"].to_numpy() for n in ("plain", "out"))
    np.testing.assert_array_equal(drawn[:3], drawn[3:6])
    assert (drawn[:3] != plain[:3]).all()
    assert Results(tmp_path / "out").manifest["numbers"] == "prior"
    alone = play_chunk(
        read("triad"), 1, [1], quarters=2, drawn=Draws(1).values(read("triad"), [1])
    ).outcomes["digest"]
    assert alone[0] == drawn[1]


def test_shards_in_folders_of_their_own_are_merged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GRID.replace("runs: 4", "runs: 60")
    design = played(tmp_path, text, "whole")
    for n in (1, 2):
        sweep(design, tmp_path / f"{n}", workers=1, shard=(n, 2), stream=io.StringIO())
    one, two, out = (str(tmp_path / name) for name in ("1", "2", "all"))
    assert main(["merge", one, "--out", out]) == 2
    assert "220 of 720 games are in none of the folders" in capsys.readouterr().err
    assert main(["merge", one, two, "--out", out]) == 0
    pd.testing.assert_frame_equal(Results(out).outcomes(), Results(tmp_path / "whole").outcomes())
    assert report(design, tmp_path / "all").complete
    played(tmp_path, GRID, "other")
    assert main(["merge", one, str(tmp_path / "other"), "--out", out]) == 2
    assert "holds results of something else" in capsys.readouterr().err
    part = next((tmp_path / "2" / "outcomes").glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-1])
    assert main(["merge", one, two, "--out", str(tmp_path / "new")]) == 2
    assert "is not as it was written" in capsys.readouterr().err


def test_points_may_have_draws_of_their_own(tmp_path: Path) -> None:
    text = GRID.replace("runs: 4", "runs: 4\npairing: independent")
    played(tmp_path, text)
    games = Results(tmp_path / "out").outcomes(["game of the point"])
    assert list(games.iloc[:, 0]) == list(range(48))


SAMPLE = """
title: A sample
scenario: triad
runs: 1
quarters: 1
kind: latin_hypercube
points: 8
factors:
  actors.Patron.transactionalism: {range: [0, 1]}
  actors.Client.agenda: {range: [1, 3]}
  doctrines.Client: {values: [transactional, status_quo]}
"""


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_samples_fill_every_slice_once_at_each_crossed_level(tmp_path: Path, kind: str) -> None:
    design = read_design(str(written(tmp_path, SAMPLE.replace("latin_hypercube", kind))))
    assert len(design.points) == 16
    taus = np.array([p.levels["actors.Patron.transactionalism"] for p in design.points], float)
    agendas = np.array([p.levels["actors.Client.agenda"] for p in design.points], float)
    for half in (slice(0, 8), slice(8, 16)):
        assert sorted(np.floor(8 * taus[half])) == list(range(8))
        assert sorted(np.floor(4 * (agendas[half] - 1))) == list(range(8))
    np.testing.assert_array_equal(taus[:8], taus[8:])
    again = read_design(str(tmp_path / "design.yaml"))
    assert [p.levels for p in again.points] == [p.levels for p in design.points]


def test_a_list_of_points_is_played_as_it_is(tmp_path: Path) -> None:
    text = """
title: A list
scenario: triad
runs: 2
kind: list
factors:
  actors.Patron.transactionalism: {}
  what: {arms: {nothing: {}, leave: {shocks: [troops=10@2]}}}
list:
  - {actors.Patron.transactionalism: .1, what: leave}
  - {actors.Patron.transactionalism: .7, what: nothing}
"""
    design = read_design(str(written(tmp_path, text)))
    assert [p.edit.shocks for p in design.points] == [("troops=10@2",), ()]
    assert design.table.tolist() == [[0.1, 0.7]]


WRONG = """title: Wrong
scenario: triad
runs: 0
colour: red
kind: grid
points: 8
set: {actors.Patron.transactionalsm: .5}
factors:
  doctrines.Client: {values: [hegder]}
  empty: {arms: {}}
  actors.Patron.agenda: {range: [3, 1]}
  arms:
    arms:
      a: {shocks: [trops=10@2]}
      b: {set: {actors.Patron.transactionalism: 7}, rules: {acceptance: exakt}}
      c: {shocks: [troops=10@40]}
"""


def test_all_that_is_wrong_with_a_design_is_said_at_once_with_its_place(tmp_path: Path) -> None:
    file = written(tmp_path, WRONG)
    with pytest.raises(ScenarioError) as form:
        read_design(str(file))
    said = str(form.value)
    assert f"{file}:3:1: runs: must be at least 1, not 0" in said
    assert f"{file}:4:1: colour: unknown key; it may say title, about, scenario, seed, runs" in said
    file = written(tmp_path, WRONG.replace("runs: 0\ncolour: red", "runs: 1\nabout: red"))
    with pytest.raises(ScenarioError) as sense:
        read_design(str(file))
    said = str(sense.value)
    for part in (
        ":6:1: points: belongs to a latin_hypercube",
        ":7:7: set.actors.Patron.transactionalsm: triad has no parameter",
        "did you mean actors.Patron.transactionalism?",
        ":9:3: factors.doctrines.Client: ",
        "did you mean hedger",
        ":10:11: factors.empty.arms: is empty",
        ":11:26: factors.actors.Patron.agenda.range: [3, 1] is empty",
        ":11:3: factors.actors.Patron.agenda: a range in a grid needs `steps`",
        ":14:20: factors.arms.arms.a.shocks.0: ",
        "no lever, actor or table with demands → did you mean troops?",
        "must be between 0 and 1",
        "'exakt' is none of exact, uniform, logistic → did you mean exact?",
        ":16:20: factors.arms.arms.c.shocks.0: ",
    ):
        assert part in said, part
    assert len(sense.value.problems) >= 10


def test_wrong_commands_are_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "burden_and_postures"]) == 2
    assert "did you mean burden_and_posture?" in capsys.readouterr().err
    text = GRID.replace("lever.troops]", "lever.trops]")
    assert main(["sweep", str(written(tmp_path, text)), "--dry-run"]) == 2
    assert "did you mean lever.troops?" in capsys.readouterr().err


def test_a_dry_run_says_games_time_and_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", str(written(tmp_path)), "--dry-run", "--runs", "10"]) == 0
    out = capsys.readouterr().out
    assert "12 points, 120 games" in out
    assert "measured on a few games" in out
    assert "MB on disk" in out
    assert not list(tmp_path.glob("*/manifest.json"))


def test_shipped_designs_can_be_played() -> None:
    assert "burden_and_posture" in shipped()
    for name in shipped():
        design = read_design(name)
        assert design.rows > 0
        assert design.file.about
