"""What can be ordered and proposed: the one-page order form of a team, and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from model.chronicle import figure
from model.moves import own_options, threats_of
from model.perception import pictures
from model.scenario import NOBODY
from model.world import World
from runs.seminar.turns import QUARTERS, Match

MOST_MOVES = 2  # own moves that the rules allow in a quarter


class OrdersError(ValueError):
    """Orders that make no sense; the message says which line."""


@dataclass(frozen=True)
class Choice:
    """One setting of a lever that can be chosen."""

    value: float
    text: str
    here: bool = False


@dataclass(frozen=True)
class Line:
    """One lever on a form."""

    lever: str
    name: str
    unit: str
    owner: str
    now: str
    choices: tuple[Choice, ...]
    note: str = ""  # what stands in the way, or what a change breaks
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Line2:
    """A demand, threat or promise on a form."""

    id: str
    text: str
    table: str = ""
    options: tuple[tuple[str, str], ...] = ()  # value, text


@dataclass(frozen=True)
class Hook:
    """Something public that a deal can hang on."""

    written: dict[str, Any]  # as a `Condition`
    name: str  # of the table or the lever
    value: str  # where the lever stands; empty for a table


def table_of(match: Match, lever: str, parties: Sequence[str]) -> str | None:
    """Return the table at which a lever can be settled among these parties, None if none."""
    scenario = match.game.scenario
    x = scenario.lever(lever) if lever in scenario.levers.ids else -1
    for table in scenario.tables:
        if x in table.levers and {scenario.actors[a] for a in table.parties} <= set(parties):
            return str(table.id)
    return None


class Forms:
    """The forms of one match."""

    def __init__(self, match: Match) -> None:
        self.match = match
        self.file = match.file

    def lever_name(self, lever: str) -> str:
        """Name of a lever."""
        return self.file.levers[lever].name if lever in self.file.levers else lever

    def table_name(self, table: str) -> str:
        """Name of a table."""
        return self.file.tables[table].name

    def parties(self, table: str) -> tuple[str, str]:
        """Return the two actors at a table."""
        a, b = sorted(self.file.tables[table].parties)
        return a, b

    def tables_of(self, actor: str) -> list[str]:
        """Tables of an actor."""
        return sorted(t for t, rule in self.file.tables.items() if actor in rule.parties)

    def setting(self, lever: str, value: float) -> str:
        """Say a setting in words."""
        rule = self.file.levers[lever]
        if rule.labels:
            place = int(np.abs(np.array(rule.settings) - value).argmin())
            return rule.labels[place]
        return f"{figure(value)} {rule.unit}"

    def seen(self, actor: str, world: World) -> World:
        """Return the positions as an actor knows them, without what others agreed in secret."""
        scenario = self.match.game.scenario
        hidden = pictures(scenario, world)[scenario.actor(actor)].hidden
        return replace(
            world,
            setting=np.where(hidden, world.before, world.setting),
            lock_with=np.where(hidden, NOBODY, world.lock_with),
            promised_to=np.where(hidden, NOBODY, world.promised_to),
        )

    def _here(self, lever: str, world: World) -> int:
        return int(world.setting[self.match.game.scenario.lever(lever), 0])

    def _line(self, lever: str, world: World, places: Sequence[int], note: str = "") -> Line:
        rule, here = self.file.levers[lever], self._here(lever, world)
        choices = tuple(
            Choice(rule.settings[p], self.setting(lever, rule.settings[p]), p == here)
            for p in places
        )
        now = self.setting(lever, rule.settings[here])
        return Line(lever, rule.name, rule.unit, rule.owner, now, choices, note)

    def own_lines(self, actor: str, world: World) -> list[Line]:
        """Return the levers that a team may move alone, as far as one turn goes."""
        scenario = self.match.game.scenario
        a = scenario.actor(actor)
        levers, steps = own_options(scenario, a)
        out = []
        for x in dict.fromkeys(int(x) for x in levers):
            name = scenario.levers.ids[x]
            here, size = self._here(name, world), int(scenario.levers.size[x])
            ways = [int(s) for y, s in zip(levers, steps, strict=True) if y == x]
            reach = {here + s * n for s in ways for n in range(1, QUARTERS + 1)}
            places = sorted({here} | {p for p in reach if 0 <= p < size})
            promised = int(world.promised_to[x, 0])
            note = ""
            if promised != NOBODY:
                places, note = [here], "promised"
            elif world.lock[x, 0] > world.quarter and world.lock_with[x, 0] != NOBODY:
                note = f"breaks {scenario.actors[int(world.lock_with[x, 0])]}"
            elif len(places) == 1:
                note = "stuck"
            out.append(self._line(name, world, places, note))
        return out

    def deal_lines(self, table: str, world: World) -> list[Line]:
        """Return the levers of a table, as far as one deal goes in a quarter."""
        scenario = self.match.game.scenario
        rules = next(t for t in scenario.tables if t.id == table)
        out = []
        for x in rules.levers:
            name = scenario.levers.ids[x]
            here, size = self._here(name, world), int(scenario.levers.size[x])
            reach = int(scenario.levers.step[x])
            places = [p for p in range(here - reach, here + reach + 1) if 0 <= p < size]
            note = ""
            partner = int(world.lock_with[x, 0])
            if world.lock[x, 0] > world.quarter and partner not in (NOBODY, *rules.parties):
                note = "bound"
            out.append(self._line(name, world, places, note))
        return out

    def conditions(self, world: World) -> list[Hook]:
        """Return what a deal can hang on: a deal at a public table, a position kept from moving.

        Only what all can see, so that nobody learns a secret by what became of a deal.
        """
        scenario, out = self.match.game.scenario, []
        for table in scenario.tables:
            if not table.secret:
                out.append(Hook({"table": table.id}, self.table_name(table.id), ""))
        tabled = {int(x) for table in scenario.tables for x in table.levers}
        for x, name in enumerate(scenario.levers.ids):
            rule = self.file.levers[name]
            alone = scenario.levers.alone_up[x] or scenario.levers.alone_down[x]
            if rule.visible != "all" or not (alone or x in tabled):
                continue
            place = int((world.before if world.secret[x, 0] else world.setting)[x, 0])
            value = rule.settings[place]
            for bound, end in (("at_least", 0), ("at_most", len(rule.settings) - 1)):
                if place != end:
                    hook = {"lever": name, bound: value}
                    out.append(Hook(hook, rule.name, self.setting(name, value)))
        return out

    def demands(self, actor: str, world: World) -> list[Line2]:
        """Return the public demands that a team may make, by the norm that it invokes."""
        scenario, out = self.match.game.scenario, []
        for n, rules in enumerate(scenario.tables):
            for demand in self.file.tables[rules.id].demands:
                if demand.by != actor or np.isfinite(world.demand[n, 0]):
                    continue
                unit = self.file.levers[demand.lever].unit
                options = tuple(
                    (norm, f"{norm.replace('_', ' ')}: {figure(rule.value)} {unit}")
                    for norm, rule in sorted(demand.norms.items())
                )
                out.append(Line2(rules.id, self.lever_name(demand.lever), rules.id, options))
        return out

    def threats(self, actor: str, world: World) -> list[Line2]:
        """Return the threats that a team may announce when it is refused."""
        scenario, out = self.match.game.scenario, []
        for n in threats_of(scenario, scenario.actor(actor)):
            if not world.announced[n, 0]:
                out.append(self._threat(int(n), world))
        return out

    def threats_due(self, actor: str, world: World) -> list[Line2]:
        """Return the threats of a team that fall due in this turn."""
        scenario, out = self.match.game.scenario, []
        for n in threats_of(scenario, scenario.actor(actor)):
            due = world.threat_due[n, 0] < world.quarter + QUARTERS
            if world.announced[n, 0] and due:
                out.append(self._threat(int(n), world))
        return out

    def _threat(self, n: int, world: World) -> Line2:
        scenario = self.match.game.scenario
        lever = scenario.levers.ids[int(scenario.threats.lever[n])]
        settings = self.file.levers[lever].settings
        here = self._here(lever, world)
        there = min(max(here + int(scenario.threats.steps[n]), 0), len(settings) - 1)
        text = (
            f"{self.lever_name(lever)}: {self.setting(lever, settings[here])} →"
            f" {self.setting(lever, settings[there])}"
        )
        return Line2(scenario.threats.ids[n], text, scenario.tables[scenario.threats.table[n]].id)

    def promises(self, actor: str, world: World) -> list[Line2]:
        """Return the promises of a team that fall due in this turn."""
        scenario, out = self.match.game.scenario, []
        for x, lever in enumerate(scenario.levers.ids):
            due = int(world.due[x, 0])
            to = int(world.promised_to[x, 0])
            mine = scenario.levers.owner[x] == scenario.actor(actor)
            if mine and to != NOBODY and 0 <= due < world.quarter + QUARTERS:
                value = self.file.levers[lever].settings[self._here(lever, world)]
                text = f"{self.lever_name(lever)}: {self.setting(lever, value)}"
                out.append(Line2(lever, text, scenario.actors[to]))
        return out

    def check(self, actor: str, written: Mapping[str, Any], world: World) -> dict[str, Any]:
        """Return orders in good form; a line left blank stays as it is, it is never a zero.

        Raises
        ------
        OrdersError
            If a line makes no sense.
        """
        lines = {line.lever: line for line in self.own_lines(actor, world)}
        moves: dict[str, float] = {}
        for lever, value in dict(written.get("moves") or {}).items():
            if value in ("", None):
                continue
            line = lines.get(lever)
            try:
                number = float(value)
            except (TypeError, ValueError):
                raise OrdersError("{lever}: that is no number.", lever) from None
            choices = line.choices if line is not None else ()
            chosen = next((c for c in choices if c.value == number), None)
            if chosen is None:
                raise OrdersError("{lever}: that setting cannot be reached this turn.", lever)
            if not chosen.here:
                moves[lever] = number
        if len(moves) > MOST_MOVES:
            raise OrdersError("At most two changes of your own a turn; you have chosen more.")
        demands = {
            d.id: str(n)
            for d in self.demands(actor, world)
            if (n := dict(written.get("demands") or {}).get(d.id)) in dict(d.options)
        }

        def among(key: str, known: list[Line2]) -> list[str]:
            given = set(written.get(key) or ())
            return sorted(line.id for line in known if line.id in given)

        return {
            "moves": moves,
            "demands": demands,
            "threats": among("threats", self.threats(actor, world)),
            "let_pass": among("let_pass", self.threats_due(actor, world)),
            "broken": among("broken", self.promises(actor, world)),
        }
