"""DPRK: raises tension to be paid, and wants recognition before relief."""

from __future__ import annotations

import numpy as np

from agents.briefing import ACCOUNTS, Briefing, Floats, Seat
from agents.doctrine import doctrine
from agents.doctrines.crisis_bargainer import CrisisBargainer
from agents.utility import package_change

STANDING = ACCOUNTS.index("standing")
PRIDE = 0.5  # assumed, 0 to 1: widths of doubt that it adds to an offer that costs it standing


@doctrine(
    "recognition_seeker",
    sources=[
        "Cha 2012, The Impossible State",
        "Carlin and Lewis 2008, Negotiating with North Korea: 1992-2007, Stanford CISAC",
    ],
)
class RecognitionSeeker(CrisisBargainer):
    """A crisis bargainer that sells security dear and standing dearest."""

    def least(self, threshold: Floats, seat: Seat, briefing: Briefing) -> Floats:
        """Ask for a margin where the offer on the table costs it standing."""
        assert briefing.offered is not None
        slight = package_change(seat.packages, seat.own, briefing.offered)[STANDING] < 0.0
        return threshold + np.where(slight, PRIDE * briefing.customs.acceptance_width, 0.0)
