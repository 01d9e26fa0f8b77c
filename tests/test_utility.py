"""How an office values what it gets: kernels equal to NumPy, values equal to hand calculation."""

from dataclasses import replace
from math import e
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.agenda import believed_settlement, best_tables, name_levers
from agents.briefing import (
    Assent,
    Bools,
    Briefing,
    Customs,
    Floats,
    Goals,
    Ints,
    Prospect,
    Seat,
)
from agents.numerics import log, logistic
from agents.talks import Valuation, plan, possible_packages
from agents.utility import (
    ACCEPTANCE,
    KINDS,
    TIE,
    account_terms,
    change_utility,
    choose_logit,
    each_utility,
    package_utilities,
    relation_factor,
    value_of_account,
    whole_power,
)
from model.chance import Chance
from tests.drawn import briefings
from tests.scripts import value_each

RATIONAL, LOG, QUADRATIC, LINEAR = range(4)


def reference_value(x: Floats, loss_aversion: Floats, kind: int) -> Floats:
    if kind == RATIONAL:
        phi = x / (1.0 + np.abs(x))
        return np.where(x >= 0.0, phi, loss_aversion * phi)
    if kind == LOG:
        return log(np.maximum(1.0 + x, 1e-12))
    return -0.5 * x * x if kind == QUADRATIC else x


def reference_packages(goals: Goals, prices: Floats, packages: Ints) -> Floats:
    """All packages at once, account by account, moves added in the order of the package."""
    out = np.zeros((len(packages), prices.shape[2]))
    for position, weight, price in zip(goals.position, goals.weights, prices, strict=True):
        change = price[packages[:, 0]]
        for column in packages.T[1:]:
            change = change + price[column]
        after = reference_value(position + change, goals.loss_aversion, goals.kind)
        out += weight * (after - reference_value(position, goals.loss_aversion, goals.kind))
    out[0] = 0.0
    return out


def reference_talks(
    seat: Seat, customs: Customs, valuation: Valuation
) -> tuple[Ints, Floats, Floats]:
    """Offers, thresholds and odds: the better offer is found by scanning whole rows."""
    packages, runs = valuation.mine.shape
    ahead = outside = np.array([seat.outside, seat.their_outside]) + np.zeros(runs)
    worth = (valuation.mine, valuation.theirs)
    patience = [np.broadcast_to(g.round_discount, runs) for g in (seat.me, seat.them)]
    threshold, odds = np.zeros((2, customs.rounds, runs))
    offer = np.zeros(odds.shape, dtype=np.int64)
    for t in reversed(range(customs.rounds)):
        mine = seat.opens == (t % 2 == 0)
        wait = np.where(mine, patience[0] * ahead[0], patience[1] * ahead[1])
        floor = np.where(mine, patience[1] * ahead[1], patience[0] * ahead[0])
        apart = np.where(mine, outside, outside[::-1])
        wait, floor = np.where(apart[1] > floor, apart, [wait, floor])
        best, best_odds = wait.copy(), np.zeros(runs)
        pick = np.zeros(runs, dtype=np.int64)
        for p in range(1, packages):
            proposer = np.where(mine, worth[0][p], worth[1][p])
            slack = np.where(mine, worth[1][p], worth[0][p]) - floor
            chance = reference_acceptance(slack, customs)
            value = wait + chance * (proposer - wait)
            better = valuation.possible[p] & (value > best + TIE)
            best, best_odds = np.where(better, value, best), np.where(better, chance, best_odds)
            pick = np.where(better, p, pick)
        responder = np.where(mine, *(w[pick, np.arange(runs)] for w in worth[::-1]))
        got = np.where(pick > 0, np.maximum(responder, floor), floor)
        offer[t] = np.where(mine, pick, 0)
        odds[t] = np.where(mine, best_odds, 0.0)
        threshold[t] = np.where(mine, 0.0, floor)
        ahead = np.where(mine, [best, got], [got, best])
    return offer, threshold, odds


