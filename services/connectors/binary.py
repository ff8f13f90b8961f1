"""Detect binary files by their first bytes and their names: git's rule, with exceptions for documents."""

from pathlib import PurePosixPath

#: The number of bytes that git examines.
HEAD_BYTES = 8000
#: Binary formats of documents: they are parsed.
DOCUMENTS = frozenset(
    {
        *(".pdf", ".epub"),
        *(".doc", ".docx", ".docm", ".dotx", ".odt", ".ott", ".rtf", ".hwpx"),
        *(".xls", ".xlsx", ".xlsm", ".xltx", ".xlsb", ".ods", ".ots"),
        *(".ppt", ".pptx", ".pptm", ".ppsx", ".potx", ".odp", ".otp", ".odg", ".vsdx", ".xps"),
        *(".msg", ".eml", ".p7m", ".webarchive"),
    }
)
#: Text in UTF-16 and UTF-32 contains zero bytes, but begins with a byte order mark.
_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")

BINARY = "binary"


def is_binary(key: str, head: bytes) -> bool:
    """Whether a file is neither text nor, by its name, a document. `head` is its first `HEAD_BYTES`."""
    if b"\0" not in head[:HEAD_BYTES] or head.startswith(_MARKS):
        return False
    return PurePosixPath(key).suffix.lower() not in DOCUMENTS
