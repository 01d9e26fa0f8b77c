"""What happened: figures and dates of history, each with its source and how sure it is.

Tables and their index lie in model/history/. They are read whole and checked like scenarios: all
problems at once, each with file, line and column. A result takes figures through `Consulted`, which
remembers them, so that its report can list those that nobody has verified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from model.faults import near
from model.reading import Parsed, Problem, ScenarioError, Spot, parse

FOLDER = FilePath(__file__).parent / "history"
INDEX = "index.yaml"
SECTIONS = ("right", "series", "sources")
CONFIDENCE = ("seen", "seen (derived)", "unverified")
UNVERIFIED = CONFIDENCE[-1]
LAST_GUIDING = 2020  # the last year that design and calibration may look at; later ones are scored

ANSWERS = {"yes": True, "no": False}

Period = str  # 2017 or 2017Q3
Years = str  # 2017 or 2017-2020
Day = str
Word = str
Known = str  # a key of the index
Sure = str  # one of CONFIDENCE
Note = str
Maybe = float | None
Answer = bool


@dataclass(frozen=True)
class Observation:
    """One figure of a series."""

    series: Known
    period: Period
    value: float
    unit: Word
    source: Known
    confidence: Sure
    note: Note

    def __str__(self) -> str:
        return f"{self.series} {self.period}: {self.value:g} {self.unit}"


@dataclass(frozen=True)
class Round:
    """One round of talks on the Special Measures Agreement."""

    round: int
    first: int  # year
    last: int  # year
    change: Maybe  # % in the first year
    opener: Maybe  # % that Washington asked at first
    offer: Maybe  # % that Seoul offered at first
    gap: Maybe  # months without an agreement; negative if it came early
    talks: Maybe  # months
    source: Known
    confidence: Sure
    note: Note

    def __str__(self) -> str:
        return f"round {self.round} of the cost-sharing talks"


@dataclass(frozen=True)
class Cut:
    """A reduction of U.S. forces abroad that was announced or asked for."""

    cut: Word
    announced: Period
    years: Years  # when it was carried out, or spoken of
    before: float  # troops
    after: float  # troops
    share: float  # %
    setting: Word
    compensation: Word
    done: Word
    source: Known
    confidence: Sure
    note: Note

    def __str__(self) -> str:
        return f"cut of {self.announced}: {self.cut}"


@dataclass(frozen=True)
class Happening:
    """A dated event."""

    date: Day
    actor: Word
    other: Note
    kind: Word
    what: Word
    source: Known
    confidence: Sure

    def __str__(self) -> str:
        return f"{self.date}: {self.what}"


@dataclass(frozen=True)
class Question:
    """Something that happened in a hindcast's years or not, by a measure of the model.

    The measure lies beyond a value at some time from the first period to the last.
    """

    question: Word
    scenario: Word
    what: Word
    measure: Word
    first: Period
    last: Period
    relation: Word  # above or below
    than: float
    happened: Answer
    source: Known
    confidence: Sure

    def __str__(self) -> str:
        return f"{self.what}: {'yes' if self.happened else 'no'}"


Row = Observation | Round | Cut | Happening | Question
KEYS: Mapping[type[Any], tuple[str, ...]] = {  # what tells the rows of a table apart
    Observation: ("series", "period"),
    Round: ("round",),
    Cut: ("cut",),
    Happening: ("date", "actor", "what"),
    Question: ("question",),
}
TABLES: Mapping[str, type[Any]] = {
    "rounds": Round,
    "cuts": Cut,
    "events": Happening,
    "questions": Question,
}
COLUMN_OF = {"before": "from", "after": "to"}  # a word of Python's in the head of a table


@dataclass(frozen=True)
class History:
    """All tables."""

    names: Mapping[str, str]  # series → its name
    sources: Mapping[str, str]  # key → title
    rights: Mapping[str, str]  # key → by what right its figures are used
    observations: tuple[Observation, ...]
    rounds: tuple[Round, ...]
    cuts: tuple[Cut, ...]
    events: tuple[Happening, ...]
    questions: tuple[Question, ...]

    def series(self, name: str) -> tuple[Observation, ...]:
        """Return the figures of a series in order of time.

        Raises
        ------
        KeyError
            If there is no such series.
        """
        if name not in self.names:
            raise KeyError(name)
        found = (o for o in self.observations if o.series == name)
        return tuple(sorted(found, key=lambda o: o.period))


@dataclass
class Consulted:
    """History as one result sees it: what it took is remembered."""

    history: History
    used: dict[Row, None] = field(default_factory=dict)  # in the order of first use

    def series(self, name: str, first: str = "", last: str = "9") -> dict[str, float]:
        """Return a series from one period to another, both as written and both included."""
        found = [
            o
            for o in self.history.series(name)
            if first <= o.period and o.period[: len(last)] <= last
        ]
        self.used.update(dict.fromkeys(found))
        return {o.period: o.value for o in found}

    def rounds(self, since: int = 0, before: int = 9999) -> tuple[Round, ...]:
        """Return the rounds of talks for agreements that begin from one year on, before another."""
        found = tuple(r for r in self.history.rounds if since <= r.first < before)
        return self._all(found)

    def cuts(self) -> tuple[Cut, ...]:
        """Return the cuts of forces."""
        return self._all(self.history.cuts)

    def events(self) -> tuple[Happening, ...]:
        """Return the dated events."""
        return self._all(self.history.events)

    def questions(self, scenario: str) -> tuple[Question, ...]:
        """Return the questions that a scenario is asked."""
        return self._all(tuple(q for q in self.history.questions if q.scenario == scenario))

    def _all[T: Row](self, rows: tuple[T, ...]) -> tuple[T, ...]:
        self.used.update(dict.fromkeys(rows))
        return rows

    def unverified(self) -> tuple[Row, ...]:
        """Return what was taken though nobody has verified it."""
        return tuple(row for row in self.used if row.confidence == UNVERIFIED)

    def sources(self) -> dict[str, str]:
        """Return the sources of what was taken, key → title."""
        return {row.source: self.history.sources[row.source] for row in self.used}


def read_history(folder: FilePath = FOLDER) -> History:
    """Read and check all tables of a folder.

    Raises
    ------
    ScenarioError
        With every problem of every file.
    """
    index, problems = _index(folder / INDEX)
    rows: dict[type[Any], list[tuple[Row, Spot]]] = {kind: [] for kind in KEYS}
    for file in sorted(folder.glob("*.csv")):
        table = _Table(file, TABLES.get(file.stem, Observation), index.data)
        rows[table.kind] += table.rows
        problems += table.problems
    problems += [p for kind, each in rows.items() for p in _twice(kind, each)]
    problems += _units(rows[Observation])
    if not problems:
        problems += _unused(index, [row for each in rows.values() for row, _ in each], folder)
    if problems:
        raise ScenarioError(tuple(sorted(problems, key=lambda p: p.spot)))

    def listed[T: Row](kind: type[T]) -> tuple[T, ...]:
        return tuple(row for row, _ in rows[kind] if isinstance(row, kind))

    sources = index.data["sources"]
    return History(
        names=index.data["series"],
        sources={key: source["title"] for key, source in sources.items()},
        rights={key: index.data["right"][source["right"]] for key, source in sources.items()},
        observations=listed(Observation),
        rounds=listed(Round),
        cuts=listed(Cut),
        events=listed(Happening),
        questions=listed(Question),
    )


@cache
def history() -> History:
    """Return the history that comes with the program."""
    return read_history()


def _index(path: FilePath) -> tuple[Parsed, list[Problem]]:
    """Read the index, its sections at least empty, and find its problems."""
    parsed = parse(path)
    problems = list(parsed.problems)
    written = parsed.data or {}
    for section in written:
        if section not in SECTIONS:
            hint = near(section, SECTIONS)
            problems.append(Problem(parsed.spots[section,], section, "unknown key", hint))
    for section in SECTIONS:
        if not isinstance(written.get(section), Mapping):
            spot = parsed.spots.get((section,), Spot(str(path)))
            problems.append(Problem(spot, section, "must be a mapping, `key: value` lines"))
    data = {s: x if isinstance(x := written.get(s), Mapping) else {} for s in SECTIONS}
    rights = data["right"]
    for key, source in data["sources"].items():
        spot, name = parsed.spots["sources", key], f"sources.{key}"
        if not isinstance(source, Mapping) or set(source) != {"title", "right"}:
            problems.append(Problem(spot, name, "needs a title and a right"))
        elif source["right"] not in rights:
            text = f"there is no right {source['right']!r}"
            problems.append(Problem(spot, name, text, near(str(source["right"]), rights)))
    return Parsed(data, parsed.spots), problems


CELL = re.compile(r'(?:^|,)(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))')


def cells(line: str) -> list[tuple[str, int]]:
    """Split a line at its commas: each cell with its column, from 1."""
    found = []
    for match in CELL.finditer(line):
        quoted = match[1] is not None
        text = match[1].replace('""', '"') if quoted else match[2]
        found.append((text, match.start(1 if quoted else 2) + 1))
    return found


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise ValueError(f"expected a number, found {text!r}")
    return value


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d+", text):
        raise ValueError(f"expected a whole number, found {text!r}")
    return int(text)


def _answer(text: str) -> bool:
    if text not in ANSWERS:
        raise ValueError(f"expected yes or no, found {text!r}")
    return ANSWERS[text]


def _form(pattern: str, words: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"expected {words}, found {text!r}")
        return text

    return check


READ: Mapping[str, Callable[[str], Any]] = {  # by the names that the fields' types have here
    "float": _number,
    "int": _whole,
    "Maybe": lambda text: _number(text) if text else None,
    "Period": _form(r"\d{4}(Q[1-4])?", "a year or a quarter such as 2017Q1"),
    "Years": _form(r"\d{4}(-\d{4})?", "a year or years such as 2004-2008"),
    "Day": _form(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date such as 2017-01-20"),
    "Answer": _answer,
    "Word": _form(r".+", "a word"),
    "Note": str,
    "Known": str,
    "Sure": str,
}


class _Table:
    """Reads one table: rows that are sound, and the problems of the others."""

    def __init__(self, file: FilePath, kind: type[Any], index: Mapping[str, Any]) -> None:
        self.file, self.kind = str(file), kind
        self.known = {
            "series": index.get("series", {}),
            "source": index.get("sources", {}),
            "confidence": dict.fromkeys(CONFIDENCE),
        }
        self.columns = {COLUMN_OF.get(f.name, f.name): f for f in fields(kind)}
        self.rows: list[tuple[Row, Spot]] = []
        self.problems: list[Problem] = []
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            self._wrong(0, 0, "", f"cannot be read: {error}")
            return
        head = cells(lines[0]) if lines else []
        if self._head(head):
            for number, line in enumerate(lines[1:], start=2):
                self._row(number, [name for name, _ in head], cells(line))

    def _wrong(self, line: int, column: int, path: str, text: str, hint: str = "") -> None:
        self.problems.append(Problem(Spot(self.file, line, column), path, text, hint))

    def _head(self, head: Sequence[tuple[str, int]]) -> bool:
        names = [name for name, _ in head]
        for name, column in head:
            if name not in self.columns:
                self._wrong(1, column, name, "unknown column", near(name, self.columns))
            elif names.count(name) > 1:
                self._wrong(1, column, name, "is written twice")
        missing = [name for name in self.columns if name not in names]
        if missing:
            self._wrong(1, 1, "", f"has no column {', '.join(missing)}")
        return not self.problems

    def _row(self, line: int, names: Sequence[str], row: Sequence[tuple[str, int]]) -> None:
        if len(row) != len(names):
            self._wrong(line, 1, "", f"has {len(row)} cells, needs {len(names)}")
            return
        texts = {name: text for name, (text, _) in zip(names, row, strict=True)}
        key = ".".join(texts[COLUMN_OF.get(k, k)] for k in KEYS[self.kind])
        values, before = {}, len(self.problems)
        for name, (text, column) in zip(names, row, strict=True):
            known = self.known.get(name)
            if known is not None and text not in known:
                listed = f"is none of {', '.join(known)}" if name == "confidence" else "is unknown"
                self._wrong(line, column, f"{key}.{name}", f"{text!r} {listed}", near(text, known))
                continue
            try:
                values[self.columns[name].name] = READ[str(self.columns[name].type)](text)
            except ValueError as error:
                self._wrong(line, column, f"{key}.{name}", str(error))
        if len(self.problems) == before:
            self.rows.append((self.kind(**values), Spot(self.file, line, 1)))


def _twice(kind: type[Any], rows: Sequence[tuple[Row, Spot]]) -> Iterator[Problem]:
    """Find rows about the same thing."""
    seen: dict[tuple[Any, ...], Spot] = {}
    for row, spot in rows:
        key = tuple(getattr(row, k) for k in KEYS[kind])
        first = seen.setdefault(key, spot)
        if first is not spot:
            where = f"first in {FilePath(first.file).name} on line {first.line}"
            yield Problem(spot, ".".join(map(str, key)), f"is written twice, {where}")


def _units(rows: Sequence[tuple[Row, Spot]]) -> Iterator[Problem]:
    """Find figures of one series in two units, or by years and by quarters at once."""
    first: dict[str, Observation] = {}
    for row, spot in rows:
        assert isinstance(row, Observation)
        other = first.setdefault(row.series, row)
        path = f"{row.series}.{row.period}"
        if row.unit != other.unit:
            yield Problem(spot, f"{path}.unit", f"{row.unit!r} here, {other.unit!r} before")
        if len(row.period) != len(other.period):
            yield Problem(spot, path, f"stands beside {other.period}: years or quarters, not both")


def _unused(index: Parsed, rows: Sequence[Row], folder: FilePath) -> Iterator[Problem]:
    """Find series and sources of the index of which no table knows."""
    used = {
        "sources": {row.source for row in rows},
        "series": {row.series for row in rows if isinstance(row, Observation)},
    }
    for section, names in used.items():
        for key in index.data[section]:
            if key not in names:
                spot = index.spots.get((section, key), Spot(str(folder / INDEX)))
                yield Problem(spot, f"{section}.{key}", "is in no table")
