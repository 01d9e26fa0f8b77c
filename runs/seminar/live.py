"""A seminar that is going on: what people ask for is checked, kept in the record, and takes effect.

One writer: every method that changes something runs under `lock`, appends its event, and only then
lets the state follow. What cannot be done is refused in words that a person can act on.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from model.overrides import KIND as OVERRIDE
from model.overrides import override
from model.reading import read
from model.transcript import StoredSeat
from model.turn import Quarter, Record as Quarterly
from model.world import World
from runs.seminar import session as fold_
from runs.seminar.forms import Forms, table_of
from runs.seminar.record import FILE, Event, Record
from runs.seminar.seats import Orders, Tabled
from runs.seminar.session import (
    LOBBY,
    OPEN,
    OVER,
    PUBLISHED,
    Session,
    Version,
    deal_hash,
    read_orders,
)
from runs.seminar.turns import (
    QUARTERS,
    Match,
    Plans,
    Played,
    agenda_slots,
    ask_doctrine,
    digest_of,
    opening,
    play_turn,
    proposals,
    why_impossible,
)

LONGEST_TEXT = 2000
ROUNDS = QUARTERS  # times the rounds of a quarter's talks: versions at a table in a turn
QUESTIONS = ("crisis", "threat", "deals")  # of the forecasts, resolved from the turn itself
MANY_DEALS = 3


class Refused(Exception):  # noqa: N818 - an answer to a person, not a fault
    """What was asked for cannot be done; says why, and what can be done instead."""

    def __init__(self, text: str, **words: object) -> None:
        super().__init__(text.format(**words) if words else text)
        self.text, self.words = text, words


class Live:
    """One seminar: its record, the state of the class, and the engine's game behind it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.record = Record(folder / FILE)
        self.session: Session = fold_.fold(self.record.events())
        self.changed = 0  # grows with every event, for the streams
        self.match: Match | None = None
        self.worlds: list[World] = []  # before each turn, and after the last
        self.records: list[tuple[Quarterly, ...]] = []  # per turn
        self._preview: tuple[int, Played, World] | None = None
        if self.session.id:
            self._set_up()
            self._catch_up()

    # ---------------------------------------------------------------- the record

    def append(
        self, kind: str, data: Mapping[str, Any], request: str | None = None
    ) -> Event | None:
        """Keep an event and let the state follow; None if the request was kept before."""
        event = self.record.append(kind, data, request)
        if event is not None:
            fold_.apply(self.session, event)
            self.changed += 1
        return event

    def create(self, scenario: str, seed: int, language: str, white: str) -> None:
        """Begin the record of a new seminar."""
        file = read(scenario)
        self.append(
            "created",
            {
                "id": secrets.token_hex(4),
                "scenario": scenario,
                "seed": seed,
                "language": language,
                "title": file.title,
                "actors": sorted(file.actors),
                "white": white,
            },
        )
        self._set_up()

    def _set_up(self) -> None:
        """Make the game, and play the published turns again from their stored answers."""
        self.match = Match.of(read(self.session.scenario), self.session.seed)
        self.forms = Forms(self.match)
        self.worlds, self.records = [self.match.start()], []
        for turn in self.session.turns:
            world, records = replay_turn(self.match, self.worlds[-1], turn.quarters)
            for change in turn.overrides:
                world = override(self.match.game, world, self.match.chance, change["effects"])
            if digest_of(world) != turn.digest:
                raise RuntimeError(f"turn {turn.number} led to another state than the record says")
            self.worlds.append(world)
            self.records.append(records)

    @property
    def game(self) -> Match:
        """The match; there is one as soon as the seminar has been created."""
        assert self.match is not None
        return self.match

    @property
    def world(self) -> World:
        """The world before the turn that is being played, or after the last one."""
        return self.worlds[-1]

    def middle(self) -> World:
        """Positions as the tables meet: after the news of the quarter."""
        if self.session.phase != OPEN:
            return self.world
        return opening(self.game, self.world)[0]

    # ---------------------------------------------------------------- turns and clock

    def begin_turn(self, seconds: float | None = None) -> None:
        """Open the next turn for talks and orders."""
        s = self.session
        if s.phase == OPEN:
            raise Refused("Turn {n} is going on. Publish it first.", n=s.turn)
        if s.phase == OVER:
            raise Refused("All turns have been played. Open the debrief, or go back to a turn.")
        self.append("turn_begun", {"turn": s.turn + 1, "seconds": seconds})
        for inject in s.injects.values():
            if inject.status == "released" and inject.released == s.turn and inject.effects:
                self.append("override", {"effects": inject.effects, "reason": inject.text})
        self._catch_up()

    def set_clock(self, action: str, minutes: float = 0.0) -> None:
        """Start, pause, or change the clock. The deadline lives here, not in the browsers."""
        s, now = self.session, time.time()
        left = max(0.0, s.deadline - now) if s.deadline is not None else (s.left or 0.0)
        running = s.deadline is not None
        if action == "start":
            running, left = True, left if left > 0 else 600.0
        elif action == "pause":
            running = False
        elif action == "set":
            left = minutes * 60.0
        else:
            left = max(0.0, left + minutes * 60.0)
        deadline = now + left if running else None
        self.append("clock", {"deadline": deadline, "left": None if running else left})

    def late(self) -> bool:
        """The deadline of the turn has passed."""
        deadline = self.session.deadline
        return deadline is not None and time.time() > deadline

    def _open(self) -> None:
        if self.session.phase != OPEN:
            raise Refused("No turn is open. The facilitator opens the next one.")

    def _in_time(self) -> None:
        self._open()
        if self.late():
            raise Refused(
                "The time of turn {n} is over; nothing was changed. Your last saved draft counts."
                " Ask the facilitator if you need more time.",
                n=self.session.turn,
            )

    # ---------------------------------------------------------------- words

    def send(self, by: str, to: Sequence[str], text: str, request: str | None) -> None:
        """Send words to some teams, or to all."""
        text = text.strip()
        if not text:
            raise Refused("The message is empty.")
        if len(text) > LONGEST_TEXT:
            raise Refused("The message is too long: at most {n} letters.", n=LONGEST_TEXT)
        if self.session.phase == LOBBY and by != fold_.WHITE:
            raise Refused("No turn is open. The facilitator opens the next one.")
        known = {*self.session.held, fold_.WHITE}
        if not set(to) <= known:
            raise Refused("There is no such team.")
        self.append("message", {"by": by, "to": sorted(set(to)), "text": text}, request)

    # ---------------------------------------------------------------- deals

    def offer(
        self,
        by: str,
        parties: Sequence[str],
        moves: Mapping[str, float],
        words: str = "",
        parent: str | None = None,
        request: str | None = None,
    ) -> str:
        """Propose a deal, or answer one with another version; returns its id.

        Doctrines that are asked answer at once.
        """
        self._in_time()
        if self.record.knows(request):
            return ""
        everybody = sorted({by, *parties})
        self._check_parts(by, everybody, moves)
        words = words.strip()[:LONGEST_TEXT]
        if parent is not None:
            old = self.session.deals.get(parent)
            if old is None or by not in old.parties or old.turn != self.session.turn:
                raise Refused("That deal is not on the table any more. Look at the latest version.")
            if old.status == "signed":
                raise Refused("That deal has been signed by all. It can no longer be changed.")
        id_ = self._offer(by, everybody, moves, words, parent, request)
        self._doctrines_answer()
        return id_

    def _offer(
        self,
        by: str,
        parties: Sequence[str],
        moves: Mapping[str, float],
        words: str,
        parent: str | None,
        request: str | None,
    ) -> str:
        s = self.session
        mark = deal_hash(s.turn, by, parties, moves, words, parent)
        same = sum(v.hash == mark for v in s.deals.values())
        id_ = f"{mark}-{same}"
        self.append(
            "offer",
            {
                "id": id_,
                "by": by,
                "parties": sorted(parties),
                "moves": dict(moves),
                "words": words,
                "parent": parent,
                "hash": mark,
            },
            request,
        )
        return id_

    def parts(
        self, parties: Sequence[str], moves: Mapping[str, float]
    ) -> dict[str, dict[str, float]]:
        """Split a deal by the tables at which its levers can be settled."""
        out: dict[str, dict[str, float]] = {}
        for lever, value in moves.items():
            table = table_of(self.game, lever, parties)
            if table is None:
                raise Refused(
                    "{lever} cannot be settled between these teams.",
                    lever=self.forms.lever_name(lever),
                )
            out.setdefault(table, {})[lever] = value
        return out

    def _check_parts(self, by: str, parties: Sequence[str], moves: Mapping[str, float]) -> None:
        """Check that the engine's talks could take a deal up.

        Raises
        ------
        Refused
            Says what stands in the way.
        """
        if len(parties) < 2:  # noqa: PLR2004 - it takes two
            raise Refused("A deal needs two teams or more.")
        if not moves:
            raise Refused("Choose at least one change.")
        s, game = self.session, self.game
        here = [v for v in s.deals.values() if v.turn == s.turn]
        parts = self.parts(parties, moves)
        for table, part in parts.items():
            at = [v for v in here if table in self.parts(v.parties, v.moves)]
            if any(v.status == "signed" for v in at):
                raise Refused(
                    "A deal has been signed at the table {table} in this turn; one a turn.",
                    table=self.forms.table_name(table),
                )
            most = game.game.scenario.rules.rounds * ROUNDS
            if len(at) >= most:
                raise Refused(
                    "There have been {n} versions at the table {table} in this turn; the rules"
                    " allow no more.",
                    n=most,
                    table=self.forms.table_name(table),
                )
            opener = self.opener(table, by)
            self._check_slots(opener, table)
            problem = why_impossible(
                game, self.world, set(s.teams()), Tabled(table, opener, by, part, signed=False)
            )
            if problem:
                raise Refused(IMPOSSIBLE[problem], table=self.forms.table_name(table))

    def opener(self, table: str, by: str) -> str:
        """Who opened a table this turn, `by` if nobody has."""
        scenario = self.game.game.scenario
        number = [t.id for t in scenario.tables].index(table)
        standing = int(self.middle().opener[number, 0])
        if standing >= 0:
            return scenario.actors[standing]
        for version in self.session.deals.values():
            if version.turn == self.session.turn and table in self.parts(
                version.parties, version.moves
            ):
                return version.by
        return by

    def opened_by(self, actor: str) -> set[str]:
        """Tables that an actor has opened this turn, or keeps open."""
        s, scenario = self.session, self.game.game.scenario
        out = {
            t
            for v in s.deals.values()
            if v.turn == s.turn
            for t in self.parts(v.parties, v.moves)
            if self.opener(t, v.by) == actor
        }
        draft = s.drafts.get(actor, {})
        known = {t.id for t in scenario.tables}
        return out | {t for t, norm in draft.get("demands", {}).items() if norm and t in known}

    def _check_slots(self, opener: str, table: str) -> None:
        if self.session.held.get(opener) != "people":
            return
        slots = agenda_slots(self.game, self.world, opener)
        if table not in self.opened_by(opener) and len(self.opened_by(opener)) >= slots:
            raise Refused(
                "Your agenda has room for {n} tables this turn, and they are taken. Let another"
                " team call these talks.",
                n=slots,
            )

    def answer(self, seat: str, id_: str, mark: str, yes: bool, request: str | None) -> None:
        """Accept or refuse a version, bound to exactly what was read: its hash."""
        self._in_time()
        if self.record.knows(request):
            return
        version = self.session.deals.get(id_)
        if version is None or seat not in version.parties:
            raise Refused("That deal is not on the table any more. Look at the latest version.")
        if not version.open or version.turn != self.session.turn:
            raise Refused(
                "That version is closed; your answer changed nothing. Look at the latest version."
            )
        if mark != version.hash:
            raise Refused("The deal was changed while you read it. Read it again before you sign.")
        if seat in version.yes and yes:
            return
        if yes:
            self._still_free(version)
        self.append("answer", {"id": id_, "seat": seat, "yes": yes, "hash": mark}, request)

    def _still_free(self, version: Version) -> None:
        s = self.session
        for table in self.parts(version.parties, version.moves):
            for other in s.deals.values():
                if (
                    other.turn == s.turn
                    and other.status == "signed"
                    and table in self.parts(other.parties, other.moves)
                ):
                    raise Refused(
                        "A deal has been signed at the table {table} in this turn; one a turn.",
                        table=self.forms.table_name(table),
                    )

    def withdraw(self, seat: str, id_: str, request: str | None) -> None:
        """Take one's own open version back."""
        self._in_time()
        version = self.session.deals.get(id_)
        if version is None or version.by != seat:
            raise Refused("Only the team that made an offer can take it back.")
        if not version.open:
            raise Refused(
                "That version is closed; your answer changed nothing. Look at the latest version."
            )
        self.append("withdrawn", {"id": id_}, request)

    def _doctrines_answer(self) -> None:
        """Let the doctrines of empty seats answer what lies before them, and counter."""
        s = self.session
        people = set(s.teams())
        for version in [v for v in s.deals.values() if v.open and v.turn == s.turn]:
            for seat in [p for p in version.parties if p not in people and p not in version.yes]:
                if not version.open:
                    break
                accepted, counter = True, None
                for table, part in self.parts(version.parties, version.moves).items():
                    if seat not in self.forms.parties(table):
                        continue
                    by = (
                        version.by
                        if version.by in self.forms.parties(table)
                        else next(p for p in self.forms.parties(table) if p != seat)
                    )
                    offer = Tabled(table, self.opener(table, by), by, part, signed=False)
                    said = ask_doctrine(self.game, self.world, people | {by}, offer)
                    accepted = accepted and said.accepted
                    counter = counter or said.counter
                told = {"id": version.id, "seat": seat, "yes": accepted, "hash": version.hash}
                self.append("answer", told)
                wanted = counter is not None and counter != version.moves
                if not accepted and wanted and len(version.parties) == 2:  # noqa: PLR2004 - of two
                    assert counter is not None
                    known = [v.moves for v in s.deals.values() if v.turn == s.turn and v.by == seat]
                    if counter not in known:
                        self._offer(seat, version.parties, counter, "", version.id, None)

    def _catch_up(self) -> None:
        """Do what is due and may have been cut off: proposals and answers of the doctrines."""
        s = self.session
        if s.phase != OPEN:
            return
        people = set(s.teams())
        for offer in proposals(self.game, self.world, people):
            there = any(
                v.turn == s.turn and offer.table in self.parts(v.parties, v.moves)
                for v in s.deals.values()
            )
            if not there:
                parties = sorted(self.forms.parties(offer.table))
                self._offer(offer.by, parties, offer.moves, "", None, None)
        self._doctrines_answer()

    # ---------------------------------------------------------------- orders

    def save(
        self, seat: str, device: int, written: Mapping[str, Any], lock: bool, request: str | None
    ) -> None:
        """Keep a draft, or lock the orders. Late orders are refused and change nothing."""
        self._in_time()
        if self.record.knows(request):
            return
        s = self.session
        if s.leader.get(seat) != device and device:
            raise Refused("Another browser of your team holds the pen. Take it over first.")
        if seat in s.locked:
            raise Refused("Your orders are locked. Unlock them to change them.")
        orders = self.forms.check(seat, written, self.middle())
        for table, norm in orders["demands"].items():
            if norm and any(
                v.turn == s.turn
                and v.status == "signed"
                and table in self.parts(v.parties, v.moves)
                for v in s.deals.values()
            ):
                raise Refused(
                    "You cannot demand more at a table where you have signed a deal this turn."
                )
            if norm:
                self._check_slots(seat, table)
        if not lock:
            self.append("draft", {"seat": seat, "orders": orders, "by": device}, request)
            return
        salt = secrets.token_hex(16)
        self.append(
            "locked",
            {
                "seat": seat,
                "orders": orders,
                "by": device,
                "salt": salt,
                "commitment": commitment(orders, salt),
            },
            request,
        )

    def unlock(self, seat: str) -> None:
        """Open locked orders again, before the deadline."""
        self._in_time()
        if seat in self.session.locked:
            self.append("unlocked", {"seat": seat})

    # ---------------------------------------------------------------- adjudication

    def plans(self) -> tuple[Plans, dict[str, str]]:
        """Return what goes into the turn, and where each seat's orders come from."""
        s = self.session
        orders: dict[str, Orders | None] = {}
        used: dict[str, str] = {}
        for seat, by in s.held.items():
            orders[seat], used[seat] = None, "doctrine"
            if by != "people":
                continue
            if seat in s.locked:
                orders[seat], used[seat] = read_orders(s.locked[seat]["orders"]), "orders"
            elif seat in s.drafts:
                orders[seat], used[seat] = read_orders(s.drafts[seat]), "draft"
            else:
                used[seat] = "fallback"
        return Plans(orders, self.tabled()), used

    def tabled(self) -> dict[str, Tabled]:
        """Return the last word at each table: the signed version, else the last that was made."""
        s = self.session
        out: dict[str, Tabled] = {}
        for version in s.deals.values():
            if version.turn != s.turn or version.status == "withdrawn":
                continue
            signed = version.status == "signed"
            if not signed and len(version.parties) > 2:  # noqa: PLR2004 - all parties or none
                continue
            for table, part in self.parts(version.parties, version.moves).items():
                if table in out and out[table].signed:
                    continue
                by = version.by
                if by not in self.forms.parties(table):
                    by = self.forms.parties(table)[0]
                opener = out[table].opener if table in out else self.opener(table, by)
                out[table] = Tabled(table, opener, by, part, signed)
        people = set(s.teams())
        # what an empty seat proposed in vain its doctrine says again in the talks themselves
        return {t: d for t, d in out.items() if d.signed or d.by in people}

    def preview(self) -> tuple[Played, World]:
        """Play the turn as it stands, without publishing it."""
        self._open()
        if self._preview is None or self._preview[0] != self.session.last:
            plans, _ = self.plans()
            played = play_turn(self.game, self.world, plans)
            world = played.world
            for change in self.session.overrides:
                game = self.game
                world = override(game.game, world, game.chance, change["effects"])
            self._preview = (self.session.last, played, world)
        return self._preview[1], self._preview[2]

    def add_override(self, effects: list[dict[str, Any]], reason: str) -> None:
        """Change the outcome by hand, with a written reason."""
        self._open()
        if not reason.strip():
            raise Refused("Write down why: the reason stands in the record.")
        try:
            override(self.game.game, self.world, self.game.chance, effects)
        except (ValueError, TypeError) as error:
            raise Refused("This change makes no sense: {why}", why=str(error)) from None
        self.append("override", {"effects": effects, "reason": reason.strip()[:LONGEST_TEXT]})

    def publish(self) -> None:
        """Close the turn: what was previewed happens."""
        with self.lock:
            played, world = self.preview()
            plans, used = self.plans()
            s = self.session
            self.append(
                "published",
                {
                    "turn": s.turn,
                    "orders": {a: plain(o) for a, o in plans.orders.items()},
                    "tabled": {t: asdict(d) for t, d in plans.tabled.items()},
                    "used": used,
                    "quarters": [list(q) for q in played.chronicle],
                    "overrides": list(s.overrides),
                    "digest": digest_of(world),
                    "last": s.turn >= self.game.turns(),
                },
            )
            self.worlds.append(world)
            self.records.append(played.records)

    def rewind(self, turn: int) -> None:
        """Go back to the beginning of a turn; the record keeps what was played."""
        if not 1 <= turn <= len(self.session.turns) + 1:
            raise Refused("There is no such turn to go back to.")
        self.append("rewound", {"turn": turn})
        self.worlds, self.records = self.worlds[:turn], self.records[: turn - 1]
        self._catch_up()

    # ---------------------------------------------------------------- after a turn

    def reflect(self, seat: str, text: str, request: str | None) -> None:
        """Keep the minute of reflection after a turn."""
        s = self.session
        if s.phase not in (PUBLISHED, OVER):
            raise Refused("There is time for reflection once the turn has been published.")
        text = text.strip()[:LONGEST_TEXT]
        self.append("reflection", {"turn": s.turn, "seat": seat, "text": text}, request)

    def forecast(self, seat: str, odds: Mapping[str, float], request: str | None) -> None:
        """Keep what a team expects of the turn, in percent."""
        self._in_time()
        kept = {k: min(max(float(v), 0.0), 100.0) for k, v in odds.items() if k in QUESTIONS}
        self.append("forecast", {"turn": self.session.turn, "seat": seat, "odds": kept}, request)

    def transcript_events(self) -> list[list[dict[str, Any]]]:
        """Return the engine's events of all published turns, overrides where they took hold."""
        out = []
        for turn in self.session.turns:
            quarters = [list(q) for q in turn.quarters]
            for change in turn.overrides:
                quarters[-1].append({"event": OVERRIDE, **change})
            out += quarters
        return out


