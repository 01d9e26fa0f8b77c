"""What the scorecard of H1 to H8 says: a table for each span of years, and what makes each fact."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from model.history import LAST_GUIDING
from model.notice import NOTICE
from runs.disk import disk_errors, write_whole
from runs.errors import check_games
from runs.facts import INTERVAL, RULE, Fact, Held, Scorecard, scorecard, why
from runs.hindcast_report import LOG, Reported, filled, keep, listed, table
from runs.posterior import Draws, Posterior, spoken
from runs.store import code_hash, program_version, renewed
from runs.summary import aligned, number, percent

SPANS = (f"until {LAST_GUIDING}", f"{LAST_GUIDING + 1}-24")
NAMED = "facts"  # in the log of scorings
KIND = "hindcast facts"  # in the manifest


def report(
    runs: int,
    seed: int,
    posterior: Posterior | None = None,
    out: Path | None = None,
    width: int = 100,
    command: str = "",
) -> Reported:
    """Make the scorecard and write it.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    check_games(runs, seed)
    folder = Path("results") / "hindcast-facts" if out is None else out
    with renewed(folder, KIND), disk_errors(folder):
        found = scorecard(runs, Draws(seed, posterior))
        log = keep(folder / LOG, [_logged(found)])
        text = told(found, log, width)
        contents = {
            "facts.txt": f"{text}\n",
            "facts.csv": facts_csv(found),
            "manifest.json": json.dumps(_manifest(found, command), indent=2) + "\n",
        }
        for name, content in contents.items():
            write_whole(folder / name, content.encode())
    return Reported(text, folder, (folder / LOG, *(folder / name for name in contents)))


def told(found: Scorecard, log: Sequence[Sequence[str]], width: int = 100) -> str:
    """Tell the scorecard: rule, both spans apart, mechanisms, what it rests on."""
    games = next(iter(found.games.values()))
    head = (
        f"Facts of history H1 to H8. {games.runs:,} games of each past scenario "
        f"({', '.join(found.games)}), seed {found.draws.seed}. "
        f"{spoken(found.draws.posterior, games.file)} What ended by {LAST_GUIDING} may guide rules "
        "and numbers; later years are scored only."
    )
    parts = [head, NOTICE, RULE]
    for later, span in enumerate(SPANS):
        parts += [_verdict(found, bool(later), span), _table(found.held, later=bool(later))]
    parts += [
        "What makes each fact in the games, or is missing",
        "\n".join(
            filled(f"{fact}: {'; '.join(reasons)}.", width)
            for fact, reasons in why(found.held).items()
        ),
        f"Unverified figures that this rests on ({len(found.record.unverified())})",
        listed(map(str, found.record.unverified())),
        "Scorings in this folder",
        aligned([["created", "numbers", "games", "seed", *SPANS]] + [_short(row) for row in log]),
    ]
    return "\n\n".join(filled(part, width) for part in parts)


def _verdict(found: Scorecard, later: bool, span: str) -> str:
    passed = found.passed(later)
    kept = [fact for fact, good in passed.items() if good]
    failed = [fact for fact, good in passed.items() if not good]
    said = f"{span[0].upper()}{span[1:]}: {len(kept)} of {len(passed)} facts pass"
    said += f" ({', '.join(kept)})" if kept else ""
    return said + (f"; not {', '.join(failed)}" if failed else "")


def _table(held: Sequence[Held], *, later: bool) -> str:
    rows = [["fact", "record", f"games {INTERVAL[0]:.0f} · 50 · {INTERVAL[1]:.0f} %", ""]]
    rows += [
        [_named(h.fact), _record(h), _games(h), h.verdict] for h in held if h.fact.later == later
    ]
    return aligned(rows)


def _named(fact: Fact) -> str:
    unit = "" if fact.kind == "question" else f" ({fact.unit})"
    return f"{fact.fact} {fact.what}{unit}"


def _record(h: Held) -> str:
    if h.fact.kind == "question":
        return "yes" if h.record else "no"
    return number(h.record)


def _games(h: Held) -> str:
    if h.fact.kind == "question":
        return f"yes in {percent(h.middle / 100.0)}"
    if h.fact.kind == "unmodelled":
        return "-"
    return " · ".join(map(number, (h.low, h.middle, h.high)))


def facts_csv(found: Scorecard) -> str:
    """One row for each number of a fact."""
    head = ["fact", "what", "span", "unit", "record", "low", "median", "high", "verdict", "why"]
    rows = [
        [
            h.fact.fact,
            h.fact.what,
            SPANS[h.fact.later],
            h.fact.unit,
            h.record,
            *("" if x != x else x for x in (h.low, h.middle, h.high)),  # noqa: PLR0124 (NaN)
            h.verdict,
            h.fact.why,
        ]
        for h in found.held
    ]
    return table(head, rows)


def _count(found: Scorecard, later: bool) -> str:
    passed = found.passed(later)
    return f"{sum(passed.values())} of {len(passed)} facts {SPANS[later]}"


def _logged(found: Scorecard) -> list[str]:
    games = next(iter(found.games.values()))
    return [
        datetime.now(UTC).isoformat(timespec="seconds"),
        NAMED,
        "in part",
        found.draws.label,
        str(games.runs),
        str(found.draws.seed),
        _count(found, later=False),
        _count(found, later=True),
        "",
        program_version(),
        code_hash(),
        "",
    ]


def _short(row: Sequence[str]) -> list[str]:
    return [row[n] for n in (0, 3, 4, 5, 6, 7)]


def _manifest(found: Scorecard, command: str) -> dict[str, object]:
    games = next(iter(found.games.values()))
    return {
        "kind": KIND,
        "scenarios": list(found.games),
        "seed": found.draws.seed,
        "runs": games.runs,
        "numbers": found.draws.label,
        "rule": RULE,
        "sources": found.record.sources(),
        "unverified": [str(row) for row in found.record.unverified()],
        "version": program_version(),
        "code": code_hash(),
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "notice": NOTICE,
    }
