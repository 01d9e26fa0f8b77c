"""The form of an answer: which fields a question asks for, of which kind, shape and range.

Answers that come from outside (a file, a package, a person, a program) are examined before the
game goes on with them; those of the shipped doctrines are examined by the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from agents.briefing import Briefing, Decision

OPTIONAL = {"settlement", "carry_out", "memory"}
KINDS = {"b": "true or false", "i": "whole numbers", "f": "numbers"}


class DoctrineError(ValueError):
    """A doctrine or seat cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class Form:
    """What a field of an answer looks like."""

    kind: str  # of numpy: b, i or f
    shape: tuple[int, ...]
    most: int = 0  # whole numbers go from `least` to this
    least: int = -1


def forms(briefing: Briefing) -> dict[str, Form]:
    """Return the fields that an answer to this briefing may have, and the form of each."""
    runs = briefing.goals.weights.shape[1]
    here: dict[str, Form] = {}
    if briefing.memory is not None:
        here["memory"] = Form("f", briefing.memory.shape)
    if briefing.question == "agenda":
        tables = len(briefing.prospects)
        slots = briefing.customs.named_levers + briefing.customs.sweeteners
        levers = max((len(p.seat.names) for p in briefing.prospects), default=0)
        norms = max((len(p.demands) for p in briefing.prospects), default=0)
        here["open"] = Form("b", (tables, runs))
        here["named"] = Form("i", (tables, slots, runs), levers - 1)
        here["norm"] = Form("i", (tables, runs), norms - 1)
        here["settlement"] = Form("f", (tables, runs))
    elif briefing.question == "offer":
        here["offer"] = Form("i", (runs,), len(briefing.seats[0].packages) - 1, 0)
    elif briefing.question == "reply":
        here["accept"] = Form("b", (runs,))
    elif briefing.question == "own_moves" and briefing.options is not None:
        here["choice"] = Form("i", (2, runs), len(briefing.options.lever) - 1)
        here["announce"] = here["carry_out"] = Form("b", briefing.options.standing.shape)
    elif briefing.promises is not None:
        here["keep"] = Form("b", briefing.promises.due.shape)
    return here


def malformed(briefing: Briefing, decision: object) -> list[str]:
    """Say what is wrong with the form of an answer: the game could not go on with it."""
    if not isinstance(decision, Decision):
        return [f"the answer is a {type(decision).__name__}, not a Decision"]
    wrong = []
    expected = forms(briefing)
    for name in (f.name for f in fields(Decision)):
        value, form = getattr(decision, name), expected.get(name)
        if value is None and form is not None and name not in OPTIONAL:
            wrong.append(f"`{name}` is missing")
        elif value is not None and form is None:
            wrong.append(f"`{name}` was not asked for")
        elif value is not None and form is not None:
            wrong += _ill_formed(name, value, form)
    return wrong


def _ill_formed(name: str, value: Any, form: Form) -> Iterator[str]:
    if not isinstance(value, np.ndarray):
        yield f"`{name}` is a {type(value).__name__}, not an array"
    elif value.dtype.kind != form.kind:
        yield f"`{name}` is an array of {value.dtype}, it holds {KINDS[form.kind]}"
    elif value.shape != form.shape:
        yield f"`{name}` has the shape {value.shape}, not {form.shape}"
    elif form.kind == "f" and not np.isfinite(value).all():
        yield f"`{name}` holds what is no finite number"
    elif form.kind == "i" and value.size:
        least, most = value.min(), value.max()
        if least < form.least or most > form.most:
            yield f"`{name}` holds {least} to {most}, not {form.least} to {form.most}"


def examine(who: str, briefing: Briefing, decision: Decision) -> Decision:
    """Hand an answer on if its form is right.

    who : gave it, for the message

    Raises
    ------
    DoctrineError
        Says what is wrong with it.
    """
    wrong = malformed(briefing, decision)
    if wrong:
        raise DoctrineError(f"{who}, playing {asked(briefing)}, cannot be used: {'; '.join(wrong)}")
    return decision


def asked(briefing: Briefing) -> str:
    """Say who is asked for what."""
    table = f" at {briefing.seats[0].table}" if briefing.seats else ""
    question = briefing.question.replace("_", " ")
    return f"{briefing.actor}, {question}{table}, quarter {briefing.quarter + 1}"
