"""Doctrines against each other: profiles, games, payoffs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from pathlib import Path
from typing import TextIO

import numpy as np

from agents.briefing import Floats, Ints
from model.parameters import parameters
from model.reading import scenario_hash
from model.schema import ScenarioFile
from runs.engines import Job
from runs.ensemble import Chunk, reference, seat_doctrines
from runs.errors import UserError
from runs.outcomes import watched_series
from runs.pieces import Kept, Piece, piece, play_pieces, read_pieces
from runs.store import code_hash

USUAL = (
    "transactional", "institutional", "maximum_pressure", "accommodator", "hedger", "tit_for_tat",
    "crisis_bargainer",
)  # fmt: skip
FEW = ("transactional", "institutional", "maximum_pressure")  # where many play
RIDGE = 0.5  # profiles' worth of doubt about each term of an estimated game
FULL = 150  # profiles up to which all are played; beyond they are sampled


@dataclass(frozen=True)
class Tournament:
    """Who plays what, how often."""

    file: ScenarioFile
    players: tuple[str, ...]
    choices: tuple[tuple[str, ...], ...]  # player → doctrines
    profiles: Ints  # (profile, player) number of the doctrine
    games: int  # of each profile, the same in all
    seed: int
    quarters: int

    @property
    def whole(self) -> bool:
        """Whether every profile is played."""
        return len(self.profiles) == prod(len(c) for c in self.choices)

    @property
    def discounts(self) -> Floats:
        """Discount of each player, a quarter."""
        known = parameters(self.file)
        return np.array([known[f"actors.{a}.discount"].value for a in self.players])


def first_pair(file: ScenarioFile) -> tuple[str, ...]:
    """Return the two that play if nobody is named: who demands first, and of whom."""
    for table in file.tables.values():
        if table.demands:
            by = table.demands[0].by
            return (by, *(p for p in table.parties if p != by))
    return tuple(file.actors)[:2]


def set_up(
    file: ScenarioFile,
    players: Sequence[str] = (),
    doctrines: Sequence[str] = (),
    *,
    profiles: int,
    games: int,
    seed: int,
    quarters: int | None = None,
) -> Tournament:
    """Lay out a tournament; every player may also play the scenario's own doctrine for it.

    profiles : how many are drawn where there are more than can all be played

    Raises
    ------
    UserError
        If a player or a doctrine is unknown, or there are too few of them.
    """
    chosen = tuple(players) or first_pair(file)
    seat_doctrines(file, dict.fromkeys(chosen, "status_quo"))  # names the unknown ones
    if len(set(chosen)) < max(len(chosen), 2):
        raise UserError("a tournament needs at least two players, each named once")
    if games < 2 or profiles < 2:  # noqa: PLR2004
        raise UserError("--runs and --profiles: at least 2")
    offered = tuple(doctrines) or (USUAL if len(chosen) == 2 else FEW)  # noqa: PLR2004
    for name in offered:
        seat_doctrines(file, {chosen[0]: name})
    choices = tuple(tuple(dict.fromkeys((file.actors[a].doctrine, *offered))) for a in chosen)
    sizes = [len(c) for c in choices]
    every = prod(sizes)
    if every <= FULL or every <= profiles:
        listed = np.array(list(product(*(range(n) for n in sizes))))
    else:
        listed = drawn(sizes, profiles, seed)
    length = file.quarters if quarters is None else quarters
    return Tournament(file, chosen, choices, listed, games, seed, length)


def drawn(sizes: Sequence[int], profiles: int, seed: int) -> Ints:
    """Draw profiles in which each doctrine of each player is as frequent. (profile, player)."""
    rng = np.random.default_rng(seed)
    columns = [rng.permutation(np.resize(np.arange(n), profiles)) for n in sizes]
    return np.unique(np.array(columns).T, axis=0)


def payoffs(tournament: Tournament, chunk: Chunk) -> Mapping[str, Floats]:
    """Return each player's discounted mean utility a quarter, game by game.

    (1 - d) / (1 - d^T) * sum over quarters t of d^t u_t
    """
    labels = {w.id: w.label for w in watched_series(tournament.file, series(tournament))}
    found = {}
    for player, discount in zip(tournament.players, tournament.discounts, strict=True):
        utility = chunk.trajectories[labels[f"utility.{player}"]]
        weights = discount ** np.arange(len(utility))
        found[player] = (weights[:, None] * utility).sum(axis=0) / weights.sum()
    return found


def series(tournament: Tournament) -> tuple[str, ...]:
    """Series that the payoffs are made of."""
    return tuple(f"utility.{player}" for player in tournament.players)


def pieces(tournament: Tournament) -> Iterator[Piece[Chunk]]:
    """List the games, a piece for each profile."""
    for row in tournament.profiles:
        names = [c[n] for c, n in zip(tournament.choices, row, strict=True)]
        seats = dict(zip(tournament.players, names, strict=True))
        said = {
            "code": code_hash(),
            "scenario": scenario_hash(tournament.file),
            "seed": tournament.seed,
            "quarters": tournament.quarters,
            "players": tournament.players,
            "doctrines": {actor: reference(name) for actor, name in seats.items()},
        }
        job = Job(
            tournament.file,
            tournament.seed,
            np.arange(tournament.games),
            quarters=tournament.quarters,
            doctrines=seats,
            series=series(tournament),
            trajectories=True,
        )
        yield piece(
            f"profile-{'-'.join(map(str, row))}",
            job,
            Kept((), partial(payoffs, tournament)),
            said,
        )


def play(
    tournament: Tournament, folder: Path, workers: int | None = None, stream: TextIO | None = None
) -> Floats:
    """Play what is missing: payoffs (profile, player, game)."""
    names = play_pieces(lambda: pieces(tournament), folder, "tournament", workers, stream)
    read = read_pieces(folder, names)
    shape = (len(tournament.profiles), tournament.games)
    return np.stack([read[player].reshape(shape) for player in tournament.players], axis=1)


def as_game(tournament: Tournament, means: Floats) -> list[Floats]:
    """Return payoff tensors from the means of profiles (profile, player), all of them played."""
    shape = tuple(len(c) for c in tournament.choices)
    game = [np.full(shape, np.nan) for _ in tournament.players]
    for row, values in zip(tournament.profiles, means, strict=True):
        for tensor, value in zip(game, values, strict=True):
            tensor[tuple(row)] = value
    return game


def features(sizes: Sequence[int], profiles: Ints, player: int) -> Floats:
    """Terms of one player's payoff: its own choice, each other's, and each pair with its own.

    Sum-coded, so that each says how far a choice is from the mean. (profile, term)
    """
    coded = [np.eye(n)[profiles[:, j]] - 1.0 / n for j, n in enumerate(sizes)]
    own = coded[player]
    terms = [np.ones((len(profiles), 1)), *coded]
    for j, other in enumerate(coded):
        if j != player:
            terms.append((own[:, :, None] * other[:, None, :]).reshape(len(profiles), -1))
    return np.concatenate(terms, axis=1)


def fit(tournament: Tournament, means: Floats) -> tuple[list[Floats], Floats]:
    """Estimate the whole game from sampled profiles: tensors, and how well it predicts others.

    A player's payoff is taken as a sum of choices and of pairs with its own choice (ridge
    regression). The second result is the share of variance between profiles predicted out of the
    sample, in ten parts, for each player.
    """
    sizes = [len(c) for c in tournament.choices]
    every = np.array(list(product(*(range(n) for n in sizes))))
    game, skill = [], []
    parts = np.arange(len(means)) % 10
    for player in range(len(sizes)):
        seen = features(sizes, tournament.profiles, player)
        target = means[:, player]
        guess = np.empty(len(target))
        for part in range(10):
            out = parts == part
            guess[out] = seen[out] @ _ridge(seen[~out], target[~out])
        skill.append(1.0 - float(((target - guess) ** 2).mean() / max(target.var(), 1e-300)))
        whole = features(sizes, every, player) @ _ridge(seen, target)
        game.append(whole.reshape(sizes))
    return game, np.array(skill)


def _ridge(seen: Floats, target: Floats) -> Floats:
    penalty = np.full(seen.shape[1], RIDGE)
    penalty[0] = 0.0  # the mean is free
    return np.linalg.solve(seen.T @ seen + np.diag(penalty), seen.T @ target)
