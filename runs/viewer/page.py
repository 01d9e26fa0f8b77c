"""The page: what is where, and what each click does."""

from __future__ import annotations

import asyncio
from importlib.resources import files

import solara
import solara.lab
from mesa.visualization.utils import force_update, update_counter

from model.notice import NOTICE
from runs.viewer import telling, transport
from runs.viewer.desk import Desk
from runs.viewer.markup import Markup, tag
from runs.viewer.network import draw, switches
from runs.viewer.picture import Picture
from runs.viewer.setup import first_setup

STYLE = files("runs.viewer").joinpath("style.css").read_text(encoding="utf-8")


@solara.component
def Layout(children: list[solara.Element]) -> None:  # noqa: N802 - Solara looks for the name
    """Nothing around the page: it brings its own head and foot."""
    with solara.Div(children=children):
        pass


@solara.component
def Page() -> None:  # noqa: N802 - Solara looks for the name
    """One tab: its own game, made here, so that no two tabs share one."""
    desk = solara.use_memo(lambda: Desk(first_setup()), [])
    update_counter.get()
    solara.Title("Hub and Spoke")
    solara.Style(STYLE)
    _play(desk)
    with solara.Div(classes=["hs-page"]):
        Shown(head(desk), desk)
        Shown(transport.buttons(desk), desk)
        Shown(transport.time_line(desk), desk)
        with solara.Div(classes=["hs-columns"]):
            with solara.Div(classes=["hs-left"]):
                Shown(switches(desk.layers), desk)
                Shown(draw(desk.ground(), desk.scene()), desk)
                Shown(telling.actor_card(desk), desk)
            with solara.Div(classes=["hs-right"]):
                Shown(tabs(desk.panel), desk)
                PANELS[desk.panel][1](desk)


@solara.component
def Shown(html: Markup, desk: Desk) -> None:  # noqa: N802
    """Show HTML whose parts can be picked."""
    Picture(html=str(html), event_pick=lambda what: act(desk, what))


@solara.component
def QuarterPanel(desk: Desk) -> None:  # noqa: N802
    """The quarter in words."""
    update_counter.get()

    def tell_whole(whole: bool) -> None:
        desk.whole = whole
        force_update()

    Shown(telling.quarter_in_words(desk.names, desk.moment, whole=desk.whole), desk)
    solara.Checkbox(
        label="Tell every offer, belief and promise", value=desk.whole, on_value=tell_whole
    )
    Shown(telling.how_to_read(), desk)


PANELS = {"quarter": ("This quarter", QuarterPanel)}


def head(desk: Desk) -> Markup:
    """Name, scenario, and the notice: seen wherever the reader has scrolled to."""
    title = desk.game.first["title"]
    return tag(
        "header",
        tag("strong", "Hub and Spoke"),
        tag("span", title, class_="hs-title"),
        tag("span", f"{NOTICE}.", class_="hs-notice"),
        class_="hs-head",
    )


def tabs(panel: str) -> Markup:
    """Write the names of the panels."""
    return tag(
        "div",
        *(
            tag(
                "button",
                words,
                type="button",
                role="tab",
                aria_selected=str(name == panel).lower(),
                data_pick=f"panel:{name}",
            )
            for name, (words, _) in PANELS.items()
        ),
        role="tablist",
        aria_label="What to read",
        class_="hs-tabs",
    )


def act(desk: Desk, what: str) -> None:
    """Do what was picked, and show it."""
    kind, _, of = what.partition(":")
    if what == "do:play":
        desk.back = None
        desk.playing = not desk.playing
    elif what == "do:step":
        desk.step()
    elif what == "do:again":
        desk.start_again()
    elif kind == "pace":
        desk.pace = transport.PACES[of]
    else:
        desk.pick(kind, of)
    force_update()


def _play(desk: Desk) -> None:
    """Play on, a quarter every so many seconds, until it is paused or over."""

    async def play() -> None:
        while desk.playing:
            await asyncio.sleep(desk.pace)
            if desk.playing:
                desk.step()
                force_update()

    def pause() -> None:
        desk.playing = False

    solara.lab.use_task(play, dependencies=[desk.playing], prefer_threaded=False)
    solara.use_effect(lambda: pause, [])
