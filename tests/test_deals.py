"""What becomes of a deal, a vote, a threat and a demand: scripted games, quarter by quarter."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from agents.briefing import Briefing, Decision
from model.bargaining import take_for_granted
from model.beliefs import reliability, resolve
from model.scenario import NOBODY
from model.schema import ACCOUNTS, ScenarioFile
from model.turn import prepare
from model.world import NEVER_DUE
from tests.scripts import Script, but
from tests.worlds import (
    Part,
    Played,
    actor,
    event,
    ledger,
    lever,
    number,
    numbers,
    play,
    rules,
    table,
    votes,
    world,
)

NAMES = ("Ann", "Ben", "Cyd")
BOTH = {"gift": 1, "help": 1}


def trio(
    *,
    levers: Part | None = None,
    tables: Part | None = None,
    voter: Part | None = None,
    **parts: Any,
) -> ScenarioFile:
    """Ann's gift takes two quarters, Ben's help none; Ben also hosts Ann's guard; Cyd looks on.

    levers, tables : changes of single ones; voter : what must ratify for Ben
    """
    all_levers = {
        "gift": lever("Ann", [0, 1, 2, 3], 1, lead=2, unilateral="both"),
        "help": lever("Ben", [0, 1, 2], 0, unilateral="both", home_cost=numbers(Ben=3)),
        "guard": lever("Ann", [0, 1, 2], 1, host="Ben", unilateral="down"),
    }
    norms = numbers(mild=1, extreme=10)
    pact = table(
        "Ann",
        "Ben",
        term=4,
        levers=["gift", "help", "guard"],
        demands=[{"by": "Ann", "lever": "help", "norms": norms}],
        threats=[{"by": "Ann", "lever": "guard", "steps": -1, "lead": 2, "floor": number(0)}],
    )
    all_tables = {"pact": pact, "side": table("Ben", "Cyd", levers=["help"])}
    for name, change in (levers or {}).items():
        all_levers[name] = all_levers[name] | change
    for name, change in (tables or {}).items():
        all_tables[name] = all_tables[name] | change
    lines = ledger(
        ("gift", "Ann.treasury", -1),
        ("gift", "Ben.treasury", 1),
        ("help", "Ben.treasury", -1),
        ("help", "Ann.treasury", 1),
        ("help", "Cyd.commerce", 1),
        ("guard", "Ben.security", 1),
    )
    given = {"rules": rules(first_mover="opener", weight_noise=0, threat_reversal=0)} | parts
    actors = {
        name: actor("status_quo", ratification=voter if name == "Ben" else None) for name in NAMES
    }
    tie = {"from": "Ann", "to": "Ben"} | numbers(alliance=0.8, trade=10, trade_back=10)
    other = {"from": "Ben", "to": "Cyd"} | numbers(alliance=0.4, trade=5)
    return world(
        actors, all_levers, tables=all_tables, ledger=lines, **({"ties": [tie, other]} | given)
    )


ANN = Script(opens={0: {"pact": ["gift", "help"]}}, offers={0: BOTH})
BEN = Script(accepts=[0])


def played(
    file: ScenarioFile,
    quarters: int,
    *,
    ann: Script = ANN,
    ben: Script = BEN,
    cyd: Script | None = None,
) -> Played:
    return play(file, 2, quarters, deciders={"Ann": ann, "Ben": ben, "Cyd": cyd or Script()})


def path(game: Played, name: str) -> list[float]:
    """Value of a lever from the start to the end, the same in all runs."""
    x = game.game.scenario.lever(name)
    values = np.array([w.value[x] for w in game.worlds])
    assert (values == values[:, :1]).all()
    return values[:, 0].tolist()


def about(game: Played, quarter: int, observer: str, other: str) -> float:
    """How reliable one thinks another after some quarters."""
    i, j = (game.game.scenario.actor(x) for x in (observer, other))
    return float(reliability(game.worlds[quarter])[i, j, 0])


def signed(game: Played, quarter: int, name: str) -> bool:
    number_ = [t.id for t in game.game.scenario.tables].index(name)
    signing = game.records[quarter].signings[number_]
    return signing is not None and bool(signing.signed.all())


def test_a_deal_takes_effect_after_its_lead_and_holds_for_its_term() -> None:
    game = played(trio(), 6)
    assert signed(game, 0, "pact")
    assert path(game, "help") == [0, 1, 1, 1, 1, 1, 1]
    assert path(game, "gift") == [1, 1, 1, 2, 2, 2, 2]
    scenario, after = game.game.scenario, game.worlds[1]
    gift, help_ = scenario.lever("gift"), scenario.lever("help")
    assert after.due[[gift, help_], 0].tolist() == [2, NEVER_DUE]
    assert after.lock[[gift, help_], 0].tolist() == [4, 4]
    assert after.closed[[t.id for t in scenario.tables].index("pact"), 0] == 4
    assert game.end.tally[:, 0].tolist() == [2, 2, 0, 0]


def test_a_kept_promise_is_remembered_when_it_falls_due() -> None:
    """From a = .6, b = .4: one kept promise of weight .1, then forgetting by .95 a quarter."""
    game = played(trio(), 3)
    assert about(game, 0, "Ann", "Ben") == pytest.approx(0.6)
    assert about(game, 1, "Ann", "Ben") == pytest.approx(0.7 / 1.1)
    assert about(game, 1, "Ben", "Ann") == pytest.approx(0.6)
    assert about(game, 3, "Ben", "Ann") == pytest.approx(0.7 / 1.1)
    assert about(game, 2, "Ann", "Ben") == pytest.approx(0.695 / 1.095)


def test_a_broken_promise_falls_back_and_is_remembered() -> None:
    """b = .95 x .4 + .05 x .4 + 1.5: a step of one is the whole promise."""
    game = played(trio(), 4, ann=Script(ANN.opens, offers=ANN.offers, breaks=[2]))
    assert path(game, "gift") == [1, 1, 1, 1, 1]
    assert about(game, 3, "Ben", "Ann") == pytest.approx(0.6 / 2.5)
    assert game.end.tally[:, 0].tolist() == [2, 1, 1, 0]
    gift = game.game.scenario.lever("gift")
    assert (game.worlds[3].lock[gift] <= 2).all()


def test_what_was_not_due_is_not_owed_to_one_who_broke_its_word() -> None:
    game = played(trio(), 4, ben=Script(accepts=[0], breaks=[0]))
    assert path(game, "help") == [0] * 5
    assert path(game, "gift") == [1] * 5
    assert game.end.tally[:, 0].tolist() == [2, 0, 1, 1]


def test_rumour_reaches_those_with_a_like_tie() -> None:
    """Cyd hears of Ben's breach towards Ann as far as Ben's ties to both are alike, times .3."""
    game = played(trio(), 1, ben=Script(accepts=[0], breaks=[0]))
    scenario = game.game.scenario
    ann, ben, cyd = (scenario.actor(x) for x in NAMES)
    like = scenario.ties.likeness[ben, ann, cyd, 0]
    assert like == pytest.approx(1 - (0.4 + 0.5) / 4)
    assert about(game, 1, "Cyd", "Ben") == pytest.approx(0.6 / (1 + 1.5 * 0.3 * like))


def test_a_secret_breach_is_no_rumour() -> None:
    secret = trio(tables={"pact": {"visible": "parties"}})
    game = played(secret, 4, ann=Script(ANN.opens, offers=ANN.offers, breaks=[2]))
    assert about(game, 3, "Ben", "Ann") == pytest.approx(0.6 / 2.5)
    assert about(game, 4, "Cyd", "Ann") == pytest.approx(0.6)


def test_a_failed_vote_leaves_the_talks_open() -> None:
    game = played(trio(voter=votes(-100, 1)), 2)
    pact = [t.id for t in game.game.scenario.tables].index("pact")
    signing = game.records[0].signings[pact]
    assert signing is not None
    assert signing.odds[1] == pytest.approx([0, 0])
    assert not signing.signed.any()
    assert (game.worlds[1].opener[pact] == game.game.scenario.actor("Ann")).all()
    assert path(game, "help") == [0, 0, 0]
    assert game.end.tally.sum() == 0


@pytest.mark.parametrize(("win_set", "passes"), [(3.5, True), (2.5, False)])
def test_a_sharp_body_passes_what_lies_in_its_win_set(win_set: float, passes: bool) -> None:
    """One more help costs Ben 3 at home."""
    game = played(trio(voter=votes(win_set, 0.01)), 1)
    assert signed(game, 0, "pact") == passes


@pytest.mark.parametrize(("odds", "agrees"), [(1, True), (0, False)])
def test_a_scripted_party_may_have_to_agree(odds: float, agrees: bool) -> None:
    asked = {"gift": {"consent": {"party": "Islanders", "odds": number(odds)}}}
    assert signed(played(trio(levers=asked), 1), 0, "pact") == agrees


def test_a_deal_on_a_lever_that_moved_meanwhile_is_void() -> None:
    """Ben promises the same help at both tables in one quarter; the second by id comes too late."""
    cyd = Script(opens={0: {"side": ["help"]}}, offers={0: {"help": 1}})
    game = played(trio(), 1, cyd=cyd)
    assert signed(game, 0, "pact")
    assert not signed(game, 0, "side")
    side = game.records[0].signings[[t.id for t in game.game.scenario.tables].index("side")]
    assert side is not None
    assert side.overtaken.all()
    assert path(game, "help") == [0, 1]


def test_what_one_agreement_fixes_is_closed_to_others() -> None:
    cyd = Script(
        opens={n: {"side": ["help"]} for n in range(1, 6)},
        offers={n: {"help": -1} for n in range(1, 6)},
    )
    game = played(trio(), 6, ben=Script(accepts=range(6)), cyd=cyd)
    assert [signed(game, n, "side") for n in range(6)] == [False] * 4 + [True, False]
    assert path(game, "help") == [0, 1, 1, 1, 1, 0, 0]


def test_moving_what_an_agreement_fixes_is_breaking_it() -> None:
    game = played(trio(), 3, ben=Script(accepts=[0], moves={1: {"help": -1}}))
    assert path(game, "help") == [0, 1, 0, 0]
    kept_then_broken = (0.95 * 0.7 + 0.03) / (0.95 * 1.1 + 0.05 + 1.5)
    assert about(game, 2, "Ann", "Ben") == pytest.approx(kept_then_broken)


def test_the_host_must_agree_to_what_the_owner_may_not_do_alone() -> None:
    up = Script(opens={0: {"pact": ["guard"]}}, offers={0: {"guard": 1}})
    assert path(played(trio(), 1, ann=up), "guard") == [1, 2]
    assert path(played(trio(), 1, ann=up, ben=Script()), "guard") == [1, 1]
    down = Script(moves={0: {"guard": -1}})
    assert path(played(trio(), 1, ann=down), "guard") == [1, 0]
    with pytest.raises(IndexError):  # no such option
        played(trio(), 1, ann=Script(moves={0: {"guard": 1}}))


DEMAND = Script(opens={n: {"pact": ["help", "gift"]} for n in range(5)}, demands={0: 1})


def asked(game: Played) -> list[float]:
    """What stands asked at the table after each quarter."""
    pact = [t.id for t in game.game.scenario.tables].index("pact")
    return [float(w.demand[pact, 0]) for w in game.worlds[1:]]


def test_a_demand_stands_at_its_height_and_then_comes_down() -> None:
    """10 when made, then towards the believed settlement (here today's 0) by e^-.5 a quarter."""
    game = played(trio(), 4, ann=DEMAND)
    assert asked(game) == pytest.approx([10 * np.exp(-0.5 * n) for n in range(4)])


def test_below_a_demand_nothing_is_signed() -> None:
    """One more help does not meet 10, rounded down to the highest setting 2; with mild it does."""
    extreme = Script(DEMAND.opens, demands={0: 1}, offers={0: {"help": 1}})
    assert not signed(played(trio(), 1, ann=extreme), 0, "pact")
    mild = Script(DEMAND.opens, demands={0: 0}, offers={0: {"help": 1}})
    assert signed(played(trio(), 1, ann=mild), 0, "pact")


ONCE = Script({0: {"pact": ["help"]}}, demands={0: 1})


def test_a_demand_outlives_the_talks_and_comes_down_to_what_stands() -> None:
    """10 e^-.5n is below the first setting, 1, from the fifth quarter on: nothing is asked then."""
    down = [10 * np.exp(-0.5 * n) for n in range(5)]
    assert asked(played(trio(), 6, ann=ONCE)) == [*map(pytest.approx, down), -np.inf]


def test_a_demand_binds_when_the_other_side_opens() -> None:
    """In the second quarter 6.07 is asked, in the fifth 1.35: rounded down to 2 and to 1."""
    for quarter, met in ((1, False), (4, True)):
        ben = Script({quarter: {"pact": ["help"]}}, offers={quarter: {"help": 1}})
        game = played(trio(), 5, ann=but(ONCE, accepts=[quarter]), ben=ben)
        assert signed(game, quarter, "pact") is met
    assert asked(game)[-1] == -np.inf


def test_another_office_drops_the_demand() -> None:
    for winner, left in (("other", -np.inf), ("now", pytest.approx(10 * np.exp(-0.5)))):
        vote = event(
            {"quarter": "2025Q2"}, {"election": "Ann", "platforms": numbers(**{winner: 1})}
        )
        assert asked(played(trio(events={"vote": vote}), 2, ann=ONCE)) == [10, left]


def support_of(game: Played, name: str) -> list[float]:
    """Support of an actor after each quarter."""
    a = game.game.scenario.actor(name)
    return [float(w.support[a, 0]) for w in game.worlds[1:]]


def test_what_leaving_an_agreement_costs_is_felt_at_home() -> None:
    """The exit cost of what is broken or asked again, .2, times the weight of deals in support."""
    file = trio(
        levers={"gift": {"exit_cost": numbers(Ann=0.2)}},
        rules=rules(first_mover="opener", weight_noise=0, support_treasury=0),
    )
    again = but(ANN, opens={**ANN.opens, 1: {"pact": ["gift"]}})
    kept = support_of(played(file, 3), "Ann")
    reopened = support_of(played(file, 3, ann=again), "Ann")
    broken = support_of(played(file, 3, ann=but(ANN, breaks=[2])), "Ann")
    weight = trio().rules.support_deal.value
    assert kept[1] - reopened[1] == pytest.approx(weight * 0.2)
    assert kept[2] - broken[2] == pytest.approx(weight * 0.2)
    assert kept[:2] == pytest.approx(broken[:2])


def test_a_table_opens_for_nothing_once_its_term_is_over_or_an_event_frees_it() -> None:
    """The deal of the first quarter closes the table for four; a shock frees it, not its levers."""
    costly = {name: {"exit_cost": numbers(Ann=0.2)} for name in ("gift", "help", "guard")}
    plain = {"levers": costly, "rules": rules(first_mover="opener", support_treasury=0)}
    freed = event({"quarter": "2025Q2"}, {"reopen": "pact"})
    for quarter, lever_, events, cost in (
        (3, "guard", {}, 0.2),
        (4, "guard", {}, 0.0),
        (1, "guard", {"freed": freed}, 0.0),
        (1, "gift", {"freed": freed}, 0.2),
    ):
        file = trio(events=events, **plain)
        again = but(ANN, opens={**ANN.opens, quarter: {"pact": [lever_]}})
        calm = support_of(played(file, quarter + 1), "Ann")
        opened = support_of(played(file, quarter + 1, ann=again), "Ann")
        weight = file.rules.support_deal.value
        assert calm[-1] - opened[-1] == pytest.approx(weight * cost), (quarter, lever_)


def test_a_bluff_is_felt_at_home() -> None:
    """An audience holds it against its leader that he backed down (Fearon 1994)."""
    called = support_of(played(no_rumours(), 3, ann=Script(REFUSED.opens, announces=[0])), "Ann")
    silent = support_of(played(no_rumours(), 3, ann=Script(REFUSED.opens)), "Ann")
    assert called[:2] == silent[:2]
    assumed = trio().rules
    felt = assumed.support_deal.value * assumed.bluff_cost.value
    assert silent[2] - called[2] == pytest.approx(felt)


REFUSED = Script(
    opens={n: {"pact": ["help", "gift"]} for n in range(6)},
    announces=range(6),
    carries_out=range(6),
)


def no_rumours() -> ScenarioFile:
    return trio(rules=rules(spillover=0, threat_reversal=0, first_mover="opener"))


def test_a_threat_is_carried_out_when_it_falls_due() -> None:
    game = played(no_rumours(), 4, ann=REFUSED, ben=Script())
    assert [bool(r.own_moves.announced.all()) for r in game.records] == [True, False, False, True]
    assert [bool(r.own_moves.carried_out.all()) for r in game.records] == [
        False,
        False,
        True,
        False,
    ]
    assert path(game, "guard") == [1, 1, 1, 0, 0]
    i, j = (game.game.scenario.actor(x) for x in ("Cyd", "Ann"))
    assert resolve(game.worlds[3])[i, j, 0] == pytest.approx(0.8 / 1.3)


def test_a_bluff_is_remembered() -> None:
    game = played(no_rumours(), 3, ann=Script(REFUSED.opens, announces=[0]), ben=Script())
    assert game.records[2].own_moves.bluffed.all()
    assert path(game, "guard") == [1] * 4
    for observer in ("Ben", "Cyd"):
        i, j = (game.game.scenario.actor(x) for x in (observer, "Ann"))
        assert resolve(game.worlds[3])[i, j, 0] == pytest.approx(0.5 / 1.3)


def test_no_refusal_no_threat_and_a_deal_ends_it() -> None:
    quiet = played(trio(), 3, ann=Script(announces=range(3)), ben=Script())
    assert not any(r.own_moves.announced.any() for r in quiet.records)
    dealt = Script(REFUSED.opens, offers={1: BOTH}, announces=[0], carries_out=range(6))
    game = played(trio(), 4, ann=dealt, ben=Script(accepts=[1]))
    assert game.worlds[1].announced.all()
    assert not game.worlds[2].announced.any()
    assert path(game, "guard") == [1] * 5


def test_a_threat_may_be_called_off_at_home() -> None:
    file = trio(rules=rules(threat_reversal=1, first_mover="opener"))
    game = played(
        file, 4, ann=Script(REFUSED.opens, announces=[0], carries_out=range(6)), ben=Script()
    )
    assert [bool(r.own_moves.called_off.all()) for r in game.records] == [False, True, False, False]
    assert path(game, "guard") == [1] * 5


def test_a_threat_costs_trust_and_relation_at_once() -> None:
    game = played(trio(), 1, ann=REFUSED, ben=Script())
    assert about(game, 1, "Ben", "Ann") == pytest.approx(0.6 / 1.3)
    ann, ben = (game.game.scenario.actor(x) for x in ("Ann", "Ben"))
    assert game.end.relation[ann, ben] == pytest.approx([-0.1, -0.1])


def test_an_agenda_holds_what_its_slots_allow() -> None:
    """Ben would keep both tables open, but has one slot; an event takes even that for a while."""
    parts = trio().model_dump(by_alias=True)
    parts["actors"]["Ben"]["agenda"] = number(1)
    both = {n: {"pact": ["help"], "side": ["help"]} for n in range(4)}
    flood = {"flood": event({"quarter": "2025Q2"}, {"attention": "Ben", "slots": 1, "quarters": 2})}
    file = ScenarioFile.model_validate(parts | {"events": flood})
    game = played(file, 4, ann=Script(), ben=Script(opens=both))
    opened = [(r.opened != NOBODY).sum(axis=0).tolist() for r in game.records]
    assert opened == [[1, 1], [0, 0], [0, 0], [1, 1]]


def test_an_event_moves_a_lever_and_voids_what_was_promised_on_it() -> None:
    fate = {"fate": event({"quarter": "2025Q2"}, {"lever": "gift", "to": 3})}
    game = played(trio(events=fate), 4)
    assert path(game, "gift") == [1, 1, 3, 3, 3]
    assert game.end.tally[:, 0].tolist() == [2, 1, 0, 1]


def test_an_event_that_undoes_a_secret_is_seen_by_all() -> None:
    """What was hidden is overtaken: nobody is left with a picture of what no longer stands."""
    fate = {"fate": event({"quarter": "2025Q2"}, {"lever": "gift", "to": 3})}
    secret = trio(tables={"pact": {"visible": "parties"}}, events=fate)
    game = played(secret, 2)
    gift = game.game.scenario.lever("gift")
    assert not game.end.secret[gift].any()
    assert (game.end.before[gift] == game.end.setting[gift]).all()


def test_a_deal_that_pays_is_felt_at_home_unless_it_is_secret() -> None:
    """Ben is given a gift for nothing: its government gains, Ann's loses, before it arrives."""
    gift = Script(ANN.opens, offers={0: {"gift": 1}})

    def support(**table_: Any) -> list[float]:
        game = played(trio(tables={"pact": table_}), 1, ann=gift)
        assert signed(game, 0, "pact")
        return [float(x) for x in game.end.support[:2, 0]]

    ann, ben = support()
    assert ann < ben
    no_deal = played(trio(), 1, ann=gift, ben=Script()).end.support[:2, 0]
    assert ann < no_deal[0]
    assert ben > no_deal[1]
    assert support(visible="parties") == pytest.approx(no_deal)


def test_a_signed_sum_is_taken_for_granted_by_all_whose_accounts_it_enters() -> None:
    scenario = prepare(trio(levers={"help": {"headline": True}})).scenario
    pact = scenario.tables[[t.id for t in scenario.tables].index("pact")]
    reference = np.zeros((3, 6, 3))
    one_more = np.array([0]), np.array([1])
    take_for_granted(scenario, reference, pact, np.array([1]), *one_more)
    expected = np.zeros_like(reference)
    moved = ("Ben", "treasury", -1), ("Ann", "treasury", 1), ("Cyd", "commerce", 1)
    for who, account, amount in moved:
        expected[scenario.actor(who), ACCOUNTS.index(account), 1] = amount
    assert reference == pytest.approx(expected)


def test_what_is_agreed_to_be_paid_counts_from_the_signature() -> None:
    """Even where it is still to come: this help takes two quarters."""
    game = played(trio(levers={"help": {"lead": 2}}), 1)
    pact = [t.id for t in game.game.scenario.tables].index("pact")
    assert path(game, "help") == [0, 0]
    assert [float(w.agreed[pact, 0]) for w in game.worlds] == [0, 1]


def test_a_deal_with_its_rival_tells_an_ally_something_of_who_made_it() -> None:
    """Cyd is Ben's ally (.4) and Ann's rival (.5): b = .4 + 1 x .4 x .5, about Ben alone."""
    ties: list[Part] = [
        {"from": "Ann", "to": "Ben"} | numbers(alliance=0.8),
        {"from": "Ben", "to": "Cyd"} | numbers(alliance=0.4),
        {"from": "Ann", "to": "Cyd"} | numbers(rivalry=0.5),
    ]
    behind = rules(weight_noise=0, spillover=0, weight_behind_back=1)
    game = played(trio(ties=ties, rules=behind), 1)
    assert signed(game, 0, "pact")
    assert about(game, 1, "Cyd", "Ben") == pytest.approx(0.6 / (0.6 + 0.4 + 0.2))
    assert about(game, 1, "Cyd", "Ann") == pytest.approx(0.6)


def test_half_a_promise_broken_is_half_a_breach() -> None:
    """A gift of one where two may be given at once: b = .4 + 1.5 x .5."""
    wide = trio(levers={"gift": {"step": 2}})
    game = played(wide, 4, ann=Script(ANN.opens, offers=ANN.offers, breaks=[2]))
    assert about(game, 3, "Ben", "Ann") == pytest.approx(0.6 / (0.6 + 0.4 + 0.75))


def test_a_breach_sets_the_other_side_free() -> None:
    game = played(trio(), 3, ann=Script(ANN.opens, offers=ANN.offers, breaks=[2]))
    help_ = game.game.scenario.lever("help")
    assert game.worlds[2].lock[help_].tolist() == [4, 4]
    assert (game.worlds[3].lock[help_] <= 2).all()
    assert (game.worlds[3].lock_with[help_] == NOBODY).all()


def test_what_moves_slowly_goes_on_moving_slowly_when_it_falls_due() -> None:
    """Half of the way a quarter, in logs: from 1 towards 4 by 2, then 2.83."""
    slow = {"settings": [1, 4], "start": 1, "continuous": number(0.5)}
    game = played(trio(levers={"help": slow}), 2)
    assert signed(game, 0, "pact")
    assert path(game, "help") == pytest.approx([1, 2, 4**0.75])


@dataclass
class Notes(Script):
    """Keeps what keeping each promise would change, by quarter."""

    seen: dict[int, list[float]] = field(default_factory=dict)

    def honour(self, briefing: Briefing) -> Decision:
        assert briefing.promises is not None
        treasury = briefing.promises.own[ACCOUNTS.index("treasury"), :, 0]
        if len(treasury):
            self.seen[briefing.quarter] = treasury.tolist()
        return super().honour(briefing)


def test_what_keeping_a_promise_is_worth() -> None:
    """Ben's help costs 1 and keeps a gift of 1 coming, believed by .6; Ann's brings no more."""
    ann, ben = Notes(ANN.opens, offers=ANN.offers), Notes(accepts=[0])
    game = played(trio(), 3, ann=ann, ben=ben)
    scale = game.game.scenario.scale[:2, ACCOUNTS.index("treasury")]
    assert ben.seen == {0: [pytest.approx((-1 + 0.6) / scale[1])]}
    assert ann.seen == {2: [pytest.approx(-1 / scale[0])]}


def test_what_moves_slowly_waits_for_its_lead() -> None:
    slow = {"settings": [1, 4], "start": 1, "continuous": number(0.5), "lead": 2}
    game = played(trio(levers={"help": slow}), 3)
    assert path(game, "help") == pytest.approx([1, 1, 1, 2])


def test_a_signed_deal_binds_both() -> None:
    """Relation capital fades by .93 a quarter, and a deal brings .1 to either side's."""
    game = played(trio(), 1)
    ann, ben, cyd = (game.game.scenario.actor(x) for x in NAMES)
    before, after = game.worlds[0].relation[..., 0], game.worlds[1].relation[..., 0]
    for one, other in ((ann, ben), (ben, ann)):
        assert after[one, other] == pytest.approx(0.93 * before[one, other] + 0.1)
    assert after[ann, cyd] == pytest.approx(0.93 * before[ann, cyd])
