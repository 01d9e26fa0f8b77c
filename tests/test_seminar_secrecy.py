"""Non-interference: what a seat does in secret changes no byte that others are served.

Copies of one class, served one after the other by the real server at the same address, differ in
what Washington (and Seoul with it) keeps to itself. All that Pyongyang, Tokyo, the projector and a
stranger get before the reveal is held against each other: pages in both languages with their
headers, JSON, refusals, and streams of events whole, from their first byte and from every number.
"""

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `seminar`")

from tests.classroom import Class, Client, free_port

pytestmark = pytest.mark.slow
USA, ROK, PRK, JPN = "United States", "Republic of Korea", "DPRK", "Japan"
DATE = re.compile(rb"date: [^\r]*\r\n", re.IGNORECASE)
BEAT = re.compile(rb"[0-9a-f]+\r\n: still here\n\n\r\n")  # by the time that passes
WAIT = 60.0
PATHS = (
    "/", "/team", "/screen", "/debrief", "/debrief/job/0", "/handouts", "/health", "/nowhere",
    "/white", "/cards", "/export.zip", "/paper/USA",
)  # fmt: skip
TO_ALL = {"public": "1", "text": "To all: good morning."}
DEAL = {"move edc_fund": "0.05", "move ncg_depth": "3"}
LOCKED = {"lever us_dprk_track": "1", "lock": "1"}


class Stream(threading.Thread):
    """A stream of events, kept byte by byte until it is closed."""

    def __init__(self, port: int, cookie: str, path: str, last: int | None = None) -> None:
        super().__init__(daemon=True)
        self.bytes = b""
        self.more = threading.Condition()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        told = "" if last is None else f"Last-Event-ID: {last}\r\n"
        ask = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n{told}\r\n"
        self.socket.sendall(ask.encode())
        self.start()

    def run(self) -> None:
        try:
            while got := self.socket.recv(65536):
                with self.more:
                    self.bytes += got
                    self.more.notify_all()
        except OSError:  # closed
            return

    def read_until(self, end: bytes) -> bytes:
        """Return what has come once the end of an event with these bytes has."""
        pattern = re.compile(re.escape(end) + rb"[^\r]*\n\n\r\n")
        with self.more:
            assert self.more.wait_for(lambda: pattern.search(self.bytes), WAIT), self.bytes
        return BEAT.sub(b"", DATE.sub(b"", self.bytes))

    def close(self) -> None:
        self.socket.close()


@dataclass
class Room:
    """A class with its browsers, and all that the others were served."""

    here: Class
    white: Client
    teams: dict[str, Client]
    streams: dict[str, Stream] = field(default_factory=dict)
    seen: list[tuple[str, object]] = field(default_factory=list)
    news: int = 0  # public events so far

    def cookie(self, name: str) -> str:
        return f"{self.teams[name].name}={self.teams[name].cookie}"

    def follow(self) -> None:
        """Open the streams of the others, from the first event on."""
        port = self.here.port
        for name in (PRK, JPN):
            self.streams[name] = Stream(port, self.cookie(name), "/events?after=0")
        self.streams["screen"] = Stream(port, "", "/events?for=screen&after=0")
        for name, stream in self.streams.items():
            self.seen.append((f"{name} begins", stream.read_until(b"event: changed")))

    def look(self, when: str) -> None:
        """Keep everything that the others can fetch."""
        port = self.here.port
        for name in (PRK, JPN, "stranger"):
            client = self.teams.get(name, Client(port))
            for path in PATHS:
                for tongue in ("en", "ko"):
                    cookie = f"{client.name}={client.cookie}; language={tongue}"
                    answer, text = client.ask("GET", path, Cookie=cookie, Accept="text/html")
                    kept = [h for h in answer.getheaders() if h[0].lower() != "date"]
                    self.seen.append((f"{when}: {name} {path} {tongue}", (kept, text)))

    def public_word(self, when: str) -> None:
        """Say something to all, see it arrive, and keep the streams up to it."""
        self.arrives(when, lambda: self.white.post("/white/say", text=f"Note {when}."))

    def arrives(self, when: str, act: object) -> None:
        before = {name: stream.bytes.count(b"id: ") for name, stream in self.streams.items()}
        assert act()["status"] == 200  # type: ignore[operator]
        for name, stream in self.streams.items():
            with stream.more:
                while stream.bytes.count(b"id: ") == before[name]:
                    assert stream.more.wait(WAIT), (when, name)
            last = re.findall(rb"id: \d+", stream.bytes)[-1]
            self.seen.append((f"{when}: stream of {name}", stream.read_until(last)))

    def resume(self, when: str) -> None:
        """Come back to the streams from every number."""
        port = self.here.port
        for name in (PRK, JPN, "screen"):
            (last,) = re.findall(rb"id: (\d+)", self.streams[name].bytes)[-1:]
            for n in range(int(last)):
                cookie = "" if name == "screen" else self.cookie(name)
                path = "/events?for=screen" if name == "screen" else "/events"
                again = Stream(port, cookie, path, n)
                self.seen.append((f"{when}: {name} from {n}", again.read_until(b"id: " + last)))
                again.close()


@contextmanager
def copied(base: Path, name: str, first: Class, white: Client, teams: dict) -> Iterator[Room]:
    folder = base.with_name(name)
    shutil.copytree(base, folder)
    here = Class(folder, first.scenario, first.port)
    room = Room(here, white, teams)
    try:
        room.follow()
        yield room
    finally:
        for stream in room.streams.values():
            stream.close()
        here.stop()


def ok(answer: dict) -> None:
    assert answer["status"] == 200, answer


