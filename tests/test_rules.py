"""The rules one by one: each against its equation, a hand calculation or a published number."""

from dataclasses import replace
from math import e
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.briefing import Floats
from model.agenda import decay_demands
from model.beliefs import (
    Evidence,
    belief,
    learn,
    reputation_spillover,
    update_commitment,
    update_hostility,
)
from model.chance import Chance
from model.ledger import force_balance, linear_accounts, source_start, source_values
from model.politics import (
    DEFENDING,
    hold_election,
    offices,
    ratification_odds,
    update_support,
)
from model.reckoning import (
    draw_activity,
    follow_settings,
    move_references,
    move_relations,
    move_stocks,
)
from model.scenario import Scenario, quarter_index, quarter_name
from model.schema import ACCOUNTS, ScenarioFile
from model.theatres import (
    Crises,
    commitment_target,
    contest_success,
    crisis_hazard,
    lottery,
)
from model.turn import Game, begin, prepare
from model.world import World, fair_payment, settings_value
from tests.drawn import worlds
from tests.worlds import ledger, number, rules, strait

POSITIVE = st.floats(0.01, 100)
SHARE = st.floats(0, 1)


def one(value: float) -> Floats:
    return np.array([value])


@pytest.fixture(scope="module")
def game() -> Game:
    return prepare(strait())


@pytest.fixture(scope="module")
def scenario(game: Game) -> Scenario:
    return game.scenario


def quiet(scenario: Scenario, runs: int, **changes: Any) -> Crises:
    """A quarter without crises."""
    shape = (len(scenario.theatres.ids), runs)
    none = Crises(
        rung=np.zeros(shape, dtype=np.int64),
        defended=np.zeros(shape, dtype=bool),
        tested=np.zeros(shape, dtype=bool),
        hazard=np.zeros(shape),
        odds=np.zeros(shape),
        ended=np.zeros(shape, dtype=np.int64),
    )
    return replace(none, **changes)


@pytest.mark.parametrize(
    ("challenger", "defender", "exponent", "p"),
    [(3, 1, 1, 0.75), (3, 1, 2, 0.9), (4, 1, 1.5, 8 / 9), (1, 1, 1.5, 0.5), (1, 3, 2, 0.1)],
)
def test_contest_success(challenger: float, defender: float, exponent: float, p: float) -> None:
    """C^m/(C^m + D^m) (Tullock 1980)."""
    assert contest_success(one(challenger), one(defender), exponent) == pytest.approx(p)


@given(POSITIVE, POSITIVE, st.sampled_from([1.0, 1.5, 2.0]))
def test_a_contest_is_symmetric_and_favours_the_stronger(c: float, d: float, m: float) -> None:
    p, q = contest_success(one(c), one(d), m), contest_success(one(d), one(c), m)
    assert p + q == pytest.approx(1)
    assert (p[0] > 0.5) == (c > d) or c == pytest.approx(d)
    assert contest_success(one(2 * c), one(2 * d), m) == pytest.approx(p[0])


def test_credibility_is_a_lottery_not_a_discount() -> None:
    """.75 x .2 + .25 x .6; half the help is not help half the time."""
    assert lottery(one(0.75), one(0.2), one(0.6)) == pytest.approx(0.3)
    certain = contest_success(one(1), one(1 + 0.5 * 2), 2)
    assert lottery(
        one(0.5), contest_success(one(1), one(3), 2), contest_success(one(1), one(1), 2)
    ) != pytest.approx(certain[0], abs=0.05)


def test_crisis_hazard_by_hand() -> None:
    """EU = .6 x 1 - .4 x .5 = .4; at EU_ref = .4 the hazard is the base; at 0 it is e^1.6 of it."""
    terms = (one(0.6), one(1.0), one(0.5), one(4.0))
    assert crisis_hazard(*terms, one(0.4), one(0.02), one(3)) == pytest.approx(1 - np.exp(-0.02))
    high = crisis_hazard(*terms, one(0.0), one(0.02), one(3))
    assert high == pytest.approx(1 - np.exp(-0.02 * np.exp(1.6)))
    clipped = crisis_hazard(*terms, one(0.0), one(0.02), one(1))
    assert clipped == pytest.approx(1 - np.exp(-0.02 * e))


