"""Changes nothing."""

from __future__ import annotations

import numpy as np

from agents.briefing import Bools, Briefing, Decision, Ints
from agents.doctrine import Doctrine, doctrine


def no_agenda(briefing: Briefing) -> Decision:
    """Open nothing."""
    runs = briefing.goals.weights.shape[1]
    size = briefing.customs.named_levers + briefing.customs.sweeteners
    tables = len(briefing.prospects)
    return Decision(
        open=np.zeros((tables, runs), dtype=bool),
        named=np.full((tables, size, runs), -1, dtype=np.int64),
        norm=np.full((tables, runs), -1, dtype=np.int64),
        memory=briefing.memory,
    )


def nothing(like: Bools | Ints) -> Bools:
    """Return no for every run."""
    return np.zeros_like(like, dtype=bool)


@doctrine(
    "status_quo",
    sources=[
        "Samuelson and Zeckhauser 1988, Status quo bias in decision making, J. Risk Uncertainty 1"
    ],
)
class StatusQuo(Doctrine):
    """Opens no table, accepts nothing, moves nothing, keeps its promises."""

    def agenda(self, briefing: Briefing) -> Decision:
        """Open nothing."""
        return no_agenda(briefing)

    def offer(self, briefing: Briefing) -> Decision:
        """Offer nothing."""
        assert briefing.my_turn is not None
        return Decision(
            offer=np.zeros(briefing.my_turn.shape, dtype=np.int64), memory=briefing.memory
        )

    def reply(self, briefing: Briefing) -> Decision:
        """Accept nothing."""
        assert briefing.offered is not None
        return Decision(accept=nothing(briefing.offered), memory=briefing.memory)

    def own_moves(self, briefing: Briefing) -> Decision:
        """Stay."""
        assert briefing.options is not None
        runs = briefing.options.stay.shape[1]
        return Decision(
            choice=np.full((2, runs), -1, dtype=np.int64),
            announce=nothing(briefing.options.standing),
            memory=briefing.memory,
        )

    def honour(self, briefing: Briefing) -> Decision:
        """Keep every promise."""
        assert briefing.promises is not None
        return Decision(keep=np.ones_like(briefing.promises.due), memory=briefing.memory)
