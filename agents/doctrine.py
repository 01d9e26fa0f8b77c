"""The doctrine contract: a briefing in, a decision out, and the registry of those who can answer.

A doctrine is a class whose methods answer the five questions. `Transactional` answers all of them
by utility; the others change what they do differently and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules

from agents.briefing import Briefing, Decision


class Doctrine:
    """Answers every question of a briefing. Stateless: what it remembers is `briefing.memory`."""

    name: str
    about: str
    sources: tuple[str, ...]

    def decide(self, briefing: Briefing) -> Decision:
        """Answer the question of the briefing.

        Raises
        ------
        ValueError
            If the question is not one of the five.
        """
        answers: dict[str, Callable[[Briefing], Decision]] = {
            "agenda": self.agenda,
            "offer": self.offer,
            "reply": self.reply,
            "own_moves": self.own_moves,
            "honour": self.honour,
        }
        if briefing.question not in answers:
            msg = f"unknown question {briefing.question!r}: one of {', '.join(answers)}"
            raise ValueError(msg)
        return answers[briefing.question](briefing)

    def agenda(self, briefing: Briefing) -> Decision:
        """Say which tables to open, what to name there and what to demand."""
        raise NotImplementedError

    def offer(self, briefing: Briefing) -> Decision:
        """Propose a package, 0 for none."""
        raise NotImplementedError

    def reply(self, briefing: Briefing) -> Decision:
        """Accept the package that lies on the table, or not."""
        raise NotImplementedError

    def own_moves(self, briefing: Briefing) -> Decision:
        """Choose at most two moves on different levers of one's own, and threats to announce."""
        raise NotImplementedError

    def honour(self, briefing: Briefing) -> Decision:
        """Keep each promise that falls due, or break it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Registered:
    """A doctrine and what is said of it."""

    make: type[Doctrine]
    name: str
    about: str
    sources: tuple[str, ...]


_REGISTRY: dict[str, Registered] = {}


def doctrine(name: str, *, sources: Sequence[str]) -> Callable[[type[Doctrine]], type[Doctrine]]:
    """Register a doctrine class under a name that describes behaviour; sources are its literature.

    Raises
    ------
    ValueError
        If the name is taken by another class.
    """

    def register(cls: type[Doctrine]) -> type[Doctrine]:
        known = _REGISTRY.get(name)
        if known is not None and known.make.__qualname__ != cls.__qualname__:
            msg = f"the doctrine name {name!r} is taken by {known.make.__qualname__}"
            raise ValueError(msg)
        cls.name = name
        cls.about = (cls.__doc__ or "").strip().split("\n")[0]
        cls.sources = tuple(sources)
        _REGISTRY[name] = Registered(cls, name, cls.about, cls.sources)
        return cls

    return register


def doctrines() -> dict[str, Registered]:
    """All registered doctrines by name; loads the shipped ones, general and of countries."""
    for room in ("agents.doctrines", "agents.countries"):
        for module in iter_modules(import_module(room).__path__):
            import_module(f"{room}.{module.name}")
    return dict(sorted(_REGISTRY.items()))


class UnknownDoctrineError(ValueError):
    """No doctrine of that name."""


def get_doctrine(name: str) -> Doctrine:
    """Return the doctrine of this name.

    Raises
    ------
    UnknownDoctrineError
        With the nearest names.
    """
    known = doctrines()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f" → did you mean {near[0]}?" if near else ""
        msg = f"unknown doctrine {name!r}{hint} (known: {', '.join(known)})"
        raise UnknownDoctrineError(msg)
    return known[name].make()
