"""Values the relation beyond the deal, and keeps its word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.briefing import Bools, Briefing, Decision, Floats, Goals, Ints, Options, Prospect
from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional

DIFFUSE = 0.2  # assumed, 0 to .4: the most transactional that an institutionalist gets


@doctrine(
    "institutional",
    sources=[
        "Keohane 1984, After Hegemony",
        "Keohane 1986, Reciprocity in international relations, International Organization 40(1)",
    ],
)
class Institutional(Transactional):
    """Cares for diffuse reciprocity, asks for the mildest norm, keeps every promise."""

    def outlook(self, goals: Goals) -> Goals:
        """Cap transactionalism."""
        return replace(goals, transactionalism=np.minimum(goals.transactionalism, DIFFUSE))

    def ask(self, prospect: Prospect, transactionalism: Floats) -> Ints:
        """Invoke the mildest norm of fairness."""
        return np.zeros(transactionalism.shape, dtype=np.int64)

    def announce(self, options: Options, goals: Goals, briefing: Briefing) -> Bools:
        """Threaten no ally."""
        return np.zeros_like(options.standing)

    def honour(self, briefing: Briefing) -> Decision:
        """Keep every promise."""
        assert briefing.promises is not None
        return Decision(keep=np.ones_like(briefing.promises.due), memory=briefing.memory)
