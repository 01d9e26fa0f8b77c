"""A scenario as arrays: everything of a file that the rules calculate with.

Ids are sorted, so the order of a file changes nothing. Arrays that come from quantities end with
a run axis of length 1, or as long as the values given for the runs of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.briefing import Bools, Floats, Ints
from model.schema import ACCOUNTS, Quantity, ScenarioFile

NOBODY = -1
SIDES = ("challenger", "defender", "patron")
SCALE_FLOOR = 1e-3  # assumed: an account that nothing moves is measured in thousandths
SECURITY_STEP = 0.1  # assumed, .02 to .5: share of the base insecurity that counts as one step
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
    prize: Floats  # (theatre, run)
    war_cost: Floats  # (theatre, run)
    crisis_share: Floats  # (theatre, run)
    nuclear_risk: Floats  # (theatre, run)
    credibility: Floats  # (theatre, run) at the start
    treaty: Floats  # (theatre, run)
    stake: Floats  # (actor, theatre, run)
    side: Ints  # (actor, theatre) 0 none, 1 with the defender, -1 with the challenger
    attention: Floats  # (actor, theatre, run) agenda slots
    hot_lever: Ints  # (theatre,) lever or NOBODY
    hot_below: Floats  # (theatre,)
    constants: dict[tuple[int, int], tuple[Any, ...]] = field(default_factory=dict, repr=False)


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
    bundle_names: tuple[str, ...]
    bundles: tuple[tuple[tuple[int, int], ...], ...]  # named packages: (lever, steps) pairs
    lead_step: int  # longest move of the first named lever


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


@dataclass(frozen=True)
class Ties:
    """Layers of the network, (actor from, actor to, run)."""

    alliance: Floats
    alignment: Floats
    trade: Floats  # USD bn a year
    rivalry: Floats
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
    scale: Floats  # (actor, account) one standard deviation of each account
    _wide: dict[tuple[str, int, int], Floats] = field(default_factory=dict, repr=False)

    def column(self, name: str, row: int, runs: int) -> Floats:
        """Row `row` of a per-actor array, or a rule, as (run,) numbers, one for each game."""
        key = (name, row, runs)
        if key not in self._wide:
            array = getattr(self, name) if row >= 0 else getattr(self.rules, name)
            narrow = array[row] if row >= 0 else array
            self._wide[key] = np.ascontiguousarray(np.broadcast_to(narrow, runs))
        return self._wide[key]

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


def _index(ids: Sequence[str], name: str | None) -> int:
    return ids.index(name) if name is not None and name in ids else NOBODY


def nearest_setting(settings: Floats, value: float) -> int:
    """Index of the setting nearest to a physical value."""
    return int(np.abs(np.asarray(settings, float) - value).argmin())


def build(file: ScenarioFile, values: Values | None = None) -> Scenario:
    """Turn a validated file into arrays, with some quantities set to other values.

    values : parameter path (see model.parameters) → one number, or one per run of the batch
    """
    numbers = Numbers(values or {})
    actors = tuple(sorted(file.actors))
    lever_ids = tuple(sorted(file.levers))
    theatre_ids = tuple(sorted(file.theatres))
    stocks = tuple(sorted(file.stocks))
    counted = [f"count.{x}" for x in lever_ids if file.levers[x].counts is not None]
    sources = (
        *lever_ids,
        *stocks,
        *(f"war.{t}" for t in theatre_ids),
        *(f"crisis.{t}" for t in theatre_ids),
        *counted,
    )
    levers = _levers(file, numbers, actors, lever_ids)
    theatres = _theatres(file, numbers, actors, theatre_ids, lever_ids)
    ledger, transfers = _ledger(file, numbers, actors, theatre_ids, sources, lever_ids)
    tables, threats = _tables(file, numbers, actors, levers, theatre_ids)
    offices = _offices(file, numbers, actors)
    flows = _stocks(file, numbers, stocks, sources)
    return Scenario(
        file=file,
        numbers=numbers,
        actors=actors,
        rules=_rules(file, numbers),
        **offices,
        levers=levers,
        theatres=theatres,
        stocks=stocks,
        **flows,
        sources=sources,
        ledger=ledger,
        transfers=transfers,
        limits=_limits(file, numbers, lever_ids, stocks),
        ties=_ties(file, numbers, actors),
        **_beliefs(file, numbers, actors),
        tables=tables,
        threats=threats,
        scale=_scale(file, actors, levers, ledger, theatres),
    )


def _rules(file: ScenarioFile, numbers: Numbers) -> SimpleNamespace:
    rules = {}
    for name in type(file.rules).model_fields:
        value = getattr(file.rules, name)
        rules[name] = numbers.of(f"rules.{name}", value) if isinstance(value, Quantity) else value
    return SimpleNamespace(**rules)


def _offices(file: ScenarioFile, numbers: Numbers, actors: Sequence[str]) -> dict[str, object]:
    def column(name: str) -> Floats:
        return numbers.stack(
            [numbers.of(f"actors.{a}.{name}", getattr(file.actors[a], name)) for a in actors]
        )

    def ratify(name: str, absent: float) -> Floats:
        rows = []
        for a in actors:
            rule = file.actors[a].ratification
            quantity = getattr(rule, name) if rule else None
            rows.append(numbers.of(f"actors.{a}.ratification.{name}", quantity, absent))
        return numbers.stack(rows)

    platforms = tuple(tuple(sorted(file.actors[a].platforms)) for a in actors)
    most = max(len(p) for p in platforms)
    weights, taus = [], []
    for a, names in zip(actors, platforms, strict=True):
        for slot in range(most):
            name = names[min(slot, len(names) - 1)]
            office = file.actors[a].platforms[name]
            path = f"actors.{a}.platforms.{name}"
            rows = numbers.stack(
                [numbers.of(f"{path}.weights.{k}", office.weights.get(k)) for k in ACCOUNTS]
            )
            sums = rows[0]
            for row in rows[1:]:
                sums = sums + row
            weights.append(rows / sums)
            tau = numbers.of(f"actors.{a}.transactionalism", file.actors[a].transactionalism)
            if office.transactionalism is not None and name != file.actors[a].platform:
                tau = numbers.of(f"{path}.transactionalism", office.transactionalism)
            taus.append(tau)
    width = max(w.shape[1] for w in weights)
    wide = np.array([np.broadcast_to(w, (len(ACCOUNTS), width)) for w in weights])
    return {
        "agenda": column("agenda"),
        "reciprocity": column("reciprocity"),
        "discount": column("discount"),
        "round_discount": column("round_discount"),
        "loss_aversion": column("loss_aversion"),
        "sharpness": column("sharpness"),
        "support": column("support"),
        "platforms": platforms,
        "platform": np.array(
            [p.index(file.actors[a].platform) for a, p in zip(actors, platforms, strict=True)]
        ),
        "weights": wide.reshape(len(actors), most, len(ACCOUNTS), width),
        "transactionalism": numbers.stack(taus).reshape(len(actors), most, -1),
        "ratifies": np.array([file.actors[a].ratification is not None for a in actors]),
        "win_set": ratify("win_set", 1e9),
        "ratify_spread": ratify("spread", 1.0),
        "ratify_support": ratify("support_weight", 0.0),
    }


def _levers(
    file: ScenarioFile, numbers: Numbers, actors: Sequence[str], ids: Sequence[str]
) -> Levers:
    rows = [file.levers[x] for x in ids]
    most = max(len(x.settings) for x in rows)
    settings = np.array([[*x.settings, *[x.settings[-1]] * (most - len(x.settings))] for x in rows])
    start = []
    for x, lever in zip(ids, rows, strict=True):
        values = numbers.of(f"levers.{x}.start", lever.start)
        start.append(np.array([float(nearest_setting(np.array(lever.settings), v)) for v in values]))

    def cost(name: str, absent: str | None) -> Floats:
        table = []
        for a in actors:
            for x, lever in zip(ids, rows, strict=True):
                quantity = getattr(lever, name).get(a)
                if quantity is None and absent is not None:
                    table.append(numbers.of(f"actors.{a}.{absent}", getattr(file.actors[a], absent)))
                else:
                    table.append(numbers.of(f"levers.{x}.{name}.{a}", quantity))
        return numbers.stack(table).reshape(len(actors), len(ids), -1)

    spoils = [x.spoils for x in rows]
    spoiled = np.array([_index(ids, s.lever) if s else NOBODY for s in spoils])
    return Levers(
        ids=tuple(ids),
        settings=settings,
        size=np.array([len(x.settings) for x in rows]),
        start=numbers.stack(start).astype(np.int64),
        step=np.array([x.step for x in rows]),
        lead=np.array([x.lead for x in rows]),
        follow=numbers.stack(
            [numbers.of(f"levers.{i}.continuous", x.continuous) for i, x in zip(ids, rows, strict=True)]
        ),
        owner=np.array([actors.index(x.owner) for x in rows]),
        host=np.array([_index(actors, x.host) for x in rows]),
        alone_up=np.array([x.unilateral in ("up", "both") for x in rows]),
        alone_down=np.array([x.unilateral in ("down", "both") for x in rows]),
        headline=np.array([x.headline for x in rows]),
        home_cost=cost("home_cost", None),
        exit_cost=cost("exit_cost", "reneging_cost"),
        dispersion=numbers.stack(
            [numbers.of(f"levers.{i}.counts", x.counts) for i, x in zip(ids, rows, strict=True)]
        ),
        spoiled=spoiled,
        spoiled_to=np.array(
            [
                nearest_setting(settings[spoiled[n]], s.to) if s is not None else 0
                for n, s in enumerate(spoils)
            ]
        ),
        spoil_odds=numbers.stack(
            [
                numbers.of(f"levers.{i}.spoils.odds", s.odds if s else None)
                for i, s in zip(ids, spoils, strict=True)
            ]
        ),
        consent_odds=numbers.stack(
            [
                numbers.of(f"levers.{i}.consent.odds", x.consent.odds if x.consent else None, 1.0)
                for i, x in zip(ids, rows, strict=True)
            ]
        ),
        hostile=np.array([x.hostile for x in rows]),
    )


def _theatres(
    file: ScenarioFile,
    numbers: Numbers,
    actors: Sequence[str],
    ids: Sequence[str],
    levers: Sequence[str],
) -> Theatres:
    rows = [file.theatres[t] for t in ids]

    def column(name: str) -> Floats:
        return numbers.stack(
            [
                numbers.of(f"theatres.{t}.{name}", getattr(x, name))
                for t, x in zip(ids, rows, strict=True)
            ]
        )

    def by_actor(get: str, name: str) -> Floats:
        table = []
        for a in actors:
            for t, x in zip(ids, rows, strict=True):
                item = getattr(x, get).get(a)
                quantity = getattr(item, name) if item is not None and name else item
                path = f"theatres.{t}.{get}.{a}" + (f".{name}" if name else "")
                table.append(numbers.of(path, quantity))
        return numbers.stack(table).reshape(len(actors), len(ids), -1)

    forces = [
        numbers.of(f"theatres.{t}.forces.{s}", x.forces.get(s))
        for t, x in zip(ids, rows, strict=True)
        for s in SIDES
    ]
    side = np.zeros((len(actors), len(ids)), dtype=np.int64)
    for n, x in enumerate(rows):
        for a, stake in x.stakes.items():
            side[actors.index(a), n] = 1 if stake.side == "defender" else -1
    return Theatres(
        ids=tuple(ids),
        challenger=np.array([_index(actors, x.challenger) for x in rows], dtype=np.int64),
        defender=np.array([_index(actors, x.defender) for x in rows], dtype=np.int64),
        patron=np.array([_index(actors, x.patron) for x in rows], dtype=np.int64),
        forces=numbers.stack(forces).reshape(len(ids), len(SIDES), -1),
        exponent=np.array([float(x.exponent) for x in rows]),
        base_hazard=column("base_hazard"),
        steepness=column("steepness"),
        reference=column("reference"),
        prize=column("prize"),
        war_cost=column("war_cost"),
        crisis_share=column("crisis_share"),
        nuclear_risk=column("nuclear_risk"),
        credibility=column("credibility"),
        treaty=column("treaty"),
        stake=by_actor("stakes", "value"),
        side=side,
        attention=by_actor("attention", ""),
        hot_lever=np.array(
            [_index(levers, x.hot_while.lever) if x.hot_while else NOBODY for x in rows],
            dtype=np.int64,
        ),
        hot_below=np.array([x.hot_while.below if x.hot_while else 0.0 for x in rows]),
    )


def _ledger(
    file: ScenarioFile,
    numbers: Numbers,
    actors: Sequence[str],
    theatres: Sequence[str],
    sources: Sequence[str],
    levers: Sequence[str],
) -> tuple[Ledger, tuple[SimpleNamespace, ...]]:
    lines: list[tuple[str, int, int, int, Floats, str]] = []
    forces: list[tuple[str, int, int, int, Floats]] = []
    for name in sorted(file.ledger):
        entry = file.ledger[name]
        value = numbers.of(f"ledger.{name}.coefficient", entry.coefficient)
        for target in entry.to:
            whose, what = target.split(".")
            source = sources.index(entry.source_of)
            if whose in actors:
                account = ACCOUNTS.index(what)  # type: ignore[arg-type]
                lines.append((name, source, actors.index(whose), account, value, entry.channel))
            else:
                forces.append((name, source, theatres.index(whose), SIDES.index(what), value))
    transfers = _transfers(file, numbers, theatres, levers, forces)
    return Ledger(
        names=tuple(x[0] for x in lines),
        source=np.array([x[1] for x in lines], dtype=np.int64),
        actor=np.array([x[2] for x in lines], dtype=np.int64),
        account=np.array([x[3] for x in lines], dtype=np.int64),
        coefficient=numbers.stack([x[4] for x in lines]),
        channel=tuple(x[5] for x in lines),
        force_names=tuple(x[0] for x in forces),
        force_source=np.array([x[1] for x in forces], dtype=np.int64),
        theatre=np.array([x[2] for x in forces], dtype=np.int64),
        side=np.array([x[3] for x in forces], dtype=np.int64),
        force=numbers.stack([x[4] for x in forces]),
        by_actor=tuple(
            _by_lever([x[1] if x[2] == a else len(levers) for x in lines], len(levers))
            for a in range(len(actors))
        ),
        by_lever=_by_lever([x[1] for x in forces], len(levers)),
    ), transfers


def _by_lever(source: Sequence[int], n_levers: int) -> tuple[Ints, Ints]:
    """Sort entries by lever; return their order and where each lever's entries begin."""
    keys = np.minimum(np.array(source, dtype=np.int64), n_levers)
    order = np.argsort(keys, kind="stable")
    first = np.searchsorted(keys[order], np.arange(n_levers + 1))
    return order.astype(np.int64), first.astype(np.int64)


