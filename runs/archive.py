"""`hubspoke archive`: one zip that holds a result and all that is needed to make it again.

    README.md            what it is, and the command that recreates every table
    inputs/              the files that the command names, and those that they name
    outputs/             tables, figures, texts, manifest
    code/                the program's own sources
    environment.txt      Python, system and the versions of all packages
    SHA256SUMS           content hashes of everything else

`hubspoke recreate` unpacks such a zip, runs the command and compares every table.
"""

from __future__ import annotations

import json
import platform
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import pyarrow.parquet as pq

from model.notice import NOTICE
from model.reading import ScenarioError, locate, parse
from runs.disk import disk_errors
from runs.errors import UserError
from runs.store import MANIFEST, Results, sealed

README, SUMS, ENVIRONMENT = "README.md", "SHA256SUMS", "environment.txt"
OUTPUTS, INPUTS, CODE, AGAIN = "outputs", "inputs", "code", "again"
ROOMS = ("agents", "model", "runs")
SOURCES = (".py", ".yaml", ".csv", ".md", ".typed", ".html", ".css", ".js")
TABLES = (".parquet", ".csv", ".txt")
PACKED = (".parquet", ".png", ".pdf")  # compressed already
EPOCH = (1980, 1, 1, 0, 0, 0)  # of every entry, so that the same content is the same zip
TIMED = {MANIFEST}  # say when they were made


@dataclass(frozen=True)
class Archived:
    """What was written."""

    file: Path
    files: int
    size: int  # bytes
    command: str  # that recreates it


def archive(folder: Path, out: Path | None = None) -> Archived:
    """Put a results folder, its inputs, the code and the environment into one zip.

    out : the zip; the folder's name with `.zip` unless given

    Raises
    ------
    UserError
        If it is no finished results folder, its content has changed, an input is gone, or the zip
        is there already.
    """
    manifest = read_any_manifest(folder)
    _finished(folder, manifest)
    target = out or folder.with_name(f"{folder.name}.zip")
    if target.exists():
        raise UserError(f"{target} is there already: choose another file with --out")
    command, inputs = recreating(manifest["command"])
    entries = {
        **{f"{OUTPUTS}/{name}": file.read_bytes for name, file in _outputs(folder)},
        **{f"{INPUTS}/{name}": file.read_bytes for name, file in inputs.items()},
        **{f"{CODE}/{name}": file.read_bytes for name, file in _sources()},
        ENVIRONMENT: lambda: environment().encode(),
        README: lambda: readme(folder, manifest, command).encode(),
    }
    temporary = target.with_name(f".{target.name}.tmp")
    with disk_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(temporary, entries)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return Archived(target, len(entries) + 1, target.stat().st_size, command)


def read_any_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of any kind of results.

    Raises
    ------
    UserError
        If there is none, or it has been changed, or does not say which command made it.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError:
        raise UserError(f"{folder} is no results folder: it has no {MANIFEST}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{folder / MANIFEST} is damaged: {error}") from None
    if not isinstance(manifest, dict) or not manifest.get("command"):
        raise UserError(f"{folder / MANIFEST} does not say which command made it")
    if "sha256" in manifest and sealed(manifest) != manifest:
        raise UserError(f"{folder / MANIFEST} has been changed since it was written")
    return manifest


def _finished(folder: Path, manifest: dict[str, Any]) -> None:
    if (folder / "outcomes").is_dir() and "format" in manifest:
        results = Results(folder)
        results.verify()
        if not results.complete:
            raise UserError(
                f"{results.games:,} of {manifest['runs']:,} games are in {folder}: play the rest "
                f"first, with {manifest['command']}"
            )
    if manifest.get("files") == []:
        raise UserError(f"{folder} is not finished: run the same command, {manifest['command']}")


