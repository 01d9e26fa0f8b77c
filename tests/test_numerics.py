"""Own exp, log, logistic, power and total: accurate, and the same bits however they are called."""

import math
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numba import njit
from numpy.typing import NDArray

from agents import numerics
from agents.numerics import exp, exp1, log, log1, logistic, logistic1, power, power1, total

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]

RNG = np.random.default_rng(2025)
ANY = np.concatenate([RNG.uniform(-50, 50, 50_000), RNG.uniform(-800, 800, 50_000), [0.0, -0.0]])
POSITIVE = np.concatenate(
    [
        RNG.uniform(0, 4, 50_000),
        1.0 + RNG.normal(0, 1e-8, 10_000),
        2.0 ** RNG.uniform(-1022, 1023, 50_000),
        [5e-324, 1e-310, 2.0**-1022, math.sqrt(0.5), 1.0, math.sqrt(2.0), 1.7e308],
    ]
)


def same(a: Any, b: Any) -> bool:
    """Whether two arrays have the same shape and the same bits."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return a.shape == b.shape and a.tobytes() == b.tobytes()


def reference_exp(x: Floats) -> Floats:
    x = np.clip(x, -700.0, 700.0)
    k = np.rint(x * 1.4426950408889634)
    r = (x - k * numerics.LN2_HIGH) - k * numerics.LN2_LOW
    tail = np.full(x.shape, 1 / math.factorial(12))
    for n in range(11, 1, -1):
        tail = tail * r + 1 / math.factorial(n)
    return np.ldexp(1.0 + (r + r * r * tail), k.astype(np.int64))


def reference_log(x: Floats) -> Floats:
    m, k = np.frexp(x)  # 1/2 <= m < 1
    low = m < math.sqrt(0.5)
    m, k = np.where(low, 2.0 * m, m), np.where(low, k - 1, k).astype(np.float64)
    f = m - 1.0
    s = f / (2.0 + f)
    tail = np.zeros(x.shape)
    for coefficient in numerics.LOG_TAIL:
        tail = tail * (s * s) + coefficient
    half = 0.5 * f * f
    inner = half - (s * (half + s * s * tail) + k * numerics.LN2_LOW)
    return k * numerics.LN2_HIGH - (inner - f)


def reference_logistic(x: Floats) -> Floats:
    upper = 1.0 / (1.0 + reference_exp(-np.abs(x)))
    return np.where(x >= 0.0, upper, 1.0 - upper)


def reference_power(x: Floats, eta: float) -> Floats:
    return np.where(x == 0.0, 0.0, reference_exp(eta * reference_log(np.where(x == 0.0, 1.0, x))))


@pytest.mark.parametrize(
    ("function", "reference", "x"),
    [
        (exp, reference_exp, ANY),
        (log, reference_log, POSITIVE),
        (logistic, reference_logistic, ANY),
        (lambda x: power(x, 1.7), lambda x: reference_power(x, 1.7), POSITIVE),
    ],
)
def test_equals_numpy_reference_bit_for_bit(
    function: Function, reference: Function, x: Floats
) -> None:
    assert same(function(x), reference(x))


def test_bits_are_those_of_every_machine() -> None:
    x = np.arange(-6400, 6400) * 0.109375  # exact, -700 to 700
    y = np.arange(1, 6400) * 0.109375
    found = [
        blake2b(values.astype("<f8").tobytes(), digest_size=8).hexdigest()
        for values in (exp(x), log(y), logistic(x), power(y, 1.5))
    ]
    assert found == ["5aceb3d98c5fb67f", "ba910366ffa8ce47", "b1b4d1c1a9453b4b", "eb98ddc39e356b05"]


def test_exp_is_accurate() -> None:
    x = ANY[np.abs(ANY) <= 700]
    assert np.max(np.abs(exp(x) / np.exp(x) - 1)) < 1e-15


def test_log_is_accurate() -> None:
    expected = np.log(POSITIVE)
    error = np.abs(log(POSITIVE) - expected)
    assert np.all(error <= 1e-15 * np.abs(expected))


def test_logistic_is_accurate_and_symmetric() -> None:
    assert logistic1(0.0) == 0.5
    assert np.max(np.abs(logistic(ANY) - 1 / (1 + np.exp(-np.clip(ANY, -700, 700))))) < 3e-16
    assert same(logistic(-ANY[ANY != 0]), 1 - logistic(ANY[ANY != 0]))


@given(st.floats(1e-6, 1e6), st.floats(-3, 3))
def test_power_is_accurate(x: float, eta: float) -> None:
    assert power1(x, eta) == pytest.approx(x**eta, rel=1e-13)


def test_special_values() -> None:
    assert exp1(0.0) == 1.0
    assert exp1(1e9) == exp1(math.inf) == exp1(700.0) > 1e304
    assert 0.0 < exp1(-1e9) == exp1(-math.inf) == exp1(-700.0) < 1e-304
    assert log1(1.0) == 0.0
    assert log1(0.0) == log1(-0.0) == -math.inf
    assert log1(math.inf) == math.inf
    assert math.isnan(log1(-1.0))
    assert (logistic1(-math.inf), logistic1(math.inf)) == (0.0, 1.0)
    assert [power1(0.0, eta) for eta in (-1.0, 0.0, 2.0)] == [0.0, 0.0, 0.0]
    assert same(power([0.0, 1.0, 4.0], [[-1.0], [0.0], [0.5]])[:, :2], [[0.0, 1.0]] * 3)
    assert math.isnan(power1(-1.0, 2.0))
    with np.errstate(invalid="ignore"):
        assert math.isnan(power([-1.0], 2.0)[0])
    for function in (exp1, log1, logistic1):
        assert math.isnan(function(math.nan))


@given(st.floats(-700, 700), st.floats(-700, 700))
def test_exp_and_logistic_never_fall(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    assert exp1(low) <= exp1(high)
    assert logistic1(low) <= logistic1(high)


@given(arrays(np.float64, array_shapes(max_dims=3, max_side=9), elements=st.floats(-800, 800)))
def test_shape_stride_and_length_change_no_bit(x: Floats) -> None:
    for function, scalar in ((exp, exp1), (logistic, logistic1)):
        each = np.array([scalar(value) for value in x.ravel()]).reshape(x.shape)
        assert same(function(x), each)
        assert same(function(x.T), each.T)
        assert same(function(x[..., ::-2]), each[..., ::-2])
        assert same(function(x[..., 1:]), each[..., 1:])
    positive = np.abs(x)
    each = np.array([power1(value, 1.3) for value in positive.ravel()]).reshape(x.shape)
    assert same(power(positive, 1.3), each)
    assert same(power(positive.T, np.full(x.T.shape, 1.3)), each.T)
    each = np.array([log1(value + 1) for value in positive.ravel()]).reshape(x.shape)
    assert same(log(positive + 1), each)


@njit(error_model="numpy")
def _in_a_kernel(x: Floats, out: Floats) -> None:
    for i in range(x.size):
        out[0, i] = exp1(x[i])
        out[1, i] = log1(x[i])
        out[2, i] = logistic1(x[i])
        out[3, i] = power1(x[i], 0.7)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 1001])
def test_a_vectorised_kernel_gives_the_same_bits(length: int) -> None:
    x = POSITIVE[:length]
    out = np.empty((4, length))
    _in_a_kernel(x, out)
    assert same(out, np.stack([exp(x), log(x), logistic(x), power(x, 0.7)]))


def test_power_broadcasts() -> None:
    assert power(np.ones((3, 1)), np.ones(4)).shape == (3, 4)
    assert power(2.0, np.array([1.0, 2.0])) == pytest.approx([2.0, 4.0], rel=1e-15)


@given(
    arrays(np.float64, array_shapes(min_dims=2, max_dims=4), elements=st.floats(-1e6, 1e6)),
    st.data(),
)
def test_total_adds_in_order_whatever_the_batch(x: Floats, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, x.ndim - 2))
    whole = total(x, axis)
    assert same(total(x, axis - x.ndim), whole)
    assert same(total(np.asfortranarray(x), axis), whole)
    for r in range(x.shape[-1]):
        assert same(total(x[..., r : r + 1], axis)[..., 0], whole[..., r])
    for place in np.ndindex(whole.shape):
        line = np.moveaxis(x, axis, -1)[place]
        assert whole[place] == sum(line.tolist()[1:], line[0])  # no compensation: not one float


def test_total_depends_on_order_as_plain_adding_does() -> None:
    assert total(np.array([[1e16], [1.0], [-1e16]]), 0) == [0.0]
    assert total(np.array([[1e16], [-1e16], [1.0]]), 0) == [1.0]
    assert same(total(np.empty((0, 3)), 0), np.zeros(3))
    assert same(total(np.array([[True, False], [True, True]]), 0), [2.0, 1.0])


@pytest.mark.parametrize(("shape", "axis"), [((3,), 0), ((2, 3), 1), ((2, 3), -1), ((2, 3), 2)])
def test_total_never_sums_over_runs(shape: tuple[int, ...], axis: int) -> None:
    with pytest.raises(ValueError, match="the last axis is the runs"):
        total(np.zeros(shape), axis)
