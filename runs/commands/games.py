"""Commands that play games: one, one again, many."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from runs.commands.common import (
    DONE,
    FILES,
    OUR_FAULT,
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
    can_bold,
    command,
    say,
    version,
    width,
)

PLAY_EXAMPLES = """Examples:

  hubspoke play --set tau_usa=.95 --seed 7
  hubspoke play --doctrine ROK=accommodator --doctrine USA=maximum_pressure
  hubspoke play triad --doctrine Client=my_doctrine.py
  hubspoke play my/world.yaml --quarters 8 --out results/mine --verbose"""

REPLAY_EXAMPLES = """Examples:

  hubspoke replay results/play-2025q1-seed1
  hubspoke replay game.jsonl --scenario old/world.yaml"""

BATCH_EXAMPLES = """Examples:

  hubspoke batch --runs 10000 --out results/base
  hubspoke batch --runs 10000 --set tau_usa=.2 --out results/low
  hubspoke batch --runs 10000 --compare tau_usa=.2,.9 --out results/both
  hubspoke batch --runs 100000 --shard 1/4 --out results/big"""


@command(app, "play", PLAY_EXAMPLES)
def play(
    scenario: ScenarioName = "2025q1",
    /,
    *,
    seed: Seed = 1,
    run: Annotated[
        int, Parameter(group=RUN, help="Number of the game within its seed, as in a batch.")
    ] = 0,
    quarters: Quarters = None,
    settings: Settings = None,
    doctrine: Seats = None,
    out: Out = None,
    verbose: Annotated[
        bool,
        Parameter(group=FILES, negative=(), help="Tell every offer, belief and promise."),
    ] = False,
) -> int:
    """Play one game and tell it: who asked what of whom, what was answered, and why.

    Into the folder go the transcript (replayable, with every utility term), the story, and a
    picture of the network as the game left it.
    """
    from runs.options import assignments, pairs
    from runs.play import play as play_one
    from runs.story import Manner, tell

    played = play_one(
        scenario,
        seed=seed,
        run=run,
        quarters=quarters,
        settings=assignments(settings),
        doctrines=pairs(doctrine),
        out=out,
        command=as_typed(),
    )
    say(tell(played.transcript, Manner(width(), verbose, bold=can_bold())))
    for note in played.notes:
        print(f"note: {note}", file=sys.stderr)
    say(["", f"Written to {played.folder}: {', '.join(f.name for f in played.files)}"])
    say([f"The picture: {played.picture}"])
    return DONE


@command(app, "replay", REPLAY_EXAMPLES)
def replay(
    transcript: Annotated[Path, Parameter(help="The transcript, or the folder that holds it.")],
    /,
    *,
    scenario: Annotated[
        str | None, Parameter(help="Where the scenario lies now, if it has moved.")
    ] = None,
    doctrine: Annotated[
        list[str] | None,
        Parameter(
            name="--doctrine",
            negative=(),
            help="ACTOR=FILE.py: where a doctrine's file lies now, if it has moved; repeatable.",
        ),
    ] = None,
) -> int:
    """Play a transcript again and compare the state in every quarter.

    Doctrines decide anew; seats that were answered from outside answer as they did. The exit code
    is 0 if it leads to the same state, 1 if not, 2 if the file is damaged or of another version.
    """
    from runs.options import pairs
    from runs.play import replay as replay_one

    replayed = replay_one(transcript, scenario, pairs(doctrine))
    told = replayed.transcript.header
    name = f"{told['scenario']}, seed {told['seed']}, game {told['run']}"
    if replayed.same:
        state = replayed.transcript.digest
        say([f"Same: {name} again ends in state {state} after {told['quarters']} quarters."])
        return _seals(transcript)
    say([f"Different: {name} first differs in {replayed.difference}."])
    if told["version"] != version().removeprefix("hubspoke ").removeprefix(", "):
        say([f"It was played by hubspoke {told['version']}, this is {version()}."])
    return OUR_FAULT


def _seals(path: Path) -> int:
    """Check the seals of a seminar's orders, if it is an export of one."""
    if path.suffix != ".zip":
        return DONE
    from runs.seminar.export import broken_seals

    broken = broken_seals(path)
    say([f"Sealed orders that were changed: {'; '.join(broken)}" if broken else "All seals hold."])
    return OUR_FAULT if broken else DONE


