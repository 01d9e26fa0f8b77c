"""What many games say in numbers: a table of every outcome, and what a scholar checks at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.briefing import Floats
from runs.outcomes import Column
from runs.store import Results

BLOCK = 4_000_000  # numbers that are read at a time, so that memory does not grow with the games
# Parts of the table that a terminal shows, by the first word of the ids; the file has them all.
SHORT: tuple[str, ...] = ("end", "deals", "demands", "reopenings", "crises", "wars", "promises")
LONG = (*SHORT, "mean", "first_demand", "first_reopening", "threats", "cut", "rise", "clashes")
LONG += ("own_moves", "utility", "set")
# Openers of past SMA rounds asked +10, +21, +41 and +400 %: bins that hold one each, in %.
OPENERS = (-100.0, 15.0, 30.0, 60.0, 150.0, 350.0, np.inf)


@dataclass(frozen=True)
class Row:
    """One outcome over all games; where it never happened there is nothing to average."""

    id: str
    outcome: str
    unit: str
    games: int  # in which it has a value
    mean: float
    low: float  # 5th percentile
    median: float
    high: float  # 95th percentile
    share: float  # of all games, in which it happened; NaN for what has no such thing


def summary(results: Results) -> list[Row]:
    """Summarise every outcome of a results folder, a block of columns at a time."""
    columns = [c for c in results.columns() if c.kind != "digest"]
    size = max(BLOCK // max(results.games, 1), 1)
    rows = []
    for n in range(0, len(columns), size):
        block = columns[n : n + size]
        table = results.table("outcomes", [c.label for c in block])
        rows += [_row(c, _numbers(table.column(c.label))) for c in block]
    return rows


def quantiles(values: Floats, percent: Sequence[float]) -> list[Any]:
    """Values that so many percent of the games do not exceed, each one that some game has."""
    return list(np.percentile(values, percent, axis=-1, method="inverted_cdf"))


def _numbers(column: object) -> Floats:
    """Numbers of an Arrow column, NaN where there is none. (run,)."""
    values: NDArray = column.to_numpy()  # type: ignore[attr-defined]
    return values.astype(np.float64)


def _row(column: Column, values: Floats) -> Row:
    known = values[~np.isnan(values)]
    nan = float("nan")
    low, median, high = quantiles(known, (5, 50, 95)) if len(known) else (nan, nan, nan)
    happened = {
        "count": values != 0.0,
        "flag": values != 0.0,
        "event": ~np.isnan(values),
    }.get(column.kind)
    return Row(
        column.id,
        column.label,
        column.unit,
        len(known),
        float(known.mean()) if len(known) else nan,
        float(low),
        float(median),
        float(high),
        nan if happened is None else float(happened.mean()),
    )


def as_csv(rows: Sequence[Row]) -> str:
    """Return the whole table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f.name for f in fields(Row)])
    writer.writerows(["" if x != x else x for x in astuple(row)] for row in rows)  # noqa: PLR0124 (NaN)
    return out.getvalue()


def as_text(rows: Sequence[Row], groups: Sequence[str] = LONG) -> str:
    """Return the table for reading: rows whose ids begin with one of the groups, in their order."""
    lines = [
        [r.outcome, *map(number, (r.mean, r.low, r.median, r.high)), percent(r.share)]
        for g in groups
        for r in rows
        if r.id.partition(".")[0] == g
    ]
    return aligned([["outcome", "mean", "5 %", "median", "95 %", "games with"], *lines])


def number(x: float) -> str:
    """Four digits that mean something, nothing for what is not known."""
    if np.isnan(x):
        return ""
    return f"{x:,.0f}" if abs(x) >= 1000 else f"{x + 0.0:.4g}"  # noqa: PLR2004


