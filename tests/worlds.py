"""Small made-up worlds, built in code part by part: what most tests play with.

`strait()` is a three-actor world with one of everything; `divide()` a pie for two, as theories of
bargaining know it. `tests.drawn` draws worlds at random.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.briefing import Decision
from agents.doctrine import get_doctrine
from model.bargaining import Ask
from model.chance import Chance
from model.schema import ACCOUNTS, ScenarioFile
from model.turn import Decider, Game, Record, begin, play_quarter, prepare
from model.world import World

Part = dict[str, Any]
Watch = Callable[[Ask, dict[str, Decision]], None]


def number(value: float) -> Part:
    """Give a quantity that nothing varies."""
    return {"value": value, "range": [value, value], "source": "assumed"}


def numbers(**values: float) -> Part:
    """Give several quantities by name."""
    return {name: number(value) for name, value in values.items()}


def rules(**changes: Any) -> Part:
    """World constants; a plain number among the changes becomes a quantity where it must."""
    plain = {
        "value": "rational",
        "rounds": 3,
        "first_mover": "drawn",
        "acceptance": "uniform",
        "named_levers": 3,
        "sweeteners": 2,
    }
    quantities = {
        "reference_speed": 0.1,
        "acceptance_width": 0.1,
        "settlement_odds": 0.3,
        "weight_noise": 0.15,
        "concession": 0.5,
        "relation_persistence": 0.93,
        "relation_gain": 0.1,
        "relation_loss": 0.1,
        "commitment_speed": 0.15,
        "commitment_share": 0.3,
        "commitment_curve": 1.0,
        "in_kind_credit": 0.5,
        "fair_cap": 1.3,
        "bluff_cost": 0.05,
        "bluff_spread": 0.05,
        "threat_reversal": 0.2,
        "forgetting": 0.95,
        "belief_prior": 0.5,
        "weight_kept": 0.1,
        "weight_broken": 1.5,
        "weight_threat": 0.3,
        "weight_behind_back": 0.2,
        "weight_crisis": 0.3,
        "weight_reopening": 0.1,
        "spillover": 0.3,
        "hostility_speed": 0.2,
        "hazard_clip": 3.0,
        "escalation": 0.3,
        "war_quarters": 4.0,
        "adjustment_cost": 0.12,
        "inertia": 0.0,
        "support_persistence": 0.9,
        "support_treasury": 0.02,
        "support_crisis": 0.05,
        "support_deal": 0.05,
        "support_pledge": 0.05,
        "channel_reputation": 1.0,
        "channel_forces": 1.0,
        "channel_money": 1.0,
        "channel_home": 1.0,
        "channel_adversary": 1.0,
    }
    plain |= {k: v for k, v in changes.items() if k in plain}
    quantities |= {k: v for k, v in changes.items() if k not in plain}
    return plain | numbers(**quantities)


def office(*weights: float, tau: float | None = None) -> Part:
    """Give a platform with the weights of the accounts in their order."""
    part: Part = {
        "office": "Government",
        "weights": numbers(**dict(zip(ACCOUNTS, weights, strict=True))),
    }
    return part if tau is None else part | {"transactionalism": number(tau)}


def actor(doctrine: str = "transactional", *, place: float = 0.5, **changes: Any) -> Part:
    """Give a player with two offices; a plain number among the changes becomes a quantity."""
    part: Part = {
        "name": "A player",
        "place": [place, 0.5],
        "doctrine": doctrine,
        "platform": "now",
        "platforms": {
            "now": office(0.3, 0.25, 0.1, 0.1, 0.15, 0.1),
            "other": office(0.2, 0.3, 0.1, 0.2, 0.1, 0.1, tau=0.2),
        },
        **numbers(
            agenda=2,
            transactionalism=0.6,
            reciprocity=0.3,
            discount=0.97,
            round_discount=0.95,
            loss_aversion=1.5,
            sharpness=20,
            reneging_cost=0.1,
            support=0.5,
        ),
    }
    return part | {k: number(v) if isinstance(v, (int, float)) else v for k, v in changes.items()}


def votes(win_set: float, spread: float, support_weight: float = 0.0) -> Part:
    """Give a body that must ratify."""
    return {
        "body": "Assembly",
        **numbers(win_set=win_set, spread=spread, support_weight=support_weight),
    }


def lever(owner: str, settings: Sequence[float], start: float, **changes: Any) -> Part:
    """Give a lever."""
    part = {"name": "A lever", "unit": "index", "owner": owner, "source": "assumed"}
    return part | {"settings": list(settings), "start": start} | changes


def ledger(*lines: tuple[str, str, float]) -> Part:
    """Give ledger entries: (from, to, coefficient) each."""
    return {
        f"{n} {source} to {to}": {
            "from": source,
            "to": to,
            "coefficient": number(value),
            "unit": "account per unit",
            "why": "made up",
            "channel": "money" if to.endswith("treasury") else "none",
        }
        for n, (source, to, value) in enumerate(lines)
    }


def theatre(challenger: str, defender: str, patron: str | None, **changes: Any) -> Part:
    """Give a theatre without stakes."""
    return {
        "name": "A theatre",
        "place": [0.5, 0.5],
        "challenger": challenger,
        "defender": defender,
        "patron": patron,
        "forces": numbers(challenger=1.0, defender=1.0, patron=0.5),
        "exponent": 1.5,
        "stakes": {},
        **numbers(
            base_hazard=0.03,
            steepness=4,
            reference=0.3,
            prize=1,
            war_cost=0.3,
            crisis_share=0.3,
            nuclear_risk=0.3,
            credibility=0.7,
            treaty=0.9,
        ),
    } | changes


def stake(side: str, value: float) -> Part:
    """Give a stake in a theatre."""
    return {"side": side, "value": number(value)}


class Small(ScenarioFile):
    """A scenario that a failing test need not print."""

    def __repr__(self) -> str:
        return f"<{self.name}>"


def world(actors: Mapping[str, Part], levers: Mapping[str, Part], **parts: Any) -> ScenarioFile:
    """Validate a scenario made of these parts; what is not said is empty."""
    whole: Part = {
        "name": "made-up",
        "title": "Made up",
        "about": "Made up for a test",
        "start": "2025Q1",
        "quarters": 16,
        "sources": {},
        "rules": rules(),
        "actors": dict(actors),
        "levers": dict(levers),
        "ledger": {},
        "beliefs": numbers(default_reliability=0.6, default_resolve=0.5, default_hostility=0.5),
        "tables": {},
    }
    return Small.model_validate(whole | parts)


def strait(**parts: Any) -> ScenarioFile:
    """Patron, Client and Rival around one strait: one of everything that a file may say.

    parts : top-level parts of the file to put instead
    """
    actors = {
        "Patron": actor(place=0.9),
        "Client": actor(place=0.4, ratification=votes(8, 2, 5)),
        "Rival": actor("crisis_bargainer", place=0.1),
    }
    everything: Part = {
        "rules": rules(),
        "aliases": {"tau_patron": "actors.Patron.transactionalism"},
        "theatres": {
            "strait": theatre(
                "Rival",
                "Client",
                "Patron",
                stakes={
                    "Client": stake("defender", 10),
                    "Patron": stake("defender", 3),
                    "Rival": stake("challenger", 6),
                },
                attention=numbers(Patron=1),
                aftermath={
                    "losses": numbers(challenger=0.4, defender=0.3, patron=0.1),
                    "calm": number(0.25),
                },
            )
        },
        "stocks": {
            "capital": {
                "name": "Capital",
                "unit": "index",
                "owner": "Client",
                **numbers(start=1, decay=0.02, growth=0.02),
                "inflows": [{"from": "effort", "coefficient": number(0.01)}],
            }
        },
        "ledger": _strait_ledger(),
        "ties": [
            {"from": "Patron", "to": "Client"}
            | numbers(alliance=0.9, alignment=0.8, trade=100, trade_back=120),
            {"from": "Rival", "to": "Client"} | numbers(rivalry=0.8, alignment=0.3),
            {"from": "Patron", "to": "Rival"} | numbers(rivalry=0.7, alignment=0.2),
        ],
        "tables": _named(_strait_tables()),
        "agreements": {
            "old": {
                "name": "Old",
                "table": "alliance",
                "levers": ["payment"],
                "until": "2025Q4",
                "source": "assumed",
            }
        },
        "events": _strait_events(),
        "assemblies": {
            "council": {
                "name": "Council",
                "first": "2025Q4",
                "every": 4,
                "members": {
                    "Patron": numbers(position=80, influence=10, salience=50),
                    "Client": numbers(position=40, influence=5, salience=90),
                    "Rival": numbers(position=0, influence=8, salience=70),
                },
                "lever": "gesture",
                "outcomes": [[30, 0], [60, 1], [100, 2]],
            }
        },
    }
    return world(_named(actors), _named(_strait_levers()), **(everything | parts))


def _named(parts: Part) -> Part:
    """Give each part a name of its own."""
    return {i: part | {"name": f"The {i}"} for i, part in parts.items()}


def _strait_levers() -> dict[str, Part]:
    return {
        "payment": lever(
            "Client",
            [0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5, 2, 3, 5],
            1,
            step=3,
            headline=True,
            home_cost=numbers(Client=40),
        ),
        "troops": lever(
            "Patron",
            [0, 7, 14, 21, 28, 31],
            28,
            unit="thousand",
            host="Client",
            unilateral="down",
            lead=2,
        ),
        "assurance": lever(
            "Patron", [0, 1, 2, 3], 1, unilateral="both", home_cost=numbers(Client=-3)
        ),
        "effort": lever(
            "Client", [2, 2.5, 3, 3.5, 4], 2.5, continuous=number(0.08), unilateral="both"
        ),
        "pressure": lever(
            "Rival",
            [0, 1, 3, 6],
            1,
            unilateral="both",
            counts=number(2),
            hostile=True,
            spoils={"lever": "talks", "to": 0, "odds": number(0.2)},
        ),
        "buildup": lever("Rival", [1, 1.25, 1.5, 2], 1, unilateral="both", hostile=True),
        "gesture": lever("Client", [0, 1, 2], 0, host="Rival"),
        "talks": lever("Patron", [0, 1], 0, consent={"party": "Islanders", "odds": number(0.7)}),
        "tariff": lever("Patron", [0, 5, 10, 25], 5, unilateral="both"),
    }


def _strait_ledger() -> Part:
    return ledger(
        ("payment", "Client.treasury", -1),
        ("payment", "Patron.treasury", 1),
        ("payment", "Client.home", -0.5),
        ("troops", "Patron.treasury", -0.03),
        ("troops", "strait.patron", 0.015),
        ("troops", "Patron.standing", 0.02),
        ("assurance", "strait.patron", 0.1),
        ("assurance", "Patron.home", -0.2),
        ("assurance", "Rival.standing", -0.1),
        ("effort", "Client.treasury", -0.8),
        ("effort", "strait.defender", 0.15),
        ("effort", "Patron.standing", 0.2),
        ("count.pressure", "Client.home", -0.1),
        ("pressure", "Rival.standing", 0.1),
        ("pressure", "Rival.treasury", -0.15),
        ("buildup", "strait.challenger", 0.5),
        ("buildup", "Rival.treasury", -0.8),
        ("gesture", "Client.autonomy", -0.3),
        ("gesture", "Rival.standing", 0.4),
        ("gesture", "strait.challenger", -0.1),
        ("talks", "Rival.standing", 0.3),
        ("talks", "Patron.standing", 0.1),
        ("tariff", "Patron.treasury", 0.05),
        ("tariff", "Patron.commerce", -0.06),
        ("tariff", "Client.commerce", -0.1),
        ("capital", "strait.defender", 0.5),
        ("war.strait", "Client.home", -2),
        ("crisis.strait", "Patron.commerce", -0.1),
    )


def _strait_tables() -> Part:
    demand = {
        "by": "Patron",
        "lever": "payment",
        "norms": numbers(mild=1.1, share=1.5, extreme=5),
    }
    threat = {"by": "Patron", "lever": "troops", "steps": -1, "lead": 4, "floor": number(0.05)}
    bundle = {"name": "Bundle", "moves": {"payment": 1, "assurance": 1, "troops": 1}}
    return {
        "alliance": table(
            "Patron",
            "Client",
            term=8,
            levers=["payment", "troops", "assurance", "effort", "tariff"],
            packages={"bundle": bundle},
            demands=[demand],
            threats=[threat],
            commitment={
                "theatre": "strait",
                "payer": "Client",
                "cash": "payment",
                "in_kind": numbers(effort=0.3),
            },
        ),
        "front": table("Client", "Rival", levers=["gesture", "pressure", "buildup"]),
        "rivals": table("Patron", "Rival", levers=["talks", "pressure", "assurance"]),
    }


def table(a: str, b: str, *, term: float = 4, **changes: Any) -> Part:
    """Give a table of two."""
    return {"name": "A table", "parties": [a, b], "term": number(term)} | changes


def _strait_events() -> Part:
    vote = {"election": "Client", "platforms": numbers(now=0.5, other=0.5)}
    return {
        "vote": event({"quarter": "2026Q2"}, vote),
        "shock": event({"hazard": number(0.1)}, {"crisis": "strait"}, once=False),
        "duty": event({"hazard": number(0.1)}, {"lever": "tariff", "by": 1}, once=False),
        "recall": event({"hazard": number(0.1)}, {"lever": "troops", "to": 21}),
    }


def event(when: Part, *effects: Part, **changes: Any) -> Part:
    """Give an event."""
    return {
        "name": "An event",
        "when": when,
        "effects": list(effects),
        "source": "assumed",
    } | changes


def divide(
    patience: tuple[float, float] = (0.9, 0.8),
    *,
    rounds: int = 200,
    grid: int = 100,
    names: tuple[str, str] = ("Ann", "Ben"),
    bodies: tuple[Part | None, Part | None] = (None, None),
    **changes: Any,
) -> ScenarioFile:
    """A pie for two: the first calls the talks and, unless a rule says otherwise, speaks first.

    The pie exists once they agree: `pie` brings the second the whole of it, `share` gives the
    first its part. Nobody agreeing, both have nothing.

    patience : discount a round of the first and the second; grid : slices of the pie
    bodies : who ratifies; a part's cost at home is 1 per whole pie given away: the second's is the
    share, the first's is what it does not get
    changes : rules
    """
    first, second = names
    rule = {
        "value": "linear",
        "reference_speed": 0,
        "rounds": rounds,
        "first_mover": "opener",
        "acceptance": "exact",
        "settlement_odds": 0,
        "relation_gain": 0,
        "named_levers": 1,
        "sweeteners": 1,
        "weight_noise": 0,
    }
    player = {
        "platforms": {"now": office(0, 1, 0, 0, 0, 0)},
        "transactionalism": number(1),
        "loss_aversion": number(1),
        "sharpness": number(1000),
        "reneging_cost": number(10),
    }
    actors = {
        name: actor("backward_induction", agenda=slots, round_discount=delta, ratification=body)
        | player
        for name, slots, delta, body in zip(names, (1, 0), patience, bodies, strict=True)
    }
    levers = {
        "share": lever(
            second,
            [n / grid for n in range(grid + 1)],
            0,
            step=grid,
            home_cost={first: number(-1), second: number(1)},
        ),
        "pie": lever(first, [0, 1], 0, home_cost={first: number(1)}),
    }
    lines = ledger(
        ("share", f"{first}.treasury", 1),
        ("share", f"{second}.treasury", -1),
        ("pie", f"{second}.treasury", 1),
    )
    return world(
        actors,
        levers,
        rules=rules(**(rule | changes)),
        ledger=lines,
        beliefs=numbers(default_reliability=1, default_resolve=1, default_hostility=0.5),
        tables={"pie": table(first, second, levers=["share", "pie"])},
        scales={first: {"treasury": 1}, second: {"treasury": 1}},
    )


@dataclass(frozen=True)
class Played:
    """A game or batch as it was played."""

    game: Game
    worlds: list[World]  # before the first quarter, then after each
    records: list[Record]

    @property
    def end(self) -> World:
        """The world at the end."""
        return self.worlds[-1]


def play(
    file: ScenarioFile,
    runs: Sequence[int] | NDArray[np.int64] | int = 1,
    quarters: int = 4,
    *,
    seed: int = 1,
    values: Mapping[str, float | NDArray[np.float64]] | None = None,
    deciders: Mapping[str, Decider] | None = None,
    watch: Watch | None = None,
) -> Played:
    """Play some quarters; runs is how many games, or the games' own numbers."""
    numbers_ = np.arange(runs) if isinstance(runs, int) else np.asarray(runs, dtype=np.int64)
    game = prepare(file, values)
    seats: dict[str, Decider] = {a: get_doctrine(file.actors[a].doctrine) for a in file.actors}
    seats |= deciders or {}
    worlds = [begin(game, len(numbers_))]
    records: list[Record] = []
    for _ in range(quarters):
        record = play_quarter(game, worlds[-1], Chance(seed, numbers_), seats, watch)
        records.append(record)
        worlds.append(record.world)
    return Played(game, worlds, records)


def differences(a: World, b: World) -> list[str]:
    """Name the fields in which two worlds are not the same bit for bit."""
    return [
        f.name
        for f in fields(World)
        if not np.array_equal(
            np.asarray(getattr(a, f.name)), np.asarray(getattr(b, f.name)), equal_nan=True
        )
    ]