@given(SHARE, SHARE, st.floats(0, 0.5))
def test_a_better_chance_is_a_higher_hazard(p: float, q: float, base: float) -> None:
    low, high = sorted((p, q))
    rest = (one(1.0), one(0.5), one(4.0), one(0.2), one(base), one(3.0))
    h = [crisis_hazard(one(x), *rest)[0] for x in (low, high)]
    assert 0 <= h[0] <= h[1] < 1


@pytest.mark.parametrize(
    ("paid", "tau", "curve", "target"),
    [
        (0.5, 0.8, 1, 0.81),  # .9 (1 - .8 x .25 x .5)
        (0.5, 0.8, 2, 0.765),  # .9 (1 - .8 x .25 x .75)
        (0.25, 1.0, 0.5, 0.7875),  # .9 (1 - .25 x .5)
        (0, 0.8, 1, 0.72),  # the rest is the patron's own stake
        (1, 0.8, 1, 0.9),
        (7, 0.8, 1, 0.9),  # more than fair buys no more
        (0, 0, 1, 0.9),  # no transactionalism, no condition
    ],
)
def test_commitment_target(paid: float, tau: float, curve: float, target: float) -> None:
    """c* = treaty [1 - tau chi (1 - s^eta)] with treaty .9, chi .25, a fair sum of 1."""
    found = commitment_target(one(0.9), one(tau), one(0.25), one(curve), one(paid), one(1.0))
    assert found == pytest.approx(target)


def test_what_is_fair_is_capped_however_much_is_asked(scenario: Scenario, game: Game) -> None:
    """The agreed 1.0 while nobody disputes it, else what is asked, at most 1.3 x the agreed."""
    world = begin(game, 4)
    table = [t.id for t in scenario.tables].index("alliance")
    agreed = world.agreed[table, 0]
    demand = world.demand.copy()
    demand[table] = [-np.inf, 1.2 * agreed, 5 * agreed, 0.5 * agreed]
    fair = fair_payment(scenario, replace(world, demand=demand), table)
    assert fair == pytest.approx(agreed * np.array([1, 1.2, 1.3, 1]))


def test_commitment_moves_a_share_of_the_way(scenario: Scenario, game: Game) -> None:
    """After n quarters: c* + (c0 - c*)(1 - kappa)^n, for the patron and for those who watch."""
    world = begin(game, 1)
    tau = np.full((3, 1), 0.8)
    patron = scenario.actor("Patron")
    tau[patron] = 1.0
    unpaid = replace(world, value=world.value * 0.0)
    target = 0.9 * (1 - 0.3)
    for n in range(1, 6):
        unpaid = update_commitment(scenario, unpaid, tau, quiet(scenario, 1))
        expected = target + (0.7 - target) * 0.85**n
        assert unpaid.commitment[0] == pytest.approx(expected)
        assert unpaid.credibility[:, 0, 0] == pytest.approx([expected] * 3)


def test_a_crisis_shows_what_a_commitment_is_worth(scenario: Scenario, game: Game) -> None:
    world = begin(game, 3)
    crises = quiet(
        scenario,
        3,
        tested=np.array([[False, True, True]]),
        defended=np.array([[False, True, False]]),
    )
    seen = update_commitment(scenario, world, np.zeros((3, 3)), crises).credibility[0, 0]
    start = 0.7 + 0.15 * (0.9 - 0.7)
    assert seen == pytest.approx([start, start + 0.3 * (1 - start), start + 0.3 * (0 - start)])


