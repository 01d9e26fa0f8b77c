"""All figures of a propagation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from agents.briefing import Floats
from runs.propagation import network, pictures
from runs.propagation.followed import FAMILIES
from runs.propagation.found import Found, caption, shock_title
from runs.propagation.responses import REACHED, SURE
from runs.words import percent

PANELS = 12  # of a page


def figures(found: Found) -> Iterator[tuple[str, Figure]]:
    """All figures by the name of their file."""
    asked = found.asked
    names, since, line = asked.names, asked.since, caption(found)
    title = shock_title(asked)
    actors = list(asked.file.actors)
    felt = {a: found.response(f"utility.{a}") for a in actors}
    reached = {p.what.id: p.quarter for p in found.passages}
    explained = (
        "Arrow from i to j: change of j's utility because i's levers and stocks stand elsewhere "
        "than in the same game without the shock; mean of putting i alone there and of putting it "
        "alone back"
    )
    whole = {a: float(felt[a].mean[since:].mean()) for a in actors}
    yield (
        "map",
        network.map_picture(
            asked.file,
            found.edges,
            {a: (whole[a], reached.get(f"utility.{a}", np.nan)) for a in actors},
            names,
            f"How it travels: {title}",
            f"{explained}; mean of {names[since]} to {names[-1]} and of all games; only what is "
            f"more than chance and at least {network.FAINTEST} is drawn, the {network.MOST_ARROWS} "
            "strongest. Number in a node: change of its utility (a good deal is worth .02 to .3)\n"
            f"{line}",
        ),
    )
    yield (
        "map-quarters",
        network.quarter_pictures(
            asked.file,
            found.edges,
            {a: felt[a].mean for a in actors},
            names,
            since,
            f"Quarter by quarter: {title}",
            f"{explained}; mean of all games. Green: raises utility, orange and dashed: lowers it; "
            "colour of a node: change of its own utility. "
            + ", ".join(f"{a} = {asked.file.actors[a].name}" for a in actors)
            + f"\n{line}",
        ),
    )
    for family in FAMILIES:
        chosen = found.most(family)[:PANELS]
        if chosen:
            heading = f"{FAMILIES[family]}: {title}"
            below = (
                "Difference of the same game with and without the shock. Where single games lie "
                f"far apart the light band leaves the frame; its ends are written\n{line}"
            )
            yield (
                f"response-{family}",
                pictures.response_page(chosen, names, since, heading, below),
            )
    told = [
        (p, found.response(p.what.id))
        for p in found.passages
        if found.response(p.what.id).certain(found.errors)
    ]
    if told:
        below = (
            f"Median quarter in which a quantity first differs, in {percent(REACHED)} of games or "
            "more; line: half of these games. Up or down: sign of the mean difference at its peak. "
            "Only quantities whose mean difference is more than chance among all "
            f"{len(found.what)}\n{line}"
        )
        heading = f"In which order it arrives: {title}"
        yield "passage", pictures.passage_page(told, names, since, heading, below)
    matrices = {
        kind: _matrix(found, kind) for kind in ("reliability", "resolve", "hostility", "relation")
    }
    if any(np.nanmax(np.abs(m)) > 0.0 for m in matrices.values()):
        below = (
            f"Mean difference at the end of {names[-1]}, on a scale from 0 to 1; blank: no more "
            f"than chance\n{line}"
        )
        heading = f"What they learnt of each other: {title}"
        yield "beliefs", pictures.belief_page(matrices, actors, heading, below)
    if found.channels:
        chosen_parts = [
            (w.name, "utility", p)
            for p in found.channels
            for w in found.what
            if p.id == w.id and w.family == "utility"
        ]
        below = (
            "Whole effect on utility, mean of the quarters from the shock on. Bar of a channel: "
            "what goes missing without it; direct: what is left without all five; interaction: "
            "what these do not add up to. Lines: 95 % interval of the mean, from "
            f"{found.channel_runs:,} pairs\n{line}"
        )
        yield "channels", pictures.channel_page(chosen_parts, f"What carries it: {title}", below)


def _matrix(found: Found, kind: str) -> Floats:
    """Mean differences of a belief at the end that are more than chance. (from, about)."""
    actors = list(found.asked.file.actors)
    out = np.full((len(actors), len(actors)), np.nan)
    for response in found.responses:
        if response.what.id.startswith(f"{kind}."):
            i, j = actors.index(response.what.owner), actors.index(response.what.about)
            sure = abs(response.mean[-1]) > SURE * response.error[-1]
            out[i, j] = response.mean[-1] if sure else 0.0
    return out
