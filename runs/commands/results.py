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


MERGE_EXAMPLES = """Examples:

  hubspoke merge part-1 part-2 part-3 --out results/big"""


@command(app, "merge", MERGE_EXAMPLES)
def merge(
    *folders: Annotated[Path, Parameter(help="Folders of shards of one batch or sweep.")],
    out: Annotated[Path, Parameter(group=FILES, help="Folder for all of them.")],
) -> int:
    """Put the shards of a batch or sweep together, whole files only, each held against its hash.

    Then the command that made them, with this folder and without `--shard`, writes the tables.
    """
    from runs.store import Results
    from runs.store import merge as together

    together(folders, out)
    results = Results(out)
    say([f"{out} holds all {results.games:,} games. For the tables run what made them again:"])
    say([f"  {results.manifest['command']}", f"with --out {out} and without --shard."])
    return DONE


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
