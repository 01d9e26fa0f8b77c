"""The command that serves a seminar: a class plays it over the network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from runs.commands.common import DONE, FILES, USERS_FAULT, Seed, app, command

SEMINAR_EXAMPLES = """Examples:

  hubspoke seminar class90                   on this machine alone
  hubspoke seminar class90 --lan             for the class network
  hubspoke seminar class90 --lan --check     will it work in this room?
  hubspoke seminar class60 --data my-class   a folder of one's own for the record"""


@command(app, "seminar", SEMINAR_EXAMPLES)
def seminar(
    scenario: Annotated[
        str, Parameter(help="class60, class90, class180, or any scenario or file.")
    ] = "class90",
    /,
    *,
    lan: Annotated[
        bool, Parameter(negative=(), help="Open it to the class network; else this machine alone.")
    ] = False,
    port: Annotated[int, Parameter(help="Port of the server.")] = 8765,
    data: Annotated[
        Path | None,
        Parameter(group=FILES, help="Folder of the record; under `results/` if left out."),
    ] = None,
    seed: Seed = 1,
    language: Annotated[str, Parameter(help="en or ko; each browser can switch.")] = "en",
    check: Annotated[
        bool, Parameter(negative=(), help="Test network, disk and fonts, and stop.")
    ] = False,
    reset: Annotated[
        bool,
        Parameter(negative=(), help="Put the old record aside, with its date, and begin anew."),
    ] = False,
    delete: Annotated[
        bool, Parameter(negative=(), help="Delete the record in the folder for good, and stop.")
    ] = False,
) -> int:
    """Serve a seminar: teams play the offices, doctrines the empty seats, then comes the debrief.

    Needs the extra `seminar`. Pages for the facilitator, the teams and the projector; everything is
    served from this machine, no internet is needed. What happened stands in a record that survives
    a crash: start again with the same command and the class goes on where it was.
    """
    from runs.errors import UserError, needs

    try:
        from runs.seminar import checks, server
    except ImportError as error:
        raise UserError(
            f"this installation lacks {error.name}: {needs('the seminar', 'seminar')}"
        ) from None
    if language not in ("en", "ko"):
        raise UserError(f"--language {language}: en or ko")
    folder = checks.folder_of(scenario, data)
    if delete:
        print(checks.delete(folder))
        return DONE
    if check:
        report = checks.check(folder, lan=lan, port=port, language=language)
        print(report.text)
        return DONE if report.good else USERS_FAULT
    if reset:
        print(checks.put_aside(folder))
    server.serve(scenario, folder, lan=lan, port=port, seed=seed, language=language)
    return DONE
