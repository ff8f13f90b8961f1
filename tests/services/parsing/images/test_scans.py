"""Scans that are turned, skewed or in other scripts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from schemas.errors import UnsupportedFormat
from services.parsing.images import ocr
from services.parsing.images.ocr import detection, find_text, recognition, tesseract
from services.parsing.images.ocr.advice import unreadable
from services.parsing.images.ocr.detection import Strip, Strips
from services.parsing.parser import parse
from services.parsing.pdf import parse_pdf
from services.parsing.sandbox.pool import Sandbox
from tests.services.parsing.pdf.conftest import Sheet

DATA = Path(__file__).parent / "tessdata"
LEFT = [
    "The harbour office of Lyndon",
    "counted many crates of iron",
    "on Friday, and salted herring",
    "in wooden barrels came later",
]
RIGHT = [
    "Seven wizards brewed potions",
    "behind the old customs house",
    "while nobody in the village",
    "seemed to mind the smoke",
]


@pytest.fixture(autouse=True)
def no_models_of_the_system(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tesseract, "FOLDERS", ())
    tesseract.configure(None)
    yield
    tesseract.configure(None)


def columns() -> Image.Image:
    """A page of two columns."""
    page = Image.new("RGB", (1000, 700), "white")
    for x, lines in ((60, LEFT), (540, RIGHT)):
        for at, line in enumerate(lines):
            ImageDraw.Draw(page).text((x, 120 + 60 * at), line, "black", ImageFont.load_default(28))
    return page


def scanned(*pages: Image.Image, text: str = "") -> bytes:
    sheet = Sheet()
    for page in pages:
        high = 612 * page.height / page.width
        sheet.picture(page, 0, 0, 612, min(high, 792))
        sheet.next_page()
    if text:
        sheet.text(72, 100, text)
    return sheet.data()


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@pytest.mark.parametrize("degrees", [90, 180, 270, -4])
def test_a_page_is_read_upright_and_straight(degrees: int) -> None:
    page = columns().rotate(degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)

    found = find_text(page)

    assert found.turn == {90: 270, 180: 180, 270: 90}.get(degrees, 0)
    assert words(found.text) == words(" ".join(LEFT + RIGHT))


@pytest.mark.parametrize("degrees", [0, 2, -5, 10])
def test_lines_that_run_askew_are_put_level(degrees: float) -> None:
    """Two lines of a page of 800 by 1000, each of two pieces, turned about its middle."""
    level = np.array(
        [[[x, y], [x + 300, y], [x + 300, y + 20], [x, y + 20]] for y in (100, 900) for x in (50, 400)]
    )
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    askew = (level - [400, 500]) @ np.array([[c, s], [-s, c]]) + [400, 500]

    assert np.allclose(detection.straightened(askew, 800, 1000), level, atol=0.5)


def test_a_turned_scan_of_a_pdf_has_the_places_of_an_upright_page() -> None:
    page = columns().rotate(90, expand=True)

    assert words(parse_pdf(scanned(page)).markdown) == words(" ".join(LEFT + RIGHT))


ARABIC = Image.open(DATA / "arabic.png").convert("RGB")


async def test_arabic_is_read_by_a_worker_where_its_model_is_there() -> None:
    box = Sandbox(ocr_models=DATA)
    try:
        document = await box.parse(scanned(ARABIC, columns()), "ledger.pdf", None)
    finally:
        box.close()

    expected = words("أحصى مكتب الميناء يوم الجمعة 1204 صندوقا من سمك الرنجة المملح ولم يهتم أحد في القرية")
    assert words(document.markdown)[: len(expected)] == expected
    assert words(document.markdown)[-len(words(" ".join(RIGHT))) :] == words(" ".join(RIGHT))
    assert document.warnings == ()


def test_a_pdf_of_which_nothing_can_be_read_fails_with_the_pages_and_what_to_install() -> None:
    with pytest.raises(UnsupportedFormat) as raised:
        parse(scanned(ARABIC), "ledger.pdf")

    assert str(raised.value) == (
        "ledger.pdf: PDF: nothing in it could be read. page 1: text in an unknown script (not Latin, Chinese "
        "or Japanese), which no installed OCR model reads. Install the language data (HEADRACE_OCR_MODELS)"
    )


def test_a_page_that_cannot_be_read_is_told_if_others_can() -> None:
    document = parse_pdf(scanned(ARABIC, text="Plain text of the second page."))

    assert document.markdown == "Plain text of the second page.\n"
    assert len(document.warnings) == 1
    assert document.warnings[0].startswith("page 1: text in an unknown script")


def test_a_picture_of_a_text_that_cannot_be_read_fails_as_well() -> None:
    held = io.BytesIO()
    ARABIC.save(held, "PNG")

    with pytest.raises(UnsupportedFormat, match=r"ledger\.png: picture: text in an unknown script"):
        parse(held.getvalue(), "ledger.png")


def test_the_advice_names_script_and_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unreadable("Arabic").startswith(
        "text in Arabic script, which no installed OCR model reads. Install its"
    )
    assert "tesseract-ocr-kor" in unreadable("Hangul")
    monkeypatch.setattr(tesseract, "find_spec", lambda name: None)
    assert "install headrace[tesseract], and its language data, such as tesseract-ocr-ell" in unreadable(
        "Greek"
    )


class Engine:
    """Reads every line as `text` with `score`; upside-down ones, whose first pixel is white, otherwise."""

    def __init__(self, text: str, score: float, over: tuple[str, float] = ("", 0.0)) -> None:
        self.text, self.score, self.over = text, score, over

    def recognize_txt(self, lines: list[Any]) -> Any:
        read = [self.over if line[0, 0, 0] else (self.text, self.score) for line in lines]
        return type("Found", (), {"txts": [text for text, _ in read], "scores": [score for _, score in read]})


def strips(count: int = 6) -> Strips:
    pixels = np.zeros((20, 400, 3), np.uint8)
    pixels[-1, -1] = 255
    lines = [Strip(pixels.copy(), 10, 30 * at, 410, 30 * at + 20) for at in range(count)]
    return Strips(lines, 500, 700)


BLANK = Image.new("RGB", (10, 10))


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, float]]:
    """What Tesseract's languages read, with their confidence."""
    known: dict[str, tuple[str, float]] = {}
    monkeypatch.setattr(tesseract, "languages", lambda: list(known))
    monkeypatch.setattr(tesseract, "read", lambda language, lines, thorough: [known[language]] * len(lines))
    return known


