"""Theatres: who would win, how likely a crisis is, how insecure that makes each actor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba import njit

from agents.briefing import Bools, Floats, Ints, columns, take
from agents.numerics import KERNEL, LEAN, exp, exp1, power
from model.chance import Chance
from model.ledger import force_balance, hot
from model.scenario import NOBODY, Scenario, column, constant, some_runs
from model.schema import ACCOUNTS
from model.world import World, fair_payment, full, paid

SECURITY = ACCOUNTS.index("security")
RUNGS = ("none", "probe", "clash", "limited strike", "war")
WAR = 4
FAINT = 0.01  # assumed: no side is ever quite without forces (index)
NO_LIFT = -2.0  # marks a move that changes no commitment
BLOCK = 256  # runs that a kernel takes through all its steps while they are at hand
NEUTRAL = 0.5  # hostility or resolve of this much leaves a base rate as it is


def contest_success(challenger: Floats, defender: Floats, exponent: float) -> Floats:
    """Return the challenger's chance p = C^m / (C^m + D^m), m one of 1, 1.5, 2.

    Any shape, forces positive (Tullock 1980; Hirshleifer 1989).
    """
    c, d = _raise(challenger, exponent), _raise(defender, exponent)
    return c / (c + d)


def _raise(force: Floats, exponent: float) -> Floats:
    if exponent == 2.0:  # noqa: PLR2004 - the exponents of schema.Theatre
        return force * force
    if exponent == 1.5:  # noqa: PLR2004
        return force * np.sqrt(force)
    return force


def commitment_target(
    treaty: Floats,
    transactionalism: Floats,
    share: Floats,
    curve: Floats,
    paid_now: Floats,
    fair: Floats,
) -> Floats:
    """Conditional commitment c* = treaty [1 - tau chi (1 - s^eta)], s = min(1, paid/fair).

    chi = share, eta = curve; all (run,) or broadcastable. The rest, 1 - chi, is the patron's own
    stake, which no payment buys.
    """
    s = np.minimum(1.0, np.maximum(paid_now, 0.0) / np.maximum(fair, 1e-9))
    return treaty * (1.0 - transactionalism * share * (1.0 - power(s, curve)))


def lottery(credibility: Floats, with_patron: Floats, without: Floats) -> Floats:
    """Odds when help comes by chance, not as discounted force: cr p(with) + (1-cr) p(without)."""
    return credibility * with_patron + (1.0 - credibility) * without


def crisis_hazard(
    odds: Floats,
    prize: Floats,
    war_cost: Floats,
    steepness: Floats,
    reference: Floats,
    base: Floats,
    clip: Floats,
) -> Floats:
    """Chance of a crisis in a quarter: h = 1 - exp(-h0 exp(clip(k (EU - EU_ref)))).

    EU = odds prize - (1 - odds) war_cost, the challenger's expected utility of challenging.
    """
    gain = odds * prize - (1.0 - odds) * war_cost
    push = np.minimum(np.maximum(steepness * (gain - reference), -clip), clip)
    return 1.0 - exp(-base * exp(push))


@njit(**KERNEL)
def believed1(c, d_with, d_without, credibility):
    """Return the challenger's chance; forces are raised to the contest's exponent."""
    return credibility * (c / (c + d_with)) + (1.0 - credibility) * (c / (c + d_without))


@njit(**KERNEL)
def push1(odds, prize, cost, steepness, reference, clip):
    """Return the exponent of the hazard: how much more than usual a challenge promises."""
    gain = odds * prize - (1.0 - odds) * cost
    return min(max(steepness * (gain - reference), -clip), clip)


@njit(**KERNEL)
def insecurity1(odds, surge, base, stake, share):
    """Return the security account in one theatre: -stake h (c_w + (1 - c_w) odds against me).

    surge : e to the push of `push1`. The side of the defender fears the challenger's hazard, the
    side of the challenger the mirror image of it (Jervis 1978): its odds are 1 - odds.
    """
    hazard = 1.0 - exp1(-base * surge)
    return -stake * hazard * (share + (1.0 - share) * odds)


@njit(**LEAN)
def _raise_forces(c, d, p, exponent):
    """Turn C, D and P, (run,) and at least FAINT, into C^m, D^m and (D + P)^m in place."""
    for r in range(len(c)):
        c[r], d[r] = max(c[r], FAINT), max(d[r], FAINT)
        p[r] = d[r] + max(p[r], FAINT)
    for force in (c, d, p):
        if exponent == 2.0:  # noqa: PLR2004
            for r in range(len(c)):
                force[r] = force[r] * force[r]
        elif exponent == 1.5:  # noqa: PLR2004
            for r in range(len(c)):
                force[r] = force[r] * np.sqrt(force[r])


@dataclass(frozen=True)
class Outlook:
    """The force balance as one actor knows it, and its security in each theatre."""

    forces: Floats  # (theatre, side, run)
    credibility: Floats  # (theatre, run)
    alarm: Floats  # (theatre, run) base hazard times what hostility makes of it
    security: Floats  # (theatre, run) the part of the security account from each theatre


@constant
def base_hazard(scenario: Scenario, runs: int) -> Floats:
    """Return the hazard a quarter in each theatre at its reference, (theatre, run)."""
    return full(scenario.theatres.base_hazard, runs)


def after_wars(scenario: Scenario, world: World, forces: Floats) -> Floats:
    """Take what wars have cost off the forces, (theatre, side, run).

    A challenger that won has lost its share, and nothing of the other side's is left but what
    levers and stocks have brought since; after one that lost, every side has lost its share.
    """
    if not world.outcome.any():
        return forces
    theatres, over = scenario.theatres, world.outcome[:, None]
    gone = np.where(over != 0, theatres.losses, 0.0)
    gone[:, 1:] = np.where(over > 0, 1.0, gone[:, 1:])
    return np.maximum(forces - theatres.forces * gone, FAINT)


def calmed(scenario: Scenario, world: World) -> Floats:
    """Base hazard as the last war left it, (theatre, run): a beaten challenger is calmer for good.

    A defender that was beaten goes on living with its odds: its insecurity does not end.
    """
    base = base_hazard(scenario, world.runs)
    if not world.outcome.any():
        return base
    return base * np.where(world.outcome < 0, scenario.theatres.calm, 1.0)


def alarm(scenario: Scenario, world: World, actor: int) -> Floats:
    """Base hazard in each theatre as an actor sees it, (theatre, run): neutral hostility is 1x.

    It judges by its adversary's hostility towards it: the challenger's if it stands with the
    defender, the defender's or patron's if it stands with the challenger.
    """
    theatres = scenario.theatres
    base = calmed(scenario, world).copy()
    for t in range(len(base)):
        foe = theatres.challenger[t]
        if theatres.side[actor, t] < 0:
            foe = theatres.defender[t] if theatres.defender[t] != NOBODY else theatres.patron[t]
        if foe not in (NOBODY, actor):
            base[t] *= NEUTRAL + world.hostility[actor, foe]
    return base


def outlook(scenario: Scenario, world: World, actor: int, forces: Floats) -> Outlook:
    """Return the theatres as an actor sees them, given the forces that it knows of.

    forces : (theatre, side, run)
    """
    seen = alarm(scenario, world, actor)
    credibility = world.credibility[actor]
    return Outlook(
        forces, credibility, seen, security_by_theatre(scenario, actor, forces, credibility, seen)
    )


def security_by_theatre(
    scenario: Scenario, actor: int, forces: Floats, credibility: Floats, base: Floats
) -> Floats:
    """Security account of an actor from each theatre, (theatre, run), in its own units.

    forces : (theatre, side, run), credibility : (theatre, run) of the patron, base : (theatre, run)
    hazard a quarter at the reference
    """
    security = np.zeros(credibility.shape)
    theatres, runs = scenario.theatres, credibility.shape[1]
    fears, stake = _fears(scenario, runs), _stakes(scenario, (actor,), runs)[0]
    side, exponent = theatres.side[actor], theatres.exponent
    room = np.empty((6, runs))
    _security(fears, stake, side, exponent, forces, credibility, base, room, security)
    return security


@constant
def _fears(scenario: Scenario, runs: int) -> Floats:
    """Numbers behind everybody's security, (number, theatre, run).

    Prize, cost, steepness, reference, clip, share.
    """
    theatres = scenario.theatres
    clip = column(scenario, "hazard_clip", NOBODY, runs)
    rows = (
        theatres.prize,
        theatres.war_cost,
        theatres.steepness,
        theatres.reference,
        np.broadcast_to(clip, (len(theatres.ids), runs)),
        theatres.crisis_share,
    )
    return np.array([full(x, runs) for x in rows])


@constant
def _stakes(scenario: Scenario, actors: tuple[int, ...], runs: int) -> Floats:
    """Return what some actors have at stake in each theatre, (actor, theatre, run)."""
    return np.array([full(scenario.theatres.stake[a], runs) for a in actors])


@njit(**LEAN)
def _security(fears, stake, side, exponent, forces, credibility, base, room, out):
    prize, cost, steep, reference = fears[0], fears[1], fears[2], fears[3]
    clip, share = fears[4], fears[5]  # unpacked, they would count as scattered
    c, d, p, odds, against, surge = room[0], room[1], room[2], room[3], room[4], room[5]
    for t in range(forces.shape[0]):
        if side[t] == 0:
            continue
        for r in range(forces.shape[2]):
            c[r], d[r], p[r] = forces[t, 0, r], forces[t, 1, r], forces[t, 2, r]
        _raise_forces(c, d, p, exponent[t])
        for r in range(forces.shape[2]):
            odds[r] = believed1(c[r], p[r], d[r], credibility[t, r])
        numbers = prize[t], cost[t], steep[t], reference[t], clip[t]
        _surges(odds, *numbers, side[t], against, surge)
        for r in range(forces.shape[2]):
            out[t, r] = insecurity1(against[r], surge[r], base[t, r], stake[t, r], share[t, r])


@njit(**LEAN)
def _surges(odds, prize, cost, steep, reference, clip, side, against, surge):
    """Odds against a side and what they make of its hazard; loops apart keep each short."""
    for r in range(len(odds)):
        against[r] = 1.0 - odds[r] if side < 0 else odds[r]
    for r in range(len(odds)):
        surge[r] = push1(against[r], prize[r], cost[r], steep[r], reference[r], clip[r])
    for r in range(len(odds)):
        surge[r] = exp1(surge[r])


@njit(**LEAN)
def _moved_theatres(lever, order, first, theatre, lift_theatre, lift, side, moved, whose):
    """Say which moves change whose security: (move, theatre) if they do any's, (subject, move)."""
    for m in range(len(lever)):
        for n in range(first[lever[m]], first[lever[m] + 1]):
            moved[m, theatre[order[n]]] = True
        if lift_theatre >= 0 and lift[m, 0] != NO_LIFT:
            moved[m, lift_theatre] = True
        for t in range(side.shape[1]):
            anybody = False
            for i in range(len(side)):
                whose[i, m] |= moved[m, t] and side[i, t] != 0
                anybody |= side[i, t] != 0
            moved[m, t] &= anybody


