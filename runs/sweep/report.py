"""What the factors of a sweep do: means of every point, effects of every level, a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from textwrap import fill, wrap
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from agents.briefing import Floats
from model.notice import NOTICE
from runs.disk import disk_errors, write_whole
from runs.figures import ARMS, STYLE, save
from runs.outcomes import Column
from runs.parameter_words import words_of
from runs.propagation.pictures import frame
from runs.store import Results
from runs.summary import aligned, number
from runs.sweep.design import Design
from runs.sweep.play import GAME, POINT

SURE = 1.96  # standard errors to either side that hold 95 % of means
MOST_LEVELS = 12  # of a factor whose levels are compared one by one
MARKERS = "os^Dv<>P"
PANEL, COLUMNS = (3.7, 2.8), 3  # inches
PAGE = 12  # panels
WIDTH = 96  # letters


@dataclass(frozen=True)
class Reported:
    """What was written, or that games are missing yet."""

    folder: Path
    games: int
    complete: bool
    text: str = ""
    figure: Path | None = None
    files: tuple[Path, ...] = ()


def report(design: Design, folder: Path) -> Reported:
    """Write means, effects and figure of a sweep's folder, if all its games are there."""
    results = Results(folder)
    if not results.complete:
        return Reported(folder, results.games, complete=False)
    shown = chosen(design, results)
    named = {c.label: c.id for c in (POINT, GAME, *shown)}
    games = results.outcomes(list(named)).rename(columns=named)
    levels = results.design()
    assert levels is not None
    means = point_means(games, shown, levels)
    found = effects(design, games, shown, levels)
    text = told(design, found, results)
    files = []
    with disk_errors(folder):
        for name, content in (
            ("points.csv", f"# {NOTICE}\n{means.to_csv(index=False)}"),
            ("effects.csv", f"# {NOTICE}\n{found.to_csv(index=False)}"),
            ("summary.txt", text),
        ):
            write_whole(folder / name, content.encode())
            files.append(folder / name)
    files += save(picture(design, means, shown, results), folder / "effects")
    return Reported(folder, results.games, True, text, folder / "effects.png", tuple(files))


def chosen(design: Design, results: Results) -> list[Column]:
    """Outcomes that the report shows: those of the design, else key series and utilities."""
    by_id = {c.id: c for c in results.columns()}
    wanted = design.file.outcomes or tuple(i for i in by_id if i.startswith(("mean.", "utility.")))
    return [by_id[i] for i in wanted]


def point_means(games: pd.DataFrame, shown: Sequence[Column], levels: pd.DataFrame) -> pd.DataFrame:
    """Mean, Monte-Carlo error and number of games of every outcome at every point."""
    rows = []
    for column in shown:
        grouped = games.groupby("point")[column.id]
        table = pd.DataFrame(
            {
                "outcome": column.id,
                "unit": column.unit,
                "mean": grouped.mean(),
                "error_of_mean": grouped.sem(),
                "games": grouped.count(),
            }
        ).reset_index()
        rows.append(table)
    return pd.concat(rows).merge(levels, on="point", how="left")


def effects(
    design: Design, games: pd.DataFrame, shown: Sequence[Column], levels: pd.DataFrame
) -> pd.DataFrame:
    """Effect of every level of a factor against its first level, the rest alike, game by game.

    Of a sampled factor: Spearman's rank correlation of the points' means with it.
    """
    rows: list[dict[str, Any]] = []
    names = list(design.file.factors)
    joined = games.merge(levels[["point", *names]], on="point")
    paired = design.file.pairing == "same"
    for name in names:
        known = list(dict.fromkeys(levels[name]))
        others = [n for n in names if n != name]
        crossed = design.file.kind == "grid" or design.file.factors[name].range is None
        if len(known) > MOST_LEVELS or not crossed:
            rows += _ranks(joined, shown, name)
            continue
        keys = [*others, "game"] if paired else others
        for column in shown:
            first = _level(joined, name, known[0], keys, column.id, paired)
            for level in known[1:]:
                other = _level(joined, name, level, keys, column.id, paired)
                gap, error, count = _difference(first, other, paired)
                rows.append(
                    {
                        "factor": name,
                        "level": level,
                        "against": known[0],
                        "outcome": column.id,
                        "unit": column.unit,
                        "difference": gap,
                        "error": error,
                        "games": count,
                    }
                )
    return pd.DataFrame(rows)


