"""A briefing as a row of small choices among numbered actions, for programs that learn.

Each of the five questions becomes choices of one number each: which table to open next, which
lever to name there, which package to offer, whether to keep this promise. Action 0 is always open
and always the quiet answer: no, none, that is all, keep it. A choice with nothing else is skipped.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from agents.agenda import believed_settlement
from agents.briefing import ACCOUNTS, Bools, Briefing, Decision, Floats, Ints, Prospect
from agents.talks import possible_packages
from agents.utility import package_utilities

ABOUT = (
    "open",  # a table: 1 + its place among mine; asked until 0 or no slot is left
    "name",  # a lever at it: 1 + its number in the scenario; once for every slot
    "demand",  # a headline demand at it: 1 + the fairness norm invoked
    "offer",  # a package: its number at the table
    "reply",  # 1 accepts what lies on the table
    "move",  # a lever of my own: 1 + the option; twice
    "announce",  # 1 threatens after a refusal
    "carry_out",  # 1 carries out a threat that falls due
    "break",  # 1 breaks a promise that falls due
)
LEAST = 2  # actions of a yes or no


@dataclass(frozen=True)
class Choice:
    """One thing to decide, in one game."""

    about: str
    possible: Bools  # (action,)
    own: Floats  # (account, action) what it changes for me, standard deviations
    theirs: Floats  # (account, action) my estimate of what it changes for the other
    place: int = -1  # of the table, threat or promise that it is about
    slot: int = 0  # of several like it
    table: int = -1  # my tables are numbered from 0


Talk = Generator[Choice, int, Decision]


def decide_by_choices(briefing: Briefing) -> Talk:
    """Ask for one action after the other and return the decision that they amount to."""
    ask = {
        "agenda": _agenda,
        "offer": _offer,
        "reply": _reply,
        "own_moves": _own_moves,
        "honour": _honour,
    }[briefing.question]
    return (yield from ask(briefing))


def action_of(choice: Choice, decision: Decision) -> int:
    """Return the action by which a decision answers this choice."""
    place, slot = choice.place, choice.slot
    if choice.about == "open":
        assert decision.open is not None
        wanted = np.flatnonzero(decision.open[:, 0] & choice.possible[1:])
        return int(wanted[0]) + 1 if len(wanted) else 0
    if choice.about == "name":
        assert decision.named is not None
        return int(decision.named[place, slot, 0]) + 1
    if choice.about == "demand":
        assert decision.norm is not None
        return int(decision.norm[place, 0]) + 1
    if choice.about == "offer":
        assert decision.offer is not None
        return int(decision.offer[0])
    if choice.about == "reply":
        assert decision.accept is not None
        return int(decision.accept[0])
    if choice.about == "move":
        assert decision.choice is not None
        return int(decision.choice[slot, 0]) + 1
    if choice.about == "announce":
        assert decision.announce is not None
        return int(decision.announce[place, 0])
    if choice.about == "carry_out":  # who does not say carries it out
        return int(decision.carry_out is None or decision.carry_out[place, 0])
    assert decision.keep is not None
    return int(not decision.keep[place, 0])


def _pick(choice: Choice) -> Generator[Choice, int, int]:
    """Put a choice, unless there is nothing to choose."""
    if not choice.possible[1:].any():
        return 0
    return (yield choice)


def _nothing(actions: int) -> Floats:
    return np.zeros((len(ACCOUNTS), actions))


def _yes(change: Floats) -> Floats:
    """Effects of no and of yes. change : (account,); returns (account, 2)."""
    return np.stack([np.zeros_like(change), change], axis=1)


def _agenda(briefing: Briefing) -> Talk:
    prospects, customs = briefing.prospects, briefing.customs
    named = np.full((len(prospects), customs.named_levers + customs.sweeteners, 1), -1)
    norm = np.full((len(prospects), 1), -1)
    opened = np.zeros((len(prospects), 1), dtype=bool)
    best = [_best_moves(p) for p in prospects]
    own, theirs = _nothing(len(prospects) + 1), _nothing(len(prospects) + 1)
    for i, (prospect, (_, moves)) in enumerate(zip(prospects, best, strict=True)):
        if len(moves):
            own[:, i + 1] = prospect.seat.own[:, moves[0], 0]
            theirs[:, i + 1] = prospect.seat.theirs[:, moves[0], 0]
    for _ in range(int(briefing.slots[0]) if briefing.slots is not None else 0):
        free = [p.available[0] and not opened[i, 0] for i, p in enumerate(prospects)]
        i = (yield from _pick(Choice("open", np.array([True, *free]), own, theirs))) - 1
        if i < 0:
            break
        opened[i] = True
        for slot in range(named.shape[1]):
            named[i, slot] = yield from _name(prospects[i], i, best[i], named[i, :slot, 0], slot)
        demands = np.ones(len(prospects[i].demands) + 1, dtype=bool)
        demands[1:] = prospects[i].standing[0] == -np.inf
        none = _nothing(len(demands))
        norm[i] = (yield from _pick(Choice("demand", demands, none, none, i, 0, i))) - 1
    settlement = np.stack([believed_settlement(p) for p in prospects]) if prospects else norm * 0.0
    return Decision(open=opened, named=named, norm=norm, settlement=settlement)


def _best_moves(prospect: Prospect) -> tuple[Floats, Ints]:
    """Utility to me of every move at a table, (move,), and those possible from the best down."""
    seat = prospect.seat
    worth = package_utilities(seat.me, seat.own, seat.packages)[1:, 0]
    moves = np.argsort(-worth, kind="stable")
    return worth, moves[~seat.blocked[moves, 0]]


def _name(
    prospect: Prospect, place: int, best: tuple[Floats, Ints], named: Ints, slot: int
) -> Generator[Choice, int, int]:
    """Choose a lever for a slot; each is shown with its best move for me."""
    seat = prospect.seat
    possible = np.zeros(len(seat.names) + 1, dtype=bool)
    possible[0] = True
    own, theirs = _nothing(len(possible)), _nothing(len(possible))
    for move in best[1][::-1]:
        lever = int(seat.lever[move, 0])
        if lever not in named:
            possible[lever + 1] = True
            own[:, lever + 1] = seat.own[:, move, 0]
            theirs[:, lever + 1] = seat.theirs[:, move, 0]
    return (yield from _pick(Choice("name", possible, own, theirs, place, slot, place))) - 1


def _offer(briefing: Briefing) -> Talk:
    seat = briefing.seats[0]
    assert briefing.my_turn is not None
    offer = 0
    if briefing.my_turn[0]:
        possible = possible_packages(seat)[:, 0]
        possible[0] = True
        own = seat.own[:, seat.packages, 0].sum(axis=2)
        theirs = seat.theirs[:, seat.packages, 0].sum(axis=2)
        offer = yield from _pick(Choice("offer", possible, own, theirs, table=seat.slot))
    return Decision(offer=np.array([offer]))


def _reply(briefing: Briefing) -> Talk:
    seat, offered = briefing.seats[0], briefing.offered
    assert offered is not None
    assert briefing.my_turn is not None
    accept = 0
    if not briefing.my_turn[0] and offered[0] > 0:
        moves = seat.packages[offered[0]]
        accept = yield from _pick(
            Choice(
                "reply",
                np.array([True, possible_packages(seat)[offered[0], 0]]),
                _yes(seat.own[:, moves, 0].sum(axis=1)),
                _yes(seat.theirs[:, moves, 0].sum(axis=1)),
                table=seat.slot,
            )
        )
    return Decision(accept=np.array([accept > 0]))


def _own_moves(briefing: Briefing) -> Talk:
    options = briefing.options
    assert options is not None
    possible = np.concatenate([[True], ~options.blocked[:, 0]])
    own = np.concatenate([_nothing(1), options.own[..., 0]], axis=1)
    choice = np.full((2, 1), -1)
    for slot in range(2):
        pick = yield from _pick(Choice("move", possible, own, np.zeros_like(own), slot=slot))
        choice[slot] = pick - 1
        if pick > 0:
            possible = possible & np.append(True, options.lever != options.lever[pick - 1])
    said = {}
    may = {"announce": options.rebuffed & ~options.standing, "carry_out": options.falls_due}
    for about, which in may.items():
        said[about] = np.zeros_like(which)
        for n in np.flatnonzero(which[:, 0]):
            change = _yes(options.threat_own[:, n, 0])
            yes = np.ones(2, dtype=bool)
            asked = Choice(about, yes, change, np.zeros_like(change), int(n))
            said[about][n] = (yield from _pick(asked)) > 0
    return Decision(choice=choice, announce=said["announce"], carry_out=said["carry_out"])


def _honour(briefing: Briefing) -> Talk:
    promises = briefing.promises
    assert promises is not None
    keep = np.ones_like(promises.due)
    for n in np.flatnonzero(promises.due[:, 0]):
        change = _yes(-promises.own[:, n, 0])
        yes = np.ones(2, dtype=bool)
        asked = Choice("break", yes, change, np.zeros_like(change), int(n))
        keep[n] = (yield from _pick(asked)) == 0
    return Decision(keep=keep)