def _transfers(
    file: ScenarioFile,
    numbers: Numbers,
    theatres: Sequence[str],
    levers: Sequence[str],
    forces: list[tuple[str, int, int, int, Floats]],
) -> tuple[SimpleNamespace, ...]:
    """Append the force entries that a transfer brings; their coefficients depend on the world."""
    patron = SIDES.index("patron")
    rules = []
    for name in sorted(file.transfers):
        rule = file.transfers[name]
        leaves, helps = theatres.index(rule.leaves), theatres.index(rule.helps)
        troops = [levers.index(x) for x in rule.of]
        weight = [
            next((f[4] for f in forces if f[1:4] == (x, leaves, patron)), np.zeros(1))
            for x in troops
        ]
        share = levers.index(rule.share)
        first = len(forces)
        for x in (share, *troops):
            for theatre in (leaves, helps):
                forces.append((f"transfer {name}", x, theatre, patron, np.zeros(1)))
        odds = numbers.of(f"transfers.{name}.odds", rule.odds)
        rules.append(
            SimpleNamespace(share=share, troops=troops, weight=weight, odds=odds, first=first)
        )
    return tuple(rules)


def _stocks(
    file: ScenarioFile, numbers: Numbers, stocks: Sequence[str], sources: Sequence[str]
) -> dict[str, object]:
    rows = [file.stocks[s] for s in stocks]

    def column(name: str) -> Floats:
        return numbers.stack(
            [
                numbers.of(f"stocks.{s}.{name}", getattr(x, name))
                for s, x in zip(stocks, rows, strict=True)
            ]
        )

    flows = [(n, i, f) for n, x in enumerate(rows) for i, f in enumerate(x.inflows)]
    return {
        "stock_start": column("start"),
        "stock_decay": column("decay"),
        "stock_growth": column("growth"),
        "stock_low": np.array([x.low for x in rows]),
        "stock_high": np.array([x.high for x in rows]),
        "inflow_to": np.array([n for n, _, _ in flows], dtype=np.int64),
        "inflow_from": np.array([sources.index(f.source_of) for _, _, f in flows], dtype=np.int64),
        "inflow": numbers.stack(
            [
                numbers.of(f"stocks.{stocks[n]}.inflows.{i}.coefficient", f.coefficient)
                for n, i, f in flows
            ]
        ),
        "inflow_relative": np.array([f.relative for _, _, f in flows], dtype=bool),
    }


