"""Picture files that are scans of pages are read as pages; other pictures are described."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from services.parsing.images import ocr, pictures, scans
from services.parsing.parser import parse
from services.parsing.questions import Limits, Questions, asking
from tests.services.parsing.images.test_ocr import drawn
from tests.services.parsing.images.test_scans import LEFT, RIGHT, words

FURTHER = ["The ferry was late that morning", "and the mail was wet with spray"]


def page(*columns: list[str]) -> Image.Image:
    sheet = Image.new("RGB", (560 * len(columns), 600), "white")
    for x, lines in enumerate(columns):
        for at, line in enumerate(lines):
            place = (60 + 540 * x, 60 + 50 * at)
            ImageDraw.Draw(sheet).text(place, line, "black", ImageFont.load_default(28))
    return sheet


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    held = io.BytesIO()
    picture.save(held, kind, **how)
    return held.getvalue()


def test_a_turned_page_of_two_columns_is_read_as_a_page() -> None:
    sheet = page(LEFT + FURTHER, RIGHT).rotate(90, expand=True)

    document = parse(saved(sheet, "PNG"), "page.png")

    assert words(document.markdown) == words(" ".join(LEFT + FURTHER + RIGHT))
    assert "![" not in document.markdown
    assert (document.media_type, document.pages, document.warnings) == ("image/png", (), ())


def test_the_pages_of_a_fax_are_pages() -> None:
    """With a resolution of 204 by 98, as faxes have."""
    sheets = [page(LEFT + RIGHT + FURTHER), page(FURTHER)]
    flat = [sheet.resize((sheet.width * 2, sheet.height)).convert("1") for sheet in sheets]

    fax = saved(flat[0], "TIFF", save_all=True, append_images=flat[1:], compression="group4", dpi=(204, 98))
    document = parse(fax, "fax.tiff")

    texts = [document.markdown[span.start : span.end] for span in document.pages]
    assert [words(text) for text in texts] == [
        words(" ".join(LEFT + RIGHT + FURTHER)),
        words(" ".join(FURTHER)),
    ]


def test_a_picture_with_some_words_is_none() -> None:
    assert not scans.is_page(drawn([(100, 60 * at, f"Pier {at}") for at in range(1, 8)]))


@pytest.mark.parametrize(("pages", "kind"), [("scans", "page"), ("never", "picture")])
def test_a_vision_model_reads_a_page_and_describes_a_picture(
    pages: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "line_lengths", lambda picture: [20.0] * 30)

    with asking(Questions(Limits(pages))) as questions:
        parse(saved(Image.new("RGB", (850, 1100), "white"), "PNG"), "page.png")

    assert [asked.kind for asked in questions.asked] == [kind]


def test_grey_of_16_bits_and_pixels_that_are_not_square_are_made_usual() -> None:
    grey = np.full((40, 100), 65_535, np.uint16)
    grey[:, :50] = 0

    looked = pictures.upright(Image.open(io.BytesIO(saved(Image.fromarray(grey), "TIFF", dpi=(200, 100)))))

    assert looked.size == (100, 80)
    assert (looked.getpixel((10, 40)), looked.getpixel((90, 40))) == ((0, 0, 0), (255, 255, 255))
