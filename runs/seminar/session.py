"""The state of a class, as a fold of the events of its record.

`fold` reads nothing but the events: no clock, no chance, no engine. What each viewer has been shown
is counted here, too (`feed`), so that a browser can resume, and so that nobody's counter moves by
what is secret to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from runs.seminar.record import Event
from runs.seminar.seats import Condition, Orders

WHITE, SCREEN = "white", "screen"  # the facilitator (white cell), and the projector
LOBBY, OPEN, PUBLISHED, OVER = "lobby", "open", "published", "over"


@dataclass
class Device:
    """A browser that has joined."""

    seat: str  # an actor, or WHITE
    name: str  # a pseudonym
    number: int


@dataclass
class Version:
    """One version of a deal; a counter-offer is a child of the one that it answers."""

    id: str
    turn: int
    by: str
    parties: tuple[str, ...]
    moves: dict[str, float]  # lever → setting
    words: str  # what the moves do not say: it binds nobody
    parent: str | None
    minutes: float | None  # of the turn's clock that it can be accepted; None: to the turn's end
    condition: dict[str, Any] | None  # at the end of the turn, or it binds nobody
    hash: str  # of all of the above
    expires: float | None = None  # seconds since 1970, while the clock runs
    left: float | None = None  # seconds, while it stands
    openers: dict[str, str] = field(default_factory=dict)  # once signed: table → who calls talks
    yes: set[str] = field(default_factory=set)
    no: set[str] = field(default_factory=set)
    status: str = "open"  # open, signed, refused, withdrawn, replaced, expired

    @property
    def open(self) -> bool:
        """It can still be accepted."""
        return self.status == "open"


@dataclass
class Message:
    """Words of one team to others: cheap talk, without effect on the state."""

    id: int
    turn: int
    by: str
    to: tuple[str, ...]  # empty: to everybody
    text: str
    at: float


@dataclass
class Inject:
    """News that the white cell releases."""

    id: str
    text: str
    to: tuple[str, ...]  # empty: to everybody
    effects: list[dict[str, Any]]
    turn: int | None  # released when this turn begins; None: by hand, or by a trigger
    trigger: str = ""  # released with the turn after one in which this happened
    status: str = "ready"  # ready, released, revoked
    released: int = 0  # turn


@dataclass
class Turn:
    """A turn that was published."""

    number: int
    orders: dict[str, dict[str, Any] | None]
    tabled: dict[str, dict[str, Any]]
    used: dict[str, str]  # seat → orders, draft or doctrine
    quarters: list[list[dict[str, Any]]]  # the engine's events, with all answers
    overrides: list[dict[str, Any]]
    digest: str
    fates: dict[str, dict[str, Any]]  # signed deal → what became of it


@dataclass
class Session:
    """The class as it stands."""

    id: str = ""
    scenario: str = ""
    seed: int = 1
    language: str = "en"
    title: str = ""
    created: float = 0.0
    held: dict[str, str] = field(default_factory=dict)  # actor → people or doctrine
    white: str = ""  # salted digest of the facilitator's word
    devices: dict[str, Device] = field(default_factory=dict)  # digest of the cookie → device
    codes: dict[str, str] = field(default_factory=dict)  # digest of a code → seat
    used: set[str] = field(default_factory=set)  # digests of codes that were used up
    issued: dict[str, int] = field(default_factory=dict)  # seat → codes issued
    leader: dict[str, int] = field(default_factory=dict)  # seat → device that holds the orders
    turn: int = 0
    phase: str = LOBBY
    deadline: float | None = None
    left: float | None = None  # seconds, while the clock is paused
    messages: list[Message] = field(default_factory=list)
    deals: dict[str, Version] = field(default_factory=dict)
    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    locked: dict[str, dict[str, Any]] = field(default_factory=dict)  # seat → orders and commitment
    turns: list[Turn] = field(default_factory=list)
    injects: dict[str, Inject] = field(default_factory=dict)
    overrides: list[dict[str, Any]] = field(default_factory=list)  # ready for this turn
    reflections: dict[tuple[int, str], str] = field(default_factory=dict)
    forecasts: dict[tuple[int, str], dict[str, float]] = field(default_factory=dict)
    help: dict[str, str] = field(default_factory=dict)  # seat → what it asks the white cell
    debrief: bool = False
    log: list[str] = field(default_factory=list)  # for the facilitator, in words
    feed: dict[str, int] = field(default_factory=dict)  # viewer → events shown to it
    last: int = 0

    def teams(self) -> list[str]:
        """Seats that people hold."""
        return [a for a, by in self.held.items() if by == "people"]

    def viewers(self) -> list[str]:
        """Everybody who is shown something of their own."""
        return [WHITE, SCREEN, *self.held]


def deal_hash(
    turn: int,
    by: str,
    parties: Iterable[str],
    moves: Mapping[str, float],
    words: str,
    parent: str | None,
    minutes: float | None,
    condition: Mapping[str, Any] | None,
) -> str:
    """Digest by which a version of a deal is accepted, so that a later edit binds nobody."""
    hangs_on = sorted(condition.items()) if condition else None
    kept = (sorted(parties), sorted(moves.items()), words, parent, minutes, hangs_on)
    text = repr((turn, by, *kept))
    return sha256(text.encode()).hexdigest()[:16]


def read_orders(written: Mapping[str, Any]) -> Orders:
    """Turn orders as they were written down back into orders."""
    return Orders(
        {k: float(v) for k, v in written.get("moves", {}).items()},
        dict(written.get("demands", {})),
        frozenset(written.get("threats", ())),
        frozenset(written.get("let_pass", ())),
        frozenset(written.get("broken", ())),
    )


def read_condition(written: Mapping[str, Any] | None) -> Condition | None:
    """Turn a condition as it was written down back into a condition."""
    return None if not written else Condition(**written)


def effects_of(changes: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return all effects of what the white cell changed in a turn."""
    return tuple(effect for change in changes for effect in change["effects"])


