"""Tables: what can be said at them, and how each party sees it before anyone has spoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numba import njit

from agents.briefing import (
    Assent,
    Bools,
    Floats,
    Goals,
    Ints,
    Prospect,
    Seat,
    columns,
    full_runs,
    take,
)
from agents.numerics import LEAN
from model.ledger import gaps
from model.perception import (
    Lift,
    Prices,
    View,
    commitment_lift,
    estimate_goals,
    out_of_bounds,
    prices,
    prices_to,
)
from model.politics import ratification_room
from model.scenario import NOBODY, Levers, Scenario, TableRules, column, slot_limits, some_runs
from model.schema import ACCOUNTS
from model.theatres import SECURITY, is_hot
from model.world import World, ruptured, slots


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
    bundle_moves: Ints  # (bundle, L) the same, -1 = none
    packages: Ints  # (package, K) over slot moves, then bundles, then `no move`
    prefix: Ints  # (package,) the package without its last move, in rising order
    contains: Bools  # (package, slot move + bundle)
    parts: Ints  # (package, L) the lever moves inside: slot moves, then moves of bundles; -1 = none
    consent: Floats  # (move + 1, run) chance that the scripted parties to each move agree
    absent: Bools  # (move,) needs somebody who is not at the table
    counts: Bools  # (move + 1,) counts towards a headline demand
    at_home: Bools  # (party, move + 1) costs something at the home of a party that ratifies


def menu(scenario: Scenario, table: TableRules) -> Menu:
    """Write down the moves and packages of a table.

    A package moves any of the named levers, each by up to its step limit in either direction.
    Named bundles are packages of their own.
    """
    levers = scenario.levers
    reach = max([1, *levers.step[table.levers], *(abs(s) for b in table.bundles for _, s in b)])
    moves: list[tuple[int, int]] = []
    for x in table.levers:
        wanted = {s for b in table.bundles for y, s in b if y == x}
        moves += [(int(x), s) for s in sorted({*_steps(int(levers.step[x])), *wanted})]
    lever = np.array([m[0] for m in moves], dtype=np.int64)
    steps = np.array([m[1] for m in moves], dtype=np.int64)
    at = np.full((len(levers.ids), 2 * reach + 1), len(moves), dtype=np.int64)
    at[lever, steps + reach] = np.arange(len(moves))
    limits = slot_limits(levers.step[table.levers], slots(scenario))
    slot_moves = [(n, s) for n, limit in enumerate(limits) for s in _steps(limit)]
    combos = _combinations([n for n, _ in slot_moves], len(limits))
    combos += [(len(slot_moves) + b,) for b in range(len(table.bundles))]
    combos.sort(key=lambda combo: (len(combo), combo))
    place = {combo: p for p, combo in enumerate(combos)}
    none = len(slot_moves) + len(table.bundles)
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
        bundle_moves=_filled(bundles, -1),
        packages=_filled(combos, none),
        prefix=np.array([place[combo[:-1]] for combo in combos], dtype=np.int64),
        contains=contains,
        parts=_parts(combos, len(slot_moves), bundles),
        consent=consent_of(levers, lever),
        absent=absent_consent(levers, table.parties, lever, steps),
        counts=np.append(table.counts[lever], False),
        at_home=np.array(
            [
                np.append(scenario.ratifies[a] & levers.home_cost[a][lever].any(axis=1), False)
                for a in table.parties
            ]
        ),
    )


def _steps(limit: int) -> list[int]:
    """Return the steps that a lever may be moved by."""
    return [s for s in range(-limit, limit + 1) if s]


def _combinations(slot: list[int], slots_: int) -> list[tuple[int, ...]]:
    """Return all combinations of slot moves, at most one a slot."""
    combos: list[tuple[int, ...]] = [()]
    for size in range(1, slots_ + 1):
        for chosen in combinations(range(slots_), size):
            options = [[i for i, n in enumerate(slot) if n == each] for each in chosen]
            combos += list(product(*options))
    return combos


def _filled(rows: Sequence[tuple[int, ...]], none: int) -> Ints:
    """Return rows of different length as one array, filled up with `none`."""
    longest = max((len(row) for row in rows), default=0) or 1
    filled = [[*row, *[none] * (longest - len(row))] for row in rows]
    return np.array(filled, dtype=np.int64).reshape(len(rows), longest)


def _parts(
    combos: list[tuple[int, ...]], n_slots: int, bundles: tuple[tuple[int, ...], ...]
) -> Ints:
    """Write down the lever moves of each package: slot moves, then n_slots + move of a bundle."""
    alone = {n_slots + b: tuple(n_slots + m for m in moves) for b, moves in enumerate(bundles)}
    return _filled([alone.get(combo[0], combo) if combo else combo for combo in combos], -1)


@dataclass(frozen=True)
class Side:
    """What one party brings to a table this quarter: prices of every single move."""

    own: Prices
    theirs: Prices
    them: Goals
    menace: Floats  # (account, run)
    menace_odds: Floats  # (run,)
    leverage: Floats  # (account, run)
    leverage_odds: Floats  # (run,)
    home: Assent  # of my ratifying body to single moves
    their_home: Assent
    blocked: Bools  # (move, run) out of bounds, moved, over a limit, or a third party's business
    credit: Floats  # (move + 1, run)


@dataclass(frozen=True)
class TableView:
    """A table in one quarter, as both parties see it."""

    table: TableRules
    menu: Menu
    sides: tuple[Side, Side]
    locked: Bools  # (move, run) fixed by a living agreement of these two


@dataclass(frozen=True)
class Reach:
    """How far the moves of a table go from the positions that a party knows."""

    gap: Floats  # (move, run) in the levers' units
    lift: Lift | None  # of the commitment that payments at this table buy
    homes: tuple[Assent, Assent]  # what single moves cost each party at home
    credit: Floats  # (move + 1, run)


def _reach(view: View, table: TableRules, menus: Menu, actor: int) -> Reach:
    """Return the reach of all moves; it is the same for all who know the same."""
    gap = gaps(view.scenario, menus.lever, menus.steps, view.known[actor].setting)
    lift = None
    if table.theatre != NOBODY:
        lift = Lift(table.theatre, commitment_lift(view, table, actor, menus.lever, gap))
    homes = tuple(_assent(view, party, menus, gap) for party in table.parties)
    return Reach(gap, lift, (homes[0], homes[1]), _credit(table, menus, gap))


def view_table(view: View, number: int, menus: Menu) -> TableView:
    """Price all moves of a table for its two parties."""
    scenario, world = view.scenario, view.world
    table = scenario.tables[number]
    locked, bound = np.empty((2, len(menus.lever), world.runs), dtype=bool)
    _fixed(world.lock, world.lock_with, world.quarter, table.parties, menus.lever, locked, bound)
    a, b = table.parties
    one = _reach(view, table, menus, a)
    other = one if view.known[a] is view.known[b] else _reach(view, table, menus, b)
    sides = _side(view, table, menus, one, bound, 0), _side(view, table, menus, other, bound, 1)
    return TableView(table, menus, sides, locked)


@njit(**LEAN)
def _fixed(lock, lock_with, quarter, parties, lever, locked, bound):
    """Moves fixed by a living agreement of these two, and by one with somebody else."""
    for m in range(len(lever)):
        x = lever[m]
        for r in range(lock.shape[1]):
            living = lock[x, r] > quarter
            ours = (lock_with[x, r] == parties[0]) | (lock_with[x, r] == parties[1])
            locked[m, r] = living & ours
            bound[m, r] = living & (not ours)


def _barred(view: View, actor: int, menus: Menu, bound: Bools) -> Bools:
    """Moves that a party knows to be out of reach, (move, run).

    What is bound by a secret promise to somebody else is barred for those alone who know of it:
    the others may name it in vain. bound : (move, run) by a promise to somebody else
    """
    lever = menus.lever
    bound = bound & ~view.known[actor].hidden[lever]
    return out_of_bounds(view, actor, lever, menus.steps) | bound | menus.absent[:, None]


def _credit(table: TableRules, menus: Menu, gap: Floats) -> Floats:
    """How far each move goes towards a headline demand, as a party knows it, (move + 1, run)."""
    credit = np.zeros((len(menus.lever) + 1, gap.shape[1]))
    for m in np.flatnonzero(menus.counts):
        credit[m] = table.credit[menus.lever[m]] * gap[m]
    return credit


def absent_consent(levers: Levers, parties: tuple[int, int], lever: Ints, steps: Ints) -> Bools:
    """Moves that need somebody who is not at the table, (move,).

    The owner, always; the host, for what the owner may not do alone.
    """
    alone = np.where(steps > 0, levers.alone_up[lever], levers.alone_down[lever])
    host = np.isin(levers.host[lever], (NOBODY, *parties))
    return ~np.isin(levers.owner[lever], parties) | (~host & ~alone)


def _side(view: View, table: TableRules, menus: Menu, reach: Reach, bound: Bools, k: int) -> Side:
    me, other = table.parties[k], table.parties[1 - k]
    own, theirs = prices_to(view, me, (me, other), menus.lever, reach.gap, lift=reach.lift)
    # a promise of theirs counts as far as they are trusted, a harm that they announce in full
    promised = view.scenario.levers.owner[menus.lever] == other
    _doubt(own.change, np.argwhere(own.moved[:, :-1] & promised), view.trust[me, other])
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
        reach.homes[k],
        reach.homes[1 - k],
        _barred(view, me, menus, bound),
        reach.credit,
    )


@njit(**LEAN)
def _doubt(own, promised, trust):
    for i in range(len(promised)):
        k, m = promised[i, 0], promised[i, 1]
        for r in range(len(trust)):
            own[k, m, r] *= trust[r] if own[k, m, r] > 0.0 else 1.0


def _assent(view: View, party: int, menus: Menu, gap: Floats) -> Assent:
    """Return what single moves cost a party at home.

    gap : (move, run) how far each carries its lever from where an observer knows it
    """
    scenario, runs = view.scenario, view.world.runs
    cost = np.zeros((len(menus.lever) + 1, runs))
    if scenario.ratifies[party]:
        _home_costs(scenario.levers.home_cost[party], menus.lever, gap, cost)
    room = ratification_room(scenario, party, view.world.support[party])
    return Assent(cost, room, column(scenario, "ratify_spread", party, runs))


@njit(**LEAN)
def _home_costs(rate, lever, gap, out):
    alike = rate.shape[1] == 1
    for m in range(len(lever)):
        for r in range(gap.shape[1]):
            each = rate[lever[m], 0 if alike else r]
            out[m, r] = each * gap[m, r] if each != 0.0 else 0.0


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
    mine = np.array([n for n in table.threats if scenario.threats.by[n] == by], dtype=np.int64)
    if not len(mine):
        return change, odds
    number = [t.id for t in scenario.tables].index(table.id)
    believed = view.resolve[observer, by] if observer == target else scenario.resolve[target, by]
    pending = np.isfinite(world.demand[number]) & (table.demander == by)
    told = np.where(pending, believed * believed, 0.0)
    lever, steps = scenario.threats.lever[mine], scenario.threats.steps[mine]
    gap = gaps(scenario, lever, steps, view.known[observer].setting)
    priced = prices(view, observer, target, lever, gap)
    for i, n in enumerate(mine):
        change += priced[:, i]
        if observer == target:
            change[SECURITY] -= view.private[n]
        odds = np.maximum(odds, np.where(world.announced[n], believed, told))
    return change, odds


def _threatened(scenario: Scenario, world: World, table: TableRules, by: int) -> Bools:
    """Say where an announced threat of an actor stands at a table, (run,)."""
    mine = [n for n in table.threats if scenario.threats.by[n] == by]
    standing: Bools = world.announced[mine].any(axis=0)
    return standing


def prospect(view: View, seen: TableView, k: int, slot: int) -> Prospect:
    """Show a table to one of its parties before the agenda is set."""
    scenario, world = view.scenario, view.world
    table, menus = seen.table, seen.menu
    number = [t.id for t in scenario.tables].index(table.id)
    me, other = table.parties[k], table.parties[1 - k]
    seat = _single_moves(view, seen, k, slot)
    closed = world.closed[number] > world.quarter
    exit_cost = np.zeros((len(menus.lever) + 1, world.runs))
    cheapest = cheapest_exit(scenario, table, me)
    _exit_costs(
        seen.locked, closed, scenario.levers.exit_cost[me], menus.lever, cheapest, exit_cost
    )
    demands = np.zeros((0, world.runs))
    headline = np.zeros(len(menus.lever) + 1, dtype=bool)
    if table.headline != NOBODY and table.demander == me:
        level = view.known[me].levers[table.headline]
        demands = np.maximum(table.norm_levels - level, 0.0)
        headline[:-1] = menus.lever == table.headline
    standing = world.demand[number] if table.demander == me else np.full(world.runs, -np.inf)
    return Prospect(
        seat=seat,
        available=(world.opener[number] != other) & ~ruptured(scenario, world, (me, other)),
        mine=world.opener[number] == me,
        exit_cost=exit_cost,
        headline=headline,
        demands=demands,
        standing=standing,
    )


@njit(**LEAN)
def _exit_costs(locked, closed, exit_cost, lever, cheapest, out):
    """Cost of each move that a living deal fixes; at a closed table at least the cheapest exit.

    out : zeros, which stay where leaving costs nothing
    """
    free = not cheapest.any()
    for m in range(len(lever)):
        dear = exit_cost[lever[m]]
        if free and not dear.any():
            continue
        for r in range(len(closed)):
            cost = dear[r if len(dear) > 1 else 0] if locked[m, r] else 0.0
            least = cheapest[r if len(cheapest) > 1 else 0]
            out[m, r] = max(cost, least) if closed[r] else cost


def cheapest_exit(scenario: Scenario, table: TableRules, actor: int) -> Floats:
    """Least exit cost of an actor among the levers of a table, 0 where it has none. (run,)."""
    costs = scenario.levers.exit_cost[actor][table.levers]
    return costs.min(axis=0) if len(costs) else np.zeros(1)


def _seat(view: View, seen: TableView, k: int, slot: int, runs: Any, **said: Any) -> Seat:
    """Give one party's view of a table in some games.

    runs : (asked game,) or all; said : what may be said there
    """
    scenario, world = view.scenario, view.world
    table, side = seen.table, seen.sides[k]
    me, other = table.parties[k], table.parties[1 - k]
    menace_odds = columns(side.menace_odds, runs)
    shape = menace_odds.shape

    def here(numbers: Floats) -> Floats:
        return full_runs(some_runs(numbers, runs), len(menace_odds))

    return Seat(
        table=table.id,
        other=scenario.actors[other],
        slot=slot,
        me=take(view.goals[me], runs),
        them=take(side.them, runs),
        names=scenario.levers.ids,
        menace=columns(side.menace, runs),
        menace_odds=menace_odds,
        leverage=columns(side.leverage, runs),
        leverage_odds=columns(side.leverage_odds, runs),
        coerced=columns(_threatened(scenario, world, table, other), runs),
        coercing=columns(_threatened(scenario, world, table, me), runs),
        outside=here(table.outside[k]),
        their_outside=here(table.outside[1 - k]),
        term=here(table.term),
        trust=columns(view.trust[me, other], runs),
        **({"opens": np.zeros(shape, dtype=bool), "required": np.full(shape, -np.inf)} | said),
    )


def _single_moves(view: View, seen: TableView, k: int, slot: int) -> Seat:
    """Give one party's view of every single move at a table."""
    runs, menus, side = view.world.runs, seen.menu, seen.sides[k]
    lever = np.concatenate([menus.lever, [NOBODY]])[:, None]
    return _seat(
        view,
        seen,
        k,
        slot,
        slice(None),
        packages=menus.singles,
        prefix=np.zeros(len(menus.singles), dtype=np.int64),
        own=side.own.change,
        theirs=side.theirs.change,
        lever=np.broadcast_to(lever, (len(lever), runs)),
        steps=np.concatenate([menus.steps, [0]]),
        blocked=_with_none(side.blocked),
        credit=side.credit,
        home=side.home,
        their_home=side.their_home,
        consent=np.broadcast_to(menus.consent, (len(lever), runs)),
    )


