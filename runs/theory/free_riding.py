"""T2: who pays for an alliance (Olson and Zeckhauser 1966)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats
from model.reading import read
from model.schema import ScenarioFile
from runs.figures import ARMS
from runs.theory.core import Check, Finding, changed, equal, play, theory

SHARE = 0.3  # a: the weight of the pool
STEP = 0.02  # of spending
INCOMES = {"A": 10.0, "B": 8.0, "C": 6.0}
SIZES = (1, 2, 3, 4, 5)
PRIVACY = (0.0, 0.25, 0.5, 0.75, 1.0)
EACH = 10.0  # income of identical allies


def alliance(incomes: dict[str, float], private: float = 0.0) -> ScenarioFile:
    """Return the scenario with other allies; what is private of a defence helps nobody else."""
    file = read("free-riding")
    data = file.model_dump(by_alias=True)
    pool = 1.0 + (1.0 - private) * (len(incomes) - 1)
    ledger: dict[str, object] = dict.fromkeys(data["ledger"])

    def line(ally: str, to: list[str], rate: float) -> dict[str, object]:
        number = {"value": rate, "range": (-1.0, 1.0), "source": "olson_1966"}
        return {"from": ally, "to": to, "coefficient": number, "unit": "share", "why": "as shipped"}

    for ally, income in incomes.items():
        others = [f"{other}.security" for other in incomes if other != ally]
        ledger[f"{ally} keeps"] = line(ally, [f"{ally}.treasury"], -1.0 / (income - 1.0))
        ledger[f"{ally} itself"] = line(ally, [f"{ally}.security"], 1.0 / pool)
        if others:
            ledger[f"{ally} others"] = line(ally, others, (1.0 - private) / pool)
    gone: dict[str, object] = dict.fromkeys(set(data["actors"]) - set(incomes))
    return changed(
        file,
        actors=gone | dict.fromkeys(incomes, data["actors"]["A"]),
        levers=gone | {i: data["levers"]["A"] | {"owner": i} for i in incomes},
        ledger=ledger,
        series=dict.fromkeys(data["series"]),
        scales=gone | {i: {"treasury": 1.0, "security": 1.0} for i in incomes},
    )


def spending(file: ScenarioFile, quarters: int | None = None) -> Floats:
    """Play until nobody moves any more; return what each ally spends, by id."""
    ids = sorted(file.actors)
    played = play(file, quarters=quarters)
    return np.array([played.lever(i)[-10:].mean() for i in ids])  # a last step to and fro


def identical(count: int) -> dict[str, float]:
    """Return incomes of identical allies."""
    return {f"Ally{n}": EACH for n in range(count)}


@theory(
    "T2",
    "Who pays for an alliance",
    source="Olson and Zeckhauser 1966, An economic theory of alliances",
    limits="one pooled defence; no bargaining, threats or reputation; replies one step at a time",
    scenarios=("free-riding",),
)
def free_riding() -> Finding:
    """What defends one ally defends all.

    So each spends only until its own gain equals its own cost, and counts what the others
    spend as done for it. The rich ally, which gains most, pays nearly all and the poorest
    nothing: the small exploit the great. The more allies there are, the further all together
    fall short of what would be best for them; and where a defence helps only the one who pays,
    the burden is shared in proportion again.
    """
    q = spending(read("free-riding"))
    theory_q = (2.588, 0.588, 0.0)
    checks: list[Check] = [
        equal(
            f"spending of the {who}",
            "U = (y - q)^(1-a) Q^a, a = .3, y = 10, 8, 6",
            wanted,
            float(got),
            STEP,
        )
        for who, wanted, got in zip(
            ("rich ally", "middling ally", "poor ally"), theory_q, q, strict=True
        )
    ]
    supplied = []
    for n in SIZES:
        best = SHARE * n * EACH  # what the sum of incomes would spend
        supplied.append(spending(alliance(identical(n)), 150).sum() / best)
        wanted = 1.0 / (1.0 + (1.0 - SHARE) * (n - 1))
        checks.append(
            equal(
                f"{n} identical {'allies' if n > 1 else 'ally'}: share of the optimum",
                "1/(1 + (1-a)(n-1))",
                wanted,
                supplied[-1],
                STEP / SHARE / EACH,
            )
        )
    sizes = np.array(list(INCOMES.values()))
    slopes = []
    for private in PRIVACY:
        burden = spending(alliance(INCOMES, private)) / sizes
        slopes.append(float(np.polyfit(sizes, burden, 1)[0]))
    correlation = float(np.corrcoef(sizes, q / sizes)[0, 1])
    checks += [
        Check(
            "size and burden, pooled",
            "correlation(y, q/y)",
            "> 0",
            f"{correlation:.3f}",
            "sign",
            correlation > 0.0,
        ),
        equal(
            "size and burden, wholly private",
            "slope of q/y on y",
            0.0,
            slopes[-1],
            STEP / sizes.min(),
        ),
        Check(
            "burden evens out as the defence turns private",
            "slope falls along private = 0 … 1",
            "falls",
            " > ".join(f"{s:.4f}" for s in slopes),
            "order",
            bool(np.all(np.diff(slopes) < STEP / sizes.min() / 2) and slopes[0] > slopes[-1]),
        ),
    ]

    def draw(axes: Axes) -> None:
        fine = np.linspace(1, SIZES[-1], 100)
        axes.plot(fine, 1 / (1 + (1 - SHARE) * (fine - 1)), color=ARMS[0], label="theory")
        axes.plot(SIZES, supplied, "o", color=ARMS[1], label="engine")
        axes.set_xticks(SIZES)
        axes.set_xlabel("identical allies")
        axes.set_ylabel("defence, share of what would be best")
        axes.set_ylim(0, 1.05)
        axes.legend()

    return Finding(tuple(checks), {"allies": SIZES, "share of the optimum": supplied}, draw)
