"""The five questions to a seat as forms, filled in with what the answer is so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from agents.briefing import Briefing, Decision, Prospect, Seat
from agents.talks import Valuation, plan, possible_packages, value_package
from agents.utility import each_utility, package_utilities
from model.assembly import assemblies
from model.bargaining import Talks
from model.beliefs import Evidence
from model.chronicle import in_words, move, package_told
from model.events import happen
from model.perception import perceive
from model.reasons import account_parts
from model.reckoning import new_quarter
from model.world import World
from runs.viewer.charts import Bar, waterfall
from runs.viewer.desk import Desk
from runs.viewer.markup import Markup, tag
from runs.viewer.telling import ABOUT
from runs.viewer.watched import Watched
from runs.words import part, percent, proposal

MOST = 12  # packages that are shown, the best for both


def tables_world(game: Watched) -> World:
    """The world in which the tables of the quarter in play meet, levers as the seat knows them."""
    scenario = game.game.scenario
    evidence = Evidence.none(len(scenario.actors), 1)
    world, _ = happen(scenario, new_quarter(scenario, game.world), game.chance, evidence)
    world = assemblies(scenario, world, game.chance)[0]
    if game.by_hand is None:
        return world
    known = perceive(scenario, world, game.chance).known[scenario.actor(game.by_hand)]
    return replace(world, setting=known.setting)


def agenda_form(desk: Desk, briefing: Briefing, answer: Decision) -> Markup:
    """A box for each table that may be opened, with what may be named at it."""
    assert answer.open is not None
    world = tables_world(desk.game)
    free = int(briefing.slots[0]) if briefing.slots is not None else 0
    opened = int(answer.open.sum())
    return tag(
        "div",
        tag("p", f"{opened} of {free} tables open. Marked is what your adviser would do."),
        *(
            _prospect(desk, world, prospect, answer, i)
            for i, prospect in enumerate(briefing.prospects)
            if prospect.available[0]
        ),
    )


def _prospect(
    desk: Desk, world: World, prospect: Prospect, answer: Decision, number: int
) -> Markup:
    assert answer.open is not None
    assert answer.named is not None
    seat = prospect.seat
    scenario = desk.game.game.scenario
    on = bool(answer.open[number, 0])
    named = {int(x) for x in answer.named[number, :, 0]}
    mine = package_utilities(seat.me, seat.own, seat.packages)[1:, 0]
    theirs = package_utilities(seat.them, seat.theirs, seat.packages)[1:, 0]
    best: dict[int, int] = {}
    for m in np.argsort(-mine, kind="stable"):
        if not seat.blocked[m, 0]:
            best.setdefault(int(seat.lever[m, 0]), int(m))
    rows = [
        tag(
            "label",
            _box(f"hand.name.{number}.{lever}", on=lever in named),
            tag("span", in_words(move(scenario, world, lever, int(seat.steps[m])))),
            tag("i", f"you {part(float(mine[m]))}, they {part(float(theirs[m]))}"),
        )
        for lever, m in best.items()
    ]
    return tag(
        "div",
        tag(
            "label",
            _box(f"hand.open.{number}", on=on),
            tag("span", desk.names.table(seat.table)),
        ),
        tag(
            "details",
            tag("summary", f"What to talk about: {desk.names.table(seat.table)}"),
            _demands(desk, prospect, answer, number),
            tag(
                "p",
                f"Name up to {answer.named.shape[1]} things to talk about; beside each, its best"
                " move for you and what you believe it means for them, in utility.",
                class_="hs-soft",
            ),
            *rows,
            open="open" if on else None,
        ),
        class_="hs-prospect",
    )


def _demands(desk: Desk, prospect: Prospect, answer: Decision, number: int) -> Markup | None:
    """Choose a headline demand, where one may be made."""
    table = next(t for t in desk.game.game.scenario.tables if t.id == prospect.seat.table)
    if not len(prospect.demands) or not prospect.headline.any() or prospect.standing[0] > -np.inf:
        return None
    assert answer.norm is not None
    norms = [n.replace("_", " ") for n in table.norms[: len(prospect.demands)]]
    chosen = int(answer.norm[number, 0])
    return tag(
        "label",
        tag("span", "Public demand, by the norm of"),
        tag(
            "select",
            *(
                tag("option", words, value=str(k), selected="selected" if k == chosen else None)
                for k, words in enumerate(["no public demand", *norms], start=-1)
            ),
            data_set=f"hand.norm.{number}",
        ),
    )


def _box(field: str, *, on: bool) -> Markup:
    return tag("input", type="checkbox", checked="checked" if on else None, data_set=field)


def _worth(briefing: Briefing, seat: Seat, package: int) -> Valuation:
    return value_package(plan(seat, briefing.customs), np.array([package]))


def _told(desk: Desk, world: World, seat: Seat, package: int) -> str:
    """Say what a package would change."""
    number = [t.id for t in desk.game.game.scenario.tables].index(seat.table)
    none = np.zeros(1, dtype=np.int64)
    talk = Talks(number, none, (seat, seat), none, none[None], none, none)
    return proposal(package_told(desk.game.game, world, talk, package))


def offer_form(desk: Desk, briefing: Briefing, answer: Decision) -> Markup:
    """The packages that are best for both as the seat believes, and none."""
    seat, world = briefing.seats[0], tables_world(desk.game)
    assert answer.offer is not None
    chosen = int(answer.offer[0])
    course = plan(seat, briefing.customs)
    open_ = np.flatnonzero(possible_packages(seat)[:, 0])
    found = []
    for p in open_[open_ > 0]:
        worth = value_package(course, np.array([p]))
        found.append(
            (float(worth.mine[0]), float(worth.theirs[0]), float(worth.passage[0]), int(p))
        )
    both = sorted((f for f in found if f[0] > 0.0), key=lambda f: -min(f[0], 2.0 * f[1] + f[0]))
    shown = both[:MOST]
    shown += [f for f in found if f[3] == chosen and f not in shown]
    rows = [
        tag(
            "tr",
            tag("td", _radio("hand.offer", p, on=p == chosen)),
            tag("td", _told(desk, world, seat, p)),
            tag("td", part(mine)),
            tag("td", part(theirs)),
            tag("td", percent(passage)),
        )
        for mine, theirs, passage, p in shown
    ]
    heads = ("choice", "package", "you gain", "they gain", "passes")
    return tag(
        "div",
        tag(
            "p",
            "Gains in utility over leaving the table, theirs as you believe; “passes” is the chance"
            " that it gets through at home and with parties that must consent.",
            class_="hs-soft",
        ),
        tag(
            "table",
            tag("tr", *(tag("th", h, scope="col") for h in heads)),
            tag(
                "tr",
                tag("td", _radio("hand.offer", 0, on=chosen == 0)),
                tag("td", "No offer"),
                *(tag("td", "") for _ in range(3)),
            ),
            *rows,
            class_="hs-offers",
        ),
    )


def _radio(field: str, value: int, *, on: bool) -> Markup:
    return tag(
        "input",
        type="radio",
        name=field,
        value=str(value),
        checked="checked" if on else None,
        data_set=field,
    )


def reply_form(desk: Desk, briefing: Briefing, answer: Decision) -> Markup:
    """The offer, and what it would do to the seat."""
    seat, world = briefing.seats[0], tables_world(desk.game)
    assert briefing.offered is not None
    package = int(briefing.offered[0])
    worth = _worth(briefing, seat, package)
    change = seat.own[:, seat.packages[package], 0].sum(axis=1)[:, None]
    parts = account_parts(seat.me, change)["accounts"]
    bars = [Bar(ABOUT[k][0], v) for k, v in parts.items()]
    advised = bool(answer.accept is not None and answer.accept[0])
    return tag(
        "div",
        tag("p", _told(desk, world, seat, package), class_="hs-quote"),
        waterfall(bars, Bar("change for you", float(worth.plain[0]))),
        tag(
            "p",
            f"Against leaving the table, goodwill and threats counted: {part(float(worth.mine[0]))}"
            f" for you, {part(float(worth.theirs[0]))} for them as you believe. It would pass with"
            f" {percent(float(worth.passage[0]))} chance."
            + ("" if worth.possible[0] else " You may not sign it: you are bound elsewhere.")
            + f" Your adviser would {'accept' if advised else 'refuse'}.",
        ),
    )


def own_moves_form(desk: Desk, briefing: Briefing, answer: Decision) -> Markup:
    """Two choices among own moves, and threats to announce or to carry out."""
    options, world = briefing.options, tables_world(desk.game)
    assert options is not None
    assert answer.choice is not None
    scenario = desk.game.game.scenario
    worth = each_utility(briefing.goals, options.own)[:, 0]
    cost = (briefing.customs.adjustment_cost + options.cost)[:, 0]
    open_ = [int(n) for n in np.argsort(cost - worth, kind="stable") if not options.blocked[n, 0]]
    words = {
        n: f"{in_words(move(scenario, world, int(options.lever[n]), int(options.steps[n])))}"
        f" ({part(float(worth[n] - cost[n]))})"
        for n in open_
    }
    selects = [
        tag(
            "label",
            tag("span", f"{'First' if k == 0 else 'Second'} move"),
            tag(
                "select",
                tag("option", "none", value="-1"),
                *(
                    tag(
                        "option",
                        words[n],
                        value=str(n),
                        selected="selected" if n == int(answer.choice[k, 0]) else None,
                    )
                    for n in open_
                ),
                data_set=f"hand.move.{k}",
            ),
        )
        for k in range(2)
    ]
    return tag(
        "div",
        tag(
            "p",
            "In brackets what a move is worth to you in utility, less what changing course costs.",
            class_="hs-soft",
        ),
        *selects,
        *_threats(desk, briefing, answer),
    )


def _threats(desk: Desk, briefing: Briefing, answer: Decision) -> Iterator[Markup]:
    options, world = briefing.options, tables_world(desk.game)
    assert options is not None
    scenario = desk.game.game.scenario
    rules = scenario.threats
    mine = np.flatnonzero(rules.by == scenario.actor(briefing.actor))
    may = {
        "announce": (options.rebuffed & ~options.standing, "Threaten"),
        "carry_out": (options.falls_due, "Carry out the threat to"),
    }
    for what, (which, words) in may.items():
        chosen = getattr(answer, what)
        for k in np.flatnonzero(which[:, 0]):
            n = int(mine[k])
            told = in_words(move(scenario, world, int(rules.lever[n]), int(rules.steps[n])))
            against = desk.names.actor(scenario.actors[rules.against[n]])
            yield tag(
                "label",
                _box(f"hand.{what}.{k}", on=chosen is not None and bool(chosen[k, 0])),
                tag("span", f"{words} {against}: {told}"),
            )


def honour_form(desk: Desk, briefing: Briefing, answer: Decision) -> Markup:
    """A box for each promise that falls due."""
    promises, world = briefing.promises, tables_world(desk.game)
    assert promises is not None
    assert answer.keep is not None
    scenario = desk.game.game.scenario
    worth = each_utility(briefing.goals, promises.own)
    rows = []
    for n in np.flatnonzero(promises.due[:, 0]):
        lever = int(promises.lever[n])
        name = scenario.file.levers[scenario.levers.ids[lever]].name
        partner = int(world.promised_to[lever, 0])
        to = f" to {desk.names.actor(scenario.actors[partner])}" if partner >= 0 else ""
        rows.append(
            tag(
                "label",
                _box(f"hand.keep.{n}", on=bool(answer.keep[n, 0])),
                tag("span", f"Keep the promise{to}: {name}"),
                tag(
                    "i",
                    f"keeping {part(float(worth[n, 0]))}, breaking costs"
                    f" {part(float(promises.breach_cost[n, 0])).removeprefix('+')}",
                ),
            )
        )
    return tag("div", *rows)
