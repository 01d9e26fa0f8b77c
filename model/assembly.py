"""Questions that many parties settle: a Probabilistic Condorcet Election over their positions."""

from __future__ import annotations

import numpy as np

from agents.briefing import Bools, Floats, Ints
from model.chance import Chance
from model.events import condition_holds
from model.perception import breaks_limits
from model.politics import ratification_odds
from model.scenario import NOBODY, Scenario, nearest_setting, quarter_index
from model.world import NEVER_DUE, World, draft

POINTS = 100.0  # positions and saliences are written from 0 to 100


def total(rows: Floats) -> Floats:
    """Sum over the first axis in its order, the same bits whatever the batch."""
    result: Floats = rows[0]
    for row in rows[1:]:
        result = result + row
    return result


def position_distance(position: Floats, salience: Floats) -> Floats:
    """Distance of position j from i as i sees it: |s_i (x_i - x_j)| / |s_i|, (i, j, run).

    position, salience : (actor, issue, run) in [0, 1] (KTAB, Wise et al. 2015)
    """
    gap = salience[:, None] * (position[:, None] - position[None])
    length = np.sqrt(total(np.moveaxis(salience * salience, 1, 0)))
    return np.sqrt(total(np.moveaxis(gap * gap, 2, 0))) / np.maximum(length, 1e-12)[:, None]


def coalition_strength(utility: Floats, capability: Floats) -> Floats:
    """Strength behind option i against option j: C_ij = sum_k cap_k max(0, u_ki - u_kj).

    utility : (actor, option, run), capability : (actor, run); returns (option, option, run)
    """
    gain = np.maximum(utility[:, :, None] - utility[:, None], 0.0)
    return total(capability[:, None, None] * gain)


def condorcet_probability(strength: Floats, stands: Bools | None = None) -> Floats:
    """Chance of each option: p_i proportional to the product over j of v_ij = C_ij/(C_ij + C_ji).

    strength : (option, option, run); stands : (option, run) which are put to the vote, all unless
    given. Returns (option, run). Ties between equals count one half.
    """
    both = strength + np.swapaxes(strength, 0, 1)
    victory = np.where(both > 0.0, strength / np.where(both > 0.0, both, 1.0), 0.5)
    if stands is None:
        stands = np.ones(strength.shape[1:], dtype=bool)
    score = stands.astype(float)
    for j in range(strength.shape[1]):
        score = score * np.where(stands[j], victory[:, j], 1.0)
    return score / np.maximum(total(score), 1e-300)


def risk_attitude(probability: Floats) -> Floats:
    """Return R_i = (3 p_i - p_max - 2 p_min)/(2 (p_max - p_min)): the safer the bolder."""
    top, low = probability.max(axis=0), probability.min(axis=0)
    width = np.where(top > low, top - low, 1.0)
    return np.where(top > low, (3.0 * probability - top - 2.0 * low) / (2.0 * width), 0.0)


def condorcet_election(
    position: Floats, salience: Floats, capability: Floats
) -> tuple[Floats, Ints]:
    """Probabilities of the members' positions, with risk attitudes, as KTAB computes them.

    First u = 1 - d gives probabilities and from them attitudes R; then u = (1 - d)(1 + d R), and
    the probabilities are taken again over the different positions only: of members that hold the
    same one, the first stands for all.
    position, salience : (actor, issue, run) in [0, 1]; capability : (actor, run). Returns the
    probability of the position for which a member stands, 0 for others, and who stands for the
    position of each, both (actor, run).
    """
    d = position_distance(position, salience)
    first = condorcet_probability(coalition_strength(1.0 - d, capability))
    attitude = risk_attitude(first)[:, None]
    utility = (1.0 - d) * (1.0 + d * attitude)
    holder = (position[:, None] == position[None]).all(axis=2).argmax(axis=1)
    stands = holder == np.arange(len(position))[:, None]
    return condorcet_probability(coalition_strength(utility, capability), stands), holder


