"""Step, play, pause, start again, and the time line to look back by."""

from __future__ import annotations

from collections.abc import Iterator

from runs.viewer.desk import Desk
from runs.viewer.markup import Markup, tag
from runs.viewer.watched import Moment
from runs.words import percent

PACES = {"slow": 3.0, "normal": 1.5, "fast": 0.4}  # seconds a quarter
MARKS = {"deal": "●", "threat": "!", "crisis": "⚠", "new in office": "◆"}


def buttons(desk: Desk) -> Markup:
    """Write the buttons that move the game."""
    game, playing = desk.game, desk.playing
    waits, over = game.waiting is not None, not game.running
    quarter = game.game.scenario.quarter(game.world.quarter) if not over else "the end"
    return tag(
        "div",
        _button("do:play", "❚❚ Pause" if playing else "▶ Play", off=waits or over, main=True),
        _button("do:step", "Next quarter ›", off=waits or over or playing),
        _button("do:again", "⟲ Start again", off=False),
        tag(
            "span",
            *(
                _button(f"pace:{name}", name, off=False, pressed=desk.pace == seconds)
                for name, seconds in PACES.items()
            ),
            class_="hs-paces",
            role="group",
            aria_label="Speed",
        ),
        tag(
            "span",
            f"Seed {game.seed_used}",
            class_="hs-soft",
            title="The same seed gives the same game. Change it under Set up.",
        ),
        tag(
            "span",
            "over" if over else f"waits for you: {quarter}" if waits else f"next: {quarter}",
            class_="hs-soft",
        ),
        tag("span", " ".join(f"{MARKS[k]} {k}" for k in MARKS), class_="hs-soft hs-marks"),
        class_="hs-transport",
        role="group",
        aria_label="Move the game",
    )


def _button(
    pick: str, words: str, *, off: bool, main: bool = False, pressed: bool | None = None
) -> Markup:
    return tag(
        "button",
        words,
        type="button",
        disabled=off,
        data_pick=pick,
        aria_pressed=None if pressed is None else str(pressed).lower(),
        class_="hs-button hs-main" if main else "hs-button",
    )


def time_line(desk: Desk) -> Markup:
    """Write the time line: a button a quarter, with marks for what happened."""
    game, shown = desk.game, desk.shown
    back = desk.back is not None
    total = max(game.quarters, len(desk.moments))
    scenario = game.game.scenario
    return tag(
        "nav",
        _stop(-1, "Start", "before the first quarter", (), on=shown == -1),
        *(
            _stop(n, short(m.name), f"{m.name}: {said(m)}", tuple(marks(m)), on=n == shown)
            for n, m in enumerate(desk.moments)
        ),
        *(
            tag("span", short(scenario.quarter(n)), class_="hs-stop hs-coming")
            for n in range(len(desk.moments), total)
        ),
        tag(
            "button",
            "Back to the present ›",
            type="button",
            class_="hs-button hs-main",
            data_pick=f"quarter:{len(desk.moments) - 1}",
        )
        if back
        else None,
        class_="hs-time",
        aria_label="Time line",
    )


def _stop(number: int, name: str, title: str, signs: tuple[str, ...], *, on: bool) -> Markup:
    return tag(
        "button",
        tag("b", name),
        tag("i", "".join(MARKS[s] for s in signs) or "·", aria_hidden="true"),
        type="button",
        title=title,
        aria_label=title,
        aria_current="step" if on else None,
        data_pick=f"quarter:{number}",
        class_="hs-stop",
    )


def short(quarter: str) -> str:
    """Write a quarter in few letters: 25Q1."""
    return quarter[2:]


def marks(moment: Moment) -> Iterator[str]:
    """What of note happened in a quarter, each kind once."""
    if any(e["signed"] for e in moment.of("signing")):
        yield "deal"
    if any(e["what"] in ("announced", "carried_out") for e in moment.of("threat")):
        yield "threat"
    if moment.of("crisis"):
        yield "crisis"
    effects = (f for e in moment.of("happening") for f in e["effects"])
    if any(f["kind"] == "election" and f["changed"] for f in effects):
        yield "new in office"


def said(moment: Moment) -> str:
    """Count what happened in a quarter."""
    deals = sum(e["signed"] for e in moment.of("signing"))
    threats = sum(e["what"] in ("announced", "carried_out") for e in moment.of("threat"))
    crises = [f"{e['called']} ({percent(e['hazard'])} likely)" for e in moment.of("crisis")]
    words = [f"{deals} signed" if deals else "no deal"]
    words += [f"{threats} threatened or carried out"] if threats else []
    words += [f"crisis: {', '.join(crises)}"] if crises else []
    words += ["a new office-holder"] if "new in office" in marks(moment) else []
    return ", ".join(words)
