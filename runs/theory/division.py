"""T1: dividing a pie by alternating offers (Rubinstein 1982)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats
from model.reading import read
from model.yardsticks import nash_point
from runs.figures import ARMS
from runs.theory.core import Check, Finding, changed, equal, play, theory

PATIENCE = (0.9, 0.8)
GRID = 0.01  # slices of the pie
CURVE = np.round(np.arange(0.5, 0.96, 0.05), 2)
SHARES = np.linspace(0.0, 1.0, 101)
OUTSIDE = (0.1, 0.25, 0.35, 0.5)
LAST_WORDS = {1: 1.0, 2: 0.2, 3: 0.92, 4: 0.344}


def first_share(first: Floats, second: Floats, rounds: int = 200) -> Floats:
    """Return what the one who speaks first gets, by the patience of both, (run,)."""
    file = changed(read("divide"), rules={"rounds": rounds})
    values = {"actors.Ann.round_discount": first, "actors.Ben.round_discount": second}
    return play(file, len(first), 1, values).end("share")


def outside_options() -> list[Check]:
    """Check that an outside option of the second counts only above what it would get anyway."""
    d1, d2 = PATIENCE
    equilibrium = d2 * (1 - d1) / (1 - d1 * d2)  # of the second: .286
    number = {"range": (0.0, 1.0), "source": "rubinstein_1982"}
    checks = []
    for outside in OUTSIDE:
        data = read("divide").model_dump(by_alias=True)["tables"]["pie"]
        table = data | {"outside": {"Ben": number | {"value": outside}}}
        got = float(play(changed(read("divide"), tables={"pie": table}), 1, 1).end("share")[0])
        wanted = 1 - max(equilibrium, outside)
        what = f"first share, the second has {outside:g} elsewhere"
        slack = GRID / (1 - d1 * d2) if outside < equilibrium else GRID
        checks.append(equal(what, "1 - max(d2 (1 - d1)/(1 - d1 d2), outside)", wanted, got, slack))
    return checks


def nash_split(first: Floats, second: Floats) -> float:
    """Return the share of the pie at the Nash point of two gains over shares 0 to 1, (share,)."""
    return float(SHARES[int(nash_point(first[:, None], second[:, None])[0])])


def nash_axioms() -> list[Check]:
    """Check the component that finds Nash points: his axioms, and what an outside option moves."""
    outside, formula = 0.2, "Nash 1950, component: argmax of the product of gains"
    first, second = np.sqrt(SHARES), 1.0 - SHARES
    plain = nash_split(first, second)  # sqrt(x) (1 - x) is largest at 1/3
    better = np.where(outside <= SHARES, SHARES - outside, 0.0)
    split = nash_split(better, np.where(better > 0.0, second, 0.0))
    fewer = np.where(plain >= SHARES, first, 0.0)
    even = nash_split(SHARES, second)
    moved = f"an outside option of {outside:g} moves the split by half of it"
    return [
        equal("symmetry: equal players split evenly", formula, 0.5, even, 1e-9),
        equal(moved, formula, 0.5 + outside / 2.0, split, 1e-9),
        equal(
            "units of utility do not matter", formula, plain, nash_split(7.0 * first, second), 0.0
        ),
        equal("nor what is not chosen", formula, plain, nash_split(fewer, second), 0.0),
        equal("a bargainer whose gains bend gets 1/3", formula, 1.0 / 3.0, plain, 0.005),
    ]


@theory(
    "T1",
    "Dividing a pie by turns",
    source="Rubinstein 1982, Perfect equilibrium in a bargaining model",
    limits="two who know each other; slices of the pie, so shares are right to a slice/(1 - d1 d2)",
    scenarios=("divide",),
)
def division() -> Finding:
    """Two divide a pie by turns; every refusal costs time.

    There is only one division from which neither can gain by holding out, and it is offered
    and accepted at once: the more patient of the two gets more, and so does the one who speaks
    first. If the rounds are few, the last word is worth all that is left then, and the
    division jumps with each round added.
    """
    d1, d2 = PATIENCE
    got = float(first_share(np.array([d1]), np.array([d2]))[0])
    formula = "(1 - d2)/(1 - d1 d2)"
    checks = [equal("first share, patience .9 and .8", formula, 0.7143, got, GRID / (1 - d1 * d2))]
    for rounds, share in LAST_WORDS.items():
        got = float(first_share(np.array([d1]), np.array([d2]), rounds)[0])
        what = f"first share with {rounds} round{'s' * (rounds > 1)}"
        checks.append(equal(what, "1 - d2 (1 - d1 (1 - …))", share, got, 1.1 * GRID))
    flat = {p: first_share(CURVE, np.full(len(CURVE), p)) for p in (0.6, 0.8, 0.95)}
    for p, shares in flat.items():
        wanted = (1 - p) / (1 - CURVE * p)
        worst = int((np.abs(shares - wanted) * (1 - CURVE * p)).argmax())
        what = f"first share, patience {CURVE[worst]:g} and {p:g}, the worst of {len(CURVE)}"
        slack = GRID / (1 - CURVE[worst] * p)
        checks.append(equal(what, formula, wanted[worst], shares[worst], float(slack)))

    checks += outside_options()
    checks += nash_axioms()

    def draw(axes: Axes) -> None:
        fine = np.linspace(CURVE[0], CURVE[-1], 100)
        for n, (p, shares) in enumerate(flat.items()):
            axes.plot(
                fine, (1 - p) / (1 - fine * p), color=ARMS[n], label=f"the other's patience {p:g}"
            )
            axes.plot(CURVE, shares, "o", color=ARMS[n])
        axes.set_xlabel("patience of the one who speaks first, a round")
        axes.set_ylabel("its share of the pie")
        axes.set_ylim(0, 1)
        axes.legend(title="lines: theory, points: engine")

    columns = {f"first share, other's patience {p:g}": shares for p, shares in flat.items()}
    return Finding(tuple(checks), {"patience": CURVE} | columns, draw)
