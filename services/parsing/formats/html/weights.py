"""Measures how much of each part of a page is running text, and how much is links and fragments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing.formats.html.tags import BLOCKS, SKIPPED

#: Inline elements without a weight of their own if nothing is in them but text: nobody asks for it.
_LEAVES = frozenset(("span", "code", "em", "strong", "b", "i", "tt", "kbd", "samp", "var", "cite"))
_HEADS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "th", "dt"))
_ENDS = re.compile(r"[.!?…。！？:;)\]\"”’»']\s*$")


class Weight(NamedTuple):
    """Running text against links and fragments of an element and its descendants, in characters.

    `open_chars`, `open_links` and `end` describe text that belongs to the surrounding block: its characters,
    those in links, and its last piece. They are empty for an element that is itself a block.
    """

    good: float
    links: float
    scraps: float
    open_chars: int
    open_links: int
    end: str

    @property
    def value(self) -> float:
        """Running text beyond everything else."""
        return self.good - self.links - self.scraps


class Weights(dict[HtmlElement, Weight]):
    """The weights of an element and its descendants, except those without readable text and childless
    `_LEAVES`."""

    def __init__(self, body: HtmlElement) -> None:
        super().__init__()
        self._body = body
        self._visit(body, body.tag, False)

    def update(self, changed: Iterable[HtmlElement]) -> None:  # type: ignore[override]
        """Recompute the weights of elements that lost some of their content, and of their ancestors."""
        for el in changed:
            above: HtmlElement | None = el
            while above is not None and self.pop(above, None) is not None:
                above = above.getparent()
        if self._body not in self:
            self._visit(self._body, self._body.tag, False)

    def _visit(self, el: HtmlElement, tag: str, linked: bool) -> Weight:
        good = links = scraps = 0.0
        linked = linked or tag == "a"
        last = (el.text or "").strip()
        chars = len(last)
        in_links = chars if linked else 0
        for child in el:
            inner = child.tag
            if inner in _LEAVES and not len(child):  # most elements of a page of code are such spans
                if text := (child.text or "").strip():
                    last = text
                    chars += len(text)
                    in_links += len(text) if linked else 0
            elif isinstance(inner, str) and inner not in SKIPPED:
                weight = self.get(child) or self._visit(child, inner, linked)
                good += weight.good
                links += weight.links
                scraps += weight.scraps
                chars += weight.open_chars
                in_links += weight.open_links
                last = weight.end or last
            if tail := (child.tail or "").strip():
                last = tail
                chars += len(tail)
                in_links += len(tail) if linked else 0
        if tag in BLOCKS:
            if chars:
                more, more_links, more_scraps = _judged(chars, in_links, last, tag)
                good, links, scraps = good + more, links + more_links, scraps + more_scraps
            chars, in_links, last = 0, 0, ""
        weight = self[el] = Weight(good, links, scraps, chars, in_links, last)
        return weight


def _judged(chars: int, in_links: int, last: str, tag: str) -> tuple[float, float, float]:
    """Classify one block of text as running text, links or fragments."""
    share = in_links / chars
    if share > 0.5:
        return 0.0, in_links + 20.0, 0.0
    if tag in _HEADS:
        return 0.0, 0.0, 5.0
    if chars >= 80 or (chars >= 25 and _ENDS.search(last)):
        return chars * (1 - share), 0.0, 0.0
    return 0.0, 0.0, 10.0
