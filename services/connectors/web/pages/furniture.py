"""Find text that repeats on most pages of a site: navigation, banners and footers without telling tags.

The result is kept for the next crawl (`memo.Page.furniture`). The threshold for leaving the set is lower than
the one for entering it (hysteresis), so pages do not change back and forth while a site grows.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence

from services.connectors.web.pages.blocks import FIXED, kind_of

#: On a smaller site nothing counts as repeated.
FEWEST_PAGES = 5
#: Share of the pages from which a block counts as repeated, and below which it no longer does.
_ENTERS, _LEAVES = 0.5, 0.25
#: Maximum number of blocks, the most frequent ones, because a memo is limited in size.
_MOST_BLOCKS = 1500


def learnt(pages: Sequence[array[int]], before: frozenset[int]) -> frozenset[int]:
    """The numbers of the blocks that repeat; `before` is the result of the previous crawl."""
    if len(pages) < FEWEST_PAGES:
        return frozenset()
    counts: Counter[int] = Counter()
    for numbers in pages:
        counts.update({number for number in numbers if kind_of(number) != FIXED})
    enough = {
        number: count
        for number, count in counts.items()
        if count >= len(pages) * (_LEAVES if number in before else _ENTERS) and count > 1
    }
    most = sorted(enough, key=lambda number: (-enough[number], number))
    return frozenset(most[:_MOST_BLOCKS])
