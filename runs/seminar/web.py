"""The pages of a seminar: who asks is known by a cookie, what is asked goes to `Live`.

Pages are made on the server; a little script of our own sends forms without leaving the page and
follows the stream of events. Everything is served from here, nothing from elsewhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.notice import NOTICE
from runs.seminar import access, views
from runs.seminar.forms import OrdersError
from runs.seminar.ground import Refused
from runs.seminar.live import Live
from runs.seminar.record import DiskFullError
from runs.seminar.session import LOBBY, OPEN, SCREEN, WHITE
from runs.seminar.words import LANGUAGES, Translate, translator

HERE = Path(__file__).parent
SEE_OTHER, CONFLICT, FORBIDDEN, TOO_MANY, FULL, NOWHERE = 303, 409, 403, 429, 507, 404
BEAT = 15.0  # seconds between signs of life in a stream
LARGEST = 200_000  # bytes of a form
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src"
    " 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
log = logging.getLogger("hubspoke.seminar")


class Safe:
    """Puts the headers on, and turns strangers' requests away."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if it comes from our own pages."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode().lower(): v.decode("latin-1") for k, v in scope["headers"]}
        problem = self.problem(scope["method"], headers)
        if problem:
            refusal = Response(problem, FORBIDDEN, HEADERS, "text/plain; charset=utf-8")
            await refusal(scope, receive, send)
            return

        kept = scope["path"].startswith("/static/")  # ours, and the same for everybody
        headers_on = HEADERS | ({"Cache-Control": "public, max-age=600"} if kept else {})

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                had = {k.lower() for k, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (k.lower().encode(), v.encode())
                        for k, v in headers_on.items()
                        if k.lower().encode() not in had
                    ),
                ]
            await send(message)

        await self.app(scope, receive, safely)

    @staticmethod
    def problem(method: str, headers: Mapping[str, str]) -> str:
        """Say what is wrong with a request, nothing if it may pass."""
        host = headers.get("host", "")
        if not is_ours(host):
            return "This server is not known by that name. Use the address that it printed."
        if method in ("GET", "HEAD"):
            return ""
        origin = headers.get("origin", "")
        if origin and origin.partition("://")[2] != host:
            return "This form was sent from another site."
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "This form was sent from another site."
        if int(headers.get("content-length") or 0) > LARGEST:
            return "This form is too large."
        return ""


def is_ours(host: str) -> bool:
    """Say whether this is a name of ours: a number, this machine, localhost; no borrowed name."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    name = name.strip("[]").lower()
    try:
        ipaddress.ip_address(name)
    except ValueError:
        here = socket.gethostname().lower()
        return name in ("localhost", here, f"{here.partition('.')[0]}.local")
    return True


@dataclass(eq=False)
class Follower:
    """A stream that waits for news."""

    viewer: str
    seen: int  # number of the last event shown
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Hub:
    """Wakes the streams whose viewers have something new to see.

    The others are left alone: even the time of a sign of life would tell that somebody is busy.
    """

    def __init__(self, latest: Callable[[str], int]) -> None:
        self.latest = latest  # viewer → number of the last event for it
        self.waiting: set[Follower] = set()
        self.loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Wake them; called from any thread."""
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.tell)

    def tell(self) -> None:
        """Wake them; called in the loop of the streams."""
        for each in self.waiting:
            if self.latest(each.viewer) != each.seen:
                each.news.set()


@dataclass(frozen=True)
class Who:
    """The browser that asks."""

    seat: str  # an actor, WHITE, or "" for a stranger
    device: int
    token: str
    t: Translate
    language: str


