"""Scores of pages with little or no likely content: a few lines tell a classifier little, and the tags of the
page much."""

from __future__ import annotations

import numpy as np

from services.parsing.formats.html.blocks import AROUND, FURNITURE, Block, Part
from services.parsing.formats.html.classifier import Scores

#: Blocks with at least this score are content on any page.
THRESHOLD = 0.52
#: A page with fewer characters of such blocks is short, and so is one that declares fewer as its content.
_SHORT, _SHORT_DECLARED = 500, 1500
#: The lowest scores of content on a short page: in what it declares as its content by a tag, and elsewhere.
_IN_DECLARED, _ELSEWHERE = 0.1, 0.35
#: A `main` with fewer characters, half of which are content, is content as a whole.
_SHORT_MAIN = 1000
#: The lowest score of the likeliest sentences on a page without content, unless they are too long for a short
#: page.
_LIKELY = 0.25


def in_short_page(blocks: list[Block], parts: list[Part], scores: Scores) -> Scores:
    """The scores, raised where a page has little content: losing some costs more than keeping a line of
    navigation."""
    lengths = np.array([len(block.text) for block in blocks])
    likely = lengths[scores >= THRESHOLD].sum()
    region = _declared(parts)
    if not likely or (likely >= _SHORT and (region is None or region.chars >= _SHORT_DECLARED)):
        return scores
    declared = np.array([_is_declared(block.part, region) for block in blocks])
    raised = np.where(scores >= np.where(declared, _IN_DECLARED, _ELSEWHERE), 1.0, scores)
    if region is not None and region.element.tag != "article" and region.chars < _SHORT_MAIN:
        kept = lengths[declared & (raised >= THRESHOLD)].sum()
        raised[declared & (kept * 2 >= region.chars)] = 1.0
    return raised


def likeliest(blocks: list[Block], scores: Scores) -> list[bool]:
    """Which blocks are content where none is likely to be: the sentences that score best, and those that
    score half as much. None if they are few and score too low."""
    running = np.array([0 if block.element.tag == "h1" else block.running for block in blocks])
    best = scores[(scores * running).argmax()]
    found = (running > 0) & (scores * 2 >= best)
    return [bool(keep) and bool(best >= _LIKELY or running[found].sum() >= _SHORT) for keep in found]


def declared_parts(blocks: list[Block], parts: list[Part]) -> set[int]:
    """The parts with text in what the page itself calls its content, even if that is mostly links; none if it
    calls nothing so."""
    region = _declared(parts, links=True)
    return {block.part.index for block in blocks if region is not None and _is_within(block.part, region)}


def beyond_furniture(blocks: list[Block]) -> set[int]:
    """The parts with text that no tag calls navigation, a header, a footer, an aside or a form."""
    return {block.part.index for block in blocks if not any(block.part.seen[i] >= 0 for i in AROUND)}


def _is_declared(part: Part, region: Part | None) -> bool:
    """Whether a part stands in what the page calls its content, and no tag or name says that it is none."""
    return (
        region is not None
        and _is_within(part, region)
        and not any(part.seen[i] > region.depth for i in FURNITURE)
    )


def _declared(parts: list[Part], links: bool = False) -> Part | None:
    """The part that the page itself calls its content: its only `main`, or else its only `article`. What is
    mostly links is none, unless `links` may be."""
    mains = [part for part in parts if part.element.tag == "main" or part.element.get("role") == "main"]
    articles = [part for part in parts if part.element.tag == "article"]
    for found in (mains, articles):
        if len(found) == 1 and (links or found[0].links * 2 < found[0].chars):
            return found[0]
    return None


def _is_within(part: Part, region: Part) -> bool:
    above: Part | None = part
    while above is not None and above is not region:
        above = above.above
    return above is region