def test_a_text_that_the_default_models_are_sure_of_is_theirs(models: dict[str, tuple[str, float]]) -> None:
    models["rus"] = ("Портовая контора порта", 0.99)

    read = recognition.recognise(Engine("The office of the harbour", 0.92), strips(), BLANK)

    assert read.texts == ["The office of the harbour"] * 6


@pytest.mark.parametrize(
    ("text", "score"),
    [("I  o a", 0.8), ("ε τ λιανι τησ αασε ιτια", 0.88), ("AU4 UU0 ACAU LIOUO CIAU", 0.68), ("", 0.0)],
)
def test_what_the_default_models_cannot_know_is_read_by_the_surest_of_the_others(
    models: dict[str, tuple[str, float]], text: str, score: float
) -> None:
    models |= {"ell": ("Tο γραφε", 0.5), "rus": ("Портовая контора", 0.86), "ukr": ("Портова контора", 0.94)}

    read = recognition.recognise(Engine(text, score), strips(), BLANK)

    assert (read.texts, read.unread) == (["Портова контора"] * 6, 0)
    models.clear()
    read = recognition.recognise(Engine(text, score), strips(), BLANK)
    assert (read.texts, read.unread) == ([""] * 6, 6)


def test_a_page_that_was_taken_for_upside_down_is_turned_back(models: dict[str, tuple[str, float]]) -> None:
    read = recognition.recognise(
        Engine("ouo jo po", 0.6, ("The office of the harbour", 0.95)), strips(), BLANK
    )

    assert read.texts == ["The office of the harbour"] * 6
    assert read.strips.turn == 180
    assert (read.strips.lines[0].x0, read.strips.lines[0].y1) == (90, 700)


def test_a_warning_about_a_picture_holds_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError('Traceback (most recent call last):\n  File "/usr/lib/engine.py"\nValueError')

    monkeypatch.setattr(ocr, "find_text", failing)

    assert "page 1: its picture could not be read (RuntimeError)" in parse_pdf(scanned(columns())).warnings
