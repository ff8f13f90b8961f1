"""An embedder on the CPU: a transformer exported to ONNX and its tokenizer.

texts ─► tokens, in windows ─► pack_batches ─► one kernel, one thread per core ─► pool ─► mean ─► length 1
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from services.embedding.batches import pack_batches, split_budget
from services.embedding.embedder import PromptedEmbedder, Vectors
from services.embedding.kernels import Kernel, OrtKernel, fastest
from services.embedding.metrics import DEVICE, count_batch, to_the_longest
from services.embedding.profiles import PLAIN, framing, require_end_token
from services.embedding.threads import BatchThreads, RunBatch
from services.embedding.windows import Windows, count_tokens, read

#: Tokens of a batch, including padding. CPU seconds by batch size, for 379 chunks of code and prose (5-256
#: tokens, mean 91) with the trial model on 2 cores (AVX-512), one thread per batch: 256: 8.1, 512: 8.2,
#: 1,024: 9.6, 2,048: 11.3, 4,096: 13.6, 16,384: 19.0. The widest activations of a layer are tokens x 1,536 x
#: 4 bytes: with 512 tokens 3 MB, about the size of the L2 cache; larger batches go through memory in every
#: layer. Smaller ones would only add calls.
BATCH_TOKENS = 512

#: A text of about 120 tokens.
_PROBE = (
    "A commit log is an ordered sequence of records; readers keep the position that they have reached. " * 6
)

Pool = Callable[[NDArray[np.float32], NDArray[np.int64]], NDArray[np.float32]]


def pool_mean(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean over the tokens, without padding. (rows, tokens, dim), (rows, tokens) -> (rows, dim)."""
    weights = mask.astype(np.float32)
    summed: NDArray[np.float32] = np.einsum("rtd,rt->rd", hidden, weights)
    summed /= np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
    return summed


def pool_first(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """The vector of the first token (CLS)."""
    first: NDArray[np.float32] = hidden[:, 0]
    return first


def pool_last(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """The vector of the last token before the padding."""
    last: NDArray[np.float32] = hidden[np.arange(len(hidden)), mask.sum(axis=1) - 1]
    return last


def normalise(vectors: NDArray[np.float32]) -> Vectors:
    """Rows scaled to length 1; a row of zeros stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


@dataclass(frozen=True)
class OnnxModel:
    """A model to load: its files, maximum length in tokens, pooling, and how it reads a prompt."""

    name: str
    weights: Path
    tokenizer: Path
    max_tokens: int
    pool: Pool
    fingerprint: str
    template: str = PLAIN


class OnnxEmbedder(PromptedEmbedder):
    """See `services.embedding.Embedder`. Loads the model in the constructor (trial model: 0.3 s).

    `threads` batches run in parallel, each on one core. On 2 cores this took 8.2 s of CPU and reached 8,400
    tokens/s; two cores per batch took 9.4 s and reached 7,300, because the small matrices of a batch do not
    split well. One kernel serves all threads, so the weights are in memory once.

    With the extra `fast`, OpenVINO is used if it is faster on this machine (`kernels`). The fingerprint does
    not change, because the vectors agree to a cosine of 0.999.

    Raises the errors of onnxruntime and tokenizers for a broken file; `load_embedder` describes them.
    """

    def __init__(
        self,
        model: OnnxModel,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
        fast: bool = True,
    ) -> None:
        workers = threads or os.cpu_count() or 1
        self.model = model.name
        self.fingerprint = model.fingerprint
        self.max_tokens = model.max_tokens
        self._pool_tokens, self._template, self._batch_tokens = model.pool, model.template, batch_tokens
        self._tokenizer = Tokenizer.from_file(str(model.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        require_end_token(model.name, self._tokenizer)
        self._kernel: Kernel = OrtKernel(model.weights)
        if fast:
            self._kernel = fastest(self._kernel, model.weights, workers, self._probe)
        self.kernel = self._kernel.name
        self.dimension = int(self._run([self._tokenizer.encode("").ids]).shape[1])
        self._threads = BatchThreads(workers, "embedding")

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens of the texts with their special tokens."""
        return await self._threads.call(partial(count_tokens, self._tokenizer, texts), urgent=True)

    async def close(self) -> None:
        """Wait for running batches and end the threads."""
        await self._threads.close()

    async def _embed(self, texts: Sequence[str], prompt: str, urgent: bool) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        frame = framing(self._template, prompt)
        reading = partial(read, self._tokenizer, self.max_tokens, texts, frame)
        windows = await self._threads.call(reading, urgent)
        batches = batches_of(windows, self._batch_tokens, self._threads.workers)
        return await embed_windows(
            windows,
            self.dimension,
            batches,
            lambda batch: self._run([windows.ids[index] for index in batch]),
            self._threads,
            urgent,
        )

    def _run(self, windows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Pooled vectors of one batch, not normalised."""
        ids, mask = pad(windows)
        feed = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self._kernel.inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        with DEVICE.computing():
            hidden = self._kernel(feed)
        return self._pool_tokens(hidden, mask) if hidden.ndim == 3 else hidden

    def _probe(self, kernel: Kernel) -> Vectors:
        """Vectors of some texts of typical length, to test a kernel."""
        taken, self._kernel = self._kernel, kernel
        try:
            ids = self._tokenizer.encode(_PROBE).ids[: self.max_tokens]
            return normalise(self._run([ids[: len(ids) // part] for part in (1, 2, 3, 4)]))
        finally:
            self._kernel = taken


def batches_of(windows: Windows, max_tokens: int, workers: int) -> list[list[int]]:
    """Pack windows by length across texts, so that even a few occupy all workers."""
    return pack_batches(windows.lengths, split_budget(windows.lengths, max_tokens, workers))


async def embed_windows(
    windows: Windows,
    dimension: int,
    batches: Sequence[list[int]],
    run: RunBatch,
    threads: BatchThreads,
    urgent: bool,
    size: Callable[[Sequence[int]], int] = to_the_longest,
) -> Vectors:
    """Vectors of texts; `run` embeds their windows, a batch at a time.

    `size`: tokens of a batch with padding, for the metrics.
    """
    rows, lengths = np.zeros((len(windows.ids), dimension), dtype=np.float32), windows.lengths

    def counted(batch: list[int]) -> Vectors:
        count_batch([lengths[index] for index in batch], size)
        return run(batch)

    with DEVICE.waiting():
        return normalise(windows.mean(await threads.run_batches(batches, counted, rows, urgent)))


def pad(rows: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids and attention mask as matrices, padded with zeros on the right."""
    shape = len(rows), max(len(row) for row in rows)
    ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask
