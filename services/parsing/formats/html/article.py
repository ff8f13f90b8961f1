"""Extracts the main content of a web page: the part with the most running text.

Three steps: remove furniture (navigation, footers, adverts) by tags and class names; choose the element
whose running text most outweighs its links and fragments; remove from it what leads away (related links,
share bars, sign-up lines, captions). A part with much of the page's text is never removed: names can mislead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.html.inline import is_hidden
from services.parsing.formats.html.render import Renderer
from services.parsing.formats.html.tags import BLOCKS, SKIPPED

_FURNITURE_TAGS = frozenset(
    ("nav", "aside", "footer", "form", "button", "figcaption", "menu", "address", "dialog")
)
_FURNITURE_ROLES = frozenset(
    ("navigation", "banner", "complementary", "contentinfo", "search", "dialog", "menu", "toolbar")
)
_FURNITURE_NAMES = re.compile(
    r"comment|disqus|respond|related|recirc|recommend|more-(?:stories|from|on)|read-?(?:more|next)|also-?(?:read|like)|"
    r"share|sharing|social|newsletter|subscri|sign-?up|promo|advert|(?:^|[\s_-])ads?(?:$|[\s_-])|sponsor|banner|sidebar|"
    r"breadcrumb|byline|author|meta(?:$|[\s_-])|timestamp|dateline|(?:^|[\s_-])(?:date|time|tags?|topics?|credits?)(?:$|[\s_-])|footer|"
    r"(?:^|[\s_-])nav|menu|paginat|pager|cookie|consent|popup|modal|overlay|widget|caption|slideshow|carousel|toolbar|"
    r"print-?only|rating|outbrain|taboola|copyright|paywall|screen-reader|sr-only|visually-hidden|skip-|search|login|"
    r"trending|popular|teaser|follow|jump-?to|bottom-?bar|correction-?link|(?:^|[\s_-])bio(?:$|[\s_-])|video-?(?:player|container)",
    re.I,
)
_CONTENT_NAMES = re.compile(
    r"article-?_?(?:body|text|content)|(?:entry|post|story|page|main|body)-?_?(?:content|body|text)|articlebody|storytext|^content$",
    re.I,
)
_LEADS_AWAY = re.compile(
    r"^\W*(?:read (?:more|also|next|the full)|also read|related|see also|"
    r"more (?:from|on|stories|:)|recommended|advertis|share (?:this|on)|"
    r"follow (?:us|@|\w+ on)|sign up|subscribe|click here|watch:|listen:|photos?:|image:|"
    r"(?:photo|image|picture) (?:by|credit|courtesy)|"
    r"getty images|copyright|©|all rights reserved|comments?\b.{0,12}$|tags?:|filed under|topics:|"
    r"source:\s*\S+$|"
    r"leia (?:mais|tamb)|lea tamb|lesen sie|lire aussi|leggi anche|lees ook)",
    re.I,
)
_NOTICE = re.compile(
    r"(?:uses?|using|use of) cookies|cookies? (?:policy|settings)|enable javascript|javascript is disabled",
    re.I,
)
_TEXT_TAGS = frozenset(("p", "li", "td", "blockquote", "pre", "ul", "ol", "table", "dl"))
#: An inner part replaces the outer one if it has this share of its running text.
ENOUGH = 0.85
_ENDS = re.compile(r"[.!?…。！？:;)\]\"”’»']\s*$")
#: A part with this share of a page's running text is kept whatever its name is.
_TOO_MUCH = 0.4


@dataclass(slots=True)
class Weight:
    """Running text against links and fragments of an element and its descendants, in characters."""

    good: float = 0.0
    links: float = 0.0
    scraps: float = 0.0

    @property
    def value(self) -> float:
        return self.good - self.links - self.scraps

    def add(self, other: Weight) -> None:
        self.good += other.good
        self.links += other.links
        self.scraps += other.scraps


def main_part(root: HtmlElement) -> str:
    """Markdown of the main content; of the whole page if no part has running text."""
    body = root.find("body")
    body = root if body is None else body
    weights = weigh(body)
    total = weights[body].good
    cut(body, weights, total)
    cut_cards(body, weights, total)
    weights = weigh(body)
    best = choose(body, weights)
    trim(best, weights)
    writer = md.Writer()
    writer.extend(Renderer(images=lambda _: "").blocks(best))
    return writer.finish()[0]


def weigh(body: HtmlElement) -> dict[HtmlElement, Weight]:
    """The weight of every element."""
    weights: dict[HtmlElement, Weight] = {}

    def visit(el: HtmlElement, linked: bool) -> tuple[int, int, str]:
        """Characters of running text in this element outside of blocks below it, those in links, its end."""
        weight = weights[el] = Weight()
        linked = linked or el.tag == "a"
        text = (el.text or "").strip()
        chars, links, last = len(text), len(text) if linked else 0, text
        for child in el:
            if isinstance(child.tag, str) and child.tag not in SKIPPED:
                own, own_links, end = visit(child, linked)
                weight.add(weights[child])
                chars, links, last = chars + own, links + own_links, end or last
            tail = (child.tail or "").strip()
            if tail:
                chars, links, last = chars + len(tail), links + (len(tail) if linked else 0), tail
        if el.tag in BLOCKS:
            _judge(weight, chars, links, last, el.tag)
            return 0, 0, ""
        return chars, links, last

    visit(body, False)
    return weights


def _judge(weight: Weight, chars: int, links: int, last: str, tag: str) -> None:
    """Count one block of text as running text or as furniture."""
    if not chars:
        return
    share = links / chars
    if share > 0.5:
        weight.links += links + 20
    elif tag in ("h1", "h2", "h3", "h4", "h5", "h6", "th", "dt"):
        weight.scraps += 5
    elif chars >= 80 or (chars >= 25 and _ENDS.search(last)):
        weight.good += chars * (1 - share)
    else:
        weight.scraps += 10


def cut(body: HtmlElement, weights: dict[HtmlElement, Weight], total: float) -> None:
    """Remove furniture from the tree."""
    limit = total * _TOO_MUCH
    for el in list(_elements(body)):
        if el is body or el.getparent() is None:
            continue
        if (is_furniture(el) or is_hidden(el)) and (el not in weights or weights[el].good <= limit):
            _drop(el)


def is_furniture(el: HtmlElement) -> bool:
    if el.tag in _FURNITURE_TAGS:
        return True
    if (el.get("role") or "").lower() in _FURNITURE_ROLES:
        return True
    if el.tag in (
        "p",
        "h1",
        "h2",
        "h3",
        "html",
        "body",
        "article",
        "main",
        "b",
        "strong",
        "em",
        "i",
        "a",
        "br",
    ):
        return False
    name, id_ = el.get("class"), el.get("id")
    return bool(name or id_) and _named_furniture(f"{name or ''} {id_ or ''}")


@lru_cache(4096)  # the classes of a page are few, its elements many
def _named_furniture(names: str) -> bool:
    return bool(_FURNITURE_NAMES.search(names)) and not _CONTENT_NAMES.search(names)


def choose(body: HtmlElement, weights: dict[HtmlElement, Weight]) -> HtmlElement:
    """The element with the most running text over furniture, then inwards while little text is lost."""
    best, most = body, float("-inf")
    for el in _elements(body):
        if el.tag in BLOCKS and el in weights and weights[el].value >= most:
            best, most = el, weights[el].value
    if weights[best].good <= 0:  # no part reads like text, so none is better than the page
        return body
    while True:
        inner = max((c for c in best if c in weights), key=lambda c: weights[c].good, default=None)
        if inner is None or inner.tag in _TEXT_TAGS or weights[inner].good < weights[best].good * ENOUGH:
            return best
        best = inner


def trim(best: HtmlElement, weights: dict[HtmlElement, Weight]) -> None:
    """Remove from the chosen part what leads away from it."""
    for el in list(_elements(best)):
        if el is best or el.getparent() is None or el.tag not in BLOCKS:
            continue
        weight = weights.get(el, Weight())
        if weight.links > 30 and weight.links > weight.good * 2 and weight.links > weight.scraps:
            _drop(el)
            continue
        text = " ".join("".join(el.itertext()).split())
        if (
            el.tag == "h1"
            or (len(text) < 120 and _LEADS_AWAY.match(text))
            or (len(text) < 1000 and _NOTICE.search(text))
        ):
            _drop(el)


def cut_cards(body: HtmlElement, weights: dict[HtmlElement, Weight], total: float) -> None:
    """Remove rows of teasers: three or more alike, each with a linked headline and little text."""
    groups: dict[tuple[HtmlElement, str, str], list[HtmlElement]] = {}
    for el in _elements(body):
        if el.tag in ("div", "li", "article", "section", "a") and el in weights and weights[el].good < 500:
            key = (el.getparent(), el.tag, (el.get("class") or "").split(" ")[0])
            groups.setdefault(key, []).append(el)
    for cards in groups.values():
        if len(cards) >= 3:
            linked = [card for card in cards if _is_card(card)]
            if (
                len(linked) >= 3
                and len(linked) * 3 >= len(cards) * 2
                and sum(weights[c].good for c in linked) <= total * 0.8
            ):
                for card in linked:
                    _drop(card)


def _is_card(el: HtmlElement) -> bool:
    if el.tag == "a":
        return any(child.tag in BLOCKS or child.tag == "img" for child in el.iterdescendants())
    return any(
        (
            child.tag == "a"
            and (child.find("img") is not None or len(child) == 0 or child[0].tag in BLOCKS)
            and child.getparent().tag != "p"
        )
        or (child.tag in ("h2", "h3", "h4", "h5") and child.find(".//a") is not None)
        for child in el.iterdescendants()
    )


def _elements(root: HtmlElement) -> Iterator[HtmlElement]:
    return (el for el in root.iter() if isinstance(el.tag, str))


def _drop(el: HtmlElement) -> None:
    """Remove an element; the text after it stays."""
    parent = el.getparent()
    tail = el.tail
    if tail and tail.strip():
        before = el.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + " " + tail
        else:
            parent.text = (parent.text or "") + " " + tail
    parent.remove(el)
