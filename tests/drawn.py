"""Hypothesis strategies: worlds with whatever a file may say, and briefings for every question."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from agents.briefing import Briefing, Question
from agents.drawn import Papers
from model.schema import ACCOUNTS, ScenarioFile
from tests.worlds import (
    Part,
    actor,
    event,
    ledger,
    lever,
    number,
    numbers,
    office,
    rules,
    stake,
    table,
    theatre,
    votes,
    world,
)

NAMES = ("Ada", "Bor", "Cyr", "Dun", "Eld", "Fay", "Gil", "Hob", "Ivo")
DOCTRINES = (
    "transactional",
    "institutional",
    "maximum_pressure",
    "accommodator",
    "hedger",
    "tit_for_tat",
    "crisis_bargainer",
    "status_quo",
    "random",
    "backward_induction",
)


def worlds(*, places: int | None = None, most: int = 5) -> st.SearchStrategy[ScenarioFile]:
    """Draw a world; its numbers come from one seed, its size from hypothesis.

    places : number of theatres, None draws it; most : actors
    """
    return st.builds(
        drawn_world,
        seed=st.integers(0, 2**32 - 1),
        actors=st.integers(2, most),
        places=st.integers(0, 2) if places is None else st.just(places),
    )


def drawn_world(seed: int, actors: int, places: int) -> ScenarioFile:
    """Make the world of a seed with some actors and theatres."""
    return Drawn(np.random.default_rng(seed), NAMES[:actors], places).file()


class Drawn:
    """A world drawn from a seed, part by part."""

    def __init__(self, rng: np.random.Generator, names: Sequence[str], places: int) -> None:
        self.rng = rng
        self.names = list(names)
        self.places = [f"place{n}" for n in range(places)]
        self.levers = self._levers()
        self.theatres = {t: self._theatre() for t in self.places}

    def file(self) -> ScenarioFile:
        """Put the world together."""
        return world(
            {name: self._actor() for name in self.names},
            self.levers,
            rules=self._rules(),
            theatres=self.theatres,
            stocks=self._stocks(),
            ledger=self._ledger(),
            transfers=self._transfers(),
            limits=self._limits(),
            ties=self._ties(),
            **self._tables(),
            events=self._events(),
            assemblies=self._assemblies(),
        )

    def some(self, low: float, high: float) -> float:
        """Draw a number with two digits."""
        return round(float(self.rng.uniform(low, high)), 2)

    def maybe(self, odds: float = 0.5) -> bool:
        """Toss a coin."""
        return bool(self.rng.random() < odds)

    def one(self, of: Sequence[str]) -> str:
        """Pick one."""
        return of[int(self.rng.integers(len(of)))]

    def two(self, of: Sequence[str]) -> list[str]:
        """Pick two different ones."""
        a, b = self.rng.choice(len(of), 2, replace=False)
        return [of[int(a)], of[int(b)]]

    def _rules(self) -> Part:
        return rules(
            value=self.one(["rational", "rational", "log", "quadratic", "linear"]),
            rounds=int(self.rng.integers(1, 5)),
            first_mover=self.one(["drawn", "opener", "invited"]),
            acceptance=self.one(["exact", "uniform", "logistic"]),
            named_levers=int(self.rng.integers(1, 4)),
            sweeteners=int(self.rng.integers(0, 3)),
            acceptance_width=self.some(0.02, 0.2),
            settlement_odds=self.some(0, 0.6),
            adjustment_cost=self.some(0, 0.2),
            weight_noise=self.some(0, 0.5),
            bluff_cost=self.some(0, 0.1),
            escalation=self.some(0.1, 1),
            hostility_speed=self.some(0, 1),
            channel_forces=float(self.maybe(0.9)),
            channel_money=float(self.maybe(0.9)),
        )

    def _actor(self) -> Part:
        changes: Part = {
            "agenda": float(self.rng.integers(0, 4)),
            "transactionalism": self.some(0, 1),
            "loss_aversion": self.some(1, 2.5),
            "sharpness": self.some(1, 40),
            "reneging_cost": self.some(0, 0.1),
            "support": self.some(0, 1),
            "platforms": {
                "now": office(*self._weights()),
                "other": office(*self._weights(), tau=self.some(0, 1)),
            },
        }
        if self.maybe(0.4):
            changes["ratification"] = votes(self.some(-2, 8), self.some(0.1, 3), self.some(0, 5))
        return actor(self.one(DOCTRINES), **changes)

    def _weights(self) -> list[float]:
        """Weights of the accounts: some of them nothing, not all."""
        weights = [0.0 if self.maybe(0.25) else self.some(0.01, 1) for _ in ACCOUNTS]
        return weights if any(weights) else [1.0] * len(ACCOUNTS)

    def _levers(self) -> dict[str, Part]:
        levers: dict[str, Part] = {}
        for name in self.names:
            other = self.one([x for x in self.names if x != name])
            for n in range(int(self.rng.integers(1, 4))):
                settings = np.cumsum(self.rng.uniform(0.2, 2, int(self.rng.integers(2, 6)))).round(
                    2
                )
                part = lever(
                    name,
                    settings.tolist(),
                    float(self.one([str(s) for s in settings])),
                    unilateral=self.one(["no", "up", "down", "both", "both"]),
                    step=int(self.rng.integers(1, 4)),
                    lead=int(self.rng.integers(0, 3)),
                    hostile=self.maybe(0.3),
                    home_cost=numbers(**{name: self.some(-2, 4)}) if self.maybe() else {},
                    exit_cost=numbers(**{name: self.some(0, 0.2)}) if self.maybe(0.2) else {},
                    visible="parties" if self.maybe(0.2) else "all",
                )
                if self.maybe(0.2):
                    part |= {"host": other, "unilateral": self.one(["no", "down"])}
                if self.maybe(0.2):
                    part["continuous"] = number(self.some(0.05, 0.5))
                elif self.maybe(0.2):
                    part["counts"] = number(self.some(0.5, 4))
                if self.maybe(0.1):
                    part["consent"] = {"party": "Islanders", "odds": number(self.some(0, 1))}
                levers[f"{name}_{n}"] = part
        if len(levers) > 2 and self.maybe():
            x, y = self.two(sorted(levers))
            to = levers[y]["settings"][0]
            levers[x]["spoils"] = {"lever": y, "to": to, "odds": number(self.some(0, 0.5))}
        if len(self.places) == 2:
            levers["share"] = lever(self.one(self.names), [0, 0.5, 1], 0.5, unilateral="both")
        return levers

    def _theatre(self) -> Part:
        challenger, defender = self.two(self.names)
        others = [x for x in self.names if x not in (challenger, defender)]
        patron = self.one(others) if others and self.maybe(0.8) else None
        if self.maybe(0.2):
            challenger = "Outsiders"
        stakes = {defender: stake("defender", self.some(1, 10))}
        if challenger in self.names:
            stakes[challenger] = stake("challenger", self.some(1, 10))
        if patron:
            stakes[patron] = stake("defender", self.some(0, 4))
        sides = ("challenger", "defender", "patron")[: 3 if patron else 2]
        return theatre(
            challenger,
            defender,
            patron,
            forces=numbers(**{side: self.some(0, 2) for side in sides}),
            stakes=stakes,
            exponent=float(self.one(["1", "1.5", "2"])),
            base_hazard=number(self.some(0, 0.3)),
            attention=numbers(**{x: self.some(0, 2) for x in stakes}),
            **self._heat(),
        )

    def _heat(self) -> Part:
        if not self.maybe(0.2):
            return {}
        name = self.one(sorted(self.levers))
        return {"hot_while": {"lever": name, "below": self.levers[name]["settings"][1]}}

    def _stocks(self) -> Part:
        if not self.maybe(0.7):
            return {}
        source = self.one(sorted(self.levers))
        return {
            "capital": {
                "name": "Capital",
                "unit": "index",
                "owner": self.one(self.names),
                **numbers(start=1, decay=self.some(0, 0.1), growth=self.some(0, 0.1)),
                "inflows": [{"from": source, "coefficient": number(self.some(-0.1, 0.2))}],
                "high": 3.0,
            }
        }

    def _ledger(self) -> Part:
        lines = []
        for name in sorted(self.levers):
            targets = [f"{a}.{k}" for a in self.names for k in ACCOUNTS if self.maybe(0.25)]
            targets = targets or [f"{self.names[0]}.home"]
            if self.places and name != "share" and self.maybe():
                side = self.one(["challenger", "defender", "patron"])
                lines.append((name, f"{self.one(self.places)}.{side}", self.some(-0.1, 0.4)))
            lines += [(name, target, self.some(-1, 1)) for target in targets]
        return ledger(*lines)

    def _transfers(self) -> Part:
        if "share" not in self.levers:
            return {}
        leaves, helps = self.places
        return {
            "shift": {
                "share": "share",
                "of": [self.one([x for x in sorted(self.levers) if x != "share"])],
                "leaves": leaves,
                "helps": helps,
                "odds": number(self.some(0, 1)),
            }
        }

    def _limits(self) -> Part:
        if not self.maybe() or len(self.levers) < 2:
            return {}
        x, y = self.two(sorted(self.levers))
        used = self.levers[x]["start"] + self.levers[y]["start"]
        bound = number(used + self.some(0, 4))
        return {"budget": {"name": "Budget", "levers": {x: 1, y: 1}, "limit": bound}}

    def _ties(self) -> list[Part]:
        return [
            {"from": a, "to": b}
            | numbers(
                alliance=self.some(0, 1),
                alignment=self.some(0, 1),
                trade=self.some(0, 100),
                rivalry=self.some(0, 1),
            )
            for a in self.names
            for b in self.names
            if a < b and self.maybe(0.7)
        ]

    def _tables(self) -> Part:
        """Tables, each actor at about three of them, in some worlds none; and old agreements."""
        odds = 0.0 if self.maybe(0.05) else min(0.8, 3 / (len(self.names) - 1))
        tables = {
            f"{a}-{b}": self._table(a, b)
            for a in self.names
            for b in self.names
            if a < b and self.maybe(odds)
        }
        agreements = {
            f"old-{name}": {
                "name": "Old",
                "table": name,
                "levers": [self.one(part["levers"])],
                "until": self.one(["2025Q2", "2025Q4", "2027Q1"]),
                "source": "assumed",
            }
            for name, part in tables.items()
            if part.get("levers") and self.maybe(0.2)
        }
        return {"tables": tables, "agreements": agreements}

    def _table(self, a: str, b: str) -> Part:
        part = table(a, b, term=float(self.rng.integers(1, 7)))
        part["visible"] = "parties" if self.maybe(0.3) else "all"
        part["closed_until"] = "2025Q3" if self.maybe(0.1) else None
        listed = [
            name
            for name, x in sorted(self.levers.items())
            if x["owner"] in (a, b) and x.get("host", a) in (a, b)
        ]
        if not listed or self.maybe(0.3):
            return part
        part["levers"] = listed
        name = self.one(listed)
        payer = self.levers[name]["owner"]
        other = a if payer == b else b
        settings = self.levers[name]["settings"]
        if self.maybe():
            norms = numbers(mild=settings[-1], extreme=settings[-1] * 3)
            part["demands"] = [{"by": other, "lever": name, "norms": norms}]
            self.levers[name]["headline"] = True
            patron_of = [t for t, part in self.theatres.items() if part["patron"] == other]
            if patron_of and self.maybe(0.8):
                part["commitment"] = {"theatre": patron_of[0], "payer": payer, "cash": name}
        mine = [x for x in listed if self.levers[x]["owner"] == other]
        if mine and self.maybe():
            threat = {"by": other, "lever": self.one(mine), "steps": -1, "lead": 1}
            part["threats"] = [threat | {"floor": number(self.some(-0.2, 0.1))}]
        if len(listed) > 1 and self.maybe():
            x, y = self.two(listed)
            part["packages"] = {"bundle": {"name": "Bundle", "moves": {x: 1, y: -1}}}
        return part

    def _events(self) -> Part:
        name = self.one(self.names)
        lever_ = self.one(sorted(self.levers))
        effects: list[Part] = [
            {"election": name, "platforms": numbers(now=0.5, other=0.5)},
            {"lever": lever_, "by": self.one(["1", "-1"])},
            {"support": name, "add": self.some(-0.5, 0.5)},
            {"attention": name, "slots": 1, "quarters": 2},
            {"about": name, "broken": 0.5},
            {"pledge": name, "met": {"of": lever_, "at_least": 1}},
        ]
        effects += [{"crisis": t} for t in self.places]
        return {
            f"event{n}": event({"hazard": number(self.some(0, 0.4))}, effect, once=self.maybe())
            for n, effect in enumerate(effects)
            if self.maybe()
        }

    def _assemblies(self) -> Part:
        if not self.maybe(0.3):
            return {}
        name = self.one(sorted(self.levers))
        settings = self.levers[name]["settings"]
        members = [*self.names, "Islanders"]
        return {
            "council": {
                "name": "Council",
                "first": "2025Q2",
                "every": 2,
                "members": {
                    m: numbers(
                        position=self.some(0, 100),
                        influence=self.some(1, 10),
                        salience=self.some(1, 100),
                    )
                    for m in members
                },
                "lever": name,
                "outcomes": [[50, settings[0]], [100, settings[-1]]],
            }
        }


@st.composite
def briefings(draw: st.DrawFn, question: Question) -> Briefing:
    """Draw a briefing of some runs, with whose turn it is mixed; one seed makes its numbers."""
    return Papers(
        np.random.default_rng(draw(st.integers(0, 2**32 - 1))),
        runs=draw(st.integers(1, 7)),
        moves=draw(st.integers(1, 7)),
        tables=draw(st.integers(0 if question == "agenda" else 1, 3)),
        options=draw(st.integers(0, 5)),
    ).briefing(question)