def reference_acceptance(slack: Floats, customs: Customs) -> Floats:
    width = customs.acceptance_width
    match ACCEPTANCE[customs.acceptance]:
        case "exact":
            return np.where(slack >= -TIE, 1.0, 0.0)
        case "uniform":
            return np.minimum(np.maximum(0.5 + slack * (0.5 / width), 0.0), 1.0)
        case _:
            return logistic(slack / width)


def reference_passage(seat: Seat, packages: Ints) -> Floats:
    """Chance that packages of moves enter into force: both votes, and every consent."""
    out = np.ones((len(packages), seat.own.shape[2]))
    for body in (seat.home, seat.their_home):
        cost = np.zeros(out.shape)
        for column in packages.T:
            cost = cost + body.cost[column]
        out = out * logistic((body.room - cost) / body.spread)
    agreed = np.ones(out.shape)
    for column in packages.T:
        agreed = agreed * seat.consent[column]
    return np.where((packages[:, :1] < len(seat.steps) - 1), out * agreed, 1.0)


def reference_names(
    prospect: Prospect, briefing: Briefing, first: Ints
) -> tuple[list[list[int]], list[float]]:
    """Name levers run by run: the best ask still unnamed, then the best sweetener."""
    seat, customs = prospect.seat, briefing.customs
    moves = len(seat.steps) - 1
    mine = package_utilities(seat.me, seat.own, seat.packages)[1:] - prospect.exit_cost[:-1]
    theirs = package_utilities(seat.them, seat.theirs, seat.packages)[1:]
    width = np.broadcast_to(customs.acceptance_width, mine.shape[1])
    slots, worth = [], []
    for r in range(mine.shape[1]):
        lever = seat.lever[:moves, r]
        gain, lent = mine[:, r], theirs[:, r]
        lead = np.where((lever == first[r]) & (gain > 0.0), gain + 1e6, gain)
        sweet = np.where(lent > 0.0, lent + np.minimum(gain, 0.0), 0.0)
        free = ~seat.blocked[:moves, r]
        chosen = []
        for slot in range(customs.named_levers + customs.sweeteners):
            keen = sweet if slot >= customs.named_levers else gain if slot else lead
            score = np.where(free, keen, -np.inf)
            pick = int(score.argmax()) if score.max() > 0.0 else -1
            free = free & (lever != lever[pick]) if pick >= 0 else free
            chosen.append(pick)
        asked = {lever[m] for m in chosen[: customs.named_levers] if m >= 0}
        asks = [m for m in range(moves) if lever[m] in asked and not seat.blocked[m, r]]
        sweets = [m for m in chosen[customs.named_levers :] if m >= 0]
        pairs = [(gain[a], lent[a]) for a in asks]
        pairs += [(gain[a] + gain[s], lent[a] + lent[s]) for a in asks for s in sweets]
        odds = [min(max(0.5 + 0.5 * y / width[r], 0.0), 1.0) for _, y in pairs]
        worth.append(max([0.0, *(p * x for p, (x, _) in zip(odds, pairs, strict=True))]))
        slots.append([int(lever[m]) if m >= 0 else -1 for m in chosen])
    return slots, worth


@given(briefings("offer"))
def test_package_utilities_equal_the_reference(briefing: Briefing) -> None:
    seat = briefing.seats[0]
    for goals, prices in ((seat.me, seat.own), (seat.them, seat.theirs)):
        expected = reference_packages(goals, prices, seat.packages)
        np.testing.assert_array_equal(package_utilities(goals, prices, seat.packages), expected)


@given(briefings("offer"))
def test_a_plan_equals_the_reference(briefing: Briefing) -> None:
    seat, customs = briefing.seats[0], briefing.customs
    course = plan(seat, customs)
    expected = reference_talks(seat, customs, value_each(course))
    for part, same in zip((course.offer, course.threshold, course.odds), expected, strict=True):
        np.testing.assert_array_equal(part, same)


