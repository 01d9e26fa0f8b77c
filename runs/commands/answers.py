"""Commands that answer questions by many games: claims, sensitivity, tournament, discovery."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from runs.commands.common import DONE, FILES, RUN, Out, app, as_typed, command, say

CLAIMS_EXAMPLES = """Examples:

  hubspoke claims                            all eleven, about a quarter of an hour
  hubspoke claims C3 C4 --out results/troops
  hubspoke claims C1 --draws 24 --repeats 8 --games 50    a first look"""

Workers = Annotated[
    int | None,
    Parameter(group=FILES, help="Processes; as many as processors if left out."),
]


@command(app, "claims", CLAIMS_EXAMPLES)
def claims(
    ids: Annotated[
        list[str] | None, Parameter(help="Which ones, such as C1 C7; all eleven if left out.")
    ] = None,
    /,
    *,
    draws: Annotated[
        int | None, Parameter(group=RUN, help="Draws of all numbers; as registered if left out.")
    ] = None,
    repeats: Annotated[
        int | None, Parameter(group=RUN, help="Games of each draw; as registered if left out.")
    ] = None,
    games: Annotated[
        int | None, Parameter(group=RUN, help="Games of each variant; as registered if left out.")
    ] = None,
    workers: Workers = None,
    out: Out = None,
) -> int:
    """Put the claims of the brief's author to the test: one report, HTML and PDF.

    Each claim is a file that fixed beforehand what is measured, from where it matters, and by which
    rule it is judged. Chance, numbers and structure are shown apart, with the share that rests on
    assumptions. Stop it with Ctrl-C whenever you like: the same command goes on from there.
    """
    from runs.claims.report import budget, report

    reported = report(ids or (), budget(draws, repeats, games), out, workers, as_typed())
    for note in reported.notes:
        print(f"note: {note}", file=sys.stderr)
    names = ", ".join(file.name for file in reported.files)
    say([reported.text, "", f"Written to {reported.folder}: {names}"])
    return DONE
