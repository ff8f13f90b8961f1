"""Extracts the main content of a web page: what is left without navigation, teasers, comments and adverts.

A classifier scores every block of text (`blocks`, `features`, `classifier`). What it rejects is taken out of
the tree; the rest is rendered as any page. Tables are kept or dropped as a whole, and the headings of the
first level that stand over kept text stay.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import numpy as np
from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.html import tables
from services.parsing.formats.html.blocks import Block, Part, page_of
from services.parsing.formats.html.classifier import Scores, scores_of
from services.parsing.formats.html.features import like
from services.parsing.formats.html.inline import image_text
from services.parsing.formats.html.render import Renderer
from services.parsing.formats.html.short_pages import (
    THRESHOLD,
    beyond_furniture,
    declared_parts,
    in_short_page,
    likeliest,
)
from services.parsing.formats.html.tags import BLOCKS

#: Content with fewer characters is little.
_LITTLE = 1000
#: The share of a heading in its score; the rest is the score of what follows.
_OWN = 0.3
#: So many elements of a kind side by side repeat: cards, posts, results.
_MANY = 3
#: A table with a larger share of the text of its page lays out the page.
_PAGE = 0.9
#: A page is prose if at least this much is kept, this share of it paragraphs, and none of these elements.
#: There, content has at least this share of the mean score.
_PROSE, _PARAGRAPHS, _NO_PROSE, _OF_MEAN = 1500, 0.8, ("pre", "dt", "dd", "td", "th", "li"), 0.75
#: Names of a hint and of what it belongs to.
_HINT = re.compile(r"tool-?tip|pop-?over|roll-?over|hover-?card", re.I)
_HINTED = etree.XPath("//span/@class[contains(., 'ip') or contains(., 'over')]")
#: What stands above an advert, or in its place.
_ADVERT = re.compile(
    r"\W*(?:advert(?:isement)?s?|anzeige|werbung|publicit[éy]|publicidade?|pubblicità|advertentie|rekla(?:m[ae]?|me)"
    r"|annonse?|реклама|広告|广告|廣告)\W*(?:(?:story )?continues? (?:reading )?below)?\W*",
    re.I,
)
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
#: The lowest scores of headings and of items between content.
_BETWEEN = {**dict.fromkeys(_HEADINGS, 0.4), **dict.fromkeys(("li", "dt", "dd"), 0.2)}
#: Names of a note beside content, and the lowest score of its text.
_NOTE = re.compile(
    r"(?:^|\s|(?<!foot)[_-])(?:admonition|aside|call-?out|note-?card|note|notice|warning|caution|danger|tip|hint|important"
    r"|alert)(?:$|[\s_-])",
    re.I,
)
_NOTED = 0.05
_HOME = re.compile(r"/?|https?://[^/]+/?", re.I)


def main_part(root: HtmlElement, title: str) -> str:
    """Markdown of the main content of a page with this title; empty if there is none."""
    body = root.find("body")
    body = root if body is None else body
    drop_hints(body)
    blocks, parts = page_of(body)
    if not blocks:
        return ""
    kept = kept_parts(blocks, parts, scores_of(blocks, parts, title))
    if not kept:
        return ""
    prune(blocks, parts, kept)
    told = {parts[index].element for index in kept}
    writer = md.Writer()
    writer.extend(Renderer(images=lambda picture: _in_text(picture, told)).blocks(body))
    return writer.finish()[0]


def _in_text(picture: HtmlElement, told: set[HtmlElement]) -> str:
    """A picture as markdown, if it stands among kept words; one alone is mostly an ornament."""
    around = next((el for el in picture.iterancestors() if el.tag in BLOCKS or el in told), None)
    return image_text(picture) if around in told else ""


def drop_hints(body: HtmlElement) -> None:
    """Remove what shows in a line of text only while a pointer is over the words before it."""
    for name in _HINTED(body):
        el = name.getparent()
        above = el.getparent()
        if above is None or not _HINT.search(name) or not _HINT.search(above.get("class") or ""):
            continue
        if (above.text or "").strip() or el.getprevious() is not None:
            el.drop_tree()


def kept_parts(blocks: list[Block], parts: list[Part], scores: Scores) -> set[int]:
    """The indexes of the parts whose text is main content."""
    adverts = [_ADVERT.fullmatch(block.text) is not None for block in blocks]
    scores = in_short_page(blocks, parts, _evened(blocks, parts, np.where(adverts, 0.0, scores)))
    lowest = _lowest(blocks, scores)
    chosen = [
        bool(score >= lowest) and block.element.tag != "h1"
        for block, score in zip(blocks, scores, strict=True)
    ]
    if not any(chosen):
        if declared := declared_parts(blocks, parts):
            return declared
        if not any(chosen := likeliest(blocks, scores)):
            return beyond_furniture(blocks)
    _join(blocks, chosen)
    _join_between(blocks, chosen, scores)
    _join_notes(blocks, chosen, scores)
    first, last = chosen.index(True), len(chosen) - 1 - chosen[::-1].index(True)
    titles = [
        i for i, block in enumerate(blocks) if block.element.tag == "h1" and not _leads_home(block.element)
    ]
    for i in [i for i in titles if i < first][-1:]:
        chosen[i] = True
    for i in reversed([i for i in titles if first < i < last]):
        chosen[i] = chosen[i + 1]
    return {block.part.index for block, keep in zip(blocks, chosen, strict=True) if keep}


def _lowest(blocks: list[Block], scores: Scores) -> float:
    """The lowest score of content. It is higher on a page of prose, where what scores much lower than the
    paragraphs is a caption, a notice or a teaser."""
    likely = [(b, len(b.text), score) for b, score in zip(blocks, scores, strict=True) if score >= THRESHOLD]
    chars = sum(length for _, length, _ in likely)
    paragraphs = sum(length for block, length, _ in likely if block.element.tag == "p" and block.running)
    other = any(block.element.tag in _NO_PROSE for block, _, _ in likely)
    if other or chars < _PROSE or paragraphs < _PARAGRAPHS * chars:
        return THRESHOLD
    return max(THRESHOLD, _OF_MEAN * float(sum(length * score for _, length, score in likely)) / chars)


def _join(blocks: list[Block], chosen: list[bool]) -> None:
    """Where little is chosen, choose the sentences of an element of which a paragraph is chosen, and of an
    aside in it. On long pages such sentences are mostly notices."""
    both = list(zip(blocks, chosen, strict=True))
    if sum(len(block.text) for block, keep in both if keep) >= _LITTLE:
        return
    holders = {block.element.getparent() for block, keep in both if keep and block.element.tag == "p"}
    for i, block in enumerate(blocks):
        if block.element.tag == "p" and block.ends and block.linked * 2 <= len(block.text):
            around = block.element.getparent()
            aside = around.tag == "aside" and around.getparent() in holders
            chosen[i] = chosen[i] or around in holders or aside


def _join_between(blocks: list[Block], chosen: list[bool], scores: Scores) -> None:
    """Choose the headings and items between what is chosen, unless they are unlikely."""
    for i in range(1, len(blocks) - 1):
        if chosen[i - 1] and chosen[i + 1] and scores[i] >= _BETWEEN.get(blocks[i].element.tag, 1):
            chosen[i] = True


def _join_notes(blocks: list[Block], chosen: list[bool], scores: Scores) -> None:
    """Choose the notes beside what is chosen, unless they are very unlikely: their names are those of notices
    of the site, too."""
    holders = {block.part.above for block, keep in zip(blocks, chosen, strict=True) if keep}
    for i, block in enumerate(blocks):
        if not chosen[i] and scores[i] >= _NOTED:
            around: Part | None = block.part
            while around is not None and not _is_note(around.element):
                around = around.above
            chosen[i] = around is not None and around.above is not None and around.above in holders


def _is_note(el: HtmlElement) -> bool:
    return _NOTE.search(f"{el.get('class') or ''} {el.get('role') or ''}") is not None


def _leads_home(heading: HtmlElement) -> bool:
    """Whether a heading is the name of the site, linked to its front page."""
    link = heading.find(".//a")
    link = next(heading.iterancestors("a"), None) if link is None else link
    return link is not None and _HOME.fullmatch((link.get("href") or "#").strip()) is not None


def _evened(blocks: list[Block], parts: list[Part], scores: Scores) -> Scores:
    """Let what belongs together share its score: a table wholly, items of a list half, a heading mostly with
    what follows it, what repeats half, and headings that repeat wholly."""
    scores = scores.copy()
    tables_of, lists_of = _holders(parts)
    chars = np.array([len(block.text) for block in blocks])

    def share(holders: dict[int, int], much: float) -> None:
        holder = np.array([holders.get(block.part.index, -1) for block in blocks])
        held = holder >= 0
        if held.any():
            at, weights = holder[held], chars[held]
            means = np.bincount(at, scores[held] * weights)[at] / np.bincount(at, weights)[at]
            scores[held] = (1 - much) * scores[held] + much * means

    share(lists_of, 0.5)
    share(tables_of, 1.0)
    for i in range(len(blocks) - 1, -1, -1):
        if blocks[i].element.tag in _HEADINGS and blocks[i].part.index not in tables_of:
            scores[i] = _OWN * scores[i] + (1 - _OWN) * scores[min(i + 1, len(blocks) - 1)]
    repeated = _repeated(blocks, parts)
    share(repeated, 0.5)
    share({at: first for at, first in repeated.items() if parts[at].element.tag in _HEADINGS}, 1.0)
    return scores


def _repeated(blocks: list[Block], parts: list[Part]) -> dict[int, int]:
    """For each part in one of many like elements, the first part that stands so in one of them."""
    alike = Counter(map(like, parts))
    groups: dict[object, list[int]] = defaultdict(list)
    for block in blocks:
        above = block.part.above
        if above is not None and alike[like(above)] >= _MANY:
            groups[like(above), like(block.part)[1:]].append(block.part.index)
    return {index: found[0] for found in groups.values() if len(found) >= _MANY for index in found}


def _holders(parts: list[Part]) -> tuple[dict[int, int], dict[int, int]]:
    """For each part the outermost table around it that is one, and the innermost list."""
    in_table: dict[int, int] = {}
    in_list: dict[int, int] = {}
    for part in parts:
        above, tag = part.above.index if part.above else -1, part.element.tag
        if above in in_table:
            in_table[part.index] = in_table[above]
        elif tag == "table" and part.chars < _PAGE * parts[0].chars and not tables.is_layout(part.element):
            in_table[part.index] = part.index
        if tag in ("ul", "ol", "dl"):
            in_list[part.index] = part.index
        elif above in in_list:
            in_list[part.index] = in_list[above]
    return in_table, in_list


def prune(blocks: list[Block], parts: list[Part], kept: set[int]) -> None:
    """Remove all parts from the tree that neither are kept nor hold a kept one, and the text of those that
    only hold one."""
    holding = set(kept)
    for part in reversed(parts):
        if part.index in holding and part.above is not None:
            holding.add(part.above.index)
    with_text = {block.part.index for block in blocks}
    for part in parts:
        if part.index not in holding:
            if part.above is not None and part.above.index in holding and part.chars:
                drop(part.element)
        elif part.index in with_text and part.index not in kept:
            _clear(part.element, {parts[i].element for i in holding if i > part.index})


def _clear(el: HtmlElement, holding: set[HtmlElement]) -> None:
    """Remove the text of an element but not that of the elements in `holding`."""
    el.text = None
    for child in list(el):
        child.tail = None
        if child in holding:
            continue
        if any(inner in holding for inner in child.iterdescendants()):
            _clear(child, holding)
        else:
            el.remove(child)


def drop(el: HtmlElement) -> None:
    """Remove an element; the text after it stays."""
    parent = el.getparent()
    if parent is None:  # went with what it stood in
        return
    tail = el.tail
    if tail and tail.strip():
        before = el.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + " " + tail
        else:
            parent.text = (parent.text or "") + " " + tail
    parent.remove(el)
