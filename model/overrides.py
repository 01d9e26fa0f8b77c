"""What a referee changes in a game by hand: recorded with a reason, and replayed like a move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from model.beliefs import Evidence
from model.chance import Chance
from model.events import take_effect
from model.schema import Effect
from model.turn import Game
from model.world import World

KINDS = ("lever", "support", "stock", "attention", "reopen", "about")  # what a referee may change
KIND = "override"  # of the event in a transcript
RULING = "ruling"  # key of an effect that decides a draw within a quarter, not the state after it
RULINGS = {  # what can be ruled → its stream, and its place among the draws of an entity
    "ratification": ("ratification", 0),  # of `TABLE ACTOR`
    "consent": ("consent", 0),  # of `TABLE LEVER`
    "crisis": ("crisis", 0),  # of a theatre: does one break out
    "stands_by": ("crisis", 1),  # of a theatre: does the patron
}
COMES, FAILS = 0.0, 1.0  # whatever has a chance comes if its draw is below it


def ruled(chance: Chance, effects: Iterable[Mapping[str, Any]]) -> Chance:
    """Return the draws with those that a referee has ruled put in place; other effects are skipped.

    effects : such as {ruling: ratification, of: rok-usa ROK, quarter: 0, comes: true}. The odds
    stay what they are: what has no chance at all does not come, nor does what never fails fail.

    Raises
    ------
    ValueError
        If a ruling makes no sense; says which.
    """
    fixed = dict(chance.ruled)
    for written in effects:
        if RULING not in written:
            continue
        kind, of, quarter = (written.get(k) for k in (RULING, "of", "quarter"))
        if kind not in RULINGS or not isinstance(of, str) or not isinstance(quarter, int):
            raise ValueError(f"{written}: a ruling names one of {', '.join(RULINGS)}, of, quarter")
        stream, place = RULINGS[kind]
        fixed[stream, quarter, of, place] = COMES if written.get("comes") else FAILS
    return replace(chance, ruled=fixed)


def override(
    game: Game, world: World, chance: Chance, effects: Iterable[Mapping[str, Any]]
) -> World:
    """Apply effects between two quarters, as an event of the scenario would; skip rulings.

    effects : each as a scenario writes it, such as {lever: sma_cash, to: 1595}. Evidence about an
    actor ({about: USA, broken: 1}) counts at once for all others, without spreading further.

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
        if RULING in written:
            continue
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
            "about": scenario.actors,
        }
        if len(kinds) != 1 or getattr(effect, kinds[0]) not in known[kinds[0]]:
            raise ValueError(f"{written}: name one of {', '.join(KINDS)} of this scenario")
        world = take_effect(scenario, world, KIND, effect, yes, chance, evidence, crisis)
    return replace(world, kept=world.kept + evidence.kept, broken=world.broken + evidence.broken)
