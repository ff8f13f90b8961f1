"""How the texts of a batch lie side by side.

Padded   rows of one length, padded on the right
Packed   one after the other, without padding
Filled   the same, filled up to one of a few sizes, for a compiled model
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from services.embedding.batches import pack_batches, pack_filled, pack_whole, size_of, texts_of
from services.embedding.gpu.packed import filled, packed
from services.embedding.metrics import to_the_longest

Lengths = Sequence[int]
#: Positions in a batch, or in the texts of a call.
Parts = list[list[int]]


class Layout(Protocol):
    """Groups texts, given by their numbers of tokens, into batches, and lays a batch out.

    `budget`: tokens of a batch with padding.
    """

    budget: int

    @property
    def warm_up(self) -> Sequence[Lengths]:
        """Batches to compute before the first request, so that nothing compiles within one."""

    def batches(self, lengths: Lengths) -> Parts:
        """Batches within the budget; each text is in one of them."""

    def size(self, lengths: Lengths) -> int:
        """Tokens of a batch, with padding."""

    def tensors(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, ...]:
        """A batch as the model takes it, on the CPU. Those without dimensions stay there."""

    def refitted(self, lengths: Lengths) -> Parts:
        """Parts of a batch that fit into the budget of now; usually one."""

    def halved(self, lengths: Lengths) -> Parts:
        """Halve the budget, since the device has no memory for this batch, and split it. Empty if it cannot
        be split. The budget does not shrink below the longest possible text."""


class Padded:
    """See `Layout`."""

    #: As (texts, tokens). Compilation specialises the size 1.
    warm_up: Sequence[Lengths] = ([1], [16], [16] * 2, [40] * 3)

    def __init__(self, budget: int, max_tokens: int) -> None:
        self.budget, self._max_tokens = budget, max_tokens

    def batches(self, lengths: Lengths) -> Parts:
        """See `Layout`."""
        return pack_batches(lengths, self.budget)

    def size(self, lengths: Lengths) -> int:
        """See `Layout`."""
        return to_the_longest(lengths)

    def tensors(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, ...]:
        """Ids (texts, longest), and the last token of each text."""
        ids = torch.zeros((len(rows), max(map(len, rows))), dtype=torch.int64)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = torch.as_tensor(tokens)
        return ids, torch.tensor([len(tokens) - 1 for tokens in rows])

    def refitted(self, lengths: Lengths) -> Parts:
        """See `Layout`. Smaller budgets of later batches do not concern this one."""
        return [list(range(len(lengths)))]

    def halved(self, lengths: Lengths) -> Parts:
        """See `Layout`."""
        self.budget = min(self.budget, max(self._max_tokens, sum(lengths) // 2))
        half, whole = len(lengths) // 2, list(range(len(lengths)))
        return [whole[:half], whole[half:]] if half else []


class Packed(Padded):
    """See `Layout`."""

    def batches(self, lengths: Lengths) -> Parts:
        """See `Layout`."""
        return pack_whole(lengths, self.budget)

    def size(self, lengths: Lengths) -> int:
        """See `Layout`."""
        return sum(lengths)

    def tensors(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, ...]:
        """See `packed`."""
        return packed(rows)


class Filled:
    """See `Layout`. Sizes are the budget, its eighth and its 64th: a query does not fill a whole pack."""

    _STEP = 8

    def __init__(self, budget: int, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self.budget = max(budget, max_tokens)

    @property
    def sizes(self) -> list[int]:
        """Tokens of packs, descending."""
        return [size for power in range(3) if (size := self.budget // self._STEP**power)]

    @property
    def warm_up(self) -> Sequence[Lengths]:
        """See `Layout`."""
        return [self._full(size) for size in self.sizes]

    def batches(self, lengths: Lengths) -> Parts:
        """See `Layout`."""
        return pack_filled(lengths, self.sizes)

    def size(self, lengths: Lengths) -> int:
        """See `Layout`."""
        return size_of(lengths, self.sizes) or sum(lengths)

    def tensors(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, ...]:
        """See `filled`."""
        size = self.size([len(row) for row in rows])
        # The other thread may just have shrunk the budget: then this pack is of a size of its own.
        return filled(rows, size, max(texts_of(size), len(rows) + 1))

    def refitted(self, lengths: Lengths) -> Parts:
        """See `Layout`. A pack that was made before the budget shrank is packed again."""
        sizes = self.sizes
        return [list(range(len(lengths)))] if size_of(lengths, sizes) else pack_filled(lengths, sizes)

    def _full(self, size: int) -> Lengths:
        """The fewest texts that need this size."""
        texts = min(-(-size // self._max_tokens), texts_of(size) - 1)
        return [min(size // texts, self._max_tokens)] * texts

    def halved(self, lengths: Lengths) -> Parts:
        """See `Layout`. The new sizes are compiled when they are first used."""
        before = self.size(lengths)
        self.budget = min(self.budget, max(self._max_tokens, before // 2))
        parts = pack_filled(lengths, self.sizes)
        return parts if max(self.size([lengths[at] for at in part]) for part in parts) < before else []
