"""The command line: reads what is asked, hands it on, and says what went wrong in plain words.

Only what every command needs is imported here, so that `--help` is instant.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Group, Parameter

from model.notice import NOTICE

DONE, OUR_FAULT, USERS_FAULT, STOPPED = 0, 1, 2, 130
DEBUG = "HUBSPOKE_DEBUG"
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

THEORY_EXAMPLES = """Examples:

  hubspoke theory
  hubspoke theory T1 T7 --out results/lecture-3
  hubspoke play arms-race                the scenario of a theory, as a game"""

CHECK_EXAMPLES = """Examples:

  hubspoke doctrine check my_doctrine.py
  hubspoke doctrine check my_doctrine.py:careful"""

HINDCAST_EXAMPLES = """Examples:

  hubspoke hindcast 2017q1
  hubspoke hindcast 2021q1 --runs 2000 --out results/held-out"""

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
Out = Annotated[
    Path | None,
    Parameter(group=FILES, help="Folder for the results; under `results/` if left out."),
]


def version() -> str:
    """Return what `--version` prints."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return f"hubspoke {installed('hubspoke')}"
    except PackageNotFoundError:
        return "hubspoke, not installed"


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


app = App(
    name="hubspoke",
    help=paragraphs(ABOUT),
    help_epilogue=EXAMPLES,
    help_format="plaintext",
    version=version,
    version_flags=["--version"],
    help_flags=["--help", "-h"],
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # `guarded` turns it into an exit code
)
scenarios = App(
    name="scenario",
    help="List, show and check scenarios.",
    help_epilogue="",
    help_format="plaintext",
    version_flags=[],
)
app.command(scenarios)
doctrines = App(
    name="doctrine",
    help="List, show and check doctrines: who decides for an actor.",
    help_epilogue="",
    help_format="plaintext",
    version_flags=[],
)
app.command(doctrines)


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
        return DONE
    say([f"Different: {name} first differs in {replayed.difference}."])
    if told["version"] != version().removeprefix("hubspoke ").removeprefix(", "):
        say([f"It was played by hubspoke {told['version']}, this is {version()}."])
    return OUR_FAULT


@command(app, "batch", BATCH_EXAMPLES)
def batch(
    scenario: ScenarioName = "2025q1",
    /,
    *,
    runs: Annotated[int, Parameter(group=RUN, help="How many games.")] = 1000,
    seed: Seed = 1,
    quarters: Quarters = None,
    settings: Settings = None,
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
    workers: Annotated[
        int | None, Parameter(group=FILES, help="Processes; as many as processors if left out.")
    ] = None,
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
    out: Out = None,
) -> int:
    """Play many games: Parquet files, a summary table, a sanity report, and key series as fans.

    Stop it with Ctrl-C whenever you like: the same command goes on from there.
    """
    from model.reading import read
    from runs import batch as many
    from runs.arms import read_pair
    from runs.errors import UserError
    from runs.options import assignments, checked, pairs

    file = read(scenario)
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
        "command": as_typed(),
    }
    if compare is None:
        written = many.batch(file, out=out, **options)
    else:
        if options["shard"] != (1, 1):
            raise UserError("--compare needs all games: leave --shard out")
        name, pair = read_pair(compare)
        for value in pair:
            checked(file, {name: value})
        folder = many.default_folder(file, seed) if out is None else out
        written = many.compare(file, name, pair, folder, **options)
    if written.complete:
        names = ", ".join(f.name for f in written.files)
        say([written.text, "", f"Written to {written.folder}: {names}"])
        say([f"The figure: {written.figure}"])
    else:
        say([f"{written.games:,} games are in {written.folder}; other shards are still to come."])
    return DONE


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


@command(app, "bench")
def bench(
    scenario: ScenarioName = "2025q1",
    /,
    *,
    games: Annotated[int, Parameter(help="Games of the ensemble.")] = 20_000,
    processes: Annotated[int, Parameter(help="Processes of ensemble and mesa.batch_run.")] = 2,
    json: Annotated[bool, Parameter(negative=(), help="Print JSON.")] = False,
) -> int:
    """Measure this machine: games a second, against the arithmetic's limit and mesa.batch_run."""
    from runs.bench import as_text
    from runs.bench import bench as measure

    numbers = measure(scenario, games=games, processes=processes)
    if json:
        from json import dumps

        say([dumps(numbers, indent=2)])
    else:
        say([as_text(numbers)])
    return DONE


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


@command(doctrines, "list")
def list_doctrines() -> int:
    """List the doctrines, shipped and of installed packages, with their sources."""
    from runs.doctrine_text import listing

    say(listing(width()))
    return DONE


@command(doctrines, "show")
def show_doctrine(doctrine: DoctrineName, /) -> int:
    """Show what a doctrine does otherwise than the one it builds on."""
    from runs.doctrine_text import show as shown

    say(shown(doctrine, width()))
    return DONE


@command(doctrines, "check", CHECK_EXAMPLES)
def check_doctrine(doctrine: DoctrineName, /) -> int:
    """Try a doctrine on the contract that all keep: rule by rule, then in whole games.

    The exit code is 0 if it keeps every rule, else 2.
    """
    from runs.doctrine_text import as_lines
    from runs.doctrine_text import check as tried

    results = tried(doctrine)
    kept = all(each.tried and not each.wrong for each in results)
    say(as_lines(results, width()))
    return DONE if kept else USERS_FAULT


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


_tokens: list[str] = []


def as_typed() -> str:
    """Return the command as it was typed, for manifests."""
    from shlex import join

    return join(["hubspoke", *_tokens])


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    global _tokens  # noqa: PLW0603 - manifests keep the command as it was typed
    _tokens = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without arrows still gets the rest
    return guarded(lambda: app(_tokens, exit_on_error=False, print_error=False))


def guarded(command: Callable[[], Any]) -> int:
    """Run a command; turn what goes wrong into a message and an exit code."""
    try:
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
        if os.environ.get(DEBUG):
            raise
        print(
            f"hubspoke: a fault of the program, not yours: {type(error).__name__}: {error}\n"
            f"Set {DEBUG}=1 and run it again to see where; that belongs in a report.",
            file=sys.stderr,
        )
        return OUR_FAULT
    return result if isinstance(result, int) else DONE


def users_fault(error: Exception) -> bool:
    """Say whether the user can mend what went wrong."""
    from agents.answers import DoctrineError
    from model.parameters import UnknownParameter
    from model.reading import ScenarioError
    from model.transcript import TranscriptError
    from runs.errors import UserError

    mendable = (UserError, ScenarioError, TranscriptError, UnknownParameter, DoctrineError)
    return isinstance(error, mendable)