def assemblies(scenario: Scenario, world: World, chance: Chance) -> tuple[World, Ints]:
    """Call the assemblies that are due; the position chosen by lot becomes a setting of the lever.

    The owner of the lever must ratify the move. Returns the settings decided, (assembly, run).
    """
    names = sorted(scenario.file.assemblies)
    decided = np.full((len(names), world.runs), NOBODY, dtype=np.int64)
    for n, name in enumerate(names):
        rule = scenario.file.assemblies[name]
        since = world.quarter - quarter_index(scenario.file.start, rule.first)
        if since < 0 or since % rule.every:
            continue
        where = condition_holds(scenario, world, rule.condition)
        if not where.any():
            continue
        members = sorted(rule.members)
        path = f"assemblies.{name}.members"

        def column(part: str, members: list[str] = members, path: str = path) -> Floats:
            people = scenario.file.assemblies[path.split(".")[1]].members
            return scenario.numbers.stack(
                [
                    scenario.numbers.of(f"{path}.{m}.{part}", getattr(people[m], part))
                    for m in members
                ]
            )

        position = column("position")
        salience = column("salience")[:, None] / POINTS
        odds, _ = condorcet_election(position[:, None] / POINTS, salience, column("influence"))
        draw = chance.uniform("assembly", world.quarter, name)[0]
        chosen = _by_lot(odds, position, draw)
        lever = scenario.lever(rule.lever)
        target = _outcome(scenario, lever, rule.outcomes, chosen)
        world, decided[n] = _implement(scenario, world, chance, name, lever, target, where)
    return world, decided


def _by_lot(odds: Floats, position: Floats, draw: Floats) -> Floats:
    """Draw a position by its probability, from the lowest on, (run,).

    odds, position : (actor, run)
    """
    odds, position = np.broadcast_arrays(odds, position)
    order = np.argsort(position, axis=0, kind="stable")
    odds, places = (np.take_along_axis(x, order, axis=0) for x in (odds, position))
    chosen = np.broadcast_to(places[-1], draw.shape)
    reach = np.zeros(1)
    found = np.zeros(draw.shape, dtype=bool)
    for share, place in zip(odds, places, strict=True):
        reach = reach + share
        hit = (draw < reach) & ~found
        chosen = np.where(hit, place, chosen)
        found |= hit
    return chosen


def _outcome(
    scenario: Scenario, lever: int, outcomes: tuple[tuple[float, float], ...], chosen: Floats
) -> Ints:
    settings = scenario.levers.settings[lever, : scenario.levers.size[lever]]
    target = np.full(chosen.shape, nearest_setting(settings, outcomes[-1][1]))
    for up_to, value in sorted(outcomes, reverse=True):
        target = np.where(chosen <= up_to, nearest_setting(settings, value), target)
    return target


def _implement(
    scenario: Scenario,
    world: World,
    chance: Chance,
    name: str,
    lever: int,
    target: Ints,
    where: np.ndarray,
) -> tuple[World, Ints]:
    owner = int(scenario.levers.owner[lever])
    gap = scenario.levers.settings[lever][target] - world.value[lever]
    cost = scenario.levers.home_cost[owner, lever] * gap
    odds = ratification_odds(scenario, owner, world.support[owner], cost)
    draw = chance.uniform("assembly ratification", world.quarter, name)[0]
    free = (world.promised_to[lever] == NOBODY) & ~world.moved[lever]
    runs = np.arange(world.runs)
    over = breaks_limits(scenario, world, runs, np.full(world.runs, lever), target)
    passes = where & (draw < odds) & free & ~over
    world = draft(world, "setting", "before", "due", "moved")
    setting, before = world.setting[lever], world.before[lever]  # rows of the draft
    np.copyto(before, setting, where=passes)
    np.copyto(setting, target, where=passes)
    changed = passes & (setting != before)
    world.due[lever, passes] = NEVER_DUE
    world.due[lever, changed] = world.quarter + scenario.levers.lead[lever]
    world.moved[lever] |= changed
    return world, np.where(passes, setting, NOBODY)