@njit(**LEAN)
def _price_security(
    fears,
    stake,
    side,
    exponent,
    forces,
    credibility,
    base,
    security,
    lever,
    gap,
    order,
    first,
    theatre,
    force_side,
    force,
    scale,
    lift_theatre,
    lift,
    moved,
    room,
    out,
):
    shared = force.shape[1] == 1
    for place in range(moved.size):
        m, t = place // moved.shape[1], place % moved.shape[1]
        if not moved[m, t]:
            continue
        lifted = t == lift_theatre and lift[m, 0] != NO_LIFT
        for start in range(0, gap.shape[1], BLOCK):
            end = min(start + BLOCK, gap.shape[1])
            size = end - start
            c, d, p = room[0][:size], room[1][:size], room[2][:size]
            odds, against, surge = room[3][:size], room[4][:size], room[5][:size]
            step, trust = gap[m][start:end], credibility[t][start:end]
            one, two, three = (
                forces[t, 0][start:end],
                forces[t, 1][start:end],
                forces[t, 2][start:end],
            )
            for r in range(size):
                c[r], d[r], p[r] = one[r], two[r], three[r]
            for n in range(first[lever[m]], first[lever[m] + 1]):
                e = order[n]
                if theatre[e] != t:
                    continue
                after = c if force_side[e] == 0 else d if force_side[e] == 1 else p
                if shared:
                    alike = force[e, 0]
                    for r in range(size):
                        after[r] += alike * step[r]
                else:
                    rate = force[e][start:end]
                    for r in range(size):
                        after[r] += rate[r] * step[r]
            _raise_forces(c, d, p, exponent[t])
            if lifted:
                more = lift[m][start:end]
                for r in range(size):
                    odds[r] = min(max(trust[r] + more[r], 0.0), 1.0)
            else:
                for r in range(size):
                    odds[r] = trust[r]
            for r in range(size):
                odds[r] = believed1(c[r], p[r], d[r], odds[r])
            prize, cost = fears[0, t][start:end], fears[1, t][start:end]
            steep, reference = fears[2, t][start:end], fears[3, t][start:end]
            clip, share = fears[4, t][start:end], fears[5, t][start:end]
            numbers = prize, cost, steep, reference, clip
            for sign in (1, -1):
                fresh = True
                for i in range(len(side)):
                    if side[i, t] != sign:
                        continue
                    if fresh:
                        _surges(odds, *numbers, sign, against, surge)
                        fresh = False
                    alarm, before = base[i, t][start:end], security[i, t][start:end]
                    mine, row = stake[i, t][start:end], out[i][m][start:end]
                    for r in range(size):
                        safe = insecurity1(against[r], surge[r], alarm[r], mine[r], share[r])
                        row[r] += (safe - before[r]) / scale[i]


