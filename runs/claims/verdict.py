"""From games to a verdict: effects, three uncertainties apart, and the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from agents.briefing import Floats
from runs.claims.claim import Claim, Contrast, Estimand, Measured, Rule
from runs.claims.play import DRAWS, FLIPPED, MAIN, ZEROED, Plan, Played

SUPPORTED, CONTRADICTED = "supported", "contradicted"
NOTHING, ASSUMED, DEPENDS = "no material effect", "by assumption", "depends on"
NORMAL_90 = 1.645  # standard errors to either side that hold 90 % of means
SHUFFLES = 200
DRIVERS = 3  # at most so many parameters are named
SIDES = {"up": 1, "down": -1}


@dataclass(frozen=True)
class Evidence:
    """Effects on one estimand, game by game: treated less control, the same draws in both."""

    main: Floats  # (run,) in the scenario's numbers
    draws: Floats  # (draw, repeat)
    zeroed: Floats  # (run,) direct lines set to nothing
    flipped: Floats  # (run,) and with the other sign
    structure: Mapping[str, Floats]  # variant → (run,); the sign must hold in each
    nulls: Mapping[str, Floats]
    paths: Mapping[str, Floats]


@dataclass(frozen=True)
class Median:
    """Median over draws with its Monte-Carlo interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """What the rule says of one estimand, and why."""

    kind: str
    depends: tuple[str, ...]  # what flips or blurs it, in words
    median: Median
    side: int  # 1 or -1: the claimed sign, or that of an effect clearly beyond on the other side
    sign_share: float  # of draws with that sign
    share: float | None  # of the effect that rests on direct lines; None where none is large enough
    chance: float  # of such draws if the median were no larger than the smallest effect, one-sided
    adjusted: float  # the same for the whole family (Holm 1979)

    @property
    def text(self) -> str:
        """Verdict in words."""
        return f"{self.kind} {'; '.join(self.depends)}" if self.kind == DEPENDS else self.kind


def effect(of: Measured, contrast: Contrast, played: Played, condition: str) -> Floats:
    """Return the weighted difference of arms, game by game. (run,)."""
    return np.sum(
        [weight * level(of, played[condition, arm]) for arm, weight in contrast.items()], axis=0
    )


def level(of: Measured, outcomes: Mapping[str, Floats]) -> Floats:
    """Return what is measured in one arm. (run,)."""
    return np.sum([factor * outcomes[column] for column, factor in of.of.items()], axis=0)


def evidence(plan: Plan, estimand: Estimand, played: Played) -> Evidence:
    """Gather the effects on one estimand under all conditions."""
    contrast = estimand.contrast or plan.claim.contrast

    def under(condition: str) -> Floats:
        return effect(estimand, contrast, played, condition)

    by_kind = {
        kind: {c.id: under(c.id) for c in plan.conditions if c.kind == kind}
        for kind in ("structure", "null", "path")
    }
    return Evidence(
        under(MAIN),
        under(DRAWS).reshape(plan.rule.draws, plan.rule.repeats),
        under(ZEROED),
        under(FLIPPED),
        by_kind["structure"],
        by_kind["null"],
        by_kind["path"],
    )


def median_interval(values: Floats, inside: float) -> Median:
    """Return the median with an interval by order statistics (exact, free of distributions)."""
    ordered = np.sort(values)
    n = len(ordered)
    below = 0
    while below < n // 2 and _tail(n, n - below) <= (1.0 - inside) / 2.0:
        below += 1  # so many of the smallest lie outside with at most half of the rest
    k = max(below - 1, 0)
    return Median(float(np.median(ordered)), float(ordered[k]), float(ordered[n - 1 - k]))


def _tail(n: int, least: int) -> float:
    """Chance of at least so many heads in n tosses of a fair coin."""
    return sum(comb(n, k) for k in range(least, n + 1)) / 2**n


def chance_of_so_many(values: Floats, bound: float) -> float:
    """Chance of so many values beyond a bound if the median were no larger (sign test)."""
    return _tail(len(values), int((values > bound).sum()))


def holm(chances: Sequence[float], family: int) -> list[float]:
    """Adjust chances for a family of tests (Holm 1979); those not run count as the largest."""
    adjusted = [1.0] * len(chances)
    highest = 0.0
    for rank, n in enumerate(np.argsort(chances, kind="stable")):
        highest = max(highest, min(1.0, (family - rank) * chances[n]))
        adjusted[n] = highest
    return adjusted


def side_of(estimand: Estimand, draws: Floats) -> int:
    """Return the sign that is claimed; the median's own where any will do."""
    return SIDES.get(estimand.direction) or (1 if np.median(draws) >= 0.0 else -1)


def first_chance(estimand: Estimand, found: Evidence) -> float:
    """Return the smaller chance of both sides, twice it where the claim names no side."""
    draws = found.draws.mean(axis=1)
    either = min(chance_of_so_many(s * draws, estimand.smallest) for s in (1, -1))
    return min(1.0, 2.0 * either)


def assumption_share(found: Evidence, smallest: float) -> float | None:
    """Share of the effect that is gone without the direct lines, where there is an effect."""
    full = found.main.mean()
    if abs(full) <= smallest:
        return None
    return float(np.clip(1.0 - found.zeroed.mean() / full, 0.0, 1.0))


