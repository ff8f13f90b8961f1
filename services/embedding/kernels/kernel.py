"""The interface of a kernel, and onnxruntime's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from numpy.typing import NDArray

#: Inputs of a model by name: (rows, tokens), int64.
Feed = Mapping[str, NDArray[np.int64]]


class Kernel(Protocol):
    """A model, ready to compute. Any number of threads may call it, each call on one core."""

    @property
    def name(self) -> str:
        """The name of the runtime, for messages."""

    @property
    def inputs(self) -> frozenset[str]:
        """Names of the inputs."""

    def __call__(self, feed: Feed) -> NDArray[np.float32]:
        """The model's first output."""


class OrtKernel:
    """onnxruntime. Raises its own errors for broken weights."""

    name = "onnxruntime"

    def __init__(self, weights: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only; the warnings are about choices of the optimiser
        self._session = ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        self.inputs = frozenset(node.name for node in self._session.get_inputs())

    def __call__(self, feed: Feed) -> NDArray[np.float32]:
        """See `Kernel`."""
        found: NDArray[np.float32] = self._session.run(None, feed)[0]
        return found
