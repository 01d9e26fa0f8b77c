"""What a scenario must hold beyond its form: names that exist, numbers that fit each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from model.compiling import farthest, felt_levers
from model.faults import Fault, Path, dotted, near
from model.parameters import domain_of
from model.references import LEADING, Draft, dangling
from model.scenario import free_packages, quarter_index, quarter_name, slot_limits
from model.schema import ACCOUNTS, ASSUMED, Effect, Table, series_terms

SIDES = ("challenger", "defender", "patron")
CLAIMS = tuple(f"C{n}" for n in range(1, 12))
SERIES = {  # first word of a series → what follows it
    "lever": "lever",
    "stock": "stock",
    "hazard": "theatre",
    "odds": "theatre",
    "credibility": "theatre",
    "support": "actor",
    "utility": "actor",
    "burden": "actor",
    "reliability": "pair",
    "relation": "pair",
}
SLACK = 1e-9  # relative, for sums of settings against a limit
MOST_PACKAGES = 20_000  # at a table, over all levers that may be named


def faults(draft: Draft) -> list[Fault]:
    """Run all checks."""
    return [fault for check in CHECKS for fault in check(draft)]


def unsourced(d: Draft) -> Iterator[Fault]:
    """Find sources that are not listed, and values where the rules make no sense."""
    listed = d.known("source") | {ASSUMED}
    for path, quantity in d.numbers():
        if quantity.source not in listed:
            text = f"{quantity.source!r} is neither {ASSUMED!r} nor a key of sources"
            yield Fault((*path, "source"), text, near(quantity.source, listed))
        domain = domain_of(path)
        if not domain.holds(quantity.value):
            yield Fault((*path, "value"), f"must be {domain.words}, not {quantity.value:g}")
        elif not all(domain.holds(x) for x in quantity.range):
            low, high = quantity.range
            yield Fault((*path, "range"), f"[{low:g}, {high:g}] must stay {domain.words}")
    for section in ("levers", "agreements", "events"):
        for i, item in getattr(d, section).items():
            if item.source not in listed:
                text = f"{item.source!r} is neither {ASSUMED!r} nor a key of sources"
                yield Fault((section, i, "source"), text, near(item.source, listed))


def actors(d: Draft) -> Iterator[Fault]:
    """Check the players: names that differ, an office in power, weights that say something."""
    for section in ("actors", "levers"):
        if section in d.ids and not d.ids[section]:
            yield Fault((section,), "is empty: a game needs at least one")
    plain: dict[str, str] = {}
    for i in sorted(d.known("actor")):
        other = plain.setdefault(i.casefold(), i)
        if other != i:
            yield Fault(("actors", i), f"differs from {other!r} by case alone: rename one")
    for i in d.known("actor") & d.known("theatre"):
        yield Fault(("theatres", i), "is also the name of an actor: rename one")
    for i in d.known("lever") & d.known("stock"):
        yield Fault(("stocks", i), "is also the name of a lever: rename one")
    for i, actor in d.actors.items():
        if actor.platform not in actor.platforms:
            text = f"{actor.platform!r} is none of its platforms"
            hint = near(actor.platform, actor.platforms)
            yield Fault(("actors", i, "platform"), text, hint)
        for name, platform in actor.platforms.items():
            if not any(w.value > 0 for w in platform.weights.values()):
                yield Fault(("actors", i, "platforms", name, "weights"), "must not all be zero")
    for n, tie in d.ties.items():
        if tie.source_of == tie.to:
            yield Fault(("ties", n), f"ties {tie.to!r} to itself")
    for what in ("reliability", "resolve", "hostility"):
        for pair in getattr(d.beliefs, what, {}):
            ends = pair.split(">")
            if len(ends) != 2 or ends[0] == ends[1]:  # noqa: PLR2004 - a pair
                yield Fault(("beliefs", what, pair), "write two actors as A>B: what A thinks of B")


def levers(d: Draft) -> Iterator[Fault]:
    """Check settings, starts and labels."""
    for i, lever in d.levers.items():
        at = ("levers", i)
        low_to_high = all(a < b for a, b in pairwise(lever.settings))
        if not lever.settings or not low_to_high:
            yield Fault((*at, "settings"), "must be numbers in strictly increasing order")
            continue
        yield from _in_settings(d, (*at, "start"), i, lever.start)
        if lever.labels and len(lever.labels) != len(lever.settings):
            text = f"{len(lever.labels)} labels for {len(lever.settings)} settings"
            yield Fault((*at, "labels"), text)
        if lever.continuous and lever.settings[0] <= 0:
            yield Fault((*at, "settings"), "of a continuous lever must be above zero")
        if lever.counts and lever.settings[0] < 0:
            yield Fault((*at, "settings"), "of a counted lever are means: zero or more")
        if lever.spoils:
            yield from _in_settings(d, (*at, "spoils", "to"), lever.spoils.lever, lever.spoils.to)
    yield from _no_effect(d)


def _in_settings(d: Draft, path: Path, lever_id: str, value: float) -> Iterator[Fault]:
    lever = d.levers.get(lever_id)
    if lever is not None and value not in lever.settings:
        settings = ", ".join(f"{s:g}" for s in lever.settings)
        closest = min(lever.settings, key=lambda s: abs(s - value), default=0.0)
        text = f"{value:g} is none of the settings of {lever_id} ({settings})"
        yield Fault(path, text, f"{closest:g}")


def _no_effect(d: Draft) -> Iterator[Fault]:
    """Find levers that change nothing: no account, theatre, commitment, nor a stock that does."""
    if any(d.unread(s) for s in ("ledger", "stocks", "tables")):
        return  # what it changes may be in a part that could not be read
    felt = {e.source_of.removeprefix("count.") for e in d.ledger.values() if e.coefficient.value}
    felt |= {x for t in d.transfers.values() for x in (t.share, *t.of)}
    felt |= {t.hot_while.lever for t in d.theatres.values() if t.hot_while}
    felt |= {limit.limit for limit in d.limits.values() if isinstance(limit.limit, str)}
    for table in d.tables.values():
        if table.commitment:
            felt |= {table.commitment.cash, *table.commitment.in_kind}
    for _ in d.stocks:  # a stock may feed a stock
        felt |= {
            flow.source_of.removeprefix("count.")
            for i, stock in d.stocks.items()
            if i in felt
            for flow in stock.inflows
        }
    for i in d.levers:
        if i not in felt:
            yield Fault(("levers", i), "changes no account and no theatre: add a ledger entry")


def stocks(d: Draft) -> Iterator[Fault]:
    """Check bounds and inflows."""
    for i, stock in d.stocks.items():
        if not stock.low <= stock.start.value <= stock.high:
            text = f"{stock.start.value:g} lies outside [{stock.low:g}, {stock.high:g}]"
            yield Fault(("stocks", i, "start"), text)
        for n, flow in enumerate(stock.inflows):
            yield from _source(d, ("stocks", i, "inflows", n, "from"), flow.source_of)


def ledger(d: Draft) -> Iterator[Fault]:
    """Check what the entries read and where they go."""
    for i, entry in d.ledger.items():
        yield from _source(d, ("ledger", i, "from"), entry.source_of)
        if not entry.to:
            yield Fault(("ledger", i, "to"), "enters nothing: name an ACTOR.account")
        for target in entry.to:
            yield from _target(d, ("ledger", i, "to"), target)


def _source(d: Draft, path: Path, name: str) -> Iterator[Fault]:
    """Check `lever`, `stock`, `war.THEATRE`, `crisis.THEATRE` or `count.LEVER`."""
    kind, dot, what = name.partition(".")
    if not dot:
        known = d.known("lever") | d.known("stock")
        if name not in known:
            yield Fault(path, f"there is no lever or stock {name!r}", near(name, known))
        return
    if kind not in ("war", "crisis", "count"):
        form = "LEVER, STOCK, war.THEATRE, crisis.THEATRE or count.LEVER"
        yield Fault(path, f"{name!r} is not of the form {form}", near(kind, ("war", "crisis")))
        return
    known = d.known("lever" if kind == "count" else "theatre")
    if what not in known:
        thing = "lever" if kind == "count" else "theatre"
        hint = near(what, known)
        yield Fault(path, f"there is no {thing} {what!r}", hint and f"{kind}.{hint}")
    elif kind == "count" and what in d.levers and d.levers[what].counts is None:
        yield Fault(path, f"lever {what!r} is not counted: it has no `counts`")


def _target(d: Draft, path: Path, name: str) -> Iterator[Fault]:
    """Check `ACTOR.account` or `THEATRE.side`."""
    whose, dot, what = name.partition(".")
    places = {*d.known("actor"), *d.known("theatre")}
    if not dot or whose not in places:
        if not dot:
            yield Fault(path, f"{name!r} is not of the form ACTOR.account or THEATRE.side")
            return
        hint = near(whose, places)
        text = f"there is no actor or theatre {whose!r}"
        yield Fault(path, text, hint and f"{hint}.{what}")
        return
    allowed: tuple[str, ...] = ACCOUNTS if whose in d.known("actor") else SIDES
    if what not in allowed:
        hint = near(what, allowed)
        thing = "account" if whose in d.known("actor") else "side"
        yield Fault(path, f"there is no {thing} {what!r}", hint and f"{whose}.{hint}")


def theatres(d: Draft) -> Iterator[Fault]:
    """Check that both sides stand there, a patron where there are its forces, and transfers."""
    for i, theatre in d.theatres.items():
        for side in ("challenger", "defender"):
            if side not in theatre.forces:
                yield Fault(("theatres", i, "forces"), f"needs the force of the {side}")
            who = getattr(theatre, side)
            meant = near(who, d.known("actor"))
            if who not in d.known("actor") and meant.casefold() == who.casefold():
                text = f"{who!r} differs from an actor by case alone"
                yield Fault(("theatres", i, side), text, meant)
        if "patron" in theatre.forces and theatre.patron is None:
            yield Fault(("theatres", i, "forces", "patron"), "is given, but no patron is named")
    for i, move in d.transfers.items():
        if move.leaves == move.helps:
            yield Fault(("transfers", i, "helps"), "is the theatre that they leave")


def limits(d: Draft) -> Iterator[Fault]:
    """Check that no hard limit is broken at the start."""
    for i, limit in d.limits.items():
        if not set(limit.levers) <= set(d.levers):
            continue
        used = sum(c * d.levers[x].start for x, c in limit.levers.items())
        bound = limit.limit
        stock = d.stocks.get(bound) if isinstance(bound, str) else None
        if isinstance(bound, str) and stock is None:
            continue
        most = stock.start.value if stock else bound.value  # type: ignore[union-attr]
        if used > most + SLACK * max(1.0, abs(most)):
            yield Fault(("limits", i), f"is broken at the start: {used:g} of {most:g} in use")


def tables(d: Draft) -> Iterator[Fault]:
    """Check who sits at a table and what may be said there."""
    for i, table in d.tables.items():
        at = ("tables", i)
        if table.parties[0] == table.parties[1]:
            yield Fault((*at, "parties"), "needs two different actors")
        limited = {x for limit in d.limits.values() for x in limit.levers}
        for n, x in enumerate(table.levers):
            if x not in limited and _foreign(d, x, table):
                yield Fault((*at, "levers", n), f"{x!r} belongs to neither party")
        here = set(table.levers or felt_levers(d, table.parties))  # type: ignore[arg-type]
        if not here <= d.known("lever"):
            here = set(d.known("lever"))  # one is misspelt: that is fault enough
        yield from _too_many(d, at, here)
        yield from _packages(d, at, table, here)
        yield from _demands(d, at, table, here)
        for name in table.outside:
            yield from _by_party(d, (*at, "outside", name), name, table)
        if table.commitment:
            yield from _commitment(d, (*at, "commitment"), table)
        if table.duration:
            yield from _duration(d, (*at, "duration"), i, table)
    for i, agreement in d.agreements.items():
        for n, x in enumerate(agreement.levers):
            if agreement.table in d.tables and _foreign(d, x, d.tables[agreement.table]):
                text = f"{x!r} belongs to neither party of the table"
                yield Fault(("agreements", i, "levers", n), text)


def _foreign(d: Draft, lever_id: str, table: Table) -> bool:
    """Say whether neither party owns or hosts a lever, as far as the names are known."""
    lever = d.levers.get(lever_id)
    if lever is None:
        return False
    holders = {lever.owner, lever.host} - {None}
    known = holders | set(table.parties) <= d.known("actor")
    return known and table.parties[0] != table.parties[1] and not holders & set(table.parties)


def _too_many(d: Draft, at: Path, here: set[str]) -> Iterator[Fault]:
    if d.rules is None or not here <= set(d.levers):
        return
    named = d.rules.named_levers + d.rules.sweeteners
    count = free_packages(slot_limits([farthest(d.levers[x]) for x in here], named))
    if count > MOST_PACKAGES:
        text = f"{count:,} packages over {named} levers, at most {MOST_PACKAGES:,}"
        yield Fault(at, f"{text}: lower the `step` of its levers, or name fewer")


def _packages(d: Draft, at: Path, table: Table, here: set[str]) -> Iterator[Fault]:
    for i, package in table.packages.items():
        if not package.moves:
            yield Fault((*at, "packages", i, "moves"), "moves no lever")
        for x, steps in package.moves.items():
            path = (*at, "packages", i, "moves", x)
            if x in d.levers and x not in here:
                yield Fault(path, f"{x!r} is not on this table", near(x, here))
            yield from _steps(d, path, x, steps)


def _demands(d: Draft, at: Path, table: Table, here: set[str]) -> Iterator[Fault]:
    for n, demand in enumerate(table.demands):
        path = (*at, "demands", n)
        yield from _by_party(d, (*path, "by"), demand.by, table)
        lever = d.levers.get(demand.lever)
        if lever and demand.lever not in here:
            text = f"{demand.lever!r} is not on this table"
            yield Fault((*path, "lever"), text, near(demand.lever, here))
        elif lever and not lever.headline:
            yield Fault((*path, "lever"), f"{demand.lever!r} is not marked `headline: true`")
        elif lever and lever.owner == demand.by:
            yield Fault((*path, "lever"), f"{demand.lever!r} is its own: one asks the other")
        if not demand.norms:
            yield Fault((*path, "norms"), "needs a norm: what is asked, by which idea of fair")
    for n, threat in enumerate(table.threats):
        path = (*at, "threats", n)
        yield from _by_party(d, (*path, "by"), threat.by, table)
        lever = d.levers.get(threat.lever)
        if lever and lever.owner != threat.by and {lever.owner, threat.by} <= d.known("actor"):
            text = f"{threat.by!r} cannot move {threat.lever!r} alone: {lever.owner!r} owns it"
            yield Fault((*path, "lever"), text)
        yield from _steps(d, (*path, "steps"), threat.lever, threat.steps)


def _by_party(d: Draft, path: Path, name: str, table: Table) -> Iterator[Fault]:
    if name in d.known("actor") and name not in table.parties:
        yield Fault(path, f"{name!r} does not sit at this table", near(name, table.parties))


def _steps(d: Draft, path: Path, lever_id: str, steps: int) -> Iterator[Fault]:
    lever = d.levers.get(lever_id)
    if steps == 0:
        yield Fault(path, "moves by no step")
    elif lever and abs(steps) >= len(lever.settings) > 0:
        yield Fault(path, f"{steps:+d} steps on a lever of {len(lever.settings)} settings")


def _commitment(d: Draft, at: Path, table: Table) -> Iterator[Fault]:
    commitment = table.commitment
    assert commitment is not None
    yield from _by_party(d, (*at, "payer"), commitment.payer, table)
    theatre = d.theatres.get(commitment.theatre)
    known = d.known("actor") | {None}
    others = {x for x in table.parties if x != commitment.payer}
    if theatre and theatre.patron in known - others:
        text = f"the patron of {commitment.theatre!r} is not the other party of this table"
        yield Fault((*at, "theatre"), text)


def _duration(d: Draft, at: Path, name: str, table: Table) -> Iterator[Fault]:
    duration = table.duration
    assert duration is not None
    for what, x in (("in_force", duration.in_force), ("years", duration.years)):
        if _foreign(d, x, table):
            yield Fault((*at, what), f"{x!r} belongs to neither party")
    if table.visible == "parties":
        yield Fault(at, "everybody sees an agreement enter into force: deals here are secret")
    years, lever = d.levers.get(duration.years), d.levers.get(duration.in_force)
    if years and years.settings and years.settings[0] <= 0:
        text = f"{duration.years!r} must have settings above zero: years that an agreement runs"
        yield Fault((*at, "years"), text)
    if lever and (lever.settings != (0, 1) or lever.lead or lever.continuous or lever.counts):
        text = f"{duration.in_force!r} must have the settings [0, 1] and take effect at once"
        yield Fault((*at, "in_force"), text)
    elif lever and not d.unread("agreements"):
        dated = any(
            a.table == name and duration.in_force in a.levers for a in d.agreements.values()
        )
        if dated and not lever.start:
            text = "starts at 0, but an agreement of the table says until when it is in force"
            yield Fault((*at, "in_force"), text)
        elif lever.start and not dated:
            text = f"starts at 1: an agreement must name {duration.in_force!r} and say until when"
            yield Fault((*at, "in_force"), text)


def events(d: Draft) -> Iterator[Fault]:
    """Check when events come and what they do."""
    for i, event in d.events.items():
        when, at = event.when, ("events", i)
        if (when.quarter is None) == (when.hazard is None):
            yield Fault((*at, "when"), "needs either a quarter or a hazard")
        if when.quarter is not None and (when.first or when.last):
            yield Fault((*at, "when"), "first and last belong to a hazard, not to a quarter")
        if when.first and when.last and quarter_index(when.first, when.last) < 0:
            yield Fault((*at, "when", "last"), f"comes before the first, {when.first}")
        if not event.effects:
            yield Fault((*at, "effects"), "an event needs an effect")
        for n, effect in enumerate(event.effects):
            yield from _effect(d, (*at, "effects", n), effect)
    for i, assembly in d.assemblies.items():
        at = ("assemblies", i)
        for n, (_, setting) in enumerate(assembly.outcomes):
            yield from _in_settings(d, (*at, "outcomes", n), assembly.lever, setting)
        if not assembly.outcomes or any(a[0] >= b[0] for a, b in pairwise(assembly.outcomes)):
            yield Fault((*at, "outcomes"), "must be (position up to, setting), positions rising")
        if not assembly.members:
            yield Fault((*at, "members"), "needs members")


def _effect(d: Draft, at: Path, effect: Effect) -> Iterator[Fault]:
    leading = [x for x in LEADING if getattr(effect, x) is not None]
    if len(leading) != 1:
        found = f"has {' and '.join(leading)}" if leading else "has none"
        yield Fault(at, f"needs exactly one of {', '.join(LEADING)}; it {found}")
        return
    needs = {
        "lever": ("either to or by", (effect.to is None) == (effect.by is None)),
        "stock": ("add", effect.add is None),
        "support": ("add", effect.add is None),
        "election": ("platforms", not effect.platforms),
        "about": ("kept or broken", effect.kept is None and effect.broken is None),
        "demand": ("to", effect.to is None),
    }
    what, missing = needs.get(leading[0], ("", False))
    if missing:
        yield Fault(at, f"`{leading[0]}` needs {what} beside it")
    if effect.lever and effect.to is not None:
        yield from _in_settings(d, (*at, "to"), effect.lever, effect.to)
    table = d.tables.get(effect.demand or "")
    if table and not table.demands:
        yield Fault((*at, "demand"), f"at {effect.demand} nobody makes headline demands")
    if effect.platforms and effect.election is None:
        yield Fault((*at, "platforms"), "belongs to an election")
    actor = d.actors.get(effect.election or "")
    for name in effect.platforms if actor else ():
        if name not in actor.platforms:  # type: ignore[union-attr]
            hint = near(name, actor.platforms)  # type: ignore[union-attr]
            yield Fault((*at, "platforms", name), f"{effect.election} has no such platform", hint)
    if effect.platforms and not any(q.value > 0 for q in effect.platforms.values()):
        yield Fault((*at, "platforms"), "one must have a chance above zero")


def dates(d: Draft) -> Iterator[Fault]:
    """Check that what the last file dates lies in the game; inherited dates may lie outside."""
    if d.start is None or d.quarters is None:
        return
    for path, quarter, may_be_later in _dates(d):
        index = quarter_index(d.start, quarter)
        inside = index >= 0 and (index < d.quarters or may_be_later)
        if inside or d.inherited(path):
            continue
        end = quarter_name(d.start, d.quarters - 1)
        side = f"after the game ends in {end}" if index > 0 else f"before it starts in {d.start}"
        yield Fault(path, f"{quarter} lies {side}")


def _dates(d: Draft) -> Iterator[tuple[Path, str, bool]]:
    for i, event in d.events.items():
        for what in ("quarter", "first", "last"):
            quarter = getattr(event.when, what)
            if quarter is not None:
                yield ("events", i, "when", what), quarter, False
    for i, agreement in d.agreements.items():
        yield ("agreements", i, "until"), agreement.until, True
    for i, assembly in d.assemblies.items():
        yield ("assemblies", i, "first"), assembly.first, False
    for i, table in d.tables.items():
        if table.closed_until is not None:
            yield ("tables", i, "closed_until"), table.closed_until, True


def aliases(d: Draft) -> Iterator[Fault]:
    """Check that short names lead to parameters."""
    names = {dotted(path) for path, _ in d.numbers()}
    names |= {f"levers.{i}.start" for i in d.levers}
    for alias, target in d.aliases.items():
        section, _, rest = target.partition(".")
        if target not in names and rest.partition(".")[0] not in d.unread(section):
            text = f"{target!r} is no parameter"
            yield Fault(("aliases", alias), text, near(target, names))


def brief(d: Draft) -> Iterator[Fault]:
    """Check the packages and claims that the table of the brief names, and the series."""
    packages = {f"{i}.{p}" for i, table in d.tables.items() for p in table.packages}
    packages |= {p.partition(".")[2] for p in packages}
    for n, sentence in d.brief.items():
        for what, names, known in (
            ("package", sentence.packages, packages),
            ("claim", sentence.claims, CLAIMS),
        ):
            for k, name in enumerate(names):
                if name not in known:
                    path = ("brief", n, f"{what}s", k)
                    yield Fault(path, f"there is no {what} {name!r}", near(name, known))
    for i, series in d.series.items():
        try:
            terms = series_terms(series.of)
        except ValueError:
            text = f"{series.of!r} is no sum like lever.a + 0.5 * lever.b"
            yield Fault(("series", i, "of"), text)
            continue
        for _, of in terms:
            yield from _series(d, ("series", i, "of"), of)


def _series(d: Draft, path: Path, of: str) -> Iterator[Fault]:
    word, _, what = of.partition(".")
    if of == "deals":
        return
    if word not in SERIES:
        known = ", ".join(f"{k}.{v.upper()}" for k, v in SERIES.items() if v != "pair")
        text = f"{of!r} is not one of {known}, reliability.A>B, deals"
        yield Fault(path, text, near(word, (*SERIES, "deals")))
        return
    pair = SERIES[word] == "pair"
    kind = "actor" if pair else SERIES[word]
    names = what.split(">") if pair else [what]
    if pair and len(names) != 2:  # noqa: PLR2004 - a pair
        yield Fault(path, f"{of!r} needs two actors: reliability.A>B")
        return
    for name in names:
        if name not in d.known(kind):
            hint = near(name, d.known(kind))
            yield Fault(path, f"there is no {kind} {name!r}", hint)


def hashes(d: Draft) -> Iterator[Fault]:
    """Find names that would share all their random draws."""
    from model.chance import check_ids  # noqa: PLC0415 - Numba loads slowly, and only here

    moves = {f"{lever.owner} {i} {step}" for i, lever in d.levers.items() for step in ("-1", "+1")}
    drawn = {k: d.ids.get(k, frozenset()) for k in ("actors", "levers", "theatres", "tables")}
    drawn |= {k: d.ids.get(k, frozenset()) for k in ("events", "assemblies")}
    for section, names in (*drawn.items(), ("levers", frozenset(moves))):
        try:
            check_ids(sorted(names))
        except ValueError as error:
            yield Fault((section,), str(error))


CHECKS: tuple[Callable[[Draft], Iterator[Fault]], ...] = (
    dangling,
    unsourced,
    actors,
    levers,
    stocks,
    ledger,
    theatres,
    limits,
    tables,
    events,
    dates,
    aliases,
    brief,
    hashes,
)
