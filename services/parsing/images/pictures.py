"""Pictures as text: kind and size, the words in them, and a description if a vision model is configured."""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.errors import DocumentTooLarge, UnsupportedFormat
from services.parsing import markdown_writer as md
from services.parsing import questions

if TYPE_CHECKING:
    from PIL.Image import Image

#: Allowed Pillow decoders. Others start programs (EPS) or are seldom fuzzed.
_DECODERS = (
    *("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "HEIF", "AVIF", "MPO"),
    *("JPEG2000", "PPM", "PCX", "PSD"),
)
#: Maximum pixels of a picture: 100 megapixels are 400 MB decoded.
MAX_PIXELS = 100_000_000
#: Longer side of pictures passed to OCR; text of a page scanned at 300 dpi is then still 10 pixels high.
_OCR_SIDE = 3000
#: Pixels are square unless one side has this many times the resolution of the other.
_SQUARE = 1.5
#: Shades of grey (of 256) that a picture on white has at least if something is seen in it.
_SEEN = 16
#: Pictures within documents: one with fewer pixels than the first limit is an ornament; one with fewer than
#: the second, or with a shorter side than the third, is not read.
_ORNAMENT_PIXELS, _READABLE_PIXELS, _READABLE_SIDE = 32 * 32, 150 * 100, 40
#: CPU seconds for reading all pictures of a document.
_SECONDS = 20.0
#: From this many characters (half a printed page), the words in a picture are a text of their own rather than
#: the labels of a diagram or the words of a screenshot.
_OWN_TEXT = 1000


class Pictures:
    """Describes the pictures of one document within a time limit; a repeated picture is read once."""

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
        except Exception:  # an unreadable picture must not fail the document
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
        if not alt and not seen and not words:  # kind and size alone are useless to a reader
            return "", []
        return md.image(alt or seen, name, facts), blocks

    def _read(self, picture: Image) -> tuple[str, str]:
        """The description of a picture and its words; empty once the time is used up."""
        if picture.width * picture.height < _READABLE_PIXELS or min(picture.size) < _READABLE_SIDE:
            return "", ""
        now = time.process_time()  # CPU time, so that a busy machine reads the same pictures
        self._deadline = self._deadline or now + self._seconds
        if now > self._deadline:
            self.warnings = (
                f"pictures: not all were read, {self._seconds:g} s of CPU were spent on the first ones",
            )
            return "", ""
        try:
            looked = looked_at(picture)
            return looked.seen, looked.words
        except Exception as error:
            self.warnings = (f"pictures: one could not be read: {type(error).__name__}",)
            return "", ""


def describe(data: bytes, alt: str = "", name: str = "") -> str:
    """Inline markdown with only the picture's kind and size."""
    try:
        picture = opened(data)
    except Exception:
        return md.image(alt, name) if alt else ""
    return md.image(alt, name, f"{picture.format}, {picture.width} × {picture.height}")


@dataclass(frozen=True, slots=True)
class Looked:
    """What is seen in a picture: its description (empty without a model), the words in it, and why some were
    not read. `scan`: these are a text."""

    seen: str = ""
    words: str = ""
    unread: str = ""
    scan: bool = False


def looked_at(picture: Image) -> Looked:
    """Describe a picture and read the words in it."""
    from services.parsing.images import ocr  # only for pictures: most documents have none
    from services.parsing.images.ocr.advice import unreadable

    looked = upright(picture)
    asked = questions.current()
    seen = asked.picture(looked) if asked else None
    if asked and asked.collecting:  # the words are read in the second pass
        return Looked()
    found = ocr.find_text(looked)
    # One or two characters are usually a logo misread as letters.
    words = found.text if sum(map(str.isalnum, found.text)) > 2 else ""
    unread = unreadable(found.script) if found.unread else ""
    return Looked(seen or "", words, unread, found.unread >= ocr.UNREADABLE)


def upright(picture: Image) -> Image:
    """A picture as it is to be looked at: the right way up by its metadata, its pixels square, on white, of a
    size to read."""
    from PIL import ImageOps

    looked = ImageOps.exif_transpose(picture)
    across, down = _resolution(picture)
    if max(across, down) > _SQUARE * min(across, down):  # a fax of normal resolution has half as many lines
        looked = looked.resize((looked.width, round(looked.height * across / down)))
    looked.thumbnail((_OCR_SIDE, _OCR_SIDE))
    if looked.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut
        looked = _eight_bits(looked)
    if looked.mode in ("RGBA", "LA", "PA", "P"):
        looked = _on_white(looked)
    looked = looked.convert("RGB")
    looked.format = picture.format
    return looked


def _resolution(picture: Image) -> tuple[float, float]:
    try:
        across, down = (float(value) for value in picture.info.get("dpi", (1, 1)))
    except (TypeError, ValueError, ZeroDivisionError):
        return 1.0, 1.0
    return (
        (across, down)
        if across > 0 and down > 0 and max(across, down) < 3 * min(across, down)
        else (1.0, 1.0)
    )


def _eight_bits(picture: Image) -> Image:
    """A picture with 16 or 32 bits of grey."""
    import numpy
    from PIL import Image as images

    grey = numpy.asarray(picture)
    return images.fromarray((grey * (255 / max(int(grey.max()), 255))).astype(numpy.uint8))


def _on_white(picture: Image) -> Image:
    """Put a transparent picture on a white background, or on black if nothing would be seen on white."""
    from PIL import Image as images

    layer = picture.convert("RGBA")
    for ground in ("white", "black"):
        paper = images.new("RGBA", layer.size, ground)
        paper.alpha_composite(layer)
        if any(paper.convert("L").histogram()[: 256 - _SEEN]):
            break
    return paper


def opened(data: bytes) -> Image:
    """Open a picture and check its size; its pixels are decoded later. Of one that was cut, the rest is grey.

    Raises OSError if it is not a picture, DocumentTooLarge above the pixel limit.
    """
    from PIL import Image as images
    from PIL import ImageFile, UnidentifiedImageError

    if data[4:8] == b"ftyp":
        try:
            import pi_heif  # type: ignore[import-untyped,unused-ignore]
        except ImportError as error:
            raise UnsupportedFormat(
                "HEIC pictures need the extra `heic`: install headrace[heic] (its decoder is LGPL)"
            ) from error
        pi_heif.register_heif_opener()
    images.MAX_IMAGE_PIXELS = None  # our own limit below is the stricter one
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        picture = images.open(io.BytesIO(data), formats=_known_decoders())
    except UnidentifiedImageError as error:  # its message is the repr of a Python object
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
