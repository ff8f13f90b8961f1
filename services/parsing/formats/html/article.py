"""Extracts the main content of a web page: the part with the most running text.

Three steps: remove furniture (navigation, footers, adverts) by tags and class names; choose the element with
the most running text over links and fragments; trim what leads away from it (related links, share bars,
sign-up lines, captions). A part with much of the page's text is never removed: names can mislead.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.html.inline import is_hidden
from services.parsing.formats.html.render import Renderer
from services.parsing.formats.html.tags import BLOCKS
from services.parsing.formats.html.weights import Weights

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
#: Tags whose class and id are ignored, since they do not tell the element's purpose.
_UNNAMED_TAGS = frozenset(
    ("p", "h1", "h2", "h3", "html", "body", "article", "main", "b", "strong", "em", "i", "a", "br")
)
_MARKED = etree.XPath("descendant::*[@role or @hidden or @style]")
#: An inner part replaces the outer one if it has this share of its running text.
ENOUGH = 0.85
#: A part with this share of a page's running text is kept, whatever its name.
_TOO_MUCH = 0.4


def main_part(root: HtmlElement) -> str:
    """Markdown of the main content; of the whole page if no part has running text."""
    body = root.find("body")
    body = root if body is None else body
    weights = Weights(body)
    total = weights[body].good
    weights.update(cut(body, weights, total) | cut_cards(body, weights, total))
    best = choose(body, weights)
    trim(best, weights)
    writer = md.Writer()
    writer.extend(Renderer(images=lambda _: "").blocks(best))
    return writer.finish()[0]


def cut(body: HtmlElement, weights: Weights, total: float) -> set[HtmlElement]:
    """Remove furniture from the tree. Returns the parents of the removed elements."""
    limit, parents = total * _TOO_MUCH, set()
    marked = set(_MARKED(body))
    for el in list(body.iterdescendants()):
        if (_is_named_furniture(el) or (el in marked and _is_marked_furniture(el))) and (
            el not in weights or weights[el].good <= limit
        ):
            parents.add(drop(el))
    return parents


def _is_marked_furniture(el: HtmlElement) -> bool:
    """Whether an element is furniture by its role or is hidden."""
    return (el.get("role") or "").lower() in _FURNITURE_ROLES or is_hidden(el)


def _is_named_furniture(el: HtmlElement) -> bool:
    """Whether an element is furniture by its tag, class or id."""
    tag = el.tag
    if tag in _FURNITURE_TAGS:
        return True
    if tag in _UNNAMED_TAGS:
        return False
    name, id_ = el.get("class"), el.get("id")
    return bool(name or id_) and _named_furniture(f"{name or ''} {id_ or ''}")


@lru_cache(4096)  # a page has few classes and many elements
def _named_furniture(names: str) -> bool:
    return bool(_FURNITURE_NAMES.search(names)) and not _CONTENT_NAMES.search(names)


def choose(body: HtmlElement, weights: Weights) -> HtmlElement:
    """Find the element with the most running text over furniture, then descend while little text is lost."""
    best, most = body, float("-inf")
    for el in body.iter():
        if el.tag in BLOCKS and el in weights and (value := weights[el].value) >= most:
            best, most = el, value
    if weights[best].good <= 0:  # no part has running text, so none is better than the page
        return body
    while True:
        inner = max((c for c in best if c in weights), key=lambda c: weights[c].good, default=None)
        if inner is None or inner.tag in _TEXT_TAGS or weights[inner].good < weights[best].good * ENOUGH:
            return best
        best = inner


def trim(best: HtmlElement, weights: Weights) -> None:
    """Remove elements that lead away from the chosen part."""
    for el in list(best.iterdescendants(*BLOCKS)):
        if el.tag == "h1" or _is_list_of_links(el, weights) or _leads_away(el):
            drop(el)


def _is_list_of_links(el: HtmlElement, weights: Weights) -> bool:
    if el not in weights:
        return False
    weight = weights[el]
    return weight.links > 30 and weight.links > weight.good * 2 and weight.links > weight.scraps


def _leads_away(el: HtmlElement) -> bool:
    """Whether the text of an element is short and of a kind that is not content."""
    text = _short_text(el, 1000)
    return text is not None and bool(
        (len(text) < 120 and _LEADS_AWAY.match(text)) or (_may_be_notice(text) and _NOTICE.search(text))
    )


def _may_be_notice(text: str) -> bool:
    """A cheap first check that is False for nearly all text."""
    lower = text.lower()
    return "cookie" in lower or "javascript" in lower or not text.isascii()


def _short_text(el: HtmlElement, limit: int) -> str | None:
    """The words of an element if shorter than `limit`; a long text is not read to its end."""
    pieces: list[str] = []
    size, enough = 0, limit
    for piece in el.itertext():
        pieces.append(piece)
        size += len(piece)
        if size >= enough:
            if len(" ".join("".join(pieces).split())) >= limit:
                return None
            enough = 2 * size
    text = " ".join("".join(pieces).split())
    return text if len(text) < limit else None


def cut_cards(body: HtmlElement, weights: Weights, total: float) -> set[HtmlElement]:
    """Remove rows of three or more similar teasers, each with a linked headline and little text. Returns the
    elements that they were removed from."""
    groups: dict[tuple[HtmlElement, str, str], list[HtmlElement]] = {}
    for el in body.iter("div", "li", "article", "section", "a"):
        if el in weights and weights[el].good < 500:
            key = (el.getparent(), el.tag, (el.get("class") or "").split(" ")[0])
            groups.setdefault(key, []).append(el)
    parents: set[HtmlElement] = set()
    for cards in groups.values():
        if len(cards) >= 3:
            linked = [card for card in cards if _is_card(card)]
            if (
                len(linked) >= 3
                and len(linked) * 3 >= len(cards) * 2
                and sum(weights[c].good for c in linked) <= total * 0.8
            ):
                parents.update(map(drop, linked))
    return parents


def _is_card(el: HtmlElement) -> bool:
    if el.tag == "a":
        return any(child.tag in BLOCKS or child.tag == "img" for child in el.iterdescendants())
    return any(
        (
            child.tag == "a"
            and (child.find("img") is not None or len(child) == 0 or child[0].tag in BLOCKS)
            and child.getparent().tag != "p"
        )
        or (child.tag != "a" and child.find(".//a") is not None)
        for child in el.iterdescendants("a", "h2", "h3", "h4", "h5")
    )


def drop(el: HtmlElement) -> HtmlElement:
    """Remove an element and return its parent; the text after the element stays."""
    parent = el.getparent()
    tail = el.tail
    if tail and tail.strip():
        before = el.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + " " + tail
        else:
            parent.text = (parent.text or "") + " " + tail
    parent.remove(el)
    return parent
