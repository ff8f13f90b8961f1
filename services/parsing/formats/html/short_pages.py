"""Scores of short pages: a few lines tell a classifier little, and the tags of the page much."""

from __future__ import annotations

import numpy as np

from services.parsing.formats.html.blocks import FURNITURE, Block, Part
from services.parsing.formats.html.classifier import Scores

#: Content with fewer characters is short.
SHORT = 1000
#: The lowest scores of content where a page declares its content by a tag, and where it does not.
_IN_DECLARED, _ELSEWHERE = 0.02, 0.15


def in_short_page(blocks: list[Block], parts: list[Part], scores: Scores) -> Scores:
    """The scores, raised where a page has little content: all that tags and names do not call furniture
    counts."""
    declared = _declared(parts)
    region = declared or parts[0]
    if region.chars >= SHORT:
        return scores
    enough = _IN_DECLARED if declared else _ELSEWHERE
    return np.array([
        1.0 if score >= enough and _is_content(block, region, linked=declared is not None) else score
        for block, score in zip(blocks, scores, strict=True)
    ])  # fmt: skip


def declared_parts(blocks: list[Block], parts: list[Part]) -> set[int]:
    """The parts with text in what the page itself calls its content; none if it calls nothing so."""
    region = _declared(parts)
    return {block.part.index for block in blocks if region is not None and _is_within(block.part, region)}


def _is_content(block: Block, region: Part, linked: bool) -> bool:
    """Whether tags and names let a block be content; without `linked` only if most of it is no link."""
    return (
        _is_within(block.part, region)
        and not _is_furniture(block.part, region)
        and (linked or block.linked * 2 <= len(block.text))
    )


def _declared(parts: list[Part]) -> Part | None:
    """The part that the page itself calls its content: its only `main`, or else its only `article`."""
    mains = [part for part in parts if part.element.tag == "main" or part.element.get("role") == "main"]
    articles = [part for part in parts if part.element.tag == "article"]
    for found in (mains, articles):
        if len(found) == 1 and found[0].links * 2 < found[0].chars:
            return found[0]
    return None


def _is_within(part: Part, region: Part) -> bool:
    above: Part | None = part
    while above is not None and above is not region:
        above = above.above
    return above is region


def _is_furniture(part: Part, region: Part) -> bool:
    """Whether a tag or a name between a part and the region says that it is no content."""
    return any(part.seen[i] > region.depth for i in FURNITURE)
