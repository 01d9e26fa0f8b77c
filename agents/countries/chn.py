"""China: reciprocates, and can wait."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.briefing import Goals
from agents.doctrine import doctrine
from agents.doctrines.tit_for_tat import TitForTat

PATIENCE = 0.98  # assumed, .95 to .99 a quarter: the least discount of an office without elections


@doctrine(
    "patient_reciprocator",
    sources=[
        "Axelrod 1984, The Evolution of Cooperation",
        "Zhang 2019, Cautious bully, International Security 44(1)",
    ],
)
class PatientReciprocator(TitForTat):
    """Tit for tat with a long horizon."""

    def outlook(self, goals: Goals) -> Goals:
        """Discount the future no more than an office that expects to stay."""
        return replace(goals, discount=np.maximum(goals.discount, PATIENCE))
