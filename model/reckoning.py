"""The reckoning of a quarter: promises fall due, stocks, support and beliefs move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agents.briefing import Bools, Briefing, Decision, Floats, Ints, Promises, columns
from agents.numerics import exp, log
from agents.utility import KINDS, value_of_account
from model.bargaining import Ask, Signing, Talks, take_for_granted
from model.beliefs import Evidence, Menaces, learn, update_commitment, update_hostility
from model.chance import Chance, negative_binomial
from model.ledger import gaps, source_start, source_values
from model.moves import relation_after_threats
from model.perception import View, accounts_in_effect, limited, over_limit, prices
from model.politics import offices, update_support
from model.scenario import NOBODY, Scenario, some_runs
from model.schema import ACCOUNTS
from model.theatres import Crises
from model.world import (
    NEVER_DUE,
    OVERTAKEN,
    RENEWAL,
    World,
    agreement_end,
    draft,
    full,
    other_party,
    overtake,
    ruptured,
    settings_value,
)


@dataclass(frozen=True)
class Kept:
    """Promises that fell due."""

    kept: Bools  # (lever, run)
    broken: Bools  # (lever, run)


def new_quarter(scenario: Scenario, world: World) -> World:
    """Clear what belongs to the last quarter alone, and let agreements run out."""
    return run_out(scenario, replace(world, moved=np.zeros_like(world.moved)))


def run_out(scenario: Scenario, world: World) -> World:
    """Let agreements run out whose years are over, and free what one no longer fixes.

    In its last RENEWAL quarters the end of an agreement counts as decided, for the quarter after
    them: so its parties see at the table what it costs them not to renew it. One that an event
    brought into force runs its years from now.
    """
    lasting = [n for n, table in enumerate(scenario.tables) if table.in_force != NOBODY]
    if not lasting:
        return world
    world = draft(world, *OVERTAKEN, "ends", "lock", "lock_with", "closed")
    for n in lasting:
        table = scenario.tables[n]
        x, now = table.in_force, world.quarter
        over = (world.value[x] > 0.0) & (world.setting[x] == 0) & (world.ends[n] <= now)
        overtake(scenario, world, x, np.zeros(world.runs, dtype=np.int64), over)
        undated = (world.setting[x] > 0) & (world.ends[n] <= now)
        world.ends[n] = np.where(undated, agreement_end(scenario, world, n), world.ends[n])
        last = (world.setting[x] > 0) & (world.ends[n] - RENEWAL <= now)
        world.before[x, last], world.setting[x, last] = 1, 0
        world.due[x, last] = world.ends[n, last]
        free = world.setting[x] == 0
        world.closed[n] = np.where(free, np.minimum(world.closed[n], now), world.closed[n])
        for lever in table.agreement:
            ours = free & (world.lock_with[lever] == other_party(scenario, table, int(lever)))
            world.lock[lever, ours] = np.minimum(world.lock[lever, ours], now)
            world.lock_with[lever, ours] = NOBODY
    return world


def sources_in_effect(scenario: Scenario, world: World) -> tuple[Floats, Floats]:
    """Ledger sources at the positions in effect, now and at the start, (source, run)."""
    return source_values(scenario, world, world.value), source_start(scenario)


def sources_ahead(scenario: Scenario, world: World) -> Floats | None:
    """Ledger sources next quarter if only the stocks moved, as they will by rule, (source, run).

    None where no challenger has foresight.
    """
    if not scenario.theatres.foresight.any():
        return None
    return sources_in_effect(scenario, move_stocks(scenario, world))[0]


def go_behind_backs(
    scenario: Scenario,
    world: World,
    talks: Sequence[Talks | None],
    signings: Sequence[Signing | None],
    evidence: Evidence,
) -> None:
    """A deal with somebody's rival, made by its ally without it, tells it something of the ally.

    The weight is `weight_behind_back` x alliance x rivalry; its prior includes zero.
    """
    ties, gone = scenario.ties, ruptured(scenario, world)
    for n, table in enumerate(scenario.tables):
        talk, signing = talks[n], signings[n]
        if talk is None or signing is None or table.secret or not signing.signed.any():
            continue
        runs = talk.runs[signing.signed]
        where = np.zeros(evidence.kept.shape[2], dtype=bool)
        where[runs] = True
        for ally, rival in (table.parties, table.parties[::-1]):
            for k in range(len(scenario.actors)):
                if k in table.parties:
                    continue
                weight = ties.alliance[k, ally] * ties.rivalry[k, rival]
                if weight.any():
                    amount = scenario.rules.weight_behind_back * weight
                    evidence.add("broken", k, ally, amount, where & ~gone[k, ally])


def honour_ask(scenario: Scenario, view: View, world: World) -> Ask:
    """Ask every actor about its promises that fall due this quarter.

    A breach releases the other side from what it still owes, so keeping a promise is worth what
    the partner's outstanding promises bring, less what one's own costs.
    """
    due = _promised_for_now(world)
    briefings = {}
    for a, name in enumerate(scenario.actors):
        lever = np.flatnonzero((scenario.levers.owner == a) & due.any(axis=1))
        briefings[name] = Briefing(
            actor=name,
            quarter=world.quarter,
            question="honour",
            goals=view.goals[a],
            customs=view.customs,
            promises=Promises(
                own=_kept_worth(scenario, view, world, a, lever, due),
                lever=lever,
                names=scenario.levers.ids,
                due=due[lever],
                breach_cost=full(scenario.levers.exit_cost[a][lever], world.runs),
            ),
        )
    return Ask("honour", "", briefings)


def _promised_for_now(world: World) -> Bools:
    """Levers promised to somebody by this quarter, (lever, run)."""
    return (world.promised_to != NOBODY) & (world.due <= world.quarter) & (world.due != NEVER_DUE)


def _kept_worth(
    scenario: Scenario, view: View, world: World, actor: int, lever: Ints, due: Bools
) -> Floats:
    """What keeping each promise due changes for an actor, (account, promise, run); else nothing.

    lever : (promise,); due : (lever, run)
    """
    own = np.zeros((len(ACCOUNTS), len(lever), world.runs))
    runs = np.flatnonzero(due[lever].any(axis=0))
    if not len(runs):
        return own
    falls, to = columns(due[lever], runs), columns(world.promised_to[lever], runs)
    asked = np.array([(falls & (to == b)).any(axis=0) for b in range(len(scenario.actors))])
    rows = np.flatnonzero((world.promised_to == actor).any(axis=1))
    owed = columns(world.promised_to[rows] == actor, runs) & asked[scenario.levers.owner[rows]]
    rows, owed = rows[owed.any(axis=1)], owed[owed.any(axis=1)]
    each = np.concatenate([lever, rows])
    back = columns(world.before[each] - world.setting[each], runs)
    gap = gaps(scenario, each, back, columns(view.known[actor].setting, runs))
    worth = -prices(view, actor, actor, each, gap, runs=runs)[:, :-1]
    mine = worth[:, : len(lever)]
    for partner in np.unique(scenario.levers.owner[rows]):
        total = np.zeros((len(ACCOUNTS), len(runs)))
        for n in np.flatnonzero(scenario.levers.owner[rows] == partner):
            total = total + np.where(owed[n], worth[:, len(lever) + n], 0.0)
        total = total * view.trust[actor, partner, runs]
        mine += np.where(falls & (to == partner), total[:, None], 0.0)
    own[..., runs] = np.where(falls, mine, 0.0)
    return own


def fall_due(
    scenario: Scenario,
    world: World,
    answers: Mapping[str, Decision],
    evidence: Evidence,
    gained: Floats,
) -> tuple[World, Kept]:
    """Put decided settings into effect when their lead is over; broken promises fall back.

    A kept promise weighs `weight_kept`, a broken one `weight_broken` x stake, the stake being the
    size of the move in steps of the lever, at most one. A breach costs its author what leaving the
    lever costs. gained : (actor, run) perceived wins of the quarter, written into
    """
    rules, levers = scenario.rules, scenario.levers
    due = (world.due <= world.quarter) & (world.due != NEVER_DUE)
    promised = _promised_for_now(world)
    broken, falls = np.zeros(due.shape, dtype=bool), promised.any(axis=1)
    for a, name in enumerate(scenario.actors):
        keep = answers[name].keep
        assert keep is not None
        owned = (levers.owner == a) & falls
        broken[owned] = promised[owned] & ~keep
    broken, setting = _return(scenario, world, broken, world.setting)
    kept = promised & ~broken
    for x in np.flatnonzero(falls):
        owner, runs = int(levers.owner[x]), np.flatnonzero(promised[x])
        size = np.abs(world.setting[x, runs] - world.before[x, runs]) / levers.step[x]
        stake = np.minimum(size, 1.0)
        hidden, to = world.secret[x, runs], world.promised_to[x, runs]
        cost = some_runs(levers.exit_cost[owner, x], runs)
        gained[owner, runs] -= np.where(broken[x, runs], cost, 0.0)
        for what, where, weight in (
            ("kept", kept[x, runs], some_runs(rules.weight_kept, runs)),
            ("broken", broken[x, runs], some_runs(rules.weight_broken, runs) * stake),
        ):
            evidence.add(what, to, owner, weight, where & ~hidden, runs)
            evidence.add(f"private_{what}", to, owner, weight, where & hidden, runs)
    released = _released(scenario, world, broken)
    released, setting = _return(scenario, world, released, setting)
    value = settings_value(scenario, setting)
    stepped = levers.follow[:, :1] == 0.0
    tally = world.tally.copy()
    tally[1] += kept.sum(axis=0)
    tally[2] += broken.sum(axis=0)
    tally[3] += released.sum(axis=0)
    over = due | released
    free = broken | _bound_by(scenario, world, broken)
    return (
        replace(
            world,
            setting=setting,
            before=np.where(over, setting, world.before),
            value=np.where(due & stepped, value, world.value),
            reference=_granted(scenario, world, kept, setting),
            due=np.where(over, NEVER_DUE, world.due),
            promised_to=np.where(over, NOBODY, world.promised_to),
            secret=world.secret & ~over,
            lock=np.where(free, np.minimum(world.lock, world.quarter), world.lock),
            lock_with=np.where(free, NOBODY, world.lock_with),
            tally=tally,
        ),
        Kept(kept, broken),
    )


def _granted(scenario: Scenario, world: World, kept: Bools, setting: Ints) -> Floats:
    """References once the sums of secret deals are there for all to see, (actor, account, run)."""
    reference = world.reference.copy()
    for table in scenario.tables:
        x = table.headline
        at = np.flatnonzero(kept[x] & world.secret[x])
        if table.secret and x != NOBODY and len(at):
            before, after = world.before[x, at], setting[x, at]
            take_for_granted(scenario, reference, table, at, before, after)
    return reference


def _return(scenario: Scenario, world: World, back: Bools, setting: Ints) -> tuple[Bools, Ints]:
    """Let levers fall back to where they stood; hard limits hold in a breach, too.

    What was given up may have been used by another lever since: then it cannot be taken back.
    back : (lever, run) which are to fall back; returns which of them do, and all settings
    """
    free, setting = back.copy(), setting.copy()
    for x in np.flatnonzero(back.any(axis=1)):
        if limited(scenario)[x]:
            games = np.flatnonzero(back[x])
            then = setting[:, games]
            then[x] = world.before[x, games]
            free[x, games] = ~over_limit(scenario, world, then, games)
        setting[x] = np.where(free[x], world.before[x], setting[x])
    return free, setting


def _breaches(scenario: Scenario, world: World, broken: Bools) -> Bools:
    """Who broke its word to whom this quarter, (actor, actor, run)."""
    actors = len(scenario.actors)
    out = np.zeros((actors, actors, world.runs), dtype=bool)
    for x in np.flatnonzero(broken.any(axis=1)):
        for partner in range(actors):
            out[scenario.levers.owner[x], partner] |= broken[x] & (world.promised_to[x] == partner)
    return out


def _released(scenario: Scenario, world: World, broken: Bools) -> Bools:
    """Promises not yet due to an actor that broke its own word to the one who made them."""
    breaches = _breaches(scenario, world, broken)
    later = (world.promised_to != NOBODY) & (world.due > world.quarter)
    out = np.zeros(broken.shape, dtype=bool)
    for x in np.flatnonzero(later.any(axis=1)):
        for breaker in range(len(scenario.actors)):
            owed = later[x] & (world.promised_to[x] == breaker)
            out[x] |= owed & breaches[breaker, scenario.levers.owner[x]]
    return out


def _bound_by(scenario: Scenario, world: World, broken: Bools) -> Bools:
    """Levers that an agreement fixed for an actor towards one who broke its word to it."""
    breaches = _breaches(scenario, world, broken)
    out = np.zeros(broken.shape, dtype=bool)
    for breaker, injured in zip(*np.nonzero(breaches.any(axis=2)), strict=True):
        held = (scenario.levers.owner == injured)[:, None] & (world.lock_with == breaker)
        out |= held & breaches[breaker, injured]
    return out


def reckon(
    scenario: Scenario,
    world: World,
    chance: Chance,
    evidence: Evidence,
    crises: Crises,
    gained: Floats,
    menacing: Menaces,
    talks: Sequence[Talks | None],
    signings: Sequence[Signing | None],
    announced: Bools,
) -> World:
    """Move everything slow: activities, stocks, relations, support, beliefs, commitment."""
    world = follow_settings(scenario, world)
    world = draw_activity(scenario, world, chance)
    world = move_stocks(scenario, world)
    world = move_relations(scenario, world, talks, signings, announced)
    _, tau = offices(scenario, world.platform)
    world = update_support(scenario, world, standing(scenario, world), crises, gained)
    world = break_ties(scenario, update_commitment(scenario, world, tau, crises))
    world = update_hostility(scenario, world, menacing)
    return learn(scenario, world, evidence)


def follow_settings(scenario: Scenario, world: World) -> World:
    """Let continuous levers follow their setting: d ln q = kappa (ln q* - ln q)."""
    follow = scenario.levers.follow
    rows = np.flatnonzero(follow[:, 0] > 0.0)
    if not len(rows):
        return world
    value = world.value.copy()
    # a decision with a lead time is followed from its due quarter on
    decided = np.where(world.due == NEVER_DUE, world.setting, world.before)
    target = np.maximum(settings_value(scenario, decided)[rows], 1e-9)
    now = np.maximum(value[rows], 1e-9)
    value[rows] = np.where(
        target == now, value[rows], exp(log(now) + follow[rows] * (log(target) - log(now)))
    )
    return replace(world, value=value)


def draw_activity(scenario: Scenario, world: World, chance: Chance) -> World:
    """Draw the events of counted levers (tests, provocations), and what they spoil."""
    levers = scenario.levers
    count = np.zeros_like(world.count)
    counted = np.flatnonzero(levers.dispersion[:, 0] > 0.0)
    for x in counted:
        draw = chance.uniform("activity", world.quarter, levers.ids[x])[0]
        count[x] = negative_binomial(draw, world.value[x], levers.dispersion[x])
    world = replace(draft(world, *OVERTAKEN), count=count)
    for x in np.flatnonzero(levers.spoiled != NOBODY):
        other, to = levers.spoiled[x], levers.spoiled_to[x]
        units = count[x] if x in counted else np.where(world.moved[x], world.value[x], 0.0)
        odds = np.minimum(levers.spoil_odds[x] * np.maximum(units, 0.0), 1.0)
        draw = chance.uniform("spoil", world.quarter, levers.ids[x])[0]
        hit = (draw < odds) & (world.setting[other] > to)
        overtake(scenario, world, int(other), np.full(world.runs, to), hit)
    return world


def move_stocks(scenario: Scenario, world: World) -> World:
    """Next stock = (1 - decay) now + growth + inflows, within its bounds."""
    sources, start = sources_in_effect(scenario, world)
    stock = (1.0 - scenario.stock_decay) * world.stock + scenario.stock_growth
    for n, x in enumerate(scenario.inflow_from):
        base = start[x] if scenario.inflow_relative[n] else 0.0
        to = scenario.inflow_to[n]
        stock[to] = stock[to] + scenario.inflow[n] * (sources[x] - base)
    low, high = scenario.stock_low[:, None], scenario.stock_high[:, None]
    return replace(world, stock=np.minimum(np.maximum(stock, low), high))


def move_relations(
    scenario: Scenario,
    world: World,
    talks: Sequence[Talks | None],
    signings: Sequence[Signing | None],
    announced: Bools,
) -> World:
    """Let relation capital fade, grow with signed deals, and shrink with threats."""
    rules = scenario.rules
    relation = rules.relation_persistence * world.relation
    relation = np.array(np.broadcast_to(relation, world.relation.shape))
    for n, table in enumerate(scenario.tables):
        talk, signing = talks[n], signings[n]
        if talk is None or signing is None or not signing.signed.any():
            continue
        a, b = table.parties
        gain = np.zeros(world.runs)
        gain[talk.runs[signing.signed]] = 1.0
        relation[a, b] += rules.relation_gain * gain
        relation[b, a] += rules.relation_gain * gain
    relation = relation_after_threats(scenario, relation, announced)
    # what has broken does not mend
    return replace(world, relation=np.where(ruptured(scenario, world), world.relation, relation))


def break_ties(scenario: Scenario, world: World) -> World:
    """Let ties end whose relation capital is used up: talks, locks, threats and commitment go."""
    gone, levers, theatres = ruptured(scenario, world), scenario.levers, scenario.theatres
    if not gone.any():
        return world
    names = ("opener", "demand", "announced", "threat_due", "lock", "lock_with")
    world = draft(world, *names, "commitment", "credibility")
    for n, table in enumerate(scenario.tables):
        over = gone[table.parties]
        world.opener[n, over] = NOBODY
        world.demand[n, over] = -np.inf
        for threat in table.threats:
            world.announced[threat, over] = False
            world.threat_due[threat, over] = NEVER_DUE
        if table.theatre != NOBODY:
            world.commitment[table.theatre, over] = 0.0
            world.credibility[:, table.theatre, over] = 0.0
    for t, (patron, client) in enumerate(zip(theatres.patron, theatres.defender, strict=True)):
        if NOBODY not in (patron, client):
            world.commitment[t, gone[patron, client]] = 0.0
            world.credibility[:, t, gone[patron, client]] = 0.0
    runs = np.arange(world.runs)
    for x in range(len(levers.ids)):
        free = gone[levers.owner[x], world.lock_with[x], runs] & (world.lock_with[x] != NOBODY)
        world.lock[x, free] = np.minimum(world.lock[x, free], world.quarter)
        world.lock_with[x, free] = NOBODY
    return world


def standing(scenario: Scenario, world: World) -> Floats:
    """Accounts above their reference in standard deviations, (actor, account, run)."""
    accounts = accounts_in_effect(scenario, world)
    return (accounts - world.reference) / scenario.scale[:, :, None]


def utilities(scenario: Scenario, world: World, accounts: Floats) -> Floats:
    """One-quarter utility of every actor: U_i = sum_k w_ik phi_k. (actor, run)."""
    position = (accounts - world.reference) / scenario.scale[:, :, None]
    weights, _ = offices(scenario, world.platform)
    kind = KINDS.index(scenario.rules.value)
    out = np.zeros((len(scenario.actors), world.runs))
    for a in range(len(out)):
        for k in range(weights.shape[1]):
            value = value_of_account(position[a, k], scenario.loss_aversion[a], kind)
            out[a] = out[a] + weights[a, k] * value
    return out


def move_references(scenario: Scenario, world: World, accounts: Floats) -> World:
    """Let references drift towards what is: r += speed (a - r)."""
    gap = accounts - world.reference
    return replace(world, reference=world.reference + scenario.rules.reference_speed * gap)