@pytest.mark.parametrize(
    ("support", "cost", "odds"),
    [
        (0.5, 8, 0.5),
        (0.5, 10, 1 / (1 + e)),
        (0.9, 10, 0.5),  # 5 (.9 - .5) = 2 more
        (0.1, 4, 1 / (1 + np.exp(-1))),
        (0.5, -100, 1),
    ],
)
def test_ratification_odds(scenario: Scenario, support: float, cost: float, odds: float) -> None:
    """logistic((8 + 5 (support - .5) - cost)/2)."""
    found = ratification_odds(scenario, scenario.actor("Client"), one(support), one(cost))
    assert found == pytest.approx(odds)


def test_no_body_no_vote(scenario: Scenario) -> None:
    assert ratification_odds(scenario, scenario.actor("Patron"), one(0), one(1e6)) == 1


def after(game: Game, quarters: int, **weights: float) -> World:
    """The world after quarters in which Client showed Patron the same each time."""
    world = begin(game, 1)
    patron, client = game.scenario.actor("Patron"), game.scenario.actor("Client")
    for _ in range(quarters):
        seen = Evidence.none(3, 1)
        for what, weight in weights.items():
            seen.add(what, patron, client, one(weight), np.array([True]))
        world = learn(game.scenario, world, seen)
    return world


def trust(game: Game, world: World) -> float:
    patron, client = game.scenario.actor("Patron"), game.scenario.actor("Client")
    return float(belief(world.kept, world.broken)[patron, client, 0])


@pytest.mark.parametrize(
    ("weights", "settles"),
    [
        ({"kept": 0.1}, 2.5 / 3),  # a = .5 + .1/.05 = 2.5, b = .5: .83, not 1
        ({"broken": 1.5}, 0.5 / 31),  # b = .5 + 1.5/.05 = 30.5
        ({"kept": 0.1, "broken": 0.1}, 0.5),
        ({}, 0.5),
    ],
)
def test_reliability_settles(weights: dict[str, float], settles: float) -> None:
    """f = .95, a0 = b0 = .5: a <- f a + (1 - f) a0 + w."""
    even = prepare(strait(beliefs=even_beliefs()))
    assert trust(even, after(even, 400, **weights)) == pytest.approx(settles, abs=1e-6)


def even_beliefs() -> dict[str, Any]:
    half = number(0.5)
    return {f"default_{x}": half for x in ("reliability", "resolve", "hostility")}


def test_one_quarter_of_learning_by_hand(game: Game) -> None:
    """From a = .6, b = .4 (trust .6) by a broken promise: b = .95 x .4 + .05 x .4 + 1.5 = 1.9."""
    assert trust(game, after(game, 1, broken=1.5)) == pytest.approx(0.6 / 2.5)
    assert trust(game, after(game, 1, kept=0.1)) == pytest.approx(0.7 / 1.1)


def test_a_strong_prior_is_what_forgetting_returns_to() -> None:
    """Prior 2: a = 2 x 2 x .5 = 2, b = 2; nothing happens and nothing moves; trust burns slower."""
    firm = prepare(strait(beliefs=even_beliefs(), rules=rules(belief_prior=2)))
    quiet, burnt = after(firm, 3), after(firm, 1, broken=1.5)
    for what in ("kept", "broken", "carried", "bluffed"):
        assert getattr(quiet, what) == pytest.approx(2.0), what
    assert trust(firm, burnt) == pytest.approx(2.0 / 5.5)  # b = .95 x 2 + .05 x 2 + 1.5


def test_what_is_forgotten_returns_to_the_prior(game: Game) -> None:
    burnt = after(game, 20, broken=1.5)
    assert trust(game, burnt) < 0.05
    for _ in range(400):
        burnt = learn(game.scenario, burnt, Evidence.none(3, 1))
    assert trust(game, burnt) == pytest.approx(0.6)


def test_evidence_counts_where_it_was_seen() -> None:
    seen = Evidence.none(3, 4)
    observers = np.array([0, 1, -1, 2])
    seen.add("kept", observers, 2, np.arange(1.0, 5.0), np.array([True, True, True, False]))
    assert seen.kept[0, 2].tolist() == [1, 0, 0, 0]
    assert seen.kept[1, 2].tolist() == [0, 2, 0, 0]
    assert seen.kept.sum() == 3  # nobody is no observer, and the fourth run did not see it
    seen.add("kept", 0, 2, one(0.5), np.array([True, False, False, True]))
    assert seen.kept[0, 2].tolist() == [1.5, 0, 0, 0.5]


