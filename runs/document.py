"""A report written once as blocks, and set as one HTML page and as PDF, figures inside, offline."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.notice import NOTICE
from runs.errors import UserError, needs

PDF_EXTRA = "reports"
STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; color: #1c2733; max-width: 60rem; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.9rem; line-height: 1.2; } h2 { margin-top: 2.8rem; border-top: 1px solid #d5dbe1;
     padding-top: 1.2rem; } h3 { margin-bottom: .3rem; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; margin: .8rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
         border-bottom: 1px solid #e2e7ec; }
th { border-bottom: 2px solid #93a1af; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; }
figcaption, .notice { color: #55626f; font-size: .88rem; }
.strong { font-weight: 650; border-left: 4px solid #08306b; padding-left: .7rem; }
@media print { h2 { break-before: page; } }
"""
MARGIN, BODY, SMALL = 18.0, 10.5, 8.5  # mm; points
LINE = 1.45  # height of a line, in letters
FOLLOWING = 32.0  # mm that a heading and what it heads need at least
POINT = 25.4 / 72.0  # mm
HEADINGS = {1: 20.0, 2: 15.0, 3: 12.0}  # points


@dataclass(frozen=True)
class Heading:
    """A heading; level 2 begins a page in print."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Rows:
    """A table; `widths` are shares of the page."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]


@dataclass(frozen=True)
class Picture:
    """A figure, PNG, with what it shows."""

    png: bytes
    caption: str


Block = Heading | Text | Rows | Picture


def to_html(title: str, blocks: Sequence[Block]) -> str:
    """Return one page that needs nothing else."""
    body = "\n".join(_html(block) for block in blocks)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>\n"
        f'<p class="notice">{NOTICE}.</p>\n{body}\n<p class="notice">{NOTICE}.</p>\n'
        "</body></html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{html.escape(text)}</h{level}>"
        case Text(text, strong):
            kind = ' class="strong"' if strong else ""
            return f"<p{kind}>{html.escape(text)}</p>"
        case Picture(png, caption):
            data = base64.b64encode(png).decode()
            said = html.escape(caption)
            return (
                f'<figure><img alt="{said}" src="data:image/png;base64,{data}">'
                f"<figcaption>{said}</figcaption></figure>"
            )
        case Rows(head, rows, _):
            first = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
            lines = "\n".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
            return f"<table><thead><tr>{first}</tr></thead><tbody>\n{lines}\n</tbody></table>"


def _cell(text: str) -> str:
    kind = ' class="number"' if _is_number(text) else ""
    return f"<td{kind}>{html.escape(text)}</td>"


def _is_number(text: str) -> bool:
    try:
        float(text.removesuffix(" %").replace(",", ""))
    except ValueError:
        return False
    return True


def can_pdf() -> bool:
    """Say whether the library that sets PDF is installed."""
    from importlib.util import find_spec

    return find_spec("fpdf") is not None


def to_pdf(title: str, blocks: Sequence[Block]) -> bytes:
    """Set the report as PDF, A4.

    Raises
    ------
    UserError
        If the library for it is not installed.
    """
    if not can_pdf():
        raise UserError(needs("PDF", PDF_EXTRA))
    page = _page(title)
    for block in blocks:
        _set(page, block)
    return bytes(page.output())


def _page(title: str) -> Any:
    """Return an empty document with a font that has all letters, and the notice on each page."""
    from fpdf import FPDF

    class Page(FPDF):
        def footer(self) -> None:
            """Set the notice and the page's number."""
            self.set_y(-12)
            self.set_font("body", size=7.5)
            self.set_text_color(85, 98, 111)
            self.cell(0, 5, f"{NOTICE} · {self.page_no()}", align="C")
            self.set_text_color(28, 39, 51)

    page = Page(format="A4")
    for style, file in zip(("", "B"), _fonts(), strict=True):
        page.add_font("body", style, file)
    page.set_title(title)
    page.set_subject(NOTICE)
    page.set_margins(MARGIN, MARGIN, MARGIN)
    page.set_auto_page_break(auto=True, margin=MARGIN)
    page.add_page()
    return page


def _fonts() -> Iterator[str]:
    """Files of a free font that is there with every installation: matplotlib's."""
    from matplotlib import get_data_path

    for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):
        yield str(Path(get_data_path()) / "fonts" / "ttf" / name)


def _set(page: Any, block: Block) -> None:
    match block:
        case Heading(text, level):
            chapter = level == 2 and page.get_y() > MARGIN + 1.0  # noqa: PLR2004 - as in HTML
            if chapter or page.will_page_break(FOLLOWING):
                page.add_page()
            _lines(page, text, HEADINGS[level], "B", before=4.0 if level > 1 else 0.0)
        case Text(text, strong):
            _lines(page, text, BODY, "B" if strong else "")
        case Picture(png, caption):
            page.ln(1.5)
            page.image(io.BytesIO(png), w=page.epw)
            _lines(page, caption, SMALL)
        case Rows(head, rows, widths):
            _table(page, head, rows, widths)


def _lines(page: Any, text: str, points: float, style: str = "", before: float = 0.0) -> None:
    page.ln(before)
    page.set_font("body", style, points)
    page.multi_cell(0, points * POINT * LINE, text, align="L", new_x="LMARGIN", new_y="NEXT")
    page.ln(1.6)


def _table(
    page: Any, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
) -> None:
    page.set_font("body", "", SMALL)
    with page.table(
        col_widths=tuple(widths),
        text_align="LEFT",
        line_height=SMALL * POINT * LINE,
        borders_layout="HORIZONTAL_LINES",
        padding=0.8,
    ) as table:
        for line in (head, *rows):
            row = table.row()
            for cell in line:
                row.cell(cell)
    page.ln(2.0)
