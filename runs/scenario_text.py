"""Scenarios as text: what `hubspoke scenario list`, `show` and `check` print."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import fill, wrap
from typing import NamedTuple

from model.compiling import farthest, felt_levers
from model.faults import near
from model.notice import NOTICE
from model.parameters import Parameter, parameters
from model.reading import ScenarioError, locate, parse_text, read, scenario_hash, shipped, theories
from model.scenario import free_packages, quarter_name, slot_limits
from model.schema import (
    ACCOUNTS,
    ASSUMED,
    Actor,
    Effect,
    Event,
    Lever,
    Platform,
    ScenarioFile,
    Sentence,
    Table,
    Theatre,
)
from model.world import RENEWAL

WIDTH = 80
NARROWEST = 40
BAR = 10  # characters of a weight of one half
EIGHTHS = " ▏▎▍▌▋▊▉█"
HEAD = re.compile(r"^(?:title|about|start|quarters)\s*:.*(?:\n[ \t]+.*)*", re.MULTILINE)
ALONE = {
    "up": "its owner may raise it alone",
    "down": "its owner may lower it alone",
    "both": "its owner may move it alone",
}


def listing(width: int = WIDTH) -> str:
    """List the shipped scenarios: name, title, length, and the first sentence about each."""
    theory = "Theories with a known answer (`hubspoke theory` holds the engine against them):"
    blocks = [*_listed(shipped(), width), _text(theory, width), *_listed(theories(), width)]
    return "\n\n".join([*blocks, fill(NOTICE, max(width, NARROWEST))])


def _listed(names: Iterable[str], width: int) -> Iterator[str]:
    for name in names:
        head = parse_text("\n".join(HEAD.findall(locate(name).read_text("utf-8"))), name).data
        title, about = head.get("title", ""), " ".join(str(head.get("about", "")).split())
        count = int(head.get("quarters", 0))
        span = f"{count} {_plural(count, 'quarters')} from {head.get('start', '')}"
        first = re.split(r"(?<=[.]) ", about)[0]
        yield f"{name}\n{_text(f'{title}. {span}.', width)}\n{_text(first, width)}"


class Verdict(NamedTuple):
    """Outcome of a check, and what to print of it."""

    ok: bool
    text: str


def check(name_or_path: str | Path, width: int = WIDTH) -> Verdict:
    """Check a scenario: every problem with its place, or what it holds; unknown doctrines, too."""
    try:
        file = read(name_or_path)
    except ScenarioError as error:
        count = len(error.problems)
        return Verdict(False, f"{error}\n{count} {'problem' if count == 1 else 'problems'}")
    wrong = list(_unknown_doctrines(file))
    text = [*wrong, "" if wrong else f"{file.name}: no problems", _text(counts(file), width)]
    return Verdict(not wrong, "\n".join(x for x in text if x))


def _unknown_doctrines(file: ScenarioFile) -> Iterator[str]:
    from agents.doctrine import doctrines

    known = doctrines()
    for i, actor in file.actors.items():
        if actor.doctrine not in known:
            meant = near(actor.doctrine, known)
            hint = f" → did you mean {meant}?" if meant else f" (known: {', '.join(known)})"
            yield f"{file.name}: actors.{i}.doctrine: unknown doctrine {actor.doctrine!r}{hint}"


def counts(file: ScenarioFile) -> str:
    """Say how much a scenario holds, and how much of it is assumed."""
    parts = ("actors", "theatres", "levers", "stocks", "tables", "events", "ledger")
    words = {"ledger": "ledger entries"}
    sizes = [(len(getattr(file, p)), words.get(p, p)) for p in parts]
    numbers = parameters(file).values()
    assumed = sum(p.source == ASSUMED for p in numbers)
    held = ", ".join(f"{n} {_plural(n, p)}" for n, p in sizes if n)
    return f"{held}; {len(numbers)} numbers, {len(numbers) - assumed} sourced, {assumed} assumed"


def _plural(count: int, words: str) -> str:
    if count != 1:
        return words
    return words[:-3] + "y" if words.endswith("ies") else words.removesuffix("s")


def show(file: ScenarioFile, width: int = WIDTH, parts: Sequence[str] = ()) -> str:
    """Describe a scenario: who, where, what can be agreed, when; every assumption at the end.

    parts : of `PARTS`; all unless given
    """
    width = max(width, NARROWEST)
    end = quarter_name(file.start, file.quarters - 1)
    lines = [
        *_lines(file.title, width, "", hang=""),
        "=" * min(len(file.title), width),
        *_lines(file.about, width, "", hang=""),
        "",
        f"{file.name}: {file.quarters} {_plural(file.quarters, 'quarters')}, {file.start} to {end}",
        *([f"Information cut-off: {file.cutoff}"] if file.cutoff else []),
        *_lines(counts(file), width, "", hang=""),
        f"Content hash: {scenario_hash(file)[:16]}",
        *_lines(NOTICE, width, "", hang=""),
    ]
    if not parts:
        hint = f"`hubspoke scenario show {file.name} tables` shows one part of these alone"
        lines += ["", *_lines(f"{', '.join(PARTS)}: {hint}", width, "", hang="")]
    for part in parts or PARTS:
        title, section = PARTS[part]
        body = list(section(file, width))
        if body:
            lines += ["", title, "-" * len(title), *body]
    return "\n".join(line.rstrip() for line in lines)


def _actors(file: ScenarioFile, width: int) -> Iterator[str]:
    for i, actor in file.actors.items():
        yield from _gap(i, file.actors)
        text = ". ".join(x for x in (actor.name, actor.about) if x not in ("", i))
        yield from _lines(f"{i}: {text}".removesuffix(": "), width, "", hang="  ")
        yield from _lines(_manner(actor), width)
        for name, platform in actor.platforms.items():
            here = " (in office)" if name == actor.platform and len(actor.platforms) > 1 else ""
            tau = platform.transactionalism
            turned = f", transactionalism {tau.value:g}" if tau else ""
            yield from _lines(f"{name}{here}: {platform.office}{turned}", width)
            yield from _weights(platform)


def _manner(actor: Actor) -> str:
    parts = [
        f"doctrine {actor.doctrine}",
        f"transactionalism {actor.transactionalism.value:g}",
        f"keeps {actor.agenda.value:g} {_plural(int(actor.agenda.value), 'tables')} open",
        f"loses {actor.loss_aversion.value:g} times as hard as it wins",
    ]
    if actor.ratification:
        parts.append(f"deals are ratified by {actor.ratification.body}")
    return "; ".join(parts)


def _weights(platform: Platform) -> Iterator[str]:
    total = sum(w.value for w in platform.weights.values())
    for account in ACCOUNTS:
        weight = platform.weights.get(account)
        if weight is not None:
            share = weight.value / total
            yield f"    {account:<9}{share:5.0%} {bar(share)}"


def bar(share: float, length: int = 2 * BAR) -> str:
    """Draw a share of one as a bar of eighths of a character."""
    eighths = round(min(max(share, 0.0), 1.0) * length * 8)
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).rstrip()


def _theatres(file: ScenarioFile, width: int) -> Iterator[str]:
    for i, theatre in file.theatres.items():
        yield from _lines(f"{i}: {_theatre(file, theatre)}", width, "", hang="  ")
        stakes = ", ".join(
            f"{a} {s.value.value:g} (with the {s.side})" for a, s in theatre.stakes.items()
        )
        yield from _lines(f"At stake: {stakes or 'nothing for the players'}", width)


def _theatre(file: ScenarioFile, theatre: Theatre) -> str:
    forces = ", ".join(f"{side} {q.value:g}" for side, q in theatre.forces.items())
    scripted = [x for x in (theatre.challenger, theatre.defender) if x not in file.actors]
    patron = f", backed by {theatre.patron}" if theatre.patron else ""
    played = f" ({' and '.join(scripted)} scripted)" if scripted else ""
    hot = theatre.hot_while
    war = f" At war while {file.levers[hot.lever].name} is below {hot.below:g}." if hot else ""
    return (
        f"{theatre.name}. {theatre.challenger} against {theatre.defender}{patron}{played}. "
        f"Forces: {forces}; contest exponent {theatre.exponent:g}; "
        f"base hazard {theatre.base_hazard.value:g} a quarter.{war}"
    )


def _tables(file: ScenarioFile, width: int) -> Iterator[str]:
    for i, table in file.tables.items():
        yield from _gap(i, file.tables)
        secret = "; deals are secret" if table.visible == "parties" else ""
        text = f"{i}: {table.name}. {' and '.join(table.parties)}; deals last "
        term = f"{table.term.value:g} quarters{secret}"
        yield from _lines(text + term, width, "", hang="  ")
        held = ", ".join(file.levers[x].name for x in table.levers)
        levers = held or "every lever that one holds and the other feels"
        yield from _lines(f"Levers: {levers}", width)
        yield from _lines(_packages(file, table), width)
        yield from _said(file, table, width)


def _packages(file: ScenarioFile, table: Table) -> str:
    """Say how many packages there are, and what share of the best one's gain they keep."""
    listed = table.levers or felt_levers(file, table.parties)
    named = file.rules.named_levers + file.rules.sweeteners
    limits = slot_limits([farthest(file.levers[x]) for x in listed], named)
    count = free_packages(limits) - 1
    return (
        f"Packages: all {count:,} over {len(limits)} named levers within their steps of a "
        "quarter; none is left out, so 100 % of what a proposer could gain is kept"
    )


