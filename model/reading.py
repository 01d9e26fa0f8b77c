"""Scenario files: YAML 1.2 with `extends`, read and checked, every fault with its place.

A scenario builds on another by `extends`: mappings merge key by key, lists replace, null removes a
key. Positions survive the merge, so a fault points to the line of the file that wrote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache, reduce
from hashlib import sha256
from os import fspath, sep
from pathlib import Path as FilePath
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from model.checks import faults
from model.faults import Fault, Path, dotted, near, real_path, shown, words
from model.references import Draft
from model.schema import ScenarioFile

FOLDER = FilePath(__file__).parent / "scenarios"
THEORY = FOLDER / "theory"
LARGEST = 4_000_000  # bytes of a file
DEEPEST = 40  # levels of mappings and lists
MOST_NODES = 100_000  # of a file with its aliases written out
LARGEST_NUMBER = 1e15  # beyond it whole numbers are not exact
TAG = "tag:yaml.org,2002:"
NAMING = {"actors", "levers", "stocks", "theatres", "tables", "events", "sources"}
PLAYABLE = re.compile(r"^name\s*:", re.MULTILINE)  # a fragment such as base has no name


@dataclass(frozen=True, order=True)
class Spot:
    """A place in a file, lines and columns from 1; line 0 is the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True)
class Problem:
    """One fault of a scenario, and where it was written."""

    spot: Spot
    path: str  # in the scenario, "" for the whole
    text: str
    hint: str = ""  # what was probably meant

    def __str__(self) -> str:
        path = f"{self.path}: " if self.path else ""
        hint = f" → did you mean {self.hint}?" if self.hint else ""
        return f"{self.spot}: {path}{self.text}{hint}"


class ScenarioError(ValueError):
    """A scenario that cannot be used, with all its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[Any, ...]:
        return ScenarioError, (self.problems,)


@dataclass(frozen=True, eq=False)
class Parsed:
    """The content of a file as plain values (sequences as tuples), and where it was written."""

    data: Any  # None if it could not be read
    spots: dict[Path, Spot]
    problems: list[Problem] = field(default_factory=list)


def read(name_or_path: str | FilePath) -> ScenarioFile:
    """Read and check a scenario, shipped (`triad`) or one's own (`my/world.yaml`).

    Raises
    ------
    ScenarioError
        With every problem of the file and of those that it extends.
    """
    path = locate(fspath(name_or_path))
    return _checked(_chain(path, ()), str(path))


@lru_cache(maxsize=4)
def _checked(layers: tuple[Parsed, ...], file: str) -> ScenarioFile:
    """Merge and check files that extend each other, the lowest first.

    Files are read each time, but what says the same is the same layer, and checked already.
    """
    parsed = reduce(_over, layers, Parsed({}, {}))
    if parsed.data is None:
        raise ScenarioError(tuple(parsed.problems))
    scenario, found = _validate(parsed, file)
    problems = [*parsed.problems, *(_place(parsed, f, file) for f in found)]
    if problems or scenario is None:
        raise ScenarioError(tuple(sorted(dict.fromkeys(problems), key=lambda p: p.spot)))
    return scenario


def shipped() -> tuple[str, ...]:
    """Names of the scenarios that come with the program and can be played."""
    return _playable(FOLDER)


def theories() -> tuple[str, ...]:
    """Names of the scenarios that are a theory's assumptions, each with a known answer."""
    return _playable(THEORY)


def _playable(folder: FilePath) -> tuple[str, ...]:
    files = {n: p for n, p in _files().items() if p.parent == folder}
    return tuple(n for n, p in files.items() if PLAYABLE.search(p.read_text("utf-8")))


def scenario_hash(file: ScenarioFile) -> str:
    """Hash of what a scenario says, whatever its layout, order of keys, comments or `extends`."""
    content = file.model_dump(mode="json", by_alias=True, exclude={"extends"})
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode()).hexdigest()


@cache
def _files() -> dict[str, FilePath]:
    return {p.stem: p for folder in (FOLDER, THEORY) for p in sorted(folder.glob("*.yaml"))}


def locate(name: str, beside: FilePath | None = None) -> FilePath:
    """Find a shipped scenario or fragment by name, or a file by path (relative to `beside`).

    Raises
    ------
    ScenarioError
        If there is none.
    """
    if sep in name or "/" in name or name.endswith((".yaml", ".yml")):
        return (beside or FilePath()) / name
    if name in _files():
        return _files()[name]
    hint = near(name, _files())
    text = "there is no such scenario; a file of one's own needs its path, such as ./my.yaml"
    raise ScenarioError((Problem(Spot(name or "''"), "", text, hint),))


