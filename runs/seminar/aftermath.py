"""Pages for afterwards and around the game: the debrief, handouts, paper orders, the export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from runs.seminar import views
from runs.seminar.session import OPEN, WHITE

if TYPE_CHECKING:
    from runs.seminar.web import Site

SEE_OTHER = 303


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of these pages."""

    def paper(request: Request) -> Response:
        """Show the order form of any team to the white cell, to enter what came on paper."""
        who = site.who(request)
        seat = request.path_params["seat"]
        live = site.live
        if who.seat != WHITE or seat not in live.session.held or live.session.phase != OPEN:
            return RedirectResponse("/", SEE_OTHER)
        with live.lock:
            form = views.order_form(live, seat, live.middle(), who.t)
        name = who.t(live.game.file.actors[seat].name)
        return site.page(
            request,
            who,
            "paper.html",
            form=form,
            seat=seat,
            name=name,
            draft=live.session.drafts.get(seat),
        )

    def export(request: Request) -> Response:
        """Hand out the whole seminar as one zip."""
        from runs.seminar.export import bundle

        who = site.who(request)
        live = site.live
        if who.seat != WHITE or not live.session.turns:
            return RedirectResponse("/", SEE_OTHER)
        anonymous = "anonymous" in request.query_params
        with live.lock:
            content = bundle(live, who.t, anonymous=anonymous)
        name = f"seminar-{live.session.scenario}-{live.session.id}.zip"
        return Response(
            content,
            media_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return [
        Route("/paper/{seat}", paper),
        Route("/export.zip", export),
    ]
