"""`hubspoke propagate`: what a shock changes, where, when, by how much, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from model.notice import NOTICE
from model.scenario import quarter_name
from runs.batch import AS_WRITTEN
from runs.disk import disk_errors, write_whole
from runs.ensemble import reference
from runs.errors import RUNS, UserError, check_numbers
from runs.experiment import Arm, check_arm
from runs.figures import save
from runs.pieces import GAMES
from runs.propagation import network
from runs.propagation.channels import WHOLE, by_channel, without_channels
from runs.propagation.drawn import figures
from runs.propagation.followed import followed
from runs.propagation.found import Asked, Found
from runs.propagation.pairs import Pairing, play_pairs
from runs.propagation.responses import errors_for, in_order, responses
from runs.propagation.tables import tables
from runs.propagation.told import summary_text
from runs.shocks import control_and_shocked
from runs.store import MANIFEST, Manifest, claimed, finish, stamped, to_parquet

FEWEST = 20  # games from which an interval can be given
CHANNEL_RUNS = 500  # games with channels off: six more pairings


@dataclass(frozen=True)
class Reported:
    """What was written."""

    folder: Path
    text: str
    picture: Path
    files: tuple[Path, ...]


def propagate(asked: Asked, out: Path | None = None, stream: TextIO | None = None) -> Reported:
    """Play, summarise, draw and write.

    Raises
    ------
    UserError
        If nothing is shocked, a shock lies outside the game, or the folder cannot be written.
    """
    arms = checked(asked)
    folder = out or Path("results") / _folder_name(asked)
    with claimed(folder, manifest(asked)):
        found = find(asked, arms, folder / GAMES, stream)
        return _write(found, folder)


def _write(found: Found, folder: Path) -> Reported:
    text = summary_text(found)
    files: list[Path] = []
    with disk_errors(folder):
        for name, table in tables(found).items():
            csv = f"# {NOTICE}\n{table.to_pandas().to_csv(index=False)}"
            for suffix, content in (("parquet", to_parquet(table)), ("csv", csv.encode())):
                files.append(folder / f"{name}.{suffix}")
                write_whole(files[-1], content)
        files.append(folder / "summary.txt")
        write_whole(files[-1], text.encode())
    for name, figure in figures(found):
        files += save(figure, folder / name)
    finish(folder, manifest(found.asked), files)
    return Reported(folder, text, folder / "map.png", (*files, folder / MANIFEST))


def _folder_name(asked: Asked) -> str:
    shocks = "-and-".join(s.name.replace("=", "-") for s in asked.shocks)
    return f"propagate-{asked.file.name}-{shocks}"


def checked(asked: Asked) -> tuple[Arm, Arm]:
    """Return the two arms of a question that makes sense.

    Raises
    ------
    UserError
        Says what does not.
    """
    check_numbers(asked.seed, asked.quarters)
    if not FEWEST <= asked.runs <= RUNS:
        raise UserError(f"--runs {asked.runs}: from {FEWEST} (fewer give no interval) to {RUNS:,}")
    if not asked.shocks:
        raise UserError("say what happens with --shock; `hubspoke shocks` lists the ready ones")
    last = max(shock.quarter for shock in asked.shocks)
    if last >= asked.length:
        when = quarter_name(asked.file.start, last)
        raise UserError(f"--quarters {asked.length}: the game ends before the shock of {when}")
    arms = control_and_shocked(asked.file, asked.shocks, asked.values, asked.doctrines)
    for arm in arms:
        check_arm(arm, asked.runs)
    return arms


def find(asked: Asked, arms: tuple[Arm, Arm], games: Path, stream: TextIO | None = None) -> Found:
    """Play the pairs that are not in a folder yet, and say what differs in all of them.

    games : the folder
    """
    what = followed(asked.file)
    first = Pairing(arms, tuple(w.id for w in what), asked.runs, influence=True)
    wanted = [w.id for w in what if w.family in ("utility", "support", "theatre")]
    few = Pairing(arms, tuple(wanted), min(asked.runs, CHANNEL_RUNS))
    played = play_pairs(
        {WHOLE: first, **(without_channels(few) if asked.channels else {})},
        asked.seed,
        games,
        quarters=asked.length,
        draws=asked.draws,
        workers=asked.workers,
        stream=stream,
    )
    pairs, actors = played[WHOLE], sorted(asked.file.actors)
    influence = pairs.influence(actors)
    return Found(
        asked,
        pairs,
        what,
        responses(what, map(pairs.control, first.series), map(pairs.change, first.series)),
        in_order(what, map(pairs.change, first.series)),
        network.edges(actors, influence, asked.since),
        network.others(actors, influence, asked.since),
        by_channel(few.series, played, asked.since) if asked.channels else [],
        few.runs,
        errors_for(len(what) * (asked.length - asked.since)),
    )


def manifest(asked: Asked) -> Manifest:
    """Return what a propagation depends on."""
    return stamped("propagation", asked.file, asked.command) | {
        "shocks": [
            {
                "name": s.name,
                "title": s.title,
                "quarter": quarter_name(asked.file.start, s.quarter),
                "effects": [e.model_dump(exclude_defaults=True) for e in s.effects],
                "doctrines": {a: reference(d) for a, d in s.doctrines.items()},
                "source": s.source,
            }
            for s in asked.shocks
        ],
        "seed": asked.seed,
        "numbers": AS_WRITTEN if asked.draws is None else asked.draws.label,
        "runs": asked.runs,
        "quarters": asked.length,
        "parameters": {k: float(v) for k, v in (asked.values or {}).items()},
        "doctrines": {a: reference(d) for a, d in (asked.doctrines or {}).items()},
        "channels": asked.channels,
    }