def _said(file: ScenarioFile, table: Table, width: int) -> Iterator[str]:
    for package in table.packages.values():
        moves = "; ".join(_move(file.levers[x], steps) for x, steps in package.moves.items())
        yield from _lines(f"Package “{package.name}”: {moves}", width)
    for demand in table.demands:
        lever = file.levers[demand.lever]
        norms = ", ".join(
            f"{q.value:,.10g} ({n.replace('_', ' ')})" for n, q in demand.norms.items()
        )
        yield from _lines(f"{demand.by} may demand {lever.name}: {norms} {lever.unit}", width)
    for threat in table.threats:
        move = _move(file.levers[threat.lever], threat.steps)
        yield from _lines(f"{threat.by} may threaten {move}, {threat.lead} quarters ahead", width)
    if table.duration:
        in_force, years = (file.levers[x] for x in (table.duration.in_force, table.duration.years))
        sums = [file.levers[d.lever].name for d in table.demands]
        fixed = ", ".join(f"“{x}”" for x in (*sums, years.name, in_force.name))
        text = (
            f"A deal on any of {fixed} is a new agreement: in force at once, it runs its years, "
            f"and is free for talks again {RENEWAL} quarters before its end"
        )
        yield from _lines(text, width)
    bought = table.commitment
    if bought:
        kinds = ", ".join(file.levers[x].name for x in bought.in_kind)
        kind = f"; in part {kinds}" if kinds else ""
        place = file.theatres[bought.theatre].name
        text = (
            f"{bought.payer} buys the commitment in {place}: {file.levers[bought.cash].name}{kind}"
        )
        yield from _lines(text, width)


