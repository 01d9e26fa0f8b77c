"""`hubspoke bench`: how fast this machine plays, and how near that is to what is possible.

What each number means stands in `MEANING`. The limit is an estimate of the arithmetic that cannot
be avoided: while one chunk is played, each call of a kernel of `agents.utility` or `agents.talks`
(the values of moves and packages, and the plan of the talks) is repeated on the spot with the same
arguments, and the fastest repetition counts. The sum over all calls of the chunk is the time of the
kernels' own arithmetic, without the rules around them, the copying and the interpreter; that many
seconds a chunk, on each of the processes, would be `limit_games_per_second`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from agents import talks, utility
from model.notice import NOTICE
from model.reading import read
from model.schema import ScenarioFile
from runs.batch import CHUNK
from runs.engines import Job, run_chunks
from runs.ensemble import play_chunk
from runs.errors import UserError
from runs.summary import aligned, number

PROCESSES = 2
REPEATS = 3  # of each kernel call; the fastest counts
HELP_STARTS = 5  # the fastest counts
MESA_GAMES = (4, 40)  # the difference of two batch runs leaves out what starting them takes
MEGABYTE = 2**20

MEANING = {
    "games_per_second": "whole games in an ensemble, {processes} processes, once they have started",
    "games_per_second_with_start": "the same, the start of the processes counted in",
    "limit_games_per_second": "if nothing but the kernels' own arithmetic took time",
    "share_of_limit": "games_per_second / limit_games_per_second",
    "batch_run_games_per_second": "mesa.batch_run, {processes} processes, once they have started",
    "times_batch_run": "games_per_second / batch_run_games_per_second",
    "mesa_game_seconds": "one game of the Mesa model in a process that has played one before",
    "mesa_first_game_seconds": "the first game after import",
    "help_seconds": "hubspoke --help",
    "peak_memory_megabytes": "of the ensemble, all processes together",
    "ensemble_games": "games the ensemble was timed with",
    "processes": "of the ensemble and of mesa.batch_run",
}


def bench(
    scenario: str = "2025q1", *, games: int = 24_000, processes: int = PROCESSES
) -> dict[str, float]:
    """Measure this machine; the keys are those of `MEANING`. It takes about a minute.

    games : of the ensemble, at least four chunks per process

    Raises
    ------
    UserError
        If there are too few games to measure, or none of this machine's programs start.
    """
    least = 4 * CHUNK * processes
    if games < least:
        raise UserError(f"--games {games}: at least {least:,} are needed to measure")
    file = read(scenario)
    numbers: dict[str, float] = {"ensemble_games": games, "processes": processes}
    numbers |= time_ensemble(file, games, processes)
    numbers["limit_games_per_second"] = processes * CHUNK / kernel_seconds(file, np.arange(CHUNK))
    numbers["share_of_limit"] = numbers["games_per_second"] / numbers["limit_games_per_second"]
    numbers["batch_run_games_per_second"] = time_batch_run(scenario, processes)
    numbers["times_batch_run"] = numbers["games_per_second"] / numbers["batch_run_games_per_second"]
    numbers |= time_mesa(scenario)
    numbers["help_seconds"] = time_help()
    return {key: float(numbers[key]) for key in MEANING if key in numbers}


def as_text(numbers: dict[str, float]) -> str:
    """Return the measurements for reading."""
    count = int(numbers["processes"])
    lines = [
        [key.replace("_", " "), number(value), MEANING[key].format(processes=count)]
        for key, value in numbers.items()
    ]
    width = max(len(line[1]) for line in lines)
    rows = [[name, f"{value:>{width}}  {meaning}"] for name, value, meaning in lines]
    longest = max(len(row[1]) for row in rows)
    return f"{aligned([[name, text.ljust(longest)] for name, text in rows])}\n{NOTICE}"


def time_ensemble(file: ScenarioFile, games: int, processes: int) -> dict[str, float]:
    """Play an ensemble in a pool; the first chunks of every process belong to the start."""
    jobs = [Job(file, 1, np.arange(n, min(n + CHUNK, games))) for n in range(0, games, CHUNK)]
    began = time.perf_counter()
    ends = []
    for chunk in run_chunks(jobs, processes):
        ends.append((time.perf_counter(), len(chunk.runs)))
    warm = 2 * processes
    steady = sum(size for _, size in ends[warm:])
    last = ends[-1][0]
    numbers = {
        "games_per_second": steady / (last - ends[warm - 1][0]),
        "games_per_second_with_start": games / (last - began),
    }
    memory = peak_memory(processes if processes > 1 else 0)
    return numbers if memory is None else numbers | {"peak_memory_megabytes": memory}


def peak_memory(workers: int) -> float | None:
    """Most memory that this process and its ended workers held, megabytes; None if not known."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    largest_child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (own + workers * largest_child) * unit / MEGABYTE