def price_security(
    scenario: Scenario,
    actors: tuple[int, ...],
    seen: tuple[Outlook, ...],
    lever: Ints,
    gap: Floats,
    force: Floats,
    lift_theatre: int,
    lift: Floats,
    out: tuple[Floats, ...],
    runs: Any = slice(None),
) -> Bools:
    """Add to `out` (move, run) of each actor what moves do to its security, standard deviations.

    seen : one observer's outlooks of the actors, who differ in alarm and security alone; the odds
    are worked out once. lever : (move,); gap : (move, run) how far each carries its lever; force :
    (force entry, run) marginal coefficients; lift : (move, run) change in believed commitment in
    theatre `lift_theatre`, NO_LIFT in rows without one; runs : which games of `seen` and `force`
    these are. Returns (actor, move), where a move can change anything. Each move is priced exactly;
    a package adds its moves (see ODD: the cross terms left out).
    """
    order, first = scenario.ledger.by_lever
    games, side = seen[0].security.shape[1], scenario.theatres.side[list(actors)]
    here = tuple(take(each, runs) for each in seen)
    moved = np.zeros((len(lever), side.shape[1]), dtype=bool)
    whose = np.zeros((len(side), len(lever)), dtype=bool)
    entries = order, first, scenario.ledger.theatre
    _moved_theatres(lever, *entries, lift_theatre, lift, side, moved, whose)
    _price_security(
        columns(_fears(scenario, games), runs),
        columns(_stakes(scenario, actors, games), runs),
        side,
        scenario.theatres.exponent,
        here[0].forces,
        here[0].credibility,
        np.array([each.alarm for each in here]),
        np.array([each.security for each in here]),
        lever,
        gap,
        *entries,
        scenario.ledger.side,
        some_runs(force, runs),
        scenario.scale[list(actors), SECURITY],
        lift_theatre,
        lift,
        moved,
        np.empty((6, BLOCK)),
        out,
    )
    return whose


