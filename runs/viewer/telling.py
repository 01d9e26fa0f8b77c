"""A quarter in words, and where an actor stands."""

from __future__ import annotations

from model.schema import ACCOUNTS
from model.transcript import Event
from runs.story import Manner, tell_quarter
from runs.viewer.desk import Desk
from runs.viewer.flows import capital
from runs.viewer.markup import Markup, join, tag
from runs.viewer.watched import Moment
from runs.words import Names, part, percent

ENDLESS = 10**6  # letters a line: the browser breaks them
ABOUT = {  # accounts in plain words, and their units
    "security": ("Security", "points", "how safe from war and crisis, expected loss"),
    "treasury": ("Treasury", "USD bn a year", "what it pays and is paid"),
    "commerce": ("Commerce", "USD bn a year", "trade and orders"),
    "autonomy": ("Autonomy", "points", "freedom to decide alone"),
    "home": ("Home", "points", "what voters or the elite at home see"),
    "standing": ("Standing", "points", "rank and recognition"),
}


def quarter_in_words(names: Names, moment: Moment | None, *, whole: bool) -> Markup:
    """Tell a quarter, a paragraph for each thing that happened."""
    if moment is None:
        return tag(
            "div",
            tag("h3", "Before the first quarter"),
            tag(
                "p",
                "Nothing has happened yet. Press “Next quarter” and the seven offices, or however"
                " many this world has, begin to bargain. Each decides on what it believes, by its"
                " own way of deciding.",
            ),
            class_="hs-story",
        )
    manner = Manner(width=ENDLESS, verbose=whole)
    first, *rest = tell_quarter(names, moment.name, list(moment.events), manner)
    headline = capital(first.removeprefix(moment.name).strip())
    return tag(
        "div",
        tag("h3", tag("span", moment.name, class_="hs-when"), " ", headline),
        *(
            tag("p", line.strip(), class_="hs-deeper" if line.startswith("    ") else None)
            for line in rest
        ),
        class_="hs-story",
    )


def how_to_read() -> Markup:
    """Explain the numbers in a telling."""
    return tag(
        "details",
        tag("summary", "How to read the numbers"),
        tag(
            "p",
            "“treasury −.21” is what an offer does to a player's utility through its treasury."
            " Utility is satisfaction: 0 is what it has got used to, a few hundredths decide. It"
            " accepts what beats walking away and what it could still hope for. Goodwill is the"
            " shadow of the future: what being on good terms will bring later.",
        ),
        class_="hs-soft",
    )


def actor_card(desk: Desk) -> Markup:
    """Tell who the chosen actor is and where it stands in the quarter looked at."""
    game, moment, actor = desk.game, desk.moment, desk.actor
    state = moment.state if moment is not None else game.first["state"]
    rule = game.file.actors[actor]
    doctrine = desk.names.doctrine(actor)
    if actor == game.by_hand:
        doctrine = "you"
    utility = state.get("utility", {}).get(actor)
    return tag(
        "section",
        tag(
            "header",
            tag("h3", rule.name),
            tag("span", f"{state['offices'][actor]} · decides as: {doctrine}", class_="hs-soft"),
            tag(
                "span",
                f"Support at home {percent(state['support'][actor])}"
                + (f" · utility this quarter {part(utility)}" if utility is not None else ""),
                class_="hs-soft",
            ),
        ),
        _accounts(game.first["state"]["accounts"][actor], state["accounts"][actor]),
        class_="hs-actor-card",
    )


def _accounts(first: Event, now: Event) -> Markup:
    """Six accounts, now and since the start."""
    cells = []
    for account in ACCOUNTS:
        name, unit, about = ABOUT[account]
        change = now[account] - first[account]
        sign = "▲" if change > 0.005 else "▼" if change < -0.005 else "＝"  # noqa: PLR2004
        cells.append(
            tag(
                "div",
                tag("dt", name),
                tag("dd", f"{sign} {amount(change)}"),
                tag("small", unit),
                title=f"{name}: {about}. Change since the start, {unit}.",
            )
        )
    return tag("dl", join(*cells), class_="hs-accounts")


def amount(value: float) -> str:
    """Write a change: +1.20, −.35, +24.5, 0."""
    if abs(value) < 0.005:  # noqa: PLR2004 - would read as nothing
        return "0"
    return part(value, 2 if abs(value) < 10.0 else 1)  # noqa: PLR2004 - three digits are enough
