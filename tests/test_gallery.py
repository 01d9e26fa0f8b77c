"""The gallery: every figure is shown, told, small, with the notice, and drawn by `make gallery`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from model.notice import NOTICE

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "notebooks" / "gallery.md").read_text(encoding="utf-8")
FOLDER = ROOT / "notebooks" / "gallery"
SHOWN = re.findall(r"\(gallery/([\w-]+\.png)\)", PAGE)
MOST = 3_000_000  # bytes


def commands(text: str) -> set[str]:
    """Return the commands that write into results/gallery, each on one line."""
    joined = text.replace("\\\n", " ")
    found = re.findall(r"^\s*(?:\$\(BIN\)/)?(hubspoke .*results/gallery/.*)$", joined, re.MULTILINE)
    return {" ".join(each.split()) for each in found}


def test_every_figure_is_shown_and_told_once() -> None:
    assert sorted(SHOWN) == sorted(file.name for file in FOLDER.iterdir())
    assert NOTICE in PAGE
    told = re.split(r"^!\[[^\]]+\]\([^)]+\)$", PAGE, flags=re.MULTILINE)[1:]
    assert len(told) == len(SHOWN)
    assert all(each.lstrip().startswith("*") and "." in each for each in told)


def test_figures_are_small_and_carry_the_notice() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < MOST


@pytest.mark.parametrize("name", SHOWN)
def test_each_carries_the_notice(name: str) -> None:
    with Image.open(FOLDER / name) as figure:
        assert figure.info["Description"] == NOTICE
        assert figure.width >= 1000


def test_the_page_says_how_make_draws_them() -> None:
    made = commands((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert commands(PAGE) == made
    folders = {re.findall(r"--out results/gallery/(\w+)", each)[0] for each in made}
    assert {name.partition("-")[0] for name in SHOWN} <= folders
