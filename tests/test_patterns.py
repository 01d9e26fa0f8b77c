"""History until 2020 beside the games, and two arms of an experiment side by side."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.reading import read
from runs.arms import read_pair, side_by_side
from runs.batch import compare
from runs.ensemble import play_chunk
from runs.errors import UserError
from runs.outcomes import watched_series
from runs.patterns import OVER, STATISTICS, Held, Pattern, as_lines, as_markdown, hold, patterns
from runs.store import Results
from runs.summary import Row
from tests.worlds import strait

TAU = "actors.Patron.transactionalism"


def row(name: str, **numbers: Any) -> Row:
    plain: dict[str, Any] = {"games": 8, "mean": 2.0, "low": 0.0, "median": 1.0, "high": 3.0}
    return Row(name, name, "", **(plain | {"share": 0.25} | numbers))


def pattern(**changes: str) -> Pattern:
    plain = {"pattern": "H0", "what": "something", "outcome": "a", "statistic": "mean"}
    rest = {"low": "1", "high": "3", "unit": "%", "source": "a book", "why": "it must be so"}
    return Pattern(**(plain | rest | changes))


def test_every_pattern_names_outcomes_of_the_scenario_and_says_why() -> None:
    chunk = play_chunk(read("2025q1"), 1, [0, 1], quarters=1)
    known = {c.id for c in chunk.columns}
    found = patterns()
    assert {p.pattern for p in found} == {f"H{n}" for n in range(1, 9)}
    for each in found:
        assert each.source
        assert each.why
        assert each.outcome == "" or set(each.outcome.split(OVER)) <= known, each.what
        assert each.outcome == "" or each.statistic in STATISTICS
        assert each.low == "" or each.high == "" or float(each.low) <= float(each.high)


@pytest.mark.parametrize(
    ("statistic", "got"),
    [("mean", 2.0), ("median", 1.0), ("share", 25.0)],
)
def test_a_statistic_of_one_outcome(statistic: str, got: float) -> None:
    assert STATISTICS[statistic]([row("a")]) == got


def test_one_outcome_divided_by_another() -> None:
    assert STATISTICS["ratio"]([row("a", mean=3.0), row("b", mean=4.0)]) == 0.75
    assert np.isnan(STATISTICS["ratio"]([row("a"), row("b", mean=0.0)]))
    assert STATISTICS["games"]([row("a", games=2), row("b", games=8)]) == 25.0


@pytest.mark.parametrize(
    ("got", "low", "high", "verdict", "history"),
    [
        (2.0, "1", "3", "within", "1 to 3"),
        (0.5, "1", "", "below", "1 or more"),
        (3.5, "", "3", "above", "up to 3"),
        (float("nan"), "1", "3", "no number", "1 to 3"),
    ],
)
def test_a_number_lies_where_history_lay_or_not(
    got: float, low: str, high: str, verdict: str, history: str
) -> None:
    held = Held(pattern(low=low, high=high), got)
    assert held.verdict == verdict
    assert held.history == history
    assert "it must be so" in as_lines([held])[-1]
    assert as_markdown([held]).splitlines()[-1].endswith(f"| {verdict} | it must be so |")


def test_games_without_these_outcomes_are_not_held_against_history() -> None:
    assert hold({"end.something": row("end.something")}) == []
    ships = hold({"end.ships": row("end.ships", mean=280.0)})
    assert [h.verdict for h in ships if h.pattern.outcome == "end.ships"] == ["within"]
    assert [h.verdict for h in ships if h.pattern.outcome == ""] == ["no number"]


def test_two_arms_share_all_draws(tmp_path: Path) -> None:
    done = compare(
        strait(),
        TAU,
        (0.1, 0.9),
        tmp_path / "both",
        runs=24,
        seed=5,
        quarters=6,
        workers=1,
        stream=io.StringIO(),
    )
    assert done.report is not None
    text = done.report.read_text(encoding="utf-8")
    arms = [Results(tmp_path / "both" / f"{TAU}={value}") for value in (0.1, 0.9)]
    assert all(line in text for line in side_by_side(*arms))
    low, high = (arm.outcomes() for arm in arms)
    (label,) = (c.label for c in arms[0].columns() if c.id == "deals.alliance")
    gap = high[label] - low[label]
    assert gap.any(), "else the test tells nothing"
    line = next(line for line in text.splitlines() if line.startswith(f"  {label} "))
    assert f" {gap.mean():+.4g} " in line
    assert line.endswith(f"± {1.96 * gap.std() / np.sqrt(24):.2g}")


def test_the_same_arms_do_not_differ(tmp_path: Path) -> None:
    same = compare(
        strait(),
        TAU,
        (0.5, 0.5),
        tmp_path,
        runs=4,
        seed=5,
        quarters=2,
        workers=1,
        stream=io.StringIO(),
    )
    arm = Results(same.folder / f"{TAU}=0.5")
    assert len(side_by_side(arm, arm)) == 1


@pytest.mark.parametrize("text", ["tau", "tau=.2", "tau=.2,.5,.9", "tau=low,high", ""])
def test_a_pair_needs_a_name_and_two_numbers(text: str) -> None:
    with pytest.raises(UserError, match=r"such as tau_usa=\.2,\.9"):
        read_pair(text)


def test_a_pair_is_read() -> None:
    assert read_pair("tau_usa = .2, .9") == ("tau_usa", (0.2, 0.9))


def test_cuts_of_troops_are_told_by_cause() -> None:
    """Without events what is gone in effect was decided before, by somebody who is named."""
    file = strait(events={})
    chunk = play_chunk(file, 3, np.arange(60), series=["lever.troops"], trajectories=True)
    by_id = {c.id: chunk.outcomes[c.label] for c in chunk.columns}
    (name,) = (w.label for w in watched_series(file, ["lever.troops"]) if w.id == "lever.troops")
    deepest = np.maximum(file.levers["troops"].start - chunk.trajectories[name].min(axis=0), 0.0)
    np.testing.assert_allclose(np.nan_to_num(by_id["troops.alliance.deepest"]), deepest)
    causes = [by_id[f"troops.alliance.{c}"] for c in ("threat", "alone", "deal", "event")]
    assert np.all(sum(causes) >= deepest - 1e-9)
    assert (deepest > 0.0).any()
    assert np.any(sum(causes[:3]) > 0.0)
    carried = by_id["threats.carried_out.alliance: Patron on troops"]
    assert (causes[0][carried == 0] == 0).all()
