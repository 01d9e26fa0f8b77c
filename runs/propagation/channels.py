"""Which channel carries a shock: the effect with all channels on, and with each of them off.

A channel is switched off in both games of a pair (`rules.channel_*`), and the pairs are played
again with the same draws. What goes missing is the channel's part; what is left with all five off
is direct; and what the parts do not add up to is interaction, shown and never shared out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agents.briefing import Floats
from runs.propagation.pairs import Pairing, Pairs

CHANNELS = {
    "channel_reputation": "reputation",
    "channel_forces": "forces",
    "channel_money": "money",
    "channel_home": "home politics",
    "channel_adversary": "the adversary's answer",
}
WHOLE, DIRECT, TOGETHER = "whole effect", "direct", "interaction"


@dataclass(frozen=True)
class Parts:
    """The effect on one quantity, mean over the quarters from the shock on, and its parts."""

    id: str
    names: tuple[str, ...]  # WHOLE, DIRECT, the channels, TOGETHER
    mean: Floats  # (part,)
    error: Floats  # (part,) Monte-Carlo standard error


def without_channels(pairing: Pairing) -> dict[str, Pairing]:
    """Return the pairings to be played: each channel off in both games, and all five."""

    def silent(channels: Iterable[str]) -> Pairing:
        off = {f"rules.{channel}": 0.0 for channel in channels}
        first, second = (replace(arm, values={**arm.values, **off}) for arm in pairing.arms)
        return replace(pairing, arms=(first, second))

    return {**{c: silent([c]) for c in CHANNELS}, DIRECT: silent(CHANNELS)}


def by_channel(series: Sequence[str], played: Mapping[str, Pairs], since: int) -> list[Parts]:
    """Split the effect on each series. since : first quarter of the shock.

    played : what came of `without_channels`, and as WHOLE with the channels as the arms have them
    """

    def effect(which: str) -> Floats:
        """Mean over the quarters from the shock on, (series, run)."""
        each = (played[which].change(name)[since:].astype(float) for name in series)
        return np.array([change.mean(axis=0) for change in each])

    direct = effect(DIRECT)
    runs = direct.shape[1]
    full = effect(WHOLE)[:, :runs]
    lost = [full - effect(channel) for channel in CHANNELS]
    rest = full - direct
    for part in lost:
        rest = rest - part
    parts = np.array([full, direct, *lost, rest])  # (part, series, run)
    error = parts.std(axis=-1, ddof=1) / np.sqrt(runs)
    names = (WHOLE, DIRECT, *CHANNELS.values(), TOGETHER)
    return [
        Parts(name, names, parts[:, n].mean(axis=-1), error[:, n]) for n, name in enumerate(series)
    ]
