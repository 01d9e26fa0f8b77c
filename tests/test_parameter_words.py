"""Every number of every scenario has words of its own and a unit: nobody has to read a path."""

from __future__ import annotations

import pytest

from model.parameters import parameters
from model.reading import read, shipped, theories
from runs.parameter_words import all_words, unit_of, words_of


@pytest.mark.parametrize("name", [*shipped(), *theories()])
def test_every_number_has_words_of_its_own(name: str) -> None:
    file = read(name)
    words, known = all_words(file), parameters(file)
    assert list(words) == list(known)
    assert len(set(words.values())) == len(words)
    for path, said in words.items():
        assert path not in said
        assert "_" not in said, (path, said)
        assert unit_of(file, known[path])


def test_numbers_are_called_as_people_call_them() -> None:
    file = read("2025q1")
    said = {
        "actors.USA.agenda": "United States: tables that it can keep open",
        "tau_usa": "United States: transactionalism",
        "win_set_rok": "Republic of Korea, National Assembly: win-set",
        "ledger.sma_cash_rok_treasury.coefficient": (
            "effect of “Special Measures Agreement cash” on treasury, the Republic of Korea"
        ),
        "beliefs.reliability.ROK>USA": (
            "first belief of the Republic of Korea about the United States: reliability"
        ),
        "doctrines.ROK": "Republic of Korea: doctrine",
        "posture": "posture",
    }
    assert {name: words_of(file, name) for name in said} == said
