"""HTML that can be clicked: the one widget of the viewer that is no part of Solara."""

from __future__ import annotations

from collections.abc import Callable

import solara


@solara.component_vue("picture.vue")
def Picture(html: str, event_pick: Callable[[str], None]) -> None:  # noqa: N802 - a component
    """Show HTML; a part with `data-pick` calls `event_pick` when clicked, or by Enter or Space."""
