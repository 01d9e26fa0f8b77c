"""Where chunks are played: in this process, or in a pool of fresh processes.

One seam, `run_chunks`: jobs in, chunks out in the order in which they are done. A game is the same
bit for bit in any engine, because its draws depend on its own number alone.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait as wait_for
from typing import Protocol

from agents.briefing import Ints
from model.scenario import Values
from model.schema import ScenarioFile
from model.turn import SameFile
from runs.ensemble import Chunk, play_chunk
from runs.errors import UserError
from runs.posterior import Draws

AHEAD = 2  # jobs handed out per worker: enough to keep it busy, few enough to keep memory flat
# Of a Dask cluster, or `local`; empty for processes of our own.
SCHEDULER: ContextVar[str] = ContextVar("scheduler", default="")
Progress = Callable[[int], object]  # called with the number of games just finished


@dataclass(frozen=True)
class Job:
    """One chunk to be played; the fields are the arguments of `play_chunk`."""

    file: ScenarioFile
    seed: int
    runs: Ints  # (run,)
    quarters: int | None = None
    values: Values | None = None  # scalars, or one per run of this job
    doctrines: Mapping[str, str] | None = None
    series: tuple[str, ...] = ()
    trajectories: bool = False
    tag: str = ""  # the chunk carries it, so that jobs of several arms can be told apart
    draws: Draws | None = None  # of numbers that `values` does not set; if None they are not drawn

    def play(self) -> Chunk:
        """Play the games."""
        drawn = self.draws.values(self.file, self.runs) if self.draws else {}
        chunk = play_chunk(
            self.file,
            self.seed,
            self.runs,
            quarters=self.quarters,
            values=self.values,
            doctrines=self.doctrines,
            series=self.series,
            trajectories=self.trajectories,
            drawn=drawn,
        )
        return replace(chunk, tag=self.tag)


class Task[C](Protocol):
    """Anything that plays games of a scenario together: a `Job`, or a job of another kind."""

    @property
    def file(self) -> ScenarioFile:
        """The scenario, which travels to a worker once."""
        ...

    def play(self) -> C:
        """Play the games; what comes back has their numbers as `runs`."""
        ...


@contextmanager
def engine(name: str, scheduler: str | None = None) -> Iterator[None]:
    """Choose where chunks are played while this lasts: `processes`, or `dask`.

    scheduler : address of a Dask scheduler; without one a cluster on this machine

    Raises
    ------
    UserError
        If a scheduler is given for another engine.
    """
    if scheduler and name != "dask":
        raise UserError(f"--scheduler {scheduler} belongs to --engine dask")
    before = SCHEDULER.set((scheduler or "local") if name == "dask" else "")
    try:
        yield
    finally:
        SCHEDULER.reset(before)


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def useful(workers: int | None, jobs: int) -> int | None:
    """Return the processes that are worth starting: none for what one job does."""
    return 1 if jobs <= 1 and (workers is None or workers > 0) else workers


def run_chunks[C](
    jobs: Iterable[Task[C]], workers: int | None = None, progress: Progress | None = None
) -> Generator[C]:
    """Play jobs and yield their chunks as they are done, in no fixed order.

    workers : processes; 1 plays here; as many as there are processors unless given

    Raises
    ------
    UserError
        If `workers` is not positive, or the system ended a worker.
    """
    count = processors() if workers is None else workers
    if count < 1:
        raise UserError(f"--workers {count}: at least one is needed")
    scheduler = SCHEDULER.get()
    if scheduler:
        from runs.cluster import play_on_dask

        calls = ((_play, _packed(job)) for job in jobs)
        chunks = play_on_dask(calls, count, scheduler, AHEAD)
    else:
        chunks = _here(jobs) if count == 1 else _pool(jobs, count)
    with closing(chunks):
        for chunk in chunks:
            if progress is not None:
                progress(len(chunk.runs))
            yield chunk


def _here[C](jobs: Iterable[Task[C]]) -> Generator[C]:
    """Play jobs one after the other in this process."""
    for job in jobs:
        yield job.play()


def _pool[C](jobs: Iterable[Task[C]], workers: int) -> Generator[C]:
    """Play jobs in fresh processes, which start the same way on every system."""
    others = set(active_children())
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin_worker)
    queue = iter(jobs)
    going: set[Future[C]] = set()
    whole = False
    try:
        going |= {_submit(pool, job) for job in islice(queue, AHEAD * workers)}
        while going:
            done, going = wait(going, return_when=FIRST_COMPLETED)
            for future in done:
                chunk = future.result()
                going |= {_submit(pool, job) for job in islice(queue, 1)}
                yield chunk
        whole = True
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process was ended from outside, most often because memory ran out; what was "
            "finished is kept: run the same command again, with fewer --workers if it recurs"
        ) from error
    finally:
        if not whole:
            # their games are played again anyway, so nobody has to wait for them
            for worker in set(active_children()) - others:
                worker.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _submit[C](pool: ProcessPoolExecutor, job: Task[C]) -> Future[C]:
    """Hand out a job; the scenario travels as bytes, so that a worker unpacks it once."""
    file, bare = _packed(job)
    return pool.submit(_play, file, bare)


def _packed[C](job: Task[C]) -> tuple[bytes, Task[C]]:
    return _pack(SameFile(job.file)), replace(job, file=None)  # type: ignore[type-var]


@lru_cache(maxsize=4)
def _pack(key: SameFile) -> bytes:
    return pickle.dumps(key.file)


@lru_cache(maxsize=4)
def _unpack(file: bytes) -> ScenarioFile:
    return pickle.loads(file)  # noqa: S301 (from the parent process)


def _play[C](file: bytes, job: Task[C]) -> C:
    return replace(job, file=_unpack(file)).play()  # type: ignore[type-var]


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it even if it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    wait_for([parent.sentinel])
    os._exit(1)
