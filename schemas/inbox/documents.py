"""From an event of `inbox` to its document: checks, and what a deployment adds."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from schemas.api.common import SourceChunkingConfig
from schemas.checks import (
    CONTROL,
    check_collection_name,
    check_database_name,
    check_document,
    metadata_of,
    require_custom_id,
)
from schemas.errors import ContractError, RequestError
from schemas.events import Chunking, Document, Embedding, SparseEmbedding
from schemas.inbox.event import InboxEvent, event_of
from schemas.inbox.reading import read_object
from schemas.limits import MAX_CHUNK_BYTES, MIN_CHUNK_BYTES, SPARSE_KEY, TRIAL_MODEL
from schemas.markers import MARKER_NAMESPACE

_SHOWN = 80


@dataclass(frozen=True)
class Rules:
    """What a deployment adds to an event, and what it refuses.

    Attributes:
        tenant, database: of events that name none.
        allowed: what events may name: `tenant`, `tenant/database`, or `*` for all. Empty: the default tenant.
        model: the embedding model of events that name none.
        models: those that events may name; None does not check.
        sparse: the sparse model of all; None for none.
    """

    tenant: str = "default_tenant"
    database: str = "default_database"
    allowed: Sequence[str] = ()
    model: str = TRIAL_MODEL
    models: frozenset[str] | None = None
    sparse: str | None = None

    def allows(self, tenant: str, database: str) -> bool:
        """Whether events may name this database."""
        allowed = self.allowed or (self.tenant,)
        return not {"*", tenant, f"{tenant}/{database}"}.isdisjoint(allowed)


@dataclass(frozen=True, slots=True)
class Said:
    """What an event says: the document has this content, or is gone (None)."""

    document: Document
    content: bytes | None
    filename: str | None = None
    content_type: str | None = None


def read_event(value: bytes | str, rules: Rules) -> Said:
    """What the JSON says. Raises ContractError or DocumentTooLarge, with the field and its value."""
    return said_by(read_object(value), rules)


def said_by(fields: Mapping[str, Any], rules: Rules) -> Said:
    """The same for an object that is read."""
    event = event_of(fields)
    try:
        content = _content(event, fields)
        document = _document(event, content, rules)
    except RequestError as error:
        raise ContractError(str(error)) from None
    check_document(document)
    return Said(document, content, event.filename, event.content_type)


def _content(event: InboxEvent, fields: Mapping[str, Any]) -> bytes | None:
    """The bytes of an upsert; None for a delete. What is missing deletes nothing, only an explicit null."""
    given = event.content is not None or event.content_base64 is not None
    null = not given and ("content" in fields or "content_base64" in fields)
    if event.op == "delete" or (event.op is None and null):
        if given:
            raise ContractError("op is 'delete', so content must be absent or null")
        return None
    if event.content is not None and event.content_base64 is not None:
        raise ContractError("content and content_base64 are both given; one of them is expected")
    if event.content is not None:
        return event.content.encode()
    if event.content_base64 is None:
        raise ContractError(
            "content is missing; null deletes the document, the empty string empties it"
            if not null
            else "op is 'upsert', so content must not be null"
        )
    try:
        return base64.b64decode(event.content_base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ContractError(f"content_base64 is not base64: {error}") from None


def _document(event: InboxEvent, content: bytes | None, rules: Rules) -> Document:
    tenant, database = event.tenant or rules.tenant, event.database or rules.database
    check_collection_name(event.collection)
    _check_place(tenant, database, rules)
    if "\0" in event.document_key:
        raise ContractError("document_key has a NUL character")
    namespace = event.namespace or ""
    if namespace.startswith(MARKER_NAMESPACE):
        raise ContractError(f"namespace {namespace[:_SHOWN]!r}: {MARKER_NAMESPACE!r} is reserved")
    if event.custom_id is not None:
        require_custom_id(event.custom_id)
    return Document(
        tenant=tenant,
        database=database,
        collection=event.collection,
        document_key=event.document_key,
        namespace=namespace,
        custom_id=event.custom_id,
        version_key=event.version_key if event.version_key is not None else _version_key(content),
        metadata=metadata_of(event.metadata or {}) if content is not None else {},
        chunking=_chunking(event.chunking),
        embedding=_embedding(event.embedding_model, rules),
        main_content=event.main_content or False,
        version=event.version,
    )


def _check_place(tenant: str, database: str, rules: Rules) -> None:
    for name, value in (("tenant", tenant), ("database", database)):
        if CONTROL.search(value) or value in (".", "..") or "/" in value or "\\" in value:
            raise ContractError(f"{name} {value[:_SHOWN]!r} has '/', '\\' or control characters")
    check_database_name(database)
    if not rules.allows(tenant, database):
        raise ContractError(
            f"tenant {tenant[:_SHOWN]!r}, database {database[:_SHOWN]!r}: events may not name it "
            "(HEADRACE_INBOX_ALLOWED)"
        )


def _version_key(content: bytes | None) -> str:
    return "" if content is None else sha256(content).hexdigest()


def _embedding(model: str | None, rules: Rules) -> Embedding:
    chosen = model or rules.model
    if rules.models is not None and chosen not in rules.models:
        available = ", ".join(sorted(rules.models))
        raise ContractError(
            f"embedding_model {chosen[:_SHOWN]!r} is not available; available are {available}"
        )
    sparse = None if rules.sparse is None else SparseEmbedding(model=rules.sparse, key=SPARSE_KEY)
    return Embedding(model=chosen, sparse=sparse)


def _chunking(config: SourceChunkingConfig | None) -> Chunking:
    if config is None:
        return Chunking()
    size, lines = config.max_size_bytes or None, getattr(config, "max_lines", None) or None
    if size is not None and not MIN_CHUNK_BYTES <= size <= MAX_CHUNK_BYTES:
        raise ContractError(
            f"chunking.max_size_bytes {size}: {MIN_CHUNK_BYTES} to {MAX_CHUNK_BYTES} expected"
        )
    if lines is not None and lines > MAX_CHUNK_BYTES:
        raise ContractError(f"chunking.max_lines {lines}: at most {MAX_CHUNK_BYTES} expected")
    return Chunking(type=config.type, max_size_bytes=size, max_lines=lines)
