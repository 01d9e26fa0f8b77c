"""Pairs of games: one with a shock, one without, all draws shared; and who made the difference.

`influence` answers, in every quarter and game: how much of the change of j's utility comes from
where i stands? Where i stands are the levers and stocks that i owns, and the counted events of
these levers. It is the mean of two answers: by how much j's utility changes in the game without
the shock if i alone is put where it stands in the game with it, and in the game with the shock if
i alone is put back. (One of them alone is biased: who is loss averse minds any single departure
from what it is used to.) j's utility is the model's own, security and all. What no actor's doing
explains is told apart: beliefs, crises and wars, what j has got used to (its reference), and the
rest (what only comes about together, stocks that nobody owns, who is in office). The rows add up
to the whole change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from agents.briefing import Bools, Floats, Ints
from model.chance import Chance
from model.measures import measure
from model.notice import NOTICE
from model.perception import accounts_in_effect
from model.reading import scenario_hash
from model.reckoning import utilities
from model.scenario import Scenario, quarter_name
from model.schema import ScenarioFile
from model.turn import Game, Record, begin, play_quarter, ready
from model.world import World
from runs.batch import chunk_size
from runs.ensemble import reference, seat_doctrines
from runs.experiment import Arm
from runs.pieces import Piece, named, play_pieces
from runs.posterior import Draws
from runs.store import code_hash

Small = NDArray[np.float32]
WITHOUT, CHANGE = "without ", "change "  # before a series' id: columns of the files
# Rows of `influence` behind the actors, and the fields of the world that each of them takes.
OTHERS: dict[str, tuple[str, ...]] = {
    "beliefs": ("kept", "broken", "carried", "bluffed", "hostility", "credibility", "commitment"),
    "crises and wars": ("rung", "war", "outcome"),
    "what one is used to": ("reference",),
    "the rest": (),
}


@dataclass(frozen=True)
class PairChunk:
    """What differs between two arms in pairs that were played together."""

    runs: Ints  # (run,)
    control: Small  # (series, quarter, run)
    change: Small  # (series, quarter, run) with the shock less without
    influence: Small  # (actor from and OTHERS, actor to, quarter, run) utility; empty unless asked
    tag: str = ""  # of the job


@dataclass(frozen=True)
class PairJob:
    """Some pairs to be played; `runs.engines` takes it as it takes a `Job`."""

    file: ScenarioFile
    seed: int
    runs: Ints  # (run,)
    quarters: int
    values: tuple[Mapping[str, Any], Mapping[str, Any]]  # of control and shocked
    doctrines: tuple[Mapping[str, str], Mapping[str, str]]
    series: tuple[str, ...]
    influence: bool
    draws: Draws | None = None  # of numbers that neither arm sets
    tag: str = ""

    def play(self) -> PairChunk:
        """Play both games of every pair side by side, quarter by quarter."""
        drawn = self.draws.values(self.file, self.runs) if self.draws else {}
        games = [ready(self.file, {**drawn, **values}) for values in self.values]
        seats = [seat_doctrines(self.file, d) for d in self.doctrines]
        chance = Chance(self.seed, self.runs)
        worlds = [begin(game, len(self.runs)) for game in games]
        control, change, felt = [], [], []
        for _ in range(self.quarters):
            records = [
                play_quarter(g, w, chance, s) for g, w, s in zip(games, worlds, seats, strict=True)
            ]
            worlds = [record.world for record in records]
            first, second = (
                np.array([measure(g, r, name) for name in self.series])
                for g, r in zip(games, records, strict=True)
            )
            control.append(first.astype(np.float32))
            change.append((second - first).astype(np.float32))
            if self.influence:
                now = [
                    replace(r.world, reference=references(g, r))
                    for g, r in zip(games, records, strict=True)
                ]
                felt.append(influence(games[0].scenario, now[0], now[1], games[1].scenario))
        shape = (len(worlds[0].support) + len(OTHERS), len(worlds[0].support), 0, len(self.runs))
        return PairChunk(
            self.runs,
            np.stack(control, axis=1),
            np.stack(change, axis=1),
            np.stack(felt, axis=2) if felt else np.zeros(shape, dtype=np.float32),
            self.tag,
        )


def influence(scenario: Scenario, control: World, shocked: World, other: Scenario) -> Small:
    """Change of each actor's utility by what each actor did, (actor from and OTHERS, to, run).

    control, shocked : the worlds after a quarter, with the references of that quarter
    other : the scenario of the shocked game
    """
    low, high = _utility(scenario, control), _utility(other, shocked)
    rows = []
    for part in (*range(len(scenario.actors)), *(f for f in OTHERS.values() if f)):
        there = _utility(scenario, _put(scenario, control, shocked, part))
        back = _utility(other, _put(other, shocked, control, part))
        rows.append((there - low + high - back) / 2.0)
    rest = high - low
    for row in rows:
        rest = rest - row
    return np.array([*rows, rest], dtype=np.float32)


def _put(scenario: Scenario, world: World, source: World, part: int | tuple[str, ...]) -> World:
    """Put an actor, or some fields, where they stand in another world."""
    if isinstance(part, int):
        return standing(scenario, world, source, part)
    return replace(world, **{name: getattr(source, name) for name in part})


def standing(scenario: Scenario, world: World, source: World, actor: int) -> World:
    """Return a world with one actor's levers, stocks and acts taken from another."""
    mine = scenario.levers.owner == actor
    name = scenario.actors[actor]
    stocks = np.array([scenario.file.stocks[s].owner == name for s in scenario.stocks], dtype=bool)

    def put(what: str, where: Bools) -> NDArray[Any]:
        return np.where(where[:, None], getattr(source, what), getattr(world, what))

    return replace(
        world,
        setting=put("setting", mine),
        value=put("value", mine),
        count=put("count", mine),
        stock=put("stock", stocks),
    )


