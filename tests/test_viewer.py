"""The viewer without a browser: what it shows is what the model did."""

import webbrowser
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from model.notice import NOTICE
from model.transcript import TranscriptError
from model.wargame import Wargame
from runs.errors import UserError
from runs.play import replay
from runs.viewer import controls, downloads, forms, hand, server, telling, transport
from runs.viewer.desk import Desk
from runs.viewer.markup import Markup, tag
from runs.viewer.network import MOST_LEARNT, chosen_flows, draw, switches
from runs.viewer.overview import series_panel, trust_panel
from runs.viewer.reasoning import alternatives, beliefs, choices, talks_wanted
from runs.viewer.setup import Setup
from runs.viewer.why import why_panel
from runs.viewer.zone import tables_open, verdict, zone_of


def played(scenario: str = "2025q1", quarters: int = 3, seed: int = 1) -> Desk:
    desk = Desk(Setup(scenario, seed))
    for _ in range(quarters):
        desk.step()
    return desk


@cache
def watched() -> Desk:
    """Return a game that no test changes."""
    return played()


def every_choice(desk: Desk) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(moment=moment, choice=choice)
        for moment in desk.moments
        for actor in desk.game.actors
        for choice in choices(desk.names, moment, actor)
    ]


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("b", "a < b", Markup("<i>c</i>"), title='say "x"', off=None) == (
        '<b title="say &quot;x&quot;">a &lt; b<i>c</i></b>'
    )


def test_watching_changes_nothing() -> None:
    plain = Wargame("2025q1", rng=1)
    for _ in range(3):
        plain.step()
    assert plain.digest == watched().game.digest


def test_the_bars_of_a_waterfall_add_up_to_what_decided() -> None:
    every = every_choice(watched())
    kinds = {e.choice.kind for e in every}
    assert {"offer", "reply", "own_move", "promise"} <= kinds
    for each in every:
        bars = sum(step.value for step in each.choice.steps)
        assert bars == pytest.approx(
            each.choice.total, abs=3e-3
        )  # bars that read as 0 are left out
        if each.choice.kind == "reply" and each.choice.event["possible"]:
            enough = each.choice.total >= each.choice.least - 1e-6
            assert enough == each.choice.event["accepted"]
        if each.choice.kind == "promise":
            assert (each.choice.total >= -1e-6) == each.choice.event["kept"]


def test_the_truth_beside_a_belief_is_what_the_other_weighed() -> None:
    checked = 0
    for each in every_choice(watched()):
        if each.choice.kind != "offer":
            continue
        event = each.choice.event
        (reply,) = (
            e
            for e in each.moment.of("reply")
            if (e["table"], e["round"]) == (event["table"], event["round"])
        )
        told = {b.name: b.true for b in beliefs(each.moment, each.choice)}
        gain = told.pop("gain over walking away")
        assert gain == pytest.approx(reply["gain"], abs=1e-6)
        for account, value in told.items():
            assert value == pytest.approx(reply["accounts"].get(account, 0.0), abs=1e-6)
        checked += 1
    assert checked > 5


def test_what_was_done_stands_among_the_alternatives() -> None:
    for each in every_choice(watched()):
        found = alternatives(each.moment, each.choice)
        if each.choice.kind in ("threat", "promise"):
            assert not found
            continue
        taken = [a for a in found if a.taken]
        assert taken
        if each.choice.kind in ("offer", "reply"):
            assert taken[0].mine == pytest.approx(each.choice.total, abs=1e-6)


def test_the_talks_that_were_opened_are_those_that_promised_most() -> None:
    for moment in watched().moments:
        for actor in watched().game.actors:
            wanted = talks_wanted(moment, actor)
            opened = [w.worth for w in wanted if w.opened]
            left = [w.worth for w in wanted if not w.opened]
            assert not opened or not left or min(opened) >= max(left) - 1e-9


