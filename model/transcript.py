"""A game written down: one JSON object a line, chained so that no byte changes unseen.

The first line says which game it is, the last which state it ended in; between them stand the
decisions (so that seats answered from outside play again) and what came of them, quarter by
quarter (see model.chronicle). Each line ends with a digest over itself and all lines before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from agents.briefing import Briefing, Decision, Floats

Event = dict[str, Any]
FORMAT = 1  # raised when a reader of the old format would misread the new one
FILE_NAME = "transcript.jsonl"
CHAIN_DIGITS = 16  # 64 bits: against accidents, not against forgers
_TAIL = len(',"chain":""}') + CHAIN_DIGITS
NEEDED: dict[str, type] = {  # in the header, to play the game again
    "scenario": str,
    "source": str,
    "scenario_hash": str,
    "version": str,
    "seed": int,
    "run": int,
    "quarters": int,
    "settings": dict,
    "doctrines": dict,
}
_DTYPES: dict[str, Any] = {
    "open": bool,
    "named": np.int64,
    "norm": np.int64,
    "settlement": np.float64,
    "offer": np.int64,
    "accept": bool,
    "choice": np.int64,
    "announce": bool,
    "carry_out": bool,
    "keep": bool,
}


class TranscriptError(ValueError):
    """The file is no whole, unchanged transcript of a format that this program reads."""

    def __init__(self, path: Path, problem: str, line: int | None = None) -> None:
        where = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class Transcript:
    """All events of a whole game, the first its header and the last its footer."""

    events: tuple[Event, ...]

    @property
    def header(self) -> Event:
        """Which game it is: scenario, seed, run, settings, doctrines."""
        return self.events[0]

    @property
    def digest(self) -> str:
        """Digest of the state in which it ended."""
        return str(self.events[-1]["digest"])

    def of(self, *kinds: str) -> Iterator[Event]:
        """Events of these kinds, in order."""
        return (e for e in self.events if e["event"] in kinds)

    def quarters(self) -> Iterator[tuple[str, list[Event]]]:
        """Name and events of each quarter, in order."""
        part: list[Event] = []
        for event in self.events[1:]:
            if event["event"] in ("quarter", "end") and part:
                yield part[0]["quarter"], part
                part = []
            part.append(event)


def write(path: Path, events: Iterable[Event]) -> None:
    """Write events as they come; the file gets its name when the last has been written.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        for line in chained(events):
            file.write(line)
    part.replace(path)


def chained(events: Iterable[Event]) -> Iterator[bytes]:
    """Turn events into lines, each closed by the digest of all up to here."""
    chain = ""
    for event in events:
        body = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))[:-1]
        chain = _link(chain, body)
        yield f'{body},"chain":"{chain}"}}\n'.encode()


def _link(chain: str, body: str) -> str:
    return sha256((chain + body).encode()).hexdigest()[:CHAIN_DIGITS]


def read_transcript(path: Path | str) -> Transcript:
    """Read a transcript, also out of a folder or archive; check that it is whole and unchanged.

    Raises
    ------
    TranscriptError
        If there is no such file, it is something else, of another format, changed, or cut short;
        the message names the line.
    """
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    lines = _lines(path)
    _check_format(path, lines[0])
    events, chain = [], ""
    for number, line in enumerate(lines, 1):
        body, event = line[:-_TAIL], _parse(line)
        chain = _link(chain, body)
        if event is None and number == len(lines):
            raise TranscriptError(path, "cut short in the middle of this line", number)
        if event is None or event.pop("chain", None) != chain:
            raise TranscriptError(path, "this line, or one before it, has been changed", number)
        events.append(event)
    odd = [k for k, kind in NEEDED.items() if type(events[0].get(k)) is not kind]
    if odd:
        raise TranscriptError(path, f"its header does not say {' nor '.join(odd)}", 1)
    if events[-1]["event"] != "end":
        last = [e["quarter"] for e in events if e["event"] == "quarter"]
        when = f"in {last[-1]}" if last else "before the first quarter"
        raise TranscriptError(path, f"cut short: it breaks off {when}, without an end")
    return Transcript(tuple(events))


