"""What is varied: single numbers of a scenario, or groups of all that belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.faults import near
from model.parameters import Parameter, paths
from model.schema import ScenarioFile
from runs.errors import UserError
from runs.parameter_words import all_words
from runs.prior import uncertain

GROUPS = {
    "rules": "rules of bargaining, belief and crisis",
    "levers": "levers: cost at home and of leaving, pace",
    "stocks": "stocks: start, decay, growth",
    "transfers": "transfers between theatres",
    "limits": "hard limits",
    "ties": "ties",
    "tables": "tables: demands, threats, terms",
    "events": "odds and hazards of events",
    "assemblies": "questions of many parties",
}


@dataclass(frozen=True)
class Factor:
    """One thing that is varied as a whole: a number, or a group of numbers."""

    id: str
    name: str  # in words
    numbers: tuple[str, ...]  # parameters


def grouped(file: ScenarioFile) -> tuple[Factor, ...]:
    """Return all uncertain numbers of a scenario in groups, each number in one."""
    found: dict[str, list[str]] = {}
    known = paths(file)
    for name in uncertain(file):
        found.setdefault(group_of(file, known[name]), []).append(name)
    return tuple(
        Factor(group, group_name(file, group), tuple(names))
        for group, names in sorted(found.items())
    )


def group_of(file: ScenarioFile, path: Sequence[object]) -> str:
    """Return the group of a parameter: a player, a theatre, whose ledger it enters, or its kind."""
    first, second = str(path[0]), str(path[1])
    if first == "beliefs":
        return f"beliefs.{second.partition('_')[0]}"
    if first in ("actors", "theatres"):
        return f"{first}.{second}"
    if first == "ledger":
        return f"ledger.{file.ledger[second].to[0].partition('.')[0]}"
    return first


def group_name(file: ScenarioFile, group: str) -> str:
    """Say what a group is."""
    first, _, of = group.partition(".")
    if first == "actors":
        return f"{file.actors[of].name}: aims, temper, support"
    if first == "theatres":
        return f"{file.theatres[of].name}: forces, stakes, hazard"
    if first == "beliefs":
        return f"beliefs at the start: {of}"
    if first == "ledger":
        if of in file.actors:
            return f"ledger: what moves {file.actors[of].name}"
        return f"ledger: forces, {file.theatres[of].name}"
    return GROUPS.get(first, first)


def single(file: ScenarioFile, asked: Sequence[str]) -> tuple[Factor, ...]:
    """Return single numbers: by name or alias, or all that begin with `PREFIX.`; else the aliases.

    Raises
    ------
    UserError
        If nothing is meant by a name, or what is meant has no range.
    """
    known, words = uncertain(file), all_words(file)
    if not asked:
        named = [path for path in file.aliases.values() if path in known]
        if not named:
            raise UserError(f"{file.name} has no short names: choose with --factor or --groups")
        return tuple(_factor(known[path], words[path]) for path in dict.fromkeys(named))
    found: dict[str, Factor] = {}
    for text in asked:
        path = file.aliases.get(text, text)
        if path in known:
            found[path] = _factor(known[path], words[path])
            continue
        under = [name for name in known if name.startswith(f"{path.rstrip('.*')}.")]
        if not under:
            raise UserError(_unknown(file, text, known))
        found |= {name: _factor(known[name], words[name]) for name in under}
    return tuple(found.values())


def _factor(p: Parameter, name: str) -> Factor:
    return Factor(p.name, name, (p.name,))


def _unknown(file: ScenarioFile, text: str, known: Mapping[str, Parameter]) -> str:
    meant = near(text, [*file.aliases, *known])
    hint = f" → did you mean {meant}?" if meant else ""
    return (
        f"--factor {text}: no number with a range that may be drawn has this name or begins with it"
        f"{hint} (`hubspoke scenario show {file.name} assumptions` lists them)"
    )