def fold(events: Iterable[Event]) -> Session:
    """Return the state after these events."""
    session = Session()
    for event in events:
        apply(session, event)
    return session


def apply(session: Session, event: Event) -> None:
    """Let one event change the state."""
    HANDLERS[event.kind](session, event)
    session.last = event.id
    for viewer in _shown_to(session, event):
        session.feed[viewer] = session.feed.get(viewer, 0) + 1


PUBLIC = {"created", "turn_begun", "clock", "published", "rewound", "debrief", "language", "held"}
PRIVATE = {"draft", "locked", "unlocked", "reflection", "forecast", "took_over", "help", "joined"}


def _shown_to(session: Session, event: Event) -> set[str]:
    """Viewers whose pages this event changes."""
    data, everybody = event.data, set(session.viewers())
    if event.kind in PUBLIC:
        return everybody
    shown = {WHITE}
    if event.kind in PRIVATE:
        shown.add(str(data["seat"]))
    elif event.kind == "message":
        shown |= {str(data["by"]), *data["to"]} if data["to"] else everybody
    elif event.kind in ("offer", "answer", "withdrawn"):
        shown |= set(session.deals[data["id"]].parties)
    elif event.kind == "inject_released":
        to = session.injects[data["id"]].to
        shown |= set(to) if to else everybody
    return shown


def _created(s: Session, e: Event) -> None:
    d = e.data
    s.id, s.scenario, s.seed, s.language = d["id"], d["scenario"], d["seed"], d["language"]
    s.title, s.created, s.white = d["title"], e.at, d["white"]
    s.held = dict.fromkeys(d["actors"], "doctrine")


def _language(s: Session, e: Event) -> None:
    s.language = e.data["language"]


def _held(s: Session, e: Event) -> None:
    s.held[e.data["seat"]] = e.data["by"]
    if e.data["by"] == "doctrine":
        s.locked.pop(e.data["seat"], None)


def _code(s: Session, e: Event) -> None:
    s.codes[e.data["code"]] = e.data["seat"]
    s.issued[e.data["seat"]] = max(s.issued.get(e.data["seat"], 0), e.data["number"])


def _joined(s: Session, e: Event) -> None:
    d = e.data
    if d.get("code"):
        s.used.add(d["code"])
    number = len(s.devices) + 1
    s.devices[d["token"]] = Device(d["seat"], d["name"], number)
    s.leader.setdefault(d["seat"], number)
    if d["seat"] in s.held:
        s.held[d["seat"]] = "people"


def _left(s: Session, e: Event) -> None:
    s.devices.pop(e.data["token"], None)


def _took_over(s: Session, e: Event) -> None:
    s.leader[e.data["seat"]] = e.data["device"]


def _turn_begun(s: Session, e: Event) -> None:
    s.turn, s.phase = e.data["turn"], OPEN
    s.deadline, s.left = None, e.data.get("seconds")
    s.drafts, s.locked, s.overrides, s.help = {}, {}, [], {}
    for version in s.deals.values():
        if version.open:
            version.status = "expired"
    for inject in s.injects.values():
        if inject.turn == s.turn and inject.status == "ready":
            inject.status, inject.released = "released", s.turn


def _clock(s: Session, e: Event) -> None:
    """Set the clock; offers that stand for some minutes of it go and stop with it."""
    s.deadline, s.left = e.data["deadline"], e.data["left"]
    for version in s.deals.values():
        if version.open and version.minutes is not None:
            _run_out(s, version, e.at)


def _run_out(s: Session, version: Version, at: float) -> None:
    """Turn the time that an offer stands into a moment while the clock runs, and back."""
    if s.deadline is not None and version.left is not None:
        version.expires = at + version.left
        version.left = None
    elif s.deadline is None and version.expires is not None:
        version.left = max(0.0, version.expires - at)
        version.expires = None


def _message(s: Session, e: Event) -> None:
    d = e.data
    s.messages.append(Message(e.id, s.turn, d["by"], tuple(d["to"]), d["text"], e.at))


