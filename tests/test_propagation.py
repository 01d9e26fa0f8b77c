"""Propagation: pairs of games that differ in a shock alone, and who made the difference."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from model.measures import measure
from model.notice import NOTICE
from model.reading import read
from runs.cli import main
from runs.errors import UserError
from runs.posterior import Draws
from runs.propagation import report, responses
from runs.propagation.channels import CHANNELS, WHOLE
from runs.propagation.drawn import figures
from runs.propagation.followed import Followed, followed
from runs.propagation.found import Asked, Found
from runs.propagation.pairs import OTHERS, Pairing, play_pairs
from runs.propagation.report import find, propagate
from runs.propagation.told import summary_text
from runs.shocks import control_and_shocked, read_shock
from runs.store import sealed
from tests.worlds import strait

FILE = strait()
GAMES, QUARTERS = 40, 6
QUIET = dict.fromkeys(FILE.actors, "status_quo")


def asked(*shocks: str, **changes: object) -> Asked:
    listed = tuple(read_shock(FILE, text) for text in shocks)
    plain = Asked(FILE, listed, runs=GAMES, seed=3, quarters=QUARTERS, channels=False, workers=1)
    return replace(plain, **changes)  # type: ignore[arg-type]


def found(*shocks: str, **changes: object) -> Found:
    return find(asked(*shocks, **changes), io.StringIO())


@pytest.fixture(scope="module")
def cut() -> Found:
    return found("troops=7@3", channels=True)


def test_influences_add_up_to_the_change_of_utility(cut: Found) -> None:
    actors = sorted(FILE.actors)
    names = [w.id for w in cut.what]
    assert cut.pairs.influence.shape == (3 + len(OTHERS), 3, QUARTERS, GAMES)
    for j, actor in enumerate(actors):
        whole = cut.pairs.change[names.index(f"utility.{actor}")]
        np.testing.assert_allclose(cut.pairs.influence[:, j].sum(axis=0), whole, atol=2e-6)
    assert (cut.pairs.influence[:, :, :2] == 0.0).all()
    assert np.abs(cut.pairs.influence[:, :, 2:]).max() > 0.0


def test_where_nobody_answers_the_shock_is_its_owners_influence_alone() -> None:
    """With players who leave all as it is, the patron's troops alone differ in that quarter."""
    quiet = found("troops=7@3", doctrines=QUIET)
    patron = sorted(FILE.actors).index("Patron")
    first = quiet.pairs.influence[:, :, 2]
    others = np.delete(first, [patron, len(first) - 1], axis=0)
    np.testing.assert_allclose(others, 0.0, atol=1e-7)
    np.testing.assert_allclose(first[-1], 0.0, atol=1e-6)
    assert np.abs(first[patron]).min(axis=1).max() > 0.0


def test_a_shock_to_what_is_already_so_changes_nothing() -> None:
    """Tables and levers stand where they stood, so no game differs and nothing is sure."""
    same = found("gesture=0@1", doctrines=QUIET)
    assert (same.pairs.change == 0.0).all()
    assert same.passages == []
    said = summary_text(same)
    assert said.count("nothing for sure") == 8
    assert "nothing that is more than chance" in said


def test_numbers_may_be_drawn_anew_in_each_pair() -> None:
    file = read("triad")
    plain = asked(file=file, shocks=(read_shock(file, "troops=10@3"),), quarters=4)
    fixed = find(plain, io.StringIO())
    drawn = find(replace(plain, draws=Draws(3)), io.StringIO())
    assert (drawn.pairs.change[:, :2] == 0.0).all()
    assert (drawn.pairs.control != fixed.pairs.control).any()
    assert "prior" in summary_text(drawn)


def test_pairs_are_the_same_alone_and_among_others() -> None:
    arms = control_and_shocked(FILE, [read_shock(FILE, "troops=7@3")])
    many, few = (
        play_pairs(
            {"": Pairing(arms, ("lever.troops", "deal.alliance"), runs, influence=True)},
            3,
            quarters=QUARTERS,
            workers=1,
            stream=io.StringIO(),
        )[""]
        for runs in (12, 5)
    )
    for what in ("control", "change", "influence"):
        np.testing.assert_array_equal(getattr(many, what)[..., :5], getattr(few, what))


def test_everything_that_is_followed_can_be_measured(cut: Found) -> None:
    assert cut.pairs.control.shape == (len(cut.what), QUARTERS, GAMES)
    assert np.isfinite(cut.pairs.control).all()
    ids = [w.id for w in followed(FILE)]
    assert len(set(ids)) == len(ids)
    for kind in ("utility", "account", "lever", "stock", "reliability", "hostility", "hazard"):
        assert any(i.startswith(f"{kind}.") for i in ids), kind
    assert measure.__doc__ is not None
    assert "deal.TABLE" in measure.__doc__


