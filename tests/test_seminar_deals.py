"""Deals of a seminar under any order of proposals, answers and withdrawals."""

import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

pytest.importorskip("starlette", reason="needs the extra `seminar`")

from model.wargame import Wargame
from runs.play import replay
from runs.seminar.dealing import Terms
from runs.seminar.export import broken_seals, bundle
from runs.seminar.ground import Refused
from runs.seminar.live import Live
from runs.seminar.news import outcome_of
from runs.seminar.record import DiskFullError
from runs.seminar.seats import steps_to
from runs.seminar.session import fold
from runs.seminar.words import translator
from tests.classroom import begun

TEAMS = ("USA", "ROK", "JPN", "PRK")
MOVES = st.dictionaries(
    st.sampled_from(
        [
            ("edc_fund", 0.05), ("edc_fund", 0.1), ("ncg_depth", 3.0), ("rok_spending", 2.68),
            ("hns_cash", 218.0), ("jpn_spending", 1.5), ("us_dprk_track", 1.0),
            ("prk_freeze", 1.0), ("usfk_army", 23.6), ("edc_fund", 4.1),
        ]
    ),
    st.none(),
    min_size=1,
    max_size=3,
)  # fmt: skip

TERMS = st.builds(
    Terms,
    minutes=st.sampled_from([None, None, 0.001, 5.0]),
    condition=st.sampled_from([None, None, {"table": "jpn-usa"}, {"table": "usa-prk"}]),
)


