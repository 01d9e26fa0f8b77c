"""What every doctrine owes to the game: one contract, whoever wrote it.

A doctrine is tried on briefings, rule by rule. The project's tests, `hubspoke doctrine check` and
the tests of an author elsewhere use the same rules; an author writes

    from hubspoke import DoctrineContract

    class TestMine(DoctrineContract):
        doctrine = "my_doctrine.py"

Why they are rules: games are played in batches, and the same game must come out alone, in any
batch, chunk and process. So an answer depends on the briefing of its own run and on nothing else:
what is remembered is in `briefing.memory`, chance comes from `briefing.draw`, and arithmetic that
a choice rests on is + - x / sqrt min max abs floor or `agents.numerics` (other functions differ in
the last bit between machines).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import fields, is_dataclass
from itertools import product
from typing import Any, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from agents.answers import malformed
from agents.briefing import Briefing, Decision, Question
from agents.doctrine import find
from agents.drawn import drawn_briefing
from agents.talks import possible_packages

QUESTIONS: tuple[Question, ...] = get_args(Question)
EXAMPLES = 15  # briefings a rule and question
SOURCE = 10  # letters that a source has at least


class Decides(Protocol):
    """Anything that answers a briefing."""

    def decide(self, briefing: Briefing) -> Decision:
        """Return the decision."""
        ...


def forbidden(briefing: Briefing, decision: Decision) -> list[str]:
    """Say what a well-formed answer does that the rules do not allow: the game passes it over."""
    return list(_FORBIDDEN[briefing.question](briefing, decision))


def _agenda(briefing: Briefing, decision: Decision) -> Iterator[str]:
    opened, named, norm = decision.open, decision.named, decision.norm
    assert opened is not None
    assert named is not None
    assert norm is not None
    if briefing.slots is not None and (opened.sum(axis=0) > briefing.slots).any():
        yield "more tables are opened than there are slots"
    for n, prospect in enumerate(briefing.prospects):
        if (opened[n] & ~prospect.available).any():
            yield "a table is opened that is not available"
        if not np.isin(named[n], prospect.seat.lever).all():
            yield "a lever is named that is not on the table"
        if (norm[n] >= max(len(prospect.demands), 1)).any():
            yield "a norm is invoked that the table does not have"
        order = np.sort(named[n], axis=0)
        if ((order[1:] == order[:-1]) & (order[1:] >= 0)).any():
            yield "a lever is named twice"


def _offer(briefing: Briefing, decision: Decision) -> Iterator[str]:
    assert decision.offer is not None
    runs = np.arange(len(decision.offer))
    possible = possible_packages(briefing.seats[0])[decision.offer, runs]
    if ((decision.offer > 0) & ~possible).any():
        yield "a package is offered that is not possible (agents.utility.possible_packages)"


def _reply(briefing: Briefing, decision: Decision) -> Iterator[str]:
    assert decision.accept is not None
    assert briefing.offered is not None
    runs = np.arange(len(briefing.offered))
    possible = possible_packages(briefing.seats[0])[briefing.offered, runs]
    if (decision.accept & ~possible).any():
        yield "a package is accepted that is not possible, or none was offered"


def _own_moves(briefing: Briefing, decision: Decision) -> Iterator[str]:
    options, choice = briefing.options, decision.choice
    assert options is not None
    assert choice is not None
    assert decision.announce is not None
    for r, row in enumerate(choice.T):
        moved = row[row >= 0]
        if options.blocked[moved, r].any():
            yield "a move is chosen that is blocked"
        if len(set(options.lever[moved].tolist())) < len(moved):
            yield "one lever is moved twice"
    if (decision.announce & (options.standing | ~options.rebuffed)).any():
        yield "a threat is announced without a refusal, or again"
    if decision.carry_out is not None and (decision.carry_out & ~options.falls_due).any():
        yield "a threat is carried out that does not fall due"


def _honour(briefing: Briefing, decision: Decision) -> Iterator[str]:
    return iter(())


_FORBIDDEN: dict[str, Callable[[Briefing, Decision], Iterator[str]]] = {
    "agenda": _agenda,
    "offer": _offer,
    "reply": _reply,
    "own_moves": _own_moves,
    "honour": _honour,
}


def arrays(part: Any, path: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    """Walk through all arrays of a (nested) briefing or decision, by their paths."""
    for each in fields(part):
        value = getattr(part, each.name)
        here = f"{path}{each.name}"
        if isinstance(value, np.ndarray):
            yield here, value
        elif is_dataclass(value):
            yield from arrays(value, f"{here}.")
        elif isinstance(value, tuple):
            for n, item in enumerate(value):
                if is_dataclass(item):
                    yield from arrays(item, f"{here}[{n}].")


def unlike(one: Briefing | Decision, other: Briefing | Decision) -> list[str]:
    """Name the arrays in which two papers are not the same bit for bit."""
    a, b = dict(arrays(one)), dict(arrays(other))
    return sorted(a.keys() ^ b.keys()) + [
        path
        for path in a.keys() & b.keys()
        if a[path].dtype != b[path].dtype or not np.array_equal(a[path], b[path], equal_nan=True)
    ]


def fresh(briefing: Briefing) -> Briefing:
    """Copy a briefing, leaving behind what a doctrine may have pinned to it."""
    return briefing.take(np.arange(briefing.goals.weights.shape[1]))


Make = Callable[[], Decides]
Rule = Callable[[Make, Briefing], list[str]]


def answers_what_it_is_asked(make: Make, briefing: Briefing) -> list[str]:
    """It answers the question that is asked, in the form and within the rules."""
    decision = make().decide(briefing)
    return malformed(briefing, decision) or forbidden(briefing, decision)


def decides_each_run_by_itself(make: Make, briefing: Briefing) -> list[str]:
    """A batch is its runs: decide(batch)[..., r] == decide(batch.take(r)), in any choice or order.

    Most who break this look at all runs at once, with `.any()` or `.max()` over the last axis.
    """
    runs = briefing.goals.weights.shape[1]
    whole = make().decide(briefing)
    wrong: set[str] = set()
    each = [np.array([r]) for r in range(runs)]
    for index in (np.arange(runs)[::-1], np.arange(0, runs, 2), *each):
        part = make().decide(briefing.take(index))
        mine = {name: array[..., index] for name, array in arrays(whole)}
        wrong |= set(unlike(Decision(**mine), part))
    return [f"`{name}` of one run depends on the other runs" for name in sorted(wrong)]


def repeats_itself(make: Make, briefing: Briefing) -> list[str]:
    """Asked again, the same doctrine, a copy and a new one answer alike.

    So chance and memory are those of the briefing, not its own.
    """
    one = make()
    first = one.decide(briefing)
    again = {
        "the same one": one.decide(briefing),
        "a copy": deepcopy(one).decide(fresh(briefing)),
        "a new one": make().decide(fresh(briefing)),
    }
    return [
        f"asked again, {who} answers `{name}` otherwise"
        for who, answer in again.items()
        for name in unlike(first, answer)
    ]


def leaves_its_papers_alone(make: Make, briefing: Briefing) -> list[str]:
    """It writes nothing into the briefing; what it remembers it hands back in the answer."""
    before = {path: array.copy() for path, array in arrays(briefing)}
    make().decide(briefing)
    return [
        f"`{path}` of the briefing was changed"
        for path, array in arrays(briefing)
        if not np.array_equal(array, before[path], equal_nan=True)
    ]


RULES: tuple[Rule, ...] = (
    answers_what_it_is_asked,
    decides_each_run_by_itself,
    repeats_itself,
    leaves_its_papers_alone,
)


def breaches(rule: Rule, make: Make, seeds: Sequence[int] = range(EXAMPLES)) -> list[str]:
    """Try a rule on drawn briefings of every question; say how it is broken, each way once.

    make : returns a new decider
    """
    found: dict[str, None] = {}
    for question, seed in product(QUESTIONS, seeds):
        briefing = drawn_briefing(question, seed)
        try:
            wrong = rule(make, briefing)
        except Exception as error:  # noqa: BLE001 - whatever an author's program may raise
            wrong = [f"it fails: {type(error).__name__}: {error}"]
        found |= dict.fromkeys(f"{question}: {each}" for each in wrong)
    return list(found)


def undescribed(name: str) -> list[str]:
    """Say what is missing of a doctrine's description: a sentence, and its sources."""
    entry = find(name)
    wrong = []
    if not entry.about.endswith("."):
        wrong.append("its class has no docstring that says in a sentence what it does")
    if not entry.sources or any(len(source) < SOURCE for source in entry.sources):
        wrong.append("it names no sources: @doctrine(NAME, sources=[...])")
    return wrong


class DoctrineContract:
    """Every rule as a test: inherit it, say which doctrine, and let pytest run it."""

    doctrine: str  # its name, or its file

    def _keeps(self, rule: Rule) -> None:
        wrong = breaches(rule, find(self.doctrine).make)
        assert not wrong, "\n".join(wrong)

    def test_it_says_what_it_is(self) -> None:
        """It has a sentence about itself and sources."""
        assert not undescribed(self.doctrine)

    def test_it_answers_what_it_is_asked(self) -> None:
        """Its answers have the right form and keep the rules."""
        self._keeps(answers_what_it_is_asked)

    def test_it_decides_each_run_by_itself(self) -> None:
        """Its answer in a batch is its answer alone."""
        self._keeps(decides_each_run_by_itself)

    def test_it_repeats_itself(self) -> None:
        """Its answer to the same briefing is the same."""
        self._keeps(repeats_itself)

    def test_it_leaves_its_papers_alone(self) -> None:
        """It changes nothing in what it is handed."""
        self._keeps(leaves_its_papers_alone)
