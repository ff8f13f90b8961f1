"""Hybrid search: dense, sparse, or both fused over a fixed window of candidates."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from api.errors import BadRequest, Unavailable
from api.search.execution import get_by_ids
from api.search.expression import EMBEDDING, Filter, Knn
from api.search.fusion import DENSE, SPARSE, WINDOW, Fused, fuse
from api.search.legs import Legs
from api.search.records import Record, Target
from api.search.rerank import MOST, Reranker
from api.search.scoring import Hits
from schemas.api import DensePlace, SearchAnswer, Searched, SearchHit, SparsePlace
from schemas.api.search import Mode
from schemas.api.searching import SparseKey
from schemas.errors import TransientError
from schemas.ids import document_id_of
from streams.chroma import space_of

log = structlog.get_logger("api")

#: The sparse key of sources by default.
_USUAL_KEY = "sparse_embedding"


@dataclass(frozen=True)
class Question:
    """A query: text, mode, filter and page."""

    text: str
    mode: Mode = "hybrid"
    filter: Filter = field(default_factory=Filter)
    sparse_key: str | None = None
    limit: int = 10
    offset: int = 0
    rerank: bool = True


class HybridSearch:
    """Searches collections in Chroma and the sparse index.

    A hybrid search omits a leg that is not available, and says so in the answer: the collection has no sparse
    vectors, its model is not served, or the index does not answer. A search for that leg alone fails.
    """

    def __init__(self, legs: Legs, reranker: Reranker | None = None) -> None:
        self._legs, self._reranker = legs, reranker

    async def answer(self, target: Target, question: Question) -> SearchAnswer:
        """The rows of a page. Raises BadRequest if the collection does not support the query, Unavailable if
        Chroma does not answer."""
        notes: list[str] = []
        keys, total = await asyncio.gather(
            self._keys(target, question, notes), self._legs.records.count(target)
        )
        legs = self._choose(target, question, keys, notes)
        found = await self._hits(target, question, legs, notes)
        fused = fuse(found)
        ordered, relevance = await self._reranked(target, question, fused, notes)
        page = ordered[question.offset : question.offset + question.limit]
        records = await get_by_ids(self._legs, target, [one.id for one in page], {"documents", "metadatas"})
        space = space_of(target.found.get("configuration_json"))
        hits = [
            _hit(records[one.id], target, rank, one, relevance.get(one.id), space, len(found) == 1)
            for rank, one in enumerate(page, question.offset + 1)
            if one.id in records
        ]
        indexed = sum(key.indexed for key in keys if SPARSE in legs and key.key == legs[SPARSE].key)
        return SearchAnswer(
            mode=_mode(found),
            hits=hits,
            candidates=len(fused),
            complete=all(len(hits) < WINDOW for hits in found.values()),
            reranked=bool(relevance),
            searched=Searched(dense=total, sparse=indexed),
            notes=notes,
        )

    async def _keys(self, target: Target, question: Question, notes: list[str]) -> Sequence[SparseKey]:
        if question.mode == "dense":
            return ()
        try:
            return await self._legs.keys(target)
        except Unavailable as error:
            if question.mode == "sparse":
                raise
            notes.append(f"searched by meaning only: {error}")
            return ()

    def _choose(
        self, target: Target, question: Question, keys: Sequence[SparseKey], notes: list[str]
    ) -> dict[str, Knn]:
        """The legs of a search."""
        legs: dict[str, Knn] = {}
        key = _key_of(target, question, keys)
        if question.mode != "sparse":
            refused = self._legs.why_no_text(target)
            if refused is None:
                legs[DENSE] = Knn(question.text, EMBEDDING, WINDOW)
            elif question.mode == "dense" or key is None:
                raise BadRequest(refused)
            else:
                notes.append(f"searched by words only: {refused}")
        if question.mode != "dense" and key is not None:
            legs[SPARSE] = Knn(question.text, key, WINDOW)
        elif question.mode == "sparse":
            raise BadRequest(
                f"collection {target.name!r} has no sparse vectors: it is searched by meaning only, "
                "until its source is synced with --sparse"
            )
        elif question.mode == "hybrid" and not notes:
            notes.append("searched by meaning only: the collection has no sparse vectors")
        return legs

    async def _hits(
        self, target: Target, question: Question, legs: Mapping[str, Knn], notes: list[str]
    ) -> dict[str, Hits]:
        async def one(knn: Knn) -> Hits | Unavailable:
            try:
                return (await self._legs.hits(target, question.filter, [knn]))[knn]
            except Unavailable as error:
                return error

        answers = await asyncio.gather(*(one(knn) for knn in legs.values()))
        found: dict[str, Hits] = {}
        failed: list[Unavailable] = []
        for name, answer in zip(legs, answers, strict=True):
            if isinstance(answer, Unavailable):
                failed.append(answer)
            else:
                found[name] = answer
        if not found:
            raise failed[0]
        only = "words" if SPARSE in found else "meaning"
        notes += [f"searched by {only} only: {error}" for error in failed]
        return found

    async def _reranked(
        self, target: Target, question: Question, fused: list[Fused], notes: list[str]
    ) -> tuple[list[Fused], dict[str, float]]:
        """The candidates with the first ones reranked, and the reranker's scores."""
        if self._reranker is None or not question.rerank or len(fused) < 2:
            return fused, {}
        first, rest = fused[:MOST], fused[MOST:]
        records = await get_by_ids(self._legs, target, [one.id for one in first], {"documents"})
        texts = [(records[one.id].document if one.id in records else None) or "" for one in first]
        try:
            scores = await self._reranker.relevance(question.text, texts)
        except TransientError as error:
            log.warning("hits are not reranked", reason=str(error))
            notes.append(f"not reranked: {error}")
            return fused, {}
        relevance = {one.id: score for one, score in zip(first, scores, strict=True)}
        return sorted(first, key=lambda one: (-relevance[one.id], one.id)) + rest, relevance


