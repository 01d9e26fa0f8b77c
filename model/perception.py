"""What each actor knows at the start of a quarter, and what moves would change for it.

Everything here is built from what the actor may know: public positions, its own beliefs, its own
accounts, and an estimate of others from public sources. Nothing else goes into a briefing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from agents.briefing import Bools, Customs, Floats, Goals, Ints, columns
from agents.utility import ACCEPTANCE, KINDS
from model.beliefs import reliability, resolve
from model.chance import Chance
from model.ledger import (
    force_balance,
    force_coefficients,
    linear_accounts,
    price_moves,
    source_start,
    source_values,
)
from model.politics import offices
from model.scenario import NOBODY, Scenario, TableRules, column, constant, some_runs
from model.schema import ACCOUNTS
from model.theatres import (
    NO_LIFT,
    SECURITY,
    Outlook,
    after_wars,
    calmed,
    commitment_target,
    outlook,
    price_security,
    security_by_theatre,
)
from model.world import World, fair_payment, full, paid, settings_value

ROOT_THREE = 1.7320508075688772  # a uniform draw on [-root 3, root 3] has variance one


@dataclass(frozen=True)
class Knowledge:
    """A picture of the world, shared by all who know the same."""

    setting: Ints  # (lever, run) decided positions that are known
    levers: Floats  # (lever, run) their physical values
    accounts: Floats  # (actor, account, run) linear accounts at these positions
    forces: Floats  # (theatre, side, run) at these positions
    force: Floats  # (force entry, run) marginal force coefficients
    used: Floats  # (limit, run) how much of each hard limit these positions use
    hidden: Bools  # (lever, run) what has been decided is not known


@dataclass(frozen=True)
class View:
    """All that is perceived in a quarter, by everybody."""

    scenario: Scenario
    world: World
    known: tuple[Knowledge, ...]  # per actor
    outlooks: tuple[Outlook, ...]  # per actor, own
    weights: Floats  # (actor, account, run) of the offices in power
    tau: Floats  # (actor, run)
    goals: tuple[Goals, ...]  # per actor, with the quarter's noise on perceived weights
    trust: Floats  # (actor, actor, run)
    resolve: Floats  # (actor, actor, run)
    customs: Customs
    private: Floats  # (threat, run) what it would cost the threatened more, known to it alone, sd
    guesses: dict[tuple[int, int], Outlook]  # (observer, other): filled as they are asked for


@constant
def customs(scenario: Scenario, runs: int) -> Customs:
    """Return how talks are held in this scenario."""
    rules = scenario.rules
    numbers = (
        "acceptance_width",
        "settlement_odds",
        "relation_gain",
        "relation_loss",
        "relation_persistence",
        "bluff_cost",
        "adjustment_cost",
        "inertia",
    )
    return Customs(
        rounds=rules.rounds,
        acceptance=ACCEPTANCE.index(rules.acceptance),
        named_levers=rules.named_levers,
        sweeteners=rules.sweeteners,
        **{name: column(scenario, name, NOBODY, runs) for name in numbers},
    )


def accounts_in_effect(scenario: Scenario, world: World) -> Floats:
    """Accounts at the positions in effect, (actor, account, run); security as each believes it."""
    start = source_start(scenario)
    sources = source_values(scenario, world, world.value)
    accounts = linear_accounts(scenario, sources, start)
    forces = after_wars(scenario, world, force_balance(scenario, sources, start))
    for a in range(len(scenario.actors)):
        for part in outlook(scenario, world, a, forces).security:
            accounts[a, SECURITY] += part
    return accounts


def perceive(scenario: Scenario, world: World, chance: Chance) -> View:
    """Return what every actor perceives this quarter."""
    known = pictures(scenario, world)
    outlooks = tuple(outlook(scenario, world, a, mine.forces) for a, mine in enumerate(known))
    weights, tau = offices(scenario, world.platform)
    noisy = _perceived_weights(scenario, world, weights, chance)
    goals = []
    for a in range(len(scenario.actors)):
        accounts = known[a].accounts[a].copy()
        for part in outlooks[a].security:
            accounts[SECURITY] += part
        position = (accounts - world.reference[a]) / scenario.scale[a][:, None]
        goals.append(_goals(scenario, a, position, noisy[a], tau[a]))
    return View(
        scenario,
        world,
        known,
        outlooks,
        weights,
        tau,
        tuple(goals),
        reliability(world),
        resolve(world),
        customs(scenario, world.runs),
        private_costs(scenario, chance),
        {},
    )


def private_costs(scenario: Scenario, chance: Chance) -> Floats:
    """What each threat would cost the one threatened beyond the ledger, (threat, run), security sd.

    Its type: uniform on +- `private`, drawn once a game and known to it alone (Fearon 1995).
    """
    spread = scenario.threats.private
    if not spread.any():
        return np.zeros((len(spread), 1))
    draws = chance.uniforms("private cost", 0, scenario.threats.ids)[:, 0]
    return spread * (2.0 * draws - 1.0)


def pictures(scenario: Scenario, world: World) -> tuple[Knowledge, ...]:
    """Return what each actor knows: what was decided in secret is known to the two parties alone.

    Where an actor is not told, what is in effect still stands.
    """
    secrets = np.flatnonzero(world.secret.any(axis=1))
    owner = scenario.levers.owner[secrets, None]
    secret, told = world.secret[secrets], world.promised_to[secrets]
    drawn: dict[bytes, Knowledge] = {}
    known = []
    for a in range(len(scenario.actors)):
        hidden = secret & (owner != a) & (told != a)
        key = hidden.tobytes()
        if key not in drawn:
            drawn[key] = _knowledge(scenario, world, secrets, hidden)
        known.append(drawn[key])
    return tuple(known)


def _knowledge(scenario: Scenario, world: World, secrets: Ints, hidden: Bools) -> Knowledge:
    """Draw the picture of those from whom some secrets are hidden, (secret, run)."""
    unknown, setting = np.zeros_like(world.secret), world.setting
    if hidden.any():
        unknown[secrets], setting = hidden, setting.copy()
        setting[secrets] = np.where(hidden, world.before[secrets], setting[secrets])
    start = source_start(scenario)
    levers = settings_value(scenario, setting)
    sources = source_values(scenario, world, levers)
    return Knowledge(
        setting=setting,
        levers=levers,
        accounts=linear_accounts(scenario, sources, start),
        forces=after_wars(scenario, world, force_balance(scenario, sources, start)),
        force=np.ascontiguousarray(force_coefficients(scenario, levers)),
        used=limit_use(scenario, setting),
        hidden=unknown,
    )


def _perceived_weights(scenario: Scenario, world: World, weights: Floats, chance: Chance) -> Floats:
    """Weights as perceived this quarter: one draw per actor and account, scaled back to one."""
    noisy = chance.uniforms("weights", world.quarter, scenario.actors, len(ACCOUNTS))
    _make_noisy(noisy, weights, column(scenario, "weight_noise", NOBODY, world.runs))
    return noisy


@njit(cache=True, nogil=True, error_model="numpy")
def _make_noisy(draws, weights, spread):
    """Put noisy weights in place of the uniform draws, (actor, account, run) each."""
    total = np.empty(len(spread))
    for a in range(len(draws)):
        total[:] = 0.0
        for k in range(draws.shape[1]):
            for r in range(len(spread)):
                noise = ROOT_THREE * (2.0 * draws[a, k, r] - 1.0) * spread[r]
                draws[a, k, r] = weights[a, k, r] * max(1.0 + noise, 0.0)
                total[r] += draws[a, k, r]
        for k in range(draws.shape[1]):
            for r in range(len(spread)):
                draws[a, k, r] /= max(total[r], 1e-12)


def _goals(scenario: Scenario, a: int, position: Floats, weights: Floats, tau: Floats) -> Goals:
    numbers = ("loss_aversion", "reciprocity", "discount", "round_discount", "sharpness")
    runs = position.shape[1]
    return Goals(
        position=position,
        weights=weights,
        transactionalism=tau,
        kind=KINDS.index(scenario.rules.value),
        **{name: column(scenario, name, a, runs) for name in numbers},
    )


def estimate_goals(view: View, observer: int, other: int) -> Goals:
    """Return another's goals as far as they are public: its office, its accounts that all can see.

    Its security position rests on its private beliefs; the observer takes it at its reference.
    """
    scenario, world = view.scenario, view.world
    accounts = view.known[observer].accounts[other]
    position = (accounts - world.reference[other]) / scenario.scale[other][:, None]
    position[SECURITY] = 0.0
    return _goals(scenario, other, position, view.weights[other], view.tau[other])


def estimate_outlook(view: View, observer: int, other: int) -> Outlook:
    """Return another's fears as the observer guesses them: with its own view of the patron."""
    if (observer, other) not in view.guesses:
        scenario, own = view.scenario, view.outlooks[observer]
        base = calmed(scenario, view.world)
        security = security_by_theatre(scenario, other, own.forces, own.credibility, base)
        guess = Outlook(own.forces, own.credibility, base, security)
        view.guesses[observer, other] = guess
    return view.guesses[observer, other]


