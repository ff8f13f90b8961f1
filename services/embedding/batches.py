"""Pack texts of different lengths into batches."""

from collections.abc import Sequence


def pack_batches(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Group texts into batches whose padded size stays within a token budget.

    Texts are packed longest first, so that the texts of a batch have similar lengths and little padding,
    and threads that share the batches end at about the same time.

    Args:
        lengths: tokens of each text, before padding.
        max_tokens: maximum tokens of a batch, including padding: rows x longest row.

    Returns:
        Indices into `lengths`; each index once; equal lengths in their order of arrival. A text
        longer than `max_tokens` is alone in its batch.
    """
    batches: list[list[int]] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and (len(batches[-1]) + 1) * longest <= max_tokens:
            batches[-1].append(index)
        else:
            longest = lengths[index]
            batches.append([index])
    return batches


def pack_whole(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Group texts into batches of at most `max_tokens`, where none is padded: the longest first, as in
    `pack_batches`."""
    batches: list[list[int]] = []
    room = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if not batches or lengths[index] > room:
            batches.append([])
            room = max_tokens
        batches[-1].append(index)
        room -= lengths[index]
    return batches


#: With packs of one size, a pack of n tokens has room for n / this many texts. Chunks of 1,000 characters
#: have about 240 tokens, so the tokens are used up first.
TOKENS_PER_TEXT = 64


def pack_filled(lengths: Sequence[int], sizes: Sequence[int]) -> list[list[int]]:
    """Group texts into packs of few fixed sizes, which are filled up (`size_of`).

    First fit, the longest first, into packs of the largest size; what goes into smaller ones with fewer
    tokens in all goes there, such as the last pack and a single query.

    Args:
        lengths: tokens of each text, at most the largest size.
        sizes: in tokens, descending.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    packs = _first_fit(lengths, order, sizes[0])
    if len(sizes) == 1:
        return packs
    return [part for pack in packs for part in _in_smaller(lengths, pack, sizes)]


def size_of(lengths: Sequence[int], sizes: Sequence[int]) -> int | None:
    """The smallest size that holds these texts and one for what is empty; None if none does."""
    tokens, texts = sum(lengths), len(lengths)
    return next((size for size in reversed(sizes) if tokens <= size and texts < texts_of(size)), None)


def texts_of(size: int) -> int:
    """The number of texts in a pack, with those that fill it up."""
    return max(size // TOKENS_PER_TEXT, 2)


def _first_fit(lengths: Sequence[int], order: Sequence[int], size: int) -> list[list[int]]:
    packs: list[list[int]] = []
    rooms: list[int] = []
    open_from = 0  # packs before it have their number of texts
    for index in order:
        length = lengths[index]
        at = next((n for n in range(open_from, len(packs)) if rooms[n] >= length), len(packs))
        if at == len(packs):
            packs.append([])
            rooms.append(size)
        packs[at].append(index)
        rooms[at] = rooms[at] - length if len(packs[at]) + 1 < texts_of(size) else -1
        while open_from < len(packs) and rooms[open_from] < 0:
            open_from += 1
    return packs


def _in_smaller(lengths: Sequence[int], pack: list[int], sizes: Sequence[int]) -> list[list[int]]:
    """The texts of a pack in packs of smaller sizes if those have fewer tokens, else the pack."""
    if any(lengths[index] > sizes[1] for index in pack):
        return [pack]
    own = [lengths[index] for index in pack]
    parts = [[pack[index] for index in part] for part in pack_filled(own, sizes[1:])]
    smaller = sum(size_of([lengths[index] for index in part], sizes) or 0 for part in parts)
    return parts if smaller < sizes[0] else [pack]


def split_budget(lengths: Sequence[int], max_tokens: int, workers: int) -> int:
    """The token budget per batch with which even a few texts occupy all workers; at most `max_tokens`."""
    share = -(-sum(lengths) // max(workers, 1))
    return max(1, min(max_tokens, share))
