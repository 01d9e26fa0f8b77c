"""Does to each partner what that partner did last."""

from __future__ import annotations

import numpy as np

from agents.briefing import Briefing, Decision, Floats, Seat
from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional
from agents.talks import value_package


@doctrine(
    "tit_for_tat",
    sources=["Axelrod 1984, The Evolution of Cooperation"],
)
class TitForTat(Transactional):
    """Bargains fairly with those who made it a fair offer, holds out against those who did not.

    It remembers, for each of its tables, whether the last offer it received gained it anything.
    """

    def least(self, threshold: Floats, seat: Seat, briefing: Briefing) -> Floats:
        """Ask for more where the last offer was an affront: as much again as it costs to wait."""
        memory = briefing.memory
        assert memory is not None
        affront = memory[seat.slot] < 0.0
        return np.where(affront, threshold + briefing.customs.acceptance_width, threshold)

    def reply(self, briefing: Briefing) -> Decision:
        """Reply, then remember whether this offer was fair."""
        answer = super().reply(briefing)
        seat, memory, offered = briefing.seats[0], briefing.memory, briefing.offered
        assert memory is not None
        assert offered is not None
        assert briefing.my_turn is not None
        gain = value_package(self.weigh(seat, briefing)[1], offered).plain
        mood = np.where(gain >= 0.0, 1.0, -1.0)
        remembered = memory.copy()
        asked = ~briefing.my_turn & (offered > 0)
        remembered[seat.slot] = np.where(asked, mood, memory[seat.slot])
        return Decision(accept=answer.accept, memory=remembered)

    def honour(self, briefing: Briefing) -> Decision:
        """Keep every promise: it is never the first to defect."""
        assert briefing.promises is not None
        return Decision(keep=np.ones_like(briefing.promises.due), memory=briefing.memory)
