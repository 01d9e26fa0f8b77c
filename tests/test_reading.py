"""Scenario files: all shipped ones load, each wrong one is told what is wrong and where."""

import pickle
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.reading import FOLDER, Problem, ScenarioError, read, scenario_hash, shipped

WRONG = Path(__file__).parent / "wrong_scenarios"
SHIPPED = sorted(p.stem for p in FOLDER.glob("*.yaml"))
Write = Callable[..., Path]
Temporary = pytest.TempPathFactory
LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def problems(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(ScenarioError) as caught:
        read(path)
    assert caught.value.problems
    assert str(caught.value) == "\n".join(str(p) for p in caught.value.problems)
    return caught.value.problems


def expected(path: Path) -> list[str]:
    """Return the comment lines at the top of a wrong file, which say what must be reported."""
    head = re.match(r"(?:# .*\n)*", path.read_text("utf-8", "replace"))
    assert head is not None
    return [line[2:] for line in head[0].splitlines()]


def reported(problem: Problem, path: Path) -> str:
    """Write a problem as `line:column: …`; `file: …` without lines if another file is at fault."""
    rest = str(problem).removeprefix(str(problem.spot)).removeprefix(": ")
    if problem.spot.file != str(path):
        return f"{Path(problem.spot.file).name}: {rest}"
    return f"{problem.spot.line}:{problem.spot.column}: {rest}" if problem.spot.line else rest


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str | bytes, name: str = "mine.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        return path

    return to_file


FRAGMENTS = {"base", "past"}


@pytest.mark.parametrize("name", [n for n in SHIPPED if n not in FRAGMENTS])
def test_a_shipped_scenario_has_no_problem(name: str) -> None:
    assert read(name).name == name
    assert name in shipped()


def test_fragments_are_shipped_but_not_playable() -> None:
    assert set(SHIPPED) > FRAGMENTS
    assert not FRAGMENTS & set(shipped())
    assert "fragment" in problems(Path("base"))[0].text


@pytest.mark.parametrize("path", sorted(WRONG.glob("*.yaml")), ids=lambda p: p.stem)
def test_a_wrong_file_is_told_all_that_is_wrong_and_where(path: Path) -> None:
    wanted = expected(path)
    assert wanted
    assert [reported(p, path) for p in problems(path)] == wanted


def test_a_message_has_file_line_column_path_and_suggestion(write: Write) -> None:
    path = write("extends: triad\nlevers:\n  troops: {owner: Patrn}\n")
    assert str(problems(path)[0]) == (
        f"{path}:3:12: levers.troops.owner: there is no actor 'Patrn' → did you mean Patron?"
    )


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    assert problems(Path("Triade"))[0].hint == "triad"
    assert problems(Path("zzz"))[0].hint == ""


def test_a_missing_file_a_folder_and_a_strange_name_are_problems(tmp_path: Path) -> None:
    for name in (tmp_path / "none.yaml", tmp_path, Path("a\0b/c.yaml"), Path()):
        problems(name)
    with pytest.raises(ScenarioError):
        read("")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"title: a\0b", "binary"),
        (b"title: x\nabout: \xff\xfe", "not UTF-8"),
        (b"\x7fELF\x02", "not valid YAML"),
        (b"[" * 600, "nested too deeply"),
        (b"a: {" * 500, "nested too deeply"),
        (b"a: &a [*a]\nb: " + b"[" * 45 + b"1" + b"]" * 45, "nested too deeply"),
        (b"a: &a [x, x, x]\n", "name: is missing"),
        (b"? [a, b]\n: c\n", "a key must be a word"),
        (b"x: !!int abc\n", "unknown key"),
        (b"<<: {a: 1}\n", "unknown key"),
        (b"a: " + b"9" * 5000, "unknown key"),
        (b"quarters: " + b"9" * 5000 + b"\nextends: triad\n", "expected a whole number"),
        (b"quarters: 1e999\nextends: triad\n", "expected a whole number"),
        (b"title: '\\ud800'\nextends: 5\n", "found 5"),
    ],
)
def test_odd_bytes_are_told_apart(write: Write, content: bytes, words: str) -> None:
    assert words in "\n".join(str(p) for p in problems(write(content)))


