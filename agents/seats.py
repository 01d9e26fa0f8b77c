"""Seats that wait for an outside answer: a person, or a program that learns.

They are no doctrines: the driver of the game gets the briefing as a `Waiting` and goes on when
the answer has come. `external` takes a function at once; `human` is answered from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.briefing import Briefing, Decision


class Waiting(Exception):  # noqa: N818 - a state of the game, not an error
    """The seat has no answer yet; `briefing` says what it is asked."""

    def __init__(self, briefing: Briefing) -> None:
        super().__init__(f"{briefing.actor} is asked: {briefing.question}")
        self.briefing = briefing


@dataclass
class HumanSeat:
    """Waits until `answer` has been called, then hands the decision over once."""

    name: str = "human"
    _answers: list[Decision] = field(default_factory=list)

    def answer(self, decision: Decision) -> None:
        """Put down the answer to the question that is being asked."""
        self._answers.append(decision)

    def decide(self, briefing: Briefing) -> Decision:
        """Return the answer that was put down.

        Raises
        ------
        Waiting
            If there is none yet.
        """
        if not self._answers:
            raise Waiting(briefing)
        return self._answers.pop(0)


@dataclass
class ExternalSeat:
    """Asks a program: any function from briefing to decision."""

    program: Callable[[Briefing], Decision]
    name: str = "external"

    def decide(self, briefing: Briefing) -> Decision:
        """Return the program's decision."""
        return self.program(briefing)
