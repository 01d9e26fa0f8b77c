"""What the forms of the pages ask for, one function each; they say where to go afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.datastructures import FormData

from runs.seminar.access import KEY_FILE
from runs.seminar.deal_words import condition_of
from runs.seminar.dealing import Terms
from runs.seminar.ground import Refused
from runs.seminar.live import QUESTIONS
from runs.seminar.session import WHITE

if TYPE_CHECKING:
    from runs.seminar.web import Site, Who

MOST_CODES = 60  # made at a time
Action = Callable[["Site", "Who", FormData], str]
TEAM: dict[str, Action] = {}
WHITE_CELL: dict[str, Action] = {}


def team(action: Action) -> Action:
    """Register what a team can ask for."""
    TEAM[action.__name__] = action
    return action


def white(action: Action) -> Action:
    """Register what the white cell can ask for."""
    WHITE_CELL[action.__name__] = action
    return action


def _text(form: FormData, name: str) -> str:
    return str(form.get(name) or "")


def _request(who: Who, form: FormData) -> str | None:
    """Name of the request, this browser's own: a retry is known by it."""
    given = _text(form, "request")[:64]
    return f"{who.device} {given}" if given else None


def _number(form: FormData, name: str) -> float:
    try:
        return float(_text(form, name))
    except ValueError:
        raise Refused("A number is missing.") from None


def _moves(form: FormData) -> dict[str, float]:
    """Read the changes of a deal; what was left as it is, is no part of it."""
    out = {}
    for key, value in form.multi_items():
        if key.startswith("move ") and str(value) not in ("", "as it is"):
            try:
                out[key.removeprefix("move ")] = float(str(value))
            except ValueError:
                raise Refused("A number is missing.") from None
    return out


def _terms(site: Site, form: FormData) -> Terms:
    """Read what a proposal says beside its changes."""
    minutes = _number(form, "minutes") if _text(form, "minutes") else None
    said, condition = _text(form, "condition"), None
    if said:
        condition = condition_of(site.live, said)
        if condition is None:
            raise Refused("A deal can hang only on what all can see: choose it from the list.")
    return Terms(_text(form, "words"), minutes, condition)


@team
def message(site: Site, who: Who, form: FormData) -> str:
    """Send words."""
    to = [] if _text(form, "public") else [str(x) for x in form.getlist("to")]
    if not to and not _text(form, "public"):
        raise Refused("Choose to whom, or make it public.")
    site.live.send(who.seat, to, _text(form, "text"), _request(who, form))
    return "/team#messages"


@team
def offer(site: Site, who: Who, form: FormData) -> str:
    """Propose a deal, or answer one with another version."""
    parties = [str(x) for x in form.getlist("with")]
    parent = _text(form, "parent") or None
    site.live.offer(
        who.seat, parties, _moves(form), _terms(site, form), parent, _request(who, form)
    )
    return "/team#deals"


@team
def answer(site: Site, who: Who, form: FormData) -> str:
    """Sign or refuse what was read."""
    yes = _text(form, "yes") == "1"
    site.live.answer(who.seat, _text(form, "id"), _text(form, "hash"), yes, _request(who, form))
    return "/team#deals"


@team
def withdraw(site: Site, who: Who, form: FormData) -> str:
    """Take an offer back."""
    site.live.withdraw(who.seat, _text(form, "id"), _request(who, form))
    return "/team#deals"


def written_orders(form: FormData) -> dict[str, Any]:
    """Read an order form; a blank line stays blank."""
    moves, demands = {}, {}
    for key, value in form.multi_items():
        if key.startswith("lever "):
            moves[key.removeprefix("lever ")] = str(value)
        elif key.startswith("demand "):
            demands[key.removeprefix("demand ")] = str(value)
    ticked = {
        name: [str(x) for x in form.getlist(name)] for name in ("threats", "let_pass", "broken")
    }
    return {"moves": moves, "demands": demands, **ticked}


@team
def save(site: Site, who: Who, form: FormData) -> str:
    """Keep a draft, or lock the orders."""
    lock = _text(form, "lock") == "1"
    site.live.save(who.seat, who.device, written_orders(form), lock, _request(who, form))
    return "/team#orders"


@team
def unlock(site: Site, who: Who, form: FormData) -> str:
    """Open the orders again."""
    site.live.unlock(who.seat)
    return "/team#orders"


@team
def take_over(site: Site, who: Who, form: FormData) -> str:
    """Take the pen."""
    site.live.append("took_over", {"seat": who.seat, "device": who.device})
    return "/team#orders"


@team
def help_me(site: Site, who: Who, form: FormData) -> str:
    """Call the white cell, or ask it for information."""
    text = _text(form, "text").strip()[:500] or "Please come to us."
    site.live.append("help", {"seat": who.seat, "text": text})
    return "/team"


@team
def reflect(site: Site, who: Who, form: FormData) -> str:
    """Keep the minute of reflection."""
    site.live.reflect(who.seat, _text(form, "text"), _request(who, form))
    return "/team"


@team
def forecast(site: Site, who: Who, form: FormData) -> str:
    """Keep what the team expects."""
    odds = {q: _number(form, q) for q in QUESTIONS if _text(form, q)}
    site.live.forecast(who.seat, odds, _request(who, form))
    return "/team#orders"


@white
def begin(site: Site, who: Who, form: FormData) -> str:
    """Open the next turn."""
    minutes = _number(form, "minutes") if _text(form, "minutes") else 10.0
    site.live.begin_turn(minutes * 60.0)
    return "/white"


