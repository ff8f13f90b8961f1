"""Reading text in pictures."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from services.parsing.images import ocr
from services.parsing.images.ocr import TextBox, find_text, plain_text, words_of
from services.parsing.page.geometry import Page, Style, Word
from services.parsing.pdf.scans import add_words


def drawn(
    texts: list[tuple[int, int, str]], size: tuple[int, int] = (900, 500), height: int = 32
) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    for x, y, text in texts:
        ImageDraw.Draw(picture).text((x, y), text, fill="black", font=ImageFont.load_default(height))
    return picture


def test_lines_are_found_where_they_stand_in_a_picture_of_any_mode() -> None:
    (found,) = find_text(drawn([(100, 200, "Harbour office")], (600, 300)).convert("L")).boxes

    assert found.text.replace(" ", "").lower() == "harbouroffice"
    assert abs(found.x0 - 100) < 15
    assert 180 < found.y0 < 225


def test_boxes_are_in_pixels_of_the_picture_that_was_given_even_when_it_is_brought_down() -> None:
    wide = drawn([(1500, 300, "Harbour office")], size=(2 * ocr.SIDE, 600), height=80)

    (found,) = find_text(wide).boxes

    assert abs(found.x0 - 1500) < 60
    assert abs(found.y0 - 300) < 60


def test_a_picture_without_text_reads_as_nothing() -> None:
    assert find_text(Image.new("RGB", (300, 200), "white")).text == ""


def test_lines_become_paragraphs_in_reading_order() -> None:
    boxes = [
        TextBox("and it goes on.", 50, 40, 300, 60),
        TextBox("The first paragraph begins here", 50, 15, 480, 35),
        TextBox("A second one.", 50, 120, 300, 140),
    ]

    assert plain_text(boxes, 600, 200) == "The first paragraph begins here and it goes on.\n\nA second one."


def test_every_word_gets_its_share_of_the_box_of_its_line() -> None:
    first, second = words_of([TextBox("ab cdef", 0, 0, 70, 10)])

    assert (first.text, first.x0, first.x1) == ("ab", 0, 20)
    assert (second.text, second.x0, second.x1) == ("cdef", 30, 70)


def test_text_that_the_page_holds_already_is_not_read_twice() -> None:
    page = Page(1, 100.0, 100.0, [Word("native", 10, 10, 40, 20, Style(8))])

    add_words(page, [TextBox("natlve", 20, 20, 80, 40), TextBox("scanned", 20, 100, 80, 120)], 200)

    assert [word.text for word in page.words] == ["native", "scanned"]
