"""What all commands share: options that mean the same everywhere, exit codes, and how to print.

Only what every command needs is imported here, so that `--help` is instant.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Group, Parameter, Token, convert

from model.notice import NOTICE

DONE, OUR_FAULT, USERS_FAULT, STOPPED = 0, 1, 2, 130
WIDEST = 100  # longer lines are hard to read

ABOUT = f"""A strategic wargame of alliances run as transactions: who pays, who leaves, how a shock
travels.

{NOTICE}."""

EXAMPLES = """Begin with:

  hubspoke play                          one game of 2025q1, told in words
  hubspoke play triad --seed 7           a small made-up world
  hubspoke replay results/play-triad-seed7
  hubspoke batch --runs 10000            many games: table, report, figure
  hubspoke scenario show                 what is in it, every assumption
  hubspoke theory                        does the engine find what theory knows?

Exit codes: 0 done; 1 a replay that differs, a theory that fails, or a fault of the program;
2 wrong input; 130 stopped."""

RUN = Group("Which game", sort_key=1)
FILES = Group("What to write and show", sort_key=2)

ScenarioName = Annotated[
    str, Parameter(help="A shipped scenario (`hubspoke scenario list`), or the path of a file.")
]
DoctrineName = Annotated[
    str, Parameter(help="Its name (`hubspoke doctrine list`), or the path of a file.")
]
Seed = Annotated[int, Parameter(group=RUN, help="Same seed, same game: from 0.")]
Quarters = Annotated[
    int | None, Parameter(group=RUN, help="Length of the game; the scenario's own if left out.")
]
Settings = Annotated[
    list[str] | None,
    Parameter(
        name="--set",
        group=RUN,
        negative=(),
        help="NAME=VALUE: another value for a parameter, by its path or alias; repeatable.",
    ),
]
Seats = Annotated[
    list[str] | None,
    Parameter(
        name="--doctrine",
        group=RUN,
        negative=(),
        help="ACTOR=NAME or ACTOR=FILE.py: another doctrine for an actor; repeatable.",
    ),
]
Numbers = Annotated[
    str | None,
    Parameter(
        name="--posterior",
        group=RUN,
        help="Draw every uncertain number anew in each game: shipped, or the FILE that `hubspoke "
        "calibrate` wrote, takes those that history informed from it and the rest from their "
        "ranges; none takes all from their ranges.",
    ),
]
Workers = Annotated[
    int | None,
    Parameter(group=FILES, help="Processes; as many as processors if left out."),
]
EngineName = Annotated[
    Literal["processes", "dask"],
    Parameter(
        name="--engine",
        group=FILES,
        help="Where games are played: processes of this machine, or Dask (`hubspoke[cluster]`).",
    ),
]
Scheduler = Annotated[
    str | None,
    Parameter(
        group=FILES, help="Address of a Dask scheduler; without one a cluster on this machine."
    ),
]
Out = Annotated[
    Path | None,
    Parameter(group=FILES, help="Folder for the results; under `results/` if left out."),
]


Command = Callable[..., int]


def paragraphs(text: str | None) -> str:
    """Join the lines of each paragraph: the terminal breaks them where it ends."""
    return "\n\n".join(" ".join(p.split()) for p in (text or "").split("\n\n"))


def command(of: App, name: str, examples: str = "") -> Callable[[Command], Command]:
    """Register a function as a command; its docstring is its help."""

    def register(function: Command) -> Command:
        of.command(function, name=name, help=paragraphs(function.__doc__), help_epilogue=examples)
        return function

    return register


def version() -> str:
    """Return what `--version` prints."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return f"hubspoke {installed('hubspoke')}"
    except PackageNotFoundError:
        return "hubspoke, not installed"


def strictly(kind: type[Any], tokens: Sequence[Token]) -> Any:
    """Convert what was typed; 1.5 is no whole number, and is not rounded to one."""
    if kind is int and not all(token.value.lstrip("+-").isdigit() for token in tokens):
        raise ValueError("a whole number is needed")
    return convert(kind, tokens)


app = App(
    name="hubspoke",
    default_parameter=Parameter(converter=strictly),
    help=paragraphs(ABOUT),
    help_epilogue=EXAMPLES,
    help_format="plaintext",
    version=version,
    version_flags=["--version"],
    help_flags=["--help", "-h"],
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # `guarded` turns it into an exit code
)


def group(name: str, about: str) -> App:
    """Return an app for commands of two words, such as `scenario list`."""
    return App(name=name, help=about, help_epilogue="", help_format="plaintext", version_flags=[])


def say(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        print(line)


def width() -> int:
    """Width of the terminal, or a calm one where there is none."""
    return min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)


def can_bold() -> bool:
    """Say whether the terminal shows bold and the user has not asked for plain text."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.name != "nt"


_typed: list[str] = []


def typed(tokens: Iterable[str]) -> None:
    """Note what was typed, for manifests."""
    _typed[:] = tokens


def as_typed() -> str:
    """Return the command as it was typed, for manifests."""
    from shlex import join

    return join(["hubspoke", *_typed])
