"""Keeping, comparing and replaying what actors are asked and what they answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from agents.briefing import Briefing, Decision
from agents.doctrine import get_doctrine
from model.schema import ScenarioFile
from model.turn import Decider


def arrays(part: Any, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Walk through all arrays of a (nested) briefing or decision, by their paths."""
    for each in fields(part):
        value = getattr(part, each.name)
        here = f"{path}{each.name}"
        if isinstance(value, np.ndarray):
            yield here, value
        elif is_dataclass(value):
            yield from arrays(value, f"{here}.")
        elif isinstance(value, tuple):
            for n, item in enumerate(value):
                if is_dataclass(item):
                    yield from arrays(item, f"{here}[{n}].")


def unlike(one: Briefing | Decision, other: Briefing | Decision) -> list[str]:
    """Name the arrays in which two papers are not the same bit for bit."""
    a, b = dict(arrays(one)), dict(arrays(other))
    return sorted(a.keys() ^ b.keys()) + [
        path for path in a.keys() & b.keys() if not np.array_equal(a[path], b[path], equal_nan=True)
    ]


@dataclass
class Clerk:
    """Decides as another does, and keeps what it was asked and what it answered."""

    name: str
    mind: Decider
    papers: list[tuple[Briefing, Decision]] = field(default_factory=list)

    def decide(self, briefing: Briefing) -> Decision:
        """Pass the question on."""
        decision = self.mind.decide(briefing)
        self.papers.append((briefing, decision))
        return decision

    def asked(self, question: str = "") -> list[Briefing]:
        """What it was asked, all of it or one question."""
        return [b for b, _ in self.papers if question in ("", b.question)]


@dataclass
class Replay:
    """Answers what was answered before, question by question, whatever it is shown now."""

    name: str
    answers: list[Decision]
    papers: list[Briefing] = field(default_factory=list)

    def decide(self, briefing: Briefing) -> Decision:
        """Return the answer of the same place."""
        self.papers.append(briefing)
        return self.answers[len(self.papers) - 1]


def clerks(file: ScenarioFile, doctrine: str | None = None) -> dict[str, Clerk]:
    """Seat a clerk for every actor, with the doctrine of the file or another."""
    return {
        name: Clerk(name, get_doctrine(doctrine or part.doctrine))
        for name, part in file.actors.items()
    }


def replays(seats: Mapping[str, Clerk]) -> dict[str, Replay]:
    """Seat a replay of every clerk."""
    return {a: Replay(a, [answer for _, answer in seat.papers]) for a, seat in seats.items()}
