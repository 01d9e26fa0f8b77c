"""`hubspoke propagate`: what a shock changes, where, when, by how much, and how sure that is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from model.notice import NOTICE
from model.reading import scenario_hash
from model.scenario import quarter_name
from runs.batch import AS_WRITTEN
from runs.errors import RUNS, UserError, check_numbers
from runs.experiment import check_arm
from runs.figures import save
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
from runs.store import code_hash, disk_errors, program_version, sealed, to_parquet, write_whole

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
    found = find(asked, stream)
    folder = out or Path("results") / _folder_name(asked)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    text = summary_text(found)
    files: list[Path] = []
    with disk_errors(folder):
        for name, table in tables(found).items():
            write_whole(folder / f"{name}.parquet", to_parquet(table))
            files.append(folder / f"{name}.parquet")
            if name != "differences":
                csv = f"# {NOTICE}\n{table.to_pandas().to_csv(index=False)}"
                write_whole(folder / f"{name}.csv", csv.encode())
                files.append(folder / f"{name}.csv")
        write_whole(folder / "summary.txt", text.encode())
        files.append(folder / "summary.txt")
    for name, figure in figures(found):
        files += save(figure, folder / name)
    with disk_errors(folder):
        write_whole(folder / "manifest.json", _manifest(found, files))
    return Reported(folder, text, folder / "map.png", (*files, folder / "manifest.json"))


def _folder_name(asked: Asked) -> str:
    shocks = "-and-".join(s.name.replace("=", "-") for s in asked.shocks)
    return f"propagate-{asked.file.name}-{shocks}"


def find(asked: Asked, stream: TextIO | None = None) -> Found:
    """Play the pairs, and say what differs in them."""
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
    what = followed(asked.file)
    first = Pairing(arms, tuple(w.id for w in what), asked.runs, influence=True)
    wanted = [n for n, w in enumerate(what) if w.family in ("utility", "support", "theatre")]
    few = Pairing(arms, tuple(what[n].id for n in wanted), min(asked.runs, CHANNEL_RUNS))
    played = play_pairs(
        {WHOLE: first, **(without_channels(few) if asked.channels else {})},
        asked.seed,
        quarters=asked.length,
        draws=asked.draws,
        workers=asked.workers,
        stream=stream,
    )
    pairs, actors = played[WHOLE], sorted(asked.file.actors)
    split = (
        by_channel(few.series, pairs.change[wanted], played, asked.since) if asked.channels else []
    )
    return Found(
        asked,
        pairs,
        what,
        responses(what, pairs.control, pairs.change),
        in_order(what, pairs.change),
        network.edges(actors, pairs.influence, asked.since),
        network.others(actors, pairs.influence, asked.since),
        split,
        few.runs,
        errors_for(len(what) * (asked.length - asked.since)),
    )


def _manifest(found: Found, files: Sequence[Path]) -> bytes:
    asked = found.asked
    said = {
        "kind": "propagation",
        "scenario": asked.file.name,
        "scenario_hash": scenario_hash(asked.file),
        "version": program_version(),
        "code": code_hash(),
        "shocks": [
            {
                "name": s.name,
                "title": s.title,
                "quarter": quarter_name(asked.file.start, s.quarter),
                "effects": [e.model_dump(exclude_defaults=True) for e in s.effects],
                "doctrines": dict(s.doctrines),
                "source": s.source,
            }
            for s in asked.shocks
        ],
        "seed": asked.seed,
        "numbers": AS_WRITTEN if asked.draws is None else asked.draws.label,
        "runs": asked.runs,
        "quarters": asked.length,
        "parameters": {k: float(v) for k, v in (asked.values or {}).items()},
        "doctrines": dict(asked.doctrines or {}),
        "files": [file.name for file in files],
        "command": asked.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "notice": NOTICE,
    }
    return (json.dumps(sealed(said), indent=2, ensure_ascii=False) + "\n").encode()
