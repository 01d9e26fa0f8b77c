"""Named random draws: known answers, and nothing but names changes a draw."""

import math
import pickle
from hashlib import blake2b
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from agents.numerics import exp, log
from model import chance as module
from model.chance import (
    MOST_COUNTS,
    Chance,
    check_ids,
    gumbel1,
    negative_binomial,
    philox4x32,
    standard1,
)

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

FULL = 2**32 - 1
MANY = Chance(7, np.arange(50_000))
ACTORS = ("CHN", "JPN", "KOR", "PRK", "USA")


# Random123's known answers for philox4x32 with 10 rounds.
@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((FULL,) * 4, (FULL,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_known_answers(
    counter: tuple[int, int, int, int], key: tuple[int, int], words: tuple[int, ...]
) -> None:
    assert philox4x32(counter, key) == words
    assert tuple(reference_philox(np.array(counter, np.uint64), key)) == words


def reference_philox(counter: Words, key: tuple[int, int]) -> Words:
    """Philox4x32-10 in NumPy, counter and result (4, ...)."""
    low, half = np.uint64(FULL), np.uint64(32)
    a, b, c, d = counter
    for r in range(10):
        k = np.uint64((key[0] + r * 0x9E3779B9) & FULL)
        m = np.uint64((key[1] + r * 0xBB67AE85) & FULL)
        p, q = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b, c, d = (q >> half) ^ b ^ k, q & low, (p >> half) ^ d ^ m, p & low
    return np.stack([a, b, c, d])


def reference_uniforms(
    seed: int, stream: str, quarter: int, entities: tuple[str, ...], runs: list[int], n: int
) -> Floats:
    digest = blake2b(seed.to_bytes(8, "little") + stream.encode(), digest_size=8).digest()
    key = (int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little"))
    hashes = [
        int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "little")
        for name in entities
    ]
    blocks = range(-(-n // 4))
    grid = np.meshgrid(hashes, blocks, quarter, runs, indexing="ij")
    entity, block, when, run = (np.asarray(axis, np.uint64)[:, :, 0] for axis in grid)
    words = reference_philox(np.stack([block, when, run, entity]), key)
    draws: Floats = (
        np.moveaxis(words, 0, 2)
        .reshape(len(entities), 4 * len(blocks), len(runs))
        .astype(np.float64)
    )
    return (draws[:, :n] + 0.5) / 2.0**32


def reference_standard(u: Floats) -> Floats:
    q = u - 0.5
    r = 0.180625 - q * q
    centre = q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
    centre = centre / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
    r = np.sqrt(-log(np.minimum(u, 1.0 - u))) - 1.6
    flank = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
    flank = flank / ((0.12021132975 * r + 0.73700164250) * r + 1.0)
    return np.where(np.abs(q) <= 0.425, centre, np.where(q > 0.0, flank, -flank))


@given(
    seed=st.integers(0, 2**64 - 1),
    stream=st.text(),
    quarter=st.integers(0, FULL),
    entities=st.lists(st.text(), max_size=4).map(tuple),
    runs=st.lists(st.integers(0, FULL), max_size=9),
    n=st.integers(0, 9),
)
def test_draws_equal_the_numpy_reference(
    seed: int, stream: str, quarter: int, entities: tuple[str, ...], runs: list[int], n: int
) -> None:
    chance = Chance(seed, np.array(runs, np.int64))
    draws = chance.uniforms(stream, quarter, entities, n)
    expected = reference_uniforms(seed, stream, quarter, entities, runs, n)
    assert draws.shape == (len(entities), n, len(runs))
    assert draws.tobytes() == expected.tobytes()
    assert np.all((draws > 0) & (draws < 1))
    gumbels = chance.gumbels(stream, quarter, entities, n)
    assert gumbels.tobytes() == (-log(-log(expected))).tobytes()
    standards = chance.standards(stream, quarter, entities, n)
    assert standards.tobytes() == reference_standard(expected).tobytes()


@given(st.lists(st.integers(0, 99), max_size=40))
def test_a_run_draws_the_same_in_any_batch(index: list[int]) -> None:
    runs = np.random.default_rng(3).permutation(10_000)[:100]
    whole = Chance(5, runs)
    part = whole.take(np.array(index, np.int64))
    assert part.runs.tolist() == runs[index].tolist()
    for draw in (Chance.uniforms, Chance.gumbels, Chance.standards):
        expected = draw(whole, "crisis", 3, ACTORS, 5)[..., index]
        assert draw(part, "crisis", 3, ACTORS, 5).tobytes() == expected.tobytes()


def test_take_understands_masks_and_slices() -> None:
    chance = Chance(5, np.array([4, 8, 15, 16, 23, 42]))
    assert chance.take(chance.runs > 15).runs.tolist() == [16, 23, 42]
    assert chance.take(slice(1, 3)).runs.tolist() == [8, 15]
    assert pickle.loads(pickle.dumps(chance)).runs.tolist() == chance.runs.tolist()  # noqa: S301


def test_more_draws_or_entities_shift_nobody() -> None:
    for one, many in (
        (MANY.uniform, MANY.uniforms),
        (MANY.gumbel, MANY.gumbels),
        (MANY.standard, MANY.standards),
    ):
        all_five = many("offer", 2, ACTORS, 9)
        assert np.array_equal(many("offer", 2, ACTORS[::-1], 3), all_five[::-1, :3])
        assert np.array_equal(one("offer", 2, "KOR", 6), all_five[2, :6])


def test_a_result_is_the_callers_own() -> None:
    first = MANY.uniform("offer", 2, "KOR")
    kept = first.copy()
    first[:] = 0
    assert np.array_equal(MANY.uniform("offer", 2, "KOR"), kept)
    with pytest.raises(ValueError, match="read-only"):
        MANY.runs[0] = 1


def test_every_name_makes_another_stream() -> None:
    base = MANY.uniform("offer", 2, "KOR")[0]
    others = [
        MANY.uniform("reply", 2, "KOR")[0],
        MANY.uniform("offer", 3, "KOR")[0],
        MANY.uniform("offer", 2, "JPN")[0],
        MANY.uniform("offer", 2, "KOR", 8)[1],
        MANY.uniform("offer", 2, "KOR", 8)[4],
        Chance(8, MANY.runs).uniform("offer", 2, "KOR")[0],
        np.roll(base, 1),
    ]
    limit = 4.5 / math.sqrt(base.size)  # standard errors of a correlation
    for other in others:
        assert abs(np.corrcoef(base, other)[0, 1]) < limit


@pytest.mark.parametrize(
    ("draws", "mean", "variance", "fourth"),
    [
        (MANY.uniform("u", 0, "x", 4), 0.5, 1 / 12, 1 / 80),
        (MANY.gumbel("g", 0, "x", 4), 0.5772156649, math.pi**2 / 6, 5.4 * (math.pi**2 / 6) ** 2),
        (MANY.standard("n", 0, "x", 4), 0.0, 1.0, 3.0),
    ],
)
def test_moments(draws: Floats, mean: float, variance: float, fourth: float) -> None:
    count = draws.size
    assert abs(draws.mean() - mean) < 4.5 * math.sqrt(variance / count)
    spread = ((draws - mean) ** 2).mean()
    assert abs(spread - variance) < 4.5 * math.sqrt((fourth - variance**2) / count)


def test_uniform_draws_fill_the_interval_evenly() -> None:
    counts = np.histogram(MANY.uniform("even", 0, "x", 4), bins=100, range=(0, 1))[0]
    expected = counts.sum() / 100
    chi_square = ((counts - expected) ** 2 / expected).sum()
    assert abs(chi_square - 99) < 4.5 * math.sqrt(2 * 99)


def test_standard_is_the_normal_quantile_and_odd() -> None:
    normal = NormalDist()
    for odd in [1, 3, 5, 99, 12345, *range(10**6 + 1, 2**33, 2 * 10**7)]:
        u = odd / 2**33
        assert abs(standard1(u) - normal.inv_cdf(u)) < 1e-6
        assert standard1(1 - u) == -standard1(u)


def test_gumbel_is_finite_at_both_ends() -> None:
    assert gumbel1(2.0**-33) == pytest.approx(-math.log(33 * math.log(2)))
    assert gumbel1(1 - 2.0**-33) == pytest.approx(33 * math.log(2), rel=1e-9)


def mass(n: int, mean: float, dispersion: float) -> float:
    """Probability of n events by the gamma function."""
    k = dispersion
    return math.exp(
        math.lgamma(n + k)
        - math.lgamma(k)
        - math.lgamma(n + 1)
        + k * math.log(k / (k + mean))
        + n * math.log(mean / (k + mean))
    )


@pytest.mark.parametrize(("mean", "dispersion"), [(0.3, 0.5), (2.0, 1.5), (40.0, 8.0), (3.0, 1e4)])
def test_counts_invert_the_distribution(mean: float, dispersion: float) -> None:
    below = 0.0
    for n in range(60):
        p = mass(n, mean, dispersion)
        inside = [below + 1e-3 * p, below + p - 1e-3 * p]
        assert negative_binomial(inside, mean, dispersion).tolist() == [n, n] or p < 1e-8
        below += p


def test_counts_have_their_mean_and_variance() -> None:
    mean, dispersion = 3.0, 1.5
    counts = negative_binomial(MANY.uniform("test days", 0, "PRK", 4), mean, dispersion)
    assert counts.dtype == np.int64
    assert counts.mean() == pytest.approx(mean, rel=0.02)
    assert counts.var() == pytest.approx(mean + mean**2 / dispersion, rel=0.04)


def reference_count(u: float, mean: float, dispersion: float) -> int:
    share = mean / (mean + dispersion)
    p = float(exp(dispersion * log(dispersion / (mean + dispersion))))
    below, n = p, 0
    while below < u and n < MOST_COUNTS:
        n += 1
        p = p * (share * (n - 1.0 + dispersion) / n)
        below = below + p
    return n


UNIT = st.integers(0, FULL).map(lambda word: (word + 0.5) / 2**32)


@given(UNIT, UNIT, st.floats(0, 50), st.floats(0, 50), st.floats(0.05, 1e3))
def test_counts_rise_with_draw_and_mean(
    u: float, v: float, mean: float, other: float, dispersion: float
) -> None:
    assert negative_binomial(u, mean, dispersion) == reference_count(u, mean, dispersion)
    low, high = sorted((u, v))
    less, more = sorted((mean, other))
    assert negative_binomial(low, less, dispersion) <= negative_binomial(high, less, dispersion)
    assert negative_binomial(u, less, dispersion) <= negative_binomial(u, more, dispersion)


def test_counts_at_the_limits() -> None:
    assert negative_binomial([1e-9, 1 - 2.0**-33], 0.0, 1.0).tolist() == [0, 0]
    assert negative_binomial(1 - 2.0**-33, 500.0, 1e-3) == MOST_COUNTS
    assert negative_binomial(0.5, 500.0, 1e6) in range(499, 502)
    assert negative_binomial(np.full((2, 3), 0.5), [1.0, 2.0, 3.0], 2.0).shape == (2, 3)


@pytest.mark.parametrize(
    ("mean", "dispersion", "word"),
    [
        (-1.0, 1.0, "mean"),
        (501.0, 1.0, "mean"),
        (math.nan, 1.0, "mean"),
        (1.0, 0.0, "dispersion"),
        (1.0, math.inf, "dispersion"),
        (1.0, math.nan, "dispersion"),
    ],
)
def test_counts_refuse_what_they_cannot_draw(mean: float, dispersion: float, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        negative_binomial(0.5, mean, dispersion)


def test_check_ids_names_both_that_collide() -> None:
    check_ids(["USA", "KOR", "USA", "lever-936"])
    assert module._id_hash("lever-936") == module._id_hash("lever-52570")
    with pytest.raises(ValueError, match=r"'lever-936' and 'lever-52570'"):
        check_ids(["USA", "lever-936", "KOR", "lever-52570"])


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "1", None])
def test_a_seed_that_does_not_fit_is_refused(seed: object) -> None:
    with pytest.raises(ValueError, match=r"seed must be a whole number from 0 to 2\*\*64 - 1"):
        Chance(seed, np.arange(3))  # type: ignore[arg-type]


def test_a_numpy_seed_is_a_seed() -> None:
    ours = Chance(np.uint64(2**64 - 1), np.arange(3))  # type: ignore[arg-type]
    assert ours.seed == 2**64 - 1
    assert np.array_equal(
        ours.uniform("s", 0, "x"), Chance(2**64 - 1, ours.runs).uniform("s", 0, "x")
    )


@pytest.mark.parametrize(
    "runs",
    [np.array([-1]), np.array([2**32]), np.array([1.0]), np.array(3), np.array([[1]])],
)
def test_runs_that_do_not_fit_are_refused(runs: NDArray[np.int64]) -> None:
    with pytest.raises(ValueError, match="runs"):
        Chance(1, runs)


def test_a_quarter_or_entities_that_do_not_fit_are_refused() -> None:
    for quarter in (-1, 2**32):
        with pytest.raises(ValueError, match="quarters go from 0"):
            MANY.uniform("s", quarter, "x")
    with pytest.raises(TypeError, match="sequence of ids"):
        MANY.uniforms("s", 0, "KOR")
