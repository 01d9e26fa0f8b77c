"""Equilibria of a finite game: pure, mixed (two players), logit (any number), and regret.

A game is a list of payoff tensors, one a player, each with one axis a player.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.briefing import Bools, Floats
from runs.errors import UserError, needs

Game = Sequence[Floats]  # player → (choice of player 1, choice of player 2, …)
Mixes = list[Floats]  # player → (choice,)
MISSING = needs("a mixed equilibrium", "equilibria")
CLOSE = 1e-10  # residual of a logit equilibrium
STEPS, SHRINK, LEAST = 40_000, 0.7, 0.004  # of the fixed point


@dataclass(frozen=True)
class Logit:
    """A logit equilibrium."""

    mixes: Mixes
    settled: bool  # the fixed point was reached


def regret(game: Game) -> Floats:
    """Return what each player could gain by another choice, at every profile. (player, …)."""
    return np.array([tensor.max(axis=i, keepdims=True) - tensor for i, tensor in enumerate(game)])


def pure(game: Game) -> Bools:
    """Say at which profiles nobody gains by another choice."""
    return (regret(game) <= 0.0).all(axis=0)


def expected(game: Game, mixes: Mixes, player: int) -> Floats:
    """Return what each choice of a player is worth against the others' mixes. (choice,)."""
    tensor = game[player]
    for other in reversed(range(len(mixes))):
        if other != player:
            tensor = np.tensordot(tensor, mixes[other], axes=([other], [0]))
    return tensor


def answer(game: Game, mixes: Mixes, precision: float) -> Mixes:
    """Return logit answers to the others' mixes (McKelvey and Palfrey 1995)."""
    answers = []
    for player in range(len(mixes)):
        worth = precision * expected(game, mixes, player)
        weights = np.exp(worth - worth.max())
        answers.append(weights / weights.sum())
    return answers


def logit(game: Game, precision: float, start: Mixes | None = None) -> Logit:
    """Return the logit equilibrium that play reaches from equal shares, in damped steps.

    At precision 0 everything is equally likely; the larger it is, the surer the best choice. Of
    several equilibria at high precision it is the one that the path from nothing leads to.
    """
    mixes = start or [np.full(n, 1.0 / n) for n in game[0].shape]
    step, last = 0.5, np.inf
    for _ in range(STEPS):
        answers = answer(game, mixes, precision)
        gap = max(float(np.abs(a - m).max()) for a, m in zip(answers, mixes, strict=True))
        if gap < CLOSE:
            return Logit(mixes, settled=True)
        if gap > last:
            step = max(step * SHRINK, LEAST)
        last = gap
        mixes = [m + step * (a - m) for a, m in zip(answers, mixes, strict=True)]
    return Logit(mixes, settled=False)


def path(game: Game, precisions: Sequence[float]) -> list[Logit]:
    """Return logit equilibria from low to high precision, each from the one before."""
    found: list[Logit] = []
    for precision in precisions:
        found.append(logit(game, precision, found[-1].mixes if found else None))
    return found


def mixed(game: Game) -> list[Mixes]:
    """Return the equilibria of a game of two by support enumeration, pure ones too (Nashpy).

    Raises
    ------
    UserError
        If Nashpy is not installed.
    """
    try:
        import nashpy
    except ImportError as error:
        raise UserError(MISSING) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of degenerate games; equal payoffs are no fault
        found = list(nashpy.Game(*game).support_enumeration())
    return [list(each) for each in found]