def commitment_lift(view: View, table: TableRules, actor: int, lever: Ints, gap: Floats) -> Floats:
    """Change in believed commitment that each move at a table buys, (move, run); NO_LIFT if none.

    The believed long-run target rises as the payment comes nearer to what counts as fair.
    lever : (move,); gap : (move, run) how far each carries its lever
    """
    scenario, world = view.scenario, view.world
    known = view.known[actor]
    lift = np.full((len(lever), world.runs), NO_LIFT)
    if table.theatre == NOBODY:
        return lift
    patron = scenario.theatres.patron[table.theatre]
    now = paid(table.credit, known.levers)
    index = [t.id for t in scenario.tables].index(table.id)
    terms = (
        scenario.theatres.treaty[table.theatre],
        view.tau[patron],
        scenario.rules.commitment_share,
        scenario.rules.commitment_curve,
    )
    fair = fair_payment(scenario, world, index)
    before = commitment_target(*terms, now, fair)
    counted = np.flatnonzero(table.counts[lever])
    after = now + table.credit[lever[counted]] * gap[counted]
    lift[counted] = commitment_target(*terms, after, fair) - before
    return lift


@dataclass(frozen=True)
class Lift:
    """Change in believed commitment by the moves of a table."""

    theatre: int
    change: Floats  # (move, run)


