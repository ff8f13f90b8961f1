# ruff: noqa: E501 (content streams read best on one line)
"""Pictures and scans that other tools do not read. OCR takes a second each, so these are small."""

from __future__ import annotations

import io
import zlib

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from tests.services.parsing.relatives.books import book
from tests.services.parsing.relatives.books import page as chapter
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import show, stream
from tests.services.parsing.relatives.rebuilt.prints import raw
from tests.services.parsing.relatives.rebuilt.scanned import drawn, saved
from tests.services.parsing.samples import zipped

_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
_RES = "/Font<</F <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
_LINES = ("Harbour office of Lowmoor", *("The gate opens at seven",) * 8)


def receipt() -> Image.Image:
    picture = Image.new("L", (560, 900), 235)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", 26)
    for n, (item, price) in enumerate(
        (("HARBOUR SHOP", ""), ("Rope 10 m", "12.50"), ("Bread", "3.20"), ("Lamp oil", "7.95"), ("Seal", "1.10"),
         ("TOTAL", "24.75"), ("Cash", "30.00"), ("Change", "5.25"))
    ):  # fmt: skip
        pen.text((30, 40 + 60 * n), item, fill=70, font=font)
        pen.text((530 - pen.textlength(price, font), 40 + 60 * n), price, fill=70, font=font)
    return picture


def two_grounds() -> Image.Image:
    """A dark band with light words above dark words on white."""
    picture = drawn(words=("", "The gate opens at seven", "and closes at nine"))
    ImageDraw.Draw(picture).rectangle((0, 0, picture.width, 110), fill=30)
    ImageDraw.Draw(picture).text((40, 30), "Harbour office", fill=240, font=ImageFont.truetype(_FONT, 40))
    return picture


def table() -> Image.Image:
    picture = Image.new("L", (900, 420), 255)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(_FONT, 32)
    for x in (20, 320, 600, 880):
        pen.line((x, 20, x, 400), fill=0, width=3)
    for y in (20, 115, 210, 305, 400):
        pen.line((20, y, 880, y), fill=0, width=3)
    for r, line in enumerate(
        (("Gate", "Turns", "State"), ("North", "17", "open"), ("South", "9", "shut"), ("West", "42", "open"))
    ):
        for c, word in enumerate(line):
            pen.text((40 + 290 * c, 45 + 95 * r), word, fill=0, font=font)
    return picture


def columns() -> Image.Image:
    picture = Image.new("L", (1200, 700), 255)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(_FONT, 28)
    for k, lines in enumerate((
        ("The mill by the weir", "ground flour for the", "whole town until the", "year of the flood, and", "its wheel turned day", "and night.", "Then it was sold."),
        ("When the council came", "to buy the mill, only", "the axle was left. It", "lies in the yard that", "is behind the museum,", "and children climb on", "it in summer."),
    )):  # fmt: skip
        for n, line in enumerate(lines):
            pen.text((40 + 620 * k, 40 + 80 * n), line, fill=0, font=font)
    return picture


def turned(degrees: float) -> Image.Image:
    return drawn(words=_LINES, size=36).rotate(degrees, expand=True, fillcolor=255)


def noisy() -> Image.Image:
    picture = drawn(words=_LINES, size=36)
    noise = Image.effect_noise(picture.size, 60)
    return Image.blend(picture, noise, 0.25)


def fogged() -> Image.Image:
    return drawn(ink=120, ground=170, words=_LINES, size=36).filter(ImageFilter.GaussianBlur(1))


def scanned_page(
    picture: Image.Image, more: str = "", page: str = "", text: str = "", matrix: str = ""
) -> bytes:
    image = stream(
        zlib.compress(picture.tobytes()),
        f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/ColorSpace/DeviceGray/BitsPerComponent {1 if picture.mode == '1' else 8}/Filter/FlateDecode{more}",
    )
    return raw(
        f"q {matrix or '515 0 0 515 40 160'} cm /I Do Q {text}",
        f"/XObject<</I 5 0 R>>{_RES}",
        page=page,
        objects=[image],
    )


def indexed() -> bytes:
    """A scan whose two colours a table turns round."""
    picture = drawn(words=_LINES, size=32, wide=640).convert("1")
    image = stream(
        zlib.compress(picture.tobytes()),
        f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/ColorSpace[/Indexed/DeviceGray 1<00ff>]/BitsPerComponent 1/Filter/FlateDecode",
    )
    return raw("q 515 0 0 515 40 160 cm /I Do Q", "/XObject<</I 5 0 R>>", objects=[image])


