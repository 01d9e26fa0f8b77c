"""What is wrong with a scenario file, in words for the people who write it."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from model.schema import Quantity, ScenarioFile

Path = tuple[str | int, ...]

LONGEST_QUOTE = 30  # characters of a wrong value that are shown
NUMBER_FORM = "a number needs a range and a source: {value: 1, range: [0, 2], source: assumed}"
FORMS = {  # beginnings of the schema's patterns
    "^[A-Z": "an id: letters, digits, _ and -, beginning with a letter",
    "^[a-z": "the name of a scenario: small letters, digits, _ and -",
    r"^\d": "a quarter such as 2025Q1",
}
BRANCHES = ("Quantity", "constrained-str")  # in pydantic's labels for `Quantity | Id`


class Fault(NamedTuple):
    """One thing that is wrong, and where in the scenario."""

    path: Path
    text: str
    hint: str = ""  # what was probably meant


def near(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant, "" if none is close; case does not matter."""
    plain = {k.casefold(): k for k in known}
    close = get_close_matches(name.casefold(), plain, n=1)
    return plain[close[0]] if close else ""


def dotted(path: Path) -> str:
    """Write a path as people do: `levers.troops.settings.2`."""
    return ".".join(str(part) for part in path)


def shown(value: object) -> str:
    """Describe a wrong value as it was written."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:g}"
        case str():
            cut = value if len(value) <= LONGEST_QUOTE else value[: LONGEST_QUOTE - 1] + "…"
            return f"the text {cut!r}"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"


def words(
    errors: Iterable[Mapping[str, Any]], data: object, schema: type[BaseModel] = ScenarioFile
) -> list[Fault]:
    """Turn pydantic's errors on a file's data into faults.

    errors : as from `ValidationError.errors()`; schema : what the file may say
    """
    faults = [f for e in errors if (f := _fault(e, data, schema)) is not None]
    meant = {(*f.path[:-1], f.hint) for f in faults if f.text.startswith(UNKNOWN_KEY)}
    return [f for f in faults if f.text != MISSING or f.path not in meant]


UNKNOWN_KEY = "unknown key"
LISTED = 20  # known keys that are not too many to be read
MISSING = "is missing"


def _fault(error: Mapping[str, Any], data: object, schema: type[BaseModel]) -> Fault | None:
    kind, value = str(error["type"]), error["input"]
    path, branch = real_path(error["loc"], data)
    if branch and (branch == "Quantity") == isinstance(_at(data, path), str):
        return None  # the other reading of `Quantity | Id` says more
    is_key = error["loc"][-1:] == ("[key]",)
    model = _model_at(path, schema)
    if kind == "missing":
        if isinstance(error["loc"][-1], int):
            size = len(get_args(_annotation_at(path, schema)))
            return Fault(path, f"needs {size} numbers")
        return Fault((*path, str(error["loc"][-1])), MISSING)
    if kind == "extra_forbidden":
        parent = _model_at(path[:-1], schema)
        return _unknown_key(path, _keys(parent) if parent else [])
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(error["ctx"]["expected"]))
        what = f"{path[-1]!r}" if is_key else shown(value)
        text = f"{what} is not one of {error['ctx']['expected'].replace(chr(39), '')}"
        return Fault(path, text, near(str(value), choices))
    if kind == "string_pattern_mismatch":
        pattern = str(error["ctx"]["pattern"])
        form = next((f for start, f in FORMS.items() if pattern.startswith(start)), pattern)
        what = repr(path[-1]) if is_key else shown(value)
        return Fault(path, f"{what} is not {form}")
    if kind == "model_type" and model is Quantity:
        return Fault(path, f"{NUMBER_FORM}; found {shown(value)}")
    return Fault(path, _plain(kind, error, value))


def _unknown_key(path: Path, known: list[str]) -> Fault:
    """Name the nearest key that is known there, or all where none is near and they are few."""
    hint = near(str(path[-1]), known)
    if hint or not 0 < len(known) <= LISTED:
        return Fault(path, UNKNOWN_KEY, hint)
    return Fault(path, f"{UNKNOWN_KEY}; it may say {', '.join(known)}")


def _plain(kind: str, error: Mapping[str, Any], value: object) -> str:
    """Word the errors that need nothing but the value."""
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if kind in ("greater_than_equal", "less_than_equal"):
        side, limit = ("least", "ge") if kind[0] == "g" else ("most", "le")
        return f"must be at {side} {error['ctx'][limit]:g}, not {shown(value)}"
    if kind == "too_long":
        return f"has {error['ctx']['actual_length']} entries, needs {error['ctx']['max_length']}"
    expected = {
        "float": "a number",
        "int": "a whole number",
        "string": "text",
        "bool": "true or false",
        "tuple": "a list, [...]",
        "dict": "a mapping, {...}",
        "model": "a mapping, {...}",
    }.get(kind.partition("_")[0])
    if expected:
        return f"expected {expected}, found {shown(value)}"
    message = str(error["msg"])
    return message[:1].lower() + message[1:]


def real_path(loc: tuple[str | int, ...], data: object) -> tuple[Path, str]:
    """Keep the parts of pydantic's location that exist in the data; also name a union's branch."""
    path: list[str | int] = []
    branch = ""
    here: Any = data
    for part in loc:
        known: Mapping[Any, Any] = here if isinstance(here, Mapping) else _numbered(here)
        if part in known:
            here = known[part]
            path.append(part)
        else:
            branch = next((b for b in BRANCHES if b in str(part)), branch)
    return tuple(path), branch


def _numbered(data: object) -> dict[int, Any]:
    return dict(enumerate(data)) if isinstance(data, tuple) else {}


def _at(data: Any, path: Path) -> object:
    for part in path:
        data = data[part]
    return data


def _annotation_at(path: Path, schema: type[BaseModel]) -> Any:
    """Type that the schema gives to a path, None where it gives none."""
    here: Any = schema
    for part in path:
        model = next(_models(here), None)
        if model is not None:
            fields = {f.alias or name: f.annotation for name, f in model.model_fields.items()}
            here = fields.get(str(part))
        else:
            args = [a for a in get_args(_bare(here)) if a is not Ellipsis]
            here = args[-1] if args else None
    return _bare(here)


def _bare(annotation: Any) -> Any:
    """Strip `Annotated` and `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [a for a in get_args(annotation) if a is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    bare = _bare(annotation)
    options = get_args(bare) if get_origin(bare) in (Union, types.UnionType) else (bare,)
    for option in options:
        if isinstance(option, type) and issubclass(option, BaseModel):
            yield option


def _model_at(path: Path, schema: type[BaseModel]) -> type[BaseModel] | None:
    return next(_models(_annotation_at(path, schema)), None)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
