"""Repairs truncated files with a new trailer that names the catalog; from it, a reader rebuilds the rest."""

from __future__ import annotations

import re

_CATALOG = re.compile(
    rb"(?<!\d)(\d{1,10})\s+(\d{1,5})\s+obj\b(?:(?!\bobj\b)[\s\S]){0,2000}?/Type\s*/Catalog\b"
)
_ROOT = re.compile(rb"/Root\s+(\d{1,10})\s+(\d{1,5})\s+R")
_PAGES = re.compile(rb"(?<!\d)(\d{1,10})\s+(\d{1,5})\s+obj\b(?:(?!\bobj\b)[\s\S]){0,2000}?/Type\s*/Pages\b")


def with_end(data: bytes) -> bytes | None:
    """The file with a trailer; None if neither its catalog nor its pages can be found."""
    end = data.rfind(b"endobj") + len(b"endobj")
    # Close a truncated object; drop the rest of a cross-reference table or trailer, which would mislead.
    kept = data + b"\nendstream\nendobj" if re.search(rb"\d\s+obj\b", data[end:]) else data[:end]
    for pattern in (_ROOT, _CATALOG):
        if found := list(pattern.finditer(data)):
            return kept + _trailer(found[-1][1], found[-1][2])
    pages = _PAGES.search(data)
    if pages is None:
        return None
    number = max(int(n) for n in re.findall(rb"(?<!\d)(\d{1,10})\s+\d{1,5}\s+obj\b", data)) + 1
    catalog = b"\n%d 0 obj\n<</Type/Catalog/Pages %s %s R>>\nendobj\n" % (number, pages[1], pages[2])
    return kept + catalog + _trailer(b"%d" % number, b"0")


def _trailer(number: bytes, generation: bytes) -> bytes:
    return b"\ntrailer\n<</Root %s %s R>>\nstartxref\n0\n%%%%EOF\n" % (number, generation)
