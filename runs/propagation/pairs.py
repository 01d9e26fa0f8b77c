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

import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from agents.briefing import Bools, Floats, Ints
from model.chance import Chance
from model.measures import measure
from model.perception import accounts_in_effect
from model.reckoning import utilities
from model.scenario import Scenario
from model.schema import ScenarioFile
from model.turn import Game, Record, begin, play_quarter, ready
from model.world import World
from runs.batch import Progress, chunk_size
from runs.engines import run_chunks
from runs.ensemble import seat_doctrines
from runs.experiment import Arm
from runs.posterior import Draws

Small = NDArray[np.float32]
# Rows of `influence` behind the actors, and the fields of the world that each of them takes.
OTHERS: dict[str, tuple[str, ...]] = {
    "beliefs": ("kept", "broken", "carried", "bluffed", "hostility", "credibility", "commitment"),
    "crises and wars": ("rung", "war", "outcome"),
    "what one is used to": ("reference",),
    "the rest": (),
}


@dataclass(frozen=True)
class Pairs:
    """What differs between two arms, game by game."""

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
    tag: str
    draws: Draws | None = None  # of numbers that neither arm sets

    def play(self) -> Pairs:
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
        return Pairs(
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


def play_pairs(
    pairings: Mapping[str, Pairing],
    seed: int,
    *,
    quarters: int,
    draws: Draws | None = None,
    workers: int | None = None,
    stream: TextIO | None = None,
) -> dict[str, Pairs]:
    """Play pairs 0 to runs - 1 of each pairing: name → what differs."""
    jobs = [
        PairJob(
            pairing.arms[0].file,
            seed,
            np.arange(n, min(n + size, pairing.runs)),
            quarters,
            (pairing.arms[0].values, pairing.arms[1].values),
            (pairing.arms[0].doctrines, pairing.arms[1].doctrines),
            pairing.series,
            pairing.influence,
            name,
            draws,
        )
        for name, pairing in pairings.items()
        for size in (chunk_size(pairing.runs),)
        for n in range(0, pairing.runs, size)
    ]
    todo = sum(pairing.runs for pairing in pairings.values())
    progress = Progress("pairs of games", todo, todo, stream or sys.stderr)
    found: dict[str, list[Pairs]] = {name: [] for name in pairings}
    few = 1 if len(jobs) == 1 and (workers is None or workers > 0) else workers
    try:
        with closing(run_chunks(jobs, few, progress.add)) as chunks:
            for pairs in chunks:
                found[pairs.tag].append(pairs)
    finally:
        progress.close()
    return {name: _joined(parts) for name, parts in found.items()}


def _joined(parts: list[Pairs]) -> Pairs:
    ordered = sorted(parts, key=lambda pairs: int(pairs.runs[0]))

    def whole(what: str) -> NDArray[Any]:
        return np.concatenate([getattr(pairs, what) for pairs in ordered], axis=-1)

    return Pairs(whole("runs"), whole("control"), whole("change"), whole("influence"))
