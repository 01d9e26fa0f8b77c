"""The command line: reads what is asked, hands it on, and says what went wrong in plain words.

The commands stand in `runs.commands`, a module for each group.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cyclopts import CycloptsError

from runs.commands import (
    answers,
    doctrines,
    experiments,
    games,
    results,
    scenarios,
    seminar,
    validation,
    viewing,
)
from runs.commands.common import DONE, OUR_FAULT, STOPPED, USERS_FAULT, app, typed

DEBUG = "HUBSPOKE_DEBUG"
# importing a module adds its commands
GROUPS = (
    games,
    viewing,
    seminar,
    experiments,
    answers,
    results,
    validation,
    scenarios,
    doctrines,
)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    tokens = sys.argv[1:] if argv is None else list(argv)
    typed(tokens)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without arrows still gets the rest
    return guarded(lambda: app(tokens, exit_on_error=False, print_error=False))


def guarded(command: Callable[[], Any]) -> int:
    """Run a command; turn what goes wrong into a message and an exit code."""
    stops: list[int] = []
    try:
        with noting(stops):
            result = command()
        sys.stdout.flush()
    except KeyboardInterrupt:  # a batch has said how to go on
        return STOPPED
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except CycloptsError as error:
        print(f"hubspoke: {error}\nSee hubspoke --help.", file=sys.stderr)
        return USERS_FAULT
    except Exception as error:
        if users_fault(error):
            print(f"hubspoke: {error}", file=sys.stderr)
            return USERS_FAULT
        if stops:  # a library swallowed the interrupt (compilers do), and then failed of it
            print("stopped: run the same command again", file=sys.stderr)
            return STOPPED
        if os.environ.get(DEBUG):
            raise
        print(
            f"hubspoke: a fault of the program, not yours: {type(error).__name__}: {error}\n"
            f"Set {DEBUG}=1 and run it again to see where; that belongs in a report.",
            file=sys.stderr,
        )
        return OUR_FAULT
    return result if isinstance(result, int) else DONE


@contextmanager
def noting(stops: list[int]) -> Iterator[None]:
    """Note every Ctrl-C in a list, besides letting it interrupt.

    Elsewhere than in the main thread, or where interrupts are ignored, nothing is changed.
    """
    main_thread = threading.current_thread() is threading.main_thread()
    if not main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def stop(number: int, frame: Any) -> None:
        stops.append(number)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def users_fault(error: Exception) -> bool:
    """Say whether the user can mend what went wrong."""
    from agents.answers import DoctrineError
    from model.parameters import UnknownParameter
    from model.reading import ScenarioError
    from model.transcript import TranscriptError
    from runs.errors import UserError

    mendable = (UserError, ScenarioError, TranscriptError, UnknownParameter, DoctrineError)
    return isinstance(error, mendable)
