"""Archives: one zip from which a result can be made again, with the same tables."""

import hashlib
import io
import os
import sys
from pathlib import Path
from zipfile import ZipFile

import pandas as pd  # type: ignore[import-untyped]
import pytest

from model.notice import NOTICE
from runs.archive import archive, recreate, recreating, unpack
from runs.cli import main
from runs.disk import ends_well
from runs.errors import UserError
from runs.store import DESIGN, Results
from runs.sweep.design import read_design
from runs.sweep.play import sweep

WORLD = """
extends: triad
name: mine
title: A world of one's own
"""
DESIGN_FILE = """
title: Small
scenario: mine.yaml
runs: 3
quarters: 2
trajectories: true
factors:
  what happens: {arms: {nothing: {}, troops leave: {shocks: [troops=10@2]}}}
  actors.Patron.transactionalism: {values: [.2, .9]}
outcomes: [utility.Client]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of one's own scenario, played by its command."""
    here = tmp_path_factory.mktemp("archive")
    (here / "mine.yaml").write_text(WORLD, encoding="utf-8")
    (here / "design.yaml").write_text(DESIGN_FILE, encoding="utf-8")
    before = Path.cwd()
    os.chdir(here)
    try:
        assert main(["sweep", "design.yaml", "--out", "out", "--workers", "1"]) == 0
        assert main(["archive", "out"]) == 0
    finally:
        os.chdir(before)
    return here


def test_an_archive_holds_all_that_a_reader_needs(folder: Path) -> None:
    with ZipFile(folder / "out.zip") as zipped:
        names = set(zipped.namelist())
        readme = zipped.read("README.md").decode()
        sums = zipped.read("SHA256SUMS").decode().splitlines()
        for line in sums:
            digest, name = line.split("  ")
            assert hashlib.sha256(zipped.read(name)).hexdigest() == digest
        packages = zipped.read("environment.txt").decode()
    assert {line.split("  ")[1] for line in sums} == names - {"SHA256SUMS"}
    for name in (
        "inputs/design.yaml",
        "inputs/mine.yaml",
        "outputs/manifest.json",
        "outputs/effects.png",
        "outputs/design.parquet",
        "outputs/points.csv",
        "code/model/turn.py",
        "code/model/scenarios/triad.yaml",
    ):
        assert name in names, name
    assert "hubspoke sweep inputs/design.yaml --workers 1 --out again" in readme
    assert NOTICE in readme
    assert "- seed: 1" in readme
    assert "outputs/outcomes/*.parquet" in readme
    assert "numpy==" in packages
    assert not any(name.startswith(("/", ".")) for name in names)


def test_an_archive_made_again_has_the_same_tables(folder: Path) -> None:
    """In the unpacked folder, by the command that the README gives."""

    def run(tokens: list[str], where: Path) -> int:
        before = Path.cwd()
        os.chdir(where)
        try:
            return main(tokens)
        finally:
            os.chdir(before)

    again = recreate(folder / "out.zip", run)
    assert again.different == ()
    assert {"points.csv", "effects.csv", "summary.txt", "design.parquet"} <= set(again.same)
    assert any(name.startswith("outcomes/") for name in again.same)
    assert any(name.startswith("trajectories/") for name in again.same)

    def other(tokens: list[str], where: Path) -> int:
        design = where / "inputs" / "design.yaml"
        design.write_text(design.read_text("utf-8").replace("[.2, .9]", "[.2, .8]"), "utf-8")
        return run(tokens, where)

    changed = recreate(folder / "out.zip", other)
    assert "points.csv" in changed.different


@pytest.mark.slow
def test_the_command_recreates_in_a_process_of_its_own(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["recreate", str(folder / "out.zip")]) == 0
    assert "0 differ" in capfd.readouterr().out


def test_what_cannot_be_archived_is_explained(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["archive", str(folder / "out"), "--out", str(folder / "out.zip")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["archive", str(tmp_path)]) == 2
    assert "no results folder" in capsys.readouterr().err
    design = read_design(str(folder / "design.yaml"), runs=300)
    sweep(design, tmp_path / "part", shard=(1, 2), workers=1, command="x", stream=io.StringIO())
    with pytest.raises(UserError, match="play the rest first"):
        archive(tmp_path / "part")
    with pytest.raises(UserError, match="is not there any more"):
        recreating("hubspoke sweep gone.yaml")


def test_a_damaged_archive_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no archive: not a whole zip file"):
        unpack(folder / "design.yaml", tmp_path)
    with ZipFile(tmp_path / "other.zip", "w") as zipped:
        zipped.writestr("README.md", "no")
    with pytest.raises(UserError, match="no archive of this program"):
        unpack(tmp_path / "other.zip", tmp_path)
    with ZipFile(folder / "out.zip") as old, ZipFile(tmp_path / "changed.zip", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data + b" " if name == "outputs/points.csv" else data)
    with pytest.raises(UserError, match=r"points\.csv is not as it was archived"):
        unpack(tmp_path / "changed.zip", tmp_path / "x")


def test_results_of_a_sweep_answer_sql_and_pandas(folder: Path) -> None:
    results = Results(folder / "out")
    results.verify()
    design = results.design()
    assert design is not None
    assert len(design) == 4
    found = results.query(
        'select "what happens" as what, count(*) as n from outcomes join design'
        ' on "point of the design" = point group by 1 order by 1'
    )
    assert found.to_numpy().tolist() == [["nothing", 6], ["troops leave", 6]]


def test_a_dataset_has_games_and_quarters(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    xr = pytest.importorskip("xarray")
    results = Results(folder / "out")
    data = results.dataset()
    assert isinstance(data, xr.Dataset)
    assert dict(data.sizes) == {"run": 12, "quarter": 2}
    assert data.attrs["notice"] == NOTICE
    games = results.outcomes()
    label = next(c.label for c in results.columns() if c.id == "utility.Client")
    pd.testing.assert_series_equal(
        data[label].to_pandas().reset_index(drop=True), games[label], check_names=False
    )
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(UserError, match="the extra `xarray`"):
        results.dataset()


def test_large_folders_are_checked_when_asked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = read_design(str(folder / "design.yaml"))
    sweep(design, tmp_path, workers=1, stream=io.StringIO())
    part = next((tmp_path / "outcomes").glob("*.parquet"))
    content = part.read_bytes()
    part.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(UserError, match="not as they were written"):
        Results(tmp_path)
    monkeypatch.setattr("runs.store.CHECKED_AT_ONCE", 10)
    results = Results(tmp_path)
    with pytest.raises(UserError, match="not as they were written"):
        results.verify()
    part.write_bytes(content[:-10])
    assert not ends_well(part)
    with pytest.raises(UserError, match="not as they were written"):
        Results(tmp_path)
    assert (tmp_path / DESIGN).is_file()
