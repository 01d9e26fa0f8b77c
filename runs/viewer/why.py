"""The panel “Why”: an actor's decisions of a quarter, each with its terms and what it believed."""

from __future__ import annotations

from runs.viewer.charts import Bar, pairs, waterfall
from runs.viewer.desk import Desk
from runs.viewer.markup import Markup, tag
from runs.viewer.reasoning import Choice, alternatives, beliefs, choices, talks_wanted
from runs.viewer.telling import ABOUT
from runs.viewer.watched import Moment
from runs.words import Names, part, percent, share

SIGNS = {
    "accepts": "✓",
    "refuses": "✗",
    "proposes": "→",
    "moves alone": "•",
    "keeps its word": "✓",
    "breaks its word": "✗",
}


def why_panel(desk: Desk) -> Markup:
    """Write the panel."""
    moment, names = desk.moment, desk.names
    if moment is None:
        return tag("div", people(desk), tag("p", "Nobody has decided anything yet."))
    found = choices(names, moment, desk.actor)
    chosen = found[min(desk.choice, len(found) - 1)] if found else None
    return tag(
        "div",
        people(desk),
        _list(found, chosen),
        _one(names, moment, chosen) if chosen is not None else None,
        _talks(names, moment, desk.actor),
        _promises(desk, moment),
        class_="hs-why",
    )


def people(desk: Desk) -> Markup:
    """Choose an actor."""
    return tag(
        "div",
        *(
            tag(
                "button",
                rule.name,
                type="button",
                aria_pressed=str(actor == desk.actor).lower(),
                data_pick=f"who:{actor}",
                class_="hs-person",
            )
            for actor, rule in desk.game.file.actors.items()
        ),
        class_="hs-people",
        role="group",
        aria_label="Whose decisions",
    )


def _list(found: list[Choice], chosen: Choice | None) -> Markup:
    if not found:
        return tag(
            "p",
            "It made no offer, was asked nothing and moved nothing that it weighed this quarter.",
            class_="hs-soft",
        )
    return tag(
        "ol",
        *(
            tag(
                "li",
                tag(
                    "button",
                    tag("b", f"{SIGNS.get(c.verdict, '!')} {c.verdict}"),
                    tag("span", c.title),
                    tag("i", part(c.total)),
                    type="button",
                    title=c.title,
                    aria_pressed=str(c is chosen).lower(),
                    data_pick=f"choice:{n}",
                ),
            )
            for n, c in enumerate(found)
        ),
        class_="hs-choices",
        aria_label="Decisions of the quarter",
    )


def _one(names: Names, moment: Moment, choice: Choice) -> Markup:
    """Explain one decision."""
    me = names.title(choice.event["by"])
    return tag(
        "section",
        tag("h3", f"{me} {choice.verdict}: what it weighed"),
        tag("p", choice.title, class_="hs-quote"),
        None
        if choice.weighed
        else tag(
            "p",
            "It does not decide by weighing; this is what plain utility says of it.",
            class_="hs-soft",
        ),
        terms(choice),
        tag("p", _verdict(choice), class_="hs-soft"),
        _believed(names, moment, choice),
        _alternatives(names, moment, choice),
        class_="hs-one",
    )


def terms(choice: Choice) -> Markup:
    """Draw the terms of a decision, and the least that it took where that is known."""
    line = Bar("it took no less than", choice.least) if choice.least is not None else None
    bars = [Bar(ABOUT[s.name][0] if s.name in ABOUT else s.name, s.value) for s in choice.steps]
    return waterfall(bars, Bar(choice.total_name, choice.total), line=line)


def _verdict(choice: Choice) -> str:
    """Say how the sum led to the decision."""
    event = choice.event
    if choice.kind == "reply":
        if not event["possible"]:
            return "It may not sign this at all: it is bound elsewhere, or demands more in public."
        if event["accepted"]:
            return "More than it could hope for by holding out: it accepts."
        if choice.total < 0.0:
            return "Less than it has without a deal: it refuses."
        return "Better than no deal, but it hoped for more by holding out: it refuses."
    if choice.kind == "offer":
        chance = event["chance"]
        if chance is None:
            return ""
        return f"It believed in a yes with {percent(chance)} chance; nothing promised it more."
    if choice.kind == "promise":
        return "Above zero it keeps its word, below zero it breaks it: no chance is in it."
    if choice.kind == "own_move":
        return (
            "Moves are drawn by chance, those that are worth more more often: so a small worth, or"
            " none, now and then is enough."
        )
    return "Threats are made by chance, too; those that pay when carried out more often."


