"""Many games at once: the same turn on a batch of runs, and what is kept of each."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np
from numpy.typing import ArrayLike

from agents.answers import DoctrineError
from agents.briefing import Briefing, Decision, Floats, Ints
from agents.doctrine import Doctrine, find, get_doctrine
from model.chance import Chance
from model.scenario import Values as Settings
from model.scenario import quarter_index
from model.schema import ScenarioFile
from model.turn import begin, play_quarter, ready
from runs.errors import UserError
from runs.outcomes import Column, Values, history, outcomes, snapshot, watched_series

QUARTER = re.compile(r"\d{4}Q[1-4]")


@dataclass(frozen=True)
class Chunk:
    """Games that were played together. A game is the same in any chunk."""

    runs: Ints  # (run,) the games' own numbers
    columns: tuple[Column, ...]  # what the outcomes are
    outcomes: dict[str, Values]  # label → (run,)
    trajectories: dict[str, Floats]  # label → (quarter, run); empty unless asked for
    tag: str = ""  # of the job that asked for it


def play_chunk(
    file: ScenarioFile,
    seed: int,
    runs: ArrayLike,
    *,
    quarters: int | None = None,
    values: Settings | None = None,
    doctrines: Mapping[str, str] | None = None,
    series: Sequence[str] = (),
    trajectories: bool = False,
    drawn: Settings | None = None,
) -> Chunk:
    """Play games of one scenario together and return what came of each.

    runs : (run,) the games' own numbers: game 7 of a seed is the same alone and among others
    quarters : as many as the scenario says, unless given
    values : parameter path → one number, or one per run
    doctrines : actor → doctrine instead of the scenario's: its name, file or reference
    series : measures to follow besides the scenario's key series, see `model.measures`
    trajectories : keep the series of every quarter
    drawn : as `values`, which prevail; not among the outcomes, for they follow from seed and run

    Raises
    ------
    UserError
        If an actor, a doctrine or a series is unknown.
    """
    numbers = np.atleast_1d(np.asarray(runs, dtype=np.int64))
    watched = watched_series(file, series)
    game = ready(file, {**(drawn or {}), **(values or {})})
    deciders = seat_doctrines(file, doctrines or {})
    chance = Chance(seed, numbers)
    world = begin(game, len(numbers))
    past = []
    with no_search_for_cycles():
        for _ in range(file.quarters if quarters is None else quarters):
            record = play_quarter(game, world, chance, deciders)
            past.append(snapshot(game, world, record, watched))
            world = record.world
            del record  # its talks are large, and the next quarter needs the room
    whole = history(past)
    listed = outcomes(game, whole, world, watched)
    varied = list(_varied(values or {}, len(numbers)))
    columns = tuple(column for column, _ in (*listed, *varied))
    return Chunk(
        runs=numbers,
        columns=columns,
        outcomes={column.label: each for column, each in (*listed, *varied)},
        trajectories={w.label: whole.series[:, n] for n, w in enumerate(watched)}
        if trajectories
        else {},
    )


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Let Python free by counting alone: games leave no cycles, but much to be searched for any."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


def _varied(values: Settings, runs: int) -> Iterable[tuple[Column, Values]]:
    """Parameters that differ between the runs, as columns of their own."""
    for path, value in values.items():
        if np.ndim(value) > 0:
            column = Column(f"set.{path}", f"set: {path}", "", "number")
            yield column, np.broadcast_to(np.asarray(value, dtype=float), runs)


def seat_doctrines(file: ScenarioFile, changed: Mapping[str, str]) -> dict[str, Doctrine]:
    """Return who decides for each actor: the scenario's doctrines, with some changed.

    Raises
    ------
    UserError
        If an actor or a doctrine is unknown.
    """
    for actor in changed:
        if actor not in file.actors:
            near = get_close_matches(actor, file.actors, n=1)
            hint = f" → did you mean {near[0]}?" if near else ""
            known = ", ".join(sorted(file.actors))
            raise UserError(f"unknown actor {actor!r}{hint} (known: {known})")
    try:
        return {
            name: _seated(file, actor.doctrine, changed.get(name, actor.doctrine))
            for name, actor in file.actors.items()
        }
    except DoctrineError as error:
        raise UserError(str(error)) from None


def _seated(file: ScenarioFile, own: str, name: str) -> Doctrine:
    """Return a doctrine; `NAME@QUARTER` plays the scenario's own until that quarter."""
    later, quarter = _from_then_on(name)
    if not quarter:
        return get_doctrine(later)
    return Successor(get_doctrine(own), get_doctrine(later), quarter_index(file.start, quarter))


def _from_then_on(name: str) -> tuple[str, str]:
    """Split a doctrine from the quarter from which on it plays; empty if it always does."""
    later, at, quarter = name.rpartition("@")
    return (later, quarter) if at and QUARTER.fullmatch(quarter) else (name, "")


def reference(name: str) -> str:
    """Return what is sure to find a doctrine again, for manifests; `@QUARTER` stays."""
    later, quarter = _from_then_on(name)
    return f"{find(later).reference}{'@' if quarter else ''}{quarter}"


class Successor(Doctrine):
    """Plays as one doctrine until a quarter and as another from then on, which remembers nothing.

    Raises
    ------
    UserError
        If the quarter lies before the game.
    """

    def __init__(self, now: Doctrine, later: Doctrine, first: int) -> None:
        if first < 0:
            raise UserError("a doctrine cannot change before the first quarter of the game")
        self.now, self.later, self.first = now, later, first

    def decide(self, briefing: Briefing) -> Decision:
        """Answer as the doctrine of the quarter."""
        if briefing.quarter < self.first:
            return self.now.decide(briefing)
        if briefing.quarter == self.first and briefing.question == "agenda":
            briefing = replace(briefing, memory=np.zeros_like(briefing.memory))
        return self.later.decide(briefing)
