"""Every event on every topic, defined once: these classes are the contract.

The `.avsc` files in `schemas/avro/` are rendered from them (`python -m schemas.render`), so programs in other
languages read the same contract. An event carries everything that later stages need; they look nothing up.

    documents ─► parsed ─► chunks ─► embeddings ─► document-states, source-documents, sparse-rows
                             └◄── part-requests ◄──┘
        └──────────┴──────────┴──────────┴──────────► progress ─► invocations

Import from this package. It has a module for each group of topics:

    documents      from `documents` to `document-states`, `source-documents`, `sparse-rows`; `source-memos`
    sources        `sources`, `runs.<type>`
    schedules      `schedules`
    progress       `progress`
    invocations    `invocations`, `progress-blocks`
    operations     `api-keys`, `dead-letters`, `stage-health`
    credentials    `credentials`
    webhooks       `webhook-endpoints`, `webhook-deliveries`
    common         types that events of several topics share

Times are UTC. Hashes are lower-case hex SHA-256. Each field of offsets, lines or columns documents its base.
"""

from schemas.events.common import (
    Chunking,
    Embedding,
    Event,
    MetadataValue,
    Payload,
    SparseEmbedding,
    Task,
)
from schemas.events.credentials import Credential, Sealed
from schemas.events.documents import (
    Chunk,
    ChunkDigests,
    CollectionSwitched,
    Document,
    DocumentChunked,
    DocumentDeleted,
    DocumentDoubted,
    DocumentEmbedded,
    DocumentMemo,
    DocumentParsed,
    DocumentState,
    DocumentUpserted,
    PageSpan,
    PartRequested,
    RunPosition,
    SparseRow,
    SparseVectors,
)
from schemas.events.invocations import (
    FINAL_STATUSES,
    Counts,
    DocumentFailure,
    DocumentSkip,
    Invocation,
    ProgressBlock,
    Status,
)
from schemas.events.layout import Era, TopicLayout
from schemas.events.operations import (
    ApiKey,
    DeadLetter,
    LetterSettled,
    RecordInHand,
    SessionsEnded,
    StageHealth,
)
from schemas.events.progress import (
    FINAL_STEPS,
    CancelRequested,
    InvocationCreated,
    OrdinalRange,
    Passed,
    Progress,
    RecordsExpired,
    RunFailed,
    RunListed,
    RunStarted,
    Step,
)
from schemas.events.schedules import PassedOver, Schedule, ScheduledRun, ScheduleState
from schemas.events.sources import (
    Notice,
    RunOptions,
    RunRequested,
    Source,
    Upload,
    complete_options,
    make_source,
)
from schemas.events.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "FINAL_STATUSES",
    "FINAL_STEPS",
    "ApiKey",
    "CancelRequested",
    "Chunk",
    "ChunkDigests",
    "Chunking",
    "CollectionSwitched",
    "Counts",
    "Credential",
    "DeadLetter",
    "Document",
    "DocumentChunked",
    "DocumentDeleted",
    "DocumentDoubted",
    "DocumentEmbedded",
    "DocumentFailure",
    "DocumentMemo",
    "DocumentParsed",
    "DocumentSkip",
    "DocumentState",
    "DocumentUpserted",
    "Embedding",
    "Era",
    "Event",
    "Invocation",
    "InvocationCreated",
    "LetterSettled",
    "MetadataValue",
    "Notice",
    "OrdinalRange",
    "PageSpan",
    "PartRequested",
    "Passed",
    "PassedOver",
    "Payload",
    "Progress",
    "ProgressBlock",
    "RecordInHand",
    "RecordsExpired",
    "RunFailed",
    "RunListed",
    "RunOptions",
    "RunPosition",
    "RunRequested",
    "RunStarted",
    "Schedule",
    "ScheduleState",
    "ScheduledRun",
    "Sealed",
    "SessionsEnded",
    "Source",
    "SparseEmbedding",
    "SparseRow",
    "SparseVectors",
    "StageHealth",
    "Status",
    "Step",
    "Task",
    "TopicLayout",
    "Upload",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "complete_options",
    "make_source",
]
