"""Commands that hold the model against theory and history."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from runs.commands.common import (
    DONE,
    OUR_FAULT,
    RUN,
    Numbers,
    Out,
    Seed,
    Workers,
    app,
    as_typed,
    command,
    say,
    width,
)

THEORY_EXAMPLES = """Examples:

  hubspoke theory
  hubspoke theory T1 T7 --out results/lecture-3
  hubspoke play arms-race                the scenario of a theory, as a game"""

HINDCAST_EXAMPLES = """Examples:

  hubspoke hindcast 2017q1
  hubspoke hindcast 2021q1 --posterior results/calibration-seed-1/posterior.json
  hubspoke hindcast 2021q1 --posterior none --runs 2000 --out results/held-out
  hubspoke hindcast --facts"""

FORECAST_EXAMPLES = """Examples:

  hubspoke forecast
  hubspoke forecast --posterior none --runs 10000 --out results/prior"""

CALIBRATE_EXAMPLES = """Examples:

  hubspoke calibrate
  hubspoke calibrate --draws 5000 --out results/quick"""


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


@command(app, "calibrate", CALIBRATE_EXAMPLES)
def calibrate(
    *,
    draws: Annotated[
        int, Parameter(group=RUN, help="How many games of each past scenario.")
    ] = 20_000,
    seed: Seed = 1,
    workers: Workers = None,
    out: Out = None,
) -> int:
    """Learn from what ended by 2020 which numbers of the model history informs, and how far.

    Games of the past are played with every number drawn from its range; those that came near the
    record say which numbers are likely. The folder holds the posterior for --posterior, and what
    it is worth: effective sample size, prior beside posterior, a check by simulation, and games
    with the new numbers against the record. Figures that nobody has verified are listed. Stop it
    whenever you like: the same command goes on from there.
    """
    from runs.calibration.report import report

    reported = report(draws, seed, out, workers, width(), as_typed())
    names = ", ".join(f.name for f in reported.files)
    say([reported.text, "", f"Written to {reported.folder}: {names}"])
    return DONE


@command(app, "hindcast", HINDCAST_EXAMPLES)
def hindcast(
    scenario: Annotated[
        str | None, Parameter(help="A past start: 2003q1, 2017q1 or 2021q1.")
    ] = None,
    /,
    *,
    facts: Annotated[
        bool,
        Parameter(
            group=RUN, negative=(), help="All starts, against the facts H1 to H8 as a scorecard."
        ),
    ] = False,
    runs: Annotated[int, Parameter(group=RUN, help="How many games.")] = 1000,
    seed: Seed = 1,
    posterior: Numbers = "shipped",
    out: Out = None,
) -> int:
    """Play from a past start and score the games against what happened.

    Fan charts carry the record on top; scores stand beside those of no change, past swings, a
    trend, climatology, and of games with numbers of the prior alone. The years 2021 to 2024 are
    scored only, and every scoring is kept in the folder. Figures that nobody has verified are
    listed.
    """
    from runs import facts_report, hindcast_report
    from runs.errors import UserError
    from runs.posterior import read_posterior

    if facts == (scenario is not None):
        raise UserError("write a start, such as hindcast 2017q1, or --facts for all of them")
    numbers = read_posterior("none" if posterior is None else posterior)
    options = (runs, seed, numbers, out, width(), as_typed())
    if scenario is None:
        reported = facts_report.report(*options)
    else:
        reported = hindcast_report.report(scenario, *options)
    names = ", ".join(f.name for f in reported.files)
    say([reported.text, "", f"Written to {reported.folder}: {names}"])
    return DONE


@command(app, "forecast", FORECAST_EXAMPLES)
def forecast(
    *,
    runs: Annotated[int, Parameter(group=RUN, help="How many games.")] = 2000,
    seed: Seed = 1,
    posterior: Numbers = "shipped",
    out: Out = None,
) -> int:
    """Answer dated questions about 2025 from games of 2025q1, knowing nothing after 5 February.

    A table of chances and quantiles, what of a game answers each question, and where the model has
    no honest handle, so that a base rate of history stands instead. The questions were chosen after
    the fact.
    """
    from runs.forecast import report
    from runs.posterior import read_posterior

    numbers = read_posterior("none" if posterior is None else posterior)
    reported = report(runs, seed, numbers, out, width(), as_typed())
    names = ", ".join(f.name for f in reported.files)
    say([reported.text, "", f"Written to {reported.folder}: {names}"])
    return DONE