def percent(share: float) -> str:
    """Write a share as percent, nothing for what is not known."""
    if np.isnan(share):
        return ""
    whole = 100.0 * share
    if whole in (0.0, 100.0) or 10.0 <= whole <= 99.0:  # noqa: PLR2004
        return f"{whole:.0f} %"
    return f"{whole:.2g} %" if whole < 10.0 else f"{whole:.1f} %"  # noqa: PLR2004


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Align columns: words to the left, all others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if n == 0 else cell.rjust(w)
            for n, (cell, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def sanity(
    results: Results,
    rows: Sequence[Row] | None = None,
    more: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Report what a scholar checks at once: demands, threats, deals, crises, bounds, the idle.

    rows : the summary, if it is there already; more : further sections, title → lines
    """
    manifest = results.manifest
    table = {row.id: row for row in (summary(results) if rows is None else rows)}
    years = manifest["quarters"] / 4.0
    sections = (
        ("Headline demands by opener", _demands(results, table)),
        ("Threats: announced against carried out", _threats(table)),
        ("Troops at allies, all services together, thousand", _troops(table)),
        ("Deals", _deals(table)),
        ("Crises", _crises(table, years)),
        ("Levers at a bound at the end", _bounds(table)),
        ("Moves of one's own", _idle(table)),
        *(more or {}).items(),
    )
    head = (
        f"{results.games:,} games of {manifest['scenario']} ({manifest['scenario_hash'][:12]}), "
        f"seed {manifest['seed']}, {manifest['quarters']} quarters each\n{results.notice}"
    )
    parts = [head]
    for title, lines in sections:
        text = "\n".join(lines)
        parts.append(f"{title}\n{text or '  (none in this scenario)'}")
    return "\n\n".join(parts) + "\n"


Table = Mapping[str, Row]


def _under(table: Table, prefix: str) -> dict[str, Row]:
    """Rows whose ids begin with a prefix, by the rest of the id."""
    return {k.removeprefix(prefix): row for k, row in table.items() if k.startswith(prefix)}


def _named(row: Row) -> str:
    """Name of the thing that an outcome is about: what its label says after the colon."""
    return row.outcome.partition(": ")[2]


def _without(row: Row) -> str:
    """Share of games in which something did not happen."""
    return percent(1.0 - row.share)


def _demands(results: Results, table: Table) -> Iterator[str]:
    for name, all_demands in _under(table, "demands.").items():
        reopened = table[f"reopenings.{name}"]
        yield (
            f"  {_named(all_demands)}: demanded in {percent(all_demands.share)} of games; "
            f"re-opened, while an agreement stood, in {percent(reopened.share)}, "
            f"{number(reopened.mean)} a game"
        )
        for what, title in (("demand", "first demand"), ("reopening", "first re-opening")):
            if table[f"{what}s.{name}"].share:
                yield f"    {title}"
                yield _by_opener(_story(results, f"first_{what}.{name}."))


def _story(results: Results, prefix: str) -> dict[str, Floats]:
    """When, asked, price and delay of the first demand at a table, (run,) each."""
    labels = {
        c.id.removeprefix(prefix): c.label for c in results.columns() if c.id.startswith(prefix)
    }
    read = results.table("outcomes", list(labels.values()))
    return {key: _numbers(read.column(label)) for key, label in labels.items()}


def _by_opener(story: dict[str, Floats]) -> str:
    """Price and delay of the first demand by how much was asked."""
    lines = [
        [
            "      asked",
            "games",
            "settled",
            "price: median",
            "5 to 95 %",
            "in kind: median",
            "5 to 95 %",
            "delay: mean",
            "from",
        ]
    ]
    for low, high in pairwise(OPENERS):
        here = (story["asked"] > low) & (story["asked"] <= high)
        if not here.any():
            continue
        done = here & ~np.isnan(story["price"])
        price, kind, delay = (story[k][done] for k in ("price", "in_kind", "delay"))
        begun = quantiles(story["quarter"][here], (50,))[0]
        lines.append(
            [
                f"      {_bin(low, high)}",
                f"{here.sum():,}",
                percent(len(price) / here.sum()),
                *(_settled(price, kind, delay) if len(price) else ("",) * 5),
                f"quarter {begun:.0f}",
            ]
        )
    return aligned(lines)


def _settled(price: Floats, kind: Floats, delay: Floats) -> tuple[str, ...]:
    cells = []
    for share in (price, kind):
        low, middle, high = quantiles(share, (5, 50, 95))
        cells += [f"{middle:+.1f} %", f"{low:+.1f} to {high:+.1f}"]
    return (*cells, f"{delay.mean():.2f} quarters")


def _bin(low: float, high: float) -> str:
    if low == OPENERS[0]:
        return f"up to {high:+.0f} %"
    return f"above {low:+.0f} %" if np.isinf(high) else f"{low:+.0f} to {high:+.0f} %"


def _threats(table: Table) -> Iterator[str]:
    kinds = ("announced", "called_off", "carried_out", "bluffed")
    lines = [["  a game", "announced", "called off", "carried out", "bluffed", "ever carried out"]]
    for name, announced in _under(table, "threats.announced.").items():
        rows = [table[f"threats.{kind}.{name}"] for kind in kinds]
        means = (f"{row.mean:.3f}" for row in rows)
        lines.append([f"  {_named(announced)}", *means, percent(rows[2].share)])
    if len(lines) > 1:
        yield aligned(lines)
        yield "  How far the threatened levers went, by whatever move"
    for row in (*_under(table, "cut.").values(), *_under(table, "rise.").values()):
        much = f", {number(row.median)} at the median where any" if row.games else ""
        yield f"    {row.outcome}: in {percent(row.share)} of games{much}"


def _troops(table: Table) -> Iterator[str]:
    for name, said in _under(table, "troops.").items():
        where, _, what = name.rpartition(".")
        if what != "announced":
            continue
        rows = _under(table, f"troops.{where}.")
        deepest, share = rows.pop("deepest"), rows.pop("share")
        far = ", ".join(
            f"{number(getattr(deepest, k))} ({number(getattr(share, k))} %) {words}"
            for k, words in (("median", "at the median"), ("high", "at the 95th percentile"))
        )
        cuts = f", {far} where any" if deepest.games else ""
        title = said.outcome.partition(", troops: ")[0]
        yield (
            f"  {title}: cuts announced {said.mean:.3f} a game, in {percent(said.share)} of "
            f"games; fewer troops at some time in {percent(deepest.share)}{cuts}"
        )
        for key, row in rows.items():
            if key != "announced":
                label = row.outcome.partition(": ")[2].removesuffix(" (thousand)")
                yield f"    {label}: {row.mean:.3f} a game, in {percent(row.share)} of games"


def _deals(table: Table) -> Iterator[str]:
    deals = _under(table, "deals.")
    lines = [["  table", "deals a game", "games without"]]
    lines += [[f"  {_named(row)}", f"{row.mean:.2f}", _without(row)] for row in deals.values()]
    lines.append(["  all", f"{sum(row.mean for row in deals.values()):.2f}", ""])
    yield aligned(lines)
    made = [f"{number(row.mean)} {what}" for what, row in _under(table, "promises.").items()]
    yield f"  promises a game: {', '.join(made)}"


def _crises(table: Table, years: float) -> Iterator[str]:
    lines = [["  a year", "crises", "clashes", "wars", "games with a war"]]
    for name, crises in _under(table, "crises.").items():
        rows = [table[f"{what}.{name}"] for what in ("crises", "clashes", "wars")]
        rates = (f"{row.mean / years:.4f}" for row in rows)
        lines.append([f"  {_named(crises)}", *rates, percent(rows[2].share)])
    if len(lines) > 1:
        yield aligned(lines)


def _bounds(table: Table) -> Iterator[str]:
    driven = _under(table, "driven.")
    rows = [(driven[name].share, row.share, name) for name, row in _under(table, "bound.").items()]
    lines = [["  lever", "at a bound", "and not from the start"]]
    for away, ends, name in sorted(rows, reverse=True):
        lines.append([f"  {_named(table[f'bound.{name}'])}", percent(ends), percent(away)])
    yield aligned(lines)


def _idle(table: Table) -> Iterator[str]:
    moves = _under(table, "own_moves.")
    lines = [["  actor", "moves a game", "games without"]]
    lines += [[f"  {_named(row)}", f"{row.mean:.2f}", _without(row)] for row in moves.values()]
    yield aligned(lines)
    never = [_named(row) for row in moves.values() if row.share == 0.0]
    yield f"  never moved in any game: {', '.join(never) or 'nobody'}"
