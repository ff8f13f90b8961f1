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


def split_budget(lengths: Sequence[int], max_tokens: int, workers: int) -> int:
    """The token budget per batch with which even a few texts occupy all workers; at most `max_tokens`."""
    share = -(-sum(lengths) // max(workers, 1))
    return max(1, min(max_tokens, share))
