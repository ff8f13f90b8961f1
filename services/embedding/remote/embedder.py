"""An embedder on a server."""

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from schemas.errors import RequestError
from schemas.models_file import HttpConfig
from services.embedding.batches import pack_batches
from services.embedding.embedder import PromptedEmbedder, Vectors
from services.embedding.metrics import DEVICE
from services.embedding.onnx import embed_windows, normalise
from services.embedding.profiles import framing, profile_of
from services.embedding.remote.endpoint import HARMLESS, Endpoint
from services.embedding.remote.reading import check_reading, cutting
from services.embedding.threads import BatchThreads
from services.embedding.windows import METHOD, Windows, count_tokens, read, read_bytes

#: Tokens (bytes, without a tokenizer) per request. Servers form their own batches, but refuse bodies over 2
#: MB or answer large ones too late.
REQUEST_TOKENS = 65_536
#: Default maximum input tokens of an unknown model.
_MAX_TOKENS = 512


class HttpEmbedder(PromptedEmbedder):
    """See `services.embedding.Embedder`. The constructor sends one request, to learn the length of the
    vectors.

    The server's weights are unknown, so the fingerprint only covers the model's name on the server and how
    texts are read. `services.embedding.proof` detects other weights under the same name.

    Raises the errors of `Endpoint.embed`, and RequestError for a broken tokenizer.
    """

    def __init__(self, name: str, config: HttpConfig) -> None:
        profile = profile_of(name)
        self.model = name
        self.max_tokens = config.max_tokens or profile.max_tokens or _MAX_TOKENS
        self._template = config.template or profile.template
        self._batch, self._batch_tokens = config.batch, config.batch_tokens or REQUEST_TOKENS
        self._tokenizer = None if config.tokenizer is None else _tokenizer(name, config.tokenizer)
        self._endpoint = Endpoint(name, config, profile.dimension)
        self.dimension = int(self._endpoint.embed([HARMLESS]).shape[1])
        said = [config.remote_model or name, self.dimension, self.max_tokens, self._template, METHOD]
        if self._tokenizer is None:
            said.append("bytes")
        self.fingerprint = hashlib.sha256(repr(said).encode()).hexdigest()
        self._threads = BatchThreads(config.concurrency, "requests")

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens of the texts; without a tokenizer an estimate of one token per four bytes."""
        if self._tokenizer is None:
            return sum(-(-len(text.encode("utf-8", "replace")) // 4) for text in texts)
        return await self._threads.call(partial(count_tokens, self._tokenizer, texts), urgent=True)

    async def check_reading(self) -> None:
        """See `services.embedding.Embedder`."""
        endpoint, cut = self._endpoint, cutting(self._tokenizer)
        check = partial(check_reading, self.model, endpoint.url, self.max_tokens, endpoint.embed, cut)
        await self._threads.call(check, urgent=True)

    async def close(self) -> None:
        """End pauses, wait for running requests, close the connections."""
        self._endpoint.end_pauses()
        await self._threads.close()
        self._endpoint.close()

    async def _embed(self, texts: Sequence[str], prompt: str, urgent: bool) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        windows = await self._threads.call(partial(self._read, texts, prompt), urgent)
        batches = [
            batch[first : first + self._batch]
            for batch in pack_batches(windows.lengths, self._batch_tokens)
            for first in range(0, len(batch), self._batch)
        ]
        run = partial(self._run, windows.texts)
        return await embed_windows(windows, self.dimension, batches, run, self._threads, urgent, size=sum)

    def _read(self, texts: Sequence[str], prompt: str) -> Windows:
        frame = framing(self._template, prompt)
        if self._tokenizer is None:
            return read_bytes(self.max_tokens, texts, frame)
        return read(self._tokenizer, self.max_tokens, texts, frame)

    def _run(self, windows: Sequence[str], batch: list[int]) -> Vectors:
        with DEVICE.computing():
            vectors = self._endpoint.embed([windows[index] for index in batch])
        return normalise(vectors)


def _tokenizer(name: str, path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception
        raise RequestError(f"the tokenizer {path} for {name!r} does not load: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
