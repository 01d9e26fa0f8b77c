"""The tables of history: figures that agree with each other, faults found with their place."""

import shutil
from pathlib import Path

import pytest

from model.history import (
    CONFIDENCE,
    FOLDER,
    LAST_GUIDING,
    UNVERIFIED,
    Consulted,
    Row,
    cells,
    history,
    read_history,
)
from model.reading import ScenarioError

HISTORY = history()
FREE = Consulted(HISTORY)
ROWS: list[Row] = [
    *HISTORY.observations,
    *HISTORY.rounds,
    *HISTORY.cuts,
    *HISTORY.events,
    *HISTORY.questions,
]


def mean(values: dict[str, float]) -> float:
    return sum(values.values()) / len(values)


def test_there_is_something_in_every_table() -> None:
    assert {o.series for o in HISTORY.observations} == set(HISTORY.names)
    assert [r.round for r in HISTORY.rounds] == list(range(1, 13))
    assert len(HISTORY.cuts) >= 5
    assert {e.date[:4] for e in HISTORY.events} == {str(y) for y in range(2017, 2025)}


def test_every_figure_has_a_source_with_a_right_to_use_it() -> None:
    assert {row.confidence for row in ROWS} == set(CONFIDENCE)
    for row in ROWS:
        assert HISTORY.sources[row.source]
        assert HISTORY.rights[row.source]


def test_memory_is_no_citation() -> None:
    from_memory = [key for key, title in HISTORY.sources.items() if "from memory" in title]
    assert len(from_memory) > 3
    partly = {"cut_germany"}  # the announcement was seen, the reversal is from memory
    for row in ROWS:
        if row.source in set(from_memory) - partly:
            assert row.confidence == UNVERIFIED, row


def test_the_sums_of_the_agreements_give_the_changes_of_the_rounds() -> None:
    paid = FREE.series("sma_cash")
    checked = 0
    for each in HISTORY.rounds:
        if each.change is not None:
            now, before = paid[str(each.first)], paid[str(each.first - 1)]
            assert 100 * (now / before - 1) == pytest.approx(each.change, abs=0.06)
            checked += 1
    assert checked == 11


def test_the_sums_within_an_agreement_grow_little() -> None:
    paid = FREE.series("sma_cash")
    growth = {
        year: 100 * (paid[str(year)] / paid[str(year - 1)] - 1)
        for each in HISTORY.rounds
        if 6 <= each.round <= 10
        for year in range(each.first + 1, each.last + 1)
    }
    assert len(growth) == 10
    assert all(-0.05 <= x <= 4.05 for x in growth.values())


@pytest.mark.parametrize(
    ("first", "last", "growth"),
    [("2014", "2016", 1.5), ("2017", "2020", 4.4), ("2021", "2022", 2.9), ("2023", "2024", 11.2)],
)
def test_growth_of_european_spending(first: str, last: str, growth: float) -> None:
    assert mean(FREE.series("growth_nato", first, last)) == pytest.approx(growth, abs=0.06)


def test_quarters_add_up_to_years() -> None:
    for year, days in FREE.series("prk_test_days_year", "2009").items():
        assert sum(FREE.series("prk_test_days", year, year).values()) == days
    for year, count in FREE.series("usfk_count_year", "2013").items():
        assert FREE.series("usfk_count", f"{year}Q3")[f"{year}Q3"] == count


def test_a_period_is_asked_for_with_both_ends() -> None:
    assert list(FREE.series("usfk_count", "2017", "2018Q2"))[::5] == ["2017Q1", "2018Q2"]
    assert list(FREE.series("sma_cash", "2019", "2021")) == ["2019", "2020", "2021"]
    assert list(FREE.series("usfk_count", "2022", "2023")) == [
        *(f"2022Q{q}" for q in (1, 2, 3)),
        *(f"2023Q{q}" for q in (3, 4)),
    ]  # what was not counted is not there
    with pytest.raises(KeyError):
        FREE.series("sma")


def test_what_guides_ends_before_what_is_scored() -> None:
    assert LAST_GUIDING == 2020
    assert max(o.period for o in HISTORY.observations if o.series == "spending_rok") > "2020"


def test_a_result_knows_which_unverified_figures_it_took() -> None:
    result = Consulted(HISTORY)
    result.series("sma_cash", "2005", "2022")
    assert result.unverified() == ()
    result.series("sma_cash", "2022", "2024")
    assert [str(x) for x in result.unverified()] == [
        "sma_cash 2023: 1289.6 KRW bn a year",
        "sma_cash 2024: 1346.3 KRW bn a year",
    ]
    assert set(result.sources()) == {
        "white_paper_2018",
        "mofa_2019",
        "sma_11_press",
        "sma_11_rule",
    }
    taken = Consulted(HISTORY)
    for rows in (taken.rounds(), taken.cuts(), taken.events()):
        assert set(rows) <= set(taken.used)
    assert len(taken.used) == len(HISTORY.rounds + HISTORY.cuts + HISTORY.events)


