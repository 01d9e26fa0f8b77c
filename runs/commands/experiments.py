"""Commands that experiment: what a shock changes, and what many settings do."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from runs.commands.common import (
    DONE,
    FILES,
    RUN,
    Out,
    Quarters,
    ScenarioName,
    Seats,
    Seed,
    Settings,
    app,
    as_typed,
    command,
    say,
    width,
)

PROPAGATE_EXAMPLES = """Examples:

  hubspoke propagate 2025q1 --shock brigade_out
  hubspoke propagate --shock sma_ask_x5@2025Q2 --shock tariff_rok=10@2026Q1 --runs 2000
  hubspoke propagate --shock flexibility=0.5@3 --shock USA=institutional@2026Q1
  hubspoke shocks                        the ready ones"""


@command(app, "propagate", PROPAGATE_EXAMPLES)
def propagate(
    scenario: ScenarioName = "2025q1",
    /,
    *,
    shock: Annotated[
        list[str] | None,
        Parameter(
            group=RUN,
            negative=(),
            help="LEVER=VALUE@QUARTER, TABLE=DEMAND@QUARTER, ACTOR=DOCTRINE@QUARTER, or "
            "NAME[@QUARTER] of a ready shock or an event; a quarter like 2025Q3 or 3; repeatable.",
        ),
    ] = None,
    runs: Annotated[int, Parameter(group=RUN, help="How many pairs of games.")] = 1000,
    seed: Seed = 1,
    quarters: Quarters = None,
    settings: Settings = None,
    doctrine: Seats = None,
    channels: Annotated[
        bool, Parameter(group=RUN, help="Play again with each channel off: seven times the games.")
    ] = True,
    workers: Annotated[
        int | None, Parameter(group=FILES, help="Processes; as many as processors if left out.")
    ] = None,
    out: Out = None,
) -> int:
    """Let a shock happen and follow it: what moves, when, how much, along which ties, how surely.

    Every game is played twice on the same draws, with and without the shock. Into the folder go the
    summary in words, tables (Parquet and CSV), a map, impulse responses and the order of arrival.
    """
    from model.reading import read
    from runs.options import assignments, checked, pairs
    from runs.propagation.found import Asked
    from runs.propagation.report import propagate as follow
    from runs.shocks import read_shock

    file = read(scenario)
    reported = follow(
        Asked(
            file,
            tuple(read_shock(file, text) for text in shock or ()),
            runs=runs,
            seed=seed,
            quarters=quarters,
            values=checked(file, assignments(settings)),
            doctrines=pairs(doctrine),
            channels=channels,
            workers=workers,
            command=as_typed(),
        ),
        out,
    )
    say([reported.text, f"Written to {reported.folder}: {len(reported.files)} files"])
    say([f"The map: {reported.picture}"])
    return DONE


@command(app, "shocks")
def shocks(scenario: ScenarioName = "2025q1", /) -> int:
    """List the ready shocks of a scenario: what each does, and its source."""
    from model.reading import read
    from runs.shocks import listing

    say(listing(read(scenario), width()))
    return DONE
