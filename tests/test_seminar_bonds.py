"""What binds in a seminar: deals whole or not at all, conditions, offers with a time to accept."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="needs the extra `seminar`")

from model.chance import Chance
from model.standing import digest
from runs.seminar.bonds import settle
from runs.seminar.dealing import Terms
from runs.seminar.ground import Refused
from runs.seminar.live import Live
from runs.seminar.session import fold
from runs.seminar.web import Follower, Hub
from tests.classroom import begun

THREE = {"edc_fund": 0.1, "ncg_depth": 3.0, "jpn_regional_role": 2.0}  # at two tables
PARTS = {"rok-usa": {"edc_fund": 0.1, "ncg_depth": 3.0}, "jpn-usa": {"jpn_regional_role": 2.0}}


@contextmanager
def seminar(folder: Path, seed: int, *teams: str) -> Iterator[Live]:
    live = begun(folder / str(seed), seed, *teams)
    yield live
    live.record.close()


def signed(live: Live, moves: Mapping[str, float], *parties: str, **terms: Any) -> str:
    """Propose a deal by the first party and have all sign it; returns its id."""
    made = live.offer(parties[0], parties[1:], moves, Terms(**terms))
    for seat in parties[1:]:
        live.answer(seat, made, live.session.deals[made].hash, yes=True, request=None)
    return made


def lock(live: Live, **moves: dict[str, float]) -> None:
    """Lock orders for all teams, so that no doctrine plays for them."""
    for team in live.session.teams():
        live.save(team, 0, {"moves": moves.get(team, {})}, lock=True, request=None)


def in_the_books(live: Live) -> dict[str, set[int]]:
    """Quarters in which the parts of the deal of three were signed, by table."""
    out: dict[str, set[int]] = {table: set() for table in PARTS}
    for q, told in enumerate(live.session.turns[0].quarters):
        for e in told:
            if e["event"] == "signing" and e["signed"] and e["table"] in PARTS:
                moves = {m["lever"]: m["to"] for m in e["moves"]}
                assert moves == PARTS[e["table"]]
                out[e["table"]].add(q)
    return out


def test_a_deal_of_three_binds_whole_or_not_at_all(tmp_path: Path) -> None:
    """Whatever a parliament says of one part: the others come into force with it, or never."""
    seen = set()
    for seed in (1, 2, 4, 7, 9):
        with seminar(tmp_path, seed, "USA", "ROK", "JPN") as live:
            made = signed(live, THREE, "USA", "ROK", "JPN")
            lock(live)
            live.publish()
            quarters = in_the_books(live)
            assert quarters["rok-usa"] == quarters["jpn-usa"]
            fate = live.session.turns[0].fates[made]
            assert bool(fate["since"]) == bool(quarters["rok-usa"])
            assert bool(fate["since"]) != bool(fate["failed"])
            for failed in fate["failed"]:  # the public knows of the vote that it failed at
                assert failed["why"] == "vote"
                votes = [
                    e["votes"][failed["who"]]["passed"]
                    for e in live.session.turns[0].quarters[-1]
                    if e["event"] == "signing" and e["table"] == failed["table"]
                ]
                assert votes == [False]
            seen.add(bool(fate["since"]))
            again = fold(live.record.events())
            assert again.turns[0].fates == live.session.turns[0].fates
    assert seen == {True, False}


def test_in_a_batch_every_game_settles_by_itself(tmp_path: Path) -> None:
    """Alone or beside others, a game with deals in parts and conditions ends in the same state."""
    with seminar(tmp_path, 5, "USA", "ROK", "JPN", "CHN") as live:
        signed(live, THREE, "USA", "ROK", "JPN", condition={"table": "chn-rok"})
        signed(live, {"chn_coercion": -1.0}, "CHN", "ROK")
        lock(live)
        plans, _ = live.plans()
        runs = np.arange(1, 9)
        world = live.world.take(np.zeros(len(runs), dtype=np.int64))
        together = settle(replace(live.game, chance=Chance(5, runs)), world, plans)
        bound = []
        for n, run in enumerate(runs):
            one = replace(live.game, chance=Chance(5, np.array([run])))
            alone = settle(one, live.world, plans)
            assert digest(alone.world) == digest(together.world.take(np.array([n])))
            bound.append(bool(alone.quarters[-1].settled["rok-usa"][0]))
        assert set(bound) == {True, False}


def test_a_deal_hangs_on_what_others_sign(tmp_path: Path) -> None:
    for seed, other in ((1, True), (2, False)):
        with seminar(tmp_path, seed, "USA", "ROK", "CHN") as live:
            made = signed(live, {"ncg_depth": 3.0}, "USA", "ROK", condition={"table": "chn-rok"})
            if other:
                signed(live, {"chn_coercion": -1.0}, "CHN", "ROK")
            lock(live)
            live.publish()
            told = [e for q in live.session.turns[0].quarters for e in q if e["event"] == "signing"]
            there = any(e["signed"] and e["table"] == "chn-rok" for e in told)
            assert there == other
            fate = live.session.turns[0].fates[made]
            assert fate["unmet"] != other
            assert any(e["table"] == "rok-usa" for e in told) == other


def test_a_deal_hangs_on_troops_that_stay(tmp_path: Path) -> None:
    """Washington signs and cuts in the same turn: the deal has never bound Seoul."""
    for seed, cut in ((9, False), (10, True)):
        with seminar(tmp_path, seed, "USA", "ROK") as live:
            army = next(
                h.written for h in live.forms.conditions(live.middle())
                if h.written.get("lever") == "usfk_army" and "at_least" in h.written
            )  # fmt: skip
            made = signed(live, {"ncg_depth": 3.0}, "USA", "ROK", condition=army)
            lines = {x.lever: x for x in live.forms.own_lines("USA", live.middle())}
            lower = min(c.value for c in lines["usfk_army"].choices)
            lock(live, **({"USA": {"usfk_army": lower}} if cut else {}))
            live.publish()
            fate = live.session.turns[0].fates[made]
            assert fate["unmet"] == cut
            assert bool(fate["since"]) != cut


def test_conditions_are_chosen_from_what_all_can_see(tmp_path: Path) -> None:
    with seminar(tmp_path, 1, "USA", "ROK") as live:
        for condition in (
            {"table": "rok-usa"},  # its own table
            {"table": "chn-prk"},  # a secret one
            {"lever": "rus_prk_tech", "at_most": 1.0},  # a secret position
            {"lever": "usfk_army", "at_least": 1.0},
            {"anything": 1},
        ):
            with pytest.raises(Refused):
                live.offer("USA", ["ROK"], {"ncg_depth": 3.0}, Terms(condition=condition))


def test_an_offer_that_has_lapsed_cannot_be_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its minutes are those of the clock: while that stands, so do they."""
    with seminar(tmp_path, 1, "USA", "ROK") as live:
        made = live.offer("USA", ["ROK"], {"ncg_depth": 3.0}, Terms(minutes=2.0))
        version = live.session.deals[made]
        now = time.time()

        def sign_at(moment: float) -> None:
            monkeypatch.setattr(time, "time", lambda: moment)
            live.answer("ROK", made, version.hash, yes=True, request=None)

        assert version.expires is None  # the clock has not been started
        live.set_clock("set", 60.0)
        live.set_clock("start")
        assert version.expires == pytest.approx(now + 120.0, abs=20.0)
        with pytest.raises(Refused, match="stood for 2 minutes"):
            sign_at(now + 200.0)
        assert not version.yes >= {"USA", "ROK"}
        live.set_clock("pause")
        assert version.left == 0.0  # too late remains too late
        other = live.offer("USA", ["ROK"], {"edc_fund": 0.05}, Terms(minutes=2.0))
        version, made = live.session.deals[other], other
        sign_at(now + 10_000.0)
        assert version.status == "signed"
        for minutes in (0.0, -1.0, 1e6):
            with pytest.raises(Refused):
                live.offer("USA", ["ROK"], {"ncg_depth": 3.0}, Terms(minutes=minutes))


def test_news_for_one_wakes_no_stream_of_another() -> None:
    """Not even the time of a sign of life tells that somebody else is busy."""
    latest = {"USA": 3, "ROK": 5}
    hub = Hub(latest.__getitem__)
    usa, rok = Follower("USA", 3), Follower("ROK", 5)
    hub.waiting |= {usa, rok}
    hub.tell()
    assert (usa.news.is_set(), rok.news.is_set()) == (False, False)
    latest["ROK"] = 6
    hub.tell()
    assert (usa.news.is_set(), rok.news.is_set()) == (False, True)