def kernel_seconds(file: ScenarioFile, runs: Any, seed: int = 1) -> float:
    """Time of the arithmetic of the package and plan kernels in one chunk, see the module.

    runs : (run,) the chunk's games
    """
    play_chunk(file, seed, runs)  # compiled and loaded
    spent = [0.0]

    def timed(kernel: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            fastest = float("inf")
            for _ in range(REPEATS):
                began = time.perf_counter()
                result = kernel(*arguments)
                fastest = min(fastest, time.perf_counter() - began)
            spent[0] += fastest
            return result

        return call

    with _replaced({name: timed(kernel) for name, kernel in kernels().items()}):
        play_chunk(file, seed, runs)
    return spent[0]


def kernels() -> dict[str, Any]:
    """Compiled loops over moves and packages, by the names under which rules call them."""
    from numba.core.dispatcher import Dispatcher

    return {
        name: value
        for room in (utility, talks)
        for name, value in vars(room).items()
        if name.startswith("_") and isinstance(value, Dispatcher)
    }


@contextmanager
def _replaced(functions: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """Put other functions into the rooms of the kernels for a while."""
    homes = {name: utility if hasattr(utility, name) else talks for name in functions}
    before = {name: getattr(home, name) for name, home in homes.items()}
    try:
        for name, function in functions.items():
            setattr(homes[name], name, function)
        yield
    finally:
        for name, function in before.items():
            setattr(homes[name], name, function)


def time_batch_run(scenario: str, processes: int) -> float:
    """Games per second of `mesa.batch_run` of the Mesa model, by the difference of two runs."""
    import mesa

    from model.wargame import Wargame

    spent = []
    for games in MESA_GAMES:
        began = time.perf_counter()
        mesa.batch_run(
            Wargame,
            {"world": scenario},
            number_processes=processes,
            rng=range(games),
            max_steps=read(scenario).quarters,
            display_progress=False,
        )
        spent.append(time.perf_counter() - began)
    return (MESA_GAMES[1] - MESA_GAMES[0]) / (spent[1] - spent[0])


_TWO_GAMES = """
import json, sys, time
from model.wargame import Wargame
spent = []
for seed in (1, 2):
    began = time.perf_counter()
    game = Wargame(sys.argv[1], rng=seed)
    game.run_for(game.quarters)
    spent.append(time.perf_counter() - began)
print(json.dumps(spent))
"""


def time_mesa(scenario: str) -> dict[str, float]:
    """Seconds of a first and of a second game of the Mesa model, in a process of its own."""
    first, warm = json.loads(_run("-c", _TWO_GAMES, scenario))
    return {"mesa_game_seconds": warm, "mesa_first_game_seconds": first}


_HELP = "import sys; sys.argv = ['hubspoke', '--help']; from runs.guard import main; main()"


def time_help() -> float:
    """Seconds until `hubspoke --help` has answered."""
    spent = []
    for _ in range(HELP_STARTS):
        began = time.perf_counter()
        _run("-c", _HELP)
        spent.append(time.perf_counter() - began)
    return min(spent)


def _run(*arguments: str) -> str:
    """Run this Python with the project's rooms in reach and return what it printed."""
    home = Path(__file__).resolve().parents[1]
    paths = [str(home), *filter(None, [os.environ.get("PYTHONPATH")])]
    ran = subprocess.run(  # noqa: S603 (this Python, these programs)
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise UserError(f"a program that was to be timed failed:\n{ran.stderr.strip()}")
    return ran.stdout
