"""`hubspoke sensitivity`: plays the matrix, ranks the factors, shows whether ranks have settled."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TextIO

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agents.briefing import Floats
from model.notice import NOTICE
from model.reading import scenario_hash
from model.schema import ScenarioFile
from runs.disk import disk_errors, write_whole
from runs.errors import check_numbers
from runs.figures import ARMS, MEDIAN, STYLE, save
from runs.outcomes import watched_series
from runs.pieces import GAMES
from runs.sensitivity.analysis import CONFIDENCE, Found, analyse
from runs.sensitivity.design import Design, Method, lay_out, play
from runs.sensitivity.factors import grouped, single
from runs.store import Manifest, claimed, finish, stamped
from runs.summary import aligned, number, percent

USUAL = 6  # outcomes if none are named: the ends of the first key series
SHOWN = 10  # factors of a table and a panel
HALF = 0.5  # of an index: a wider interval leaves open whether it is large
LINES = 5  # factors of a convergence plot
SIZES = {"morris": (32, 8), "sobol": (64, 4)}  # blocks and games of a row, about two minutes
WORDS = {
    "morris": ("mean size of effect", "their spread"),
    "sobol": ("total share", "alone"),
}
TITLE = {"ranks": 38, "convergence": 58}  # letters before a panel's title breaks
NAME = 32  # letters of a factor's name before it breaks
PANEL = (5.9, 4.1)  # inches


@dataclass(frozen=True)
class Reported:
    """What was written."""

    folder: Path
    text: str
    figures: tuple[Path, Path]


def report(
    file: ScenarioFile,
    method: Method,
    *,
    factors: Sequence[str] = (),
    groups: bool = False,
    outcomes: Sequence[str] = (),
    size: int | None = None,
    repeats: int | None = None,
    seed: int = 1,
    quarters: int | None = None,
    out: Path | None = None,
    workers: int | None = None,
    command: str = "",
    stream: TextIO | None = None,
) -> Reported:
    """Play, analyse and write table, figures and manifest.

    factors : names, aliases or prefixes of single numbers
    groups : vary groups of numbers instead; what Morris does unless factors are named

    Raises
    ------
    UserError
        If something that was given makes no sense, or the folder cannot be written.
    """
    check_numbers(seed, quarters)
    by_group = groups or (method == "morris" and not factors)
    chosen = grouped(file) if by_group else single(file, factors)
    keys = [f"end.{watched.id}" for watched in watched_series(file)[:USUAL]]
    usual = SIZES[method]
    design = lay_out(
        file,
        method,
        chosen,
        size=usual[0] if size is None else size,
        repeats=usual[1] if repeats is None else repeats,
        seed=seed,
        outcomes=tuple(outcomes) or tuple(keys),
        quarters=quarters,
    )
    folder = Path("results") / f"sensitivity-{file.name}-{method}" if out is None else out
    said = manifest(design, command)
    with claimed(folder, said):
        found = analyse(design, play(design, folder / GAMES, workers, stream))
        return write(design, found, folder, said)


def write(design: Design, found: Sequence[Found], folder: Path, said: Manifest) -> Reported:
    """Write tables, figures and the manifest."""
    text = as_text(design, found)
    contents = {
        "indices.csv": index_table(design, found),
        "sensitivity.txt": f"{text}\n",
    }
    if design.method == "sobol":
        contents["pairs.csv"] = pair_table(design, found)
    with disk_errors(folder):
        for name, content in contents.items():
            write_whole(folder / name, content.encode())
    ranked = save(ranks(design, found), folder / "ranks")
    settled = save(convergence(design, found), folder / "convergence")
    finish(folder, said, [*(folder / name for name in contents), *ranked, *settled])
    return Reported(folder, text, (ranked[0], settled[0]))


def called(file: ScenarioFile, outcome: str) -> str:
    """Say what an outcome is: the end or mean of a series with its unit, else its id."""
    when, _, of = outcome.partition(".")
    words = {"end": "at the end", "mean": "on average"}
    for watched in watched_series(file):
        if when in words and watched.id == of:
            return f"{watched.name} {words[when]}{f', {watched.unit}' if watched.unit else ''}"
    return outcome


def order_of(each: Found) -> list[int]:
    """Places of the factors, the largest index first; what is not known comes last."""
    main = np.nan_to_num(each.indices.main, nan=-np.inf)
    return [int(n) for n in np.argsort(-main, kind="stable")]


def as_text(design: Design, found: Sequence[Found]) -> str:
    """Return the rankings for reading."""
    first, second = WORDS[design.method]
    whole = design.method == "sobol"
    parts = [_about(design)]
    for each in found:
        name = called(design.file, each.outcome)
        parts.append(f"\n{name}: {percent(each.chance)} of the variance of games is chance")
        if np.isnan(each.indices.main).all():
            parts.append("  is the same in all games")
            continue
        told = 3 if whole or not np.isnan(each.indices.other).any() else 2
        lines = [["  factor", first, f"± {percent(CONFIDENCE)}", second][: told + 1]]
        for n in order_of(each)[:SHOWN]:
            i = each.indices
            row = (i.main[n], i.main_error[n], i.other[n])
            lines.append([f"  {design.factors[n].name}", *(_index(x, whole) for x in row[:told])])
        parts.append(aligned(lines))
        if whole and (pair := _largest_pair(design, each)):
            parts.append(pair)
        if not settled(each):
            parts.append(
                f"  not settled: even the first is known to less than half of its size; --size "
                f"{4 * design.size} would halve the intervals"
            )
    return "\n".join([*parts, "", NOTICE])


def settled(each: Found) -> bool:
    """Say whether the largest index is known to within half of its size."""
    top = order_of(each)[0]
    return bool(each.indices.main_error[top] <= HALF * each.indices.main[top])


def _about(design: Design) -> str:
    k = len(design.factors)
    games = design.shares.shape[0] * design.repeats
    what = {
        "morris": "Morris: the mean size of what a jump of each factor does to the outcome",
        "sobol": "Sobol: shares of the variance that numbers explain, chance left out",
    }[design.method]
    return (
        f"{what}. {k} factors, {len(design.names)} numbers, {design.size} blocks, {games:,} games "
        f"({design.repeats} a row). Scenario {design.file.name} "
        f"{scenario_hash(design.file)[:12]}, seed {design.seed}."
    )


def _index(x: float, share: bool) -> str:
    if np.isnan(x):
        return ""
    return f"{x:.2f}" if share else number(x)


def _largest_pair(design: Design, each: Found) -> str:
    pairs = each.indices.pairs
    if np.isnan(pairs).all():
        return ""
    i, j = np.unravel_index(np.nanargmax(pairs), pairs.shape)
    names = " with ".join(design.factors[n].name for n in (i, j))
    error = each.indices.pairs_error[i, j]
    return f"  largest interaction of two: {names}, {pairs[i, j]:.2f} ± {error:.2f}"


def index_table(design: Design, found: Sequence[Found]) -> str:
    """Return all indices as CSV."""
    names = {
        "morris": ("mu_star", "mu_star_conf", "sigma", "sigma_conf"),
        "sobol": ("total", "total_conf", "first", "first_conf"),
    }[design.method]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("outcome", "factor", "name", "numbers", *names, "share_of_chance"))
    for each in found:
        i = each.indices
        for n in order_of(each):
            factor = design.factors[n]
            values = (i.main[n], i.main_error[n], i.other[n], i.other_error[n], each.chance)
            told = ("" if np.isnan(x) else f"{x:.6g}" for x in values)
            writer.writerow((each.outcome, factor.id, factor.name, len(factor.numbers), *told))
    return out.getvalue()


def pair_table(design: Design, found: Sequence[Found]) -> str:
    """Return the second-order indices as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("outcome", "first", "second", "second_order", "conf"))
    for each in found:
        pairs, errors = each.indices.pairs, each.indices.pairs_error
        for i, j in zip(*np.nonzero(~np.isnan(pairs)), strict=True):
            names = (design.factors[i].id, design.factors[j].id)
            writer.writerow((each.outcome, *names, f"{pairs[i, j]:.6g}", f"{errors[i, j]:.6g}"))
    return out.getvalue()