def test_the_zone_knows_what_was_signed() -> None:
    desk = watched()
    moment = desk.moments[1]
    signed = {e["table"] for e in moment.of("signing")}
    assert signed
    for table in tables_open(moment):
        zone = zone_of(moment, table)
        assert zone is not None
        assert (zone.signed[0] > 0) == (table in signed)
        assert verdict(desk.names, moment, table).endswith((".", "table."))


def test_every_panel_can_be_shown_at_every_quarter_of_every_kind_of_world() -> None:
    for scenario in ("triad", "arms-race", "divide"):
        desk = played(scenario, 0)
        for _ in range(2):
            for panel in (why_panel, series_panel, trust_panel, controls.setup_panel):
                assert "nan" not in panel(desk)
            drawn = draw(desk.ground(), desk.scene())
            assert NOTICE in drawn
            assert all(rule.name.split()[0] in drawn for rule in desk.game.file.actors.values())
            assert transport.buttons(desk)
            assert telling.actor_card(desk)
            if desk.game.running:
                desk.step()


def test_layers_and_focus_choose_what_is_drawn() -> None:
    desk = played(quarters=1)
    assert 'aria-pressed="false" data-pick="layer:trade"' in switches(desk.layers)
    before = draw(desk.ground(), desk.scene())
    desk.pick("layer", "trade")
    assert before.count("Trade:") < draw(desk.ground(), desk.scene()).count("Trade:")
    trust = [f for f in chosen_flows(desk.scene()) if f.layer == "trust"]
    assert len(trust) <= MOST_LEARNT
    desk.pick("pair", "ROK>USA")
    assert "hs-faded" in draw(desk.ground(), desk.scene())
    assert desk.table == "rok-usa"
    assert "Special Measures Agreement cash" in telling.card(desk)
    desk.pick("pair", "ROK>USA")
    assert "decides as" in telling.card(desk)


def test_money_and_troops_are_those_of_the_scenario() -> None:
    flows = {(f.layer, f.start, f.end): f for f in watched().scene().flows}
    assert "Special Measures Agreement cash" in flows["money", "ROK", "USA"].title
    assert flows["troops", "USA", "ROK"].label == "28.5 thousand troops"


def test_looking_back_leaves_the_present() -> None:
    desk = played(quarters=3)
    digest = desk.game.digest
    desk.look_back(0)
    assert desk.moment is desk.moments[0]
    assert "2025Q1" in draw(desk.ground(), desk.scene())
    assert desk.game.digest == digest
    desk.step()
    assert desk.shown == 3
    desk.look_back(-1)
    assert desk.moment is None


def test_a_seat_left_to_its_adviser_plays_the_same_game() -> None:
    desk = Desk(Setup())
    desk.game.take_over("ROK")
    for _ in range(3):
        desk.step()
        hand.go_on(desk, rest=True)
    assert desk.game.digest == watched().game.digest


def test_a_person_is_asked_what_the_office_is_asked() -> None:
    desk = Desk(Setup("triad", 3))
    desk.game.take_over("Client")
    asked = set()
    for _ in range(8):
        desk.step()
        hand.go_on(desk)
        while desk.game.waiting is not None:
            question = desk.game.waiting.question
            asked.add(question)
            assert hand.ASKED[question] in hand.hand_panel(desk)
            hand.act(desk, "no" if question == "reply" else "send")
    assert {"agenda", "offer", "reply", "own_moves"} <= asked
    replies = [e for m in desk.moments for e in m.of("reply") if e["by"] == "Client"]
    assert replies
    assert not any(e["accepted"] for e in replies)


def question(desk: Desk) -> str:
    """What the seat is asked, nothing if the quarter is over."""
    return desk.game.waiting.question if desk.game.waiting is not None else ""


