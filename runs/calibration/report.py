"""What a calibration says: text, tables, prior beside posterior, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from textwrap import fill, wrap
from typing import Any, TextIO

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from agents.briefing import Floats
from model.history import LAST_GUIDING
from model.notice import NOTICE
from model.parameters import Parameter
from runs.calibration import inference
from runs.calibration.run import Calibrated, calibrate
from runs.disk import disk_errors, write_whole
from runs.figures import ARMS, STYLE, save
from runs.hindcast_report import table
from runs.parameter_words import all_words, unit_of
from runs.prior import at_quantile, uncertain
from runs.store import MANIFEST
from runs.summary import aligned, number, percent

BINS, COLUMNS = 10, 3
SHOWN = (0.05, 0.5, 0.95)
NUMBERS_HEAD = (
    "Numbers: 5 %, median and 95 % before and after; contraction is the share of the standard "
    "deviation that history took away"
)
GAMES_HEAD = (
    "Games against the record, with numbers of the prior and of the posterior ({:,} new games of "
    "each scenario); the rank is the share of games below the record"
)
LETTERS = 40  # of a panel's title before it breaks


@dataclass(frozen=True)
class Reported:
    """What became of a calibration."""

    text: str
    folder: Path
    files: tuple[Path, ...]


def report(
    draws: int,
    seed: int,
    out: Path | None = None,
    workers: int | None = None,
    width: int = 100,
    command: str = "",
    stream: TextIO | None = None,
) -> Reported:
    """Calibrate, and write what came of it.

    Raises
    ------
    UserError
        As `calibrate`.
    """
    folder = Path("results") / f"calibration-seed-{seed}" if out is None else out
    found = calibrate(draws, seed, folder, workers, command, stream)
    text = told(found, width)
    contents = {
        "calibration.txt": f"{text}\n",
        "parameters.csv": parameters_csv(found),
        "screening.csv": screening_csv(found),
        "summaries.csv": summaries_csv(found),
    }
    with disk_errors(folder):
        for name, content in contents.items():
            write_whole(folder / name, content.encode())
        pictures = save(prior_and_posterior(found), folder / "parameters")
    written = (*contents, "posterior.json", MANIFEST)
    return Reported(text, folder, (*(folder / name for name in written), *pictures))


def told(found: Calibrated, width: int = 100) -> str:
    """Tell a calibration: what was looked at, what was learnt, how well it is known."""
    chosen, sample = found.screened.chosen, found.sample
    words = all_words(found.file)
    learnt = [words[n] for n, so in zip(found.names, inference.informed(sample), strict=True) if so]
    games, on = found.before.shape[1], " and ".join(found.manifest["scenarios"])
    missed = [s for s, used in zip(found.summaries, found.used, strict=True) if not used]
    head = (
        f"Calibration on {on}: nothing later than {LAST_GUIDING} was looked at. {games:,} games of "
        f"each, seed {found.manifest['seed']}, every number drawn from its range."
    )
    how = (
        f"Of {len(found.candidates):,} numbers that are the same in every year's scenario, "
        f"{int((found.screened.share > found.screened.bar).sum())} leave a trace in the summaries "
        f"of a game (a regression explains more than {100 * found.screened.bar:.2f} % of their "
        "variance, the most that any shows in "
        f"{inference.SHUFFLES} tries when summaries are dealt to the wrong games). The "
        f"{len(chosen)} that leave most are calibrated, the others stay as they were. The record "
        "has no say in this choice. Inference: the "
        f"{percent(inference.NEAREST)} of games nearest to the record, moved onto it by regression."
    )
    unmet = (
        f"{len(missed)} of {len(found.summaries)} summaries lie beyond what games show (fewer than "
        f"{percent(inference.REACH)} of games reach the record): they say that a mechanism is "
        "missing, not which number is right, and are left out"
    )
    learnt_said = (
        f"History informed {len(learnt)} of {len(chosen)}: {'; '.join(learnt)}."
        if learnt
        else "History informed none of them beyond chance."
    )
    checked = (
        f"Check by simulation: {found.checked.tried} games taken for the record, one by one. True "
        "numbers lie within "
        + " and ".join(
            f"{b:.0f} % of the posterior in {percent(float(x.mean()))} of cases"
            for b, x in found.checked.coverage.items()
        )
        + f"; ranks pass for uniform for {int(found.checked.uniform.sum())} of {len(chosen)}."
    )
    parts = [
        head,
        NOTICE,
        how,
        NUMBERS_HEAD,
        _parameter_table(found),
        f"Effective sample size {sample.effective:,.0f}. {learnt_said}",
        checked,
        GAMES_HEAD.format(found.after.shape[1]),
        _summary_table(found),
        unmet,
        "\n".join(f"  {s.id}: {s.what}" for s in missed) or "  none",
        f"Unverified figures that this rests on ({len(found.record.unverified())})",
        "\n".join(f"  {row}" for row in found.record.unverified()) or "  none",
        "Use it: --posterior posterior.json in `hubspoke hindcast`, `forecast` and `batch`.",
    ]
    return "\n\n".join(_filled(part, width) for part in parts)


def _filled(part: str, width: int) -> str:
    return part if "\n" in part or "  " in part else fill(part, width)


def _listed(found: Calibrated) -> list[Parameter]:
    listed = uncertain(found.file)
    return [listed[name] for name in found.names]


def _quantiles(found: Calibrated, n: int, p: Parameter) -> tuple[Floats, Floats]:
    """Values at the quantiles that are shown, before and after."""
    after = [
        inference.weighted_quantile(found.sample.quantiles[n], found.sample.weights, q)
        for q in SHOWN
    ]
    return at_quantile(p, np.array(SHOWN)), at_quantile(p, np.array(after))


def _parameter_table(found: Calibrated) -> str:
    rows = [["number", "trace", "before", "after", "contraction", "informed", "check"]]
    shrunk, moved = inference.contraction(found.sample), inference.informed(found.sample)
    words = all_words(found.file)
    for n, p in enumerate(_listed(found)):
        before, after = _quantiles(found, n, p)
        rows.append(
            [
                f"{words[p.name]} ({unit_of(found.file, p)})",
                percent(float(found.screened.share[found.screened.chosen[n]])),
                " · ".join(map(number, before)),
                " · ".join(map(number, after)),
                f"{shrunk[n]:+.2f}",
                "yes" if moved[n] else "no",
                "passes" if found.checked.uniform[n] else "fails",
            ]
        )
    return aligned(rows)


def _spans(found: Calibrated) -> Iterable[list[Any]]:
    """Each summary with record, quantiles and the record's rank, before and after."""
    told = np.array([[s.record] for s in found.summaries])
    place = [inference.ranks(games, told)[:, 0] for games in (found.before, found.after)]
    for n, s in enumerate(found.summaries):
        row: list[Any] = [s, bool(found.used[n])]
        for games, rank in zip((found.before, found.after), place, strict=True):
            row += [np.percentile(games[n], [100 * q for q in SHOWN]), float(rank[n])]
        yield row


