"""Own moves, sealed and simultaneous, and threats: announced, called off, carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agents.briefing import Bools, Briefing, Decision, Floats, Ints, Options
from agents.numerics import log
from model.bargaining import Ask, Signing, Talks
from model.beliefs import Evidence
from model.chance import Chance
from model.ledger import gaps
from model.perception import View, breaks_limits, out_of_bounds, prices
from model.scenario import NOBODY, Scenario, constant, per_run
from model.world import NEVER_DUE, World, draft

MOVED = ("setting", "before", "due", "moved", "secret", "lock", "lock_with")


@dataclass(frozen=True)
class Moves:
    """Own moves of a quarter, and what became of threats."""

    lever: Ints  # (actor, 2, run) lever moved, NOBODY = none
    steps: Ints  # (actor, 2, run)
    announced: Bools  # (threat, run)
    called_off: Bools  # (threat, run) reversed at home before it fell due
    carried_out: Bools  # (threat, run)
    bluffed: Bools  # (threat, run) fell due and was not carried out


@constant
def own_options(scenario: Scenario, actor: int) -> tuple[Ints, Ints]:
    """Moves that an actor may make alone: one setting up or down on its own levers."""
    levers = scenario.levers
    pairs = [
        (x, s)
        for x in range(len(levers.ids))
        if levers.owner[x] == actor
        for s, may in ((-1, levers.alone_down[x]), (1, levers.alone_up[x]))
        if may
    ]
    return (
        np.array([x for x, _ in pairs], dtype=np.int64),
        np.array([s for _, s in pairs], dtype=np.int64),
    )


def own_moves_ask(
    scenario: Scenario,
    view: View,
    talks: Sequence[Talks | None],
    signings: Sequence[Signing | None],
    chance: Chance,
) -> tuple[Ask, Bools]:
    """Ask every actor for its own moves; also say at which threats' tables it was refused."""
    rebuffed = refusals(scenario, view.world, talks, signings)
    briefings = {}
    for a, name in enumerate(scenario.actors):
        briefings[name] = Briefing(
            actor=name,
            quarter=view.world.quarter,
            question="own_moves",
            goals=view.goals[a],
            customs=view.customs,
            options=_options(view, a, rebuffed, chance),
        )
    return Ask("own_moves", "", briefings), rebuffed


def refusals(
    scenario: Scenario,
    world: World,
    talks: Sequence[Talks | None],
    signings: Sequence[Signing | None],
) -> Bools:
    """Threats whose owner opened its table this quarter and got no signature. (threat, run)."""
    threats = scenario.threats
    out = np.zeros((len(threats.ids), world.runs), dtype=bool)
    for n, table in enumerate(threats.table):
        talk, signing = talks[table], signings[table]
        if talk is None or signing is None:
            continue
        open_still = world.opener[table, talk.runs] == threats.by[n]
        out[n, talk.runs] = open_still & ~signing.signed
    return out


@constant
def threats_of(scenario: Scenario, actor: int) -> Ints:
    """Return the threats that an actor can make."""
    return np.flatnonzero(scenario.threats.by == actor)