def parse(path: FilePath) -> Parsed:
    """Read one file as plain values with positions, without what it extends."""
    file = str(path)
    try:
        if path.stat().st_size > LARGEST:
            return _broken(Spot(file), f"is larger than {LARGEST // 10**6} MB")
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return _broken(Spot(file), f"cannot be read: {reason}")
    if b"\0" in raw:
        return _broken(Spot(file), "is a binary file, not YAML text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace").split("\n")
        spot = Spot(file, len(before), len(before[-1]) + 1)
        return _broken(spot, "is not UTF-8 text: save it in that encoding")
    return parse_text(text, file)


@lru_cache(maxsize=8)
def parse_text(text: str, file: str) -> Parsed:
    """Read YAML text as plain values with positions; `file` is the name that problems give."""
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "cannot be parsed"
        what = f"{error.context}, {what}" if what.startswith("but ") else what
        what += ": indent with spaces" if "\\t" in what else ""
        return _broken(_spot(file, mark), f"not valid YAML: {what}")
    except RecursionError:
        return _broken(Spot(file), "is nested too deeply")
    except Exception as error:  # noqa: BLE001 - the parser stumbles over odd input in many ways
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return _broken(Spot(file), f"not valid YAML: {lines[0]}")
    if root is None:
        return _broken(Spot(file), "is empty")
    if not isinstance(root, MappingNode):
        return _broken(_spot(file, root.start_mark), "must be a mapping, `key: value` lines")
    reader = _Reader(file)
    data = reader.value(root, ())
    return Parsed(data, reader.spots, reader.problems)


def _broken(spot: Spot, text: str) -> Parsed:
    return Parsed(None, {}, [Problem(spot, "", text)])


def _spot(file: str, mark: StringMark | None) -> Spot:
    return Spot(file, mark.line + 1, mark.column + 1) if mark else Spot(file)


