"""Deals of a seminar under any order of proposals, answers and withdrawals."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

pytest.importorskip("starlette", reason="needs the extra `seminar`")

from model.wargame import Wargame
from runs.seminar.ground import Refused
from runs.seminar.live import Live
from runs.seminar.record import DiskFullError
from runs.seminar.session import fold

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


class Deals(RuleBasedStateMachine):
    """Whatever teams do: nobody is bound by what it did not sign, and the record says it all."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.live = Live(self.folder)
        self.live.create("class60", 3, "en", "")
        for team in TEAMS:
            self.live.append("held", {"seat": team, "by": "people"})
        self.live.begin_turn()
        self.signed: dict[str, tuple[str, ...]] = {}
        self.said: dict[str, set[str]] = {}

    def versions(self) -> list[str]:
        return list(self.live.session.deals)

    @rule(by=st.sampled_from(TEAMS), others=st.sets(st.sampled_from(TEAMS), min_size=1, max_size=3),
          moves=MOVES, pick=st.integers(0, 50), child=st.booleans())  # fmt: skip
    def propose(self, by: str, others: set[str], moves: dict, pick: int, child: bool) -> None:
        parent = None
        if child and self.versions():
            parent = self.versions()[pick % len(self.versions())]
        wanted = dict(moves)
        try:
            made = self.live.offer(by, sorted(others), wanted, parent=parent)
        except Refused:
            return
        version = self.live.session.deals[made]
        assert version.moves == wanted
        assert set(version.parties) == {by, *others}
        self.said[made] = {by}

    @precondition(lambda self: self.versions())
    @rule(seat=st.sampled_from(TEAMS), pick=st.integers(0, 50), yes=st.booleans(),
          stale=st.booleans())  # fmt: skip
    def answer(self, seat: str, pick: int, yes: bool, stale: bool) -> None:
        id_ = self.versions()[pick % len(self.versions())]
        version = self.live.session.deals[id_]
        before = version.status
        mark = "0" * 16 if stale else version.hash
        try:
            self.live.answer(seat, id_, mark, yes, None)
        except Refused:
            assert version.status == before
            return
        assert not stale
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
    live = Live(tmp_path)
    live.create("class60", 5, "en", "")
    for team in ("USA", "ROK"):
        live.append("held", {"seat": team, "by": "people"})
    live.begin_turn()
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
