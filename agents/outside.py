"""Doctrines from outside the project: a file, or an installed package's entry point.

A file is known by a digest of its content and a package by its version, so that a game can be
played again only with what played it. What a file imports is not part of the digest.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from agents.answers import DoctrineError

GROUP = "hubspoke.doctrines"  # of entry points: NAME = "package.module:Class"
FILE = re.compile(r"(?P<file>.+\.py)(?::(?P<name>[\w-]+))?(?:#(?P<digest>[0-9a-f]+))?")
DIGITS = 16  # of a file's digest: 64 bits, against accidents


def content_of(file: str) -> bytes:
    """Read a file.

    Raises
    ------
    DoctrineError
        If that is not possible.
    """
    try:
        return Path(file).read_bytes()
    except FileNotFoundError:
        raise DoctrineError(f"{file}: there is no such file") from None
    except OSError as error:
        raise DoctrineError(f"{file}: it cannot be read ({error.strerror})") from None


def digest_of(content: bytes) -> str:
    """Digest of a file's content."""
    return sha256(content).hexdigest()[:DIGITS]


def written(file: str) -> str:
    """Write a path the same way on every system, as it was given."""
    return Path(file).as_posix()


def is_of_file(reference: str, file: str) -> bool:
    """Say whether a reference is to a doctrine in this file, however its path is written."""
    known = FILE.fullmatch(reference)
    return known is not None and Path(known["file"]).resolve() == Path(file).resolve()


def room_of(digest: str) -> str:
    """Name of the module that a file becomes: the same for the same content, wherever it lies."""
    return f"doctrine_file_{digest}"


def execute(file: str, content: bytes, room: str) -> None:
    """Run a file as a module, exactly the content that its digest was taken of.

    Raises
    ------
    DoctrineError
        If it fails; says where.
    """
    module = ModuleType(room)
    module.__file__ = str(Path(file).resolve())
    sys.modules[room] = module  # dataclasses and pickle look there
    try:
        exec(compile(content, module.__file__, "exec"), module.__dict__)  # noqa: S102 - it is asked for
    except (Exception, SystemExit) as error:
        del sys.modules[room]
        raise DoctrineError(f"{file}: {what_failed(error)}") from error


def what_failed(error: BaseException) -> str:
    """Say what went wrong and in which line, in one line."""
    kind = type(error).__name__
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {kind}: {error.msg}"
    if isinstance(error, DoctrineError):
        return str(error)
    lines = [f for f in extract_tb(error.__traceback__) if not _ours(f.filename)]
    where = f"line {lines[-1].lineno} of {Path(lines[-1].filename).name}: " if lines else ""
    return f"{where}{kind}: {error}"


def _ours(filename: str) -> bool:
    """Say whether a frame is this package's, Python's or a library's, not the author's."""
    place = Path(filename)
    return (
        filename.startswith("<")
        or place.is_relative_to(Path(__file__).parent)
        or place.is_relative_to(Path(sys.base_prefix, "lib"))
        or "site-packages" in place.parts
    )


@cache
def installed() -> dict[str, EntryPoint]:
    """Entry points of installed packages, by the name of their doctrine."""
    return {each.name: each for each in sorted(entry_points(group=GROUP))}


def origin_of(entry_point: EntryPoint) -> str:
    """Name and version of the package that brings an entry point."""
    dist = entry_point.dist
    return f"{dist.name}-{dist.version}" if dist is not None else entry_point.value


def load(entry_point: EntryPoint) -> None:
    """Import what an entry point names.

    Raises
    ------
    DoctrineError
        If it fails.
    """
    try:
        entry_point.load()
    except (Exception, SystemExit) as error:
        origin = origin_of(entry_point)
        raise DoctrineError(
            f"{origin} ({entry_point.value}) cannot be used: {what_failed(error)}"
        ) from error
