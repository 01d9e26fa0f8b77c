"""The same game in Mesa's own `SolaraViz`, for those who know it: at /mesa.

Every component takes the model and listens to Mesa's `update_counter`, as SolaraViz wants it, so it
can be used in a notebook, too: `SolaraViz(Watched(rng=1), components=[(NetworkCard, 0)])`.
"""

from __future__ import annotations

import solara
from mesa.visualization import Slider, SolaraViz
from mesa.visualization.utils import force_update, update_counter

from model.notice import NOTICE
from model.parameters import parameters
from model.wargame import KEYWORDS
from runs.viewer.desk import Desk
from runs.viewer.network import draw
from runs.viewer.overview import series_panel
from runs.viewer.picture import Picture
from runs.viewer.setup import Setup, file_of, first_setup
from runs.viewer.style import STYLE
from runs.viewer.telling import quarter_in_words
from runs.viewer.watched import Watched


@solara.component
def StockPage() -> None:  # noqa: N802
    """Mesa's viewer with our components; the model is made here, a new one for each tab."""
    setup = first_setup()
    model = solara.use_memo(lambda: solara.reactive(setup.game()), [])
    solara.Style(STYLE)
    SolaraViz(
        model,
        components=[(NetworkCard, 0), (TellingCard, 0), (SeriesCard, 1)],
        model_params=model_params(setup),
        play_interval=500,
        name=f"Hub and Spoke · {NOTICE}",
    )


def model_params(setup: Setup) -> dict[str, object]:
    """What may be changed: the seed, and the main parameters that the scenario has."""
    file = file_of(setup.scenario)
    known = parameters(file)
    sliders = {
        name: Slider(
            name, known[path].value, *known[path].range, step=0.05 if name[:3] == "tau" else 1
        )
        for name, path in KEYWORDS.items()
        if path in known and name.startswith(("tau", "agenda"))
    }
    return {
        "world": file,
        "source": setup.scenario,
        "rng": Slider("Seed", setup.seed, 0, max(100, setup.seed), 1),
        **sliders,
    }


@solara.component
def NetworkCard(model: Watched) -> None:  # noqa: N802
    """The network; click an actor or a tie to focus on it."""
    update_counter.get()
    desk = _desk(model)

    def pick(what: str) -> None:
        kind, _, of = what.partition(":")
        desk.pick(kind, of)
        force_update()

    Picture(html=str(draw(desk.ground(), desk.scene())), event_pick=pick)


@solara.component
def TellingCard(model: Watched) -> None:  # noqa: N802
    """The last quarter in words, and the notice."""
    update_counter.get()
    desk = _desk(model)
    told = quarter_in_words(desk.names, desk.moment, whole=False)
    Picture(html=f"{told}<p class='hs-soft'>{NOTICE}.</p>", event_pick=print)


@solara.component
def SeriesCard(model: Watched) -> None:  # noqa: N802
    """Key series."""
    update_counter.get()
    Picture(html=str(series_panel(_desk(model))), event_pick=print)


def _desk(model: Watched) -> Desk:
    """What is looked at of a model, kept with the component."""
    desk: Desk = solara.use_memo(lambda: Desk(Setup(), model), [id(model)])
    return desk
