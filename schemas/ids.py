"""Deterministic ids of documents and sources. Any producer can compute them; the pipeline checks them."""

import json
import re
import uuid
from collections.abc import Mapping
from hashlib import sha256

from schemas.events import Document, Embedding, MetadataValue, Source

#: Namespace of the ids of sources: a constant of ours, so that equal configurations get equal ids.
_SOURCES = uuid.UUID("5e8b2a0c-3f43-4c8e-9a57-6c6f3a3b6d10")
#: Namespace of the ids of invocations that something outside has caused.
_INVOCATIONS = uuid.UUID("b1d6a5f2-9c1e-4a0e-8f0b-2f6d0f3c7a51")
#: Hex digits of a document's id.
DOCUMENT_ID_DIGITS = 32
DOCUMENT_ID = re.compile(f"[0-9a-f]{{{DOCUMENT_ID_DIGITS}}}")
#: A document's id, or enough of it to be meant as one.
DOCUMENT_ID_BEGINNING = re.compile(f"[0-9a-f]{{4,{DOCUMENT_ID_DIGITS}}}")


def parts_sha256(*parts: str) -> bytes:
    """SHA-256 of several texts, each preceded by its length."""
    digest = sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.digest()


def text_sha256(text: str) -> str:
    """Lower-case hex SHA-256 of the UTF-8 bytes of `text`."""
    return sha256(text.encode()).hexdigest()


def chunk_id_base(document: Document) -> str:
    """The prefix of the chunk ids of a document; `-{n}` follows, n counting from 0.

    The custom id, else the hash of the key alone (uploads and buckets: the HTTP contract), else the hash of
    source id, NUL and key (sources that list their documents, so that several may share a collection).
    """
    if document.custom_id is not None:
        return document.custom_id
    if document.namespace:
        return text_sha256(f"{document.namespace}\0{document.document_key}")
    return text_sha256(document.document_key)


def document_id(document: Document) -> str:
    """The message key on all topics of the pipeline: 32 hex digits.

    Two events that would write the same chunk ids are thereby the same document, and stay in order on one
    partition.
    """
    base = chunk_id_base(document)
    return document_id_of(document.tenant, document.database, document.collection, base)


def document_id_of(tenant: str, database: str, collection: str, chunk_id_base: str) -> str:
    """The id of the document whose chunk ids begin so: of the hash of all four, NUL between them."""
    return text_sha256("\0".join((tenant, database, collection, chunk_id_base)))[:DOCUMENT_ID_DIGITS]


def sparse_row_key(document: Document, row_id: str) -> str:
    """The key of a chunk on `sparse-rows`: 32 hex digits of the hash of tenant, database and collection, NUL
    between them; a slash; the id of the chunk in the collection.

    It names the collection, not its id: rows of a collection that is deleted and created again replace the
    records of the former.
    """
    collection = (document.tenant, document.database, document.collection)
    return f"{collection_key(*collection)}/{row_id}"


def collection_key(tenant: str, database: str, collection: str) -> str:
    """What the keys on `sparse-rows` of all rows of a collection begin with."""
    return text_sha256("\0".join((tenant, database, collection)))[:32]


def source_id(tenant: str, database: str, configuration: str) -> str:
    """UUID of a source: equal for an equal configuration (canonical JSON), whichever gateway computes it.

    A source that is deleted and created again owns the documents that it owned before.
    """
    return str(uuid.uuid5(_SOURCES, "\0".join((tenant, database, configuration))))


def source_version(source: Source) -> str:
    """Changes with what is configured of a source: 16 hex digits. Notices and what servers say of it do not
    count."""
    configured = source.model_dump(mode="json", exclude={"notice", "origin_id", "created_at"})
    return text_sha256(json.dumps(configured, sort_keys=True, separators=(",", ":")))[:16]


def invocation_id(cause: str, source_id: str, collection: str) -> str:
    """UUID of the run that a cause makes of a source into a collection: the same however often, and wherever,
    the cause is delivered. A run that has ended is not begun again, so each cause has its effect once.

    Args:
        cause: names its kind first: `github/<delivery id>`, `s3/…`.
    """
    return str(uuid.uuid5(_INVOCATIONS, "\0".join((cause, source_id, collection))))


#: Counts up when the same document would be cut, embedded or described otherwise than before: every document
#: is then processed once more at its source's next run.
PIPELINE_VERSION = 1


def embedding_settings(embedding: Embedding) -> dict[str, object]:
    """An embedding as part of an identity. What has no sparse vectors is the same as before they existed."""
    return embedding.model_dump(exclude=None if embedding.sparse else {"sparse"})


class Fingerprints:
    """Fingerprints of many documents that are cut and embedded alike: some microseconds each."""

    def __init__(self, alike: Document) -> None:
        self._settings: dict[str, object] = {
            "pipeline": PIPELINE_VERSION,
            "chunking": alike.chunking.model_dump(),
            "embedding": embedding_settings(alike.embedding),
        }
        if alike.main_content:  # only then: documents from before it existed stay unchanged
            self._settings["main_content"] = True
        self._plain = self._made({}, None)

    def of(self, metadata: Mapping[str, MetadataValue], custom_id: str | None) -> str:
        """As `fingerprint` says, for a document with this metadata and custom id."""
        return self._made(metadata, custom_id) if metadata or custom_id is not None else self._plain

    def _made(self, metadata: Mapping[str, MetadataValue], custom_id: str | None) -> str:
        settings = {
            **self._settings,
            "metadata": {key: value for key, value in metadata.items() if value is not None},
            "custom_id": custom_id,
        }
        return text_sha256(json.dumps(settings, sort_keys=True, separators=(",", ":")))


def fingerprint(document: Document) -> str:
    """Fingerprint of the settings that determine a document's chunks: lower-case hex SHA-256.

    Covers chunking, embedding model, task and sparse model, the caller's metadata (nulls count as absent),
    the custom id, `main_content` and `PIPELINE_VERSION`. A document is unchanged if version key and
    fingerprint are.
    """
    return Fingerprints(document).of(document.metadata, document.custom_id)
