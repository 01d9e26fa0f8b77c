"""What the white cell can rule in a turn: votes held in it, crises that break out in it or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from model.overrides import RULING
from model.turn import Game
from runs.seminar.bonds import Played


@dataclass(frozen=True)
class Ruling:
    """One draw of the turn, decided the other way."""

    written: dict[str, Any]  # as an effect
    quarter: str
    kind: str  # ratification or crisis
    what: str  # table or theatre
    who: str  # actor whose body votes, empty for a crisis
    odds: float  # that it comes by itself
    came: bool  # as the turn stands


def rulings(game: Game, played: Played) -> list[Ruling]:
    """Return the draws of a turn that can be ruled, votes first in each quarter.

    A theatre at war has no further crisis, so none can be ruled there.
    """
    out: list[Ruling] = []
    for told, record in zip(played.chronicle, played.records, strict=True):
        number, name = int(record.world.quarter) - 1, str(told[0]["quarter"])
        found: list[tuple[str, str, str, float, bool]] = []
        for e in told:
            if e["event"] == "signing":
                for actor, vote in e["votes"].items():
                    odds, passed = float(vote["odds"]), bool(vote["passed"])
                    found.append(("ratification", e["table"], actor, odds, passed))
        seen = record.crises
        for n, theatre in enumerate(game.scenario.theatres.ids):
            came = bool(seen.rung[n, 0] > 0)
            if came or (record.world.war[n, 0] == 0 and seen.ended[n, 0] == 0):
                found.append(("crisis", theatre, "", float(seen.hazard[n, 0]), came))
        for kind, what, who, odds, came in found:
            of = f"{what} {who}".strip()
            written = {RULING: kind, "of": of, "quarter": number, "comes": not came}
            out.append(Ruling(written, name, kind, what, who, odds, came))
    return out
