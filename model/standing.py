"""Which game it is and where everything stands: the quiet parts of a transcript."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from agents.briefing import Floats
from model.beliefs import reliability
from model.measures import measure, world_digest
from model.notice import NOTICE
from model.perception import accounts_in_effect
from model.reading import scenario_hash
from model.reasons import told
from model.scenario import NOBODY, Scenario
from model.schema import ACCOUNTS, ScenarioFile
from model.transcript import FORMAT, Event
from model.turn import Game, Record
from model.world import World


def header(
    game: Game,
    world: World,
    *,
    seed: int,
    run: int,
    quarters: int,
    names: Mapping[str, str],
    settings: Mapping[str, float],
    source: str,
    version: str,
) -> Event:
    """Tell which game it is, who plays, what is at stake, and where everything stands.

    names : actor → name of its doctrine or seat
    source : where the scenario was read from, its name or path
    version : of the program
    """
    scenario, file = game.scenario, game.scenario.file
    accounts = accounts_in_effect(scenario, world)
    return {
        "event": "game",
        "format": FORMAT,
        "version": version,
        "scenario": file.name,
        "source": source,
        "scenario_hash": scenario_hash(file),
        "title": file.title,
        "start": file.start,
        "seed": seed,
        "run": run,
        "quarters": quarters,
        "settings": {k: float(v) for k, v in settings.items()},
        "doctrines": dict(names),
        "actors": {
            a: {
                "name": file.actors[a].name,
                "called": file.actors[a].called or file.actors[a].name,
                "office": office(scenario, world, n),
            }
            for n, a in enumerate(scenario.actors)
        },
        "tables": {
            t.id: {
                "name": file.tables[t.id].name,
                "parties": [scenario.actors[a] for a in t.parties],
            }
            for t in scenario.tables
        },
        "theatres": {t: file.theatres[t].name for t in scenario.theatres.ids},
        "levers": {x: lever_told(file, x) for x in scenario.levers.ids},
        "stakes": stakes(scenario),
        "state": {
            **standing(scenario, world),
            "accounts": accounts_told(scenario, accounts),
        },
        "notice": NOTICE,
    }


def lever_told(file: ScenarioFile, lever: str) -> Event:
    """Tell what a lever is."""
    rule = file.levers[lever]
    labels = {"settings": list(rule.settings), "labels": list(rule.labels)} if rule.labels else {}
    return {"name": rule.name, "unit": rule.unit, "owner": rule.owner, **labels}


def stakes(scenario: Scenario) -> list[str]:
    """Levers on which much is demanded, with which is threatened, or which pay for protection."""
    levers = {int(x) for x in scenario.threats.lever}
    for table in scenario.tables:
        levers |= {table.headline} - {NOBODY}
        levers |= {int(x) for x in np.flatnonzero(table.credit.any(axis=1))}
    return [scenario.levers.ids[x] for x in sorted(levers)]


def office(scenario: Scenario, world: World, actor: int) -> str:
    """Return the office in power."""
    platform = scenario.platforms[actor][int(world.platform[actor, 0])]
    return scenario.file.actors[scenario.actors[actor]].platforms[platform].office


def state(game: Game, record: Record) -> Event:
    """Tell the state at the end of the quarter, and its digest."""
    scenario, world = game.scenario, record.world
    actors, theatres = scenario.actors, scenario.theatres.ids
    return {
        "event": "state",
        **standing(scenario, world),
        "hazard": {t: told(record.crises.hazard[n, 0]) for n, t in enumerate(theatres)},
        "odds": {t: told(record.crises.odds[n, 0]) for n, t in enumerate(theatres)},
        "utility": {a: told(record.utility[n, 0]) for n, a in enumerate(actors)},
        "accounts": accounts_told(scenario, record.accounts),
        "series": {
            k: told(measure(game, record, s.of)[0]) for k, s in scenario.file.series.items()
        },
        "digest": digest(world),
    }


def accounts_told(scenario: Scenario, accounts: Floats) -> dict[str, Event]:
    """Tell the accounts of every actor in their own units."""
    return {
        a: {k: told(accounts[n, i, 0]) for i, k in enumerate(ACCOUNTS)}
        for n, a in enumerate(scenario.actors)
    }


def standing(scenario: Scenario, world: World) -> Event:
    """Tell where levers, stocks, support, ties and commitments stand."""
    actors = scenario.actors

    def matrix(values: Floats) -> dict[str, float | None]:
        return {
            f"{a}>{b}": told(values[i, j, 0])
            for i, a in enumerate(actors)
            for j, b in enumerate(actors)
            if i != j
        }

    return {
        "levers": {x: told(world.value[n, 0]) for n, x in enumerate(scenario.levers.ids)},
        "decided": {
            x: told(scenario.levers.settings[n, world.setting[n, 0]])
            for n, x in enumerate(scenario.levers.ids)
        },
        "stocks": {x: told(world.stock[n, 0]) for n, x in enumerate(scenario.stocks)},
        "support": {a: told(world.support[n, 0]) for n, a in enumerate(actors)},
        "offices": {a: office(scenario, world, n) for n, a in enumerate(actors)},
        "reliability": matrix(reliability(world)),
        "hostility": matrix(world.hostility),
        "relation": matrix(world.relation),
        "commitment": {
            t: told(world.commitment[n, 0]) for n, t in enumerate(scenario.theatres.ids)
        },
    }


def digest(world: World) -> str:
    """Return the digest of the only game of a world."""
    return f"{int(world_digest(world)[0]):016x}"