def _move(lever: Lever, steps: int) -> str:
    """Write a move as the change that it would be at the start."""
    at = lever.settings.index(lever.start)
    to = min(max(at + steps, 0), len(lever.settings) - 1)
    if to == at:
        return f"{lever.name} {steps:+d} (at its end today)"
    if lever.labels:
        return f"{lever.name} to {lever.labels[to]}"
    return f"{lever.name} {lever.start:g} → {lever.settings[to]:g} {lever.unit}"


def _levers(file: ScenarioFile, width: int) -> Iterator[str]:
    for i, lever in file.levers.items():
        host = f", hosted by {lever.host}" if lever.host else ""
        yield from _lines(f"{i}: {lever.name} ({lever.owner}{host})", width, "", hang="  ")
        yield from _lines(_settings(lever), width)
        yield from _lines(_handling(lever), width)
        yield from _lines(lever.note, width)


def _settings(lever: Lever) -> str:
    names = lever.labels or tuple(f"{s:,.10g}" for s in lever.settings)
    marked = (
        f"[{n}]" if s == lever.start else n for n, s in zip(names, lever.settings, strict=True)
    )
    unit = "" if lever.labels else f" {lever.unit}"
    return f"{' · '.join(marked)}{unit}"


def _handling(lever: Lever) -> str:
    parts = [ALONE[lever.unilateral]] if lever.unilateral in ALONE else ["moves by agreement"]
    if lever.lead:
        parts.append(f"takes effect {lever.lead} {_plural(lever.lead, 'quarters')} after")
    if lever.continuous:
        parts.append(f"the value follows at {lever.continuous.value:g} a quarter")
    if lever.step > 1:
        parts.append(f"up to {lever.step} settings at once")
    if lever.headline:
        parts.append("open to headline demands")
    if lever.counts:
        parts.append("events are drawn with this mean")
    if lever.consent:
        parts.append(f"needs the scripted consent of {lever.consent.party}")
    if lever.spoils:
        parts.append(f"each may end {lever.spoils.lever}")
    if lever.visible == "parties":
        parts.append("seen by the parties alone")
    parts.append(ASSUMED if lever.source == ASSUMED else f"source {lever.source}")
    return "; ".join(parts)


