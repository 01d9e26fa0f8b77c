"""Commands that answer questions by many games: claims, sensitivity, tournament, discovery."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from runs.commands.common import (
    DONE,
    RUN,
    EngineName,
    Out,
    Quarters,
    ScenarioName,
    Scheduler,
    Seed,
    Workers,
    app,
    as_typed,
    command,
    say,
)

CLAIMS_EXAMPLES = """Examples:

  hubspoke claims                            all eleven, about a quarter of an hour
  hubspoke claims C3 C4 --out results/troops
  hubspoke claims C1 --draws 24 --repeats 8 --games 50    a first look"""


@command(app, "claims", CLAIMS_EXAMPLES)
def claims(
    ids: Annotated[
        list[str] | None, Parameter(help="Which ones, such as C1 C7; all eleven if left out.")
    ] = None,
    /,
    *,
    draws: Annotated[
        int | None, Parameter(group=RUN, help="Draws of all numbers; as registered if left out.")
    ] = None,
    repeats: Annotated[
        int | None, Parameter(group=RUN, help="Games of each draw; as registered if left out.")
    ] = None,
    games: Annotated[
        int | None, Parameter(group=RUN, help="Games of each variant; as registered if left out.")
    ] = None,
    workers: Workers = None,
    engine: EngineName = "processes",
    scheduler: Scheduler = None,
    out: Out = None,
) -> int:
    """Put the claims of the brief's author to the test: one report, HTML and PDF.

    Each claim is a file that fixed beforehand what is measured, from where it matters, and by which
    rule it is judged. Chance, numbers and structure are shown apart, with the share that rests on
    assumptions. Stop it with Ctrl-C whenever you like: the same command goes on from there.
    """
    from runs.claims.report import budget, report
    from runs.engines import engine as on

    with on(engine, scheduler):
        reported = report(ids or (), budget(draws, repeats, games), out, workers, as_typed())
    for note in reported.notes:
        print(f"note: {note}", file=sys.stderr)
    names = ", ".join(file.name for file in reported.files)
    say([reported.text, "", f"Written to {reported.folder}: {names}"])
    return DONE


SENSITIVITY_EXAMPLES = """Examples:

  hubspoke sensitivity                          all numbers, in groups (Morris)
  hubspoke sensitivity --factor actors.USA      the single numbers of one group
  hubspoke sensitivity --method sobol           the numbers that have short names
  hubspoke sensitivity --method sobol --factor tau_usa --factor win_set_rok --outcome end.usfk"""


@command(app, "sensitivity", SENSITIVITY_EXAMPLES)
def sensitivity(
    scenario: ScenarioName = "2025q1",
    /,
    *,
    method: Annotated[
        Literal["morris", "sobol"],
        Parameter(group=RUN, help="morris ranks many factors, sobol shares out the variance."),
    ] = "morris",
    factor: Annotated[
        list[str] | None,
        Parameter(
            group=RUN,
            negative=(),
            help="A number by name or alias, or all that begin with it; repeatable.",
        ),
    ] = None,
    groups: Annotated[
        bool,
        Parameter(group=RUN, negative=(), help="All numbers in groups, also with sobol."),
    ] = False,
    outcome: Annotated[
        list[str] | None,
        Parameter(
            group=RUN,
            negative=(),
            help="An outcome by id, as in columns.csv of a batch; repeatable; the ends of the "
            "first six key series if left out.",
        ),
    ] = None,
    size: Annotated[
        int | None,
        Parameter(group=RUN, help="Trajectories (morris) or base rows (sobol, a power of two)."),
    ] = None,
    repeats: Annotated[
        int | None, Parameter(group=RUN, help="Games of each row, the same in its whole block.")
    ] = None,
    seed: Seed = 1,
    quarters: Quarters = None,
    workers: Workers = None,
    engine: EngineName = "processes",
    scheduler: Scheduler = None,
    out: Out = None,
) -> int:
    """Say which numbers an outcome hangs on, and how much of it is chance.

    Every number is varied over its range. Tables, a ranked figure and one that shows whether the
    ranks have settled go into the folder. Ctrl-C, and the same command goes on from there.
    """
    from model.reading import read
    from runs.engines import engine as on
    from runs.sensitivity.report import report

    with on(engine, scheduler):
        reported = report(
            read(scenario),
            method,
            factors=factor or (),
            groups=groups,
            outcomes=outcome or (),
            size=size,
            repeats=repeats,
            seed=seed,
            quarters=quarters,
            out=out,
            workers=workers,
            command=as_typed(),
        )
    say([reported.text, "", f"The figures: {', '.join(str(f) for f in reported.figures)}"])
    return DONE


TOURNAMENT_EXAMPLES = """Examples:

  hubspoke tournament                                    Washington against Seoul
  hubspoke tournament --player USA --player ROK --player CHN
  hubspoke tournament --player USA --player ROK --player JPN --player CHN --player PRK --player RUS
      --player NATO --profiles 400
  hubspoke tournament triad --doctrine hedger --doctrine tit_for_tat --doctrine my_doctrine.py"""


@command(app, "tournament", TOURNAMENT_EXAMPLES)
def tournament(
    scenario: ScenarioName = "2025q1",
    /,
    *,
    player: Annotated[
        list[str] | None,
        Parameter(
            group=RUN,
            negative=(),
            help="Who chooses a doctrine; repeatable; who demands first and of whom if left out.",
        ),
    ] = None,
    doctrine: Annotated[
        list[str] | None,
        Parameter(
            group=RUN,
            negative=(),
            help="A doctrine that each may choose beside its own in the scenario; repeatable.",
        ),
    ] = None,
    runs: Annotated[
        int | None, Parameter(group=RUN, help="Games of each profile of doctrines.")
    ] = None,
    profiles: Annotated[
        int, Parameter(group=RUN, help="Profiles to draw where there are too many to play all.")
    ] = 200,
    seed: Seed = 1,
    quarters: Quarters = None,
    workers: Workers = None,
    engine: EngineName = "processes",
    scheduler: Scheduler = None,
    out: Out = None,
) -> int:
    """Let doctrines play against each other: payoffs, best replies, equilibria, regret.

    Payoffs are discounted utilities. Of two players every pair is played; of more, profiles are
    drawn and the game is estimated. All is found again in resampled games, to say how sure it is.
    Ctrl-C, and the same command goes on from there.
    """
    from model.reading import read
    from runs.engines import engine as on
    from runs.tournament.report import report

    with on(engine, scheduler):
        reported = report(
            read(scenario),
            player or (),
            doctrine or (),
            games=runs,
            profiles=profiles,
            seed=seed,
            quarters=quarters,
            out=out,
            workers=workers,
            command=as_typed(),
        )
    say([reported.text, "", f"The figure: {reported.figure}"])
    return DONE


DISCOVER_EXAMPLES = """Examples:

  hubspoke discover results/mine --outcome 'lever.usfk_army <= 14.6'
  hubspoke discover results/mine --outcome 'wars.korea > 0' --method cart"""


@command(app, "discover", DISCOVER_EXAMPLES)
def discover(
    folder: Annotated[Path, Parameter(help="The folder of a finished sweep or batch.")],
    /,
    *,
    outcome: Annotated[
        str,
        Parameter(
            group=RUN,
            help="What happens: an outcome's id, <=, <, >= or >, and a number; quoted.",
        ),
    ],
    method: Annotated[
        Literal["prim", "cart"], Parameter(group=RUN, help="prim peels boxes, cart grows a tree.")
    ] = "prim",
    seed: Seed = 1,
    out: Out = None,
) -> int:
    """Say in which worlds something happens: boxes of numbers, in plain words.

    Over the games of an experiment whose numbers differ. Boxes are found in half of the games and
    checked in the other half; features are scored. Text, tables and a figure go into the folder.
    """
    from runs.discover import discover as find

    reported = find(folder, outcome, method=method, seed=seed, out=out, command=as_typed())
    say([reported.text, "", f"The figure: {reported.figure}"])
    return DONE
