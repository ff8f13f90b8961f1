"""Choose the kernel for a model by measurement, when it is loaded."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from services.embedding.kernels.kernel import Kernel

log = structlog.get_logger(__name__)

#: Minimum cosine between vectors of two kernels for them to share collections and caches.
SAME_SPACE = 0.999
#: Minimum speedup for another kernel to be chosen.
FASTER = 1.2
_ROUNDS = 3

#: Unit vectors of some texts, computed by a kernel.
Probe = Callable[[Kernel], NDArray[np.float32]]


def fastest(known: Kernel, weights: Path, workers: int, probe: Probe) -> Kernel:
    """OpenVINO, if it is installed, agrees with the vectors of `known` and is clearly faster; otherwise
    `known`.

    Never raises for OpenVINO: if it fails, `known` is used.
    """
    if find_spec("openvino") is None:
        return known
    try:
        from services.embedding.kernels.openvino import OpenVinoKernel

        other = OpenVinoKernel(weights, workers)
        cosine = float(np.min(np.sum(probe(known) * probe(other), axis=1)))
        ratio = _seconds(known, probe) / _seconds(other, probe)
    except Exception as error:  # OpenVINO raises bare RuntimeError
        log.warning("OpenVINO does not run this model", weights=str(weights), error=str(error)[:200])
        return known
    chosen = other if cosine >= SAME_SPACE and ratio >= FASTER else known
    log.info("kernel", kernel=chosen.name, openvino_cosine=round(cosine, 5), openvino_speed=round(ratio, 2))
    return chosen


def _seconds(kernel: Kernel, probe: Probe) -> float:
    """CPU time of this thread and its workers, so that other load on the machine does not matter."""
    taken = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        probe(kernel)
        taken.append(time.process_time() - began)
    return min(taken)
