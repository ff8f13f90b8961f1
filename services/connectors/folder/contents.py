"""Detect the binary files of a folder. Unlike in repositories, pictures are read and names may be
meaningless."""

import re
from pathlib import PurePosixPath

from services.connectors import binary

#: Text formats whose files may hold anything between their lines.
_TEXTS = frozenset(
    {
        *(".html", ".htm", ".xhtml", ".shtml", ".mhtml", ".mht"),
        *(".mbox", ".mbx", ".ics", ".ical", ".ifb", ".vcs", ".vcf", ".vcard"),
        *(".csv", ".tsv", ".tab", ".ipynb"),
    }
)
#: How pictures and attachments of mail (TNEF) begin.
_SIGNATURES = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    *(b"\0\0\0\x0cjP  ", b"8BPS\0\1"),
    b"\x78\x9f\x3e\x22",
)
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
#: Names of members that archives with a document have. They are not compressed.
_ZIP_MEMBERS = re.compile(rb"\[content_types\]\.xml|_rels[/\\]\.rels|mimetype", re.IGNORECASE)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS = re.compile(
    b"|".join(
        re.escape(name.encode("utf-16-le"))
        for name in (
            *("WordDocument", "Workbook", "Book", "PowerPoint Document"),
            *("__properties_version1.0", "EncryptedPackage"),
        )
    ),
    re.IGNORECASE,
)


def is_binary(key: str, body: bytes) -> bool:
    """Whether no parser can read a file. If in doubt it is not binary, so that parsing reports the fault."""
    return (
        binary.is_binary(key, body)
        and PurePosixPath(key).suffix.lower() not in _TEXTS
        and not _is_picture_or_attachment(body)
        and not _may_hold_a_document(body)
        and not _is_text_without_mark(body)
    )


def _is_picture_or_attachment(body: bytes) -> bool:
    return (
        body.startswith(_SIGNATURES)
        or (body[:4] == b"RIFF" and body[8:12] == b"WEBP")
        or (body[4:8] == b"ftyp" and body[8:12] in _HEIF)
        or (body[:2] == b"BM" and body[15:18] == b"\0\0\0")  # of the size of a header
    )


def _may_hold_a_document(body: bytes) -> bool:
    if body.startswith(_ZIP):
        return _ZIP_MEMBERS.search(body) is not None
    if body.startswith(_OLE):
        return _OLE_STREAMS.search(body) is not None
    return b"%PDF-" in body[:1024] or b"{\\rtf" in body[:32]


def _is_text_without_mark(body: bytes) -> bool:
    """UTF-16 or UTF-32 that is mostly ASCII."""
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        text = body[:4096].decode(encoding, "replace")
        ascii_ = sum(
            letter.isascii() and (letter.isprintable() or letter in "\r\n\t\f\x1b") for letter in text
        )
        if ascii_ * 2 > len(text):
            return True
    return False