def _summary_table(found: Calibrated) -> str:
    rows = [["summary", "record", "prior 5 % · median · 95 %", "rank", "posterior", "rank", ""]]
    for s, used, before, rank, after, moved in _spans(found):
        answer = s.unit == "yes or no"
        spans = [
            percent(float(games[n].mean())) if answer else " · ".join(map(number, span))
            for n, games, span in (
                (found.summaries.index(s), found.before, before),
                (found.summaries.index(s), found.after, after),
            )
        ]
        rows.append(
            [
                f"{s.id}",
                ("yes" if s.record else "no") if answer else number(s.record),
                spans[0],
                f"{rank:.2f}",
                spans[1],
                f"{moved:.2f}",
                "" if used else "beyond reach",
            ]
        )
    return aligned(rows)


def parameters_csv(found: Calibrated) -> str:
    """One row for each parameter that was calibrated."""
    head = ["parameter", "unit", "trace"]
    head += [f"{when}_{round(100 * q)}" for when in ("prior", "posterior") for q in SHOWN]
    head += [
        "contraction",
        "informed",
        "simulation_check",
        *(f"within_{b:.0f}" for b in inference.BANDS),
    ]
    shrunk, moved = inference.contraction(found.sample), inference.informed(found.sample)
    rows = []
    for n, p in enumerate(_listed(found)):
        before, after = _quantiles(found, n, p)
        rows.append(
            [
                p.name,
                p.unit,
                found.screened.share[found.screened.chosen[n]],
                *before,
                *after,
                shrunk[n],
                "yes" if moved[n] else "no",
                "passes" if found.checked.uniform[n] else "fails",
                *(x[n] for x in found.checked.coverage.values()),
            ]
        )
    return table(head, rows)


