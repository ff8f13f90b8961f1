"""Models by name through fastembed, which knows their pooling and downloads them from a hub."""

import os
from collections.abc import Sequence
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from fastembed import TextEmbedding
from numpy.typing import NDArray
from tokenizers import Tokenizer

from schemas.errors import RequestError, TransientError
from services.embedding.embedder import Prompts, Vectors
from services.embedding.metrics import DEVICE
from services.embedding.onnx import BATCH_TOKENS, batches_of, embed_windows
from services.embedding.profiles import framing, profile_of
from services.embedding.threads import BatchThreads
from services.embedding.windows import METHOD, count_tokens, read


@cache
def hub_models() -> tuple[str, ...]:
    """Names that fastembed knows, sorted."""
    return tuple(sorted({model["model"] for model in TextEmbedding.list_supported_models()}))


class HubEmbedder:
    """See `services.embedding.Embedder`. Downloads and loads the model in the constructor.

    fastembed tokenises within a batch and truncates long texts. Therefore texts are tokenised here first, cut
    into windows and packed by length.

    Raises:
        TransientError: the model is not in `cache_dir` and the download failed. fastembed tries three
            times and sleeps 3, 9 and 27 s, so this takes about 40 s.
        RequestError: it is not in `cache_dir`, and `download` is False.
    """

    def __init__(
        self, model: str, *, threads: int | None = None, cache_dir: Path | None = None, download: bool = True
    ) -> None:
        workers = threads or os.cpu_count() or 1
        self.model = model
        self._texts = _load(model, cache_dir, download)
        self.dimension = int(self._texts.embedding_size)
        self._tokenizer, self.max_tokens = _tokenizer_of(self._texts)
        # Patch releases of fastembed change no vectors.
        release = ".".join(version("fastembed").split(".")[:2])
        self.fingerprint = f"fastembed {release} {model} {self.max_tokens} {METHOD}"
        self._threads = BatchThreads(workers, "embedding")

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        """Embed texts as passages, with the task's document prompt."""
        return await self._embed(texts, task.document_prompt if task else "", False, urgent)

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        """Embed texts as queries, with the task's query prompt."""
        return await self._embed(texts, task.query_prompt if task else "", True, True)

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens of the texts with their special tokens."""
        return await self._threads.call(partial(count_tokens, self._tokenizer, texts), urgent=True)

    async def check_reading(self) -> None:
        """Nothing to check: the windows of a text are cut here."""

    async def close(self) -> None:
        """Wait for running batches and end the threads."""
        await self._threads.close()

    async def _embed(self, texts: Sequence[str], prompt: str, query: bool, urgent: bool) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        frame = framing(profile_of(self.model).template, prompt)
        windows = await self._threads.call(
            partial(read, self._tokenizer, self.max_tokens, texts, frame), urgent
        )
        run = partial(self._run, windows.texts, query)
        batches = batches_of(windows, BATCH_TOKENS, self._threads.workers)
        return await embed_windows(windows, self.dimension, batches, run, self._threads, urgent)

    def _run(self, texts: list[str], query: bool, batch: list[int]) -> NDArray[np.float32]:
        chosen = [texts[index] for index in batch]
        embed = self._texts.query_embed if query else self._texts.embed
        with DEVICE.computing():
            return np.stack(list(embed(chosen, batch_size=len(chosen))))


def _tokenizer_of(texts: TextEmbedding) -> tuple[Tokenizer, int]:
    """A copy of the tokenizer without truncation and padding, and fastembed's truncation length."""
    own: Tokenizer = texts.model.tokenizer  # type: ignore[attr-defined]  # every model class has one
    copy = Tokenizer.from_str(own.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy, int((own.truncation or {}).get("max_length", 512))


def _load(model: str, cache_dir: Path | None, download: bool) -> TextEmbedding:
    where = str(cache_dir) if cache_dir else None
    try:
        return TextEmbedding(model, cache_dir=where, threads=1, local_files_only=not download)
    except (ValueError, OSError) as error:
        refusal, why = (TransientError, str(error)) if download else (RequestError, "downloads are off")
        raise refusal(
            f"the embedding model {model!r} is not in {where or 'the cache of fastembed'} and was not "
            f"downloaded from its hub ({why}); put its ONNX weights and tokenizer.json in a local folder, "
            f"or use the trial model, which comes with the installation"
        ) from error
