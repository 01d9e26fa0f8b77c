"""Tables: what can be said at them, and how each party sees it before anyone has spoken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
from numba import njit

from agents.briefing import Bools, Floats, Goals, Ints, Prospect, Seat, take
from model.perception import (
    Lift,
    View,
    commitment_lift,
    estimate_goals,
    move_credit,
    out_of_bounds,
    prices,
)
from model.scenario import NOBODY, Levers, Scenario, TableRules
from model.schema import ACCOUNTS
from model.theatres import SECURITY, is_hot
from model.world import World, ruptured, slots

LONGEST = 3  # levers that a package moves, unless it is a named bundle; see ODD for what is lost


@dataclass(frozen=True)
class Menu:
    """Every single move at a table, and all packages over the levers that may be named."""

    lever: Ints  # (move,)
    steps: Ints  # (move,)
    at: Ints  # (lever, step + reach) index of the move, or the number of moves if there is none
    reach: int  # longest step
    singles: Ints  # (move + 1, 1) packages of one move each, for the agenda
    slot: Ints  # (slot move,) which named lever it moves
    slot_steps: Ints  # (slot move,)
    bundles: tuple[tuple[int, ...], ...]  # named packages as moves
    packages: Ints  # (package, K) over slot moves, then bundles, then `no move`
    contains: Bools  # (package, slot move + bundle)
    parts: Ints  # (package, L) the lever moves inside: slot moves, then moves of bundles; -1 = none


def menu(scenario: Scenario, table: TableRules) -> Menu:
    """Write down the moves and packages of a table.

    The first named lever may move up to its step limit, the others one setting; a package moves
    at most LONGEST levers. Named bundles are packages of their own.
    """
    levers = scenario.levers
    reach = max([table.lead_step, *(abs(s) for b in table.bundles for _, s in b)])
    moves: list[tuple[int, int]] = []
    for x in table.levers:
        longest = int(levers.step[x])
        wanted = {s for b in table.bundles for y, s in b if y == x}
        possible = {s for n in range(1, longest + 1) for s in (-n, n)} | wanted
        moves += [(int(x), s) for s in sorted(possible)]
    lever = np.array([m[0] for m in moves], dtype=np.int64)
    steps = np.array([m[1] for m in moves], dtype=np.int64)
    at = np.full((len(levers.ids), 2 * reach + 1), len(moves), dtype=np.int64)
    at[lever, steps + reach] = np.arange(len(moves))
    named = min(slots(scenario), len(table.levers))
    slot_moves = [
        (n, s)
        for n in range(named)
        for s in (
            [k for k in range(-table.lead_step, table.lead_step + 1) if k] if n == 0 else [-1, 1]
        )
    ]
    combos: list[tuple[int, ...]] = [()]
    for size in range(1, min(LONGEST, named) + 1):
        for chosen in combinations(range(named), size):
            options = [[i for i, (n, _) in enumerate(slot_moves) if n == slot] for slot in chosen]
            combos += list(product(*options))
    combos += [(len(slot_moves) + b,) for b in range(len(table.bundles))]
    none = len(slot_moves) + len(table.bundles)
    size = max(len(c) for c in combos) or 1
    bundles = tuple(tuple(int(at[x, s + reach]) for x, s in b) for b in table.bundles)
    contains = np.zeros((len(combos), none), dtype=bool)
    for p, combo in enumerate(combos):
        contains[p, list(combo)] = True
    return Menu(
        lever=lever,
        steps=steps,
        at=at,
        reach=reach,
        singles=np.concatenate([[len(moves)], np.arange(len(moves))])[:, None].astype(np.int64),
        slot=np.array([n for n, _ in slot_moves], dtype=np.int64),
        slot_steps=np.array([s for _, s in slot_moves], dtype=np.int64),
        bundles=bundles,
        packages=np.array([[*c, *[none] * (size - len(c))] for c in combos], dtype=np.int64),
        contains=contains,
        parts=_parts(combos, len(slot_moves), bundles),
    )


def _parts(
    combos: list[tuple[int, ...]], n_slots: int, bundles: tuple[tuple[int, ...], ...]
) -> Ints:
    """Write down the lever moves of each package: slot moves, then n_slots + move of a bundle."""
    rows = []
    for combo in combos:
        parts: list[int] = []
        for item in combo:
            inside = [item] if item < n_slots else [n_slots + m for m in bundles[item - n_slots]]
            parts += inside
        rows.append(parts)
    longest = max(len(r) for r in rows) or 1
    return np.array([[*r, *[-1] * (longest - len(r))] for r in rows], dtype=np.int64)


@dataclass(frozen=True)
class Side:
    """What one party brings to a table this quarter: prices of every single move."""

    own: Floats  # (account, move + 1, run)
    theirs: Floats  # (account, move + 1, run)
    them: Goals
    menace: Floats  # (account, run)
    menace_odds: Floats  # (run,)
    leverage: Floats  # (account, run)
    leverage_odds: Floats  # (run,)
    blocked: Bools  # (move, run) out of bounds, moved, over a limit, or a third party's business
    credit: Floats  # (move, run)


@dataclass(frozen=True)
class TableView:
    """A table in one quarter, as both parties see it."""

    table: TableRules
    menu: Menu
    sides: tuple[Side, Side]
    locked: Bools  # (move, run) fixed by a living agreement of these two


def view_table(view: View, number: int, menus: Menu) -> TableView:
    """Price all moves of a table for its two parties."""
    scenario, world = view.scenario, view.world
    table = scenario.tables[number]
    sides = tuple(_side(view, number, menus, k) for k in range(2))
    living = world.lock[menus.lever] > world.quarter
    partner = np.isin(world.lock_with[menus.lever], table.parties)
    return TableView(table, menus, (sides[0], sides[1]), living & partner)


def _barred(view: View, table: TableRules, actor: int, menus: Menu) -> Bools:
    """Moves that a party knows to be out of reach, (move, run).

    What is bound by a secret promise to somebody else is barred for those alone who know of it:
    the others may name it in vain.
    """
    scenario, world = view.scenario, view.world
    lever, steps = menus.lever, menus.steps
    bound = (world.lock[lever] > world.quarter) & ~np.isin(world.lock_with[lever], table.parties)
    bound &= ~view.known[actor].hidden[lever]
    consent = ~absent_consent(scenario.levers, table.parties, lever, steps)[:, None]
    return out_of_bounds(view, actor, lever, steps) | bound | ~consent


def _credit(view: View, table: TableRules, actor: int, menus: Menu) -> Floats:
    """How far each move goes towards a headline demand, as a party knows it, (move, run)."""
    credit = np.zeros((len(menus.lever), view.world.runs))
    setting = view.known[actor].setting
    for m in np.flatnonzero(table.counts[menus.lever]):
        lever, steps = int(menus.lever[m]), int(menus.steps[m])
        credit[m] = move_credit(view.scenario, table, setting, lever, steps)
    return credit


def absent_consent(levers: Levers, parties: tuple[int, int], lever: Ints, steps: Ints) -> Bools:
    """Moves that need somebody who is not at the table, (move,).

    The owner, always; the host, for what the owner may not do alone.
    """
    alone = np.where(steps > 0, levers.alone_up[lever], levers.alone_down[lever])
    host = np.isin(levers.host[lever], (NOBODY, *parties))
    return ~np.isin(levers.owner[lever], parties) | (~host & ~alone)


def _side(view: View, number: int, menus: Menu, k: int) -> Side:
    scenario = view.scenario
    table = scenario.tables[number]
    me, other = table.parties[k], table.parties[1 - k]
    lever, steps = menus.lever, menus.steps
    lift = Lift(table.theatre, commitment_lift(view, table, me, lever, steps))
    own = prices(view, me, me, lever, steps, lift=lift)
    # a promise of theirs counts as far as they are trusted, a harm that they announce in full
    promised = np.append(scenario.levers.owner[lever] == other, False)[:, None]
    own = np.where(promised & (own > 0.0), own * view.trust[me, other], own)
    theirs = prices(view, me, other, lever, steps, lift=lift)
    menace, menace_odds = _threat(view, table, me, me, other)
    leverage, leverage_odds = _threat(view, table, me, other, me)
    return Side(
        own,
        theirs,
        estimate_goals(view, me, other),
        menace,
        menace_odds,
        leverage,
        leverage_odds,
        _barred(view, table, me, menus),
        _credit(view, table, me, menus),
    )


def _threat(
    view: View, table: TableRules, observer: int, target: int, by: int
) -> tuple[Floats, Floats]:
    """What the threats of `by` at this table would do to `target`, and how likely they seem.

    An announced threat is believed by the target's belief in resolve; one that may yet come with a
    standing demand, by that belief twice: to be announced and to be carried out.
    """
    scenario, world = view.scenario, view.world
    change = np.zeros((len(ACCOUNTS), world.runs))
    odds = np.zeros(world.runs)
    number = [t.id for t in scenario.tables].index(table.id)
    believed = view.resolve[observer, by] if observer == target else scenario.resolve[target, by]
    for n in table.threats:
        if scenario.threats.by[n] != by:
            continue
        lever = scenario.threats.lever[n : n + 1]
        steps = scenario.threats.steps[n : n + 1]
        change = change + prices(view, observer, target, lever, steps)[:, 0]
        if observer == target:
            change[SECURITY] -= view.private[n]
        pending = np.isfinite(world.demand[number]) & (table.demander == by)
        told = np.where(pending, believed * believed, 0.0)
        odds = np.maximum(odds, np.where(world.announced[n], believed, told))
    return change, odds


def prospect(view: View, seen: TableView, k: int, slot: int) -> Prospect:
    """Show a table to one of its parties before the agenda is set."""
    scenario, world = view.scenario, view.world
    table, menus = seen.table, seen.menu
    number = [t.id for t in scenario.tables].index(table.id)
    me, other = table.parties[k], table.parties[1 - k]
    seat = _seat(view, seen, k, slot)
    none = np.zeros((1, world.runs))
    closed = world.closed[number] > world.quarter
    cost = np.where(seen.locked, scenario.levers.exit_cost[me][menus.lever], 0.0)
    reneging = scenario.levers.exit_cost[me][table.levers].min(axis=0)
    cost = np.where(closed, np.maximum(cost, reneging), cost)
    demands = np.zeros((0, world.runs))
    headline = np.zeros(len(menus.lever) + 1, dtype=bool)
    if table.headline != NOBODY and table.demander == me:
        level = view.known[me].levers[table.headline]
        demands = np.maximum(table.norm_levels - level, 0.0)
        headline[:-1] = menus.lever == table.headline
    standing = world.demand[number] if table.demander == me else np.full(world.runs, -np.inf)
    return Prospect(
        seat=seat,
        available=(world.opener[number] != other) & ~ruptured(scenario, world)[me, other],
        mine=world.opener[number] == me,
        exit_cost=np.concatenate([cost, none]),
        headline=headline,
        demands=demands,
        standing=standing,
    )


def _seat(view: View, seen: TableView, k: int, slot: int) -> Seat:
    """Give one party's view of every single move at a table."""
    scenario, world = view.scenario, view.world
    table, menus, side = seen.table, seen.menu, seen.sides[k]
    me, other = table.parties[k], table.parties[1 - k]
    none = np.zeros((1, world.runs))
    lever = np.concatenate([menus.lever, [NOBODY]])[:, None]
    return Seat(
        table=table.id,
        other=scenario.actors[other],
        slot=slot,
        me=view.goals[me],
        them=side.them,
        packages=menus.singles,
        own=side.own,
        theirs=side.theirs,
        lever=np.broadcast_to(lever, (len(lever), world.runs)),
        steps=np.concatenate([menus.steps, [0]]),
        names=scenario.levers.ids,
        blocked=np.concatenate([side.blocked, none.astype(bool)]),
        credit=np.concatenate([side.credit, none]),
        required=np.full(world.runs, -np.inf),
        menace=side.menace,
        menace_odds=side.menace_odds,
        leverage=side.leverage,
        leverage_odds=side.leverage_odds,
        term=np.broadcast_to(table.term, world.runs),
        trust=view.trust[me, other],
        opens=np.zeros(world.runs, dtype=bool),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _gather(prices, move, runs, out):
    for k in range(prices.shape[0]):
        for s in range(move.shape[0]):
            for n in range(len(runs)):
                out[k, s, n] = prices[k, move[s, n], runs[n]]


def at_table(view: View, seen: TableView, k: int, slot: int, opens: Bools, runs: Ints) -> Seat:
    """Seat a party at an open table: packages over the levers named in each run, and bundles.

    opens, runs : (open game,); the seat's run axis is the open games only
    """
    scenario, world = view.scenario, view.world
    menus = seen.menu
    number = [t.id for t in scenario.tables].index(seen.table.id)
    whole = _seat(view, seen, k, slot)
    move, lever = _slot_moves(scenario, world, menus, number, runs)
    n_bundles, n_slots = len(menus.bundles), len(menus.slot)
    shape = (n_slots + n_bundles + 1, len(runs))

    def pick(array: Floats) -> Floats:
        """Rows of single moves → rows of slot moves, bundles and `no move`."""
        flat = array.reshape(-1, *array.shape[-2:]) if array.ndim == 3 else array[None]  # noqa: PLR2004
        out = np.zeros((len(flat), *shape))
        _gather(np.ascontiguousarray(flat, dtype=float), move, runs, out)
        for b, moves in enumerate(menus.bundles):
            total = flat[:, moves[0]][:, runs]
            for m in moves[1:]:
                total = total + flat[:, m][:, runs]
            out[:, n_slots + b] = total
        return out

    blocked = pick(whole.blocked.astype(float))[0] > 0.0
    blocked[:n_slots] |= move == len(menus.lever)
    for b, moves in enumerate(menus.bundles):
        for m in moves:
            blocked[n_slots + b] |= seen.locked[m, runs]
    blocked[-1] = False
    none = np.full((n_bundles + 1, len(runs)), NOBODY, dtype=np.int64)
    standing = world.demand[number, runs]
    required = np.full(len(runs), -np.inf)
    if seen.table.headline != NOBODY:
        settings = scenario.levers.settings[seen.table.headline]
        known = settings[view.known[seen.table.demander].setting[seen.table.headline, runs]]
        asked = rounded_down(settings, standing) - known
        required = np.where(np.isfinite(standing), asked, -np.inf)
    rest = take(whole, runs)
    return replace(
        rest,
        packages=menus.packages,
        own=pick(whole.own),
        theirs=pick(whole.theirs),
        lever=np.concatenate([lever, none]),
        steps=np.concatenate([menus.slot_steps, np.zeros(n_bundles + 1, dtype=np.int64)]),
        blocked=blocked,
        credit=pick(whole.credit)[0],
        required=required,
        opens=opens,
    )


def _slot_moves(
    scenario: Scenario, world: World, menus: Menu, number: int, runs: Ints
) -> tuple[Ints, Ints]:
    """Move and lever behind each slot move, (slot move, open game)."""
    named = world.named[number][:, runs]
    lever = named[menus.slot]
    move = menus.at[lever, menus.slot_steps[:, None] + menus.reach]
    return np.where(lever == NOBODY, len(menus.lever), move), lever


def rounded_down(settings: Floats, demand: Floats) -> Floats:
    """Physical value that meets a demand: the highest setting that it reaches, (run,).

    settings : (setting,) of the headline lever, padded with the last one
    """
    level = np.full(demand.shape, settings[0])
    for value in settings:
        level = np.where(value <= demand, value, level)
    return level


def slots_free(scenario: Scenario, world: World, actor: int) -> Ints:
    """Tables that an actor can keep open: its agenda less what wars and events take. (run,)."""
    burning = is_hot(scenario, world)
    lost = np.zeros(world.runs)
    for t in range(len(burning)):
        lost = lost + scenario.theatres.attention[actor, t] * burning[t]
    lost = lost + np.where(
        world.quarter < world.distraction_end[actor], world.distraction[actor], 0
    )
    return np.maximum(np.floor(scenario.agenda[actor] - lost), 0.0).astype(np.int64)
