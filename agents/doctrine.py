"""The doctrine contract: a briefing in, a decision out, and the registry of those who can answer.

A doctrine is a class whose methods answer the five questions. `Transactional` answers all of them
by utility; the others change what they do differently and nothing else. Where doctrines come from
besides this package, see `agents.outside`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules

from agents import outside
from agents.answers import DoctrineError, asked, examine
from agents.briefing import Briefing, Decision


class Doctrine:
    """Answers every question of a briefing. Stateless: what it remembers is `briefing.memory`."""

    name: str
    about: str
    sources: tuple[str, ...]
    reference: str  # its name, and for one from outside also where it comes from

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


class Examined(Doctrine):
    """Stands before a doctrine from outside: what it answers is examined before it counts."""

    def decide(self, briefing: Briefing) -> Decision:
        """Answer, if the answer can be used.

        Raises
        ------
        DoctrineError
            Says what is wrong with the answer, or where the doctrine failed.
        """
        who = f"the doctrine {spoken(self.reference)}"
        try:
            decision = super().decide(briefing)
        except Exception as error:
            what = outside.what_failed(error)
            raise DoctrineError(f"{who}, playing {asked(briefing)}, failed: {what}") from error
        return examine(who, briefing, decision)


@dataclass(frozen=True)
class Registered:
    """A doctrine and what is said of it."""

    make: type[Doctrine]
    name: str
    about: str
    sources: tuple[str, ...]
    reference: str  # as manifests and transcripts call it; a name alone is a shipped doctrine

    def new(self) -> Doctrine:
        """Return one that can be seated."""
        if self.make.__module__.startswith("agents."):
            return self.make()
        seated: type[Doctrine] = type(self.make.__name__, (Examined, self.make), {})
        seated.reference = self.reference
        return seated()


_REGISTRY: dict[str, Registered] = {}


def doctrine(name: str, *, sources: Sequence[str]) -> Callable[[type[Doctrine]], type[Doctrine]]:
    """Register a doctrine class under a name that describes behaviour; sources are its literature.

    Raises
    ------
    DoctrineError
        If the name is taken by another class.
    """

    def register(cls: type[Doctrine]) -> type[Doctrine]:
        known = _REGISTRY.get(name)
        if known is not None and _place(known.make) != _place(cls):
            where = known.make.__module__ if name == known.reference else spoken(known.reference)
            msg = f"the doctrine name {name!r} is taken by {known.make.__qualname__} ({where})"
            raise DoctrineError(msg)
        cls.name = cls.reference = name
        cls.about = (cls.__doc__ or "").strip().split("\n")[0]
        cls.sources = tuple(sources)
        _REGISTRY[name] = Registered(cls, name, cls.about, cls.sources, name)
        return cls

    return register


def _place(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


def doctrines() -> dict[str, Registered]:
    """All registered doctrines by name: shipped, of countries, and of installed packages.

    What an installed package fails to bring is left out; `find` says why.
    """
    _load_shipped()
    for name in outside.installed():
        if name not in _REGISTRY:
            try:
                _load_installed(name)
            except DoctrineError:
                continue
    return dict(sorted(_REGISTRY.items()))


def _load_shipped() -> None:
    for room in ("agents.doctrines", "agents.countries"):
        for module in iter_modules(import_module(room).__path__):
            import_module(f"{room}.{module.name}")


class UnknownDoctrineError(DoctrineError):
    """No doctrine of that name."""


def get_doctrine(reference: str) -> Doctrine:
    """Return the doctrine of this name, file or reference, ready to be seated; see `find`.

    Raises
    ------
    DoctrineError
        If there is none, with the nearest names, or it cannot be used.
    """
    return find(reference).new()


def find(reference: str) -> Registered:
    """Find a doctrine.

    reference : `hedger`, a name; `my.py` or `my.py:careful`, a file, and which doctrine in it;
        `my.py:careful#1f2e...`, a file that must have this content; `careful@package-1.0`, one of
        an installed package that must have this version

    Raises
    ------
    UnknownDoctrineError
        With the nearest names.
    DoctrineError
        If a file or an installed package does not bring it, or not as it was.
    """
    _load_shipped()
    written = outside.FILE.fullmatch(reference)
    if written is not None:
        return _load_file(written["file"], written["name"], written["digest"])
    name, at, _ = reference.partition("@")
    if name not in _REGISTRY and name in outside.installed():
        _load_installed(name)
    if name not in _REGISTRY:
        known = doctrines()
        near = get_close_matches(name, known, n=1)
        hint = f" → did you mean {near[0]}?" if near else ""
        bring = f"; {reference} is of a package that is not installed here" if at else ""
        msg = f"unknown doctrine {name!r}{hint} (known: {', '.join(known)}){bring}"
        raise UnknownDoctrineError(msg)
    entry = _REGISTRY[name]
    if at and entry.reference != reference:
        raise DoctrineError(f"it was the doctrine {reference}; here it is {entry.reference}")
    return entry


def _load_file(file: str, name: str | None, digest: str | None) -> Registered:
    """Register what a file holds and return the one that is meant."""
    content = outside.content_of(file)
    is_now = outside.digest_of(content)
    if digest is not None and digest != is_now:
        raise DoctrineError(
            f"{file} has changed: it was {digest}, it is {is_now};"
            " only the file as it was then can play again what it played"
        )
    room = outside.room_of(is_now)
    if not _in_room(room):
        with _all_or_nothing():
            for entry in list(_REGISTRY.values()):
                if outside.is_of_file(entry.reference, file):  # as it was earlier in this session
                    del _REGISTRY[entry.name]
            outside.execute(file, content, room)
    found = _in_room(room)
    if not found:
        raise DoctrineError(f"{file}: there is no doctrine in it: decorate a class with @doctrine")
    if name is None and len(found) > 1:
        each = " or ".join(f"{file}:{known}" for known in found)
        raise DoctrineError(f"{file}: there are {len(found)} doctrines in it; write {each}")
    if name is not None and name not in found:
        raise DoctrineError(f"{file}: there is no doctrine {name!r} in it, only {', '.join(found)}")
    for known in found:
        reference = f"{outside.written(file)}:{known}#{is_now}"
        _REGISTRY[known] = replace(_REGISTRY[known], reference=reference)
    return _REGISTRY[name or found[0]]


def _in_room(room: str) -> list[str]:
    """Names of the doctrines that a module has registered."""
    return [name for name, entry in _REGISTRY.items() if entry.make.__module__ == room]


def _load_installed(name: str) -> None:
    """Register what an installed package brings under a name."""
    entry_point = outside.installed()[name]
    origin = outside.origin_of(entry_point)
    known = set(_REGISTRY)
    with _all_or_nothing():
        outside.load(entry_point)
    for new in _REGISTRY.keys() - known:
        _REGISTRY[new] = replace(_REGISTRY[new], reference=f"{new}@{origin}")
    if name not in _REGISTRY:
        raise DoctrineError(f"{origin}: {entry_point.value} registers no doctrine {name!r}")


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """Register nothing of what fails halfway."""
    before = dict(_REGISTRY)
    try:
        yield
    except DoctrineError:
        _REGISTRY.clear()
        _REGISTRY.update(before)
        raise


def is_doctrine(reference: str) -> bool:
    """Say whether this names a doctrine, rather than a seat that was answered from outside."""
    return bool(outside.FILE.fullmatch(reference)) or "@" in reference or reference in doctrines()


def moved_to(file: str, reference: str) -> str:
    """Return the reference to the same doctrine, of the same content, in a file elsewhere.

    Raises
    ------
    DoctrineError
        If it was of no file.
    """
    was, now = outside.FILE.fullmatch(reference), outside.FILE.fullmatch(file)
    if was is None or now is None:
        raise DoctrineError(f"{file} cannot stand for it: only files move")
    return f"{now['file']}:{was['name']}#{was['digest']}"


def reference_of(decider: object) -> str:
    """Return what manifests and transcripts call a decider: a doctrine's reference, else a name."""
    return str(getattr(decider, "reference", None) or getattr(decider, "name", "external"))


def spoken(reference: str) -> str:
    """Return a reference as people say it: `two fold (my.py)` for `my.py:two_fold#1f2e...`."""
    written = outside.FILE.fullmatch(reference)
    if written is not None:
        name, origin = written["name"] or "", written["file"]
    else:
        name, _, origin = reference.partition("@")
    name = name.replace("_", " ")
    return f"{name} ({origin})" if origin else name
