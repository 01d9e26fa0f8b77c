"""What was typed after `--set` and `--doctrine`, read and checked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from model.parameters import check_settings, parse_assignment
from model.schema import ScenarioFile
from runs.errors import UserError

if TYPE_CHECKING:
    from runs.posterior import Draws


def assignments(texts: list[str] | None) -> dict[str, float]:
    """Read `NAME=VALUE` options."""
    values: dict[str, float] = {}
    for text in texts or ():
        try:
            name, value = parse_assignment(text)
        except ValueError as error:
            raise UserError(f"--set {error}") from None
        if name in values:
            raise UserError(f"--set {name} is given twice")
        values[name] = value
    return values


def checked(file: ScenarioFile, values: dict[str, float]) -> dict[str, float]:
    """Check parameters against a scenario; notes go to standard error."""
    try:
        notes = check_settings(file, values).notes
    except ValueError as error:
        raise UserError(str(error)) from None
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    return values


def pairs(texts: list[str] | None) -> dict[str, str]:
    """Read `ACTOR=NAME` options."""
    chosen: dict[str, str] = {}
    for text in texts or ():
        actor, equals, name = text.partition("=")
        if not (equals and actor.strip() and name.strip()):
            raise UserError(
                f"--doctrine {text!r} is not of the form ACTOR=NAME or ACTOR=FILE.py, such as"
                " ROK=hedger"
            )
        if actor.strip() in chosen:
            raise UserError(f"--doctrine {actor.strip()} is given twice")
        chosen[actor.strip()] = name.strip()
    return chosen


def drawn(posterior: str | None, seed: int) -> Draws | None:
    """Read `--posterior`: where uncertain numbers are drawn from, None where they are not."""
    from runs.posterior import Draws, read_posterior

    return None if posterior is None else Draws(seed, read_posterior(posterior))
