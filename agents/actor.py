"""The Mesa agent: an actor with an office, a doctrine and a memory of its last decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mesa.discrete_space import FixedAgent

from agents.briefing import Briefing, Decision

if TYPE_CHECKING:
    from mesa import Model


class Decides(Protocol):
    """A doctrine, or a seat that is answered from outside."""

    name: str

    def decide(self, briefing: Briefing) -> Decision:
        """Answer a briefing."""
        ...


class Actor(FixedAgent):
    """One state (or alliance) as a Mesa agent; it sees its briefing and nothing else."""

    def __init__(self, model: Model[Any, Any], name: str, doctrine: Decides) -> None:
        super().__init__(model)
        self.name = name
        self.doctrine = doctrine
        self.utility = 0.0
        self.support = 0.0
        self.accounts: dict[str, float] = {}
        self.answers: list[tuple[Briefing, Decision]] = []

    def decide(self, briefing: Briefing) -> Decision:
        """Answer by doctrine; what it was asked this quarter is kept to be looked at."""
        decision = self.doctrine.decide(briefing)
        self.answers.append((briefing, decision))
        return decision
