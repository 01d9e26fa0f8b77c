"""What an actor is shown, and what it answers: the whole contract between world and decision.

Every array ends with the run axis. Prices are changes of accounts in standard deviations of a
status-quo world, so that accounts of different units can be weighed against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

Account = Literal["security", "treasury", "commerce", "autonomy", "home", "standing"]
ACCOUNTS: tuple[Account, ...] = (
    "security",
    "treasury",
    "commerce",
    "autonomy",
    "home",
    "standing",
)
Question = Literal["agenda", "offer", "reply", "own_moves", "honour"]
NO_PACKAGE = 0


@dataclass(frozen=True)
class Goals:
    """What an office wants, as far as the reader of the briefing knows it."""

    position: Floats  # (account, run) accounts above their reference, standard deviations
    weights: Floats  # (account, run) sum to one
    loss_aversion: Floats  # (run,) lambda_loss
    transactionalism: Floats  # (run,) tau, 0 to 1
    reciprocity: Floats  # (run,) rho
    discount: Floats  # (run,) a quarter
    round_discount: Floats  # (run,) a round of talks
    sharpness: Floats  # (run,) lambda_q of the logit
    kind: int  # value function, see utility.KINDS


@dataclass(frozen=True)
class Customs:
    """How talks are held: the same for everybody."""

    rounds: int
    acceptance: int  # utility.ACCEPTANCE: belief about the other's threshold
    acceptance_width: Floats  # (run,) utility
    settlement_odds: Floats  # (run,) believed chance that open talks settle
    relation_gain: Floats  # (run,) r+
    relation_loss: Floats  # (run,) r-
    relation_persistence: Floats  # (run,) a quarter
    bluff_cost: Floats  # (run,) utility
    adjustment_cost: Floats  # (run,) utility a step
    inertia: Floats  # (run,) utility of not moving
    named_levers: int
    sweeteners: int


@dataclass(frozen=True)
class Assent:
    """What a body at home bears: P(ratify) = logistic((room - cost of the moves) / spread)."""

    cost: Floats  # (move + 1, run) SMA-percent equivalents, sweeteners negative
    room: Floats  # (run,) win-set with the support of today; boundless where nobody votes
    spread: Floats  # (run,)


@dataclass(frozen=True)
class Seat:
    """One actor's view of one table, valid all quarter.

    The ledger is linear, so a package is worth the sum of its moves; the last move is `no move`
    and package 0 is `no deal`. Each slot has moves in a row: packages are all their combinations,
    at most one a slot, and bundles, each alone.
    """

    table: str
    other: str
    slot: int  # my tables are numbered from 0: a place to remember things about this one
    me: Goals
    them: Goals  # my estimate
    packages: Ints  # (package, K) index of moves
    prefix: Ints  # (package,) the package without its last move, an earlier one; in rising order
    own: Floats  # (account, move + 1, run) change in my accounts
    theirs: Floats  # (account, move + 1, run) my estimate of the change in theirs
    lever: Ints  # (move + 1, run) lever of the move, an index into `names`; -1 = none
    steps: Ints  # (move + 1,) settings up or down; 0 = bundle or no move
    names: tuple[str, ...]  # levers of the scenario
    blocked: Bools  # (move + 1, run) out of bounds, locked, or not named
    credit: Floats  # (move + 1, run) how far the move goes towards a headline demand, its unit
    required: Floats  # (run,) credit below which the demander will not sign; -inf where none
    home: Assent  # my ratifying body
    their_home: Assent  # both are public
    consent: Floats  # (move + 1, run) chance that scripted parties to the move agree
    menace: Floats  # (account, run) change in my accounts if their threat is carried out
    menace_odds: Floats  # (run,) believed chance that a refusal brings it
    leverage: Floats  # (account, run) my estimate of what my own threat would cost them
    leverage_odds: Floats  # (run,)
    coerced: Bools  # (run,) a threat of theirs stands announced
    coercing: Bools  # (run,) one of mine does
    term: Floats  # (run,) quarters that a deal lasts
    trust: Floats  # (run,) that they keep promises, 0 to 1
    opens: Bools  # (run,) I speak in the even rounds
    # utility over refusing that each could have elsewhere by walking out, (run,); public
    outside: Floats = field(default_factory=lambda: np.zeros(1))
    their_outside: Floats = field(default_factory=lambda: np.zeros(1))


@dataclass(frozen=True)
class Prospect:
    """A table as it looks before the agenda is set: every single move on it."""

    seat: Seat  # its packages are the single moves
    available: Bools  # (run,) it may be opened or kept open by me
    mine: Bools  # (run,) I opened it and it still is
    exit_cost: Floats  # (move + 1, run) utility of asking to re-open what a living deal fixed
    headline: Bools  # (move + 1,) a demand may be made on its lever
    demands: Floats  # (norm, run) how far beyond today the norms of fairness would go, credit
    standing: Floats  # (run,) demand that stands; -inf where none


@dataclass(frozen=True)
class Options:
    """Moves that an actor can make alone, sealed until all have chosen."""

    own: Floats  # (account, option, run) change in my accounts
    lever: Ints  # (option,) index into `names`
    steps: Ints  # (option,)
    names: tuple[str, ...]
    blocked: Bools  # (option, run)
    cost: Floats  # (option, run) utility of breaking an agreement that fixes the lever
    hostile: Bools  # (option,) others see it as a build-up or a provocation
    gumbel: Floats  # (option, run)
    stay: Floats  # (2, run) logistic noise of moving at all, first and second move
    rebuffed: Bools  # (threat, run) the other side refused this quarter
    threat_own: Floats  # (account, threat, run) change in my accounts if I carry it out
    threat_floor: Floats  # (threat, run) utility, what law makes it cost
    threat_noise: Floats  # (threat, run) private nu
    threat_draw: Floats  # (threat, run) uniform
    standing: Bools  # (threat, run) already announced
    falls_due: Bools  # (threat, run) announced, and to be carried out now or never


@dataclass(frozen=True)
class Promises:
    """Promises of mine that fall due this quarter."""

    own: Floats  # (account, promise, run) change in my accounts if I keep it
    lever: Ints  # (promise,)
    names: tuple[str, ...]
    due: Bools  # (promise, run)
    breach_cost: Floats  # (promise, run) utility


@dataclass(frozen=True)
class Briefing:
    """Everything that one actor may know when it is asked."""

    actor: str
    quarter: int
    question: Question
    goals: Goals
    customs: Customs
    seats: tuple[Seat, ...] = ()  # one at a table; none otherwise
    prospects: tuple[Prospect, ...] = ()
    slots: Ints | None = None  # (run,) tables that I may keep open
    options: Options | None = None
    promises: Promises | None = None
    round: int = 0
    my_turn: Bools | None = None  # (run,)
    offered: Ints | None = None  # (run,) package on the table
    memory: Floats | None = None  # (slot, run) handed out and returned
    draw: Callable[[str, int], Floats] | None = None  # (name, n) -> (n, run) uniform, mine alone

    def take(self, index: Any) -> Briefing:
        """Return the briefing of a subset of the runs (`draw` follows)."""
        part: Briefing = take(self, index)
        draw = self.draw
        if draw is None:
            return part
        return replace(part, draw=lambda name, n: draw(name, n)[..., index])


@dataclass(frozen=True)
class Decision:
    """An answer; the fields of the question asked are set, the others stay None."""

    open: Bools | None = None  # agenda: (prospect, run)
    named: Ints | None = None  # agenda: (prospect, slot, run) lever named in the slot; -1 = none
    norm: Ints | None = None  # agenda: (prospect, run) index of the demand; -1 = none
    settlement: Floats | None = None  # agenda: (prospect, run) credit that I believe they accept
    offer: Ints | None = None  # offer: (run,) package
    accept: Bools | None = None  # reply: (run,)
    choice: Ints | None = None  # own_moves: (2, run) option; -1 = none
    announce: Bools | None = None  # own_moves: (threat, run)
    carry_out: Bools | None = None  # own_moves: (threat, run) of those that fall due
    keep: Bools | None = None  # honour: (promise, run)
    memory: Floats | None = None  # (slot, run)


_STATIC = {"packages", "prefix", "steps", "headline", "hostile"}


def take(part: Any, index: Any) -> Any:
    """Take runs `index` of every per-run array in a (nested) briefing or decision."""
    if isinstance(index, slice) and index == slice(None):
        return part
    taken: dict[str, Any] = {}
    for name in part.__dataclass_fields__:
        value = getattr(part, name)
        if isinstance(value, np.ndarray):
            static = name in _STATIC or (name == "lever" and isinstance(part, (Options, Promises)))
            if not static and value.shape[-1] != 1:
                value = columns(value, index)
        elif is_dataclass(value) and not isinstance(value, type):
            value = take(value, index)
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            value = tuple(take(each, index) for each in value)
        taken[name] = value
    return type(part)(**taken)


def columns(array: Any, index: Any) -> Any:
    """Take runs `index` of an array: numbers of runs by NumPy's faster way."""
    if isinstance(index, slice) and index == slice(None):
        return array
    if isinstance(index, np.ndarray) and index.dtype == np.int64:
        return array.take(index, axis=-1)
    return array[..., index]


def full_runs(array: Any, runs: int) -> Any:
    """Broadcast the run axis to `runs` columns, contiguous as the kernels need it."""
    if array.shape[-1] == runs and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:-1], runs)))
