"""Agreements that end: what signing sets, when they may be renewed, and what their end costs."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from agents.briefing import ACCOUNTS
from model.bargaining import AGREED
from model.chronicle import expiries
from model.measures import world_digest
from model.reckoning import new_quarter, run_out
from model.scenario import NOBODY
from model.schema import ScenarioFile
from model.turn import Game, begin, prepare
from model.world import NEVER_DUE, RENEWAL, World, agreement_end
from runs.seminar.news import ticker
from runs.seminar.words import translator
from runs.words import Names, expiry_words
from tests.scripts import Script
from tests.worlds import (
    Part,
    Played,
    actor,
    differences,
    event,
    ledger,
    lever,
    numbers,
    play,
    rules,
    strait,
    table,
    world,
)

OLD_END = 6  # the old agreement is in force until 2026Q2
SUM, RENEW = {"sum": 1}, {"in_force": 1}


def pact(*, old: bool = True, years: float = 1, **parts: Any) -> ScenarioFile:
    """Ben pays Ann a sum; both are worse off, by 3 and 2 points, where no agreement is in force."""
    actors = {name: actor("status_quo") for name in ("Ann", "Ben")}
    levers = {
        "sum": lever("Ben", [0, 1, 2, 3], 1, headline=True),
        "in_force": lever("Ann", [0, 1], float(old), host="Ben", unilateral="down"),
        "years": lever("Ann", [0.5, 1, 2], years, host="Ben"),
        "gift": lever("Ann", [0, 1], 0),
    }
    lines = ledger(
        ("sum", "Ann.treasury", 1),
        ("sum", "Ben.treasury", -1),
        ("gift", "Ben.commerce", 1),
        ("in_force", "Ann.security", 3),
        ("in_force", "Ben.home", 2),
        ("years", "Ben.home", 1),
    )
    asked = {"by": "Ann", "lever": "sum", "norms": numbers(more=3)}
    at: Part = {"levers": sorted(levers), "demands": [asked]}
    at |= {"duration": {"in_force": "in_force", "years": "years"}}
    agreement: Part = {"name": "Old", "table": "pact", "levers": ["sum", "in_force", "years"]}
    agreement |= {"until": "2026Q2", "source": "assumed"}
    given: Part = {
        "rules": rules(first_mover="opener", weight_noise=0, reference_speed=0),
        "tables": {"pact": table("Ann", "Ben", term=12, **at)},
        "agreements": {"old": agreement} if old else {},
        "ledger": lines,
    }
    return world(actors, levers, **(given | parts))


def played(file: ScenarioFile, quarters: int, deals: dict[int, dict[str, int]]) -> Played:
    """Play a game in which Ann offers these deals and Ben accepts them."""
    ann = Script(opens={q: {"pact": sorted(d)} for q, d in deals.items()}, offers=deals)
    return play(file, 2, quarters, deciders={"Ann": ann, "Ben": Script(accepts=sorted(deals))})


def path(game: Played, name: str) -> list[float]:
    """Value in effect of a lever, from the start to the end."""
    x = game.game.scenario.lever(name)
    return [float(w.value[x, 0]) for w in game.worlds]


def end(game: Played, quarter: int) -> int:
    """End of the agreement that was signed in a quarter."""
    signing = game.records[quarter].signings[0]
    assert signing is not None
    assert signing.signed.all()
    assert (signing.end == signing.end[0]).all()
    return int(signing.end[0])


def fixed(game: Game, world_: World) -> dict[str, tuple[int, int]]:
    """Lock of each lever, and with whom."""
    ids = game.scenario.levers.ids
    return {x: (int(world_.lock[n, 0]), int(world_.lock_with[n, 0])) for n, x in enumerate(ids)}


def test_the_agreement_at_the_start_ends_when_its_file_says() -> None:
    game = prepare(pact())
    start = begin(game, 1)
    assert start.ends.tolist() == [[OLD_END]]
    ann, ben = game.scenario.actor("Ann"), game.scenario.actor("Ben")
    assert fixed(game, start) == {
        "gift": (0, NOBODY),
        "in_force": (OLD_END - RENEWAL, ben),
        "sum": (OLD_END - RENEWAL, ann),
        "years": (OLD_END - RENEWAL, ben),
    }


def test_an_agreement_that_nobody_renews_runs_out_and_both_lose() -> None:
    """In force until the end of quarter 5; from quarter 2 on its end counts as decided."""
    game = played(pact(), 8, {})
    assert path(game, "in_force") == [1, 1, 1, 1, 1, 1, 1, 0, 0]
    x = game.game.scenario.lever("in_force")
    assert [int(w.setting[x, 0]) for w in game.worlds] == [1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert [int(w.due[x, 0]) for w in game.worlds[3:8]] == [OLD_END] * 4 + [NEVER_DUE]
    lost = game.records[7].accounts - game.records[5].accounts
    ann, ben = game.game.scenario.actor("Ann"), game.game.scenario.actor("Ben")
    wanted = np.zeros_like(lost)
    wanted[ann, ACCOUNTS.index("security")] = -3
    wanted[ben, ACCOUNTS.index("home")] = -2
    assert lost == pytest.approx(wanted)
    assert game.end.tally.sum() == 0  # nobody has promised or broken anything


def test_what_it_fixes_is_free_a_year_before_its_end_and_the_table_open() -> None:
    file = pact()
    game = prepare(file)
    start = begin(game, 1)
    start = replace(start, closed=np.full_like(start.closed, 99))
    for quarter in range(OLD_END + 2):
        now = new_quarter(game.scenario, replace(start, quarter=quarter))
        living = {x for x, (until, _) in fixed(game, now).items() if until > quarter}
        early = quarter < OLD_END - RENEWAL
        assert living == ({"in_force", "sum", "years"} if early else set())
        assert now.closed.tolist() == [[99 if early else quarter]]
        assert (now.lock_with[now.lock <= quarter] == NOBODY).all() or early


@pytest.mark.parametrize(
    ("deal", "entry"), [(SUM, False), ({"years": 1}, False), (RENEW, True), (SUM | RENEW, True)]
)
def test_any_deal_on_it_renews_it_from_its_end(deal: dict[str, int], entry: bool) -> None:
    game = played(pact(), 7, {3: deal})
    years = 2 if "years" in deal else 1
    assert end(game, 3) == OLD_END + 4 * years
    assert path(game, "in_force") == [1] * 8
    after = game.worlds[4]
    assert after.ends[0, 0] == OLD_END + 4 * years
    scenario = game.game.scenario
    for name in ("in_force", "sum", "years"):
        x = scenario.lever(name)
        assert after.lock[x, 0] == OLD_END + 4 * years - RENEWAL
        assert after.lock_with[x, 0] == scenario.actor("Ann" if name == "sum" else "Ben")
    assert after.closed[0, 0] == 3 + 12
    # the entry into force is no promise
    assert game.end.tally[:2, 0].tolist() == [len(deal) - entry] * 2


def test_a_new_agreement_after_the_end_begins_when_it_is_signed() -> None:
    game = played(pact(years=2), 10, {8: SUM})
    assert end(game, 8) == 8 + 8
    assert path(game, "in_force") == [1] * 7 + [0, 0, 1, 1]


def test_one_that_replaces_a_living_one_begins_when_it_is_signed() -> None:
    game = played(pact(years=2), 2, {1: SUM})
    assert end(game, 1) == 1 + 8


def test_half_a_year_is_two_quarters_and_is_free_at_once() -> None:
    game = played(pact(old=False, years=0.5), 4, {0: RENEW})
    assert end(game, 0) == 2
    assert path(game, "in_force") == [0, 1, 1, 0, 0]


def test_a_deal_on_something_else_is_no_agreement() -> None:
    game = played(pact(), 8, {0: {"gift": 1}})
    assert end(game, 0) == NEVER_DUE
    assert game.worlds[1].ends[0, 0] == OLD_END
    assert path(game, "in_force")[-1] == 0


def test_two_may_agree_to_end_it_and_one_may_end_it_alone() -> None:
    agreed = played(pact(), 3, {0: {"in_force": -1, "sum": 1}})
    assert end(agreed, 0) == NEVER_DUE
    assert path(agreed, "in_force") == [1, 0, 0, 0]
    leaves = Script(moves={0: {"in_force": -1}})
    alone = play(pact(), 2, 3, deciders={"Ann": leaves, "Ben": Script()})
    assert path(alone, "in_force") == [1, 0, 0, 0]
    for game in (agreed, alone):
        now = new_quarter(game.game.scenario, game.worlds[2])
        assert not (now.lock > now.quarter).any()
        assert (now.lock_with == NOBODY).all()


def test_one_that_an_event_brings_into_force_runs_its_years() -> None:
    comes = event({"quarter": "2025Q2"}, {"lever": "in_force", "to": 1})
    game = played(pact(old=False, years=2, events={"comes": comes}), 12, {})
    assert path(game, "in_force") == [0, 0] + [1] * 9 + [0, 0]
    assert game.worlds[3].ends.tolist() == [[10, 10]]


def test_where_a_run_sets_it_in_force_it_runs_its_years_from_the_start() -> None:
    game = play(pact(old=False), 2, 6, values={"levers.in_force.start": np.array([0.0, 1.0])})
    x = game.game.scenario.lever("in_force")
    assert [w.value[x].tolist() for w in game.worlds[3:6]] == [[0, 1], [0, 1], [0, 0]]


def test_renewal_is_worth_what_the_end_would_cost() -> None:
    """In its last year a renewal is priced like the way back into force, before it no move."""
    seen: dict[int, Any] = {}

    class Looks(Script):
        def agenda(self, briefing: Any) -> Any:
            seen[briefing.quarter] = briefing.prospects[0].seat
            return super().agenda(briefing)

    play(pact(), 1, 4, deciders={"Ann": Looks(), "Ben": Script()})
    for quarter, seat in seen.items():
        x = seat.names.index("in_force")
        up = np.flatnonzero((seat.lever[:, 0] == x) & (seat.steps == 1))[0]
        down = np.flatnonzero((seat.lever[:, 0] == x) & (seat.steps == -1))[0]
        late = quarter >= OLD_END - RENEWAL
        assert bool(seat.blocked[up, 0]) is not late
        assert bool(seat.blocked[down, 0]) is late
        gain = seat.own[ACCOUNTS.index("security"), up if late else down, 0]
        assert gain == pytest.approx(1 if late else -1)  # the unit is a step: 3 points


def test_a_game_is_the_same_alone_and_in_a_batch() -> None:
    """Doctrines that bargain, so that agreements differ from game to game."""
    file = pact(years=2)
    seats = {
        name: part.model_copy(update={"doctrine": "transactional"})
        for name, part in file.actors.items()
    }
    file = file.model_copy(update={"actors": seats})
    whole = play(file, 40, 12)
    assert len(np.unique(whole.end.ends)) > 2
    for n in (0, 7, 39):
        alone = play(file, np.array([n]), 12)
        assert world_digest(alone.end)[0] == world_digest(whole.end)[n]


def test_without_a_duration_nothing_is_drafted_nor_ends() -> None:
    game = play(strait(), 20, 8)
    assert (game.end.ends == 0).all()
    for world_ in game.worlds:
        assert run_out(game.game.scenario, world_) is world_
    for record in game.records:
        for signing in record.signings:
            assert signing is None or (signing.end == NEVER_DUE).all()


def test_what_a_rule_may_write_it_owns() -> None:
    """The world before a quarter is not written into by its end."""
    game = prepare(pact())
    start = replace(begin(game, 2), quarter=OLD_END - RENEWAL)
    kept = {f.name: np.copy(getattr(start, f.name)) for f in fields(World)}
    after = run_out(game.scenario, start)
    assert set(differences(start, after)) == {"setting", "due", "lock_with"}
    for name, value in kept.items():
        assert np.array_equal(value, getattr(start, name))
    assert {"ends", "value"} <= set(AGREED)


def test_its_last_year_and_its_end_are_told() -> None:
    """In a story, and in the ticker of a class in either language."""
    file = pact()
    game, names = prepare(file), ("Ann", "Ben")
    told = []
    for quarter in (OLD_END - RENEWAL - 1, OLD_END - RENEWAL, OLD_END - 1, OLD_END):
        world_ = begin(game, 1)
        world_ = run_out(game.scenario, replace(world_, quarter=quarter - 1))
        now = replace(world_, quarter=quarter)
        told.append(list(expiries(game.scenario, now, run_out(game.scenario, now))))
    assert [[e["over"] for e in events] for events in told] == [[], [False], [], [True]]
    assert {e["last"] for events in told for e in events} == {"2026Q2"}
    who = {a: {"name": a, "called": a, "office": ""} for a in names}
    called = Names({"actors": who})
    (late,), (over,) = told[1], told[3]
    assert expiry_words(called, late).endswith("may be renewed: it runs out after 2026Q2")
    assert expiry_words(called, over) == "the agreement of Ann and Ben has run out"
    quarters = [[{"event": "quarter", "quarter": "2026Q3"}, over]]
    for language, word in (("en", "has run out"), ("ko", "만료")):
        ((_, lines),) = ticker(translator(language), file, quarters)
        assert word in lines[0]
        assert "2026Q2" in lines[0]


def test_the_end_of_what_is_made_now() -> None:
    """Renewed in the last year: from the old end; earlier, later or out of force: from now."""
    game = prepare(pact())
    start = begin(game, 1)
    found = [
        int(agreement_end(game.scenario, replace(start, quarter=q), 0)[0])
        for q in (0, 1, 2, 5, 6, 9)
    ]
    assert found == [4, 5, 10, 10, 10, 13]
    x = game.scenario.lever("in_force")
    out = replace(start, quarter=3, value=start.value.copy())
    out.value[x] = 0
    assert agreement_end(game.scenario, out, 0).tolist() == [7]


def test_chance_is_drawn_as_before() -> None:
    """An agreement takes no draw: with or without a duration first speakers are the same."""
    rule = rules(weight_noise=0)
    with_ = pact(rules=rule)
    pacts = {i: t.model_copy(update={"duration": None}) for i, t in with_.tables.items()}
    without = with_.model_copy(update={"tables": pacts})
    ann = Script(opens={quarter: {"pact": ["gift"]} for quarter in range(4)})
    firsts = []
    for file in (with_, without):
        game = play(file, 30, 4, deciders={"Ann": ann, "Ben": Script()})
        talks = [record.talks[0] for record in game.records]
        firsts.append([talk.first.tolist() for talk in talks if talk is not None])
    assert firsts[0] == firsts[1]
    assert len(firsts[0]) == 4