def manifest(design: Design, command: str) -> Manifest:
    """Return what the results depend on."""
    return stamped("sensitivity", design.file, command) | {
        "method": design.method,
        "factors": [factor.id for factor in design.factors],
        "size": design.size,
        "repeats": design.repeats,
        "seed": design.seed,
        "quarters": design.quarters,
        "outcomes": list(design.outcomes),
    }


def ranks(design: Design, found: Sequence[Found]) -> Figure:
    """Draw the largest indices of every outcome with their intervals."""
    said = f"Bars: index; lines: bootstrap intervals of {percent(CONFIDENCE)}."
    figure, grid = _grid(design, len(found), said)
    for axes, each in zip(grid, found, strict=False):
        _title(axes, design, each, TITLE["ranks"])
        if np.isnan(each.indices.main).all():
            _nothing(axes)
            continue
        top = order_of(each)[:SHOWN]
        place = np.arange(len(top))
        i = each.indices
        axes.barh(place, i.main[top], xerr=i.main_error[top], color="#9fbfdc",
                  ecolor=MEDIAN, height=0.62, label=_label(design))  # fmt: skip
        if design.method == "sobol":
            beside = place + 0.2  # so that both intervals are seen
            axes.errorbar(i.other[top], beside, xerr=i.other_error[top], fmt="D", markersize=4.0,
                          color=ARMS[1], linewidth=1.0, label="alone (first order)")  # fmt: skip
        axes.set_yticks(place, [fill(design.factors[n].name, NAME) for n in top], fontsize=8.5)
        axes.invert_yaxis()
        axes.set_xlim(left=min(0.0, float(np.nanmin(i.main[top]))))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(_label(design), fontsize=9.0)
    if design.method == "sobol":
        grid[0].legend(fontsize=8.5, loc="lower right")
    return figure