def test_the_place_of_bytes_that_are_no_text_is_given(write: Write) -> None:
    spot = problems(write(b"title: x\nabout: \xff\n"))[0].spot
    assert (spot.line, spot.column) == (2, 8)


def test_anchors_cannot_blow_a_file_up(write: Write) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert any("anchors" in p.text for p in problems(write("\n".join(rows))))


def test_a_huge_file_is_not_read(write: Write) -> None:
    assert "larger" in problems(write(b"# " + b"x" * 5_000_000))[0].text


def test_extends_merges_mappings_replaces_lists_and_removes_by_null(write: Write) -> None:
    path = write(
        "extends: triad\nname: mine\n"
        "rules: {rounds: 5}\n"
        "levers:\n  payment: {start: 1.2}\n  tariff: {settings: [0, 2.5, 30]}\n"
        "events: {incident: null}\n"
    )
    old, new = read("triad"), read(path)
    assert new.rules.rounds == 5
    assert new.rules.concession == old.rules.concession
    assert new.levers["payment"].start == 1.2
    assert new.levers["payment"].settings == old.levers["payment"].settings
    assert new.levers["tariff"].settings == (0, 2.5, 30)
    assert set(old.events) - set(new.events) == {"incident"}
    assert list(new.levers) == list(old.levers)


