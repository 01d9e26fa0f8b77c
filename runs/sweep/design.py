"""A design file, read and checked: which points are played, and what is set at each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property, lru_cache, partial
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import Field, ValidationError

from agents.answers import DoctrineError
from agents.briefing import Floats
from model.faults import Fault, dotted, near, words
from model.parameters import check_settings, parameters, resolve
from model.reading import Parsed, Problem, ScenarioError, Spot, parse, read
from model.schema import Part, Quantity, Rules, ScenarioFile
from model.turn import SameFile
from runs.ensemble import seat_doctrines
from runs.errors import LONGEST, RUNS, SEEDS, UserError
from runs.shocks import read_shock, with_shocks

SHIPPED = Path(__file__).parent / "designs"
DOCTRINES, RULES = "doctrines.", "rules."
Kind = Literal["grid", "latin_hypercube", "sobol", "list"]
Word = float | str


class Level(Part):
    """One arm of a factor: what is otherwise in it."""

    set: dict[str, float] = Field(default_factory=dict)
    doctrines: dict[str, str] = Field(default_factory=dict)
    shocks: tuple[str, ...] = ()
    rules: dict[str, Word] = Field(
        default_factory=dict
    )  # those that are no numbers with a range: acceptance, rounds …


class Factor(Part):
    """One thing that differs between the points: numbers, words, a range, or arms."""

    label: str = ""
    values: tuple[Word, ...] = ()
    range: tuple[float, float] | None = None
    steps: Annotated[int, Field(ge=2, le=1000)] | None = None  # of a range in a grid
    arms: dict[str, Level] | None = None


class DesignFile(Part):
    """What a design file may say."""

    title: str
    about: str = ""
    scenario: str = "2025q1"
    seed: Annotated[int, Field(ge=0, lt=SEEDS)] = 1
    runs: Annotated[int, Field(ge=1, le=RUNS)]  # games of each point
    quarters: Annotated[int, Field(ge=1, le=LONGEST)] | None = None
    kind: Kind = "grid"
    points: Annotated[int, Field(ge=2, le=1_000_000)] | None = None  # of a sample
    list: tuple[dict[str, Word], ...] = ()
    pairing: Literal["same", "independent"] = "same"  # do all points share their games' draws?
    series: tuple[str, ...] = ()
    trajectories: bool = False
    set: dict[str, float] = Field(default_factory=dict)
    doctrines: dict[str, str] = Field(default_factory=dict)
    outcomes: tuple[str, ...] = ()  # those that the report shows, by their ids
    factors: dict[str, Factor]


@dataclass(frozen=True)
class Edit:
    """Changes of a scenario that are no numbers."""

    shocks: tuple[str, ...] = ()
    rules: tuple[tuple[str, Word], ...] = ()


@dataclass(frozen=True)
class Point:
    """One point of a design."""

    levels: dict[str, Word]  # factor → its level here
    edit: Edit
    values: dict[str, float]  # full path → value
    doctrines: dict[str, str]


@dataclass(frozen=True)
class Design:
    """A design that can be played. Row n of its games is game n % runs of point n // runs."""

    file: DesignFile
    scenario: ScenarioFile

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """All points, in the order in which they are played."""
        full_name = cache(partial(resolve, self.scenario))  # finding one walks the whole scenario
        return tuple(_point(self, levels, full_name) for levels in _levels(self.file))

    @property
    def rows(self) -> int:
        """Number of games."""
        return len(self.points) * self.file.runs

    @property
    def quarters(self) -> int:
        """Length of each game."""
        return self.scenario.quarters if self.file.quarters is None else self.file.quarters

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every parameter that some point sets."""
        return tuple(sorted({path for point in self.points for path in point.values}))

    @cached_property
    def table(self) -> Floats:
        """What every point sets, the scenario's own value where it sets nothing. (path, point)."""
        own = parameters(self.scenario)
        rows = [[p.values.get(path, own[path].value) for p in self.points] for path in self.paths]
        return np.array(rows, dtype=float).reshape(len(self.paths), len(self.points))


