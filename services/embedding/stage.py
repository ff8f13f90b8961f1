"""The embedding stage: adds vectors to parts of chunks, in batches across many documents."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import structlog

from schemas import events
from schemas.errors import DocumentError, IngestError, TransientError
from schemas.events import (
    Chunk,
    DocumentChunked,
    DocumentDeleted,
    DocumentEmbedded,
    Embedding,
    SparseVectors,
)
from services.embedding.embedder import Embedder, Vectors, model_mark, task_of
from services.embedding.loaded import LoadedModels
from services.embedding.sparse import SparseEncoders
from streams import tracing
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.stage import BatchStage, Context, Outcome, Record
from streams.topics import CHUNKS, EMBEDDINGS

log = structlog.get_logger(__name__)

Incoming = DocumentChunked | DocumentDeleted

#: What OpenTelemetry's conventions call it.
_EMBEDDINGS: tracing.Attributes = {"gen_ai.operation.name": "embeddings"}
#: Separates the names in a chunk's context, outermost first.
CONTEXT_SEPARATOR = " › "


class EmbeddingStage(BatchStage[Incoming]):
    """Embeds with the models that the documents name.

    Args:
        models: the source of embedders; closed with the stage.
        context: whether the context of a chunk is prepended to the embedded text.
        preload: a model to load before the first record.
        sparse: the sparse models.
    """

    name = "embedding"
    topic = CHUNKS
    #: One batch computes while the next is decoded and the previous one produced.
    concurrency = 2
    #: A part has up to 60 chunks, so 8 parts fill batches at any text length. With more, a small run would
    #: wait longer behind a big one (measured: 69 s with 64 parts and a window of 500 documents, 17 to 28 s
    #: with 8 and 32; the big run is not slower).
    max_records = 8

    def __init__(
        self,
        models: LoadedModels,
        context: bool,
        preload: str | None = None,
        sparse: SparseEncoders | None = None,
    ) -> None:
        self._models, self._context, self._preload = models, context, preload
        self._sparse = sparse or SparseEncoders()

    async def start(self) -> None:
        """Load the default model. If its server is unavailable, the first record waits for it."""
        if self._preload:
            try:
                await self._models.get(self._preload)
            except TransientError as error:
                log.warning("the default model does not answer yet", error=str(error))

    async def close(self) -> None:
        """Unload the models."""
        await self._models.close()
        await self._sparse.close()

    async def process_batch(self, records: Sequence[Record[Incoming]], context: Context) -> Sequence[Outcome]:
        """Emit `DocumentEmbedded` for each part; forward deletes."""
        chunked = [record.event for record in records if isinstance(record.event, DocumentChunked)]
        vectors: dict[int, _Vectors | IngestError] = {}
        for embedding in {
            _key(event.document.embedding): event.document.embedding for event in chunked
        }.values():
            alike = [event for event in chunked if _key(event.document.embedding) == _key(embedding)]
            vectors.update(await self._embed(embedding, alike))
        sparse = await self._sparse.of_parts(chunked)
        return [self._outcome(record, vectors, sparse) for record in records]

    async def _embed(
        self, embedding: Embedding, parts: Sequence[DocumentChunked]
    ) -> "dict[int, _Vectors | IngestError]":
        """Vectors by the identity of the part. Embeds all texts in one call, to fill the batches."""
        try:
            embedder = await self._models.get(embedding.model)
        except (DocumentError, TransientError) as error:  # of this model, not of the others
            return {id(part): error for part in parts}
        texts = [embedded_text(chunk, self._context) for part in parts for chunk in part.chunks]
        described = {**_EMBEDDINGS, "gen_ai.request.model": embedding.model, "headrace.chunks": len(texts)}
        with tracing.span(f"embeddings {embedding.model}", described):
            rows = await embedder.embed_documents(texts, task_of(embedding.task))
        found: dict[int, _Vectors | IngestError] = {}
        at = 0
        for part in parts:
            found[id(part)] = _usable(rows[at : at + len(part.chunks)], embedder)
            at += len(part.chunks)
        return found

    def _outcome(
        self,
        record: Record[Incoming],
        vectors: "dict[int, _Vectors | IngestError]",
        sparse: dict[int, SparseVectors | IngestError],
    ) -> Outcome:
        event = record.event
        if isinstance(event, DocumentDeleted):
            return [Send(EMBEDDINGS, record.key, event)]
        rows = vectors[id(event)]
        if isinstance(rows, IngestError):
            return rows
        terms = sparse.get(id(event))
        if isinstance(terms, IngestError):
            return terms
        outputs: list[Output] = [Send(EMBEDDINGS, record.key, _embedded(event, rows, terms))]
        if event.document.run and event.part == event.parts - 1:
            outputs.append(ProgressReport(event.document.run, events.Step.EMBEDDED))
        return outputs


class _Vectors(NamedTuple):
    """The vectors of a part, and the mark of the model that computed them."""

    rows: Vectors
    model: str


def _usable(rows: Vectors, embedder: Embedder) -> _Vectors | DocumentError:
    """The vectors, or an error if any is unusable: a store could neither compare it nor report it."""
    if not np.isfinite(rows).all():
        return DocumentError(f"the embedding model {embedder.model!r} has no vector for a chunk: NaN")
    return _Vectors(rows, model_mark(embedder))


def embedded_text(chunk: Chunk, context: bool) -> str:
    """The text to embed. Names of its context become sentences, which models know better than arrows."""
    if not context or not chunk.context:
        return chunk.text
    return f"{'. '.join(chunk.context.split(CONTEXT_SEPARATOR))}.\n{chunk.text}"


def _key(embedding: Embedding) -> str:
    """Everything that the dense vectors depend on."""
    return embedding.model_dump_json(exclude={"sparse"})


def _embedded(part: DocumentChunked, vectors: _Vectors, sparse: SparseVectors | None) -> DocumentEmbedded:
    rows = vectors.rows
    return DocumentEmbedded(
        **{name: getattr(part, name) for name in DocumentChunked.model_fields},
        dimension=int(rows.shape[1]) if len(rows) else 0,
        vectors=np.ascontiguousarray(rows, dtype="<f4").tobytes(),
        sparse=sparse,
        model_fingerprint=vectors.model,
    )
