"""A quarter in words, and where an actor stands."""

from __future__ import annotations

from model.schema import ACCOUNTS
from model.transcript import Event
from runs.network_layout import strength
from runs.story import Manner, tell_quarter
from runs.viewer.desk import Desk
from runs.viewer.flows import capital
from runs.viewer.markup import Markup, join, tag
from runs.viewer.network import TIE_LAYERS
from runs.viewer.watched import Moment
from runs.words import Names, part, percent, share

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
            tag("h2", "Before the first quarter"),
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
        tag("h2", tag("span", moment.name, class_="hs-when"), " ", headline),
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


def card(desk: Desk) -> Markup:
    """Tell of the tie in focus, else of the chosen actor."""
    return tie_card(desk) if ">" in desk.focus else actor_card(desk)


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
            tag("h2", rule.name),
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


def tie_card(desk: Desk) -> Markup:
    """Tell what binds the two actors in focus, and what divides them."""
    game, moment = desk.game, desk.moment
    state = moment.state if moment is not None else game.first["state"]
    a, b = desk.focus.split(">")
    names = [game.file.actors[x].name for x in (a, b)]
    tie = next((t for t in game.file.ties if {t.source_of, t.to} == {a, b}), None)
    rows = []
    for name, words in TIE_LAYERS.items():
        level = strength(tie, name) if tie is not None else 0.0
        said = (
            f"{level:,.0f} USD bn a year, both ways" if name == "trade" else f"{share(level)} of 1"
        )
        rows.append((words, said))
    for what, words in (
        ("reliability", "Believes that the other keeps its word"),
        ("hostility", "Believes that the other is hostile"),
    ):
        there, back = (share(state[what][pair]) for pair in (f"{a}>{b}", f"{b}>{a}"))
        rows.append((words, f"{names[0]} {there} · {names[1]} {back}"))
    rows.append(("Goodwill between them", share(state["relation"][f"{a}>{b}"])))
    told = [f.title for f in desk.scene().flows if {f.start, f.end} == {a, b}]
    return tag(
        "section",
        tag(
            "header",
            tag("h2", " and ".join(names)),
            tag("span", "Click the tie again to leave it.", class_="hs-soft"),
        ),
        tag(
            "table",
            *(tag("tr", tag("td", words), tag("td", said)) for words, said in rows),
            class_="hs-ties",
        ),
        *(tag("p", t) for t in told),
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
                tag("dd", f"{sign} {amount(change)}", tag("small", unit)),
                title=f"{name}: {about}. Change since the start, {unit}.",
            )
        )
    return tag("dl", join(*cells), class_="hs-accounts")


def amount(value: float) -> str:
    """Write a change: +1.20, −.35, +24.5, 0."""
    if abs(value) < 0.005:  # noqa: PLR2004 - would read as nothing
        return "0"
    return part(value, 2 if abs(value) < 10.0 else 1)  # noqa: PLR2004 - three digits are enough
