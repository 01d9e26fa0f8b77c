"""What was found of one measured quantity, in sentences, uncertainty by uncertainty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, log10

import numpy as np

from model.parameters import parameters
from runs.claims.claim import Estimand
from runs.claims.play import Plan
from runs.claims.verdict import NORMAL_90, Evidence, Verdict, mean_interval
from runs.parameter_words import unit_of, words_of
from runs.summary import percent

CLAIMED = {"up": "up", "down": "down", "either": "a change, either way"}
TINY = 0.001
HALF = 0.5


def sentence(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]


def signed(x: float, smallest: float | None = None) -> str:
    """Write an effect with its sign, without powers of ten.

    smallest : from where an effect matters, if known: it is written to the second digit of that, as
    further digits would say more than anybody can use; else three digits
    """
    places = 2 - floor(log10(abs(x) if smallest is None else 10.0 * smallest)) if x else 0
    text = f"{x:+.{max(places, 0)}f}"
    return text if text.strip("+-0.") else "0"


def between(low: float, high: float, smallest: float | None = None) -> str:
    """Write an interval of an effect."""
    return f"{signed(low, smallest)} to {signed(high, smallest)}"


def median_of(verdict: Verdict, estimand: Estimand) -> str:
    """Write the median over draws."""
    return signed(verdict.median.value, estimand.smallest)


def spread(verdict: Verdict, estimand: Estimand) -> str:
    """Write the interval of the median."""
    return between(verdict.median.low, verdict.median.high, estimand.smallest)


def in_words(
    plan: Plan,
    found: Evidence,
    verdict: Verdict,
    estimand: Estimand,
    drivers: Sequence[tuple[str, float]],
) -> Iterator[str]:
    """Return the sentences of one measured quantity."""
    matters = f"{estimand.smallest:g} ({estimand.unit}): {estimand.reason.strip()}"
    yield f"Claimed: {CLAIMED[estimand.direction]}. What matters: {matters}."
    yield _chance(found, estimand)
    yield _numbers(found, verdict, estimand)
    yield _structure(plan, found, verdict, estimand)
    yield _direct_lines(found, verdict, estimand)
    yield _drivers(plan, drivers)


def _chance(found: Evidence, estimand: Estimand) -> str:
    mean, low, high = mean_interval(found.main)
    least = estimand.smallest
    interval = f"{signed(mean, least)} ({between(low, high, least)})"
    return f"Chance: in the scenario's numbers the effect is {interval}."


def _numbers(found: Evidence, verdict: Verdict, estimand: Estimand) -> str:
    draws, repeats, least = found.draws.mean(axis=1), found.draws.shape[1], estimand.smallest
    low, high = (float(x) for x in np.quantile(draws, (0.05, 0.95)))
    blur = ""
    if repeats > 1:
        error = found.draws.std(axis=1, ddof=1).mean() / repeats**0.5
        about = signed(NORMAL_90 * error, least).removeprefix("+")
        blur = f" (chance within a draw alone makes about ±{about})"
    median = f"{median_of(verdict, estimand)} ({spread(verdict, estimand)})"
    sign = "positive" if verdict.side > 0 else "negative"
    return (
        f"Numbers: the median over draws is {median}; nine draws of ten lie between "
        f"{signed(low, least)} and {signed(high, least)}{blur}; the {sign} sign holds in "
        f"{percent(verdict.sign_share)}. "
        f"Chance of so many draws beyond what matters if the median were not: "
        f"{_small(verdict.chance)}; counted for all claims: {_small(verdict.adjusted)}."
    )


def _structure(plan: Plan, found: Evidence, verdict: Verdict, estimand: Estimand) -> str:
    least = estimand.smallest
    names = {n: v.name for n, v in (plan.rule.structure | plan.rule.null_worlds).items()}
    means = {name: float(games.mean()) for name, games in found.structure.items()}
    lost = [
        f"{names[n]} ({signed(x, least)})" for n, x in means.items() if not verdict.side * x > 0.0
    ]
    gone = f"; not with {', '.join(lost)}" if lost else ""
    nulls = ", ".join(
        f"{names[n]}: {signed(float(x.mean()), least)}" for n, x in found.nulls.items()
    )
    sign = "positive" if verdict.side > 0 else "negative"
    whole = float(found.main.mean())
    alike = [names[n] for n, x in found.nulls.items() if x.mean() * whole > HALF * whole**2]
    if alike and abs(whole) > 0.0:
        nulls += f"; with {' and '.join(alike)} more than half of it is there without any choice"
    return (
        f"Structure: the {sign} sign holds in {len(means) - len(lost)} of {len(means)} "
        f"variants{gone}. "
        f"In worlds without decisions the effect is, {nulls}."
    )


def _direct_lines(found: Evidence, verdict: Verdict, estimand: Estimand) -> str:
    share = "not computed, because the effect is smaller than what matters"
    if verdict.share is not None:
        share = percent(verdict.share)
    zeroed, flipped = float(found.zeroed.mean()), float(found.flipped.mean())
    return (
        f"Direct lines: without them the effect is {signed(zeroed, estimand.smallest)}, turned "
        f"round {signed(flipped, estimand.smallest)}. Assumption share: {share}."
    )


def _drivers(plan: Plan, drivers: Sequence[tuple[str, float]]) -> str:
    if not drivers:
        return (
            "What drives it: no single number stands out beyond the largest of so many "
            "correlations that chance gives."
        )
    world, known = plan.world, parameters(plan.world)
    told = (
        f"{words_of(world, name)} ({unit_of(world, known[name])}; rank correlation {r:+.2f})"
        for name, r in drivers
    )
    return f"What drives it: {'; '.join(told)}."


def _small(x: float) -> str:
    return f"below {TINY:g}" if x < TINY else f"{x:.2g}"
