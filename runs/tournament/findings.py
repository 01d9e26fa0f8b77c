"""What a tournament shows: best replies, equilibria, regret, and how sure all that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.briefing import Bools, Floats
from runs.tournament.equilibria import Logit, Mixes, mixed, path, pure, regret
from runs.tournament.games import Tournament, as_game, fit

RESAMPLES, RESAMPLES_FITTED = 200, 30
PRECISIONS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # per standard deviation of payoffs
MOST = 12  # equilibria that are listed
Profile = tuple[int, ...]


@dataclass(frozen=True)
class Findings:
    """All that is said of a tournament."""

    game: list[Floats]  # payoff tensors
    errors: Floats  # (profile, player) standard errors of payoffs
    scale: float  # standard deviation of payoffs over profiles, mean of players: unit of precision
    skill: Floats | None  # of an estimated game, (player,): variance predicted out of the sample
    pure: dict[Profile, float]  # equilibrium → share of resamples in which it is one
    others: dict[Profile, float]  # profiles that are one in some resamples only, the most frequent
    mixes: list[Mixes]  # two players: all equilibria; empty without Nashpy
    logit: list[Logit]  # at the precisions
    replies: list[dict[Profile, tuple[int, float]]]  # player → others' choices → reply, its share
    calm: tuple[Profile, Floats]  # profile of the least largest regret; regret of each player


def study(tournament: Tournament, payoffs: Floats) -> Findings:
    """Find equilibria and how they stand when games are resampled.

    payoffs : (profile, player, game)
    """
    means = payoffs.mean(axis=2)
    game, skill = _game(tournament, means)
    count = RESAMPLES if tournament.whole else RESAMPLES_FITTED
    rng = np.random.default_rng(tournament.seed)
    seen: Counter[Profile] = Counter()
    two = len(tournament.players) == 2  # noqa: PLR2004
    stays = [Counter[tuple[Profile, int]]() for _ in tournament.players]
    for _ in range(count):
        again = payoffs[:, :, rng.integers(0, tournament.games, tournament.games)].mean(axis=2)
        resampled = _game(tournament, again)[0]
        seen.update(_profiles(pure(resampled)))
        if two:
            for player, counter in enumerate(stays):
                counter.update(_best(resampled, player).items())
    scale = float(np.mean([tensor.std() for tensor in game]))
    found = _profiles(pure(game))
    replies: list[dict[Profile, tuple[int, float]]] = []
    if two:
        for player, counter in enumerate(stays):
            best = _best(game, player)
            replies.append({o: (n, counter[o, n] / count) for o, n in best.items()})
    gains = regret(game)
    calm = np.unravel_index(int(gains.max(axis=0).argmin()), game[0].shape)
    where: Profile = tuple(int(n) for n in calm)
    return Findings(
        game,
        payoffs.std(axis=2, ddof=1) / tournament.games**0.5,
        scale,
        skill,
        {p: seen[p] / count for p in found[:MOST]},
        {p: n / count for p, n in seen.most_common(MOST) if p not in found},
        _mixed(game) if two and tournament.whole else [],
        path(game, [x / scale if scale > 0.0 else 0.0 for x in PRECISIONS]),
        replies,
        (where, np.array([gain[where] for gain in gains])),
    )


def _game(tournament: Tournament, means: Floats) -> tuple[list[Floats], Floats | None]:
    if tournament.whole:
        return as_game(tournament, means), None
    return fit(tournament, means)


def _profiles(where: Bools) -> list[Profile]:
    return [tuple(int(n) for n in place) for place in np.argwhere(where)]


def _best(game: Sequence[Floats], player: int) -> dict[Profile, int]:
    """Return the best reply to each choice of the other, of two."""
    best = game[player].argmax(axis=player)
    return {(other,): int(n) for other, n in enumerate(best)}


def _mixed(game: Sequence[Floats]) -> list[Mixes]:
    """All equilibria of two, none without Nashpy."""
    from importlib.util import find_spec

    return mixed(game) if find_spec("nashpy") is not None else []


def mean_payoffs(findings: Findings, player: int) -> Floats:
    """Mean payoff of each choice of a player against equal shares of the others'. (choice,)."""
    tensor = findings.game[player]
    return np.asarray(tensor.mean(axis=tuple(n for n in range(tensor.ndim) if n != player)))
