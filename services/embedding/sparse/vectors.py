"""Sparse vectors in memory, and packed as on the topics."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.events import SparseVectors


class SparseVector(NamedTuple):
    """Ascending, unique indices (uint32) and a weight for each (float32)."""

    indices: NDArray[np.uint32]
    values: NDArray[np.float32]


def packed(vectors: Sequence[SparseVector]) -> SparseVectors:
    """The vectors of a part as its event carries them."""
    return SparseVectors(
        counts=[len(vector.indices) for vector in vectors],
        indices=b"".join(vector.indices.astype("<u4").tobytes() for vector in vectors),
        values=b"".join(vector.values.astype("<f4").tobytes() for vector in vectors),
    )
