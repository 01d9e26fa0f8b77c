"""T3: abandoned or dragged along (Snyder 1984)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats
from model.reading import read
from model.scenario import Values
from runs.figures import ARMS
from runs.theory.core import Finding, Played, direction, play, theory

GAMES = 600
MANY = 3000  # where few games differ: threats to leave are rare
CONDITIONAL = "rules.commitment_share"  # how far protection hangs on being paid
LEAVES = "beliefs.resolve.B>A"  # that the patron leaves when it says so
OWN = "theatres.strait.forces.defender"
DRAGGED = "ledger.dragged along.coefficient"
FIRMNESS = (0.1, 0.3, 0.5, 0.7, 0.9)  # credibility of the patron


def games(values: Values, runs: int = GAMES) -> Played:
    """Play the alliance; all arms share their draws."""
    return play(read("dilemma"), runs, values=values)


def mean(played: Played, *levers: str) -> Floats:
    """Return the mean of some levers together over a game, (run,)."""
    means = [played.lever(name).mean(axis=0) for name in levers]
    return np.array(means).sum(axis=0)


def firm(credibility: float) -> Played:
    """Play with a patron that is believed, and means it, by so much."""
    place = "theatres.strait."
    return games({f"{place}credibility": credibility, f"{place}treaty": credibility})


@theory(
    "T3",
    "Abandoned or dragged along",
    source="Snyder 1984, The security dilemma in alliance politics",
    limits="directions alone, at assumed numbers, with the patron calling the talks: where the ally"
    " calls them too it buys troops instead, and protection that hangs on payment lowers what it"
    " gives",
    scenarios=("dilemma",),
)
def dilemma() -> Finding:
    """Allies fear two things: to be left alone, and to be dragged into the other's quarrels.

    The more an ally fears to be left, and the more it needs the patron, the more it gives; the
    more it fears to be dragged along, the less. The patron has a dilemma of its own: the
    firmer it stands by its ally, the more the adversary arms.
    """
    given = ("payment", "company")
    formula = "payment and company, mean of the game"
    low, high = games({CONDITIONAL: 0.0}), games({CONDITIONAL: 0.5})
    calm, afraid = games({LEAVES: 0.0}, MANY), games({LEAVES: 0.95}, MANY)
    alone, helped = games({OWN: 1.0}), games({OWN: 0.4})
    free, dragged = games({DRAGGED: -0.1}), games({DRAGGED: -0.8})
    stands = [firm(credibility) for credibility in FIRMNESS]
    arms = [mean(played, "arms") for played in stands]
    checks = (
        direction(
            "concessions, protection hanging half on payment instead of not at all",
            f"fear of abandonment: {formula}",
            mean(high, *given) - mean(low, *given),
            1,
        ),
        direction(
            "concessions, threats to leave believed at .95 instead of 0",
            f"fear of abandonment: {formula}",
            mean(afraid, *given) - mean(calm, *given),
            1,
        ),
        direction(
            "concessions, the ally's own force .4 instead of 1",
            f"dependence: {formula}",
            mean(helped, *given) - mean(alone, *given),
            1,
        ),
        direction(
            "company far away, being dragged along costs .8 instead of .1 a step",
            "fear of entrapment: company, mean of the game",
            mean(dragged, "company") - mean(free, "company"),
            -1,
        ),
        direction(
            "the adversary's arms, credibility .9 instead of .1",
            "firmness: arms, mean of the game",
            arms[-1] - arms[0],
            1,
        ),
    )

    def draw(axes: Axes) -> None:
        axes.plot(FIRMNESS, [x.mean() for x in arms], "o-", color=ARMS[1], label="adversary's arms")
        gave = [mean(played, *given).mean() for played in stands]
        axes.plot(FIRMNESS, gave, "s-", color=ARMS[0], label="ally's payment and company")
        axes.set_xlabel("credibility of the patron")
        axes.set_ylabel("mean of the games")
        axes.set_ylim(0)
        axes.legend()

    data = {
        "credibility": FIRMNESS,
        "arms": [float(x.mean()) for x in arms],
        "concessions": [float(mean(played, *given).mean()) for played in stands],
    }
    return Finding(checks, data, draw)
