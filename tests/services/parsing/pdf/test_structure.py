"""Headings that the outline of the PDF names."""

from __future__ import annotations

import pytest

from services.parsing.pdf import parse_pdf
from services.parsing.pdf.sheets import Sheets
from services.parsing.pdf.structure import comparable, outline_of
from tests.services.parsing.pdf.conftest import Sheet, prose


def entry(sheet: Sheet, title: str, depth: int) -> None:
    sheet.canvas.bookmarkPage(title)
    sheet.canvas.addOutlineEntry(title, title, depth)


def headings(sheet: Sheet) -> list[str]:
    return [line for line in parse_pdf(sheet.data()).markdown.splitlines() if line.startswith("#")]


def test_entries_are_headings_of_their_depth_whatever_they_look_like(sheet: Sheet) -> None:
    sheet.text(72, 60, "The book of weirs", size=20)
    sheet.text(72, 100, "1 Of keepers", font="Times-Bold")
    sheet.lines(72, 124, prose(6))
    sheet.text(72, 220, "1.1 Of their boats")
    sheet.lines(72, 244, prose(6, seed=3))
    sheet.text(72, 340, "A plain line")
    sheet.lines(72, 364, prose(6, seed=5))
    for title, depth in (("Of keepers", 0), ("Of their boats", 1), ("Not on this page", 1)):
        entry(sheet, title, depth)

    assert headings(sheet) == ["# The book of weirs", "## 1 Of keepers", "### 1.1 Of their boats"]


def test_styles_outside_of_the_outline_are_below_those_in_it(sheet: Sheet) -> None:
    for at, title in enumerate(["Of weirs", "Of sluices"]):
        y = 60 + at * 300
        sheet.text(72, y, title, size=16)
        sheet.lines(72, y + 24, prose(5, seed=at))
        sheet.text(72, y + 120, f"Boats at the {at + 2} gates", size=13)
        sheet.lines(72, y + 144, prose(5, seed=at + 4))
        entry(sheet, title, 0)

    found = headings(sheet)

    assert [line.split()[0] for line in found] == ["#", "##", "#", "##"]


@pytest.mark.parametrize(
    ("title", "printed"),
    [
        ("Getting started", "2.1 Getting Started"),
        ("4 Specials", "Specials"),
        ("Appendix A. Tools", "A Tools"),
        ("IV. Results", "Results"),
        ("1999", "1999"),
    ],
)
def test_numbers_of_titles_may_be_in_the_text_alone(title: str, printed: str) -> None:
    assert comparable(title) == comparable(printed) != ""


def test_a_broken_outline_has_no_entries() -> None:
    assert outline_of(Sheets(b"%PDF-1.4 /Outlines")) == []
