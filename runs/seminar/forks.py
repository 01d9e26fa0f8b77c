"""What if: several hundred games from a turn on, with and without one change, by the same draws.

Arms share all draws, so that their difference, game by game, is the effect of the change. From the
fork on every seat is played by its doctrine in both arms; in the arms about luck the orders of the
class are played again under other draws.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from agents.briefing import Floats
from model.chance import Chance
from model.measures import measure
from model.turn import Record
from model.world import World
from runs.seminar.bonds import settle
from runs.seminar.live import Live
from runs.seminar.seats import Orders, Tabled
from runs.seminar.session import Turn, effects_of, read_condition, read_orders
from runs.seminar.turns import QUARTERS, Match, Plans

CONTINUATIONS = 400
BATCH = 1000
CHUNK = 200
Z90 = 1.645
SHOWN = ("rok_pays", "usfk", "nato_spending", "jpn_spending", "hazard_korea", "hazard_taiwan")
Progress = Callable[[float], None]


@dataclass
class Arm:
    """Many games: what they were worth to each actor, and series at the end."""

    utility: Floats  # (actor, game) mean of the quarters played
    series: dict[str, Floats] = field(default_factory=dict)  # name → (game,) at the end


@dataclass(frozen=True)
class Job:
    """Something that is being calculated while the class watches."""

    kind: str
    title: str
    done: list[float]  # share, one number
    result: list[dict[str, Arm]]
    problem: list[str]
    began: float
    took: list[float]
    change: Mapping[str, str] = field(default_factory=dict)


def start(
    kind: str,
    title: str,
    work: Callable[[Progress], dict[str, Arm]],
    change: Mapping[str, str] | None = None,
) -> Job:
    """Begin to calculate in the background."""
    job = Job(kind, title, [0.0], [], [], time.monotonic(), [], dict(change or {}))

    def run() -> None:
        try:
            job.result.append(work(lambda share: job.done.__setitem__(0, share)))
        except Exception as error:  # noqa: BLE001 - the class must be told, whatever it was
            job.problem.append(f"{type(error).__name__}: {error}")
        job.took.append(time.monotonic() - job.began)
        job.done[0] = 1.0

    threading.Thread(target=run, daemon=True).start()
    return job


def plans_of(turn: Turn) -> Plans:
    """Return what went into a turn that was published."""
    orders: dict[str, Orders | None] = {
        a: None if o is None else read_orders(o) for a, o in turn.orders.items()
    }
    tabled = {t: _tabled(d) for t, d in turn.tabled.items()}
    return Plans(orders, tabled, effects_of(turn.overrides))


def _tabled(told: Mapping[str, Any]) -> Tabled:
    return Tabled(
        told["table"],
        told["opener"],
        told["by"],
        dict(told["moves"]),
        told["signed"],
        told.get("deal", ""),
        read_condition(told.get("condition")),
    )


def doctrines_alone(match: Match) -> Plans:
    """Return the plans of a turn in which every seat is empty."""
    return Plans(dict.fromkeys(match.game.scenario.actors), {})


def continue_from(
    match: Match,
    world: World,
    turns: list[Plans],
    games: int,
    first_run: int = 0,
    seed: int | None = None,
) -> Arm:
    """Play games from a state on: these turns, each of several quarters.

    world : of one game; first_run : number of the first of them within the seed
    """
    runs = np.arange(first_run, first_run + games)
    chance = Chance(match.chance.seed if seed is None else seed, runs)
    here = world.take(np.zeros(games, dtype=np.int64)) if world.runs == 1 else world
    total: Floats = np.zeros((len(match.game.scenario.actors), games))
    record: Record | None = None
    for plans in turns:
        settled = settle(replace(match, chance=chance), here, plans)
        here = settled.world
        for record in settled.records:
            total = total + record.utility
    assert record is not None
    series = {
        s: np.array(np.broadcast_to(measure(match.game, record, match.file.series[s].of), games))
        for s in SHOWN
        if s in match.file.series
    }
    return Arm(total / (QUARTERS * len(turns)), series)


def in_chunks(
    match: Match, world: World, arms: Mapping[str, list[Plans]], games: int, progress: Progress
) -> dict[str, Arm]:
    """Play several arms over the same draws, chunk by chunk."""
    parts: dict[str, list[Arm]] = {name: [] for name in arms}
    steps, done = math.ceil(games / CHUNK) * len(arms), 0
    for first in range(0, games, CHUNK):
        count = min(CHUNK, games - first)
        for name, turns in arms.items():
            # the class's own game is number 0: others begin after it
            parts[name].append(continue_from(match, world, turns, count, first + 1))
            done += 1
            progress(done / steps)
    return {name: joined(found) for name, found in parts.items()}


def joined(parts: list[Arm]) -> Arm:
    """Put chunks together."""
    return Arm(
        np.concatenate([p.utility for p in parts], axis=1),
        {s: np.concatenate([p.series[s] for p in parts]) for s in parts[0].series},
    )


def what_if(
    live: Live, turn: int, change: Tabled, games: int, progress: Progress
) -> dict[str, Arm]:
    """Continue from a turn as it was played, and with a table settled otherwise."""
    match, world = live.game, live.worlds[turn - 1]
    played = plans_of(live.session.turns[turn - 1])
    other = replace(played, tabled={**played.tabled, change.table: change})
    rest = [doctrines_alone(match)] * (match.turns() - turn)
    arms = {"as it was": [played, *rest], "what if": [other, *rest]}
    return in_chunks(match, world, arms, games, progress)


def luck(live: Live, games: int, progress: Progress) -> dict[str, Arm]:
    """Play the orders of the class again under other draws, and games of doctrines alone."""
    match = live.game
    played = [plans_of(turn) for turn in live.session.turns]
    arms = {"same orders": played, "doctrines": [doctrines_alone(match)] * len(played)}
    return in_chunks(match, live.worlds[0], arms, games, progress)


def difference(
    arms: Mapping[str, Arm], what: Callable[[Arm], Floats]
) -> tuple[float, float, float]:
    """Mean of the paired differences of two arms and its 90 % interval."""
    first, second = (what(arm) for arm in arms.values())
    gap = second - first
    half = Z90 * float(gap.std(ddof=1)) / math.sqrt(len(gap)) if len(gap) > 1 else 0.0
    return float(gap.mean()), float(gap.mean()) - half, float(gap.mean()) + half


def percentile(values: Floats, value: float) -> int:
    """Share of games that ended lower, in percent."""
    return round(100.0 * float((values < value).mean()))
