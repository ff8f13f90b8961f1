"""Detect binary files by their first bytes and their names: git's rule, with exceptions for documents."""

import hashlib
from functools import cache
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


def binary_rule() -> str:
    """Identifies the rule. What depends on it is decided again when a release reads more formats."""
    return _digest(DOCUMENTS)


@cache
def _digest(documents: frozenset[str]) -> str:
    return hashlib.sha256(f"1 {sorted(documents)}".encode()).hexdigest()[:8]


def is_binary(key: str, head: bytes) -> bool:
    """Whether a file is neither text nor, by its name, a document. `head` is its first `HEAD_BYTES`."""
    if b"\0" not in head[:HEAD_BYTES] or head.startswith(_MARKS):
        return False
    return PurePosixPath(key).suffix.lower() not in DOCUMENTS
