"""Seats that wait for an outside answer: a person, or a program that learns.

They are no doctrines: the driver of the game gets the briefing as a `Waiting` and goes on when
the answer has come. `external` takes a function at once; `human` is answered from outside. An
answer in a wrong form is refused with what is wrong with it, and the question stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.answers import DoctrineError, examine
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
    asked: Briefing | None = field(default=None, init=False)  # the question that waits
    _answer: Decision | None = field(default=None, init=False)

    def answer(self, decision: Decision) -> None:
        """Put down the answer to the question that is being asked; a later one replaces it.

        Raises
        ------
        DoctrineError
            If nothing is asked, or the answer does not fit the question.
        """
        if self.asked is None:
            raise DoctrineError(f"the seat {self.name} is asked nothing: play on first")
        self._answer = examine(f"the seat {self.name}", self.asked, decision)

    def decide(self, briefing: Briefing) -> Decision:
        """Return the answer that was put down.

        Raises
        ------
        Waiting
            If there is none yet.
        """
        if self._answer is None:
            self.asked = briefing
            raise Waiting(briefing)
        answer, self._answer, self.asked = self._answer, None, None
        return answer


@dataclass
class ExternalSeat:
    """Asks a program: any function from briefing to decision."""

    program: Callable[[Briefing], Decision]
    name: str = "external"

    def decide(self, briefing: Briefing) -> Decision:
        """Return the program's decision.

        Raises
        ------
        DoctrineError
            If it does not fit the question.
        """
        return examine(f"the seat {self.name}", briefing, self.program(briefing))
