"""Start-up guard: other distributions, too, install a package called `agents`, `model` or `runs`.

The build copies this file to `hubspoke.guard`, where the console script enters: that copy runs even
when `runs` itself is shadowed. Hence it imports nothing of the project before it has looked.
"""

from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

ROOMS = ("agents", "model", "runs")
MARK = "Hub and Spoke"  # in the docstring of each room's __init__.py


class ShadowedRoomError(ImportError):
    """Something else stands where one of the three rooms should be."""


def check_rooms() -> None:
    """Check that `agents`, `model` and `runs` are this project's, and of one installation.

    Raises
    ------
    ShadowedRoomError
        Names each room that something else shadows, where that lies and which distribution
        brought it.
    """
    found = {room: _source(room) for room in ROOMS}
    strange = {room: file for room, file in found.items() if file is None or not _is_ours(file)}
    homes = {file.parent.parent for file in found.values() if file}
    if strange:
        raise ShadowedRoomError(_message("these are not its own packages", strange))
    if len(homes) > 1:
        raise ShadowedRoomError(_message("its packages come from different places", found))


def main() -> object:
    """Check the rooms, then run the command line (the console script `hubspoke`).

    Raises
    ------
    SystemExit
        Carries the guard's message if a room is shadowed: exit code 1.
    """
    try:
        check_rooms()
    except ShadowedRoomError as error:
        raise SystemExit(str(error)) from None
    from runs.cli import main as command_line

    return command_line()


def _source(room: str) -> Path | None:
    """Return the file that `import room` would run, or None if there is none."""
    spec = find_spec(room)
    return Path(spec.origin) if spec and spec.origin else None


def _is_ours(file: Path) -> bool:
    """Tell whether the file's own text says so: one that was overwritten in place does not."""
    return MARK in file.read_text(encoding="utf-8", errors="replace")


def _message(problem: str, rooms: dict[str, Path | None]) -> str:
    lines = [f"hubspoke cannot start: {problem}."]
    lines += [f"  {room}: {_describe(file)}" for room, file in rooms.items()]
    lines += [
        "Install hubspoke into an environment of its own (pipx, or a fresh virtual environment),",
        "and start it where neither the folder nor PYTHONPATH holds packages of these names.",
    ]
    return "\n".join(lines)


def _describe(file: Path | None) -> str:
    if file is None:
        return "nothing, or a folder without __init__.py"
    owners = _owners(file)
    return f"{file}" + (f", installed by {' and '.join(owners)}" if owners else "")


def _owners(file: Path) -> list[str]:
    """List the other distributions that say they installed the file."""
    return sorted(
        {
            f"{owner.name} {owner.version}"
            for owner in distributions()
            if owner.name != "hubspoke"
            for path in owner.files or ()
            if path.name == file.name and Path(str(owner.locate_file(path))) == file
        }
    )
