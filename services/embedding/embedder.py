"""What an embedder is: the seam between the pipeline and every model, and the task that shapes a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas import events

#: n x dimension, float32, every row of length 1 (L2).
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Prompts:
    """What the vectors are for, for models that were trained to be told.

    A prompt is put before the text as it stands (the convention of sentence-transformers), so it
    brings its own space or line break: `"query: "`. An empty prompt leaves the text alone.
    """

    name: str
    document_prompt: str = ""
    query_prompt: str = ""


def task_of(task: events.Task | None) -> Prompts | None:
    """The task that an event or a collection names."""
    if task is None:
        return None
    return Prompts(task.task_name, task.document_prompt or "", task.query_prompt or "")


class Embedder(Protocol):
    """Texts to unit vectors, by one model.

    `embed_documents` and `embed_queries` may be called concurrently and from any event loop; the
    work runs in threads and the loop stays free. A call that is cancelled starts no further batch.
    """

    @property
    def model(self) -> str:
        """The name that a source's configuration uses."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors may: weights, tokenizer, length, pooling. The key of caches."""

    @property
    def dimension(self) -> int:
        """Columns of the vectors."""

    @property
    def max_tokens(self) -> int:
        """Tokens read at once, special tokens and prompt included; a longer text is read in windows."""

    async def embed_documents(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        """Vectors of texts that are to be found, in the order of `texts`. No text: shape (0, dimension)."""

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        """Vectors of texts that are to find, in the order of `texts`."""

    async def close(self) -> None:
        """Let running batches end and free the threads and the model. A second call does nothing."""
