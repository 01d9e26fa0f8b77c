"""Names in a scenario: what could be read of it, and the names that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from model.faults import Fault, Path, near
from model.parameters import quantities
from model.schema import (
    Actor,
    Agreement,
    Assembly,
    Beliefs,
    Entry,
    Event,
    Lever,
    Limit,
    Quantity,
    Rules,
    Sentence,
    Series,
    Stock,
    Table,
    Theatre,
    Tie,
    Transfer,
)

LEADING = (
    "lever",
    "stock",
    "support",
    "election",
    "crisis",
    "attention",
    "reopen",
    "demand",
    "about",
    "pledge",
)


@dataclass
class Draft:
    """What could be read of a scenario; parts with faults of form are left out.

    The sections are those of schema.ScenarioFile, lists as mappings from their numbers.
    """

    ids: Mapping[str, frozenset[str]]  # every id that is written, also of parts left out
    inherited: Callable[[Path], bool]  # whether another file than the last one wrote a path
    start: str | None = None
    quarters: int | None = None
    rules: Rules | None = None
    beliefs: Beliefs | None = None
    sources: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    theatres: dict[str, Theatre] = field(default_factory=dict)
    levers: dict[str, Lever] = field(default_factory=dict)
    stocks: dict[str, Stock] = field(default_factory=dict)
    ledger: dict[str, Entry] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    limits: dict[str, Limit] = field(default_factory=dict)
    ties: dict[int, Tie] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    agreements: dict[str, Agreement] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    assemblies: dict[str, Assembly] = field(default_factory=dict)
    brief: dict[int, Sentence] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)
    aspirations: dict[str, dict[str, Quantity]] = field(default_factory=dict)
    scales: dict[str, dict[str, float]] = field(default_factory=dict)

    def known(self, kind: str) -> frozenset[str]:
        """Return the ids of a kind: actor, lever, stock, theatre, table, event, source."""
        return self.ids.get(f"{kind}s", frozenset())

    def unread(self, section: str) -> frozenset[str]:
        """Return the ids of a section that are written but could not be read."""
        written, read = self.ids.get(section, frozenset()), getattr(self, section, None)
        return written - set(read) if isinstance(read, dict) else frozenset(() if read else written)

    def numbers(self) -> Iterator[tuple[Path, Quantity]]:
        """Find every quantity that could be read, with its path."""
        sections = {k: v for k, v in vars(self).items() if k not in ("ids", "inherited")}
        yield from quantities(sections)


Reference = tuple[Path, str, str]  # where, kinds that it may name (joined by " or "), name


def dangling(draft: Draft) -> Iterator[Fault]:
    """Find names of things that the scenario does not have."""
    for path, kinds, name in (*_references(draft), *_event_references(draft)):
        known = {x for kind in kinds.split(" or ") for x in draft.known(kind)}
        if name not in known:
            yield Fault(path, f"there is no {kinds} {name!r}", near(name, known))


def _references(d: Draft) -> Iterator[Reference]:
    for i, lever in d.levers.items():
        yield ("levers", i, "owner"), "actor", lever.owner
        yield from _named(("levers", i, "host"), "actor", lever.host)
        for what in ("home_cost", "exit_cost"):
            yield from _each(("levers", i, what), "actor", getattr(lever, what))
        if lever.spoils:
            yield ("levers", i, "spoils", "lever"), "lever", lever.spoils.lever
    for i, stock in d.stocks.items():
        yield ("stocks", i, "owner"), "actor", stock.owner
    for i, theatre in d.theatres.items():
        yield from _named(("theatres", i, "patron"), "actor", theatre.patron)
        yield from _each(("theatres", i, "stakes"), "actor", theatre.stakes)
        yield from _each(("theatres", i, "attention"), "actor", theatre.attention)
        if theatre.hot_while:
            yield ("theatres", i, "hot_while", "lever"), "lever", theatre.hot_while.lever
    for i, move in d.transfers.items():
        yield ("transfers", i, "share"), "lever", move.share
        yield from _each(("transfers", i, "of"), "lever", move.of)
        yield ("transfers", i, "leaves"), "theatre", move.leaves
        yield ("transfers", i, "helps"), "theatre", move.helps
    for i, limit in d.limits.items():
        yield from _each(("limits", i, "levers"), "lever", limit.levers)
        if isinstance(limit.limit, str):
            yield ("limits", i, "limit"), "stock", limit.limit
    for n, tie in d.ties.items():
        yield ("ties", n, "from"), "actor", tie.source_of
        yield ("ties", n, "to"), "actor", tie.to
    for i in d.aspirations:
        yield ("aspirations", i), "actor", i
    for i in d.scales:
        yield ("scales", i), "actor", i
    for i, table in d.tables.items():
        yield from _table_references(("tables", i), table)
    for i, agreement in d.agreements.items():
        yield ("agreements", i, "table"), "table", agreement.table
        yield from _each(("agreements", i, "levers"), "lever", agreement.levers)
    for n, sentence in d.brief.items():
        yield from _each(("brief", n, "levers"), "lever", sentence.levers)
        yield from _each(("brief", n, "events"), "event", sentence.events)
    if d.beliefs:
        for what in ("reliability", "resolve", "hostility"):
            for pair in getattr(d.beliefs, what):
                for name in pair.split(">"):
                    yield ("beliefs", what, pair), "actor", name


def _table_references(at: Path, table: Table) -> Iterator[Reference]:
    yield from _each((*at, "parties"), "actor", table.parties)
    yield from _each((*at, "levers"), "lever", table.levers)
    for i, package in table.packages.items():
        yield from _each((*at, "packages", i, "moves"), "lever", package.moves)
    yield from _each((*at, "outside"), "actor", table.outside)
    for n, demand in enumerate(table.demands):
        yield (*at, "demands", n, "by"), "actor", demand.by
        yield (*at, "demands", n, "lever"), "lever", demand.lever
    for n, threat in enumerate(table.threats):
        yield (*at, "threats", n, "by"), "actor", threat.by
        yield (*at, "threats", n, "lever"), "lever", threat.lever
    if table.duration:
        yield (*at, "duration", "in_force"), "lever", table.duration.in_force
        yield (*at, "duration", "years"), "lever", table.duration.years
    if table.commitment:
        yield (*at, "commitment", "theatre"), "theatre", table.commitment.theatre
        yield (*at, "commitment", "payer"), "actor", table.commitment.payer
        yield (*at, "commitment", "cash"), "lever", table.commitment.cash
        yield from _each((*at, "commitment", "in_kind"), "lever", table.commitment.in_kind)


def _event_references(d: Draft) -> Iterator[Reference]:
    kinds = {"lever": "lever", "stock": "stock", "crisis": "theatre"}
    kinds |= {"reopen": "table", "demand": "table"}
    for i, event in d.events.items():
        if event.condition:
            yield ("events", i, "condition", "of"), "lever or stock", event.condition.of
        for n, effect in enumerate(event.effects):
            at = ("events", i, "effects", n)
            for what in LEADING:
                yield from _named((*at, what), kinds.get(what, "actor"), getattr(effect, what))
            if effect.met:
                yield (*at, "met", "of"), "lever or stock", effect.met.of
    for i, assembly in d.assemblies.items():
        yield ("assemblies", i, "lever"), "lever", assembly.lever
        if assembly.condition:
            yield ("assemblies", i, "condition", "of"), "lever or stock", assembly.condition.of


def _named(path: Path, kind: str, name: str | None) -> Iterator[Reference]:
    if name is not None:
        yield path, kind, name


def _each(path: Path, kind: str, names: Iterable[str]) -> Iterator[Reference]:
    numbered = not isinstance(names, Mapping)
    for n, name in enumerate(names):
        yield (*path, n if numbered else name), kind, name
