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
from runs.propagation.pairs import OTHERS, Pairing, Small, play_pairs
from runs.propagation.report import checked, find, propagate
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


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all: each question finds its own games in it."""
    return tmp_path_factory.mktemp("games")


def found(games: Path, *shocks: str, **changes: object) -> Found:
    question = asked(*shocks, **changes)
    return find(question, checked(question), games, io.StringIO())


def changes(found: Found) -> Small:
    return np.array([found.pairs.change(w.id) for w in found.what])


@pytest.fixture(scope="module")
def cut(games: Path) -> Found:
    return found(games, "troops=7@3", channels=True)


def test_influences_add_up_to_the_change_of_utility(cut: Found) -> None:
    actors = sorted(FILE.actors)
    influence = cut.pairs.influence(actors)
    assert influence.shape == (3 + len(OTHERS), 3, QUARTERS, GAMES)
    for j, actor in enumerate(actors):
        whole = cut.pairs.change(f"utility.{actor}")
        np.testing.assert_allclose(influence[:, j].sum(axis=0), whole, atol=2e-6)
    assert (influence[:, :, :2] == 0.0).all()
    assert np.abs(influence[:, :, 2:]).max() > 0.0


def test_where_nobody_answers_the_shock_is_its_owners_influence_alone(games: Path) -> None:
    """With players who leave all as it is, the patron's troops alone differ in that quarter."""
    quiet = found(games, "troops=7@3", doctrines=QUIET)
    patron = sorted(FILE.actors).index("Patron")
    first = quiet.pairs.influence(sorted(FILE.actors))[:, :, 2]
    others = np.delete(first, [patron, len(first) - 1], axis=0)
    np.testing.assert_allclose(others, 0.0, atol=1e-7)
    np.testing.assert_allclose(first[-1], 0.0, atol=1e-6)
    assert np.abs(first[patron]).min(axis=1).max() > 0.0


def test_a_shock_to_what_is_already_so_changes_nothing(games: Path) -> None:
    """Tables and levers stand where they stood, so no game differs and nothing is sure."""
    same = found(games, "gesture=0@1", doctrines=QUIET)
    assert (changes(same) == 0.0).all()
    assert same.passages == []
    said = summary_text(same)
    assert said.count("nothing for sure") == 8
    assert "nothing that is more than chance" in said


def test_numbers_may_be_drawn_anew_in_each_pair(games: Path) -> None:
    file = read("triad")
    plain = {"file": file, "shocks": (read_shock(file, "troops=10@3"),), "quarters": 4}
    fixed = found(games, **plain)
    drawn = found(games, **plain, draws=Draws(3))
    assert (changes(drawn)[:, :2] == 0.0).all()
    assert (drawn.pairs.control("lever.troops") != fixed.pairs.control("lever.troops")).any()
    assert "prior" in summary_text(drawn)


def test_pairs_are_the_same_alone_and_among_others(games: Path) -> None:
    arms = control_and_shocked(FILE, [read_shock(FILE, "troops=7@3")])
    series = ("lever.troops", "deal.alliance")
    many, few = (
        play_pairs(
            {"": Pairing(arms, series, runs, influence=True)},
            3,
            games,
            quarters=QUARTERS,
            workers=1,
            stream=io.StringIO(),
        )[""]
        for runs in (12, 5)
    )
    for name in series:
        np.testing.assert_array_equal(many.control(name)[:, :5], few.control(name))
        np.testing.assert_array_equal(many.change(name)[:, :5], few.change(name))
    actors = sorted(FILE.actors)
    np.testing.assert_array_equal(many.influence(actors)[..., :5], few.influence(actors))


def test_everything_that_is_followed_can_be_measured(cut: Found) -> None:
    control = np.array([cut.pairs.control(w.id) for w in cut.what])
    assert control.shape == (len(cut.what), QUARTERS, GAMES)
    assert np.isfinite(control).all()
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
    there = {file.name for file in tmp_path.iterdir() if not file.name.startswith(".")}
    assert there == names | {"games"}
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert sealed(manifest) == manifest
    assert manifest["shocks"][0]["quarter"] == "2025Q3"
    assert NOTICE in reported.text
    for csv in tmp_path.glob("*.csv"):
        assert csv.read_text(encoding="utf-8").startswith(f"# {NOTICE}\n")
    table = pq.read_table(next((tmp_path / "games").glob("whole-effect-*.parquet")))
    assert table.num_rows == 20 * QUARTERS
    assert table.column("quarter").to_pylist()[:2] == ["2025Q1", "2025Q2"]
    assert table.column("change lever.troops").to_pylist()[:3] == [0.0, 0.0, -21.0]


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
        checked(asked("Client=hedger@3", doctrines=QUIET))


def test_shocks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shocks"]) == 0
    out = capsys.readouterr().out
    assert "sma_ask_x5" in out
    assert "source: demand_2019" in out
    assert main(["shocks", "triad"]) == 0
    assert "No ready shock fits triad" in capsys.readouterr().out
