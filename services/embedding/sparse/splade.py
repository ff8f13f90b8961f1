"""SPLADE: weights of a text's word pieces, and of related ones that do not occur in it.

    text ─► windows of 512 tokens ─► logits (tokens x words) ─► max over tokens of log(1 + relu)

A text that exceeds the model's maximum length is encoded in windows, taking the maximum weight of each index,
so that nothing is silently ignored.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from schemas.errors import TransientError
from services.embedding.batches import pack_batches
from services.embedding.onnx import pad
from services.embedding.sparse.vectors import SparseVector
from services.embedding.windows import Windows, read

#: Token ids and attention mask in, logits out: texts x tokens x vocabulary.
Logits = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]

#: Tokens of a batch, including padding. Each has 122 KB of logits (30,522 float32), a batch 125 MB.
BATCH_TOKENS = 1_024
#: Batches at once, each on one core: half of the cores, the others being for the dense model. More would
#: take more than 1 GB.
WORKERS = min(max((os.cpu_count() or 1) // 2, 1), 8)


class Splade:
    """A SPLADE model; documents and queries alike.

    Args:
        logits: the model; called in `WORKERS` threads.
        tokenizer: without padding and truncation.
        max_tokens: maximum input tokens, including special tokens.
    """

    def __init__(self, logits: Logits, tokenizer: Tokenizer, max_tokens: int) -> None:
        self._logits, self._tokenizer, self._max_tokens = logits, tokenizer, max_tokens
        self._threads = ThreadPoolExecutor(WORKERS, "splade")

    async def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        """One vector per text. A cancelled call starts no further batch."""
        in_thread = partial(asyncio.get_running_loop().run_in_executor, self._threads)
        windows: Windows = await in_thread(read, self._tokenizer, self._max_tokens, list(texts))
        batches = pack_batches(windows.lengths, BATCH_TOKENS)
        encoded = await asyncio.gather(
            *(in_thread(self._encode, [windows.ids[index] for index in batch]) for batch in batches)
        )
        found: list[SparseVector | None] = [None] * len(windows.ids)
        for batch, rows in zip(batches, encoded, strict=True):
            for index, row in zip(batch, rows, strict=True):
                found[index] = row
        ends = [*windows.starts[1:], len(found)]
        return [
            _greatest([row for row in found[start:end] if row is not None])
            for start, end in zip(windows.starts, ends, strict=True)
        ]

    async def encode_queries(self, texts: Sequence[str]) -> list[SparseVector]:
        """See `encode_documents`."""
        return await self.encode_documents(texts)

    async def close(self) -> None:
        """Free the threads. Idempotent."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _encode(self, rows: Sequence[Sequence[int]]) -> list[SparseVector]:
        ids, mask = pad(rows)
        logits = self._logits(ids, mask)
        # One text at a time, because a copy of everything would double the memory. Padding is left out.
        return [_vector(text[held.astype(bool)]) for text, held in zip(logits, mask, strict=True)]


def _vector(logits: NDArray[np.float32]) -> SparseVector:
    """The vector of one window from its logits, tokens x vocabulary."""
    weights = np.log1p(np.maximum(logits.max(axis=0), 0), dtype=np.float32)
    indices = weights.nonzero()[0]
    return SparseVector(indices.astype(np.uint32), weights[indices])


def _greatest(vectors: Sequence[SparseVector]) -> SparseVector:
    """The maximum weight of each index over several windows."""
    if len(vectors) == 1:
        return vectors[0]
    weights: dict[int, float] = {}
    for vector in vectors:
        for index, value in zip(vector.indices.tolist(), vector.values.tolist(), strict=True):
            weights[index] = max(value, weights.get(index, 0.0))
    indices = sorted(weights)
    values = np.array([weights[index] for index in indices], np.float32)
    return SparseVector(np.array(indices, np.uint32), values)


def load_splade(name: str, cache_dir: Path | None = None) -> Splade:
    """A SPLADE model of fastembed by name; downloaded (0.5 GB) if it is not in `cache_dir`. Blocks.

    Raises TransientError if it cannot be downloaded.
    """
    from fastembed import SparseTextEmbedding

    where = str(cache_dir) if cache_dir else None
    try:
        model: Any = SparseTextEmbedding(name, cache_dir=where, threads=1).model
    except (ValueError, OSError) as error:
        raise TransientError(
            f"the sparse model {name!r} is not in {where or 'the cache of fastembed'} and was not downloaded "
            f"from its hub ({error}); Chroma/BM25 needs no download"
        ) from error
    wanted = {node.name for node in model.model.get_inputs()}

    def logits(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        found: NDArray[np.float32] = model.model.run(None, {k: v for k, v in given.items() if k in wanted})[0]
        return found

    tokenizer = Tokenizer.from_str(model.tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Splade(logits, tokenizer, int((model.tokenizer.truncation or {}).get("max_length", 512)))
