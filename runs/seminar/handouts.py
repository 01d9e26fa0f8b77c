"""Handouts: facilitator guide, role packets, order forms, rubric, practice turn, consent note.

They are Markdown with the scenario's own names filled in, as a page or as PDF.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from model.chronicle import figure
from model.notice import NOTICE
from runs.seminar import views
from runs.seminar.live import Live
from runs.seminar.words import LANGUAGES, Translate, setting_words

NAMES = {
    "guide": "Facilitator guide",
    "practice": "Ten-minute practice turn",
    "forms": "Order forms for a power cut",
    "rubric": "Grading rubric",
    "consent": "Consent note",
}
ROLE = "role-"


def notice(t: Translate) -> str:
    """Return the sentence that every handout carries."""
    return t(NOTICE)


def titles(live: Live, t: Translate) -> list[tuple[str, str]]:
    """Return name and title of every handout."""
    roles = [
        (f"{ROLE}{a}", f"{t('Role packet')}: {t(rule.name)}")
        for a, rule in live.game.file.actors.items()
    ]
    return [(name, t(title)) for name, title in NAMES.items()] + roles


@lru_cache(maxsize=1)
def _papers() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "papers"),
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def handout(live: Live, name: str, language: str, t: Translate) -> tuple[str, str]:
    """Return title and HTML of a handout.

    Raises
    ------
    KeyError
        If there is none of this name.
    """
    title = dict(titles(live, t))[name]
    file = "role" if name.startswith(ROLE) else name
    more: dict[str, Any] = {}
    if file == "role":
        more = _role(live, name.removeprefix(ROLE), t)
    elif file == "forms":
        more = {"roles": [_role(live, a, t) for a in live.game.file.actors]}
    language = language if language in LANGUAGES else "en"
    text = (
        _papers()
        .get_template(f"{language}/{file}.md")
        .render(
            t=t,
            title=title,
            notice=notice(t),
            turns=live.game.turns(),
            scenario=live.game.file.name,
            quarters=live.game.file.quarters,
            **more,
        )
    )
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return title, html.replace("<table>", '<table width="100%">')


def _role(live: Live, seat: str, t: Translate) -> dict[str, Any]:
    world = live.worlds[0]
    brief = views.brief_at(live, seat, world, t)
    own = {line.lever for line in live.forms.own_lines(seat, world)}
    levers = []
    for lever in views.active_levers(live, seat):
        rule = live.game.file.levers[lever]
        settings = [figure(v) for v in rule.settings]
        if rule.labels:
            settings = [setting_words(t, live.forms.setting(lever, v)) for v in rule.settings]
        unit = "" if rule.labels else f" {t(rule.unit)}"
        start = setting_words(t, live.forms.setting(lever, rule.start))
        levers.append(
            {
                "name": t(rule.name),
                "now": start,
                "settings": " · ".join(settings) + unit,
                "alone": lever in own,
            }
        )
    return {
        "name": t(live.game.file.actors[seat].name),
        "brief": brief,
        "lever_lines": levers,
        "tables": [
            {
                "name": t(live.forms.table_name(x)),
                "levers": ", ".join(
                    t(live.forms.lever_name(y)) for y in live.game.file.tables[x].levers
                ),
            }
            for x in live.forms.tables_of(seat)
        ],
    }