def judge(
    estimand: Estimand,
    found: Evidence,
    rule: Rule,
    adjusted: float,
    drivers: Sequence[str] = (),
) -> Verdict:
    """Judge one estimand by the rule.

    adjusted : chance that the effect is no larger than the smallest, for the whole family
    drivers : names of the numbers that the sign hangs on, if any stand out
    """
    draws = found.draws.mean(axis=1)
    median = median_interval(draws, rule.interval)
    smallest, claimed = estimand.smallest, side_of(estimand, draws)
    beyond = {s: min(s * median.low, s * median.high) > smallest for s in (1, -1)}
    side = next((s for s in (1, -1) if beyond[s]), claimed)
    sign_share = float((side * draws > 0.0).mean())
    share = assumption_share(found, smallest)
    flips = [
        name for name, games in found.structure.items() if not side * float(games.mean()) > 0.0
    ]
    within = -smallest <= median.low and median.high <= smallest
    depends = []
    if not (beyond[side] or within):
        depends.append(
            "how large it is: the interval of the median reaches over the smallest effect"
        )
    if sign_share < rule.sign_share:
        named = f", above all {', '.join(drivers)}" if drivers else ""
        depends.append(f"the numbers{named}: the sign holds in {sign_share:.0%} of draws")
    if flips:
        names = ", ".join(rule.structure[name].name for name in flips)
        depends.append(f"structure: the sign does not hold with {names}")
    if beyond[side] and adjusted > rule.family:
        depends.append("chance: not beyond it once all claims are counted")
    leaning = share is not None and share > rule.assumption_share
    if within:
        kind = NOTHING
    elif beyond[side] and leaning:
        kind = ASSUMED
    elif beyond[side] and not depends:
        kind = SUPPORTED if side == claimed else CONTRADICTED
    else:
        kind = DEPENDS
    one_sided = chance_of_so_many(side * draws, smallest)
    told = tuple(depends) if kind == DEPENDS else ()
    return Verdict(kind, told, median, side, sign_share, share, one_sided, adjusted)


def overall(verdicts: Mapping[str, Verdict], claim: Claim) -> str:
    """Say what the claim as a whole comes to: its parts' verdict, or which part says what."""
    kinds = {verdict.kind for verdict in verdicts.values()}
    if len(kinds) == 1:
        (kind,) = kinds
        if kind != DEPENDS:
            return kind
        reasons = dict.fromkeys(r.partition(":")[0] for v in verdicts.values() for r in v.depends)
        return f"{DEPENDS} {', '.join(reasons)}"
    parts = (
        f"“{claim.estimands[name].name}”: {'open' if v.kind == DEPENDS else v.kind}"
        for name, v in verdicts.items()
    )
    return f"{DEPENDS} the part ({'; '.join(parts)})"


def mean_interval(games: Floats) -> tuple[float, float, float]:
    """Mean of games with its 90 % interval."""
    mean = float(games.mean())
    error = NORMAL_90 * float(games.std(ddof=1)) / len(games) ** 0.5 if len(games) > 1 else 0.0
    return mean, mean - error, mean + error


def drivers(draws: Mapping[str, Floats], effects: Floats, seed: int) -> list[tuple[str, float]]:
    """Numbers on which the effect hangs: rank correlations larger than chance gives any of them.

    draws : name → (draw,); effects : (draw,)

    With so many numbers some correlate by chance: named are those beyond what the largest of all
    reaches in 19 of 20 shuffles.
    """
    names = [name for name, x in draws.items() if np.ptp(x) > 0.0]
    if not names or np.ptp(effects) == 0.0:
        return []
    ranked = np.array([_ranks(draws[name]) for name in names])
    target = _ranks(effects)
    found = ranked @ target / len(target)
    chance = np.random.default_rng(seed)
    largest = [np.abs(ranked @ chance.permutation(target)).max() for _ in range(SHUFFLES)]
    bar = float(np.quantile(largest, 0.95)) / len(target)
    order = np.argsort(-np.abs(found))[:DRIVERS]
    return [(names[n], float(found[n])) for n in order if abs(found[n]) > bar]


def _ranks(values: Floats) -> Floats:
    """Ranks with mean 0 and variance 1; equal values share theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count + 1) / 2.0)[place]
    spread = rank.std()
    return np.asarray((rank - rank.mean()) / (spread if spread > 0.0 else 1.0))


def shapley(claim: Claim, of: Measured, played: Played) -> dict[str, tuple[float, float, float]]:
    """Split the whole change over the conditions (Shapley 1953): mean and 90 % interval of each."""
    from itertools import combinations
    from math import factorial

    from runs.claims.claim import combination

    n = len(claim.conditions)
    worth = {
        frozenset(names): level(of, played[MAIN, combination(list(names), claim)])
        for size in range(n + 1)
        for names in combinations(claim.conditions, size)
    }
    parts = {}
    for name in claim.conditions:
        part = np.zeros(len(next(iter(worth.values()))))
        for names, value in worth.items():
            if name not in names:
                weight = factorial(len(names)) * factorial(n - len(names) - 1) / factorial(n)
                part = part + weight * (worth[names | {name}] - value)
        parts[name] = mean_interval(part)
    return parts