@settings(max_examples=25)
@given(worlds(), st.integers(0, 2**32 - 1))
def test_reputation_spills_over_to_those_with_a_like_tie(file: ScenarioFile, seed: int) -> None:
    """k learns of p what j saw, as far as p's tie to k is like its tie to j."""
    scenario = prepare(file).scenario
    likeness = scenario.ties.likeness
    actors = range(len(scenario.actors))
    rng = np.random.default_rng(seed)
    seen = rng.random((len(actors), len(actors), 2))
    spread = reputation_spillover(seen, likeness, one(0.3))
    for k in actors:
        for p in actors:
            others = [likeness[p, j, k, 0] * seen[j, p] * 0.3 for j in actors]
            np.testing.assert_allclose(spread[k, p], sum(others))
            assert likeness[p, k, k, 0] == 0  # what k saw itself is no rumour
            assert likeness[p, p, k, 0] == likeness[k, p, k, 0] == 0
    assert ((likeness >= 0) & (likeness <= 1)).all()


def test_likeness_of_ties_by_hand(scenario: Scenario) -> None:
    """Patron's ties: to Client alliance .9, alignment .8, trade 100; to Rival 0, .2, 0, rivalry .7.

    1 - mean(.9, .6, 1, .7) = .2.
    """
    patron, client, rival = (scenario.actor(x) for x in ("Patron", "Client", "Rival"))
    assert scenario.ties.likeness[patron, client, rival] == pytest.approx(0.2)


def test_headline_demands_come_down(scenario: Scenario) -> None:
    """D <- s* + (D - s*) e^-c with c = .5: from 5 towards 1.2; one already below stays."""
    demand = np.array([[5.0], [1.0], [-np.inf]])
    settle = np.array([[1.2], [1.2], [0.0]])
    once = decay_demands(scenario, demand, settle)
    assert once[:, 0] == pytest.approx([1.2 + 3.8 * np.exp(-0.5), 1.0, -np.inf])
    for _ in range(40):
        demand = decay_demands(scenario, demand, settle)
    assert demand[:, 0] == pytest.approx([1.2, 1.0, -np.inf])


def test_a_continuous_lever_follows_its_setting(scenario: Scenario, game: Game) -> None:
    """d ln q = .08 (ln q* - ln q): from 2.5 towards 4 by (4/2.5)^.08 at first, never beyond."""
    world = begin(game, 1)
    effort = scenario.lever("effort")
    setting = world.setting.copy()
    setting[effort] = 4
    world = replace(world, setting=setting)
    path = [2.5]
    for _ in range(200):
        world = follow_settings(scenario, world)
        path.append(float(world.value[effort, 0]))
    assert path[1] == pytest.approx(2.5 * (4 / 2.5) ** 0.08)
    gap = np.log(4) - np.log(path)
    np.testing.assert_allclose(gap[1:50] / gap[:49], 0.92)
    assert path[-1] == pytest.approx(4)
    assert max(path) <= 4 + 1e-9
    others = np.arange(len(scenario.levers.ids)) != effort
    np.testing.assert_array_equal(world.value[others], begin(game, 1).value[others])


def test_a_stock_by_hand(scenario: Scenario, game: Game) -> None:
    """Capital: .98 x 1 + .02 + .01 x (effort - 2.5); with no more effort it stays at 1."""
    world = begin(game, 2)
    assert move_stocks(scenario, world).stock[0] == pytest.approx([1, 1])
    value = world.value.copy()
    value[scenario.lever("effort")] = [3.5, 2.5]
    raised = replace(world, value=value)
    assert move_stocks(scenario, raised).stock[0] == pytest.approx([1.01, 1])
    for _ in range(600):
        raised = move_stocks(scenario, raised)
    assert raised.stock[0] == pytest.approx([1.5, 1], abs=1e-4)


