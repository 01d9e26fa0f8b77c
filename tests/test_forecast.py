"""Forecasts: every question is answered by something that exists, and nothing later informs it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from model.history import Consulted, history
from model.notice import NOTICE
from model.reading import read
from runs.cli import main
from runs.forecast import QUANTILES, Asked, answer, questions
from runs.hindcast import Games, surprises


def asked(**changes: str) -> Asked:
    plain = {"id": "F00", "question": "?", "answer": "probability", "by": "2025Q4"}
    rest = {"handle": "ever", "measure": "lever.a", "relation": "above", "than": "1"}
    return Asked(**(plain | rest | {"rate": "", "note": ""} | changes))


def games(**series: list[list[float]]) -> Games:
    """Four games of five quarters, the last of which is after the question."""
    levels = {name.replace("__", "."): np.array(rows, dtype=float) for name, rows in series.items()}
    return Games(read("2025q1"), 1, np.arange(4), levels, {})


RISEN = [[0.0, 0, 2, 0], [0.0, 0, 2, 0], [0.0, 0, 0, 1], [0.0, 0, 0, 2], [9.0, 9, 9, 9]]


@pytest.mark.parametrize(
    ("changes", "games_with"),
    [
        ({"relation": "above"}, 2),
        ({"relation": "above", "handle": "end"}, 1),
        ({"relation": "below", "handle": "end"}, 3),
        ({"relation": "other than", "than": "0"}, 2),
        ({"by": "2025Q2"}, 1),
        ({"by": "2026Q1"}, 4),
    ],
)
def test_a_chance_is_the_share_of_games_and_never_nought_or_one(
    changes: dict[str, str], games_with: int
) -> None:
    told = answer(asked(**changes), games(lever__a=RISEN), Consulted(history()))
    assert told.probability == pytest.approx((games_with + 0.5) / 5)
    assert np.isnan(told.quantiles).all()


def test_a_demand_that_was_never_made_is_none() -> None:
    never = games(lever__a=[[np.nan] * 4] * 5)
    assert answer(asked(), never, Consulted(history())).probability == pytest.approx(0.1)


def test_quantiles_are_those_of_the_year() -> None:
    record = Consulted(history())
    flat = {"lever__rok_spending": [[2.0, 2.5, 3.0, 3.5]] * 5, "stock__gdp_rok": [[0.0] * 4] * 5}
    year = asked(answer="quantiles", handle="year", measure="spending_rok")
    played = games(**flat)
    assert year.measured
    output = np.median(surprises(played, year.measured, record, 1))
    assert output != 1.0
    assert answer(year, played, record).quantiles[2] == pytest.approx(2.75 / output)
    flat["stock__gdp_rok"] = [[0.0] * 4, *([[-10.0] * 4] * 4)]
    year_of_loss = 2.75 * (1 + 3 / 0.9) / 4 / output
    assert answer(year, games(**flat), record).quantiles[2] == pytest.approx(year_of_loss)


def test_real_growth_is_that_of_the_share_and_of_output() -> None:
    flat = {"lever__nato_spending": [[2.2] * 4] * 5, "stock__gdp_nato": [[0.0] * 4] * 5}
    growth = asked(answer="quantiles", handle="growth", measure="spending_nato", rate="2")
    told = answer(growth, games(**flat), Consulted(history()))
    start = read("2025q1").levers["nato_spending"].start
    assert told.quantiles[2] == pytest.approx(100 * (2.2 / start * 1.02 - 1))


def test_missiles_come_at_a_rate_of_years_before_the_cut_off() -> None:
    record = Consulted(history())
    missiles = asked(answer="quantiles", handle="missiles", measure="count.prk_testing")
    told = answer(missiles, games(count__prk_testing=[[2.0] * 4] * 5), record)
    rates = [27 / 14, 9 / 4, 6 / 4, 69 / 34, 33 / 19, 41 / 12]
    assert any(told.quantiles[0] == pytest.approx(8 * rate, abs=2) for rate in rates)
    assert all(getattr(row, "period", "0") <= "2024" for row in record.used)


def test_every_shipped_question_asks_for_something_that_exists() -> None:
    file = read("2025q1")
    assert len(questions()) == len({q.id for q in questions()}) == 24
    for q in questions():
        assert q.answer in ("probability", "quantiles")
        assert q.by[:4] == "2025"
        assert (q.handle == "rate") == ("no handle" in q.note)
        if q.handle in ("ever", "end") and q.measure.startswith(("lever.", "decided.")):
            levers = [file.levers[term.split(".")[1].strip()] for term in q.measure.split("+")]
            reach = [sum(x.settings[n] for x in levers) for n in (0, -1)]
            assert q.answer == "quantiles" or reach[0] <= float(q.than) <= reach[1], q.id
            start = sum(x.start for x in levers)  # nothing has come true before the first quarter
            if q.handle == "ever":
                assert not {
                    "above": start > float(q.than),
                    "below": start < float(q.than),
                    "other than": start != float(q.than),
                }[q.relation], q.id


def test_forecasts_are_written_with_what_they_are_worth(tmp_path: Path) -> None:
    assert main(["forecast", "--runs", "8", "--out", str(tmp_path)]) == 0
    rows = list(csv.DictReader((tmp_path / "forecast.csv").read_text("utf-8").splitlines()[1:]))
    assert [row["id"] for row in rows] == [q.id for q in questions()]
    for q, row in zip(questions(), rows, strict=True):
        spans = [row[f"q{n:02d}"] for n in QUANTILES]
        if q.answer == "probability":
            assert 0.0 < float(row["probability"]) < 1.0
            assert not any(spans)
        else:
            assert row["probability"] == ""
            assert sorted(spans, key=float) == spans
    text = (tmp_path / "forecast.txt").read_text(encoding="utf-8")
    assert "chosen after the fact" in text
    assert "base rate" in text
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["cutoff"] == "2025-02-05"
    for file in tmp_path.glob("[!.]*"):
        if file.suffix != ".png":
            assert NOTICE in file.read_text(encoding="utf-8"), file.name
