"""Whether Chroma has a vector for each row, and whether queries reach it.

Chroma keeps texts and metadata in a database, vectors in files beside it. If those are lost or damaged, rows
are counted and listed as before, but no query finds them; or all requests of the collection fail; or queries
end the server. So vectors are read with the rows, and some rows are looked for by their own.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.errors import RequestError, TransientError
from streams.chroma import ChromaClient, ServerFault

#: Rows that are looked for, in requests of so many queries, each with so many hits.
_SAMPLE, _QUERIES, _HITS = 100, 20, 10
#: Greatest distance of a vector to itself.
_ITSELF = 1e-3
#: Chroma's words for a collection whose vectors it cannot open.
_VECTOR_FILES = "hnsw"


class Vectors:
    """Reads rows with their vectors. `path` is that of the collection, `name` its name in messages."""

    def __init__(self, chroma: ChromaClient, path: str, name: str) -> None:
        self._chroma, self._path, self._name = chroma, path, name
        self._chance, self._seen = random.Random(0), 0  # noqa: S311 – a sample, not a secret
        self._sample: list[tuple[str, Sequence[float]]] = []

    async def rows(self, which: Mapping[str, object]) -> tuple[Any, set[str]]:
        """Chroma's answer with ids, documents and metadatas, and the ids of rows that have no vector.

        Raises VectorsUnreadable if Chroma cannot open the collection.
        """
        what = f"the rows of {self._name!r}"
        wanted = {**which, "include": ["documents", "metadatas"]}
        try:
            answer = await self._chroma.post(f"{self._path}/get", _with_vectors(wanted), what)
        except ServerFault:
            answer = await self._without(wanted, what)
            return answer, set(await self._lost(answer["ids"]))
        vectors = answer["embeddings"] or [None] * len(answer["ids"])
        found = {id_: vector for id_, vector in zip(answer["ids"], vectors, strict=True) if vector}
        self._take_sample(found)
        return answer, {id_ for id_ in answer["ids"] if id_ not in found}

    async def unreached(self) -> tuple[int, int]:
        """How many of the sampled rows a query with their own vector does not find, and how many there are.

        Raises VectorsUnreadable if a query ends the server or gets no answer.
        """
        missed = 0
        for start in range(0, len(self._sample), _QUERIES):
            some = self._sample[start : start + _QUERIES]
            body = {
                "query_embeddings": [vector for _, vector in some],
                "n_results": _HITS,
                "include": ["distances"],
            }
            try:
                found = await self._chroma.post(f"{self._path}/query", body, f"queries of {self._name!r}")
            except TransientError as error:
                raise VectorsUnreadable(str(error)) from error
            for (id_, _), ids, distances in zip(some, found["ids"], found["distances"], strict=True):
                # As many rows with the very same vector may hide it.
                missed += id_ not in ids and not (len(ids) == _HITS and max(distances) < _ITSELF)
        return missed, len(self._sample)

    async def _without(self, wanted: Mapping[str, object], what: str) -> Any:
        try:
            return await self._chroma.post(f"{self._path}/get", wanted, what)
        except ServerFault as fault:
            if _VECTOR_FILES in str(fault):
                raise VectorsUnreadable(str(fault)) from fault
            raise

    async def _lost(self, ids: Sequence[str]) -> list[str]:
        """Those of the rows that have no vector. Asks by groups, then one by one."""
        group = max(1, math.isqrt(len(ids)))
        lost: list[str] = []
        for start in range(0, len(ids), group):
            some = list(ids[start : start + group])
            try:
                await self._chroma.post(f"{self._path}/get", _with_vectors({"ids": some}), "vectors")
            except ServerFault:
                lost += some if len(some) == 1 else await self._lost_alone(some)
        return lost

    async def _lost_alone(self, ids: Sequence[str]) -> list[str]:
        return [id_ for id_ in ids if await self._lost([id_])]

    def _take_sample(self, found: Mapping[str, Sequence[float]]) -> None:
        """Each row has the same chance to be in the sample."""
        for row in found.items():
            self._seen += 1
            if len(self._sample) < _SAMPLE:
                self._sample.append(row)
            elif (place := self._chance.randrange(self._seen)) < _SAMPLE:
                self._sample[place] = row


class VectorsUnreadable(RequestError):
    """Chroma cannot open the vectors of a collection."""


def _with_vectors(body: Mapping[str, object]) -> dict[str, object]:
    included = body.get("include", [])
    assert isinstance(included, list)
    return {**body, "include": [*included, "embeddings"]}
