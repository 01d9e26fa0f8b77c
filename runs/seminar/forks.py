"""What if: several hundred games from a turn on, with and without one change, by the same draws.

Arms share all draws, so that their difference, game by game, is the effect of the change. From the
fork on every seat is played by its doctrine in both arms; in the arms about luck the orders of the
class are played again under other draws.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from agents.briefing import Floats, Ints
from model.chance import Chance
from model.measures import measure
from model.tables import slots_free
from model.world import World
from runs.seminar.bonds import settle
from runs.seminar.live import Live
from runs.seminar.seats import Orders, Tabled
from runs.seminar.session import Turn, Version, effects_of, read_condition, read_orders
from runs.seminar.turns import QUARTERS, Match, Plans, opening

CONTINUATIONS = 400
BATCH = 1000
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
    version: str  # of a deal, whose signing is tried
    done: list[float]  # share, one number
    result: list[dict[str, Arm]]
    problem: list[str]
    began: float
    took: list[float]


def start(kind: str, version: str, work: Callable[[Progress], dict[str, Arm]]) -> Job:
    """Begin to calculate in the background."""
    job = Job(kind, version, [0.0], [], [], time.monotonic(), [])

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


def play_on(
    match: Match,
    world: World,
    arms: Mapping[str, Sequence[Plans]],
    games: int,
    progress: Progress | None = None,
) -> dict[str, Arm]:
    """Play many games on from a state, in several arms by the same draws.

    Arms whose plans for a turn are the same go through it side by side, in one array: most of what
    a turn costs is the same however many games it holds.

    world : of one game; arms : name → plans of each turn, equally many; progress : told the share
    """
    names, turns = list(arms), len(next(iter(arms.values())))
    # the class's own game is number 0: others begin after it
    runs = np.tile(np.arange(1, games + 1), len(arms))
    here = world.take(np.zeros(len(runs), dtype=np.int64))
    total: Floats = np.zeros((len(match.game.scenario.actors), len(runs)))
    known = [s for s in SHOWN if s in match.file.series]
    ends: Floats = np.zeros((len(known), len(runs)))
    rounds = [_alike([arms[name][n] for name in names]) for n in range(turns)]
    steps, done = sum(len(r) for r in rounds), 0
    for n, groups in enumerate(rounds):
        worlds, places = [], []
        for group in groups:
            columns = np.concatenate([np.arange(games) + games * k for k in group])
            chance = Chance(match.chance.seed, runs[columns])
            start = here if len(groups) == 1 else here.take(columns)
            settled = settle(replace(match, chance=chance), start, arms[names[group[0]]][n])
            for record in settled.records:
                total[:, columns] += record.utility
            for k, s in enumerate(known):
                of = match.file.series[s].of
                ends[k, columns] = measure(match.game, settled.records[-1], of)
            worlds.append(settled.world)
            places.append(columns)
            done += 1
            if progress is not None:
                progress(done / steps)
        here = worlds[0] if len(groups) == 1 else _side_by_side(worlds, np.concatenate(places))
    own = {name: slice(games * k, games * (k + 1)) for k, name in enumerate(names)}
    return {
        name: Arm(total[:, at] / (QUARTERS * turns), {s: ends[k, at] for k, s in enumerate(known)})
        for name, at in own.items()
    }


def _alike(plans: Sequence[Plans]) -> list[list[int]]:
    """Places of the plans, those that are the same together."""
    groups: list[list[int]] = []
    for k, each in enumerate(plans):
        same = next((g for g in groups if plans[g[0]] == each), None)
        if same is None:
            groups.append([k])
        else:
            same.append(k)
    return groups


def _side_by_side(worlds: Sequence[World], columns: Ints) -> World:
    """Put worlds of one moment into one; columns : (run,) where each of their games goes."""
    order, first = np.argsort(columns), worlds[0]
    names = [f.name for f in fields(first) if isinstance(getattr(first, f.name), np.ndarray)]
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(w, name) for w in worlds], axis=-1)[..., order]
        for name in names
    }
    return replace(first, **joined)


def as_signed(live: Live, version: Version) -> dict[str, Tabled]:
    """Return a version that was not signed as if all its parties had: its part at each table.

    Talks are called by who called them in that turn; where nobody had, by one at the table whose
    agenda had room, who made the version first.
    """
    turn = live.session.turns[version.turn - 1]
    scenario = live.game.game.scenario
    middle, _ = opening(live.game, live.worlds[version.turn - 1])
    called = {table: told["opener"] for table, told in turn.tabled.items()}
    for a, orders in turn.orders.items():
        called |= {table: a for table in (orders or {}).get("demands", {}) if table not in called}
    out = {}
    for table, part in live.parts(version.parties, version.moves).items():
        by = live.speaker(version.by, table)
        if table not in called:
            there = sorted(live.forms.parties(table), key=lambda a: a != by)
            free = {a: int(slots_free(scenario, middle, scenario.actor(a))[0]) for a in there}
            has_room = [a for a in there if list(called.values()).count(a) < free[a]]
            called[table] = (has_room or there)[0]
        condition = read_condition(version.condition)
        out[table] = Tabled(table, called[table], by, part, True, version.id, condition)
    return out


def instead(played: Plans, change: Mapping[str, Tabled]) -> Plans:
    """Return plans with a deal put on its tables; deals that had a part there fall whole."""
    fallen = {
        d.deal for table, d in played.tabled.items() if table in change and d.signed and d.deal
    }
    rest = {table: d for table, d in played.tabled.items() if d.deal not in fallen or not d.deal}
    return replace(played, tabled={**rest, **change})


def what_if(live: Live, version: Version, games: int, progress: Progress) -> dict[str, Arm]:
    """Continue from a turn as it was played, and with a version signed that was not."""
    match, turn = live.game, version.turn
    played = plans_of(live.session.turns[turn - 1])
    other = instead(played, as_signed(live, version))
    rest = [doctrines_alone(match)] * (match.turns() - turn)
    arms = {"as it was": [played, *rest], "what if": [other, *rest]}
    return play_on(match, live.worlds[turn - 1], arms, games, progress)


def luck(live: Live, games: int, progress: Progress) -> dict[str, Arm]:
    """Play the orders of the class again under other draws, and games of doctrines alone."""
    match = live.game
    played = [plans_of(turn) for turn in live.session.turns]
    arms = {"same orders": played, "doctrines": [doctrines_alone(match)] * len(played)}
    return play_on(match, live.worlds[0], arms, games, progress)


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
