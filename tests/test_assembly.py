"""Questions that many parties settle: the published case, and games among other games."""

import numpy as np
import pytest

from model.assembly import condorcet_election, condorcet_probability, risk_attitude

# KTAB's reference case (King Abdullah Petroleum Studies and Research Center, Wise, Lester and
# Efird 2015): actor, influence, position and salience on two issues, probability.
KTAB = [
    ("XJ", 100.0, 30, 24.0, 20, 48.0, 0.0618),
    ("LK", 60.2, 45, 44.7, 65, 41.3, 0.0156),
    ("ZG", 35.0, 30, 28.9, 15, 65.1, 0.0117),
    ("MK", 35.0, 45, 20.6, 45, 49.4, 0.4340),
    ("LH", 40.0, 50, 44.7, 65, 47.8, 0.0028),
    ("XS", 20.0, 15, 32.0, 10, 32.0, 0.0000),
    ("NEA", 15.0, 20, 32.0, 15, 32.0, 0.0020),
    ("MLR", 25.0, 60, 43.9, 50, 50.1, 0.0013),
    ("MEP", 20.0, 30, 26.4, 15, 17.6, 0.0117),
    ("MOF", 35.0, 45, 35.9, 40, 46.6, 0.2481),
    ("SHX", 20.0, 50, 44.7, 50, 47.8, 0.1533),
    ("HLJ", 20.0, 20, 47.4, 30, 40.6, 0.0689),
    ("WY", 40.0, 15, 49.0, 60, 46.0, 0.0005),
]


def test_a_condorcet_election_gives_the_published_probabilities() -> None:
    table = np.array([row[1:] for row in KTAB])
    position = table[:, [1, 3], None] / 100
    salience = table[:, [2, 4], None] / 100
    odds, holder = condorcet_election(position, salience, table[:, :1])
    np.testing.assert_allclose(odds[holder[:, 0], 0], table[:, 5], atol=5.1e-5)
    assert odds.sum() == pytest.approx(1)
    assert holder[8] == holder[2] == 2  # ZG and MEP hold one position
    assert odds[8] == 0


def test_an_election_is_the_same_alone_and_among_others_of_other_positions() -> None:
    """Who is where, and who agrees with whom, differs from game to game."""
    rng = np.random.default_rng(4)
    position = rng.integers(0, 4, (5, 1, 30)) / 4
    salience, capability = rng.random((5, 1, 1)), rng.random((5, 1))
    odds, holder = condorcet_election(position, salience, capability)
    assert odds.sum(axis=0) == pytest.approx(1)
    for r in range(30):
        alone = condorcet_election(position[..., r : r + 1], salience, capability)
        assert (alone[0][:, 0] == odds[:, r]).all()
        assert (alone[1][:, 0] == holder[:, r]).all()


def test_condorcet_pieces_by_hand() -> None:
    """C = 3 against 1: v = .75 and .25, each times its own one half; even strength, even odds."""
    assert condorcet_probability(np.array([[[0.0], [3.0]], [[1.0], [0.0]]]))[:, 0] == pytest.approx(
        [0.75, 0.25]
    )
    assert condorcet_probability(np.zeros((3, 3, 1)))[:, 0] == pytest.approx([1 / 3] * 3)
    attitude = risk_attitude(np.array([[0.5], [0.3], [0.1]]))[:, 0]
    assert attitude == pytest.approx([1.0, 0.25, -0.5])
