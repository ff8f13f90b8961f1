# ruff: noqa: E501 (content streams read best on one line)
"""Scans that other tools do not see. OCR takes a second each, so these are few and small."""

from __future__ import annotations

import zlib

from PIL import Image, ImageOps

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import show, stream
from tests.services.parsing.relatives.rebuilt.prints import raw
from tests.services.parsing.relatives.rebuilt.scanned import drawn

_FONT = "/Font<</F <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
_PICTURE = drawn("L", 0, 255, ("The harbour office", *("opens at seven in the morning",) * 9), 30, 620)
_FORM = "/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</I 6 0 R>>>>"


def _image(picture: Image.Image, more: str = "") -> bytes:
    return stream(
        zlib.compress(picture.tobytes()),
        f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode{more}",
    )


def _framed(content: str = "") -> bytes:
    """A scan in a form, as programs leave it that put pages onto others."""
    return raw(
        f"{content} /M Do",
        f"/XObject<</M 5 0 R>>{_FONT}",
        objects=[stream(b"q 515 0 0 515 40 160 cm /I Do Q", _FORM), _image(_PICTURE)],
    )


CASES = [
    Case("docling: a scan in a form", "a.pdf", _framed(), has=["The harbour office", "opens at seven"]),
    Case("paperless: a scan in a form under a stamp of text", "a.pdf", _framed(show("Received 3 May 2024", y=800, size=8)), has=["Received 3 May 2024", "opens at seven"]),
    Case("pdf.js: words that are the mask of a picture", "a.pdf", raw("q 515 0 0 515 40 160 cm /I Do Q", "/XObject<</I 5 0 R>>", objects=[_image(Image.new("L", _PICTURE.size), "/SMask 6 0 R"), _image(ImageOps.invert(_PICTURE))]), has=["The harbour office"]),
]  # fmt: skip