def test_a_stock_stays_within_its_bounds() -> None:
    part = strait().model_dump(by_alias=True)["stocks"]["capital"] | {"high": 1.005, "low": 0.9}
    game = prepare(strait(stocks={"capital": part}))
    world = begin(game, 2)
    value = world.value.copy()
    value[game.scenario.lever("effort")] = [4.0, -40.0]
    stock = move_stocks(game.scenario, replace(world, value=value)).stock[0]
    assert stock == pytest.approx([1.005, 0.9])


def test_references_drift_towards_what_is(scenario: Scenario, game: Game) -> None:
    world = begin(game, 1)
    accounts = world.reference + 1.0
    for n in range(1, 4):
        world = move_references(scenario, world, accounts)
        np.testing.assert_allclose(accounts - world.reference, 0.9**n, rtol=1e-9)


def test_relations_fade_and_suffer_from_threats(scenario: Scenario, game: Game) -> None:
    world = begin(game, 2)
    world = replace(world, relation=np.ones_like(world.relation))
    patron, client, rival = (scenario.actor(x) for x in ("Patron", "Client", "Rival"))
    none: list[None] = [None] * len(scenario.tables)
    moved = move_relations(scenario, world, none, none, np.array([[True, False]])).relation
    assert moved[patron, client] == pytest.approx([0.83, 0.93])
    assert moved[client, patron] == pytest.approx([0.83, 0.93])
    assert moved[rival, client] == pytest.approx([0.93, 0.93])


def test_support_by_hand(scenario: Scenario, game: Game) -> None:
    """.5 + .9 (.7 - .5) = .68, + .02 a deviation in the purse, + .05 gain, -.05 left alone."""
    client = scenario.actor("Client")
    world = begin(game, 4)
    world = replace(world, support=np.full_like(world.support, 0.7))
    position = np.zeros((3, 6, 4))
    position[client, 1, 1] = 1.0
    gained = np.zeros((3, 4))
    gained[client, 2] = 0.4
    crises = quiet(scenario, 4, rung=np.array([[1, 1, 1, 2]]))
    support = update_support(scenario, world, position, crises, gained).support[client]
    assert support == pytest.approx([0.68, 0.70, 0.70, 0.63])
    rally = replace(crises, defended=np.ones((1, 4), dtype=bool))
    defended = update_support(scenario, world, position, rally, gained).support[client, 3]
    assert defended == pytest.approx(0.705)
    rival = scenario.actor("Rival")  # no public of the challenger's side waits for the patron
    for each in (crises, rally):
        support = update_support(scenario, world, position, each, gained).support[rival]
        assert support == pytest.approx(np.full(4, 0.68))


def test_the_purse_is_treasury_and_home(scenario: Scenario, game: Game) -> None:
    """One deviation at home: .5 + .02."""
    client, world = scenario.actor("Client"), begin(game, 1)
    world = replace(world, support=np.full_like(world.support, 0.5))
    position = np.zeros((3, 6, 1))
    position[client, ACCOUNTS.index("home")] = 1.0
    moved = update_support(scenario, world, position, quiet(scenario, 1), np.zeros((3, 1)))
    assert moved.support[:, 0] == pytest.approx([0.52 if a == client else 0.5 for a in range(3)])


def test_a_patron_that_stands_aside_is_felt_on_the_side_of_the_defender(
    scenario: Scenario, game: Game
) -> None:
    world = begin(game, 1)
    world = replace(world, support=np.full_like(world.support, 0.5))
    clash = quiet(scenario, 1, rung=np.array([[2]]))
    moved = update_support(scenario, world, np.zeros((3, 6, 1)), clash, np.zeros((3, 1)))
    left_alone = scenario.theatres.side[:, 0] == DEFENDING
    assert 0 < left_alone.sum() < len(left_alone)
    assert moved.support[:, 0] == pytest.approx(np.where(left_alone, 0.45, 0.5))


