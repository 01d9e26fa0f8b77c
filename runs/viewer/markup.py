"""Small pieces of HTML and SVG, escaped where they hold text."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


def tag(name: str, /, *inner: str | None, **attributes: object) -> Markup:
    """Write an element: `tag("text", "a < b", x=3, class_="soft")`.

    Text is escaped, `Markup` is not; attributes that are None or False are left out, `_` stands
    for `-` and a `_` at the end for nothing.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{written}>{join(*inner)}</{name}>")


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return "true" if value is True else str(value)


def join(*parts: str | None) -> Markup:
    """Put pieces one after the other."""
    return Markup("".join(p if isinstance(p, Markup) else escape(p) for p in parts if p))