def _with_none(array: Any) -> Any:
    """Add `no move` to the moves: nothing blocks it, it counts nothing. (move + 1, run)."""
    return np.concatenate([array, np.zeros((1, array.shape[1]), dtype=array.dtype)])


def consent_of(levers: Levers, lever: Ints) -> Floats:
    """Chance that the scripted parties to each move agree, 1 for no move. (move + 1, run)."""
    odds = levers.consent_odds[lever]
    return np.concatenate([odds, np.ones((1, odds.shape[1]))])


@njit(**LEAN)
def _gather(prices, moved, move, bundles, runs, row, out):
    """Single moves → slot moves, bundles, `no move`; account by account, so few rows are in use.

    row : (move + 1,) room for where each move's change is read, never counted from the end
    """
    n_slots = move.shape[1]
    for k in range(len(prices)):
        if not moved[k].any():
            out[:, k] = 0.0
            continue
        for m in range(len(row)):  # what changes nothing is read where `no move` stands
            row[m] = m if moved[k, m] else len(row) - 1
        change = prices[k]
        for n in range(len(runs)):
            here, said, r = out[n, k], move[n], np.uint64(runs[n])
            for s in range(n_slots):
                here[s] = change[row[np.uint64(said[s])], r]
            here[n_slots:] = 0.0
        for b in range(len(bundles)):
            for m in bundles[b]:
                if m >= 0 and moved[k, m]:
                    for n in range(len(runs)):
                        out[n, k, n_slots + b] += change[m, runs[n]]


