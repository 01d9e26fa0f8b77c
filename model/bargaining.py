"""Tables: what can be said at them, alternating offers, and what a signed deal does."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np
from numba import njit

from agents.briefing import (
    Bools,
    Briefing,
    Customs,
    Decision,
    Floats,
    Goals,
    Ints,
    Prospect,
    Seat,
    take,
)
from agents.numerics import exp
from agents.utility import package_utilities
from model.beliefs import Evidence
from model.chance import Chance
from model.perception import (
    Lift,
    View,
    commitment_lift,
    estimate_goals,
    limit_bounds,
    limit_use,
    move_credit,
    out_of_bounds,
    prices,
)
from model.politics import ratification_odds
from model.scenario import NOBODY, Scenario, TableRules
from model.schema import ACCOUNTS
from model.theatres import is_hot
from model.world import NEVER_DUE, World, paid, slots

LONGEST = 3  # levers that a package moves, unless it is a named bundle; see ODD for what is lost


@dataclass(frozen=True)
class Ask:
    """Questions put to several actors on the same world: their answers are sealed together."""

    question: str
    table: str  # "" where the question is not about one
    briefings: dict[str, Briefing]
    runs: Any = slice(None)  # which games of the batch are asked


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
        steps = {s for n in range(1, longest + 1) for s in (-n, n)} | wanted
        moves += [(int(x), s) for s in sorted(steps)]
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
        bundles=tuple(
            tuple(int(at[x, s + reach]) for x, s in bundle) for bundle in table.bundles
        ),
        packages=np.array([[*c, *[none] * (size - len(c))] for c in combos], dtype=np.int64),
        contains=contains,
    )


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


@dataclass(frozen=True)
class TableView:
    """A table in one quarter, as both parties see it."""

    table: TableRules
    menu: Menu
    sides: tuple[Side, Side]
    blocked: Bools  # (move, run) out of bounds, moved, over a limit, or bound to a third party
    locked: Bools  # (move, run) fixed by a living agreement of these two
    credit: Floats  # (move, run)


def view_table(view: View, number: int, menus: Menu) -> TableView:
    """Price all moves of a table for its two parties."""
    scenario, world = view.scenario, view.world
    table = scenario.tables[number]
    sides = tuple(_side(view, number, menus, k) for k in range(2))
    lever = menus.lever
    living = world.lock[lever] > world.quarter
    partner = np.isin(world.lock_with[lever], table.parties)
    # the levers that both know of are what both can name; a secret of one is no move of the table
    blocked = out_of_bounds(view, table.parties[0], lever, menus.steps)
    blocked |= out_of_bounds(view, table.parties[1], lever, menus.steps)
    setting = view.known[table.parties[0]].setting
    credit = np.zeros((len(lever), world.runs))
    for m, x in enumerate(lever):
        if table.credit[x].any():
            credit[m] = move_credit(scenario, table, setting, int(x), int(menus.steps[m]))
    return TableView(
        table,
        menus,
        (sides[0], sides[1]),
        blocked | (living & ~partner),
        living & partner,
        credit,
    )


def _side(view: View, number: int, menus: Menu, k: int) -> Side:
    scenario, world = view.scenario, view.world
    table = scenario.tables[number]
    me, other = table.parties[k], table.parties[1 - k]
    lever, steps = menus.lever, menus.steps
    lift = Lift(table.theatre, commitment_lift(view, table, me, lever, steps))
    theirs_to_keep = (scenario.levers.owner[lever] == other)[:, None]
    trust = np.where(theirs_to_keep, view.trust[me, other], 1.0)
    own = prices(view, me, me, lever, steps, trust=trust, lift=lift)
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
    believed = (
        view.resolve[observer, by] if observer == target else scenario.resolve[target, by]
    )
    for n in table.threats:
        if scenario.threats.by[n] != by:
            continue
        lever = scenario.threats.lever[n : n + 1]
        steps = scenario.threats.steps[n : n + 1]
        change = change + prices(view, observer, target, lever, steps)[:, 0]
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
    reneging = scenario.levers.exit_cost[me].min(axis=0)
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
        available=(world.opener[number] != other),
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
        blocked=np.concatenate([seen.blocked, none.astype(bool)]),
        credit=np.concatenate([seen.credit, none]),
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
def _gather(prices, move, runs, out):  # noqa: ANN001, ANN202
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
        known = view.known[seen.table.demander].setting[seen.table.headline, runs]
        required = _required(scenario, seen.table, standing, known)
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


def _required(scenario: Scenario, table: TableRules, demand: Floats, setting: Ints) -> Floats:
    """Credit that meets a demand, rounded down to the lever's nearest setting. (run,)."""
    settings = scenario.levers.settings[table.headline]
    size = scenario.levers.size[table.headline]
    level = settings[setting]
    floor = np.full(demand.shape, settings[0])
    for s in range(size):
        floor = np.where(settings[s] <= demand, settings[s], floor)
    return np.where(np.isfinite(demand), floor - level, -np.inf)


