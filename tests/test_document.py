"""A report of blocks, set as HTML and as PDF."""

import io

import pytest
from matplotlib.figure import Figure

from model.notice import NOTICE
from runs import document
from runs.document import Heading, Picture, Rows, Text, to_html, to_pdf
from runs.errors import UserError


def blocks() -> list[document.Block]:
    drawn = io.BytesIO()
    Figure(figsize=(2, 1)).savefig(drawn, format="png")
    return [
        Heading("A report", 1),
        Text("Effects of ±5 % – “quoted” & <escaped>", strong=True),
        Rows(("what", "number"), [("a → b", "1,000"), ("c", "word")], (3, 1)),
        Picture(drawn.getvalue(), "A figure"),
        Heading("A chapter"),
    ]


def test_html_needs_nothing_else_and_carries_the_notice() -> None:
    page = to_html("A report", blocks())
    assert page.count(NOTICE) == 2
    assert "data:image/png;base64," in page
    assert "&lt;escaped&gt;" in page
    assert '<td class="number">1,000</td>' in page
    assert "http" not in page


def test_pdf_has_a_page_for_each_chapter() -> None:
    content = to_pdf("A report", blocks())
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") == 2


@pytest.mark.parametrize(("room", "page"), [(document.FOLLOWING + 1.0, 1), (20.0, 2)])
def test_a_heading_stays_with_what_it_heads(room: float, page: int) -> None:
    pages = document._page("A report")
    pages.set_y(pages.h - document.MARGIN - room)
    document._set(pages, Heading("A part", 3))
    assert pages.page_no() == page


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "can_pdf", lambda: False)
    with pytest.raises(UserError, match="reports"):
        to_pdf("A report", blocks())