def _believed(names: Names, moment: Moment, choice: Choice) -> Markup | None:
    rows = beliefs(moment, choice)
    if not rows:
        return None
    me, other = names.actor(choice.event["by"]), names.title(choice.other)
    drawn = [(ABOUT[b.name][0] if b.name in ABOUT else b.name, b.believed, b.true) for b in rows]
    return tag(
        "details",
        tag("summary", f"What it believed that this means for {other}, and the truth"),
        pairs(drawn, ("believed", "true"), f"Belief of {me} about {other} against the truth"),
        tag("p", _trust(names, moment, choice), class_="hs-soft"),
        open="open",
    )


def _trust(names: Names, moment: Moment, choice: Choice) -> str:
    event = choice.event
    trust = moment.state["reliability"][f"{event['by']}>{event['to']}"]
    return (
        f"Trusts {names.actor(event['to'])} to keep its word: {share(trust)} of 1 after this"
        " quarter. Nobody sees the other's mind: bars that differ are errors of judgement."
    )


def _alternatives(names: Names, moment: Moment, choice: Choice) -> Markup | None:
    found = alternatives(moment, choice)
    if not found:
        return None
    other = names.title(choice.other) if choice.other else ""
    what = "packages that both gain by, as it believed" if choice.other else "moves"
    return tag(
        "details",
        tag("summary", f"What else it weighed: {what}"),
        tag(
            "table",
            tag(
                "tr",
                tag("th", "what", scope="col"),
                tag("th", "its own gain" if other else "worth", scope="col"),
                tag("th", f"{other}, as it believed", scope="col") if other else None,
            ),
            *(
                tag(
                    "tr",
                    tag("td", f"{'▶ ' if a.taken else ''}{a.words}"),
                    tag("td", part(a.mine, 3)),
                    tag("td", part(a.theirs, 3)) if a.theirs is not None else None,
                    class_="hs-taken" if a.taken else None,
                )
                for a in found
            ),
        ),
    )


def _talks(names: Names, moment: Moment, actor: str) -> Markup | None:
    """Tell which talks the actor wanted, and what it expected of each."""
    found = talks_wanted(moment, actor)
    if not found:
        return None
    return tag(
        "details",
        tag("summary", "Which talks it opened, and what it expected of each"),
        tag(
            "table",
            tag("tr", tag("th", "table", scope="col"), tag("th", "expected, utility", scope="col")),
            *(
                tag(
                    "tr",
                    tag("td", f"{'▶ ' if w.opened else ''}{names.table(w.table)}"),
                    tag("td", part(w.worth, 3)),
                    class_="hs-taken" if w.opened else None,
                )
                for w in found
            ),
        ),
    )


def _promises(desk: Desk, moment: Moment) -> Markup | None:
    """Tell how far the actor counts on patrons, against the truth of the model."""
    scenario = moment.game.scenario
    world, me = moment.record.world, scenario.actor(desk.actor)
    rows = [
        (
            scenario.file.theatres[t].name,
            float(world.credibility[me, n, 0]),
            float(world.commitment[n, 0]),
        )
        for n, t in enumerate(scenario.theatres.ids)
        if scenario.file.theatres[t].patron is not None
    ]
    if not rows:
        return None
    return tag(
        "details",
        tag("summary", "How far it believes that promises to come to aid will be kept"),
        tag(
            "table",
            tag("tr", *(tag("th", h, scope="col") for h in ("place", "believed", "true"))),
            *(
                tag("tr", tag("td", name), tag("td", percent(a)), tag("td", percent(b)))
                for name, a, b in rows
            ),
        ),
    )
