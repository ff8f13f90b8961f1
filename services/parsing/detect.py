"""What a file is: by its content first, then its name, then the type that its sender declared."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePosixPath

from schemas.errors import CorruptDocument, UnsupportedFormat
from services.parsing.languages import HTML_LIKE, TEXT_TYPES, language_of

OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = OFFICE + "wordprocessingml.document"
XLSX = OFFICE + "spreadsheetml.sheet"
PPTX = OFFICE + "presentationml.presentation"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
ODT, ODS, ODP = OPEN_DOCUMENT + "text", OPEN_DOCUMENT + "spreadsheet", OPEN_DOCUMENT + "presentation"
DOC, XLS, PPT, MSG = (
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
)
PDF, RTF, EPUB, EML = "application/pdf", "application/rtf", "application/epub+zip", "message/rfc822"
HTML, MHTML, IPYNB = "text/html", "multipart/related", "application/x-ipynb+json"
CSV, TSV, PLAIN = "text/csv", "text/tab-separated-values", "text/plain"

_IMAGE_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
_OLE_STREAMS = (
    ("WordDocument", DOC),
    ("Workbook", XLS),
    ("Book", XLS),
    ("PowerPoint Document", PPT),
    ("__properties_version1.0", MSG),
)
_MAIN_PARTS = (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX))
_HTML_START = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])",
    re.I | re.S,
)
_HEADER = re.compile(rb"^([A-Za-z][A-Za-z0-9-]*):[ \t]?[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n", re.M)
_MAIL_NAMES = """
    from to cc subject date received return-path message-id mime-version delivered-to content-type
    reply-to sender
"""
_MAIL_HEADERS = frozenset(name.encode() for name in _MAIL_NAMES.split())


def detect(data: bytes, filename: str | None = None, content_type: str | None = None) -> str:
    """The media type of the bytes.

    Raises UnsupportedFormat for archives and containers that hold no document, CorruptDocument for a
    container that cannot be opened or is encrypted.
    """
    suffix = PurePosixPath((filename or "").replace("\\", "/")).suffix.lower()
    return _binary(data) or _text(
        data, filename or "", suffix, (content_type or "").split(";")[0].strip().lower()
    )


def _binary(data: bytes) -> str | None:
    if data[:1024].lstrip()[:5] == b"%PDF-" or (b"%PDF-" in data[:1024] and b"\0" in data[:65536]):
        return PDF
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_type(data)
    if data[:32].lstrip().startswith(b"{\\rtf"):
        return RTF
    return _image_type(data)


def _image_type(data: bytes) -> str | None:
    for magic, media_type in _IMAGE_MAGIC:
        if data.startswith(magic):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "image/heic"
    if (
        data[:2] == b"BM"
        and len(data) > 26
        and int.from_bytes(data[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)
    ):
        return "image/bmp"
    return None


def _zip_type(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                declared = (
                    archive.read("mimetype").decode("ascii", "replace").strip().removesuffix("-template")
                )
                if declared in (ODT, ODS, ODP, EPUB):
                    return declared
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise CorruptDocument(f"zip container cannot be opened: {error}") from error
    if "[Content_Types].xml" in names or "_rels/.rels" in names:
        for prefix, media_type in _MAIN_PARTS:
            if any(name.startswith(prefix) for name in names):
                return media_type
    raise UnsupportedFormat(f"zip archive of {len(names)} files that is no office document or e-book")


def _ole_type(data: bytes) -> str:
    import olefile  # type: ignore[import-untyped]

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            if container.exists("EncryptedPackage"):
                raise CorruptDocument("office document is encrypted with a password")
            for stream, media_type in _OLE_STREAMS:
                if container.exists(stream):
                    return media_type
    except (OSError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise CorruptDocument(f"OLE container cannot be opened: {error}") from error
    raise UnsupportedFormat("OLE container without a Word, Excel, PowerPoint or Outlook stream")


def _text(data: bytes, filename: str, suffix: str, declared: str) -> str:
    if suffix in HTML_LIKE or (suffix in ("", ".txt") and declared in ("text/html", "application/xhtml+xml")):
        return MHTML if _is_mhtml(data) else HTML
    known = TEXT_TYPES.get(suffix)
    # What a programmer named as code or markup stays code, even when it begins like a page (templates do).
    if known in (None, PLAIN) and language_of(filename) in (None, "text"):
        sniffed = _sniff(data, suffix)
        if sniffed:
            return sniffed
    if known:
        return known
    if suffix in ("", ".txt", ".bin") and declared in TEXT_TYPES.values():
        return declared
    return PLAIN


def _sniff(data: bytes, suffix: str) -> str | None:
    head = data[:65536]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode("utf-8", "replace")
    if _HTML_START.match(head[:8192]):
        return HTML
    if _is_mhtml(data):
        return MHTML
    if suffix == ".eml" or _is_mail(head):
        return EML
    if head.lstrip()[:1] == b"{" and b'"nbformat"' in data and b'"cells"' in data:
        return IPYNB
    return None


def _is_mail(head: bytes) -> bool:
    """Whether a text opens with the header of a message: at least three fields, three of them mail's own."""
    if head.startswith(b"From "):  # a line of the mbox format
        head = head.partition(b"\n")[2]
    names: list[bytes] = []
    at = 0
    while (match := _HEADER.match(head, at)) and len(names) < 60:
        names.append(match[1].lower())
        at = match.end()
    return len(_MAIL_HEADERS.intersection(names)) >= 3 or {b"mime-version", b"content-type"} <= set(names)


def _is_mhtml(data: bytes) -> bool:
    head = data[:4096].lower()
    return (
        b"multipart/related" in head
        and b"mime-version:" in head
        and b"text/html" in data[:65536].lower()
        and not re.search(rb"^(to|received):", head, re.M)
    )
