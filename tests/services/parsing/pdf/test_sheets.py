"""Pages as PDFium reads them."""

from __future__ import annotations

from typing import Any

from services.parsing.pdf.sheets import visit_sheets
from tests.services.parsing.pdf.conftest import Sheet


def test_each_page_is_visited_with_what_is_known_of_it_and_rotated_ones_where_they_are_wanted(
    sheet: Sheet,
) -> None:
    for text, turn in (("first", 0), ("second", 90), ("third", 0)):
        sheet.canvas.setPageRotation(turn)
        sheet.text(72, 100, text)
        sheet.next_page()
    data = sheet.data()
    seen: list[str] = []

    def visit(found: Any, held: str) -> None:
        text = found.get_textpage()
        seen.append(f"{held}: {text.get_text_range()}")
        text.close()

    visit_sheets(data, [(2, "b"), (3, "c")], visit)
    assert seen == ["c: third"]

    seen.clear()
    visit_sheets(data, [(1, "a"), (2, "b")], visit, upright=False)
    assert seen == ["a: first", "b: second"]


def test_a_file_that_only_the_other_reader_can_open_is_passed_over() -> None:
    def visit(found: Any, held: None) -> None:
        raise AssertionError("there is no page")

    visit_sheets(b"%PDF-1.7 and no more", [(1, None)], visit)