def two_halves() -> bytes:
    """A page of two pictures, one above the other."""
    picture = drawn(words=_LINES, size=32, wide=640)
    middle = 5 * 88 + 30 - 12
    halves = [picture.crop((0, 0, 640, middle)), picture.crop((0, middle, 640, picture.height))]
    objects = [
        stream(
            zlib.compress(half.tobytes()),
            f"/Type/XObject/Subtype/Image/Width 640/Height {half.height}/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode",
        )
        for half in halves
    ]
    upper, lower = (half.height * 515 / 640 for half in halves)
    return raw(
        f"q 515 0 0 {upper} 40 {800 - upper} cm /A Do Q q 515 0 0 {lower} 40 {800 - upper - lower} cm /B Do Q",
        "/XObject<</A 5 0 R/B 6 0 R>>",
        objects=objects,
    )


def png(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


CASES = [
    Case("EasyOCR 235: a receipt of a till in pale grey", "a.png", saved(receipt(), "PNG"), matches=[r"Rope 10 ?m\W+12\.50", r"TOTAL\W+24\.75", r"Change\W+5\.25"]),
    Case("tesseract 641: a light line on a dark band above dark lines", "a.png", saved(two_grounds(), "PNG"), has=["Harbour office", "The gate opens at seven", "and closes at nine"]),
    Case("tesseract 3480: one line of large light letters", "a.jpg", saved(drawn("L", 250, 10, ("Pot: 192,100",), 150, 1200), "JPEG"), has=["192,100"]),
    Case("tesseract 2644: one line alone", "a.png", saved(drawn(words=("Gate 4471-K",), size=34, wide=320), "PNG"), has=["Gate 4471-K"]),
    Case("docling 639: a scan that lies on its side in a PDF", "a.pdf", scanned_page(drawn(words=_LINES, size=32, wide=640).rotate(90, expand=True)), has=["Harbour office of Lowmoor", "The gate opens at seven"]),
    Case("OCRmyPDF 581: a scan that stands on its head in a PDF", "a.pdf", scanned_page(drawn(words=_LINES, size=32, wide=640).rotate(180)), has=["Harbour office of Lowmoor", "The gate opens at seven"]),
    Case("OCRmyPDF 1105: a scan that the page turns back", "a.pdf", scanned_page(drawn(words=_LINES, size=32, wide=640).rotate(90, expand=True), page="/Rotate 90"), has=["Harbour office of Lowmoor", "The gate opens at seven"]),
    Case("OCRmyPDF 232: a scan whose layer says nothing but a number", "a.pdf", scanned_page(drawn(words=_LINES, size=32, wide=640), text=show("1", x=300, y=30, size=8)), has=["Harbour office of Lowmoor"]),
    Case("pdf.js: a scan whose two colours a table turns round", "a.pdf", indexed(), has=["Harbour office of Lowmoor", "The gate opens at seven"]),
    Case("docling 2047: a scan in two halves", "a.pdf", two_halves(), has=["Harbour office of Lowmoor", "The gate opens at seven"], count={"The gate opens at seven": 8}),
    Case("pdf.js: a scan whose values are turned round", "a.pdf", scanned_page(ImageOps.invert(drawn(words=_LINES, size=32, wide=640)), "/Decode[1 0]"), has=["Harbour office of Lowmoor"]),
    Case("img2table: a table with rules in a picture", "a.png", saved(table(), "PNG"), order=["Gate", "Turns", "State", "North", "17", "open", "South", "9", "shut", "West", "42"]),
    Case("leptonica: two columns in a picture", "a.png", saved(columns(), "PNG"), order=["whole town until the year of the flood", "Then it was sold.", "When the council came to buy the mill", "it in summer."]),
    Case("OCRmyPDF: a page that lies a little askew", "a.png", saved(turned(4), "PNG"), has=["Harbour office of Lowmoor", "The gate opens at seven"]),
    Case("tesseract: a page with grain", "a.jpg", saved(noisy(), "JPEG", quality=60), has=["Harbour office of Lowmoor", "The gate opens at seven"]),
    Case("EasyOCR: a page in fog", "a.jpg", saved(fogged(), "JPEG"), has=["Harbour office of Lowmoor", "The gate opens at seven"]),
    Case("xberg 1489: a book whose pages are pictures", "a.epub", book({"a.xhtml": chapter("<img src='p.png'/>")}, more={"OEBPS/p.png": png(drawn(words=_LINES, size=32, wide=640))}), has=["Harbour office of Lowmoor"]),
    Case("tika: a picture in a packet", "a.zip", zipped({"scan.png": png(drawn(words=_LINES, size=32, wide=640))}), has=["Harbour office of Lowmoor"]),
]  # fmt: skip