def test_cells_and_their_columns() -> None:
    assert cells('a,"b, ""c""",,d') == [("a", 1), ('b, "c"', 4), ("", 14), ("d", 15)]


def broken(folder: Path, changes: dict[str, tuple[str, str]]) -> list[str]:
    """Problems of the tables after changes, file → (text, another text)."""
    copy = folder / "history"
    shutil.copytree(FOLDER, copy)
    for name, (old, new) in changes.items():
        text = (copy / name).read_text(encoding="utf-8")
        assert old in text
        (copy / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        read_history(copy)
    return [str(p).removeprefix(f"{copy}/") for p in error.value.problems]


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (
            "money",
            "sma_cash,2017,950.7",
            "sma_cash,2017,95o.7",
            "15: sma_cash.2017.value: expected a",
        ),
        (
            "money",
            "sma_cash,2017",
            "sma_cahs,2017",
            "1: sma_cahs.2017.series: 'sma_cahs' is unknown",
        ),
        (
            "money",
            "sma_cash,2018,",
            "sma_cash,2017,",
            "1: sma_cash.2017: is written twice, first in",
        ),
        (
            "money",
            "2017,950.7,KRW",
            "2017,950.7,USD",
            "1: sma_cash.2017.unit: 'USD bn a year' here",
        ),
        (
            "money",
            "series,period",
            "series,perod",
            "8: perod: unknown column → did you mean period?",
        ),
        ("rounds", "10,2019,2019,8.2", "10,2019,8.2", "1: has 10 cells, needs 11"),
        (
            "rounds",
            "11,2020,",
            "11,2020.5,",
            "4: 11.first: expected a whole number, found '2020.5'",
        ),
        (
            "rounds",
            "round_10,seen,",
            "round_10,saw,",
            "39: 10.confidence: 'saw' is none of seen, seen",
        ),
        (
            "rounds",
            ",round_10,",
            ",round_1O,",
            "30: 10.source: 'round_1O' is unknown → did you mean",
        ),
        (
            "cuts",
            "2004Q2",
            "2004 June",
            "16: posture_review.announced: expected a year or a quarter",
        ),
        (
            "events",
            "2017-01-20",
            "2017-13-20",
            "1: 2017-13-20.USA.A new administration takes office.",
        ),
        (
            "troops",
            "_year,1960,",
            "_year,1960Q1,",
            "1: usfk_count_year.1961: stands beside 1960Q1: ",
        ),
    ],
)
def test_a_fault_is_found_with_its_place(
    tmp_path: Path, file: str, old: str, new: str, problem: str
) -> None:
    found = broken(tmp_path, {f"{file}.csv": (old, new)})
    before = (FOLDER / f"{file}.csv").read_text(encoding="utf-8").partition(old)[0]
    line = before.count("\n") + 1 + ("stands beside" in problem)  # seen in the next line
    assert any(f.startswith(f"{file}.csv:{line}:{problem}") for f in found), "\n".join(found[:5])


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "right: sipri_terms",
            "right: sipri_term",
            "sources.sipri: there is no right 'sipri_term'",
        ),
        ("round_7: {title", "round_7: {name", "sources.round_7: needs a title and a right"),
        ("\nsources:", "\nsource:", "source: unknown key → did you mean sources?"),
        ("\nsources:", "\nsource:", "sources: must be a mapping, `key: value` lines"),
        ("\nseries:", "\nseries:\n  sma: The agreements", "series.sma: is in no table"),
    ],
)
def test_a_fault_of_the_index_is_found(tmp_path: Path, old: str, new: str, problem: str) -> None:
    found = broken(tmp_path, {"index.yaml": (old, new)})
    assert any(problem in each for each in found if each.startswith("index.yaml:"))


def test_all_faults_are_found_at_once(tmp_path: Path) -> None:
    found = broken(
        tmp_path,
        {
            "money.csv": ("sma_cash,2017,950.7", "sma_cash,2017,"),
            "rounds.csv": ("10,2019,2019", "x,2019,2019"),
            "events.csv": ("CHN,ROK,coercion", "CHN,ROK,"),
        },
    )
    assert [each.partition(":")[0] for each in found] == ["events.csv", "money.csv", "rounds.csv"]


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    copy = tmp_path / "history"
    shutil.copytree(FOLDER, copy)
    (copy / "fleet.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match=r"fleet\.csv: cannot be read"):
        read_history(copy)
    with pytest.raises(ScenarioError, match=r"index\.yaml: cannot be read"):
        read_history(tmp_path / "nowhere")
