"""Plays a theory's equilibrium: complete information, exact replies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.briefing import Bools, Briefing, Customs, Floats, Goals, Options, Prospect
from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional
from agents.utility import ACCEPTANCE


@doctrine(
    "backward_induction",
    sources=["Rubinstein 1982, Perfect equilibrium in a bargaining model, Econometrica 50(1)"],
)
class BackwardInduction(Transactional):
    """Knows the other's threshold exactly and reasons back from the last round."""

    def manners(self, customs: Customs) -> Customs:
        """Believe that the other accepts exactly what is worth its while."""
        return replace(customs, acceptance=ACCEPTANCE.index("exact"))

    def interest(self, prospect: Prospect, worth: Floats, briefing: Briefing) -> Floats:
        """Come to every table that is there, in order of what it promises."""
        return worth + 1.0

    def announce(self, options: Options, goals: Goals, briefing: Briefing) -> Bools:
        """Threaten only if carrying it out pays: a bluff is no equilibrium here."""
        return np.zeros_like(options.standing)
