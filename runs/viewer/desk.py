"""What a page keeps in one browser tab: its game, and what its reader is looking at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import solara
from mesa.visualization.utils import force_update

from model.schema import ScenarioFile
from model.transcript import Event
from model.world import World, ruptured
from runs.viewer.flows import flows
from runs.viewer.network import USUAL_LAYERS, Ground, Scene, ground_of
from runs.viewer.watched import Moment, Watched
from runs.words import Names

PANELS = {
    "quarter": "This quarter",
    "why": "Why",
    "table": "Bargaining",
    "time": "Over time",
    "trust": "Trust",
    "setup": "Set up",
    "hand": "Play a seat",
}


@dataclass(frozen=True)
class Setup:
    """How the next game is to be made."""

    scenario: str
    seed: int
    settings: Mapping[str, float] = field(default_factory=dict)
    doctrines: Mapping[str, str] = field(default_factory=dict)

    def game(self) -> Watched:
        """Make the game."""
        return Watched(
            file_of(self.scenario),
            rng=self.seed,
            settings=dict(self.settings),
            doctrines=dict(self.doctrines),
            source=self.scenario,
        )


_FILES: dict[str, ScenarioFile] = {}


def file_of(scenario: str) -> ScenarioFile:
    """Read a scenario, once: a file is frozen, so that all tabs may share it."""
    from model.reading import read

    if scenario not in _FILES:
        _FILES[scenario] = read(scenario)
    return _FILES[scenario]


class Desk:
    """The state of one tab; every field is a Solara reactive of this tab alone."""

    def __init__(self, setup: Setup) -> None:
        self.setup = solara.reactive(setup)
        self.game: solara.Reactive[Watched] = solara.reactive(setup.game())
        self.playing = solara.reactive(False)
        self.pace = solara.reactive(1.5)  # seconds a quarter
        self.back: solara.Reactive[int | None] = solara.reactive(None)  # quarter looked back at
        self.layers = solara.reactive(USUAL_LAYERS)
        self.focus = solara.reactive("")
        self.actor = solara.reactive(next(iter(self.game.value.actors)))
        self.table = solara.reactive("")
        self.panel = solara.reactive("quarter")
        self.whole = solara.reactive(False)  # tell every offer
        self.trouble = solara.reactive("")
        self._ground: tuple[Any, Ground] = (None, None)  # type: ignore[assignment]

    # -- the game

    def start_again(self, setup: Setup | None = None) -> None:
        """Make a new game; the same one unless the set-up says otherwise."""
        self.playing.value = False
        by_hand = self.game.value.by_hand
        made = setup or self.setup.value
        try:
            game = made.game()
        except ValueError as error:
            self.trouble.value = str(error)
            return
        if by_hand in game.actors and by_hand is not None:
            game.take_over(by_hand)
        self.setup.value = made
        self.back.value = None
        self.trouble.value = ""
        self.game.value = game
        if self.actor.value not in game.actors:
            self.actor.value, self.focus.value, self.table.value = next(iter(game.actors)), "", ""
        force_update()

    def step(self) -> None:
        """Play a quarter, or as much of it as the seat played by hand lets."""
        game = self.game.value
        try:
            game.step()
        except ValueError as error:
            self.playing.value = False
            self.trouble.value = f"The game cannot go on: {error}"
        self.back.value = None
        self.after()

    def after(self) -> None:
        """Show what came of a step or an answer."""
        game = self.game.value
        if game.waiting is not None:
            self.playing.value = False
            self.panel.value = "hand"
        if not game.running:
            self.playing.value = False
        force_update()

    # -- what is looked at

    @property
    def moments(self) -> list[Moment]:
        """Quarters played."""
        return self.game.value.moments

    @property
    def shown(self) -> int:
        """Number of the quarter that is looked at; −1 the start."""
        back = self.back.value
        return len(self.moments) - 1 if back is None else min(back, len(self.moments) - 1)

    @property
    def moment(self) -> Moment | None:
        """The quarter that is looked at, None the start."""
        return self.moments[self.shown] if self.shown >= 0 else None

    @property
    def names(self) -> Names:
        """What ids are called."""
        return Names(self.game.value.first)

    def look_back(self, quarter: int) -> None:
        """Look at a quarter; the present is kept."""
        self.playing.value = False
        self.back.value = None if quarter >= len(self.moments) - 1 else quarter

    def pick(self, what: str) -> None:
        """Do what a part of a picture says: `actor:USA`, `pair:USA>ROK`, `layer:trade`, …"""
        kind, _, of = what.partition(":")
        if kind == "layer":
            self.layers.value = self.layers.value ^ {of}
        elif kind == "actor":
            self.focus.value = "" if self.focus.value == of else of
            self.actor.value = of
        elif kind == "pair":
            self.focus.value = "" if self.focus.value == of else of
            self._choose_table(frozenset(of.split(">")))
        elif kind == "quarter":
            self.look_back(int(of))
        elif kind == "table":
            self.table.value, self.panel.value = of, "table"
        elif kind == "panel":
            self.panel.value = of

    def _choose_table(self, pair: frozenset[str]) -> None:
        for table, rule in self.game.value.first["tables"].items():
            if frozenset(rule["parties"]) == pair:
                self.table.value = table

    def world(self) -> World:
        """The world as the quarter looked at left it."""
        if self.moment is not None:
            return self.moment.record.world
        moments = self.moments
        return moments[0].before if moments else self.game.value.world

    def scene(self) -> Scene:
        """Return what the network shows."""
        game, moment = self.game.value, self.moment
        scenario = game.game.scenario
        world = self.world()
        gone = ruptured(scenario, world)[..., 0]
        broken = {
            frozenset((a, b))
            for i, a in enumerate(scenario.actors)
            for j, b in enumerate(scenario.actors)
            if gone[i, j]
        }
        return Scene(
            file=game.file,
            first=game.first,
            state=moment.state if moment is not None else game.first["state"],
            previous=self.moments[self.shown - 1].state if self.shown > 0 else None,
            flows=tuple(flows(scenario, self.names, moment, world)),
            ruptured=frozenset(broken),
            crises={e["theatre"]: e for e in moment.of("crisis")} if moment is not None else {},
            active=frozenset(acted(moment)) if moment is not None else frozenset(),
            caption=f"{moment.name if moment is not None else f'before {game.file.start}'}",
            layers=self.layers.value,
            focus=self.focus.value,
        )

    def ground(self) -> Ground:
        """Lay the network out, once for a scenario."""
        file = self.game.value.file
        if self._ground[0] is not file:
            self._ground = (file, ground_of(file))
        return self._ground[1]


def acted(moment: Moment) -> set[str]:
    """Actors that did something this quarter: signed, threatened, moved, broke their word."""
    out: set[str] = set()
    for event in moment.events:
        kind = event["event"]
        if kind == "signing" and event["signed"]:
            out |= set(event["parties"])
        elif kind in ("own_move", "threat") or (kind == "promise" and not event["kept"]):
            out.add(event["by"])
    return out

