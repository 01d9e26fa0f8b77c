"""The scorecard of H1 to H8: the same definition for record and games, and one rule."""

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import runs.facts
from model.history import Consulted, history
from model.notice import NOTICE
from runs.cli import main
from runs.facts import ALL, Fact, Held, Scorecard, facts, hold, scorecard
from runs.hindcast import Games, surprises
from runs.posterior import Draws


@cache
def card() -> Scorecard:
    return scorecard(4, Draws(1))


def row(**changes: str) -> Fact:
    return replace(facts()[0], **changes)


def test_every_fact_stands_in_the_years_that_may_guide() -> None:
    for later in (False, True):
        assert set(card().passed(later)) <= {f"H{n}" for n in range(1, 9)}
    assert len(card().passed(later=False)) == 8
    for fact in facts():
        assert fact.why
        assert (fact.kind == "outcome") == (fact.number != "")


@pytest.mark.parametrize(
    ("what", "number"),
    [
        ("first-year change of the sixth round of cost sharing", -8.9),
        ("first-year change of the tenth round of cost sharing", 8.2),
        ("change of 2020 while USD 5 bn was asked", 0.0),
        ("first-year change of the eleventh round", 13.9),
        ("growth within the ninth agreement", 1.0),
        ("growth of Europe's and Canada's share of output 2017 to 2020", 3.6),
        ("growth of Japan's share of output 2021 to 2024", 7.8),
        ("battle force in 2020", 296),
        ("test days a year when talks are held less those without", -2.5),
    ],
)
def test_the_records_number_is_worked_out_from_its_tables(what: str, number: float) -> None:
    (held,) = [h for h in card().held if h.fact.what == what]
    assert held.record == pytest.approx(number, abs=0.06)


def quiet(level: float) -> Games:
    """Games in which the ROK spends a share of its output from the third year on."""
    games = card().games["2017q1"]
    flat = {of: np.full_like(x, x[0].mean()) for of, x in games.series.items()}
    flat["lever.rok_spending"][8:] = level
    return replace(games, series=flat)


def test_games_are_measured_as_the_record_is() -> None:
    fact = row(scenario="2017q1", kind="growth", of="spending_rok", first="2016", last="2020")
    output = surprises(quiet(2.643), ALL["spending_rok"], Consulted(history()), 4)[3]
    level = 2.643 * output.mean()
    held = hold(fact, quiet(level), Consulted(history()))
    rise = 100 * ((level / output / 2.336) ** 0.25 - 1)
    assert held.middle == pytest.approx(np.median(rise))
    assert held.record == pytest.approx(100 * ((2.643 / 2.336) ** 0.25 - 1))
    assert held.passes
    assert hold(fact, quiet(2.4), Consulted(history())).verdict == "games lie lower"
    assert hold(fact, quiet(3.0), Consulted(history())).verdict == "games lie higher"


@pytest.mark.parametrize(
    ("happened", "share", "passes"),
    [(100.0, 5.0, True), (100.0, 4.0, False), (0.0, 95.0, True), (0.0, 96.0, False)],
)
def test_what_happened_must_not_be_too_rare(happened: float, share: float, passes: bool) -> None:
    held = Held(row(kind="question"), happened, np.nan, share, np.nan)
    assert held.passes == passes


def test_what_the_model_has_no_rule_for_does_not_pass() -> None:
    (held,) = [h for h in card().held if h.fact.kind == "unmodelled" and not h.fact.later]
    assert not held.passes
    assert held.verdict == "no rule"
    assert card().passed(later=False)["H2"] is False


def test_the_scorecard_is_written_and_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("runs.facts_report.scorecard", lambda *_: card())
    for _ in range(2):
        assert main(["hindcast", "--facts", "--posterior", "none", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "facts.txt").read_text(encoding="utf-8")
    assert " ".join(runs.facts.RULE.split()) in " ".join(text.split())
    assert "Until 2020: " in text
    assert "2021-24: " in text
    log = (tmp_path / "scorings.csv").read_text(encoding="utf-8").splitlines()
    assert len(log) == 4
    for file in tmp_path.glob("[!.]*"):
        assert NOTICE in file.read_text(encoding="utf-8"), file.name
    rows = list(csv.DictReader((tmp_path / "facts.csv").read_text("utf-8").splitlines()[1:]))
    assert len(rows) == len(facts())
    assert main(["hindcast"]) == 2
    assert main(["hindcast", "2017q1", "--facts"]) == 2
    assert "--facts" in capsys.readouterr().err
