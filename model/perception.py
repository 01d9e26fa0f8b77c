"""What each actor knows at the start of a quarter, and what moves would change for it.

Everything here is built from what the actor may know: public positions, its own beliefs, its own
accounts, and an estimate of others from public sources. Nothing else goes into a briefing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.briefing import Bools, Customs, Floats, Goals, Ints
from agents.utility import ACCEPTANCE, KINDS
from model.beliefs import reliability, resolve
from model.chance import Chance
from model.ledger import (
    force_coefficients,
    linear_accounts,
    price_moves,
    source_start,
    source_values,
)
from model.politics import offices
from model.scenario import NOBODY, Scenario, TableRules
from model.schema import ACCOUNTS
from model.theatres import (
    NO_LIFT,
    SECURITY,
    Outlook,
    commitment_target,
    outlook,
    price_security,
    security_by_theatre,
)
from model.world import World, fair_payment, paid, settings_value

ROOT_THREE = 1.7320508075688772  # a uniform draw on [-root 3, root 3] has variance one


@dataclass(frozen=True)
class Knowledge:
    """One actor's picture of the world."""

    setting: Ints  # (lever, run) decided positions that it knows of
    levers: Floats  # (lever, run) their physical values
    accounts: Floats  # (actor, account, run) linear accounts at these positions
    change: Floats  # (source, run) from the start
    force: Floats  # (force entry, run) marginal force coefficients
    sources: Floats  # (source, run)


@dataclass(frozen=True)
class View:
    """All that is perceived in a quarter, by everybody."""

    scenario: Scenario
    world: World
    start: Floats  # (source, run)
    known: tuple[Knowledge, ...]  # per actor
    outlooks: tuple[Outlook, ...]  # per actor, own
    weights: Floats  # (actor, account, run) of the offices in power
    tau: Floats  # (actor, run)
    goals: tuple[Goals, ...]  # per actor, with the quarter's noise on perceived weights
    trust: Floats  # (actor, actor, run)
    resolve: Floats  # (actor, actor, run)
    customs: Customs


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
        **{name: scenario.column(name, NOBODY, runs) for name in numbers},
    )


def accounts_in_effect(scenario: Scenario, world: World) -> Floats:
    """Accounts at the positions in effect, (actor, account, run); security as each believes it."""
    start = source_start(scenario)
    sources = source_values(scenario, world, world.value)
    accounts = linear_accounts(scenario, sources - start)
    for a in range(len(scenario.actors)):
        seen = outlook(scenario, world, a, sources, start)
        for part in seen.security:
            accounts[a, SECURITY] += part
    return accounts


def perceive(scenario: Scenario, world: World, chance: Chance) -> View:
    """Return what every actor perceives this quarter."""
    start = source_start(scenario)
    common = _knowledge(
        scenario, world, start, world.setting, settings_value(scenario, world.setting)
    )
    known = tuple(
        common
        if not hidden_from(scenario, world, a).any()
        else _knowledge(scenario, world, start, *_public(scenario, world, a))
        for a in range(len(scenario.actors))
    )
    outlooks = tuple(
        outlook(scenario, world, a, known[a].sources, start) for a in range(len(scenario.actors))
    )
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
        start,
        known,
        outlooks,
        weights,
        tau,
        tuple(goals),
        reliability(world),
        resolve(world),
        customs(scenario, world.runs),
    )


def hidden_from(scenario: Scenario, world: World, actor: int) -> Bools:
    """Levers whose decided but not yet visible position the actor does not know. (lever, run)."""
    owner = scenario.levers.owner[:, None]
    return world.secret & (owner != actor) & (world.promised_to != actor)


def _public(scenario: Scenario, world: World, actor: int) -> tuple[Ints, Floats]:
    """Positions as the actor knows them: where it is not told, what is in effect still stands."""
    setting = np.where(hidden_from(scenario, world, actor), world.before, world.setting)
    return setting, settings_value(scenario, setting)


def _knowledge(
    scenario: Scenario, world: World, start: Floats, setting: Ints, levers: Floats
) -> Knowledge:
    sources = source_values(scenario, world, levers)
    change = sources - start
    return Knowledge(
        setting=np.ascontiguousarray(setting),
        levers=levers,
        accounts=linear_accounts(scenario, change),
        change=change,
        force=np.ascontiguousarray(force_coefficients(scenario, levers)),
        sources=sources,
    )


def _perceived_weights(scenario: Scenario, world: World, weights: Floats, chance: Chance) -> Floats:
    """Weights as perceived this quarter: one draw per actor and account, scaled back to one."""
    draws = chance.uniforms("weights", world.quarter, scenario.actors, len(ACCOUNTS))
    noise = ROOT_THREE * (2.0 * draws - 1.0) * scenario.rules.weight_noise
    noisy = weights * np.maximum(1.0 + noise, 0.0)
    total = noisy[:, 0]
    for k in range(1, noisy.shape[1]):
        total = total + noisy[:, k]
    return noisy / np.maximum(total, 1e-12)[:, None]


