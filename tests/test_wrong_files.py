"""Every rule of a scenario file has a wrong file in tests/wrong_scenarios that breaks it.

The rules are read from the code itself, so a new rule without a wrong file fails here. What the
files must report, each says in its first lines: `test_reading` compares that.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from types import FrameType, GeneratorType, ModuleType
from typing import Any, Literal, get_args, get_origin

import annotated_types
import pytest
from pydantic import BaseModel

from model import checks, faults, reading, references, schema
from model.faults import Fault, real_path
from model.parameters import DOMAINS, Domain
from model.reading import ScenarioError, read

WRONG = sorted((Path(__file__).parent / "wrong_scenarios").glob("*.yaml"))
Place = tuple[str, int]  # function, line


def read_all(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, spy: object) -> None:
    """Read all wrong files with a spy in the place of a function."""
    monkeypatch.setattr(module, name, spy)
    for path in WRONG:
        with suppress(ScenarioError):
            read(path)


def places(module: ModuleType, *kinds: type[ast.expr], calling: str = "") -> set[Place]:
    """Places of nodes of these kinds, or of calls of a function, in the functions of a module."""
    tree = ast.parse(inspect.getsource(module))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    return {
        (function.name, node.lineno)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Yield | ast.YieldFrom | ast.Call)
        and (isinstance(node, kinds) or ast.unparse(getattr(node, "func", node)) == calling)
    }


def stack(frame: FrameType | None, file: str) -> Iterator[Place]:
    """Places of a module that led to a frame, delegating generators too."""
    while frame is not None:
        if frame.f_code.co_filename == file:
            yield frame.f_code.co_name, frame.f_lineno
        frame = frame.f_back


def test_every_check_of_sense_is_broken_by_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of model.checks that reports a fault or asks another check is met."""
    met: set[Place] = set()

    def spy(*given: Any) -> Fault:
        met.update(stack(sys._getframe(1), checks.__file__))
        return Fault(*given)

    read_all(monkeypatch, checks, "Fault", spy)
    rules = places(checks, ast.YieldFrom, calling="Fault")
    assert len(rules) > 70
    assert rules - met == set()


def test_every_kind_of_name_is_misspelt_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of model.references that asks whether a name exists is met by one that does not."""
    met: set[Place] = set()
    finders = {name: getattr(references, name) for name in ("_references", "_event_references")}

    def spying(find: Any) -> Any:
        def spy(draft: references.Draft) -> Iterator[references.Reference]:
            found = find(draft)
            for path, kinds, name in found:
                if not any(name in draft.known(kind) for kind in kinds.split(" or ")):
                    met.update(inside(found))
                yield path, kinds, name

        return spy

    for name, find in finders.items():
        read_all(monkeypatch, references, name, spying(find))
    asked = places(references, ast.Yield, ast.YieldFrom)
    rules = {p for p in asked if p[0].endswith("_references")}
    assert len(rules) > 30
    assert rules - met == set()


def inside(generator: Any) -> Iterator[Place]:
    """Places at which a generator, and those to which it delegates, stand."""
    while isinstance(generator, GeneratorType) and generator.gi_frame is not None:
        yield generator.gi_code.co_name, generator.gi_frame.f_lineno
        generator = generator.gi_yieldfrom


def test_every_bound_and_choice_of_the_schema_is_broken_by_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    met: set[tuple[str, str, str]] = set()  # model, field, kind of error
    kinds: set[str] = set()

    def spy(errors: Iterable[Mapping[str, Any]], data: object) -> list[Fault]:
        listed = list(errors)
        for error in listed:
            path, _ = real_path(error["loc"], data)
            kinds.add(error["type"])
            for n in range(len(path)):
                model = faults._model_at(path[:n], schema.ScenarioFile)
                if model is not None:
                    met.add((model.__name__, str(path[n]), error["type"]))
        return faults.words(listed, data)

    read_all(monkeypatch, reading, "words", spy)
    rules = set(constraints())
    assert len(rules) > 20
    assert rules - met == set()
    worded = inspect.getsource(faults._fault) + inspect.getsource(faults._plain)
    named = set(re.findall(r'kind == "(\w+)"', worded))
    named |= {f"{w}_type" for w in re.findall(r'"(\w+)": "(?:a|text|true)', worded)}
    assert {"missing", "float_type", "bool_type"} <= named
    assert named - kinds == set()


def constraints() -> Iterator[tuple[str, str, str]]:
    """Bounds and choices that the schema asks for: model, field, error."""
    for _, model in inspect.getmembers(schema, inspect.isclass):
        if not issubclass(model, BaseModel):
            continue
        for name, field in model.model_fields.items():
            key = field.alias or name
            for each in (*field.metadata, *parts_of(field.annotation)):
                kind = get_origin(each) or type(each)
                if kind in ERRORS:
                    yield model.__name__, key, ERRORS[kind]


ERRORS: dict[Any, str] = {
    annotated_types.Ge: "greater_than_equal",
    annotated_types.Le: "less_than_equal",
    annotated_types.MaxLen: "too_long",
    Literal: "literal_error",
}


def test_every_form_of_a_name_is_missed_by_a_file() -> None:
    said = "\n".join(reports())
    assert [form for form in faults.FORMS.values() if f"is not {form}" not in said] == []


def parts_of(annotation: Any) -> Iterator[Any]:
    """Take an annotation apart: `dict[Id, Quantity | None]` holds Id's pattern."""
    yield annotation
    yield from getattr(annotation, "__metadata__", ())
    if get_origin(annotation) is not Literal:
        for part in get_args(annotation):
            yield from parts_of(part)