@njit(**LEAN)
def _gather_bars(blocked, locked, consent, move, bundles, runs, barred, agreed):
    """Bars and scripted consent: a bundle is barred by any of its moves, and needs all consents."""
    n_slots = move.shape[1]
    for n in range(len(runs)):
        r = runs[n]
        one = r if consent.shape[1] > 1 else 0
        for s in range(n_slots):
            m = move[n, s]
            barred[n, s] = m >= len(blocked) or blocked[m, r]
            agreed[n, s] = consent[m, one]
        for b in range(len(bundles)):
            barred[n, n_slots + b], agreed[n, n_slots + b] = False, 1.0
            for m in bundles[b]:
                if m >= 0:
                    barred[n, n_slots + b] |= blocked[m, r] or locked[m, r]
                    agreed[n, n_slots + b] *= consent[m, one]
        barred[n, -1], agreed[n, -1] = False, 1.0


def at_table(view: View, seen: TableView, k: int, slot: int, opens: Bools, runs: Ints) -> Seat:
    """Seat a party at an open table: packages over the levers named in each run, and bundles.

    opens, runs : (open game,); the seat's run axis is the open games only
    """
    scenario, world = view.scenario, view.world
    menus, side = seen.menu, seen.sides[k]
    number = [t.id for t in scenario.tables].index(seen.table.id)
    moves = len(menus.slot) + len(menus.bundles) + 1
    move = np.empty((len(runs), len(menus.slot)), dtype=np.int64)
    lever = np.full((moves, len(runs)), NOBODY)
    said = world.named[number], menus.slot, menus.slot_steps, menus.at, menus.reach
    _slot_moves(*said, scenario.levers.step, len(menus.lever), runs, move, lever)

    def pick(array: Floats, moved: Bools) -> Floats:
        """Columns of single moves → of slot moves, bundles and `no move`; runs first in memory."""
        out, row = np.empty((len(runs), len(array), moves)), np.empty(moved.shape[1], np.uint64)
        _gather(array, moved, move, menus.bundle_moves, runs, row, out)
        return np.moveaxis(out, 0, -1)

    def assent(home: Assent, party: int) -> Assent:
        cost = pick(home.cost[None], menus.at_home[party, None])[0]
        return Assent(cost, columns(home.room, runs), columns(home.spread, runs))

    blocked = np.empty((len(runs), moves), dtype=bool)
    consent = np.empty(blocked.shape)
    bars = side.blocked, seen.locked, menus.consent
    _gather_bars(*bars, move, menus.bundle_moves, runs, blocked, consent)
    required = np.full(len(runs), -np.inf)
    if seen.table.headline != NOBODY:
        settings, standing = (
            scenario.levers.settings[seen.table.headline],
            world.demand[number, runs],
        )
        known = settings[view.known[seen.table.demander].setting[seen.table.headline, runs]]
        asked = rounded_down(settings, standing) - known
        required = np.where(np.isfinite(standing), asked, -np.inf)
    return _seat(
        view,
        seen,
        k,
        slot,
        runs,
        packages=menus.packages,
        prefix=menus.prefix,
        own=pick(side.own.change, side.own.moved),
        theirs=pick(side.theirs.change, side.theirs.moved),
        lever=lever,
        steps=np.concatenate([menus.slot_steps, np.zeros(moves - len(menus.slot), dtype=np.int64)]),
        blocked=blocked.T,
        credit=pick(side.credit[None], menus.counts[None])[0],
        required=required,
        home=assent(side.home, k),
        their_home=assent(side.their_home, 1 - k),
        consent=consent.T,
        opens=opens,
    )


@njit(**LEAN)
def _slot_moves(named, slot, slot_steps, at, reach, step, none, runs, move, lever):
    """Move, run by run, and lever behind each slot move; none where nothing is named."""
    for s in range(len(slot)):
        for n in range(len(runs)):
            x = named[slot[s], runs[n]]
            may = (x != NOBODY) & (abs(slot_steps[s]) <= step[x])
            lever[s, n] = x
            move[n, s] = at[x, slot_steps[s] + reach] if may else none


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
