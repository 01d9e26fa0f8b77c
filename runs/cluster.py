"""Games on several machines: the executor seam's third engine, Dask distributed.

A task is one chunk, and a chunk that is lost with its worker is played again elsewhere: its draws
depend on its own numbers alone, so nothing changes but the time it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from itertools import islice
from typing import Any

from runs.errors import UserError, needs
from runs.store import code_hash

LOCAL = "local"  # instead of a scheduler's address: a cluster of processes on this machine
RETRIES = 3  # how often a chunk may lose its worker
PATIENCE = 20  # seconds until a scheduler must have answered


def play_on_dask(
    calls: Iterable[tuple[Callable[..., Any], tuple[Any, ...]]],
    workers: int,
    scheduler: str,
    ahead: int,
) -> Generator[Any]:
    """Call functions on a Dask cluster and yield what they return, in no fixed order.

    scheduler : its address, or LOCAL for a cluster of `workers` processes here
    ahead : calls handed out per worker

    Raises
    ------
    UserError
        If Dask is not installed, the scheduler does not answer or has no workers, they have other
        code, or a chunk lost its worker too often.
    """
    try:
        from distributed import Client, KilledWorker, LocalCluster, as_completed
    except ImportError:
        raise UserError(needs("--engine dask", "cluster")) from None
    with ExitStack() as stack:
        if scheduler == LOCAL:
            address: Any = stack.enter_context(
                LocalCluster(
                    n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
                )
            )
        else:
            address = scheduler
        try:
            client = stack.enter_context(Client(address, timeout=PATIENCE))
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(f"--scheduler {scheduler}: it does not answer ({error})") from None
        hands = client.ncores()
        if not hands:
            raise UserError(f"--scheduler {scheduler}: it has no workers; start `dask worker`")
        others = {w for w, code in client.run(code_hash).items() if code != code_hash()}
        if others:
            raise UserError(f"these workers have another version of the program: {sorted(others)}")
        queue = iter(calls)

        def submit(call: tuple[Callable[..., Any], tuple[Any, ...]]) -> Any:
            return client.submit(call[0], *call[1], pure=False, retries=RETRIES)

        going = as_completed([submit(call) for call in islice(queue, ahead * sum(hands.values()))])
        for future in going:
            try:
                found = future.result()
            except KilledWorker as error:
                raise UserError(
                    f"a chunk lost its worker {RETRIES} times, most often because memory ran out; "
                    "what was finished is kept: run the same command again"
                ) from error
            for call in islice(queue, 1):
                going.add(submit(call))
            yield found
