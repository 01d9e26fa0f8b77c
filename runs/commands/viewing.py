"""The command that opens the browser viewer."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from runs.commands.common import DONE, ScenarioName, Seed, app, command

VIEW_EXAMPLES = """Examples:

  hubspoke view
  hubspoke view triad --seed 7
  hubspoke view my/world.yaml --port 8800 --no-browser"""


@command(app, "view", VIEW_EXAMPLES)
def view(
    scenario: ScenarioName = "2025q1",
    /,
    *,
    seed: Seed = 1,
    port: Annotated[int, Parameter(help="Port of this machine; 0 takes a free one.")] = 8765,
    no_browser: Annotated[
        bool, Parameter(name="--no-browser", negative=(), help="Only say where the page is.")
    ] = False,
) -> int:
    """Step through one game in the browser and see why each side did what it did.

    The page is served on this machine alone and needs no internet. It stays until Ctrl-C. Needs the
    extra hubspoke[viewer].
    """
    from runs.errors import check_numbers
    from runs.viewer.server import serve
    from runs.viewer.setup import Setup

    check_numbers(seed, None, 0)
    serve(Setup(scenario, seed), port, browser=not no_browser, say=_say)
    return DONE


def _say(url: str) -> None:
    print(f"The viewer is at {url} (Ctrl-C ends it)", flush=True)
