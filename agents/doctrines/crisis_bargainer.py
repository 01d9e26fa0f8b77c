"""Raises tension to be paid for lowering it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.briefing import Briefing, Decision, Floats, Options
from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional

ATTENTION = 0.5  # assumed, 0 to 1: steps of adjustment cost that a provocation is worth unheard


@doctrine(
    "crisis_bargainer",
    sources=[
        "Snyder and Diesing 1977, Conflict among Nations",
        "Cha 2012, The Impossible State (on provocation and negotiation)",
    ],
)
class CrisisBargainer(Transactional):
    """Provokes while nobody talks to it, and rests while talks pay."""

    def agenda(self, briefing: Briefing) -> Decision:
        """Remember which tables it could open and has not got, then choose as usual."""
        answer = super().agenda(briefing)
        memory = briefing.memory
        assert memory is not None
        assert answer.open is not None
        remembered = memory.copy()
        talking = answer.open.any(axis=0)
        for prospect in briefing.prospects:
            talking = talking | prospect.mine
        remembered[0] = np.where(talking, 0.0, 1.0)
        return replace(answer, memory=remembered)

    def appeal(self, options: Options, values: Floats, briefing: Briefing) -> Floats:
        """Find provocations more attractive while it is ignored, less while it is heard."""
        memory = briefing.memory
        assert memory is not None
        sign = np.where(memory[0] > 0.0, 1.0, -1.0) * ATTENTION
        louder = options.hostile[:, None] * np.sign(options.steps)[:, None]
        return values + louder * sign * briefing.customs.adjustment_cost
