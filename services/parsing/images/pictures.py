"""Pictures as text: kind and size, the words in them, and a description if a vision model is set."""

from __future__ import annotations

import hashlib
import io
import time
from typing import TYPE_CHECKING

from schemas.errors import DocumentTooLarge, UnsupportedFormat
from services.parsing import markdown_writer as md
from services.parsing.images import vision

if TYPE_CHECKING:
    from PIL.Image import Image

#: Decoders that may run. Others of Pillow start programs (EPS) or are seldom fuzzed.
_DECODERS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "HEIF", "AVIF", "MPO")
#: Pixels of one picture: 100 megapixels are 400 MB decoded.
MAX_PIXELS = 100_000_000
#: Longer side that is given to OCR; text of a page scanned at 300 dpi is still 10 pixels high at this size.
_OCR_SIDE = 3000
#: Pictures within documents below this many pixels, or flatter than this, are ornaments.
_ORNAMENT_PIXELS, _READABLE_PIXELS, _READABLE_SIDE = 32 * 32, 150 * 100, 40
#: Processor seconds that a document's pictures may be read for, all together.
_SECONDS = 20.0
#: Characters in a picture from which its words are a text of their own (half a printed page) rather than the
#: labels of a diagram or the words of a screenshot.
_OWN_TEXT = 1000


class Pictures:
    """Describes the pictures of one document; a repeated picture is read once, and the time is limited."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._deadline: float | None = None
        self._seconds = seconds
        self._known: dict[bytes, tuple[str, list[str]]] = {}
        self.warnings: tuple[str, ...] = ()

    def describe(self, data: bytes, alt: str = "", name: str = "") -> tuple[str, list[str]]:
        """Inline markdown for a picture, and blocks for its words if they are a text of their own."""
        digest = hashlib.sha256(data).digest() + alt.encode()
        if digest not in self._known:
            self._known[digest] = self._describe(data, alt, name)
            return self._known[digest]
        return self._known[digest][0], []

    def _describe(self, data: bytes, alt: str, name: str) -> tuple[str, list[str]]:
        try:
            picture = opened(data)
        except Exception:  # a picture that cannot be read is never the document's end
            return (md.image(alt, name) if alt else ""), []
        if picture.width * picture.height < _ORNAMENT_PIXELS and not alt:
            return "", []
        facts = f"{picture.format}, {picture.width} × {picture.height}"
        seen, words = self._read(picture)
        blocks = []
        if len(words) >= _OWN_TEXT:
            blocks = [md.escape_lines(md.escape(part)) for part in words.split("\n\n") if part.strip()]
        elif words:
            facts += f"; text: {words}"
        if not alt and not seen and not words:  # its kind and size say nothing to a reader
            return "", []
        return md.image(alt or seen, name, facts), blocks

    def _read(self, picture: Image) -> tuple[str, str]:
        """The description of a picture and its words; empty once the time is spent."""
        if picture.width * picture.height < _READABLE_PIXELS or min(picture.size) < _READABLE_SIDE:
            return "", ""
        now = time.process_time()  # of the processor, so that a busy machine reads the same pictures
        self._deadline = self._deadline or now + self._seconds
        if now > self._deadline:
            self.warnings = (
                f"pictures: not all were read, {self._seconds:g} s of CPU were spent on the first ones",
            )
            return "", ""
        try:
            return looked_at(picture)
        except Exception as error:
            self.warnings = (f"pictures: one could not be read: {type(error).__name__}",)
            return "", ""


def describe(data: bytes, alt: str = "", name: str = "") -> str:
    """A picture as inline markdown, with only its kind and size."""
    try:
        picture = opened(data)
    except Exception:
        return md.image(alt, name) if alt else ""
    return md.image(alt, name, f"{picture.format}, {picture.width} × {picture.height}")


def looked_at(picture: Image) -> tuple[str, str]:
    """The description by a model (empty if none is set), and the words in a picture."""
    from PIL import ImageOps

    from services.parsing.images import ocr  # only for pictures: most documents have none

    format_ = picture.format
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((_OCR_SIDE, _OCR_SIDE))
    if upright.mode in ("RGBA", "LA", "PA", "P"):
        upright = _on_white(upright)
    upright = upright.convert("RGB")
    upright.format = format_
    words = ocr.read_text(upright) or ""
    # One or two characters are a logo's shape read as a letter, not a word.
    return vision.describe(upright) or "", words if sum(map(str.isalnum, words)) > 2 else ""


def _on_white(picture: Image) -> Image:
    """A transparent picture on a white background."""
    from PIL import Image as images

    layer = picture.convert("RGBA")
    paper = images.new("RGBA", layer.size, "white")
    paper.alpha_composite(layer)
    return paper


def opened(data: bytes) -> Image:
    """Open a picture and check its size; its pixels are decoded later.

    Raises OSError if it is not a picture, DocumentTooLarge above the pixel limit.
    """
    from PIL import Image as images
    from PIL import UnidentifiedImageError

    if data[4:8] == b"ftyp":
        try:
            import pi_heif  # type: ignore[import-untyped,unused-ignore]
        except ImportError as error:
            raise UnsupportedFormat(
                "HEIC pictures need the extra `heic`: pip install 'headrace[heic]' (its decoder is LGPL)"
            ) from error
        pi_heif.register_heif_opener()
    images.MAX_IMAGE_PIXELS = None  # our own limit below is the stricter one
    try:
        picture = images.open(io.BytesIO(data), formats=_known_decoders())
    except UnidentifiedImageError as error:  # its words are the representation of a Python object
        raise OSError("no decoder knows its content") from error
    if picture.width * picture.height > MAX_PIXELS:
        raise DocumentTooLarge(
            f"picture of {picture.width} × {picture.height} pixels, the limit is {MAX_PIXELS}"
        )
    return picture


def _known_decoders() -> list[str]:
    from PIL import Image as images

    images.init()
    return [name for name in _DECODERS if name in images.OPEN]
