"""A briefing holds nothing that its actor may not know: what is private changes no paper of others.

Each test changes something that only some may know, gives everybody the same answers as before, so
that nothing leaks by what they do, and compares every paper of the others bit for bit.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agents.briefing import Floats
from agents.contract import unlike
from model.chance import Chance
from model.scenario import NOBODY, Scenario
from model.schema import ScenarioFile
from model.turn import Game, begin, play_quarter, prepare
from model.world import NEVER_DUE, World
from tests.drawn import worlds
from tests.papers import Clerk, clerks, key, replays
from tests.scripts import Script
from tests.worlds import Small, play, strait

RUNS = 3
some_worlds = settings(max_examples=12, phases=[Phase.generate], report_multiple_bugs=False)
BELIEFS = ("kept", "broken", "carried", "bluffed", "hostility", "credibility")


def leaks(
    game: Game,
    world: World,
    other: World,
    knows: Sequence[str],
    chance: Chance | None = None,
    idle: Sequence[str] = (),
) -> dict[str, list[str]]:
    """Papers that differ between two worlds, by actor, of those who may not know.

    idle : who does nothing, so that what it may do in one of the worlds alone is of no matter
    """
    seats = clerks(game.scenario.file)
    seats |= {name: Clerk(name, Script()) for name in idle}
    play_quarter(game, world, Chance(1, np.arange(world.runs)), seats)
    again = replays(seats)
    play_quarter(game, other, chance or Chance(1, np.arange(world.runs)), again)
    found = {}
    for name, seat in seats.items():
        if name in knows:
            continue
        both = ((a, again[name].papers.get(key(a), a)) for a in seat.asked())
        different = [f"{a.question} {path}" for a, b in both for path in unlike(a, b)]
        if different:
            found[name] = different
    return found


@some_worlds
@given(worlds(), st.integers(0, 2**32 - 1))
def test_beliefs_are_private(file: ScenarioFile, seed: int) -> None:
    """What one thinks of others, nobody else is told; nor anyone a patron's true commitment."""
    played = play(file, RUNS, 3)
    rng = np.random.default_rng(seed)
    name = sorted(file.actors)[int(rng.integers(len(file.actors)))]
    actor = played.game.scenario.actor(name)
    changes: dict[str, Any] = {}
    for belief in BELIEFS:
        changed = getattr(played.end, belief).copy()
        changed[actor] = rng.random(changed[actor].shape)
        changes[belief] = changed
    changes["commitment"] = rng.random(played.end.commitment.shape)
    other = replace(played.end, **changes)
    assert not leaks(played.game, played.end, other, knows=[name])


def test_one_s_own_beliefs_are_in_one_s_own_papers() -> None:
    """The control: what is looked for can be found."""
    played = play(strait(), RUNS, 3)
    for belief in ("kept", "hostility", "credibility"):
        changed = getattr(played.end, belief).copy()
        changed[played.game.scenario.actor("Client")] *= 0.5
        other = replace(played.end, **{belief: changed})
        assert list(leaks(played.game, played.end, other, knows=[])) == ["Client"], belief


@some_worlds
@given(worlds(), st.integers(0, 2**32 - 1))
def test_memory_is_private(file: ScenarioFile, seed: int) -> None:
    played = play(file, RUNS, 3)
    other = replace(played.end, memory=played.end.memory.copy())
    other.memory[0] += 1.0
    assert not leaks(played.game, played.end, other, knows=[min(file.actors)])


class OtherMood(Chance):
    """The same chance, but for the private draws of one actor."""

    mine = "Client"

    def uniforms(self, stream: str, quarter: int, entities: Sequence[str], n: int = 1) -> Floats:
        draws = super().uniforms(stream, quarter, entities, n)
        for k, name in enumerate(entities):
            if stream in ("weights", "own move", "stay", "threat", "honour") and self.mine in name:
                draws[k] = 1.0 - draws[k]
        return draws


def test_what_moves_an_office_today_is_private() -> None:
    """The quarter's noise on its weights, and its own lots, are in its own papers alone."""
    played = play(strait(), RUNS, 3)
    moody = OtherMood(1, np.arange(RUNS))
    assert not leaks(played.game, played.end, played.end, knows=["Client"], chance=moody)
    assert "Client" in leaks(played.game, played.end, played.end, knows=[], chance=moody)


