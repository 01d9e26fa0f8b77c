"""The panel “Set up”: scenario, seed, ways of deciding, main parameters, and ready shocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agents.doctrine import doctrines
from model.parameters import Parameter, check_settings, parameters
from model.reading import shipped, theories
from model.schema import ASSUMED, ScenarioFile
from runs.shocks import ready_shock, shocks_for
from runs.viewer.desk import Desk
from runs.viewer.markup import Markup, tag
from runs.viewer.setup import Setup, file_of

PER_ACTOR = {  # parameter of an actor → what it is called, what it means
    "transactionalism": (
        "deals, 0 to 1",
        "Transactionalism: how far it treats ties as deals: 0 = never, 1 = always",
    ),
    "agenda": ("tables at a time", "Tables that it can keep open at a time"),
    "loss_aversion": ("losses count ×", "How many times a loss weighs what a gain does"),
}
WORLD = {  # rule → what it is called
    "concession": "How fast a headline demand comes down",
    "commitment_share": "Part of a patron's commitment that hangs on being paid",
    "weight_noise": "How much offices waver in what they weigh",
    "settlement_odds": "Believed chance that open talks settle next quarter",
    "threat_reversal": "Chance a quarter that a threat is called off",
    "forgetting": "How long broken words are remembered",
}


def setup_panel(desk: Desk) -> Markup:
    """Write the panel."""
    draft = desk.draft
    file = file_of(draft.scenario)
    known = parameters(file)
    return tag(
        "div",
        _what_if(desk),
        tag("h2", "The next game"),
        tag(
            "div",
            tag("label", tag("span", "Scenario"), _scenarios(draft.scenario)),
            tag("label", tag("span", "Seed"), _number("seed", draft.seed, 0, 2**32, 1)),
            class_="hs-fields",
        ),
        tag("p", file.about, class_="hs-soft"),
        _actors(file, draft, known),
        _world(draft, known),
        tag("div", *_notes(file, draft), class_="hs-soft"),
        tag(
            "div",
            tag(
                "button",
                "Start a new game with this",
                type="button",
                data_pick="do:new",
                class_="hs-button hs-main",
            ),
            tag(
                "button",
                "Back to the scenario's own values",
                type="button",
                data_pick="do:plain",
                class_="hs-button",
            ),
            class_="hs-row",
        ),
        tag(
            "p",
            "For users of Mesa: ",
            tag("a", "the same game in SolaraViz", href="mesa", target="_blank"),
            ".",
            class_="hs-soft",
        ),
        class_="hs-setup",
    )


def _what_if(desk: Desk) -> Markup | None:
    """Write the ready shocks, one button each."""
    game = desk.game
    ready = shocks_for(game.file)
    if not ready:
        return None
    off = not game.running or game.waiting is not None
    when = game.game.scenario.quarter(game.world.quarter)
    return tag(
        "section",
        tag("h2", f"What if … in {when}?" if not off else "What if …?"),
        tag(
            "p",
            "Each happens once, at the start of the coming quarter, whatever the players want. To"
            " compare with the game without it: start again with the same seed.",
            class_="hs-soft",
        ),
        tag(
            "div",
            *(
                tag(
                    "button",
                    shock.title,
                    type="button",
                    title=f"{shock.about} ({shock.source})",
                    disabled=off,
                    data_pick=f"shock:{name}",
                    class_="hs-person",
                )
                for name, shock in ready.items()
            ),
            class_="hs-people",
        ),
        tag("ul", *(tag("li", done) for done in game.interventions))
        if game.interventions
        else None,
    )


def _scenarios(chosen: str) -> Markup:
    """Choose among the shipped scenarios, theories, and the one that was named at the start."""
    groups = {"Worlds": list(shipped()), "Theories with a known answer": list(theories())}
    if not any(chosen in names for names in groups.values()):
        groups = {"Your own": [chosen], **groups}
    return tag(
        "select",
        *(
            tag(
                "optgroup",
                *(
                    tag("option", n, value=n, selected="selected" if n == chosen else None)
                    for n in names
                ),
                label=words,
            )
            for words, names in groups.items()
        ),
        data_set="scenario",
    )


def _number(name: str, value: int, low: int, high: int, step: int) -> Markup:
    return tag(
        "input",
        type="number",
        value=str(value),
        min=low,
        max=high,
        step=step,
        data_set=name,
    )


def _actors(file: ScenarioFile, draft: Setup, known: dict[str, Parameter]) -> Markup:
    """A row for each actor: way of deciding, and its main parameters."""
    ways = doctrines()
    rows = []
    for actor, rule in file.actors.items():
        chosen = draft.doctrines.get(actor, rule.doctrine)
        fields = [
            tag("td", _parameter(draft, known[f"actors.{actor}.{name}"])) for name in PER_ACTOR
        ]
        rows.append(
            tag(
                "tr",
                tag("th", rule.name, scope="row"),
                tag(
                    "td",
                    tag(
                        "select",
                        *(
                            tag(
                                "option",
                                n.replace("_", " "),
                                value=n,
                                title=d.about,
                                selected="selected" if n == chosen else None,
                            )
                            for n, d in ways.items()
                        ),
                        aria_label=f"How {rule.name} decides",
                        title=ways[chosen].about if chosen in ways else chosen,
                        data_set=f"doctrine.{actor}",
                    ),
                ),
                *fields,
            )
        )
    heads = [tag("th", words, scope="col", title=about) for words, about in PER_ACTOR.values()]
    return tag(
        "table",
        tag("tr", tag("th", "actor", scope="col"), tag("th", "decides as", scope="col"), *heads),
        *rows,
        class_="hs-actors",
    )


def _parameter(draft: Setup, parameter: Parameter) -> Markup:
    """A field for a parameter: its source and range are told on hovering."""
    low, high = parameter.range
    value = draft.settings.get(parameter.name, parameter.value)
    step = 1 if parameter.name.endswith(".agenda") else "any"
    return tag(
        "input",
        type="number",
        value=f"{value:g}",
        step=str(step),
        title=told(parameter),
        aria_label=f"{parameter.name}, {told(parameter)}",
        data_set=f"value.{parameter.name}",
        class_="hs-changed" if parameter.name in draft.settings else None,
        min=f"{min(low, value):g}",
        max=f"{max(high, value):g}",
    )


def told(parameter: Parameter) -> str:
    """Say what the scenario says of a parameter."""
    low, high = parameter.range
    source = "assumed" if parameter.source == ASSUMED else f"source: {parameter.source}"
    note = f"; {parameter.note}" if parameter.note else ""
    return f"{parameter.value:g}, plausible from {low:g} to {high:g} ({source}{note})"


def _world(draft: Setup, known: dict[str, Parameter]) -> Markup:
    rows = []
    for name, words in WORLD.items():
        parameter = known.get(f"rules.{name}")
        if parameter is None:
            continue
        low, high = parameter.range
        rows.append(
            tag(
                "tr",
                tag("th", words, scope="row"),
                tag("td", _parameter(draft, parameter)),
                tag(
                    "td",
                    f"{parameter.unit or '0 to 1'} · {low:g} to {high:g} ·"
                    f" {'assumed' if parameter.source == ASSUMED else parameter.source}",
                    class_="hs-soft",
                ),
            )
        )
    return tag(
        "details",
        tag("summary", "Rules of this world"),
        tag("table", *rows, class_="hs-actors"),
        tag(
            "label",
            tag("span", "Any other parameter, NAME=VALUE"),
            tag(
                "input", type="text", placeholder="theatres.korea.base_hazard=.05", data_set="more"
            ),
            class_="hs-fields",
        ),
    )


def _notes(file: ScenarioFile, draft: Setup) -> Iterator[Markup]:
    """Tell what is changed and what lies outside the plausible."""
    changed = [f"{k} = {v:g}" for k, v in draft.settings.items()]
    changed += [f"{a} decides as {d.replace('_', ' ')}" for a, d in draft.doctrines.items()]
    if changed:
        yield tag("p", f"Changed: {'; '.join(changed)}.")
    try:
        notes = check_settings(file, dict(draft.settings)).notes
    except ValueError as error:
        yield tag("p", str(error), class_="hs-trouble", role="alert")
        return
    for note in notes:
        yield tag("p", f"Note: {note}.")


def put(desk: Desk, field: str, value: str) -> None:
    """Put something into the draft of the next game."""
    draft = desk.draft
    desk.trouble = ""
    kind, _, of = field.partition(".")
    if kind == "scenario":
        desk.draft = Setup(value, draft.seed)
    elif kind == "doctrine":
        own = file_of(draft.scenario).actors[of].doctrine
        rest = {a: d for a, d in draft.doctrines.items() if a != of}
        desk.draft = replace(draft, doctrines=rest if value == own else {**rest, of: value})
    elif kind == "seed" and value.isdigit():
        desk.draft = replace(draft, seed=int(value))
    elif kind == "value":
        desk.draft = replace(draft, settings=_set(draft, of, value))
    elif kind == "more":
        name, _, number = value.partition("=")
        desk.draft = replace(draft, settings=_set(draft, name.strip(), number.strip()))
    else:
        desk.trouble = "A seed is a whole number from 0."


def _set(draft: Setup, name: str, value: str) -> dict[str, float]:
    """Change a parameter; a field left empty takes the scenario's own value again."""
    rest = {k: v for k, v in draft.settings.items() if k != name}
    try:
        number = float(value)
    except ValueError:
        return rest
    known = parameters(file_of(draft.scenario)).get(name)
    return rest if known is not None and known.value == number else {**rest, name: number}


def shock(desk: Desk, name: str) -> None:
    """Let a ready shock happen in the coming quarter."""
    game = desk.game
    desk.playing = False
    game.intervene(ready_shock(game.file, name, game.world.quarter))
