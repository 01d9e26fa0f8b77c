"""Commands that hold the model against theory and history."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from runs.commands.common import DONE, OUR_FAULT, RUN, Out, Seed, app, as_typed, command, say, width

THEORY_EXAMPLES = """Examples:

  hubspoke theory
  hubspoke theory T1 T7 --out results/lecture-3
  hubspoke play arms-race                the scenario of a theory, as a game"""

HINDCAST_EXAMPLES = """Examples:

  hubspoke hindcast 2017q1
  hubspoke hindcast 2021q1 --runs 2000 --out results/held-out"""


@command(app, "theory", THEORY_EXAMPLES)
def theory(
    ids: Annotated[
        list[str] | None, Parameter(help="Which ones, such as T1 T5 B2; all if left out.")
    ] = None,
    /,
    *,
    out: Out = None,
) -> int:
    """Ask the engine for what theory knows: formula, expected, got, tolerance, verdict.

    T1 to T10 are theories of bargaining, alliances and war, each with its assumptions as a scenario
    that is played through the same engine as the real game; B1 to B3 are published numbers of other
    systems. Figures, tables and a manifest go into the folder. The exit code is 0 if all hold.
    """
    from runs.theory.report import report

    command = as_typed()
    reported = report(tuple(ids or ()), out, width(), command)
    say([reported.text, "", f"Written to {reported.folder}: {len(reported.files)} files"])
    return DONE if reported.holds else OUR_FAULT


@command(app, "hindcast", HINDCAST_EXAMPLES)
def hindcast(
    scenario: Annotated[str, Parameter(help="A past start: 2003q1, 2017q1 or 2021q1.")],
    /,
    *,
    runs: Annotated[int, Parameter(group=RUN, help="How many games.")] = 1000,
    seed: Seed = 1,
    out: Out = None,
) -> int:
    """Play from a past start and score the games against what happened.

    Every number is drawn from its range. Fan charts carry the record on top; scores stand beside
    those of no change, past swings, a trend and climatology. The years 2021 to 2024 are scored
    only, and every scoring is kept in the folder. Figures that nobody has verified are listed.
    """
    from runs.hindcast_report import report

    reported = report(scenario, runs, seed, out, width(), as_typed())
    names = ", ".join(f.name for f in reported.files)
    say([reported.text, "", f"Written to {reported.folder}: {names}"])
    return DONE
