"""Scenario discovery: boxes that were planted are found, told in words, and checked elsewhere."""

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from model.reading import read
from runs.batch import batch
from runs.discover import (
    discover,
    find_boxes,
    in_words,
    inputs,
    inside,
    read_question,
    score,
    worth,
)
from runs.errors import UserError
from runs.store import Results

installed = find_spec("ema_workbench") is not None
needed = pytest.mark.skipif(not installed, reason="the extra `discovery` is not installed")
TRIAD = read("triad")


def worlds(games: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    """Made-up worlds: it happens where a is large and b small and the office is a hawk's."""
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.uniform(size=(games, 6)), columns=list("abcdef"))
    x["office"] = pd.Categorical(rng.choice(["hawk", "dove"], games))
    return x, ((x.a > 0.6) & (x.b < 0.5) & (x.office == "hawk")).to_numpy()


@needed
@pytest.mark.parametrize("method", ["prim", "cart"])
def test_a_planted_box_is_found(method: str) -> None:
    x, y = worlds()
    best, *_ = find_boxes(x, y, method)  # type: ignore[arg-type]
    assert set(best) == {"a", "b", "office"}
    assert best["office"] == frozenset({"hawk"})
    assert isinstance(best["a"], tuple)
    assert best["a"][0] == pytest.approx(0.6, abs=0.05)
    other, again = worlds(800)
    box = worth(other, again, best)
    assert box.density > 0.85
    assert box.coverage > 0.8
    assert list(score(x, y, 1))[:3] != list("cde")
    words = in_words(best, x, lambda name: (name, ""))
    assert any(line.startswith("a is at least 0.") for line in words)
    assert "office is hawk" in words


@needed
def test_where_nothing_tells_worlds_apart_boxes_are_worth_nothing() -> None:
    x, _ = worlds()
    y = np.random.default_rng(2).uniform(size=len(x)) < 0.3
    half = np.arange(len(x)) % 2 == 0
    for limits in find_boxes(x[half].reset_index(drop=True), y[half], "prim"):
        assert worth(x[~half], y[~half], limits).density < 0.45


def test_questions_are_read_or_explained() -> None:
    found = read_question("threats.announced.rok-usa: USA on usfk_army >= 1")
    assert (found.outcome, found.sign, found.number) == (
        "threats.announced.rok-usa: USA on usfk_army", ">=", 1.0,
    )  # fmt: skip
    for wrong in ("usfk", "usfk <= many", "<= 3"):
        with pytest.raises(UserError, match="write an outcome"):
            read_question(wrong)
    assert inside(worlds()[0], {"a": (0.5, 2.0)}).mean() == pytest.approx(0.5, abs=0.05)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("discover") / "drawn"
    rng = np.random.default_rng(1)
    values = {
        "actors.Client.transactionalism": rng.uniform(size=300),
        "actors.Client.reciprocity": rng.uniform(size=300),
    }
    batch(TRIAD, runs=300, quarters=2, values=values, out=folder, workers=1, stream=io.StringIO())
    return folder


def test_inputs_are_what_differs_between_games(experiment: Path) -> None:
    found = inputs(Results(experiment))
    assert set(found) == {"actors.Client.transactionalism", "actors.Client.reciprocity"}
    with pytest.raises(UserError, match="no outcome"):
        discover(experiment, "lever.paymnt > 1")
    with pytest.raises(UserError, match="at least 80 must be on either side"):
        discover(experiment, "promises.made > 99")


@needed
def test_an_experiment_is_asked(experiment: Path, tmp_path: Path) -> None:
    reported = discover(
        experiment, "set.actors.Client.transactionalism >= 0.6", out=tmp_path / "found"
    )
    assert "Client: transactionalism is at least 0." in reported.text
    assert reported.figure.is_file()
    assert (tmp_path / "found" / "boxes.csv").read_text(encoding="utf-8").count("\n") >= 2