def reports() -> set[str]:
    """First lines of all wrong files, and what must be said of them."""
    lines = [line for p in WRONG for line in p.read_text("utf-8", "replace").splitlines()]
    return {line for line in lines if line.startswith("# ")}


def test_every_domain_of_a_number_is_left_by_a_file() -> None:
    """Each pattern of model.parameters.DOMAINS, by a value or an end of a range."""
    said = "\n".join(reports())
    kept = [p for p, domain in DOMAINS if not re.search(left(p, domain), said)]
    assert kept == []


def left(pattern: str, domain: Domain) -> str:
    path = re.escape(pattern).replace(r"\*", r"[^. ]+")
    return rf"{path}\.(value: must be|range: \[.*\] must stay) {re.escape(domain.words)}"


def messages(*modules: ModuleType, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Messages in calls of these names, as patterns: what is put in may be anything."""
    for module in modules:
        tree = ast.parse(inspect.getsource(module))
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            texts = {
                n.targets[0].id: n.value
                for n in ast.walk(function)
                if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
            }
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                    for given in node.args:
                        text = texts.get(given.id) if isinstance(given, ast.Name) else given
                        if isinstance(text, ast.JoinedStr) or (
                            isinstance(text, ast.Constant) and len(str(text.value)) > 3
                        ):
                            yield pattern_of(text), f"{function.name}:{node.lineno}"


def pattern_of(text: ast.expr) -> str:
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else ".+" for p in parts)


def test_every_message_about_the_form_of_a_file_is_said_of_one(tmp_path: Path) -> None:
    """Files that cannot be read as YAML, and what the schema's own validators refuse."""
    said = reports() | set(said_of_no_files(tmp_path))
    called = ("_broken", "self.wrong", "ValueError", "Fault")
    rules = list(messages(reading, schema, names=called))
    assert len(rules) > 15
    unsaid = [f"{w}: {p}" for p, w in rules if not any(re.search(p, line) for line in said)]
    assert unsaid == []


def said_of_no_files(folder: Path) -> Iterator[str]:
    """What is said of what cannot be kept in a folder of files: none, and one that is too large."""
    (folder / "large.yaml").write_bytes(b"# " + b"x" * reading.LARGEST)
    for path in (folder / "none.yaml", folder / "large.yaml"):
        with pytest.raises(ScenarioError) as caught:
            read(path)
        yield str(caught.value)


def test_a_wrong_file_says_first_what_is_wrong_with_it() -> None:
    for path in WRONG:
        lines = path.read_text("utf-8", "replace").splitlines()
        assert list(takewhile(lambda line: line.startswith("# "), lines)), path.name