def _lines(path: Path) -> list[str]:
    try:
        text = _content(path).decode()
    except FileNotFoundError:
        raise TranscriptError(path, "there is no such file") from None
    except (BadZipFile, KeyError):
        raise TranscriptError(path, f"this archive holds no whole {FILE_NAME}") from None
    except UnicodeDecodeError:
        raise TranscriptError(path, "not a transcript: it is not text") from None
    except (OSError, ValueError) as error:  # a path may hold what is no character
        problem = getattr(error, "strerror", None) or "no such name can be"
        raise TranscriptError(path, f"cannot be read ({problem})") from None
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if lines == [""]:
        raise TranscriptError(path, "not a transcript: it is empty")
    return lines


def _content(path: Path) -> bytes:
    """Read a file, or the transcript in an archive such as a seminar exports."""
    if path.suffix != ".zip":
        return path.read_bytes()
    with ZipFile(path) as archive:
        return archive.read(FILE_NAME)


def _parse(line: str) -> Event | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):  # no JSON, or none that anybody means
        return None
    return event if isinstance(event, dict) else None


def _check_format(path: Path, line: str) -> None:
    header = _parse(line)
    if header is None or header.get("event") != "game" or "format" not in header:
        raise TranscriptError(path, "not a transcript: its first line does not say which game", 1)
    if header["format"] != FORMAT:
        problem = (
            f"written in format {header['format']} by hubspoke {header.get('version', '?')};"
            f" this program reads format {FORMAT}"
        )
        raise TranscriptError(path, problem, 1)


def encode(decision: Decision, handed: Floats) -> dict[str, Any]:
    """Write down a decision of one game: the fields that are set.

    handed : (slot, run) memory before; it is written as slot → number where the answer changed it
    """
    out = {
        f.name: _plain(getattr(decision, f.name)[..., 0])
        for f in fields(decision)
        if f.name != "memory" and getattr(decision, f.name) is not None
    }
    memory = decision.memory
    if memory is not None and not np.array_equal(memory, handed):
        out["memory"] = {str(n): float(memory[n, 0]) for n in np.flatnonzero(memory[:, 0])}
    return out


def _plain(array: Any) -> Any:
    """Nested lists; numbers that JSON does not know as words."""
    values = np.asarray(array).tolist()
    if isinstance(values, list):
        return [_plain(v) for v in values]
    return values if not isinstance(values, float) or np.isfinite(values) else repr(values)


def decode(written: dict[str, Any], briefing: Briefing) -> Decision:
    """Turn what `encode` wrote back into the decision, run axis of length one."""
    given: dict[str, Any] = {
        name: np.array(value, dtype=_DTYPES[name])[..., None]
        for name, value in written.items()
        if name != "memory"
    }
    if "memory" in written:
        assert briefing.memory is not None
        memory: Floats = np.zeros_like(briefing.memory)
        for slot, value in written["memory"].items():
            memory[int(slot)] = value
        given["memory"] = memory
    return Decision(**given)


@dataclass
class StoredSeat:
    """Answers what was answered before: a seat of a transcript that is played again."""

    actor: str
    answers: Sequence[tuple[str, dict[str, Any]]]  # question, decision as written
    name: str = "stored"
    _next: int = field(default=0, init=False)

    def decide(self, briefing: Briefing) -> Decision:
        """Return the next stored decision.

        Raises
        ------
        ValueError
            If the game asks something else than it did then.
        """
        question, written = "nothing more", dict[str, Any]()
        if self._next < len(self.answers):
            question, written = self.answers[self._next]
        if question != briefing.question:
            msg = f"{self.actor} is asked for {briefing.question}, the transcript has {question}"
            raise ValueError(msg)
        self._next += 1
        return decode(written, briefing)


def stored_seat(transcript: Transcript, actor: str, name: str) -> StoredSeat:
    """Return a seat that answers as this actor did in the transcript."""
    answers = [
        (e["question"], e["answers"][actor])
        for e in transcript.of("answers")
        if actor in e["answers"]
    ]
    return StoredSeat(actor, answers, name)
