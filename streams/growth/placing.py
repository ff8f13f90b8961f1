"""Which key decides the partition of a record of state: that of its producer (`Send.partition_key`)."""

from collections.abc import Callable, Mapping

from schemas.events import DocumentMemo, DocumentState, Event, SparseRow, WebhookDelivery
from schemas.ids import text_sha256
from streams.partitions import partition_of
from streams.topics import (
    API_KEYS,
    CREDENTIALS,
    DEAD_LETTERS,
    DOCUMENT_STATES,
    INVOCATIONS,
    PROGRESS_BLOCKS,
    SCHEDULES,
    SOURCE_DOCUMENTS,
    SOURCE_MEMOS,
    SOURCES,
    SPARSE_ROWS,
    WEBHOOK_DELIVERIES,
    WEBHOOK_ENDPOINTS,
    Topic,
)


def _itself(key: str, event: Event) -> str:
    return key


def _before_slash(key: str, event: Event) -> str:
    """The document of a block of digests, the invocation of a block of progress."""
    return key.partition("/")[0]


def _source_of_state(key: str, event: Event) -> str:
    assert isinstance(event, DocumentState)
    return event.document.source_id or ""


def _source_of_memo(key: str, event: Event) -> str:
    assert isinstance(event, DocumentMemo)
    return event.source_id


def _document_of_row(key: str, event: Event) -> str:
    """The id of the document: the row's own is the document's chunk id base, a dash and a number."""
    assert isinstance(event, SparseRow)
    base = event.id.rpartition("-")[0]
    return text_sha256("\0".join((event.tenant, event.database, event.collection, base)))[:32]


def _invocation_of_delivery(key: str, event: Event) -> str:
    """That of a test has no invocation."""
    assert isinstance(event, WebhookDelivery)
    return event.invocation_id or key


#: The topics whose records move, and the key that places a record.
PLACED: Mapping[Topic, Callable[[str, Event], str]] = {
    SOURCES: _itself,
    SCHEDULES: _itself,
    API_KEYS: _itself,
    CREDENTIALS: _itself,
    WEBHOOK_ENDPOINTS: _itself,
    WEBHOOK_DELIVERIES: _invocation_of_delivery,
    INVOCATIONS: _itself,
    PROGRESS_BLOCKS: _before_slash,
    DOCUMENT_STATES: _before_slash,
    SOURCE_DOCUMENTS: _source_of_state,
    SOURCE_MEMOS: _source_of_memo,
    SPARSE_ROWS: _document_of_row,
    # No state, but a letter and what became of it share a key, and are read in their order.
    DEAD_LETTERS: _itself,
}

#: These need the event, not only the key.
BY_EVENT = frozenset({WEBHOOK_DELIVERIES, SOURCE_DOCUMENTS, SOURCE_MEMOS, SPARSE_ROWS})


def place_of(topic: Topic, key: str, event: Event, partitions: int) -> int:
    """The partition of a record of state."""
    return partition_of(PLACED[topic](key, event), partitions)
