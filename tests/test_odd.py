"""The description of the model says what the code does: elements, rules, constants, parameters."""

import ast
import re
from importlib import import_module
from inspect import getsource
from pathlib import Path

import pytest

from agents.doctrine import doctrines
from model.notice import NOTICE
from model.parameters import parameters
from model.reading import read, shipped
from model.turn import quarter
from runs.parameter_table import FILE, SCENARIO, table
from runs.parameter_words import unit_of

ROOT = Path(__file__).resolve().parents[1]
ODD = (ROOT / "model" / "ODD.md").read_text(encoding="utf-8")
ELEMENTS = (
    "Purpose and patterns",
    "Entities, state variables and scales",
    "Process overview and scheduling",
    "Design concepts",
    "Initialization",
    "Input data",
    "Submodels",
)
CONCEPTS = (
    "Basic principles",
    "Emergence",
    "Adaptation",
    "Objectives",
    "Learning",
    "Prediction",
    "Sensing",
    "Interaction",
    "Stochasticity",
    "Collectives",
    "Observation",
)
DESCRIBED = (
    *(f"model.{m}" for m in ("theatres", "ledger", "beliefs", "politics", "bargaining", "tables")),
    *(f"model.{m}" for m in ("agenda", "moves", "reckoning", "events", "assembly")),
    *(f"agents.{m}" for m in ("utility", "talks", "agenda")),
)
DOTTED = re.compile(r"(?:agents|model|runs)(?:\.\w+)+")


def headings(level: int, text: str = ODD) -> list[str]:
    return re.findall(rf"(?m)^{'#' * level} (.+)$", text)


def submodels() -> str:
    """Return the seventh element."""
    return ODD.split("\n## 7. ")[1].split("\n## ")[0]


def resolve(name: str) -> object:
    """Return what a dotted name stands for: a module, its function, or a method of its class."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def public_functions(module: str) -> list[str]:
    """Names of the functions that a module defines for others."""
    source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    nodes = ast.parse(source).body
    return [x.name for x in nodes if isinstance(x, ast.FunctionDef) and x.name[0] != "_"]


def test_the_seven_elements_stand_in_order() -> None:
    found = [h for h in headings(2) if h[0].isdigit()]
    assert found == [f"{n}. {name}" for n, name in enumerate(ELEMENTS, 1)]


def test_the_eleven_concepts_stand_in_order() -> None:
    concepts = ODD.split("\n## 4. ")[1].split("\n## 5. ")[0]
    assert headings(3, concepts) == list(CONCEPTS)


def test_the_schedule_is_that_of_the_turn() -> None:
    schedule = ODD.split("\n## 3. ")[1].split("\n## 4. ")[0]
    told = re.findall(r"`model\.(?!turn)\w+\.(\w+)`", schedule)
    source = getsource(quarter)
    called = [source.index(f"{name}(") for name in told]
    assert len(told) > len(ELEMENTS)
    assert called == sorted(called)


def test_every_submodel_is_a_function() -> None:
    names = headings(3, submodels())
    assert len(names) == len(set(names)) > len(DESCRIBED)
    for name in names:
        assert DOTTED.fullmatch(name), name
        assert callable(resolve(name)), name


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:agents|model|runs)\.[\w.]+)`", ODD))))
def test_every_name_in_the_text_exists(name: str) -> None:
    assert resolve(name) is not None


@pytest.mark.parametrize("module", DESCRIBED)
def test_every_public_rule_is_described(module: str) -> None:
    told = set(DOTTED.findall(submodels()))
    missing = {f"{module}.{name}" for name in public_functions(module)} - told
    assert not missing


def test_every_doctrine_is_described() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \|", submodels())
    assert sorted(rows) == sorted(doctrines())


def test_every_assumed_constant_is_listed_with_its_value() -> None:
    listed: dict[str, float] = {}
    for names, values in re.findall(r"(?m)^\| ((?:`[A-Z_]+`(?:, )?)+) \| ([^|]+) \|", ODD):
        pairs = zip(re.findall(r"[A-Z_]+", names), values.split(","), strict=True)
        listed |= {name: float(value) for name, value in pairs}
    found: dict[str, float] = {}
    for file in (*(ROOT / "agents").rglob("*.py"), *(ROOT / "model").glob("*.py")):
        lines = re.findall(r"(?m)^([A-Z_]+) = ([-\d.e]+)  # assumed", file.read_text("utf-8"))
        found |= {name: float(value) for name, value in lines}
    assert found
    assert found.items() <= listed.items()
    constants = {name: resolve(f"{module}.{name}") for name, module in OTHER_CONSTANTS.items()}
    assert constants.items() <= listed.items()
    assert listed.keys() == found.keys() | constants.keys()


OTHER_CONSTANTS = {
    "NEUTRAL": "model.theatres",
    "CLASH": "model.theatres",
    "EVEN": "model.politics",
    "TIE": "agents.utility",
}


def test_the_notice_stands_at_the_top() -> None:
    assert NOTICE in ODD.split("\n## ")[0]


@pytest.mark.parametrize("scenario", shipped())
def test_every_parameter_has_a_unit(scenario: str) -> None:
    file = read(scenario)
    for p in parameters(file).values():
        assert unit_of(file, p), p.name


def test_the_parameter_table_is_current() -> None:
    """Else regenerate it: python -m runs.parameter_table."""
    current = table(read(SCENARIO)).splitlines()
    written = FILE.read_text(encoding="utf-8").splitlines()
    stale = sorted(set(current) ^ set(written))
    assert not stale, "python -m runs.parameter_table"
    assert current == written


def test_every_parameter_stands_in_the_table() -> None:
    names, heading = [], ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        heading = line.removeprefix("## ") if line.startswith("## ") else heading
        names += [f"{heading}.{name}" for name in re.findall(r"^\| `([^`]+)` \|", line)]
    assert sorted(names) == sorted(parameters(read(SCENARIO)))