def _limits(
    file: ScenarioFile, numbers: Numbers, levers: Sequence[str], stocks: Sequence[str]
) -> SimpleNamespace:
    ids = tuple(sorted(file.limits))
    weight = np.zeros((len(ids), len(levers)))
    bounds, stock = [], []
    for n, name in enumerate(ids):
        rule = file.limits[name]
        for lever, coefficient in rule.levers.items():
            weight[n, levers.index(lever)] = coefficient
        is_stock = isinstance(rule.limit, str)
        stock.append(stocks.index(rule.limit) if isinstance(rule.limit, str) else NOBODY)
        bounds.append(
            numbers.of(f"limits.{name}.limit", None if is_stock else rule.limit)  # type: ignore[arg-type]
        )
    return SimpleNamespace(
        ids=ids, weight=weight, stock=np.array(stock, dtype=np.int64), bound=numbers.stack(bounds)
    )


def _ties(file: ScenarioFile, numbers: Numbers, actors: Sequence[str]) -> Ties:
    size = len(actors)
    layers = {k: np.zeros((size, size, 1)) for k in ("alliance", "alignment", "trade", "rivalry")}

    def put(layer: str, i: int, j: int, value: Floats) -> None:
        if len(value) > layers[layer].shape[2]:
            layers[layer] = np.repeat(layers[layer], len(value), axis=2)
        layers[layer][i, j] = value

    for n, tie in enumerate(file.ties):
        i, j = actors.index(tie.source_of), actors.index(tie.to)
        for layer in layers:
            quantity = getattr(tie, layer)
            value = numbers.of(f"ties.{n}.{layer}", quantity)
            put(layer, i, j, value)
            if layer == "trade":
                if tie.trade_back is not None:
                    put(layer, j, i, numbers.of(f"ties.{n}.trade_back", tie.trade_back))
            elif tie.both:
                put(layer, j, i, value)
    return Ties(**layers, likeness=_likeness(**layers))


