"""Why an actor chose as it did: the utility terms behind offers, replies and own moves.

A doctrine that maximises utility has weighed every package of its table; this reads what it
weighed and splits it by account. For doctrines that do not weigh, and for seats answered from
outside, the plain rules of utility are told instead, marked `weighed: false`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from agents.briefing import Briefing, Decision, Floats, Goals, Seat
from agents.talks import Plan, plan, value_package
from agents.utility import account_terms, change_utility, each_utility, package_change
from model.bargaining import Ask
from model.scenario import Scenario
from model.schema import ACCOUNTS

DIGITS = 6  # of numbers that are told; the state itself is kept by its digest
Terms = dict[str, Any]


def told(value: Any) -> float | None:
    """Return a number as it is written down; None where there is none."""
    number = float(value)
    return round(number, DIGITS) + 0.0 if np.isfinite(number) else None


@dataclass(frozen=True)
class Heard:
    """A question, its answers, and what each of those asked remembered."""

    ask: Ask
    answers: dict[str, Decision]
    memory: dict[str, Floats]

    def briefing(self, actor: str) -> Briefing:
        """Return the briefing of an actor, its memory included."""
        return replace(self.ask.briefings[actor], memory=self.memory[actor])


class Decides(Protocol):
    """A doctrine, or a seat that is answered from outside."""

    name: str

    def decide(self, briefing: Briefing) -> Decision:
        """Answer a briefing."""
        ...


class Reasons:
    """The utility terms of one quarter's choices, by what was asked and answered."""

    def __init__(
        self, scenario: Scenario, deciders: Mapping[str, Decides], heard: Sequence[Heard]
    ) -> None:
        self.scenario = scenario
        self.deciders = deciders
        self.heard = {
            (h.ask.question, h.ask.table, next(iter(h.ask.briefings.values())).round): h
            for h in heard
        }

    def of_offer(self, actor: str, table: str, round_: int, package: int) -> Terms:
        """Why this offer: its terms, and the believed chance that it is accepted."""
        briefing = self.heard["offer", table, round_].briefing(actor)
        weighed = weigh(self.deciders[actor], briefing)
        course = weighed.course
        mine = package > 0 and int(course.offer[round_, 0]) == package
        chance = told(course.odds[round_, 0]) if mine and weighed.own else None
        return {"chance": chance, **deal_terms(weighed, package)}

    def of_reply(self, actor: str, table: str, round_: int, package: int) -> Terms:
        """Why this reply: the terms of the offer, and the least gain that the actor takes."""
        briefing = self.heard["reply", table, round_].briefing(actor)
        decider = self.deciders[actor]
        weighed = weigh(decider, briefing)
        least = weighed.course.threshold[round_]
        if weighed.own and hasattr(decider, "least"):
            least = decider.least(least, briefing.seats[0], briefing)
        return {"least": told(least[0]), **deal_terms(weighed, package)}

    def of_own_move(self, actor: str, lever: int, steps: int) -> Terms:
        """Why this own move: what it changes by account, what moving costs, what manner adds.

        Manner is what a doctrine sees in a move beyond its utility, such as being heard.
        """
        decider = self.deciders[actor]
        briefing = self.heard["own_moves", "", 0].briefing(actor)
        options = briefing.options
        assert options is not None
        goals = outlook(decider, briefing.goals)
        pick = int(np.flatnonzero((options.lever == lever) & (options.steps == steps))[0])
        parts = account_parts(goals, options.own[:, pick])
        manner = 0.0
        if hasattr(decider, "appeal"):
            values = each_utility(goals, options.own)
            manner = (decider.appeal(options, values, briefing) - values)[pick, 0]
        cost = briefing.customs.adjustment_cost[0] + options.cost[pick, 0]
        return {**parts, "cost": told(cost), "manner": told(manner)}

    def of_threat(self, actor: str, place: int) -> Terms:
        """Why this threat: what carrying it out would change for the one who threatens.

        place : number of the threat among those of the actor
        """
        briefing = self.heard["own_moves", "", 0].briefing(actor)
        options = briefing.options
        assert options is not None
        goals = outlook(self.deciders[actor], briefing.goals)
        floor = told(options.threat_floor[place, 0])
        return {**account_parts(goals, options.threat_own[:, place]), "cost": floor}


@dataclass(frozen=True)
class Weighed:
    """A seat as its holder sees it, and what it makes of the packages."""

    seat: Seat
    course: Plan
    own: bool  # the decision rests on it


def outlook(decider: Decides, goals: Goals) -> Goals:
    """Return the goals that a decider acts on."""
    seen: Goals = decider.outlook(goals) if hasattr(decider, "outlook") else goals
    return seen


def weigh(decider: Decides, briefing: Briefing) -> Weighed:
    """Return what a decider weighed at its table; by the plain rules if it weighs nothing."""
    seat = briefing.seats[0]
    if hasattr(decider, "weigh"):
        seen, course = decider.weigh(seat, briefing)
        return Weighed(seen, course, own=True)
    return Weighed(seat, plan(seat, briefing.customs), own=False)


def deal_terms(weighed: Weighed, package: int) -> Terms:
    """Split the value of a package: accounts, the shadow of the future, and what refusing brings.

    The future is goodwill earned, less what is lost in giving in to an announced threat.

    gain = passage x (accounts' sum + future - refusing), passage the believed chance that it enters
    into force; refusing = threat + settlement: what the other's threat would cost if carried out,
    and what is still hoped for from open talks.
    """
    seat, goals = weighed.seat, weighed.seat.me
    which = np.full(seat.own.shape[2], package, dtype=np.int64)
    valuation = value_package(weighed.course, which)
    change = package_change(seat.packages, seat.own, which)
    threat = (1.0 - goals.discount) * seat.menace_odds * change_utility(goals, seat.menace)
    course = weighed.course
    refusing = course.refusal
    future = course.bond * np.minimum(np.maximum(valuation.their_plain, 0.0), 1.0) - course.grudge
    return {
        **account_parts(goals, change),
        "future": told(future[0]),
        "passage": told(valuation.passage[0]),
        "refusing": {
            "worth": told(refusing[0]),
            "threat": told(threat[0]),
            "threat_odds": told(seat.menace_odds[0]),
            "settlement": told(refusing[0] - threat[0]),
        },
        "gain": told(valuation.mine[0]),
        "possible": bool(valuation.possible[0]),
        "weighed": weighed.own,
    }


def account_parts(goals: Goals, change: Floats) -> Terms:
    """Split a change in utility by account; accounts that do not move are left out."""
    parts = account_terms(goals, change)[:, 0]
    accounts = {k: told(x) for k, x in zip(ACCOUNTS, parts, strict=True) if abs(x) > 10**-DIGITS}
    return {"accounts": accounts, "sum": told(sum(parts))}
