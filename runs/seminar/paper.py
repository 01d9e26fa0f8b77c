"""Pages for paper: a small part of HTML as PDF, in English or Korean."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF, TextStyle

FONT = Path(__file__).parent / "static" / "seminar-kr.ttf"
FAMILY = "Seminar"
DEEP = (23, 63, 95)
AIR = 1.35  # height of a line


class Sheet(FPDF):
    """A4 with the notice and the number of the page at the foot."""

    def __init__(self, notice: str) -> None:
        super().__init__(format="A4")
        self.notice = notice
        self.add_font(FAMILY, "", FONT)
        self.add_font(FAMILY, "B", FONT)
        self.add_font(FAMILY, "I", FONT)
        self.add_font(FAMILY, "BI", FONT)
        self.set_font(FAMILY, size=10.5)
        self.set_margins(20, 18, 20)
        self.set_auto_page_break(auto=True, margin=20)

    def footer(self) -> None:
        """Write the notice and the page number."""
        self.set_y(-14)
        self.set_font(FAMILY, size=8)
        self.set_text_color(77, 91, 105)
        self.cell(0, 6, f"{self.notice}   ·   {self.page_no()}", align="C")
        self.set_text_color(0, 0, 0)


def pdf_of(body: str, title: str, notice: str) -> bytes:
    """Return a PDF of simple HTML: headings, paragraphs, lists, tables."""
    sheet = Sheet(notice)
    sheet.set_title(title)
    sheet.set_lang("en")
    sheet.add_page()
    headings = {
        f"h{n}": TextStyle(
            font_family=FAMILY, font_size_pt=size, color=DEEP, t_margin=top, b_margin=1.5
        )
        for n, size, top in ((1, 19, 0), (2, 14, 4), (3, 11.5, 3))
    }
    for tag in ("code", "pre"):  # in the same letters: the font has Korean
        body = body.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    for tag in ("p", "ul", "ol"):
        body = body.replace(f"<{tag}>", f'<{tag} line-height="{AIR}">')
    body = body.replace("<table", '<table cellpadding="1.5"')
    sheet.write_html(
        body,
        font_family=FAMILY,
        tag_styles=headings,
        ul_bullet_char="•",
        li_prefix_color=DEEP,
        table_line_separators=True,
    )
    return bytes(sheet.output())
