"""A PettingZoo environment: programs learn in some seats, doctrines play the others.

Needs the extra `learning`:

    env = hubspoke.Environment("triad", agents=["Client"])
    observations, infos = env.reset(seed=1)
    while env.agents:
        masks = {agent: seen["action_mask"] for agent, seen in observations.items()}
        actions = {a: env.action_space(a).sample(masks[a]) for a in env.agents}
        observations, rewards, terminations, truncations, infos = env.step(actions)

It is a `ParallelEnv`, because a question of the game goes to several actors at once and their
answers are sealed: a step is one choice (`runs.choices`) of everybody who is being asked, and who
is not, or has answered already, can only take action 0. The game is the one that `play` plays: the
same seed and the same answers end in the same state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from agents.briefing import ACCOUNTS, Briefing, Decision, Floats
from agents.doctrine import Doctrine, get_doctrine
from agents.seats import Waiting
from model.chance import Chance
from model.measures import world_digest
from model.moves import own_options
from model.parameters import check_settings
from model.reading import read
from model.schema import ScenarioFile
from model.turn import Decider, Game, Quarter, begin, prepare
from runs.choices import ABOUT, LEAST, Choice, Talk, action_of, decide_by_choices
from runs.ensemble import seat_doctrines
from runs.errors import UserError, needs

try:
    from gymnasium import spaces
    from pettingzoo import ParallelEnv
except ImportError as error:  # an extra
    raise ImportError(needs("the learning environment", "learning")) from error

WIDEST = 1e3  # observations are cut off here: standard deviations, utilities, shares
OFFICE = ("loss aversion", "transactionalism", "reciprocity", "discount", "round discount")
TALKS = ("trust", "threat against me", "threat of mine", "term", "I opened", "demand", "demanded")

Observation = dict[str, Any]


@dataclass
class LearningSeat:
    """Waits until the environment has put together the answer."""

    name: str = "external"
    answer: Decision | None = None

    def decide(self, briefing: Briefing) -> Decision:
        """Hand the answer over, once."""
        if self.answer is None:
            raise Waiting(briefing)
        answer, self.answer = self.answer, None
        return answer


class Environment(ParallelEnv[str, Observation, int]):
    """One game in which agents learn.

    Parameters
    ----------
    scenario : name of a shipped scenario, path of a scenario file, or a validated file
    agents : actors that learn; all unless given
    quarters : length; the scenario's own unless given
    settings : parameter path or alias → value
    doctrines : actor → doctrine, for those that do not learn

    Notes
    -----
    *Observation* of an agent, all float32, finite and cut off at ±1,000:

    - `situation` (n,): when it is, which choice is to be made, where the agent's accounts stand and
      what its office wants, and at a table the partner's trust and threats; `situation_names` says
      what each number is.
    - `actions` (N, 12): what each action would change in the agent's own six accounts and, by its
      estimate, in the partner's, in standard deviations, as the briefing has it. A table or lever
      is shown with the move at it that is best for the agent.
    - `action_mask` (N,) int8: which actions are open.

    *Action*: `Discrete(N)`, see `runs.choices.ABOUT`; one that is not open counts as 0.

    *Reward*: at the end of each quarter the agent's one-quarter utility, the value of its accounts
    against their references, which follow them from quarter to quarter; 0 at all other steps.

    *Seeds*: `reset(seed=s)` plays game 0 of seed s, `reset()` the next game of the same seed,
    `reset(seed=s, options={"run": 7})` game 7. All draws are the game's own.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "hubspoke_v0",
        "render_modes": [],
        "is_parallelizable": True,
    }
    render_mode = None

    def __init__(
        self,
        scenario: str | Path | ScenarioFile = "triad",
        *,
        agents: Collection[str] | None = None,
        quarters: int | None = None,
        settings: Mapping[str, float] | None = None,
        doctrines: Mapping[str, str] | None = None,
    ) -> None:
        file = scenario if isinstance(scenario, ScenarioFile) else read(scenario)
        others = seat_doctrines(file, dict(doctrines or {}))
        self.game: Game = prepare(file, check_settings(file, settings or {}).values)
        actors = self.game.scenario.actors
        if unknown := set(agents or ()) - set(actors):
            raise UserError(f"unknown actors {', '.join(unknown)} (known: {', '.join(actors)})")
        self.possible_agents = [a for a in actors if agents is None or a in agents]
        self.agents: list[str] = []
        self.quarters = file.quarters if quarters is None else quarters
        self.seats = {agent: LearningSeat() for agent in self.possible_agents}
        self._deciders: dict[str, Decider] = {**others, **self.seats}
        self._size = {a: actions_of(self.game, a) for a in self.possible_agents}
        self._actions = {a: spaces.Discrete(n) for a, n in self._size.items()}
        self._observed = {a: self._space(a) for a in self.possible_agents}
        self._seed, self._run = 1, -1

    def observation_space(self, agent: str) -> spaces.Dict:
        """What an agent is shown."""
        return self._observed[agent]

    def action_space(self, agent: str) -> spaces.Discrete:
        """What an agent can do."""
        return self._actions[agent]

    def situation_names(self, agent: str) -> tuple[str, ...]:
        """What the numbers of `situation` are, in order."""
        tables = [t.id for t in self.game.scenario.tables if agent in self._parties(t.parties)]
        return (
            "quarter, share of the game",
            "round",
            "agenda slots",
            *(f"choice: {about}" for about in ABOUT),
            *(f"table: {table}" for table in tables),
            *(f"position: {account}" for account in ACCOUNTS),
            *(f"weight: {account}" for account in ACCOUNTS),
            *OFFICE,
            *TALKS,
        )

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        """Begin a game; see the notes on seeds."""
        if seed is None:
            self._run += 1
        else:
            self._seed, self._run = seed, 0
        self._run = int((options or {}).get("run", self._run))
        self.agents = list(self.possible_agents)
        self.chance = Chance(self._seed, np.array([self._run]))
        self.world = begin(self.game, 1)
        self._talks: dict[str, tuple[Talk, Choice, Briefing]] = {}
        self._advice: dict[str, Decision] = {}
        for seat in self.seats.values():
            seat.answer = None
        self._quarter = Quarter(self.game, self.world, self.chance)
        self._play_on(dict.fromkeys(self.agents, 0.0))
        return self._observations(), self._infos()

    def step(
        self, actions: dict[str, int]
    ) -> tuple[
        dict[str, Observation],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Take one action of every agent, and play on to the next choice of any."""
        rewards = dict.fromkeys(self.agents, 0.0)
        for agent in list(self._talks):
            _, choice, _ = self._talks[agent]
            action = int(actions.get(agent, 0))
            legal = 0 <= action < len(choice.possible) and choice.possible[action]
            self._go_on(agent, action if legal else 0)
        if not self._talks:
            self._play_on(rewards)
        over = self.world.quarter >= self.quarters
        seen, infos = self._observations(), self._infos()
        ended = dict.fromkeys(self.agents, over)
        cut = dict.fromkeys(self.agents, False)
        if over:
            self.agents = []
        return seen, rewards, ended, cut, infos

    def choice(self, agent: str) -> Choice | None:
        """Return the choice that an agent has to make now, None if it is not asked."""
        return self._talks[agent][1] if agent in self._talks else None

    def briefing(self, agent: str) -> Briefing | None:
        """Return the whole briefing behind it."""
        return self._talks[agent][2] if agent in self._talks else None

    def advice(self, agent: str, doctrine: Doctrine | str) -> int:
        """Return the action that a doctrine would take in this seat, 0 if it is not asked.

        A teacher: who follows it in all choices plays the doctrine's game to the last bit.
        """
        if agent not in self._talks:
            return 0
        _, choice, briefing = self._talks[agent]
        if agent not in self._advice:
            mind = get_doctrine(doctrine) if isinstance(doctrine, str) else doctrine
            self._advice[agent] = mind.decide(briefing)
        return action_of(choice, self._advice[agent])

    @property
    def digest(self) -> str:
        """Digest of the state: equal games have equal digests."""
        return f"{int(world_digest(self.world)[0]):016x}"

    def render(self) -> None:
        """Show nothing: `hubspoke play` tells games."""

    def close(self) -> None:
        """Nothing is open."""

    def _play_on(self, rewards: dict[str, float]) -> None:
        """Play until a learning agent has a choice, or the game is over."""
        while self.world.quarter < self.quarters:
            try:
                record = self._quarter.play(self._deciders)
            except Waiting:
                self._begin_talks()
                if self._talks:
                    return
                continue
            self.world = record.world
            for agent in rewards:
                place = self.game.scenario.actors.index(agent)
                rewards[agent] += float(record.utility[place, 0])
            if self.world.quarter < self.quarters:
                self._quarter = Quarter(self.game, self.world, self.chance)

    def _begin_talks(self) -> None:
        """Begin the choices of all who are asked, and end at once those who have none."""
        for agent in self.seats.keys() & self._quarter.ask.briefings.keys():
            briefing = self._quarter.briefing(agent)
            talk = decide_by_choices(briefing)
            try:
                self._talks[agent] = (talk, next(talk), briefing)
            except StopIteration as end:
                self.seats[agent].answer = end.value

    def _go_on(self, agent: str, action: int) -> None:
        talk, _, briefing = self._talks[agent]
        try:
            self._talks[agent] = (talk, talk.send(action), briefing)
        except StopIteration as end:
            del self._talks[agent]
            advice = self._advice.pop(agent, None)
            remembered = None if advice is None else advice.memory
            self.seats[agent].answer = replace(end.value, memory=remembered)

    def _parties(self, parties: tuple[int, int]) -> list[str]:
        return [self.game.scenario.actors[a] for a in parties]

    def _space(self, agent: str) -> spaces.Dict:
        actions = self._size[agent]
        shapes = {
            "situation": (len(self.situation_names(agent)),),
            "actions": (actions, 2 * len(ACCOUNTS)),
        }
        boxes = {name: spaces.Box(-WIDEST, WIDEST, shape) for name, shape in shapes.items()}
        return spaces.Dict({**boxes, "action_mask": spaces.MultiBinary(actions)})

    def _observations(self) -> dict[str, Observation]:
        return {agent: self._observe(agent) for agent in self.agents}

    def _observe(self, agent: str) -> Observation:
        actions = self._size[agent]
        mask = np.zeros(actions, dtype=np.int8)
        effects = np.zeros((actions, 2 * len(ACCOUNTS)), dtype=np.float32)
        situation = np.zeros(len(self.situation_names(agent)), dtype=np.float32)
        mask[0] = 1
        if agent in self._talks:
            _, choice, briefing = self._talks[agent]
            count = len(choice.possible)
            mask[:count] = choice.possible
            effects[:count] = cut_off(np.concatenate([choice.own, choice.theirs]).T)
            situation[:] = cut_off(self._situation(agent, choice, briefing))
        return {"situation": situation, "actions": effects, "action_mask": mask}

    def _situation(self, agent: str, choice: Choice, briefing: Briefing) -> Floats:
        goals, seat = briefing.goals, (briefing.seats or (None,))[0]
        if seat is None and choice.table >= 0:
            seat = briefing.prospects[choice.table].seat
        tables = sum(agent in self._parties(t.parties) for t in self.game.scenario.tables)
        talks = [0.0] * len(TALKS)
        if seat is not None:
            required = float(seat.required[0])
            talks = [
                float(seat.trust[0]),
                float(seat.menace_odds[0]),
                float(seat.leverage_odds[0]),
                float(seat.term[0]),
                float(seat.opens[0]),
                required if np.isfinite(required) else 0.0,
                float(np.isfinite(required)),
            ]
        office = (
            goals.loss_aversion,
            goals.transactionalism,
            goals.reciprocity,
            goals.discount,
            goals.round_discount,
        )
        return np.concatenate(
            [
                [briefing.quarter / self.quarters, briefing.round],
                [0.0 if briefing.slots is None else briefing.slots[0]],
                np.arange(len(ABOUT)) == ABOUT.index(choice.about),
                np.arange(tables) == choice.table,
                goals.position[:, 0],
                goals.weights[:, 0],
                [each[0] for each in office],
                talks,
            ]
        )

    def _infos(self) -> dict[str, dict[str, Any]]:
        quarter = self.game.scenario.quarter(self.world.quarter)
        return {
            agent: {
                "quarter": quarter,
                "choice": self._talks[agent][1].about if agent in self._talks else "",
            }
            for agent in self.agents
        }


def cut_off(numbers: Floats) -> Floats:
    """Keep numbers within what an observation may hold."""
    return np.clip(numbers, -WIDEST, WIDEST)


def actions_of(game: Game, agent: str) -> int:
    """Count the actions that an agent needs: the most of any of its choices."""
    scenario = game.scenario
    a = scenario.actors.index(agent)
    tables = [n for n, t in enumerate(scenario.tables) if a in t.parties]
    return max(
        LEAST,
        1 + len(tables),
        1 + len(scenario.levers.ids),
        1 + len(own_options(scenario, a)[0]),
        *(1 + len(scenario.tables[n].norm_levels) for n in tables),
        *(len(game.menus[n].packages) for n in tables),
    )
