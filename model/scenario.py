"""A scenario as arrays: everything of a file that the rules calculate with.

Ids are sorted, so the order of a file changes nothing. Arrays that come from quantities end with
a run axis of length 1, or as long as the values given for the runs of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.briefing import Bools, Floats, Ints, columns
from model.schema import Quantity, ScenarioFile, Side

NOBODY = -1
SIDES: tuple[Side, ...] = ("challenger", "defender", "patron")
Values = Mapping[str, float | NDArray[np.float64]]


class Numbers:
    """Looks quantities up by path, with the values that a run or batch sets instead."""

    def __init__(self, values: Values) -> None:
        self.values = {k: np.atleast_1d(np.asarray(v, float)) for k, v in values.items()}
        lengths = {len(v) for v in self.values.values()} - {1}
        if len(lengths) > 1:
            msg = f"values for the runs have different lengths: {sorted(lengths)}"
            raise ValueError(msg)
        self.runs = lengths.pop() if lengths else 1

    def of(self, path: str, quantity: Quantity | float | None, absent: float = 0.0) -> Floats:
        """Return the value of a path, shape (1,) or (run,)."""
        if path in self.values:
            return self.values[path]
        if quantity is None:
            return np.array([absent])
        return np.array([quantity.value if isinstance(quantity, Quantity) else float(quantity)])

    def stack(self, rows: Sequence[Floats]) -> Floats:
        """Stack (1,) and (run,) rows to (row, 1) or (row, run)."""
        if not rows:
            return np.zeros((0, 1))
        width = max(len(r) for r in rows)
        return np.array([np.broadcast_to(r, width) for r in rows])

    def grid(self, rows: Sequence[Floats], *shape: int) -> Floats:
        """Stack rows and give the leading axis a shape; the run axis stays last."""
        stacked = self.stack(rows)
        return stacked.reshape(*shape, stacked.shape[1])


def quarter_index(start: str, quarter: str) -> int:
    """Quarters from `start` to `quarter`, both written like 2025Q1; may be negative."""
    year, q = (int(part) for part in quarter.split("Q"))
    year0, q0 = (int(part) for part in start.split("Q"))
    return 4 * (year - year0) + q - q0


def quarter_name(start: str, index: int) -> str:
    """Return the name of the quarter `index` quarters after `start`."""
    year, q = (int(part) for part in start.split("Q"))
    count = 4 * year + q - 1 + index
    return f"{count // 4}Q{count % 4 + 1}"


@dataclass(frozen=True)
class Levers:
    """Policy positions."""

    ids: tuple[str, ...]
    settings: Floats  # (lever, setting) physical values, padded with the last one
    size: Ints  # (lever,) number of settings
    start: Ints  # (lever, run) setting at the start
    step: Ints  # (lever,) settings a quarter at a table
    lead: Ints  # (lever,) quarters from promise to effect
    follow: Floats  # (lever, run) kappa a quarter of continuous levers, 0 for the others
    owner: Ints  # (lever,) actor
    host: Ints  # (lever,) actor or NOBODY
    alone_up: Bools  # (lever,)
    alone_down: Bools  # (lever,)
    headline: Bools  # (lever,)
    home_cost: Floats  # (actor, lever, run) SMA-percent equivalents per unit
    exit_cost: Floats  # (actor, lever, run) utility
    dispersion: Floats  # (lever, run) of counted events, 0 = not counted
    spoiled: Ints  # (lever,) lever that it spoils, or NOBODY
    spoiled_to: Ints  # (lever,) setting that the spoiled lever falls to
    spoil_odds: Floats  # (lever, run) per unit
    consent_odds: Floats  # (lever, run) of a scripted party; 1 where none
    hostile: Bools  # (lever,)


@dataclass(frozen=True)
class Theatres:
    """Places of possible war."""

    ids: tuple[str, ...]
    challenger: Ints  # (theatre,) actor or NOBODY
    defender: Ints  # (theatre,)
    patron: Ints  # (theatre,)
    forces: Floats  # (theatre, side, run) index before levers and stocks
    exponent: Floats  # (theatre,)
    base_hazard: Floats  # (theatre, run) a quarter
    steepness: Floats  # (theatre, run)
    reference: Floats  # (theatre, run)
    foresight: Floats  # (theatre, run) weight of the next quarter
    prize: Floats  # (theatre, run)
    war_cost: Floats  # (theatre, run)
    crisis_share: Floats  # (theatre, run)
    nuclear_risk: Floats  # (theatre, run)
    decisive: Bools  # (theatre,) a war there has a winner
    losses: Floats  # (theatre, side, run) share of `forces` that a war costs
    calm: Floats  # (theatre, run) share of the base hazard that a beaten challenger leaves
    credibility: Floats  # (theatre, run) at the start
    treaty: Floats  # (theatre, run)
    stake: Floats  # (actor, theatre, run)
    side: Ints  # (actor, theatre) 0 none, 1 with the defender, -1 with the challenger
    attention: Floats  # (actor, theatre, run) agenda slots
    hot_lever: Ints  # (theatre,) lever or NOBODY
    hot_below: Floats  # (theatre,)


@dataclass(frozen=True)
class Ledger:
    """Linear entries: coefficient x (source - start) enters an account or a force balance."""

    names: tuple[str, ...]  # of account entries
    source: Ints  # (entry,)
    actor: Ints  # (entry,)
    account: Ints  # (entry,)
    coefficient: Floats  # (entry, run)
    channel: tuple[str, ...]  # (entry,)
    force_names: tuple[str, ...]
    force_source: Ints  # (force entry,)
    theatre: Ints  # (force entry,)
    side: Ints  # (force entry,)
    force: Floats  # (force entry, run)
    by_actor: tuple[tuple[Ints, Ints], ...]  # per actor: entries sorted by lever, first per lever
    by_lever: tuple[Ints, Ints]  # force entries sorted by lever, first per lever


@dataclass(frozen=True)
class TableRules:
    """One table as arrays."""

    id: str
    parties: tuple[int, int]
    levers: Ints  # (lever at this table,) lever
    term: Floats  # (run,) quarters
    secret: bool
    closed_until: int
    headline: int  # lever or NOBODY
    demander: int  # actor or NOBODY
    norms: tuple[str, ...]
    norm_levels: Floats  # (norm, run) physical level asked for, mild to extreme
    credit: Floats  # (lever, run) headline units per unit of each lever; 0 = does not count
    payer: int  # actor whose payments buy commitment, or NOBODY
    theatre: int  # theatre of the commitment, or NOBODY
    threats: Ints  # (threat at this table,) index of the threat
    outside: tuple[Floats, Floats]  # (run,) of each party, utility over refusing
    bundle_names: tuple[str, ...]
    bundles: tuple[tuple[tuple[int, int], ...], ...]  # named packages: (lever, steps) pairs
    in_force: int  # lever that says whether an agreement is in force, or NOBODY
    years: int  # lever that says for how many years one is made, or NOBODY

    @cached_property
    def counts(self) -> Bools:
        """Levers that count as payment, (lever,)."""
        return self.credit.any(axis=1)

    @cached_property
    def agreement(self) -> Ints:
        """What an agreement with a duration fixes, (lever,): sum, years and entry into force."""
        fixed = {self.headline, self.years, self.in_force} if self.in_force != NOBODY else set()
        return np.array(sorted(fixed - {NOBODY}), dtype=np.int64)


@dataclass(frozen=True)
class Threats:
    """Unilateral moves that may be announced after a refusal."""

    ids: tuple[str, ...]
    table: Ints  # (threat,)
    by: Ints  # (threat,) actor
    against: Ints  # (threat,) actor
    lever: Ints  # (threat,)
    steps: Ints  # (threat,)
    lead: Ints  # (threat,) quarters
    floor: Floats  # (threat, run) utility
    private: Floats  # (threat, run) what it costs the threatened is uniform on +- this, security sd


@dataclass(frozen=True)
class Ties:
    """Layers of the network, (actor from, actor to, run)."""

    alliance: Floats
    alignment: Floats
    trade: Floats  # USD bn a year
    rivalry: Floats
    relation: Floats  # relation capital at the start
    rupture: Floats  # relation capital below which the tie breaks, -inf where never
    likeness: Floats  # (actor p, actor j, actor k, run) how alike p's ties to j and to k are


@dataclass(frozen=True)
class Scenario:
    """Everything that the rules calculate with; `file` holds names, units, sources."""

    file: ScenarioFile
    numbers: Numbers
    actors: tuple[str, ...]
    rules: SimpleNamespace  # each quantity of schema.Rules as (run,), the rest as it is
    agenda: Floats  # (actor, run)
    reciprocity: Floats  # (actor, run)
    discount: Floats  # (actor, run)
    round_discount: Floats  # (actor, run)
    loss_aversion: Floats  # (actor, run)
    sharpness: Floats  # (actor, run)
    support: Floats  # (actor, run)
    platforms: tuple[tuple[str, ...], ...]  # per actor
    platform: Ints  # (actor,) at the start
    weights: Floats  # (actor, platform, account, run)
    transactionalism: Floats  # (actor, platform, run)
    ratifies: Bools  # (actor,)
    win_set: Floats  # (actor, run)
    ratify_spread: Floats  # (actor, run)
    ratify_support: Floats  # (actor, run)
    levers: Levers
    theatres: Theatres
    stocks: tuple[str, ...]
    stock_start: Floats  # (stock, run)
    stock_decay: Floats  # (stock, run)
    stock_growth: Floats  # (stock, run)
    stock_low: Floats  # (stock,)
    stock_high: Floats  # (stock,)
    inflow_to: Ints  # (inflow,)
    inflow_from: Ints  # (inflow,) source
    inflow: Floats  # (inflow, run)
    inflow_relative: Bools  # (inflow,)
    sources: tuple[str, ...]  # what the ledger reads: levers, stocks, war.T, crisis.T, count.L
    ledger: Ledger
    transfers: tuple[SimpleNamespace, ...]
    limits: SimpleNamespace
    ties: Ties
    reliability: Floats  # (actor, actor, run) prior belief
    resolve: Floats  # (actor, actor, run)
    hostility: Floats  # (actor, actor, run)
    tables: tuple[TableRules, ...]
    threats: Threats
    aspiration: Floats  # (actor, account, run) what is taken for granted beyond today, at the start
    scale: Floats  # (actor, account) one standard deviation of each account
    constants: dict[tuple[Any, ...], Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def runs(self) -> int:
        """Number of runs that the parameters distinguish; 1 if they are the same for all."""
        return self.numbers.runs

    def lever(self, lever_id: str) -> int:
        """Index of a lever."""
        return self.levers.ids.index(lever_id)

    def actor(self, actor_id: str) -> int:
        """Index of an actor."""
        return self.actors.index(actor_id)

    def source(self, name: str) -> int:
        """Index of a ledger source."""
        return self.sources.index(name)

    def quarter(self, index: int) -> str:
        """Name of a quarter."""
        return quarter_name(self.file.start, index)


def constant[*Ts, T](rule: Callable[[Scenario, *Ts], T]) -> Callable[[Scenario, *Ts], T]:
    """Work a rule of the scenario and plain arguments alone out once; its answer is read-only."""
    name = f"{rule.__module__}.{rule.__qualname__}"

    @wraps(rule)
    def known(scenario: Scenario, *args: *Ts) -> T:
        key = (name, *args)
        if key not in scenario.constants:
            scenario.constants[key] = rule(scenario, *args)
        answer: T = scenario.constants[key]
        return answer

    return known


@constant
def column(scenario: Scenario, name: str, row: int, runs: int) -> Floats:
    """Row `row` of a per-actor array, or a rule, as (run,) numbers, one for each game."""
    array = getattr(scenario, name) if row >= 0 else getattr(scenario.rules, name)
    return np.ascontiguousarray(np.broadcast_to(array[row] if row >= 0 else array, runs))


def per_run(array: Floats, row: Ints, run: Ints) -> Floats:
    """Pick one number a row and run of an array whose run axis may be shared by all, (pick,)."""
    return array[row, run] if array.shape[1] > 1 else array[row, 0]


def some_runs(array: Floats, runs: Any) -> Floats:
    """Take some games of an array whose run axis may be shared by all, (..., asked game)."""
    return columns(array, runs) if array.shape[-1] > 1 else array


def nearest_setting(settings: Floats, value: float) -> int:
    """Index of the setting nearest to a physical value."""
    return int(np.abs(np.asarray(settings, float) - value).argmin())


def slot_limits(steps: Iterable[int], named: int) -> list[int]:
    """Return how far the lever in each slot of a table may move: the farthest come first.

    steps : (lever,) limits of a table's levers; named : how many may be named
    """
    return sorted((int(s) for s in steps), reverse=True)[:named]


def free_packages(limits: Sequence[int]) -> int:
    """Return how many packages there are over levers that may move so far, no deal included."""
    return prod(2 * limit + 1 for limit in limits)