def slots_free(scenario: Scenario, world: World, actor: int) -> Ints:
    """Tables that an actor can keep open: its agenda less what wars, crises and events take. (run,)."""
    burning = is_hot(scenario, world)
    lost = np.zeros(world.runs)
    for t in range(len(burning)):
        lost = lost + scenario.theatres.attention[actor, t] * burning[t]
    lost = lost + np.where(
        world.quarter < world.distraction_end[actor], world.distraction[actor], 0
    )
    return np.maximum(np.floor(scenario.agenda[actor] - lost), 0.0).astype(np.int64)


@dataclass(frozen=True)
class Talks:
    """What happened at one table in a quarter; arrays over the games in which it was open."""

    table: int
    runs: Ints  # (open game,)
    seats: tuple[Seat, Seat]
    first: Ints  # (open game,) 0 or 1, the party that spoke first
    offers: Ints  # (round, open game) package, 0 = none made, -1 = talks were over
    accepted: Ints  # (open game,) package agreed on, 0 = none
    round: Ints  # (open game,) round of the agreement, -1 = none


def negotiate(
    view: View, seen: TableView, places: tuple[int, int], chance: Chance
) -> Generator[Ask, dict[str, Decision], Talks | None]:
    """Hold one quarter's alternating offers at a table, in all games in which it is open."""
    scenario, world = view.scenario, view.world
    table = seen.table
    number = [t.id for t in scenario.tables].index(table.id)
    runs = np.flatnonzero(world.opener[number] != NOBODY)
    if not len(runs):
        return None
    first = _first_speaker(scenario, world, table, number, chance)[runs]
    seats = tuple(
        at_table(view, seen, k, places[k], first == k, runs) for k in range(2)
    )
    here = take(view.customs, runs)
    names = [scenario.actors[a] for a in table.parties]
    rounds = scenario.rules.rounds
    offers = np.full((rounds, len(runs)), -1, dtype=np.int64)
    accepted = np.zeros(len(runs), dtype=np.int64)
    when = np.full(len(runs), -1, dtype=np.int64)
    going = np.ones(len(runs), dtype=bool)
    for t in range(rounds):
        speaker = (first + t) % 2
        answers = yield Ask(
            "offer",
            table.id,
            {
                names[k]: _talk_briefing(
                    view, table, k, seats[k], here, "offer", t, speaker == k, None
                )
                for k in range(2)
            },
            runs,
        )
        made = np.where(speaker == 0, answers[names[0]].offer, answers[names[1]].offer)
        offers[t] = np.where(going, made, -1)
        answers = yield Ask(
            "reply",
            table.id,
            {
                names[k]: _talk_briefing(
                    view, table, k, seats[k], here, "reply", t, speaker == k, made
                )
                for k in range(2)
            },
            runs,
        )
        yes = np.where(speaker == 0, answers[names[1]].accept, answers[names[0]].accept)
        agreed = going & yes & (made > 0)
        accepted = np.where(agreed, made, accepted)
        when = np.where(agreed, t, when)
        going = going & ~agreed
        if not going.any():
            break
    return Talks(number, runs, (seats[0], seats[1]), first, offers, accepted, when)


def _first_speaker(
    scenario: Scenario, world: World, table: TableRules, number: int, chance: Chance
) -> Ints:
    """Return which party speaks first: drawn, or by the rule of the scenario. (run,)."""
    opener = np.where(world.opener[number] == table.parties[0], 0, 1)
    if scenario.rules.first_mover == "opener":
        return opener
    if scenario.rules.first_mover == "invited":
        return 1 - opener
    return (chance.uniform("first speaker", world.quarter, table.id)[0] < 0.5).astype(np.int64)  # noqa: PLR2004


def _talk_briefing(
    view: View,
    table: TableRules,
    k: int,
    seat: Seat,
    customs: Customs,
    question: Any,
    round_: int,
    my_turn: Bools,
    offered: Ints | None,
) -> Briefing:
    actor = table.parties[k]
    name = view.scenario.actors[actor]
    return Briefing(
        actor=name,
        quarter=view.world.quarter,
        question=question,
        goals=seat.me,
        customs=customs,
        seats=(seat,),
        round=round_,
        my_turn=my_turn,
        offered=offered,
    )


@dataclass(frozen=True)
class Signing:
    """What became of the agreements of a table."""

    odds: Floats  # (party, open game) chance of ratification
    ratified: Bools  # (party, open game)
    consent: Bools  # (open game,) scripted parties agreed
    overtaken: Bools  # (open game,) a lever had moved meanwhile
    signed: Bools  # (open game,)