@dataclass(frozen=True)
class Prices:
    """What moves change in the accounts of one actor, in standard deviations."""

    change: Floats  # (account, move + 1, run), the move after the last is `no move`
    moved: Bools  # (account, move + 1) it can change anything; all else is 0


def prices(
    view: View, observer: int, subject: int, lever: Ints, gap: Floats, *, runs: Any = slice(None)
) -> Floats:
    """Price moves in the accounts of `subject`, as `observer` sees them. (account, move + 1, run).

    The move after the last is `no move`. lever : (move,); gap : (move, run) how far each carries
    its lever from where the observer knows it; runs : which games these are
    """
    return prices_to(view, observer, (subject,), lever, gap, runs=runs)[0].change


def prices_to(
    view: View,
    observer: int,
    subjects: tuple[int, ...],
    lever: Ints,
    gap: Floats,
    *,
    lift: Lift | None = None,
    runs: Any = slice(None),
) -> tuple[Prices, ...]:
    """Price moves to several actors at once, as one observer sees them: see `prices`."""
    scenario, known = view.scenario, view.known[observer]
    found = tuple(Prices(*price_moves(scenario, a, lever, gap, runs)) for a in subjects)
    if lift is None:
        lift = Lift(NOBODY, np.full((len(lever), 1), NO_LIFT))
    safer = price_security(
        scenario,
        subjects,
        tuple(
            view.outlooks[a] if a == observer else estimate_outlook(view, observer, a)
            for a in subjects
        ),
        lever,
        gap,
        known.force,
        lift.theatre,
        lift.change,
        tuple(each.change[SECURITY] for each in found),
        runs,
    )
    for a, each, safe in zip(subjects, found, safer, strict=True):
        each.moved[SECURITY, :-1] |= safe
        _add_spoils(view, observer, a, lever, gap, each, runs)
    return found


def _add_spoils(
    view: View, observer: int, subject: int, lever: Ints, gap: Floats, out: Prices, runs: Any
) -> None:
    """Charge a move with what it would spoil: odds x the price of the spoiled lever's fall.

    P(talks end | test) V(talks) in the design of testing; only the linear accounts are charged.
    """
    scenario, known = view.scenario, view.known[observer]
    levers = scenario.levers
    if not _spoilers(scenario).intersection(lever.tolist()):
        return
    for m in np.flatnonzero((levers.spoiled[lever] != NOBODY) & (gap > 0.0).any(axis=1)):
        x = lever[m]
        other = levers.spoiled[x]
        rate = some_runs(levers.spoil_odds[x], runs)
        odds = np.minimum(rate * np.maximum(gap[m], 0.0), 1.0)
        fall = levers.settings[other, levers.spoiled_to[x]] - known.levers[other][runs]
        ledger = scenario.ledger
        for e in np.flatnonzero((ledger.source == other) & (ledger.actor == subject)):
            k, each = ledger.account[e], some_runs(ledger.coefficient[e], runs)
            out.change[k, m] += odds * each * fall / scenario.scale[subject, k]
            out.moved[k, m] = True