def convergence(design: Design, found: Sequence[Found]) -> Figure:
    """Draw the largest indices against the part of the matrix that is used."""
    said = (
        f"The {LINES} largest indices; where lines still cross or climb, play more blocks (--size)."
    )
    figure, grid = _grid(design, len(found), said)
    for axes, each in zip(grid, found, strict=False):
        _title(axes, design, each, TITLE["convergence"])
        if np.isnan(each.indices.main).all():
            _nothing(axes)
            continue
        sizes = sorted(each.settled)
        for colour, n in zip(ARMS, order_of(each)[:LINES], strict=False):
            values: Floats = np.array([each.settled[s][n] for s in sizes])
            axes.plot(
                sizes,
                values,
                "o-",
                color=colour,
                label=fill(design.factors[n].name, TITLE["convergence"]),
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [str(s) for s in sizes])
        axes.minorticks_off()
        axes.set_xlabel("blocks of the matrix used", fontsize=9.0)
        axes.set_ylabel(_label(design), fontsize=9.0)
        axes.legend(fontsize=7.5)
    return figure


def _grid(design: Design, panels: int, said: str) -> tuple[Figure, list[Axes]]:
    columns = min(2, panels)
    rows = -(-panels // columns)
    with rc_context(STYLE):
        size = (PANEL[0] * columns, PANEL[1] * rows + 0.6)
        figure = Figure(figsize=size, layout="constrained")
        grid = list(figure.subplots(rows, columns, squeeze=False).reshape(-1))
    for axes in grid[panels:]:
        axes.set_axis_off()
    figure.supxlabel(f"{_about(design).replace('. ', '.\n', 1)}\n{said} {NOTICE}.",
                     fontsize=8.0, x=0.01, ha="left")  # fmt: skip
    return figure, grid


def _title(axes: Axes, design: Design, each: Found, letters: int) -> None:
    name = fill(called(design.file, each.outcome), letters)
    axes.set_title(f"{name}\n", loc="left", fontsize=10.0, fontweight="bold")
    said = f"chance: {percent(each.chance)} of the variance of games"
    axes.text(0.0, 1.02, said, transform=axes.transAxes, fontsize=8.5, color="#55626f")


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "the same in all games", transform=axes.transAxes, ha="center")
    axes.set_xticks([])
    axes.set_yticks([])


def _label(design: Design) -> str:
    if design.method == "morris":
        return "mean size of effect, units of the outcome"
    return "share of explained variance (total order)"