def believed_odds(scenario: Scenario, seen: Outlook) -> Floats:
    """Return the challenger's chance as the actor of the outlook believes, (theatre, run)."""
    rows = []
    for t, m in enumerate(scenario.theatres.exponent):
        c, d, p = seen.forces[t]
        with_patron, without = contest_success(c, d + p, m), contest_success(c, d, m)
        rows.append(lottery(seen.credibility[t], with_patron, without))
    return np.array(rows).reshape(seen.credibility.shape)


def hazards(
    scenario: Scenario, world: World, sources: Floats, start: Floats, ahead: Floats | None = None
) -> tuple[Floats, Floats]:
    """True odds and hazard in each theatre, both (theatre, run), by the challenger's own beliefs.

    A scripted challenger believes the truth about the patron and is as hostile as ever. What has
    been won is not challenged again. With foresight f a challenger counts f times what its gain
    from challenging will lose by the next quarter.

    sources, ahead : (source, run) now, and next quarter as stocks will move by themselves; without
    it nothing is foreseen
    """
    theatres = scenario.theatres
    calm = calmed(scenario, world)
    odds = challenger_odds(scenario, world, force_balance(scenario, sources, start))
    hazard = np.zeros(odds.shape)
    reference = full(theatres.reference, world.runs)
    if ahead is not None:
        later = challenger_odds(scenario, world, force_balance(scenario, ahead, start))
        # EU = odds prize - (1 - odds) cost, so it falls with the odds by prize + cost
        loss = (odds - later) * (theatres.prize + theatres.war_cost)
        reference -= theatres.foresight * loss
    for t in range(len(theatres.ids)):
        who, foe = theatres.challenger[t], theatres.defender[t]
        base = np.where(world.outcome[t] > 0, 0.0, calm[t])
        if NOBODY not in (who, foe):
            base = base * (NEUTRAL + world.hostility[who, foe])
        hazard[t] = crisis_hazard(
            odds[t],
            theatres.prize[t],
            theatres.war_cost[t],
            theatres.steepness[t],
            reference[t],
            base,
            scenario.rules.hazard_clip,
        )
    return odds, hazard


def challenger_odds(scenario: Scenario, world: World, forces: Floats) -> Floats:
    """Chance of each challenger to win, as it believes in the patron, (theatre, run).

    forces : (theatre, side, run) before what wars have cost
    """
    theatres = scenario.theatres
    forces = after_wars(scenario, world, forces)
    odds = np.zeros((len(theatres.ids), world.runs))
    for t, m in enumerate(theatres.exponent):
        who = theatres.challenger[t]
        credibility = world.commitment[t] if who == NOBODY else world.credibility[who, t]
        c, d, p = forces[t]
        odds[t] = lottery(credibility, contest_success(c, d + p, m), contest_success(c, d, m))
    return odds