class Deals(RuleBasedStateMachine):
    """Whatever teams do: nobody is bound by what it did not sign, and the record says it all."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.live = begun(self.folder, 3, *TEAMS)
        self.signed: dict[str, tuple[str, ...]] = {}
        self.said: dict[str, set[str]] = {}

    def versions(self) -> list[str]:
        return list(self.live.session.deals)

    @rule(by=st.sampled_from(TEAMS), others=st.sets(st.sampled_from(TEAMS), min_size=1, max_size=3),
          moves=MOVES, pick=st.integers(0, 50), child=st.booleans(), terms=TERMS)  # fmt: skip
    def propose(
        self, by: str, others: set[str], moves: dict, pick: int, child: bool, terms: Terms
    ) -> None:
        parent = None
        if child and self.versions():
            parent = self.versions()[pick % len(self.versions())]
        wanted = dict(moves)
        try:
            made = self.live.offer(by, sorted(others), wanted, terms, parent=parent)
        except Refused:
            return
        version = self.live.session.deals[made]
        assert version.moves == wanted
        assert (version.minutes, version.condition) == (terms.minutes, terms.condition)
        assert set(version.parties) == {by, *others}
        self.said[made] = {by}

    @rule(action=st.sampled_from(["start", "pause", "add"]), minutes=st.sampled_from([-90.0, 90.0]))
    def clock(self, action: str, minutes: float) -> None:
        self.live.set_clock(action, minutes)

    @precondition(lambda self: self.versions())
    @rule(seat=st.sampled_from(TEAMS), pick=st.integers(0, 50), yes=st.booleans(),
          stale=st.booleans())  # fmt: skip
    def answer(self, seat: str, pick: int, yes: bool, stale: bool) -> None:
        id_ = self.versions()[pick % len(self.versions())]
        version = self.live.session.deals[id_]
        before, lapsed = version.status, self.live.lapsed(version)
        mark = "0" * 16 if stale else version.hash
        try:
            self.live.answer(seat, id_, mark, yes, None)
        except Refused:
            assert version.status == before
            return
        assert not stale
        assert not lapsed
        assert seat in version.parties
        assert before == "open"
        if yes:
            self.said.setdefault(id_, {version.by}).add(seat)

    @precondition(lambda self: self.versions())
    @rule(seat=st.sampled_from(TEAMS), pick=st.integers(0, 50))
    def withdraw(self, seat: str, pick: int) -> None:
        id_ = self.versions()[pick % len(self.versions())]
        version = self.live.session.deals[id_]
        before = version.status
        try:
            self.live.withdraw(seat, id_, None)
        except Refused:
            assert version.status == before
            return
        assert seat == version.by
        assert before == "open"

    @invariant()
    def all_sign_or_none(self) -> None:
        for id_, version in self.live.session.deals.items():
            people = {p for p in version.parties if p in TEAMS}
            if version.status == "signed":
                assert people <= self.said.get(id_, {version.by})
                assert set(version.parties) <= version.yes
            if id_ in self.signed:  # once signed, always signed, and the same words
                assert version.status == "signed"
                assert self.signed[id_] == (version.hash, *version.parties)
            elif version.status == "signed":
                self.signed[id_] = (version.hash, *version.parties)

    @invariant()
    def one_signed_deal_a_table(self) -> None:
        tables = [
            table
            for version in self.live.session.deals.values()
            if version.status == "signed"
            for table in self.live.parts(version.parties, version.moves)
        ]
        assert len(tables) == len(set(tables))

    @invariant()
    def agendas_are_not_overdrawn(self) -> None:
        for team in TEAMS:
            assert len(self.live.opened_by(team)) <= self.live.slots(team)

    @invariant()
    def the_record_says_it_all(self) -> None:
        assert fold(self.live.record.events()) == self.live.session

    def teardown(self) -> None:
        """Publish: each signed deal has come into force whole, or nothing of it."""
        self.live.set_clock("add", 1000.0)
        for team in TEAMS:
            self.live.save(team, 0, {}, lock=True, request=None)
        self.live.publish()
        turn = self.live.session.turns[0]
        signings = [
            (q, e["table"], {m["lever"]: m["to"] for m in e["moves"]})
            for q, told in enumerate(turn.quarters)
            for e in told
            if e["event"] == "signing" and e["signed"]
        ]
        for id_ in self.signed:
            parts = {t: d["moves"] for t, d in turn.tabled.items() if d["deal"] == id_}
            when = {t: {q for q, x, m in signings if x == t and m.items() <= part.items()}
                    for t, part in parts.items()}  # fmt: skip
            bound = {q for quarters in when.values() for q in quarters}
            assert len(bound) <= 1
            assert bool(turn.fates[id_]["since"]) == bool(bound)
            for table in [t for t in parts if bound and not when[t]]:  # it stood there already
                for x, value in parts[table].items():
                    assert not steps_to(self.live.game.game.scenario, self.live.world, x, value)
        assert set(turn.fates) == set(self.signed)
        self.live.record.close()
        shutil.rmtree(self.folder)


QUICK = settings(
    max_examples=3, stateful_step_count=12, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
LONG = settings(QUICK, max_examples=60, stateful_step_count=40)


def test_deals_in_any_order() -> None:
    Deals.TestCase.settings = QUICK
    Deals.TestCase("runTest").runTest()


@pytest.mark.slow
def test_deals_in_any_order_at_length() -> None:
    Deals.TestCase.settings = LONG
    Deals.TestCase("runTest").runTest()


def test_what_was_signed_is_ratified_and_kept_like_any_deal(tmp_path: Path) -> None:
    """A signed deal goes into the engine's talks: offered, accepted, voted on."""
    live = begun(tmp_path, 5, "USA", "ROK")
    made = live.offer("USA", ["ROK"], {"edc_fund": 0.05, "ncg_depth": 3.0})
    live.answer("ROK", made, live.session.deals[made].hash, yes=True, request=None)
    live.publish()
    events = [e for q in live.session.turns[0].quarters for e in q if e.get("table") == "rok-usa"]
    offer = next(e for e in events if e["event"] == "offer" and e["moves"])
    assert {m["lever"]: m["to"] for m in offer["moves"]} == {"edc_fund": 0.05, "ncg_depth": 3.0}
    signing = next(e for e in events if e["event"] == "signing")
    assert "ROK" in signing["votes"]
    assert 0.0 < signing["votes"]["ROK"]["odds"] < 1.0
    live.record.close()
    again = Live(tmp_path)  # started again: the same state from the stored answers
    assert again.session.turns[0].digest == live.session.turns[0].digest
    again.record.close()


def test_seats_that_nobody_holds_play_as_in_any_game(tmp_path: Path) -> None:
    """Without teams the seminar is the game that `play` plays, to the last bit."""
    live = Live(tmp_path)
    live.create("class60", 7, "en", "")
    for _ in range(2):
        live.begin_turn()
        live.publish()
    game = Wargame("class60", rng=7)
    for _ in range(4):
        game.step()
    assert live.session.turns[-1].digest == game.digest
    live.record.close()


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.create("class60", 1, "en", "")
    live.record._db.execute("PRAGMA max_page_count = 10")

    def fill() -> None:
        for n in range(1000):
            live.append("message", {"by": "USA", "to": [], "text": f"{n}" * 500})

    with pytest.raises(DiskFullError):
        fill()
    assert live.session == fold(live.record.events())
    assert 0 < len(live.session.messages) < 1000
    live.record.close()


