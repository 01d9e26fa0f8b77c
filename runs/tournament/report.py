"""`hubspoke tournament`: plays doctrines against each other and says which hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import TextIO

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from agents.briefing import Floats
from agents.doctrine import spoken
from model.notice import NOTICE
from model.reading import scenario_hash
from model.schema import ScenarioFile
from runs.disk import disk_errors, write_whole
from runs.ensemble import reference
from runs.errors import check_numbers
from runs.figures import ARMS, STYLE, save
from runs.pieces import GAMES
from runs.store import Manifest, claimed, finish, stamped
from runs.summary import aligned, percent
from runs.tournament.equilibria import MISSING
from runs.tournament.findings import PRECISIONS, Findings, Profile, mean_payoffs, study
from runs.tournament.games import Tournament, play, set_up

SURE = 1.96
SEEN = 0.02  # shares of a mix below it are not told
UNIT = "utility, discounted mean a quarter"
SIZES = {True: 120, False: 24}  # games of a profile: two players, more
DARK = 0.6  # of the scale of a heat map, beyond which letters are white


@dataclass(frozen=True)
class Reported:
    """What was written."""

    folder: Path
    text: str
    figure: Path


def report(
    file: ScenarioFile,
    players: Sequence[str] = (),
    doctrines: Sequence[str] = (),
    *,
    games: int | None = None,
    profiles: int = 200,
    seed: int = 1,
    quarters: int | None = None,
    out: Path | None = None,
    workers: int | None = None,
    command: str = "",
    stream: TextIO | None = None,
) -> Reported:
    """Play, study and write tables, figure and manifest.

    Raises
    ------
    UserError
        If something that was given makes no sense, or the folder cannot be written.
    """
    check_numbers(seed, quarters)
    count = SIZES[len(players) in (0, 2)] if games is None else games
    tournament = set_up(
        file, players, doctrines, profiles=profiles, games=count, seed=seed, quarters=quarters
    )
    folder = out
    if folder is None:
        folder = Path("results") / f"tournament-{file.name}-{'-'.join(tournament.players)}"
    said = manifest(tournament, command)
    with claimed(folder, said):
        payoffs = play(tournament, folder / GAMES, workers, stream)
        return write(tournament, payoffs, folder, said)


def write(tournament: Tournament, payoffs: Floats, folder: Path, said: Manifest) -> Reported:
    """Study the payoffs and write table, figure and the manifest."""
    findings = study(tournament, payoffs)
    text = "\n".join(lines(tournament, findings))
    contents = {"payoffs.csv": payoff_table(tournament, payoffs), "tournament.txt": f"{text}\n"}
    with disk_errors(folder):
        for name, content in contents.items():
            write_whole(folder / name, content.encode())
    two = len(tournament.players) == 2  # noqa: PLR2004
    drawn = heat_map(tournament, findings) if two else bars(tournament, findings)
    figures = save(drawn, folder / "tournament")
    finish(folder, said, [*(folder / name for name in contents), *figures])
    return Reported(folder, text, figures[0])


def lines(tournament: Tournament, findings: Findings) -> Iterator[str]:
    """Say what was found."""
    yield about(tournament)
    if findings.skill is not None:
        each = zip(tournament.players, findings.skill, strict=True)
        skill = ", ".join(f"{a} {percent(max(float(x), 0.0))}" for a, x in each)
        yield (
            "Not all profiles are played: the game is estimated from choices and pairs of choices. "
            f"Variance between profiles that it predicts out of the sample: {skill}."
        )
    yield f"Payoffs: {UNIT}; standard error of one {findings.errors.mean():.2g}."
    yield ""
    yield from _means(tournament, findings)
    for player, replies in enumerate(findings.replies):
        yield ""
        who = _player(tournament, player, in_text=True)
        yield f"Best replies of {who} (share of resamples in which it is)"
        other = 1 - player
        rows = []
        for (theirs,), (mine, share) in replies.items():
            against = f"  against {_named(tournament, other, theirs)}"
            rows.append([against, _named(tournament, player, mine), percent(share)])
        yield aligned(rows)
    yield ""
    yield "Pure equilibria (share of resamples in which it is one)"
    if not findings.pure:
        yield "  none"
    for profile, share in findings.pure.items():
        yield f"  {_profile(tournament, profile)}: {percent(share)}"
    if findings.others:
        yield "  in some resamples only:"
        for profile, share in findings.others.items():
            yield f"    {_profile(tournament, profile)}: {percent(share)}"
    if len(tournament.players) == 2:  # noqa: PLR2004
        yield ""
        yield from _mixed(tournament, findings)
    yield ""
    yield "Logit equilibrium, by precision per standard deviation of payoffs"
    for precision, found in zip(PRECISIONS, findings.logit, strict=True):
        state = "" if found.settled else "  (not settled)"
        yield f"  {precision:g}: {_mixes(tournament, found.mixes)}{state}"
    yield ""
    profile, gains = findings.calm
    told = ", ".join(f"{a} {x:.3g}" for a, x in zip(tournament.players, gains, strict=True))
    yield f"Least regret: {_profile(tournament, profile)}; what another choice would gain: {told}"
    yield ""
    yield NOTICE


def about(tournament: Tournament) -> str:
    """Say who played what how often."""
    count = len(tournament.profiles)
    which = f"all {count} profiles" if tournament.whole else f"{count} profiles drawn at random"
    return (
        f"{' × '.join(tournament.players)}: {which}, {tournament.games} "
        f"games each, the same in all. Scenario {tournament.file.name} "
        f"{scenario_hash(tournament.file)[:12]}, seed {tournament.seed}, "
        f"{tournament.quarters} quarters; all others play the scenario's own doctrines."
    )


def _means(tournament: Tournament, findings: Findings) -> Iterator[str]:
    for player in range(len(tournament.players)):
        means = mean_payoffs(findings, player)
        rows = [
            [f"  {_named(tournament, player, n)}", f"{means[n]:+.4f}"]
            for n in np.argsort(-means, kind="stable")
        ]
        yield f"{_player(tournament, player)}, against equal shares of what the others may choose"
        yield aligned(rows)


def _mixed(tournament: Tournament, findings: Findings) -> Iterator[str]:
    yield "Equilibria, mixed ones too"
    if find_spec("nashpy") is None:
        yield f"  {MISSING}"
        return
    for mixes in findings.mixes:
        yield f"  {_mixes(tournament, mixes)}"


def _mixes(tournament: Tournament, mixes: Sequence[Floats]) -> str:
    said = []
    for player, mix in enumerate(mixes):
        order = np.argsort(-np.asarray(mix), kind="stable")
        parts = [f"{_named(tournament, player, n)} {mix[n]:.2f}" for n in order if mix[n] >= SEEN]
        said.append(f"{tournament.players[player]}: {', '.join(parts)}")
    return " | ".join(said)


def _player(tournament: Tournament, player: int, *, in_text: bool = False) -> str:
    actor = tournament.file.actors[tournament.players[player]]
    return (actor.called or actor.name) if in_text else actor.name


def _named(tournament: Tournament, player: int, choice: int) -> str:
    return spoken(tournament.choices[player][choice]).replace("_", " ")


def _profile(tournament: Tournament, profile: Profile) -> str:
    return ", ".join(
        f"{a} {_named(tournament, n, choice)}"
        for n, (a, choice) in enumerate(zip(tournament.players, profile, strict=True))
    )


def payoff_table(tournament: Tournament, payoffs: Floats) -> str:
    """Return one row for each profile that was played: mean payoffs with 95 % intervals."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    heads = [f"{a}.{what}" for a in tournament.players for what in ("payoff", "low", "high")]
    writer.writerow((*tournament.players, "games", *heads))
    for row, games in zip(tournament.profiles, payoffs, strict=True):
        names = [c[n] for c, n in zip(tournament.choices, row, strict=True)]
        means = games.mean(axis=1)
        errors = SURE * games.std(axis=1, ddof=1) / games.shape[1] ** 0.5
        told = [f"{x:.6g}" for m, e in zip(means, errors, strict=True) for x in (m, m - e, m + e)]
        writer.writerow((*names, games.shape[1], *told))
    return out.getvalue()


