"""Theories with a known answer, played through the whole engine: it must find their numbers."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agents.briefing import Floats
from model.reading import read
from model.schema import ScenarioFile
from tests.worlds import Part, Played, Small, divide, ledger, office, play, votes

PATIENCE = (0.9, 0.8)
GRID = 100


def first_share(game: Played) -> float:
    """What the first player gets of the pie at the end, the same in all runs."""
    levers = game.game.scenario.levers
    share = game.end.value[levers.ids.index("share")]
    assert (share == share[0]).all()
    assert (game.end.value[levers.ids.index("pie")] == 1).all()
    return float(share[0])


def slack(first: float, second: float, grid: int = GRID) -> float:
    """How far a grid may move Rubinstein's division: one slice a round, discounted by both."""
    return 1 / grid / (1 - first * second)


@pytest.mark.parametrize("grid", [50, 100, 200])
def test_t1_rubinstein(grid: int) -> None:
    """(1 - d2)/(1 - d1 d2) = .2/.28 = .7143 (Rubinstein 1982)."""
    share = first_share(play(divide(PATIENCE, grid=grid), 1, 1))
    assert share == pytest.approx(0.7143, abs=slack(*PATIENCE, grid))


@pytest.mark.parametrize("patience", [(0.9, 0.8), (0.8, 0.9), (0.5, 0.5), (0.6, 0.95), (0.9, 0.9)])
@pytest.mark.parametrize("speaks_first", ["opener", "invited"])
def test_t1_whoever_speaks_first_and_however_patient(
    patience: tuple[float, float], speaks_first: str
) -> None:
    """The one who speaks first gets (1 - d')/(1 - d d'), d' the patience of the other."""
    mine, theirs = patience
    share = first_share(play(divide(patience, first_mover=speaks_first), 1, 1))
    if speaks_first == "opener":
        expected = (1 - theirs) / (1 - mine * theirs)
    else:
        expected = 1 - (1 - mine) / (1 - mine * theirs)
    assert share == pytest.approx(expected, abs=slack(mine, theirs))


@pytest.mark.parametrize(("rounds", "share"), [(1, 1.0), (2, 0.2), (3, 0.92), (4, 0.344)])
def test_t1_with_a_last_round(rounds: int, share: float) -> None:
    """1; 1 - .8; 1 - .8 (1 - .9); 1 - .8 (1 - .9 x .2): the last word takes what is left."""
    assert first_share(play(divide(PATIENCE, rounds=rounds), 1, 1)) == pytest.approx(
        share, abs=0.011
    )


def test_t1_agreement_comes_at_once() -> None:
    """With complete information nobody waits: the first offer is accepted."""
    talk = play(divide(PATIENCE), 3, 1).records[0].talks[0]
    assert talk is not None
    assert talk.round.tolist() == [0, 0, 0]
    assert (talk.accepted > 0).all()


def test_t1_as_shipped() -> None:
    """The scenario file `divide` is the same game."""
    game = play(read("divide"), 2, 1)
    share = game.end.value[game.game.scenario.lever("share")]
    assert share == pytest.approx([0.7143] * 2, abs=slack(*PATIENCE))


@settings(max_examples=10, phases=[Phase.generate])
@given(st.floats(0.3, 0.95), st.floats(0.3, 0.95))
def test_t1_for_any_patience(first: float, second: float) -> None:
    share = first_share(play(divide((first, second), rounds=100, grid=GRID), 1, 1))
    assert share == pytest.approx((1 - second) / (1 - first * second), abs=slack(first, second))


def two_bodies(first: Part | None, second: Part | None) -> ScenarioFile:
    """One offer a quarter, made by the first, who does not quite know what the second accepts.

    What it likes besides its share varies from quarter to quarter, so it asks for .6 to .8. What
    a deal costs at home is the part of the pie that is given away.
    """
    file = divide(
        bodies=(first, second),
        rounds=1,
        acceptance="logistic",
        acceptance_width=0.3,
        weight_noise=0.3,
    )
    parts = file.model_dump(by_alias=True)
    parts["ledger"] |= ledger(("pie", "Ann.commerce", 1))
    parts["actors"]["Ann"]["platforms"] = {"now": office(0, 0.8, 0.2, 0, 0, 0)}
    for name in ("Ann", "Ben"):
        parts["actors"][name]["doctrine"] = "transactional"
    return Small.model_validate(parts)