@given(briefings("offer"))
def test_values_of_packages_equal_the_formula(briefing: Briefing) -> None:
    seat, customs = briefing.seats[0], briefing.customs
    plain = reference_packages(seat.me, seat.own, seat.packages)
    theirs = reference_packages(seat.them, seat.theirs, seat.packages)
    possible = reference_possible(seat)
    passage = reference_passage(seat, seat.packages)
    common = np.where(possible, passage * np.minimum(plain, theirs), 0.0).max(axis=0)
    settlement = customs.settlement_odds * np.maximum(common, 0.0)
    values = value_each(plan(seat, customs))

    def over_refusal(
        goals: Goals, own: Floats, other: Floats, hurt: Floats, p: Floats, told: Bools
    ) -> Floats:
        d = goals.discount
        refusal = (1.0 - d) * p * change_utility(goals, hurt) + d * settlement
        weight = relation_factor(goals, customs, seat.term)
        bond, grudge = weight * customs.relation_gain, weight * customs.relation_loss
        relation = bond * np.clip(other, 0.0, 1.0) - np.where(told, grudge, 0.0)
        return passage * (own + relation - refusal)

    np.testing.assert_array_equal(values.passage, passage)
    np.testing.assert_array_equal(values.possible, possible)
    np.testing.assert_array_equal(
        values.mine,
        over_refusal(seat.me, plain, theirs, seat.menace, seat.menace_odds, seat.coerced),
    )
    np.testing.assert_array_equal(
        values.theirs,
        over_refusal(seat.them, theirs, plain, seat.leverage, seat.leverage_odds, seat.coercing),
    )


def reference_possible(seat: Seat) -> np.ndarray:
    credit = np.zeros((len(seat.packages), seat.own.shape[2]))
    for column in seat.packages.T:
        credit = credit + seat.credit[column]
    possible = ~seat.blocked[seat.packages].any(axis=1) & (credit >= seat.required - TIE)
    possible[0] = False
    return possible


@given(briefings("offer"))
def test_possible_packages_equal_the_reference(briefing: Briefing) -> None:
    seat = briefing.seats[0]
    np.testing.assert_array_equal(possible_packages(seat), reference_possible(seat))


@given(briefings("own_moves"))
def test_the_logit_choice_equals_the_reference(briefing: Briefing) -> None:
    options, goals = briefing.options, briefing.goals
    assert options is not None
    score = each_utility(goals, options.own)
    chosen = choose_logit(score, goals.sharpness, options.gumbel, options.blocked)
    noisy = np.where(options.blocked, -np.inf, goals.sharpness * score + options.gumbel)
    none = options.blocked.all(axis=0)
    expected = np.where(none, -1, noisy.argmax(axis=0)) if len(score) else np.full(len(none), -1)
    np.testing.assert_array_equal(chosen, expected)


@given(briefings("agenda"), st.integers(-1, 3))
def test_naming_levers_equals_the_reference(briefing: Briefing, first: int) -> None:
    wanted = np.full(briefing.goals.weights.shape[1], first)
    for prospect in briefing.prospects:
        slots, worth = name_levers(prospect, briefing, wanted)
        expected, promised = reference_names(prospect, briefing, wanted)
        mine = prospect.available
        np.testing.assert_array_equal(slots.T, np.where(mine[:, None], expected, -1))
        np.testing.assert_array_equal(worth, np.where(mine, promised, 0.0))


def goals(**changes: Any) -> Goals:
    """Goals of one run: security .6, treasury .4, both at their reference."""
    plain = Goals(
        position=np.zeros((2, 1)),
        weights=np.array([[0.6], [0.4]]),
        loss_aversion=np.array([1.5]),
        transactionalism=np.array([0.5]),
        reciprocity=np.array([0.9]),
        discount=np.array([0.5]),
        round_discount=np.array([0.5]),
        sharpness=np.array([1.0]),
        kind=RATIONAL,
    )
    return replace(plain, **changes)


def customs(**changes: Any) -> Customs:
    plain = Customs(
        rounds=2,
        acceptance=ACCEPTANCE.index("exact"),
        acceptance_width=np.array([0.5]),
        settlement_odds=np.array([0.0]),
        relation_gain=np.array([1.0]),
        relation_loss=np.array([1.0]),
        relation_persistence=np.array([0.5]),
        bluff_cost=np.zeros(1),
        adjustment_cost=np.zeros(1),
        inertia=np.zeros(1),
        named_levers=1,
        sweeteners=1,
    )
    return replace(plain, **changes)