def play_by_bots(folder: Path, scenario: str) -> Live:
    """Teams in all seats order at random what their forms allow, and sign what they are offered."""
    chance = Random(scenario)  # noqa: S311 - a test's play
    live = Live(folder)
    live.create(scenario, 11, "en", "")
    teams = list(live.session.held)[:3]
    for team in teams:
        live.append("held", {"seat": team, "by": "people"})
    for turn in range(1, live.game.turns() + 1):
        live.begin_turn(600.0)
        for team in teams:
            table = chance.choice(live.forms.tables_of(team))
            line = chance.choice(live.forms.deal_lines(table, live.middle()))
            other = next(p for p in live.forms.parties(table) if p != team)
            with suppress(Refused):
                live.offer(team, [other], {line.lever: chance.choice(line.choices).value})
        for version in list(live.session.deals.values()):
            for team in teams:
                if version.open and team in version.parties and team not in version.yes:
                    with suppress(Refused):
                        live.answer(team, version.id, version.hash, yes=True, request=None)
        for team in teams:
            lines = live.forms.own_lines(team, live.middle())
            moves = {x.lever: chance.choice(x.choices).value for x in lines[:2]}
            threats = [x.id for x in live.forms.threats(team, live.middle())]
            live.save(team, 0, {"moves": moves, "threats": threats}, lock=True, request=None)
        live.publish()
        assert live.session.turn == turn
        assert set(live.session.turns[-1].used.values()) <= {"orders", "doctrine"}
    assert live.session.phase == "over"
    return live


@pytest.mark.parametrize(
    "scenario",
    ["class60", *(pytest.param(s, marks=pytest.mark.slow) for s in ("class90", "class180"))],
)
def test_bots_rehearse_the_timetable(tmp_path: Path, scenario: str) -> None:
    """The server takes a small part of a lesson; the export of a whole game is played again."""
    began = time.monotonic()
    live = play_by_bots(tmp_path / "record", scenario)
    took = time.monotonic() - began
    minutes = int(scenario.removeprefix("class"))
    assert took < 60.0 * minutes / 10
    path = tmp_path / "class.zip"
    path.write_bytes(bundle(live, translator("ko")))
    live.record.close()
    assert replay(path).same
    assert broken_seals(path) == []


def test_a_seat_goes_to_its_doctrine_and_back(tmp_path: Path) -> None:
    live = begun(tmp_path / "a", 2, "USA", "JPN")
    made = live.offer("USA", ["JPN"], {"jpn_spending": 1.5})
    assert live.session.deals[made].open
    live.hold("JPN", "doctrine")  # which answers what lies before it
    assert live.session.deals[made].status in ("signed", "refused")
    live.hold("JPN", "people")
    live.save("JPN", 0, {"moves": {"jpn_spending": 1.65}}, lock=True, request=None)
    live.publish()
    assert live.session.turns[0].used["JPN"] == "orders"
    live.begin_turn()
    other = Live(live.fork(2))  # another section, from the same beginning
    assert other.session.turn == 2
    assert other.worlds[-1].quarter == live.worlds[-1].quarter
    assert other.session.turns[0].digest == live.session.turns[0].digest
    other.publish()
    assert not live.session.turns[1:]
    live.record.close()
    other.record.close()


def test_news_with_a_trigger_waits_for_it(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.create("class60", 1, "en", "")
    inject: dict[str, Any] = {"text": "Markets fall.", "to": [], "effects": [], "turn": None}
    for what in ("crisis", "threat"):
        live.append("inject", {**inject, "id": what, "trigger": what})
    live.begin_turn()
    live.publish()
    told = {what: outcome_of(what, live.session.turns[0].quarters) for what in ("crisis", "threat")}
    live.begin_turn()
    for what, happened in told.items():
        assert (live.session.injects[what].status == "released") == happened
    live.record.close()
