"""Real pages with other content, other names or other tags: what corpora of news and blogs lack.

A page keeps all that stands around its text. That is cut to a few blocks, or made content (a table, steps,
a contact, folded answers) stands in its place. Names may be taken away, and tags that tell a purpose.
"""

from __future__ import annotations

import copy
import random
from dataclasses import replace

import numpy as np
from lxml.html import HtmlElement, fragments_fromstring  # type: ignore[import-untyped]

from benchmarks.main_content import made
from benchmarks.main_content.labels import WHOLE, Page, by_mark, described
from services.parsing.formats.html.article import prune
from services.parsing.formats.html.blocks import page_of

_NAMES = ("class", "id", "role", "itemprop")
_TELLING = ("main", "article", "nav", "aside", "footer", "header", "section")
#: Elements in which a page's own content may stand, and beside which made content may.
_HOLDERS = ("div", "article", "section", "main", "body", "td")
_MOST = 6  # blocks of a page's own content that are kept
_CUT, _UNNAMED, _UNTAGGED = 0.4, 0.25, 0.2  # chances
_SURE = 0.5  # how sure a label is, as a share of what it was


def varied(page: Page, seed: int = 0) -> Page | None:
    """The page with little of its own content, or with made content; None if it has no content to change."""
    dice = random.Random(f"{page.corpus} {page.name} {seed}")
    known = page.weight > 0
    content = [i for i in np.flatnonzero(page.content & known) if _stands_free(page.blocks[i].element)]
    if not content:
        return None
    body = copy.deepcopy(page.parts[0].element)
    twins = dict(zip(body.iter(), page.parts[0].element.iter(), strict=True))
    blocks, parts = page_of(body)
    labels = {
        block.element: (bool(label), float(weight))
        for block, label, weight in zip(page.blocks, page.content, page.given, strict=True)
    }
    start = dice.choice(content)
    cut = dice.random() < _CUT
    stay = set(content[content.index(start) :][: dice.randint(1, _MOST)]) if cut else {start}
    kept = {
        block.part.index
        for i, block in enumerate(blocks)
        if i in stay or block.element.tag == "h1" or (known[i] and not page.content[i])
    }
    prune(blocks, parts, kept)
    if not cut:
        _replace(blocks[start].element, made.content(dice.randrange(1 << 30)))
    if dice.random() < _UNNAMED:
        for el in body.iter():
            for name in _NAMES:
                el.attrib.pop(name, None)
    if dice.random() < _UNTAGGED:
        for el in body.iter(*_TELLING):
            el.tag = "div"
    blocks, parts = page_of(body)
    answers = []
    for block in blocks:
        is_main, weight = by_mark(block.element, WHOLE)
        answers.append((is_main, weight) if is_main else labels.get(twins.get(block.element), (False, 0.0)))
    shape = replace(page, corpus="varied", name=f"{page.name} {seed}", blocks=blocks, parts=parts)
    return described(shape, [answer for answer, _ in answers], [_SURE * weight for _, weight in answers])


def _stands_free(el: HtmlElement) -> bool:
    return el.tag != "h1" and el.getparent() is not None and el.getparent().tag in _HOLDERS


def _replace(el: HtmlElement, content: str) -> None:
    for part in fragments_fromstring(content):
        part.tail = None
        el.addprevious(part)
    el.drop_tree()
