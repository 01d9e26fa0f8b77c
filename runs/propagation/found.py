"""What is asked of a propagation, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from model.reading import scenario_hash
from model.scenario import Values, quarter_name
from model.schema import ScenarioFile
from runs.posterior import Draws
from runs.propagation import network
from runs.propagation.channels import Parts
from runs.propagation.followed import Family, Followed
from runs.propagation.pairs import Pairs
from runs.propagation.responses import Passage, Response
from runs.shocks import Shock
from runs.store import program_version
from runs.words import several


@dataclass(frozen=True)
class Asked:
    """What is to be played."""

    file: ScenarioFile
    shocks: tuple[Shock, ...]
    runs: int = 1000
    seed: int = 1
    quarters: int | None = None
    values: Values | None = None
    doctrines: Mapping[str, str] | None = None
    draws: Draws | None = None  # of all uncertain numbers, anew in each pair
    channels: bool = True
    workers: int | None = None
    command: str = ""

    @property
    def length(self) -> int:
        """Quarters that are played."""
        return self.file.quarters if self.quarters is None else self.quarters

    @property
    def since(self) -> int:
        """First quarter of a shock."""
        return min(shock.quarter for shock in self.shocks)

    @property
    def names(self) -> list[str]:
        """Names of the quarters."""
        return [quarter_name(self.file.start, q) for q in range(self.length)]


@dataclass(frozen=True)
class Found:
    """What came of it."""

    asked: Asked
    pairs: Pairs
    what: tuple[Followed, ...]
    responses: list[Response]
    passages: list[Passage]
    edges: list[network.Edge]
    others: dict[str, dict[str, float]]
    channels: list[Parts]
    channel_runs: int  # pairs of games with channels off
    errors: float  # standard errors that are more than chance among all that is compared

    def response(self, name: str) -> Response:
        """Response of a quantity."""
        return next(r for r in self.responses if r.what.id == name)

    def most(self, family: Family) -> list[Response]:
        """The quantities of a family that answer: surely first, then by size."""
        of = [r for r in self.responses if r.what.family == family and r.share.max() > 0.0]
        return sorted(of, key=lambda r: (not r.certain(self.errors), -r.size))


def caption(found: Found) -> str:
    """Say what the games were, in a line under a figure."""
    asked = found.asked
    changed = [f"{k} = {v:g}" for k, v in (asked.values or {}).items()]
    parts = [
        f"{asked.runs:,} pairs of games with the same draws",
        f"scenario {asked.file.name} {scenario_hash(asked.file)[:12]}",
        f"seed {asked.seed}",
        f"hubspoke {program_version()}",
        *([asked.draws.label] if asked.draws else []),
        *changed,
        *(f"{a} plays {d}" for a, d in (asked.doctrines or {}).items()),
    ]
    return " · ".join(parts)


def shock_title(asked: Asked) -> str:
    """Name what happens, with its quarter."""
    return several(
        [f"{s.title} ({quarter_name(asked.file.start, s.quarter)})" for s in asked.shocks]
    )