def _level(
    joined: pd.DataFrame, name: str, level: Any, keys: list[str], outcome: str, paired: bool
) -> pd.Series:
    part = joined[joined[name] == level]
    return part.set_index(keys)[outcome] if paired else part[outcome]


def _difference(first: pd.Series, other: pd.Series, paired: bool) -> tuple[float, float, int]:
    """Mean difference and its standard error: of pairs, or of two independent samples.

    Pairs of one game number share draws, so their mean per game is what is independent.
    """
    if paired:
        gap = (other - first).dropna()
        by_game = gap.groupby(level="game").mean()
        error = float(by_game.sem()) if len(by_game) > 1 else float("nan")
        return float(by_game.mean()), error, len(gap)
    one, two = first.dropna(), other.dropna()
    return float(two.mean() - one.mean()), float(np.hypot(one.sem(), two.sem())), len(two)


def _ranks(joined: pd.DataFrame, shown: Sequence[Column], name: str) -> list[dict[str, Any]]:
    means = joined.groupby("point")[[name, *(c.id for c in shown)]].mean()
    ranks = means.rank()
    points = len(ranks)
    return [
        {
            "factor": name,
            "level": "rank correlation",
            "against": "",
            "outcome": c.id,
            "unit": "",
            "difference": float(np.corrcoef(ranks[name], ranks[c.id])[0, 1])
            if ranks[c.id].nunique() > 1
            else 0.0,
            "error": 1.0 / np.sqrt(max(points - 1, 1)),  # of independent ranks
            "games": points,
        }
        for c in shown
    ]


def told(design: Design, found: pd.DataFrame, results: Results) -> str:
    """Say in words and a table what the factors do."""
    file = design.file
    labels = {c.id: c.label for c in results.columns()}
    lines = (
        [file.title, "", *wrap(file.about.strip(), WIDTH), ""] if file.about else [file.title, ""]
    )
    same = (
        "the same games (same draws) at each" if file.pairing == "same" else "other games at each"
    )
    lines += wrap(
        f"{len(design.points)} points, {file.runs:,} games a point, {same}; "
        f"scenario {file.scenario}, seed {file.seed}.",
        WIDTH,
    )
    for name in file.factors:
        of = found[found["factor"] == name]
        if of.empty:
            continue
        rank = (of["level"] == "rank correlation").all()
        against = "" if rank else f", against {_named(of['against'].iloc[0])}"
        lines += ["", f"{called(design, name)}{against}"]
        rows = [["  outcome", "level", "rank correlation" if rank else "difference", "95 %", ""]]
        for _, row in of.iterrows():
            sure = abs(row["difference"]) > SURE * row["error"]
            rows.append(
                [
                    f"  {labels[row['outcome']]}",
                    "" if rank else _named(row["level"]),
                    f"{row['difference']:+.3g}",
                    f"± {SURE * row['error']:.2g}",
                    "" if sure else "may be chance",
                ]
            )
        lines += aligned(rows).splitlines()
    return "\n".join([*lines, "", fill(_caption(design, results), WIDTH), NOTICE, ""])


def called(design: Design, factor: str) -> str:
    """Return what a factor is called: its label, else what the number is."""
    return design.file.factors[factor].label or words_of(design.scenario, factor)


def _named(level: Any) -> str:
    return str(level) if isinstance(level, str) else number(float(level))


def _plain(column: Column) -> str:
    """Name of an outcome without its unit, which stands at the axis."""
    return column.label.removesuffix(f" ({column.unit})")


