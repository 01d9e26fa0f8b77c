"""The source brief in the game: its sentences lead somewhere, and every lever matters."""

import numpy as np
import pytest

from model.chance import Chance
from model.compiling import build
from model.ledger import gaps
from model.parameters import parameters
from model.perception import perceive, prices
from model.reading import read
from model.turn import begin, prepare

FILE = read("2025q1")
CLAIMS = {f"C{n}" for n in range(1, 12)}
# paragraphs of argument in the brief's body, counted from its first
PARAGRAPHS = range(1, 10)
# instruments that the brief names, each by what carries it in the game
INSTRUMENTS = {
    "cost-sharing under the Special Measures Agreement": "sma_cash",
    "re-opening or ending the Special Measures Agreement": "sma_in_force",
    "Extended Deterrence Contribution Fund": "edc_fund",
    "reduction of U.S. Forces Korea": "usfk_army",
    "flexibility of U.S. Forces Korea": "flexibility",
    "U.S. Marines in Pohang or Jeju": "marines_jeju",
    "ports of Busan and Gangjeong": "naval_ports",
    "scope of the alliance": "alliance_scope",
    "standby force as reaction force": "qrf_special",
    "2nd Rapid Response Division": "qrf_division",
    "ROK Marine Corps as reaction force": "qrf_marines",
    "maintenance of U.S. Navy ships": "ship_mro",
    "construction of U.S. Navy ships": "ship_combatants",
    "Nuclear Consultative Group": "ncg_depth",
    "strategic assets": "strategic_assets",
    "weapons dedicated to the Peninsula": "dedicated_weapons",
    "NATO's share": "nato_spending",
    "ceasefire in Ukraine": "ceasefire",
    "ceasefire in Gaza": "gaza_ceasefire",
    "pressure on Iran": "iran_pressure",
    "talks of Washington with Pyongyang": "us_dprk_track",
    "who leads on North Korea": "dprk_lead",
    "Japan's regional role": "jpn_regional_role",
    "peace through strength": "us_spending",
    "China first": "theatre_salience",
}


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_of_the_brief_is_a_lever(instrument: str) -> None:
    lever = INSTRUMENTS[instrument]
    assert lever in FILE.levers
    assert any(lever in sentence.levers for sentence in FILE.brief), "no sentence leads to it"


def test_every_sentence_leads_somewhere_and_none_dangles() -> None:
    assert len(FILE.brief) >= 30
    for sentence in FILE.brief:
        assert sentence.levers or sentence.events or sentence.packages or sentence.claims
        assert set(sentence.levers) <= set(FILE.levers)
        assert set(sentence.events) <= set(FILE.events)
        assert set(sentence.claims) <= CLAIMS
        for package in sentence.packages:
            table, name = package.split(".")
            assert name in FILE.tables[table].packages


def test_every_claim_is_argued_by_some_sentence() -> None:
    assert {c for sentence in FILE.brief for c in sentence.claims} == CLAIMS


def test_sentences_are_numbered_once() -> None:
    places = [(s.paragraph, s.sentence) for s in FILE.brief]
    assert len(set(places)) == len(places)
    assert {p for p, _ in places} <= set(PARAGRAPHS)


def test_moving_any_lever_changes_an_account_of_somebody() -> None:
    game = prepare(FILE)
    scenario = game.scenario
    world = begin(game, 1)
    view = perceive(scenario, world, Chance(1, np.array([0])))
    levers = np.arange(len(scenario.levers.ids))
    up = np.ones(len(levers), dtype=np.int64)
    moved = np.zeros(len(levers), dtype=bool)
    for actor in range(len(scenario.actors)):
        for steps in (up, -up):
            gap = gaps(scenario, levers, steps, view.known[actor].setting)
            change = prices(view, actor, actor, levers, gap)[:, :-1, 0]
            moved |= (np.abs(change) > 0.0).any(axis=0)
    assert [scenario.levers.ids[x] for x in np.flatnonzero(~moved)] == []


def test_every_number_has_a_source_or_says_assumed() -> None:
    for path, parameter in parameters(FILE).items():
        source = parameter.source
        assert source == "assumed" or source in FILE.sources or "levers" in path, path


def test_nothing_is_sourced_after_the_cut_off_without_saying_so() -> None:
    for key, text in FILE.sources.items():
        if "2025" in text and any(m in text for m in ("April 2025", "Yearbook 2025")):
            assert "after the cut-off" in text, key


def test_the_same_file_builds_the_same_arrays() -> None:
    first, second = build(FILE), build(FILE)
    assert (first.scale == second.scale).all()
    assert first.levers.ids == second.levers.ids
