"""What a theory is here: a paragraph, scenarios, and checks of what the engine makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from math import comb
from pkgutil import iter_modules

import numpy as np
from matplotlib.axes import Axes

from agents.briefing import Floats, Ints
from agents.doctrine import get_doctrine
from model.chance import Chance
from model.measures import signed
from model.scenario import Values
from model.schema import ScenarioFile
from model.turn import Game, Record, begin, play_quarter, prepare
from model.world import World
from runs.errors import UserError

SEED = 1
SURE = 0.001  # one-sided sign test: the chance of so many by luck alone
Draw = Callable[[Axes], None]


@dataclass(frozen=True)
class Check:
    """One number, or one direction, that a theory says and the engine was asked for."""

    what: str
    formula: str
    expected: str
    got: str
    tolerance: str
    holds: bool


@dataclass(frozen=True)
class Finding:
    """What came of a theory: its checks, and the picture with the numbers behind it."""

    checks: tuple[Check, ...]
    data: Mapping[
        str, Sequence[float] | Sequence[str] | Floats | Ints
    ]  # column → values of the picture
    draw: Draw | None = None


@dataclass(frozen=True)
class Theory:
    """A theory, or a published number, that can be asked for by its id."""

    id: str
    title: str
    about: str  # one paragraph
    limits: str
    source: str
    scenarios: tuple[str, ...]  # shipped; none where a component alone is asked
    run: Callable[[], Finding]


_KNOWN: dict[str, Theory] = {}


def theory(
    id_: str, title: str, *, source: str, limits: str, scenarios: tuple[str, ...] = ()
) -> Callable[[Callable[[], Finding]], Callable[[], Finding]]:
    """Register a function that checks a theory; its docstring is the paragraph for a student."""

    def register(run: Callable[[], Finding]) -> Callable[[], Finding]:
        about = " ".join((run.__doc__ or "").split())
        _KNOWN[id_] = Theory(id_, title, about, limits, source, scenarios, run)
        return run

    return register


@cache
def theories() -> dict[str, Theory]:
    """All theories by id, T1, T2 … before B1, B2 … of published numbers."""
    import runs.theory as room

    for module in iter_modules(room.__path__):
        import_module(f"{room.__name__}.{module.name}")
    return {i: _KNOWN[i] for i in sorted(_KNOWN, key=lambda i: (i[0] != "T", int(i[1:])))}


def chosen(ids: Sequence[str]) -> list[Theory]:
    """Return the theories asked for, all if none is.

    Raises
    ------
    UserError
        Names the nearest id.
    """
    known = theories()
    for name in ids:
        if name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1, cutoff=0.3)
            hint = f" → did you mean {near[0]}?" if near else ""
            raise UserError(f"there is no theory {name!r}{hint} (known: {', '.join(known)})")
    wanted = {name.upper() for name in ids} or set(known)
    return [known[i] for i in known if i in wanted]


def equal(what: str, formula: str, expected: float, got: float, tolerance: float) -> Check:
    """Check a number of the theory against the engine's."""
    holds = bool(abs(got - expected) <= tolerance)
    return Check(what, formula, figures(expected), figures(got), f"± {tolerance:.2g}", holds)


def direction(what: str, formula: str, differences: Floats, sign: int) -> Check:
    """Check the sign of paired differences by an exact sign test, games without one left out.

    differences : (run,) between two arms that share all their draws; sign : +1 or -1
    """
    right = int((sign * differences > 0.0).sum())
    wrong = int((sign * differences < 0.0).sum())
    chance = sign_test(right, wrong)
    mean = float(differences.mean())
    got = f"{mean:+.3g}; {right} games so, {wrong} the other way"
    return Check(
        what,
        formula,
        "rises" if sign > 0 else "falls",
        got,
        f"sign test, p < {SURE}",
        sign * mean > 0.0 and chance < SURE,
    )


def sign_test(right: int, wrong: int) -> float:
    """Chance of at least `right` heads in right + wrong tosses of a fair coin."""
    n = right + wrong
    return sum(comb(n, k) for k in range(right, n + 1)) / 2**n


def figures(x: float) -> str:
    """Write a number with the figures that matter."""
    if abs(x) >= 1000 and x == round(x):  # noqa: PLR2004 - energies are whole numbers
        return f"{x:,.0f}"
    return f"{x:.6g}"


@dataclass(frozen=True)
class Played:
    """Games of one scenario as they were played, all together."""

    game: Game
    worlds: list[World]  # before the first quarter, then after each
    records: list[Record]

    def lever(self, name: str) -> Floats:
        """Value in effect of a lever, (quarter + 1, run)."""
        x = self.game.scenario.lever(name)
        return np.array([world.value[x] for world in self.worlds])

    def end(self, name: str) -> Floats:
        """Value in effect of a lever at the end, (run,)."""
        return self.worlds[-1].value[self.game.scenario.lever(name)]

    def signed(self, table: int = 0) -> Floats:
        """Deals that were signed at a table, (run,)."""
        return np.array([signed(record, table) for record in self.records]).sum(axis=0)


def play(
    file: ScenarioFile,
    runs: int = 1,
    quarters: int | None = None,
    values: Values | None = None,
    seed: int = SEED,
) -> Played:
    """Play games of a scenario through the engine with the doctrines that it names.

    values : parameter path → one number, or one per run
    """
    game = prepare(file, values)
    deciders = {name: get_doctrine(actor.doctrine) for name, actor in file.actors.items()}
    chance = Chance(seed, np.arange(runs))
    worlds, records = [begin(game, runs)], []
    for _ in range(file.quarters if quarters is None else quarters):
        records.append(play_quarter(game, worlds[-1], chance, deciders))
        worlds.append(records[-1].world)
    return Played(game, worlds, records)


def changed(file: ScenarioFile, **sections: Mapping[str, object] | None) -> ScenarioFile:
    """Return a scenario with entries of its sections replaced, added, or (None) dropped."""
    data = file.model_dump(by_alias=True)
    for name, entries in sections.items():
        laid = {**data[name], **(entries or {})}
        data[name] = {key: entry for key, entry in laid.items() if entry is not None}
    return ScenarioFile.model_validate(data)
