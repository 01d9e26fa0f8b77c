"""Keeping, comparing and replaying what actors are asked and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.briefing import Briefing, Decision
from agents.doctrine import get_doctrine
from model.schema import ScenarioFile
from model.turn import Decider


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


Key = tuple[int, str, str, int]  # quarter, question, table and round


def key(briefing: Briefing) -> Key:
    """Say which question of a game this is."""
    table = briefing.seats[0].table if briefing.seats else ""
    return briefing.quarter, briefing.question, table, briefing.round


@dataclass
class Replay:
    """Answers what was answered before, whatever it is shown now; a question not put before: no."""

    name: str
    answers: dict[Key, Decision]
    papers: dict[Key, Briefing] = field(default_factory=dict)

    def decide(self, briefing: Briefing) -> Decision:
        """Return the answer to the same question."""
        asked = key(briefing)
        self.papers[asked] = briefing
        return self.answers.get(asked) or get_doctrine("status_quo").decide(briefing)


def clerks(file: ScenarioFile, doctrine: str | None = None) -> dict[str, Clerk]:
    """Seat a clerk for every actor, with the doctrine of the file or another."""
    return {
        name: Clerk(name, get_doctrine(doctrine or part.doctrine))
        for name, part in file.actors.items()
    }


def replays(seats: Mapping[str, Clerk]) -> dict[str, Replay]:
    """Seat a replay of every clerk."""
    return {
        name: Replay(name, {key(asked): answer for asked, answer in seat.papers})
        for name, seat in seats.items()
    }
