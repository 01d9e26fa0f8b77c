"""One game as a Mesa model: real agents on a network of ties, collected quarter by quarter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from mesa import DataCollector, Model
from mesa.discrete_space import Network

from agents.actor import Actor, Decides
from agents.briefing import Briefing, Decision
from agents.doctrine import get_doctrine
from agents.seats import Waiting
from model.bargaining import Ask
from model.beliefs import reliability
from model.chance import Chance
from model.measures import measure_now, world_digest
from model.parameters import check_settings, resolve
from model.reading import read
from model.schema import ACCOUNTS, ScenarioFile
from model.ties import LAYERS
from model.turn import Game, Quarter, Record, Watch, begin, ready
from model.world import World, ruptured

# the parameters that a Mesa user may name; all others go through `settings`
KEYWORDS = {
    "tau_usa": "actors.USA.transactionalism",
    "tau_rok": "actors.ROK.transactionalism",
    "tau_jpn": "actors.JPN.transactionalism",
    "tau_nato": "actors.NATO.transactionalism",
    "tau_chn": "actors.CHN.transactionalism",
    "tau_prk": "actors.PRK.transactionalism",
    "tau_rus": "actors.RUS.transactionalism",
    "agenda_usa": "actors.USA.agenda",
    "loss_aversion_rok": "actors.ROK.loss_aversion",
    "support_rok": "actors.ROK.support",
    "concession": "rules.concession",
    "commitment_share": "rules.commitment_share",
    "weight_noise": "rules.weight_noise",
}


class Wargame(Model):
    """One game. The same turn as in a batch: seed and run number give the same game, bit for bit.

    Parameters
    ----------
    world : name of a shipped scenario, path of a scenario file, or a validated file
    rng : seed, a whole number from 0; None draws one (kept in `seed_used`)
    run : number of the game within its seed, as in a batch
    quarters : length; None takes the scenario's
    tau_usa, ... : main parameters by name; None keeps the scenario's value
    settings : any other parameter by its path or alias → value
    doctrines : actor → doctrine name, or an object with `decide` (a seat)

    Raises
    ------
    ScenarioError, UnknownParameter, UnknownDoctrineError
        With what is wrong and the nearest names.

    Notes
    -----
    Works with Mesa's own `step()`, `run_for(16)` and `batch_run`; `running` turns False when the
    last quarter has been played.
    """

    def __init__(
        self,
        world: str | Path | ScenarioFile = "2025q1",
        *,
        rng: Any = None,
        run: int = 0,
        quarters: int | None = None,
        tau_usa: float | None = None,
        tau_rok: float | None = None,
        tau_jpn: float | None = None,
        tau_nato: float | None = None,
        tau_chn: float | None = None,
        tau_prk: float | None = None,
        tau_rus: float | None = None,
        agenda_usa: float | None = None,
        loss_aversion_rok: float | None = None,
        support_rok: float | None = None,
        concession: float | None = None,
        commitment_share: float | None = None,
        weight_noise: float | None = None,
        settings: Mapping[str, float] | None = None,
        doctrines: Mapping[str, str | Decides] | None = None,
    ) -> None:
        named = locals()
        if isinstance(rng, (int, np.integer)):
            rng = int(rng)  # Mesa refuses NumPy's, which a sweep over np.arange brings
            Chance(rng, np.array([run]))  # says what is wrong with a seed before Mesa does
        super().__init__(rng=rng)
        self.file = world if isinstance(world, ScenarioFile) else read(world)
        values = {KEYWORDS[k]: named[k] for k in KEYWORDS if named[k] is not None}
        for name, value in (settings or {}).items():
            values[resolve(self.file, name)] = value
        check_settings(self.file, values)
        self.settings = values
        self.seed_used = seed_of(rng, self)
        self.run_number = run
        self.quarters = self.file.quarters if quarters is None else quarters
        self.game: Game = ready(self.file, values)
        self.chance = Chance(self.seed_used, np.array([run]))
        self.world: World = begin(self.game, 1)
        self.record: Record | None = None
        self._in_play: Quarter | None = None
        self.waiting: Briefing | None = None
        self.watchers: list[Watch] = []
        self.network = self._network()
        self.actors: dict[str, Actor] = self._seat(dict(doctrines or {}))
        self.datacollector = DataCollector(
            model_reporters=self._model_reporters(),
            agent_reporters={
                "Actor": "name",
                "Doctrine": lambda a: a.doctrine.name,
                "Utility": "utility",
                "Support": "support",
                **{k.capitalize(): _account(k) for k in ACCOUNTS},
            },
        )
        self._show_state()
        self.running = self.quarters > 0
        self.datacollector.collect(self)

    def step(self) -> None:
        """Play one quarter, or as much of it as can be: see `waiting`."""
        if not self.running or self._in_play is not None:
            return
        for actor in self.actors.values():
            actor.answers.clear()
        self._in_play = Quarter(self.game, self.world, self.chance)
        self.go_on()

    def go_on(self) -> None:
        """Go on with the quarter in play, as far as the seats filled from outside have answers.

        `waiting` is the briefing that lacks an answer, None when the quarter is over.
        """
        if self._in_play is None:
            return
        try:
            self.record = self._in_play.play(self.actors, self._watch if self.watchers else None)
        except Waiting as wait:
            # Mesa drops a step that raises from its schedule, so waiting is a state, no exception
            self.waiting = wait.briefing
            return
        self._in_play = self.waiting = None
        self.world = self.record.world
        self._show_state()
        self.running = self.world.quarter < self.quarters
        self.datacollector.collect(self)

    @property
    def quarter_name(self) -> str:
        """Name of the last quarter played, `start` before the first."""
        return quarter_played(self)

    @property
    def digest(self) -> str:
        """Digest of the state: equal games have equal digests."""
        return f"{int(world_digest(self.world)[0]):016x}"

    def ties(self) -> nx.MultiDiGraph:
        """Return the ties as they stand: layers alliance, alignment, trade, rivalry as edge keys.

        Edges carry `weight`, and `relation` and `reliability` as they are now.
        """
        scenario = self.game.scenario
        graph: nx.MultiDiGraph = nx.MultiDiGraph()
        trust, gone = reliability(self.world), ruptured(scenario, self.world)
        for a in scenario.actors:
            graph.add_node(a, name=self.file.actors[a].name, place=self.file.actors[a].place)
        for layer in LAYERS:
            weights = getattr(scenario.ties, layer)[..., 0]
            for i, a in enumerate(scenario.actors):
                for j, b in enumerate(scenario.actors):
                    if weights[i, j] > 0.0 and not (layer == "alliance" and gone[i, j, 0]):
                        graph.add_edge(
                            a,
                            b,
                            key=layer,
                            weight=float(weights[i, j]),
                            relation=float(self.world.relation[i, j, 0]),
                            reliability=float(trust[i, j, 0]),
                        )
        return graph

    def _watch(self, ask: Ask, answers: dict[str, Decision]) -> None:
        for watch in self.watchers:
            watch(ask, answers)

    def _network(self) -> Network:
        """Build the undirected Mesa network of everyone who has a tie or a table in common."""
        names = self.game.scenario.actors
        graph: nx.Graph = nx.Graph()
        graph.add_nodes_from(range(len(names)))
        for a, b in self.ties().edges():
            graph.add_edge(names.index(a), names.index(b))
        for table in self.game.scenario.tables:
            graph.add_edge(*table.parties)
        places = {n: np.array(self.file.actors[a].place) for n, a in enumerate(names)}
        return Network(graph, capacity=1, random=self.random, layout=places)

    def _seat(self, doctrines: dict[str, str | Decides]) -> dict[str, Actor]:
        actors = {}
        for name in doctrines:
            if name not in self.game.scenario.actors:
                known = ", ".join(self.game.scenario.actors)
                msg = f"no actor {name!r} in this scenario (actors: {known})"
                raise ValueError(msg)
        for n, name in enumerate(self.game.scenario.actors):
            chosen = doctrines.get(name, self.file.actors[name].doctrine)
            doctrine = get_doctrine(chosen) if isinstance(chosen, str) else chosen
            actor = Actor(self, name, doctrine)
            actor.cell = self.network[n]  # type: ignore[index]
            actors[name] = actor
        return actors

    def _model_reporters(self) -> dict[str, Callable[[Wargame], Any]]:
        reporters: dict[str, Callable[[Wargame], Any]] = {"Quarter": quarter_played}
        for series in self.file.series.values():
            reporters[f"{series.name} ({series.unit})"] = _series(series.of)
        return reporters

    def _show_state(self) -> None:
        """Let the agents show what their offices see."""
        for n, (_, actor) in enumerate(sorted(self.actors.items())):
            actor.support = float(self.world.support[n, 0])
            if self.record is not None:
                actor.utility = float(self.record.utility[n, 0])
                actor.accounts = {
                    k: float(self.record.accounts[n, i, 0]) for i, k in enumerate(ACCOUNTS)
                }


def seed_of(rng: Any, model: Model) -> int:
    """Return the seed: the whole number that was given, else one drawn from Mesa's rng."""
    if isinstance(rng, int) and not isinstance(rng, bool):
        return rng
    return int(model.rng.integers(2**32))


def quarter_played(model: Wargame) -> str:
    """Name of the quarter that the data of a row belong to; `start` before the first."""
    if model.world.quarter == 0:
        return "start"
    return model.game.scenario.quarter(model.world.quarter - 1)


def _series(of: str) -> Callable[[Wargame], float]:
    def report(model: Wargame) -> float:
        return float(measure_now(model.game, model.world, model.record, of)[0])

    return report


def _account(account: str) -> Callable[[Actor], float]:
    def report(actor: Actor) -> float:
        return actor.accounts.get(account, float("nan"))

    return report
