"""Dask as an engine: the same games, and none lost when a worker is killed."""

import os
import signal
import sys
from typing import Any

import numpy as np
import pytest

from runs.cli import main
from runs.engines import SCHEDULER, Job, engine, run_chunks
from runs.ensemble import play_chunk
from runs.errors import UserError
from tests.worlds import strait

FILE = strait()
PARTS = [np.arange(n, n + 4) for n in range(0, 32, 4)]


def jobs() -> list[Job]:
    return [Job(FILE, 7, part, quarters=3) for part in PARTS]


def test_an_engine_is_chosen_for_a_while() -> None:
    with engine("dask", "tcp://somewhere:8786"):
        assert SCHEDULER.get() == "tcp://somewhere:8786"
        with engine("processes"):
            assert SCHEDULER.get() == ""
    assert SCHEDULER.get() == ""
    with pytest.raises(UserError, match="belongs to --engine dask"), engine("processes", "x"):
        pass


def test_what_is_missing_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with engine("dask"), pytest.raises(UserError, match="the extra `cluster`"):
        list(run_chunks(jobs(), 1))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_killed_worker_loses_nothing_and_changes_nothing() -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        found: dict[int, Any] = {}
        with engine("dask", address):
            for chunk in run_chunks(jobs(), 2):
                if not found:
                    victim = next(iter(cluster.workers.values()))
                    os.kill(victim.pid, signal.SIGKILL)
                found[int(chunk.runs[0])] = chunk
    assert sorted(found) == [int(part[0]) for part in PARTS]
    for part in PARTS:
        alone = play_chunk(FILE, 7, part, quarters=3)
        np.testing.assert_array_equal(
            found[int(part[0])].outcomes["digest"], alone.outcomes["digest"]
        )


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_batch_on_a_cluster_of_this_machine(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    line = f"batch triad --runs 300 --quarters 2 --workers 2 --out {tmp_path}"
    assert main([*line.split(), "--engine", "dask"]) == 0
    assert main(line.split()) == 0
    assert "300 of 300 games are there" in capsys.readouterr().err
    again = line.replace(str(tmp_path), str(tmp_path / "new"))
    assert main([*again.split(), "--scheduler", "tcp://127.0.0.1:9"]) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_tournament_on_a_cluster_is_the_same(tmp_path: Any) -> None:
    pytest.importorskip("distributed")
    line = "tournament triad --doctrine hedger --runs 4 --quarters 2 --workers 2 --out"
    assert main([*line.split(), str(tmp_path / "here")]) == 0
    assert main([*line.split(), str(tmp_path / "there"), "--engine", "dask"]) == 0
    here, there = (sorted((tmp_path / n / "games").glob("*.sha256")) for n in ("here", "there"))
    assert [file.name for file in here] == [file.name for file in there]
    assert [file.read_text() for file in here] == [file.read_text() for file in there]
