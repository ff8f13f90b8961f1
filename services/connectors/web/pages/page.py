"""Read an HTML page: its text, links and robots directives."""

from __future__ import annotations

import codecs
import hashlib
import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urljoin

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from schemas.urls import MAX_URL_LENGTH
from services.connectors.web.pages import blocks, verdicts

_META_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.I)
_XML_CHARSET = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{2,40})", re.I)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.I)
_REFRESH = re.compile(r"\s*(\d+(?:\.\d*)?)\s*[;,]?\s*(?:url\s*=)?\s*[\"']?([^\"']*)", re.I)
#: A path without `.`, `..` and empty segments.
_BELOW = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)*")
_HEAD_BYTES = 4096
_GUESS_BYTES = 64 * 1024
#: Maximum characters of a title.
_MAX_TITLE = 300
#: Maximum number of links of a page that are followed.
MAX_LINKS = 5000


@dataclass(frozen=True, slots=True)
class Html:
    """What a crawl needs to know about a page.

    Attributes:
        links: absolute URLs, not canonical; without those marked `nofollow`.
        canonicals: absolute URLs of `rel=canonical`; usually one.
        refresh: target of an immediate `meta` refresh.
        numbers: the block numbers of its main part (`blocks.Block.number`).
        whole: hash of its whole text, if requested.
        fault: why its text is not content (`verdicts.fault_of`).
        routes: number of links that only a script can follow (`#/guide`).
    """

    title: str | None = None
    language: str | None = None
    links: tuple[str, ...] = ()
    canonicals: tuple[str, ...] = ()
    refresh: str | None = None
    noindex: bool = False
    numbers: array[int] = field(default_factory=lambda: array("Q"))
    whole: str = ""
    fault: str | None = None
    routes: int = 0


def read_page(body: bytes, content_type: str | None, url: str, product: str, whole: bool = False) -> Html:
    """Read a page. Blocking.

    Args:
        url: its address, for relative links.
        product: the name of this crawler in `meta` elements.
        whole: whether to hash its whole text.
    """
    root = blocks.tree_of(decoded(body, content_type))
    if root is None:
        return Html(whole=_hash(body) if whole else "")
    base = _base(root, url)
    elements = list(root.iter("a", "area", "frame", "link", "meta"))  # each such pass takes 0.3 ms
    metas = [one for one in elements if one.tag == "meta"]
    robots = _directives(metas, product)
    links, routes = _links(elements, base)
    fault = verdicts.fault_of(root)
    refresh, canonicals = _refresh(metas, base), _canonicals(elements, base)
    title, language = title_of(root), _language(root)
    blocks.drop_no_text(root)
    all_text = _hash(blocks.numbers_of(root).tobytes()) if whole else ""
    blocks.drop_landmarks(root)
    return Html(
        title,
        language,
        () if robots & {"nofollow", "none"} else tuple(links),
        canonicals,
        refresh,
        bool(robots & {"noindex", "none"}),
        blocks.numbers_of(root),
        all_text,
        fault,
        routes,
    )


def stripped(body: bytes, content_type: str | None, dropped: frozenset[int]) -> bytes:
    """The main part of a page as HTML, without the blocks `dropped`. Blocking."""
    text = decoded(body, content_type)
    root = blocks.tree_of(text)
    if root is None:
        return text.encode("utf-8", "replace")
    blocks.drop_no_text(root)
    blocks.drop_landmarks(root)
    if dropped:
        blocks.without(root, dropped)
    return blocks.as_html(root)


def whole_text(body: bytes, content_type: str | None) -> bytes:
    """A page as HTML with its whole text, without scripts, styles and form fields. Blocking."""
    text = decoded(body, content_type)
    root = blocks.tree_of(text)
    if root is None:
        return text.encode("utf-8", "replace")
    blocks.drop_no_text(root)
    return blocks.as_html(root)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def robots_header(values: Iterable[str], product: str) -> frozenset[str]:
    """The directives of `X-Robots-Tag` headers for all robots or for this one."""
    found: set[str] = set()
    for value in values:
        applies = True
        for part in value.lower().split(","):
            agent, colon, directive = part.partition(":")
            if colon and agent.strip() not in ("unavailable_after", "max-snippet", "max-image-preview"):
                applies, part = agent.strip() in ("*", product), directive
            if applies:
                found.add(part.strip())
    return frozenset(found)