def _options(view: View, a: int, rebuffed: Bools, chance: Chance) -> Options:
    scenario, world = view.scenario, view.world
    lever, steps = own_options(scenario, a)
    name = scenario.actors[a]
    setting = view.known[a].setting
    own = prices(view, a, a, lever, gaps(scenario, lever, steps, setting))[:, :-1]
    blocked = out_of_bounds(view, a, lever, steps) | (world.promised_to[lever] != NOBODY)
    fixed = world.lock[lever] > world.quarter
    cost = np.where(fixed, scenario.levers.exit_cost[a][lever], 0.0)
    ids = [f"{name} {scenario.levers.ids[x]} {s:+d}" for x, s in zip(lever, steps, strict=True)]
    quarter = world.quarter
    gumbel = chance.gumbels("own move", quarter, ids)[:, 0]
    stay = chance.uniform("stay", quarter, name, 2)
    mine = threats_of(scenario, a)
    threats = scenario.threats
    count = len(mine)
    menace = gaps(scenario, threats.lever[mine], threats.steps[mine], setting)
    threat_own = prices(view, a, a, threats.lever[mine], menace)[:, :-1]
    over = out_of_bounds(view, a, threats.lever[mine], threats.steps[mine])
    draws = (
        chance.uniforms("threat", quarter, [threats.ids[n] for n in mine], 2)
        if count
        else np.zeros((0, 2, world.runs))
    )
    noise = (2.0 * draws[:, 0] - 1.0) * 1.7320508075688772 * scenario.rules.bluff_spread
    return Options(
        own=own,
        lever=lever,
        steps=steps,
        names=scenario.levers.ids,
        blocked=blocked,
        cost=cost,
        hostile=scenario.levers.hostile[lever],
        gumbel=gumbel,
        stay=log(stay / (1.0 - stay)),
        rebuffed=rebuffed[mine] & ~over,
        threat_own=threat_own,
        threat_floor=np.broadcast_to(threats.floor[mine], (count, threats.floor.shape[1])),
        threat_noise=noise,
        threat_draw=draws[:, 1],
        standing=world.announced[mine],
        falls_due=world.announced[mine] & (world.threat_due[mine] <= quarter) & ~over,
    )


def make_moves(
    scenario: Scenario,
    world: World,
    answers: Mapping[str, Decision],
    rebuffed: Bools,
    evidence: Evidence,
    gained: Floats,
    chance: Chance,
) -> tuple[World, Moves]:
    """Carry out all own moves at once, then let threats be announced, reversed or carried out.

    gained : (actor, run) perceived wins of the quarter; what a breach, a bluff or a threat carried
    out against the law costs at home is taken off
    """
    lever = np.full((len(scenario.actors), 2, world.runs), NOBODY, dtype=np.int64)
    steps = np.zeros(lever.shape, dtype=np.int64)
    world = draft(world, *MOVED)
    for a, name in enumerate(scenario.actors):
        options, by = own_options(scenario, a)
        choice = answers[name].choice
        assert choice is not None
        for n in range(2 if len(options) else 0):
            runs = np.flatnonzero(choice[n] >= 0)
            pick = np.minimum(choice[n, runs], len(options) - 1)
            fresh = options[pick] != lever[a, 0, runs]  # never the same lever twice
            runs, x, by_so = runs[fresh], options[pick[fresh]], by[pick[fresh]]
            done = _move(scenario, world, a, runs, x, by_so, evidence, gained)
            lever[a, n, runs[done]], steps[a, n, runs[done]] = x[done], by_so[done]
    world, threats = _threaten(scenario, world, answers, rebuffed, evidence, gained, chance)
    return world, Moves(lever, steps, *threats)


def _move(
    scenario: Scenario,
    world: World,
    actor: int,
    runs: Ints,
    x: Ints,
    steps: Ints,
    evidence: Evidence,
    gained: Floats,
) -> Bools:
    """Move one lever in each of some games of the world drafted, if that is possible.

    runs, x, steps : (move,) the games' columns, levers and settings up or down; returns (move,)
    """
    target = world.setting[x, runs] + steps
    can = (
        (target >= 0)
        & (target < scenario.levers.size[x])
        & ~world.moved[x, runs]
        & (world.promised_to[x, runs] == NOBODY)
    )
    can[can] = ~breaks_limits(scenario, world, runs[can], x[can], target[can])[runs[can]]
    runs, x, target = runs[can], x[can], target[can]
    world.before[x, runs] = world.setting[x, runs]
    world.setting[x, runs] = target
    world.due[x, runs] = world.quarter + scenario.levers.lead[x]
    world.moved[x, runs] = True
    world.secret[x, runs] = False
    _break_agreements(scenario, world, actor, x, runs, evidence, gained)
    return can


