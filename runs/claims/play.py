"""Playing a claim: every condition in every arm, the same games, kept piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Any, TextIO

import numpy as np

from agents.briefing import Floats
from model.chance import Chance
from model.parameters import check_settings, parameters
from model.reading import read, scenario_hash
from model.scenario import Values
from model.schema import ScenarioFile
from runs.claims.claim import (
    Claim,
    ClaimArm,
    Rule,
    Variant,
    arms_of,
    columns_of,
    direct_lines,
    expand,
    judged_arms,
    settings_of,
    world_of,
)
from runs.engines import Job
from runs.ensemble import Chunk
from runs.pieces import Kept, Piece, piece, play_pieces, read_pieces
from runs.prior import draw_prior
from runs.store import code_hash

MAIN, DRAWS, ZEROED, FLIPPED = "main", "draws", "zeroed", "flipped"
DOCTRINES = {"nash_split": str(Path(__file__).with_name("nash_split.py"))}
STREAM = "direct-lines"  # of the draws of sign-uncertain coefficients
TOGETHER = 768  # games of one piece
NORMAL = NormalDist()


@dataclass(frozen=True)
class Condition:
    """Under which one set of games is played in every arm."""

    id: str
    kind: str  # main, draws, audit, structure, null or path
    variant: Variant
    games: int
    arms: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """All that one claim needs."""

    claim: Claim
    rule: Rule
    scenario: ScenarioFile
    world: ScenarioFile
    conditions: tuple[Condition, ...]
    lines: tuple[str, ...]  # ledger lines on the direct path
    draws: Mapping[str, Floats]  # parameter → (draw,)
    worlds: Mapping[float, ScenarioFile] = field(default_factory=dict)  # by contest exponent


Played = dict[tuple[str, str], dict[str, Floats]]  # (condition, arm) → column id → (run,)


def plan(claim: Claim, rule: Rule, scenario: ScenarioFile | None = None) -> Plan:
    """Lay out what is played for a claim.

    scenario : instead of the rule's
    """
    file = read(rule.scenario) if scenario is None else scenario
    world = world_of(claim, file)
    lines = direct_lines(claim, file)
    judged, every = judged_arms(claim), tuple(arms_of(claim))
    now = {n: parameters(file)[f"ledger.{n}.coefficient"].value for n in lines}
    zero = Variant(
        name="direct lines set to nothing", values={f"ledger.{n}.coefficient": 0.0 for n in lines}
    )
    flip = Variant(
        name="direct lines with the other sign",
        values={f"ledger.{n}.coefficient": -x for n, x in now.items()},
    )
    as_is = Variant(name="numbers of the scenario")
    drawn = Variant(name="all numbers drawn from their ranges")
    conditions = [
        Condition(MAIN, "main", as_is, rule.games, every),
        Condition(DRAWS, "draws", drawn, rule.draws * rule.repeats, judged),
        Condition(ZEROED, "audit", zero, rule.games, judged),
        Condition(FLIPPED, "audit", flip, rule.games, judged),
    ]
    for kind, variants in (
        ("structure", rule.structure),
        ("null", rule.null_worlds),
        ("path", claim.paths),
    ):
        conditions += [Condition(n, kind, v, rule.games, judged) for n, v in variants.items()]
    exponents = {v.exponent for v in rule.structure.values() if v.exponent is not None}
    return Plan(
        claim,
        rule,
        file,
        world,
        tuple(conditions),
        lines,
        drawn_numbers(claim, rule, world, lines),
        {m: world_of(claim, file, m) for m in exponents},
    )


def drawn_numbers(
    claim: Claim, rule: Rule, world: ScenarioFile, lines: Sequence[str]
) -> dict[str, Floats]:
    """Draw all numbers: from their ranges, direct lines from N(c0, sd |c0|). name → (draw,).

    Lines for which the claim has a prior of its own are drawn uniformly from that.
    """
    numbers = np.arange(rule.draws)
    values = dict(draw_prior(world, claim.seed, numbers))
    names = [f"ledger.{n}.coefficient" for n in lines] + list(claim.priors)
    uniform = dict(
        zip(names, Chance(claim.seed, numbers).uniforms(STREAM, 0, names)[:, 0], strict=True)
    )
    known = parameters(world)
    for name, u in uniform.items():
        if name in claim.priors:
            low, high = claim.priors[name]
            values[name] = low + (high - low) * u
        else:
            centre = known[name].value
            values[name] = centre + abs(centre) * np.array([NORMAL.inv_cdf(x) for x in u])
    return values


def values_in(plan: Plan, condition: Condition, arm: ClaimArm) -> Values:
    """Return what an arm sets under a condition: one number each, or one per game."""
    world, claim = plan.world, plan.claim
    base: dict[str, Any] = {}
    if condition.kind == "draws":
        base = {name: np.repeat(x, plan.rule.repeats) for name, x in plan.draws.items()}
    known = parameters(world)
    same = {
        name: factor * base.get(other, known[other].value)
        for name, (factor, other) in claim.same_as.items()
    }
    set_ = {**expand(condition.variant, world), **settings_of(claim, world, arm)}
    return {**base, **same, **check_settings(world, set_).values}


def pieces(plan: Plan) -> Iterator[Piece[Chunk]]:
    """Return all pieces of a claim, in the order in which they are best played."""
    arms = arms_of(plan.claim)
    columns = columns_of(plan.claim)
    common = {
        "code": code_hash(),
        "scenario": scenario_hash(plan.scenario),
        "seed": plan.claim.seed,
        "quarters": plan.rule.quarters,
        "columns": columns,
        "series": plan.claim.series,
        "claim": plan.claim.model_dump(mode="json", include={"events", "levers"}),
    }
    for condition in plan.conditions:
        variant = condition.variant
        world = plan.world if variant.exponent is None else plan.worlds[variant.exponent]
        who = DOCTRINES.get(variant.everybody or "", variant.everybody)
        doctrines = dict.fromkeys(plan.world.actors, who) if who else {}
        for name in condition.arms:
            values = values_in(plan, condition, arms[name])
            for start in range(0, condition.games, TOGETHER):
                runs = np.arange(start, min(start + TOGETHER, condition.games))
                here = {p: v if np.ndim(v) == 0 else np.asarray(v)[runs] for p, v in values.items()}
                job = Job(
                    world,
                    plan.claim.seed,
                    runs,
                    quarters=plan.rule.quarters,
                    values=here,
                    doctrines={a: str(d) for a, d in doctrines.items()},
                    series=plan.claim.series,
                )
                stem = f"{plan.claim.id}-{condition.id}-{name}-{start:05d}"
                other = {"everybody": variant.everybody, "exponent": variant.exponent}
                yield piece(stem, job, Kept(columns), {**common, **other})


def play(
    plans: Sequence[Plan],
    folder: Path,
    workers: int | None = None,
    stream: TextIO | None = None,
) -> None:
    """Play what is not in the folder yet."""
    play_pieces(
        lambda: (each for plan in plans for each in pieces(plan)), folder, "claims", workers, stream
    )


def gathered(plan: Plan, folder: Path) -> Played:
    """Read what a claim's games gave."""
    names = (each.job.tag for each in pieces(plan))
    return {
        (condition.id, arm): read_pieces(
            folder, [next(names) for _ in range(0, condition.games, TOGETHER)]
        )
        for condition in plan.conditions
        for arm in condition.arms
    }
