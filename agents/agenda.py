"""Which tables to open, which levers to name at them, and how much to ask."""

from __future__ import annotations

import numpy as np
from numba import njit

from agents.briefing import Bools, Briefing, Floats, Ints, Prospect, full_runs
from agents.utility import each_utility, package_utilities


@njit(cache=True, nogil=True, error_model="numpy")
def _name_levers(
    mine, theirs, exit_cost, blocked, lever, available, first, asks, sweeteners, width
):
    n_moves, n_runs = mine.shape
    slots = np.full((asks + sweeteners, n_runs), -1, dtype=np.int64)
    worth = np.zeros(n_runs)
    chosen = np.empty(asks + sweeteners, dtype=np.int64)
    gain, lent = np.empty(n_moves), np.empty(n_moves)  # of the open moves of one run
    on = np.empty(n_moves, dtype=np.int64)  # their levers
    for r in range(n_runs):
        if not available[r]:
            continue
        n_open = 0
        for m in range(n_moves):
            if not blocked[m, r]:
                gain[n_open] = mine[m, r] - exit_cost[m, r]
                lent[n_open], on[n_open] = theirs[m, r], lever[m]
                n_open += 1
        for n in range(asks + sweeteners):
            best, chosen[n] = 0.0, -1
            for m in range(n_open):
                if n < asks:
                    score = gain[m]
                    if n == 0 and on[m] == first[r] and score > 0.0:
                        score += 1e6
                else:
                    score = lent[m] + min(gain[m], 0.0) if lent[m] > 0.0 else 0.0
                if score <= best:
                    continue
                named = False
                for slot in range(n):
                    named = named or slots[slot, r] == on[m]
                if not named:
                    best, chosen[n], slots[n, r] = score, m, on[m]
        for a in range(asks):
            if chosen[a] < 0:
                continue
            for m in range(n_open):
                if on[m] != slots[a, r]:
                    continue
                for s in range(asks - 1, asks + sweeteners):
                    won, given = gain[m], lent[m]
                    if s >= asks:
                        if chosen[s] < 0:
                            continue
                        won += gain[chosen[s]]
                        given += lent[chosen[s]]
                    chance = min(max(0.5 + 0.5 * given / width[r], 0.0), 1.0)
                    worth[r] = max(worth[r], chance * won)
    return slots, worth


def name_levers(prospect: Prospect, briefing: Briefing, first: Ints) -> tuple[Ints, Floats]:
    """Name up to three asks and two sweeteners at a table, and say what opening it promises.

    Asks are the levers that gain me most; sweeteners those that gain the other most net of my
    cost. A table promises the best `chance x gain` over any move of one ask with at most one
    sweetener: the boldest ask is seldom the most promising.

    first : (run,) lever that must be named first if it gains me anything, -1 = none
    returns : slots (slot, run) lever or -1, and promise (run,) in utility; none where I may not
    open it
    """
    seat, customs = prospect.seat, briefing.customs
    moves = seat.own.shape[1] - 1
    mine = package_utilities(seat.me, seat.own, seat.packages)[1 : moves + 1]
    theirs = package_utilities(seat.them, seat.theirs, seat.packages)[1 : moves + 1]
    runs = mine.shape[1]
    return _name_levers(
        mine,
        theirs,
        full_runs(prospect.exit_cost[:moves], runs),
        np.ascontiguousarray(seat.blocked[:moves]),
        np.ascontiguousarray(seat.lever[:moves, 0]),  # single moves are the same in all runs
        full_runs(prospect.available, runs),
        np.ascontiguousarray(np.broadcast_to(first, runs)),
        customs.named_levers,
        customs.sweeteners,
        np.ascontiguousarray(np.broadcast_to(customs.acceptance_width, runs)),
    )


def headline_lever(prospect: Prospect) -> int:
    """Return the lever on which a demand may be made at this table, -1 if there is none."""
    moves = np.flatnonzero(prospect.headline[:-1])
    return int(prospect.seat.lever[moves[0], 0]) if len(moves) and len(prospect.demands) else -1


def norm_by_transactionalism(prospect: Prospect, transactionalism: Floats) -> Ints:
    """Choose the fairness norm to invoke: the more transactional, the further it goes. (run,)."""
    norms = len(prospect.demands)
    rank = np.floor(transactionalism * norms).astype(np.int64)
    return np.minimum(np.maximum(rank, 0), norms - 1)


def best_tables(worth: Floats, available: Bools, slots: Ints) -> Bools:
    """Choose the most promising tables, at most `slots` a run and only those worth something.

    worth, available : (prospect, run); slots : (run,); returns (prospect, run)
    """
    chosen = np.zeros(worth.shape, dtype=bool)
    left = np.where(available & (worth > 0.0), worth, 0.0)
    runs = np.arange(worth.shape[1])
    for n in range(min(len(worth), int(slots.max(initial=0)))):
        pick = left.argmax(axis=0)
        take = (left[pick, runs] > 0.0) & (n < slots)
        chosen[pick[take], runs[take]] = True
        left[pick, runs] = 0.0
    return chosen


def believed_settlement(prospect: Prospect) -> Floats:
    """How far I believe the other could go on the headline lever in one deal, credit, (run,).

    The largest single move that leaves it no worse than the threat it faces, and that the body
    which ratifies for it passes at even odds or better: ratification sets the price (Putnam 1988).
    """
    seat = prospect.seat
    moves = np.flatnonzero(prospect.headline[:-1])
    asked = seat.packages[np.concatenate([[0], moves + 1])]  # no deal, then a move each
    theirs = package_utilities(seat.them, seat.theirs, asked)[1:]
    hurt = each_utility(seat.them, seat.leverage[:, None])[0] * seat.leverage_odds
    best = np.zeros(theirs.shape[1])
    for m, value in zip(moves, theirs, strict=True):
        passes = seat.their_home.cost[m] <= seat.their_home.room
        agrees = (value >= hurt) & passes & ~seat.blocked[m]
        best = np.where(agrees, np.maximum(best, seat.credit[m]), best)
    return best
