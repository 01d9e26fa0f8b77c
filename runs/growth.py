"""`hubspoke bench --growth`: how the time of an ensemble grows with games, quarters and players.

Each of the three is doubled while the other two stand, in one process, in processor time. A power
of 1 is linear growth: the slope of a straight line through the logarithms, with its interval. To
grow in players, copies of the scenario stand side by side in one world: as many players and tables
more, and every player holds beliefs about all. Repetitions go round the sizes in turn, so that a
machine that slows down slows them all.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agents.briefing import Floats
from model.notice import NOTICE
from model.reading import scenario_hash
from model.schema import ScenarioFile
from runs.bench import as_text
from runs.disk import disk_errors, write_whole
from runs.ensemble import play_chunk
from runs.figures import ARMS, MEDIAN, STYLE, save
from runs.propagation.pictures import frame
from runs.store import Manifest, claimed, finish, stamped
from runs.summary import aligned, number

AXES = ("games", "quarters", "players")
DOUBLINGS = 3  # of each
REPEATS = 3
GAMES = 500  # of a chunk: its own fixed cost counts little
SEED = 1
CONFIDENCE = 0.95
SURE = 1.96
FEW = 16  # games that are played before anything is timed
# What a copy calls otherwise: actors and what they have also where they are keys of other parts,
# tables also where they are referred to; doctrines, platforms, accounts and sources stay.
KEYS = ("actors", "theatres", "levers", "stocks")
REFERRED = (*KEYS, "tables")
LISTED = (*REFERRED, "ledger", "transfers", "limits", "agreements", "events", "assemblies")


@dataclass(frozen=True)
class Grown:
    """Processor time along one axis."""

    axis: str
    sizes: tuple[int, ...]
    seconds: Floats  # (repeat, size)

    @property
    def power(self) -> tuple[float, float, float]:
        """Power of growth and its interval: slope of log time on log size."""
        return slope(np.log(np.tile(self.sizes, len(self.seconds))), np.log(self.seconds).ravel())


@dataclass(frozen=True)
class Reported:
    """What was written."""

    folder: Path
    text: str
    figure: Path


def slope(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Slope of the least-squares line and the ends of its 95 % interval, by the normal law."""
    centred = x - x.mean()
    best = float(centred @ y / (centred @ centred))
    rest = y - y.mean() - best * centred
    error = float(np.sqrt(rest @ rest / (len(x) - 2) / (centred @ centred)))
    return best, best - SURE * error, best + SURE * error


def side_by_side(file: ScenarioFile, copies: int) -> ScenarioFile:
    """Return a world in which so many copies of a scenario stand side by side, without a tie."""
    said = file.model_dump(mode="json", by_alias=True)
    whole = said
    for n in range(2, copies + 1):
        whole = _joined(whole, _twin(said, f"-{n}"))
    return ScenarioFile.model_validate(whole)


def _twin(said: dict[str, Any], mark: str) -> dict[str, Any]:
    """Return a copy of a world with a mark behind every id."""
    keys, referred = (_words(said, parts) for parts in (KEYS, REFERRED))

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {keys.sub(rf"\1{mark}", k): renamed(v) for k, v in part.items()}
        if isinstance(part, list):
            return [renamed(each) for each in part]
        return referred.sub(rf"\1{mark}", part) if isinstance(part, str) else part

    twin = {part: renamed(x) for part, x in said.items() if part != "sources"}
    for part in set(LISTED) - set(KEYS):
        twin[part] = {f"{k}{mark}": renamed(v) for k, v in said[part].items()}
    return twin


def _words(said: dict[str, Any], parts: Sequence[str]) -> re.Pattern[str]:
    names = sorted({name for part in parts for name in said[part]}, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, names))})(?![\w-])")


