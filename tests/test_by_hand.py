"""Small worlds worked out on paper from model/ODD.md, and played through the engine.

The numbers below were calculated without the code: each step stands in the comments or in plain
arithmetic. A game is played, and what its transcript or record tells must be these numbers.
"""

from collections.abc import Mapping
from math import exp
from typing import Any

import pytest

from agents.actor import Decides
from model.beliefs import reliability
from model.schema import ACCOUNTS, ScenarioFile
from model.transcript import Event, Transcript
from model.wargame import Wargame
from model.world import World
from runs.play import events
from tests.scripts import Script
from tests.worlds import (
    Part,
    actor,
    event,
    ledger,
    lever,
    number,
    numbers,
    office,
    play,
    rules,
    stake,
    table,
    theatre,
    votes,
    world,
)

TOLD = 2e-6  # transcripts tell six digits
QUIET = {"weight_noise": 0, "spillover": 0, "weight_threat": 0, "threat_reversal": 0}


def barter(caller: str = "Ann") -> ScenarioFile:
    """Ben may pay Ann, who may help Ben; Ann may threaten to take her guard away.

    In standard deviations: a payment brings Ann 4/8 = .5 and costs Ben 1/2 = .5 in the purse; help
    costs Ann 2/8 = .25 and brings Ben 3/6 = .5 at home; the guard is worth 2/6 = 1/3 to him there.
    """
    ann = actor(
        agenda=caller == "Ann",
        transactionalism=0.5,
        reciprocity=0.4,
        discount=0.9,
        loss_aversion=2,
        platforms={"now": office(0, 1, 0, 0, 0, 0)},
    )
    ben = actor(
        agenda=caller == "Ben",
        transactionalism=0.25,
        reciprocity=0.8,
        discount=0.8,
        loss_aversion=1.5,
        platforms={"now": office(0, 1, 0, 0, 4, 0)},  # .2 treasury, .8 home
        ratification=votes(4, 2, 5),
    )
    threat = {"by": "Ann", "lever": "guard", "steps": -1, "lead": 4, "floor": number(0)}
    return world(
        {"Ann": ann, "Ben": ben},
        {
            "pay": lever("Ben", [0, 1], 0, home_cost=numbers(Ben=3)),
            "help": lever("Ann", [0, 1], 0),
            "guard": lever("Ann", [0, 1], 1),
        },
        rules=rules(
            **QUIET,
            rounds=1,
            first_mover="opener" if caller == "Ann" else "invited",  # so Ann speaks
            acceptance="exact",
            settlement_odds=0.5,
            relation_persistence=0.5,
            relation_gain=0.1,
            relation_loss=0.1,
        ),
        ledger=ledger(
            ("pay", "Ann.treasury", 4),
            ("pay", "Ben.treasury", -1),
            ("help", "Ann.treasury", -2),
            ("help", "Ben.home", 3),
            ("guard", "Ben.home", 2),
        ),
        scales={"Ann": {"treasury": 8}, "Ben": {"treasury": 2, "home": 6}},
        beliefs=numbers(default_reliability=0.75, default_resolve=0.6, default_hostility=0.5),
        tables={"pact": table("Ann", "Ben", term=2, threats=[threat])},
    )


def told(file: ScenarioFile, quarters: int, **minds: Decides) -> Transcript:
    game = Wargame(file, rng=1, quarters=quarters, doctrines=minds)
    return Transcript(tuple(events(game, "by hand")))


def check_terms(found: Event, **expected: Any) -> None:
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=TOLD), name


# The body passes the deal with logistic((4 + 5 (.5 - .5) - 3)/2) = 1/(1 + e^-.5).
PASSAGE = 0.6224593
BOTH = {"pay": 1, "help": 1}
OPENS = {n: {"pact": ["pay", "help"]} for n in range(2)}


