"""Russia: presses, and carries out what it announced."""

from __future__ import annotations

from agents.briefing import Bools, Briefing, Goals, Options
from agents.doctrine import doctrine
from agents.doctrines.maximum_pressure import MaximumPressure
from agents.utility import each_utility


@doctrine(
    "coercive_bargainer",
    sources=[
        "Schelling 1966, Arms and Influence",
        "Charap and Colton 2017, Everyone Loses: the Ukraine crisis",
    ],
)
class CoerciveBargainer(MaximumPressure):
    """Threatens at every refusal and backs down only where carrying it out would clearly cost."""

    def carry_out(self, options: Options, goals: Goals, briefing: Briefing) -> Bools:
        """Carry out a threat unless it costs more than being seen to bluff."""
        value = each_utility(goals, options.threat_own) - options.threat_floor
        return options.falls_due & (value + briefing.customs.bluff_cost >= 0.0)
