"""Sensitivity: known answers, shared chance within a block, groups that hold every number once."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.reading import read
from runs.errors import UserError
from runs.prior import uncertain
from runs.sensitivity.analysis import analyse, chance_share
from runs.sensitivity.design import Design, lay_out, play
from runs.sensitivity.factors import Factor, grouped, single
from runs.sensitivity.report import as_text, report

FILE = read("2025q1")
TRIAD = read("triad")
THREE = ("tau_usa", "tau_rok", "win_set_rok")


def laid(method: str, **options: object) -> Design:
    given = {"size": 64, "repeats": 4, "seed": 3, "outcomes": ("y",), **options}
    return lay_out(FILE, method, single(FILE, THREE), **given)  # type: ignore[arg-type]


def games(design: Design, noise: float) -> np.ndarray:
    """Made-up games: 3 a + b + (nothing of c), and chance that a block shares."""
    a, b, _ = design.shares.T
    drawn = np.random.default_rng(1).normal(size=int(design.runs.max()) + 1)
    return (3.0 * a + b)[:, None] + noise * drawn[design.runs]


def test_sobol_finds_known_shares_whatever_chance_does() -> None:
    design = laid("sobol", size=512)
    for noise in (0.0, 0.5):
        (found,) = analyse(design, {"y": games(design, noise)})
        whole = 9 / 12 + 1 / 12 + noise**2 / 4
        assert found.indices.main == pytest.approx([9 / 12 / whole, 1 / 12 / whole, 0.0], abs=0.05)
        assert found.indices.main[2] == pytest.approx(0.0, abs=1e-12)  # chance cancels
        assert sorted(found.settled) == [64, 128, 256, 512]


def test_morris_ranks_and_shows_nothing_where_nothing_is() -> None:
    design = laid("morris", size=16)
    (found,) = analyse(design, {"y": games(design, 0.5)})
    assert found.indices.main == pytest.approx([3.0, 1.0, 0.0])
    assert found.indices.other == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
    (quiet,) = analyse(design, {"y": np.ones((len(design.shares), 4))})
    assert np.isnan(quiet.indices.main).all()


def test_what_too_few_rows_cannot_tell_is_said() -> None:
    few, many = laid("sobol", size=4), laid("sobol", size=512)
    for design, told in ((few, True), (many, False)):
        found = analyse(design, {"y": games(design, 0.5)})
        assert ("not settled" in as_text(design, found)) == told
    assert "--size 16 would halve" in as_text(few, analyse(few, {"y": games(few, 0.5)}))


def test_the_share_of_chance() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(4000, 1))
    assert chance_share(rows + rng.normal(size=(4000, 4))) == pytest.approx(0.5, abs=0.02)
    assert chance_share(np.repeat(rows, 4, axis=1)) == 0.0


def test_a_block_shares_its_games() -> None:
    design = laid("morris", size=5)
    runs = design.runs.reshape(5, design.block, 4)
    assert (runs == runs[:, :1]).all()
    assert len(np.unique(runs)) == 5 * 4


def test_groups_hold_every_number_once() -> None:
    numbers = [name for factor in grouped(FILE) for name in factor.numbers]
    assert sorted(numbers) == sorted(uncertain(FILE))
    assert len({factor.name for factor in grouped(FILE)}) == len(grouped(FILE))
    design = lay_out(FILE, "morris", grouped(FILE), size=4, repeats=2, seed=1, outcomes=("y",))
    jumps = np.diff(design.shares[: design.block], axis=0) != 0.0
    assert (jumps.sum(axis=0) == 1).all()  # each number moves once in a trajectory, with its group


def test_single_numbers_by_alias_and_prefix() -> None:
    assert single(FILE, ("tau_usa",))[0] == Factor(
        "actors.USA.transactionalism",
        "United States: transactionalism",
        ("actors.USA.transactionalism",),
    )
    assert all(f.id.startswith("theatres.korea.") for f in single(FILE, ("theatres.korea",)))
    assert len(single(FILE, ())) > 20
    with pytest.raises(UserError, match="did you mean tau_usa"):
        single(FILE, ("tau_us",))
    with pytest.raises(UserError, match="power of two"):
        laid("sobol", size=60)
    with pytest.raises(UserError, match="at least two factors"):
        lay_out(FILE, "sobol", single(FILE, ("tau_usa",)), size=4, repeats=2, seed=1, outcomes=())


def test_a_small_analysis_from_games_to_figure(tmp_path: Path) -> None:
    outcome = "utility.Client"
    quiet = io.StringIO()
    small = {"size": 4, "repeats": 2, "quarters": 3}
    given = {**small, "outcomes": (outcome,), "out": tmp_path, "workers": 1, "stream": quiet}
    reported = report(TRIAD, "morris", **given)  # type: ignore[arg-type]
    assert all(file.is_file() for file in reported.figures)
    assert "of the variance of games is chance" in reported.text
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "games").iterdir()}
    design = lay_out(TRIAD, "morris", grouped(TRIAD), seed=1, outcomes=(outcome,), **small)
    play(design, tmp_path / "games", 1, quiet)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "games").iterdir()} == kept
    unknown = replace(design, outcomes=("end.x",), quarters=1)
    with pytest.raises(UserError, match="no outcome"):
        play(unknown, tmp_path / "other", 1, quiet)
