"""A claim as it was registered: what is changed, what is measured, and when it counts as so.

The files in `registered/` were fixed before their first run. Their hashes stand in
`registered.csv`; a file that has another hash by now was edited later, and what it gives is
labelled post hoc.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter

from model.reading import ScenarioError, parse
from model.schema import ASSUMED, Effect, Id, Limit, Part, Quantity, Quarter, ScenarioFile
from runs.errors import UserError
from runs.shocks import Shock, event_name, with_shocks

FOLDER = Path(__file__).with_name("registered")
REGISTER = FOLDER / "registered.csv"
RULE = "rule"
SLACK = 1e-9  # above the start of a lever that is locked: a bound is no number that is met exactly
Contrast = dict[str, float]  # arm → weight


class Happening(Part):
    """A dated event that an arm imposes."""

    name: str
    quarter: Quarter
    effects: tuple[Effect, ...]


class ClaimArm(Part):
    """One way to play."""

    name: str
    events: tuple[Id, ...] = ()  # imposed; those of other arms do not happen
    locked: tuple[Id, ...] = ()  # levers that nobody can raise
    values: dict[str, float] = Field(default_factory=dict)


class Condition(Part):
    """Something that differs between two worlds, and its values in either."""

    name: str
    now: dict[str, float] = Field(default_factory=dict)
    then: dict[str, float] = Field(default_factory=dict)


class Measured(Part):
    """A sum of outcomes, each times a number."""

    name: str
    of: dict[str, float]  # column id → factor
    unit: str


class Estimand(Measured):
    """What a claim says about, and how much of it would matter."""

    direction: Literal["up", "down", "either"]
    smallest: float
    reason: str
    contrast: Contrast | None = None  # the claim's, if it has none of its own


class Variant(Part):
    """Another structure, in every arm alike."""

    name: str
    values: dict[str, float] = Field(default_factory=dict)
    each: dict[str, float] = Field(
        default_factory=dict
    )  # `actors.*.loss_aversion`: the same for each
    everybody: str | None = None  # doctrine
    exponent: float | None = None  # of every contest


class Audit(Part):
    """Which ledger lines lie directly between what is changed and what is measured."""

    sources: tuple[str, ...]  # levers and stocks
    to: tuple[str, ...]  # actors and theatres
    why: str


class Claim(Part):
    """A claim file."""

    id: Id
    title: str
    claim: str
    brief: tuple[str, ...]
    design: str
    seed: int
    events: dict[Id, Happening] = Field(default_factory=dict)
    levers: tuple[Id, ...] = ()  # that arms may lock
    arms: dict[Id, ClaimArm] = Field(default_factory=dict)
    conditions: dict[Id, Condition] = Field(
        default_factory=dict
    )  # instead of arms: every combination of now and then
    contrast: Contrast
    same_as: dict[str, tuple[float, str]] = Field(
        default_factory=dict
    )  # parameter → factor times another parameter
    priors: dict[str, tuple[float, float]] = Field(
        default_factory=dict
    )  # parameter → uniform in the draws
    series: tuple[str, ...] = ()
    estimands: dict[Id, Estimand]
    beside: dict[Id, Measured] = Field(default_factory=dict)  # shown without a verdict
    paths: dict[Id, Variant] = Field(
        default_factory=dict
    )  # variants of this claim alone, shown without a verdict
    audit: Audit
    limits: str


class Rule(Part):
    """What all claims share."""

    scenario: str
    quarters: int
    draws: int
    repeats: int
    games: int
    interval: float
    sign_share: float
    assumption_share: float
    family: float
    structure: dict[Id, Variant]
    null_worlds: dict[Id, Variant]


@dataclass(frozen=True)
class Registered:
    """Where a file stands: its hash, what the register says, the commit that last changed it."""

    sha256: str
    registered: str  # hash in the register, empty if none
    commit: str

    @property
    def label(self) -> str:
        """Say whether it is as it was registered."""
        if self.sha256 == self.registered:
            return "as registered"
        return "post hoc: edited since it was registered" if self.registered else "not registered"


def _read[Read: Part](file: Path, of: type[Read]) -> Read:
    parsed = parse(file)
    if parsed.problems:
        raise ScenarioError(tuple(parsed.problems))
    return TypeAdapter(of).validate_python(parsed.data)


@cache
def claims() -> dict[str, Claim]:
    """Return all claims by id, in their order."""
    read = [_read(file, Claim) for file in sorted(FOLDER.glob("C*.yaml"))]
    return {claim.id: claim for claim in read}


@cache
def rule() -> Rule:
    """Return the rule by which all are judged."""
    return _read(FOLDER / f"{RULE}.yaml", Rule)


def chosen(ids: tuple[str, ...]) -> tuple[Claim, ...]:
    """Return the claims that were asked for, all if none.

    Raises
    ------
    UserError
        If there is no such claim.
    """
    known = {name.lower(): claim for name, claim in claims().items()}
    unknown = [name for name in ids if name.lower() not in known]
    if unknown:
        raise UserError(f"there is no claim {unknown[0]}; there are {', '.join(claims())}")
    wanted = {name.lower() for name in ids}
    return tuple(claim for name, claim in known.items() if not ids or name in wanted)


def file_of(name: str) -> Path:
    """Return the file of a claim, or of the rule."""
    return FOLDER / (f"{RULE}.yaml" if name == RULE else f"C{int(name[1:]):02d}.yaml")


def registration(name: str) -> Registered:
    """Say where the file of a claim, or of the rule, stands."""
    file = file_of(name)
    with REGISTER.open(encoding="utf-8", newline="") as rows:
        register = {row["file"]: row["sha256"] for row in csv.DictReader(rows)}
    digest = sha256(file.read_bytes()).hexdigest()
    return Registered(digest, register.get(file.name, ""), _commit(file))


def _commit(file: Path) -> str:
    """Return the commit that last changed a file, and when, if this is a clone."""
    git = shutil.which("git")
    if git is None:
        return "not in a clone"
    told = subprocess.run(  # noqa: S603 - git, on a file of ours
        [git, "log", "-1", "--format=%h of %cs", "--", file.name],
        cwd=file.parent,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return told.stdout.strip() or "not in a clone"


def arms_of(claim: Claim) -> dict[str, ClaimArm]:
    """Return the arms of a claim; of conditions, every combination (`all` as now, `none`)."""
    if not claim.conditions:
        return dict(claim.arms)
    arms = {}
    for on in product((True, False), repeat=len(claim.conditions)):
        names = [name for name, now in zip(claim.conditions, on, strict=True) if now]
        values: dict[str, float] = {}
        for now, condition in zip(on, claim.conditions.values(), strict=True):
            values |= condition.now if now else condition.then
        key = combination(names, claim)
        said = ", ".join(claim.conditions[n].name for n in names) or "nothing"
        arms[key] = ClaimArm(name=f"as now: {said}", values=values)
    return arms


def combination(names: list[str], claim: Claim) -> str:
    """Return the key of the arm in which these conditions are as now."""
    if len(names) == len(claim.conditions):
        return "all"
    return "-".join(names) or "none"


def judged_arms(claim: Claim) -> tuple[str, ...]:
    """Return the arms that some contrast needs; the others are played in the main world alone."""
    contrasts = [claim.contrast, *(e.contrast or {} for e in claim.estimands.values())]
    needed = {arm for contrast in contrasts for arm in contrast}
    return tuple(arm for arm in arms_of(claim) if arm in needed)


def world_of(claim: Claim, file: ScenarioFile, exponent: float | None = None) -> ScenarioFile:
    """Return the scenario with what the arms of a claim switch: events, and a bound on each lever.

    exponent : of every contest, instead of the scenario's
    """
    limits = {_limit(x): _bound(file, x) for x in claim.levers}
    file = with_shocks(file, _shocks(claim, file))
    changed: dict[str, Any] = {"limits": {**file.limits, **limits}}
    if exponent is not None:
        theatres = {
            t: theatre.model_copy(update={"exponent": exponent})
            for t, theatre in file.theatres.items()
        }
        changed["theatres"] = theatres
    return file.model_copy(update=changed)


def _limit(lever: str) -> str:
    return f"available_{lever}"


def _bound(file: ScenarioFile, lever: str) -> Limit:
    top = file.levers[lever].settings[-1] + SLACK
    name = f"How far {file.levers[lever].name} may be raised in this experiment"
    return Limit(
        name=name, levers={lever: 1.0}, limit=Quantity(value=top, range=(top, top), source=ASSUMED)
    )


def _shocks(claim: Claim, file: ScenarioFile) -> list[Shock]:
    from model.scenario import quarter_index

    return [
        Shock(name, event.name, quarter_index(file.start, event.quarter), event.effects)
        for name, event in claim.events.items()
    ]


def settings_of(claim: Claim, file: ScenarioFile, arm: ClaimArm) -> dict[str, float]:
    """Return what an arm sets: odds of its events, bounds of its levers, its values."""
    odds = {
        f"events.{event_name(shock, n)}.odds": float(shock.name in arm.events)
        for n, shock in enumerate(_shocks(claim, file), start=1)
    }
    bounds = {
        f"limits.{_limit(x)}.limit": (
            file.levers[x].start if x in arm.locked else file.levers[x].settings[-1]
        )
        + SLACK
        for x in claim.levers
    }
    return {**odds, **bounds, **arm.values}


def direct_lines(claim: Claim, file: ScenarioFile) -> tuple[str, ...]:
    """Return the ledger lines on the direct path of a claim, by id."""
    audit = claim.audit
    found = []
    for name, entry in file.ledger.items():
        targets = {to.partition(".")[0] for to in entry.to}
        if entry.source_of in audit.sources and targets & set(audit.to):
            found.append(name)
    return tuple(found)


def columns_of(claim: Claim) -> tuple[str, ...]:
    """Return the outcomes that a claim reads, by column id."""
    measured: list[Measured] = [*claim.estimands.values(), *claim.beside.values()]
    return tuple(sorted({column for each in measured for column in each.of}))


def expand(variant: Variant, file: ScenarioFile) -> Mapping[str, float]:
    """Return the values of a variant, `actors.*` written out."""
    each = {
        path.replace("*", actor): value
        for path, value in variant.each.items()
        for actor in file.actors
    }
    return {**variant.values, **each}