def test_responses_and_passages_of_a_case_by_hand() -> None:
    """Four games, three quarters: it reaches three of them, in quarters 1, 1 and 2."""
    what = Followed("x", "lever", "x", "", differs=0.5)
    change = np.array([[0, 0, 0, 0], [2, 4, 0.4, 0], [2, 4, 2, 0]], dtype=np.float32)
    response = responses.responses([what], np.zeros((1, 3, 4), np.float32), change[None])[0]
    np.testing.assert_allclose(response.mean, [0.0, 1.6, 2.0])
    np.testing.assert_allclose(response.error[2], np.std([2, 4, 2, 0], ddof=1) / 2.0)
    np.testing.assert_allclose(response.share, [0.0, 0.5, 0.75])
    assert response.peak == 2
    assert response.certain(2.0)
    assert not response.certain(3.0)
    passage = responses.passage(what, change)
    assert (passage.share, passage.quarter, passage.early, passage.late) == (0.75, 1.0, 1.0, 2.0)
    assert np.isnan(responses.passage(what, change, reached=0.8).quarter)
    assert responses.errors_for(1) == pytest.approx(1.96, abs=0.001)
    assert responses.errors_for(500) == pytest.approx(3.89, abs=0.01)


def test_parts_of_the_channels_add_up(cut: Found) -> None:
    assert cut.channels
    for parts in cut.channels:
        by = dict(zip(parts.names, parts.mean, strict=True))
        whole = by.pop(WHOLE)
        assert sum(by.values()) == pytest.approx(whole, abs=1e-6)
        assert set(CHANNELS.values()) < by.keys()
        response = cut.response(parts.id)
        assert whole == pytest.approx(response.mean[2:].mean(), abs=1e-6)


def test_with_all_channels_off_troops_change_no_hazard(cut: Found) -> None:
    hazard = next(p for p in cut.channels if p.id.startswith("hazard."))
    by = dict(zip(hazard.names, hazard.mean, strict=True))
    assert by["direct"] == pytest.approx(0.0, abs=1e-7)
    assert by["forces"] == pytest.approx(by[WHOLE], abs=0.5 * abs(by[WHOLE]))


@pytest.mark.slow
def test_all_figures_are_drawn(tmp_path: Path) -> None:
    reported = propagate(asked("troops=7@3", runs=20, channels=True), tmp_path, io.StringIO())
    drawn = {file.stem for file in reported.files if file.suffix == ".png"}
    assert {"map", "map-quarters", "passage", "channels", "response-utility"} <= drawn
    assert {file.stem for file in reported.files if file.suffix == ".svg"} == drawn


def test_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "figures", lambda found: [next(figures(found))])
    reported = propagate(asked("troops=7@3", runs=20), tmp_path, io.StringIO())
    names = {file.name for file in reported.files}
    assert {"summary.txt", "map.png", "map.svg", "passage.csv", "responses.csv"} <= names
    assert names == {file.name for file in tmp_path.iterdir()}
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert sealed(manifest) == manifest
    assert manifest["shocks"][0]["quarter"] == "2025Q3"
    assert NOTICE in reported.text
    for csv in tmp_path.glob("*.csv"):
        assert csv.read_text(encoding="utf-8").startswith(f"# {NOTICE}\n")
    table = pq.read_table(tmp_path / "differences.parquet")
    assert table.num_rows == 20 * QUARTERS
    assert table.column("lever.troops").to_pylist()[:3] == [0.0, 0.0, -21.0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--runs 20", "hubspoke shocks"),
        ("--shock trops=7", "did you mean troops"),
        ("--shock troops=20 --runs 3", "fewer give no interval"),
        ("--shock troops=20@9 --quarters 4", "ends before the shock"),
        ("--shock troops=20@900", "the game goes from"),
        ("--shock Patron=hegder@2", "did you mean hedger"),
    ],
)
def test_a_wrong_question_is_explained(
    options: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["propagate", "triad", *options.split(), "--out", str(tmp_path / "x")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_doctrine_cannot_be_given_and_changed() -> None:
    with pytest.raises(UserError, match="one that changes"):
        found("Client=hedger@3", doctrines=QUIET)


def test_shocks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shocks"]) == 0
    out = capsys.readouterr().out
    assert "sma_ask_x5" in out
    assert "source: demand_2019" in out
    assert main(["shocks", "triad"]) == 0
    assert "No ready shock fits triad" in capsys.readouterr().out
