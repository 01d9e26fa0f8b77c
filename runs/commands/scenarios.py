"""Commands about scenarios."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from runs.commands.common import DONE, USERS_FAULT, ScenarioName, app, command, group, say, width

scenarios = group("scenario", "List, show and check scenarios.")
app.command(scenarios)


@command(scenarios, "list")
def list_() -> int:
    """List the shipped scenarios."""
    from runs.scenario_text import listing

    say([listing(width())])
    return DONE


@command(scenarios, "show")
def show(
    scenario: ScenarioName = "2025q1",
    /,
    *parts: Annotated[str, Parameter(help="Parts to show, such as `tables`; all if left out.")],
) -> int:
    """Show what a scenario holds: first an overview, then every assumption with its range.

    The parts: actors, theatres, tables, levers, stocks, calendar, brief, names, sources,
    assumptions.
    """
    from model.reading import read
    from runs.errors import UserError
    from runs.scenario_text import PARTS
    from runs.scenario_text import show as shown

    for part in parts:
        if part not in PARTS:
            raise UserError(f"there is no part {part!r}; the parts are {', '.join(PARTS)}")
    say([shown(read(scenario), width(), parts)])
    return DONE


@command(scenarios, "check")
def check(scenario: ScenarioName, /) -> int:
    """Check a scenario file: all errors at once, each with its line and column."""
    from runs.scenario_text import check as checked_text

    verdict = checked_text(scenario, width())
    print(verdict.text, file=sys.stdout if verdict.ok else sys.stderr)
    return DONE if verdict.ok else USERS_FAULT


@command(scenarios, "scales")
def scales(
    scenario: ScenarioName,
    /,
    *,
    write: Annotated[bool, Parameter(help="Put them into the scenario's file.")] = False,
) -> int:
    """Measure the yardsticks of the accounts: their spread while nobody changes anything."""
    from model.reading import locate, read
    from runs.scales import as_lines, measure_scales, write_scales

    measured = measure_scales(read(scenario))
    say(as_lines(measured))
    if write:
        path = locate(scenario)
        write_scales(path, measured)
        say([f"Written to {path}"])
    return DONE
