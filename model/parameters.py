"""Every number of a scenario by its name: what can be set, swept or drawn in a run.

The name of a parameter is the path to its quantity, `actors.USA.transactionalism`; the start of a
lever, `levers.troops.start`, counts as one too. Aliases of the scenario are short names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel

from model.faults import Path, dotted, near
from model.schema import ASSUMED, Quantity, ScenarioFile


class Parameter(NamedTuple):
    """One number that a run may set."""

    name: str
    value: float
    range: tuple[float, float]
    unit: str
    source: str  # key of the scenario's sources, or `assumed`
    note: str


class Domain(NamedTuple):
    """Values with which the rules make sense, whatever range an author believes in."""

    low: float
    high: float
    words: str

    def holds(self, value: float) -> bool:
        """Say whether a value lies in the domain."""
        return self.low <= value <= self.high


ABOVE_NOTHING = 1e-12
CHANCE = Domain(0.0, 1.0, "between 0 and 1")
NOT_NEGATIVE = Domain(0.0, inf, "zero or more")
POSITIVE = Domain(ABOVE_NOTHING, inf, "above zero")
DISCOUNT = Domain(0.0, 1.0 - ABOVE_NOTHING, "zero or more and below 1")
PERCENT = Domain(0.0, 100.0, "between 0 and 100")
ANY = Domain(-inf, inf, "any number")

# Patterns of names, `*` for any one part; the first that fits counts.
DOMAINS: tuple[tuple[str, Domain], ...] = (
    ("rules.acceptance_width", POSITIVE),
    ("rules.belief_prior", POSITIVE),
    ("rules.commitment_curve", POSITIVE),
    ("rules.war_quarters", NOT_NEGATIVE),
    ("rules.hazard_clip", Domain(0.0, 650.0, "between 0 and 650")),  # e^650 is still a number
    ("rules.fair_cap", NOT_NEGATIVE),
    ("rules.concession", NOT_NEGATIVE),
    *((f"rules.weight_{w}", NOT_NEGATIVE) for w in ("noise", "kept", "broken", "threat")),
    *((f"rules.weight_{w}", NOT_NEGATIVE) for w in ("behind_back", "reopening")),
    *((f"rules.{w}", NOT_NEGATIVE) for w in ("relation_gain", "relation_loss", "inertia")),
    *((f"rules.{w}", NOT_NEGATIVE) for w in ("bluff_cost", "bluff_spread", "adjustment_cost")),
    ("rules.*", CHANCE),
    *((f"actors.*.{w}", NOT_NEGATIVE) for w in ("agenda", "reciprocity", "loss_aversion")),
    *((f"actors.*.{w}", NOT_NEGATIVE) for w in ("sharpness", "reneging_cost")),
    ("actors.*.discount", DISCOUNT),
    ("actors.*.*", CHANCE),  # transactionalism, round_discount, support
    ("actors.*.platforms.*.weights.*", NOT_NEGATIVE),
    ("actors.*.platforms.*.transactionalism", CHANCE),
    ("actors.*.ratification.spread", POSITIVE),
    *((f"theatres.*.{w}", CHANCE) for w in ("crisis_share", "nuclear_risk")),
    *((f"theatres.*.{w}", CHANCE) for w in ("credibility", "treaty")),
    *((f"theatres.*.{w}", NOT_NEGATIVE) for w in ("base_hazard", "foresight")),
    ("theatres.*.forces.*", NOT_NEGATIVE),
    ("theatres.*.aftermath.losses.*", CHANCE),
    ("theatres.*.aftermath.calm", CHANCE),
    ("theatres.*.attention.*", NOT_NEGATIVE),
    ("theatres.*.stakes.*.value", NOT_NEGATIVE),
    ("levers.*.continuous", CHANCE),
    ("levers.*.counts", POSITIVE),
    ("levers.*.exit_cost.*", NOT_NEGATIVE),
    ("levers.*.spoils.odds", CHANCE),
    ("levers.*.consent.odds", CHANCE),
    ("stocks.*.decay", CHANCE),
    ("transfers.*.odds", CHANCE),
    *((f"ties.*.{w}", CHANCE) for w in ("alliance", "alignment", "rivalry")),
    *((f"ties.*.{w}", NOT_NEGATIVE) for w in ("trade", "trade_back")),
    ("beliefs.*", CHANCE),
    ("beliefs.*.*", CHANCE),
    ("tables.*.threats.*.private", NOT_NEGATIVE),
    ("tables.*.term", Domain(1.0, inf, "one quarter or more")),
    ("events.*.odds", CHANCE),
    ("events.*.when.hazard", CHANCE),
    ("events.*.effects.*.platforms.*", NOT_NEGATIVE),
    ("assemblies.*.members.*.influence", NOT_NEGATIVE),
    ("assemblies.*.members.*.*", PERCENT),
)


_PATTERNS = tuple((tuple(pattern.split(".")), domain) for pattern, domain in DOMAINS)


def domain_of(path: Path) -> Domain:
    """Return the domain of the parameter at a path."""
    for parts, domain in _PATTERNS:
        if len(parts) != len(path) or parts[0] != path[0]:
            continue
        if all(p in ("*", x) for p, x in zip(parts, path, strict=True)):
            return domain
    return ANY


def quantities(part: object, path: Path = ()) -> Iterator[tuple[Path, Quantity]]:
    """Find every quantity inside a part of a scenario, with the path to it."""
    if isinstance(part, Quantity):
        yield path, part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from quantities(getattr(part, name), (*path, name))
    elif isinstance(part, Mapping):
        for key, item in part.items():
            yield from quantities(item, (*path, key))
    elif isinstance(part, tuple):
        for number, item in enumerate(part):
            yield from quantities(item, (*path, number))


def parameters(file: ScenarioFile) -> dict[str, Parameter]:
    """Return every parameter of a scenario by name, in the order of the file.

    The range of a lever's start is that of its settings.
    """
    return {name: _parameter(file, name, path) for name, path in paths(file).items()}


def paths(file: ScenarioFile) -> dict[str, Path]:
    """Return the path of every parameter by its name; a name cannot be split, for ids hold dots."""
    found = {dotted(path): path for path, _ in quantities(file)}
    starts: list[Path] = [("levers", lever_id, "start") for lever_id in file.levers]
    return found | {dotted(path): path for path in starts}


def _parameter(file: ScenarioFile, name: str, path: Path) -> Parameter:
    part: Any = file
    for key in path:
        part = getattr(part, str(key)) if isinstance(part, BaseModel) else part[key]
    if isinstance(part, Quantity):
        return Parameter(name, part.value, part.range, part.unit, part.source, part.note)
    lever = file.levers[str(path[1])]
    bounds = (lever.settings[0], lever.settings[-1])
    return Parameter(name, lever.start, bounds, lever.unit, lever.source, lever.note)


class UnknownParameter(ValueError):  # noqa: N818 - read aloud where it is caught
    """No parameter or alias of that name."""


def resolve(file: ScenarioFile, name: str) -> str:
    """Return the full name of a parameter, given that name or an alias; case matters.

    Raises
    ------
    UnknownParameter
        With the nearest name; one that differs by case alone is suggested first.
    """
    return _resolve(file, paths(file), name)


def _resolve(file: ScenarioFile, known: Mapping[str, Path], name: str) -> str:
    path = file.aliases.get(name, name)
    if path in known:
        return path
    meant = near(name, [*file.aliases, *known])
    hint = f" → did you mean {meant}?" if meant else ""
    raise UnknownParameter(f"{file.name} has no parameter {name!r}{hint}")


class Settings(NamedTuple):
    """Checked values of parameters under their full names, and what to tell the user of them."""

    values: dict[str, Any]
    notes: tuple[str, ...]


def check_settings(file: ScenarioFile, given: Mapping[str, ArrayLike]) -> Settings:
    """Check values that a run wants to set: name or alias → one number, or one per game.

    Values outside the range that the scenario believes in are allowed and noted.

    Raises
    ------
    UnknownParameter
        For a name that the scenario does not know.
    ValueError
        For values that are not finite, lie where the rules make no sense, start a lever between
        its settings, or leave an office without weights; all at once, one a line.
    """
    known = paths(file)
    values: dict[str, Any] = {}
    wrong, notes = [], []
    for name, value in given.items():
        full = _resolve(file, known, name)
        if full in values:
            wrong.append(f"{full} is set twice, once as {name}")
        values[full] = value
        numbers = [float(x) for x in np.ravel(np.asarray(value, dtype=float))]
        wrong += [f"{full} {text}" for text in _misfits(file, known[full], numbers)]
        low, high = _parameter(file, full, known[full]).range
        outside = [x for x in numbers if not low <= x <= high]
        if outside:
            notes.append(f"{full} = {outside[0]:g} lies outside its range [{low:g}, {high:g}]")
    if not wrong:
        wrong += _without_weight(file, known, values)
    if wrong:
        raise ValueError("\n".join(wrong))
    return Settings(values, tuple(notes))


def _misfits(file: ScenarioFile, path: Path, numbers: list[float]) -> Iterator[str]:
    """Say what is wrong with the values of one parameter, each kind once."""
    if not numbers:
        yield "is given no value"
    if not all(isfinite(x) for x in numbers):
        yield "must be finite numbers"
    elif path[0] == "levers" and path[2:] == ("start",):
        settings = file.levers[str(path[1])].settings
        if any(x not in settings for x in numbers):
            yield f"must be one of its settings {', '.join(f'{s:g}' for s in settings)}"
    elif not all(domain_of(path).holds(x) for x in numbers):
        yield f"must be {domain_of(path).words}"


def _without_weight(
    file: ScenarioFile, known: Mapping[str, Path], values: Mapping[str, ArrayLike]
) -> Iterator[str]:
    """Find shares of one whole that would all be zero: weights of an office, odds of a vote."""
    groups = {known[name][:-1] for name in values if known[name][-2] in ("weights", "platforms")}
    for group in sorted(groups, key=dotted):
        shares = [name for name, path in known.items() if path[:-1] == group]
        set_ = [np.asarray(values.get(n, _parameter(file, n, known[n]).value)) for n in shares]
        if np.any(sum(set_) <= 0.0):
            yield f"{dotted(group)} must not all be zero"


def parse_assignment(text: str) -> tuple[str, float]:
    """Read `tau_usa=.8` as a name and a value.

    Raises
    ------
    ValueError
        If it is not of that form.
    """
    name, equals, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = None
    if not (name.strip() and equals) or number is None:
        raise ValueError(f"{text!r} is not of the form name=number, such as tau_usa=.8")
    return name.strip(), number


def with_values(file: ScenarioFile, given: Mapping[str, float]) -> ScenarioFile:
    """Return a scenario with other values, checked; each says that it was set by hand.

    A range is widened where the value lies outside it.

    Raises
    ------
    UnknownParameter, ValueError
        As `check_settings`; ValueError also for anything but one number.
    """
    values = check_settings(file, given).values
    many = [name for name, value in values.items() if np.ndim(value)]
    if many:
        raise ValueError(f"{many[0]} needs one number")
    known = paths(file)
    for name, value in values.items():
        file = _changed(file, known[name], float(value))
    return file


def _changed(part: Any, path: Path, value: float) -> Any:
    """Copy a part of a scenario with one value changed."""
    if isinstance(part, Quantity):
        low, high = part.range
        update = {
            "value": value,
            "range": (min(low, value), max(high, value)),
            "source": ASSUMED,
            "note": f"set by hand; the scenario says {part.value:g} ({part.source})",
        }
        return part.model_copy(update=update)
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(part, BaseModel):
        return part.model_copy(update={str(key): _changed(getattr(part, str(key)), rest, value)})
    if isinstance(part, Mapping):
        return {k: _changed(x, rest, value) if k == key else x for k, x in part.items()}
    return tuple(_changed(x, rest, value) if n == key else x for n, x in enumerate(part))