def decoded(body: bytes, content_type: str | None) -> str:
    """Decode a page by its BOM, Content-Type, own declaration or, failing these, its bytes. Never fails."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    for label in _declared(body, content_type):
        try:
            found = codecs.lookup(
                {"iso-8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}.get(label, label)
            )
            return body.decode(found.name, "replace")
        except (LookupError, UnicodeError, ValueError):
            continue
    try:
        return body.decode()
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(body[:_GUESS_BYTES]).best()
        return body.decode(best.encoding if best else "cp1252", "replace")


def _declared(body: bytes, content_type: str | None) -> Iterable[str]:
    if found := _HEADER_CHARSET.search(content_type or ""):
        yield found[1].lower()
    head = body[:_HEAD_BYTES]
    if inside := _XML_CHARSET.search(head) or _META_CHARSET.search(head):
        label = inside[1].decode("ascii").lower()
        yield "utf-8" if label.startswith("utf-16") else label  # the declaration is readable as ASCII


def title_of(root: HtmlElement) -> str | None:
    """The title, or the first heading of a page without one."""
    for name in ("head/title", ".//title", ".//h1"):
        found = root.find(name)
        words = " ".join("".join(found.itertext()).split()) if found is not None else ""
        if words:
            return words[:_MAX_TITLE]
    return None


def _language(root: HtmlElement) -> str | None:
    found = root.get("lang") or root.get("xml:lang") or ""
    return found.strip()[:35] or None


def _base(root: HtmlElement, url: str) -> str:
    """The base URL of relative links: the first valid `<base href>`, or the address of the page."""
    found = root.find(".//base[@href]")
    if found is None:
        return url
    try:
        base = urljoin(url, found.get("href").strip())
    except ValueError:
        return url
    return base if len(base) <= MAX_URL_LENGTH and base.startswith(("http://", "https://")) else url


def _directives(metas: list[HtmlElement], product: str) -> frozenset[str]:
    found: set[str] = set()
    for meta in metas:
        if (meta.get("name") or "").strip().lower() in ("robots", product):
            found |= {one.strip() for one in (meta.get("content") or "").lower().split(",")}
    return frozenset(found)


def _links(elements: list[HtmlElement], base: str) -> tuple[list[str], int]:
    found: dict[str, None] = {}
    routes: set[str] = set()
    seen: set[str] = set()
    join = _Joined(base)
    for element in elements:
        tag = element.tag
        href = element.get("src") if tag == "frame" else element.get("href")
        if not href or tag == "meta":
            continue
        relation = (element.get("rel") or "").lower().split()
        if "nofollow" in relation or (tag == "link" and not _is_page(element, relation)):
            continue
        href = href.strip()
        if href.startswith(("#/", "#!")):
            routes.add(href)
        href = href.partition("#")[0]
        if not 0 < len(href) <= MAX_URL_LENGTH or href in seen or len(found) >= MAX_LINKS:
            continue
        seen.add(href)
        if joined := join(href):
            found[joined] = None
    return list(found), len(routes)


def _is_page(link: HtmlElement, relation: list[str]) -> bool:
    return bool({"next", "prev"} & set(relation)) or ("alternate" in relation and bool(link.get("hreflang")))


class _Joined:
    """Resolves links of one page. Most name a file beside it or below, for which `urljoin` is slow."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._folder = (_joined(base, "x") or "x")[:-1]

    def __call__(self, href: str) -> str | None:
        return self._folder + href if self._folder and _BELOW.fullmatch(href) else _joined(self._base, href)


def _joined(base: str, href: str) -> str | None:
    try:
        found = urljoin(base, href)
    except ValueError:
        return None
    return found if found[:5].lower() in ("http:", "https") else None


def _canonicals(elements: list[HtmlElement], base: str) -> tuple[str, ...]:
    found = [
        _joined(base, link.get("href").strip())
        for link in elements
        if link.tag == "link" and "canonical" in (link.get("rel") or "").lower().split() and link.get("href")
    ]
    return tuple(dict.fromkeys(one for one in found if one))


def _refresh(metas: list[HtmlElement], base: str) -> str | None:
    """The target of a `meta` refresh within one second."""
    for meta in metas:
        if (meta.get("http-equiv") or "").strip().lower() == "refresh":
            found = _REFRESH.match(meta.get("content") or "")
            if found and float(found[1]) <= 1 and found[2].strip():
                return _joined(base, found[2].strip())
    return None