def _likeness(alliance: Floats, alignment: Floats, trade: Floats, rivalry: Floats) -> Floats:
    """How alike p's tie to j is to p's tie to k: one minus their mean distance over the layers.

    Trade enters as its share of p's largest flow. Shape (p, j, k, run); zero for j = k and for
    parties outside the tie.
    """
    largest = np.maximum(trade.max(axis=1, keepdims=True), 1e-12)
    layers = (alliance, alignment, trade / largest, rivalry)
    width = max(x.shape[2] for x in layers)
    size = len(alliance)
    distance = np.zeros((size, size, size, width))
    for x in layers:
        distance = distance + np.abs(x[:, :, None] - x[:, None, :]) / len(layers)
    like = 1.0 - distance
    same = np.eye(size, dtype=bool)
    like[:, same] = 0.0
    like[same] = 0.0
    like[np.arange(size), :, np.arange(size)] = 0.0
    return like


def _beliefs(file: ScenarioFile, numbers: Numbers, actors: Sequence[str]) -> dict[str, Floats]:
    beliefs = {}
    for name in ("reliability", "resolve", "hostility"):
        rows = []
        for i in actors:
            for j in actors:
                special = getattr(file.beliefs, name).get(f"{i}>{j}")
                path = f"beliefs.{name}.{i}>{j}" if special else f"beliefs.default_{name}"
                quantity = special or getattr(file.beliefs, f"default_{name}")
                rows.append(numbers.of(path, quantity))
        beliefs[name] = numbers.stack(rows).reshape(len(actors), len(actors), -1)
    return beliefs