@dataclass(frozen=True)
class Crises:
    """What broke out in a quarter."""

    rung: Ints  # (theatre, run) 0 none … 4 war
    defended: Bools  # (theatre, run) the patron stood by its client
    tested: Bools  # (theatre, run) the crisis put the patron to the test
    hazard: Floats  # (theatre, run) true
    odds: Floats  # (theatre, run) true
    ended: Ints  # (theatre, run) a war ended: 1 the challenger won, -1 it lost, 0 none


CLASH = 2  # from this rung on a crisis tests the patron


def break_out(
    scenario: Scenario,
    world: World,
    chance: Chance,
    odds: Floats,
    hazard: Floats,
    resolve: Floats,
) -> tuple[World, Crises]:
    """Draw crises and let them climb: probe, clash, limited strike, war.

    At each rung the chance to go on is

        escalation x 2 odds x 2 (1 - believed resolve) x (1 - nuclear risk) x (.5 if the patron
        stands by)

    the resolve being that of the defender (or of the patron, where the defender is scripted) in
    the challenger's eyes; a scripted challenger counts it as even. A war lasts `war_quarters`, no
    new crisis breaks out in its theatre meanwhile, and it ends by the odds of the day.
    resolve : (actor, actor about, run) believed chance that threats are carried out
    """
    theatres, rules = scenario.theatres, scenario.rules
    n = len(theatres.ids)
    draws = chance.uniforms("crisis", world.quarter, theatres.ids, 6)
    free = world.war == 0
    rung = np.where((draws[:, 0] < hazard) & free, 1, 0)
    stands = np.zeros((n, world.runs), dtype=bool)
    for t in range(n):
        if theatres.patron[t] != NOBODY:
            stands[t] = draws[t, 1] < world.commitment[t]
    resist = np.where(stands, NEUTRAL, 1.0)
    climb = rules.escalation * 2.0 * odds * (1.0 - theatres.nuclear_risk) * resist
    climb = climb * _daring(scenario, resolve)
    for step in range(1, WAR):
        rung = np.where((rung == step) & (draws[:, 1 + step] < climb), step + 1, rung)
    tested = (rung >= CLASH) & (theatres.patron != NOBODY)[:, None]
    length = np.floor(rules.war_quarters).astype(np.int64)
    war = np.where(rung == WAR, length, np.maximum(world.war - 1, 0))
    over = (world.war > 0) & (war == 0) & theatres.decisive[:, None]
    fate = chance.uniforms("end of war", world.quarter, theatres.ids)[:, 0]
    ended = np.where(over, np.where(fate < odds, 1, -1), 0)
    outcome = np.where(over, ended, world.outcome)
    return (
        replace(world, rung=rung, war=war, outcome=outcome),
        Crises(rung, tested & stands, tested, hazard, odds, ended),
    )


def _daring(scenario: Scenario, resolve: Floats) -> Floats:
    """Twice the doubt of each challenger in the defending side's resolve, (theatre, run)."""
    theatres = scenario.theatres
    daring = np.ones((len(theatres.ids), resolve.shape[2]))
    for t, who in enumerate(theatres.challenger):
        foe = theatres.defender[t] if theatres.defender[t] != NOBODY else theatres.patron[t]
        if NOBODY not in (who, foe):
            daring[t] = 2.0 * (1.0 - resolve[who, foe])
    return daring


def commitment_now(
    scenario: Scenario, world: World, transactionalism: Floats
) -> tuple[Ints, list[Floats]]:
    """Return the theatres whose commitment payments buy, and the target c* of each, (run,).

    transactionalism : (actor, run) of the offices in power
    """
    where, targets = [], []
    for n, table in enumerate(scenario.tables):
        if table.theatre == NOBODY:
            continue
        patron = scenario.theatres.patron[table.theatre]
        where.append(table.theatre)
        targets.append(
            commitment_target(
                scenario.theatres.treaty[table.theatre],
                transactionalism[patron],
                scenario.rules.commitment_share,
                scenario.rules.commitment_curve,
                paid(table.credit, world.value),
                fair_payment(scenario, world, n),
            )
        )
    return np.array(where, dtype=np.int64), targets


def is_hot(scenario: Scenario, world: World) -> Bools:
    """Theatres that demand attention: at war, or in crisis last quarter. (theatre, run)."""
    return hot(scenario, world) | (world.war > 0) | (world.rung > 0)
