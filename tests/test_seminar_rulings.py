"""The white cell's hand: votes and crises of a turn ruled, positions, support and trust changed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="needs the extra `seminar`")

from model.beliefs import reliability
from model.chance import Chance
from model.overrides import ruled
from runs.play import replay
from runs.seminar.export import bundle
from runs.seminar.forks import plans_of
from runs.seminar.ground import Refused
from runs.seminar.live import Live
from runs.seminar.rulings import Ruling, rulings
from runs.seminar.turns import digest_of
from runs.seminar.words import translator
from tests.classroom import begun


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """Washington and Seoul have signed; the National Assembly refuses it in both quarters."""
    live = begun(tmp_path / "class", 1, "USA", "ROK")
    made = live.offer("USA", ["ROK"], {"edc_fund": 0.1, "ncg_depth": 3.0})
    live.answer("ROK", made, live.session.deals[made].hash, yes=True, request=None)
    for team in ("USA", "ROK"):
        live.save(team, 0, {}, lock=True, request=None)
    return live


def votes(live: Live) -> list[Ruling]:
    found = rulings(live.game.game, live.preview())
    return [r for r in found if (r.kind, r.what, r.who) == ("ratification", "rok-usa", "ROK")]


def crises(live: Live) -> list[Ruling]:
    return [r for r in rulings(live.game.game, live.preview()) if r.kind == "crisis"]


def test_a_ruled_draw_changes_no_other() -> None:
    chance = Chance(3, np.arange(5))
    effects = [{"ruling": "crisis", "of": "korea", "quarter": 2, "comes": True}]
    other = ruled(chance, effects)
    draws = chance.uniforms("crisis", 2, ("korea", "taiwan"), 6)
    fixed = other.uniforms("crisis", 2, ("korea", "taiwan"), 6)
    assert (fixed[0, 0] == 0.0).all()
    assert (fixed[0, 1:] == draws[0, 1:]).all()
    assert (fixed[1] == draws[1]).all()
    for stream, quarter, entity in (("crisis", 1, "korea"), ("event", 2, "korea")):
        before = chance.uniform(stream, quarter, entity)
        assert (other.uniform(stream, quarter, entity) == before).all()
    assert (other.take(np.array([1, 3])).uniform("crisis", 2, "korea") == 0.0).all()


def test_a_vote_is_ruled_and_dropped_again(live: Live) -> None:
    before = digest_of(live.preview().world)
    first, second = votes(live)
    assert not first.came
    assert not second.came
    live.add_override([first.written], "The white cell rules that the Assembly passes it.")
    (vote,) = votes(live)  # it was passed in the first quarter, so none is held in the second
    assert vote.came
    assert vote.odds == first.odds
    (told,) = live.preview().fates.values()
    assert told["since"] == first.quarter
    live.append("override_dropped", {"place": 0})
    assert digest_of(live.preview().world) == before
    live.record.close()


def test_what_was_ruled_is_played_again(live: Live, tmp_path: Path) -> None:
    """The record, a restart, the plans of the forks, and the replay of the export all hold it."""
    place = next(r for r in crises(live) if not r.came and r.odds > 0.0)
    live.add_override([place.written], "A test of nerves.")
    live.add_override([votes(live)[0].written], "It passes.")
    live.add_override([{"about": "USA", "broken": 1.0}, {"support": "ROK", "add": 0.1}], "Talk.")
    live.publish()
    turn = live.session.turns[0]
    events = [e for q in turn.quarters for e in q]
    assert any(e["event"] == "crisis" and e["theatre"] == place.what for e in events)
    assert any(e["event"] == "signing" and e["votes"].get("ROK", {}).get("passed") for e in events)
    assert plans_of(turn).changes[0] == place.written
    path = tmp_path / "class.zip"
    path.write_bytes(bundle(live, translator("en")))
    live.begin_turn()
    live.publish()
    assert live.worlds[1].quarter == 2
    assert replay(path).same
    live.record.close()
    again = Live(tmp_path / "class")
    assert again.session.turns[0].digest == turn.digest
    again.record.close()


def test_trust_and_support_move_at_the_end_of_the_turn(live: Live) -> None:
    before = live.preview().world
    live.add_override([{"about": "USA", "broken": 1.0}], "Seen to waver.")
    live.add_override([{"lever": "usfk_army", "to": 18.6}, {"support": "ROK", "add": 0.1}], "Why.")
    after = live.preview().world
    a, b = live.game.game.scenario.actors.index("USA"), live.game.game.scenario.actors.index("ROK")
    trust = reliability(after) - reliability(before)
    assert (np.delete(trust[:, a], a) < 0.0).all()
    assert (np.delete(trust, a, axis=1) == 0.0).all()
    assert after.support[b] == pytest.approx(before.support[b] + 0.1)
    live.record.close()


@pytest.mark.parametrize(
    "effects",
    [
        [{"ruling": "ratification", "of": "rok-usa USA", "quarter": 9, "comes": True}],
        [{"ruling": "weather", "of": "korea", "quarter": 0, "comes": True}],
        [{"lever": "nothing", "to": 1.0}],
        [{"about": "Atlantis", "kept": 1.0}],
    ],
)
def test_a_change_that_makes_no_sense_is_refused(live: Live, effects: list[Any]) -> None:
    with pytest.raises(Refused, match=r"makes no sense|no such vote"):
        live.add_override(effects, "because")
    with pytest.raises(Refused, match="Write down why"):
        live.add_override([{"support": "ROK", "add": 0.1}], " ")
    assert live.session.overrides == []
    live.record.close()
