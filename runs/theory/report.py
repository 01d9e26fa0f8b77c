"""`hubspoke theory`: runs the checks, prints them, and writes tables, figures and a manifest."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import TextIO

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from model.notice import NOTICE
from model.reading import read, scenario_hash
from runs.disk import disk_errors, write_whole
from runs.figures import STYLE, save
from runs.store import code_hash, program_version, renewed
from runs.theory.core import SEED, Check, Finding, Theory, chosen

FOLDER = Path("results") / "theory"
KIND = "theory"  # in the manifest
SIZE = 8.5, 5.5  # inches
COLUMNS = ("what", "expected", "got", "tolerance")


@dataclass(frozen=True)
class Reported:
    """What became of the theories that were asked for."""

    text: str
    holds: bool
    folder: Path
    files: tuple[Path, ...]


def report(
    ids: Sequence[str] = (),
    out: str | Path | None = None,
    width: int = 100,
    command: str = "",
    stream: TextIO | None = None,
) -> Reported:
    """Check theories by their ids, all if none is named, and write what came of it.

    stream : where progress goes; standard error unless given

    Raises
    ------
    UserError
        If an id is unknown or the folder cannot be written.
    """
    wanted = chosen(ids)
    folder = Path(out) if out is not None else FOLDER
    stream = sys.stderr if stream is None else stream
    with renewed(folder, KIND):
        return _write_all(wanted, folder, width, command, stream)


def _write_all(
    wanted: Sequence[Theory], folder: Path, width: int, command: str, stream: TextIO
) -> Reported:
    findings: dict[Theory, Finding] = {}
    files: list[Path] = []
    for each in wanted:
        print(f"{each.id} {each.title} …", file=stream, flush=True)
        findings[each] = finding = each.run()
        files += _write(folder, each, finding)
    text = "\n\n".join([*(told(t, f, width) for t, f in findings.items()), verdict(findings)])
    with disk_errors(folder):
        for name, content in (
            ("theory.txt", f"{text}\n{NOTICE}\n"),
            ("theory.csv", as_csv(findings)),
            ("manifest.json", json.dumps(manifest(wanted, command), indent=2) + "\n"),
        ):
            write_whole(folder / name, content.encode())
            files.append(folder / name)
    holds = all(check.holds for finding in findings.values() for check in finding.checks)
    return Reported(f"{text}\n{NOTICE}", holds, folder, tuple(files))


def told(theory: Theory, finding: Finding, width: int = 100) -> str:
    """Tell a theory: what it says in a paragraph, and a line for each check."""
    held = sum(check.holds for check in finding.checks)
    head = f"{theory.id}  {theory.title}: {held} of {len(finding.checks)} hold"
    lines = [
        head,
        *(
            fill(x, width, initial_indent="  ", subsequent_indent="  ")
            for x in (theory.about, f"Source: {theory.source}.", f"Limits: {theory.limits}.")
        ),
    ]
    formula = ""
    for check in finding.checks:
        if check.formula != formula:
            formula = check.formula
            lines.append(f"    {formula}")
        lines += _line(check, width)
    return "\n".join(lines)


def _line(check: Check, width: int) -> Iterator[str]:
    mark = "holds" if check.holds else "FAILS"
    text = f"{check.what}: expected {check.expected}, got {check.got} ({check.tolerance})"
    yield fill(text, width, initial_indent=f"    {mark}  ", subsequent_indent="           ")


def verdict(findings: Mapping[Theory, Finding]) -> str:
    """Say how many theories hold, and name those that do not."""
    failed = [t.id for t, f in findings.items() if not all(c.holds for c in f.checks)]
    count = len(findings)
    said = f"{count - len(failed)} of {count} hold"
    return f"{said}; not: {', '.join(failed)}" if failed else said


def as_csv(findings: Mapping[Theory, Finding]) -> str:
    """Write all checks as a table."""
    out = io.StringIO()
    out.write(f"# {NOTICE}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "theory", "what", "formula", "expected", "got", "tolerance", "holds"])
    for theory, finding in findings.items():
        for c in finding.checks:
            row = [c.what, c.formula, c.expected, c.got, c.tolerance, str(c.holds).lower()]
            writer.writerow([theory.id, theory.title, *row])
    return out.getvalue()


def manifest(theories: Sequence[Theory], command: str) -> dict[str, object]:
    """Return what the results depend on."""
    return {
        "kind": KIND,
        "theories": [theory.id for theory in theories],
        "scenarios": {name: scenario_hash(read(name)) for t in theories for name in t.scenarios},
        "seed": SEED,
        "version": program_version(),
        "code": code_hash(),
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_with": f"Python {sys.version.split()[0]}, NumPy {np.__version__}",
        "notice": NOTICE,
    }


def _write(folder: Path, theory: Theory, finding: Finding) -> list[Path]:
    """Write the numbers behind a picture, and the picture."""
    out = io.StringIO()
    out.write(f"# {theory.id} {theory.title}. {NOTICE}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(finding.data)
    writer.writerows(zip(*finding.data.values(), strict=True))
    file = folder / f"{theory.id}.csv"
    with disk_errors(folder):
        write_whole(file, out.getvalue().encode())
    if finding.draw is None:
        return [file]
    return [file, *save(picture(theory, finding), folder / theory.id)]


def picture(theory: Theory, finding: Finding) -> Figure:
    """Draw the figure of a theory under its title, over its source and the notice."""
    assert finding.draw is not None
    with rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.subplots()
        finding.draw(axes)
        axes.set_title(f"{theory.id}  {theory.title}", loc="left", fontweight="bold", fontsize=14)
        figure.supxlabel(
            f"{theory.source}\n{_played(theory)}{NOTICE}",
            x=0.01,
            ha="left",
            fontsize=9.5,
            linespacing=1.4,
        )
    return figure


def _played(theory: Theory) -> str:
    """Say which scenarios were played, with what seed; nothing where a component alone is asked."""
    names = [f"{name} {scenario_hash(read(name))[:12]}" for name in theory.scenarios]
    return f"Scenario {', '.join(names)}; seed {SEED}\n" if names else ""
