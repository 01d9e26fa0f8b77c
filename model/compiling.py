"""From a validated file to the arrays of a `Scenario`."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from agents.briefing import Floats, Ints
from model.scenario import (
    NOBODY,
    SIDES,
    Ledger,
    Levers,
    Numbers,
    Scenario,
    TableRules,
    Theatres,
    Threats,
    Values,
    nearest_setting,
    quarter_index,
)
from model.schema import ACCOUNTS, Lever, Quantity, ScenarioFile
from model.ties import network

SCALE_FLOOR = 1e-3  # assumed: an account that nothing moves is measured in thousandths
SECURITY_STEP = 0.1  # assumed, .02 to .5: share of the base insecurity that counts as one step


def _index(ids: Sequence[str], name: str | None) -> int:
    return ids.index(name) if name is not None and name in ids else NOBODY


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
        ties=network(file, numbers, actors),
        **_beliefs(file, numbers, actors),
        aspiration=_aspirations(file, numbers, actors),
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


def _offices(file: ScenarioFile, numbers: Numbers, actors: Sequence[str]) -> dict[str, Any]:
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
        start.append(
            np.array([float(nearest_setting(np.array(lever.settings), v)) for v in values])
        )

    def cost(name: str, absent: str | None) -> Floats:
        table = []
        for a in actors:
            for x, lever in zip(ids, rows, strict=True):
                quantity = getattr(lever, name).get(a)
                if quantity is None and absent is not None:
                    table.append(
                        numbers.of(f"actors.{a}.{absent}", getattr(file.actors[a], absent))
                    )
                else:
                    table.append(numbers.of(f"levers.{x}.{name}.{a}", quantity))
        return numbers.grid(table, len(actors), len(ids))

    spoils = [x.spoils for x in rows]
    spoiled = np.array([_index(ids, s.lever) if s else NOBODY for s in spoils])
    return Levers(
        ids=tuple(ids),
        settings=settings,
        size=np.array([len(x.settings) for x in rows]),
        start=numbers.stack(start).astype(np.int64),
        step=np.array([farthest(x) for x in rows]),
        lead=np.array([x.lead for x in rows]),
        follow=numbers.stack(
            [
                numbers.of(f"levers.{i}.continuous", x.continuous)
                for i, x in zip(ids, rows, strict=True)
            ]
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
        return numbers.grid(table, len(actors), len(ids))

    forces = [
        numbers.of(f"theatres.{t}.forces.{s}", x.forces.get(s))
        for t, x in zip(ids, rows, strict=True)
        for s in SIDES
    ]
    aftermaths = [x.aftermath for x in rows]
    losses = [
        numbers.of(f"theatres.{t}.aftermath.losses.{s}", x.losses.get(s) if x else None)
        for t, x in zip(ids, aftermaths, strict=True)
        for s in SIDES
    ]
    calm = [
        numbers.of(f"theatres.{t}.aftermath.calm", x.calm if x else None, 1.0)
        for t, x in zip(ids, aftermaths, strict=True)
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
        forces=numbers.grid(forces, len(ids), len(SIDES)),
        exponent=np.array([float(x.exponent) for x in rows]),
        base_hazard=column("base_hazard"),
        steepness=column("steepness"),
        reference=column("reference"),
        foresight=column("foresight"),
        prize=column("prize"),
        war_cost=column("war_cost"),
        crisis_share=column("crisis_share"),
        nuclear_risk=column("nuclear_risk"),
        decisive=np.array([x is not None for x in aftermaths], dtype=bool),
        losses=numbers.grid(losses, len(ids), len(SIDES)),
        calm=numbers.stack(calm),
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
                account = ACCOUNTS.index(what)
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
) -> dict[str, Any]:
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
        number = rule.limit if isinstance(rule.limit, Quantity) else None
        stock.append(stocks.index(rule.limit) if isinstance(rule.limit, str) else NOBODY)
        bounds.append(numbers.of(f"limits.{name}.limit", number))
    return SimpleNamespace(
        ids=ids, weight=weight, stock=np.array(stock, dtype=np.int64), bound=numbers.stack(bounds)
    )


def _beliefs(file: ScenarioFile, numbers: Numbers, actors: Sequence[str]) -> dict[str, Any]:
    beliefs = {}
    for name in ("reliability", "resolve", "hostility"):
        rows = []
        for i in actors:
            for j in actors:
                special = getattr(file.beliefs, name).get(f"{i}>{j}")
                path = f"beliefs.{name}.{i}>{j}" if special else f"beliefs.default_{name}"
                quantity = special or getattr(file.beliefs, f"default_{name}")
                rows.append(numbers.of(path, quantity))
        beliefs[name] = numbers.grid(rows, len(actors), len(actors))
    return beliefs


def _aspirations(file: ScenarioFile, numbers: Numbers, actors: Sequence[str]) -> Floats:
    rows = [
        numbers.of(f"aspirations.{a}.{k}", file.aspirations.get(a, {}).get(k))
        for a in actors
        for k in ACCOUNTS
    ]
    return numbers.grid(rows, len(actors), len(ACCOUNTS))


def _tables(
    file: ScenarioFile,
    numbers: Numbers,
    actors: Sequence[str],
    levers: Levers,
    theatres: Sequence[str],
) -> tuple[tuple[TableRules, ...], Threats]:
    tables: list[TableRules] = []
    threats: list[tuple[str, int, int, int, int, int, int, Floats, Floats]] = []
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
            private = numbers.of(f"{path}.threats.{n}.private", threat.private)
            lever = levers.ids.index(threat.lever)
            row = (f"{name}: {threat.by} on {threat.lever}", number, by, a + b - by, lever)
            threats.append((*row, threat.steps, threat.lead, floor, private))
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
                outside=(
                    numbers.of(f"{path}.outside.{actors[a]}", table.outside.get(actors[a])),
                    numbers.of(f"{path}.outside.{actors[b]}", table.outside.get(actors[b])),
                ),
                bundle_names=tuple(sorted(table.packages)),
                bundles=tuple(
                    tuple(
                        (levers.ids.index(x), s) for x, s in sorted(table.packages[k].moves.items())
                    )
                    for k in sorted(table.packages)
                ),
                in_force=_index(levers.ids, table.duration.in_force if table.duration else None),
                years=_index(levers.ids, table.duration.years if table.duration else None),
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
        private=numbers.stack([x[8] for x in threats]),
    )


def farthest(lever: Lever) -> int:
    """Return by how many settings a lever may move at a table in a quarter."""
    return min(lever.step, len(lever.settings) - 1)


def felt_levers(file: ScenarioFile, parties: tuple[str, str]) -> list[str]:
    """Levers that one party owns and the other hosts, or feels in the ledger or a theatre."""
    felt: dict[str, set[str]] = {}
    for entry in file.ledger.values():
        for target in entry.to:
            whose = target.split(".")[0]
            stakes = file.theatres[whose].stakes if whose in file.theatres else {whose: None}
            felt.setdefault(entry.source_of, set()).update(stakes)
    listed = []
    for name, lever in file.levers.items():
        others = set(parties) - {lever.owner}
        touched = felt.get(name, set()) | {lever.host}
        if lever.owner in parties and others & touched:
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
    otherwise count without bound. It is taken from the file's own numbers, not from those set for
    a run: else a game's unit of value would hang on the batch that it is played in.
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
        scale[row] += (file.ledger[ledger.names[e]].coefficient.value * step) ** 2
        counts[row] += 1
    scale = np.sqrt(scale / np.maximum(counts, 1))
    for place in theatres.ids:
        hazard = file.theatres[place].base_hazard.value
        for who, stake in file.theatres[place].stakes.items():
            scale[actors.index(who), 0] += SECURITY_STEP * (stake.value.value * hazard)
    for a, name in enumerate(actors):
        for k, account in enumerate(ACCOUNTS):
            scale[a, k] = max(scale[a, k], file.scales.get(name, {}).get(account, 0.0))
    return np.maximum(scale, SCALE_FLOOR)