IMPOSSIBLE = {
    "nothing": "Everything in this deal stands there already.",
    "slots": "The agenda of the team that would call these talks is full this turn.",
    "steps": "At the table {table} this goes too far for one deal. Choose smaller changes, or fewer.",
    "demand": "At the table {table} a public demand stands; this deal falls short of it.",
    "bound": "At the table {table} something in this deal is bound by another agreement, or over a"
    " limit of forces.",
    "closed": "The table {table} cannot be opened this turn.",
}


def commitment(orders: Mapping[str, Any], salt: str) -> str:
    """Digest by which locked orders can be checked later: of the salt and the orders as JSON."""
    return sha256((salt + json.dumps(orders, sort_keys=True)).encode()).hexdigest()


def plain(orders: Orders | None) -> dict[str, Any] | None:
    """Write orders down."""
    if orders is None:
        return None
    return {
        "moves": dict(orders.moves),
        "demands": dict(orders.demands),
        "threats": sorted(orders.threats),
        "let_pass": sorted(orders.let_pass),
        "broken": sorted(orders.broken),
    }


def replay_turn(
    match: Match, world: World, quarters: Sequence[Sequence[Mapping[str, Any]]]
) -> tuple[World, tuple[Quarterly, ...]]:
    """Play a turn again from its stored answers."""
    records = []
    for told in quarters:
        answers = [e for e in told if e["event"] == "answers"]
        seats = {
            a: StoredSeat(
                a, [(e["question"], e["answers"][a]) for e in answers if a in e["answers"]]
            )
            for a in match.game.scenario.actors
        }
        record = Quarter(match.game, world, match.chance).play(seats)
        records.append(record)
        world = record.world
    return world, tuple(records)
