"""An embedder on PyTorch."""

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import structlog
import torch
from tokenizers import Tokenizer

from schemas.errors import RequestError, TransientError
from schemas.models_file import TorchConfig
from services.embedding.embedder import PromptedEmbedder, Vectors
from services.embedding.gpu.device import Device, is_out_of_memory
from services.embedding.gpu.files import TorchFiles, downloaded, read_folder
from services.embedding.gpu.fp8 import kernel_for, prove_same_space
from services.embedding.gpu.layouts import Filled, Layout, Packed, Padded
from services.embedding.gpu.packed import require_packed
from services.embedding.gpu.qwen3 import Qwen3
from services.embedding.metrics import DEVICE
from services.embedding.models import fingerprint_of, sha256_of, tokens_read
from services.embedding.onnx import embed_windows, normalise
from services.embedding.profiles import framing, profile_of, require_end_token
from services.embedding.threads import BatchThreads
from services.embedding.windows import Windows, count_tokens, read

log = structlog.get_logger(__name__)

#: Tokens of a batch, including padding. On a GPU, batches of 32,768 are as fast as those of 131,072, and a
#: query may have to wait for one. On a CPU small batches stay in its caches (`services.embedding.onnx`).
GPU_BATCH_TOKENS = 32_768
CPU_BATCH_TOKENS = 512
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class TorchEmbedder(PromptedEmbedder):
    """See `services.embedding.Embedder`. Loads and warms up the model in the constructor.

    Two threads take turns on the device: while it computes one batch, the other thread stores the previous
    one and prepares the next. Running out of memory, also while it warms up, halves the batch budget
    permanently; no document fails for it. A model that cannot be compiled is used as it is, with a warning.

    Raises the errors of PyTorch and tokenizers for broken files; `open_torch` describes them.

    Attributes:
        forward: from a batch as laid out to the last hidden state of each text; may be wrapped to measure it.
    """

    def __init__(self, name: str, files: TorchFiles, config: TorchConfig, max_tokens: int) -> None:
        self.model, self.max_tokens = name, max_tokens
        device = _device(name, config.device)
        self._device, dtype = Device(device), _dtype(config.dtype, device)
        self._template = config.template or profile_of(name).template
        self._tokenizer = _tokenizer(name, files.tokenizer)
        self._qwen = Qwen3(files.config, files.weights, device, dtype)
        if self._qwen.vocabulary < self._tokenizer.get_vocab_size():
            raise RequestError(f"{files.tokenizer} has more tokens than the weights of {name!r}")
        self.dimension = self._qwen.dimension
        pins = "/".join(sha256_of(path) for path in (*files.weights, files.tokenizer))
        pins += "" if dtype is torch.float32 else f"/{dtype}"
        self.fingerprint = fingerprint_of(pins, max_tokens, "last", self._template)
        self._layout = self._laid_out(config)
        self.forward: Callable[..., torch.Tensor] = (
            self._qwen.last_hidden_packed if config.packed else self._qwen.last_hidden
        )
        self._turn = threading.Lock()
        self._tokenizing = BatchThreads(max(1, (os.cpu_count() or 2) // 2), "tokenizing")
        self._computing = BatchThreads(2, "embedding")
        if config.quantization:
            self._quantise(dtype)
        if not (self._device.is_gpu and config.compile and self.compiled(config)):
            self._warm_up()
        where = torch.cuda.get_device_name(device) if self._device.is_gpu else "CPU"
        log.info("warmed up", model=name, device=where, dtype=str(dtype), batch_tokens=self._layout.budget)

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens of the texts with their special tokens."""
        return await self._tokenizing.call(partial(count_tokens, self._tokenizer, texts), urgent=True)

    async def close(self) -> None:
        """Wait for running batches and end the threads."""
        await self._tokenizing.close()
        await self._computing.close()

    async def _embed(self, texts: Sequence[str], prompt: str, urgent: bool) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        frame = framing(self._template, prompt)
        reading = partial(read, self._tokenizer, self.max_tokens, texts, frame)
        windows = await self._tokenizing.call(reading, urgent)
        batches = self._layout.batches(windows.lengths)
        run = partial(self._run, windows)
        size = self._layout.size
        return await embed_windows(windows, self.dimension, batches, run, self._computing, urgent, size)

    def _run(self, windows: Windows, batch: list[int]) -> Vectors:
        return self._vectors([windows.ids[index] for index in batch])

    def _vectors(self, rows: Sequence[Sequence[int]]) -> Vectors:
        """The vectors of a batch, in parts if it does not fit into memory."""
        parts = self._layout.refitted([len(row) for row in rows])
        if len(parts) == 1:
            if (vectors := self._tried(rows)) is not None:
                return vectors
            parts = self._parts_of(rows)
        vectors = np.empty((len(rows), self.dimension), dtype=np.float32)
        for part in parts:
            vectors[part] = self._vectors([rows[at] for at in part])
        return vectors

    def _tried(self, rows: Sequence[Sequence[int]]) -> Vectors | None:
        """None if there is not enough memory. The error ends here, because it holds what was computed."""
        try:
            return self._compute(rows)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return None

    def _parts_of(self, rows: Sequence[Sequence[int]]) -> list[list[int]]:
        """Parts of a batch that has not fitted. Raises TransientError if it cannot be split."""
        self._device.free()
        before = self._layout.budget
        parts = self._layout.halved([len(row) for row in rows])
        if self._layout.budget < before:
            log.warning("out of memory: batches are halved", model=self.model, tokens=self._layout.budget)
        if not parts:
            raise TransientError(
                f"the device of {self.model!r} has no memory for a text of {len(rows[0]):,} tokens"
            )
        return parts

    def _compute(self, rows: Sequence[Sequence[int]]) -> Vectors:
        with self._device.active():
            given = [self._device.taken(tensor) for tensor in self._layout.tensors(rows)]
            with torch.inference_mode(), DEVICE.computing():
                with self._turn:  # kernels of two threads would only compete
                    arrived = self._device.copied(self.forward(*given))
                found = arrived()
        return found[: len(rows)]

    def compiled(self, config: TorchConfig) -> bool:
        """Compile the model for all shapes that it will meet. False if that fails."""
        plain = self.forward
        self._qwen.fix_sizes()
        # Halved batches have shapes of their own; beyond the limit, PyTorch stops to compile without a word.
        torch._dynamo.config.recompile_limit = 64  # noqa: SLF001
        self.forward = torch.compile(plain, dynamic=not config.static_shapes)
        try:
            self._warm_up()
        except TransientError:
            raise
        except Exception as error:  # of Triton, its C compiler, Inductor, …
            reason = str(error).strip().partition("\n")[0][:300]
            log.warning("not compiled, which halves the speed", model=self.model, error=reason)
            self.forward = plain
            return False
        return True

    def _warm_up(self) -> None:
        """Compute each shape once, again if there was not enough memory for one of them."""
        budget = None
        while budget != self._layout.budget:
            budget = self._layout.budget
            for lengths in self._layout.warm_up:
                self._vectors([[0] * tokens for tokens in lengths])

    def _laid_out(self, config: TorchConfig) -> Layout:
        budget = config.batch_tokens or (GPU_BATCH_TOKENS if self._device.is_gpu else CPU_BATCH_TOKENS)
        if not config.packed:
            return Padded(budget, self.max_tokens)
        require_packed(self.model, self._device.torch)
        return (Filled if config.static_shapes else Packed)(budget, self.max_tokens)

    def _quantise(self, dtype: torch.dtype) -> None:
        kernel = kernel_for(self.model, self._device.torch, dtype)
        prove_same_space(self.model, self._alone, lambda: self._qwen.quantise(kernel))

    def _alone(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of texts, each in a batch of its own."""
        rows = [self._tokenizer.encode(text).ids[: self.max_tokens] for text in texts]
        return normalise(np.concatenate([self._compute([row]) for row in rows]))


def open_torch(name: str, config: TorchConfig, cache_dir: Path | None = None) -> TorchEmbedder:
    """Load a model from its folder, or download it by name. Blocks.

    Raises RequestError if files or device cannot be used, TransientError if the hub is unavailable.
    """
    folder = config.folder or downloaded(name, cache_dir)
    files = read_folder(name, folder)
    known = profile_of(name).max_tokens
    max_tokens = config.max_tokens or min(known or 8192, tokens_read(folder))
    try:
        return TorchEmbedder(name, files, config, max_tokens)
    except (RequestError, TransientError):
        raise
    except Exception as error:  # safetensors, tokenizers and PyTorch raise their own types
        if is_out_of_memory(error):
            raise TransientError(f"the device has no memory for the weights of {name!r}") from error
        raise RequestError(f"the embedding model {name!r} does not load from {folder}: {error}") from error


def _device(name: str, wanted: str) -> torch.device:
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise RequestError(
            f"{name!r} has device = {wanted!r}, but PyTorch finds {torch.cuda.device_count()} GPUs"
        )
    return device


def _dtype(wanted: str, device: torch.device) -> torch.dtype:
    if wanted == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return _DTYPES[wanted]


def _tokenizer(name: str, path: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    require_end_token(name, tokenizer)
    return tokenizer
