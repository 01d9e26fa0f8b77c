"""Insures itself against a partner it does not quite trust."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.briefing import Briefing, Floats, Options, Prospect, Seat
from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional


@doctrine(
    "hedger",
    sources=[
        "Kuik 2008, The essence of hedging, Contemporary Southeast Asia 30(2)",
        "Snyder 1984, The security dilemma in alliance politics, World Politics 36(4)",
    ],
)
class Hedger(Transactional):
    """Discounts promises of those it trusts little, looks for other tables and own means."""

    def read(self, seat: Seat, briefing: Briefing) -> Seat:
        """Count a gain from the partner only as far as the partner is trusted, once more."""
        gain = np.maximum(seat.own, 0.0)
        return replace(seat, own=gain * seat.trust + np.minimum(seat.own, 0.0))

    def interest(self, prospect: Prospect, worth: Floats, briefing: Briefing) -> Floats:
        """Prefer tables with partners other than the one it depends on most."""
        trust = prospect.seat.trust
        others = [p.seat.trust for p in briefing.prospects]
        highest = others[0]
        for other in others[1:]:
            highest = np.maximum(highest, other)
        return worth * (1.0 + highest - trust)

    def appeal(self, options: Options, values: Floats, briefing: Briefing) -> Floats:
        """Find its own means worth half their cost of adjusting more: insurance has a premium."""
        own_means = np.where(options.hostile, 0.0, 0.5)[:, None]
        return values + own_means * briefing.customs.adjustment_cost * (values > 0.0)
