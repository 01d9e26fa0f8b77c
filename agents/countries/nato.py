"""NATO's European members and Canada: thirty capitals that must agree."""

from __future__ import annotations

import numpy as np

from agents.briefing import Briefing, Floats, Options
from agents.doctrine import doctrine
from agents.doctrines.institutional import Institutional

VETOES = 1.0  # assumed, 0 to 2: steps of adjustment cost that agreeing among themselves adds
ALARM = 2.0  # assumed, 1 to 4: gains, in steps of adjustment cost, at which vetoes fall silent


@doctrine(
    "consensus_seeker",
    sources=[
        "Tsebelis 2002, Veto Players",
        "Olson and Zeckhauser 1966, An economic theory of alliances, REStat 48(3)",
    ],
)
class ConsensusSeeker(Institutional):
    """Institutional; moves alone only when the gain is large enough to silence every veto."""

    def appeal(self, options: Options, values: Floats, briefing: Briefing) -> Floats:
        """Charge every move with the cost of consensus, unless the gain is alarming."""
        step = briefing.customs.adjustment_cost
        return values - np.where(values < ALARM * step, VETOES * step, 0.0)
