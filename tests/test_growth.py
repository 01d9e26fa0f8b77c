"""Growth of time: planted powers are found, copies are the same game, all is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from model.notice import NOTICE
from model.reading import read
from runs.cli import main
from runs.ensemble import play_chunk
from runs.growth import Grown, measure, report, side_by_side, slope, told
from runs.store import read_manifest


def test_a_planted_power_is_found_with_its_interval() -> None:
    rng = np.random.default_rng(1)
    x = np.log(np.tile([1.0, 2.0, 4.0, 8.0], 5))
    best, low, high = slope(x, 1.5 * x + 0.1 * rng.normal(size=len(x)))
    assert low < 1.5 < high
    assert best == pytest.approx(1.5, abs=0.1)
    assert high - low < 0.3
    exact = Grown("games", (2, 4, 8), np.array([[1.0, 2.0, 4.0]]))
    assert exact.power == pytest.approx((1.0, 1.0, 1.0))
    assert "1.00 to 1.00" in told([exact])


def test_a_copy_beside_it_leaves_a_game_as_it_was() -> None:
    file = read("triad")
    assert side_by_side(file, 1) == file
    two = side_by_side(file, 2)
    assert len(two.actors) == 2 * len(file.actors)
    assert len(two.tables) == 2 * len(file.tables)
    assert len(two.ledger) == 2 * len(file.ledger)
    alone, beside = (play_chunk(world, 1, np.arange(12)) for world in (file, two))
    compared = [c.label for c in alone.columns if c.id.startswith(("utility.", "lever.", "wars."))]
    assert len(compared) > len(file.levers)
    for label in compared:
        assert np.array_equal(alone.outcomes[label], beside.outcomes[label], equal_nan=True), label


def test_copies_of_every_shipped_scenario_are_worlds() -> None:
    two = side_by_side(read("2025q1"), 2)
    assert len(two.actors) == 14
    assert {line.to[0].partition(".")[0] for line in two.ledger.values()} <= {
        *two.actors,
        *two.theatres,
    }


def test_measurements_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = read("triad")
    grown = measure(file, games=8, doublings=1, repeats=2)
    assert [each.axis for each in grown] == ["games", "quarters", "players"]
    assert [each.sizes for each in grown] == [(8, 16), (4, 8), (3, 6)]
    assert all((each.seconds > 0.0).all() for each in grown)
    numbers = {"processes": 1.0, "batch_run_games_per_second": 5.0, "limit_games_per_second": 9.0}
    reported = report(file, numbers, grown, tmp_path / "bench", "hubspoke bench --growth")
    assert NOTICE in reported.text
    assert reported.figure.is_file()
    said = read_manifest(tmp_path / "bench")
    assert said["kind"] == "bench"
    assert all((tmp_path / "bench" / name).is_file() for name in said["files"])
    assert json.loads((tmp_path / "bench" / "bench.json").read_text()) == numbers
    rows = (tmp_path / "bench" / "growth.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 2 + 3 * 2 * 2
    assert main(["bench", "triad", "--out", str(tmp_path / "other")]) == 2
    assert "--growth" in capsys.readouterr().err
