# ruff: noqa: E501 (content streams read best on one line)
"""Pictures and scans that other tools read wrong."""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageDraw, ImageFont

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import stream
from tests.services.parsing.relatives.rebuilt.prints import raw
from tests.services.parsing.relatives.rebuilt.scanned import drawn, saved

_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
_LINES = ("The harbour office", *(f"Line {n} of the page tells of the weir" for n in range(1, 13)))


def _page(words: tuple[str, ...] = _LINES) -> Image.Image:
    return drawn("RGB", (0, 0, 0), (255, 255, 255), words, 30, 1000)


def _frames(kind: str, *words: str, **more: Any) -> bytes:
    first, *rest = (drawn(words=(word,), wide=700).convert("RGB") for word in words)
    return saved(first, kind, save_all=True, append_images=rest, **more)


_SLIDES = ("First slide of all", "Second slide of all", "Third and last slide")


def _same_frames() -> bytes:
    """A caption over a spinning wheel: its words stand in each of many frames."""
    frames = []
    for n in range(12):
        picture = drawn(words=("Loading the harbour map",), wide=800).convert("RGB")
        ImageDraw.Draw(picture).ellipse((700 + n, 10, 730 + n, 40), fill=(200, 0, 0))
        frames.append(picture)
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50, loop=0)


def _scan(
    picture: Image.Image, kind: str, name: str, page: str = "", place: str = "515 0 0 700 40 60"
) -> bytes:
    return raw(
        f"q {place} cm /I Do Q",
        "/XObject<</I 5 0 R>>",
        page=page,
        objects=[
            stream(
                saved(picture, kind),
                f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/{name}",
            )
        ],
    )


def _ticks() -> bytes:
    """A form of a scanner: two boxes ticked, one empty."""
    picture = _page(("Application for a mooring", "", "", "", "Signed by the owner of the boat"))
    pen, font = ImageDraw.Draw(picture), ImageFont.truetype(_FONT, 30)
    for n, (word, ticked) in enumerate((("Insured", True), ("Rented", False), ("Winter berth", True))):
        y = 110 + 70 * n
        pen.rectangle((60, y, 92, y + 32), outline=(0, 0, 0), width=3)
        if ticked:
            pen.line((62, y + 2, 90, y + 30), fill=(0, 0, 0), width=4)
            pen.line((90, y + 2, 62, y + 30), fill=(0, 0, 0), width=4)
        pen.text((110, y), word, fill=(0, 0, 0), font=font)
    return _scan(picture, "JPEG", "DCTDecode", place="515 0 0 233 40 560")


def _grid() -> bytes:
    picture = Image.new("RGB", (1000, 700), (255, 255, 255))
    pen, font = ImageDraw.Draw(picture), ImageFont.truetype(_FONT, 28)
    rows = (
        ("Gate", "Turns", "State"),
        ("North", "17", "open"),
        ("South", "9", "shut"),
        ("West", "23", "broken"),
    )
    pen.text((60, 40), "Gates of the harbour in the year 1911", fill=(0, 0, 0), font=font)
    for n in range(5):
        pen.line((60, 120 + 70 * n, 900, 120 + 70 * n), fill=(0, 0, 0), width=3)
    for x in (60, 340, 620, 900):
        pen.line((x, 120, x, 400), fill=(0, 0, 0), width=3)
    for r, row in enumerate(rows):
        for k, text in enumerate(row):
            pen.text((80 + 280 * k, 136 + 70 * r), text, fill=(0, 0, 0), font=font)
    pen.text((60, 460), "The keeper writes the turns into the book each morning.", fill=(0, 0, 0), font=font)
    return _scan(picture, "JPEG", "DCTDecode", place="515 0 0 360 40 400")


def _two_pages(**more: Any) -> bytes:
    second = tuple(line.replace("page", "second page") for line in _LINES)
    return saved(_page(), "TIFF", save_all=True, append_images=[_page(second)], **more)


def _fax() -> bytes:
    second = tuple(line.replace("page", "second page") for line in _LINES)
    return saved(
        _page().convert("1"),
        "TIFF",
        save_all=True,
        append_images=[_page(second).convert("1")],
        compression="group4",
    )


CASES = [
    Case("leptonica 626: slides of a moving GIF", "a.gif", _frames("GIF", *_SLIDES, duration=900), has=[*_SLIDES]),
    Case("leptonica 626: slides of a moving WebP", "a.webp", _frames("WEBP", *_SLIDES, lossless=True, duration=900), has=[*_SLIDES]),
    Case("leptonica 626: slides of a moving PNG", "a.png", _frames("PNG", *_SLIDES, duration=900), has=[*_SLIDES]),
    Case("wingman_jr 23: the same words in each frame", "a.gif", _same_frames(), count={"Loading the harbour map": 1}),
    Case("tesseract 1651: a page turned by a quarter", "a.jpg", saved(_page().transpose(Image.Transpose.ROTATE_90), "JPEG"), order=["The harbour office", "Line 1 of the page", "Line 12 of the page"]),
    Case("tesseract 1651: a page turned the other way", "a.png", saved(_page().transpose(Image.Transpose.ROTATE_270), "PNG"), order=["The harbour office", "Line 1 of the page", "Line 12 of the page"]),
    Case("tess4j 249: a page of a TIFF with a clear ground", "a.tiff", saved(_page().convert("RGBA"), "TIFF"), order=["The harbour office", "Line 12 of the page"]),
    Case("aspose-ocr 25: two pages of a TIFF in JPEG", "a.tif", _two_pages(compression="jpeg"), order=["Line 12 of the page", "Line 1 of the second page", "Line 12 of the second page"]),
    Case("aspose-ocr 25: two pages of a fax", "a.tif", _fax(), order=["Line 12 of the page", "Line 1 of the second page"]),
    Case("pdf.js: a scan in JPEG 2000", "a.pdf", _scan(_page(), "JPEG2000", "JPXDecode"), order=["The harbour office", "Line 12 of the page"]),
    Case("llama_cloud_services 626: a scan turned over by its place and its page", "a.pdf", _scan(_page(), "JPEG", "DCTDecode", "/Rotate 180", "-515 0 0 -700 555 760"), order=["The harbour office", "Line 12 of the page"]),
    Case("docling: boxes that are ticked on a scanned form", "a.pdf", _ticks(), matches=[r"(☒|☑|\[x\]|X) *Insured", r"(☐|\[ \]|□) *Rented", r"(☒|☑|\[x\]|X) *Winter berth"]),
    Case("docling: a table on a scan", "a.pdf", _grid(), rows=[["Gate", "Turns", "State"], ["South", "9", "shut"], ["West", "23", "broken"]], has=["The keeper writes the turns"]),
]  # fmt: skip
