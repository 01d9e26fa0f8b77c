"""One game, written down and told; and the same game played again from its transcript."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from os import fspath
from pathlib import Path
from typing import Any

from agents.actor import Decides
from agents.answers import DoctrineError
from agents.doctrine import find, get_doctrine, is_doctrine, moved_to, reference_of
from model.chronicle import Chronicle
from model.notice import NOTICE
from model.overrides import KIND, override, ruled
from model.parameters import check_settings
from model.reading import read, scenario_hash
from model.schema import ScenarioFile
from model.standing import digest, header
from model.transcript import (
    FILE_NAME,
    Event,
    Transcript,
    TranscriptError,
    read_transcript,
    stored_seat,
    write,
)
from model.wargame import Wargame
from runs.disk import disk_errors, write_whole
from runs.ensemble import seat_doctrines
from runs.errors import UserError, check_numbers
from runs.figures import save
from runs.network_picture import network_picture
from runs.store import program_version, renewed
from runs.story import Manner, tell

STORY, PICTURE, MANIFEST = "story.txt", "network", "manifest.json"
GAME = "game"  # kind, in the manifest


@dataclass(frozen=True)
class Played:
    """A game that has been played, and the files that tell it."""

    transcript: Transcript
    folder: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()  # settings outside the range that the scenario believes in

    @property
    def picture(self) -> Path:
        """The network as the game left it."""
        return self.folder / f"{PICTURE}.png"


def play(
    scenario: str | Path = "2025q1",
    *,
    seed: int = 1,
    run: int = 0,
    quarters: int | None = None,
    settings: Mapping[str, float] | None = None,
    doctrines: Mapping[str, str | Decides] | None = None,
    out: str | Path | None = None,
    command: str = "",
) -> Played:
    """Play one game and write transcript, story, picture and manifest into a folder.

    run : number of the game within its seed, as in a batch
    settings : parameter path or alias → value
    doctrines : actor → name or file of a doctrine, or a seat
    out : folder; `results/play-SCENARIO-seedSEED` unless given
    command : how the user asked for it, for the manifest

    Raises
    ------
    UserError
        If a number, setting, actor or doctrine makes no sense, or the folder cannot be written.
    ScenarioError
        If the scenario cannot be read.
    Waiting
        If a seat has no answer at once; the game is then lost (drive `Wargame` itself instead).
    """
    file = read(scenario)
    check_numbers(seed, quarters, run)
    chosen = dict(doctrines or {})
    seat_doctrines(file, {a: d for a, d in chosen.items() if isinstance(d, str)})
    try:
        notes = check_settings(file, dict(settings or {})).notes
    except ValueError as error:
        raise UserError(str(error)) from None
    game = Wargame(file, rng=seed, run=run, quarters=quarters, settings=settings, doctrines=chosen)
    transcript = Transcript(tuple(events(game, fspath(scenario))))
    folder = Path(out) if out is not None else Path("results") / f"play-{file.name}-seed{seed}"
    with renewed(folder, GAME), disk_errors(folder):
        files = write_all(transcript, file, folder, command)
    return Played(transcript, folder, files, notes)


def events(game: Wargame, source: str) -> Iterator[Event]:
    """Play a game to its end and tell it as events.

    source : where its scenario was read from
    """
    chronicle = Chronicle(
        game.game, game.world, game.chance, {a: x.doctrine for a, x in game.actors.items()}
    )
    game.watchers.append(chronicle.watch)
    yield header(
        game.game,
        game.world,
        seed=game.seed_used,
        run=game.run_number,
        quarters=game.quarters,
        names={a: reference_of(x.doctrine) for a, x in game.actors.items()},
        settings=game.settings,
        source=source,
        version=program_version(),
    )
    while game.running:
        game.step()
        assert game.record is not None
        yield from chronicle.quarter(game.record)
    yield {"event": "end", "quarters": game.world.quarter, "digest": digest(game.world)}


def write_all(
    transcript: Transcript, file: ScenarioFile, folder: Path, command: str
) -> tuple[Path, ...]:
    """Write all that tells a game into a folder, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / FILE_NAME, folder / STORY]
    write(files[0], transcript.events)
    story = "\n".join(tell(transcript, Manner()))
    write_whole(files[1], f"{story}\n".encode())
    files += save(network_picture(file, transcript), folder / PICTURE)
    files.append(folder / MANIFEST)
    write_whole(files[-1], json.dumps(manifest(transcript, files, command), indent=2).encode())
    return tuple(files)


def manifest(transcript: Transcript, files: list[Path], command: str) -> dict[str, Any]:
    """Say which game a folder holds, and what made it."""
    told = ("scenario", "source", "scenario_hash", "version", "seed", "run", "quarters")
    return {
        "kind": GAME,
        **{k: transcript.header[k] for k in told},
        "parameters": transcript.header["settings"],
        "doctrines": transcript.header["doctrines"],
        "digest": transcript.digest,
        "files": [f.name for f in files],
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "notice": NOTICE,
    }