def test_what_an_offer_is_worth_to_ann() -> None:
    """She trusts Ben's payment by .75: .375 - .25 = .125, which is .125/1.125 = 1/9 of utility.

    Of Ben she thinks -.2 x 1.5 x .5/1.5 + .8 x .5/1.5 = -.1 + .2666667 = .1666667.
    Ben has called the talks, she speaks. B = .5 x .4 x (.9/(1 - .45))/((1 - .81)/.1)
    = .2 x 1.6363636/1.9 = .1722488, so relation brings B x .1 x .1666667 = .0028708. Waiting:
    .5 x .6224593 x 1/9 = .0345811, discounted .031123.
    """
    ben = Script(opens=OPENS)
    (offer,) = told(barter("Ben"), 1, Ben=ben).of("offer")
    check_terms(
        offer,
        accounts={"treasury": 1 / 9},
        sum=1 / 9,
        future=0.0028708,
        passage=PASSAGE,
        refusing={"worth": 0.031123, "threat": 0, "threat_odds": 0, "settlement": 0.031123},
        gain=PASSAGE * (0.1111111 + 0.0028708 - 0.031123),
    )


def test_what_an_offer_is_worth_to_ben() -> None:
    """The purse: -.2 x 1.5 x .5/1.5 = -.1; home: trusted .375, .8 x .375/1.375 = .2181818.

    Of Ann he thinks .5 - .25 = .25, that is .25/1.25 = .2. B = .75 x .8 x (.8/.6)/((1 - .64)/.2)
    = .6 x 1.3333333/1.8 = .4444444, relation .4444444 x .1 x .2 = .0088889. Waiting: the least of
    both is .1181818, so .8 x .5 x .6224593 x .1181818 = .0294253.
    """
    ann = Script(opens=OPENS, offers={0: BOTH})
    transcript = told(barter(), 1, Ann=ann)
    (reply,) = transcript.of("reply")
    check_terms(
        reply,
        accounts={"treasury": -0.1, "home": 0.2181818},
        sum=0.1181818,
        future=0.0088889,
        passage=PASSAGE,
        refusing={"worth": 0.0294253, "threat": 0, "threat_odds": 0, "settlement": 0.0294253},
        gain=PASSAGE * (0.1181818 + 0.0088889 - 0.0294253),
        accepted=True,
    )
    (signing,) = transcript.of("signing")
    assert signing["votes"]["Ben"]["odds"] == pytest.approx(PASSAGE, abs=TOLD)


def test_what_a_threat_makes_of_it() -> None:
    """Without the guard: .8 x (-1.5 x (1/3)/(4/3)) = -.3; believed .6, discounted .2: -.036.

    Giving in to a threat earns r- less: .0088889 - .4444444 x .1 = -.0355556. Refusing is worth
    .0294253 - .036 = -.0065747.
    """
    ann = Script(opens=OPENS, offers={1: BOTH}, announces=[0])
    reply = list(told(barter(), 2, Ann=ann).of("reply"))[-1]
    check_terms(
        reply,
        sum=0.1181818,
        future=-0.0355556,
        refusing={
            "worth": -0.0065747,
            "threat": -0.036,
            "threat_odds": 0.6,
            "settlement": 0.0294253,
        },
        gain=PASSAGE * (0.1181818 - 0.0355556 + 0.0065747),
    )


