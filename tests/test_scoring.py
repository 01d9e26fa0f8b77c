"""Scores with known values, and naive forecasters that do what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.scoring import (
    NAIVE,
    RECORD,
    brier,
    by_year,
    climatology,
    covered,
    crps,
    naive_scores,
    no_change,
    past_swings,
    skill,
    trend,
)

NORMAL = 0.23370  # CRPS of a standard normal at 0: (sqrt(2) - 1) / sqrt(pi)


def by_definition(x: np.ndarray, y: float) -> float:
    return float(np.abs(x - y).mean() - np.abs(x[:, None] - x).mean() / 2)


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=30),
    st.floats(-100, 100),
)
def test_crps_is_its_definition(members: list[float], truth: float) -> None:
    x = np.array(members)
    assert crps(x, truth) == pytest.approx(by_definition(x, truth), abs=1e-9)


def test_crps_of_a_normal_and_of_a_point() -> None:
    draws = np.random.default_rng(1).standard_normal(200_000)
    assert crps(draws, 0.0) == pytest.approx(NORMAL, abs=0.003)
    assert crps(np.array([3.0]), 5.0) == 2.0


def test_crps_loses_no_digits_far_from_zero() -> None:
    x = np.random.default_rng(2).uniform(size=1000)
    assert crps(x + 1e9, 1e9 + 0.25) == pytest.approx(crps(x, 0.25), rel=1e-5)


def test_crps_rewards_the_truthful() -> None:
    rng = np.random.default_rng(3)
    truths = rng.standard_normal(400)
    right = np.mean([crps(rng.standard_normal(200), y) for y in truths])
    wide, shifted = (
        np.mean([crps(scale * rng.standard_normal(200) + shift, y) for y in truths])
        for scale, shift in ((3.0, 0.0), (1.0, 1.0))
    )
    assert right < wide
    assert right < shifted


def test_coverage_and_brier() -> None:
    x = np.arange(101.0)
    assert covered(x, 25.0, 50.0)
    assert not covered(x, 24.0, 50.0)
    assert covered(x, 95.0, 90.0)
    assert not covered(x, 96.0, 90.0)
    assert brier(0.25, True) == pytest.approx(0.5625)
    assert brier(0.25, False) == pytest.approx(0.0625)


def test_naive_forecasters() -> None:
    line = np.arange(10.0, 30.0, 2.0)
    assert list(no_change(line, 3)) == [28.0]
    assert trend(line, 3) == pytest.approx(np.full(8, 34.0))
    assert past_swings(line, 2) == pytest.approx(np.full(8, 32.0))
    assert list(climatology(np.arange(20.0), 5)) == list(np.arange(20.0 - RECORD, 20.0))
    short = np.array([1.0, 2.0])
    assert all(len(forecast(short, 4)) >= 1 for forecast in NAIVE.values())
    assert list(past_swings(short, 4)) == list(trend(short, 4)) == [2.0]


def test_naive_forecasters_are_scored_further_and_further_ahead() -> None:
    line = np.arange(10.0)
    scores = naive_scores(line, {"2017": 10.0, "2018": 11.0})
    assert scores["no change"] == [1.0, 2.0]
    assert scores["trend"] == pytest.approx([0.0, 0.0])


def test_skill_has_a_sign_and_an_interval() -> None:
    better, worse = np.array([1.0, 2.0, 1.0, 2.0]), np.array([2.0, 4.0, 2.0, 4.0])
    assert skill(better, worse, 1) == pytest.approx((0.5, 0.5, 0.5))
    assert skill(worse, better, 1)[0] == pytest.approx(-1.0)
    best, low, high = skill(np.array([1.0, 1.0, 4.0]), np.array([2.0, 2.0, 2.0]), 1)
    assert low < best < high
    perfect = np.zeros(3)
    assert skill(better[:3], perfect, 1) == (-np.inf, -np.inf, -np.inf)


def test_years_are_means_of_their_quarters() -> None:
    assert list(by_year(["2017Q1", "2017Q2", "2018Q1"], [1.0, 3.0, 5.0])) == [2.0, 5.0]
