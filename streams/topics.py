"""The topic catalogue: every topic's name, key, records and retention, in one table.

All topics have the same number of partitions, because state is restored by partition. Only the inbox may have
fewer: no state belongs to its partitions, and its producers choose them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas import events
from schemas.events import Event
from schemas.sources import served

_DAY_MS = 24 * 60 * 60 * 1000

#: Documents in flight and their dead letters are kept as long as their blobs (`HEADRACE_BLOB_MAX_AGE_DAYS`,
#: 14): a record that outlives its payload cannot be replayed.
_DELETE_MS = 7 * _DAY_MS
_LONG_MS = 14 * _DAY_MS

#: Maximum bytes of a message's value; Kafka's default `message.max.bytes` is 1,048,588 with the record's
#: framing.
MAX_VALUE_BYTES = 1_000_000

#: The same for a dead letter, which contains the whole message (another program's may be as large as the
#: broker allows) and the reason.
MAX_LETTER_BYTES = 1_500_000


@dataclass(frozen=True)
class Topic:
    """One topic. `name` does not include the cluster's prefix."""

    name: str
    records: tuple[type[Event], ...]
    compact: bool = False
    retention_ms: int = _DELETE_MS
    #: Stages write it only in transactions, so that workers that lost their partitions cannot write. Readers
    #: must use read_committed.
    transactional: bool = False
    #: Its offsets are the order of what is kept: a reader whose position is beyond the end waits for an era.
    ordered: bool = False


SOURCES = Topic("sources", (events.Source,), compact=True)
SCHEDULES = Topic("schedules", (events.ScheduleState,), compact=True, transactional=True)
#: JSON (`schemas/json/`), from programs of all kinds; its records are no Avro.
INBOX = Topic("inbox", ())
DOCUMENTS = Topic(
    "documents", (events.DocumentUpserted, events.DocumentDeleted), transactional=True, ordered=True
)
PARSED = Topic("parsed", (events.DocumentParsed, events.DocumentDeleted))
CHUNKS = Topic("chunks", (events.DocumentChunked, events.DocumentDeleted))
EMBEDDINGS = Topic(
    "embeddings",
    (events.DocumentEmbedded, events.DocumentDeleted, events.DocumentDoubted, events.CollectionSwitched),
)
PART_REQUESTS = Topic("part-requests", (events.PartRequested,), transactional=True)
PROGRESS = Topic(
    "progress",
    (
        events.InvocationCreated,
        events.CancelRequested,
        events.RunStarted,
        events.RunListed,
        events.RunFailed,
        events.Progress,
        events.RecordsExpired,
    ),
)
PROGRESS_BLOCKS = Topic("progress-blocks", (events.ProgressBlock,), compact=True, transactional=True)
INVOCATIONS = Topic("invocations", (events.Invocation,), compact=True, transactional=True)
DOCUMENT_STATES = Topic(
    "document-states", (events.DocumentState, events.ChunkDigests), compact=True, transactional=True
)
SOURCE_DOCUMENTS = Topic("source-documents", (events.DocumentState,), compact=True, transactional=True)
SPARSE_ROWS = Topic("sparse-rows", (events.SparseRow,), compact=True, transactional=True)
SOURCE_MEMOS = Topic("source-memos", (events.DocumentMemo,), compact=True, transactional=True)
API_KEYS = Topic("api-keys", (events.ApiKey, events.SessionsEnded), compact=True)
CREDENTIALS = Topic("credentials", (events.Credential,), compact=True)
DEAD_LETTERS = Topic("dead-letters", (events.DeadLetter, events.LetterSettled), retention_ms=_LONG_MS)

WEBHOOK_ENDPOINTS = Topic("webhook-endpoints", (events.WebhookEndpoint,), compact=True)
WEBHOOK_DELIVERIES = Topic("webhook-deliveries", (events.WebhookDelivery,), compact=True, transactional=True)

STAGE_HEALTH = Topic("stage-health", (events.StageHealth,), compact=True)
#: One record, on partition 0.
LAYOUT = Topic("layout", (events.TopicLayout,), compact=True, transactional=True)

#: The topic of runs, by source type.
RUNS: Mapping[str, Topic] = {
    name: Topic(kind.runs_topic, (events.RunRequested,)) for name, kind in served().items()
}

CATALOGUE: Sequence[Topic] = (
    SOURCES,
    SCHEDULES,
    *RUNS.values(),
    INBOX,
    DOCUMENTS,
    PARSED,
    CHUNKS,
    EMBEDDINGS,
    PART_REQUESTS,
    PROGRESS,
    PROGRESS_BLOCKS,
    INVOCATIONS,
    DOCUMENT_STATES,
    SOURCE_DOCUMENTS,
    SPARSE_ROWS,
    SOURCE_MEMOS,
    API_KEYS,
    CREDENTIALS,
    DEAD_LETTERS,
    WEBHOOK_ENDPOINTS,
    WEBHOOK_DELIVERIES,
    STAGE_HEALTH,
    LAYOUT,
)

BY_NAME: dict[str, Topic] = {topic.name: topic for topic in CATALOGUE}