def body(moves: int, **changes: Any) -> Assent:
    """A body at home that passes everything."""
    plain = Assent(np.zeros((moves + 1, 1)), room=np.array([1e9]), spread=np.ones(1))
    return replace(plain, **changes)


def seat(own: Any, theirs: Any, **changes: Any) -> Seat:
    """A table of one run with one package per move; own, theirs : (account, move)."""
    none = np.zeros((2, 1))
    moves = len(own[0])
    plain = Seat(
        table="table",
        other="Bor",
        slot=0,
        me=goals(),
        them=goals(),
        packages=np.concatenate([[moves], np.arange(moves)])[:, None],
        prefix=np.zeros(moves + 1, dtype=np.int64),
        own=np.append(np.array(own, float), none, axis=1)[..., None],
        theirs=np.append(np.array(theirs, float), none, axis=1)[..., None],
        lever=np.append(np.arange(moves), -1)[:, None],
        steps=np.append(np.ones(moves, dtype=np.int64), 0),
        names=tuple(f"lever{n}" for n in range(moves)),
        blocked=np.zeros((moves + 1, 1), dtype=bool),
        credit=np.zeros((moves + 1, 1)),
        required=np.array([-np.inf]),
        home=body(moves),
        their_home=body(moves),
        consent=np.ones((moves + 1, 1)),
        menace=none,
        menace_odds=np.zeros(1),
        leverage=none,
        leverage_odds=np.zeros(1),
        coerced=np.zeros(1, dtype=bool),
        coercing=np.zeros(1, dtype=bool),
        term=np.array([2.0]),
        trust=np.ones(1),
        opens=np.array([True]),
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("kind", "x", "value"),
    [
        ("rational", 1, 0.5),  # 1/(1 + 1)
        ("rational", 3, 0.75),
        ("rational", -0.25, -0.4),  # -2 x .25/1.25
        ("rational", 0, 0),
        ("log", e - 1, 1),
        ("log", -2, np.log(1e-12)),  # nothing is left
        ("quadratic", 3, -4.5),
        ("quadratic", -3, -4.5),
        ("linear", -3, -3),
    ],
)
def test_value_of_an_account(kind: str, x: float, value: float) -> None:
    found = value_of_account(np.array([x], float), np.array([2.0]), KINDS.index(kind))
    assert found[0] == pytest.approx(value, rel=1e-14)


@given(st.floats(-50, 50), st.floats(1, 3))
def test_rational_values_rise_bend_and_weigh_losses(x: float, loss_aversion: float) -> None:
    near = np.array([x, x + 0.01, x + 0.02])
    low, middle, high = value_of_account(near, np.array([loss_aversion]), RATIONAL)
    assert low < middle < high
    if abs(x) > 0.03:  # concave over gains, convex over losses (Kahneman and Tversky 1979)
        assert (middle - low > high - middle) == (x > 0)
    loss, gain = value_of_account(np.array([-abs(x), abs(x)]), np.array([loss_aversion]), RATIONAL)
    assert -loss == pytest.approx(loss_aversion * gain)


def test_a_deal_by_hand() -> None:
    """One deviation more security for a quarter of one in the treasury.

    .6 x 1/2 - .4 x 1.5 x .25/1.25 = .3 - .12 = .18
    """
    deal = np.array([[1.0], [-0.25]])
    assert change_utility(goals(), deal) == pytest.approx(0.18)
    assert account_terms(goals(), deal)[:, 0] == pytest.approx([0.3, -0.12])


def test_a_deal_that_makes_good_a_loss_by_hand() -> None:
    """From -.5 to +.5 in security: .6 x (1/3 + 1.5/3) = .5."""
    down = goals(position=np.array([[-0.5], [0.0]]))
    assert change_utility(down, np.array([[1.0], [0.0]])) == pytest.approx(0.5)


