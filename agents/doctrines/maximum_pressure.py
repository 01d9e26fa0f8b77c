"""Asks for the most, and threatens when refused."""

from __future__ import annotations

import numpy as np

from agents.briefing import Bools, Briefing, Floats, Goals, Ints, Options, Prospect
from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional


@doctrine(
    "maximum_pressure",
    sources=[
        "Schelling 1960, The Strategy of Conflict",
        "Drezner 2003, The hidden hand of economic coercion, International Organization 57(3)",
    ],
)
class MaximumPressure(Transactional):
    """Invokes the norm that goes furthest and announces its threat at every refusal."""

    def ask(self, prospect: Prospect, transactionalism: Floats) -> Ints:
        """Invoke the norm that goes furthest."""
        return np.full(transactionalism.shape, len(prospect.demands) - 1, dtype=np.int64)

    def announce(self, options: Options, goals: Goals, briefing: Briefing) -> Bools:
        """Threaten after every refusal."""
        return options.rebuffed & ~options.standing
