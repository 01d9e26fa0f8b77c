"""The viewer in a real browser: offline, step by step, without an error in its console.

Screenshots go into the folder that HUBSPOKE_SHOTS names, else into pytest's own.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from model.notice import NOTICE
from runs.viewer import downloads
from runs.viewer.desk import Desk
from runs.viewer.reasoning import choices
from runs.viewer.setup import Setup
from tests.browser import Tab, chromium, open_tab, serving

playwright = pytest.importorskip("playwright.sync_api", reason="NO BROWSER: install playwright")
pytest.importorskip("solara", reason="the extra `viewer` is not installed")

RESETS = 200
GROWTH = 60.0  # MB that a process may grow by without a leak: caches and the allocator's reserve
PRESS = """pick => {
  const button = document.querySelector(`[data-pick="${pick}"]`);
  if (button && !button.disabled) button.click();
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = chromium()
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def triad() -> Iterator[str]:
    with serving("triad", "--seed", "3") as url:
        yield url


@pytest.fixture(scope="module")
def world() -> Iterator[str]:
    with serving("2025q1") as url:
        yield url


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    return Path(os.environ.get("HUBSPOKE_SHOTS", tmp_path))


@contextmanager
def clean(browser: Any, url: str) -> Iterator[Tab]:
    """Open a tab; at the end nothing has been asked of the internet and nothing has failed."""
    tab = open_tab(browser, url)
    yield tab
    assert not tab.outside
    assert not tab.errors
    tab.page.context.close()


def test_the_page_works_with_every_outside_request_blocked(
    browser: Any, triad: str, shots: Path
) -> None:
    with clean(browser, triad) as tab:
        assert NOTICE in tab.text(".hs-head")
        tab.step(2)
        tab.sees("2000Q2", "h2 .hs-when")
        tab.pick("quarter:0")
        tab.sees("Back to the present", "nav")
        tab.sees("2000Q1", "h2 .hs-when")
        assert tab.played() == 2
        tab.shot(shots, "look-back")
        tab.pick("do:again")
        tab.page.wait_for_function("document.querySelectorAll('button.hs-stop').length == 1")


@pytest.mark.slow
def test_a_reader_steps_looks_back_and_finds_the_numbers_of_the_model(
    browser: Any, world: str, shots: Path
) -> None:
    desk = Desk(Setup())
    for _ in range(10):
        desk.step()
    with clean(browser, world) as tab:
        tab.step(10)
        tab.sees("2027Q2", "h2 .hs-when")
        tab.shot(shots, "ten-quarters")
        tab.pick("panel:why")
        tab.pick("who:ROK")
        tab.pick("quarter:1")
        found = choices(desk.names, desk.moments[1], "ROK")
        for n, choice in enumerate(found):
            tab.pick(f"choice:{n}")
            tab.page.wait_for_function(
                f"document.querySelectorAll('.hs-choices button')[{n}].ariaPressed == 'true'"
            )
            tab.sees(choice.title, ".hs-quote")
            shown = tab.page.eval_on_selector_all(
                ".hs-one svg:first-of-type text[data-value]", "t => t.map(x => +x.dataset.value)"
            )
            expected = [*(s.value for s in choice.steps), choice.total]
            assert shown[: len(expected)] == pytest.approx(expected, abs=1e-6)
        tab.shot(shots, "why")
        tab.pick("panel:table")
        tab.sees("better off than today", ".hs-right")
        tab.shot(shots, "bargaining")
        tab.pick("panel:time")
        tab.sees("SMA cash", "figcaption")
        tab.pick("panel:trust")
        tab.sees("keeps its word", ".hs-right")
        tab.pick(f"quarter:{9}")
        assert tab.played() == 10


@pytest.mark.slow
def test_a_doctrine_is_changed_and_a_shock_made(browser: Any, world: str, shots: Path) -> None:
    with clean(browser, world) as tab:
        tab.step(1)
        tab.pick("panel:setup")
        tab.page.select_option("[data-set='doctrine.ROK']", "accommodator")
        tab.sees("ROK decides as accommodator", ".hs-setup")
        tab.pick("do:new")
        tab.page.wait_for_function("document.querySelectorAll('button.hs-stop').length == 1")
        tab.page.locator('.hs-actor[data-pick="actor:ROK"]').press("Enter")
        tab.sees("decides as: accommodator", ".hs-actor-card")
        tab.pick("shock:usfk_half")
        tab.sees("2025Q1: Half of U.S. Forces Korea leave", ".hs-setup")
        tab.shot(shots, "set-up")
        tab.step(1)
        tab.pick("panel:time")
        tab.sees("14.6 thousand", "figcaption")


@pytest.mark.slow
def test_a_person_takes_a_seat(browser: Any, triad: str, shots: Path) -> None:
    with clean(browser, triad) as tab:
        tab.pick("panel:hand")
        tab.pick("seat:Client")
        tab.sees("You decide for Client", ".hs-hand")
        asked = 0
        while tab.played() < 3:
            tab.page.locator(
                '[data-pick="do:step"]:enabled, .hs-hand .hs-main:visible'
            ).first.wait_for()
            if tab.page.locator('[data-pick="do:step"]').is_enabled():
                before = tab.played()
                tab.pick("do:step")
                tab.page.wait_for_function(
                    f"document.querySelectorAll('button.hs-stop').length - 1 > {before}"
                    " || document.querySelector('.hs-hand .hs-main')"
                )
                continue
            if asked == 0:
                tab.shot(shots, "seat")
            question = tab.text(".hs-hand section")
            asked += 1
            tab.page.locator(".hs-hand .hs-main").last.click()
            tab.page.wait_for_function(
                "old => !document.querySelector('.hs-hand .hs-main')"
                " || document.querySelector('.hs-hand section').innerText != old",
                arg=question,
            )
        assert asked >= 3


@pytest.mark.slow
def test_every_button_can_be_pressed(browser: Any, world: str) -> None:
    with clean(browser, world) as tab:
        tab.step(2)
        for panel in ("quarter", "why", "table", "time", "trust", "setup", "hand"):
            tab.pick(f"panel:{panel}")
            picks = tab.page.eval_on_selector_all(
                ".hs-right button[data-pick], .hs-left button[data-pick]",
                "all => all.filter(b => !b.disabled).map(b => b.dataset.pick)",
            )
            for pick in picks:  # a button may have gone with what another one changed
                tab.page.evaluate(PRESS, pick)
                tab.page.evaluate(PRESS, f"panel:{panel}")
            tab.page.wait_for_selector(f'[data-pick="panel:{panel}"][aria-selected="true"]')
        tab.pick("do:again")
        tab.page.wait_for_function("document.querySelectorAll('button.hs-stop').length == 1")
        assert tab.page.locator(".hs-network").is_visible()


@pytest.mark.slow
def test_the_keyboard_is_enough(browser: Any, triad: str) -> None:
    with clean(browser, triad) as tab:
        for _ in range(40):
            tab.page.keyboard.press("Tab")
            if tab.page.evaluate("document.activeElement.dataset.pick") == "do:step":
                break
        tab.page.keyboard.press("Enter")
        tab.sees("2000Q1", "h2 .hs-when")
        assert tab.page.evaluate("document.activeElement.dataset.pick") == "do:step"
        tab.page.locator('[data-pick="actor:Client"]').focus()
        tab.page.keyboard.press("Space")
        tab.page.wait_for_selector('[data-pick="actor:Client"][aria-pressed="true"]')


@pytest.mark.slow
def test_two_tabs_do_not_disturb_each_other(browser: Any, triad: str) -> None:
    with clean(browser, triad) as one, clean(browser, triad) as two:
        one.step(3)
        assert two.played() == 0
        two.step(1)
        two.pick("do:play")
        one.pick("do:again")
        one.page.wait_for_function("document.querySelectorAll('button.hs-stop').length == 1")
        two.page.wait_for_function("document.querySelectorAll('button.hs-stop').length > 3")
        assert one.played() == 0
        two.pick("do:play")


@pytest.mark.slow
def test_downloads_come_with_the_notice(browser: Any, triad: str) -> None:
    with clean(browser, triad) as tab:
        tab.step(1)
        for words in downloads.FILES:
            with tab.page.expect_download() as waiting:
                tab.page.locator(".hs-downloads").get_by_text(words, exact=True).click()
            assert NOTICE in Path(waiting.value.path()).read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_game_can_be_seen_in_mesas_own_viewer(browser: Any, triad: str, shots: Path) -> None:
    with clean(browser, triad) as tab:
        tab.page.goto(f"{triad}mesa")
        tab.page.get_by_role("button", name="Step").click()
        tab.sees("2000Q1", "h2 .hs-when")
        tab.page.get_by_role("button", name="Reset").click()
        tab.sees("Before the first quarter", "h2")
        tab.shot(shots, "mesa")


def memory(pid: int) -> float:
    """Memory that a process holds, MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1000.0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_memory_does_not_grow_over_many_games(browser: Any) -> None:
    with serving("2025q1") as url, clean(browser, url) as tab:
        sizes = []
        for _ in range(RESETS):
            tab.step(1)
            tab.pick("do:again")
            tab.page.wait_for_function("document.querySelectorAll('button.hs-stop').length == 1")
            sizes.append(memory(url.pid))
        early, late = sizes[RESETS // 4], sizes[-1]
        assert late - early < GROWTH, f"{early:.0f} MB after {RESETS // 4} games, then {late:.0f}"


@pytest.mark.slow
def test_the_server_reports_to_nobody_and_fetches_nothing() -> None:
    program = (
        "import os; from runs.viewer.server import ENVIRONMENT; os.environ.update(ENVIRONMENT)\n"
        "import solara.settings, solara.server.settings as s\n"
        "print(s.telemetry.mixpanel_enable, solara.settings.assets.cdn)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", "http://127.0.0.1:9/"]


@pytest.mark.slow
def test_what_is_wrong_is_said_and_ends_with_two() -> None:
    program = "import sys; from runs.cli import main; sys.exit(main(sys.argv[1:]))"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for options, words in (
            (["--port", port], "another program uses it"),
            (["nowhere"], "nowhere"),
            (["--seed", "-1"], "--seed -1"),
        ):
            run = subprocess.run(
                [sys.executable, "-c", program, "view", *options, "--no-browser"],
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode == 2
            assert words in run.stderr
            assert "Traceback" not in run.stderr