def similarity(distance: float, space: str) -> float:
    """The cosine similarity of two unit vectors at this distance. `l2` is the squared Euclidean distance;
    `cosine` and `ip` are 1 minus the inner product."""
    return 1.0 - distance / 2 if space == "l2" else 1.0 - distance


def _key_of(target: Target, question: Question, keys: Sequence[SparseKey]) -> str | None:
    names = [key.key for key in keys]
    if question.sparse_key is not None:
        if names and question.sparse_key not in names:
            known = ", ".join(map(repr, names))
            raise BadRequest(
                f"collection {target.name!r} has no sparse key {question.sparse_key!r}; it has {known}"
            )
        return question.sparse_key if names else None
    return _USUAL_KEY if _USUAL_KEY in names else min(names, default=None)


def _mode(found: Mapping[str, Hits]) -> Mode:
    return "hybrid" if len(found) == 2 else "dense" if DENSE in found else "sparse"


def _document_of(record: Record, target: Target) -> tuple[str, int] | tuple[None, None]:
    """The id of the record's document, and the number of its chunk; none if Headrace did not write it."""
    base, _, number = record.id.rpartition("-")
    if (
        not base
        or not (number.isascii() and number.isdecimal())
        or "document_key" not in (record.metadata or {})
    ):
        return None, None
    place = target.place
    return document_id_of(place.tenant, place.database, target.name, base), int(number)


def _hit(
    record: Record, target: Target, rank: int, fused: Fused, relevance: float | None, space: str, alone: bool
) -> SearchHit:
    dense, sparse = fused.places.get(DENSE), fused.places.get(SPARSE)
    by_meaning = DensePlace(rank=dense.rank, similarity=similarity(dense.distance, space)) if dense else None
    by_words = SparsePlace(rank=sparse.rank, score=1.0 - sparse.distance) if sparse else None
    score = fused.score
    if alone:  # a single ranking needs no fusion, and its own score is more informative
        score = by_meaning.similarity if by_meaning else by_words.score if by_words else score
    document_id, chunk_number = _document_of(record, target)
    return SearchHit(
        id=record.id,
        document_id=document_id,
        chunk_number=chunk_number,
        rank=rank,
        score=score,
        text=record.document or "",
        metadata=dict(record.metadata or {}),
        dense=by_meaning,
        sparse=by_words,
        relevance=relevance,
    )
