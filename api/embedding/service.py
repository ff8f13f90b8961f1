"""The gateway's requests to the embedding service."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from pydantic import ValidationError

from api.errors import BadRequest
from api.gateway import EmbeddingAccess
from schemas.api.embedding import MAX_TEXTS, MODEL_HEADER, EmbedRequest, EmbedResponse
from schemas.errors import RateLimited, TransientError
from schemas.events import Embedding
from streams.http.errors import reason_of, retry_after_seconds
from streams.http.traces import client_traces

#: A hundred long texts on two busy cores take 30 s; a stock client waits 60.
_SECONDS = 120.0
#: A model that is being loaded holds up no request for a run.
_FINGERPRINT_SECONDS = 5.0


@dataclass(frozen=True)
class Passed:
    """An answer of the service, to be passed on."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def message(self) -> str:
        """What a refusal says."""
        try:
            return str(json.loads(self.body)["message"])
        except (ValueError, KeyError, TypeError):
            return "the embedding service refused the request"


@dataclass(frozen=True)
class EmbeddedQueries:
    """A vector for each text; the model that computed them, and its fingerprint."""

    vectors: list[list[float]]
    model: str
    fingerprint: str


class EmbeddingService:
    """The embedding service; connections are opened on demand.

    `access` is None where the deployment names no service: then everything raises TransientError.
    """

    def __init__(self, access: EmbeddingAccess | None) -> None:
        self._access = access
        self._opened: aiohttp.ClientSession | None = None

    async def fingerprint(self, model: str) -> str:
        """The fingerprint of a model; empty while the service does not say it."""
        try:
            async with asyncio.timeout(_FINGERPRINT_SECONDS):
                return (await self.embed_queries(Embedding(model=model), ["fingerprint"])).fingerprint
        except (TransientError, BadRequest, TimeoutError):
            return ""

    async def embed_queries(self, embedding: Embedding, texts: Sequence[str]) -> EmbeddedQueries:
        """Embed queries with the model and the task of a collection.

        Raises BadRequest for a model that is not served or a text that it refuses, RateLimited and
        TransientError while it is busy or away.
        """
        prompt = (embedding.task.query_prompt or "") if embedding.task else ""
        found: list[EmbedResponse] = []
        for first in range(0, len(texts), MAX_TEXTS):
            some = list(texts[first : first + MAX_TEXTS])
            asked = EmbedRequest(texts=some, instructions=prompt, target="query")
            headers = {MODEL_HEADER: embedding.model}
            found.append(_read(await self.pass_on("/embed", asked.model_dump_json().encode(), headers)))
        vectors = [vector for answer in found for vector in answer.embeddings]
        last = found[-1] if found else EmbedResponse(embeddings=[], num_tokens=0, model="", fingerprint="")
        return EmbeddedQueries(vectors, last.model, last.fingerprint)

    async def pass_on(self, path: str, body: bytes, headers: Mapping[str, str]) -> Passed:
        """The answer to a request. Raises TransientError if there is none."""
        if self._access is None:
            raise TransientError("texts cannot be embedded here: HEADRACE_EMBED_URL is not set")
        try:
            async with self._session(self._access).post(
                self._access.url + path, data=body, headers=dict(headers)
            ) as answer:
                kept = {name: answer.headers[name] for name in ("Retry-After",) if name in answer.headers}
                if answer.status == 401:
                    raise TransientError("the embedding service does not know this HEADRACE_EMBED_KEY")
                return Passed(answer.status, await answer.read(), kept)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(
                f"the embedding service does not answer at {self._access.url}: {reason_of(error)}"
            ) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    def _session(self, access: EmbeddingAccess) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_SECONDS, connect=5.0),
                connector=aiohttp.TCPConnector(limit=0),
                headers={"Authorization": f"Bearer {access.key}", "Content-Type": "application/json"},
                trace_configs=client_traces(str),
            )
        return self._opened


def _read(answer: Passed) -> EmbedResponse:
    try:
        if answer.status == 200:
            return EmbedResponse.model_validate_json(answer.body)
    except ValidationError as error:
        raise TransientError("the embedding service answered what cannot be read") from error
    if answer.status == 429:
        raise RateLimited(answer.message, retry_after_seconds(answer.headers.get("Retry-After")))
    if answer.status >= 500:
        raise TransientError(answer.message)
    raise BadRequest(answer.message)
