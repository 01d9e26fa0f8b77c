"""Talks of a seminar: messages, and deals of which each version is signed by its hash."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.seminar import session as fold_
from runs.seminar.forms import table_of
from runs.seminar.ground import LONGEST_TEXT, Ground, Refused
from runs.seminar.seats import Tabled
from runs.seminar.session import (
    LOBBY,
    OPEN,
    Version,
    deal_hash,
)
from runs.seminar.turns import (
    QUARTERS,
    ask_doctrine,
    proposals,
    why_impossible,
)

ROUNDS = QUARTERS  # times the rounds of a quarter's talks: versions at a table in a turn
LONGEST_STAND = 180.0  # minutes


@dataclass(frozen=True)
class Terms:
    """What a proposal says beside its changes."""

    words: str = ""  # they bind nobody
    minutes: float | None = None  # of the turn's clock that it can be accepted
    condition: Mapping[str, Any] | None = None  # see `Condition`


NOTHING_MORE = Terms()


class Dealing(Ground):
    """What teams say and sign."""

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
        terms: Terms = NOTHING_MORE,
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
        self._check_terms(everybody, moves, terms)
        if parent is not None:
            old = self.session.deals.get(parent)
            if old is None or by not in old.parties or old.turn != self.session.turn:
                raise Refused("That deal is not on the table any more. Look at the latest version.")
            if old.status == "signed":
                raise Refused("That deal has been signed by all. It can no longer be changed.")
        id_ = self._offer(by, everybody, moves, terms, parent, request)
        self._doctrines_answer()
        return id_

    def _check_terms(
        self, parties: Sequence[str], moves: Mapping[str, float], terms: Terms
    ) -> None:
        if terms.minutes is not None and not 0.0 < terms.minutes <= LONGEST_STAND:
            raise Refused("An offer stands for some minutes, at most {n}.", n=int(LONGEST_STAND))
        if terms.condition is None:
            return
        known = self.forms.conditions(self.middle())
        if dict(terms.condition) not in [c.written for c in known]:
            raise Refused("A deal can hang only on what all can see: choose it from the list.")
        if terms.condition.get("lever") in moves:
            raise Refused("A deal cannot hang on what it changes itself.")
        if terms.condition.get("table") in self.parts(parties, moves):
            raise Refused("A deal cannot hang on the table at which it is made.")

    def _offer(
        self,
        by: str,
        parties: Sequence[str],
        moves: Mapping[str, float],
        terms: Terms,
        parent: str | None,
        request: str | None,
    ) -> str:
        s = self.session
        words = terms.words.strip()[:LONGEST_TEXT]
        condition = None if terms.condition is None else dict(terms.condition)
        mark = deal_hash(s.turn, by, parties, moves, words, parent, terms.minutes, condition)
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
                "minutes": terms.minutes,
                "condition": condition,
                "hash": mark,
            },
            request,
        )
        return id_

    def speaker(self, by: str, table: str) -> str:
        """Who speaks for a deal at one of its tables: who made it, or the first who sits there."""
        there = self.forms.parties(table)
        return by if by in there else there[0]

    def lapsed(self, version: Version) -> bool:
        """Say whether the time that an open offer stands has run out."""
        return version.open and version.expires is not None and time.time() > version.expires

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
        """Check that the engine's talks could take a deal up, as far as its proposer can know.

        What two others have signed or called between them shows only when they are asked to sign:
        else a proposal of three would tell.

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
        openers = self._might_open(by, parties, parts)
        for table, part in parts.items():
            sits = by in self.forms.parties(table)
            at = [v for v in here if sits and table in self.parts(v.parties, v.moves)]
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
            speaker = self.speaker(by, table)
            offer = Tabled(table, openers[table], speaker, part, signed=False)
            problem = why_impossible(game, self.world, set(s.teams()), offer)
            if problem:
                raise Refused(IMPOSSIBLE[problem], table=self.forms.table_name(table))

    def _might_open(self, by: str, parties: Sequence[str], tables: Iterable[str]) -> dict[str, str]:
        """Say who would call the talks of a proposal; see `openers` for when all have signed."""
        if len(parties) == 2:  # noqa: PLR2004 - of two
            return self.openers(by, parties, tables)
        out = {}
        for table in tables:
            speaker = self.speaker(by, table)
            there = sorted(self.forms.parties(table), key=lambda a: a != speaker)
            out[table] = next((a for a in there if self.slots(a) > 0), speaker)
        return out

    def openers(self, by: str, parties: Sequence[str], tables: Iterable[str]) -> dict[str, str]:
        """Say who calls the talks at each table of a deal; each call takes a place on an agenda.

        Whoever has called them already; else who proposes. Among three or more, another who sits
        there and has room, since all have to sign.

        Raises
        ------
        Refused
            If there is no room.
        """
        out: dict[str, str] = {}
        for table in tables:
            speaker = self.speaker(by, table)
            first = self.opener(table, speaker)
            called = table in self.opened_by(first) or first != speaker
            there = sorted(self.forms.parties(table), key=lambda a: a != speaker)
            for a in [first] if called or len(parties) == 2 else there:  # noqa: PLR2004 - of two
                mine = self.opened_by(a) | {t for t, o in out.items() if o == a}
                if called or len(mine) < self.slots(a):
                    out[table] = a
                    break
            else:
                self._check_slots(first, table)
                raise Refused(
                    "No agenda has room for talks at the table {table} this turn.",
                    table=self.forms.table_name(table),
                )
        return out

    def opener(self, table: str, by: str) -> str:
        """Who opened a table this turn, `by` if nobody has."""
        scenario, s = self.game.game.scenario, self.session
        number = [t.id for t in scenario.tables].index(table)
        standing = int(self.middle().opener[number, 0])
        if standing >= 0:
            return scenario.actors[standing]
        for version in s.deals.values():
            if version.turn == s.turn and table in self._called(version):
                return self._called(version)[table]
        return by

    def _called(self, version: Version) -> dict[str, str]:
        """Return the tables that a version has called, and who calls there."""
        if version.openers and version.status == "signed":
            return version.openers
        if len(version.parties) > 2:  # noqa: PLR2004 - nothing is called before all have signed
            return {}
        return dict.fromkeys(self.parts(version.parties, version.moves), version.by)

    def opened_by(self, actor: str) -> set[str]:
        """Tables that an actor has opened this turn, or keeps open."""
        s, scenario = self.session, self.game.game.scenario
        out = {
            t
            for v in s.deals.values()
            if v.turn == s.turn
            for t in self._called(v)
            if self.opener(t, actor) == actor
        }
        draft = s.drafts.get(actor, {})
        known = {t.id for t in scenario.tables}
        return out | {t for t, norm in draft.get("demands", {}).items() if norm and t in known}

    def _check_slots(self, opener: str, table: str) -> None:
        if self.session.held.get(opener) != "people":
            return
        slots = self.slots(opener)
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
        if self.lapsed(version):
            raise Refused(
                "This offer stood for {n} minutes, and they are over; your answer changed nothing."
                " Ask for it again, or make an offer of your own.",
                n=f"{version.minutes:g}",
            )
        if mark != version.hash:
            raise Refused("The deal was changed while you read it. Read it again before you sign.")
        if seat in version.yes and yes:
            return
        self._answer(version, seat, request, yes=yes)

    def _answer(self, version: Version, seat: str, request: str | None, *, yes: bool) -> None:
        """Note an answer, and with a signature who calls the talks."""
        openers = {}
        if yes:
            self._still_free(version)
            parts = self.parts(version.parties, version.moves)
            openers = self.openers(version.by, version.parties, parts)
        told = {"id": version.id, "seat": seat, "yes": yes, "hash": version.hash}
        self.append("answer", {**told, "openers": openers}, request)

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
                    by = self.speaker(version.by, table)
                    if by == seat:
                        by = next(p for p in self.forms.parties(table) if p != seat)
                    offer = Tabled(table, self.opener(table, by), by, part, signed=False)
                    said = ask_doctrine(self.game, self.world, people | {by}, offer)
                    accepted = accepted and said.accepted
                    counter = counter or said.counter
                try:
                    self._answer(version, seat, None, yes=accepted)
                except Refused:  # its agenda, or the table, was taken meanwhile
                    accepted = False
                    self._answer(version, seat, None, yes=False)
                wanted = counter is not None and counter != version.moves
                if not accepted and wanted and len(version.parties) == 2:  # noqa: PLR2004 - of two
                    assert counter is not None
                    known = [v.moves for v in s.deals.values() if v.turn == s.turn and v.by == seat]
                    if counter not in known:
                        self._offer(seat, version.parties, counter, NOTHING_MORE, version.id, None)

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
                self._offer(offer.by, parties, offer.moves, NOTHING_MORE, None, None)
        self._doctrines_answer()


IMPOSSIBLE = {
    "nothing": "Everything in this deal stands there already.",
    "slots": "The agenda of the team that would call these talks is full this turn.",
    "steps": "At the table {table} this goes too far for one deal. Choose smaller changes,"
    " or fewer.",
    "demand": "At the table {table} a public demand stands; this deal falls short of it.",
    "bound": "At the table {table} something in this deal is bound by another agreement, or over a"
    " limit of forces.",
    "closed": "The table {table} cannot be opened this turn.",
}
