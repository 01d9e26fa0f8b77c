"""What a page keeps in one browser tab: its game, and what its reader is looking at."""

from __future__ import annotations

from agents.briefing import Briefing, Decision
from model.world import World, ruptured
from runs.viewer.flows import flows
from runs.viewer.network import USUAL_LAYERS, Ground, Scene, ground_of
from runs.viewer.setup import Setup
from runs.viewer.watched import Moment, Watched
from runs.words import Names


class Desk:
    """The state of one tab. Whoever changes it calls Mesa's `force_update`, once for all."""

    def __init__(self, setup: Setup, game: Watched | None = None) -> None:
        self.setup = setup  # of the game that is played
        self.game: Watched = setup.game() if game is None else game
        self.playing = False
        self.pace = 1.5  # seconds a quarter
        self.back: int | None = None  # quarter looked back at; None = the present
        self.layers = USUAL_LAYERS
        self.focus = ""  # in the network: an actor, or A>B
        self.actor = self.busiest()
        self.choice = 0  # of the decisions of the actor in the quarter
        self.table = ""
        self.about = "reliability"  # what the heat map shows
        self.panel = "quarter"
        self.whole = False  # tell every offer
        self.trouble = ""
        self.draft = setup  # of the next game
        self.answer: tuple[Briefing, Decision] | None = None  # draft of one by hand

    def busiest(self) -> str:
        """Return the actor that sits at most tables."""
        tables = self.game.first["tables"].values()
        seats = [a for t in tables for a in t["parties"]]
        return max(self.game.actors, key=seats.count)

    # -- the game

    def start_again(self, setup: Setup | None = None) -> None:
        """Make a new game; the same one unless the set-up says otherwise."""
        self.playing = False
        by_hand = self.game.by_hand
        made = setup or self.setup
        try:
            game = made.game()
        except ValueError as error:
            self.trouble = str(error)
            return
        if by_hand is not None and by_hand in game.actors:
            game.take_over(by_hand)
        self.setup = self.draft = made
        self.game, self.answer = game, None
        self.back, self.trouble = None, ""
        if self.actor not in game.actors:
            self.actor, self.focus = self.busiest(), ""
        if self.table not in game.first["tables"]:
            self.table = ""

    def step(self) -> None:
        """Play a quarter, or as much of it as the seat played by hand lets."""
        self.back, self.trouble = None, ""
        try:
            self.game.step()
        except ValueError as error:
            self.trouble = f"The game cannot go on: {error}"
            self.playing = False
        self.playing = self.playing and self.game.running

    # -- what is looked at

    @property
    def moments(self) -> list[Moment]:
        """Quarters played."""
        return self.game.moments

    @property
    def shown(self) -> int:
        """Number of the quarter that is looked at; −1 the start."""
        last = len(self.moments) - 1
        return last if self.back is None else min(self.back, last)

    @property
    def moment(self) -> Moment | None:
        """The quarter that is looked at, None the start."""
        return self.moments[self.shown] if self.shown >= 0 else None

    @property
    def names(self) -> Names:
        """What ids are called."""
        return Names(self.game.first)

    def look_back(self, quarter: int) -> None:
        """Look at a quarter; the present is kept."""
        self.playing = False
        self.back = None if quarter >= len(self.moments) - 1 else quarter

    def pick(self, kind: str, of: str) -> None:
        """Look at what a part of a picture stands for: an actor, a pair, a quarter, a layer."""
        if kind == "layer":
            self.layers = self.layers ^ {of}
        elif kind == "actor":
            self.focus = "" if self.focus == of else of
            self.actor, self.choice = of, 0
        elif kind == "who":
            self.focus, self.actor, self.choice = of, of, 0
        elif kind == "choice":
            self.choice = int(of)
        elif kind == "about":
            self.about = of
        elif kind == "pair":
            self.focus = "" if self.focus == of else of
            pair = frozenset(of.split(">"))
            for table, rule in self.game.first["tables"].items():
                if frozenset(rule["parties"]) == pair:
                    self.table = table
        elif kind == "quarter":
            self.look_back(int(of))
        elif kind == "table":
            self.table = of
            self.focus = ">".join(self.game.first["tables"][of]["parties"])
        elif kind == "panel":
            self.panel = of

    def world(self) -> World:
        """The world as the quarter looked at left it."""
        if self.moment is not None:
            return self.moment.record.world
        return self.moments[0].before if self.moments else self.game.world

    def scene(self) -> Scene:
        """Return what the network shows."""
        game, moment = self.game, self.moment
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
            caption=moment.name if moment is not None else f"before {game.file.start}",
            layers=self.layers,
            focus=self.focus,
        )

    def ground(self) -> Ground:
        """Return where the network lies."""
        return ground_of(self.game.file)


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
