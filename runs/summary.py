"""What many games say in numbers: a table of every outcome, and what a scholar checks at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
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
    share: float  # of all games, in which it happened; NaN for what always has a value


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
    if column.kind in ("count", "flag"):
        share = float((values != 0.0).mean())
    else:
        share = nan if len(known) == len(values) else len(known) / len(values)
    return Row(
        column.id,
        column.label,
        column.unit,
        len(known),
        float(known.mean()) if len(known) else nan,
        float(low),
        float(median),
        float(high),
        share,
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


def sanity(results: Results) -> str:
    """Report what a scholar checks at once: demands, threats, deals, crises, bounds, the idle."""
    manifest = results.manifest
    sections = (
        ("Re-opening of headline levers that an agreement fixes", _reopenings),
        ("Headline demands by opener, whether or not an agreement stood", _openers),
        ("Threats: announced against carried out", _threats),
        ("Deals", _deals),
        ("Crises", _crises),
        ("Levers at a bound at the end", _bounds),
        ("Moves of one's own", _idle),
    )
    head = (
        f"{results.games:,} games of {manifest['scenario']} ({manifest['scenario_hash'][:12]}), "
        f"seed {manifest['seed']}, {manifest['quarters']} quarters each\n{results.notice}"
    )
    parts = [head]
    for title, section in sections:
        text = "\n".join(section(results))
        parts.append(f"{title}\n{text or '  (none in this scenario)'}")
    return "\n\n".join(parts) + "\n"


def _pick(results: Results, *prefixes: str) -> dict[str, tuple[Column, Floats]]:
    """Outcomes whose ids begin with one of the prefixes: id → column and values, (run,)."""
    found = [c for c in results.columns() if c.id.startswith(prefixes)]
    if not found:
        return {}
    table = results.table("outcomes", [c.label for c in found])
    return {c.id: (c, _numbers(table.column(c.label))) for c in found}


def _stories(results: Results, what: str) -> Iterator[tuple[str, dict[str, Floats]]]:
    """Tables with a headline lever: how often it was demanded, and how the first demand went."""
    found = _pick(results, f"{what}s.", f"first_{what}.")
    for name in found:
        if name.startswith(f"{what}s."):
            table = name.partition(".")[2]
            story = {
                key: found[f"first_{what}.{table}.{key}"][1]
                for key in ("quarter", "asked", "price", "delay")
            }
            yield table, {"count": found[name][1], **story}


def _reopenings(results: Results) -> Iterator[str]:
    for table, story in _stories(results, "reopening"):
        often, share = story["count"].mean(), (story["count"] > 0).mean()
        yield f"  {table}: in {percent(share)} of games, {number(often)} a game"
        if share:
            yield _by_opener(story)


def _openers(results: Results) -> Iterator[str]:
    for table, story in _stories(results, "demand"):
        yield f"  {table}: in {percent((story['count'] > 0).mean())} of games"
        if story["count"].any():
            yield _by_opener(story)


def _by_opener(story: dict[str, Floats]) -> str:
    """Price and delay of the first demand by how much was asked."""
    lines = [["    asked", "games", "settled", "price: median", "5 to 95 %", "delay: mean", "from"]]
    for low, high in pairwise(OPENERS):
        here = (story["asked"] > low) & (story["asked"] <= high)
        if not here.any():
            continue
        price, delay = (story[k][here & ~np.isnan(story["price"])] for k in ("price", "delay"))
        some = len(price) > 0
        low_price, middle, high_price = quantiles(price, (5, 50, 95)) if some else (0.0, 0.0, 0.0)
        lines.append(
            [
                f"    {_bin(low, high)}",
                f"{here.sum():,}",
                percent(len(price) / here.sum()),
                f"{middle:+.1f} %" if some else "",
                f"{low_price:+.1f} to {high_price:+.1f}" if some else "",
                f"{delay.mean():.2f} quarters" if some else "",
                f"quarter {quantiles(story['quarter'][here], (50,))[0]:.0f}",
            ]
        )
    return aligned(lines)


def _bin(low: float, high: float) -> str:
    if low <= -100.0:  # noqa: PLR2004 (nothing is asked below zero)
        return f"up to {high:+.0f} %"
    return f"above {low:+.0f} %" if np.isinf(high) else f"{low:+.0f} to {high:+.0f} %"


def _threats(results: Results) -> Iterator[str]:
    kinds = ("announced", "called_off", "carried_out", "bluffed")
    found = _pick(results, "threats.")
    first = "threats.announced."
    names = [n.removeprefix(first) for n in found if n.startswith(first)]
    lines = [["  a game", "announced", "called off", "carried out", "bluffed", "ever carried out"]]
    for name in names:
        values = [found[f"threats.{kind}.{name}"][1] for kind in kinds]
        ever = percent((values[2] > 0).mean())
        lines.append([f"  {name}", *(f"{v.mean():.3f}" for v in values), ever])
    if names:
        yield aligned(lines)
        yield "  How far the threatened levers went, by whatever move:"
    for column, change in _pick(results, "cut.", "rise.").values():
        some = change[change > 0.0]
        much = f", {number(quantiles(some, (50,))[0])} at the median where any" if len(some) else ""
        yield f"    {column.label}: in {percent(len(some) / len(change))} of games{much}"


def _deals(results: Results) -> Iterator[str]:
    found = _pick(results, "deals.")
    lines = [["  table", "deals a game", "games without"]]
    lines += [
        [f"  {n.removeprefix('deals.')}", f"{v.mean():.2f}", percent((v == 0).mean())]
        for n, (_, v) in found.items()
    ]
    lines.append(["  all", f"{sum(v.mean() for _, v in found.values()):.2f}", ""])
    yield aligned(lines)
    made = {n.partition(".")[2]: v.mean() for n, (_, v) in _pick(results, "promises.").items()}
    yield "  promises a game: " + ", ".join(f"{number(float(v))} {k}" for k, v in made.items())


def _crises(results: Results) -> Iterator[str]:
    found = _pick(results, "crises.", "clashes.", "wars.")
    names = [n.partition(".")[2] for n in found if n.startswith("crises.")]
    if not names:
        return
    years = results.manifest["quarters"] / 4.0
    lines = [["  a year", "crises", "clashes", "wars", "games with a war"]]
    for name in names:
        rates = [found[f"{what}.{name}"][1] for what in ("crises", "clashes", "wars")]
        ever = percent((rates[2] > 0).mean())
        lines.append([f"  {name}", *(f"{r.mean() / years:.4f}" for r in rates), ever])
    yield aligned(lines)


def _bounds(results: Results) -> Iterator[str]:
    found = _pick(results, "bound.", "driven.")
    lines = [["  lever", "at a bound", "and not from the start"]]
    shares = [
        (found[f"driven.{c.id.partition('.')[2]}"][1].mean(), v.mean(), c.label.partition(": ")[2])
        for c, v in found.values()
        if c.id.startswith("bound.")
    ]
    for driven, bound, name in sorted(shares, reverse=True):
        lines.append([f"  {name}", percent(bound), percent(driven)])
    yield aligned(lines)


def _idle(results: Results) -> Iterator[str]:
    lines = [["  actor", "moves a game", "games without"]]
    for name, (_, v) in _pick(results, "own_moves.").items():
        lines.append([f"  {name.partition('.')[2]}", f"{v.mean():.2f}", percent((v == 0).mean())])
    yield aligned(lines)
    never = [line[0].strip() for line in lines[1:] if float(line[1]) == 0.0]
    yield f"  never moved in any game: {', '.join(never) or 'nobody'}"