def screening_csv(found: Calibrated) -> str:
    """One row for each candidate, the one that leaves the largest trace first."""
    order = np.argsort(-found.screened.share, kind="stable")
    chosen = set(found.screened.chosen.tolist())
    rows = [
        [found.candidates[n], found.screened.share[n], "yes" if int(n) in chosen else "no"]
        for n in order
    ]
    return table(["parameter", "trace", "calibrated"], rows)


def summaries_csv(found: Calibrated) -> str:
    """One row for each summary: the record, and where it lies among the games."""
    head = ["summary", "what", "unit", "record", "used"]
    for when in ("prior", "posterior"):
        head += [f"{when}_{round(100 * q)}" for q in SHOWN] + [f"{when}_rank"]
    rows = [
        [s.id, s.what, s.unit, s.record, "yes" if used else "no", *before, rank, *after, moved]
        for s, used, before, rank, after, moved in _spans(found)
    ]
    return table(head, rows)


def _about(found: Calibrated) -> str:
    hashes = (f"{name} {h[:12]}" for name, h in found.manifest["scenarios"].items())
    return (
        f"{found.before.shape[1]:,} games of each of {' and '.join(hashes)}, seed "
        f"{found.manifest['seed']}"
    )


def prior_and_posterior(found: Calibrated) -> Figure:
    """Draw where the posterior of each parameter lies in its prior, which is flat in this view."""
    listed = _listed(found)
    moved, words = inference.informed(found.sample), all_words(found.file)
    rows = ceil(len(listed) / COLUMNS)
    with rc_context(STYLE):
        figure = Figure(figsize=(10.5, 2.1 * rows + 1.5), layout="constrained")
        grid = np.asarray(figure.subplots(rows, COLUMNS, squeeze=False)).reshape(-1)
        for n, (axes, p) in enumerate(zip(grid, listed, strict=False)):
            edges = np.linspace(0.0, 1.0, BINS + 1)
            axes.hist(
                found.sample.quantiles[n],
                edges,
                weights=found.sample.weights * BINS,
                color=ARMS[0] if moved[n] else "#b9c2c9",
            )
            axes.axhline(1.0, color="black", linewidth=1.5, linestyle="--")
            marks = np.array([0.0, 0.5, 1.0])
            axes.set_xticks(marks, [number(float(x)) for x in at_quantile(p, marks)])
            axes.set_xlabel(unit_of(found.file, p), fontsize=8.5)
            axes.set_xlim(0.0, 1.0)
            axes.set_yticks([])
            axes.set_title(
                "\n".join(wrap(words[p.name], LETTERS)),
                loc="left",
                fontsize=9.5,
            )
        for axes in grid[len(listed) :]:
            axes.set_axis_off()
        figure.suptitle(
            "What history until 2020 says about numbers of the model",
            x=0.01, ha="left", fontweight="bold",
        )  # fmt: skip
        below = (
            "Bars: posterior; dashed: prior (equal chance at every place along the axis, which "
            "runs from the lowest to the highest value\nheld plausible). Blue: history moved it "
            f"beyond chance. {_about(found)}\n{NOTICE}"
        )
        figure.supxlabel(below, x=0.01, ha="left", fontsize=9.5)
    return figure
