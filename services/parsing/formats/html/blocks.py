"""A page as blocks of text, and the parts (elements) that hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing.formats.html.inline import plain
from services.parsing.formats.html.tags import BLOCKS, SKIPPED

#: What the names of an element (class, id, role, itemprop) say about its purpose.
_NAMES = (
    r"article|content|entry|post|story|(?:^|[\s_-])main|body|text|prose|markdown",
    r"comment|disqus|respond|reply|replies",
    r"related|recirc|recommend|more-|read-?(?:more|next)|also-?(?:read|like)|trending|popular|teaser|promo|card|"
    r"latest|outbrain|taboola|similar|suggest|recent|archive",
    r"share|sharing|social|follow|twitter|facebook|whatsapp",
    r"newsletter|subscri|sign-?up|paywall|login|register|donate",
    r"advert|(?:^|[\s_-])ads?(?:$|[\s_-])|sponsor|banner|adsense|promoted",
    r"sidebar|side-|aside|widget|rail|secondary|column-?(?:right|left)|complementary",
    r"byline|author|meta(?:$|[\s_-])|timestamp|dateline|posted|published|categor|(?:^|[\s_-])bio(?:$|[\s_-])|info|"
    r"(?:^|[\s_-])(?:date|time|tags?|topics?|credits?|labels?)(?:$|[\s_-])",
    r"caption|slideshow|carousel|gallery|figure|video|image|photo|media",
    r"foot|copyright|legal|bottom|contentinfo|colophon",
    r"header|masthead|topbar|(?:^|[\s_-])top|logo|hero",
    r"(?:^|[\s_-])nav|menu|paginat|pager|breadcrumb|toolbar|skip-|search|toc(?:$|[\s_-])|jump",
    r"cookie|consent|popup|modal|overlay|gdpr|alert|notice|dialog",
    r"print-?only|screen-reader|sr-only|visually-hidden|hidden|noprint|offscreen",
    r"title|headline|heading|(?:^|[\s_-])lede|summary|subtitle|standfirst|deck",
)
_PURPOSES = tuple(map(re.compile, _NAMES))
_ANY_PURPOSE = re.compile("|".join(_NAMES))
_HOLDERS = ("main", "article", "nav", "aside", "footer", "header", "form", "table", "ul", "ol", "dl",
            "blockquote", "figure", "section", "address", "details", "body")  # fmt: skip
#: How many things a part remembers of itself and of what it stands in: purposes, then tags.
REMEMBERED = len(_PURPOSES) + len(_HOLDERS)
#: Those that no content has: names of comments, other pages, sharing, sign-up, adverts, navigation and
#: notices, and tags.
FURNITURE = (
    1,
    2,
    3,
    4,
    5,
    11,
    12,
    *(len(_PURPOSES) + _HOLDERS.index(tag) for tag in ("nav", "aside", "footer", "form")),
)
#: The tags of what stands around content.
AROUND = tuple(len(_PURPOSES) + _HOLDERS.index(tag) for tag in ("nav", "aside", "footer", "form", "header"))
NEVER = -100
_ENDS = re.compile(r"[.!?…。！？:;)\]\"”’»']\s*$")


@dataclass(eq=False, slots=True)
class Part:
    """A block element, and what its blocks add up to, in characters.

    `seen` says per purpose and tag at which depth it last occurred on the way down to this part.
    """

    element: HtmlElement
    above: Part | None
    depth: int
    seen: tuple[int, ...]
    index: int
    chars: int = 0
    links: int = 0
    running: int = 0  # characters of sentences
    blocks: int = 0
    scraps: int = 0  # blocks that are no sentences


@dataclass(eq=False, slots=True)
class Block:
    """The text of one part, without that of parts inside it."""

    part: Part
    text: str
    linked: int  # characters in links
    ends: bool  # as a sentence does
    running: int  # characters outside links, if it reads like sentences

    @property
    def element(self) -> HtmlElement:
        return self.part.element


def page_of(body: HtmlElement) -> tuple[list[Block], list[Part]]:
    """The blocks of a page in the order of its text, and its parts, the outermost first."""
    page = _Page(body)
    page.part(body, None)
    return page.blocks, page.parts


class _Page:
    """Most elements are inline (pages of code have thousands); one that holds nothing else is not entered."""

    def __init__(self, body: HtmlElement) -> None:
        self.blocks: list[Block] = []
        self.parts: list[Part] = []
        self._elements = list(body.iterdescendants(*BLOCKS, *SKIPPED, "a", "br"))  # keeps their ids
        self._entered = _holders(self._elements)

    def part(self, el: HtmlElement, above: Part | None, linked: bool = False) -> None:
        part = _part(el, above, len(self.parts))
        self.parts.append(part)
        place = len(self.blocks)
        pieces: list[str] = []
        in_links = self._inside(el, part, pieces, linked)
        if text := " ".join("".join(pieces).split()):
            block = _block(part, text, in_links)
            self.blocks.insert(place, block)
            part.chars += len(text)
            part.links += block.linked
            part.running += block.running
            part.blocks += 1
            part.scraps += not block.running
        if above is not None:
            above.chars += part.chars
            above.links += part.links
            above.running += part.running
            above.blocks += part.blocks
            above.scraps += part.scraps

    def _inside(self, el: HtmlElement, part: Part, pieces: list[str], linked: bool) -> int:
        """Collect the text of a part. Returns how many characters are in links."""
        if el not in self._entered and not (linked and len(el)):
            text = plain(el)
            pieces.append(text)
            return len(text.strip()) if linked else 0
        count = 0
        if el.text:
            pieces.append(el.text)
            if linked:
                count += len(el.text.strip())
        for child in el:
            tag = child.tag
            if isinstance(tag, str) and tag not in SKIPPED:
                if tag in BLOCKS:
                    self.part(child, part, linked)
                    pieces.append(" ")
                elif tag == "br":
                    pieces.append(" ")
                else:
                    count += self._inside(child, part, pieces, linked or tag == "a")
            if child.tail:
                pieces.append(child.tail)
                if linked:
                    count += len(child.tail.strip())
        return count


def _holders(elements: list[HtmlElement]) -> set[HtmlElement]:
    """The elements that hold one of these."""
    found: set[HtmlElement] = set()
    for el in elements:
        above = el.getparent()
        while above is not None and above not in found:
            found.add(above)
            above = above.getparent()
    return found


def _part(el: HtmlElement, above: Part | None, index: int) -> Part:
    depth = above.depth + 1 if above else 0
    seen = above.seen if above else (NEVER,) * REMEMBERED
    get = el.get
    names = (get("class"), get("id"), get("role"), get("itemprop")) if above else ()
    if new := _remembered(el.tag, *names):
        now = list(seen)
        for i in new:
            now[i] = depth
        seen = tuple(now)
    return Part(el, above, depth, seen, index)


@lru_cache(4096)  # a page has few names and many elements
def _remembered(tag: str, *names: str | None) -> frozenset[int]:
    """What the tag and the names of an element tell, as positions in `Part.seen`."""
    words = " ".join(filter(None, names)).lower().split()
    named: frozenset[int] = frozenset().union(*map(_told_by, words))
    return named | {len(_PURPOSES) + _HOLDERS.index(tag)} if tag in _HOLDERS else named


@lru_cache(8192)
def _told_by(name: str) -> frozenset[int]:
    if not _ANY_PURPOSE.search(name):
        return frozenset()
    return frozenset(i for i, purpose in enumerate(_PURPOSES) if purpose.search(name))


def _block(part: Part, text: str, linked: int) -> Block:
    chars = len(text)
    linked = min(linked, chars)
    ends = bool(_ENDS.search(text[-3:]))
    runs = linked * 2 <= chars and (chars >= 80 or (chars >= 25 and ends))
    return Block(part, text, linked, ends, chars - linked if runs else 0)
