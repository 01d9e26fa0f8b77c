"""Ties: the layers of the network as matrices, how alike two are, and which camps they make."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agents.briefing import Bools, Floats, Ints
from agents.numerics import total
from model.scenario import Numbers, Ties
from model.schema import ScenarioFile

LAYERS = ("alliance", "alignment", "trade", "rivalry")


def network(file: ScenarioFile, numbers: Numbers, actors: Sequence[str]) -> Ties:
    """Return the layers of ties between actors, (actor from, actor to, run)."""
    size = len(actors)
    layers = {k: np.zeros((size, size, 1)) for k in (*LAYERS, "relation")}
    layers["rupture"] = np.full((size, size, 1), -np.inf)

    def put(layer: str, i: int, j: int, value: Floats) -> None:
        if len(value) > layers[layer].shape[2]:
            layers[layer] = np.repeat(layers[layer], len(value), axis=2)
        layers[layer][i, j] = value

    for n, tie in enumerate(file.ties):
        i, j = actors.index(tie.source_of), actors.index(tie.to)
        for layer in layers:
            quantity = getattr(tie, layer)
            if quantity is None and layer == "rupture":
                continue
            value = numbers.of(f"ties.{n}.{layer}", quantity)
            put(layer, i, j, value)
            if layer == "trade":
                if tie.trade_back is not None:
                    put(layer, j, i, numbers.of(f"ties.{n}.trade_back", tie.trade_back))
            elif tie.both or layer in ("relation", "rupture"):
                put(layer, j, i, value)
    return Ties(**layers, likeness=likeness(*(layers[k] for k in LAYERS)))


def likeness(alliance: Floats, alignment: Floats, trade: Floats, rivalry: Floats) -> Floats:
    """How alike p's tie to j is to p's tie to k: one minus their mean distance over the layers.

    Trade enters as its share of p's largest flow. Shape (p, j, k, run); zero for j = k and for
    parties outside the tie.
    """
    largest = np.maximum(trade.max(axis=1, keepdims=True), 1e-12)
    layers = (alliance, alignment, trade / largest, rivalry)
    width = max(x.shape[2] for x in layers)
    size = len(alliance)
    distance = np.zeros((size, size, size, width))
    for x in layers:
        distance = distance + np.abs(x[:, :, None] - x[:, None, :]) / len(layers)
    like = 1.0 - distance
    same = np.eye(size, dtype=bool)
    like[:, same] = 0.0
    like[same] = 0.0
    like[np.arange(size), :, np.arange(size)] = 0.0
    return like


def frustration(strength: Floats, propensity: Floats, camp: Ints) -> Floats:
    """How ill at ease each actor is in its camp: sum over the other camp of s_j p_ij, (actor,).

    strength : (actor,), propensity : (actor i, actor j) to stand with, negative against;
    camp : (actor,) of two. Axelrod and Bennett 1993, A landscape theory of aggregation.
    """
    apart = camp[:, None] != camp[None]
    return total((np.where(apart, propensity, 0.0) * strength)[..., None], 1)[:, 0]


def camp_energy(strength: Floats, propensity: Floats, camp: Ints) -> float:
    """Energy of two camps, sum over ordered pairs in different camps of s_i s_j p_ij.

    The lower, the better the camps fit friendships and hostilities.
    """
    parts = strength * frustration(strength, propensity, camp)
    return float(total(parts[:, None, None], 0)[0, 0])


def improving_switches(strength: Floats, propensity: Floats, camp: Ints) -> Bools:
    """Actors that would be more at ease in the other camp, (actor,)."""
    here = frustration(strength, propensity, camp)
    everywhere = total((propensity * strength)[..., None], 1)[:, 0]
    there = everywhere - np.diag(propensity) * strength - here
    return there < here


def settle_camps(strength: Floats, propensity: Floats, camp: Ints, most: int) -> list[Ints]:
    """Let one actor after the other switch camps as long as one gains; at most `most` switches.

    Returns the camps after each switch, the first as given. With symmetric propensities each
    switch lowers the energy by 2 s_i times what the actor gains, so they cannot go in a circle.
    """
    path = [camp]
    while len(path) <= most:
        keen = np.flatnonzero(improving_switches(strength, propensity, path[-1]))
        if not len(keen):
            break
        then = path[-1].copy()
        then[keen[0]] = 1 - then[keen[0]]
        path.append(then)
    return path


def stable_camps(strength: Floats, propensity: Floats) -> list[Ints]:
    """All ways to stand in two camps from which nobody gains by switching alone.

    The camp of the last actor is called 0. All 2^(n-1) ways are looked at: for up to some
    sixteen actors.
    """
    n = len(strength)
    ways = (np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1
    return [camp for camp in ways if not improving_switches(strength, propensity, camp).any()]
