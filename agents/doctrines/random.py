"""Draws its answers: the null model of behaviour."""

from __future__ import annotations

import numpy as np

from agents.agenda import best_tables
from agents.briefing import Briefing, Decision
from agents.doctrine import Doctrine, doctrine
from agents.doctrines.status_quo import no_agenda
from agents.talks import is_possible, possible_packages
from agents.utility import choose_logit

HALF = 0.5  # an even coin
THREAT = 0.1  # assumed, 0 to 1: chance to threaten when refused


@doctrine("random", sources=["Gode and Sunder 1993, Zero-intelligence traders, JPE 101(1)"])
class Random(Doctrine):
    """Chooses among what is possible without looking at what it is worth."""

    def agenda(self, briefing: Briefing) -> Decision:
        """Open tables and name levers by lot."""
        empty = no_agenda(briefing)
        if not briefing.prospects or briefing.slots is None:
            return empty
        assert briefing.draw is not None
        assert empty.named is not None
        named = empty.named.copy()
        runs = np.arange(named.shape[2])
        for i, prospect in enumerate(briefing.prospects):
            moves = len(prospect.seat.steps) - 1
            lot = briefing.draw(f"levers {prospect.seat.table}", moves)
            free = ~prospect.seat.blocked[:moves]
            for slot in range(named.shape[1]):
                score = np.where(free, lot, -1.0)
                pick = score.argmax(axis=0)
                lever = np.broadcast_to(prospect.seat.lever[:moves], free.shape)
                chosen = np.where(score[pick, runs] > 0.0, lever[pick, runs], -1)
                named[i, slot] = chosen
                free = free & (lever != chosen)
        available = np.array([p.available for p in briefing.prospects])
        worth = briefing.draw("tables", len(briefing.prospects))
        return Decision(
            open=best_tables(worth, available, briefing.slots),
            named=named,
            norm=empty.norm,
            memory=briefing.memory,
        )

    def offer(self, briefing: Briefing) -> Decision:
        """Propose any possible package."""
        assert briefing.draw is not None
        possible = possible_packages(briefing.seats[0])
        lot = briefing.draw(f"offer {briefing.seats[0].table} {briefing.round}", len(possible))
        pick = np.where(possible, lot, -1.0).argmax(axis=0)
        return Decision(offer=np.where(possible.any(axis=0), pick, 0), memory=briefing.memory)

    def reply(self, briefing: Briefing) -> Decision:
        """Toss a coin."""
        assert briefing.draw is not None
        assert briefing.offered is not None
        seat = briefing.seats[0]
        coin = briefing.draw(f"reply {seat.table} {briefing.round}", 1)[0]
        possible = is_possible(seat, briefing.offered)
        return Decision(accept=possible & (coin < HALF), memory=briefing.memory)

    def own_moves(self, briefing: Briefing) -> Decision:
        """Move every other quarter, anywhere."""
        options = briefing.options
        assert options is not None
        pick = choose_logit(
            np.zeros_like(options.gumbel), options.stay[0], options.gumbel, options.blocked
        )
        choice = np.stack([np.where(options.stay[0] > 0.0, pick, -1), np.full_like(pick, -1)])
        return Decision(
            choice=choice,
            announce=options.rebuffed & ~options.standing & (options.threat_draw < THREAT),
            memory=briefing.memory,
        )

    def honour(self, briefing: Briefing) -> Decision:
        """Toss a coin for each promise."""
        promises = briefing.promises
        assert promises is not None
        assert briefing.draw is not None
        coins = [briefing.draw(f"keep {promises.names[x]}", 1)[0] < HALF for x in promises.lever]
        keep = np.array(coins, dtype=bool).reshape(promises.due.shape)
        return Decision(keep=keep, memory=briefing.memory)