class Site:
    """The application: pages, actions, and the stream."""

    def __init__(self, live: Live, keys: access.Keys, address: str = "") -> None:
        self.live = live
        self.keys = keys
        self.cookie = access.cookie_of(live.session.id)
        self.address = address  # what students type
        self.hub = Hub(lambda viewer: self.live.session.feed.get(viewer, 0))
        self.tries = access.Limiter(access.TRIES)
        self.writes = access.Limiter(240)
        self.pages = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    # ---------------------------------------------------------------- who asks

    def who(self, request: Request) -> Who:
        """Know a browser by its cookie."""
        token = request.cookies.get(self.cookie, "")
        device = self.live.session.devices.get(access.digest_token(token)) if token else None
        language = request.cookies.get("language") or self.live.session.language
        language = language if language in LANGUAGES else "en"
        t = translator(language)
        if device is None:
            return Who("", 0, "", t, language)
        return Who(device.seat, device.number, token, t, language)

    def page(
        self, request: Request, who: Who, template: str, status: int = 200, **more: Any
    ) -> Response:
        """Make a page."""
        common = {
            "t": who.t,
            "who": who,
            "language": who.language,
            "languages": LANGUAGES,
            "notice": who.t(NOTICE),
            "csrf": self.keys.csrf(who.token) if who.token else "",
            "alert": "",
            "path": request.url.path,
        }
        text = self.pages.get_template(template).render(common | more)
        return HTMLResponse(text, status)

    def refuse(self, request: Request, who: Who, text: str, status: int = CONFLICT) -> Response:
        """Tell a person what cannot be done; a script gets the words alone."""
        if request.headers.get("accept") == "application/json":
            return JSONResponse({"refused": text}, status)
        if who.seat == WHITE and request.url.path.startswith("/white"):
            return self.white_page(request, who, status, alert=text)
        if who.seat and request.url.path.startswith("/team"):
            return self.team_page(request, who, status, alert=text)
        return self.page(request, who, "problem.html", status, problem=text)

    def done(self, request: Request, to: str) -> Response:
        """Go back to the page."""
        self.hub.wake()
        if request.headers.get("accept") == "application/json":
            return JSONResponse({"done": True, "to": to})
        return RedirectResponse(to, SEE_OTHER)

    # ---------------------------------------------------------------- doors

    def landing(self, request: Request) -> Response:
        """Show the door, or go where this browser belongs."""
        who = self.who(request)
        if who.seat:
            return RedirectResponse("/white" if who.seat == WHITE else "/team", SEE_OTHER)
        return self.page(request, who, "door.html", title=who.t(self.live.session.title))

    async def join(self, request: Request) -> Response:
        """Use a code up and hand out a cookie."""
        who, form = self.who(request), await request.form()
        code = str(form.get("code", ""))
        name = " ".join(str(form.get("name", "")).split())[:30]
        if self.tries.full(_from(request)):
            return self.page(
                request,
                who,
                "door.html",
                TOO_MANY,
                title="",
                alert=who.t("Too many tries. Wait a minute, then try again."),
            )
        with self.live.lock:
            seat, problem = access.seat_of_code(self.live.session, code)
            if seat is None:
                self.tries.count(_from(request))
                return self.page(
                    request, who, "door.html", CONFLICT, title="", alert=who.t(problem)
                )
            token = access.new_token()
            number = sum(d.seat == seat for d in self.live.session.devices.values()) + 1
            self._append(
                "joined",
                {
                    "seat": seat,
                    "name": name or f"{seat} {number}",
                    "token": access.digest_token(token),
                    "code": access.digest_code(code),
                },
            )
        return self._with_cookie(self.done(request, "/team"), token)

    async def white_login(self, request: Request) -> Response:
        """Let the facilitator in by the word that was printed in the terminal."""
        who, form = self.who(request), await request.form()
        if self.tries.full(_from(request)):
            return self.page(
                request,
                who,
                "door.html",
                TOO_MANY,
                title="",
                alert=who.t("Too many tries. Wait a minute, then try again."),
            )
        if not access.is_word(str(form.get("word", "")), self.live.session.white):
            self.tries.count(_from(request))
            return self.page(
                request,
                who,
                "door.html",
                CONFLICT,
                title="",
                alert=who.t("That is not the facilitator's word. It was printed in the terminal."),
            )
        token = access.new_token()
        with self.live.lock:
            self._append(
                "joined",
                {"seat": WHITE, "name": "facilitator", "token": access.digest_token(token)},
            )
        return self._with_cookie(self.done(request, "/white"), token)

    def _with_cookie(self, response: Response, token: str) -> Response:
        response.set_cookie(
            self.cookie, token, httponly=True, samesite="strict", max_age=7 * 24 * 3600
        )
        return response

    def leave(self, request: Request) -> Response:
        """Forget this browser."""
        who = self.who(request)
        if who.token:
            with self.live.lock:
                self._append("left", {"token": access.digest_token(who.token), "seat": who.seat})
        response = self.done(request, "/")
        response.delete_cookie(self.cookie)
        return response

    def language(self, request: Request) -> Response:
        """Switch the language of this browser."""
        language = request.path_params["language"]
        back = request.query_params.get("to", "/")
        back = back if back.startswith("/") and not back.startswith("//") else "/"
        response = RedirectResponse(back, SEE_OTHER)
        if language in LANGUAGES:
            response.set_cookie("language", language, samesite="lax", max_age=365 * 24 * 3600)
        return response

    def _append(self, kind: str, data: Mapping[str, Any], request: str | None = None) -> None:
        self.live.append(kind, data, request)
        self.hub.wake()

    # ---------------------------------------------------------------- pages

    def team_page(
        self, request: Request, who: Who | None = None, status: int = 200, **more: Any
    ) -> Response:
        """Show a team its desk."""
        who = who or self.who(request)
        if not who.seat or who.seat == WHITE:
            return RedirectResponse("/", SEE_OTHER)
        with self.live.lock:
            shown = views.public(self.live, who.t)
            mine = views.team(self.live, who.seat, who.device, who.t)
        return self.page(
            request,
            who,
            "team.html",
            status,
            p=shown,
            m=mine,
            feed=self.live.session.feed.get(who.seat, 0),
            **more,
        )

    def white_page(
        self, request: Request, who: Who | None = None, status: int = 200, **more: Any
    ) -> Response:
        """Show the white cell its desk."""
        who = who or self.who(request)
        if who.seat != WHITE:
            return RedirectResponse("/", SEE_OTHER)
        with self.live.lock:
            shown, mine = views.public(self.live, who.t), views.white(self.live, who.t)
            preview = None
            if self.live.session.phase == OPEN and "preview" in request.query_params:
                preview = views.previewed(self.live, who.t)
        return self.page(
            request,
            who,
            "white.html",
            status,
            p=shown,
            w=mine,
            preview=preview,
            feed=self.live.session.feed.get(WHITE, 0),
            address=self.address,
            **more,
        )

    def screen(self, request: Request) -> Response:
        """Show what is public, for the projector."""
        who = self.who(request)
        with self.live.lock:
            shown = views.public(self.live, who.t)
        from runs.seminar.pictures import ties_svg

        return self.page(
            request,
            who,
            "screen.html",
            p=shown,
            address=self.address,
            feed=self.live.session.feed.get(SCREEN, 0),
            picture=ties_svg(self.live, who.t),
        )

    def cards(self, request: Request) -> Response:
        """Show the role cards with the codes that have not been used, to print."""
        who = self.who(request)
        if who.seat != WHITE:
            return RedirectResponse("/", SEE_OTHER)
        from runs.seminar.cards import cards

        with self.live.lock:
            shown = cards(self.live, self.keys, self.address, who.t)
        return self.page(request, who, "cards.html", cards=shown, address=self.address)

    # ---------------------------------------------------------------- actions

    async def act(self, request: Request) -> Response:
        """Do what a form asks for, after its mark has been checked."""
        who, form = self.who(request), await request.form()
        kind = "white" if request.url.path.startswith("/white") else "team"
        if not who.seat or (who.seat == WHITE) != (kind == "white"):
            words = "This browser does not belong to a team any more. Enter with a new code."
            return self.refuse(request, who, who.t(words), FORBIDDEN)
        if form.get("csrf") != self.keys.csrf(who.token):
            words = "This page is too old. Load it again; nothing was changed."
            return self.refuse(request, who, who.t(words), FORBIDDEN)
        if self.writes.full(who.token):
            words = "Too much at once. Wait a moment, then try again."
            return self.refuse(request, who, who.t(words), TOO_MANY)
        self.writes.count(who.token)
        from runs.seminar.actions import TEAM, WHITE_CELL

        known: Mapping[str, Callable[[Site, Who, FormData], str]]
        known = WHITE_CELL if kind == "white" else TEAM
        name = request.path_params["action"]
        if name not in known:
            raise HTTPException(404)
        return await asyncio.to_thread(self._act, request, who, form, known[name])

    def _act(
        self,
        request: Request,
        who: Who,
        form: FormData,
        action: Callable[[Site, Who, FormData], str],
    ) -> Response:
        try:
            with self.live.lock:
                to = action(self, who, form)
        except Refused as refused:
            said = {k: who.t(str(v)) for k, v in refused.words.items()}
            return self.refuse(request, who, who.t(refused.text, **said))
        except OrdersError as error:
            name = who.t(self.live.forms.lever_name(error.args[1])) if error.args[1:] else ""
            return self.refuse(request, who, who.t(error.args[0], lever=name))
        except DiskFullError:
            words = who.t(
                "The disk of the server is full: nothing was changed. Tell the"
                " facilitator; what was saved before is safe."
            )
            return self.refuse(request, who, words, FULL)
        return self.done(request, to)

    # ---------------------------------------------------------------- the stream

    def stream(self, request: Request) -> Response:
        """Follow what is shown to this viewer; resumes from the number last seen."""
        who = self.who(request)
        viewer = SCREEN if request.query_params.get("for") == SCREEN else who.seat
        if not viewer:
            return Response(status_code=FORBIDDEN)
        seen = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
        return StreamingResponse(
            self._follow(request, viewer, int(seen) if seen.isdecimal() else 0),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    async def _follow(self, request: Request, viewer: str, seen: int) -> AsyncIterator[str]:
        self.hub.loop = asyncio.get_running_loop()
        me = Follower(viewer, seen)
        self.hub.waiting.add(me)
        try:
            yield "retry: 1500\n\n"
            while not await request.is_disconnected():
                count = self.hub.latest(viewer)
                if count != me.seen:
                    me.seen = count
                    clock = json.dumps(views.clock(self.live))
                    yield f"id: {count}\nevent: changed\ndata: {clock}\n\n"
                try:
                    await asyncio.wait_for(me.news.wait(), BEAT)
                    me.news.clear()
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self.hub.waiting.discard(me)

    def health(self, request: Request) -> Response:
        """Say that the server answers."""
        s = self.live.session
        return JSONResponse({"turn": s.turn, "phase": s.phase, "started": s.phase != LOBBY})

    def app(self) -> Starlette:
        """Return the application."""
        from runs.seminar import aftermath

        async def wrong(request: Request, error: Exception) -> Response:
            who = self.who(request)
            status = error.status_code if isinstance(error, HTTPException) else 500
            words = (
                "There is no such page."
                if status == NOWHERE
                else ("A fault of the program, not yours. Nothing is lost; go back and try again.")
            )
            if status >= 500:  # noqa: PLR2004 - ours
                log.error("fault", exc_info=error)
                return self.page(request, who, "problem.html", status, problem=who.t(words))
            return self.refuse(request, who, who.t(words), status)

        routes = [
            Route("/", self.landing),
            Route("/join", self.landing, methods=["GET"]),
            Route("/join", self.join, methods=["POST"]),
            Route("/white-cell", self.white_login, methods=["POST"]),
            Route("/leave", self.leave, methods=["POST"]),
            Route("/language/{language}", self.language),
            Route("/team", self.team_page),
            Route("/team/{action}", self.act, methods=["POST"]),
            Route("/white", self.white_page),
            Route("/white/{action}", self.act, methods=["POST"]),
            Route("/screen", self.screen),
            Route("/cards", self.cards),
            Route("/events", self.stream),
            Route("/health", self.health),
            *aftermath.routes(self),
            Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
        ]
        return Starlette(
            routes=routes,
            middleware=[Middleware(Safe)],
            exception_handlers={HTTPException: wrong, Exception: wrong},
        )


def _from(request: Request) -> str:
    return request.client.host if request.client else "?"


def make_site(
    folder: Path, scenario: str, seed: int, language: str, address: str
) -> tuple[Site, str]:
    """Open a seminar, a new one if there is none in the folder; return it and the word.

    The facilitator's word is made at the first start.
    """
    keys, live = access.Keys(folder), Live(folder)
    word = keys.white_word()
    if not live.session.id:
        kept = access.digest_word(word, secrets.token_hex(16))
        live.create(scenario, seed, language, kept)
    from runs.seminar.cards import issue

    for seat in live.session.held:
        if not live.session.issued.get(seat):
            issue(live, keys, seat, 3)
    return Site(live, keys, address), word
