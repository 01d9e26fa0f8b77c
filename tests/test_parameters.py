"""Parameters: every number by name, short names, checked values, overrides."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.faults import dotted
from model.parameters import (
    ANY,
    UnknownParameter,
    check_settings,
    domain_of,
    parameters,
    parse_assignment,
    quantities,
    resolve,
    with_values,
)
from model.reading import read, scenario_hash, shipped
from model.schema import ACCOUNTS, Quantity, ScenarioFile

TRIAD = read("triad")
NAMES = sorted(parameters(TRIAD))


@pytest.mark.parametrize("name", shipped())
def test_every_quantity_and_every_lever_start_is_a_parameter(name: str) -> None:
    file = read(name)
    known = parameters(file)
    count = str(file.model_dump()).count("'range': (")
    assert len(known) == count + len(file.levers)
    for i, lever in file.levers.items():
        assert known[f"levers.{i}.start"].value == lever.start


def test_a_parameter_says_value_range_unit_source_and_note() -> None:
    p = parameters(TRIAD)["rules.concession"]
    assert (p.name, p.value, p.range, p.unit) == ("rules.concession", 0.5, (0.3, 0.8), "a quarter")
    assert p.source == "assumed"
    assert p.note
    start = parameters(TRIAD)["levers.payment.start"]
    assert (start.value, start.range, start.unit) == (1.0, (0.8, 5.0), "bn a year")


@pytest.mark.parametrize("name", shipped())
def test_every_alias_leads_to_a_parameter(name: str) -> None:
    file = read(name)
    for alias, target in file.aliases.items():
        assert resolve(file, alias) == target
        assert target in parameters(file)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Tau", "tau"),
        ("TAU", "tau"),
        ("rules.concesion", "rules.concession"),
        ("actors.patron.agenda", "actors.Patron.agenda"),
        ("levers.payment.strat", "levers.payment.start"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(UnknownParameter, match=rf"did you mean {meant}\?$"):
        resolve(TRIAD, name)


def test_a_name_like_nothing_is_answered_without_suggestion() -> None:
    with pytest.raises(UnknownParameter, match=r"no parameter 'zzzzzz'$"):
        resolve(TRIAD, "zzzzzz")


def test_settings_come_back_under_full_names_with_notes_on_what_lies_outside() -> None:
    settings = check_settings(TRIAD, {"tau": 0.1, "rules.concession": 0.5})
    assert settings.values == {"actors.Patron.transactionalism": 0.1, "rules.concession": 0.5}
    assert settings.notes == (
        "actors.Patron.transactionalism = 0.1 lies outside its range [0.3, 0.98]",
    )


DEALER = "actors.Patron.platforms.dealer.weights"
VOTE = "events.election.effects.0.platforms"


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"tau": math.nan}, "must be finite"),
        ({"rules.concession": [0.5, math.inf]}, "must be finite"),
        ({"levers.payment.start": 1.07}, "must be one of its settings 0.8, 0.9"),
        ({"tau": 1.5}, "transactionalism must be between 0 and 1"),
        ({"actors.Client.discount": 1.0}, "must be zero or more and below 1"),
        ({"rules.acceptance_width": 0.0}, "must be above zero"),
        ({"tau": 0.5, "actors.Patron.transactionalism": 0.5}, "is set twice"),
        ({"rules.concession": []}, "is given no value"),
        ({f"{DEALER}.{k}": 0.0 for k in ACCOUNTS}, f"{DEALER} must not all be zero"),
        ({f"{DEALER}.{k}": [1.0, 0.0] for k in ACCOUNTS}, f"{DEALER} must not all be zero"),
        ({f"{VOTE}.dealer": 0.0, f"{VOTE}.guardian": 0.0}, f"{VOTE} must not all be zero"),
    ],
)
def test_values_that_make_no_sense_are_refused(given_: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_settings(TRIAD, given_)


def test_some_of_the_shares_of_a_whole_may_be_zero() -> None:
    some = {f"{DEALER}.{k}": 0.0 for k in ACCOUNTS[1:]}
    assert len(check_settings(TRIAD, some).values) == len(ACCOUNTS) - 1


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"(?s)transactionalism.*\n.*concession"):
        check_settings(TRIAD, {"tau": 2.0, "rules.concession": math.nan})


def test_a_value_per_game_is_checked_value_by_value() -> None:
    values = np.array([0.5, 0.6, 0.99])
    settings = check_settings(TRIAD, {"tau": values})
    assert settings.values["actors.Patron.transactionalism"] is values
    assert "0.99" in settings.notes[0]


def test_a_note_names_the_first_value_outside() -> None:
    assert check_settings(TRIAD, {"levers.payment.start": [0.8, 5.0]}).notes == ()


@pytest.mark.parametrize("name", shipped())
def test_no_value_of_a_shipped_scenario_is_refused_or_noted(name: str) -> None:
    file = read(name)
    values = {n: p.value for n, p in parameters(file).items()}
    assert check_settings(file, values).notes == ()


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("tau_usa=.8", ("tau_usa", 0.8)),
        (" rules.concession = 1e-1 ", ("rules.concession", 0.1)),
        ("beliefs.reliability.Client>Patron=-2", ("beliefs.reliability.Client>Patron", -2.0)),
    ],
)
def test_an_assignment_is_a_name_and_a_number(text: str, pair: tuple[str, float]) -> None:
    assert parse_assignment(text) == pair


@pytest.mark.parametrize("text", ["", "=", "tau", "tau=", "=1", "tau=high", "tau=1=2", "tau 1"])
def test_anything_else_is_no_assignment(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as tau_usa=\.8"):
        parse_assignment(text)


def test_overrides_change_one_value_and_say_so() -> None:
    new = with_values(TRIAD, {"tau": 0.2, "levers.payment.start": 1.2})
    tau = new.actors["Patron"].transactionalism
    assert (tau.value, tau.range, tau.source) == (0.2, (0.2, 0.98), "assumed")
    assert "0.8" in tau.note
    assert new.levers["payment"].start == 1.2
    assert TRIAD.actors["Patron"].transactionalism.value == 0.8
    assert new.actors["Client"] is TRIAD.actors["Client"]
    assert scenario_hash(new) != scenario_hash(TRIAD)


@given(st.sampled_from(NAMES), st.floats(0, 1))
def test_an_override_moves_its_parameter_alone_and_stays_valid(name: str, share: float) -> None:
    before = parameters(TRIAD)
    low, high = before[name].range
    value = low + share * (high - low)
    if name.endswith(".start") and name.startswith("levers."):
        settings = TRIAD.levers[name.split(".")[1]].settings
        value = settings[round(share * (len(settings) - 1))]
    new = with_values(TRIAD, {name: value})
    after = parameters(new)
    assert after[name].value == value
    assert {n: p for n, p in after.items() if n != name} == {
        n: p for n, p in before.items() if n != name
    }
    data = new.model_dump(by_alias=True)
    assert ScenarioFile.model_validate(data) == new


def test_an_override_takes_one_number_only() -> None:
    with pytest.raises(ValueError, match="needs one number"):
        with_values(TRIAD, {"tau": [0.5, 0.6]})  # type: ignore[dict-item]


def test_every_chance_and_weight_of_the_shipped_worlds_has_a_domain() -> None:
    open_ended = {
        "coefficient",
        "steepness",
        "reference",
        "prize",
        "war_cost",
        "growth",
        "floor",
        "win_set",
        "support_weight",
        "limit",
    }
    for name in shipped():
        for path, q in quantities(read(name)):
            assert isinstance(q, Quantity)
            where = {"home_cost", "norms", "in_kind", "stocks"} & {str(x) for x in path}
            if domain_of(path) is ANY:
                assert path[-1] in open_ended or where, dotted(path)
