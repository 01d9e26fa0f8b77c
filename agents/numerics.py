"""Exponential, logarithm, logistic, power and sum that give the same bits on every machine.

Library functions differ in the last bits between NumPy, Numba and processors, and a sum's last bits
depend on its order; a choice that hangs on them would too. Here are only + - * / and moves of bits,
in a fixed order and without fused multiply-add, so one game equals the same game in a batch.

`exp1`, `log1`, `logistic1`, `power1` are for scalars inside Numba kernels, whose loops over
contiguous arrays they leave vectorisable if the kernel has `error_model="numpy"` (Numba's check for
division by zero is a branch). `exp`, `log`, `logistic`, `power` are the same for arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, vectorize
from numpy.typing import ArrayLike, NDArray

EXP_LIMIT = 700.0  # exp saturates beyond: its results stay normal numbers, 1e-304 to 1e304
EXP_TAIL = tuple(1.0 / math.factorial(n) for n in range(12, 1, -1))  # Taylor, 2e-16 at ln(2)/2
# log((1+s)/(1-s)) = 2s + s R(s^2) for |s| < .1716: R's minimax polynomial, error < 2^-58,
# highest power first (fdlibm, e_log.c, Sun Microsystems 1993).
LOG_TAIL = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)
LOG2_E = 1.4426950408889634
# ln(2) in two parts (fdlibm): the first ends in 32 zero bits, so whole multiples of it are exact.
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
TO_WHOLE = 1.5 * 2.0**52  # added, it rounds to a whole number and leaves that in the low bits
TWO_52 = 2.0**52
SMALLEST_NORMAL = 2.0**-1022
LIFT = 54  # subnormals are lifted by 2^54 to have a full mantissa

BIAS = 1023
MANTISSA_BITS = np.uint64(52)
EXPONENT_ZERO = np.uint64(BIAS)
EXPONENT_FIELD = np.uint64(0xFFF << 52)
ONE_BITS = np.uint64(BIAS << 52)
TWO_52_BITS = np.uint64((BIAS + 52) << 52)
TO_SQRT_HALF = np.uint64((BIAS << 52) - 0x3FE6A09E667F3BCD)  # bits of 1 less bits of sqrt(1/2)

KERNEL: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "forceinline": True,
    "error_model": "numpy",
}
# kernels that make no arrays need not count who holds them, which costs more than small loops do
LEAN: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


@njit(**KERNEL)
def exp1(x: float) -> float:
    """e^x = 2^k e^r with whole k and |r| <= ln(2)/2; x is clipped to [-700, 700], NaN stays."""
    x = min(max(x, -EXP_LIMIT), EXP_LIMIT)
    shifted = x * LOG2_E + TO_WHOLE
    k = shifted - TO_WHOLE
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    tail = EXP_TAIL[0]
    for coefficient in EXP_TAIL[1:]:
        tail = tail * r + coefficient
    scale = (np.float64(shifted).view(np.uint64) + EXPONENT_ZERO) << MANTISSA_BITS
    return (1.0 + (r + r * r * tail)) * np.uint64(scale).view(np.float64)


@njit(**KERNEL)
def log1(x: float) -> float:
    """Natural logarithm, k ln(2) + log(m) with sqrt(1/2) <= m < sqrt(2); -inf at 0, NaN below."""
    tiny = x < SMALLEST_NORMAL
    bits = np.float64(x * (2.0**LIFT if tiny else 1.0)).view(np.uint64)
    shifted = bits + TO_SQRT_HALF
    f = np.uint64(bits - ((shifted & EXPONENT_FIELD) - ONE_BITS)).view(np.float64) - 1.0
    biased = np.uint64((shifted >> MANTISSA_BITS) | TWO_52_BITS).view(np.float64) - TWO_52
    k = biased - (BIAS + LIFT if tiny else BIAS)
    s = f / (2.0 + f)
    tail = LOG_TAIL[0]
    for coefficient in LOG_TAIL[1:]:
        tail = tail * (s * s) + coefficient
    half = 0.5 * f * f
    y: float = k * LN2_HIGH - ((half - (s * (half + s * s * tail) + k * LN2_LOW)) - f)
    y = y if x < math.inf else x
    y = y if x != 0.0 else -math.inf
    return math.nan if x < 0.0 else y


@njit(**KERNEL)
def logistic1(x: float) -> float:
    """1 / (1 + e^-x); exactly 1/2 at 0 and exactly 1 - logistic(-x), so 0 far below (x < -37)."""
    upper = 1.0 / (1.0 + exp1(-abs(x)))
    return upper if x >= 0.0 else 1.0 - upper


@njit(**KERNEL)
def power1(x: float, eta: float) -> float:
    """x^eta = exp(eta log x) for x > 0, saturating as exp does; 0 at 0 whatever eta, NaN below."""
    return exp1(eta * log1(x)) if x != 0.0 else 0.0


def array_function(kernel: Any, signature: str = "float64(float64)") -> Any:
    """Make a NumPy function (ufunc) of a scalar kernel; its loop is as exact as the kernel."""
    wrapped: Any = vectorize([signature], cache=True)
    return wrapped(kernel.py_func).ufunc  # a call costs half of one through Numba's own wrapper


_exp = array_function(exp1)
_log = array_function(log1)
_logistic = array_function(logistic1)


def exp(x: ArrayLike) -> NDArray[np.float64]:
    """e^x of an array of any shape: `exp1` of each element."""
    return _exp(x)


def log(x: ArrayLike) -> NDArray[np.float64]:
    """Natural logarithm of an array of any shape: `log1` of each element."""
    return _log(x)


def logistic(x: ArrayLike) -> NDArray[np.float64]:
    """1 / (1 + e^-x) of an array of any shape: `logistic1` of each element."""
    return _logistic(x)


def power(x: ArrayLike, eta: ArrayLike) -> NDArray[np.float64]:
    """x^eta of two arrays that broadcast: `power1` of each pair."""
    x = np.asarray(x, np.float64)
    some = x != 0.0
    return _exp(np.multiply(eta, _log(np.where(some, x, 1.0)))) * some


def total(x: ArrayLike, axis: int) -> NDArray[np.float64]:
    """Sum over one axis, first element first, the same bits however many runs there are.

    x : array with two axes or more, run last
    axis : any but the run axis

    Raises
    ------
    ValueError
        If `axis` is the last axis, the runs, or no axis of `x`.
    """
    terms = np.asarray(x, np.float64)
    if not -terms.ndim <= axis < terms.ndim - 1 or axis == -1:
        raise ValueError(f"cannot sum over axis {axis} of {terms.ndim}: the last axis is the runs")
    terms = np.moveaxis(terms, axis, 0)
    result = np.zeros(terms.shape[1:])
    for term in terms:
        result += term
    return result
