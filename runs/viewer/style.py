"""The style sheet of the viewer, read once."""

from __future__ import annotations

from importlib.resources import files

STYLE = files("runs.viewer").joinpath("style.css").read_text(encoding="utf-8")
