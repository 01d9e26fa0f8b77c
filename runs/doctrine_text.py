"""Doctrines in words: which there are, what one is, and whether one keeps the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import wrap

import numpy as np

from agents import outside
from agents.answers import DoctrineError, asked, malformed
from agents.briefing import Briefing, Decision
from agents.contract import RULES, Rule, breaches, forbidden, undescribed
from agents.doctrine import Doctrine, Registered, doctrines, find, spoken
from model.chance import Chance
from model.measures import world_digest
from model.reading import read
from model.turn import begin, play_quarter, prepare

TRIED_ON = "triad"  # a small world in which every question is asked
GAMES, QUARTERS, SEED = 4, 6, 1
SHOWN = 5  # ways in which a rule is broken


def listing(width: int) -> list[str]:
    """List the doctrines, shipped and of installed packages, with a line and their sources each."""
    lines: list[str] = []
    for entry in doctrines().values():
        lines += [*described(entry, width), ""]
    for name in outside.installed():
        if name not in doctrines():
            lines += [f"{name}: {_why_not(name)}", ""]
    lines.append("Any actor may be given any of them, or one of your own: --doctrine ACTOR=FILE.py")
    return lines


def _why_not(name: str) -> str:
    try:
        find(name)
    except DoctrineError as error:
        return str(error)
    return "can be used"


def described(entry: Registered, width: int) -> list[str]:
    """Name, sentence and sources of a doctrine."""
    sources = "; ".join(entry.sources) or "none named"
    return [
        spoken(entry.reference) if entry.reference != entry.name else entry.name,
        *wrap(entry.about, width, initial_indent="  ", subsequent_indent="  "),
        *wrap(f"Sources: {sources}", width, initial_indent="  ", subsequent_indent="    "),
    ]


def show(reference: str, width: int) -> list[str]:
    """Show what a doctrine says of itself, and how each of its methods answers."""
    entry = find(reference)
    lines = [*described(entry, width), f"  Reference: {entry.reference}", ""]
    if base := _builds_on(entry.make):
        lines.append(f"Answers as {base} does, except:")
    for name, member in vars(entry.make).items():
        if callable(member) and not name.startswith("_"):
            about = (member.__doc__ or "").strip().split("\n")[0]
            lines += wrap(f"{name}: {about}", width, initial_indent="  ", subsequent_indent="    ")
    return lines


def _builds_on(make: type[Doctrine]) -> str:
    """Name of the doctrine whose answers this one changes, empty if it answers all by itself."""
    name: str = getattr(make.__mro__[1], "name", "")
    return name


@dataclass(frozen=True)
class Tried:
    """A rule of the contract, and how a doctrine breaks it."""

    rule: str
    wrong: tuple[str, ...]
    tried: bool = True


def check(reference: str) -> tuple[Tried, ...]:
    """Try a doctrine: every rule on briefings drawn by lot, then whole games.

    Raises
    ------
    DoctrineError
        If there is no such doctrine.
    """
    entry = find(reference)
    results = [Tried("It says what it is, and names its sources.", tuple(undescribed(reference)))]
    for rule in RULES:
        # an answer in a wrong form breaks the other rules in ways that say nothing more
        usable = not any(each.wrong for each in results[1:2])
        wrong = tuple(breaches(rule, entry.make)) if usable else ()
        results.append(Tried(_sentence(rule), wrong, usable))
    usable = not any(each.wrong for each in results[1:])
    games = tuple(_games(entry)) if usable else ()
    told = f"It plays {TRIED_ON} in every seat, and the same games alone as together."
    return (*results, Tried(told, games, usable))


def _sentence(rule: Rule) -> str:
    return " ".join((rule.__doc__ or "").strip().split("\n\n")[0].split())


@dataclass
class Judged:
    """A doctrine in a seat, whose answers are judged."""

    mind: Doctrine
    wrong: dict[str, None]
    name: str = "judged"

    def decide(self, briefing: Briefing) -> Decision:
        """Answer, and note what was wrong with it."""
        decision = self.mind.decide(briefing)
        faults = malformed(briefing, decision) or forbidden(briefing, decision)
        self.wrong |= dict.fromkeys(f"{asked(briefing)}: {fault}" for fault in faults)
        return decision


def _games(entry: Registered) -> Iterator[str]:
    """Say what is wrong with games that a doctrine plays against itself."""
    wrong: dict[str, None] = {}
    try:
        together = _play(entry.new, np.arange(GAMES), wrong)
        alone = [_play(entry.new, np.array([run]), wrong)[0] for run in range(GAMES)]
    except DoctrineError as error:
        yield str(error)
        return
    yield from wrong
    for run in range(GAMES):
        if together[run] != alone[run]:
            yield f"game {run} of seed {SEED} ends otherwise alone than among {GAMES}"


def _play(new: Callable[[], Doctrine], runs: np.ndarray, wrong: dict[str, None]) -> np.ndarray:
    """Play games with one doctrine in every seat; returns the digest of each, (run,)."""
    file = read(TRIED_ON)
    game = prepare(file)
    world, chance = begin(game, len(runs)), Chance(SEED, runs)
    seats = {actor: Judged(new(), wrong) for actor in file.actors}
    for _ in range(QUARTERS):
        world = play_quarter(game, world, chance, seats).world
    return world_digest(world)


def as_lines(results: tuple[Tried, ...], width: int) -> list[str]:
    """Say of each rule whether it is kept."""
    lines = []
    for each in results:
        verdict = "not tried" if not each.tried else "fails" if each.wrong else "passes"
        lines += wrap(f"{verdict:10}{each.rule}", width, subsequent_indent=" " * 10)
        for fault in each.wrong[:SHOWN]:
            lines += wrap(fault, width, initial_indent=" " * 12, subsequent_indent=" " * 14)
        if len(each.wrong) > SHOWN:
            lines.append(f"{'':12}and {len(each.wrong) - SHOWN} more")
    return lines
