"""Requests to an embedding server from many threads: shared rate limit, retries, split batches.

429, Retry-After    all requests wait; the document does not count it as a failure
400, 413, 422       a batch is halved; a single text fails its document
500                 tried again, then halved; a single text fails its document if the server is well
401, 403, 404       the configuration is wrong: the records wait, and the reason is shown
502, 503, 504, no answer    the server is away: tried again, then the records wait
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import numpy as np

from schemas.errors import DocumentError, IngestError, RateLimited, TransientError
from schemas.models_file import HttpConfig
from services.embedding.embedder import Vectors
from services.embedding.remote.answers import (
    check_different,
    check_dimension,
    first_unusable,
    openai_vectors,
    tei_vectors,
)
from streams import tracing
from streams.http.errors import retry_after_seconds
from streams.tracing import Kind

TRIES = 3
#: How long a call waits for a 429 to end. After that the engine holds the record, which does not count as a
#: failure either, but loses its place in the batch.
PATIENCE_SECONDS = 60.0
FIRST_PAUSE_S = 0.5
_REFUSED = frozenset({400, 413, 422})
_MISCONFIGURED = frozenset({401, 403, 404, 405})
#: A text that every server accepts.
HARMLESS = "a commit log"


class Endpoint:
    """One server. Blocking; any number of threads may call `embed`. Keys and texts reach no log and no error.

    Args:
        dimension: expected length of vectors; None until the first answer.
    """

    def __init__(self, name: str, config: HttpConfig, dimension: int | None = None) -> None:
        self._name, self._config, self.dimension = name, config, dimension
        self._is_tei = config.api == "tei"
        self.url = f"{config.url}/{'embed' if self._is_tei else 'embeddings'}"
        headers = {"authorization": f"Bearer {config.key}"} if config.key else {}
        self._http = httpx.Client(
            timeout=httpx.Timeout(config.timeout_seconds, connect=5.0),
            headers=headers,
            follow_redirects=False,
        )
        self._free_at = 0.0
        self._closing = threading.Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`, one row each, as the server returns them.

        Raises:
            RateLimited: the server asks for a longer pause than `PATIENCE_SECONDS`.
            TransientError: it is unavailable or misconfigured, or its response cannot be parsed.
            DocumentError: it refuses a text, or has no vector for it.
        """
        try:
            return self._tried(texts)
        except _Refused as refused:
            if len(texts) > 1:
                half = len(texts) // 2
                return np.concatenate([self.embed(texts[:half]), self.embed(texts[half:])])
            if refused.fault and not self._is_well():
                raise TransientError(str(refused)) from refused
            raise DocumentError(f"{refused}, for a text of {len(texts[0]):,} characters") from refused

    def end_pauses(self) -> None:
        """Calls that wait for the server fail, now and from now on. Running requests go on."""
        self._closing.set()

    def close(self) -> None:
        """Close the connections. Only after the last call has ended: a connection that is closed under a
        thread leaves it waiting at a descriptor that may soon belong to another."""
        self._http.close()

    def _tried(self, texts: Sequence[str]) -> Vectors:
        deadline = time.monotonic() + PATIENCE_SECONDS
        tries = 0
        while True:
            self._wait_for_turn(deadline)
            try:
                return self._once(texts)
            except RateLimited as limited:
                self._free_at = max(self._free_at, time.monotonic() + limited.retry_after)
            except (_Refused, TransientError) as error:
                tries += 1
                if tries >= TRIES or not _is_worth_a_retry(error):
                    raise
                self._pause(FIRST_PAUSE_S * 2 ** (tries - 1) * random.uniform(0.5, 1.5))  # noqa: S311 – jitter

    def _wait_for_turn(self, deadline: float) -> None:
        """Wait while a 429 is in effect: one response holds back all requests."""
        while (pause := self._free_at - time.monotonic()) > 0:
            if self._free_at > deadline:
                raise RateLimited(self._says("429, too many requests"), pause)
            self._pause(pause)

    def _pause(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise TransientError(self._says("nothing: it is being closed"))

    def _once(self, texts: Sequence[str]) -> Vectors:
        try:
            answer = self._post(texts)
        except httpx.TimeoutException as error:
            raise _Away(self._says(f"nothing within {self._config.timeout_seconds:g} s")) from error
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: closed in the meantime
            raise _Away(self._says(f"nothing: {error}")) from error
        if answer.status_code != 200:
            raise self._refusal(answer)
        try:
            vectors = _parsed(answer, tei_vectors if self._is_tei else openai_vectors, len(texts))
            check_dimension(vectors, self.dimension or vectors.shape[1])
            check_different(texts, vectors)
        except TransientError as error:
            raise TransientError(self._says(f"what cannot be used: {error}")) from error
        self.dimension = vectors.shape[1]
        if (row := first_unusable(vectors)) is not None:
            raise _Refused(
                self._says(f"a vector of NaN or zeros, for text {row} of {len(texts)}"), fault=True
            )
        return vectors

    def _post(self, texts: Sequence[str]) -> httpx.Response:
        attributes = {"http.request.method": "POST", "server.address": httpx.URL(self.url).host}
        with tracing.span("POST", attributes, Kind.CLIENT) as span:
            answer = self._http.post(self.url, json=self._body(texts))
            span.note({"http.response.status_code": answer.status_code})
            if answer.status_code >= 400:
                span.fail(str(answer.status_code))
            return answer

    def _body(self, texts: Sequence[str]) -> dict[str, Any]:
        if self._is_tei:
            # Never truncate silently: texts that are too long are refused.
            return {"inputs": list(texts), "normalize": True, "truncate": False}
        model = self._config.remote_model or self._name
        return {"model": model, "input": list(texts), "encoding_format": "float"}

    def _refusal(self, answer: httpx.Response) -> Exception:
        status = answer.status_code
        said = self._says(f"{status}{_words(answer, self._config.key)}")
        if status == 429:
            return RateLimited(said, retry_after_seconds(answer.headers.get("retry-after")))
        if status in _REFUSED:
            return _Refused(said, fault=False)
        if status in _MISCONFIGURED or status < 400:
            return TransientError(f"{said} (HEADRACE_MODELS: url, remote_model, api_key_env)")
        return _Refused(said, fault=True) if status == 500 else _Away(said)

    def _is_well(self) -> bool:
        """Whether the server embeds a harmless text."""
        try:
            self._once([HARMLESS])
        except (IngestError, _Refused):
            return False
        return True

    def _says(self, words: str) -> str:
        return f"the endpoint {self.url} of the embedding model {self._name!r} answered {words}"


class _Refused(Exception):
    """The server refused these texts, or (`fault`) failed on them."""

    def __init__(self, message: str, *, fault: bool) -> None:
        super().__init__(message)
        self.fault = fault


class _Away(TransientError):
    """The server is unavailable, possibly only for a moment."""


def _is_worth_a_retry(error: Exception) -> bool:
    return isinstance(error, _Away) or (isinstance(error, _Refused) and error.fault)


def _parsed(answer: httpx.Response, read: Callable[[Any, int], Vectors], count: int) -> Vectors:
    try:
        content = answer.json()
    except ValueError as error:
        raise TransientError("it is not JSON") from error
    return read(content, count)


def _words(answer: httpx.Response, key: str | None) -> str:
    """The message of an error response, in the form of OpenAI or TEI, or the raw body."""
    try:
        content = answer.json()
        error = content.get("error", content.get("message", "")) if isinstance(content, dict) else ""
        words = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    except ValueError:
        words = answer.text
    words = " ".join(words.split())[:300]
    if key:
        words = words.replace(key, "…")  # some servers quote the refused key
    return f": {words}" if words else ""
