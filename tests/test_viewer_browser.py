"""The viewer in a real browser: offline, step by step, without an error in its console."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model.notice import NOTICE
from tests.browser import chromium, open_tab, serving

playwright = pytest.importorskip("playwright.sync_api", reason="NO BROWSER: install playwright")
pytest.importorskip("solara", reason="the extra `viewer` is not installed")


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


def test_the_page_works_with_every_outside_request_blocked(
    browser: Any, triad: str, tmp_path: Path
) -> None:
    tab = open_tab(browser, triad)
    assert NOTICE in tab.text("header.hs-head")
    tab.step(2)
    tab.sees("2000Q2", "h3 .hs-when")
    tab.pick("quarter:0")
    tab.sees("Back to the present", "nav")
    tab.sees("2000Q1", "h3 .hs-when")
    assert tab.played() == 2
    tab.shot(tmp_path, "look-back")
    tab.pick("do:again")
    tab.page.wait_for_function("document.querySelectorAll('button.hs-stop').length == 1")
    assert not tab.outside
    assert not tab.errors