def secretly(scenario: Scenario, world: World, lever: str, partner: str) -> tuple[World, World]:
    """Two worlds that differ in a secret promise of a lever's owner to a partner, not yet due."""
    x = scenario.lever(lever)
    changes: dict[str, Any] = {
        name: getattr(world, name).copy()
        for name in ("setting", "before", "due", "promised_to", "lock", "lock_with", "secret")
    }
    stands = world.setting[x]
    changes["before"][x] = stands
    changes["setting"][x] = np.where(stands > 0, 0, 1)
    changes["due"][x] = world.quarter + 3
    changes["promised_to"][x] = scenario.actor(partner)
    changes["lock"][x] = world.quarter + 8
    changes["lock_with"][x] = scenario.actor(partner)
    changes["secret"][x] = True
    plain = replace(world, promised_to=world.promised_to.copy(), lock=world.lock.copy())
    plain.promised_to[x] = NOBODY
    plain.lock[x] = 0
    due = world.due.copy()
    due[x] = NEVER_DUE
    return replace(plain, due=due), replace(world, **changes)


@pytest.mark.parametrize(
    ("lever", "partner", "outsider"),
    [
        ("tariff", "Client", "Rival"),
        ("pressure", "Client", "Patron"),
        ("gesture", "Rival", "Patron"),
        ("assurance", "Client", "Rival"),
        ("payment", "Patron", "Rival"),
    ],
)
def test_a_secret_promise_is_known_to_its_parties(lever: str, partner: str, outsider: str) -> None:
    played = play(strait(), RUNS, 0)
    plain, secret = secretly(played.game.scenario, played.end, lever, partner)
    insiders = [a for a in played.game.scenario.actors if a != outsider]
    assert not leaks(played.game, plain, secret, knows=insiders, idle=insiders)
    assert set(leaks(played.game, plain, secret, knows=[], idle=insiders)) == set(insiders)


def test_a_secret_deal_tells_outsiders_nothing() -> None:
    """Sums agreed in secret and not yet paid show in no paper of the one who looks on."""
    parts = strait().model_dump(by_alias=True)
    parts["tables"]["alliance"] |= {"visible": "parties", "commitment": None}
    parts["levers"]["payment"] |= {"lead": 3}
    parts["agreements"] = {}
    file = Small.model_validate(parts | {"events": {}, "assemblies": {}})
    patron = Script(opens={0: {"alliance": ["payment"]}}, offers={0: {"payment": 1}})
    games = [
        play(file, RUNS, 1, deciders={"Patron": patron, "Client": client, "Rival": Script()})
        for client in (Script(), Script(accepts=[0]))
    ]
    game, (plain, dealt) = games[0].game, (g.end for g in games)
    payment = game.scenario.lever("payment")
    assert (plain.setting[payment] != dealt.setting[payment]).all()
    assert not leaks(game, plain, dealt, knows=["Patron", "Client"])
    assert set(leaks(game, plain, dealt, knows=[])) == {"Patron", "Client"}


def test_what_a_secret_promise_bars_may_be_offered_but_not_signed() -> None:
    """Patron asks for an effort that Client has promised to Rival otherwise; Client says yes."""
    game = prepare(strait())
    scenario = game.scenario
    free, promised = secretly(scenario, begin(game, RUNS), "effort", "Rival")
    number = [t.id for t in scenario.tables].index("alliance")
    asks = Script(opens={0: {"alliance": ["effort"]}}, offers={0: {"effort": 1}})
    agrees = Script(accepts=[0])

    def talks(world: World) -> Any:
        seats = {"Patron": asks, "Client": agrees, "Rival": Script()}
        record = play_quarter(game, world, Chance(1, np.arange(RUNS)), seats)
        return record.talks[number]

    assert (talks(free).round >= 0).all()
    barred = talks(promised)
    assert (barred.offers > 0).any(axis=0).all(), "Patron cannot know, so it asks"
    assert (barred.round < 0).all()