def strait() -> ScenarioFile:
    """Cyd may attack Ben, whom Ann protects for cash; Ben arms, an event halves the cash.

    Forces 3 against 1, with Ann 1 + 2. Nothing is hostile, so hostility stays neutral, and with
    no escalation no crisis tests Ann.
    """
    ann, ben = actor("status_quo", transactionalism=0.6), actor("status_quo", support=0.6)
    half: Part = {"platforms": {"now": office(1, 1, 0, 0, 0, 0)}, "loss_aversion": number(1.5)}
    return world(
        {"Ann": ann, "Ben": ben | half, "Cyd": actor("status_quo")},
        {
            "cash": lever("Ben", [0.5, 1], 1, headline=True),
            "effort": lever("Ben", [0, 1], 0, unilateral="both"),
        },
        rules=rules(
            **QUIET,
            escalation=0,
            reference_speed=0,
            commitment_speed=0.2,
            commitment_share=0.5,
            commitment_curve=2,
            support_treasury=0.04,
        ),
        theatres={
            "strait": theatre(
                "Cyd",
                "Ben",
                "Ann",
                forces=numbers(challenger=3, defender=1, patron=2),
                exponent=2.0,
                stakes={"Ben": stake("defender", 10), "Cyd": stake("challenger", 6)},
                **numbers(
                    base_hazard=0.05,
                    steepness=4,
                    reference=0.3,
                    prize=1,
                    war_cost=0.5,
                    crisis_share=0.4,
                    credibility=0.5,
                    treaty=0.9,
                ),
            )
        },
        ledger=ledger(
            ("cash", "Ann.treasury", 1),
            ("cash", "Ben.treasury", -1),
            ("effort", "Ben.treasury", -1),
            ("effort", "strait.defender", 1),
        ),
        scales={"Ann": {"treasury": 4}, "Ben": {"treasury": 2, "security": 1}},
        tables={
            "alliance": table(
                "Ann",
                "Ben",
                demands=[{"by": "Ann", "lever": "cash", "norms": numbers(full=1)}],
                commitment={"theatre": "strait", "payer": "Ben", "cash": "cash"},
            )
        },
        events={"cut": event({"quarter": "2025Q1"}, {"lever": "cash", "to": 0.5})},
    )


# Quarter 1: 9/(9 + 9) = .5 with Ann, 9/(9 + 1) = .9 without, even odds that she comes: .7.
# EU = .7 - .3 x .5 = .55, and 4 (.55 - .3) = 1.
FIRST_ODDS = 0.7
FIRST_HAZARD = 1 - exp(-0.05 * exp(1))
# Half of the agreed cash: c* = .9 (1 - .6 x .5 x (1 - .5^2)) = .6975; .5 + .2 (.6975 - .5) = .5395.
CREDIBILITY = 0.5395
# Quarter 2, Ben's force is 2: 9/(9 + 16) = .36, 9/(9 + 4) = .6923077.
# .5395 x .36 + .4605 x .6923077 = .5130277. EU = .5130277 - .4869723 x .5 = .2695415,
# 4 (.2695415 - .3) = -.121834.
ODDS = 0.5130277
HAZARD = 1 - exp(-0.05 * exp(-0.121834))
# Cyd fears the mirror image: EU = .4869723 - .5130277 x .5 = .2304585, 4 (that - .3) = -.278166.
FEARED = 1 - exp(-0.05 * exp(-0.278166))


def test_who_would_win_and_how_likely_it_comes_to_that() -> None:
    """Odds, hazard, insecurity before and after Ben arms and Ann's commitment follows the cash."""
    ben = Script(moves={0: {"effort": 1}})
    game = play(strait(), 3, 2, deciders={"Ben": ben})
    first, second = game.records
    assert first.crises.odds[0] == pytest.approx([FIRST_ODDS] * 3)
    assert first.crises.hazard[0] == pytest.approx([FIRST_HAZARD] * 3)
    assert game.worlds[1].commitment[0] == pytest.approx([CREDIBILITY] * 3)
    assert game.worlds[1].credibility[:, 0, 0] == pytest.approx([CREDIBILITY] * 3)
    assert second.crises.odds[0] == pytest.approx([ODDS] * 3, abs=1e-7)
    assert second.crises.hazard[0] == pytest.approx([HAZARD] * 3, abs=1e-7)
    security = first.accounts[:, ACCOUNTS.index("security"), 0]
    ann, ben_, cyd = 0, 1, 2
    assert security[ann] == 0, "she has no stake"
    assert security[ben_] == pytest.approx(-10 * HAZARD * (0.4 + 0.6 * ODDS), abs=1e-6)
    assert security[cyd] == pytest.approx(-6 * FEARED * (0.4 + 0.6 * (1 - ODDS)), abs=1e-6)


