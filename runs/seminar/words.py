"""English and Korean: one switch, one glossary.

English words are the keys; the glossary holds the Korean beside them. What has no Korean there
stands in English, and a test lists it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "ko": "한국어"}
GLOSSARY = Path(__file__).parent / "glossary.csv"

Translate = Callable[..., str]


@cache
def glossary() -> dict[str, str]:
    """Return English → Korean."""
    with GLOSSARY.open(encoding="utf-8", newline="") as file:
        return {row["en"]: row["ko"] for row in csv.DictReader(file)}


def translator(language: str) -> Translate:
    """Return the function that puts words into a language; `{name}` is filled in afterwards."""
    known = glossary() if language == "ko" else {}

    def translate(text: str, /, **words: object) -> str:
        said = known.get(text, text)
        return said.format(**words) if words else said

    return translate


def setting_words(t: Translate, text: str) -> str:
    """Translate a setting that may begin with a figure: `2.8 % of GDP`."""
    if text in glossary():
        return t(text)
    number, _, unit = text.partition(" ")
    return f"{number} {t(unit)}" if unit else t(text)
