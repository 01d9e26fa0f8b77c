"""Scenarios as text: complete, within the width, and honest about what is assumed."""

from pathlib import Path

import pytest

from model.notice import NOTICE
from model.parameters import parameters
from model.reading import read, shipped
from runs.scenario_text import bar, check, counts, listing, show


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", shipped())
def test_a_scenario_is_shown_within_the_width(name: str, width: int) -> None:
    text = show(read(name), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert NOTICE in " ".join(text.split())


@pytest.mark.parametrize("name", shipped())
def test_every_assumed_number_is_shown_with_its_range(name: str) -> None:
    file = read(name)
    text = " ".join(show(file).split())
    for p in parameters(file).values():
        shown = f"{p.name.partition('.')[2]} = {p.value:g} in [{p.range[0]:g}, {p.range[1]:g}]"
        assert (shown in text) == (p.source == "assumed"), p.name


@pytest.mark.parametrize("name", shipped())
def test_everything_that_can_be_named_is_shown(name: str) -> None:
    file = read(name)
    text = show(file, 200)
    for section in (file.actors, file.theatres, file.levers, file.tables, file.stocks):
        for i, part in section.items():
            assert f"{i}: " in text or part.name == i
    for table in file.tables.values():
        for package in table.packages.values():
            assert package.name in text
    for event in file.events.values():
        assert event.name in text
    for lever in file.levers.values():
        assert all(label in text for label in lever.labels)


def test_parts_are_shown_alone_and_in_the_order_asked_for() -> None:
    file = read("triad")
    whole, some = show(file).splitlines(), show(file, parts=["stocks", "actors"]).splitlines()
    heads = [whole[n - 1] for n, line in enumerate(whole) if line and set(line) == {"-"}]
    assert [some[n - 1] for n, line in enumerate(some) if line and set(line) == {"-"}] == [
        "Stocks",
        "Actors",
    ]
    assert len(heads) > 5
    assert heads[0] == "Actors"
    assert heads[-1].startswith("Assumptions"), "the overview comes first"


def test_shares_are_bars() -> None:
    assert [bar(x, 4) for x in (0, 0.25, 0.53125, 1, 2)] == ["", "█", "██▏", "████", "████"]


def test_counts_add_up() -> None:
    file = read("triad")
    assumed = sum(p.source == "assumed" for p in parameters(file).values())
    total = len(parameters(file))
    said = counts(file)
    assert f"{total} numbers, {total - assumed} sourced, {assumed} assumed" in said
    assert "3 actors, 1 theatre, 9 levers" in said


def test_the_list_names_what_is_shipped() -> None:
    text = listing()
    assert [line for line in text.splitlines() if line in shipped()] == list(shipped())
    assert read("triad").title in text
    assert "base\n" not in text


def test_a_check_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: triad\nquarters: 0\nlevers: {troops: {start: 3}}\n")
    verdict = check(path)
    assert not verdict.ok
    assert f"{path}:2:1: quarters: must be at least 1" in verdict.text
    assert verdict.text.endswith("2 problems")


def test_a_check_finds_unknown_doctrines(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: triad\nname: mine\nactors: {Client: {doctrine: hedgers}}\n")
    verdict = check(path)
    assert not verdict.ok
    assert "actors.Client.doctrine: unknown doctrine 'hedgers' → did you mean hedger?" in (
        verdict.text
    )


@pytest.mark.parametrize("name", shipped())
def test_shipped_scenarios_pass_the_check(name: str) -> None:
    verdict = check(name)
    assert verdict.ok
    assert "no problems" in verdict.text
