"""All that a seminar says, gathered from its templates, its code and the class scenarios."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from model.reading import read
from model.schema import ACCOUNTS
from runs.seminar import deal_words, debrief, handouts, views
from runs.seminar.dealing import IMPOSSIBLE
from runs.seminar.news import THREATS

SEMINAR = Path(__file__).parent.parent / "runs" / "seminar"
IN_TEMPLATE = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')
CHOICES = re.compile(r'"[a-z ]*": "([^"]+)"')
CALLS = {"t", "translate", "Refused", "OrdersError"}


def of_templates() -> set[str]:
    found: set[str] = set()
    for path in sorted((SEMINAR / "templates").glob("*.html")):
        text = path.read_text("utf-8")
        found |= set(IN_TEMPLATE.findall(text))
        for choice in re.findall(r"t\(\{(.*?)\}\[", text):
            found |= set(CHOICES.findall("{" + choice)) or set()
            found |= set(re.findall(r'": "([^"]+)"', choice))
    return {x for x in found if x}


def of_code() -> set[str]:
    found: set[str] = set()
    for path in sorted(SEMINAR.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                first = node.args[0]
                if (
                    name in CALLS
                    and isinstance(first, ast.Constant)
                    and isinstance(first.value, str)
                ):
                    found.add(first.value)
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "words":
                found |= {
                    x.value
                    for x in ast.walk(node.value)
                    if isinstance(x, ast.Constant) and isinstance(x.value, str) and " " in x.value
                }
    tables = (
        *IMPOSSIBLE.values(),
        *THREATS.values(),
        *views.CHANCES.values(),
        *views.GOALS.values(),
        *views.QUESTION_WORDS.values(),
        *deal_words.NOTES.values(),
        *deal_words.FAILED.values(),
        *(word for pair in debrief.GOALS for word in pair),
        *debrief.PERCENTILES,
        *handouts.NAMES.values(),
        *(views.weight_word(w) for w in (0.3, 0.2, 0.1, 0.0)),
        *(views.trust_word(w) for w in (0.9, 0.6, 0.4, 0.1)),
        *(views.gap_word(w) for w in (0.0, 0.5, 2.0, -0.5, -2.0)),
    )
    return found | set(tables)


def of_scenario(name: str) -> set[str]:
    """Names that the pages of a class scenario show."""
    file = read(name)
    found = {file.title, *ACCOUNTS}
    for actor in file.actors.values():
        found |= {actor.name, actor.about, actor.doctrine.replace("_", " ")}
        found |= {p.office for p in actor.platforms.values()}
        found |= {actor.ratification.body} if actor.ratification else set()
    tabled = {x for table in file.tables.values() for x in table.levers}
    threatened = {t.lever for table in file.tables.values() for t in table.threats}
    moved = {e.lever for event in file.events.values() for e in event.effects if e.lever}
    moved |= {a.lever for a in file.assemblies.values()}
    for x, lever in file.levers.items():
        if x in tabled | threatened | moved or lever.unilateral != "no":
            found |= {lever.name, *lever.labels} | ({lever.unit} if not lever.labels else set())
        if lever.consent and x in tabled:
            found.add(lever.consent.party)
    for table in file.tables.values():
        for demand in table.demands:
            found |= {norm.replace("_", " ") for norm in demand.norms}
            found.add(file.levers[demand.lever].unit)
    found |= {table.name for table in file.tables.values()}
    found |= {theatre.name for theatre in file.theatres.values()}
    found |= {event.name for event in file.events.values()}
    found |= {assembly.name for assembly in file.assemblies.values()}
    return found
