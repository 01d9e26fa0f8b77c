"""A structural variant of the claims: Nash's split instead of alternating offers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.briefing import Briefing, Floats, Ints, Seat
from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional
from agents.talks import Plan, possible_packages, value_package
from agents.utility import TIE


@doctrine("nash_split", sources=["Nash 1950, The bargaining problem, Econometrica 18(2)"])
class NashSplit(Transactional):
    """Proposes the package with the largest product of both gains, accepts what is no loss."""

    def weigh(self, seat: Seat, briefing: Briefing) -> tuple[Seat, Plan]:
        """Return a table and the plan in which every offer is Nash's, every threshold nothing."""
        mine, course = super().weigh(seat, briefing)
        kept: tuple[Plan, Plan] | None = seat.__dict__.get("_nash")
        if kept is None or kept[0] is not course:
            split = np.broadcast_to(nash_package(mine, course), course.offer.shape)
            even = replace(course, offer=split, threshold=np.zeros(course.threshold.shape))
            kept = course, even
            seat.__dict__["_nash"] = kept
        return mine, kept[1]


def nash_package(seat: Seat, course: Plan) -> Ints:
    """Return the package with the largest product of gains over refusing, 0 for none. (run,)."""
    runs = seat.own.shape[2]
    best: Floats = np.zeros(runs)
    pick = np.zeros(runs, dtype=np.int64)
    possible = possible_packages(seat)
    for p in np.flatnonzero(possible.any(axis=1)):
        worth = value_package(course, np.full(runs, p, dtype=np.int64))
        product = np.maximum(worth.mine, 0.0) * np.maximum(worth.theirs, 0.0)
        better = possible[p] & (product > best + TIE * TIE)
        best, pick = np.where(better, product, best), np.where(better, p, pick)
    return pick
