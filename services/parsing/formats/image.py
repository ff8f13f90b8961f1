"""Picture files: pages as text; of other pictures kind and size, a description, and the words in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from schemas.errors import CorruptDocument, UnsupportedFormat
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, starts_with
from services.parsing.images import moving, pictures, scans
from services.parsing.nested import parse_nested

if TYPE_CHECKING:
    from PIL.Image import Image

#: Maximum frames of a TIFF; each is a page.
MAX_FRAMES = 500
#: Frames in which pages are looked for.
LOOKED_AT = 3


def parse_image(data: bytes, filename: str | None = None) -> ParsedDocument:
    """Convert a picture file. Each frame of a TIFF is a page.

    A scan of pages is read as a PDF of them would be. Of another picture come kind and size, a description,
    and its words, with those of later frames of a moving picture.
    """
    try:
        picture = pictures.opened(data)
        frames = min(getattr(picture, "n_frames", 1), MAX_FRAMES) if picture.format == "TIFF" else 1
        warnings = ["the end of the picture is missing; the rest was read"] if _is_cut(data) else []
        if any(scans.is_page(picture) for _ in _frames(picture, min(frames, LOOKED_AT))):
            read = _read_as_pages(scans.bound(picture for _ in _frames(picture, frames)), frames)
            return replace(read, warnings=(*warnings, *read.warnings))
        picture.seek(0)
        writer = md.Writer()
        for frame in range(frames):
            if frames > 1:
                picture.seek(frame)
                writer.page(frame + 1)
            _page(picture, filename or "", writer, warnings)
        for words in moving.later_words(picture) if picture.format != "TIFF" else ():
            writer.add(words)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise CorruptDocument(f"picture cannot be decoded: {error}") from error
    markdown, pages = writer.finish()
    return ParsedDocument(markdown, pages, warnings=tuple(dict.fromkeys(warnings)))


def _is_cut(data: bytes) -> bool:
    """Whether a JPEG ends within its last scan, or a PNG before its last chunk."""
    if data.startswith(b"\xff\xd8"):
        return data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")
    return data.startswith(b"\x89PNG") and b"IEND" not in data


def _frames(picture: Image, count: int) -> Iterator[int]:
    """Go from frame to frame."""
    for frame in range(count):
        picture.seek(frame)
        yield frame


def _read_as_pages(pdf: bytes, frames: int) -> ParsedDocument:
    try:
        document = parse_nested(pdf, None)
    except UnsupportedFormat as error:  # in a script that no model reads
        raise UnsupportedFormat(f"picture: {str(error).rpartition('page 1: ')[2]}") from error
    return document if frames > 1 else replace(document, pages=())


def _page(picture: Image, name: str, writer: md.Writer, warnings: list[str]) -> None:
    looked = pictures.Looked()
    try:
        looked = pictures.looked_at(picture)
    except Exception as error:  # kind and size are still known
        warnings.append(f"the words in the picture could not be read: {type(error).__name__}")
    if looked.unread and looked.scan and not looked.seen and not looked.words:
        raise UnsupportedFormat(f"picture: {looked.unread}")
    if looked.unread:
        warnings.append(f"the picture has {looked.unread}")
    writer.add(md.image(looked.seen, name, f"{picture.format}, {picture.width} × {picture.height}"))
    writer.add(looked.words)


def _is_heif(data: bytes) -> bool:
    brands = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
    return data[4:8] == b"ftyp" and data[8:12] in brands


def _is_bmp(data: bytes) -> bool:
    """Whether the size of the header is valid, too, because texts may begin with BM."""
    sizes = (12, 40, 52, 56, 64, 108, 124)
    return data[:2] == b"BM" and len(data) > 26 and int.from_bytes(data[14:18], "little") in sizes


_SIGNATURES: dict[str, Callable[[bytes], bool]] = {
    "png": starts_with(b"\x89PNG\r\n\x1a\n"),
    "jpeg": starts_with(b"\xff\xd8\xff"),
    "gif": starts_with(b"GIF87a", b"GIF89a"),
    "tiff": starts_with(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "webp": lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP",
    "heic": _is_heif,
    "bmp": _is_bmp,
    "jp2": starts_with(b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
    "x-portable-anymap": lambda data: re.match(rb"P[1-6]\s+(?:#[^\n]*\n\s*)*\d+\s+\d+\s", data) is not None,
    "vnd.adobe.photoshop": starts_with(b"8BPS\0\1"),
    "x-pcx": lambda data: (
        data[:1] == b"\x0a" and data[1:2] in b"\2\3\5" and data[2:3] == b"\1" and b"\0" in data[:128]
    ),
}

FORMATS = tuple(
    Format(
        f"image/{kind}",
        lambda source: parse_image(source.data, PurePath(source.filename or "").name),
        signature=signature,
    )
    for kind, signature in _SIGNATURES.items()
)