def test_extends_finds_a_file_beside_its_own(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write("extends: triad\nname: lower\nquarters: 8\n", "lower.yaml")
    upper = write("extends: ./lower.yaml\nname: upper\n", "upper.yaml")
    monkeypatch.chdir(tmp_path.parent)
    assert read(upper).quarters == 8


def test_dates_may_lie_outside_a_game_that_another_file_shortened(write: Write) -> None:
    assert read(write("extends: triad\nname: short\nquarters: 4\n")).quarters == 4


def test_yaml_is_1_2(write: Write) -> None:
    path = write(
        "extends: triad\nname: no\ntitle: on\ncutoff: 2025-02-05\n"
        "actors:\n  Client: {agenda: {value: 2e0}}\n"
    )
    file = read(path)
    assert (file.name, file.title, file.cutoff) == ("no", "on", "2025-02-05")
    assert file.actors["Client"].agenda.value == 2.0


def test_a_byte_order_mark_and_windows_lines_do_no_harm(write: Write) -> None:
    assert read(write(b"\xef\xbb\xbfextends: triad\r\nname: mine\r\n")).name == "mine"


def test_the_hash_is_of_the_content_alone(write: Write) -> None:
    one = write("extends: triad\nname: mine # first\ntitle: T\nrules: {rounds: 4, sweeteners: 1}\n")
    two = write(
        '# second\ntitle: "T"\nextends: triad\n\n'
        "rules:\n  sweeteners: 1\n  rounds: 4\nname: mine\n",
        "two.yaml",
    )
    flat = write("extends: ./two.yaml\n", "three.yaml")
    other = write("extends: ./two.yaml\nrules: {rounds: 3}\n", "other.yaml")
    assert scenario_hash(read(one)) == scenario_hash(read(two)) == scenario_hash(read(flat))
    assert scenario_hash(read(one)) != scenario_hash(read(other))
    assert re.fullmatch("[0-9a-f]{64}", scenario_hash(read(one)))


def test_order_of_ids_in_a_file_does_not_change_the_hash(write: Write) -> None:
    path = write("extends: divide\nname: divide\nlevers: {share: null}\n", "less.yaml")
    share = read("divide").levers["share"].model_dump_json()
    back = write(f"extends: ./less.yaml\nlevers: {{share: {share}}}\n", "back.yaml")
    with pytest.raises(ScenarioError):
        read(path)
    again = read(back)
    assert list(again.levers) != list(read("divide").levers)
    assert scenario_hash(again) == scenario_hash(read("divide"))


def test_an_error_survives_the_way_between_processes(write: Write) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(write("extends: triad\nquarters: 0\n"))
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert again.problems == caught.value.problems


def reads_or_explains(path: Path) -> None:
    """Read a file; only a ScenarioError whose problems all say something may come of it."""
    with suppress(ScenarioError):
        read(path)
        return
    assert all(p.text for p in problems(path))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_explained(tmp_path_factory: Temporary, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(raw)
    reads_or_explains(path)


YAML_BITS = st.sampled_from(
    [
        *"[]{}:,-#&*!|>%@`'\"\n\t ?~",
        *("\n  ", ": ", "- ", "null", "true", "1e3", "name", "rules", "extends: triad\n"),
        *("levers", "troops", "Patron", "value", "range", "source", "assumed"),
    ]
)


@given(st.lists(st.one_of(YAML_BITS, LETTERS), max_size=40).map("".join))
def test_any_text_is_read_or_explained(tmp_path_factory: Temporary, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "text.yaml"
    path.write_text(text, "utf-8")
    reads_or_explains(path)


TRIAD = (FOLDER / "triad.yaml").read_text("utf-8")
WORDS = sorted(set(re.findall(r"[\w.>-]+|[^\w\s]", TRIAD)))


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(TRIAD)),
            st.integers(0, 12),
            st.one_of(st.sampled_from(WORDS), YAML_BITS, LETTERS),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_mutilated_scenario_is_read_or_explained(
    tmp_path_factory: Temporary, edits: list[tuple[int, int, str]]
) -> None:
    text = TRIAD
    for start, length, new in edits:
        text = text[:start] + new + text[start + length :]
    path = tmp_path_factory.getbasetemp() / "mutilated.yaml"
    path.write_text(text, "utf-8")
    reads_or_explains(path)


def leaves(data: object, path: tuple = ()) -> list[tuple]:
    """Paths of all entries of mappings and lists."""
    items: Any = data.items() if isinstance(data, dict) else ()
    items = enumerate(data) if isinstance(data, tuple) else items
    return [p for key, x in items for p in ((*path, key), *leaves(x, (*path, key)))]


SAMPLE = read("triad").model_dump(by_alias=True, exclude_none=True)
PATHS = leaves(SAMPLE)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.floats(),
    st.sampled_from(["Patron", "Clint", "troops", "2001Q1", "1999Q9", "assumed", "both", ""]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(0, 3), max_size=3),
    st.dictionaries(st.sampled_from(["value", "lever", "of"]), st.integers(0, 3), max_size=2),
)


def yaml_of(data: object) -> str:
    """Write data in flow style, which is JSON but for the names of odd numbers."""
    if isinstance(data, dict):
        return "{" + ", ".join(f'"{k}": {yaml_of(v)}' for k, v in data.items()) + "}"
    if isinstance(data, list | tuple):
        return "[" + ", ".join(yaml_of(x) for x in data) + "]"
    if isinstance(data, bool) or data is None:
        return {True: "true", False: "false", None: "null"}[data]
    if isinstance(data, float):
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(repr(data), repr(data))
    return repr(data) if isinstance(data, int) else f'"{data}"'


@settings(max_examples=60)
@given(st.sampled_from(PATHS), VALUES)
def test_any_one_wrong_value_is_read_or_explained(
    tmp_path_factory: Temporary, at: tuple, value: object
) -> None:
    patch = value
    for key in reversed(at):
        patch = [patch] * (key + 1) if isinstance(key, int) else {key: patch}
    path = tmp_path_factory.getbasetemp() / "patched.yaml"
    path.write_text("extends: triad\n" + yaml_of(patch)[1:-1], "utf-8")
    reads_or_explains(path)
