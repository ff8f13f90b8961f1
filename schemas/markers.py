"""Barrier markers: deletes of documents that do not exist, sent to learn when all earlier records are
indexed.

A marker has its own namespace, so no listed key and no upload can be mistaken for one. It passes all stages
like any delete, and is not counted.
"""

from schemas.events import Document, Source

#: Namespaces of markers begin with this. Whoever produces to `documents` must not use it.
MARKER_NAMESPACE = "barrier:"


#: Ids of the runs by which the inbox counts its documents in flight begin with this; they have no invocation.
INBOX_RUN = "inbox/"


def marker(source: Source, collection: str, number: int) -> Document:
    """The marker `number` of a source and collection: always the same document."""
    return Document(
        tenant=source.tenant,
        database=source.database,
        collection=collection,
        document_key=str(number),
        namespace=f"{MARKER_NAMESPACE}{source.id}",
        embedding=source.embedding,
        source_id=source.id,
    )


def is_marker(document: Document) -> bool:
    """Whether a document is a barrier marker, which is in no collection."""
    return document.namespace.startswith(MARKER_NAMESPACE)
