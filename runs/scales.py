"""Measure the yardsticks of accounts: their standard deviation while nobody changes anything."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from agents.doctrine import get_doctrine
from model.chance import Chance
from model.schema import ACCOUNTS, ScenarioFile
from model.turn import begin, play_quarter, prepare

RUNS = 500
SEED = 20250205
HEADING = "# Standard deviations of accounts in a status-quo world, in the accounts' units"


def measure_scales(
    file: ScenarioFile, runs: int = RUNS, seed: int = SEED
) -> dict[str, dict[str, float]]:
    """Return one standard deviation of each account around its reference, by actor and account.

    Every actor plays `status_quo`, so events, crises and slow stocks alone move the accounts.
    Accounts that nothing moves are left out: the engine then takes one lever step as the yardstick.
    """
    game = prepare(file)
    chance = Chance(seed, np.arange(runs))
    still = get_doctrine("status_quo")
    deciders = dict.fromkeys(game.scenario.actors, still)
    world = begin(game, runs)
    gaps = []
    for _ in range(file.quarters):
        before = world.reference
        record = play_quarter(game, world, chance, deciders)
        world = record.world
        gaps.append(record.accounts - before)
    spread = np.std(np.array(gaps), axis=(0, 3))
    return {
        actor: {
            account: float(f"{spread[a, k]:.4g}")
            for k, account in enumerate(ACCOUNTS)
            if spread[a, k] > 0.0
        }
        for a, actor in enumerate(game.scenario.actors)
        if spread[a].any()
    }


def as_lines(scales: dict[str, dict[str, float]]) -> list[str]:
    """Return the scales as lines of a scenario file."""
    rows = [
        f"  {actor}: {{{', '.join(f'{k}: {v:g}' for k, v in row.items())}}}"
        for actor, row in scales.items()
    ]
    return [HEADING, "# (written by `hubspoke scenario scales NAME --write`)", "scales:", *rows]


def write_scales(path: Path, scales: dict[str, dict[str, float]]) -> None:
    """Put measured scales into a scenario file, replacing those that it has.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^# Standard deviations of accounts.*\n(?:#.*\n)*", "", text)
    text = re.sub(r"(?m)^scales:.*\n(?:[ \t#].*\n|\n(?=[ \t]))*", "", text).rstrip("\n")
    path.write_text(text + "\n\n" + "\n".join(as_lines(scales)) + "\n", encoding="utf-8")
