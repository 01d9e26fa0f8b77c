"""What goes wrong on the user's side."""

SEEDS = 2**64
RUNS = 2**32  # the run's number is one word of the counter of each draw
LONGEST = 400  # quarters, as in a scenario


class UserError(ValueError):
    """The user can mend this; the message says how."""


def needs(what: str, extra: str) -> str:
    """Say what an extra of the installation is for, and how to get it."""
    return (
        f"{what} needs the extra `{extra}`: in a clone .venv/bin/python -m pip install -c "
        f"constraints.txt -e '.[{extra}]', else pipx install --force 'WHERE-IT-CAME-FROM[{extra}]'"
    )


def check_numbers(seed: int, quarters: int | None, run: int = 0) -> None:
    """Check the numbers that say which game it is.

    Raises
    ------
    UserError
        If one of them makes no sense.
    """
    if not 0 <= seed < SEEDS:
        raise UserError(f"--seed {seed}: a whole number from 0 to 2^64 - 1")
    if not 0 <= run < RUNS:
        raise UserError(f"--run {run}: games are numbered from 0 to 2^32 - 1")
    if quarters is not None and not 1 <= quarters <= LONGEST:
        raise UserError(f"--quarters {quarters}: from 1 to {LONGEST}")


def check_games(runs: int, seed: int, quarters: int | None = None) -> None:
    """Check how many games are to be played, and the numbers that say which.

    Raises
    ------
    UserError
        If one of them makes no sense.
    """
    check_numbers(seed, quarters)
    if not 1 <= runs <= RUNS:
        raise UserError(f"--runs {runs}: from 1 to {RUNS:,}")
