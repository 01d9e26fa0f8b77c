"""The PettingZoo environment: its conformance tests, and whole games to the last bit."""

import re
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.doctrine import doctrines
from model.wargame import Wargame
from runs.errors import UserError

pytest.importorskip("pettingzoo", reason="the extra `learning` is not installed")

from pettingzoo.test import parallel_api_test, parallel_seed_test

from runs.choices import ABOUT
from runs.environment import Environment

QUARTERS = 4
Log = list[tuple[dict[str, int], dict[str, float], str]]


def at_random(env: Environment, seed: int) -> tuple[Log, set[str]]:
    """Play a game with open actions drawn by lot; returns its steps and what was asked."""
    rng = np.random.default_rng(seed)
    seen, _ = env.reset(seed=seed)
    log: Log = []
    about: set[str] = set()
    while env.agents:
        for agent in env.agents:
            assert env.observation_space(agent).contains(seen[agent])
            assert all(np.isfinite(part).all() for part in seen[agent].values())
            asked = env.choice(agent)
            assert (asked is None) == (seen[agent]["action_mask"].sum() == 1)
            about |= set() if asked is None else {asked.about}
        actions = {a: int(rng.choice(np.flatnonzero(seen[a]["action_mask"]))) for a in env.agents}
        seen, rewards, _, _, _ = env.step(actions)
        log.append((actions, rewards, env.digest))
    return log, about


def follow(env: Environment, minds: dict[str, str], **reset: Any) -> dict[str, float]:
    """Let doctrines answer in the learning seats; returns the sum of rewards."""
    env.reset(**reset)
    total = dict.fromkeys(env.agents, 0.0)
    while env.agents:
        actions = {agent: env.advice(agent, minds[agent]) for agent in env.agents}
        for agent, action in actions.items():
            asked = env.choice(agent)
            assert asked is None or asked.possible[action]
        rewards = env.step(actions)[1]
        total = {a: total[a] + r for a, r in rewards.items()}
    return total


@pytest.mark.parametrize("agents", [None, ["Client"]])
def test_it_conforms(agents: list[str] | None) -> None:
    def make() -> Environment:
        return Environment("triad", agents=agents, quarters=QUARTERS)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(make(), num_cycles=400)
        parallel_seed_test(make, num_cycles=400)


def test_the_same_seed_and_actions_are_the_same_game() -> None:
    first, about = at_random(Environment("triad", quarters=12), 5)
    again, _ = at_random(Environment("triad", quarters=12), 5)
    other, _ = at_random(Environment("triad", quarters=12), 6)
    assert first == again
    assert first[-1][2] != other[-1][2]
    assert about >= set(ABOUT) - {"carry_out"}


@pytest.mark.parametrize("name", sorted(doctrines()))
def test_who_follows_a_doctrine_plays_its_game(name: str) -> None:
    env = Environment("triad", quarters=QUARTERS)
    follow(env, dict.fromkeys(env.possible_agents, name), seed=3)
    seats = dict.fromkeys(env.possible_agents, name)
    plain = Wargame("triad", rng=3, quarters=QUARTERS, doctrines=seats)
    plain.run_for(QUARTERS)
    assert env.digest == plain.digest


@pytest.mark.parametrize("agents", [["USA"], ["PRK", "ROK"], None])
def test_one_learns_and_doctrines_play_the_others(agents: list[str] | None) -> None:
    env = Environment("2025q1", agents=agents, quarters=3)
    total = follow(env, {a: p.doctrine for a, p in env.game.scenario.file.actors.items()}, seed=2)
    plain = Wargame("2025q1", rng=2)
    utility = dict.fromkeys(total, 0.0)
    for _ in range(3):
        plain.step()
        assert plain.record is not None
        for agent in utility:
            utility[agent] += plain.actors[agent].utility
    assert env.digest == plain.digest
    assert total == pytest.approx(utility, abs=0.0)


def test_games_are_numbered_within_a_seed() -> None:
    env = Environment("triad", agents=["Client"], quarters=2)
    minds = {"Client": "hedger"}
    digests = []
    for reset in ({"seed": 4}, {}, {"seed": 4, "options": {"run": 1}}, {"seed": 4}):
        follow(env, minds, **reset)
        digests.append(env.digest)
    assert digests[0] == digests[3] != digests[1] == digests[2]
    alone = Wargame("triad", rng=4, run=1, quarters=2, doctrines=minds)
    alone.run_for(2)
    assert env.digest == digests[0]
    assert alone.digest == digests[1]


def test_an_action_that_is_not_open_counts_as_none() -> None:
    games = []
    for action in (0, 10**6, -1):
        env = Environment("triad", agents=["Client"], quarters=2)
        env.reset(seed=1)
        while env.agents:
            env.step({"Client": action})
        games.append(env.digest)
    assert games[0] == games[1] == games[2]


def test_every_number_of_an_observation_has_a_name() -> None:
    env = Environment("2025q1")
    for agent in env.possible_agents:
        parts = env.observation_space(agent)
        names = env.situation_names(agent)
        assert parts["situation"].shape == (len(names),)
        assert len(set(names)) == len(names)
        actions = int(env.action_space(agent).n)
        assert parts["action_mask"].shape == (actions,)
        assert parts["actions"].shape == (actions, 12)


def test_wrong_wishes_are_refused() -> None:
    with pytest.raises(UserError, match="unknown actors Cleint"):
        Environment("triad", agents=["Cleint"])
    with pytest.raises(UserError, match="did you mean hedger"):
        Environment("triad", agents=["Client"], doctrines={"Rival": "hegder"})
    with pytest.raises(ValueError, match="did you mean tau"):
        Environment("triad", settings={"tua": 0.5})


def test_the_example_of_the_readme_plays_to_the_end() -> None:
    readme = Path(__file__).resolve().parents[1].joinpath("README.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    example = next(block for block in blocks if "Environment" in block)
    # the public package is a copy that an installation makes; its rooms are here
    names: dict[str, Any] = {}
    exec(example.replace("from hubspoke", "from runs.environment"), names)  # noqa: S102 - our text
    assert names["env"].world.quarter == names["env"].quarters
    assert names["ended"] == {"Client": True}


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pettingzoo", None)
    monkeypatch.delitem(sys.modules, "runs.environment")
    with pytest.raises(ImportError, match="the extra `learning`"):
        import_module("runs.environment")
