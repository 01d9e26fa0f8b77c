"""How a game of the viewer is made: scenario, seed, and what is changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.reading import read
from model.schema import ScenarioFile
from runs.viewer.watched import Watched


@dataclass(frozen=True)
class Setup:
    """How a game is to be made."""

    scenario: str = "2025q1"
    seed: int = 1
    settings: Mapping[str, float] = field(default_factory=dict)
    doctrines: Mapping[str, str] = field(default_factory=dict)

    def game(self) -> Watched:
        """Make the game.

        Raises
        ------
        ScenarioError, UnknownParameter, DoctrineError, ValueError
            If it cannot be made; the message says why.
        """
        return Watched(
            file_of(self.scenario),
            rng=self.seed,
            settings=dict(self.settings),
            doctrines=dict(self.doctrines),
            source=self.scenario,
        )


_files: dict[str, ScenarioFile] = {}
_first = [Setup()]


def file_of(scenario: str) -> ScenarioFile:
    """Read a scenario, once: a file is frozen, so that all tabs may share it.

    Raises
    ------
    ScenarioError
        If it cannot be read.
    """
    if scenario not in _files:
        _files[scenario] = read(scenario)
    return _files[scenario]


def first_setup(setup: Setup | None = None) -> Setup:
    """Return the set-up with which every new tab begins, or change it."""
    if setup is not None:
        _first[0] = setup
    return _first[0]