def _help(s: Session, e: Event) -> None:
    s.help[e.data["seat"]] = e.data["text"]


def _offer(s: Session, e: Event) -> None:
    d = e.data
    parent = s.deals.get(d["parent"]) if d["parent"] else None
    if parent is not None and parent.open:
        parent.status = "replaced"
    s.deals[d["id"]] = Version(
        d["id"],
        s.turn,
        d["by"],
        tuple(d["parties"]),
        dict(d["moves"]),
        d["words"],
        d["parent"],
        d.get("minutes"),
        d.get("condition"),
        d["hash"],
        yes={d["by"]},
    )
    if d.get("minutes") is not None:
        s.deals[d["id"]].left = 60.0 * d["minutes"]
        _run_out(s, s.deals[d["id"]], e.at)


def _answer(s: Session, e: Event) -> None:
    version, seat = s.deals[e.data["id"]], e.data["seat"]
    (version.yes if e.data["yes"] else version.no).add(seat)
    version.openers = dict(e.data.get("openers", {}))
    if version.no:
        version.status = "refused"
    elif version.yes >= set(version.parties):
        version.status = "signed"


def _withdrawn(s: Session, e: Event) -> None:
    s.deals[e.data["id"]].status = "withdrawn"


def _draft(s: Session, e: Event) -> None:
    s.drafts[e.data["seat"]] = dict(e.data["orders"])


def _locked(s: Session, e: Event) -> None:
    d = e.data
    s.drafts[d["seat"]] = dict(d["orders"])
    s.locked[d["seat"]] = {
        "orders": dict(d["orders"]),
        "salt": d["salt"],
        "commitment": d["commitment"],
        "by": d["by"],
    }


def _unlocked(s: Session, e: Event) -> None:
    s.locked.pop(e.data["seat"], None)


def _override(s: Session, e: Event) -> None:
    s.overrides.append({"effects": list(e.data["effects"]), "reason": e.data["reason"]})


def _override_dropped(s: Session, e: Event) -> None:
    del s.overrides[e.data["place"]]


def _published(s: Session, e: Event) -> None:
    d = e.data
    s.turns.append(
        Turn(
            d["turn"],
            d["orders"],
            d["tabled"],
            d["used"],
            d["quarters"],
            d["overrides"],
            d["digest"],
            d.get("fates", {}),
        )
    )
    s.phase = OVER if d["last"] else PUBLISHED
    s.deadline = s.left = None
    s.overrides = []


def _inject(s: Session, e: Event) -> None:
    d = e.data
    s.injects[d["id"]] = Inject(
        d["id"], d["text"], tuple(d["to"]), d["effects"], d["turn"], d.get("trigger", "")
    )


def _inject_released(s: Session, e: Event) -> None:
    inject = s.injects[e.data["id"]]
    inject.status, inject.released = "released", s.turn
    if inject.effects:
        s.overrides.append({"effects": inject.effects, "reason": inject.text})


def _inject_revoked(s: Session, e: Event) -> None:
    s.injects[e.data["id"]].status = "revoked"


def _reflection(s: Session, e: Event) -> None:
    s.reflections[e.data["turn"], e.data["seat"]] = e.data["text"]


def _forecast(s: Session, e: Event) -> None:
    s.forecasts.setdefault((e.data["turn"], e.data["seat"]), {}).update(e.data["odds"])


def _rewound(s: Session, e: Event) -> None:
    """Go back to the beginning of a turn; the record keeps what is undone."""
    turn = e.data["turn"]
    s.turns = [t for t in s.turns if t.number < turn]
    s.turn, s.phase = turn, OPEN
    s.deadline, s.left, s.debrief = None, None, False
    s.deals = {k: v for k, v in s.deals.items() if v.turn < turn}
    s.messages = [m for m in s.messages if m.turn < turn]
    s.reflections = {k: v for k, v in s.reflections.items() if k[0] < turn}
    s.forecasts = {k: v for k, v in s.forecasts.items() if k[0] < turn}
    s.drafts, s.locked, s.overrides = {}, {}, []
    for inject in s.injects.values():
        if inject.status == "released" and inject.released >= turn:
            inject.status = "ready"


def _debrief(s: Session, e: Event) -> None:
    s.debrief = e.data["open"]


HANDLERS = {
    "created": _created,
    "language": _language,
    "held": _held,
    "code": _code,
    "joined": _joined,
    "left": _left,
    "took_over": _took_over,
    "turn_begun": _turn_begun,
    "clock": _clock,
    "message": _message,
    "help": _help,
    "offer": _offer,
    "answer": _answer,
    "withdrawn": _withdrawn,
    "draft": _draft,
    "locked": _locked,
    "unlocked": _unlocked,
    "override": _override,
    "override_dropped": _override_dropped,
    "published": _published,
    "inject": _inject,
    "inject_released": _inject_released,
    "inject_revoked": _inject_revoked,
    "reflection": _reflection,
    "forecast": _forecast,
    "rewound": _rewound,
    "debrief": _debrief,
}
