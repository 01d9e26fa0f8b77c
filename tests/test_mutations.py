"""Every rule is watched by a test: small changes of the code, one at a time, make some test fail.

The changes stand in `tests.mutations`. Each is made in a copy of the project, in which the tests of
rules then run until one fails. A change that no test notices is a rule that nobody watches.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("agents", "model", "runs", "tests")
# Those that fail soonest first: nearly every change is noticed by the first six.
WATCHERS = (
    "ledger",
    "by_hand",
    "rules",
    "assembly",
    "crises",
    "deals",
    "durations",
    "rupture",
    "utility",
    "secrecy",
    "prices",
    "tables",
    "theory",
    "theories",
    "turn",
)
FAILED = 1  # pytest's exit code for tests that failed; others mean that they could not run
LONGEST = 900  # seconds; a change may make a loop endless


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_the_list_fits_the_code(mutation: Mutation) -> None:
    """Else the rule has been rewritten: update the list of changes to what it says now."""
    found = (ROOT / mutation.file).read_text("utf-8").count(mutation.before)
    assert found == 1, f"update the list in tests/mutations.py: found {found} times"
    assert mutation.after not in (mutation.before, "")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project in which all watchers pass, its kernels compiled."""
    folder = tmp_path_factory.mktemp("copy")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room)  # with times: compiled kernels stay good
    shutil.copy2(ROOT / "pyproject.toml", folder)
    assert watch(folder) == 0, "the watchers fail without any change"
    yield folder
    shutil.rmtree(folder)


def watch(folder: Path) -> int:
    """Run the watchers in a copy until one fails; returns pytest's exit code."""
    files = [f"tests/test_{name}.py" for name in WATCHERS]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files]
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return FAILED
    return ran.returncode


def forget_kernels(folder: Path, file: str) -> None:
    """Throw away compiled kernels of a file and of those that may have its kernels in theirs."""
    module = file.removesuffix(".py").replace("/", ".")
    for source in (folder / file, *folder.glob("agents/*.py"), *folder.glob("model/*.py")):
        if source == folder / file or f"from {module} import" in source.read_text("utf-8"):
            for kernel in source.parent.glob(f"__pycache__/{source.stem}.*.nb*"):
                kernel.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_change_of_a_rule_is_noticed(mutation: Mutation, copy: Path) -> None:
    file = copy / mutation.file
    kept = file.stat()
    text = file.read_text("utf-8")
    try:
        file.write_text(text.replace(mutation.before, mutation.after), "utf-8")
        forget_kernels(copy, mutation.file)
        assert watch(copy) == FAILED, "no test notices it"
    finally:
        file.write_text(text, "utf-8")
        os.utime(file, ns=(kept.st_atime_ns, kept.st_mtime_ns))
        forget_kernels(copy, mutation.file)
