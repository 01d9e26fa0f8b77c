"""What happens to programs from outside while they play: they are stopped, the disk is full."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def interrupted(folder: Path, text: str, kill: signal.Signals, workers: int) -> str:
    """Stop a program by a signal once it has made some progress; return its last words.

    text : of the program; it is given a folder for results and the number of workers
    """
    program = folder / "program.py"
    program.write_text(text, encoding="utf-8")
    running = subprocess.Popen(
        [sys.executable, str(program), str(folder / "out"), str(workers)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        assert running.stderr is not None
        said = []
        for line in running.stderr:
            said.append(line)
            if line.endswith(" left\n"):
                break
        assert said, "it said nothing"
        assert said[-1].endswith(" left\n"), "".join(said)
        running.send_signal(kill)
        # the end of the stream is seen only when the workers, too, have ended
        rest = running.stderr.read()
    assert running.returncode != 0
    return rest


@contextmanager
def small_disk(most: int = 1024) -> Iterator[None]:
    """Let no file grow beyond so many bytes: the system refuses to write, as a full disk does.

    Only within the test's body: pytest's own output may be a file, too.
    """
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
