"""A calibration looks at nothing later than 2020, goes on where it stopped, and says what it is."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import runs.calibration.run
from model.history import LAST_GUIDING, Consulted, history
from model.notice import NOTICE
from model.reading import read
from runs.batch import batch
from runs.calibration import inference
from runs.calibration.evidence import guiding, summarise
from runs.calibration.inference import Screened
from runs.calibration.report import report
from runs.calibration.run import calibrate, candidates
from runs.cli import main
from runs.ensemble import play_chunk
from runs.errors import UserError
from runs.hindcast import past_scenario, past_scenarios, play_past
from runs.posterior import FILE, Draws, Posterior, read_posterior, spoken
from runs.prior import uncertain
from runs.store import Results

SMALL = {"CHUNK": 30, "FEWEST": 60, "CHECKS": 5, "PREDICTED": 4}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a calibration of few games."""
    for name, value in SMALL.items():
        monkeypatch.setattr(runs.calibration.run, name, value)
    monkeypatch.setattr(inference, "NEAREST", 0.3)
    first_two = Screened(np.zeros(len(candidates())), -1.0, np.arange(2))
    monkeypatch.setattr(inference, "screen", lambda *_: first_two)  # too few to tell any


@cache
def some() -> Posterior:
    """Return a posterior of two numbers, one of which is another number in some years."""
    file = read("2017q1")
    names = ["rules.trust_decay", "actors.USA.support"]
    names = [n if n in uncertain(file) else "rules.hazard_clip" for n in names]
    priors = {n: (uncertain(file)[n].value, *uncertain(file)[n].range) for n in names}
    rows = np.array([[0.2, 0.4, 0.9], [0.6, 0.1, 0.5]])
    return Posterior(
        "some", priors, rows, np.array([0.5, 0.0, 1.0]), {"scenarios": {"2017q1": "hash"}}
    )


def test_scenarios_that_go_beyond_the_last_guiding_year_are_refused() -> None:
    assert guiding() == ("2003q1", "2017q1")
    games = play_past(past_scenario("2021q1"), 2, Draws(1))
    with pytest.raises(ValueError, match="scored only"):
        summarise(games, Consulted(history()))


def test_no_figure_later_than_the_last_guiding_year_is_consulted() -> None:
    record = Consulted(history())
    for name in guiding():
        found = summarise(play_past(past_scenario(name), 2, Draws(1)), record)
        assert found.values.shape == (len(found.summaries), 2)
        assert len({s.id for s in found.summaries}) == len(found.summaries)
    periods = [getattr(row, "period", getattr(row, "last", "")) for row in record.used]
    assert len(periods) > 100
    assert all(int(str(p)[:4]) <= LAST_GUIDING for p in periods if p)


def test_only_numbers_that_are_the_same_in_every_year_are_candidates() -> None:
    found = set(candidates())
    assert len(found) > 500
    assert "actors.USA.support" not in found
    for name in (*past_scenarios(), "2025q1"):
        listed = uncertain(read(name))
        assert found <= listed.keys()


def test_a_game_draws_its_row_of_the_posterior_wherever_it_is_played() -> None:
    file, draws = read("2017q1"), Draws(3, some())
    many, alone = draws.values(file, np.arange(300)), draws.values(file, [7])
    prior = Draws(3).values(file, np.arange(300))
    for n, (name, (value, low, high)) in enumerate(some().ranges.items()):
        u = some().quantiles[n][[0, 2]]
        known = value + np.where(u < 0.5, value - low, high - value) * (2 * u - 1)
        assert set(many[name].tolist()) == set(known.tolist())
        assert np.mean(many[name] == known[1]) == pytest.approx(2 / 3, abs=0.09)
        assert alone[name][0] == many[name][7]
    for name in prior.keys() - some().ranges.keys():
        assert (prior[name] == many[name]).all()


def test_a_number_with_another_range_is_left_to_its_range() -> None:
    there = read("2025q1")
    assert some().fits(read("2017q1")) == list(some().ranges)
    assert "actors.USA.support" not in some().fits(there)
    drawn, prior = Draws(1, some()).values(there, [0, 1]), Draws(1).values(there, [0, 1])
    assert (drawn["actors.USA.support"] == prior["actors.USA.support"]).all()
    assert "do not apply" in spoken(some(), there)
    assert "do not apply" not in spoken(some(), read("2017q1"))
    assert "nothing is calibrated" in spoken(None, there)
    assert "Nothing is calibrated" in spoken(read_posterior("shipped"), read("triad"))


def test_the_shipped_posterior_says_what_it_is_and_fits_today() -> None:
    shipped = read_posterior("shipped")
    assert shipped is not None
    assert FILE.stat().st_size < 200_000
    assert set(shipped.made["scenarios"]) == set(guiding())
    assert 8 <= len(shipped.ranges) <= 15
    for name in (*past_scenarios(), "2025q1"):
        assert shipped.fits(read(name)) == list(shipped.ranges), "hubspoke calibrate, then ship it"
    assert shipped.made["unverified"]