@white
def clock(site: Site, who: Who, form: FormData) -> str:
    """Start, pause or change the clock."""
    action = _text(form, "do")
    minutes = _number(form, "minutes") if _text(form, "minutes") else 0.0
    site.live.set_clock(action, minutes)
    return "/white"


@white
def publish(site: Site, who: Who, form: FormData) -> str:
    """Publish the turn."""
    site.live.publish()
    return "/white"


@white
def say(site: Site, who: Who, form: FormData) -> str:
    """Write to teams."""
    to = [str(x) for x in form.getlist("to")]
    site.live.send(WHITE, to, _text(form, "text"), _request(who, form))
    return "/white#messages"


@white
def change(site: Site, who: Who, form: FormData) -> str:
    """Override the outcome, with a reason."""
    site.live.add_override([_effect(form)], _text(form, "reason"))
    return "/white?preview#preview"


@white
def drop_change(site: Site, who: Who, form: FormData) -> str:
    """Take an override back before the turn is published."""
    place = int(_number(form, "place"))
    if not 0 <= place < len(site.live.session.overrides):
        raise Refused("There is no such change any more.")
    site.live.append("override_dropped", {"place": place})
    return "/white?preview#preview"


def _effect(form: FormData) -> dict[str, Any]:
    """Read one effect: a position is set, support or trust moves, a draw of the turn is ruled."""
    kind = _text(form, "kind")
    if kind == "lever":
        lever, _, value = _text(form, "position").partition(" ")
        try:
            return {"lever": lever, "to": float(value)}
        except ValueError:
            raise Refused("A number is missing.") from None
    if kind == "support":
        return {"support": _text(form, "seat"), "add": _number(form, "add") / 100.0}
    if kind == "trust" and _text(form, "word") in ("kept", "broken"):
        return {"about": _text(form, "whose"), _text(form, "word"): 1.0}
    if kind == "ruling":
        try:
            ruling = json.loads(_text(form, "ruling"))
        except ValueError:
            ruling = None
        if isinstance(ruling, dict):
            return ruling
    raise Refused("Choose what is to change.")


@white
def inject(site: Site, who: Who, form: FormData) -> str:
    """Prepare news, for now or for a turn."""
    text = _text(form, "text").strip()
    if not text:
        raise Refused("The message is empty.")
    turn = int(_number(form, "turn")) if _text(form, "turn") else None
    trigger = _text(form, "trigger")
    if trigger not in ("", *QUESTIONS):
        raise Refused("Choose what is to change.")
    effects = [] if _text(form, "kind") in ("", "none") else [_effect(form)]
    number = len(site.live.session.injects) + 1
    to = sorted(str(x) for x in form.getlist("to"))
    data = {
        "trigger": trigger,
        "id": f"inject-{number}",
        "text": text[:1000],
        "to": to,
        "effects": effects,
        "turn": turn,
    }
    site.live.append("inject", data)
    return "/white#injects"


def _settle_news(site: Site, form: FormData, event: str) -> str:
    """Note what becomes of prepared news, once."""
    id_ = _text(form, "id")
    found = site.live.session.injects.get(id_)
    if found is None or found.status != "ready":
        raise Refused("That news has been released or taken back already.")
    site.live.append(event, {"id": id_})
    return "/white#injects"


@white
def release(site: Site, who: Who, form: FormData) -> str:
    """Release prepared news."""
    return _settle_news(site, form, "inject_released")


@white
def revoke(site: Site, who: Who, form: FormData) -> str:
    """Take prepared news back."""
    return _settle_news(site, form, "inject_revoked")


@white
def hold(site: Site, who: Who, form: FormData) -> str:
    """Hand a seat to its doctrine, or back to the team."""
    seat, by = _text(form, "seat"), _text(form, "by")
    if seat not in site.live.session.held or by not in ("people", "doctrine"):
        raise Refused("There is no such team.")
    site.live.hold(seat, by)
    return "/white#teams"


@white
def code(site: Site, who: Who, form: FormData) -> str:
    """Make another code for a seat, or several."""
    from runs.seminar.cards import issue

    seat = _text(form, "seat")
    if seat not in site.live.session.held:
        raise Refused("There is no such team.")
    count = int(_number(form, "count")) if _text(form, "count") else 1
    issue(site.live, site.keys, seat, min(max(count, 1), MOST_CODES))
    return "/cards"


@white
def rewind(site: Site, who: Who, form: FormData) -> str:
    """Go back to the beginning of a turn."""
    site.live.rewind(int(_number(form, "turn")))
    return "/white"


@white
def fork(site: Site, who: Who, form: FormData) -> str:
    """Begin another section at the beginning of a turn, in a folder of its own."""
    turn = int(_number(form, "turn"))
    folder = site.live.fork(turn)
    shutil.copy(site.live.folder / KEY_FILE, folder / KEY_FILE)
    command = f"hubspoke seminar {site.live.session.scenario} --data {folder}"
    site.live.append("message", {"by": WHITE, "to": [WHITE], "text": command})
    return "/white#messages"


@white
def debrief(site: Site, who: Who, form: FormData) -> str:
    """Open or close the debrief."""
    site.live.append("debrief", {"open": _text(form, "open") == "1"})
    return "/white"


@white
def paper(site: Site, who: Who, form: FormData) -> str:
    """Enter the orders of a team that handed them in on paper."""
    seat = _text(form, "seat")
    if seat not in site.live.session.held:
        raise Refused("There is no such team.")
    if site.live.session.held[seat] != "people":
        site.live.append("held", {"seat": seat, "by": "people"})
    written = (
        json.loads(_text(form, "orders") or "{}") if form.get("orders") else written_orders(form)
    )
    site.live.save(seat, 0, written, _text(form, "lock") == "1", _request(who, form))
    return "/white#teams"
