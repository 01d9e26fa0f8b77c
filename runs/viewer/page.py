"""The page: what is where, and what each click does."""

from __future__ import annotations

import asyncio
from functools import partial

import solara
import solara.lab
from mesa.visualization.utils import force_update, update_counter

from model.notice import NOTICE
from runs.viewer import controls, downloads, hand, telling, transport
from runs.viewer.desk import Desk
from runs.viewer.markup import Markup, tag
from runs.viewer.network import draw, switches
from runs.viewer.overview import series_panel, trust_panel
from runs.viewer.picture import Picture
from runs.viewer.setup import Setup, first_setup
from runs.viewer.stock import StockPage
from runs.viewer.style import STYLE
from runs.viewer.why import why_panel
from runs.viewer.zone import table_panel


@solara.component
def Bare(children: list[solara.Element]) -> None:  # noqa: N802
    """Nothing around the page: it brings its own head."""
    with solara.Div(children=children):
        pass


@solara.component
def Page() -> None:  # noqa: N802
    """One tab: its own game, made here, so that no two tabs share one."""
    desk = solara.use_memo(lambda: Desk(first_setup()), [])
    update_counter.get()
    solara.Title("Hub and Spoke")
    solara.Style(STYLE)
    _play(desk)
    with solara.Div(classes=["hs-page"], attributes={"role": "main"}):
        Shown(head(desk), desk)
        Shown(transport.buttons(desk), desk)
        Shown(transport.time_line(desk), desk)
        if desk.trouble:
            Shown(tag("p", desk.trouble, class_="hs-trouble", role="alert"), desk)
        with solara.Div(classes=["hs-columns"]):
            with solara.Div(classes=["hs-left"]):
                Shown(switches(desk.layers), desk)
                Shown(draw(desk.ground(), desk.scene()), desk)
                Shown(
                    telling.tie_card(desk) if ">" in desk.focus else telling.actor_card(desk), desk
                )
                Downloads(desk)
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


@solara.component
def WhyPanel(desk: Desk) -> None:  # noqa: N802
    """Why the chosen actor decided as it did."""
    update_counter.get()
    Shown(why_panel(desk), desk)


@solara.component
def TablePanel(desk: Desk) -> None:  # noqa: N802
    """The bargaining zone of the chosen table."""
    update_counter.get()
    Shown(table_panel(desk), desk)


@solara.component
def TimePanel(desk: Desk) -> None:  # noqa: N802
    """Key series."""
    update_counter.get()
    Shown(series_panel(desk), desk)


@solara.component
def TrustPanel(desk: Desk) -> None:  # noqa: N802
    """Who trusts whom."""
    update_counter.get()
    Shown(trust_panel(desk), desk)


@solara.component
def SetupPanel(desk: Desk) -> None:  # noqa: N802
    """What the next game is, and what happens to this one."""
    update_counter.get()
    Shown(controls.setup_panel(desk), desk)


@solara.component
def HandPanel(desk: Desk) -> None:  # noqa: N802
    """A seat played by hand."""
    update_counter.get()
    Shown(hand.hand_panel(desk), desk)


@solara.component
def Downloads(desk: Desk) -> None:  # noqa: N802
    """Files to take home, made when asked for."""
    with solara.Div(classes=["hs-downloads"]):
        solara.Text("Download", classes=["hs-legend"])
        for words, (name, make) in downloads.FILES.items():
            with solara.FileDownload(partial(make, desk), filename=f"hubspoke-{name}"):
                solara.Button(words, text=True, small=True, classes=["hs-download"])


PANELS = {
    "quarter": ("This quarter", QuarterPanel),
    "why": ("Why", WhyPanel),
    "table": ("Bargaining", TablePanel),
    "time": ("Over time", TimePanel),
    "trust": ("Trust", TrustPanel),
    "setup": ("Set up", SetupPanel),
    "hand": ("Your seat", HandPanel),
}


def head(desk: Desk) -> Markup:
    """Name, scenario, and the notice: seen wherever the reader has scrolled to."""
    title = desk.game.first["title"]
    return tag(
        "div",
        tag("h1", "Hub and Spoke"),
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
    """Do what was picked or put into a field, and show it."""
    kind, _, of = what.partition(":")
    desk.trouble = ""
    try:
        if kind == "do":
            _move(desk, of)
        elif kind == "set":
            field, _, value = of.partition("=")
            part, _, rest = field.partition(".")
            if part == "hand":
                hand.put(desk, rest, value)
            else:
                controls.put(desk, field, value)
        elif kind == "hand":
            hand.act(desk, of)
        elif kind == "seat":
            take_seat(desk, of)
        elif kind == "shock":
            controls.shock(desk, of)
        elif kind == "pace":
            desk.pace = transport.PACES[of]
        else:
            desk.pick(kind, of)
    except ValueError as error:  # of the model: it says in plain words what cannot be
        desk.trouble = str(error)
    force_update()


def take_seat(desk: Desk, actor: str) -> None:
    """Play an actor by hand, or none."""
    if actor:
        desk.game.take_over(actor)
        desk.pick("who", actor)
    else:
        desk.game.hand_back()


def _move(desk: Desk, what: str) -> None:
    """Move the game."""
    if what == "play":
        desk.back = None
        desk.playing = not desk.playing
    elif what == "step":
        step(desk)
    elif what == "again":
        desk.start_again()
    elif what == "new":
        desk.start_again(desk.draft)
    elif what == "plain":
        desk.draft = Setup(desk.draft.scenario, desk.draft.seed)


def step(desk: Desk) -> None:
    """Play on to the end of the quarter, or to a question that waits for a person."""
    desk.step()
    hand.go_on(desk)
    if desk.game.waiting is not None:
        desk.playing = False
        desk.panel = "hand"


def _play(desk: Desk) -> None:
    """Play on, a quarter every so many seconds, until it is paused or over."""

    async def play() -> None:
        while desk.playing:
            await asyncio.sleep(desk.pace)
            if desk.playing:
                step(desk)
                force_update()

    def pause() -> None:
        desk.playing = False

    solara.lab.use_task(play, dependencies=[desk.playing], prefer_threaded=False)
    solara.use_effect(lambda: pause, [])


routes = [  # Solara looks for the name
    solara.Route("/", component=Page, layout=Bare, label="Hub and Spoke"),
    solara.Route(
        "mesa", component=StockPage, layout=solara.AppLayout, label="Hub and Spoke in SolaraViz"
    ),
]