def _tables(
    file: ScenarioFile,
    numbers: Numbers,
    actors: Sequence[str],
    levers: Levers,
    theatres: Sequence[str],
) -> tuple[tuple[TableRules, ...], Threats]:
    tables: list[TableRules] = []
    threats: list[tuple[str, int, int, int, int, int, int, Floats]] = []
    for number, name in enumerate(sorted(file.tables)):
        table = file.tables[name]
        path = f"tables.{name}"
        a, b = (actors.index(x) for x in table.parties)
        listed = table.levers or felt_levers(file, table.parties)
        at_table = np.array(sorted(levers.ids.index(x) for x in listed), dtype=np.int64)
        mine = []
        for n, threat in enumerate(table.threats):
            by = actors.index(threat.by)
            mine.append(len(threats))
            floor = numbers.of(f"{path}.threats.{n}.floor", threat.floor)
            lever = levers.ids.index(threat.lever)
            row = (f"{name}: {threat.by} on {threat.lever}", number, by, a + b - by, lever)
            threats.append((*row, threat.steps, threat.lead, floor))
        demand = table.demands[0] if table.demands else None
        norms = sorted(demand.norms, key=lambda k: demand.norms[k].value) if demand else []
        headline = levers.ids.index(demand.lever) if demand else NOBODY
        commitment = table.commitment
        credit: list[Floats] = [np.zeros(1) for _ in levers.ids]
        if headline != NOBODY:
            credit[headline] = np.ones(1)
        if commitment is not None:
            credit[levers.ids.index(commitment.cash)] = np.ones(1)
            for lever_id, rate in commitment.in_kind.items():
                value = numbers.of(f"{path}.commitment.in_kind.{lever_id}", rate)
                share = numbers.of("rules.in_kind_credit", file.rules.in_kind_credit)
                credit[levers.ids.index(lever_id)] = value * share
        tables.append(
            TableRules(
                id=name,
                parties=(a, b),
                levers=at_table,
                term=numbers.of(f"{path}.term", table.term),
                secret=table.visible == "parties",
                closed_until=quarter_index(file.start, table.closed_until)
                if table.closed_until
                else 0,
                headline=headline,
                demander=actors.index(demand.by) if demand else NOBODY,
                norms=tuple(norms),
                norm_levels=numbers.stack(
                    [numbers.of(f"{path}.demands.0.norms.{k}", demand.norms[k]) for k in norms]
                    if demand
                    else []
                ),
                credit=numbers.stack(credit),
                payer=actors.index(commitment.payer) if commitment else NOBODY,
                theatre=theatres.index(commitment.theatre) if commitment else NOBODY,
                threats=np.array(mine, dtype=np.int64),
                bundle_names=tuple(sorted(table.packages)),
                bundles=tuple(
                    tuple(
                        (levers.ids.index(x), s)
                        for x, s in sorted(table.packages[k].moves.items())
                    )
                    for k in sorted(table.packages)
                ),
                lead_step=int(levers.step[at_table].max(initial=1)),
            )
        )
    return tuple(tables), Threats(
        ids=tuple(x[0] for x in threats),
        table=np.array([x[1] for x in threats], dtype=np.int64),
        by=np.array([x[2] for x in threats], dtype=np.int64),
        against=np.array([x[3] for x in threats], dtype=np.int64),
        lever=np.array([x[4] for x in threats], dtype=np.int64),
        steps=np.array([x[5] for x in threats], dtype=np.int64),
        lead=np.array([x[6] for x in threats], dtype=np.int64),
        floor=numbers.stack([x[7] for x in threats]),
    )