class _Reader:
    """Turns YAML nodes into plain values, noting where each key and item stands."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.spots: dict[Path, Spot] = {}
        self.problems: list[Problem] = []
        self.nodes = 0

    def wrong(self, node: Node, path: Path, text: str) -> None:
        self.problems.append(Problem(_spot(self.file, node.start_mark), dotted(path), text))

    def value(self, node: Node, path: Path) -> Any:
        self.spots.setdefault(path, _spot(self.file, node.start_mark))
        self.nodes += 1
        if len(path) > DEEPEST or self.nodes > MOST_NODES:
            if not self.problems or "anchors" not in self.problems[-1].text:
                self.wrong(node, path[:2], "is nested too deeply, or anchors repeat too much")
            return None
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return tuple(self.value(item, (*path, n)) for n, item in enumerate(node.value))
        return self.scalar(node, path)

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, ScalarNode):
                self.wrong(key, path, "a key must be a word")
                continue
            name = str(key.value)
            if name in out:
                first = self.spots[*path, name].line
                self.wrong(key, (*path, name), f"is written twice, first on line {first}")
                continue
            self.spots[*path, name] = _spot(self.file, key.start_mark)
            out[name] = self.value(item, (*path, name))
        return out

    def scalar(self, node: Node, path: Path) -> Any:
        kind, text = str(node.tag).removeprefix(TAG), str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return text.casefold() == "true"
        if kind in ("int", "float"):
            number = _number(text)  # what cannot be worked with stays text, and is refused as such
            return number if number is not None and abs(number) <= LARGEST_NUMBER else text
        if kind not in ("str", "timestamp", "value", "merge"):
            self.wrong(node, path, f"the tag {node.tag} means nothing here")
        return text


def _number(text: str) -> float | int | None:
    """Read a YAML 1.2 number; None if it is none after all, or too long to be one."""
    plain = text.replace("_", "").casefold()
    base = {"0x": 16, "0o": 8}.get(plain.lstrip("+-")[:2], 10)
    try:
        return int(plain, base)
    except ValueError:
        pass
    try:
        return float(plain)
    except ValueError:
        return None


def _chain(path: FilePath, above: tuple[FilePath, ...]) -> tuple[Parsed, ...]:
    """Read a file and everything that it extends, the lowest first."""
    parsed = parse(path)
    if parsed.data is None or parsed.data.get("extends") is None:
        return (parsed,)
    below, fault = _parent(parsed.data["extends"], path, (*above, path.resolve()))
    if below is None:
        problem = Problem(parsed.spots["extends",], "extends", *fault)
        return (Parsed(None, {}, [*parsed.problems, problem]),)
    return (*_chain(below, (*above, path.resolve())), parsed)


def _parent(
    parent: object, path: FilePath, chain: tuple[FilePath, ...]
) -> tuple[FilePath | None, tuple[str, ...]]:
    """Find the file that another extends; else say why there is none."""
    if not isinstance(parent, str):
        return None, (f"expected the name or path of a scenario, found {shown(parent)}",)
    try:
        below = locate(parent, path.parent)
        known = below.resolve() in chain
    except ScenarioError as error:
        return None, (f"there is no scenario {parent!r}", error.problems[0].hint)
    except (OSError, ValueError):
        return None, (f"there is no scenario {parent!r}",)
    if known:
        loop = " → ".join(p.stem for p in (*chain[chain.index(below.resolve()) :], below))
        return None, (f"goes round in a circle: {loop}",)
    return below, ()


def _over(base: Parsed, new: Parsed) -> Parsed:
    """Lay a file over those that it extends, so that positions follow the last writer.

    Where one could not be read, there is no content.
    """
    problems = [*base.problems, *new.problems]
    if base.data is None or new.data is None:
        return Parsed(None, {}, problems)
    return Parsed(_merge(base.data, new.data), base.spots | new.spots, problems)


def _merge(base: Any, new: Any) -> Any:
    """Lay one scenario over another: mappings merge, the rest replaces, None removes a key."""
    if not isinstance(new, Mapping):
        return new
    old = base if isinstance(base, Mapping) else {}
    laid = {k: _merge(old.get(k), v) for k, v in new.items() if v is not None}
    return {k: v for k, v in old.items() if k not in new or k in laid} | laid


def _place(parsed: Parsed, fault: Fault, file: str) -> Problem:
    """Give a fault the position of its path, or of the nearest part of it that is written."""
    path = fault.path
    while path and path not in parsed.spots:
        path = path[:-1]
    spot = parsed.spots[path] if path else Spot(file)
    return Problem(spot, dotted(fault.path), fault.text, fault.hint)


def _validate(parsed: Parsed, file: str) -> tuple[ScenarioFile | None, list[Fault]]:
    """Check form, then sense, of merged data; both kinds of faults are found in one go."""
    data = parsed.data
    try:
        scenario = ScenarioFile.model_validate(data, strict=True)
    except ValidationError as error:
        scenario = None
        found = words(error.errors(include_url=False), data)
    except RecursionError:
        return None, [Fault((), "is nested too deeply")]
    else:
        found = []
    if scenario is None and "name" not in data and "rules" in data and "actors" not in data:
        return None, [Fault((), "is a fragment to build on with `extends`, not a scenario to play")]
    if any(f.path[1:] == () and f.path[0] in NAMING for f in found):
        return None, found  # names could not be looked up
    return scenario, [*found, *faults(_draft(parsed, file))]


def _draft(parsed: Parsed, file: str) -> Draft:
    """Keep what is well formed, so that sense can be checked beside form."""
    last = parsed.spots.get((), Spot(file)).file
    draft = Draft(
        ids={k: frozenset(v) for k, v in parsed.data.items() if isinstance(v, Mapping)},
        inherited=lambda path: parsed.spots.get(path, Spot(file)).file != last,
    )
    for name in ScenarioFile.model_fields:
        section = parsed.data.get(name)
        if section is None or not hasattr(draft, name):
            continue
        if not isinstance(getattr(draft, name), dict):
            setattr(draft, name, _form(_section(name), section))
        elif isinstance(section, Mapping | tuple):
            items = section.items() if isinstance(section, Mapping) else enumerate(section)
            formed = {key: _form(_item(name), item) for key, item in items}
            setattr(draft, name, {k: x for k, x in formed.items() if x is not None})
    return draft


def _form(adapter: TypeAdapter[Any], data: object) -> Any:
    """Validate a part, unknown keys left out; None if it has other faults of form."""
    try:
        return adapter.validate_python(data, strict=True)
    except ValidationError as error:
        if any(e["type"] != "extra_forbidden" for e in error.errors()):
            return None
        unknown = [real_path(e["loc"], data)[0] for e in error.errors()]
    try:
        return adapter.validate_python(_without(data, unknown), strict=True)
    except ValidationError:
        return None


def _without(data: object, paths: Iterable[Path]) -> object:
    """Leave out entries of mappings by their paths."""
    if not isinstance(data, Mapping):
        return data
    rest = {k: [p[1:] for p in paths if p[:1] == (k,)] for k in data}
    return {k: _without(v, rest[k]) for k, v in data.items() if () not in rest[k]}


@cache
def _section(name: str) -> TypeAdapter[Any]:
    """Validator of a section of the schema."""
    return TypeAdapter(_annotation(name))


@cache
def _item(name: str) -> TypeAdapter[Any]:
    """Validator of one item of a section."""
    return TypeAdapter([a for a in get_args(_annotation(name)) if a is not Ellipsis][-1])


@cache
def _annotation(name: str) -> Any:
    return get_type_hints(ScenarioFile, include_extras=True)[name]
