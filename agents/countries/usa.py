"""United States: deals that can be stated as a sum come first."""

from __future__ import annotations

from agents.agenda import headline_lever
from agents.briefing import Briefing, Floats, Prospect
from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional

SUMS = 0.25  # assumed, 0 to .5: how much more a table counts at which a sum can be demanded


@doctrine(
    "deal_maker",
    sources=[
        "Yang 2025, Asan Issue Brief 2025-07(S) (its author's view of the office)",
        "Keohane 1986, Reciprocity in international relations, International Organization 40(1)",
    ],
)
class DealMaker(Transactional):
    """Transactional, and drawn to the tables where it can name a price."""

    def interest(self, prospect: Prospect, worth: Floats, briefing: Briefing) -> Floats:
        """Count a table at which a headline demand can be made a quarter more."""
        priced = headline_lever(prospect) >= 0
        return worth * (1.0 + SUMS) if priced else worth
