"""Ties: the layers of the network as matrices, and how alike two ties are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agents.briefing import Floats
from model.scenario import Numbers, Ties
from model.schema import ScenarioFile

LAYERS = ("alliance", "alignment", "trade", "rivalry")


def network(file: ScenarioFile, numbers: Numbers, actors: Sequence[str]) -> Ties:
    """Return the layers of ties between actors, (actor from, actor to, run)."""
    size = len(actors)
    layers = {k: np.zeros((size, size, 1)) for k in LAYERS}

    def put(layer: str, i: int, j: int, value: Floats) -> None:
        if len(value) > layers[layer].shape[2]:
            layers[layer] = np.repeat(layers[layer], len(value), axis=2)
        layers[layer][i, j] = value

    for n, tie in enumerate(file.ties):
        i, j = actors.index(tie.source_of), actors.index(tie.to)
        for layer in layers:
            quantity = getattr(tie, layer)
            value = numbers.of(f"ties.{n}.{layer}", quantity)
            put(layer, i, j, value)
            if layer == "trade":
                if tie.trade_back is not None:
                    put(layer, j, i, numbers.of(f"ties.{n}.trade_back", tie.trade_back))
            elif tie.both:
                put(layer, j, i, value)
    return Ties(**layers, likeness=likeness(**layers))


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
