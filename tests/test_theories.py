"""`hubspoke theory`: every theory holds in the engine, is told, written down and drawn."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from model.notice import NOTICE
from model.parameters import parameters
from model.reading import read
from model.reading import theories as shipped_theories
from runs.cli import main
from runs.errors import UserError
from runs.parameter_words import unit_of
from runs.scenario_text import check as check_scenario
from runs.scenario_text import listing, show
from runs.theory import core
from runs.theory.core import Check, Finding, chosen, direction, equal, sign_test, theories, theory
from runs.theory.report import report


@pytest.mark.parametrize("name", theories())
def test_it_holds(name: str) -> None:
    finding = theories()[name].run()
    assert finding.checks
    assert [c for c in finding.checks if not c.holds] == []
    assert len({len(column) for column in finding.data.values()}) == 1


@pytest.mark.parametrize("name", shipped_theories())
def test_its_scenario_is_shipped_whole(name: str) -> None:
    file = read(name)
    assert file.name == name
    assert check_scenario(name).ok
    assert NOTICE in " ".join(show(file).split())
    assert name in listing().splitlines()
    assert "Limits" in file.about or name == "divide"
    for p in parameters(file).values():
        assert unit_of(file, p), p.name


def test_every_theory_names_its_scenario_source_and_limits() -> None:
    for each in theories().values():
        assert set(each.scenarios) <= set(shipped_theories())
        assert len(each.about) > 200
        assert each.source
        assert each.limits
    used = {name for t in theories().values() for name in t.scenarios}
    assert used == set(shipped_theories())


def test_what_does_not_hold_is_told_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong() -> Finding:
        """A made-up theory."""
        return Finding((equal("two", "1 + 1", 3.0, 2.0, 0.5),), {"x": [2.0]})

    known = {"T99": core.Theory("T99", "Sums", "About", "none", "nobody", (), wrong)}
    monkeypatch.setattr(core, "theories", lambda: known)
    assert main(["theory", "t99", "--out", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "FAILS  two: expected 3, got 2 (± 0.5)" in out
    assert "0 of 1 hold; not: T99" in out
    _, _, table = (tmp_path / "theory.csv").read_text("utf-8").partition("\n")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["holds"] for row in rows] == ["false"]


def test_files_are_written_with_the_notice(tmp_path: Path) -> None:
    reported = report(["T9"], tmp_path, stream=io.StringIO())
    assert reported.holds
    names = {f.name for f in reported.files}
    assert names == {
        "T9.csv", "T9.png", "T9.svg", "theory.txt", "theory.csv", "manifest.json"
    }  # fmt: skip
    for name in ("T9.csv", "theory.txt", "theory.csv", "manifest.json", "T9.svg"):
        assert NOTICE in (tmp_path / name).read_text("utf-8")
    told = json.loads((tmp_path / "manifest.json").read_text())
    assert told["theories"] == ["T9"]
    assert list(told["scenarios"]) == ["deterrence"]


def test_an_unknown_theory_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", "T71"]) == 2
    assert "did you mean T7?" in capsys.readouterr().err
    with pytest.raises(UserError, match="no theory 'x'"):
        chosen(["x"])


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserError, match="--out"):
        report(["T9"], tmp_path / "taken", stream=io.StringIO())


def test_a_number_holds_within_its_tolerance_alone() -> None:
    assert equal("", "", 1.0, 1.1, 0.11).holds
    assert not equal("", "", 1.0, 1.12, 0.11).holds
    assert not equal("", "", 1.0, float("nan"), 0.11).holds


def test_a_direction_needs_more_than_luck() -> None:
    def verdict(up: int, down: int, sign: int) -> Check:
        return direction("", "", np.repeat([1.0, -1.0, 0.0], [up, down, 5]), sign)

    assert verdict(20, 2, 1).holds
    assert not verdict(20, 2, -1).holds
    assert not verdict(12, 8, 1).holds
    assert not verdict(0, 0, 1).holds
    assert sign_test(3, 0) == 1 / 8
    assert sign_test(0, 4) == 1


def test_the_mean_must_agree_with_most_games() -> None:
    assert not direction("", "", np.array([*[0.1] * 40, -100.0]), 1).holds


def test_ids_are_sorted_theories_first(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = list(theories())
    assert ids == sorted(ids, key=lambda i: (i[0] == "B", int(i[1:])))
    monkeypatch.setattr(core, "_KNOWN", {})
    theory("B7", "x", source="", limits="")(lambda: Finding((), {}))
    assert list(core._KNOWN) == ["B7"]
