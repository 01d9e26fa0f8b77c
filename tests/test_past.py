"""Historical scenarios start where the record stood and are not told what they must produce."""

import re
from collections.abc import Iterator

import numpy as np
import pytest

from model.history import Consulted, history
from model.reading import read, shipped
from model.schema import ScenarioFile

PAST = [name for name in shipped() if read(name).title.startswith("Hindcast")]
TODAY = read("2025q1")
RECORD = Consulted(history())
# What is decided outside the tables: wars of others, and the war effort that a war is.
OUTSIDE = {"ceasefire", "gaza_ceasefire", "rus_war_effort", "mideast_commitment"}
FIRST_SUM = {"2003q1": "2003", "2017q1": "2017", "2021q1": "2020"}  # the sum paid at the start


def test_there_are_three() -> None:
    assert PAST == ["2003q1", "2017q1", "2021q1"]


@pytest.mark.parametrize("name", PAST)
def test_what_happened_enters_as_given_and_moves_nothing_that_players_decide(name: str) -> None:
    given = {i: e for i, e in read(name).events.items() if e.given}
    assert len(given) >= 3
    for event in given.values():
        assert event.when.quarter is not None
        assert event.odds is None
        for effect in event.effects:
            assert effect.lever is None or effect.lever in OUTSIDE
            assert effect.pledge is None


@pytest.mark.parametrize("name", PAST)
def test_dated_events_are_given_or_not_there(name: str) -> None:
    file = read(name)
    assert {i for i, e in file.events.items() if e.when.quarter} == {
        i for i, e in file.events.items() if e.given
    }
    assert not file.brief
    assert not set(file.agreements) & set(TODAY.agreements)


@pytest.mark.parametrize("name", PAST)
def test_spending_starts_where_it_was_the_year_before(name: str) -> None:
    file, before = read(name), str(int(name[:4]) - 1)
    for lever, series in (
        ("rok_spending", "rok"),
        ("jpn_spending", "jpn"),
        ("nato_spending", "nato"),
        ("us_spending", "usa"),
        ("chn_spending", "chn"),
        ("rus_war_effort", "rus"),
    ):
        share = RECORD.series(f"spending_{series}", before, before)[before]
        assert file.levers[lever].start == pytest.approx(share, abs=0.006)


@pytest.mark.parametrize("name", PAST)
def test_money_forces_and_ships_start_as_in_the_record(name: str) -> None:
    file, before = read(name), str(int(name[:4]) - 1)
    paid = RECORD.series("sma_cash")[FIRST_SUM[name]]
    assert file.levers["sma_cash"].start == paid
    assert file.levers["sma_cash"].home_cost["ROK"].value == pytest.approx(100 / paid, rel=0.01)
    assert file.stocks["ships"].start.value == RECORD.series("us_fleet")[before]
    troops = sum(file.levers[f"usfk_{arm}"].start for arm in ("army", "air", "marines"))
    cuts = {cut.cut: cut for cut in RECORD.cuts()}
    headline = cuts["posture_review"].before if name == "2003q1" else cuts["posture_review"].after
    assert troops == pytest.approx(headline / 1000)


@pytest.mark.parametrize(("name", "round_"), [("2003q1", 5), ("2017q1", 9), ("2021q1", None)])
def test_agreements_in_force_end_as_in_the_record(name: str, round_: int | None) -> None:
    """At the start of 2021 none was: the tenth had run out, the eleventh was not yet signed."""
    file = read(name)
    assert file.levers["sma_in_force"].start == (round_ is not None)
    until = [a.until for a in file.agreements.values() if "sma_in_force" in a.levers]
    lasted = next(r for r in RECORD.rounds() if r.round == (round_ or 10))
    assert until == ([f"{lasted.last}Q4"] if round_ else [])
    assert file.levers["sma_life"].start == lasted.last - lasted.first + 1


@pytest.mark.parametrize("name", ["2017q1", "2021q1"])
def test_tests_start_at_the_setting_nearest_to_the_last_four_quarters(name: str) -> None:
    before = str(int(name[:4]) - 1)
    days = np.mean(list(RECORD.series("prk_test_days", before, before).values()))
    lever = read(name).levers["prk_testing"]
    assert lever.start == min(lever.settings, key=lambda s: abs(s - days))
    host_nation = RECORD.series("host_nation")[before]
    assert read(name).levers["hns_cash"].start == pytest.approx(host_nation, abs=0.1)


@pytest.mark.parametrize("name", PAST)
def test_steps_at_the_money_tables_mean_as_much_as_today(name: str) -> None:
    for lever in ("sma_cash", "hns_cash"):
        now, then = TODAY.levers[lever], read(name).levers[lever]
        ratios = np.array(then.settings) / then.start
        assert ratios == pytest.approx(np.array(now.settings) / now.start, rel=0.01)


@pytest.mark.parametrize("name", PAST)
def test_votes_give_the_alignment_of_ties(name: str) -> None:
    file, before = read(name), str(int(name[:4]) - 1)
    ideal = {a: RECORD.series(f"ideal_{a.lower()}", before, before)[before] for a in file.actors}
    assert len(file.ties) == len(TODAY.ties)
    for tie in file.ties:
        assert tie.alignment is not None
        alike = max(1 - abs(ideal[tie.source_of] - ideal[tie.to]) / 4, 0)
        assert tie.alignment.value == pytest.approx(alike, abs=0.006)


def texts(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for each in part.values():
            yield from texts(each)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from texts(each)


def said(file: ScenarioFile) -> set[str]:
    left_out = {"sources", "title", "about", "events", "agreements", "name", "cutoff", "start"}
    return set(texts(file.model_dump(by_alias=True, exclude=left_out)))


KNOWN_AHEAD = re.compile(  # a pledge, terms, a list of members, rates compared, dates of play
    r"pledge of 2014, for 2024|20\d\d-20\d\d is \w+ years|members of 2024|higher than in 2024"
    r"|^20\d\dQ[1-4]$"
)


@pytest.mark.parametrize("name", PAST)
def test_what_the_scenario_says_itself_knows_nothing_later(name: str) -> None:
    own = said(read(name)) - said(TODAY)
    assert len(own) > 30
    for text in own:
        years = [int(y) for y in re.findall(r"\b20\d\d\b", KNOWN_AHEAD.sub("", text))]
        assert all(year <= int(name[:4]) for year in years), text
