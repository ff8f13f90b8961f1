"""Parse sitemaps: XML with any namespace, indexes and text lists, gzipped or not."""

import gzip
import io
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from schemas.urls import MAX_URL_LENGTH

#: Limits of the sitemap protocol for one file.
MAX_BYTES = 50 * 1024 * 1024
MAX_URLS = 50_000
#: Maximum number of further files that one file may name.
MAX_NAMED = 1_000
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
    if _HTML.match(data[:1024]) or b"<!ENTITY" in data:
        return Sitemap()
    if b"<" not in data[:1024]:
        lines = [line.strip() for line in data.decode("utf-8-sig", "replace").splitlines()[:MAX_URLS]]
        return Sitemap({line: "" for line in lines if line.startswith(("http://", "https://"))})
    reader = _Reader()
    parser = etree.XMLParser(target=reader, recover=True, resolve_entities=False, no_network=True)
    try:
        etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        reader.close()
    return reader.found


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


class _Reader:
    """Takes each `loc` and each alternate while the file is parsed. There is no tree: that of a small packed
    file can have gigabytes."""

    def __init__(self) -> None:
        self.found = Sitemap()
        self._open: list[str] = []
        self._text: list[str] = []
        self._waiting: list[str] = []
        self._changed = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._open.append(_local(tag))
        self._text = []
        if self._open[-1] == "link" and attributes.get("rel") == "alternate":
            self._add("url", attributes.get("href", "").strip())

    def data(self, text: str) -> None:
        if self._open and self._open[-1] in ("loc", "lastmod"):
            self._text.append(text)

    def end(self, tag: str) -> None:
        name = self._open.pop()
        if name == "loc" and self._open and self._open[-1] in ("url", "sitemap"):
            self._waiting.append("".join(self._text).strip())
        elif name == "lastmod":
            self._changed = "".join(self._text).strip()[:40]
        elif name in ("url", "sitemap"):
            self._flush(name)

    def close(self) -> None:
        self._flush("url")  # the last entry has no end tag

    def _flush(self, kind: str) -> None:
        for place in self._waiting:
            self._add(kind, place)
        self._waiting, self._changed = [], ""

    def _add(self, kind: str, place: str) -> None:
        if not 0 < len(place) <= MAX_URL_LENGTH:
            return
        if kind == "url" and len(self.found.pages) < MAX_URLS:
            self.found.pages.setdefault(place, self._changed)
        elif kind == "sitemap" and len(self.found.sitemaps) < MAX_NAMED:
            self.found.sitemaps.append(place)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].lower()