def _stocks(file: ScenarioFile, width: int) -> Iterator[str]:
    for i, stock in file.stocks.items():
        flows = ", ".join(f.source_of for f in stock.inflows)
        fed = f", fed by {flows}" if flows else ""
        text = f"{i}: {stock.name} ({stock.owner}), {stock.start.value:g} {stock.unit}{fed}"
        yield from _lines(text, width, "", hang="  ")


def _calendar(file: ScenarioFile, width: int) -> Iterator[str]:
    rows = [(a.until, f"ends: {a.name}") for a in file.agreements.values()]
    rows += [(t.closed_until, f"opens: {t.name}") for t in file.tables.values() if t.closed_until]
    rows += [
        (a.first, f"{a.name}, then every {a.every} quarters") for a in file.assemblies.values()
    ]
    undated = []
    for event in file.events.values():
        text = f"{event.name}: {'; '.join(_effect(file, e) for e in event.effects)}"
        if event.when.quarter:
            odds = f" (odds {event.odds.value:g})" if event.odds else ""
            rows.append((event.when.quarter, text + odds))
        else:
            undated.append((_period(event), text))
    for when, text in [*sorted(rows), *undated]:
        yield from _lines(f"{when}  {text}", width, "", hang="    ")


def _period(event: Event) -> str:
    hazard = f"{event.when.hazard.value:g} a quarter" if event.when.hazard else ""
    since = f" from {event.when.first}" if event.when.first else ""
    until = f" to {event.when.last}" if event.when.last else ""
    return f"{hazard}{since}{until}"


def _effect(file: ScenarioFile, effect: Effect) -> str:
    if effect.lever:
        return f"{file.levers[effect.lever].name} {_shift(file.levers[effect.lever], effect)}"
    if effect.stock or effect.support:
        stock = file.stocks[effect.stock].name if effect.stock else ""
        what = stock or f"support of {effect.support}"
        return f"{what} {effect.add or 0:+g}"
    if effect.election:
        offices = file.actors[effect.election].platforms
        odds = ", ".join(f"{offices[p].office} {q.value:g}" for p, q in effect.platforms.items())
        return f"{effect.election} votes ({odds})"
    if effect.attention:
        quarters = f"{effect.quarters} {_plural(effect.quarters, 'quarters')}"
        return f"{effect.attention} loses {effect.slots} of its agenda for {quarters}"
    if effect.about:
        good, bad = effect.kept or 0, effect.broken or 0
        return f"{effect.about} seen to keep ({good:g}) or break ({bad:g}) its word"
    if effect.pledge:
        return f"a pledge of {effect.pledge} falls due"
    if effect.demand:
        demander = file.tables[effect.demand].demands[0]
        lever = file.levers[demander.lever]
        return f"{demander.by} demands {lever.name} of {effect.to:g} {lever.unit}"
    return f"crisis in {effect.crisis}" if effect.crisis else f"{effect.reopen} reopens"


