"""Commands about results that are there: put them into one file, make them again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from runs.commands.common import DONE, FILES, OUR_FAULT, app, command, say

ARCHIVE_EXAMPLES = """Examples:

  hubspoke archive results/burden
  hubspoke archive results/burden --out burden-2025.zip
  hubspoke recreate burden-2025.zip"""


@command(app, "archive", ARCHIVE_EXAMPLES)
def archive(
    folder: Annotated[Path, Parameter(help="A results folder.")],
    /,
    *,
    out: Annotated[
        Path | None,
        Parameter(group=FILES, help="The zip; the folder's name with .zip if left out."),
    ] = None,
) -> int:
    """Put a result into one zip: outputs, inputs, code, environment, and how to make it again."""
    from runs.archive import archive as pack

    packed = pack(folder, out)
    say([f"{packed.file}: {packed.files:,} files, {packed.size / 1e6:.1f} MB"])
    say(["Its README says how to make every table again:", f"  {packed.command}"])
    return DONE


@command(app, "recreate", ARCHIVE_EXAMPLES)
def recreate(
    file: Annotated[Path, Parameter(help="A zip that `hubspoke archive` wrote.")], /
) -> int:
    """Make an archived result again, with the program as it is here, and compare every table.

    The exit code is 0 if all are the same, 1 if not.
    """
    from runs.archive import recreate as again

    done = again(file, _run)
    say([f"{done.command}", f"{len(done.same)} tables are the same, {len(done.different)} differ."])
    say(f"  differs: {name}" for name in done.different)
    return OUR_FAULT if done.different else DONE


def _run(tokens: list[str], folder: Path) -> int:
    """Run a command of this program in a folder, in a process of its own."""
    import subprocess

    code = "import sys; from runs.guard import main; sys.exit(main())"
    started = [sys.executable, "-c", code, *tokens]
    return subprocess.run(started, cwd=folder, check=False, stdout=sys.stderr).returncode  # noqa: S603