def test_what_a_person_puts_down_is_what_is_played() -> None:
    desk = Desk(Setup())
    desk.game.take_over("ROK")
    desk.step()
    hand.go_on(desk)
    assert question(desk) == "agenda"
    tables = range(3)
    for n in tables:
        hand.put(desk, f"open.{n}", "true")
    hand.act(desk, "send")
    assert "close some" in desk.trouble
    for n in tables:
        hand.put(desk, f"open.{n}", "false")
    hand.act(desk, "send")
    assert not desk.trouble
    while question(desk):
        if question(desk) == "own_moves":
            hand.put(desk, "move.0", "0")
            hand.put(desk, "move.1", "0")
            hand.act(desk, "send")
            assert "different" in desk.trouble
            hand.put(desk, "move.1", "-1")
        hand.act(desk, "no" if question(desk) == "reply" else "send")
    moment = desk.moments[0]
    assert not [e for e in moment.of("agenda") if e["by"] == "ROK"]
    assert len([e for e in moment.of("own_move") if e["by"] == "ROK"]) == 1


def test_a_game_partly_played_by_hand_can_be_replayed(tmp_path: Path) -> None:
    desk = played("triad", 1, 3)
    desk.game.take_over("Client")
    desk.step()
    hand.go_on(desk)
    while desk.game.waiting is not None:
        hand.act(desk, "no" if desk.game.waiting.question == "reply" else "send")
    desk.game.hand_back()
    desk.step()
    file = tmp_path / "transcript.jsonl"
    file.write_bytes(downloads.transcript(desk))
    assert replay(file).same


def test_a_shock_happens_in_the_coming_quarter_and_is_said(tmp_path: Path) -> None:
    desk = played(quarters=1)
    controls.shock(desk, "usfk_half")
    desk.step()
    lever = desk.game.game.scenario.lever("usfk_army")
    assert desk.game.world.value[lever, 0] == 10.1
    assert "2025Q2: Half of U.S. Forces Korea leave" in downloads.story(desk).decode()
    assert why_panel(desk)
    file = tmp_path / "transcript.jsonl"
    file.write_bytes(downloads.transcript(desk))
    with pytest.raises(TranscriptError, match="another 2025q1"):
        replay(file)


def test_the_next_game_is_as_it_was_set_up() -> None:
    desk = Desk(Setup())
    controls.put(desk, "doctrine.ROK", "accommodator")
    controls.put(desk, "value.actors.USA.transactionalism", "0.9")
    controls.put(desk, "seed", "7")
    desk.start_again(desk.draft)
    game = desk.game
    assert game.seed_used == 7
    assert game.actors["ROK"].doctrine.name == "accommodator"
    assert game.settings == {"actors.USA.transactionalism": 0.9}
    controls.put(desk, "value.actors.USA.transactionalism", "")
    assert desk.draft.settings == {}
    controls.put(desk, "more", "theatres.nowhere=1")
    assert "no parameter" in controls.setup_panel(desk)
    desk.start_again(desk.draft)
    assert "no parameter" in desk.trouble
    assert desk.game is game


def test_downloads_carry_the_notice() -> None:
    for name, make in downloads.FILES.values():
        assert NOTICE in make(watched()).decode(), name
    assert np.isfinite(
        [float(v) for v in watched().game.datacollector.model_vars["SMA cash (KRW bn a year)"]]
    ).all()


def test_a_taken_port_and_a_missing_browser_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with server.listen(0) as taken, pytest.raises(UserError, match="another program uses it"):
        server.listen(taken.getsockname()[1])
    with pytest.raises(UserError, match="from 1 to 65535"):
        server.listen(70000)

    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    with pytest.raises(UserError, match="--no-browser"):
        server.check_browser("http://127.0.0.1/")
    monkeypatch.setattr(server, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="the extra `viewer`"):
        server.check_installed()


def test_a_seat_is_shown_levers_as_it_knows_them() -> None:
    desk = played(quarters=2)  # by then Russia and the DPRK have signed in secret
    game = desk.game
    secret = np.flatnonzero(game.world.secret[:, 0])
    assert len(secret)
    game.take_over("JPN")
    seen = forms.tables_world(game).setting[secret, 0]
    assert (seen != game.world.setting[secret, 0]).any()
    game.take_over("RUS")
    assert (forms.tables_world(game).setting[secret, 0] == game.world.setting[secret, 0]).any()