def _goals(scenario: Scenario, a: int, position: Floats, weights: Floats, tau: Floats) -> Goals:
    numbers = ("loss_aversion", "reciprocity", "discount", "round_discount", "sharpness")
    runs = position.shape[1]
    return Goals(
        position=position,
        weights=weights,
        transactionalism=tau,
        kind=KINDS.index(scenario.rules.value),
        **{name: scenario.column(name, a, runs) for name in numbers},
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
    scenario = view.scenario
    theatres = scenario.theatres
    forces = view.outlooks[observer].forces
    credibility = view.outlooks[observer].credibility
    base = np.array(np.broadcast_to(theatres.base_hazard, credibility.shape))
    security = security_by_theatre(scenario, other, forces, credibility, base)
    return Outlook(forces, credibility, base, security)


def commitment_lift(view: View, table: TableRules, actor: int, lever: Ints, steps: Ints) -> Floats:
    """Change in believed commitment that each move at a table buys, (move, run); NO_LIFT if none.

    The believed long-run target rises as the payment comes nearer to what counts as fair.
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
    for m, x in enumerate(lever):
        if not table.credit[x].any():
            continue
        after = now + move_credit(scenario, table, known.setting, int(x), int(steps[m]))
        lift[m] = commitment_target(*terms, after, fair) - before
    return lift


def move_credit(
    scenario: Scenario, table: TableRules, setting: Ints, lever: int, steps: int
) -> Floats:
    """How much a move adds to what counts as paid at the table, headline units, (run,)."""
    size = scenario.levers.size[lever]
    then = np.minimum(np.maximum(setting[lever] + steps, 0), size - 1)
    settings = scenario.levers.settings[lever]
    return table.credit[lever] * (settings[then] - settings[setting[lever]])


@dataclass(frozen=True)
class Lift:
    """Change in believed commitment by the moves of a table."""

    theatre: int
    change: Floats  # (move, run)


def prices(
    view: View,
    observer: int,
    subject: int,
    lever: Ints,
    steps: Ints,
    *,
    trust: Floats | None = None,
    lift: Lift | None = None,
) -> Floats:
    """Price moves in the accounts of `subject`, as `observer` sees them. (account, move + 1, run).

    trust : (move, run) how far a move is counted on; None = fully
    """
    scenario, known = view.scenario, view.known[observer]
    runs = known.setting.shape[1]
    weight = np.ones((len(lever), runs)) if trust is None else np.ascontiguousarray(trust)
    out = price_moves(scenario, subject, lever, steps, known.setting, weight)
    seen = (
        view.outlooks[subject] if observer == subject else estimate_outlook(view, observer, subject)
    )
    if lift is None:
        lift = Lift(NOBODY, np.full((len(lever), 1), NO_LIFT))
    price_security(
        scenario,
        subject,
        seen,
        lever,
        steps,
        known.setting,
        known.force,
        lift.theatre,
        lift.change,
        weight,
        out[SECURITY],
    )
    _add_spoils(view, observer, subject, lever, steps, out)
    return out


def _add_spoils(
    view: View, observer: int, subject: int, lever: Ints, steps: Ints, out: Floats
) -> None:
    """Charge a move with what it would spoil: odds x the price of the spoiled lever's fall.

    P(talks end | test) V(talks) in the design of testing; only the linear accounts are charged.
    """
    scenario, known = view.scenario, view.known[observer]
    levers = scenario.levers
    for m, x in enumerate(lever):
        other = levers.spoiled[x]
        if other == NOBODY or steps[m] <= 0:
            continue
        settings = levers.settings[x]
        then = np.minimum(known.setting[x] + steps[m], levers.size[x] - 1)
        units = settings[then] - settings[known.setting[x]]
        odds = np.minimum(levers.spoil_odds[x] * units, 1.0)
        fall = levers.settings[other, levers.spoiled_to[x]] - known.levers[other]
        ledger = scenario.ledger
        for e in np.flatnonzero((ledger.source == other) & (ledger.actor == subject)):
            k = ledger.account[e]
            out[k, m] += odds * ledger.coefficient[e] * fall / scenario.scale[subject, k]


def out_of_bounds(view: View, actor: int, lever: Ints, steps: Ints) -> Bools:
    """Moves beyond the ends of a lever, already moved, or over a hard limit. (move, run)."""
    scenario, world = view.scenario, view.world
    setting = view.known[actor].setting
    target = setting[lever] + steps[:, None]
    size = scenario.levers.size[lever][:, None]
    blocked = (target < 0) | (target >= size) | world.moved[lever]
    limits = scenario.limits
    if not len(limits.ids):
        return blocked
    bounds = limit_bounds(scenario, world)
    for n in range(len(limits.ids)):
        used = limit_use(scenario, n, setting)
        for m, x in enumerate(lever):
            weight = limits.weight[n, x]
            if weight == 0.0:
                continue
            settings = scenario.levers.settings[x]
            then = np.minimum(np.maximum(target[m], 0), size[m] - 1)
            more = weight * (settings[then] - settings[setting[x]])
            blocked[m] |= (more > 0.0) & (used + more > bounds[n])
    return blocked


def limit_bounds(scenario: Scenario, world: World) -> list[Floats]:
    """Return the bound of each hard limit now, (run,) each."""
    limits = scenario.limits
    return [
        world.stock[limits.stock[n]] if limits.stock[n] != NOBODY else limits.bound[n]
        for n in range(len(limits.ids))
    ]


def limit_use(scenario: Scenario, limit: int, setting: Ints) -> Floats:
    """Return how much of a limit the decided settings use, (run,)."""
    weight = scenario.limits.weight[limit]
    used = np.zeros(setting.shape[1])
    for x in np.flatnonzero(weight):
        used = used + weight[x] * scenario.levers.settings[x][setting[x]]
    return used


def over_limit(scenario: Scenario, world: World, setting: Ints, runs: Ints) -> Bools:
    """Say where new settings break a hard limit: they use more of it than now, and too much.

    setting : (lever, asked game); runs : (asked game,) which games of the world they are
    """
    over = np.zeros(len(runs), dtype=bool)
    for n, bound in enumerate(limit_bounds(scenario, world)):
        use = limit_use(scenario, n, setting)
        more = use > limit_use(scenario, n, world.setting[:, runs])
        over |= more & (use > np.broadcast_to(bound, world.runs)[runs])
    return over