def settle(
    scenario: Scenario,
    world: World,
    talks: Talks,
    menus: Menu,
    chance: Chance,
    evidence: Evidence,
    gained: Floats,
) -> tuple[World, Signing]:
    """Ratify what was agreed at a table and make it a promise with dates.

    Levers with a lead take effect later; all are locked for the deal's term; the demand is met and
    the threats of the two end. A failed vote leaves the talks open.
    """
    table = scenario.tables[talks.table]
    runs, agreed = talks.runs, talks.accepted > 0
    parts = list(_parts(talks, menus))
    overtaken = np.zeros(len(runs), dtype=bool)
    cost = np.zeros((2, len(runs)))
    consent = np.ones(len(runs), dtype=bool)
    for lever, steps, inside in parts:
        where = np.flatnonzero(inside & agreed)
        x, at = lever[where], runs[where]
        overtaken[where] |= world.moved[x, at]
        target = np.clip(world.setting[x, at] + steps, 0, scenario.levers.size[x] - 1)
        gap = scenario.levers.settings[x, target] - scenario.levers.settings[x, world.setting[x, at]]
        for k in range(2):
            home = scenario.levers.home_cost[table.parties[k]]
            rate = home[x, at] if home.shape[1] > 1 else home[x, 0]
            cost[k, where] += rate * gap
        odds = scenario.levers.consent_odds
        odds_here = odds[x, at] if odds.shape[1] > 1 else odds[x, 0]
        for lever_id in np.unique(x[odds_here < 1.0]):
            draw = chance.uniform(
                "consent", world.quarter, f"{table.id} {scenario.levers.ids[lever_id]}"
            )[0]
            mine = x == lever_id
            consent[where[mine]] &= draw[at[mine]] < odds_here[mine]
    overtaken |= agreed & _over_limit(scenario, world, runs, parts)
    odds, passed = _vote(scenario, world, table, runs, cost, chance)
    signed = agreed & ~overtaken & consent & passed.all(axis=0)
    world = _promise(scenario, world, table, talks, parts, signed)
    world = _close(scenario, world, talks, signed)
    for k in range(2):
        gain = _gain(talks, k)
        gained[table.parties[k]][runs[signed]] += gain[signed]
    return world, Signing(odds, passed, consent, overtaken & agreed, signed)


def _parts(talks: Talks, menus: Menu) -> Generator[tuple[Ints, int, Bools], None, None]:
    """Lever moves inside the agreed package: (lever (run,), steps, contained (run,))."""
    inside = menus.contains[talks.accepted]
    n_slots = len(menus.slot)
    for s in range(n_slots):
        if inside[:, s].any():
            yield talks.seats[0].lever[s], int(menus.slot_steps[s]), inside[:, s]
    for b, moves in enumerate(menus.bundles):
        if inside[:, n_slots + b].any():
            for m in moves:
                lever = np.full(len(talks.runs), menus.lever[m])
                yield lever, int(menus.steps[m]), inside[:, n_slots + b]


def _over_limit(
    scenario: Scenario, world: World, runs: Ints, parts: list[tuple[Ints, int, Bools]]
) -> Bools:
    """Say where the moves of a deal together would break a hard limit. (open game,)."""
    setting = world.setting[:, runs].copy()
    for lever, steps, inside in parts:
        where = np.flatnonzero(inside)
        x = lever[where]
        setting[x, where] = np.clip(setting[x, where] + steps, 0, scenario.levers.size[x] - 1)
    over = np.zeros(len(runs), dtype=bool)
    for n, bound in enumerate(limit_bounds(scenario, world)):
        use = limit_use(scenario, n, setting)
        more = use > limit_use(scenario, n, world.setting[:, runs])
        over |= more & (use > np.broadcast_to(bound, world.runs)[runs])
    return over


def _vote(
    scenario: Scenario, world: World, table: TableRules, runs: Ints, cost: Floats, chance: Chance
) -> tuple[Floats, Bools]:
    odds = np.ones((2, len(runs)))
    passed = np.ones((2, len(runs)), dtype=bool)
    for k, actor in enumerate(table.parties):
        whole_cost = np.zeros(world.runs)
        whole_cost[runs] = cost[k]
        odds[k] = ratification_odds(scenario, actor, world.support[actor], whole_cost)[runs]
        name = f"{table.id} {scenario.actors[actor]}"
        draw = chance.uniform("ratification", world.quarter, name)[0]
        passed[k] = draw[runs] < odds[k]
    return odds, passed


