"""Hindcasts: numbers drawn from their ranges, games brought to the form of the record, a log."""

import csv
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import runs.hindcast
from model.history import UNVERIFIED, Consulted, history
from model.notice import NOTICE
from model.parameters import parameters
from model.reading import read
from runs.cli import main
from runs.hindcast import (
    SERIES,
    Games,
    Hindcast,
    answered,
    foretold,
    hindcast,
    past_scenarios,
    surprises,
)
from runs.hindcast_report import LOG, report, told
from runs.posterior import Draws, read_posterior
from runs.prior import uncertain

GAMES = 12


@cache
def played(name: str = "2017q1") -> Hindcast:
    return hindcast(name, GAMES, Draws(1))


def test_numbers_are_drawn_within_their_ranges_around_their_values() -> None:
    file = read("triad")
    drawn, listed = Draws(1).values(file, np.arange(4000)), parameters(file)
    assert drawn.keys() == uncertain(file).keys()
    assert len(drawn) > 100
    for name, values in drawn.items():
        p = listed[name]
        low, high = p.range
        assert low <= values.min() <= values.max() <= high
        assert np.mean(values < p.value) == pytest.approx(0.5 * (low < p.value), abs=0.05)


def test_what_is_known_or_a_switch_is_not_drawn() -> None:
    names = uncertain(read("2017q1"))
    assert not [n for n in names if n.startswith("rules.channel_")]
    assert not [n for n in names if n.startswith("levers.") and n.endswith(".start")]
    assert "stocks.prk_warheads.start" in names


def test_a_game_draws_the_same_numbers_alone() -> None:
    file = read("triad")
    many, alone = Draws(3).values(file, np.arange(10)), Draws(3).values(file, [7])
    assert all(many[name][7] == values[0] for name, values in alone.items())
    assert any(many[name][6] != values[0] for name, values in alone.items())


@pytest.mark.parametrize("alone", [2000, pytest.param(0, marks=pytest.mark.slow)])
def test_games_are_the_same_in_other_chunks(alone: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.hindcast, "CHUNK", 5)
    monkeypatch.setattr(runs.hindcast, "ALONE", alone)
    other = hindcast("2017q1", GAMES, Draws(1))
    for name, values in played().games.series.items():
        assert (values == other.games.series[name]).all()
    assert [s.crps for s in other.scores] == [s.crps for s in played().scores]


def still(name: str, **levels: float) -> Games:
    """Games in which nothing moves but what is said, from the third year on."""
    games = played(name).games
    flat = {}
    for of, values in games.series.items():
        kind, _, lever = of.partition(".")
        start = games.file.levers[lever].start if kind == "lever" else 1.0
        flat[of] = np.full(values.shape, start)
        if lever in levels:
            flat[of][8:] = levels[lever]
    return replace(games, series=flat)


def forecast(games: Games, record: str) -> dict[str, np.ndarray]:
    (measured,) = [m for m in SERIES if m.record == record]
    return dict(foretold(games, measured, Consulted(history())).members)


def test_years_counts_and_sums_take_the_form_of_the_record() -> None:
    games = still("2017q1", rok_spending=2.5, sma_cash=1030.0, usfk_army=14.6, prk_testing=4.0)
    (measured,) = [m for m in SERIES if m.record == "spending_rok"]
    output = surprises(games, measured, Consulted(history()), 4)
    assert forecast(games, "spending_rok")["2018"] == pytest.approx(2.34 / output[1])
    assert forecast(games, "spending_rok")["2019"] == pytest.approx(2.5 / output[2])
    sums = forecast(games, "sma_cash")
    assert sums["2017"] == pytest.approx(np.full(GAMES, 950.7))
    growth = sums["2018"] / 950.7
    assert 1.0 <= growth.min() <= growth.max() <= 1.04  # rates of rounds 7 to 9
    assert sums["2019"] == pytest.approx(1030.0 * growth**2)
    assert forecast(games, "prk_test_days")["2018Q4"] == pytest.approx(np.ones(GAMES))
    assert forecast(games, "prk_test_days")["2019Q1"] == pytest.approx(np.full(GAMES, 4.0))
    moved = forecast(games, "usfk_count")
    stayed = forecast(still("2017q1"), "usfk_count")
    assert (moved["2018Q4"] == stayed["2018Q4"]).all()
    assert stayed["2019Q1"] - moved["2019Q1"] == pytest.approx(np.full(GAMES, 4500.0))


def test_output_surprises_as_it_did_before_the_start() -> None:
    """ROK output by hand: 1.0654 x 2.271/2.389 in 2008, 1.0629 x 2.389/2.5 in 2009."""
    games, record = still("2017q1"), Consulted(history())
    measured = {m.record: m for m in SERIES}
    rok = surprises(games, measured["spending_rok"], record, 4)
    assert rok.shape == (4, GAMES)
    seen = np.unique(rok.round(12))
    assert 6 <= len(seen) <= 9  # 2008 to 2016
    ratios = seen[:, None] / seen
    assert np.isclose(ratios, 1.0157068 / 1.0127761, rtol=1e-6).sum() == 1
    usa = surprises(games, measured["spending_usa"], record, 4)
    for value in seen:  # a year is drawn for all countries
        assert len(np.unique(usa[np.isclose(rok, value)].round(12))) == 1


