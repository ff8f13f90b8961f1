"""Pages as PDFium has them."""

from __future__ import annotations

from services.parsing.page.geometry import Page, Style, Word
from services.parsing.pdf.sheets import Sheets
from services.parsing.pdf.words import mend
from tests.services.parsing.pdf.conftest import Sheet


def test_the_characters_of_a_page_are_where_its_words_are_unless_it_is_rotated(sheet: Sheet) -> None:
    for text, turn in (("first", 0), ("second", 90), ("third", 0)):
        sheet.canvas.setPageRotation(turn)
        sheet.text(72, 100, text)
        sheet.next_page()
    sheets = Sheets(sheet.data())

    assert sheets.letters(Page(2, 612, 792, [])) is None
    letters = sheets.letters(Page(3, 612, 792, []))
    assert letters is not None
    first = letters.first_of(Word("third", 72, 92, 95, 102, Style(10)))
    assert first is not None
    assert letters.between(first, first + 9) == "third"
    assert abs(letters.box(first).x0 - 72) < 1
    assert 90 < letters.box(first).y0 < 97
    assert abs(letters.box(first).y1 - 100) < 1


def test_the_words_of_a_file_that_only_the_other_reader_can_open_stay_as_they_are() -> None:
    page = Page(
        1,
        612,
        792,
        [Word("ficient", 72, 92, 95, 102, Style(20)), Word("word12", 99, 92, 130, 102, Style(10))],
    )

    mend(Sheets(b"%PDF-1.7 and no more"), page, astral=True)

    assert [word.text for word in page.words] == ["ficient", "word12"]