def _utility(scenario: Scenario, world: World) -> Floats:
    return utilities(scenario, world, accounts_in_effect(scenario, world))


def references(game: Game, record: Record) -> Floats:
    """References with which a quarter was felt: before they moved. (actor, account, run)."""
    speed = game.scenario.rules.reference_speed
    if (speed >= 1.0).any():  # they stand where the accounts are; what was before is lost
        return record.world.reference
    return np.asarray((record.world.reference - speed * record.accounts) / (1.0 - speed))


@dataclass(frozen=True)
class Pairing:
    """Two arms that share a file, and what is compared in their games."""

    arms: tuple[Arm, Arm]
    series: tuple[str, ...]
    runs: int
    influence: bool = False


class Pairs:
    """All pairs of a pairing, as they lie on disk; read series by series, for they may be many."""

    def __init__(self, files: Sequence[Path], quarters: int) -> None:
        self._files = [(file, pq.read_metadata(file)) for file in files]
        self.quarters = quarters

    def _read(self, column: str) -> Small:
        values = []
        for file, metadata in self._files:
            with pq.ParquetFile(file, metadata=metadata) as part:
                table = part.read([column], use_threads=False)
                values.append(table.column(0).to_numpy().reshape(-1, self.quarters).T)
        return np.concatenate(values, axis=1)

    def control(self, series: str) -> Small:
        """A series in the games without the shock, (quarter, run)."""
        return self._read(f"{WITHOUT}{series}")

    def change(self, series: str) -> Small:
        """With the shock less without, (quarter, run)."""
        return self._read(f"{CHANGE}{series}")

    def influence(self, actors: Sequence[str]) -> Small:
        """Influences, (actor from and OTHERS, actor to, quarter, run)."""
        rows = [[self._read(influence_of(i, j)) for j in actors] for i in (*actors, *OTHERS)]
        return np.array(rows)


def influence_of(origin: str, to: str) -> str:
    """Name the column of an influence."""
    return f"influence {origin} > {to}"


def as_table(job: PairJob, pairs: PairChunk) -> pa.Table:
    """Return pairs as a table, one row per pair and quarter."""
    names = [quarter_name(job.file.start, q) for q in range(job.quarters)]
    columns = {
        "run": pa.array(np.repeat(pairs.runs, job.quarters)),
        "quarter": pa.array(names * len(pairs.runs)).dictionary_encode(),
    }
    for n, name in enumerate(job.series):
        columns[f"{WITHOUT}{name}"] = pa.array(pairs.control[n].T.reshape(-1))
        columns[f"{CHANGE}{name}"] = pa.array(pairs.change[n].T.reshape(-1))
    if job.influence:
        actors = sorted(job.file.actors)
        for i, origin in enumerate((*actors, *OTHERS)):
            for j, to in enumerate(actors):
                values = pairs.influence[i, j].T.reshape(-1)
                columns[influence_of(origin, to)] = pa.array(values)
    return pa.table(columns, metadata={"notice": NOTICE})


def play_pairs(
    pairings: Mapping[str, Pairing],
    seed: int,
    folder: Path,
    *,
    quarters: int,
    draws: Draws | None = None,
    workers: int | None = None,
    stream: TextIO | None = None,
) -> dict[str, Pairs]:
    """Play pairs 0 to runs - 1 of each pairing, as far as they are not in the folder already."""

    def pieces() -> Iterator[Piece[PairChunk]]:
        for name, pairing in pairings.items():
            yield from _pieces(name, pairing, seed, quarters, draws)

    names = iter(play_pieces(pieces, folder, "pairs of games", workers, stream))
    return {
        name: Pairs([folder / next(names) for _ in _parts(pairing)], quarters)
        for name, pairing in pairings.items()
    }


def _parts(pairing: Pairing) -> Iterator[Ints]:
    size = chunk_size(pairing.runs)
    for n in range(0, pairing.runs, size):
        yield np.arange(n, min(n + size, pairing.runs))


def _pieces(
    name: str, pairing: Pairing, seed: int, quarters: int, draws: Draws | None
) -> Iterator[Piece[PairChunk]]:
    first, second = pairing.arms
    said = {
        "code": code_hash(),
        "scenario": scenario_hash(first.file),
        "seed": seed,
        "quarters": quarters,
        "series": pairing.series,
        "influence": pairing.influence,
        "doctrines": [{a: reference(d) for a, d in arm.doctrines.items()} for arm in pairing.arms],
        "numbers": "" if draws is None else f"{draws.seed} {draws.label}",
    }
    stem = name.replace(" ", "-")
    for runs in _parts(pairing):
        job = PairJob(
            first.file,
            seed,
            runs,
            quarters,
            (first.values, second.values),
            (first.doctrines, second.doctrines),
            pairing.series,
            pairing.influence,
            draws,
            named(f"{stem}-{runs[0]:06d}", said, runs, first.values, second.values),
        )
        yield Piece(job, partial(as_table, job))
