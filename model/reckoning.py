"""The reckoning of a quarter: promises fall due, stocks, support and beliefs move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from agents.briefing import Bools, Briefing, Decision, Floats, Ints, Promises, columns
from agents.numerics import exp, log
from agents.utility import KINDS, value_of
from model.bargaining import Ask, Signing, Talks, take_for_granted
from model.beliefs import Evidence, Menaces, learn, update_commitment, update_hostility
from model.chance import Chance, negative_binomial
from model.ledger import gaps, linear_accounts, source_start, source_values
from model.moves import relation_after_threats
from model.perception import View, limited, over_limit, prices
from model.politics import offices, update_support
from model.scenario import NOBODY, Scenario, column
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
    due, briefings = _promised_for_now(world), {}
    falls = due.any(axis=1)
    for a, name in enumerate(scenario.actors):
        lever = np.flatnonzero((scenario.levers.owner == a) & falls)
        briefings[name] = Briefing(
            actor=name,
            quarter=world.quarter,
            question="honour",
            goals=view.goals[a],
            customs=view.customs,
            promises=Promises(
                own=_kept_worth(scenario, view, world, a, lever, due[lever]),
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

    lever : (promise,); due : (promise, run)
    """
    own = np.zeros((len(ACCOUNTS), len(lever), world.runs))
    runs = np.flatnonzero(due.any(axis=0))
    if not len(runs):
        return own
    to_me = world.promised_to == actor
    rows = np.flatnonzero(to_me.any(axis=1))
    falls, to, owed = (columns(x, runs) for x in (due, world.promised_to[lever], to_me[rows]))
    needed = np.zeros(len(rows), dtype=bool)
    _needed(falls, to, owed, scenario.levers.owner[rows], needed)
    rows, owed = rows[needed], owed[needed]
    each = np.concatenate([lever, rows])
    back = columns(world.before[each] - world.setting[each], runs)
    gap = gaps(scenario, each, back, columns(view.known[actor].setting, runs))
    loss = prices(view, actor, actor, each, gap, runs=runs)
    _add_owed(loss, falls, to, owed, scenario.levers.owner[rows], view.trust[actor], runs, own)
    return own


@njit(cache=True, nogil=True, error_model="numpy")
def _needed(falls, to, owed, owner, needed):
    """Which promises to me are asked about: in some game their maker is owed one that is due."""
    for n in range(len(owed)):
        for p in range(len(falls)):
            for r in range(falls.shape[1]):
                if falls[p, r] and owed[n, r] and to[p, r] == owner[n]:
                    needed[n] = True
                    break


@njit(cache=True, nogil=True, error_model="numpy")
def _add_owed(loss, falls, to, owed, owner, trust, runs, own):
    """Write what each promise due is worth, and what its partner owes as far as it is trusted.

    loss : (account, promise due and then owed + 1, asked game) what going back on each changes;
    own : (account, promise, run) of zeros, written into
    """
    for p in range(len(falls)):
        for n in range(len(owner)):
            for r in range(len(runs)):
                if falls[p, r] and owed[n, r] and to[p, r] == owner[n]:
                    for k in range(len(loss)):
                        own[k, p, runs[r]] -= loss[k, len(falls) + n, r]
        for r in range(len(runs)):
            if falls[p, r]:
                trusted, run = trust[to[p, r], runs[r]], runs[r]
                for k in range(len(loss)):
                    own[k, p, run] = own[k, p, run] * trusted - loss[k, p, r]


FALLEN = (  # what is written when promises and decisions fall due
    "setting",
    "before",
    "value",
    "due",
    "promised_to",
    "secret",
    "lock",
    "lock_with",
    "reference",
    "tally",
)


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
    levers, promised = scenario.levers, _promised_for_now(world)
    broken, falls = np.zeros(promised.shape, dtype=bool), promised.any(axis=1)
    for a, name in enumerate(scenario.actors):
        keep = answers[name].keep
        assert keep is not None
        owned = (levers.owner == a) & falls
        broken[owned] = promised[owned] & ~keep
    new = draft(world, *FALLEN)
    _return(scenario, world, broken, new.setting)
    kept = promised & ~broken
    _remember(scenario, world, promised, broken, evidence, gained)
    breaches = _breaches(scenario, world, broken)
    released = _wronged(scenario, breaches, world.promised_to) & (world.due > world.quarter)
    _return(scenario, world, released, new.setting)
    free = broken | _wronged(scenario, breaches, world.lock_with)
    _grant(scenario, world, kept, new)
    _write(
        world.quarter,
        levers.follow[:, 0] == 0.0,
        levers.settings,
        kept,
        broken,
        released,
        free,
        *(getattr(new, name) for name in FALLEN if name != "reference"),
    )
    return new, Kept(kept, broken)


@njit(cache=True, nogil=True, error_model="numpy")
def _write(
    quarter,
    stepped,
    settings,
    kept,
    broken,
    released,
    free,
    setting,
    before,
    value,
    due,
    promised_to,
    secret,
    lock,
    lock_with,
    tally,
):
    for x in range(len(setting)):
        for r in range(setting.shape[1]):
            over = due[x, r] != NEVER_DUE and due[x, r] <= quarter
            if over and stepped[x]:
                value[x, r] = settings[x, setting[x, r]]
            if over or released[x, r]:
                before[x, r], due[x, r] = setting[x, r], NEVER_DUE
                promised_to[x, r], secret[x, r] = NOBODY, False
            if free[x, r]:
                lock[x, r], lock_with[x, r] = min(lock[x, r], quarter), NOBODY
            tally[1, r] += kept[x, r]
            tally[2, r] += broken[x, r]
            tally[3, r] += released[x, r]