def shipped() -> tuple[str, ...]:
    """Names of the designs that come with the program."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.yaml")))


def read_design(name: str, runs: int | None = None) -> Design:
    """Read and check a design, shipped or one's own. runs : games of a point instead of its own.

    Raises
    ------
    ScenarioError
        With every problem of the file, each with its place.
    UserError
        If there is no such file.
    """
    if runs is not None and not 1 <= runs <= RUNS:
        raise UserError(f"--runs {runs}: from 1 to {RUNS:,} games of each point")
    path = SHIPPED / f"{name}.yaml" if name in shipped() else Path(name)
    if not path.is_file():
        hint = near(name, shipped())
        meant = f" → did you mean {hint}?" if hint else ""
        raise UserError(f"there is no design {name}{meant} (shipped: {', '.join(shipped())})")
    parsed = parse(path)
    if parsed.data is None:
        raise ScenarioError(tuple(parsed.problems))
    try:
        file = DesignFile.model_validate(parsed.data, strict=True)
    except ValidationError as error:
        found = list(dict.fromkeys(words(error.errors(include_url=False), parsed.data, DesignFile)))
        raise ScenarioError(_problems(parsed, found, str(path))) from None
    file = file if runs is None else file.model_copy(update={"runs": runs})
    try:
        scenario = read(_beside(path, file.scenario))
    except ScenarioError as error:
        fault = Fault(("scenario",), f"{error.problems[0].text}", error.problems[0].hint)
        raise ScenarioError(_problems(parsed, [fault], str(path))) from None
    design = Design(file, scenario)
    found = list(_sense(design))
    if found or parsed.problems:
        raise ScenarioError(_problems(parsed, found, str(path)))
    return design


def _beside(design: Path, name: str) -> str:
    """A scenario's path is relative to the design's file."""
    if name.endswith((".yaml", ".yml")):
        return str(design.parent / name)
    return name


def _problems(parsed: Parsed, found: list[Fault], file: str) -> tuple[Problem, ...]:
    placed = []
    for fault in found:
        path = fault.path
        while path and path not in parsed.spots:
            path = path[:-1]
        spot = parsed.spots[path] if path else Spot(file)
        placed.append(Problem(spot, dotted(fault.path), fault.text, fault.hint))
    return tuple(sorted({*parsed.problems, *placed}, key=lambda p: (p.spot, p.text)))


def _levels(file: DesignFile) -> Iterator[dict[str, Word]]:
    """Level of every factor at every point. What needs another world varies slowest."""
    if file.kind == "list":
        yield from file.list
        return
    crossed = {
        name: _choices(factor, file.kind)
        for name, factor in sorted(file.factors.items(), key=lambda f: _is_number(*f))
        if factor.range is None or file.kind == "grid"
    }
    sampled = {n: f.range for n, f in file.factors.items() if n not in crossed and f.range}
    sample = _sample(file, len(sampled))
    for combination in product(*crossed.values()):
        for row in sample:
            drawn = {
                name: low + (high - low) * float(u)
                for (name, (low, high)), u in zip(sampled.items(), row, strict=True)
            }
            yield {**dict(zip(crossed, combination, strict=True)), **drawn}


def _is_number(name: str, factor: Factor) -> bool:
    """Whether a factor only sets a number, so that its points can be played together."""
    return not factor.arms and not name.startswith(DOCTRINES) and not _words_alone(factor)


def _words_alone(factor: Factor) -> bool:
    return any(isinstance(value, str) for value in factor.values)


def _choices(factor: Factor, kind: Kind) -> tuple[Word, ...]:
    if factor.arms is not None:
        return tuple(factor.arms)
    if factor.range is not None:
        return tuple(float(x) for x in np.linspace(*factor.range, factor.steps or 2))
    return factor.values


def _sample(file: DesignFile, factors: int) -> Floats:
    """Points in the unit cube, (point, factor): one without factors if nothing is sampled."""
    if not factors or file.points is None:
        return np.zeros((1, 0))
    from scipy.stats import qmc

    if file.kind == "sobol":
        return np.asarray(qmc.Sobol(factors, rng=file.seed).random(file.points))
    return np.asarray(qmc.LatinHypercube(factors, rng=file.seed).random(file.points))


def _point(design: Design, levels: dict[str, Word], full_name: Callable[[str], str]) -> Point:
    """What one point sets: that of the whole design, then that of each factor."""
    file = design.file
    values, doctrines = dict(file.set), dict(file.doctrines)
    shocks: list[str] = []
    rules: dict[str, Word] = {}
    for name, level in levels.items():
        arms = file.factors[name].arms
        if arms is not None:
            arm = arms[str(level)]
            values |= arm.set
            doctrines |= arm.doctrines
            shocks += arm.shocks
            rules |= arm.rules
        elif name.startswith(DOCTRINES):
            doctrines[name.removeprefix(DOCTRINES)] = str(level)
        elif _is_structure(name):
            rules[name.removeprefix(RULES)] = level
        else:
            values[name] = float(level)
    full = {full_name(name): float(value) for name, value in values.items()}
    return Point(levels, Edit(tuple(shocks), tuple(sorted(rules.items()))), full, doctrines)


def _is_structure(name: str) -> bool:
    """Whether a name is that of a rule that is no number with a range."""
    rule = name.removeprefix(RULES)
    return name.startswith(RULES) and rule in _structure()


@lru_cache(maxsize=1)
def _structure() -> dict[str, Any]:
    fields = Rules.model_fields.items()
    return {n: f for n, f in fields if f.annotation is not Quantity}


@lru_cache(maxsize=64)
def edited(key: SameFile, edit: Edit) -> ScenarioFile:
    """Return a scenario with the changes that are no numbers."""
    file = key.file
    if edit.rules:
        rules = Rules.model_validate({**dict(file.rules), **dict(edit.rules)})
        file = file.model_copy(update={"rules": rules})
    if edit.shocks:
        file = with_shocks(file, [read_shock(file, text) for text in edit.shocks])
    return file


# Sense


def _sense(design: Design) -> Iterator[Fault]:
    """Everything that is wrong with a well-formed design."""
    file = design.file
    if not file.factors:
        yield Fault(("factors",), "a design needs a factor")
    yield from _settings(design, ("set",), file.set)
    yield from _doctrines(design, ("doctrines",), file.doctrines)
    broken = False
    for name, factor in file.factors.items():
        for fault in _factor(design, ("factors", name), name, factor):
            broken = True
            yield fault
    yield from _plan(file)
    if not broken and not list(_plan(file)) and design.rows > RUNS:
        yield Fault(("runs",), f"{design.rows:,} games are more than {RUNS:,}")


def _plan(file: DesignFile) -> Iterator[Fault]:
    ranges = [n for n, f in file.factors.items() if f.range is not None]
    sampled = file.kind in ("latin_hypercube", "sobol")
    if sampled and file.points is None:
        yield Fault(("kind",), f"a {file.kind} needs `points`, how many")
    if sampled and not ranges:
        yield Fault(("kind",), f"a {file.kind} needs a factor with a range")
    if not sampled and file.points is not None:
        yield Fault(("points",), f"belongs to a latin_hypercube or sobol, not to a {file.kind}")
    if file.kind == "sobol" and file.points and file.points & (file.points - 1):
        yield Fault(("points",), f"a Sobol sequence needs a power of 2, not {file.points}")
    if (file.kind == "list") != bool(file.list):
        yield Fault(("list",), "`kind: list` and a list of points belong together")
    for n, point in enumerate(file.list):
        for name in file.factors.keys() - point.keys():
            yield Fault(("list", n), f"leaves out the factor {name}")
        for name, level in point.items():
            if name not in file.factors:
                yield Fault(("list", n, name), "is no factor", near(name, file.factors))
            elif (arms := file.factors[name].arms) is not None and level not in arms:
                yield Fault(("list", n, name), f"is no arm: {level}", near(str(level), arms))


def _factor(
    design: Design, at: tuple[str | int, ...], name: str, factor: Factor
) -> Iterator[Fault]:
    listed = design.file.kind == "list"
    given = [bool(factor.values), factor.range is not None, factor.arms is not None]
    if sum(given) != 1 and not (listed and not any(given)):
        yield Fault(at, "needs exactly one of values, range and arms")
        return
    if factor.arms is not None:
        if not factor.arms:
            yield Fault((*at, "arms"), "is empty: a factor needs at least one arm")
        for arm, level in factor.arms.items():
            yield from _level(design, (*at, "arms", arm), level)
        return
    if factor.range is not None:
        low, high = factor.range
        if low >= high:
            yield Fault((*at, "range"), f"[{low:g}, {high:g}] is empty: the lower end comes first")
        if design.file.kind == "grid" and factor.steps is None:
            yield Fault(at, "a range in a grid needs `steps`, how many values")
        yield from _settings(design, at, {name: low})
        yield from _settings(design, at, {name: high})
        return
    points = [p[name] for p in design.file.list if name in p]
    for value in dict.fromkeys((*factor.values, *points)):
        if name.startswith(DOCTRINES):
            yield from _doctrines(design, at, {name.removeprefix(DOCTRINES): str(value)})
        elif _is_structure(name):
            yield from _rules(design, at, {name.removeprefix(RULES): value})
        elif isinstance(value, str):
            yield Fault((*at, "values"), f"{name} needs numbers, found {value!r}")
        else:
            yield from _settings(design, at, {name: value})


def _level(design: Design, at: tuple[str | int, ...], level: Level) -> Iterator[Fault]:
    yield from _settings(design, (*at, "set"), level.set)
    yield from _doctrines(design, (*at, "doctrines"), level.doctrines)
    yield from _rules(design, (*at, "rules"), level.rules)
    for n, text in enumerate(level.shocks):
        try:
            shock = read_shock(design.scenario, text)
        except (UserError, DoctrineError) as error:
            yield Fault((*at, "shocks", n), str(error).removeprefix("--shock "))
            continue
        if shock.doctrines:
            yield Fault((*at, "shocks", n), "write a doctrine under `doctrines`, as NAME@QUARTER")
        if shock.quarter >= design.quarters:
            yield Fault((*at, "shocks", n), "comes after the last quarter")


def _settings(
    design: Design, at: tuple[str | int, ...], values: Mapping[str, float]
) -> Iterator[Fault]:
    for name, value in values.items():
        try:
            check_settings(design.scenario, {name: value})
        except ValueError as error:
            text, _, hint = str(error).partition(" → did you mean ")
            place = (*at, name) if at[-1] == "set" else at
            yield Fault(place, text, hint.removesuffix("?"))


def _doctrines(
    design: Design, at: tuple[str | int, ...], doctrines: Mapping[str, str]
) -> Iterator[Fault]:
    for actor, name in doctrines.items():
        try:
            seat_doctrines(design.scenario, {actor: name})
        except (UserError, DoctrineError) as error:
            yield Fault((*at, actor) if at[-1] == "doctrines" else at, str(error))


def _rules(design: Design, at: tuple[str | int, ...], rules: Mapping[str, Word]) -> Iterator[Fault]:
    for name, value in rules.items():
        if name not in _structure():
            hint = near(name, _structure())
            yield Fault((*at, name), "is no rule that is a word or a count", hint)
            continue
        try:
            edited(SameFile(design.scenario), Edit(rules=((name, value),)))
        except ValidationError:
            choices = get_args(_structure()[name].annotation)
            wanted = ", ".join(map(str, choices)) if choices else "a whole number"
            close = get_close_matches(str(value), [str(c) for c in choices], n=1)
            yield Fault((*at, name), f"{value!r} is none of {wanted}", close[0] if close else "")
