"""OpenVINO: unpacks int8 weights once instead of at every call, and uses bfloat16 where the CPU supports
it."""

import threading
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from services.embedding.kernels.kernel import Feed


class OpenVinoKernel:
    """See `Kernel`. Raises OpenVINO's own errors for an unsupported model.

    `workers` calls run at once, each on one core: one stream per call, one request per thread.
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
        # The request reuses its memory in the next call.
        found: NDArray[np.float32] = request.infer(dict(feed))[self._output].copy()
        return found