def _remember(
    scenario: Scenario,
    world: World,
    promised: Bools,
    broken: Bools,
    evidence: Evidence,
    gained: Floats,
) -> None:
    """Let partners see whether promises were kept, those of secret deals alone by themselves.

    promised, broken : (lever, run) before they are written down; evidence, gained : written into
    """
    weights = [column(scenario, f"weight_{x}", NOBODY, world.runs) for x in ("kept", "broken")]
    _see(
        promised,
        broken,
        world.secret,
        scenario.levers.owner,
        world.promised_to,
        world.setting - world.before,
        scenario.levers.step,
        weights[0],
        weights[1],
        scenario.levers.exit_cost,
        evidence.kept,
        evidence.private_kept,
        evidence.broken,
        evidence.private_broken,
        gained,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _see(
    promised,
    broken,
    hidden,
    owner,
    to,
    move,
    step,
    weight_kept,
    weight_broken,
    exit_cost,
    kept,
    private_kept,
    broke,
    private_broke,
    gained,
):
    alike = exit_cost.shape[2] == 1
    for x in range(len(promised)):
        a = owner[x]
        for r in range(promised.shape[1]):
            if broken[x, r]:
                stake = min(abs(move[x, r]) / step[x], 1.0)
                seen = private_broke if hidden[x, r] else broke
                seen[to[x, r], a, r] += weight_broken[r] * stake
                gained[a, r] -= exit_cost[a, x, 0 if alike else r]
            elif promised[x, r]:
                seen = private_kept if hidden[x, r] else kept
                seen[to[x, r], a, r] += weight_kept[r]


def _grant(scenario: Scenario, world: World, kept: Bools, new: World) -> None:
    """Move the references to the sums of secret deals once they are there for all to see.

    new : a draft with the settings of today and references of its own, written into
    """
    for table in scenario.tables:
        x = table.headline
        if not table.secret or x == NOBODY:
            continue
        at = np.flatnonzero(kept[x] & world.secret[x])
        before, after = world.before[x, at], new.setting[x, at]
        take_for_granted(scenario, new.reference, table, at, before, after)


def _return(scenario: Scenario, world: World, back: Bools, setting: Ints) -> None:
    """Let levers fall back to where they stood; hard limits hold in a breach, too.

    What was given up may have been used by another lever since: then it cannot be taken back.
    back : (lever, run) which are to fall back; setting : (lever, run); both written into
    """
    for x in np.flatnonzero(back.any(axis=1)):
        games = np.flatnonzero(back[x])
        if limited(scenario)[x]:
            then = columns(setting, games)
            then[x] = world.before[x, games]
            over = over_limit(scenario, world, then, games)
            back[x, games[over]] = False
            games = games[~over]
        setting[x, games] = world.before[x, games]


def _breaches(scenario: Scenario, world: World, broken: Bools) -> Bools:
    """Who broke its word to whom this quarter, (actor, actor, run)."""
    actors = len(scenario.actors)
    out = np.zeros((actors, actors, world.runs), dtype=bool)
    if broken.any():
        lever, run = np.nonzero(broken)
        out[scenario.levers.owner[lever], world.promised_to[lever, run], run] = True
    return out


def _wronged(scenario: Scenario, breaches: Bools, other: Ints) -> Bools:
    """Levers bound to one that broke its own word to their owner this quarter, (lever, run).

    other : (lever, run) the actor to whom each is bound, or NOBODY
    """
    out = np.zeros(other.shape, dtype=bool)
    if breaches.any():
        _bound_to_breakers(breaches, scenario.levers.owner, other, out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _bound_to_breakers(breaches, owner, other, out):
    for x in range(len(owner)):
        for r in range(other.shape[1]):
            out[x, r] = other[x, r] != NOBODY and breaches[other[x, r], owner[x], r]


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
    in_effect = world.due[rows] == NEVER_DUE
    decided = np.where(in_effect, world.setting[rows], world.before[rows])
    target = np.take_along_axis(scenario.levers.settings[rows], decided, axis=1)
    target = np.maximum(target, 1e-9)
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
    """Accounts above their reference in standard deviations, (actor, account, run).

    By the ledger alone: what theatres do to security, which support does not look at, is left out.
    """
    accounts = linear_accounts(scenario, *sources_in_effect(scenario, world))
    return (accounts - world.reference) / scenario.scale[:, :, None]


def utilities(scenario: Scenario, world: World, accounts: Floats) -> Floats:
    """One-quarter utility of every actor: U_i = sum_k w_ik phi_k. (actor, run)."""
    weights, _ = offices(scenario, world.platform)
    kind = KINDS.index(scenario.rules.value)
    out = np.zeros((len(scenario.actors), world.runs))
    _weigh(accounts, world.reference, scenario.scale, weights, scenario.loss_aversion, kind, out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _weigh(accounts, reference, scale, weights, loss_aversion, kind, out):
    alike = loss_aversion.shape[1] == 1
    for a in range(len(out)):
        for k in range(weights.shape[1]):
            for r in range(out.shape[1]):
                position = (accounts[a, k, r] - reference[a, k, r]) / scale[a, k]
                value = value_of(position, loss_aversion[a, 0 if alike else r], kind)
                out[a, r] += weights[a, k, r] * value


def move_references(scenario: Scenario, world: World, accounts: Floats) -> World:
    """Let references drift towards what is: r += speed (a - r)."""
    gap = accounts - world.reference
    return replace(world, reference=world.reference + scenario.rules.reference_speed * gap)