def manifest(tournament: Tournament, command: str) -> Manifest:
    """Return what the results depend on."""
    return stamped("tournament", tournament.file, command) | {
        "players": list(tournament.players),
        "doctrines": {
            a: [reference(name) for name in c]
            for a, c in zip(tournament.players, tournament.choices, strict=True)
        },
        "profiles": len(tournament.profiles),
        "games": tournament.games,
        "seed": tournament.seed,
        "quarters": tournament.quarters,
        "payoff": UNIT,
        "discounts": [float(d) for d in tournament.discounts],
    }


def heat_map(tournament: Tournament, findings: Findings) -> Figure:
    """Draw both payoffs of a game of two, with best replies and equilibria."""
    rows, columns = (len(c) for c in tournament.choices)
    width, height = 3.2 + 1.05 * columns, 1.5 + 0.46 * rows
    with rc_context(STYLE):
        figure = Figure(figsize=(width, 2 * height + 0.7), layout="constrained")
        grid = figure.subplots(2, 1)
        for player, axes in enumerate(grid):
            _heat(axes, tournament, findings, player)
        _below(figure, tournament, width, "Below each payoff half of its 95 % interval; bold and "
               "underlined: best reply of this player; frame: pure equilibrium.")  # fmt: skip
    return figure


def _heat(axes: Axes, tournament: Tournament, findings: Findings, player: int) -> None:
    values = findings.game[player]
    errors = np.full(values.shape, np.nan)
    for row, error in zip(tournament.profiles, findings.errors, strict=True):
        errors[tuple(row)] = SURE * error[player]
    low, high = float(values.min()), float(values.max())
    axes.imshow(values, cmap="Blues", aspect="auto", vmin=low, vmax=high)
    best = values.max(axis=player, keepdims=True) == values
    for place in np.ndindex(values.shape):
        share = (values[place] - low) / max(high - low, 1e-12)
        colour = "white" if share > DARK else "#1c2733"
        text = f"{values[place]:+.3f}\n±{errors[place]:.3f}"
        weight = "bold" if best[place] else "normal"
        axes.text(place[1], place[0], text, ha="center", va="center", fontsize=7.8,
                  color=colour, fontweight=weight)  # fmt: skip
        if best[place]:
            span = [place[1] - 0.3, place[1] + 0.3]
            axes.plot(span, [place[0] + 0.42] * 2, color=colour, linewidth=1.5)
    for place in findings.pure:
        axes.add_patch(_frame(place))
    names = [
        [_named(tournament, n, k) for k in range(len(c))] for n, c in enumerate(tournament.choices)
    ]
    axes.set_xticks(range(len(names[1])), [fill(n, 14) for n in names[1]], fontsize=8.5)
    axes.set_yticks(range(len(names[0])), names[0], fontsize=8.5)
    axes.set_ylabel(_player(tournament, 0))
    axes.set_xlabel(_player(tournament, 1))
    axes.grid(visible=False)
    title = f"Payoff of {_player(tournament, player, in_text=True)} ({UNIT})"
    axes.set_title(title, loc="left", fontsize=10.5, fontweight="bold")