@given(briefings("own_moves"))
def test_the_terms_of_the_accounts_add_up(briefing: Briefing) -> None:
    assert briefing.options is not None
    for change in np.moveaxis(briefing.options.own, 1, 0):
        whole = change_utility(briefing.goals, change)
        np.testing.assert_allclose(
            account_terms(briefing.goals, change).sum(axis=0), whole, atol=1e-12
        )


def test_the_weight_of_relations_by_hand() -> None:
    """(1 - .5) .9 B/A with B = .5/(1 - .25) = 2/3 and A = (1 - .25)/(1 - .5) = 3/2: .2."""
    factor = relation_factor(goals(), customs(), np.array([2.0]))
    assert factor == pytest.approx(0.2)


def test_a_longer_deal_counts_more_against_the_same_goodwill() -> None:
    terms = np.array([1.0, 2.0, 8.0, 40.0])
    factors = relation_factor(goals(), customs(), terms)
    assert (np.diff(factors) < 0).all()
    assert factors[-1] == pytest.approx(0.45 * (2 / 3) / 2)  # A = 1/(1 - .5) for ever


def test_refusal_and_gain_by_hand() -> None:
    """Refusing is worth (1 - .5) .5 u(threat) + .5 x .4 x the settlement.

    The threat takes one deviation of security: -.6 x 1.5/2 = -.45, so -.1125. Packages are worth
    (.3, .15) and (.15, .3) to me and to them; either would do as the settlement: .5 x .4 x .15 =
    .03. Refusing: -.0825. The first gains me .3 + .2 x .15 + .0825 = .4125, and them, who are not
    threatened, .15 + .2 x .3 - .03 = .18.
    """
    third = [1 / 3, 1]  # .6 x (1/3)/(4/3) = .15 and .6 x 1/2 = .3
    view = seat(
        [third[::-1], [0, 0]],
        [third, [0, 0]],
        menace=np.array([[-1.0], [0.0]]),
        menace_odds=np.array([0.5]),
    )
    course = plan(view, customs(settlement_odds=np.array([0.4])))
    values = value_each(course)
    assert course.refusal == pytest.approx(-0.0825)
    assert values.plain[:, 0] == pytest.approx([0, 0.3, 0.15])
    assert values.mine[:, 0] == pytest.approx([0.0825, 0.4125, 0.15 + 0.2 * 0.3 + 0.0825])
    assert values.theirs[1:, 0] == pytest.approx([0.18, 0.3 + 0.2 * 0.15 - 0.03])


def test_what_is_signed_under_a_threat_earns_less_goodwill() -> None:
    """As above; the relation weighs .2, r- is .3: .06 less to the one threatened, in all deals."""
    third = [1 / 3, 1]
    free = seat([third[::-1], [0, 0]], [third, [0, 0]])
    losing = customs(relation_loss=np.array([0.3]))
    before = value_each(plan(free, losing))
    for told, mine, theirs in (("coerced", 0.06, 0.0), ("coercing", 0.0, 0.06)):
        pressed = replace(free, **{told: np.array([True])})  # type: ignore[arg-type]
        after = value_each(plan(pressed, losing))
        assert before.mine[1:] - after.mine[1:] == pytest.approx(mine)
        assert before.theirs[1:] - after.theirs[1:] == pytest.approx(theirs)


def test_what_the_other_could_settle_for_by_hand() -> None:
    """Of moves that cost it 1, 2 and 3 votes, it wants the first and the last: room is for 2.5.

    With a threat that would cost it as much as the second it would bear that one, too.
    """
    view = seat(
        [[1, 1, 1], [0, 0, 0]],
        [[0.1, -0.1, 0.2], [0, 0, 0]],
        credit=np.array([[10.0], [20.0], [30.0], [0.0]]),
        their_home=Assent(np.array([[1.0], [2.0], [3.0], [0.0]]), np.array([2.5]), np.ones(1)),
    )
    prospect = Prospect(
        seat=view,
        available=np.array([True]),
        mine=np.array([False]),
        exit_cost=np.zeros((4, 1)),
        headline=np.array([True, True, True, False]),
        demands=np.zeros((1, 1)),
        standing=np.array([-np.inf]),
    )
    assert believed_settlement(prospect) == 10.0
    threat = replace(view, leverage=np.array([[-0.1], [0.0]]), leverage_odds=np.array([1.0]))
    pressed = replace(prospect, seat=threat)
    assert believed_settlement(pressed) == 20.0
    wide = replace(view, their_home=replace(view.their_home, room=np.array([3.0])))
    assert believed_settlement(replace(prospect, seat=wide)) == 30.0


