"""The ground of a seminar: its record, the state of the class, the game behind it, the clock."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from model.overrides import override, ruled
from model.reading import read
from model.tables import slots_free
from model.transcript import StoredSeat
from model.turn import Quarter
from model.turn import Record as Quarterly
from model.world import World
from runs.seminar import session as fold_
from runs.seminar.bonds import Played
from runs.seminar.forms import Forms
from runs.seminar.news import outcome_of
from runs.seminar.record import FILE, Event, Record
from runs.seminar.session import OPEN, OVER, Session, Turn, effects_of
from runs.seminar.turns import (
    Match,
    digest_of,
    opening,
)

LONGEST_TEXT = 2000
DOORS = {"code", "joined", "left", "took_over"}  # what browsers did to come in


def new_id() -> str:
    """Return the name of a new seminar."""
    return secrets.token_hex(4)


class Refused(Exception):  # noqa: N818 - an answer to a person, not a fault
    """What was asked for cannot be done; says why, and what can be done instead."""

    def __init__(self, text: str, **words: object) -> None:
        super().__init__(text.format(**words) if words else text)
        self.text, self.words = text, words


class Ground:
    """One seminar: its record, the state of the class, and the engine's game behind it.

    One writer: whatever changes something runs under `lock`, appends its event, and only then lets
    the state follow.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.record = Record(folder / FILE)
        self.session: Session = fold_.fold(self.record.events())
        self.changed = 0  # grows with every event, for the streams
        self.match: Match | None = None
        self.worlds: list[World] = []  # before each turn, and after the last
        self.records: list[tuple[Quarterly, ...]] = []  # per turn
        self._opened: tuple[World, World, list[str]] | None = None
        self.shown: dict[Any, dict[str, Any]] = {}  # what is public, kept until it changes
        self._kept: tuple[World | None, dict[Hashable, Any]] = (None, {})
        self._preview: tuple[int, Played] | None = None
        if self.session.id:
            self._set_up()
            self._catch_up()

    # ---------------------------------------------------------------- the record

    def append(
        self, kind: str, data: Mapping[str, Any], request: str | None = None
    ) -> Event | None:
        """Keep an event and let the state follow; None if the request was kept before."""
        event = self.record.append(kind, data, request)
        if event is not None:
            fold_.apply(self.session, event)
            self.changed += 1
        return event

    def create(self, scenario: str, seed: int, language: str, white: str) -> None:
        """Begin the record of a new seminar."""
        file = read(scenario)
        self.append(
            "created",
            {
                "id": new_id(),
                "scenario": scenario,
                "seed": seed,
                "language": language,
                "title": file.title,
                "actors": sorted(file.actors),
                "white": white,
            },
        )
        self._set_up()

    def _set_up(self) -> None:
        """Make the game, and play the published turns again from their stored answers."""
        self.match = Match.of(read(self.session.scenario), self.session.seed)
        self.forms = Forms(self.match)
        self.worlds, self.records = [self.match.start()], []
        for turn in self.session.turns:
            match = as_ruled(self.match, turn)
            world, records = replay_turn(match, self.worlds[-1], turn.quarters)
            effects = effects_of(turn.overrides)
            world = override(match.game, world, match.chance, effects)
            if digest_of(world) != turn.digest:
                raise RuntimeError(f"turn {turn.number} led to another state than the record says")
            self.worlds.append(world)
            self.records.append(records)

    @property
    def game(self) -> Match:
        """The match; there is one as soon as the seminar has been created."""
        assert self.match is not None
        return self.match

    @property
    def world(self) -> World:
        """The world before the turn that is being played, or after the last one."""
        return self.worlds[-1]

    def opened(self) -> tuple[World, list[str]]:
        """Positions as the tables meet, and the news of the quarter that led there."""
        if self.session.phase != OPEN:
            return self.world, []
        if self._opened is None or self._opened[0] is not self.world:
            self._opened = (self.world, *opening(self.game, self.world))
        return self._opened[1:]

    def middle(self) -> World:
        """Positions as the tables meet: after the news of the quarter."""
        return self.opened()[0]

    def once[T](self, what: Hashable, make: Callable[[], T]) -> T:
        """Work out once what stays as it is as long as the positions do: all devices ask for it."""
        middle = self.middle()
        if self._kept[0] is not middle:
            self._kept = (middle, {})
        kept = self._kept[1]
        if what not in kept:
            kept[what] = make()
        said: T = kept[what]
        return said

    def slots(self, actor: str) -> int:
        """Tables that an actor may keep open this turn."""
        scenario = self.game.game.scenario
        return int(slots_free(scenario, self.middle(), scenario.actor(actor))[0])

    # ---------------------------------------------------------------- turns and clock

    def begin_turn(self, seconds: float | None = None) -> None:
        """Open the next turn for talks and orders."""
        s = self.session
        if s.phase == OPEN:
            raise Refused("Turn {n} is going on. Publish it first.", n=s.turn)
        if s.phase == OVER:
            raise Refused("All turns have been played. Open the debrief, or go back to a turn.")
        self.append("turn_begun", {"turn": s.turn + 1, "seconds": seconds})
        last = s.turns[-1].quarters if s.turns else []
        for inject in list(s.injects.values()):
            waits = inject.status == "ready" and bool(inject.trigger)
            if waits and outcome_of(inject.trigger, last):
                self.append("inject_released", {"id": inject.id})
        for inject in s.injects.values():
            scripted = inject.turn == s.turn and inject.status == "released"
            if scripted and inject.effects:
                self.append("override", {"effects": inject.effects, "reason": inject.text})
        self._catch_up()

    def set_clock(self, action: str, minutes: float = 0.0) -> None:
        """Start, pause, or change the clock. The deadline lives here, not in the browsers."""
        s, now = self.session, time.time()
        left = max(0.0, s.deadline - now) if s.deadline is not None else (s.left or 0.0)
        running = s.deadline is not None
        if action == "start":
            running, left = True, left if left > 0 else 600.0
        elif action == "pause":
            running = False
        elif action == "set":
            left = minutes * 60.0
        else:
            left = max(0.0, left + minutes * 60.0)
        deadline = now + left if running else None
        self.append("clock", {"deadline": deadline, "left": None if running else left})

    def hold(self, seat: str, by: str) -> None:
        """Hand a seat to its doctrine or to people; a doctrine answers what lies before it."""
        self.append("held", {"seat": seat, "by": by})
        self._catch_up()

    def fork(self, turn: int) -> Path:
        """Copy the record up to the beginning of a turn into a folder of its own; return it.

        Another section is another seminar: its codes and cookies open nothing here, nor ours there.
        """
        events = list(self.record.events())
        begun = [
            e for e in events if e.kind in ("turn_begun", "rewound") and e.data["turn"] == turn
        ]
        if not begun:
            raise Refused("There is no such turn to go back to.")
        number = 1
        while (folder := self.folder.with_name(f"{self.folder.name}-fork{number}")).exists():
            number += 1
        other = Record(folder / FILE)
        for event in events[: events.index(begun[-1]) + 1]:
            kind, data = event.kind, dict(event.data)
            if kind in DOORS:
                if kind != "joined" or data["seat"] == fold_.WHITE:
                    continue
                kind, data = "held", {"seat": data["seat"], "by": "people"}
            elif kind == "created":
                data["id"] = new_id()
            other.append(kind, data)
        other.close()
        return folder

    def late(self) -> bool:
        """The deadline of the turn has passed."""
        deadline = self.session.deadline
        return deadline is not None and time.time() > deadline

    def _open(self) -> None:
        if self.session.phase != OPEN:
            raise Refused("No turn is open. The facilitator opens the next one.")

    def _in_time(self) -> None:
        self._open()
        if self.late():
            raise Refused(
                "The time of turn {n} is over; nothing was changed. Your last saved draft counts."
                " Ask the facilitator if you need more time.",
                n=self.session.turn,
            )

    def _catch_up(self) -> None:
        """Do what is due and may have been cut off; see `Dealing`."""


def as_ruled(match: Match, turn: Turn) -> Match:
    """Return the match with the draws that the white cell ruled in a turn put in place."""
    return replace(match, chance=ruled(match.chance, effects_of(turn.overrides)))


def replay_turn(
    match: Match, world: World, quarters: Sequence[Sequence[Mapping[str, Any]]]
) -> tuple[World, tuple[Quarterly, ...]]:
    """Play a turn again from its stored answers."""
    records = []
    for told in quarters:
        answers = [e for e in told if e["event"] == "answers"]
        seats = {
            a: StoredSeat(
                a, [(e["question"], e["answers"][a]) for e in answers if a in e["answers"]]
            )
            for a in match.game.scenario.actors
        }
        record = Quarter(match.game, world, match.chance).play(seats)
        records.append(record)
        world = record.world
    return world, tuple(records)