def test_sums_rise_only_in_years_that_begin_under_an_agreement() -> None:
    games = still("2017q1")
    games.series["lever.sma_in_force"][8:12] = 0.0
    sums = forecast(games, "sma_cash")
    growth = sums["2018"] / 950.7
    assert growth.max() > 1.0
    assert (sums["2019"] == sums["2018"]).all()
    assert sums["2020"] == pytest.approx(950.7 * growth**2)


def test_what_was_known_at_the_start_is_not_scored() -> None:
    scored = {s.forecast.measured.record: s.forecast for s in played().scores}
    assert list(scored["sma_cash"].truth) == ["2018", "2019", "2020"]
    assert scored["sma_cash"].past[-1] == 950.7
    assert list(scored["spending_rok"].truth) == ["2017", "2018", "2019", "2020"]
    assert len(scored["prk_test_days"].truth) == 16
    assert scored["usfk_count"].past[-1] == 23468
    assert {s.forecast.record for s in played("2003q1").scores} >= {
        "usfk_count_year",
        "prk_test_days_year",
    }


def test_questions_are_answered_by_the_games() -> None:
    record = Consulted(history())
    asked = {q.question: q for q in record.questions("2017q1")}
    assert len(asked) > 10

    def chance(games: Games, name: str) -> float:
        sums = foretold(games, SERIES[0], record)
        return answered(games, sums, asked[name]).chance

    quiet = still("2017q1")
    assert chance(quiet, "sma_2019_much") == 0.0
    assert chance(still("2017q1", sma_cash=1254.0), "sma_2019_much") == 1.0
    assert chance(quiet, "troops_2020") == 0.0
    assert chance(still("2017q1", usfk_army=14.6), "troops_2020") == 1.0
    assert chance(quiet, "summit_2019") == 0.0
    assert chance(still("2017q1", us_dprk_track=2.0), "summit_2019") == 1.0
    assert chance(still("2017q1", us_dprk_track=2.0), "talks_2018") == 0.0  # a year too late
    assert all(a.unmoved is False for a in played().answers if "sma" in a.question.question)


@pytest.mark.parametrize("name", past_scenarios())
def test_the_report_lists_every_unverified_figure_that_it_took(name: str) -> None:
    found = played(name)
    text = told(found, [])
    lines = text.splitlines()
    unverified = [row for row in found.record.used if row.confidence == UNVERIFIED]
    assert len(unverified) >= 5
    for row in unverified:
        assert f"  {row}" in lines
    assert NOTICE in text
    assert ("temporal hold-out" in " ".join(text.split())) == (name == "2021q1")
    for score in found.scores:
        for period in score.forecast.truth:  # no figure comes by another way
            assert any(
                str(row).startswith(f"{score.forecast.record} {period}")
                for row in found.record.used
            )


def test_a_report_is_written_whole_and_every_scoring_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    report("2021q1", 4, 1, None, out)
    second = report(
        "2021q1", 5, 2, read_posterior("shipped"), out, command="hubspoke hindcast 2021q1"
    )
    names = {f.name for f in second.files}
    assert names == {f.name for f in out.glob("[!.]*")}
    assert {"years.png", "quarters.png", "manifest.json", "scores.csv", LOG} <= names
    log = list(csv.reader((out / LOG).read_text(encoding="utf-8").splitlines()[1:]))
    assert [(row[4], row[5]) for row in log[1:]] == [("4", "1"), ("5", "2"), ("5", "2")]
    assert [row[3].split()[0] for row in log[1:]] == ["prior", "prior", "posterior"]
    assert all(row[2] == "yes" for row in log[1:])
    assert second.text.count("2021q1  ") >= 2
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["held_out"] is True
    assert manifest["numbers"] == log[-1][3]
    assert "With numbers of the prior alone" in " ".join(second.text.split())
    assert manifest["unverified"]
    for file in out.glob("[!.]*"):
        if file.suffix in {".csv", ".txt", ".json", ".svg"}:
            assert NOTICE in file.read_text(encoding="utf-8"), file.name
    scores = list(csv.DictReader((out / "scores.csv").read_text("utf-8").splitlines()[1:]))
    assert len(scores) == len(SERIES)
    assert all(float(row["crps_prior"]) >= 0.0 for row in scores)
    assert any(row["crps_prior"] != row["crps_model"] for row in scores)


def test_an_unknown_start_is_the_users_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hindcast", "2017q2"]) == 2
    assert "did you mean 2017q1?" in capsys.readouterr().err
    assert main(["hindcast", "triad"]) == 2
    assert "2003q1, 2017q1, 2021q1" in capsys.readouterr().err
