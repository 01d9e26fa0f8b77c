"""Tournament: equilibria of known games, an estimated game, a small one from games to figure."""

import io
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from model.reading import read
from runs.errors import UserError
from runs.theory import quantal
from runs.tournament.equilibria import expected, logit, mixed, path, pure, regret
from runs.tournament.findings import study
from runs.tournament.games import Tournament, as_game, fit, set_up
from runs.tournament.report import report

FIVE = ("hedger", "institutional", "accommodator", "tit_for_tat", "maximum_pressure")
TRIAD = read("triad")
PENNIES = [np.array([[9.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])]
DILEMMA = [np.array([[3.0, 0.0], [5.0, 1.0]]), np.array([[3.0, 5.0], [0.0, 1.0]])]


@pytest.mark.parametrize("precision", quantal.PUBLISHED)
def test_logit_equilibria_are_the_published_ones(precision: float) -> None:
    found = logit(PENNIES, precision)
    assert found.settled
    got = found.mixes[0][0], found.mixes[1][0]
    assert got == pytest.approx(quantal.PUBLISHED[precision], abs=1e-5)
    assert got == pytest.approx(quantal.equilibrium(precision), abs=1e-8)


def test_logit_of_three_is_where_each_answers_the_others() -> None:
    rng = np.random.default_rng(4)
    game = [rng.normal(size=(2, 3, 4)) for _ in range(3)]
    ends = path(game, (0.0, 1.0, 3.0))
    assert [m.tolist() for m in ends[0].mixes] == [[0.5] * 2, [1 / 3] * 3, [0.25] * 4]
    for precision, found in zip((1.0, 3.0), ends[1:], strict=True):
        assert found.settled
        for player, mix in enumerate(found.mixes):
            worth = expected(game, found.mixes, player)
            ratios = np.log(mix) - precision * worth
            assert ratios == pytest.approx(np.full(len(mix), ratios[0]), abs=1e-6)
    by_hand = sum(
        game[0][:, j, k] * ends[2].mixes[1][j] * ends[2].mixes[2][k]
        for j, k in product(range(3), range(4))
    )
    assert expected(game, ends[2].mixes, 0) == pytest.approx(by_hand)


def test_pure_equilibria_and_regret() -> None:
    assert np.argwhere(pure(DILEMMA)).tolist() == [[1, 1]]
    assert regret(DILEMMA)[:, 0, 0].tolist() == [2.0, 2.0]
    assert not pure(PENNIES).any()


def test_mixed_equilibria_by_nashpy() -> None:
    pytest.importorskip("nashpy")
    ((row, column),) = mixed(PENNIES)
    assert row.tolist() == [0.5, 0.5]
    assert column == pytest.approx([0.1, 0.9])


def seated(**options: object) -> Tournament:
    given = {"players": ("Patron", "Client"), "doctrines": ("hedger", "institutional")}
    return set_up(TRIAD, **{**given, "profiles": 50, "games": 40, "seed": 1, **options})  # type: ignore[arg-type]


def test_a_sampled_game_of_pairs_is_estimated_as_it_is() -> None:
    two = seated()
    sizes = (3, 4, 3)
    choices = tuple(tuple(f"d{k}" for k in range(n)) for n in sizes)
    every = np.array(list(product(*(range(n) for n in sizes))))
    rng = np.random.default_rng(2)
    own, pairs = rng.normal(size=3), rng.normal(size=(3, 4))
    truth = np.array([own[a] + pairs[a, b] + 0.5 * c for a, b, c in every])
    made = replace(two, players=("a", "b", "c"), choices=choices, profiles=every)
    game, skill = fit(made, np.stack([truth] * 3, axis=1))
    assert skill[0] > 0.8
    assert np.corrcoef(game[0].reshape(-1), truth)[0, 1] > 0.99
    noise = rng.normal(size=(len(every), 3))
    assert (fit(made, noise)[1] < 0.3).all()  # nothing is predicted where there is nothing


def test_resampling_says_how_sure_an_equilibrium_is() -> None:
    made = replace(seated(), choices=(("c", "d"), ("c", "d")), games=60)
    made = replace(made, profiles=np.array(list(product((0, 1), repeat=2))))
    means = np.array([[DILEMMA[n][tuple(p)] for n in range(2)] for p in made.profiles])
    rng = np.random.default_rng(1)
    sure = study(made, means[:, :, None] + 0.1 * rng.normal(size=(4, 2, 60)))
    assert sure.pure == {(1, 1): 1.0}
    assert sure.replies[0] == {(0,): (1, 1.0), (1,): (1, 1.0)}
    assert sure.calm[0] == (1, 1)
    unsure = study(made, 0.001 * means[:, :, None] + rng.normal(size=(4, 2, 60)))
    assert max([*unsure.pure.values(), *unsure.others.values()]) < 0.95


def test_wrong_input_says_what_to_do() -> None:
    with pytest.raises(UserError, match="unknown actor"):
        seated(players=("Patron", "Clint"))
    with pytest.raises(UserError, match="unknown doctrine"):
        seated(doctrines=("hedgr",))
    with pytest.raises(UserError, match="two players"):
        seated(players=("Patron",))
    many = seated(players=("Patron", "Client", "Rival"), doctrines=FIVE, profiles=60)
    assert not many.whole
    assert len(many.profiles) <= 60


def test_a_small_tournament_from_games_to_figure(tmp_path: Path) -> None:
    options = {"games": 4, "quarters": 3, "out": tmp_path, "workers": 1, "stream": io.StringIO()}
    reported = report(TRIAD, (), ("institutional",), **options)  # type: ignore[arg-type]
    assert reported.figure.is_file()
    assert "Pure equilibria" in reported.text
    kept = {f: f.stat().st_mtime_ns for f in (tmp_path / "games").iterdir()}
    again = report(TRIAD, (), ("institutional",), **options)  # type: ignore[arg-type]
    assert again.text == reported.text
    assert {f: f.stat().st_mtime_ns for f in (tmp_path / "games").iterdir()} == kept
    rows = (tmp_path / "payoffs.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + len([file for file in kept if file.suffix == ".parquet"])


def test_payoffs_fill_the_game() -> None:
    made = seated()
    means = np.arange(2.0 * len(made.profiles)).reshape(-1, 2)
    game = as_game(made, means)
    assert [g[tuple(made.profiles[4])] for g in game] == means[4].tolist()