def test_what_that_is_worth_and_what_it_does_at_home() -> None:
    """Ben pays .5 less and spends 1 more: -.5/2 = -.25 deviations; Ann's purse: -.5/4 = -.125.

    Utility: .5 x (-1.5 x .25/1.25) = -.15 for the purse, for security .5 x/(1 + x) of its gain.
    Support: .5 + .9 x (.6 - .5) + .04 x -.25 = .58; Ann's .5 + .04 x -.125 = .495.
    """
    game = play(strait(), 3, 1, deciders={"Ben": Script(moves={0: {"effort": 1}})})
    record = game.records[0]
    before = -10 * FIRST_HAZARD * (0.4 + 0.6 * FIRST_ODDS)
    gained = -10 * HAZARD * (0.4 + 0.6 * ODDS) - before
    assert gained > 0
    assert record.utility[1] == pytest.approx([0.5 * gained / (1 + gained) - 0.15] * 3, abs=1e-6)
    assert record.world.support[1] == pytest.approx([0.58] * 3)
    assert record.world.support[0] == pytest.approx([0.495] * 3)


def rumours() -> ScenarioFile:
    """Ann and Ben make a pact of which Cyd hears as far as its tie to them is like theirs.

    Ben's ties: to Ann alliance .8, trade 10 of 10; to Cyd alliance .4, trade 5 of 10. They differ
    by .4, 0, .5 and 0: likeness 1 - .9/4 = .775. Ann's to Cyd is none: likeness to her tie with Ben
    is 1 - (.8 + 0 + 1 + 0)/4 = .55.
    """
    levers = {
        "gift": lever("Ann", [0, 1], 0, lead=1),
        "help": lever("Ben", [0, 1], 0),
    }
    plain = {name: actor("status_quo") for name in ("Ann", "Ben", "Cyd")}
    tie = {"from": "Ann", "to": "Ben"} | numbers(alliance=0.8, trade=10, trade_back=10)
    other = {"from": "Ben", "to": "Cyd"} | numbers(alliance=0.4, trade=5)
    return world(
        plain,
        levers,
        rules=rules(weight_noise=0, first_mover="opener"),
        ledger=ledger(("gift", "Ben.treasury", 1), ("help", "Ann.treasury", 1)),
        ties=[tie, other],
        tables={"pact": table("Ann", "Ben")},
    )


def test_who_learns_what_of_whom() -> None:
    """Prior .6, .4 (trust .6). Ben helps at once (.1); Ann breaks her word next quarter (1.5).

    Ann of Ben: .95 x .6 + .05 x .6 + .1 = .7 to .4; then .95 x .7 + .05 x .6 = .695 to .4.
    Cyd of Ben hears .1 x .3 x .775 = .02325: .62325 to .4; then .95 x .62325 + .03 = .6220875.
    Ben of Ann: .6 to .4 + 1.5 = 1.9. Cyd of Ann: .6 to .4 + 1.5 x .3 x .55 = .6475.
    """
    ann = Script(
        opens={0: {"pact": ["gift", "help"]}}, offers={0: {"gift": 1, "help": 1}}, breaks=[1]
    )
    seats: Mapping[str, Script] = {"Ann": ann, "Ben": Script(accepts=[0]), "Cyd": Script()}
    game = play(rumours(), 2, 2, deciders=dict(seats))
    first, second = game.worlds[1:]
    assert thinks(first, "Ann", "Ben") == pytest.approx(0.7 / 1.1)
    assert thinks(first, "Cyd", "Ben") == pytest.approx(0.62325 / 1.02325)
    assert thinks(second, "Ann", "Ben") == pytest.approx(0.695 / 1.095)
    assert thinks(second, "Cyd", "Ben") == pytest.approx(0.6220875 / 1.0220875)
    assert thinks(second, "Ben", "Ann") == pytest.approx(0.6 / 2.5)
    assert thinks(second, "Cyd", "Ann") == pytest.approx(0.6 / 1.2475)


def thinks(world_: World, observer: str, other: str) -> float:
    names = ("Ann", "Ben", "Cyd")
    return float(reliability(world_)[names.index(observer), names.index(other), 0])
