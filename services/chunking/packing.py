"""Choose among the places where a text may be cut: few chunks, each at the best place."""

from collections import deque

#: Prices of a cut, lowest first. Only their sums are compared: a document is cut where the sum is
#: smallest, so three cuts between definitions are taken rather than one inside of a function.
SECTION = 100  # before a heading, between definitions
BLOCK = 160  # between paragraphs, between statements at top level
INNER = 300  # between the statements of a function, the items of a list
SENTENCE = 500
GLUED = 4_000  # between what belongs together: a comment and its function, a heading and its text
LINE = 6_000  # at a line's end inside of a string or of a token
INLINE = 9_000  # in the middle of a line, between tokens
WORD = 20_000
CHARACTER = 80_000

#: Byte position -> price of a chunk that starts there.
Cuts = dict[int, int]


def pack(source: bytes, cuts: Cuts, limit: int) -> list[tuple[int, int]]:
    """Spans of at most `limit` bytes, cut where the sum of the prices is lowest.

    Blank bytes at the ends of a span are left out, but for the indentation of its first line.
    A shortest path over the cuts: the cheapest way to end at a unit comes from the cheapest start
    within reach, and the starts within reach are a window that only moves forward, so a queue that is
    kept ascending answers each step in constant time.

    Args:
        cuts: between two neighbours (or an end of the source) lie at most `limit` bytes that are
            not blank; see `prose.refine`, which makes that true.
    """
    starts, ends, prices = _units(source, cuts, limit)
    count = len(starts)
    best = [0] * (count + 1)
    back = [0] * (count + 1)
    window: deque[tuple[int, int]] = deque()  # (price of all up to a chunk that starts here, unit)
    for unit in range(count):
        price = best[unit] + prices[unit]
        while window and window[-1][0] >= price:
            window.pop()
        window.append((price, unit))
        reach = ends[unit] - limit
        while starts[window[0][1]] < reach:
            window.popleft()
        best[unit + 1], back[unit + 1] = window[0]
    spans: list[tuple[int, int]] = []
    unit = count
    while unit:
        first = back[unit]
        spans.append((starts[first], ends[unit - 1]))
        unit = first
    spans.reverse()
    return spans


def _units(source: bytes, cuts: Cuts, limit: int) -> tuple[list[int], list[int], list[int]]:
    """Starts, ends and prices of the stretches between the cuts, blank edges and blank units left out."""
    positions = [position for position in sorted(cuts) if position < len(source)]
    starts: list[int] = []
    ends: list[int] = []
    prices: list[int] = []
    for position, following in zip([0, *positions], [*positions, len(source)], strict=True):
        piece = source[position:following]
        content = piece.lstrip()
        if not content:
            continue
        start = first = position + len(piece) - len(content)
        end = position + len(piece.rstrip())
        line = source.rfind(b"\n", position, first) + 1
        if line or position == 0 or source[position - 1] == 10:
            start = line or position
        if end - start > limit:
            start = first
        starts.append(start)
        ends.append(end)
        prices.append(cuts.get(position, 0))
    return starts, ends, prices
