"""Tables of a propagation: responses, influence, order of passage, channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from runs.propagation.found import Found
from runs.propagation.pairs import OTHERS
from runs.propagation.responses import BANDS


def tables(found: Found) -> dict[str, pa.Table]:
    """All tables by the name of their file."""
    return {
        "responses": responses_table(found),
        "influence": influence_table(found),
        "passage": passage_table(found),
        **({"channels": channels_table(found)} if found.channels else {}),
    }


def responses_table(found: Found) -> pa.Table:
    """One row per quantity and quarter."""
    rows: dict[str, list[Any]] = {}
    for response in found.responses:
        for q, name in enumerate(found.asked.names):
            row = {
                "id": response.what.id,
                "family": response.what.family,
                "name": response.what.name,
                "unit": response.what.unit,
                "quarter": name,
                "mean_without": response.base[q],
                "mean_difference": response.mean[q],
                "error_of_mean": response.error[q],
                **{f"p{p:g}": response.bands[b, q] for b, p in enumerate(BANDS)},
                "share_differs": response.share[q],
                "more_than_chance": bool(abs(response.mean[q]) > found.errors * response.error[q]),
            }
            for key, value in row.items():
                rows.setdefault(key, []).append(value)
    return pa.table(rows)


def influence_table(found: Found) -> pa.Table:
    """One row per influence and quarter: of players, beliefs, crises, habit and the rest."""
    rows: dict[str, list[Any]] = {}
    actors = sorted(found.asked.file.actors)
    influence = found.pairs.influence(actors)
    runs = influence.shape[-1]
    for i, origin in enumerate((*actors, *OTHERS)):
        for j, to in enumerate(actors):
            values = influence[i, j].astype(float)
            for q, name in enumerate(found.asked.names):
                row = {
                    "from": origin,
                    "to": to,
                    "quarter": name,
                    "mean_utility": values[q].mean(),
                    "error_of_mean": values[q].std(ddof=1) / np.sqrt(runs),
                }
                for key, value in row.items():
                    rows.setdefault(key, []).append(value)
    return pa.table(rows)


def passage_table(found: Found) -> pa.Table:
    """One row per quantity that is reached, in order."""
    names = found.asked.names
    return pa.table(
        {
            "id": [p.what.id for p in found.passages],
            "family": [p.what.family for p in found.passages],
            "name": [p.what.name for p in found.passages],
            "median_quarter": [names[int(p.quarter)] for p in found.passages],
            "first_quartile": [names[int(p.early)] for p in found.passages],
            "third_quartile": [names[int(p.late)] for p in found.passages],
            "share_of_games": [p.share for p in found.passages],
            "differs_from": [p.what.differs for p in found.passages],
            "mean_more_than_chance": [
                found.response(p.what.id).certain(found.errors) for p in found.passages
            ],
        }
    )


def channels_table(found: Found) -> pa.Table:
    """One row per quantity and part of its effect."""
    rows: dict[str, list[Any]] = {"id": [], "part": [], "mean_difference": [], "error_of_mean": []}
    for parts in found.channels:
        for name, mean, error in zip(parts.names, parts.mean, parts.error, strict=True):
            for key, value in zip(rows, (parts.id, name, mean, error), strict=True):
                rows[key].append(value)
    return pa.table(rows)
