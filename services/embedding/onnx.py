"""An embedder on onnxruntime: a transformer exported to ONNX and its tokenizer, on the CPU.

texts ─► tokenise once ─► pack_batches ─► one session, a thread a core ─► pool ─► length 1
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from services.embedding.batches import pack_batches, split_budget
from services.embedding.embedder import Task, Vectors
from services.embedding.threads import BatchThreads

#: Tokens of a batch, padding included. Measured on the trial model, 379 chunks of code and prose
#: (5-256 tokens, mean 91), 2 cores (AVX-512), seconds of CPU for all of them, one thread a batch:
#: 256: 8.1, 512: 8.2, 1,024: 9.6, 2,048: 11.3, 4,096: 13.6, 16,384: 19.0. The widest activations
#: of a layer are tokens x 1,536 x 4 bytes: 512 tokens make 3 MB, about what stays in the L2 cache;
#: above it every layer goes through memory. Fewer tokens would only add calls.
BATCH_TOKENS = 512

Pool = Callable[[NDArray[np.float32], NDArray[np.int64]], NDArray[np.float32]]


def pool_mean(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean over the tokens that are no padding. (rows, tokens, dim), (rows, tokens) -> (rows, dim)."""
    weights = mask.astype(np.float32)
    summed: NDArray[np.float32] = np.einsum("rtd,rt->rd", hidden, weights)
    summed /= np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
    return summed


def pool_first(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """The vector of the first token (CLS)."""
    first: NDArray[np.float32] = hidden[:, 0]
    return first


def pool_last(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """The vector of the last token that is no padding."""
    last: NDArray[np.float32] = hidden[np.arange(len(hidden)), mask.sum(axis=1) - 1]
    return last


def normalise(vectors: NDArray[np.float32]) -> Vectors:
    """Rows scaled to length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


@dataclass(frozen=True)
class OnnxModel:
    """What is loaded: files, how long a text may be, how tokens become one vector."""

    name: str
    weights: Path
    tokenizer: Path
    max_tokens: int
    pool: Pool
    fingerprint: str


class OnnxEmbedder:
    """See `services.embedding.Embedder`. Loads the model in the constructor (trial model: 0.3 s).

    `threads` batches run side by side, each on one core: on 2 cores that took 8.2 s of CPU and gave
    8,400 tokens/s where two cores on one batch took 9.4 s and gave 7,300, since a batch's small
    matrices do not divide well. One session serves all threads, so the weights are in memory once.

    Raises what onnxruntime and tokenizers raise on a broken file; `load_embedder` puts it in words.
    """

    def __init__(self, model: OnnxModel, threads: int | None = None) -> None:
        workers = threads or os.cpu_count() or 1
        self.model = model.name
        self.fingerprint = model.fingerprint
        self.max_tokens = model.max_tokens
        self._pool_tokens = model.pool
        self._tokenizer = Tokenizer.from_file(str(model.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(model.max_tokens)
        self._session = open_session(model.weights)
        self._inputs = {node.name for node in self._session.get_inputs()}
        self.dimension = int(self._run([self._tokenizer.encode("")]).shape[1])
        self._threads = BatchThreads(workers, "embedding")

    async def embed_documents(self, texts: Sequence[str], task: Task | None = None) -> Vectors:
        """Vectors of `texts`, the task's document prompt before each."""
        return await self._embed(texts, task.document_prompt if task else "")

    async def embed_queries(self, texts: Sequence[str], task: Task | None = None) -> Vectors:
        """Vectors of `texts`, the task's query prompt before each."""
        return await self._embed(texts, task.query_prompt if task else "")

    async def close(self) -> None:
        """Wait for running batches and end the threads."""
        await self._threads.close()

    async def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return out
        encodings = await self._threads.call(partial(self._tokenise, [prompt + text for text in texts]))
        lengths = [len(encoding.ids) for encoding in encodings]
        batches = pack_batches(lengths, split_budget(lengths, BATCH_TOKENS, self._threads.workers))
        return await self._threads.run_batches(
            batches, lambda batch: self._run([encodings[index] for index in batch]), out
        )

    def _tokenise(self, texts: list[str]) -> list[Encoding]:
        # A lone surrogate is no character and the tokenizer refuses it; it reads as "?".
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        return self._tokenizer.encode_batch_fast(clean)

    def _run(self, encodings: Sequence[Encoding]) -> Vectors:
        ids, mask = pad([encoding.ids for encoding in encodings])
        feed = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        hidden = self._session.run(None, feed)[0]
        return normalise(self._pool_tokens(hidden, mask) if hidden.ndim == 3 else hidden)


def pad(rows: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids and attention mask of one shape: zeros after the end of a row."""
    shape = len(rows), max(len(row) for row in rows)
    ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask


def open_session(weights: Path) -> ort.InferenceSession:
    """A session that uses the calling thread alone and so may be called from many."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; the warnings are about the optimiser's own choices
    return ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
