"""Role cards with join codes, to print and hand out."""

from __future__ import annotations

from typing import Any

import segno

from runs.seminar import access
from runs.seminar.live import Live
from runs.seminar.views import brief
from runs.seminar.words import Translate


def issue(live: Live, keys: access.Keys, seat: str, count: int) -> None:
    """Make further codes for a seat."""
    first = live.session.issued.get(seat, 0)
    for number in range(first + 1, first + count + 1):
        made = keys.code(live.session.id, seat, number)
        live.append("code", {"seat": seat, "number": number, "code": access.digest_code(made)})


def qr(text: str) -> str:
    """Return a QR code as SVG that stands in a page."""
    return str(
        segno.make(text, error="m").svg_inline(
            scale=4, border=2, omitsize=True, svgclass="qr", lineclass=None
        )
    )


def cards(live: Live, keys: access.Keys, address: str, t: Translate) -> list[dict[str, Any]]:
    """Return one card per code that has not been used.

    The code stands after the # of the address: a browser never sends that part, so it lands in no
    log.
    """
    out = []
    for seat in live.session.held:
        role = brief(live, seat, t)
        for number in range(1, live.session.issued.get(seat, 0) + 1):
            made = keys.code(live.session.id, seat, number)
            if access.digest_code(made) in live.session.used:
                continue
            out.append(
                {
                    "seat": seat,
                    "name": t(live.game.file.actors[seat].name),
                    "office": role["office"],
                    "goal": role["goal"],
                    "code": made,
                    "number": number,
                    "qr": qr(f"{address}/join#{made}"),
                }
            )
    return out
