"""Commands that experiment: what a shock changes, and what many settings do."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from runs.commands.common import (
    DONE,
    FILES,
    RUN,
    EngineName,
    Numbers,
    Out,
    Quarters,
    ScenarioName,
    Scheduler,
    Seats,
    Seed,
    Settings,
    Workers,
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
    posterior: Numbers = None,
    channels: Annotated[
        bool, Parameter(group=RUN, help="Play again with each channel off: seven times the games.")
    ] = True,
    workers: Workers = None,
    engine: EngineName = "processes",
    scheduler: Scheduler = None,
    out: Out = None,
) -> int:
    """Let a shock happen and follow it: what moves, when, how much, along which ties, how surely.

    Every game is played twice on the same draws, with and without the shock. Into the folder go the
    summary in words, tables (Parquet and CSV), a map, impulse responses and the order of arrival,
    and every pair of games. Ctrl-C, and the same command goes on from there.
    """
    from model.reading import read
    from runs.engines import engine as on
    from runs.options import assignments, checked, drawn, pairs
    from runs.propagation.found import Asked
    from runs.propagation.report import propagate as follow
    from runs.shocks import read_shock

    file = read(scenario)
    with on(engine, scheduler):
        reported = follow(
            Asked(
                file,
                tuple(read_shock(file, text) for text in shock or ()),
                runs=runs,
                seed=seed,
                quarters=quarters,
                values=checked(file, assignments(settings)),
                doctrines=pairs(doctrine),
                draws=drawn(posterior, seed),
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


SWEEP_EXAMPLES = """Examples:

  hubspoke sweep burden_and_posture --dry-run      how many games, how long, how large
  hubspoke sweep burden_and_posture --out results/burden
  hubspoke sweep my-design.yaml --shard 1/4 --out results/mine"""


@command(app, "sweep", SWEEP_EXAMPLES)
def sweep(
    design: Annotated[str, Parameter(help="A shipped design, or the path of a file.")],
    /,
    *,
    runs: Annotated[
        int | None, Parameter(group=RUN, help="Games of each point, instead of the design's.")
    ] = None,
    dry_run: Annotated[
        bool, Parameter(group=RUN, negative=(), help="Say how many games, how long, how large.")
    ] = False,
    posterior: Numbers = None,
    workers: Workers = None,
    engine: EngineName = "processes",
    scheduler: Scheduler = None,
    shard: Annotated[
        str,
        Parameter(group=FILES, help="Play the I-th of N parts only: 2/4. For several machines."),
    ] = "1/1",
    out: Out = None,
) -> int:
    """Play a design: arms, parameters and doctrines, crossed, sampled or listed in a file.

    Every point plays the same games unless the design says otherwise. Into the folder go the
    design, one row per game, means of points, effects of factors and a figure. Stop it with Ctrl-C
    whenever you like: the same command goes on from there.
    """
    from pathlib import Path

    from runs.batch import parse_shard
    from runs.engines import engine as on
    from runs.options import drawn
    from runs.sweep.design import read_design
    from runs.sweep.play import estimate, estimated
    from runs.sweep.play import sweep as play

    read_ = read_design(design, runs)
    if dry_run:
        say(estimated(estimate(read_, workers)))
        return DONE
    folder = out or Path("results") / f"sweep-{Path(design).stem}"
    with on(engine, scheduler):
        play(
            read_,
            folder,
            workers=workers,
            shard=parse_shard(shard),
            draws=drawn(posterior, read_.file.seed),
            command=as_typed(),
        )
    from runs.sweep.report import report

    reported = report(read_, folder)
    if not reported.complete:
        say([f"{reported.games:,} games are in {folder}; other shards are still to come."])
        return DONE
    say([reported.text, f"Written to {folder}: {len(reported.files)} files beside the games"])
    say([f"The figure: {reported.figure}"])
    return DONE