def _gain(talks: Talks, k: int) -> Floats:
    """Return one-quarter utility of the agreed package to a party, (open game,)."""
    seat = talks.seats[k]
    kept = seat.__dict__.get("_weighed")
    plain = kept[1].plain if kept else package_utilities(seat.me, seat.own, seat.packages)
    gain: Floats = plain[talks.accepted, np.arange(len(talks.runs))]
    return gain


def _promise(
    scenario: Scenario,
    world: World,
    table: TableRules,
    talks: Talks,
    parts: list[tuple[Ints, int, Bools]],
    signed: Bools,
) -> World:
    """Write the moves of a signed deal down as promises that fall due."""
    if not signed.any():
        return world
    setting, due = world.setting.copy(), world.due.copy()
    promised, lock = world.promised_to.copy(), world.lock.copy()
    lock_with, secret = world.lock_with.copy(), world.secret.copy()
    moved, tally = world.moved.copy(), world.tally.copy()
    reference, agreed = world.reference.copy(), world.agreed.copy()
    earlier = world.before.copy()
    term = np.broadcast_to(np.floor(table.term).astype(np.int64), world.runs)
    a, b = table.parties
    for lever, steps, inside in parts:
        where = np.flatnonzero(inside & signed)
        if not len(where):
            continue
        x, at = lever[where], talks.runs[where]
        before = setting[x, at]
        after = np.clip(before + steps, 0, scenario.levers.size[x] - 1)
        owner = scenario.levers.owner[x]
        partner = np.where(owner == a, b, a)
        tally[3, at] += promised[x, at] != NOBODY
        earlier[x, at] = before
        setting[x, at] = after
        due[x, at] = world.quarter + scenario.levers.lead[x]
        promised[x, at] = partner
        lock[x, at] = world.quarter + np.maximum(term[at], 1)
        lock_with[x, at] = partner
        secret[x, at] = table.secret
        moved[x, at] = True
        tally[0, at] += 1
        _move_reference(scenario, reference, table, x, at, before, after)
    at = talks.runs[signed]
    agreed[talks.table, at] = paid_decided(scenario, table, setting)[at]
    return replace(
        world,
        setting=setting,
        due=due,
        promised_to=promised,
        lock=lock,
        lock_with=lock_with,
        secret=secret,
        moved=moved,
        tally=tally,
        reference=reference,
        agreed=agreed,
        before=earlier,
    )


def paid_decided(scenario: Scenario, table: TableRules, setting: Ints) -> Floats:
    """What counts as paid once all decided settings are in effect, headline units, (run,)."""
    values = np.take_along_axis(scenario.levers.settings, setting, axis=1)
    return paid(table.credit, values)


def _move_reference(
    scenario: Scenario,
    reference: Floats,
    table: TableRules,
    x: Ints,
    at: Ints,
    before: Ints,
    after: Ints,
) -> None:
    """Move the reference of the accounts that a signed sum enters to the agreed level."""
    for lever in np.unique(x):
        if lever != table.headline:
            continue
        here = x == lever
        runs = at[here]
        settings = scenario.levers.settings[lever]
        gap = settings[after[here]] - settings[before[here]]
        ledger = scenario.ledger
        for e in np.flatnonzero(ledger.source == lever):
            rate = ledger.coefficient[e]
            rate = rate[runs] if len(rate) > 1 else rate
            reference[ledger.actor[e], ledger.account[e], runs] += rate * gap


def _close(scenario: Scenario, world: World, talks: Talks, signed: Bools) -> World:
    """Close the table of a signed deal for its term, with its demand and threats."""
    if not signed.any():
        return world
    at = talks.runs[signed]
    opener, demand, closed = world.opener.copy(), world.demand.copy(), world.closed.copy()
    announced, threat_due = world.announced.copy(), world.threat_due.copy()
    table = scenario.tables[talks.table]
    term = np.broadcast_to(np.floor(table.term).astype(np.int64), world.runs)
    opener[talks.table, at] = NOBODY
    demand[talks.table, at] = -np.inf
    closed[talks.table, at] = world.quarter + np.maximum(term[at], 1)
    for n in table.threats:
        announced[n, at] = False
        threat_due[n, at] = NEVER_DUE
    return replace(
        world,
        opener=opener,
        demand=demand,
        closed=closed,
        announced=announced,
        threat_due=threat_due,
    )


def decay_demands(scenario: Scenario, demand: Floats, settlement: Floats) -> Floats:
    """Headline demands come down: D <- s* + (D - s*) exp(-c), per quarter. (table, run).

    settlement : (table, run) what the demander believes the other will settle for
    """
    keep = exp(-scenario.rules.concession)
    live = np.isfinite(demand)
    gap = np.where(live, demand, settlement) - settlement
    return np.where(live, settlement + np.maximum(gap, 0.0) * keep, demand)
