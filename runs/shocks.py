"""Shocks: one thing that happens in an experiment and not in its control, and nothing else changed.

A shock is an extra dated event of the scenario. Draws are named, so it leaves everybody's draws as
they are; the control is the same file with the event's odds at 0. A doctrine that changes at a
quarter is a shock, too; it is no event but another decider from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from textwrap import wrap

import numpy as np
from pydantic import TypeAdapter

from model.faults import near
from model.reading import ScenarioError, parse
from model.scenario import Values as Settings
from model.scenario import nearest_setting, quarter_index, quarter_name
from model.schema import ASSUMED, Effect, Event, Part, Quantity, ScenarioFile, When
from model.turn import Game, prepare
from model.world import World
from runs.ensemble import seat_doctrines
from runs.errors import UserError
from runs.experiment import Arm

DATA = Path(__file__).with_name("shocks.yaml")
USUAL = 3  # quarter of a shock that names none, from 1: something is seen before and after
QUARTER = re.compile(r"\d{4}Q[1-4]|\d{1,3}")
FORMS = (
    "write LEVER=VALUE@QUARTER, TABLE=DEMAND@QUARTER, ACTOR=DOCTRINE@QUARTER, or the name of a "
    "ready shock or of an event of the scenario, with @QUARTER if you like"
)


class Ready(Part):
    """A ready shock as `shocks.yaml` has it."""

    title: str
    about: str
    source: str  # a key of the scenario's sources, or `assumed`
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Shock:
    """One thing that happens in a quarter."""

    name: str  # as it was asked for, without the quarter
    title: str  # in plain words
    quarter: int  # in which it happens, 0 the first of the game
    effects: tuple[Effect, ...] = ()
    doctrines: Mapping[str, str] = field(default_factory=dict)  # actor → doctrine from then on
    about: str = ""
    source: str = ASSUMED


@cache
def ready_shocks() -> dict[str, Ready]:
    """Shocks by name, as they stand in the data file.

    Raises
    ------
    ScenarioError
        If the file cannot be read.
    """
    parsed = parse(DATA)
    if parsed.problems:
        raise ScenarioError(tuple(parsed.problems))
    return TypeAdapter(dict[str, Ready]).validate_python(parsed.data)


def shocks_for(file: ScenarioFile) -> dict[str, Ready]:
    """Ready shocks of which a scenario has all the parts."""
    return {n: s for n, s in ready_shocks().items() if not list(_missing(file, s.effects))}


def read_shock(file: ScenarioFile, text: str, usual: int = USUAL) -> Shock:
    """Read what was typed, such as `usfk_army=14.6@2025Q3`, `sma_ask_x5@3`, `USA=hedger@4`.

    usual : quarter of one that names none, from 1

    Raises
    ------
    UserError
        Says what is wrong, with the nearest name.
    """
    what, at, when = text.strip().rpartition("@")
    if not at:
        what, when = when, str(usual)
    name, equals, value = (part.strip() for part in what.partition("="))
    if not name or (equals and not value):
        raise UserError(f"--shock {text!r}: {FORMS}")
    quarter = read_quarter(file, when, text)
    if equals:
        return _set(file, name, value, quarter, text)
    if name in ready_shocks():
        return ready_shock(file, name, quarter)
    if name in file.events:
        event = file.events[name]
        return Shock(name, event.name, quarter, event.effects, source=event.source)
    raise UserError(f"--shock {text}: {_no_shock(file, name)}; {FORMS}")


def _no_shock(file: ScenarioFile, name: str) -> str:
    """Say why a name alone is no shock, with the nearest that is, or what is missing."""
    for kind, parts, value in (
        ("a lever", file.levers, "VALUE"),
        ("a table", file.tables, "DEMAND"),
        ("an actor", file.actors, "DOCTRINE"),
    ):
        if name in parts:
            return f"{name!r} is {kind}, so it needs a value: {name}={value}"
    known = shocks_for(file)
    hint = near(name, [*known, *file.events, *file.levers, *file.actors, *file.tables])
    meant = f" → did you mean {hint}?" if hint else ""
    ready = f" (ready: {', '.join(known)})" if known else ""
    return f"there is no shock {name!r}{meant}{ready}"


def ready_shock(file: ScenarioFile, name: str, quarter: int) -> Shock:
    """Return a ready shock in a quarter, 0 the first.

    Raises
    ------
    UserError
        If there is none of that name, or the scenario lacks a part of it.
    """
    if name not in ready_shocks():
        raise UserError(f"there is no ready shock {name!r}; there are {', '.join(ready_shocks())}")
    known = ready_shocks()[name]
    missing = list(_missing(file, known.effects))
    if missing:
        raise UserError(f"--shock {name}: {file.name} has no {' and no '.join(missing)}")
    return Shock(name, known.title, quarter, known.effects, {}, known.about, known.source)


def read_quarter(file: ScenarioFile, text: str, whole: str) -> int:
    """Read `2025Q3`, or a number from 1, as a quarter of the game from 0.

    Raises
    ------
    UserError
        If it is neither, or lies outside the game.
    """
    if not QUARTER.fullmatch(text):
        raise UserError(f"--shock {whole}: {text!r} is no quarter, such as {file.start} or 3")
    quarter = quarter_index(file.start, text) if "Q" in text else int(text) - 1
    if not 0 <= quarter < file.quarters:
        last = quarter_name(file.start, file.quarters - 1)
        raise UserError(f"--shock {whole}: the game goes from {file.start} to {last}")
    return quarter


def _set(file: ScenarioFile, name: str, value: str, quarter: int, text: str) -> Shock:
    """A lever forced, a demand made or a doctrine changed, by what the name names."""
    if name in file.actors:
        seat_doctrines(file, {name: value})
        title = f"{file.actors[name].name} decides as {value.replace('_', ' ')}"
        return Shock(f"{name}={value}", title, quarter, doctrines={name: value})
    asking = [t for t, table in file.tables.items() if table.demands]
    if name not in file.levers and name not in asking:
        hint = near(name, [*file.levers, *file.actors, *asking])
        meant = f" → did you mean {hint}?" if hint else ""
        raise UserError(f"--shock {text}: {name!r} is no lever, actor or table with demands{meant}")
    try:
        number = float(value)
    except ValueError:
        raise UserError(f"--shock {text}: {value!r} is no number") from None
    if name in file.levers:
        lever = file.levers[name]
        if number not in lever.settings:
            near_by = lever.settings[nearest_setting(np.array(lever.settings), number)]
            listed = ", ".join(f"{s:g}" for s in lever.settings)
            raise UserError(
                f"--shock {text}: {lever.name} stands at one of {listed} {lever.unit}"
                f" → did you mean {name}={near_by:g}?"
            )
        title = f"{lever.name} to {number:g} ({lever.unit})"
        return Shock(f"{name}={value}", title, quarter, (Effect(lever=name, to=number),))
    demand = file.tables[name].demands[0]
    lever = file.levers[demand.lever]
    title = f"{file.actors[demand.by].name} demands {number:g} ({lever.unit}), {lever.name}"
    effects = (Effect(reopen=name), Effect(demand=name, to=number))
    return Shock(f"{name}={value}", title, quarter, effects)


def _missing(file: ScenarioFile, effects: Sequence[Effect]) -> Iterator[str]:
    """What the effects need and a scenario lacks."""
    for effect in effects:
        for kind, of, known in (
            ("lever", effect.lever, file.levers),
            ("stock", effect.stock, file.stocks),
            ("actor", effect.attention or effect.support or effect.about, file.actors),
            ("theatre", effect.crisis, file.theatres),
            ("table", effect.reopen or effect.demand, file.tables),
        ):
            if of is not None and of not in known:
                yield f"{kind} {of}"
        lever = file.levers.get(effect.lever or "")
        if lever and effect.to is not None and effect.to not in lever.settings:
            yield f"setting {effect.to:g} of {effect.lever}"


def event_name(shock: Shock, number: int) -> str:
    """Id of the event that a shock adds; number is its place among the shocks, from 1."""
    return f"shock-{number}-{re.sub(r'[^A-Za-z0-9_-]', '-', shock.name)}"


def with_shocks(file: ScenarioFile, shocks: Sequence[Shock]) -> ScenarioFile:
    """Return the scenario with an event for each shock, sure to happen in its quarter."""
    added = {
        event_name(shock, n): Event(
            name=shock.title,
            when=When(quarter=quarter_name(file.start, shock.quarter)),
            odds=Quantity(value=1.0, range=(0.0, 1.0), source=shock.source),
            effects=shock.effects,
            source=shock.source,
        )
        for n, shock in enumerate(shocks, start=1)
        if shock.effects
    }
    return file.model_copy(update={"events": {**file.events, **added}})


def control_and_shocked(
    file: ScenarioFile,
    shocks: Sequence[Shock],
    values: Settings | None = None,
    doctrines: Mapping[str, str] | None = None,
) -> tuple[Arm, Arm]:
    """Return two arms of one file: in the first no shock happens, in the second all do.

    values, doctrines : of both arms
    """
    for actor in {a for shock in shocks for a in shock.doctrines} & set(doctrines or {}):
        raise UserError(f"{actor} is given a doctrine for the whole game, and one that changes")
    shared = with_shocks(file, shocks)
    odds = {f"events.{name}.odds" for name in shared.events.keys() - file.events.keys()}
    changed = {
        actor: f"{name}@{quarter_name(file.start, shock.quarter)}"
        for shock in shocks
        for actor, name in shock.doctrines.items()
    }
    first = Arm("control", shared, {**(values or {}), **dict.fromkeys(odds, 0.0)}, doctrines or {})
    second = replace(
        first,
        name="shocked",
        values={**(values or {}), **dict.fromkeys(odds, 1.0)},
        doctrines={**(doctrines or {}), **changed},
    )
    return first, second


def apply(game: Game, world: World, shock: Shock) -> tuple[Game, World]:
    """Let a shock happen at the start of the coming quarter of a running game.

    The event is added to the game, so that it happens by the same rule as in an experiment. A
    shock that changes a doctrine needs another decider as well; this does not give it one.
    """
    now = replace(shock, quarter=world.quarter)
    number = 1 + sum(name.startswith("shock-") for name in game.scenario.file.events)
    name = event_name(now, number)
    added = with_shocks(game.scenario.file, [now]).events[event_name(now, 1)]
    events = {**game.scenario.file.events, name: added}
    file = game.scenario.file.model_copy(update={"events": events})
    fired = np.insert(world.fired, sorted(events).index(name), values=False, axis=0)
    return prepare(file, game.scenario.numbers.values), replace(world, fired=fired)


def listing(file: ScenarioFile, width: int) -> list[str]:
    """Return the ready shocks of a scenario, for people."""
    lines = []
    for name, shock in shocks_for(file).items():
        text = f"{shock.title}: {shock.about} (source: {shock.source})"
        lines += [name, *wrap(text, width, initial_indent="  ", subsequent_indent="  ")]
    return lines or [f"No ready shock fits {file.name}: write LEVER=VALUE@QUARTER."]
