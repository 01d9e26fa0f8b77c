"""Pays for quiet."""

from __future__ import annotations

import numpy as np

from agents.briefing import Bools, Briefing, Floats, Goals, Ints, Options, Prospect, Seat
from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional


@doctrine(
    "accommodator",
    sources=[
        "Treisman 2004, Rational appeasement, International Organization 58(2)",
        "Snyder 1997, Alliance Politics",
    ],
)
class Accommodator(Transactional):
    """Accepts whatever is no worse than refusing, asks little and never threatens."""

    def least(self, threshold: Floats, seat: Seat, briefing: Briefing) -> Floats:
        """Accept anything at least as good as no agreement."""
        return np.zeros_like(threshold)

    def ask(self, prospect: Prospect, transactionalism: Floats) -> Ints:
        """Make no headline demand."""
        return np.full(transactionalism.shape, -1, dtype=np.int64)

    def announce(self, options: Options, goals: Goals, briefing: Briefing) -> Bools:
        """Never threaten."""
        return np.zeros_like(options.standing)
