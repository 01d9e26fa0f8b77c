"""Files on disk: whole or not there, vouched for by a hash, and one process at a time in a folder.

A file that vouches for its content has its hash beside it (`….sha256`, as `sha256sum -c` reads
it).
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from runs.errors import UserError

MAGIC = b"PAR1"  # at either end of a Parquet file
WHOLE = "1-of-1"  # tag of the lock of who writes a folder alone
SPACE = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Say what to do about a full disk or a folder that cannot be written.

    Raises
    ------
    UserError
        Instead of the OSError of such a case.
    """
    try:
        yield
    except OSError as error:
        if error.errno in SPACE:
            raise UserError(
                f"no space left for results in {folder}: free some, then run the same command "
                "again; whole files stay and it goes on from there"
            ) from error
        if isinstance(error, (NotADirectoryError, FileExistsError)):
            raise UserError(f"{folder} is no folder: choose another one with --out") from error
        raise UserError(
            f"results cannot be written to {folder} ({error.strerror}): choose another folder "
            "with --out, or change its permissions"
        ) from error


def write_whole(file: Path, content: bytes, tag: str = "") -> None:
    """Write a file under a temporary name, then rename it: it is there whole or not at all."""
    temporary = file.with_name(f".{file.name}.{tag}.tmp")
    try:
        with temporary.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def hash_file(file: Path) -> Path:
    """Return where the hash of a file stands."""
    return file.with_name(f"{file.name}.sha256")


def write_vouched(file: Path, content: bytes, tag: str = "") -> None:
    """Write a file and its hash."""
    # the hash is there before the file, so that a file without its hash is never whole
    line = f"{sha256(content).hexdigest()}  {file.name}\n"
    write_whole(hash_file(file), line.encode(), tag)
    write_whole(file, content, tag)


def sweep_out(folder: Path, tag: str = "") -> None:
    """Remove what a process left that was killed while it wrote."""
    for left_over in folder.glob(f".*.{tag}.tmp"):
        left_over.unlink(missing_ok=True)


def is_whole(file: Path) -> bool:
    """Say whether a file has the content that was written."""
    try:
        noted = hash_file(file).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return False
    return noted == [sha256(file.read_bytes()).hexdigest(), file.name]


def ends_well(file: Path) -> bool:
    """Say whether a file has its hash beside it and the end of a Parquet file: no full check."""
    if not hash_file(file).is_file() or file.stat().st_size < 2 * len(MAGIC):
        return False
    with file.open("rb") as content:
        content.seek(-len(MAGIC), os.SEEK_END)
        return content.read() == MAGIC


def lock(folder: Path, tag: str = "") -> Callable[[], None]:
    """Take the lock of a shard of a folder and return what releases it.

    The system holds it, so it ends with the process however that ends. Shards of other numbers may
    run at the same time; where they overlap they write the same bytes.
    """
    name = folder / f".lock-{tag}"
    handle = name.open("a+")
    try:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        if error.errno not in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
            raise
        raise UserError(
            f"another process is writing results to {folder}: wait for it, or choose another "
            "folder with --out"
        ) from error

    return handle.close


@contextmanager
def alone(folder: Path, tag: str = WHOLE) -> Iterator[None]:
    """Make a folder if there is none, and keep other processes of the same tag out of it.

    Raises
    ------
    UserError
        If another process writes there, or the folder cannot be written.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        release = lock(folder, tag)
    try:
        yield
    finally:
        release()
