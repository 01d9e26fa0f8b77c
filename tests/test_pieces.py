"""Experiments in pieces: stopped at any moment they go on, damage is found, one at a time."""

import io
import signal
from pathlib import Path

import pytest

from runs.cli import main
from runs.disk import alone, is_whole
from runs.errors import UserError
from runs.propagation.found import Asked
from runs.propagation.report import propagate
from runs.shocks import read_shock
from runs.store import MANIFEST, claimed, read_manifest, stamped
from tests.stopped import interrupted, small_disk
from tests.worlds import strait

PROGRAM = """
import sys
from pathlib import Path
from runs import store
from runs.propagation import pairs
from tests.test_pieces import follow

# that somebody edits a source meanwhile is another matter
pairs.code_hash = store.code_hash = lambda: "some code"
pairs.chunk_size = lambda runs: 4

if __name__ == "__main__":
    follow(Path(sys.argv[1]), int(sys.argv[2]))
"""


def follow(out: Path, workers: int = 1, stream: io.StringIO | None = None) -> None:
    file = strait()
    shock = read_shock(file, "troops=7@1")
    asked = Asked(
        file,
        (shock,),
        runs=40,
        seed=3,
        quarters=1,
        channels=False,
        workers=workers,
        command="hubspoke propagate",
    )
    propagate(asked, out, stream)


def contents(folder: Path) -> dict[str, bytes]:
    listed = (file for file in sorted(folder.rglob("*")) if file.is_file())
    shown = (file for file in listed if not file.name.startswith("."))
    return {str(f.relative_to(folder)): f.read_bytes() for f in shown if f.name != MANIFEST}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.store.code_hash", lambda: "some code")
    monkeypatch.setattr("runs.propagation.pairs.code_hash", lambda: "some code")
    monkeypatch.setattr("runs.propagation.pairs.chunk_size", lambda _: 4)
    monkeypatch.setattr("runs.propagation.report.figures", lambda _: [])


@pytest.mark.usefixtures("small_parts")
def test_a_propagation_goes_on_after_a_kill_with_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    interrupted(tmp_path, PROGRAM, signal.SIGKILL, 1)
    first = contents(out)
    there = [name for name in first if name.endswith(".parquet")]
    assert 0 < len(there) < 10
    assert all(is_whole(out / name) for name in there)
    assert main(["archive", str(out)]) == 2
    assert "is not finished" in capsys.readouterr().err
    said = io.StringIO()
    follow(out, stream=said)
    assert f"{4 * len(there)} of 40 games are there" in said.getvalue()
    follow(tmp_path / "unbroken", stream=io.StringIO())
    whole = contents(out)
    assert whole == contents(tmp_path / "unbroken")
    assert {name: whole[name] for name in there} == {name: first[name] for name in there}
    assert "summary.txt" in read_manifest(out)["files"]
    damaged = out / there[0]
    damaged.write_bytes(whole[there[0]][:-9] + b"somewhere")
    said = io.StringIO()
    follow(out, stream=said)
    assert f"{damaged.name} is not as it was written; its games are played again" in said.getvalue()
    assert contents(out) == whole


@pytest.mark.usefixtures("small_parts")
def test_a_full_disk_is_said_and_what_is_there_stays(tmp_path: Path) -> None:
    with small_disk(20_000), pytest.raises(UserError, match="no space left"):
        follow(tmp_path, stream=io.StringIO())
    assert not list(tmp_path.glob("games/*.parquet"))
    assert not list(tmp_path.glob("**/.*.tmp"))
    assert read_manifest(tmp_path)["files"] == []


ONE_AT_A_TIME = {
    "propagate": "propagate triad --shock troops=10 --runs 20 --quarters 3",
    "sensitivity": "sensitivity triad --size 4 --repeats 2 --quarters 1",
    "tournament": "tournament triad --runs 2 --quarters 1",
    "claims": "claims C4 --draws 8 --repeats 1 --games 2",
    "batch": "batch triad --runs 8 --quarters 1",
}


@pytest.mark.parametrize("line", ONE_AT_A_TIME.values(), ids=ONE_AT_A_TIME.keys())
def test_a_folder_belongs_to_one_process_and_one_experiment(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("SALib")
    command = [*line.split(), "--out", str(tmp_path)]
    with alone(tmp_path):
        assert main(command) == 2
    assert "another process is writing results" in capsys.readouterr().err
    other = stamped("experiment of another kind", strait(), "")
    with claimed(tmp_path, other):
        (tmp_path / "games").mkdir()
        (tmp_path / "games" / "some.parquet").write_bytes(b"games of it")
    before = contents(tmp_path)
    assert main(command) == 2
    assert "results of something else" in capsys.readouterr().err
    assert contents(tmp_path) == before
    assert read_manifest(tmp_path)["kind"] == other["kind"]