@dataclass(frozen=True)
class Replayed:
    """Whether a transcript, played again, led to the same states."""

    transcript: Transcript
    difference: str = ""  # where it first differed; empty if it did not

    @property
    def same(self) -> bool:
        """It led to the same state in every quarter."""
        return not self.difference


def replay(
    path: str | Path,
    scenario: str | Path | None = None,
    doctrines: Mapping[str, str] | None = None,
) -> Replayed:
    """Play a transcript again: doctrines decide anew, outside seats as they did then.

    scenario : where the scenario lies now, if not where the transcript says
    doctrines : actor → file in which its doctrine lies now, if not where the transcript says

    Raises
    ------
    TranscriptError
        If the file is no whole, unchanged transcript, or its scenario or a doctrine from outside
        is another one by now.
    ScenarioError
        If the scenario cannot be read.
    """
    transcript = read_transcript(path)
    told = transcript.header
    file = read(scenario if scenario is not None else told["source"])
    if scenario_hash(file) != told["scenario_hash"]:
        problem = (
            f"it was played on another {told['scenario']} ({told['scenario_hash'][:12]}) than this"
            f" one ({scenario_hash(file)[:12]}); name the one of then with --scenario"
        )
        raise TranscriptError(Path(path), problem)
    _check_header(Path(path), file, told)
    moved = dict(doctrines or {})
    for actor in moved.keys() - told["doctrines"].keys():
        raise UserError(f"--doctrine {actor}: no such actor in {path}")
    game = Wargame(
        file,
        rng=told["seed"],
        run=told["run"],
        quarters=told["quarters"],
        settings=told["settings"],
        doctrines={
            actor: get_doctrine(as_it_was(path, actor, reference, moved.get(actor)))
            if is_doctrine(reference)
            else stored_seat(transcript, actor, reference)
            for actor, reference in told["doctrines"].items()
        },
    )
    return Replayed(transcript, difference(transcript, game))


def _check_header(path: Path, file: ScenarioFile, told: Event) -> None:
    """Check that a header names a game that can be, as one written by hand may not.

    Raises
    ------
    TranscriptError
        Says what is wrong.
    """
    try:
        check_numbers(told["seed"], told["quarters"], told["run"])
        check_settings(file, told["settings"])
    except (ValueError, TypeError) as error:
        raise TranscriptError(path, str(error), 1) from None
    if told["doctrines"].keys() != file.actors.keys():
        raise TranscriptError(path, "its doctrines are not those of the scenario's actors", 1)


def as_it_was(path: str | Path, actor: str, reference: str, moved: str | None) -> str:
    """Return a doctrine of a transcript as it is found now, in the file that it has moved to.

    Raises
    ------
    TranscriptError
        If it is not there, or not as it was then.
    """
    try:
        found = find(reference if moved is None else moved_to(moved, reference)).reference
    except DoctrineError as error:
        hint = "if it has moved, say where with"
        problem = f"{actor} was played by {reference}: {error} ({hint} --doctrine {actor}=FILE.py)"
        raise TranscriptError(Path(path), problem) from None
    return found


def difference(transcript: Transcript, game: Wargame) -> str:
    """Play a game beside its transcript; say where it first differs, nothing if it does not."""
    chronicle = Chronicle(
        game.game, game.world, game.chance, {a: x.doctrine for a, x in game.actors.items()}
    )
    game.watchers.append(chronicle.watch)
    for change in transcript.of(KIND):  # what a referee ruled within a quarter names it
        game.chance = chronicle.chance = ruled(game.chance, change["effects"])
    for quarter, told in transcript.quarters():
        then = [e for e in told if e["event"] != KIND]
        try:
            game.step()
        except ValueError as error:
            return f"{quarter}: {error}"
        assert game.record is not None
        now = chronicle.quarter(game.record)
        if now[-1]["digest"] != then[-1]["digest"]:
            return f"{quarter}: {first_difference(then, now)}"
        for change in (e for e in told if e["event"] == KIND):
            game.world = override(game.game, game.world, game.chance, change["effects"])
            chronicle.world = game.world
    if digest(game.world) != transcript.digest:
        return f"the end: state {digest(game.world)} instead of {transcript.digest}"
    return ""


def first_difference(then: list[Event], now: list[Event]) -> str:
    """Name the first event that is told otherwise."""
    for old, new in zip(then, now, strict=False):
        if old == new:
            continue
        if old["event"] == new["event"] == "answers":
            table = f" at {old['table']}, round {old['round']}" if "table" in old else ""
            who = [a for a in old["answers"] if old["answers"][a] != new["answers"].get(a)]
            return f"{' and '.join(who)} answered {old['question']}{table} otherwise"
        return f"{old['event']} then, {new['event']} now"
    return f"state {now[-1]['digest']} instead of {then[-1]['digest']}"