def _caption(design: Design, results: Results) -> str:
    manifest = results.manifest
    return " · ".join(
        [
            f"{results.games:,} games",
            f"scenario {manifest['scenario']} {manifest['scenario_hash'][:12]}",
            f"seed {manifest['seed']}",
            f"hubspoke {manifest['version']}",
        ]
    )


def picture(
    design: Design, means: pd.DataFrame, shown: Sequence[Column], results: Results
) -> Figure:
    """Draw means of points: along one factor, a line for each level of another."""
    along, lines = axes_of(design)
    panels = list(shown)[:PAGE]
    columns = min(COLUMNS, len(panels))
    rows = ceil(len(panels) / columns)
    more = [n for n in design.file.factors if n not in (along, lines)]
    below = "Mean of all games"
    below += f" and of all levels of {', '.join(called(design, n) for n in more)}" if more else ""
    below += (
        "; bars: 95 % interval of the mean (the same draws at every point make differences surer)"
    )
    with rc_context(STYLE):
        size = (max(PANEL[0] * columns, 9.0), PANEL[1] * rows + 0.4)
        figure, box = frame(size, design.file.title, f"{below}\n{_caption(design, results)}")
        grid = np.asarray(figure.subplots(rows, columns, squeeze=False)).reshape(-1)
        for axes, column in zip(grid, panels, strict=False):
            _draw(axes, design, means[means["outcome"] == column.id], column, along, lines)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        handles, names = grid[0].get_legend_handles_labels()
        if len(handles) > 1:
            figure.legend(
                handles,
                names,
                title=called(design, lines),
                loc="upper left",
                bbox_to_anchor=(0.006, box[3]),
                ncols=len(handles),
                fontsize=9.0,
                title_fontsize=9.0,
                alignment="left",
                borderaxespad=0.0,
            )
        lifted = (box[0], box[1], box[2], box[3] - 0.5 / figure.get_figheight())
        figure.tight_layout(rect=lifted, h_pad=1.2, w_pad=1.2)
    return figure


def axes_of(design: Design) -> tuple[str, str]:
    """Factor along the horizontal axis (the last of numbers, else the last), and that of lines."""
    names = list(design.file.factors)
    numeric = [n for n in names if not any(isinstance(p.levels[n], str) for p in design.points)]
    along = numeric[-1] if numeric else names[-1]
    left = [n for n in names if n != along and design.file.factors[n].range is None]
    return along, left[0] if left else ""


def _draw(
    axes: Axes, design: Design, means: pd.DataFrame, column: Column, along: str, lines: str
) -> None:
    groups = means.groupby(lines, sort=False) if lines else [("all points", means)]
    wordy = means[along].dtype == object or str(means[along].dtype).startswith("str")
    levels = list(dict.fromkeys(means[along]))
    for n, (name, part) in enumerate(groups):
        at = part.groupby(along, sort=not wordy)
        mean, count = at["mean"].mean(), at["mean"].count()
        error = np.sqrt(at["error_of_mean"].apply(lambda e: float((e**2).sum()))) / count
        place: Floats = np.array(
            [levels.index(x) for x in mean.index] if wordy else mean.index, float
        )
        axes.errorbar(
            place,
            mean.to_numpy(),
            yerr=SURE * error.to_numpy(),
            color=ARMS[n % len(ARMS)],
            marker=MARKERS[n % len(MARKERS)],
            markersize=5,
            linewidth=0.0 if len(levels) > MOST_LEVELS else 1.6,
            elinewidth=1.0,
            capsize=2,
            label=_named(name),
        )
    if wordy:
        axes.set_xticks(range(len(levels)), [fill(str(x), 14) for x in levels], fontsize=8.5)
    elif len(levels) <= MOST_LEVELS:
        axes.set_xticks(levels, [number(x) for x in levels])
    axes.set_title(fill(_plain(column), 34), loc="left", fontweight="bold", fontsize=9.5)
    axes.set_xlabel(called(design, along), fontsize=9.0)
    axes.set_ylabel(fill(column.unit, 26), fontsize=9.0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
