"""Hypothesis strategies: worlds with whatever a file may say, and briefings for every question."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from agents.briefing import (
    Bools,
    Briefing,
    Customs,
    Floats,
    Goals,
    Ints,
    Options,
    Promises,
    Prospect,
    Question,
    Seat,
)
from agents.utility import ACCEPTANCE, KINDS
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

NAMES = ("Ada", "Bor", "Cyr", "Dun", "Eld")
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


def worlds(*, places: int | None = None) -> st.SearchStrategy[ScenarioFile]:
    """Draw a world; its numbers come from one seed, its size from hypothesis.

    places : number of theatres, None draws it
    """
    return st.builds(
        drawn_world,
        seed=st.integers(0, 2**32 - 1),
        actors=st.integers(2, len(NAMES)),
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

    def file(self) -> ScenarioFile:
        """Put the world together."""
        return world(
            {name: self._actor() for name in self.names},
            self.levers,
            rules=self._rules(),
            theatres={t: self._theatre() for t in self.places},
            stocks=self._stocks(),
            ledger=self._ledger(),
            transfers=self._transfers(),
            limits=self._limits(),
            ties=self._ties(),
            tables=self._tables(),
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
                "now": office(*(self.some(0.01, 1) for _ in ACCOUNTS)),
                "other": office(*(self.some(0.01, 1) for _ in ACCOUNTS), tau=self.some(0, 1)),
            },
        }
        if self.maybe(0.4):
            changes["ratification"] = votes(self.some(-2, 8), self.some(0.1, 3), self.some(0, 5))
        return actor(self.one(DOCTRINES), **changes)

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
        return theatre(
            challenger,
            defender,
            patron,
            stakes=stakes,
            exponent=float(self.one(["1", "1.5", "2"])),
            base_hazard=number(self.some(0, 0.3)),
            attention=numbers(**{x: self.some(0, 2) for x in stakes}),
        )

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
        most = max(self.levers[x]["settings"]) + max(self.levers[y]["settings"])
        bound = number(self.some(0, most))
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
        return {
            f"{a}-{b}": self._table(a, b)
            for a in self.names
            for b in self.names
            if a < b and self.maybe(0.8)
        }

    def _table(self, a: str, b: str) -> Part:
        part = table(a, b, term=float(self.rng.integers(1, 7)))
        part["visible"] = "parties" if self.maybe(0.3) else "all"
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
            patron_of = [t for t in self.places if self.maybe()]
            if patron_of:
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


class Papers:
    """The papers of one briefing, drawn from a seed. Some arrays are the same for all runs."""

    def __init__(
        self, rng: np.random.Generator, *, runs: int, moves: int, tables: int, options: int
    ) -> None:
        self.rng = rng
        self.runs = runs
        self.moves = moves
        self.tables = tables
        self.count = options
        self.names = tuple(f"lever{n}" for n in range(max(2, moves // 2)))
        self.norms = int(rng.integers(0, 4))

    def briefing(self, question: Question) -> Briefing:
        """Put the papers for a question together."""
        talks = question in ("offer", "reply")
        seat = self.seat(0, packages=True) if talks else None
        rounds = int(self.rng.integers(1, 5))
        seed = int(self.rng.integers(2**32))

        def private(name: str, n: int) -> Floats:
            entropy = [seed, *name.encode()]
            return np.random.default_rng(entropy).random((n, self.runs))

        return Briefing(
            actor="Ada",
            quarter=int(self.rng.integers(20)),
            question=question,
            goals=self.goals(),
            customs=self.customs(rounds),
            seats=(seat,) if seat is not None else (),
            prospects=tuple(self.prospect(n) for n in range(self.tables))
            if question == "agenda"
            else (),
            slots=self.rng.integers(0, 4, self.runs) if question == "agenda" else None,
            options=self.options() if question == "own_moves" else None,
            promises=self.promises() if question == "honour" else None,
            round=int(self.rng.integers(rounds)),
            my_turn=self.coins(self.runs) if talks else None,
            offered=self.rng.integers(0, len(seat.packages), self.runs)
            if seat is not None and question == "reply"
            else None,
            memory=self.rng.integers(-1, 2, (max(self.tables, 1), self.runs)).astype(np.float64),
            draw=private,
        )

    def floats(self, *shape: int, low: float = -1.0, high: float = 1.0) -> Floats:
        """Draw numbers of a shape."""
        return self.rng.uniform(low, high, shape)

    def per_run(self, low: float, high: float) -> Floats:
        """Draw a parameter: one for all runs, or one each."""
        return self.floats(self.runs if self.rng.random() < 0.5 else 1, low=low, high=high)

    def coins(self, *shape: int, odds: float = 0.5) -> Bools:
        """Toss coins."""
        return self.rng.random(shape) < odds

    def changes(self, count: int) -> Floats:
        """Draw changes of accounts, (account, count, run), many of them none."""
        touched = self.coins(len(ACCOUNTS), count, 1)
        return np.where(touched, self.floats(len(ACCOUNTS), count, self.runs), 0.0)

    def goals(self) -> Goals:
        """Draw what an office wants."""
        weights = self.floats(len(ACCOUNTS), self.runs, low=0.01)
        return Goals(
            position=self.floats(len(ACCOUNTS), self.runs, low=-2, high=2),
            weights=weights / weights.sum(axis=0),
            loss_aversion=self.per_run(1, 2.5),
            transactionalism=self.floats(self.runs, low=0),
            reciprocity=self.per_run(0, 1),
            discount=self.per_run(0.8, 0.99),
            round_discount=self.per_run(0.5, 1),
            sharpness=self.per_run(1, 40),
            kind=int(self.rng.integers(len(KINDS))),
        )

    def customs(self, rounds: int) -> Customs:
        """Draw how talks are held."""
        return Customs(
            rounds=rounds,
            acceptance=int(self.rng.integers(len(ACCEPTANCE))),
            acceptance_width=self.per_run(0.01, 0.3),
            settlement_odds=self.per_run(0, 0.6),
            relation_gain=self.per_run(0, 0.3),
            relation_loss=self.per_run(0, 0.3),
            relation_persistence=self.per_run(0.8, 0.99),
            bluff_cost=self.per_run(0, 0.1),
            adjustment_cost=self.per_run(0, 0.2),
            inertia=self.per_run(0, 0.1),
            named_levers=int(self.rng.integers(1, 4)),
            sweeteners=int(self.rng.integers(0, 3)),
        )

    def packages(self) -> Ints:
        """Draw packages of one to three different moves; the first is no deal."""
        longest = min(3, self.moves)
        rows = [[self.moves] * longest]
        for _ in range(int(self.rng.integers(1, 12))):
            size = int(self.rng.integers(1, longest + 1))
            chosen = self.rng.choice(self.moves, size, replace=False).tolist()
            rows.append(chosen + [self.moves] * (longest - size))
        return np.array(rows, dtype=np.int64)

    def seat(self, slot: int, *, packages: bool) -> Seat:
        """Draw a view of a table, with packages or with single moves."""
        none = np.zeros((len(ACCOUNTS), 1, self.runs))
        move_only = np.concatenate([[self.moves], np.arange(self.moves)])[:, None]
        blocked = self.coins(self.moves + 1, self.runs, odds=0.2)
        blocked[-1] = False
        lever = np.append(self.rng.integers(0, len(self.names), self.moves), -1)
        credit = np.append(self.floats(self.moves), 0.0)[:, None] * np.ones(self.runs)
        demand = self.coins(self.runs, odds=0.3) & packages
        return Seat(
            table=f"table{slot}",
            other="Bor",
            slot=slot,
            me=self.goals(),
            them=self.goals(),
            packages=self.packages() if packages else move_only.astype(np.int64),
            own=np.concatenate([self.changes(self.moves), none], axis=1),
            theirs=np.concatenate([self.changes(self.moves), none], axis=1),
            lever=np.broadcast_to(lever[:, None], (self.moves + 1, self.runs)),
            steps=np.append(self.rng.choice([-1, 1], self.moves), 0),
            names=self.names,
            blocked=blocked,
            credit=credit,
            required=np.where(demand, self.floats(self.runs, low=0), -np.inf),
            menace=self.changes(1)[:, 0],
            menace_odds=self.floats(self.runs, low=0),
            leverage=self.changes(1)[:, 0],
            leverage_odds=self.floats(self.runs, low=0),
            term=np.floor(self.floats(self.runs, low=1, high=9)),
            trust=self.floats(self.runs, low=0),
            opens=self.coins(self.runs),
        )

    def prospect(self, slot: int) -> Prospect:
        """Draw a table as it looks before the agenda is set."""
        seat = self.seat(slot, packages=False)
        headline = (seat.lever[:, 0] == seat.lever[0, 0]) & (self.norms > 0)
        headline[-1] = False
        standing = self.coins(self.runs, odds=0.3)
        return Prospect(
            seat=seat,
            available=self.coins(self.runs, odds=0.7),
            mine=self.coins(self.runs),
            exit_cost=np.append(
                self.floats(self.moves, self.runs, low=0, high=0.2),
                np.zeros((1, self.runs)),
                axis=0,
            ),
            headline=headline,
            demands=np.sort(self.floats(self.norms, self.runs, low=0), axis=0),
            standing=np.where(standing, self.floats(self.runs), -np.inf),
        )

    def options(self) -> Options:
        """Draw moves that an actor can make alone, and threats."""
        threats = int(self.rng.integers(0, 3))
        shape = (self.count, self.runs)
        standing = self.coins(threats, self.runs)
        return Options(
            own=self.changes(self.count),
            lever=self.rng.integers(0, len(self.names), self.count),
            steps=self.rng.choice([-1, 1], self.count),
            names=self.names,
            blocked=self.coins(*shape, odds=0.2),
            cost=self.floats(*shape, low=0, high=0.1),
            hostile=self.coins(self.count),
            gumbel=self.rng.gumbel(size=shape),
            stay=self.rng.logistic(size=(2, self.runs)),
            rebuffed=self.coins(threats, self.runs),
            threat_own=self.changes(threats),
            threat_floor=self.floats(threats, 1),
            threat_noise=self.floats(threats, self.runs),
            threat_draw=self.floats(threats, self.runs, low=0),
            standing=standing,
            falls_due=standing & self.coins(threats, self.runs),
        )

    def promises(self) -> Promises:
        """Draw promises that fall due."""
        shape = (self.count, self.runs)
        return Promises(
            own=self.changes(self.count),
            lever=self.rng.integers(0, len(self.names), self.count),
            names=self.names,
            due=self.coins(*shape),
            breach_cost=self.floats(*shape, low=0, high=0.2),
        )
