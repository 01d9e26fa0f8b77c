"""Republic of Korea: signs what the National Assembly will bear."""

from __future__ import annotations

import numpy as np

from agents.briefing import ACCOUNTS, Briefing, Floats, Seat
from agents.doctrine import doctrine
from agents.doctrines.institutional import Institutional
from agents.utility import package_change

HOME = ACCOUNTS.index("home")
CAUTION = 0.5  # assumed, 0 to 1: widths of doubt that it adds where an offer hurts at home


@doctrine(
    "two_level_player",
    sources=[
        "Putnam 1988, Diplomacy and domestic politics, International Organization 42(3)",
        "Record of the Special Measures Agreements, ROK Ministry of National Defense 2018",
    ],
)
class TwoLevelPlayer(Institutional):
    """Institutional abroad; at the table it asks more of an offer that voters would resent."""

    def least(self, threshold: Floats, seat: Seat, briefing: Briefing) -> Floats:
        """Ask for a margin where the offer on the table costs it at home."""
        assert briefing.offered is not None
        hurt = package_change(seat.packages, seat.own, briefing.offered)[HOME] < 0.0
        return threshold + np.where(hurt, CAUTION * briefing.customs.acceptance_width, 0.0)
