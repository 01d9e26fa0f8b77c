"""A propagation in plain words: what moved, when, how much, how surely, along which ties."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

import numpy as np

from model.notice import NOTICE
from runs.propagation import network
from runs.propagation.channels import WHOLE
from runs.propagation.followed import FAMILIES, called
from runs.propagation.found import Found, caption, shock_title
from runs.propagation.responses import REACHED, SURE, Passage, Response
from runs.words import part as points
from runs.words import percent

TOLD = 5  # quantities of a family that are told
LISTED = 8  # quantities of a quarter, influences
LEAST = 0.002  # utility; smaller sources are not told
PARAGRAPH = 96  # letters a line


def summary_text(found: Found) -> str:
    """What moved, when, by how much and how surely, in plain words."""
    asked = found.asked
    lines = [
        shock_title(asked),
        "",
        *(
            fill(f"{s.title}: {s.about} (source: {s.source}).", PARAGRAPH)
            for s in asked.shocks
            if s.about
        ),
        fill(
            f"{asked.runs:,} games of {asked.file.name} ({asked.names[0]} to {asked.names[-1]}) "
            "were played twice, with and without it, on the same draws. What follows are "
            "differences of a game with and the same game without. An effect is called sure if its "
            f"mean is more than chance even though {len(found.what)} quantities in "
            f"{asked.length - asked.since} quarters were looked at ({found.errors:.1f} standard "
            "errors).",
            PARAGRAPH,
        ),
        "",
        "What moved",
    ]
    for family, title in FAMILIES.items():
        sure = [r for r in found.most(family) if r.certain(found.errors)][:TOLD]
        if not sure:
            lines.append(f"  {title}: nothing for sure")
            continue
        lines.append(f"  {title}")
        lines += [f"    {line}" for r in sure for line in _told(found, r)]
    lines += [
        "",
        "How it travelled (change of the second's utility by the first's doing, mean a quarter)",
    ]
    drawn = network.shown(found.edges)[:LISTED]
    for edge in drawn:
        when = "" if np.isnan(edge.arrival) else f", felt from {asked.names[int(edge.arrival)]}"
        lines.append(
            f"  {called(asked.file, edge.origin)} to {called(asked.file, edge.to)}: "
            f"{points(edge.whole, 3)}{when} (in {percent(edge.share)} of games)"
        )
    if not drawn:
        lines.append("  nothing that is more than chance")
    lines += ["", "Where a player's change of utility comes from (mean a quarter since the shock)"]
    lines += list(_sources(found))
    if found.channels:
        lines += ["", "Which channel carries it (utility; what goes missing when a channel is off)"]
        lines += list(_channel_words(found))
    lines += ["", f"In which order it arrives (differs in {percent(REACHED)} of games or more)"]
    lines += list(_order(found))
    lines += ["", fill(caption(found), PARAGRAPH), NOTICE, ""]
    return "\n".join(lines)


def _told(found: Found, r: Response) -> list[str]:
    """Tell one response."""
    q = r.peak
    name = r.what.name[0].upper() + r.what.name[1:]
    low, high = r.bands[0, q], r.bands[-1, q]
    where = found.asked.names[q]
    unit = "" if r.what.unit in ("0 to 1", "utility", "points") else f" {r.what.unit}"
    return [
        fill(
            f"{name}: {r.mean[q]:+.3g}{unit} in {where} (mean ± {SURE * r.error[q]:.2g}; without "
            f"it {r.base[q]:.3g}; 95 % of games from {low:+.2g} to {high:+.2g}); differs in "
            f"{percent(r.share[q])} of games",
            PARAGRAPH,
            subsequent_indent="        ",
        )
    ]


def _sources(found: Found) -> Iterator[str]:
    file, since = found.asked.file, found.asked.since
    for actor in sorted(file.actors):
        whole = float(found.response(f"utility.{actor}").mean[since:].mean())
        parts = {called(file, e.origin): e.whole for e in found.edges if e.to == actor}
        own = parts.pop(called(file, actor))
        parts = {"its own doing": own, **parts, **{k: v[actor] for k, v in found.others.items()}}
        felt = sorted(parts.items(), key=lambda p: -abs(p[1]))
        said = [f"{name} {points(value, 3)}" for name, value in felt if abs(value) >= LEAST][:5]
        if said:
            text = f"  {file.actors[actor].name}: {points(whole, 3)}, of which {'; '.join(said)}"
            yield fill(text, PARAGRAPH, subsequent_indent="    ")


def _channel_words(found: Found) -> Iterator[str]:
    file = found.asked.file
    for parts in found.channels:
        if not parts.id.startswith("utility."):
            continue
        by = dict(zip(parts.names, zip(parts.mean, parts.error, strict=True), strict=True))
        mean, error = by.pop(WHOLE)
        sure = [f"{name} {points(m, 3)}" for name, (m, e) in by.items() if abs(m) > SURE * e]
        said = "; ".join(sure) if sure else "no part is more than chance"
        name = file.actors[parts.id.partition(".")[2]].name
        text = f"  {name}: {points(mean, 3)} ± {SURE * error:.2g}; {said}"
        yield fill(text, PARAGRAPH, subsequent_indent="    ")


def _order(found: Found) -> Iterator[str]:
    names = found.asked.names
    certain = [p for p in found.passages if found.response(p.what.id).certain(found.errors)]
    by: dict[int, list[Passage]] = {}
    for p in certain:
        by.setdefault(int(p.quarter), []).append(p)
    for q, passages in sorted(by.items()):
        listed = [p.what.name for p in passages]
        more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
        yield fill(
            f"  {names[q]}: {', '.join(listed[:LISTED])}{more}", PARAGRAPH, subsequent_indent="    "
        )
    if not by:
        yield "  nothing that is more than chance"