def _joined(one: Any, other: Any) -> Any:
    """Put two worlds together: what has a name of its own stands beside, what is shared stays."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {k: _joined(one[k], other[k]) if k in one and k in other else {**other, **one}[k]
                for k in {**one, **other}}  # fmt: skip
    if isinstance(one, list) and isinstance(other, list) and one != other:
        return [*one, *other]
    return one


def measure(
    file: ScenarioFile,
    *,
    games: int = GAMES,
    doublings: int = DOUBLINGS,
    repeats: int = REPEATS,
    stream: TextIO | None = None,
) -> tuple[Grown, ...]:
    """Time an ensemble along the three axes.

    games : of a chunk; chunks are doubled along games, one is played along the other axes
    """
    steps = [2**n for n in range(doublings + 1)]
    quarters = [max(1, file.quarters // 4) * n for n in steps]
    worlds = [side_by_side(file, n) for n in steps]
    plans: dict[str, list[tuple[int, Callable[[], object]]]] = {
        "games": [(games * n, _playing(file, games, n, file.quarters)) for n in steps],
        "quarters": [(q, _playing(file, games, 1, q)) for q in quarters],
        "players": [(len(w.actors), _playing(w, games, 1, w.quarters)) for w in worlds],
    }
    for world in worlds:
        play_chunk(world, SEED, np.arange(FEW))  # compiled and read
    found = []
    for axis, points in plans.items():
        print(f"time against {axis} …", file=sys.stderr if stream is None else stream, flush=True)
        spent = [[_timed(play) for _, play in points] for _ in range(repeats)]
        found.append(Grown(axis, tuple(size for size, _ in points), np.array(spent)))
    return tuple(found)


def _playing(file: ScenarioFile, games: int, chunks: int, quarters: int) -> Callable[[], object]:
    def play() -> None:
        for n in range(chunks):
            runs = np.arange(n * games, (n + 1) * games)
            play_chunk(file, SEED, runs, quarters=quarters)

    return play


def _timed(play: Callable[[], object]) -> float:
    began = time.process_time()
    play()
    return time.process_time() - began


def report(
    file: ScenarioFile,
    numbers: Mapping[str, float],
    grown: Sequence[Grown],
    folder: Path,
    command: str,
) -> Reported:
    """Write table, text, figure and manifest.

    numbers : of `runs.bench.bench`

    Raises
    ------
    UserError
        If the folder holds something else or cannot be written.
    """
    said: Manifest = {**stamped("bench", file, command), "seed": SEED}
    text = f"{as_text(dict(numbers)).removesuffix(NOTICE)}\n{told(grown)}\n{NOTICE}"
    contents = {
        "growth.csv": as_csv(grown),
        "bench.json": json.dumps(dict(numbers), indent=2) + "\n",
        "bench.txt": f"{text}\n",
    }
    with claimed(folder, said):
        with disk_errors(folder):
            for name, content in contents.items():
                write_whole(folder / name, content.encode())
        figures = save(picture(file, numbers, grown), folder / "growth")
        finish(folder, said, [*(folder / name for name in contents), *figures])
    return Reported(folder, text, figures[0])


def told(grown: Sequence[Grown]) -> str:
    """Return the powers for reading."""
    rows = [["growth of processor time in", "power", "95 %", "from", "to", "times the time"]]
    for each in grown:
        best, low, high = each.power
        middle = np.median(each.seconds, axis=0)
        rows.append(
            [
                each.axis,
                f"{best:.2f}",
                f"{low:.2f} to {high:.2f}",
                f"{each.sizes[0]:,}",
                f"{each.sizes[-1]:,}",
                number(float(middle[-1] / middle[0])),
            ]
        )
    return f"{aligned(rows)}\nA power of 1 is linear: twice as many take twice as long."


def as_csv(grown: Sequence[Grown]) -> str:
    """Return all measurements as CSV."""
    out = io.StringIO()
    out.write(f"# {NOTICE}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("axis", "size", "repeat", "processor_seconds"))
    for each in grown:
        for n, row in enumerate(each.seconds):
            for size, spent in zip(each.sizes, row, strict=True):
                writer.writerow((each.axis, size, n, f"{spent:.6g}"))
    return out.getvalue()


def picture(file: ScenarioFile, numbers: Mapping[str, float], grown: Sequence[Grown]) -> Figure:
    """Draw the three growths with their lines, beside mesa.batch_run and the roofline."""
    repeats = len(grown[0].seconds)
    below = (
        f"Dots: {repeats} measurements of each size in one process; line: least squares in "
        f"logarithms, its slope the power, with {CONFIDENCE:.0%} interval. Dashed: mesa.batch_run "
        "at its speed in one process; dotted: roofline, the kernels' own arithmetic alone; both by "
        "the clock, so too high where other programs ran. Players: copies of the scenario side by "
        "side.\n"
        f"Scenario {file.name} {scenario_hash(file)[:12]}, seed {SEED}, this machine"
    )
    with rc_context(STYLE):
        figure, box = frame((12.0, 3.9), "How the time of an ensemble grows", below)
        grid = figure.subplots(1, len(grown), squeeze=False)[0]
        for axes, each in zip(grid, grown, strict=True):
            _draw(axes, each)
        _beside(grid[0], grown[0], numbers)
        for axes in grid:
            axes.legend(fontsize=8.5, loc="upper left")
        figure.tight_layout(rect=tuple(box), w_pad=1.5)
    return figure


def _draw(axes: Axes, grown: Grown) -> None:
    sizes = np.array(grown.sizes, dtype=float)
    best, low, high = grown.power
    for row in grown.seconds:
        axes.plot(sizes, row, "o", color=ARMS[0], markersize=4.5, alpha=0.7)
    middle = np.exp(np.log(grown.seconds).mean() + best * (np.log(sizes) - np.log(sizes).mean()))
    axes.plot(
        sizes, middle, color=MEDIAN, linewidth=1.8, label=f"power {best:.2f} ({low:.2f}–{high:.2f})"
    )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
    axes.minorticks_off()
    bottom, top = float(grown.seconds.min()), float(grown.seconds.max())
    marks = [bottom * 2.0**n for n in range(1 + round(np.log2(top / bottom)))]
    axes.set_yticks(marks, [number(float(f"{x:.2g}")) for x in marks])
    axes.set_ylim(bottom / 1.4, top * 2.2)
    axes.set_title(f"in {grown.axis}", loc="left", fontweight="bold")
    axes.set_xlabel(grown.axis)
    axes.set_ylabel("processor seconds")


def _beside(axes: Axes, grown: Grown, numbers: Mapping[str, float]) -> None:
    """Draw what as many games would take elsewhere, in one process."""
    sizes, processes = np.array(grown.sizes, dtype=float), numbers.get("processes", 1.0)
    lines = (
        ("batch_run_games_per_second", "mesa.batch_run", "--", ARMS[1]),
        ("limit_games_per_second", "roofline", ":", ARMS[2]),
    )
    for key, name, style, colour in lines:
        if key in numbers:
            seconds = sizes / (numbers[key] / processes)
            axes.plot(sizes, seconds, style, color=colour, linewidth=1.8, label=name)
            low, high = axes.get_ylim()
            axes.set_ylim(min(low, seconds.min() / 1.4), max(high, seconds.max() * 3.0))
