"""What moves between actors in a quarter: offers, deals, threats, money, troops, trust."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.chronicle import figure
from model.scenario import Scenario
from model.schema import ACCOUNTS
from model.transcript import Event
from model.world import World
from runs.viewer.watched import Moment
from runs.words import Names, belief_words, proposal, share, threat_words

LEARNT = 0.03  # changes of belief in a quarter below this are not drawn (as in the story)
MONEY = 0.1  # USD bn a year: smaller payments are not drawn
TREASURY = ACCOUNTS.index("treasury")


@dataclass(frozen=True)
class Flow:
    """Something that goes from one actor to another, or to a theatre."""

    layer: str  # offers, threats, money, troops, trust
    start: str
    end: str
    label: str  # a few characters on the arrow
    title: str  # a sentence
    size: float  # 0 to 1, for its width
    good: bool  # a deal, a gain of trust; drawn solid, the others dashed
    changed: bool = True  # since the quarter before


def flows(scenario: Scenario, names: Names, moment: Moment | None, world: World) -> list[Flow]:
    """All that moves in a quarter; before the first there are only payments and troops."""
    before = moment.before if moment is not None else world
    standing = [*payments(scenario, names, before, world), *troops(scenario, names, before, world)]
    if moment is None:
        return standing
    return [
        *standing,
        *offers(names, moment),
        *threats(names, moment),
        *learnt(names, moment),
    ]


def offers(names: Names, moment: Moment) -> Iterator[Flow]:
    """The offer that decided each table: the one accepted, else the last."""
    signed = {e["table"]: e for e in moment.of("signing")}
    last: dict[str, Event] = {}
    for offer in moment.of("offer"):
        if offer["moves"]:
            last[offer["table"]] = offer
    for table, offer in last.items():
        signing = signed.get(table)
        done = signing is not None and signing["signed"]
        fate = "signed" if done else "agreed, not signed" if signing else "refused"
        by, to = names.actor(offer["by"]), names.actor(offer["to"])
        title = f"{names.table(table)}: {by} proposes to {to} {proposal(offer)}. {fate}."
        label = "✓ deal" if done else "✗ failed" if signing else "✗ refused"
        yield Flow("offers", offer["by"], offer["to"], label, capital(title), 0.6, done)


def threats(names: Names, moment: Moment) -> Iterator[Flow]:
    """Threats announced, carried out, called off, or found to be bluff."""
    words = {
        "announced": "! threat",
        "carried_out": "! done",
        "called_off": "called off",
        "bluffed": "a bluff",
    }
    for threat in moment.of("threat"):
        bad = threat["what"] in ("announced", "carried_out")
        title = capital(f"{threat_words(names, threat)}.")
        label = words[threat["what"]]
        yield Flow("threats", threat["by"], threat["against"], label, title, 0.7, not bad)


def learnt(names: Names, moment: Moment) -> Iterator[Flow]:
    """Trust and hostility learnt this quarter, from who learnt it to whom it is about."""
    for belief in moment.of("belief"):
        change = belief["to"] - belief["from"]
        if belief["what"] not in ("reliability", "hostility") or abs(change) < LEARNT:
            continue
        good = (change > 0.0) == (belief["what"] == "reliability")
        word = "trust" if belief["what"] == "reliability" else "hostility"
        label = f"{word} {'+' if change > 0.0 else '−'}{share(abs(change))}"
        title = capital(f"{belief_words(names, belief)}.")
        yield Flow("trust", belief["of"], belief["about"], label, title, 4.0 * abs(change), good)


def payments(scenario: Scenario, names: Names, before: World, world: World) -> Iterator[Flow]:
    """Levers that cost one treasury money and bring it to another, USD bn a year as they stand."""
    paid: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
    ledger = scenario.ledger
    for x, lever in enumerate(scenario.levers.ids):
        here = (ledger.source == x) & (ledger.account == TREASURY)
        cost = {int(ledger.actor[e]): float(ledger.coefficient[e, 0]) for e in np.flatnonzero(here)}
        payers = [a for a, c in cost.items() if c < 0.0]
        takers = [a for a, c in cost.items() if c > 0.0]
        if len(payers) != 1 or len(takers) != 1:
            continue
        payer = payers[0]
        now = -cost[payer] * float(world.value[x, 0])
        then = -cost[payer] * float(before.value[x, 0])
        if now >= MONEY:
            pair = scenario.actors[payer], scenario.actors[takers[0]]
            paid.setdefault(pair, []).append((scenario.file.levers[lever].name, now, then))
    for (payer_, taker), parts in paid.items():
        now, then = sum(p[1] for p in parts), sum(p[2] for p in parts)
        what = "; ".join(f"{name} {figure(round(sum_, 2))}" for name, sum_, _ in parts)
        title = capital(
            f"{names.actor(payer_)} pays {names.actor(taker)} USD bn a year: {what}"
            f"{_was(now, then)}."
        )
        label = f"${figure(round(now, 1))} bn"
        changed = abs(now - then) > 0.01  # noqa: PLR2004 - ten million dollars
        yield Flow("money", payer_, taker, label, title, now / 5.0, good=True, changed=changed)


def troops(scenario: Scenario, names: Names, before: World, world: World) -> Iterator[Flow]:
    """Forces of one actor that stand with another, thousand."""
    standing: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
    for x, lever in enumerate(scenario.levers.ids):
        rule = scenario.file.levers[lever]
        if rule.host is not None and rule.unit == "thousand":
            level = float(world.value[x, 0]), float(before.value[x, 0])
            if max(level) > 0.0:
                standing.setdefault((rule.owner, rule.host), []).append((rule.name, *level))
    for (owner, host), parts in standing.items():
        now, then = sum(p[1] for p in parts), sum(p[2] for p in parts)
        what = "; ".join(f"{name} {figure(round(level, 1))}" for name, level, _ in parts)
        title = capital(
            f"{names.actor(owner)} keeps troops with {names.actor(host)}, thousand: {what}"
            f"{_was(now, then)}."
        )
        label = f"{figure(round(now, 1))} thousand troops"
        changed = abs(now - then) > 0.01  # noqa: PLR2004 - ten soldiers
        yield Flow("troops", owner, host, label, title, now / 60.0, good=True, changed=changed)


def _was(now: float, then: float) -> str:
    return "" if abs(now - then) < 0.01 else f" (before {figure(round(then, 2))})"  # noqa: PLR2004


def capital(words: str) -> str:
    """Begin a sentence."""
    return words[:1].upper() + words[1:]
