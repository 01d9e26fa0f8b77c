"""What actors learn about each other: reliability, resolve, credibility, hostility."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from agents.briefing import Bools, Floats, Ints
from agents.numerics import KERNEL, array_function
from model.scenario import NOBODY, Scenario, column
from model.theatres import Crises, commitment_now
from model.world import World


@dataclass
class Evidence:
    """What was seen in a quarter: weights of evidence, (observer, about, run) each."""

    kept: Floats
    broken: Floats
    carried: Floats
    bluffed: Floats
    private_kept: Floats
    private_broken: Floats

    @classmethod
    def none(cls, actors: int, runs: int) -> Evidence:
        """Return a quarter in which nothing has been seen yet."""
        return cls(*(np.zeros((actors, actors, runs)) for _ in range(6)))

    def add(
        self, what: str, observer: int | Ints, about: int, weight: Floats, where: Bools
    ) -> None:
        """Add evidence of an actor where a condition holds; its observer is one, or one per run.

        weight : (1,) or (run,)
        """
        if where.any():
            _add(getattr(self, what), np.atleast_1d(observer), about, weight, where)

    def show(self, what: str, about: int, weight: Floats, where: Bools) -> None:
        """Add evidence that all see but the one whom it is about."""
        if where.any():
            _show(getattr(self, what), about, weight, where)


@njit(cache=True, nogil=True, error_model="numpy")
def _add(evidence, observer, about, weight, where):
    for r in range(len(where)):
        i = observer[r if len(observer) > 1 else 0]
        if where[r] and i != NOBODY:
            evidence[i, about, r] += weight[r if len(weight) > 1 else 0]


@njit(cache=True, nogil=True, error_model="numpy")
def _show(evidence, about, weight, where):
    for observer in range(len(evidence)):
        if observer != about:
            for r in range(len(where)):
                amount = weight[r if len(weight) > 1 else 0]
                evidence[observer, about, r] += amount if where[r] else 0.0


@njit(**KERNEL)
def _mean1(good: float, bad: float) -> float:
    """Mean of a Beta belief with counts `good` and `bad`."""
    return good / max(good + bad, 1e-9)


_mean = array_function(_mean1, "float64(float64, float64)")


def belief(good: Floats, bad: Floats) -> Floats:
    """Mean of Beta beliefs with counts `good` and `bad`, any shape."""
    mean: Floats = _mean(good, bad)
    return mean


def reliability(world: World) -> Floats:
    """Believed chance that promises are kept, (actor, actor about, run)."""
    return belief(world.kept, world.broken)


def resolve(world: World) -> Floats:
    """Believed chance that threats are carried out, (actor, actor about, run)."""
    return belief(world.carried, world.bluffed)


def reputation_spillover(evidence: Floats, likeness: Floats, strength: Floats) -> Floats:
    """Evidence that spreads: what p does to j tells k as much as k's tie to p is like j's.

    evidence : (observer j, about p, run); likeness : (p, j, k, run); returns (k, p, run).
    """
    out = np.zeros_like(evidence)
    _spill(evidence, likeness, strength, out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _spill(evidence, likeness, strength, out):
    alike = likeness.shape[3] == 1
    for j in range(len(evidence)):
        for p in range(len(evidence)):
            if not (evidence[j, p] != 0.0).any():
                continue
            for k in range(len(evidence)):
                for r in range(evidence.shape[2]):
                    like = likeness[p, j, k, 0 if alike else r]
                    strong = strength[r if len(strength) > 1 else 0]
                    out[k, p, r] += like * evidence[j, p, r] * strong


def learn(scenario: Scenario, world: World, evidence: Evidence) -> World:
    """Update reliability and resolve: a <- f a + (1 - f) a0 + w, likewise b, with spillovers."""
    rules, runs = scenario.rules, world.runs
    f, on = (column(scenario, name, NOBODY, runs) for name in ("forgetting", "channel_reputation"))
    back = (1.0 - f) * (2.0 * rules.belief_prior)
    nothing = np.zeros((1, 1, 1))

    def update(now: Floats, start: Floats, seen: Floats, private: Floats = nothing) -> Floats:
        out = reputation_spillover(seen, scenario.ties.likeness, rules.spillover)
        _update(now, start, seen, private, f, back, on, out)
        return out

    return replace(
        world,
        kept=update(world.kept, scenario.reliability, evidence.kept, evidence.private_kept),
        broken=update(
            world.broken, 1.0 - scenario.reliability, evidence.broken, evidence.private_broken
        ),
        carried=update(world.carried, scenario.resolve, evidence.carried),
        bluffed=update(world.bluffed, 1.0 - scenario.resolve, evidence.bluffed),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _update(now, start, seen, private, f, back, on, out):
    """Put the new counts in place of what spread, (actor, actor, run)."""
    for i in range(len(now)):
        for j in range(len(now)):
            for r in range(len(f)):
                told = private[i, j, r] if len(private) > 1 else 0.0
                base = back[r] * start[i, j, r if start.shape[2] > 1 else 0]
                new = on[r] * (seen[i, j, r] + out[i, j, r] + told)
                out[i, j, r] = f[r] * now[i, j, r] + base + new


def update_commitment(
    scenario: Scenario, world: World, transactionalism: Floats, crises: Crises
) -> World:
    """Move commitment and what others believe of it: cr += kappa (c* - cr), then by crises.

    Everybody sees payments and the asked sum; a crisis in which the patron stood by or stood
    aside moves everyone's belief towards 1 or 0 with weight `weight_crisis`.
    """
    rules = scenario.rules
    where, targets = commitment_now(scenario, world, transactionalism)
    commitment = world.commitment.copy()
    credibility = world.credibility.copy()
    for theatre, target in zip(where, targets, strict=True):
        commitment[theatre] += rules.commitment_speed * (target - commitment[theatre])
        credibility[:, theatre] += rules.commitment_speed * (target - credibility[:, theatre])
    for theatre in range(len(commitment)):
        tested = crises.tested[theatre]
        if not tested.any():
            continue
        stood = np.where(crises.defended[theatre], 1.0, 0.0)
        step = np.where(tested, rules.weight_crisis, 0.0) * rules.channel_reputation
        credibility[:, theatre] += step * (stood - credibility[:, theatre])
    return replace(world, commitment=commitment, credibility=credibility)


Menaces = dict[tuple[int, int, int], Bools]


def menacing_levers(scenario: Scenario) -> Menaces:
    """Whether raising a lever arms a side that an observer fears.

    A hostile lever of j counts for i if it strengthens the other side in a theatre where i has a
    stake, or hurts one of i's accounts directly. Signs may differ between games.

    Returns
    -------
    (observer, owner, lever) → (run,) or (1,); by these numbers, those that hold in no game left out
    """
    pairs: Menaces = {}
    levers, ledger, theatres = scenario.levers, scenario.ledger, scenario.theatres

    def note(observer: int, lever: int, menaces: Bools) -> None:
        owner = int(levers.owner[lever])
        if owner != observer and menaces.any():
            key = (observer, owner, lever)
            pairs[key] = pairs.get(key, np.zeros(1, dtype=bool)) | menaces

    for e, lever in enumerate(ledger.force_source):
        if lever < len(levers.ids) and levers.hostile[lever]:
            helps = -1.0 if ledger.side[e] == 0 else 1.0
            for i in range(len(scenario.actors)):
                side = float(theatres.side[i, ledger.theatre[e]])
                note(i, int(lever), side * helps * ledger.force[e] < 0.0)
    for e, lever in enumerate(ledger.source):
        if lever < len(levers.ids) and levers.hostile[lever]:
            note(int(ledger.actor[e]), int(lever), ledger.coefficient[e] < 0.0)
    return dict(sorted(pairs.items()))


def update_hostility(scenario: Scenario, world: World, pairs: Menaces) -> World:
    """Move believed hostility towards what the other's arms and provocations show.

    target = h0 + mean over its hostile levers of (level - start)/range, events counted instead of
    levels where the lever is counted; h += speed (target - h), within [0, 1] (Jervis 1978).
    """
    rules, levers = scenario.rules, scenario.levers
    target = np.array(np.broadcast_to(scenario.hostility, world.hostility.shape))
    start = np.take_along_axis(levers.settings, levers.start, axis=1)
    counted = levers.dispersion[:, 0] > 0.0
    number: dict[tuple[int, int], Floats] = {}
    for (i, j, _), menaces in pairs.items():
        number[i, j] = number.get((i, j), np.zeros(1)) + menaces
    for (i, j, lever), menaces in pairs.items():
        span = levers.settings[lever, levers.size[lever] - 1] - levers.settings[lever, 0]
        level = world.count[lever] if counted[lever] else world.value[lever]
        _menace(level, start[lever], span, number[i, j], menaces, target[i, j])
    speed = column(scenario, "hostility_speed", NOBODY, world.runs) * rules.channel_adversary
    _harden(world.hostility, speed, target)
    return replace(world, hostility=target)


@njit(cache=True, nogil=True, error_model="numpy")
def _menace(level, start, span, number, menaces, target):
    for r in range(len(level)):
        if menaces[r if len(menaces) > 1 else 0]:
            share = (level[r] - start[r if len(start) > 1 else 0]) / span
            target[r] += share / max(number[r if len(number) > 1 else 0], 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _harden(hostility, speed, target):
    """Put the hostility that has moved towards its target in place of that, within [0, 1]."""
    for i in range(len(target)):
        for j in range(len(target)):
            for r in range(len(speed)):
                now, aim = hostility[i, j, r], min(max(target[i, j, r], 0.0), 1.0)
                target[i, j, r] = now + speed[r] * (aim - now)