def test_who_fears_which_lever(game: Game) -> None:
    """A lever that arms the other side, or hurts an account; not one's own, not one that helps."""
    client, patron, rival = (game.scenario.actor(x) for x in ("Client", "Patron", "Rival"))
    buildup, pressure, effort = (game.scenario.lever(x) for x in ("buildup", "pressure", "effort"))
    assert list(game.menacing) == [(client, rival, buildup), (patron, rival, buildup)]
    lines = ledger(
        ("pressure", "Client.home", -0.1),
        ("pressure", "Patron.home", 0.1),
        ("pressure", "Rival.treasury", -0.1),
        ("buildup", "strait.challenger", -0.5),
        ("effort", "strait.defender", 0.1),
    )
    hostile = strait().levers["effort"].model_copy(update={"hostile": True})
    file = strait(ledger=lines)
    armed = file.model_copy(update={"levers": {**file.levers, "effort": hostile}})
    assert list(prepare(armed).menacing) == [(client, rival, pressure), (rival, client, effort)]
    name = next(n for n, line in file.ledger.items() if "Client.home" in line.to)
    signs = {f"ledger.{name}.coefficient": np.array([0.1, -0.1])}
    fears = prepare(armed, signs).menacing[client, rival, pressure]
    assert fears.tolist() == [False, True], "in each game by its own numbers"


def test_hostility_follows_the_mean_of_what_is_feared(scenario: Scenario, game: Game) -> None:
    """Arms at 1.5 of 1 to 2, events as ever: .5 + (.5 + 0)/2 = .75; .5 + .2 x .25 = .55."""
    client, rival = scenario.actor("Client"), scenario.actor("Rival")
    buildup, pressure = scenario.lever("buildup"), scenario.lever("pressure")
    world = begin(game, 1)
    value = world.value.copy()
    value[buildup] = 1.5
    sure = np.ones(1, dtype=bool)
    pairs = {(client, rival, buildup): sure, (client, rival, pressure): sure}
    moved = update_hostility(scenario, replace(world, value=value), pairs).hostility
    assert moved[client, rival] == pytest.approx(0.55)
    assert moved[rival, client] == pytest.approx(0.5)
    pairs[client, rival, pressure] = ~sure
    moved = update_hostility(scenario, replace(world, value=value), pairs).hostility
    assert moved[client, rival] == pytest.approx(0.6), "nor by what is none"


def test_nobody_learns_of_itself_from_what_all_see() -> None:
    seen = Evidence.none(3, 2)
    seen.show("broken", 1, one(1.5), np.array([True, False]))
    assert seen.broken[..., 0].tolist() == [[0, 1.5, 0], [0, 0, 0], [0, 1.5, 0]]
    assert not seen.broken[..., 1].any()


def test_an_election_changes_the_office_and_reopens_its_tables(
    scenario: Scenario, game: Game
) -> None:
    client = scenario.actor("Client")
    world = begin(game, 2)
    world = replace(world, quarter=3, closed=np.full_like(world.closed, 9))
    winner = np.array([scenario.platforms[client].index(x) for x in ("other", "now")])
    elected = hold_election(scenario, world, client, winner, np.array([True, True]))
    weights, tau = offices(scenario, elected.platform)
    assert tau[client] == pytest.approx([0.2, 0.6])
    assert weights[client, 1] == pytest.approx([0.3, 0.25])
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    for n, table in enumerate(scenario.tables):
        assert elected.closed[n].tolist() == ([3, 9] if client in table.parties else [9, 9])


def test_ledger_lines_add_up(scenario: Scenario, game: Game) -> None:
    """One more paid: -1 and -.5 for the payer's purse and home, +1 for the patron's purse."""
    world = begin(game, 1)
    start = source_start(scenario)
    np.testing.assert_array_equal(source_values(scenario, world, world.value), start)
    sources = start.copy()
    sources[scenario.source("payment")] += 1.0
    accounts = linear_accounts(scenario, sources, start)[..., 0]
    patron, client = scenario.actor("Patron"), scenario.actor("Client")
    expected = np.zeros_like(accounts)
    expected[client, 1], expected[client, 4], expected[patron, 1] = -1, -0.5, 1
    np.testing.assert_allclose(accounts, expected)


