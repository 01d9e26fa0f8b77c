"""Random draws that depend on names alone: (seed, stream, quarter, entity, run), never on order.

Philox4x32-10 turns a counter and a key into four words (Salmon, Moraes, Dror and Shaw 2011,
"Parallel random numbers: as easy as 1, 2, 3", SC'11). The key is a hash of seed and stream, the
counter is (block, quarter, run, hash of the entity's id). So another decision, process, actor or
batch changes no other draw, and two arms of an experiment share theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from numbers import Integral

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from agents.numerics import KERNEL, array_function, exp1, log1

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Word = int | np.integer
Words = tuple[Word, Word, Word, Word]

# Philox4x32-10 (Salmon et al. 2011).
ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
KEY_STEPS = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
WORD_BITS = np.uint64(32)
WORD = np.uint64(0xFFFFFFFF)
WORDS_A_BLOCK = 4

SEEDS = 2**64
WORD_VALUES = 2**32  # runs, quarters and hashes of ids fit one word of the counter

# Wichura 1988, "Algorithm AS 241: the percentage points of the normal distribution", Applied
# Statistics 37(3), 477-484, routine PPND7: numerators and denominators, highest power first.
CENTRE = 0.425
CENTRE_SQUARE = 0.180625
CENTRE_TOP = (59.109374720, 159.29113202, 50.434271938, 3.3871327179)
CENTRE_BOTTOM = (67.187563600, 78.757757664, 17.895169469, 1.0)
FLANK_SHIFT = 1.6
FLANK_TOP = (0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777)
FLANK_BOTTOM = (0.0, 0.12021132975, 0.73700164250, 1.0)

LARGEST_MEAN = 500.0  # P(0) >= e^-mean stays a normal number
MOST_COUNTS = 10_000


@njit(**KERNEL)
def philox4x32(counter: Words, key: tuple[Word, Word]) -> Words:
    """Four random words of a counter of four words and a key of two, each 0 to 2^32 - 1."""
    a, b = np.uint64(counter[0]), np.uint64(counter[1])
    c, d = np.uint64(counter[2]), np.uint64(counter[3])
    k, m = np.uint64(key[0]), np.uint64(key[1])
    for _ in range(ROUNDS):
        p = MULTIPLIERS[0] * a
        q = MULTIPLIERS[1] * c
        a, b, c, d = (q >> WORD_BITS) ^ b ^ k, q & WORD, (p >> WORD_BITS) ^ d ^ m, p & WORD
        k = (k + KEY_STEPS[0]) & WORD
        m = (m + KEY_STEPS[1]) & WORD
    return a, b, c, d


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(key: tuple[Word, Word], quarter: int, hashes: Ints, runs: Ints, out: Floats) -> None:
    """Fill `out` (entity, n, run) with (word + 1/2) / 2^32; both loops over runs vectorise."""
    n = out.shape[1]
    words = np.empty((WORDS_A_BLOCK, runs.size), np.uint32)
    for e in range(hashes.size):
        for first in range(0, n, WORDS_A_BLOCK):
            for r in range(runs.size):
                counter = (first // WORDS_A_BLOCK, quarter, runs[r], hashes[e])
                words[0, r], words[1, r], words[2, r], words[3, r] = philox4x32(counter, key)
            for j in range(first, min(first + WORDS_A_BLOCK, n)):
                for r in range(runs.size):
                    out[e, j, r] = (words[j - first, r] + 0.5) * (1.0 / WORD_VALUES)


@lru_cache(maxsize=1 << 14)
def _stream_key(seed: int, stream: str) -> tuple[int, int]:
    digest = blake2b(seed.to_bytes(8, "little") + stream.encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


@lru_cache(maxsize=1 << 14)
def _id_hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "little")


@lru_cache(maxsize=1 << 12)
def _id_hashes(names: tuple[str, ...]) -> Ints:
    hashes = np.array([_id_hash(name) for name in names], np.int64)
    hashes.setflags(write=False)  # shared by all who ask
    return hashes


def check_ids(ids: Iterable[str]) -> None:
    """Refuse different ids that would share all their draws.

    Raises
    ------
    ValueError
        If two different ids have the same 32-bit hash; it names them.
    """
    seen: dict[int, str] = {}
    for name in ids:
        other = seen.setdefault(_id_hash(name), name)
        if other != name:
            raise ValueError(f"ids {other!r} and {name!r} have the same 32-bit hash: rename one")


@njit(**KERNEL)
def gumbel1(u: float) -> float:
    """Gumbel quantile -log(-log u) of a uniform draw."""
    return -log1(-log1(u))


@njit(**KERNEL)
def standard1(u: float) -> float:
    """Normal quantile of a uniform draw by Wichura's rational functions, within 1e-6 of it.

    Only + - * / sqrt and `log1`. His third function, for u < e^-25, is left out: draws are at
    least 2^-33. standard1(1 - u) = -standard1(u) to the bit, so the mean is exactly 0.
    """
    q = u - 0.5
    central = abs(q) <= CENTRE
    tail = np.sqrt(-log1(min(u, 1.0 - u)))
    r = CENTRE_SQUARE - q * q if central else tail - FLANK_SHIFT
    top, bottom = 0.0, 0.0
    for i in range(len(CENTRE_TOP)):
        top = top * r + (CENTRE_TOP[i] if central else FLANK_TOP[i])
        bottom = bottom * r + (CENTRE_BOTTOM[i] if central else FLANK_BOTTOM[i])
    side = 1.0 if q > 0.0 else -1.0
    return (q if central else side) * top / bottom


@njit(cache=True, nogil=True)
def _gumbel_each(x: Floats) -> None:
    for i in range(x.size):
        x[i] = gumbel1(x[i])


@njit(cache=True, nogil=True)
def _standard_each(x: Floats) -> None:
    for i in range(x.size):
        x[i] = standard1(x[i])


@dataclass(frozen=True, eq=False)
class Chance:
    """Named streams of random draws for some runs of one seed.

    A run's draws are its own: any subset of the runs, in any order, gives the same columns.
    The first draws of n are the draws of a smaller n.

    Raises
    ------
    ValueError
        If the seed or a run does not fit (0 to 2^64 - 1, 0 to 2^32 - 1) or is no whole number.
    """

    seed: int
    runs: Ints  # (run,) the games' own numbers, never their places in a batch
    # (stream, quarter, entity, place among its draws) → what a referee has put in place of a draw
    ruled: Mapping[tuple[str, int, str, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given: object = self.seed
        seed = int(given) if isinstance(given, Integral) else -1
        if not 0 <= seed < SEEDS:
            raise ValueError(f"seed must be a whole number from 0 to 2**64 - 1, got {given!r}")
        runs = np.asarray(self.runs)
        if runs.ndim != 1 or runs.dtype.kind not in "iu":
            raise ValueError(f"runs must be a line of whole numbers, got {runs.dtype} {runs.shape}")
        if runs.size and not (runs.min() >= 0 and runs.max() < WORD_VALUES):
            raise ValueError(f"runs go from 0 to 2**32 - 1, got {runs.min()} to {runs.max()}")
        own = runs.astype(np.int64)
        own.setflags(write=False)
        object.__setattr__(self, "seed", seed)
        object.__setattr__(self, "runs", own)

    def take(self, index: slice | Ints | NDArray[np.bool_]) -> Chance:
        """Return the chance of a subset of the runs: `index` into the run axis."""
        return replace(self, runs=self.runs[index])

    def uniforms(self, stream: str, quarter: int, entities: Sequence[str], n: int = 1) -> Floats:
        """Draw from the open interval (0, 1): odd multiples of 2^-33, (entity, n, run).

        Raises
        ------
        TypeError
            If `entities` is one string.
        ValueError
            If the quarter does not fit (0 to 2^32 - 1).
        """
        if isinstance(entities, str):
            raise TypeError(f"entities must be a sequence of ids, got the string {entities!r}")
        if not 0 <= quarter < WORD_VALUES:
            raise ValueError(f"quarters go from 0 to 2**32 - 1, got {quarter}")
        out = np.empty((len(entities), n, self.runs.size))
        key = _stream_key(self.seed, stream)
        _fill(key, quarter, _id_hashes(tuple(entities)), self.runs, out)
        for (what, when, entity, place), value in self.ruled.items():
            if (what, when) == (stream, quarter) and entity in entities and place < n:
                out[list(entities).index(entity), place] = value
        return out

    def uniform(self, stream: str, quarter: int, entity: str, n: int = 1) -> Floats:
        """Draw from the open interval (0, 1), (n, run)."""
        return self.uniforms(stream, quarter, (entity,), n)[0]

    def gumbels(self, stream: str, quarter: int, entities: Sequence[str], n: int = 1) -> Floats:
        """Draw from the standard Gumbel distribution, (entity, n, run)."""
        draws = self.uniforms(stream, quarter, entities, n)
        _gumbel_each(draws.reshape(-1))
        return draws

    def gumbel(self, stream: str, quarter: int, entity: str, n: int = 1) -> Floats:
        """Draw from the standard Gumbel distribution, (n, run)."""
        return self.gumbels(stream, quarter, (entity,), n)[0]

    def standards(self, stream: str, quarter: int, entities: Sequence[str], n: int = 1) -> Floats:
        """Draw from the standard normal distribution, (entity, n, run)."""
        draws = self.uniforms(stream, quarter, entities, n)
        _standard_each(draws.reshape(-1))
        return draws

    def standard(self, stream: str, quarter: int, entity: str, n: int = 1) -> Floats:
        """Draw from the standard normal distribution, (n, run)."""
        return self.standards(stream, quarter, (entity,), n)[0]


@njit(**KERNEL)
def negative_binomial1(u: float, mean: float, dispersion: float) -> int:
    """Least n with P(count <= n) >= u, for a mean m and a dispersion k.

    P(0) = (k/(m + k))^k and P(n) = P(n - 1) (n - 1 + k)/n m/(m + k).
    """
    share = mean / (mean + dispersion)
    p = exp1(dispersion * log1(dispersion / (mean + dispersion)))
    below = p
    n = 0
    while below < u and n < MOST_COUNTS:
        n += 1
        p *= share * (n - 1.0 + dispersion) / n
        below += p
    return n


_negative_binomial = array_function(negative_binomial1, "int64(float64, float64, float64)")


def negative_binomial(u: ArrayLike, mean: ArrayLike, dispersion: ArrayLike) -> Ints:
    """Counts of events by inversion: they never fall when the draw or the mean rises.

    u : uniform draws in (0, 1), any shape that broadcasts with the others
    mean : m, events a quarter, 0 to 500
    dispersion : k > 0, variance m + m^2/k (towards Poisson as k grows); counts stop at 10,000

    Raises
    ------
    ValueError
        If a mean or a dispersion is out of range.
    """
    m, k = np.asarray(mean, np.float64), np.asarray(dispersion, np.float64)
    if not np.all((m >= 0.0) & (m <= LARGEST_MEAN)):
        raise ValueError(f"the mean of counted events goes from 0 to {LARGEST_MEAN:g}")
    if not np.all((k > 0.0) & np.isfinite(k)):
        raise ValueError("the dispersion of counted events must be positive and finite")
    return _negative_binomial(u, m, k)
