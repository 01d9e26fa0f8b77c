"""A seminar that is going on: orders, adjudication, what comes after a turn.

What people ask for is checked, kept in the record, and takes effect. What cannot be done is refused
in words that a person can act on.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from model.overrides import KIND as OVERRIDE
from model.overrides import RULING, override
from runs.seminar.bonds import Played, play_turn
from runs.seminar.dealing import Dealing
from runs.seminar.ground import LONGEST_TEXT, Refused
from runs.seminar.rulings import rulings
from runs.seminar.seats import Orders, Tabled
from runs.seminar.session import (
    OVER,
    PUBLISHED,
    effects_of,
    read_condition,
    read_orders,
)
from runs.seminar.turns import Plans, digest_of

QUESTIONS = ("crisis", "threat", "deals")  # of the forecasts, resolved from the turn itself


class Live(Dealing):
    """One seminar, from the first code to the debrief."""

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
        return Plans(orders, self.tabled(), effects_of(s.overrides)), used

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
                by = self.speaker(version.by, table)
                opener = version.openers.get(table) if signed else None
                opener = opener or (out[table].opener if table in out else self.opener(table, by))
                condition = read_condition(version.condition) if signed else None
                deal = version.id if signed else ""
                out[table] = Tabled(table, opener, by, part, signed, deal, condition)
        people = set(s.teams())
        # what an empty seat proposed in vain its doctrine says again in the talks themselves
        return {t: d for t, d in out.items() if d.signed or d.by in people}

    def preview(self) -> Played:
        """Play the turn as it stands, without publishing it."""
        self._open()
        if self._preview is None or self._preview[0] != self.session.last:
            plans, _ = self.plans()
            self._preview = (self.session.last, play_turn(self.game, self.world, plans))
        return self._preview[1]

    def add_override(self, effects: list[dict[str, Any]], reason: str) -> None:
        """Change the outcome by hand, or rule a vote or a crisis of it, with a written reason."""
        self._open()
        if not reason.strip():
            raise Refused("Write down why: the reason stands in the record.")
        try:
            if any(RULING in effect for effect in effects):
                self._check_rulings(effects)
            override(self.game.game, self.world, self.game.chance, effects)
        except (ValueError, TypeError) as error:
            raise Refused("This change makes no sense: {why}", why=str(error)) from None
        self.append("override", {"effects": effects, "reason": reason.strip()[:LONGEST_TEXT]})

    def _check_rulings(self, effects: list[dict[str, Any]]) -> None:
        known = [r.written for r in rulings(self.game.game, self.preview())]
        for effect in effects:
            if RULING in effect and effect not in known:
                raise Refused(
                    "The turn decides no such vote or crisis any more. Look at the preview again."
                )

    def publish(self) -> None:
        """Close the turn: what was previewed happens."""
        with self.lock:
            played = self.preview()
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
                    "digest": digest_of(played.world),
                    "fates": played.fates,
                    "last": s.turn >= self.game.turns(),
                },
            )
            self.worlds.append(played.world)
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