def felt_levers(file: ScenarioFile, parties: tuple[str, str]) -> list[str]:
    """Levers that one party owns or hosts and the other feels through the ledger or a theatre."""
    felt: dict[str, set[str]] = {}
    for entry in file.ledger.values():
        for target in entry.to:
            whose = target.split(".")[0]
            stakes = file.theatres[whose].stakes if whose in file.theatres else {whose: None}
            felt.setdefault(entry.source_of, set()).update(stakes)
    listed = []
    for name, lever in file.levers.items():
        holders = {lever.owner, lever.host} & set(parties)
        others = set(parties) - {lever.owner}
        if holders and (others & felt.get(name, set()) or lever.host in parties):
            listed.append(name)
    return listed


def _scale(
    file: ScenarioFile,
    actors: Sequence[str],
    levers: Levers,
    ledger: Ledger,
    theatres: Theatres,
) -> Floats:
    """One standard deviation of each account, from the file; else the size of one lever's step.

    The floor is the root mean square of what one step of each lever does to the account (for
    security a share of the base insecurity): an account that is quiet in a status-quo world would
    otherwise count without bound.
    """
    scale = np.zeros((len(actors), len(ACCOUNTS)))
    counts = np.zeros_like(scale)
    for e in range(len(ledger.source)):
        source = ledger.source[e]
        if source >= len(levers.ids):
            continue
        size = levers.size[source]
        gaps = np.diff(levers.settings[source, :size])
        step = float(np.median(gaps)) if len(gaps) else 0.0
        row = (ledger.actor[e], ledger.account[e])
        scale[row] += float((ledger.coefficient[e, 0] * step) ** 2)
        counts[row] += 1
    scale = np.sqrt(scale / np.maximum(counts, 1))
    base = (theatres.stake * theatres.base_hazard)[..., 0]
    for theatre in range(base.shape[1]):
        scale[:, 0] += SECURITY_STEP * base[:, theatre]
    for a, name in enumerate(actors):
        for k, account in enumerate(ACCOUNTS):
            scale[a, k] = max(scale[a, k], file.scales.get(name, {}).get(account, 0.0))
    return np.maximum(scale, SCALE_FLOOR)
