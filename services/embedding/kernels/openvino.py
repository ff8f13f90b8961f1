"""OpenVINO: int8 weights unpacked once, not at every call, and products in bfloat16 where the CPU has it."""

import threading
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from services.embedding.kernels.kernel import Feed


class OpenVinoKernel:
    """See `Kernel`. Raises OpenVINO's own errors for a model that it does not know.

    `workers` calls run at once, each on one core: a stream for each, and a request for each thread.
    """

    name = "OpenVINO"

    def __init__(self, weights: Path, workers: int) -> None:
        options = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "INFERENCE_NUM_THREADS": workers,
            "NUM_STREAMS": workers,
        }
        self._model = openvino.Core().compile_model(str(weights), "CPU", options)
        self._output = self._model.output(0)
        self._requests = threading.local()
        self.inputs = frozenset(node.get_any_name() for node in self._model.inputs)

    def __call__(self, feed: Feed) -> NDArray[np.float32]:
        """See `Kernel`."""
        request = getattr(self._requests, "own", None)
        if request is None:
            request = self._requests.own = self._model.create_infer_request()
        # The request keeps its memory for the next call.
        found: NDArray[np.float32] = request.infer(dict(feed))[self._output].copy()
        return found
