"""A class for the tests: the real server as a process of its own, and browsers without a screen."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from runs.seminar.live import Live

ROOT = Path(__file__).parent.parent
START = "import sys; from runs.cli import main; sys.exit(main(sys.argv[1:]))"
PATIENCE = 180.0  # seconds; the first start compiles, and the first turn waits for it


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begun(folder: Path, seed: int, *teams: str) -> Live:
    """Create a class of these teams in the shortest edition, its first turn open."""
    live = Live(folder)
    live.create("class60", seed, "en", "")
    for team in teams:
        live.append("held", {"seat": team, "by": "people"})
    live.begin_turn()
    return live


class Client:
    """One browser: keeps its cookie, reads the mark of the forms, sends them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.name = self.cookie = ""
        self.csrf = ""

    def ask(
        self, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[HTTPResponse, str]:
        link = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = {"Accept": "application/json", **headers}
        if self.cookie and "Cookie" not in headers:
            sent["Cookie"] = f"{self.name}={self.cookie}"
        if method == "POST":
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            link.request(method, path, body, sent)
            answer = link.getresponse()
            raw = answer.read()
        finally:
            link.close()
        cookie = answer.getheader("set-cookie") or ""
        found = re.search(r"(hubspoke_seat_[0-9a-f]+)=([0-9a-f]{32})", cookie)
        if found:
            self.name, self.cookie = found[1], found[2]
        return answer, raw.decode("utf-8", "replace")

    def raw(self, path: str) -> bytes:
        """Fetch a file."""
        link = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        link.request("GET", path, headers={"Cookie": f"{self.name}={self.cookie}"})
        answer = link.getresponse()
        assert answer.status == 200, (path, answer.status)
        content = answer.read()
        link.close()
        return content

    def get(self, path: str) -> str:
        answer, text = self.ask("GET", path, Accept="text/html")
        assert answer.status == 200, (path, answer.status, text[:300])
        return text

    def post(self, path: str, **fields: Any) -> dict[str, Any]:
        """Send a form; returns what the server said, `refused` if it refused."""
        if not self.csrf and self.cookie:
            page = self.get("/white" if path.startswith("/white") else "/team")
            self.csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page)[1]  # type: ignore[index]
        pairs = [
            (k, str(x)) for k, v in fields.items() for x in (v if isinstance(v, list) else [v])
        ]
        answer, text = self.ask("POST", path, urlencode([("csrf", self.csrf), *pairs]))
        told: dict[str, Any] = json.loads(text) if text.startswith("{") else {"text": text}
        return told | {"status": answer.status}


class Class:
    """A server on a folder; can be killed and started again."""

    def __init__(
        self, folder: Path, scenario: str = "class60", port: int = 0, seed: int = 1
    ) -> None:
        self.folder, self.scenario, self.seed = folder, scenario, seed
        self.port = port or free_port()
        self.word = ""
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            "-c",
            START,
            "seminar",
            self.scenario,
            "--port",
            str(self.port),
            "--data",
            str(self.folder),
            "--seed",
            str(self.seed),
        ]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        told: list[str] = []
        while not self.word or not told or not told[-1].startswith("Stop"):
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError("".join(told))
            told.append(line)
            found = re.search(r"word: (\S+)", line)
            if found:
                self.word = found[1]
            if line.startswith("Stop"):
                break
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                Client(self.port).get("/health")
            except OSError:
                continue
            return
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.process.stdout:
            self.process.stdout.close()

    def white(self) -> Client:
        client = Client(self.port)
        answer = client.post("/white-cell", word=self.word)
        assert answer["status"] == 200, answer
        return client

    def codes(self, white: Client) -> dict[str, list[str]]:
        """Codes on the role cards that have not been used, by name of the team."""
        cards = white.get("/cards")
        out: dict[str, list[str]] = {}
        pattern = r'<section class="rolecard"><div><h2>([^<]+)</h2>.*?<p class="code">([^<]+)</p>'
        for name, code in re.findall(pattern, cards, re.DOTALL):
            out.setdefault(name, []).append(code)
        return out

    def team(self, white: Client, name: str) -> Client:
        client = Client(self.port)
        answer = client.post("/join", code=self.codes(white)[name][0], name="")
        assert answer["status"] == 200, answer
        return client


@contextmanager
def seminar(folder: Path, scenario: str = "class60", seed: int = 1) -> Iterator[Class]:
    here = Class(folder, scenario, seed=seed)
    try:
        yield here
    finally:
        here.stop()