def in_secret(room: Room, second: str) -> None:
    """What Washington does behind closed doors; nothing of it reaches the game."""
    usa, rok, white = room.teams[USA], room.teams[ROK], room.white
    other = Client(room.here.port)
    ok(other.post("/join", code=second, name="a second browser"))
    ok(other.post("/team/take_over"))
    ok(other.post("/team/save", **{"lever usfk_army": "14.6"}))
    ok(usa.post("/team/take_over"))
    for step in ("2", "1", "0"):
        ok(usa.post("/team/save", **{"lever us_dprk_track": step}))
    ok(usa.post("/team/save", **{"lever us_troops_europe": "75", "lock": "1"}))
    ok(usa.post("/team/unlock"))
    ok(usa.post("/team/message", to=["ROK"], text="Between us. " * 50))
    ok(usa.post("/team/message", to=["white"], text="May we?"))
    ok(usa.post("/team/help_me", text="What now?"))
    ok(usa.post("/team/forecast", crisis="80", threat="10", deals="55"))
    ok(usa.post("/team/offer", **{"with": "ROK", "minutes": "5", **DEAL}))
    page = usa.get("/team")
    taken = re.search(r'action="/team/withdraw".*?name="id" value="([^"]+)"', page, re.DOTALL)
    assert taken
    ok(usa.post("/team/withdraw", id=taken[1]))
    ok(rok.post("/team/message", to=["USA"], text="Yes."))
    ok(white.post("/white/inject", text="A rumour.", to=["USA"], kind="none"))
    ok(white.post("/white/release", id="inject-1"))
    ok(white.post("/white/inject", text="Not this.", to=["USA"], kind="none"))
    ok(white.post("/white/revoke", id="inject-2"))
    assert "preview" in white.get("/white?preview")


def signed_in_secret(room: Room) -> tuple[str, str]:
    """Washington and Seoul sign; returns the version and its hash."""
    ok(room.teams[USA].post("/team/offer", **{"with": "ROK", **DEAL}))
    page = room.teams[ROK].get("/team")
    found = re.search(r'name="id" value="([^"]+)"><input type="hidden" name="hash" value="([^"]+)"',
                      page)  # fmt: skip
    assert found
    ok(room.teams[ROK].post("/team/answer", id=found[1], hash=found[2], yes="1"))
    assert "signed by all" in room.teams[USA].get("/team")
    return found[1], found[2]


def the_rest(room: Room, mine: str = "") -> None:
    """Play on in the same way; `mine` is what Washington writes for itself afterwards."""
    usa, rok, white = room.teams[USA], room.teams[ROK], room.white
    ok(usa.post("/team/save", **LOCKED))
    ok(rok.post("/team/save", lock="1"))
    room.look("before it is published")
    room.arrives("published", lambda: white.post("/white/publish"))
    if mine:
        ok(white.post("/debrief/luck"))  # the white cell looks ahead
        ok(usa.post("/team/reflect", text=mine))
        ok(usa.post("/team/message", to=["ROK", "white"], text=mine))
    room.look("after it was published")
    room.arrives("next turn", lambda: white.post("/white/begin", minutes=10))
    if mine:
        ok(usa.post("/team/forecast", crisis="1"))
    room.public_word("in turn 2")
    room.look("in turn 2")
    room.resume("at the end")


def probe(room: Room, id_: str, mark: str) -> None:
    """Ask for what two others have signed, as if one knew; bind their table to a deal of three."""
    jpn, prk = room.teams[JPN], room.teams[PRK]
    for client in (jpn, prk):
        for path, fields in (("answer", {"hash": mark, "yes": "1"}), ("withdraw", {})):
            said = client.post(f"/team/{path}", id=id_, **fields)
            assert said["status"] == 409
            room.seen.append((f"probe {path}", said))
    three = {"with": ["USA", "ROK"], "move edc_fund": "0.1", "move jpn_regional_role": "2"}
    room.seen.append(("a deal of three", jpn.post("/team/offer", **three)))


def test_no_byte_of_what_others_get_hangs_on_a_seats_secrets(tmp_path: Path) -> None:
    base = tmp_path / "base"
    first = Class(base, "class60", free_port())
    white = first.white()
    teams = {name: first.team(white, name) for name in (USA, ROK, PRK, JPN)}
    ok(white.post("/white/begin", minutes=100))
    ok(white.post("/white/clock", do="start"))
    for client in teams.values():
        ok(client.post("/team/message", **TO_ALL))
    second = first.codes(white)[USA][0]
    first.stop()

    with copied(base, "quiet", first, white, teams) as quiet:
        quiet.look("at first")
        quiet.public_word("first")
        quiet.look("after the secrets")
        the_rest(quiet)
    with copied(base, "secret", first, white, teams) as secret:
        secret.look("at first")
        in_secret(secret, second)
        secret.public_word("first")
        secret.look("after the secrets")
        the_rest(secret, "For ourselves alone.")
    compare(quiet.seen, secret.seen)

    with copied(base, "signed", first, white, teams) as signed:
        signed.look("at first")
        id_, mark = signed_in_secret(signed)
        signed.public_word("first")
        probe(signed, id_, mark)
        signed.look("after the secrets")
        signed.resume("at the end")
    with copied(base, "unsigned", first, white, teams) as unsigned:
        unsigned.look("at first")
        unsigned.public_word("first")
        probe(unsigned, id_, mark)
        unsigned.look("after the secrets")
        unsigned.resume("at the end")
    compare(unsigned.seen, signed.seen)


def compare(one: list[tuple[str, object]], two: list[tuple[str, object]]) -> None:
    assert [what for what, _ in one] == [what for what, _ in two]
    for (what, expected), (_, found) in zip(one, two, strict=True):
        assert found == expected, what
