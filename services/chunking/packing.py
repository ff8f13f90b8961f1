"""Choose among the possible cuts of a text: few chunks, each cut at the best place."""

from heapq import heappop, heappush

#: Prices of cuts, lowest first. A document is cut where their sum is lowest, so ten cuts between definitions
#: are better than one inside a function.
SECTION = 100  # before a heading, between definitions; deeper levels cost `LEVEL` more each
PAGE = 170  # between pages and at a rule across the page
BLOCK = 300  # between paragraphs
INNER = 1_000  # between the statements of a function, the items of a list
SENTENCE = 1_800
GLUED = 4_000  # between what belongs together: a comment and its function, a heading and its text
LINE = 6_000  # at the end of a line, inside a string or a token
INLINE = 9_000  # in the middle of a line, between tokens
WORD = 20_000
CHARACTER = 80_000

#: Each level of nesting adds this to a price. Smaller differences only choose among cuts of one level.
LEVEL = 10
#: The price of a chunk that runs from inside a section or class into the next one: more than that of the cut
#: between the two.
MIXED = 320

#: A chunk that has reached this share of the limit should end at the next cut of its own level. Functions are
#: found better together, so code is packed full; paragraphs are found better in smaller chunks (measured in
#: docs/chunking.md).
CODE_FILL = 0.9
PROSE_FILL = 0.5

#: Byte position -> price of a chunk that starts there.
Cuts = dict[int, int]


def pack(source: bytes, cuts: Cuts, limit: int, fill: float) -> list[tuple[int, int]]:
    """Spans of at most `limit` bytes, cut where the sum of the costs is lowest.

    Blank bytes at the ends of a span are removed, except the indentation of its first line.

    A shortest path over the cuts. The lowest cost of an end comes from the cheapest start within reach. A
    heap holds the starts; those out of reach are dropped when they surface. Every start is in it twice: once
    for as long as its chunk is homogeneous, and once, at `MIXED` more, without that bound.

    Args:
        cuts: at most `limit` bytes that are not blank lie between two neighbours (or an end of the source);
            `prose.refine` ensures that.
        fill: the share of `limit` from which a chunk should end at the next cut of its own level.
    """
    starts, ends, prices = _units(source, cuts, limit)
    count = len(starts)
    pure_until = _pure_until(starts, prices, int(limit * fill), limit)
    best = [0] * (count + 1)
    back = [0] * (count + 1)
    heap: list[tuple[int, int, int]] = []  # sum of prices, minus the unit, first unit that is out of bounds
    for unit in range(count):
        price = best[unit] + prices[unit]
        heappush(heap, (price, -unit, pure_until[unit]))
        if pure_until[unit] < count:
            heappush(heap, (price + MIXED, -unit, count))
        reach = ends[unit] - limit
        while heap[0][2] <= unit or starts[-heap[0][1]] < reach:
            heappop(heap)
        best[unit + 1], back[unit + 1] = heap[0][0], -heap[0][1]
    spans: list[tuple[int, int]] = []
    unit = count
    while unit:
        first = back[unit]
        spans.append((starts[first], ends[unit - 1]))
        unit = first
    spans.reverse()
    return spans


def _pure_until(starts: list[int], prices: list[int], fill: int, limit: int) -> list[int]:
    """For every unit, the first unit that a chunk starting there should leave to the next chunk.

    That is the next unit of a higher level (a section that this one is not part of), or one of the same
    level from `fill` bytes on; the number of units if there is none within `limit`.
    """
    count = len(starts)
    levels = [price // LEVEL for price in prices]
    pure_until = [count] * count
    waiting: list[int] = []  # units that are not yet answered, by ascending level
    for unit, level in enumerate(levels):
        while waiting and levels[waiting[-1]] > level:
            pure_until[waiting.pop()] = unit
        waiting.append(unit)
    full = 0
    for unit, level in enumerate(levels):
        least = starts[unit] + fill
        while full < count and starts[full] < least:
            full += 1
        last = min(pure_until[unit], count)
        following = full
        while following < last and levels[following] > level and starts[following] - starts[unit] <= limit:
            following += 1
        if following < last:
            pure_until[unit] = following
    return pure_until


def _units(source: bytes, cuts: Cuts, limit: int) -> tuple[list[int], list[int], list[int]]:
    """Starts, ends and costs of the units between the cuts, without blank edges and blank units."""
    positions = [position for position in sorted(cuts) if position < len(source)]
    starts: list[int] = []
    ends: list[int] = []
    prices: list[int] = []
    price = 0
    for position, following in zip([0, *positions], [*positions, len(source)], strict=True):
        piece = source[position:following]
        content = piece.lstrip()
        price = min(price, cuts.get(position, 0)) if price else cuts.get(position, 0)
        if not content:
            continue
        start = first = position + len(piece) - len(content)
        end = position + len(piece.rstrip())
        if first > position:
            line = source.rfind(b"\n", position, first) + 1
            if line or position == 0 or source[position - 1] == 10:
                start = line or position
            if end - start > limit:
                start = first
        starts.append(start)
        ends.append(end)
        prices.append(price)
        price = 0
    return starts, ends, prices
