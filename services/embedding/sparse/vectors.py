"""Sparse vectors in memory."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class SparseVector(NamedTuple):
    """Ascending, unique indices (uint32) and a weight for each (float32)."""

    indices: NDArray[np.uint32]
    values: NDArray[np.float32]
