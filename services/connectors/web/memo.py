"""A page of a crawl, and its memo for the next crawl.

With its memo, a page that is not modified (304) is handled as if it had been fetched: its links are followed,
its text is compared, and it counts for the text that repeats on the site.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from array import array
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from services.connectors.web.pages.blocks import kept

#: Version of the text extraction; pages with memos of an older one are read again.
FORMAT = 1
#: The mode of a crawl: the main part of pages is indexed, or their whole text.
MAIN, WHOLE = "main", "whole"
#: A larger memo is reduced to the depth; such a page is fetched without validators each time.
MAX_MEMO_BYTES = 64 * 1024
_MAX_UNPACKED = 4 * 1024 * 1024
#: Maximum number of repeating blocks in a memo: a record has at most 1 MB.
_MAX_FURNITURE = 50_000


@dataclass
class Page:
    """A page or file of the site.

    Attributes:
        key: its canonical URL.
        depth: number of links from the start; None if unknown.
        numbers: the block numbers of its main part; None for a file, which is compared by `content_sha256`.
        whole: hash of its whole text if that is indexed, else empty.
        links: canonical URLs on the site's hosts.
        canonical: the URL of its `rel=canonical`.
        version: the version with which it was listed when the memo was written.
        etag, modified: validators exactly as received.
        furniture: the blocks that repeat on the site; stored with one page only.
    """

    key: str
    depth: int | None = None
    numbers: array[int] | None = None
    whole: str = ""
    content_sha256: str = ""
    title: str | None = None
    language: str | None = None
    last_modified: str | None = None
    links: tuple[str, ...] = ()
    canonical: str | None = None
    version: str = ""
    etag: str | None = None
    modified: str | None = None
    furniture: frozenset[int] = field(default_factory=frozenset)

    @cached_property
    def digest(self) -> str:
        """A hash of the indexed text; equal for pages with equal text."""
        if self.numbers is None:
            return self.content_sha256
        if self.whole:
            return self.whole
        return hashlib.sha256(self.numbers.tobytes()).hexdigest()

    def version_without(self, dropped: Container[int]) -> str:
        """A hash of title, language and the text without these blocks, or the whole text if it is indexed."""
        if self.numbers is None:
            return self.content_sha256
        if self.whole:
            said = json.dumps([FORMAT, self.title, self.language, self.whole])
            return hashlib.sha256(said.encode()).hexdigest()
        text = array("Q", (number for number, stays in kept(self.numbers, dropped) if stays))
        head = json.dumps([FORMAT, self.title, self.language])
        return hashlib.sha256(head.encode() + text.tobytes()).hexdigest()

    def validators(self) -> dict[str, str]:
        """The headers of a conditional request."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in headers.items() if value}


def packed(page: Page, mode: str = MAIN) -> bytes:
    """Encode the memo of a page for a crawl of this mode."""
    members: dict[str, Any] = {
        "format": FORMAT,
        **_marked(mode),
        "depth": page.depth,
        "numbers": None if page.numbers is None else _text_of(page.numbers),
        **({"whole": page.whole} if page.whole else {}),
        "content_sha256": page.content_sha256,
        "title": page.title,
        "language": page.language,
        "last_modified": page.last_modified,
        "links": page.links,
        "canonical": page.canonical,
        "version": page.version,
        "etag": page.etag,
        "modified": page.modified,
        "furniture": _text_of(sorted(page.furniture)[:_MAX_FURNITURE]),
    }
    whole = _json(members)
    if len(whole) <= MAX_MEMO_BYTES:
        return whole
    small = {"format": FORMAT, "depth": page.depth, "furniture": members["furniture"]}
    return _json(small | _marked(mode))


def unpacked(key: str, memo: bytes | None, mode: str = MAIN) -> Page | None:
    """Decode a memo; None if there is none, or it has another format. From a memo of the other mode only the
    depth is used, because the indexed text differs; such a page is fetched without validators."""
    if memo is None:
        return None
    try:
        inflate = zlib.decompressobj()
        members = json.loads(inflate.decompress(memo, _MAX_UNPACKED) if memo else b"")
        if not inflate.eof:
            return None
        if members.pop("format") != FORMAT:
            return None
        if members.pop("mode", MAIN) != mode:
            return Page(key, members["depth"])
        members["furniture"] = frozenset(_numbers_of(members["furniture"]))
        if members.get("numbers") is not None:
            members["numbers"] = _numbers_of(members["numbers"])
        members["links"] = tuple(members.get("links") or ())
        return Page(key, **members)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
        return None


def _marked(mode: str) -> dict[str, str]:
    """The member that stores the mode; omitted for the default mode."""
    return {} if mode == MAIN else {"mode": mode}


def _json(members: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(members, separators=(",", ":")).encode())


def _text_of(numbers: Iterable[int]) -> str:
    return base64.b64encode(array("Q", numbers).tobytes()).decode()


def _numbers_of(text: str) -> array[int]:
    return array("Q", base64.b64decode(text))
