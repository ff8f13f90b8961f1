"""Text that repeats on most pages of a site: navigation, banners and footers that no tag gives away.

A site is more evidence than a page. What is learnt in a crawl is remembered (`memo.Page.furniture`), and a
block leaves the set later than it enters: pages do not flap when a site grows by one.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence

from services.connectors.web.pages.blocks import FIXED, kind_of

#: Fewer pages are no evidence.
FEWEST_PAGES = 5
#: Shares of the pages: from where on a block repeats, and up to where one that did still does.
_ENTERS, _LEAVES = 0.5, 0.25
#: The most frequent ones; a memo has room for these.
_MOST_BLOCKS = 1500


def learnt(pages: Sequence[array[int]], before: frozenset[int]) -> frozenset[int]:
    """The numbers of the blocks that repeat; `before` are those of the last crawl."""
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
