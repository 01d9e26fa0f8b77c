"""Japan: contributes quietly, moves alone only when pressed."""

from __future__ import annotations

import numpy as np

from agents.briefing import Briefing, Floats, Options
from agents.doctrine import doctrine
from agents.doctrines.institutional import Institutional

RELUCTANCE = 0.5  # assumed, 0 to 1: steps of adjustment cost that a move alone costs it more


@doctrine(
    "reactive_state",
    sources=[
        "Calder 1988, Japanese foreign economic policy formation, World Politics 40(4)",
        "Midford 2011, Rethinking Japanese Public Opinion and Security",
    ],
)
class ReactiveState(Institutional):
    """Institutional, and slower than others to move without being asked."""

    def appeal(self, options: Options, values: Floats, briefing: Briefing) -> Floats:
        """Find every move alone a little less attractive, a hostile one twice as much so."""
        weight = np.where(options.hostile, 2.0, 1.0)[:, None]
        return values - RELUCTANCE * weight * briefing.customs.adjustment_cost