@given(briefings("offer"))
def test_full_transactionalism_leaves_the_quid_pro_quo(briefing: Briefing) -> None:
    """At tau = 1 relations count nothing, whatever they gain; the deal's own term stays."""
    ours = briefing.seats[0]
    hard = replace(ours, me=replace(ours.me, transactionalism=np.ones_like(ours.trust)))
    course = plan(hard, briefing.customs)
    values = value_each(course)
    alone = values.passage * (values.plain - course.refusal)
    np.testing.assert_array_equal(values.mine, alone)
    generous = replace(hard, me=replace(hard.me, reciprocity=hard.me.reciprocity + 1.0))
    same = value_each(plan(generous, briefing.customs))
    np.testing.assert_array_equal(same.mine, values.mine)


@given(briefings("offer"))
def test_less_transactionalism_never_makes_a_free_deal_worse(briefing: Briefing) -> None:
    """Without a threat of theirs: with one, who cares for the relation resents it more."""
    ours = replace(briefing.seats[0], coerced=np.zeros_like(briefing.seats[0].coerced))
    soft = replace(ours.me, transactionalism=ours.me.transactionalism / 2)
    softer = replace(ours, me=soft)
    before = value_each(plan(ours, briefing.customs)).mine
    after = value_each(plan(softer, briefing.customs)).mine
    assert (after >= before).all()


def test_two_rounds_by_hand() -> None:
    """The last round is theirs, so they would take all; half of that is what I must leave now.

    Packages give (me, them) 1 and 0, .6 and .5, 0 and 1; both wait at one half.
    """
    linear = goals(kind=LINEAR, weights=np.array([[1.0], [0.0]]), reciprocity=np.zeros(1))
    view = seat([[1, 0.6, 0], [0] * 3], [[0, 0.5, 1], [0] * 3], me=linear, them=linear)
    course = plan(view, customs())
    assert course.offer[:, 0].tolist() == [2, 0]
    assert course.odds[:, 0].tolist() == [1, 0]
    assert course.threshold[:, 0].tolist() == [0, 0]
    theirs = plan(replace(view, opens=np.array([False])), customs())
    assert theirs.offer[:, 0].tolist() == [0, 1]  # mine is the last word: all for me
    assert theirs.threshold[0] == pytest.approx(0.5)


def test_of_offers_of_equal_worth_the_first_of_the_menu_is_made() -> None:
    """Moves a, b, c give me 1, 1, 2; c alone is package 3, a and b together are package 4.

    They bear 2 at most: one step better than where they stand is their best.
    """
    linear = goals(kind=LINEAR, weights=np.array([[1.0], [0.0]]), reciprocity=np.zeros(1))
    square = replace(linear, kind=KINDS.index("quadratic"), position=np.array([[-1.0], [0.0]]))
    table = seat([[1, 1, 2], [0] * 3], [[1, 1, 2], [0] * 3], me=linear, them=square)
    menu = [[3, 3, 3], [0, 3, 3], [1, 3, 3], [2, 3, 3], [0, 1, 3], [0, 2, 3], [1, 2, 3], [0, 1, 2]]
    view = replace(table, packages=np.array(menu), prefix=np.array([0, 0, 0, 0, 1, 1, 2, 4]))
    assert plan(view, customs(rounds=1)).offer[0, 0] == 3
    barred = replace(view, blocked=np.array([[False], [False], [True], [False]]))
    assert plan(barred, customs(rounds=1)).offer[0, 0] == 4
    with pytest.raises(ValueError, match="not all combinations"):
        plan(replace(view, packages=view.packages[:-1], prefix=view.prefix[:-1]), customs())


