"""A reranker over HTTP: a model that reads query and chunk together and reorders the first candidates.

Two request formats are supported: `cohere` (Cohere, Jina, vLLM, Infinity: `POST …/rerank` with `documents`)
and `tei` (Hugging Face's text-embeddings-inference: `POST /rerank` with `texts`).
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

from schemas.errors import TransientError
from streams.http.errors import reason_of

#: Number of first candidates that are reranked, for every page.
MOST = 50

#: Maximum time that a search waits for the reranker.
_SECONDS = 5.0
#: Maximum characters of a chunk that are sent; rerankers read 512 to 8,192 tokens.
_MAX_CHARACTERS = 8_192


@dataclass(frozen=True)
class RerankAccess:
    """The full URL of a reranker, its request format, and model and key if it needs them."""

    url: str
    form: Literal["cohere", "tei"] = "cohere"
    model: str | None = None
    key: str | None = field(default=None, repr=False)


class Reranker:
    """One reranker."""

    def __init__(self, access: RerankAccess) -> None:
        self._access = access
        self._opened: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def relevance(self, query: str, texts: Sequence[str]) -> list[float]:
        """The relevance of each text, greater is better. Raises TransientError without a valid answer."""
        try:
            async with self._session().post(self._access.url, json=self._body(query, texts)) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"the reranker does not answer: {reason_of(error)}") from error
        if answer.status != 200:
            raise TransientError(f"the reranker has answered {answer.status}")
        try:
            return _scores(json.loads(body), len(texts))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise TransientError("the answer of the reranker has not one score for each text") from error

    def _body(self, query: str, texts: Sequence[str]) -> dict[str, Any]:
        short = [text[:_MAX_CHARACTERS] for text in texts]
        if self._access.form == "tei":
            return {"query": query, "texts": short, "truncate": True}
        body = {"query": query, "documents": short, "top_n": len(short)}
        return body if self._access.model is None else body | {"model": self._access.model}

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            headers = {"Authorization": f"Bearer {self._access.key}"} if self._access.key else {}
            self._opened = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_SECONDS), headers=headers
            )
        return self._opened


def _scores(answer: Any, count: int) -> list[float]:
    """Scores in the order of the texts: `[{index, score}]`, or `{results: [{index, relevance_score}]}`."""
    found = answer["results"] if isinstance(answer, dict) else answer
    scores = {
        int(one["index"]): float(one["relevance_score"] if "relevance_score" in one else one["score"])
        for one in found
    }
    ordered = [scores[index] for index in range(count)]
    if len(scores) != count or not all(math.isfinite(score) for score in ordered):
        raise ValueError("not one score for each text")
    return ordered
