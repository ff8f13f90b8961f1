"""Barrier markers: documents that never were, sent to see that everything before them is indexed.

A marker is the delete of a document in a namespace of its own, so no key that a source lists, and no upload,
can be mistaken for one. It passes all stages as any delete does, and nobody counts it.
"""

from schemas.events import Document, Source

#: Namespaces of markers begin with this. Whoever produces to `documents` must not use it.
MARKER_NAMESPACE = "barrier:"


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
    """Whether a document is a marker: nothing of it is in any collection."""
    return document.namespace.startswith(MARKER_NAMESPACE)