@constant
def _spoilers(scenario: Scenario) -> frozenset[int]:
    """Levers whose rise may spoil another, few of them."""
    return frozenset(np.flatnonzero(scenario.levers.spoiled != NOBODY).tolist())


def out_of_bounds(view: View, actor: int, lever: Ints, steps: Ints) -> Bools:
    """Moves beyond the ends of a lever, already moved, or over a hard limit. (move, run)."""
    scenario, world, known = view.scenario, view.world, view.known[actor]
    levers = scenario.levers
    blocked = np.empty((len(lever), world.runs), dtype=bool)
    _blocked(lever, steps, known.setting, levers.size, world.moved, blocked)
    if limited(scenario)[lever].any():
        weight, bounds = scenario.limits.weight, limit_bounds(scenario, world)
        settings = levers.settings, levers.size, known.setting
        _over_bounds(lever, steps, *settings, weight, known.used, bounds, blocked)
    return blocked


@njit(cache=True, nogil=True, error_model="numpy")
def _blocked(lever, steps, setting, size, moved, out):
    for m in range(len(lever)):
        x = lever[m]
        for r in range(setting.shape[1]):
            target = setting[x, r] + steps[m]
            out[m, r] = (target < 0) | (target >= size[x]) | moved[x, r]


@njit(cache=True, nogil=True, error_model="numpy")
def _over_bounds(lever, steps, settings, size, setting, weight, used, bounds, out):
    for m in range(len(lever)):
        x = lever[m]
        for n in np.flatnonzero(weight[:, x]):
            for r in range(setting.shape[1]):
                now = setting[x, r]
                then = min(max(now + steps[m], 0), size[x] - 1)
                more = weight[n, x] * (settings[x, then] - settings[x, now])
                out[m, r] |= (more > 0.0) & (used[n, r] + more > bounds[n, r])


def limit_bounds(scenario: Scenario, world: World) -> Floats:
    """Return the bound of each hard limit now, (limit, run)."""
    bounds: Floats = full(scenario.limits.bound, world.runs)
    for n, stock in enumerate(scenario.limits.stock):
        if stock != NOBODY:
            bounds[n] = world.stock[stock]
    return bounds


def breaks_limits(scenario: Scenario, world: World, run: Ints, lever: Ints, target: Ints) -> Bools:
    """Say in which games moves would together use more of a hard limit than there is. (run,).

    run, lever, target : (move,) the games' columns, levers and their settings to be
    """
    over = np.zeros(world.runs, dtype=bool)
    counted = np.flatnonzero(limited(scenario)[lever])
    if len(counted):
        games, place = np.unique(run[counted], return_inverse=True)
        setting = world.setting[:, games]
        setting[lever[counted], place] = target[counted]
        over[games] = over_limit(scenario, world, setting, games)
    return over


@constant
def limited(scenario: Scenario) -> Bools:
    """Levers that use any hard limit, (lever,)."""
    used: Bools = scenario.limits.weight.any(axis=0)
    return used


def limit_use(scenario: Scenario, setting: Ints) -> Floats:
    """Return how much of each hard limit the decided settings use, (limit, run)."""
    weight = scenario.limits.weight
    used = np.zeros((len(weight), setting.shape[1]))
    _use(weight, scenario.levers.settings, setting, used)
    return used


@njit(cache=True, nogil=True, error_model="numpy")
def _use(weight, settings, setting, out):
    for n in range(len(weight)):
        for x in np.flatnonzero(weight[n]):
            for r in range(setting.shape[1]):
                out[n, r] += weight[n, x] * settings[x, setting[x, r]]


def over_limit(scenario: Scenario, world: World, setting: Ints, runs: Ints) -> Bools:
    """Say where new settings break a hard limit: they use more of it than now, and too much.

    setting : (lever, asked game); runs : (asked game,) which games of the world they are
    """
    use, bounds = limit_use(scenario, setting), columns(limit_bounds(scenario, world), runs)
    now = limit_use(scenario, columns(world.setting, runs))
    over: Bools = ((use > now) & (use > bounds)).any(axis=0)
    return over
