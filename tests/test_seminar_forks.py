"""What if, in a seminar: the whole deal is taken, and arms played together play as if apart."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette", reason="needs the extra `seminar`")

from runs.seminar.access import Keys
from runs.seminar.aftermath import Aftermath
from runs.seminar.dealing import Terms
from runs.seminar.debrief import SECTIONS
from runs.seminar.export import bundle
from runs.seminar.forks import (
    as_signed,
    doctrines_alone,
    instead,
    luck,
    plans_of,
    play_on,
    start,
    what_if,
)
from runs.seminar.live import Live
from runs.seminar.seats import Condition
from runs.seminar.web import Site
from runs.seminar.words import translator
from tests.classroom import begun

WHOLE = {"edc_fund": 0.1, "ncg_depth": 3.0, "jpn_regional_role": 2.0}  # at two tables
PARTS = {"rok-usa": {"edc_fund": 0.1, "ncg_depth": 3.0}, "jpn-usa": {"jpn_regional_role": 2.0}}


def proposed(live: Live, condition: Mapping[str, object] | None = None) -> str:
    """Propose a deal of three that Seoul refuses, and publish the turn."""
    made = live.offer("USA", ["ROK", "JPN"], WHOLE, Terms(condition=condition))
    live.answer("ROK", made, live.session.deals[made].hash, yes=False, request=None)
    for team in live.session.teams():
        live.save(team, 0, {"moves": {}}, lock=True, request=None)
    live.publish()
    return made


def hook(live: Live) -> dict[str, object]:
    """Something that a deal can hang on, of a lever that it does not move."""
    return next(
        c.written
        for c in live.forms.conditions(live.middle())
        if c.written.get("lever") not in (None, *WHOLE)
    )


def test_what_if_takes_the_deal_at_all_its_tables_and_its_condition(tmp_path: Path) -> None:
    live = begun(tmp_path, 1, "USA", "ROK", "JPN")
    condition = hook(live)
    version = live.session.deals[proposed(live, condition)]
    assert version.status == "refused"
    parts = as_signed(live, version)
    assert {table: dict(d.moves) for table, d in parts.items()} == PARTS
    for d in parts.values():
        assert d.signed
        assert d.deal == version.id
        assert d.condition == Condition(**condition)  # type: ignore[arg-type]
        assert d.opener in live.forms.parties(d.table)
    told: list[float] = []
    arms = what_if(live, version, 40, told.append)
    moved = arms["what if"].utility - arms["as it was"].utility
    for a in ("JPN", "ROK", "USA"):
        assert np.any(moved[live.game.game.scenario.actor(a)] != 0.0), a
    live.record.close()


def test_a_deal_that_gives_way_falls_at_all_its_tables(tmp_path: Path) -> None:
    live = begun(tmp_path, 1, "USA", "ROK", "JPN")
    made = live.offer("USA", ["ROK", "JPN"], WHOLE)
    for seat in ("ROK", "JPN"):
        live.answer(seat, made, live.session.deals[made].hash, yes=True, request=None)
    live.publish()
    played = plans_of(live.session.turns[0])
    assert set(PARTS) <= set(played.tabled)
    (other,) = [d for t, d in as_signed(live, live.session.deals[made]).items() if t == "rok-usa"]
    left = instead(played, {"rok-usa": other})
    assert left.tabled["rok-usa"] == other
    assert "jpn-usa" not in left.tabled
    live.record.close()


def test_arms_played_side_by_side_are_played_as_if_apart(tmp_path: Path) -> None:
    live = begun(tmp_path, 2, "USA", "ROK", "JPN")
    version = live.session.deals[proposed(live)]
    match, world, games = live.game, live.worlds[0], 12
    played = plans_of(live.session.turns[0])
    rest = [doctrines_alone(match)] * 2
    arms = {"was": [played, *rest], "if": [instead(played, as_signed(live, version)), *rest]}
    told: list[float] = []
    together = play_on(match, world, arms, games, told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]  # two arms apart, then twice both at once
    for name, turns in arms.items():
        (apart,) = play_on(match, world, {name: turns}, games).values()
        np.testing.assert_array_equal(together[name].utility, apart.utility)
        for series, values in apart.series.items():
            np.testing.assert_array_equal(together[name].series[series], values)
    live.record.close()


def test_percentiles_of_other_sections_stand_beside(tmp_path: Path) -> None:
    """The same game in another section has the same percentile; one of other length has none."""
    live, t = begun(tmp_path / "here", 2, "USA", "ROK", "JPN"), translator("en")
    proposed(live)
    folder = live.folder / SECTIONS
    folder.mkdir()
    (folder / "monday.zip").write_bytes(bundle(live, t))
    (folder / "notes.zip").write_bytes(b"no zip")
    pages = Aftermath(Site(live, Keys(live.folder)))
    job = start("luck", "", lambda progress: luck(live, 20, progress))
    while not job.took:
        pass
    assert job.problem == []
    head, here, monday, notes = pages._told(0, job, t)["sections"]
    assert head[1:] == tuple(live.game.file.actors[a].name for a in live.game.game.scenario.actors)
    assert here[1:] == monday[1:]
    assert all(0 <= int(x) <= 100 for x in here[1:])
    assert set(notes[1:]) == {"–"}
    live.begin_turn()
    live.publish()
    assert set(pages._told(0, job, t)["sections"][2][1:]) == {"–"}
    live.record.close()
