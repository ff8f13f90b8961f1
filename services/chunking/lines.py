"""The `lines` strategy of the contract: a number of lines or of bytes, whichever is reached first."""

from collections.abc import Iterator


def split_lines(source: bytes, max_lines: int, limit: int) -> list[tuple[int, int]]:
    """Spans of at most `max_lines` lines and `limit` bytes, without the last line feed.

    A line longer than `limit` is cut at the limit, but never inside a character.
    """
    spans: list[tuple[int, int]] = []
    start = count = 0
    end = 0
    for first, last in _pieces(source, limit):
        if count and (count == max_lines or last - start > limit):
            spans.append((start, end))
            start, count = first, 0
        if not count:
            start = first
        count += 1
        end = last
    if count:
        spans.append((start, end))
    return spans


def _pieces(source: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Every line without its line feed, the long ones in pieces."""
    position = 0
    while position < len(source):
        end = source.find(b"\n", position)
        following = len(source) if end < 0 else end + 1
        end = len(source) if end < 0 else end
        while end - position > limit:
            cut = position + limit
            while source[cut] & 0xC0 == 0x80:
                cut -= 1
            yield position, cut
            position = cut
        yield position, end
        position = following