def terms(file: ScenarioFile, runs: int = 2000, quarters: int = 1) -> tuple[Floats, float]:
    """Shares of the first in the deals that were signed, and how often none was."""
    game = play(file, runs, quarters)
    levers = game.game.scenario.levers
    agreed = game.end.value[levers.ids.index("pie")] == 1
    return game.end.value[levers.ids.index("share")][agreed], float(1 - agreed.mean())


@pytest.mark.parametrize(
    ("side", "win_sets", "towards"),
    [("first", (2, 0.28, 0.24), 1), ("second", (2, 0.76, 0.72), -1)],
)
def test_t4_a_tighter_win_set_helps_and_endangers(
    side: str, win_sets: tuple[float, ...], towards: int
) -> None:
    """Terms move to the side whose hands are tied, and no deal becomes likelier (Putnam 1988)."""
    found = []
    for win_set in win_sets:
        body = votes(win_set, 0.02)
        found.append(terms(two_bodies(*((body, None) if side == "first" else (None, body)))))
    shares = [towards * float(np.mean(share)) for share, _ in found]
    failures = [failed for _, failed in found]
    assert shares[0] < shares[1] < shares[2]
    assert failures[0] < failures[1] < failures[2]
    assert failures[0] == 0


def test_t4_disjoint_win_sets_never_deal() -> None:
    """The first must have .75 at least, the second may give .7 at most, no vote is in doubt."""
    sharp = 0.0005
    shares, failed = terms(two_bodies(votes(0.25, sharp), votes(0.7, sharp)), quarters=6)
    assert len(shares) == 0
    assert failed == 1


def test_t4_sharp_bodies_pass_only_what_lies_in_both_win_sets() -> None:
    """From .7 (the first gives .3 at most) to .75: there are deals, and none outside."""
    sharp = 0.0005
    shares, failed = terms(two_bodies(votes(0.3, sharp), votes(0.75, sharp)))
    assert 0.1 < failed < 0.9
    assert shares.min() >= 0.7 - 1e-9
    assert shares.max() <= 0.75 + 1e-9


def test_t4_votes_fail_as_often_as_the_formula_says() -> None:
    """An offer of .92 against a win-set of .9: logistic(-.02/.05) pass."""
    _, failed = terms(divide(PATIENCE, rounds=3, bodies=(None, votes(0.9, 0.05))), runs=4000)
    assert 1 - failed == pytest.approx(1 / (1 + np.exp(0.4)), abs=0.025)


def test_t5_what_war_costs_is_known_to_the_threatened_alone() -> None:
    """B weighs its own type once the threat stands; what A thinks of B does not hold it."""
    game = play(read("ultimatum"), 50, 2)
    talk = game.records[1].talks[0]
    assert talk is not None
    a, b = talk.seats
    assert np.ptp(b.menace[0]) > 0.2
    assert np.ptp(a.leverage[0]) == 0.0
    assert (np.abs(b.menace[0] + 0.3) <= 0.2).all()
    first = game.records[0].talks[0]
    assert first is not None
    np.testing.assert_array_equal(first.seats[1].menace, b.menace)  # drawn once a game


def test_t5_only_stocks_are_foreseen() -> None:
    """A drift of power that another rule would bring, a lever say, changes no hazard."""
    rising = play(read("power-shift"), 1, 1, values={"stocks.rise.growth": 20.0})
    steady = play(read("power-shift"), 1, 1, values={"stocks.rise.growth": 0.0})
    assert rising.records[0].crises.hazard[0, 0] > 0.99
    assert steady.records[0].crises.hazard[0, 0] == 0.0