def _shift(lever: Lever, effect: Effect) -> str:
    if effect.to is None:
        return f"{effect.by:+d} {_plural(abs(effect.by or 0), 'settings')}"
    if lever.labels and effect.to in lever.settings:
        return f"to {lever.labels[lever.settings.index(effect.to)]}"
    return f"to {effect.to:,.10g} {lever.unit}"


def _brief(file: ScenarioFile, width: int) -> Iterator[str]:
    for s in file.brief:
        yield from _lines(f"¶{s.paragraph}.{s.sentence} {s.gist}", width, "", hang="  ")
        where = _where(s)
        if where:
            yield from _lines(f"→ {where}", width)


def _where(sentence: Sentence) -> str:
    kinds = ("levers", "events", "packages", "claims")
    lists = [(k, getattr(sentence, k)) for k in kinds]
    return "; ".join(f"{k} {', '.join(names)}" for k, names in lists if names)


def _assumptions(file: ScenarioFile, width: int) -> Iterator[str]:
    sections: dict[str, list[Parameter]] = {}
    for p in parameters(file).values():
        if p.source == ASSUMED:
            sections.setdefault(p.name.partition(".")[0], []).append(p)
    for section, assumed in sections.items():
        yield f"{section}:"
        for p in assumed:
            yield from _lines(_assumption(file, p), width, hang="      ")


def _assumption(file: ScenarioFile, p: Parameter) -> str:
    section, _, name = p.name.partition(".")
    unit, why = p.unit, ""
    if section == "ledger":
        entry = file.ledger[name.removesuffix(".coefficient")]
        unit, why = unit or entry.unit, entry.why
    elif section == "ties":
        tie = file.ties[int(name.partition(".")[0])]
        why = f"{tie.source_of} and {tie.to}"
    note = "; ".join(x for x in (why, p.note) if x)
    text = f"{name} = {p.value:g} in [{p.range[0]:g}, {p.range[1]:g}] {unit}".rstrip()
    return f"{text}: {note}" if note else text


def _aliases(file: ScenarioFile, width: int) -> Iterator[str]:
    for alias, name in file.aliases.items():
        yield from _lines(f"{alias} = {name}", width, "", hang="  ")


def _sources(file: ScenarioFile, width: int) -> Iterator[str]:
    used = Counter(p.source for p in parameters(file).values())
    used.update(agreement.source for agreement in file.agreements.values())
    used.update(event.source for event in file.events.values())
    for key, text in file.sources.items():
        if used[key]:
            yield from _lines(f"{key} ({used[key]}): {text}", width, "", hang="  ")


Section = Callable[[ScenarioFile, int], Iterable[str]]
PARTS: dict[str, tuple[str, Section]] = {
    "actors": ("Actors", _actors),
    "theatres": ("Theatres", _theatres),
    "tables": ("Tables: where deals are made", _tables),
    "levers": ("Levers (start in brackets)", _levers),
    "stocks": ("Stocks", _stocks),
    "calendar": ("Calendar", _calendar),
    "brief": ("The brief, sentence by sentence", _brief),
    "names": ("Short names of parameters", _aliases),
    "sources": ("Sources, and how much rests on each", _sources),
    "assumptions": ("Assumptions: value, range, unit, meaning", _assumptions),
}


def _gap(key: str, mapping: Iterable[str]) -> Iterator[str]:
    """Put an empty line before every item but the first."""
    if key != next(iter(mapping)):
        yield ""


def _lines(text: str, width: int, indent: str = "  ", hang: str = "    ") -> list[str]:
    return wrap(
        " ".join(text.split()),
        width=max(width, NARROWEST),
        initial_indent=indent,
        subsequent_indent=hang,
        break_on_hyphens=False,
    )


def _text(text: str, width: int) -> str:
    return "\n".join(_lines(text, width, hang="  "))
