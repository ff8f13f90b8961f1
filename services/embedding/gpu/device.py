"""Where the model computes: copies to it and back, and what a lack of memory looks like."""

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from services.embedding.embedder import Vectors

#: In the messages of cuBLAS, Triton and drivers, whose errors have no type of their own.
_NO_MEMORY = ("out of memory", "alloc_failed")


class Device:
    """A GPU, or the CPU. Any number of threads may use it."""

    def __init__(self, device: torch.device) -> None:
        self.torch = device
        self.is_gpu = device.type == "cuda"
        if self.is_gpu:
            # On Hopper, packed attention would prefer cuDNN, which plans anew for each number and length of
            # texts.
            torch.backends.cuda.enable_cudnn_sdp(False)

    def active(self) -> AbstractContextManager[object]:
        """While the block runs, this is the thread's current GPU: pinned memory, events and streams are its
        own. A thread begins with the first GPU of the machine."""
        return torch.cuda.device(self.torch) if self.is_gpu else contextlib.nullcontext()

    def taken(self, tensor: Tensor) -> Tensor:
        """A copy on the device; one without dimensions stays. It does not wait for the device: PyTorch keeps
        the pinned memory until the copy is done."""
        if not self.is_gpu or tensor.ndim == 0:
            return tensor
        return tensor.pin_memory().to(self.torch, non_blocking=True)

    def copied(self, tensor: Tensor) -> Callable[[], Vectors]:
        """Begin to copy a result back. The function that is returned waits for it, and for nothing that the
        device is given later."""
        if not self.is_gpu:
            return lambda: tensor.numpy()
        host = tensor.to("cpu", non_blocking=True)  # pinned
        done = torch.cuda.Event(blocking=True)  # the thread sleeps, so that others prepare batches
        done.record()

        def wait() -> Vectors:
            done.synchronize()
            found: Vectors = host.numpy()
            return found

        return wait

    def free(self) -> None:
        """Give unused memory back, so that it is there in one piece."""
        if self.is_gpu:
            torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether a lack of memory is the reason. Compilation wraps it, cuBLAS and Triton only say it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        words = str(error).lower()
        if isinstance(error, torch.OutOfMemoryError):
            return True
        if isinstance(error, RuntimeError) and any(said in words for said in _NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False
