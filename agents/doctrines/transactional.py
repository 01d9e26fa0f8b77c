"""Weighs every deal by its own terms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.agenda import (
    believed_settlement,
    best_tables,
    headline_lever,
    name_levers,
    norm_by_transactionalism,
)
from agents.briefing import (
    NO_PACKAGE,
    Bools,
    Briefing,
    Customs,
    Decision,
    Floats,
    Goals,
    Ints,
    Options,
    Prospect,
    Seat,
)
from agents.doctrine import Doctrine, doctrine
from agents.talks import Plan, plan, value_package
from agents.utility import TIE, chance_of, choose_logit, each_utility


@doctrine(
    "transactional",
    sources=[
        "Keohane 1986, Reciprocity in international relations, International Organization 40(1)",
        "Rubinstein 1982, Perfect equilibrium in a bargaining model, Econometrica 50(1)",
        "McKelvey and Palfrey 1995, Quantal response equilibria, Games and Economic Behavior 10(1)",
    ],
)
class Transactional(Doctrine):
    """Maximises its own transactional utility, with the transactionalism of its office."""

    def outlook(self, goals: Goals) -> Goals:
        """Return the goals that this doctrine acts on."""
        return goals

    def manners(self, customs: Customs) -> Customs:
        """Return the customs as this doctrine believes them."""
        return customs

    def weigh(self, seat: Seat, briefing: Briefing) -> tuple[Seat, Plan]:
        """Return a table as it sees it, and its plan of the quarter's talks (kept for both)."""
        kept = seat.__dict__.get("_weighed")
        if kept is None or kept[0] is not type(self):
            mine = replace(self.read(seat, briefing), me=self.outlook(seat.me))
            kept = (type(self), mine, plan(mine, self.manners(briefing.customs)))
            # a seat does not change within a quarter, so neither does what is derived from it
            seat.__dict__["_weighed"] = kept
        return kept[1], kept[2]

    def read(self, seat: Seat, briefing: Briefing) -> Seat:
        """Return the seat as this doctrine sees it."""
        return seat

    def agenda(self, briefing: Briefing) -> Decision:
        """Open the tables that promise most, ask the norm that fits its transactionalism."""
        runs = briefing.goals.weights.shape[1]
        slots = briefing.slots if briefing.slots is not None else np.zeros(runs, dtype=np.int64)
        size = briefing.customs.named_levers + briefing.customs.sweeteners
        named = np.full((len(briefing.prospects), size, runs), -1, dtype=np.int64)
        norm = np.full((len(briefing.prospects), runs), -1, dtype=np.int64)
        worth = np.zeros((len(briefing.prospects), runs))
        settlement = np.zeros(worth.shape)
        for i, prospect in enumerate(briefing.prospects):
            concerns = prospect.available | (prospect.standing > -np.inf)
            if not concerns.any():
                continue
            first = headline_lever(prospect)
            me = self.outlook(prospect.seat.me)
            seen = replace(prospect, seat=replace(prospect.seat, me=me))
            named[i], worth[i] = name_levers(seen, briefing, np.full(runs, first, dtype=np.int64))
            worth[i] = self.interest(prospect, worth[i], briefing)
            if first >= 0:
                asked = (named[i, 0] == first) & (prospect.standing == -np.inf)
                norm[i] = np.where(asked, self.ask(prospect, me.transactionalism), -1)
                settlement[i] = np.where(concerns, believed_settlement(seen), 0.0)
        available = np.array([p.available for p in briefing.prospects], bool).reshape(worth.shape)
        return Decision(
            open=best_tables(worth, available, slots),
            # said of a table that may be opened alone, else it would depend on the other runs
            named=np.where(available[:, None], named, -1),
            norm=np.where(available, norm, -1),
            settlement=settlement,
            memory=briefing.memory,
        )

    def interest(self, prospect: Prospect, worth: Floats, briefing: Briefing) -> Floats:
        """Return how much opening a table is worth to this doctrine, (run,) utility."""
        return worth

    def ask(self, prospect: Prospect, transactionalism: Floats) -> Ints:
        """Return the index of the norm that it invokes, (run,); -1 asks for nothing special."""
        return norm_by_transactionalism(prospect, transactionalism)

    def offer(self, briefing: Briefing) -> Decision:
        """Propose the package with the highest P(accept) gain + (1 - P) value of refusal."""
        _, course = self.weigh(briefing.seats[0], briefing)
        return Decision(offer=course.offer[briefing.round], memory=briefing.memory)

    def reply(self, briefing: Briefing) -> Decision:
        """Accept what gains at least the believed best counter or walk."""
        seat = briefing.seats[0]
        _, course = self.weigh(seat, briefing)
        assert briefing.offered is not None
        assert briefing.my_turn is not None
        # one's own offer is not answered
        offered = np.where(briefing.my_turn, NO_PACKAGE, briefing.offered)
        valuation = value_package(course, offered)
        least = self.least(course.threshold[briefing.round], seat, briefing)
        enough = valuation.mine >= least - TIE
        return Decision(accept=enough & valuation.possible, memory=briefing.memory)

    def least(self, threshold: Floats, seat: Seat, briefing: Briefing) -> Floats:
        """Return the least gain that it accepts, (run,) utility."""
        return threshold

    def own_moves(self, briefing: Briefing) -> Decision:
        """First whether to move, then which: logit over utility minus the cost of adjusting."""
        options = briefing.options
        assert options is not None
        goals = self.outlook(briefing.goals)
        score = self.appeal(options, each_utility(goals, options.own), briefing)
        score = score - briefing.customs.adjustment_cost - options.cost
        return Decision(
            choice=self.pick_two(options, score, goals, briefing),
            announce=self.announce(options, goals, briefing),
            carry_out=self.carry_out(options, goals, briefing),
            memory=briefing.memory,
        )

    def appeal(self, options: Options, values: Floats, briefing: Briefing) -> Floats:
        """Return the options' scores before costs, (option, run) utility."""
        return values

    def pick_two(self, options: Options, score: Floats, goals: Goals, briefing: Briefing) -> Ints:
        """Choose up to two moves on different levers, (2, run); -1 = none."""
        runs = np.arange(score.shape[1])
        choice = np.full((2, len(runs)), -1, dtype=np.int64)
        if not len(score):
            return choice
        blocked = options.blocked.copy()
        going = np.ones(len(runs), dtype=bool)
        for n in range(2):
            pick = choose_logit(score, goals.sharpness, options.gumbel, blocked)
            keen = score[pick, runs] - briefing.customs.inertia
            going = going & (pick >= 0) & (goals.sharpness * keen + options.stay[n] > 0.0)
            choice[n] = np.where(going, pick, -1)
            blocked = blocked | ((options.lever[:, None] == options.lever[pick]) & (pick >= 0))
        return choice

    def announce(self, options: Options, goals: Goals, briefing: Briefing) -> Bools:
        """Announce a threat after a refusal with logit odds: utility + nu - bluff cost - floor."""
        value = each_utility(goals, options.threat_own)
        keen = value + options.threat_noise - briefing.customs.bluff_cost - options.threat_floor
        odds = chance_of(goals.sharpness * keen)
        return options.rebuffed & ~options.standing & (options.threat_draw < odds)

    def carry_out(self, options: Options, goals: Goals, briefing: Briefing) -> Bools:
        """Carry out what was announced if it pays, now that backing down costs as a bluff."""
        value = each_utility(goals, options.threat_own)
        keen = value + options.threat_noise + briefing.customs.bluff_cost - options.threat_floor
        odds = chance_of(goals.sharpness * keen)
        return options.falls_due & (options.threat_draw < odds)

    def honour(self, briefing: Briefing) -> Decision:
        """Keep a promise unless breaking it gains more than the breach costs.

        No noise: what was signed is carried out unless somebody decides otherwise. States keep
        most of what they sign (Henkin 1979; Chayes and Chayes 1993; Leeds 2003).
        """
        promises = briefing.promises
        assert promises is not None
        goals = self.outlook(briefing.goals)
        value = each_utility(goals, promises.own)
        keep = value + promises.breach_cost >= -TIE
        return Decision(keep=keep, memory=briefing.memory)
