"""What many games show beside what history showed until 2020: far off or not, and why."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runs.summary import Row, aligned, number

FILE = Path(__file__).with_name("patterns.csv")
OVER = " / "  # between two outcomes of which one is divided by the other


@dataclass(frozen=True)
class Pattern:
    """A regularity of history, and the outcome of games that it is held against."""

    pattern: str  # H1 to H8
    what: str
    outcome: str  # id of an outcome, or two with OVER between; empty = not modelled
    statistic: str  # a key of STATISTICS
    low: str  # bounds of what history showed; empty = none
    high: str
    unit: str
    source: str
    why: str  # where the model is off, or what makes it fit


def patterns() -> list[Pattern]:
    """Return the shipped patterns; what ended by 2020 alone is in them."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return [Pattern(**row) for row in csv.DictReader(lines)]


def _one(get: Callable[[Row], float]) -> Callable[[Sequence[Row]], float]:
    return lambda rows: get(rows[0])


def _divided(get: Callable[[Row], float]) -> Callable[[Sequence[Row]], float]:
    def divide(rows: Sequence[Row]) -> float:
        over, under = (get(row) for row in rows)
        return over / under if under else float("nan")

    return divide


STATISTICS: dict[str, Callable[[Sequence[Row]], float]] = {
    "mean": _one(lambda row: row.mean),
    "median": _one(lambda row: row.median),
    "share": _one(lambda row: 100.0 * row.share),
    "ratio": _divided(lambda row: row.mean),
    "games": lambda rows: 100.0 * _divided(lambda row: float(row.games))(rows),
}


@dataclass(frozen=True)
class Held:
    """A pattern held against a model's number, NaN where there is none."""

    pattern: Pattern
    got: float

    @property
    def verdict(self) -> str:
        """Say whether the number lies where history lay."""
        if self.got != self.got:
            return "no number"
        low, high = (float(x) if x else None for x in (self.pattern.low, self.pattern.high))
        below, above = low is not None and self.got < low, high is not None and self.got > high
        return "below" if below else "above" if above else "within"

    @property
    def history(self) -> str:
        """Write the bounds of what history showed."""
        low, high = self.pattern.low, self.pattern.high
        return f"{low} to {high}" if low and high else f"{low} or more" if low else f"up to {high}"


def hold(table: Mapping[str, Row]) -> list[Held]:
    """Hold the patterns against a summary whose outcomes they name; none if it has none of them.

    table : outcome id → row
    """
    found = []
    for each in patterns():
        rows = [table[name] for name in each.outcome.split(OVER) if name in table]
        known = each.outcome and len(rows) == len(each.outcome.split(OVER))
        found.append(Held(each, STATISTICS[each.statistic](rows) if known else float("nan")))
    return found if any(held.got == held.got for held in found) else []


def as_lines(held: Sequence[Held]) -> list[str]:
    """Return the comparison for reading, each number with its reason under it."""
    heads = ["  pattern of history until 2020", "games", "history", "", "unit"]
    cells = [
        [
            f"  {h.pattern.pattern} {h.pattern.what}",
            number(h.got) or "-",
            h.history,
            h.verdict,
            h.pattern.unit,
        ]
        for h in held
    ]
    rows = aligned([heads, *cells]).splitlines()
    told = [[row, f"     {h.pattern.why}"] for row, h in zip(rows[1:], held, strict=True)]
    return [rows[0], *(line for pair in told for line in pair if line.strip())]


def as_markdown(held: Sequence[Held]) -> str:
    """Return the comparison as a table of the description."""
    lines = ["| | pattern until 2020 | games | history | verdict | where and why |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for h in held:
        p = h.pattern
        unit = f" {p.unit}" if p.unit else ""
        got = f"{number(h.got)}{unit}" if number(h.got) else "-"
        history = f"{h.history}{unit} ({p.source})"
        lines.append(f"| {p.pattern} | {p.what} | {got} | {history} | {h.verdict} | {p.why} |")
    return "\n".join(lines)


def main(folder: str) -> None:
    """Print the comparison of a results folder as Markdown: `python -m runs.patterns FOLDER`."""
    from runs.store import Results
    from runs.summary import summary

    print(as_markdown(hold({row.id: row for row in summary(Results(Path(folder)))})))


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