@command(app, "batch", BATCH_EXAMPLES)
def batch(
    scenario: ScenarioName = "2025q1",
    /,
    *,
    runs: Annotated[int, Parameter(group=RUN, help="How many games.")] = 1000,
    seed: Seed = 1,
    quarters: Quarters = None,
    settings: Settings = None,
    posterior: Numbers = None,
    doctrine: Seats = None,
    series: Annotated[
        list[str] | None,
        Parameter(
            group=FILES, negative=(), help="Another series to keep, such as lever.ID; repeatable."
        ),
    ] = None,
    trajectories: Annotated[
        bool,
        Parameter(
            group=FILES, negative=(), help="Keep every quarter of all games, not of 1,000 only."
        ),
    ] = False,
    workers: Workers = None,
    shard: Annotated[
        str,
        Parameter(group=FILES, help="Play the I-th of N parts only: 2/4. For several machines."),
    ] = "1/1",
    compare: Annotated[
        str | None,
        Parameter(
            group=FILES,
            help="NAME=LOW,HIGH: play the same games with either value too, and report both side "
            "by side.",
        ),
    ] = None,
    engine: EngineName = "processes",
    scheduler: Scheduler = None,
    out: Out = None,
) -> int:
    """Play many games: Parquet files, a summary table, a sanity report, and key series as fans.

    Numbers are the scenario's own, not calibrated, unless --posterior draws them. Stop
    it with Ctrl-C whenever you like: the same command goes on from there.
    """
    from model.reading import read
    from runs import batch as many
    from runs.arms import read_pair
    from runs.engines import engine as on
    from runs.errors import UserError
    from runs.options import assignments, checked, drawn, pairs
    from runs.posterior import spoken

    file = read(scenario)
    draws = drawn(posterior, seed)
    if draws is not None:
        print(f"note: {spoken(draws.posterior, file)}", file=sys.stderr)
    options: dict[str, Any] = {
        "runs": runs,
        "seed": seed,
        "workers": workers,
        "shard": many.parse_shard(shard),
        "trajectories": trajectories,
        "quarters": quarters,
        "values": checked(file, assignments(settings)),
        "doctrines": pairs(doctrine),
        "series": tuple(series or ()),
        "draws": draws,
        "command": as_typed(),
    }
    if compare is None:
        with on(engine, scheduler):
            written = many.batch(file, out=out, **options)
    else:
        if options["shard"] != (1, 1):
            raise UserError("--compare needs all games: leave --shard out")
        name, pair = read_pair(compare)
        for value in pair:
            checked(file, {name: value})
        folder = many.default_folder(file, seed) if out is None else out
        with on(engine, scheduler):
            written = many.compare(file, name, pair, folder, **options)
    if written.complete:
        names = ", ".join(f.name for f in written.files)
        say([written.text, "", f"Written to {written.folder}: {names}"])
        say([f"The figure: {written.figure}"])
    else:
        say([f"{written.games:,} games are in {written.folder}; other shards are still to come."])
    return DONE


@command(app, "bench")
def bench(
    scenario: ScenarioName = "2025q1",
    /,
    *,
    games: Annotated[int, Parameter(help="Games of the ensemble.")] = 24_000,
    processes: Annotated[int, Parameter(help="Processes of ensemble and mesa.batch_run.")] = 2,
    json: Annotated[bool, Parameter(negative=(), help="Print JSON.")] = False,
    growth: Annotated[
        bool,
        Parameter(negative=(), help="Also how time grows with games, quarters, players: a folder."),
    ] = False,
    out: Out = None,
) -> int:
    """Measure this machine: games a second, against the arithmetic's limit and mesa.batch_run."""
    from runs.bench import as_text
    from runs.bench import bench as measure
    from runs.errors import UserError

    if out is not None and not growth:
        raise UserError("--out is for --growth: what is measured without it is only printed")
    numbers = measure(scenario, games=games, processes=processes)
    if growth:
        from model.reading import read
        from runs.growth import measure as grow
        from runs.growth import report

        file = read(scenario)
        folder = Path("results") / f"bench-{file.name}" if out is None else out
        reported = report(file, numbers, grow(file), folder, as_typed())
        say([reported.text, "", f"The figure: {reported.figure}"])
        return DONE
    if json:
        from json import dumps

        say([dumps(numbers, indent=2)])
    else:
        say([as_text(numbers)])
    return DONE
