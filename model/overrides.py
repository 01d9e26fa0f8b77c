"""What a referee changes in a game by hand: recorded with a reason, and replayed like a move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from model.beliefs import Evidence
from model.chance import Chance
from model.events import take_effect
from model.schema import Effect
from model.turn import Game
from model.world import World

KINDS = ("lever", "support", "stock", "attention", "reopen")  # what a referee may change
KIND = "override"  # of the event in a transcript


def override(
    game: Game, world: World, chance: Chance, effects: Iterable[Mapping[str, Any]]
) -> World:
    """Apply effects between two quarters, as an event of the scenario would.

    effects : each as a scenario writes it, such as {lever: sma_cash, to: 1595}

    Raises
    ------
    ValueError
        If one of them makes no sense; says which.
    """
    scenario = game.scenario
    yes = np.ones(world.runs, dtype=bool)
    evidence = Evidence.none(len(scenario.actors), world.runs)
    crisis = np.zeros((len(scenario.theatres.ids), world.runs), dtype=bool)
    for written in effects:
        try:
            effect = Effect.model_validate(dict(written))
        except ValidationError:
            raise ValueError(f"{written} is no effect of an event") from None
        kinds = [k for k in KINDS if getattr(effect, k) is not None]
        known = {
            "lever": scenario.levers.ids,
            "support": scenario.actors,
            "stock": scenario.stocks,
            "attention": scenario.actors,
            "reopen": tuple(t.id for t in scenario.tables),
        }
        if len(kinds) != 1 or getattr(effect, kinds[0]) not in known[kinds[0]]:
            raise ValueError(f"{written}: name one of {', '.join(KINDS)} of this scenario")
        world = take_effect(scenario, world, KIND, effect, yes, chance, evidence, crisis)
    return world
