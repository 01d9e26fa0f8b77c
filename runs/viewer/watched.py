"""A game that remembers: every quarter played, told as events, to be looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from agents.actor import Decides
from agents.doctrine import reference_of
from agents.seats import HumanSeat
from model.chronicle import Chronicle, happenings
from model.reading import scenario_hash
from model.reasons import Heard, Reasons
from model.schema import ScenarioFile
from model.standing import digest, header
from model.transcript import Event, Transcript
from model.turn import Game, Record
from model.wargame import Wargame
from model.world import World
from runs.shocks import Shock, apply
from runs.store import program_version


@dataclass(frozen=True)
class Moment:
    """A quarter that has been played: what was told of it, and what it was told from."""

    name: str  # 2025Q1
    events: tuple[Event, ...]
    record: Record
    heard: tuple[Heard, ...]  # questions and their answers
    game: Game
    before: World
    chance: Any  # model.chance.Chance
    deciders: Mapping[str, Decides]

    @cached_property
    def middle(self) -> World:
        """The world in which the tables met."""
        return happenings(self.game.scenario, self.before, self.chance, self.record)[0]

    @cached_property
    def reasons(self) -> Reasons:
        """What was weighed."""
        return Reasons(self.game.scenario, self.deciders, self.heard)

    @property
    def state(self) -> Event:
        """Where everything stood at its end."""
        return self.events[-1]

    def of(self, *kinds: str) -> list[Event]:
        """Events of these kinds."""
        return [e for e in self.events if e["event"] in kinds]


class Watched(Wargame):
    """A `Wargame` that a person watches, and in which one actor may be played by hand.

    Parameters are those of `Wargame`, and

    by_hand : the actor that a person plays from the start; None = nobody
    source : where a scenario that is given as a file was read from
    """

    def __init__(
        self,
        world: str | Path | ScenarioFile = "2025q1",
        *,
        rng: Any = 1,
        run: int = 0,
        quarters: int | None = None,
        settings: Mapping[str, float] | None = None,
        doctrines: Mapping[str, str | Decides] | None = None,
        by_hand: str | None = None,
        source: str = "",
        **parameters: Any,
    ) -> None:
        parameters.pop("scenario", None)  # SolaraViz hands Mesa's own to whatever takes keywords
        super().__init__(
            world,
            rng=rng,
            run=run,
            quarters=quarters,
            settings=settings,
            doctrines=doctrines,
            **parameters,
        )
        self.source = source or (world.name if isinstance(world, ScenarioFile) else str(world))
        self.moments: list[Moment] = []
        self.interventions: list[str] = []  # what a person did to this game, in words
        self.seat: HumanSeat | None = None
        self.by_hand: str | None = None
        self.adviser: Decides | None = None  # would decide if nobody had taken over
        self._told = Chronicle(self.game, self.world, self.chance, self._deciders())
        self.watchers.append(self._told.watch)
        self.first = self._header()
        if by_hand is not None:
            self.take_over(by_hand)

    def go_on(self) -> None:
        """Go on with the quarter in play, and keep it when it is over."""
        before, record = self._told.world, self.record
        super().go_on()
        if self.record is record or self.record is None:
            return
        heard = tuple(self._told.heard)
        deciders = dict(self._told.deciders)
        events = tuple(self._told.quarter(self.record))
        name = str(events[0]["quarter"])
        self.moments.append(
            Moment(name, events, self.record, heard, self.game, before, self.chance, deciders)
        )

    def take_over(self, actor: str) -> None:
        """Let a person decide for an actor, from the next question on.

        Raises
        ------
        ValueError
            If there is no such actor, or a quarter is in play.
        """
        self._between_quarters()
        if actor not in self.actors:
            raise ValueError(f"no actor {actor!r} in this scenario")
        self.hand_back()
        self.seat = HumanSeat()
        self.by_hand, self.adviser = actor, self.actors[actor].doctrine
        self.actors[actor].doctrine = self.seat
        self._told.deciders = self._deciders()

    def hand_back(self) -> None:
        """Give the actor that is played by hand back to its doctrine."""
        self._between_quarters()
        if self.by_hand is not None and self.adviser is not None:
            self.actors[self.by_hand].doctrine = self.adviser
        self.seat = self.by_hand = self.adviser = None
        self._told.deciders = self._deciders()

    def intervene(self, shock: Shock) -> None:
        """Let a shock happen at the start of the coming quarter.

        Raises
        ------
        ValueError
            If a quarter is in play, or the game is over.
        """
        self._between_quarters()
        if not self.running:
            raise ValueError("the game is over")
        self.game, self.world = apply(self.game, self.world, shock)
        self.file = self.game.scenario.file
        self._told.game, self._told.world = self.game, self.world
        when = self.game.scenario.quarter(self.world.quarter)
        self.interventions.append(f"{when}: {shock.title}")

    def _between_quarters(self) -> None:
        if self.waiting is not None:
            raise ValueError("a quarter is in play: answer first, or start again")

    def _deciders(self) -> dict[str, Decides]:
        return {a: x.doctrine for a, x in self.actors.items()}

    def _header(self) -> Event:
        return header(
            self.game,
            self.world,
            seed=self.seed_used,
            run=self.run_number,
            quarters=self.quarters,
            names=self.references(),
            settings=self.settings,
            source=self.source,
            version=program_version(),
        )

    def references(self) -> dict[str, str]:
        """Name of each actor's doctrine or seat, as transcripts call it."""
        return {a: reference_of(x.doctrine) for a, x in self.actors.items()}

    def transcript(self) -> Transcript:
        """What has been played so far, as a whole game of so many quarters."""
        played = len(self.moments)
        asked = {a for m in self.moments for a, d in m.deciders.items() if d.name == "human"}
        names = {a: "human" if a in asked else name for a, name in self.references().items()}
        top = {**self.first, "quarters": played, "doctrines": names}
        if self.interventions:
            # a replay of the scenario as it was would be another game, and has to say so
            top["interventions"] = list(self.interventions)
            top["scenario_hash"] = scenario_hash(self.file)
        end = {"event": "end", "quarters": played, "digest": digest(self.world)}
        return Transcript((top, *(e for m in self.moments for e in m.events), end))