def _outputs(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_file() and not any(part.startswith(".") for part in Path(name).parts):
            yield name, file


def _sources() -> Iterator[tuple[str, Path]]:
    root = Path(__file__).resolve().parents[1]
    for room in ROOMS:
        for file in sorted((root / room).rglob("*")):
            if file.is_file() and file.suffix in SOURCES:
                yield file.relative_to(root).as_posix(), file
    for name in ("pyproject.toml", "constraints.txt", "LICENSE", "README.md"):
        if (root / name).is_file():
            yield name, root / name


def recreating(command: str) -> tuple[str, dict[str, Path]]:
    """Return the command as it is run inside the archive, and its inputs: name → file.

    Files that the command names lie in `inputs/`, with the scenarios that they build on; results
    go to `again`.
    """
    tokens = shlex.split(command)
    inputs: dict[str, Path] = {}
    out: list[str] = []
    skip = False
    for word in tokens[1:]:
        if skip or word.startswith("--out="):
            skip = False
            continue
        if word == "--out":
            skip = True
            continue
        front, equals, last = word.rpartition("=")
        file, colon, rest = last.partition(":")
        if Path(file).is_file() and Path(file).suffix in (".yaml", ".yml", ".py"):
            _take(Path(file), inputs)
            word = f"{front}{equals}{INPUTS}/{Path(file).name}{colon}{rest}"  # noqa: PLW2901
        elif file.endswith((".yaml", ".yml", ".py")):
            raise UserError(f"{file}, which the results were made from, is not there any more")
        out.append(word)
    return shlex.join(["hubspoke", *out, "--out", AGAIN]), inputs


def _take(file: Path, inputs: dict[str, Path]) -> None:
    """Take a file and those that it names beside it, each by its bare name."""
    there = inputs.setdefault(file.name, file)
    if there.resolve() != file.resolve():
        raise UserError(f"{there} and {file} have the same name: rename one and run it again")
    if file.suffix == ".py":
        return
    data = parse(file).data or {}
    for key in ("extends", "scenario"):
        name = data.get(key)
        if not isinstance(name, str) or not name.endswith((".yaml", ".yml")):
            continue
        try:
            below = locate(name, file.parent)
        except ScenarioError as error:
            raise UserError(str(error)) from None
        if Path(name).name != name:
            raise UserError(f"{file} names {name}: put it beside it, so that one folder holds both")
        _take(below, inputs)


def environment() -> str:
    """Python, system and the versions of all installed packages."""
    packages = sorted({f"{d.name}=={d.version}" for d in distributions()}, key=str.casefold)
    lines = [f"# Python {sys.version.split()[0]}", f"# {platform.system()} {platform.machine()}"]
    return "\n".join([*lines, *packages]) + "\n"


def readme(folder: Path, manifest: dict[str, Any], command: str) -> str:
    """Say what the archive is and how to make its tables again."""
    tables = [name for name, file in _outputs(folder) if file.suffix in TABLES]
    kinds = list(dict.fromkeys(_kind(name) for name in tables))
    about = ("scenario", "scenario_hash", "version", "code", "seed", "runs", "quarters", "created")
    facts = [f"- {key.replace('_', ' ')}: {manifest[key]}" for key in about if key in manifest]
    return "\n".join(
        [
            f"# {manifest.get('title') or folder.name}",
            "",
            f"> {NOTICE}",
            "",
            *facts,
            "",
            "## Make it again",
            "",
            "Install the program from `code/` (Python 3.12 or later; `environment.txt` has the",
            "versions it was made with), then, in the folder into which this archive was unpacked:",
            "",
            "```sh",
            command,
            "```",
            "",
            f"writes every table anew into `{AGAIN}/`; `hubspoke recreate ARCHIVE.zip` does so and",
            "compares them. The same seed gives the same numbers, bit for bit.",
            "",
            "| table | made by |",
            "|---|---|",
            *(f"| `{OUTPUTS}/{kind}` | `{command}` |" for kind in kinds),
            "",
        ]
    )


def _kind(name: str) -> str:
    """Name of a table; parts of one table count as one."""
    path = Path(name)
    return f"{path.parent.name}/*{path.suffix}" if path.name.startswith("part-") else name


def _write(file: Path, entries: dict[str, Callable[[], bytes]]) -> None:
    sums = []
    with ZipFile(file, "w") as zipped:
        for name, content in entries.items():
            data = content()
            sums.append(f"{sha256(data).hexdigest()}  {name}")
            _add(zipped, name, data)
        _add(zipped, SUMS, ("\n".join(sums) + "\n").encode())


def _add(zipped: ZipFile, name: str, data: bytes) -> None:
    kind = ZIP_STORED if name.endswith(PACKED) else ZIP_DEFLATED
    zipped.writestr(ZipInfo(name, EPOCH), data, compress_type=kind)


@dataclass(frozen=True)
class Recreated:
    """What came of running an archive's command again."""

    command: str
    same: tuple[str, ...]  # tables that are the same
    different: tuple[str, ...]  # tables that differ or are missing


def recreate(file: Path, run: Callable[[list[str], Path], int]) -> Recreated:
    """Unpack an archive, run its command, and compare every table.

    run : runs the tokens of a command in a folder and returns its exit code

    Raises
    ------
    UserError
        If it is no archive, its content has changed, or the command fails.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        command = unpack(file, folder)
        code = run(shlex.split(command)[1:], folder)
        if code:
            raise UserError(f"{command} ended with exit code {code}")
        same: list[str] = []
        different: list[str] = []
        for table, there in _outputs(folder / OUTPUTS):
            if there.suffix in TABLES and table not in TIMED:
                alike = _alike(there, folder / AGAIN / table)
                (same if alike else different).append(table)
    return Recreated(command, tuple(same), tuple(different))


def unpack(file: Path, folder: Path) -> str:
    """Unpack an archive, check its hashes, and return the command that recreates it.

    Raises
    ------
    UserError
        If it is no archive, or its content has changed.
    """
    try:
        with ZipFile(file) as zipped:
            wrong = zipped.testzip()
            names = set(zipped.namelist())
            if wrong is not None or not {README, SUMS} <= names:
                raise UserError(f"{file} is damaged or no archive of this program")
            if any(name.startswith("/") or ".." in Path(name).parts for name in names):
                raise UserError(f"{file} would write outside its folder: it is not unpacked")
            zipped.extractall(folder)
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror})") from None
    except BadZipFile:
        raise UserError(f"{file} is no archive: not a whole zip file") from None
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise UserError(f"{file}: {name} is not as it was archived")
    text = (folder / README).read_text(encoding="utf-8")
    return text.split("```sh\n")[1].split("\n```")[0]


def _alike(one: Path, other: Path) -> bool:
    if not other.is_file():
        return False
    if one.suffix != ".parquet":
        return one.read_bytes() == other.read_bytes()
    return bool(pq.read_table(one).equals(pq.read_table(other)))