@settings(max_examples=25)
@given(worlds(places=2), st.integers(0, 2**32 - 1))
def test_transfers_conserve_forces(file: ScenarioFile, seed: int) -> None:
    """What a share moves leaves one theatre and arrives in the other, nothing more or less."""
    scenario = prepare(file).scenario
    rng = np.random.default_rng(seed)
    strong = replace(scenario.theatres, forces=scenario.theatres.forces + 100.0)
    scenario = replace(scenario, theatres=strong)  # nothing is cut off at the least force
    levers = scenario.levers
    setting = rng.integers(0, levers.size[:, None], (len(levers.ids), 5))
    share = scenario.transfers[0].share
    setting[share] = np.arange(5) % 3
    for other in range(len(levers.ids)):
        if other != share:
            setting[other] = setting[other, 0]
    start = source_start(scenario)
    sources = np.repeat(start, 5, axis=1)
    sources[: len(levers.ids)] = settings_value(scenario, setting)
    forces = force_balance(scenario, sources, start)
    total = forces.sum(axis=0)
    np.testing.assert_allclose(total, total[:, :1] * np.ones(5))


def test_a_transfer_moves_forces() -> None:
    """Half of 28 thousand at .015 each, come with odds .5: .105 from one strait to the other."""
    file = strait()
    parts = file.model_dump(by_alias=True)
    share = parts["levers"]["assurance"] | {"settings": [0.0, 0.5, 1.0], "start": 0.0}
    sea = parts["theatres"]["strait"]
    rule = {
        "share": "share",
        "of": ["troops"],
        "leaves": "strait",
        "helps": "sea",
        "odds": number(0.5),
    }
    moved = ScenarioFile.model_validate(
        parts
        | {
            "levers": parts["levers"] | {"share": share},
            "theatres": parts["theatres"] | {"sea": sea},
            "transfers": {"shift": rule},
        }
    )
    scenario = prepare(moved).scenario
    start = source_start(scenario)
    sources = start.copy()
    sources[scenario.source("share")] = 0.5
    here, there = (scenario.theatres.ids.index(x) for x in ("strait", "sea"))
    gap = force_balance(scenario, sources, start) - force_balance(scenario, start, start)
    assert gap[here, :, 0] == pytest.approx([0, 0, -0.105])
    assert gap[there, :, 0] == pytest.approx([0, 0, 0.105])


def test_quarters_have_names() -> None:
    assert quarter_index("2025Q1", "2026Q3") == 6
    assert quarter_index("2025Q3", "2025Q1") == -2
    assert [quarter_name("2025Q3", n) for n in (0, 1, 2, 5)] == [
        "2025Q3",
        "2025Q4",
        "2026Q1",
        "2026Q4",
    ]


def test_each_event_may_spoil_what_goes_on_and_nothing_else(game: Game) -> None:
    """Pressure ends talks at odds of .2 an event: none without, always from five on."""
    scenario, runs = game.scenario, 2000
    talks, pressure = scenario.lever("talks"), scenario.lever("pressure")
    world = begin(game, runs)
    setting, promised = world.setting.copy(), world.promised_to.copy()
    setting[talks] = np.arange(runs) % 2
    promised[talks] = scenario.actor("Rival")
    before = replace(world, setting=setting, promised_to=promised)
    after = draw_activity(scenario, before, Chance(3, np.arange(runs)))
    events, on = after.count[pressure], setting[talks] == 1
    ended = on & (after.setting[talks] == 0)
    assert not ended[events == 0].any()
    assert ended[on & (events >= 5)].all()
    assert 0.1 < ended[on & (events == 1)].mean() < 0.3
    assert (after.promised_to[talks][~on] == scenario.actor("Rival")).all()
