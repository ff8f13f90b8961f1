"""Vectors of rows, from the embedding service through the gateway."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import aiohttp
import numpy as np
from pydantic import ValidationError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

from schemas.api.embedding import MODEL_HEADER, EmbedError, EmbedRequest, EmbedResponse
from schemas.errors import RequestError, TransientError
from schemas.events import Embedding

#: Texts, and characters of them, in a request.
_TEXTS, _CHARACTERS = 32, 256 * 1024
_AT_ONCE = 6
#: A request waits for its turn among those of the pipeline.
_TIMEOUT = aiohttp.ClientTimeout(total=300, connect=5)
_PATIENCE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway that embeds texts, and a key of it."""

    url: str
    key: str


class Texts:
    """Embeds documents with a model and its task; an asynchronous context manager.

    Raises RequestError for a model that is not served or a text that it refuses, TransientError if there is
    no answer for a quarter of an hour.
    """

    def __init__(self, gateway: Gateway, embedding: Embedding) -> None:
        self._url, self._embedding = f"{gateway.url.rstrip('/')}/embed", embedding
        headers = {"x-chroma-token": gateway.key, MODEL_HEADER: embedding.model}
        self._session = aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT)
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self._session.close()

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._embedding.model

    async def fingerprint(self) -> str:
        """The fingerprint of the model that serves."""
        return (await self._asked(["fingerprint"])).fingerprint

    async def vectors(self, texts: Sequence[str], fingerprint: str) -> list[bytes]:
        """A packed little-endian float32 vector for each text. Raises RequestError if the model is no longer
        the one with this fingerprint."""
        answers = await asyncio.gather(*(self._asked(some) for some in _batches(texts)))
        for answer in answers:
            if answer.fingerprint != fingerprint:
                raise RequestError(
                    f"the model that serves {self._embedding.model!r} has changed meanwhile; run the command "
                    "again"
                )
        rows = [row for answer in answers for row in answer.embeddings]
        return [np.asarray(row, "<f4").tobytes() for row in rows]

    async def _asked(self, texts: Sequence[str]) -> EmbedResponse:
        async with self._slots:
            return await self._answer(texts)

    @retry(
        retry=retry_if_exception_type(TransientError),
        wait=wait_random_exponential(max=10),
        stop=stop_after_delay(_PATIENCE_SECONDS),
        reraise=True,
    )
    async def _answer(self, texts: Sequence[str]) -> EmbedResponse:
        task = self._embedding.task
        prompt = None if task is None else task.document_prompt or ""
        body = EmbedRequest(texts=list(texts), document_prompt=prompt, urgent=False)
        try:
            async with self._session.post(self._url, data=body.model_dump_json()) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"the gateway does not answer at {self._url}: {error}") from error
        if answer.status in (408, 429) or answer.status >= 500:
            raise TransientError(f"texts are not embedded: {_words(text)}")
        if answer.status != 200:
            raise RequestError(f"the model {self._embedding.model!r} cannot be used: {_words(text)}")
        found = EmbedResponse.model_validate_json(text)
        if found.model != self._embedding.model:
            raise RequestError(
                f"{self._embedding.model!r} is not served here; {found.model!r} is in its place "
                "(HEADRACE_EMBEDDING_SUBSTITUTE)"
            )
        return found


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == _TEXTS or size + len(text) > _CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _words(text: str) -> str:
    try:
        return EmbedError.model_validate_json(text).message
    except ValidationError:
        return text.strip()[:300] or "no reason given"
