"""Detects headings and their levels from font size, weight and numbering, over the whole document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from services.parsing.page.blocks import Block, Kind
from services.parsing.page.captions import begins_as_caption
from services.parsing.pdf.structure import Entry, comparable

#: A heading is larger than the body text by this factor, or bold.
LARGER = 1.12
#: Longer blocks (in characters) are text that happens to be bold or large.
LONGEST = 200
#: Text of at least this many words that ends as a sentence does is none.
SENTENCE = 8
#: Tags are sound if this share of the texts that they call headings may be some.
SOUND = 0.9
#: A style is rare if a smaller share of the document's headings has it.
RARE = 0.02

_NUMBERED = re.compile(r"^(?:(?:chapter|section|part|appendix)\s+)?(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S", re.I)
#: An entry of a table of contents.
_ENTRY = re.compile(r"\.{4}\s*\d+$")
_SENTENCE = re.compile(r"[a-z]\S*[.!?][\"'”’]?$")
_OPEN_END = re.compile(r"[,;:!]$|[a-z)]\.$")


def mark_headings(blocks: Sequence[Block], body: float, outline: Sequence[Entry] = ()) -> None:
    """Mark the blocks that are headings, with levels from 1. Entries of the document's outline that stand on
    their page, and what its tags call so, are headings, whatever they look like, and as deep as there."""
    depths = _depths(blocks, outline)
    found = _without_front_matter([b for b in blocks if _is_heading(b, body)], blocks)
    share = sum(len(b.plain) for b in found) / max(sum(len(b.plain) for b in blocks), 1)
    if len(found) > 3 and share > 0.5:
        found = [b for b in found if b.style.size > 1.5 * body]
    known = {*found, *depths}
    found = [block for block in blocks if block in known]
    ranks, least = _ranks(found), _least_depths(found)
    if depths:
        ranks, top = _by_outline(found, ranks, depths)
    for block in found:
        deeper = (_dots(block) or 0) - least.get(_look(block), 0)
        block.kind = Kind.HEADING
        block.level = min(ranks[_look(block)] + max(deeper, 0), 6)
        if block in depths:
            block.level = min(top + depths[block], 6)
        block.text = f"{block.marker} {block.text}" if block.marker[:1].isdigit() else block.text


def _depths(blocks: Sequence[Block], outline: Sequence[Entry]) -> dict[Block, int]:
    """The depths of the blocks that stand in the outline, one for each entry, or that are tagged as
    headings, unless whole paragraphs are."""
    wanted: dict[tuple[int, str], list[int]] = {}
    for entry in outline:
        wanted.setdefault((entry.page, entry.title), []).append(entry.depth)
    tagged = [block for block in blocks if block.depth is not None]
    sound = sum(map(_may_be_heading, tagged)) >= SOUND * len(tagged)
    depths: dict[Block, int] = {}
    for block in blocks if wanted or tagged else ():
        if not _may_be_heading(block):
            continue
        if sound and block.depth is not None:
            depths[block] = block.depth
        elif left := wanted.get((block.page, comparable(block.plain))):
            depths[block] = left.pop(0)
    return depths


def _by_outline(
    found: Sequence[Block], ranks: dict[_Look, int], depths: dict[Block, int]
) -> tuple[dict[_Look, int], int]:
    """Levels of the headings' styles as the outline has them, and that of its outermost entries. Styles that
    are not in it are below all larger ones that are."""
    inside = [block for block in found if block in depths]
    top = Counter(max(ranks[_look(b)] - depths[b], 1) for b in inside).most_common(1)[0][0]
    seen: dict[_Look, Counter[int]] = {}
    for block in inside:
        seen.setdefault(_look(block), Counter())[top + depths[block]] += 1
    known = {look: count.most_common(1)[0][0] for look, count in seen.items()}
    out = {}
    for look, rank in ranks.items():
        above = max((level for other, level in known.items() if other > look), default=0)
        out[look] = known.get(look) or (above + 1 if above else min(rank, max(top - 1, 1)))
    return out, top


def _without_front_matter(found: list[Block], blocks: Sequence[Block]) -> list[Block]:
    """The headings, without lines directly below the title whose style comes only there, before larger
    headings: names of authors, a place, a date."""
    known = set(found)
    first = list(takewhile(lambda block: block in known, blocks))
    for at, block in enumerate(first[1:], 1):
        after = next((b for b in found[at + 1 :] if b.style.size >= block.style.size), None)
        if after is None or not block.style.size < after.style.size < first[0].style.size:
            break
        known.remove(block)
    return [block for block in found if block in known]


def body_size(blocks: Sequence[Block]) -> float:
    """The font size of the body text: that of most characters of the document."""
    count: Counter[float] = Counter()
    for block in blocks:
        if block.kind in (Kind.TEXT, Kind.ITEM):
            count[round(block.style.size * 2) / 2] += len(block.plain)
    return count.most_common(1)[0][0] if count else 10.0


def _is_heading(block: Block, body: float) -> bool:
    text = block.plain
    if not _may_be_heading(block):
        return False
    if not any(c.isalnum() for c in text) or _ENTRY.search(text) or begins_as_caption(text):
        return False
    if _SENTENCE.search(text) and len(text.split()) >= SENTENCE:
        return False  # a lead or a pull quote
    if block.style.size >= LARGER * body:
        return not (block.kind is Kind.ITEM and not block.style.bold and block.style.size < 1.3 * body)
    if not block.style.bold or block.style.size < 0.88 * body:
        return False
    return sum(c.isalpha() for c in text) > 1 and not _OPEN_END.search(text)


def _may_be_heading(block: Block) -> bool:
    if block.kind is Kind.ITEM and not block.marker[:1].isdigit():
        return False
    return block.kind in (Kind.TEXT, Kind.ITEM) and len(block.plain) <= LONGEST and block.lines <= 4


_Look = tuple[float, bool, bool]


def _look(block: Block) -> _Look:
    return (round(block.style.size * 2) / 2, block.style.bold, block.plain.isupper())


def _ranks(found: Sequence[Block]) -> dict[_Look, int]:
    """Levels of the headings' styles: larger before smaller, then bold, then capitals.

    In a long document a rare style (the cover, a box) has no level of its own: it takes that of the next
    smaller style that is not rare.
    """
    count = Counter(_look(block) for block in found)
    often = {look for look, n in count.items() if n >= RARE * len(found)}
    ranks: dict[_Look, int] = {}
    level = 0
    before: _Look | None = None
    waiting: list[_Look] = []
    for look in sorted(count, reverse=True):
        waiting.append(look)
        if look not in often:
            continue
        if before is None or before[0] - look[0] > 0.04 * before[0] or before[1] != look[1]:
            level += 1
        before = look
        ranks.update(dict.fromkeys(waiting, level))
        waiting = []
    ranks.update(dict.fromkeys(waiting, level + 1))
    return ranks


def _least_depths(found: Sequence[Block]) -> dict[_Look, int]:
    """The minimum depth of the section numbers of each style."""
    least: dict[_Look, int] = {}
    for block in found:
        dots = _dots(block)
        if dots is not None:
            least[_look(block)] = min(dots, least.get(_look(block), dots))
    return least


def _dots(block: Block) -> int | None:
    match = _NUMBERED.match(block.plain)
    return match[1].count(".") if match else None
