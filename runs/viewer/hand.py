"""The panel “Your seat”: a person decides for one actor, with its doctrine as adviser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from agents.briefing import ACCOUNTS, Briefing, Decision
from model.beliefs import reliability
from runs.viewer.desk import Desk
from runs.viewer.forms import agenda_form, honour_form, offer_form, own_moves_form, reply_form
from runs.viewer.markup import Markup, tag
from runs.viewer.telling import ABOUT
from runs.viewer.watched import Watched
from runs.words import percent, share

ASKED = {
    "agenda": "Which talks do you open, and about what?",
    "offer": "What do you propose?",
    "reply": "Do you accept?",
    "own_moves": "What do you do on your own, unseen by the others?",
    "honour": "Do you keep what you promised?",
}


def hand_panel(desk: Desk) -> Markup:
    """Write the panel."""
    game = desk.game
    return tag(
        "div",
        _who(desk),
        _question(desk) if game.waiting is not None else _idle(desk),
        class_="hs-hand",
    )


def _who(desk: Desk) -> Markup:
    """Choose whom to play."""
    game = desk.game
    off = game.waiting is not None
    seats = [("", "Nobody: I watch"), *((a, r.name) for a, r in game.file.actors.items())]
    return tag(
        "div",
        *(
            tag(
                "button",
                words,
                type="button",
                disabled=off,
                aria_pressed=str((game.by_hand or "") == actor).lower(),
                data_pick=f"seat:{actor}",
                class_="hs-person",
            )
            for actor, words in seats
        ),
        class_="hs-people",
        role="group",
        aria_label="Whom you play",
    )


def _idle(desk: Desk) -> Markup:
    game = desk.game
    if game.by_hand is None:
        return tag(
            "p",
            "Take a seat, then press “Next quarter”. You are asked what its office would be asked:"
            " which talks to open, what to offer, whether to accept, what to do alone, whether to"
            " keep promises. Here you see what it believes; the other panels still tell everything,"
            " so look there only afterwards. Its own way of deciding stands by as your adviser.",
        )
    name = desk.names.actor(game.by_hand)
    return tag("p", f"You decide for {name} from the next quarter on. Press “Next quarter”.")


def _question(desk: Desk) -> Markup:
    """Write the question that waits, the draft of its answer, and the ways to give it."""
    game, briefing = desk.game, waiting(desk.game)
    name = desk.names.actor(briefing.actor)
    answer = drafted(desk)
    forms = {
        "agenda": agenda_form,
        "offer": offer_form,
        "reply": reply_form,
        "own_moves": own_moves_form,
        "honour": honour_form,
    }
    quarter = game.game.scenario.quarter(briefing.quarter)
    where = ""
    if briefing.seats:
        where = f" · {desk.names.table(briefing.seats[0].table)}, round {briefing.round + 1}"
    return tag(
        "section",
        tag("h2", ASKED[briefing.question]),
        tag("p", f"You are {name}, {quarter}{where}.", class_="hs-soft"),
        _briefing(desk, briefing),
        forms[briefing.question](desk, briefing, answer),
        tag(
            "div",
            *_send(briefing),
            tag(
                "button",
                "As my adviser would",
                type="button",
                data_pick="hand:advice",
                class_="hs-button",
            ),
            tag(
                "button",
                "Leave the quarter to my adviser",
                type="button",
                data_pick="hand:rest",
                class_="hs-button",
            ),
            class_="hs-row",
        ),
    )


def _briefing(desk: Desk, briefing: Briefing) -> Markup:
    """What the seat wants and believes: nothing here is told of anybody's mind but its own."""
    game, goals = desk.game, briefing.goals
    scenario = game.game.scenario
    me = scenario.actor(briefing.actor)
    cares = sorted(zip(ACCOUNTS, goals.weights[:, 0], strict=True), key=lambda c: -c[1])
    trust, hostile = reliability(game.world)[me, :, 0], game.world.hostility[me, :, 0]
    rows = [
        tag(
            "tr",
            tag("td", game.file.actors[a].name),
            tag("td", share(float(trust[n]))),
            tag("td", share(float(hostile[n]))),
        )
        for n, a in enumerate(scenario.actors)
        if n != me
    ]
    said = ", ".join(f"{ABOUT[k][0].lower()} {percent(float(w))}" for k, w in cares)
    support = percent(float(game.world.support[me, 0]))
    return tag(
        "details",
        tag("summary", "Your briefing"),
        tag(
            "p",
            f"What your office cares about: {said}. How far it treats ties as deals:"
            f" {share(float(goals.transactionalism[0]))} of 1. A loss weighs"
            f" {float(goals.loss_aversion[0]):g} times a gain. Support at home: {support}.",
        ),
        tag(
            "table",
            tag(
                "tr",
                tag("th", "as you believe", scope="col"),
                tag("th", "keeps its word", scope="col"),
                tag("th", "is hostile", scope="col"),
            ),
            *rows,
        ),
    )