def test_doubt_about_the_threshold_by_hand() -> None:
    """With P = .5 + slack/2w and w = .5, of a pie of one I ask .75: .75 x P(.25) = .75 x .75.

    (Fearon 1995: the best demand weighs its gain against the odds that it is refused.)
    """
    linear = goals(kind=LINEAR, weights=np.array([[1.0], [0.0]]), reciprocity=np.zeros(1))
    mine = np.arange(0, 1.01, 0.05)
    view = seat([mine, 0 * mine], [1 - mine, 0 * mine], me=linear, them=linear)
    doubt = customs(rounds=1, acceptance=ACCEPTANCE.index("uniform"))
    course = plan(view, doubt)
    assert mine[course.offer[0, 0] - 1] == pytest.approx(0.75)
    assert course.odds[0] == pytest.approx(0.75)


def test_a_tight_win_set_moves_the_terms_by_hand() -> None:
    """Of a pie of one I ask all, and less if what I ask must pass their parliament.

    The last word is mine, so without a vote I take everything. Each tenth costs 1 at their home;
    with room for 4 and a spread of 2 the best of x logistic((4 - 10 x)/2) is at x = .4: .2.
    """
    linear = goals(kind=LINEAR, weights=np.array([[1.0], [0.0]]), reciprocity=np.zeros(1))
    share = np.arange(0, 1.01, 0.1)
    view = seat([share, 0 * share], [1 - share, 0 * share], me=linear, them=linear)
    last = customs(rounds=1)
    assert share[plan(view, last).offer[0, 0] - 1] == pytest.approx(1)
    cost = np.append(10 * share, 0)[:, None]
    tight = replace(
        view, their_home=body(11, cost=cost, room=np.array([4.0]), spread=np.array([2.0]))
    )
    course = plan(tight, last)
    expected = share / (1 + np.exp(-(4 - 10 * share) / 2))
    assert share[course.offer[0, 0] - 1] == share[expected.argmax()] == pytest.approx(0.4)
    half = replace(view, consent=np.where(cost == 10, 0.3, 1.0))  # scripted parties want their part
    assert share[plan(half, last).offer[0, 0] - 1] == pytest.approx(0.9)


def test_whole_powers() -> None:
    base, exponent = np.array([0.9, 0.9, 0.5, 1.0]), np.array([0.0, 3.7, 2.0, 400.0])
    np.testing.assert_allclose(whole_power(base, exponent), [1, 0.729, 0.25, 1])


def test_logit_choices_come_as_often_as_the_formula_says() -> None:
    """P(option) = exp(lambda u)/sum (McKelvey and Palfrey 1995), over 40,000 draws."""
    runs = 40_000
    gumbel = Chance(3, np.arange(runs)).gumbels("logit", 0, ["a", "b", "c"])[:, 0]
    score = np.array([[0.0], [0.1], [0.3]]) * np.ones(runs)
    blocked = np.zeros(score.shape, dtype=bool)
    for sharpness in (0.0, 5.0):
        weight = np.exp(sharpness * score[:, 0])
        chosen = choose_logit(score, np.array([sharpness]), gumbel, blocked)
        share = np.bincount(chosen, minlength=3) / runs
        np.testing.assert_allclose(share, weight / weight.sum(), atol=0.01)
    assert (choose_logit(score, np.array([1e6]), gumbel, blocked) == 2).all()
    assert (choose_logit(score, np.array([1e6]), gumbel, blocked | True) == -1).all()


def test_the_best_tables_are_opened_and_no_more_than_the_slots() -> None:
    worth = np.array([[0.3, 0.3, 0.3], [0.2, 0.0, 0.4], [0.1, -1.0, 0.5]])
    available = np.array([[True, True, True], [True, True, True], [True, True, False]])
    opened = best_tables(worth, available, np.array([2, 3, 1]))
    assert opened.T.tolist() == [[True, True, False], [True, False, False], [False, True, False]]
