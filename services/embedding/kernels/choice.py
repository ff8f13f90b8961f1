"""Which kernel computes a model on this machine: by measurement, when it is loaded."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from services.embedding.kernels.kernel import Kernel

log = structlog.get_logger(__name__)

#: Least cosine between the vectors of two kernels that may share a collection and a cache.
SAME_SPACE = 0.999
#: By how much another kernel must be faster to be taken.
FASTER = 1.2
_ROUNDS = 3

#: Unit vectors of some texts, computed by a kernel.
Probe = Callable[[Kernel], NDArray[np.float32]]


def fastest(known: Kernel, weights: Path, workers: int, probe: Probe) -> Kernel:
    """OpenVINO, if it is installed, gives the vectors of `known` and takes clearly less time; else `known`.

    Never raises for OpenVINO: what it cannot do, `known` does.
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
    """Processor time of this thread and those that work for it: other load does not decide."""
    taken = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        probe(kernel)
        taken.append(time.process_time() - began)
    return min(taken)