def _frame(place: Profile) -> Rectangle:
    return Rectangle(
        (place[1] - 0.47, place[0] - 0.47), 0.94, 0.94, fill=False, edgecolor=ARMS[1], linewidth=2.5
    )


def bars(tournament: Tournament, findings: Findings) -> Figure:
    """Draw, for each of several players, what each doctrine is worth and how often it is played."""
    count = len(tournament.players)
    columns = min(3, count)
    rows = -(-count // columns)
    size = (3.9 * columns, 2.3 * rows + 0.9)
    with rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).reshape(-1)
        for player, axes in enumerate(grid[:count]):
            means = mean_payoffs(findings, player)
            order = np.argsort(-means, kind="stable")
            shares = findings.logit[-2].mixes[player]
            axes.barh(range(len(order)), means[order] - means.mean(), color="#9fbfdc", height=0.6)
            labels = [f"{_named(tournament, player, n)} ({shares[n]:.0%})" for n in order]
            axes.set_yticks(range(len(order)), labels, fontsize=8.5)
            axes.invert_yaxis()
            axes.axvline(0.0, color="#55626f", linewidth=0.8)
            axes.set_title(_player(tournament, player), loc="left", fontweight="bold")
            axes.set_xlabel("payoff above the player's mean", fontsize=8.5)
            axes.tick_params(axis="x", labelsize=8.0)
        for axes in grid[count:]:
            axes.set_axis_off()
        said = "Against equal shares of what the others may choose; in brackets: share in the logit"
        at = f"equilibrium at precision {PRECISIONS[-2]:g}."
        _below(figure, tournament, size[0], f"{said} {at}")
    return figure


def _below(figure: Figure, tournament: Tournament, width: float, said: str) -> None:
    text = f"{said} {about(tournament)} {NOTICE}."
    figure.supxlabel(fill(text, int(width * 13)), fontsize=8.0, x=0.01, ha="left")
