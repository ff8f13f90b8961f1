"""The interface between the pipeline and every model, and the task with its prompts."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas import events

#: n x dimension, float32, every row of length 1 (L2).
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Prompts:
    """The purpose of vectors, for models that were trained with prompts.

    A prompt is prepended unchanged (the convention of sentence-transformers), so it includes its own space
    or line break: `"query: "`. An empty prompt does not change the text.
    """

    name: str
    document_prompt: str = ""
    query_prompt: str = ""


def task_of(task: events.Task | None) -> Prompts | None:
    """The task of an event or a collection."""
    if task is None:
        return None
    return Prompts(task.task_name, task.document_prompt or "", task.query_prompt or "")


def model_mark(embedder: "Embedder") -> str:
    """The fingerprint of an embedder as stored in collections: 32 hex digits."""
    return sha256(embedder.fingerprint.encode()).hexdigest()[:32]


class Embedder(Protocol):
    """Texts to unit vectors, by one model.

    `embed_documents` and `embed_queries` may be called concurrently and from any event loop; the work runs in
    threads. A cancelled call starts no further batch. Queries, and documents with `urgent`, overtake all
    waiting batches.
    """

    @property
    def model(self) -> str:
        """The name that a source's configuration uses."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors may change: weights, tokenizer, length, pooling, prompts, dimensions.
        Part of cache keys, and stored in collections."""

    @property
    def dimension(self) -> int:
        """Columns of the vectors."""

    @property
    def max_tokens(self) -> int:
        """Tokens read at once, including special tokens and prompt; a longer text is read in windows."""

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        """Embed texts for indexing: shape (texts, dimension), in the order of `texts`."""

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        """Embed texts for searching: shape (texts, dimension), in the order of `texts`."""

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens of the texts, without prompts; an estimate if the tokenizer is unknown."""

    async def check_reading(self) -> None:
        """Raise CutOff if a text of `max_tokens` is not read to its end. Only a server can do that."""

    async def close(self) -> None:
        """Wait for running batches and free the threads and the model. Idempotent."""


class PromptedEmbedder(ABC):
    """The part of an `Embedder` that chooses the prompt."""

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        """Embed texts with the task's document prompt."""
        return await self._embed(texts, task.document_prompt if task else "", urgent)

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        """Embed texts with the task's query prompt."""
        return await self._embed(texts, task.query_prompt if task else "", urgent=True)

    async def check_reading(self) -> None:  # noqa: B027 – what computes here cuts the windows itself
        """Nothing to check. A server overrides this."""

    @abstractmethod
    async def _embed(self, texts: Sequence[str], prompt: str, urgent: bool) -> Vectors:
        """Embed texts with this prompt in front of each."""
