"""Briefings drawn from a seed: whatever an actor might be shown, for trying a doctrine on.

They follow no scenario and no rule of play, only the shapes and ranges of `agents.briefing`, so a
doctrine meets cases in them that its author did not think of.
"""

from __future__ import annotations

import numpy as np

from agents.briefing import (
    ACCOUNTS,
    Assent,
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


def drawn_briefing(question: Question, seed: int) -> Briefing:
    """Draw a briefing, its size too."""
    rng = np.random.default_rng(seed)
    return Papers(
        rng,
        runs=int(rng.integers(1, 8)),
        moves=int(rng.integers(1, 8)),
        tables=int(rng.integers(question != "agenda", 4)),
        options=int(rng.integers(0, 6)),
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
        return self.floats(self.runs if self.coins(1)[0] else 1, low=low, high=high)

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

    def packages(self) -> tuple[Ints, Ints]:
        """Draw packages: all combinations of moves of up to three slots, the other moves alone.

        Returns packages and prefixes; the first is no deal.
        """
        ends = np.sort(self.rng.integers(0, self.moves + 1, 3)).tolist()
        rows: list[tuple[int, ...]] = [()]
        for begin, end in zip([0, *ends], ends, strict=False):
            rows += [(*row, move) for row in rows for move in range(begin, end)]
        rows += [(move,) for move in range(ends[-1], self.moves)]
        rows.sort(key=lambda row: (len(row), row))
        longest = len(rows[-1])
        filled = [[*row, *[self.moves] * (longest - len(row))] for row in rows]
        prefix = [rows.index(row[:-1]) for row in rows]
        return np.array(filled, dtype=np.int64), np.array(prefix, dtype=np.int64)

    def seat(self, slot: int, *, packages: bool) -> Seat:
        """Draw a view of a table, with packages or with single moves."""
        none = np.zeros((len(ACCOUNTS), 1, self.runs))
        move_only = np.concatenate([[self.moves], np.arange(self.moves)])[:, None]
        blocked = self.coins(self.moves + 1, self.runs, odds=0.2)
        blocked[-1] = False
        lever = np.append(self.rng.integers(0, len(self.names), self.moves), -1)
        credit = np.append(self.floats(self.moves), 0.0)[:, None] * np.ones(self.runs)
        demand = self.coins(self.runs, odds=0.3) & packages
        singles = move_only.astype(np.int64), np.zeros(self.moves + 1, dtype=np.int64)
        listed, prefix = self.packages() if packages else singles
        return Seat(
            table=f"table{slot}",
            other="Bor",
            slot=slot,
            me=self.goals(),
            them=self.goals(),
            packages=listed,
            prefix=prefix,
            own=np.concatenate([self.changes(self.moves), none], axis=1),
            theirs=np.concatenate([self.changes(self.moves), none], axis=1),
            lever=np.broadcast_to(lever[:, None], (self.moves + 1, self.runs)),
            steps=np.append(self.rng.choice([-1, 1], self.moves), 0),
            names=self.names,
            blocked=blocked,
            credit=credit,
            home=self.assent(),
            their_home=self.assent(),
            consent=np.append(
                np.where(self.coins(self.moves, 1), self.floats(self.moves, self.runs, low=0), 1.0),
                np.ones((1, self.runs)),
                axis=0,
            ),
            required=np.where(demand, self.floats(self.runs, low=0), -np.inf),
            menace=self.changes(1)[:, 0],
            menace_odds=self.floats(self.runs, low=0),
            leverage=self.changes(1)[:, 0],
            leverage_odds=self.floats(self.runs, low=0),
            coerced=self.coins(self.runs),
            coercing=self.coins(self.runs),
            term=np.floor(self.floats(self.runs, low=1, high=9)),
            trust=self.floats(self.runs, low=0),
            opens=self.coins(self.runs),
            outside=np.where(self.coins(self.runs), self.floats(self.runs), 0.0),
            their_outside=np.where(self.coins(self.runs), self.floats(self.runs), 0.0),
        )

    def assent(self) -> Assent:
        """Draw what a body at home bears."""
        cost = np.append(
            self.floats(self.moves, self.runs, low=-3, high=3), np.zeros((1, self.runs)), axis=0
        )
        room = self.floats(self.runs, low=-3, high=8)
        return Assent(
            cost=cost,
            room=np.where(self.coins(1), room, 1e9),
            spread=self.per_run(1, 3),
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
