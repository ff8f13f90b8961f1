"""Parse sitemaps: XML with any namespace, indexes and text lists, gzipped or not."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

#: Limits of the sitemap protocol for one file.
MAX_BYTES = 50 * 1024 * 1024
MAX_URLS = 50_000
#: Maximum number of files that are read for a site.
MAX_FILES = 50
_HTML = re.compile(rb"\s*(?:<!doctype html|<html)", re.I)


@dataclass(slots=True)
class Sitemap:
    """The content of a file.

    Attributes:
        pages: URL → `lastmod`, empty if there is none.
        sitemaps: URLs of further files.
    """

    pages: dict[str, str] = field(default_factory=dict)
    sitemaps: list[str] = field(default_factory=list)


def read_sitemap(body: bytes) -> Sitemap:
    """Parse a file leniently. A file that is not a sitemap yields nothing."""
    data = _unpacked(body)
    if _HTML.match(data[:1024]):
        return Sitemap()
    if b"<" not in data[:1024]:
        lines = [line.strip() for line in data.decode("utf-8-sig", "replace").splitlines()[:MAX_URLS]]
        return Sitemap({line: "" for line in lines if line.startswith(("http://", "https://"))})
    found = Sitemap()
    for parent, place, changed in _places(data):
        if parent == "sitemap":
            found.sitemaps.append(place)
        elif len(found.pages) < MAX_URLS:
            found.pages.setdefault(place, changed)
    return found


def _unpacked(body: bytes) -> bytes:
    """Decompress a body if its first bytes are those of gzip."""
    for _ in range(2):
        if not body.startswith(b"\x1f\x8b"):
            break
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
                body = packed.read(MAX_BYTES)
        except (OSError, EOFError, zlib.error):
            return b""
    return body[:MAX_BYTES]


def _places(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Kind of entry, URL and `lastmod` of each `loc` and each alternate."""
    parser = etree.XMLPullParser(("start", "end"), recover=True, resolve_entities=False, no_network=True)
    parser.feed(data)
    waiting: list[str] = []
    changed = ""
    for event, element in parser.read_events():
        name = _local(element)
        if event == "start":
            continue
        text = (element.text or "").strip()
        if name == "loc" and text and _local(element.getparent()) in ("url", "sitemap"):
            waiting.append(text)
        elif name == "link" and element.get("rel") == "alternate" and element.get("href"):
            yield "url", element.get("href").strip(), ""
        elif name == "lastmod":
            changed = text[:40]
        elif name in ("url", "sitemap"):
            for place in waiting:
                yield name, place, changed
            waiting, changed = [], ""
    for place in waiting:  # the last entry has no end tag
        yield "url", place, changed


def _local(element: object) -> str:
    tag = getattr(element, "tag", "")
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
