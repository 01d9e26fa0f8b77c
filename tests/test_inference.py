"""Likelihood-free inference finds known posteriors, and its check by simulation can fail."""

from math import erf, exp, pi, sqrt

import numpy as np
import pytest

from runs.calibration import inference
from runs.calibration.inference import (
    check,
    contraction,
    from_uniform,
    in_reach,
    informed,
    posterior,
    project,
    projected,
    ranks,
    screen,
    weighted_quantile,
)

GAMES, NOISE = 20_000, 0.2


def toy(games: int = GAMES, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two parameters that one summary each shows with normal noise, one that none shows."""
    draw = np.random.default_rng(seed)
    quantiles = draw.random((3, games))
    seen = quantiles[:2] + NOISE * draw.standard_normal((2, games))
    return quantiles, np.vstack([seen, draw.standard_normal((2, games))])


def told(quantiles: np.ndarray, seen: np.ndarray, at: list[float]) -> inference.Sample:
    features = ranks(seen)
    onto = project(quantiles, features)
    here = ranks(seen, np.array(at)[:, None])
    return posterior(quantiles, projected(onto, features), projected(onto, here)[:, 0])


def truncated_normal(at: float) -> tuple[float, float]:
    """Mean and standard deviation of a normal around what was seen, between 0 and 1."""
    a, b = -at / NOISE, (1.0 - at) / NOISE
    density = [exp(-x * x / 2) / sqrt(2 * pi) for x in (a, b)]
    mass = 0.5 * (erf(b / sqrt(2)) - erf(a / sqrt(2)))
    shift = (density[0] - density[1]) / mass
    spread = 1 + (a * density[0] - b * density[1]) / mass - shift**2
    return at + NOISE * shift, NOISE * sqrt(spread)


@pytest.mark.parametrize("at", [(0.5, 0.3), (0.8, 0.6), (0.1, 0.5)])
def test_a_known_posterior_is_found(at: tuple[float, float]) -> None:
    sample = told(*toy(), [*at, 0.0, 0.0])
    for n, x in enumerate(at):
        mean = float((sample.quantiles[n] * sample.weights).sum())
        spread = sqrt(float(((sample.quantiles[n] - mean) ** 2 * sample.weights).sum()))
        expected = truncated_normal(x)
        assert mean == pytest.approx(expected[0], abs=0.02)
        assert spread == pytest.approx(expected[1], rel=0.12)
    assert from_uniform(sample.quantiles[2], sample.weights) < 0.07
    assert informed(sample).tolist() == [True, True, False]
    assert contraction(sample)[2] == pytest.approx(0.0, abs=0.05)
    assert 300 < sample.effective < inference.NEAREST * GAMES


def test_what_no_summary_shows_is_not_calibrated() -> None:
    quantiles, seen = toy(4000)
    screened = screen(quantiles, ranks(seen), 1)
    assert sorted(screened.chosen.tolist()) == [0, 1]
    assert screened.share[2] <= screened.bar < 0.01
    assert screened.share[0] == pytest.approx(1 / (1 + 12 * NOISE**2), abs=0.05)
    assert not len(screen(quantiles[2:], ranks(seen), 1).chosen)


def test_a_check_by_simulation_passes_and_can_fail() -> None:
    quantiles, seen = toy(6000, seed=2)
    features = ranks(seen)
    expected = projected(project(quantiles, features), features)
    games = list(range(150))
    good = check(quantiles, expected, games)
    assert good.uniform.all()
    for band, share in good.coverage.items():
        assert share.mean() == pytest.approx(band / 100, abs=0.07)
    biased = check(quantiles**2, expected, games)  # the same transformation of sample and truth
    assert biased.uniform.all()
    shifted = np.roll(expected, 1, axis=1)  # everybody's summaries are somebody else's
    assert check(quantiles, shifted, games).uniform.all(), "the prior is calibrated as well"
    wrong = quantiles.copy()  # the numbers of those that are tried are not what made their games
    wrong[0, games] = (wrong[0, games] + 0.3) % 1.0
    assert check(wrong, expected, games).uniform.tolist() == [False, True, True]


def test_a_record_beyond_all_games_is_not_in_reach() -> None:
    games = np.vstack([np.linspace(0.0, 1.0, 1000)] * 4 + [np.ones(1000)])
    reached = in_reach(games, np.array([0.5, 1.2, 0.995, 0.98, 1.0]))
    assert reached.tolist() == [True, False, False, True, False]
    answers = np.vstack([np.arange(1000) < n for n in (5, 30)]).astype(float)
    assert in_reach(answers, np.ones(2)).tolist() == [False, True]
    assert in_reach(answers, np.zeros(2)).tolist() == [True, True]


def test_ranks_count_half_of_the_ties() -> None:
    games = np.array([[1.0, 2.0, 2.0, 3.0]])
    assert ranks(games).tolist() == [[0.125, 0.5, 0.5, 0.875]]
    assert ranks(games, np.array([[0.0, 2.5, 9.0]])).tolist() == [[0.0, 0.75, 1.0]]


def test_a_weighted_quantile_is_that_of_the_copies() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.4, 0.4])
    assert weighted_quantile(values, weights, 0.2) == pytest.approx(1.0)
    assert weighted_quantile(values, weights, 0.6) == pytest.approx(2.0)
    assert weighted_quantile(values, weights, 0.4) == pytest.approx(1.5)