def _break_agreements(
    scenario: Scenario,
    world: World,
    actor: int,
    x: Ints,
    runs: Ints,
    evidence: Evidence,
    gained: Floats,
) -> None:
    """Free the levers moved of living agreements, which their partners take for a breach."""
    broke = world.lock[x, runs] > world.quarter
    if not broke.any():
        return
    x, runs = x[broke], runs[broke]
    gained[actor, runs] -= per_run(scenario.levers.exit_cost[actor], x, runs)
    partner = np.full(world.runs, NOBODY)
    partner[runs] = world.lock_with[x, runs]
    evidence.add("broken", partner, actor, scenario.rules.weight_broken, partner != NOBODY)
    world.lock[x, runs] = world.quarter
    world.lock_with[x, runs] = NOBODY


def _threaten(
    scenario: Scenario,
    world: World,
    answers: Mapping[str, Decision],
    rebuffed: Bools,
    evidence: Evidence,
    gained: Floats,
    chance: Chance,
) -> tuple[World, tuple[Bools, Bools, Bools, Bools]]:
    """Announce, reverse and carry out threats; each is seen and remembered."""
    threats, rules = scenario.threats, scenario.rules
    announces, carries = _answers_to_threats(scenario, answers, world.runs)
    draws = chance.uniforms("threat reversal", world.quarter, threats.ids)[:, 0]
    falls = world.announced & (world.threat_due <= world.quarter)
    called_off = world.announced & ~falls & (draws < rules.threat_reversal)
    announced = announces & rebuffed & ~world.announced
    carried, bluffed = np.zeros_like(falls), falls.copy()
    for n in np.flatnonzero((falls | called_off | announced).any(axis=1)):
        by, against = int(threats.by[n]), int(threats.against[n])
        if falls[n].any():
            runs = np.flatnonzero(falls[n] & carries[n])
            x, steps = np.full((2, len(runs)), [[threats.lever[n]], [threats.steps[n]]])
            done = _move(scenario, world, by, runs, x, steps, evidence, gained)
            carried[n, runs[done]] = True
            bluffed[n] &= ~carried[n]
            gained[by] -= np.where(carried[n], threats.floor[n], 0.0)
            gained[by] -= np.where(bluffed[n], rules.bluff_cost, 0.0)
        evidence.show("carried", by, rules.weight_threat, carried[n])
        evidence.show("bluffed", by, rules.weight_threat, bluffed[n] | called_off[n])
        evidence.add("broken", against, by, rules.weight_threat, announced[n])
    standing = (world.announced & ~falls & ~called_off) | announced
    due = np.where(announced, world.quarter + threats.lead[:, None], world.threat_due)
    due = np.where(standing, due, NEVER_DUE)
    world = replace(world, announced=standing, threat_due=due)
    return world, (announced, called_off, carried, bluffed)


def _answers_to_threats(
    scenario: Scenario, answers: Mapping[str, Decision], runs: int
) -> tuple[Bools, Bools]:
    """Which threats are announced, and which are carried out if they fall due. (threat, run)."""
    announces = np.zeros((len(scenario.threats.ids), runs), dtype=bool)
    carries = np.ones_like(announces)
    for a, name in enumerate(scenario.actors):
        mine, answer = threats_of(scenario, a), answers[name]
        if answer.announce is not None:
            announces[mine] = answer.announce
        if answer.carry_out is not None:
            carries[mine] = answer.carry_out
    return announces, carries


def relation_after_threats(scenario: Scenario, relation: Floats, announced: Bools) -> Floats:
    """Take r- from the relation of the one threatened, in the runs of each announcement."""
    out = relation.copy()
    for n in range(len(announced)):
        by, against = scenario.threats.by[n], scenario.threats.against[n]
        loss = np.where(announced[n], scenario.rules.relation_loss, 0.0)
        out[against, by] -= loss
        out[by, against] -= loss
    return out
