"""The viewer's server and a Chromium for the tests that need them; loud skips where they lack."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ENVIRONMENT = "HUBSPOKE_CHROMIUM"  # names another one
READY = "The viewer is at "
LAPTOP = {"width": 1440, "height": 900}


def chromium() -> str:
    """Find a Chromium, or skip the test and say why."""
    found = os.environ.get(ENVIRONMENT) or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip(
            f"NO BROWSER: the viewer was not tested in one. Install {CHROMIUMS[0]}, or name one in"
            f" {ENVIRONMENT}."
        )
    return found


class Address(str):
    """Where a viewer is, and its process."""

    __slots__ = ("pid",)
    pid: int


@contextmanager
def serving(*options: str) -> Iterator[Address]:
    """Start the viewer on a free port of this machine and yield its address."""
    program = "import sys; from runs.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "view", *options, "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith(READY), f"the viewer did not start: {line!r}"
        url = Address(line.removeprefix(READY).split()[0])
        url.pid = server.pid
        yield url
    finally:
        server.terminate()
        server.communicate(timeout=20)


@dataclass
class Tab:
    """A page that cannot reach anything but the viewer, and what went wrong in it."""

    page: Any  # playwright's Page
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def pick(self, what: str) -> None:
        """Click the part of the page with this `data-pick`."""
        self.page.locator(f'[data-pick="{what}"]').first.click()

    def step(self, times: int = 1) -> None:
        """Play quarters, each until it is shown."""
        for _ in range(times):
            played = self.played()
            self.pick("do:step")
            self.page.wait_for_function(f"{PLAYED} == {played + 1}")

    def played(self) -> int:
        """Quarters on the time line."""
        return int(self.page.evaluate(PLAYED))

    def sees(self, text: str, where: str = "body") -> None:
        """Wait until a part of the page holds a text."""
        self.page.locator(where, has_text=text).first.wait_for()

    def text(self, selector: str) -> str:
        """Text of the first part that fits."""
        return str(self.page.locator(selector).first.inner_text())

    def shot(self, folder: Path, name: str) -> None:
        """Keep a picture."""
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(folder / f"{name}.png"))


PLAYED = "document.querySelectorAll('button.hs-stop').length - 1"


def open_tab(browser: Any, url: str) -> Tab:
    """Open the viewer in a new context, every request to elsewhere blocked."""
    page = browser.new_context(viewport=LAPTOP).new_page()
    tab = Tab(page)

    def gate(route: Any) -> None:
        if route.request.url.startswith(url):
            route.continue_()
        else:
            tab.outside.append(route.request.url)
            route.abort()

    page.route("**/*", gate)
    page.on("pageerror", lambda error: tab.errors.append(str(error)))
    page.on("console", lambda m: tab.errors.append(m.text) if m.type == "error" else None)
    page.on(
        "response", lambda r: tab.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None
    )
    page.goto(url)
    page.wait_for_selector(".hs-network")
    return tab