def _send(briefing: Briefing) -> Iterator[Markup]:
    if briefing.question == "reply":
        for pick, words in (("yes", "Accept"), ("no", "Refuse")):
            yield tag(
                "button", words, type="button", data_pick=f"hand:{pick}", class_="hs-button hs-main"
            )
    else:
        yield tag(
            "button", "Decide", type="button", data_pick="hand:send", class_="hs-button hs-main"
        )


def waiting(game: Watched) -> Briefing:
    """Return the briefing that waits for an answer."""
    assert game.waiting is not None
    return game.waiting


def advice(game: Watched) -> Decision:
    """Return what the doctrine of the seat would answer."""
    assert game.adviser is not None
    return game.adviser.decide(waiting(game))


def drafted(desk: Desk) -> Decision:
    """Return the answer as it stands; at first what the adviser says."""
    briefing = waiting(desk.game)
    if desk.answer is None or desk.answer[0] is not briefing:
        desk.answer = (briefing, advice(desk.game))
    kept: Decision = desk.answer[1]
    return kept


def needs_nobody(briefing: Briefing) -> bool:
    """Say whether there is nothing to decide: the other speaks, no promise falls due, …."""
    if briefing.question == "offer":
        return briefing.my_turn is not None and not briefing.my_turn[0]
    if briefing.question == "reply":
        offered, mine = briefing.offered, briefing.my_turn
        return offered is None or offered[0] <= 0 or (mine is not None and bool(mine[0]))
    if briefing.question == "honour":
        return briefing.promises is None or not briefing.promises.due.any()
    return briefing.question == "agenda" and not any(p.available[0] for p in briefing.prospects)


def go_on(desk: Desk, decision: Decision | None = None, *, rest: bool = False) -> None:
    """Give an answer and go on to the next question that needs a person.

    decision : None where the game goes on to its first question; rest : leave the rest to the
    adviser
    """
    game = desk.game
    while game.waiting is not None:
        if decision is None:
            if not rest and not needs_nobody(game.waiting):
                break
            decision = advice(game)
        assert game.seat is not None
        game.seat.answer(decision)
        decision = None
        game.go_on()
    desk.answer = None


def act(desk: Desk, what: str) -> None:
    """Do what a button of the panel says."""
    game = desk.game
    if game.waiting is None:
        return
    answer = drafted(desk)
    if what in ("yes", "no"):
        go_on(desk, replace(answer, accept=np.array([what == "yes"])))
    elif what == "advice":
        go_on(desk, advice(game))
    elif what == "rest":
        go_on(desk, rest=True)
    elif (problem := too_much(waiting(game), answer)) is not None:
        desk.trouble = problem
        return
    else:
        go_on(desk, answer)
    desk.trouble = ""
    if game.waiting is None:
        desk.panel = "quarter"


def too_much(briefing: Briefing, answer: Decision) -> str | None:
    """Say what in an answer cannot be, None if it can."""
    if briefing.question == "agenda" and briefing.slots is not None and answer.open is not None:
        free = int(briefing.slots[0])
        if answer.open.sum() > free:
            return f"You can keep {free} tables open, not {int(answer.open.sum())}: close some."
    if answer.choice is not None and briefing.options is not None:
        chosen = [int(c) for c in answer.choice[:, 0] if c >= 0]
        levers = [int(briefing.options.lever[c]) for c in chosen]
        if len(set(levers)) < len(levers):
            return "The two moves must be on different things."
    return None


def put(desk: Desk, field: str, value: str) -> None:
    """Change the draft of the answer: `open.2`, `name.2.17`, `norm.2`, `offer`, `move.0`, ….

    An array is copied before it is changed: the adviser may have handed out its own.
    """
    if desk.game.waiting is None:
        return
    briefing, answer = waiting(desk.game), drafted(desk)
    what, *where = field.split(".")
    place = [int(w) for w in where]
    changed: dict[str, Any] = {}
    if what in ("open", "announce", "carry_out", "keep"):
        changed[what] = _with(getattr(answer, what), place[0], value == "true")
    elif what == "name":
        assert answer.named is not None
        changed["named"] = _named(answer.named, place[0], place[1], yes=value == "true")
    elif what == "norm":
        changed["norm"] = _with(answer.norm, place[0], int(value))
    elif what == "offer":
        changed["offer"] = np.array([int(value)])
    elif what == "move":
        changed["choice"] = _with(answer.choice, place[0], int(value))
    desk.trouble = ""
    desk.answer = (briefing, replace(answer, **changed))


def _with(array: Any, row: int, value: object) -> Any:
    out = array.copy()
    out[row] = value
    return out


def _named(named: Any, table: int, lever: int, *, yes: bool) -> Any:
    """Name a lever in the next free slot, or no more."""
    kept = [int(x) for x in named[table, :, 0] if x >= 0 and x != lever]
    kept = ([*kept, lever] if yes else kept)[-named.shape[1] :]
    out = named.copy()
    out[table] = -1
    out[table, : len(kept), 0] = kept
    return out
