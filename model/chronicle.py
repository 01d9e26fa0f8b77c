"""What happens in one game as events: who asked what of whom, what was answered, and why.

A chronicle watches a game of one run while it is played. It changes nothing: what it has to know
beyond the record of a quarter it derives again by the rules themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from agents.briefing import Decision, Floats, Ints
from model.assembly import assemblies
from model.bargaining import Ask, Signing, Talks
from model.beliefs import Evidence, reliability, resolve
from model.chance import Chance
from model.events import condition_holds, take_effect
from model.reasons import Decides, Heard, Reasons, told
from model.reckoning import new_quarter
from model.scenario import NOBODY, Scenario
from model.schema import Effect
from model.standing import office, state
from model.theatres import RUNGS
from model.transcript import Event, encode
from model.turn import Game, Record
from model.world import NEVER_DUE, OVERTAKEN, World, draft, ruptured

SMALL = 0.03  # changes of belief below this are not told
BELIEFS = {"reliability": reliability, "resolve": resolve, "hostility": lambda w: w.hostility}


class Chronicle:
    """Watches a game and tells each quarter as events; `watch` goes into `play_quarter`."""

    def __init__(
        self, game: Game, world: World, chance: Chance, deciders: Mapping[str, Decides]
    ) -> None:
        self.game = game
        self.chance = chance
        self.deciders = deciders
        self.world = world
        self.heard: list[Heard] = []
        self._remember(world.memory)

    def _remember(self, memory: Floats) -> None:
        self.memory = {a: memory[n] for n, a in enumerate(self.game.scenario.actors)}

    def watch(self, ask: Ask, answers: dict[str, Decision]) -> None:
        """Listen to a question and its answers.

        Memory is copied: what a decider returns may be the engine's own array, which goes on.
        """
        kept = {
            a: d if d.memory is None else replace(d, memory=d.memory.copy())
            for a, d in answers.items()
        }
        self.heard.append(Heard(ask, kept, dict(self.memory)))
        for actor, answer in kept.items():
            if answer.memory is not None:
                self.memory[actor] = answer.memory

    def quarter(self, record: Record) -> list[Event]:
        """Tell the quarter that has just been played."""
        scenario = self.game.scenario
        middle, events = happenings(scenario, self.world, self.chance, record)
        reasons = Reasons(scenario, self.deciders, self.heard)
        told_quarter: list[Event] = [
            {"event": "quarter", "quarter": scenario.quarter(self.world.quarter)},
            *(answers_event(h) for h in self.heard),
            *events,
            *agenda(scenario, self.world, middle, record, self.heard),
            *talks(self.game, middle, record, reasons),
            *own_moves(scenario, middle, record, reasons),
            *threats(scenario, middle, record, reasons),
            *crises(scenario, record),
            *promises(self.game, middle, record),
            *endings(self.game, middle, record),
            *beliefs(scenario, self.world, record.world),
            *ruptures(scenario, self.world, record.world),
            *support(scenario, self.world, record.world),
            state(self.game, record),
        ]
        self.world = record.world
        self.heard.clear()
        self._remember(record.world.memory)
        return told_quarter


def answers_event(heard: Heard) -> Event:
    """Write the decisions themselves down, so that the game can be played again."""
    ask = heard.ask
    rounds = {b.round for b in ask.briefings.values()}
    return {
        "event": "answers",
        "question": ask.question,
        **({"table": ask.table, "round": rounds.pop() + 1} if ask.table else {}),
        "answers": {a: encode(d, heard.memory[a]) for a, d in heard.answers.items()},
    }


def move(scenario: Scenario, world: World, lever: int, steps: int) -> Event:
    """Tell a move of a lever from where it stands: settings in physical units, and by name."""
    here = int(world.setting[lever, 0])
    there = min(max(here + steps, 0), int(scenario.levers.size[lever]) - 1)
    return change(scenario, lever, here, there)


def change(scenario: Scenario, lever: int, here: int, there: int) -> Event:
    """Tell a change of a lever between two of its settings."""
    name = scenario.levers.ids[lever]
    rule = scenario.file.levers[name]
    labels = rule.labels
    return {
        "lever": name,
        "name": rule.name,
        "from": told(scenario.levers.settings[lever, here]),
        "to": told(scenario.levers.settings[lever, there]),
        "unit": rule.unit,
        **({"labels": [labels[here], labels[there]]} if labels else {}),
    }


def happenings(
    scenario: Scenario, world: World, chance: Chance, record: Record
) -> tuple[World, list[Event]]:
    """Tell events and assemblies, and return the world in which the tables then met."""
    before, world = world, new_quarter(scenario, world)
    out = list(expiries(scenario, before, world))
    yes = np.ones(1, dtype=bool)
    evidence = Evidence.none(len(scenario.actors), 1)
    crisis = np.zeros((len(scenario.theatres.ids), 1), dtype=bool)
    for n in np.flatnonzero(record.events[:, 0]):
        name = sorted(scenario.file.events)[n]
        event = scenario.file.events[name]
        effects = []
        for effect in event.effects:
            before, world = world, draft(world, *OVERTAKEN)
            world = take_effect(scenario, world, name, effect, yes, chance, evidence, crisis)
            effects.append(effect_told(scenario, before, world, effect))
        out.append({"event": "happening", "id": name, "name": event.name, "effects": effects})
    before = world
    world, decided = assemblies(scenario, world, chance)
    for n in np.flatnonzero(decided[:, 0] != NOBODY):
        name = sorted(scenario.file.assemblies)[n]
        rule = scenario.file.assemblies[name]
        x = scenario.lever(rule.lever)
        step = int(decided[n, 0] - before.setting[x, 0])
        out.append(
            {
                "event": "assembly",
                "id": name,
                "name": rule.name,
                "move": move(scenario, before, x, step),
            }
        )
    return world, out


def expiries(scenario: Scenario, before: World, after: World) -> Iterator[Event]:
    """Tell which agreements enter their last year, and which have run out."""
    for n, table in enumerate(scenario.tables):
        x = table.in_force
        if x == NOBODY:
            continue
        over = bool(before.value[x, 0] > 0.0 and after.value[x, 0] == 0.0)
        if over or before.setting[x, 0] != after.setting[x, 0]:
            yield {
                "event": "expiry",
                "of": table.id,
                "parties": [scenario.actors[a] for a in table.parties],
                "move": change(scenario, x, 1, 0),
                "last": scenario.quarter(int(after.ends[n, 0]) - 1),
                "over": over,
            }


def effect_told(scenario: Scenario, before: World, after: World, effect: Effect) -> Event:
    """Tell what one effect of an event did."""
    if effect.lever is not None:
        x = scenario.lever(effect.lever)
        here, there = int(before.setting[x, 0]), int(after.setting[x, 0])
        return {"kind": "lever", "move": change(scenario, x, here, there)}
    if effect.election is not None:
        a = scenario.actor(effect.election)
        return {
            "kind": "election",
            "actor": effect.election,
            "office": office(scenario, after, a),
            "changed": bool(before.platform[a, 0] != after.platform[a, 0]),
        }
    if effect.pledge is not None:
        met = bool(condition_holds(scenario, before, effect.met)[0])
        return {"kind": "pledge", "actor": effect.pledge, "met": met}
    if effect.attention is not None:
        slots, quarters = effect.slots, effect.quarters
        return {
            "kind": "attention",
            "actor": effect.attention,
            "slots": slots,
            "quarters": quarters,
        }
    if effect.support is not None:
        return {"kind": "support", "actor": effect.support, "by": effect.add}
    for kind in ("crisis", "reopen", "demand", "about", "stock"):
        if (of := getattr(effect, kind)) is not None:
            return {"kind": kind, "of": of}
    return {"kind": "none"}


def agenda(
    scenario: Scenario, before: World, middle: World, record: Record, heard: Sequence[Heard]
) -> Iterator[Event]:
    """Tell which tables were opened by whom, what was named and what demanded."""
    answers = next(h.answers for h in heard if h.ask.question == "agenda")
    for n, table in enumerate(scenario.tables):
        opener = int(record.opened[n, 0])
        if opener == NOBODY:
            if before.opener[n, 0] != NOBODY:
                by = scenario.actors[before.opener[n, 0]]
                yield {"event": "lapse", "table": table.id, "by": by}
            continue
        named = [int(x) for x in record.named[n, :, 0] if x != NOBODY]
        locked = [x for x in named if bound(middle, x, table.parties)]
        yield {
            "event": "agenda",
            "table": table.id,
            "by": scenario.actors[opener],
            "to": scenario.actors[sum(table.parties) - opener],
            "continued": bool(before.opener[n, 0] == opener),
            "named": [scenario.levers.ids[x] for x in named],
            "names": [scenario.file.levers[scenario.levers.ids[x]].name for x in named],
            "reopens": [scenario.file.levers[scenario.levers.ids[x]].name for x in locked],
            "demand": demand(scenario, middle, record, n, before, answers),
        }


def bound(world: World, lever: int, parties: Sequence[int]) -> bool:
    """Say whether a living agreement of these two fixes the lever."""
    living = world.lock[lever, 0] > world.quarter
    return bool(living and int(world.lock_with[lever, 0]) in parties)


def demand(
    scenario: Scenario,
    middle: World,
    record: Record,
    number: int,
    before: World,
    answers: Mapping[str, Decision],
) -> Event | None:
    """Tell the headline demand that stands during the talks, None if there is none."""
    table = scenario.tables[number]
    asked = record.demand[number, 0]
    if table.headline == NOBODY or not np.isfinite(asked):
        return None
    x = table.headline
    size = int(scenario.levers.size[x])
    needed = max((s for s in range(size) if scenario.levers.settings[x, s] <= asked), default=0)
    by = scenario.actors[table.demander]
    fresh = not np.isfinite(before.demand[number, 0])
    norm, norms = None, answers[by].norm
    if fresh and norms is not None:
        mine = [t.id for t in scenario.tables if table.demander in t.parties]
        norm = table.norms[int(norms[mine.index(table.id), 0])]
    return {
        **change(scenario, x, int(middle.setting[x, 0]), needed),
        "by": by,
        "asked": told(asked),
        "fresh": fresh,
        "norm": norm,
    }


def talks(game: Game, middle: World, record: Record, reasons: Reasons) -> Iterator[Event]:
    """Tell every offer, every reply with the reasons behind it, and what was signed."""
    for n, talk in enumerate(record.talks):
        if talk is None:
            continue
        yield from rounds(game, middle, talk, reasons)
        signing = record.signings[n]
        if signing is not None and talk.accepted[0] > 0:
            yield signed(game, middle, talk, signing)


def rounds(game: Game, middle: World, talk: Talks, reasons: Reasons) -> Iterator[Event]:
    """Tell the rounds of talks at one table."""
    scenario = game.scenario
    table = scenario.tables[talk.table]
    names = [scenario.actors[a] for a in table.parties]
    for t in range(len(talk.offers)):
        package = int(talk.offers[t, 0])
        if package < 0:
            return
        k = (int(talk.first[0]) + t) % 2
        common = {"table": table.id, "round": t + 1}
        yield {
            "event": "offer",
            **common,
            "by": names[k],
            "to": names[1 - k],
            **package_told(game, middle, talk, package),
            **reasons.of_offer(names[k], table.id, t, package),
        }
        if package > 0:
            yield {
                "event": "reply",
                **common,
                "by": names[1 - k],
                "to": names[k],
                "accepted": bool(talk.round[0] == t),
                **reasons.of_reply(names[1 - k], table.id, t, package),
            }


def package_moves(game: Game, talk: Talks, package: int) -> list[tuple[int, int]]:
    """Levers and steps that a package moves."""
    menus = game.menus[talk.table]
    inside = menus.contains[package]
    slots = len(menus.slot)
    out = [
        (int(talk.seats[0].lever[s, 0]), int(menus.slot_steps[s]))
        for s in np.flatnonzero(inside[:slots])
    ]
    for b in np.flatnonzero(inside[slots:]):
        out += [(int(menus.lever[m]), int(menus.steps[m])) for m in menus.bundles[b]]
    return out


def package_told(game: Game, middle: World, talk: Talks, package: int) -> Event:
    """Tell what a package would change, and the name of the bundle if it is one."""
    scenario = game.scenario
    menus, table = game.menus[talk.table], scenario.tables[talk.table]
    moves = [move(scenario, middle, x, s) for x, s in package_moves(game, talk, package)]
    bundles = np.flatnonzero(menus.contains[package][len(menus.slot) :])
    names = [scenario.file.tables[table.id].packages[table.bundle_names[b]].name for b in bundles]
    words = "; ".join(in_words(m) for m in moves) or "nothing"
    return {"package": names[0] if names else None, "words": words, "moves": moves}


def in_words(moved: Event) -> str:
    """Say a move in words: name, from → to, unit."""
    if "labels" in moved:
        return f"{moved['name']}: {' → '.join(moved['labels'])}"
    return f"{moved['name']} {figure(moved['from'])} → {figure(moved['to'])} {moved['unit']}"


def figure(value: float | None) -> str:
    """Write a number for people: thousands set apart, four digits, no empty decimals."""
    if value is None:
        return "–"
    whole = abs(value) >= 1000.0 or value == int(value)  # noqa: PLR2004 - four digits
    return (f"{value:,.0f}" if whole else f"{value:.4g}").replace("-", "−")


def signed(game: Game, middle: World, talk: Talks, signing: Signing) -> Event:
    """Tell what became of an agreement: votes, consent, and whether it was overtaken."""
    scenario = game.scenario
    table = scenario.tables[talk.table]
    votes = {}
    for k, a in enumerate(table.parties):
        name = scenario.actors[a]
        rule = scenario.file.actors[name].ratification
        if rule is not None:
            odds, passed = told(signing.odds[k, 0]), bool(signing.ratified[k, 0])
            votes[name] = {"body": rule.body, "odds": odds, "passed": passed}
    moves = package_moves(game, talk, int(talk.accepted[0]))
    asked = [scenario.file.levers[scenario.levers.ids[x]].consent for x, _ in moves]
    ends, x = int(signing.end[0]), table.in_force
    enters = ends != NEVER_DUE and middle.setting[x, 0] == 0
    return {
        "event": "signing",
        "table": table.id,
        "parties": [scenario.actors[a] for a in table.parties],
        "signed": bool(signing.signed[0]),
        **package_told(game, middle, talk, int(talk.accepted[0])),
        "votes": votes,
        "consent": bool(signing.consent[0]),
        "asked_too": sorted({c.party for c in asked if c is not None}),
        "overtaken": bool(signing.overtaken[0]),
        "secret": table.secret,
        "until": scenario.quarter(middle.quarter + max(int(table.term[0]), 1)),
        **({"last": scenario.quarter(ends - 1)} if ends != NEVER_DUE else {}),
        **({"entry": change(scenario, x, 0, 1)} if enters else {}),
        "effect": {
            scenario.levers.ids[x]: scenario.quarter(middle.quarter + int(scenario.levers.lead[x]))
            for x, _ in moves
        },
    }


def own_moves(
    scenario: Scenario, middle: World, record: Record, reasons: Reasons
) -> Iterator[Event]:
    """Tell what each did on its own, and which agreement it broke by it."""
    done = record.own_moves
    for a, name in enumerate(scenario.actors):
        for n in range(done.lever.shape[1]):
            x = int(done.lever[a, n, 0])
            if x == NOBODY:
                continue
            partner = int(middle.lock_with[x, 0])
            breaks = middle.lock[x, 0] > middle.quarter and partner != NOBODY
            yield {
                "event": "own_move",
                "by": name,
                "move": move(scenario, middle, x, int(done.steps[a, n, 0])),
                "breaks": scenario.actors[partner] if breaks else None,
                **reasons.of_own_move(name, x, int(done.steps[a, n, 0])),
            }


def threats(scenario: Scenario, middle: World, record: Record, reasons: Reasons) -> Iterator[Event]:
    """Tell threats announced, called off, carried out, and found to be bluff."""
    rules, done = scenario.threats, record.own_moves
    for what in ("announced", "called_off", "carried_out", "bluffed"):
        for n in np.flatnonzero(getattr(done, what)[:, 0]):
            x, by = int(rules.lever[n]), scenario.actors[rules.by[n]]
            place = int((rules.by[:n] == rules.by[n]).sum())
            yield {
                "event": "threat",
                "what": what,
                "table": scenario.tables[rules.table[n]].id,
                "by": by,
                "against": scenario.actors[rules.against[n]],
                "move": move(scenario, middle, x, int(rules.steps[n])),
                "due": scenario.quarter(middle.quarter + int(rules.lead[n])),
                **reasons.of_threat(by, place),
            }


def crises(scenario: Scenario, record: Record) -> Iterator[Event]:
    """Tell the crises that broke out and how high they climbed."""
    seen = record.crises
    for t in np.flatnonzero(seen.ended[:, 0]):
        place = scenario.file.theatres[scenario.theatres.ids[t]]
        won = place.challenger if seen.ended[t, 0] > 0 else place.defender
        yield {"event": "war_over", "theatre": scenario.theatres.ids[t], "won": won}
    for t in np.flatnonzero(seen.rung[:, 0]):
        patron = scenario.theatres.patron[t]
        yield {
            "event": "crisis",
            "theatre": scenario.theatres.ids[t],
            "rung": int(seen.rung[t, 0]),
            "called": RUNGS[seen.rung[t, 0]],
            "hazard": told(seen.hazard[t, 0]),
            "odds": told(seen.odds[t, 0]),
            "patron": scenario.actors[patron] if seen.tested[t, 0] else None,
            "stood_by": bool(seen.defended[t, 0]),
        }


def promises(game: Game, middle: World, record: Record) -> Iterator[Event]:
    """Tell the promises that fell due, kept or broken: older ones, and those signed just now."""
    scenario = game.scenario
    fresh = _signed_now(game, record)
    for kept, which in ((True, record.promises.kept), (False, record.promises.broken)):
        for x in map(int, np.flatnonzero(which[:, 0])):
            if x in fresh:
                here = int(middle.setting[x, 0])
                partner, steps = fresh[x]
                there = min(max(here + steps, 0), int(scenario.levers.size[x]) - 1)
            else:
                here, there = int(middle.before[x, 0]), int(middle.setting[x, 0])
                partner = int(middle.promised_to[x, 0])
            yield {
                "event": "promise",
                "kept": kept,
                "by": scenario.actors[scenario.levers.owner[x]],
                "to": scenario.actors[partner],
                "fresh": x in fresh,
                "move": change(scenario, x, here, there),
            }


def _signed_now(game: Game, record: Record) -> dict[int, tuple[int, int]]:
    """Levers promised this quarter: to whom, and by how many steps."""
    scenario = game.scenario
    out = {}
    for talk, signing in zip(record.talks, record.signings, strict=True):
        if talk is None or signing is None or not signing.signed[0]:
            continue
        parties = scenario.tables[talk.table].parties
        for x, steps in package_moves(game, talk, int(talk.accepted[0])):
            owner = int(scenario.levers.owner[x])
            out[x] = (parties[1] if owner == parties[0] else parties[0], steps)
    return out


def endings(game: Game, middle: World, record: Record) -> Iterator[Event]:
    """Tell what ended without a choice: promises released by a breach, talks that a test spoilt.

    That is all by which a lever stands elsewhere than the choices of the quarter brought it.
    """
    scenario, fresh = game.scenario, _signed_now(game, record)
    chosen = _chosen(scenario, middle, record, fresh)
    owner = scenario.levers.owner
    breaches = {(int(owner[x]), _promised_to(middle, fresh, x)) for x in _broken(record)}
    for x in map(int, np.flatnonzero(chosen != record.world.setting[:, 0])):
        partner = _promised_to(middle, fresh, x)
        spoilers = np.flatnonzero(scenario.levers.spoiled == x)
        yield {
            "event": "ending",
            "why": "released" if (partner, int(owner[x])) in breaches else "spoilt",
            "owner": scenario.actors[owner[x]],
            "to": scenario.actors[partner] if partner != NOBODY else None,
            "by": [scenario.file.levers[scenario.levers.ids[y]].name for y in spoilers],
            "move": change(scenario, x, int(chosen[x]), int(record.world.setting[x, 0])),
        }


def _broken(record: Record) -> list[int]:
    return [int(x) for x in np.flatnonzero(record.promises.broken[:, 0])]


def _promised_to(middle: World, fresh: Mapping[int, tuple[int, int]], lever: int) -> int:
    return fresh[lever][0] if lever in fresh else int(middle.promised_to[lever, 0])


def _chosen(
    scenario: Scenario, middle: World, record: Record, fresh: Mapping[int, tuple[int, int]]
) -> Ints:
    """Settings as the choices of a quarter leave them, (lever,)."""
    done = record.own_moves
    steps = {x: by for x, (_, by) in fresh.items()}
    moved = done.lever[..., 0] != NOBODY
    for x, by in zip(done.lever[moved, 0], done.steps[moved, 0], strict=True):
        steps[int(x)] = int(by)
    for n in np.flatnonzero(done.carried_out[:, 0]):
        steps[int(scenario.threats.lever[n])] = int(scenario.threats.steps[n])
    chosen = middle.setting[:, 0].copy()
    for x, by in steps.items():
        chosen[x] = min(max(int(chosen[x]) + by, 0), int(scenario.levers.size[x]) - 1)
    for table, signing in zip(scenario.tables, record.signings, strict=True):
        if signing is not None and signing.end[0] != NEVER_DUE:
            chosen[table.in_force] = 1
    for x in _broken(record):
        chosen[x] = middle.setting[x, 0] if x in fresh else middle.before[x, 0]
    return chosen


def beliefs(scenario: Scenario, before: World, after: World) -> Iterator[Event]:
    """Tell what actors learnt about each other and about the patrons."""
    for what, read in BELIEFS.items():
        old, new = read(before)[..., 0], read(after)[..., 0]
        for i, j in zip(*np.nonzero(np.abs(new - old) >= SMALL), strict=True):
            if i != j:
                yield {
                    "event": "belief",
                    "what": what,
                    "of": scenario.actors[i],
                    "about": scenario.actors[j],
                    "from": told(old[i, j]),
                    "to": told(new[i, j]),
                }
    old, new = before.credibility[..., 0], after.credibility[..., 0]
    for i, t in zip(*np.nonzero(np.abs(new - old) >= SMALL), strict=True):
        patron = scenario.theatres.patron[t]
        if patron not in (NOBODY, i):
            yield {
                "event": "belief",
                "what": "credibility",
                "of": scenario.actors[i],
                "about": scenario.actors[patron],
                "theatre": scenario.theatres.ids[t],
                "from": told(old[i, t]),
                "to": told(new[i, t]),
            }


def ruptures(scenario: Scenario, before: World, after: World) -> Iterator[Event]:
    """Tell which ties broke."""
    new = ruptured(scenario, after)[..., 0] & ~ruptured(scenario, before)[..., 0]
    for i, j in zip(*np.nonzero(new), strict=True):
        if i < j:
            yield {"event": "rupture", "between": [scenario.actors[i], scenario.actors[j]]}


def support(scenario: Scenario, before: World, after: World) -> Iterator[Event]:
    """Tell where domestic support moved."""
    for a, name in enumerate(scenario.actors):
        old, new = before.support[a, 0], after.support[a, 0]
        if abs(new - old) >= SMALL:
            yield {"event": "support", "actor": name, "from": told(old), "to": told(new)}