def test_games_of_a_batch_take_their_numbers_from_it(tmp_path: Path) -> None:
    file = read("triad")
    name, other = list(uncertain(file))[:2]
    prior = (uncertain(file)[name].value, *uncertain(file)[name].range)
    ranges = {name: prior, other: (uncertain(file)[other].value, *uncertain(file)[other].range)}
    draws = Draws(1, replace(some(), ranges=ranges))
    done = batch(
        file,
        runs=3,
        quarters=2,
        draws=draws,
        values={name: prior[0]},
        out=tmp_path,
        workers=1,
        stream=io.StringIO(),
    )
    results = Results(done.folder)
    assert results.manifest["numbers"] == draws.label != Draws(1).label
    set_ = draws.values(file, [2]) | {name: np.array([prior[0]])}
    alone = play_chunk(file, 1, [2], quarters=2, values=set_)
    assert results.outcomes(["digest"])["digest"][2] == alone.outcomes["digest"][0]
    assert "some" in (done.folder / "summary.txt").read_text(encoding="utf-8")


def test_a_game_with_drawn_numbers_is_the_same_alone() -> None:
    """Signs are drawn, too: what one game's say must not decide for another."""
    file, draws = read("2017q1"), Draws(1)
    many = play_chunk(file, 1, [0, 1, 2], quarters=1, values=draws.values(file, [0, 1, 2]))
    alone = play_chunk(file, 1, [2], quarters=1, values=draws.values(file, [2]))
    assert many.outcomes["digest"][2] == alone.outcomes["digest"][0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such file"),
        ("{", "is damaged"),
        ("[]", "is no posterior"),
        ('{"format": "hubspoke posterior 0"}', "its format is"),
        (
            json.dumps(
                {
                    "format": "hubspoke posterior 1",
                    "made": {"scenarios": {}},
                    "weights": [1],
                    "parameters": {"a": {"value": 1, "range": [0, 2], "quantiles": [1.5]}},
                }
            ),
            "between 0 and 1",
        ),
    ],
)
def test_a_wrong_file_is_the_users_fault(
    content: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "posterior.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    for command in (["hindcast", "2017q1"], ["batch", "triad"]):
        assert main([*command, "--posterior", str(path), "--runs", "1"]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.usefixtures("small")
def test_a_calibration_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    out = tmp_path / "out"
    whole = report(60, 1, out, workers=1, stream=io.StringIO())
    posterior = (out / "posterior.json").read_bytes()
    for gone in ("prior-2017q1/part-000030-000059.parquet", "posterior.json"):
        (out / gone).unlink()
    (out / "prior-2017q1" / ".part-000030-000059.parquet..tmp").write_text("half")
    told = io.StringIO()
    again = report(60, 1, out, workers=1, stream=told)
    assert "30 of 60 games are there" in told.getvalue()
    assert (out / "posterior.json").read_bytes() == posterior
    assert again.text == whole.text
    assert not list(out.rglob("*.tmp"))
    for file in again.files:
        if file.suffix in {".csv", ".txt", ".json", ".svg"}:
            assert NOTICE in file.read_text(encoding="utf-8"), file.name
    rows = list(csv.DictReader((out / "parameters.csv").read_text("utf-8").splitlines()[1:]))
    assert len(rows) == 2
    with pytest.raises(UserError, match="draws: 60 there, 61 now"):
        calibrate(61, 1, out, workers=1, stream=io.StringIO())
    read_back = read_posterior(str(out))
    assert read_back is not None
    assert read_back.fits(read("2017q1")) == [row["parameter"] for row in rows]


def test_too_few_games_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--draws", "5", "--out", str(tmp_path)]) == 2
    assert "--draws 5: from 500" in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_calibration_comes_to_the_same(tmp_path: Path) -> None:
    program = "from runs.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "calibrate", "--draws", "500", "--workers", "1"]
    begun = subprocess.Popen([*command, "--out", str(tmp_path / "killed")])
    part = tmp_path / "killed" / "prior-2003q1"
    while not list(part.glob("part-*.parquet")) and begun.poll() is None:
        time.sleep(0.05)
    os.kill(begun.pid, signal.SIGKILL)
    begun.wait()
    for folder in ("killed", "whole"):
        subprocess.run([*command, "--out", str(tmp_path / folder)], check=True)
    for name in ("posterior.json", "calibration.txt", "parameters.csv", "summaries.csv"):
        killed, whole = ((tmp_path / f / name).read_bytes() for f in ("killed", "whole"))
        assert killed == whole, name
