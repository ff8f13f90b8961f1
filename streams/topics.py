"""The topic catalogue: every topic's name, key, records and retention, in one table.

Partition counts come in two groups that must each agree within themselves, because state is restored by
partition: the *document* group is keyed by document id, the *run* group by source id or invocation id.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import events
from schemas.events import Event

_DAY_MS = 24 * 60 * 60 * 1000

#: Documents in flight and their dead letters are kept as long as the blobs they point to
#: (`HEADRACE_BLOB_MAX_AGE_DAYS`, 14): a record that outlives its payload cannot be replayed.
_DELETE_MS = 7 * _DAY_MS
_LONG_MS = 14 * _DAY_MS


@dataclass(frozen=True)
class Topic:
    """One topic. `name` comes without the prefix that tidies a shared cluster."""

    name: str
    records: tuple[type[Event], ...]
    compact: bool = False
    retention_ms: int = _DELETE_MS
    #: Written inside transactions; its readers must read committed records only.
    transactional: bool = False


SOURCES = Topic("sources", (events.Source,), compact=True)
RUNS_FOLDER = Topic("runs.folder", (events.RunRequested,))
RUNS_FILE_UPLOAD = Topic("runs.file_upload", (events.RunRequested,))
DOCUMENTS = Topic("documents", (events.DocumentUpserted, events.DocumentDeleted))
PARSED = Topic("parsed", (events.DocumentParsed, events.DocumentDeleted))
CHUNKS = Topic("chunks", (events.DocumentChunked, events.DocumentDeleted))
EMBEDDINGS = Topic("embeddings", (events.DocumentEmbedded, events.DocumentDeleted))
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
DOCUMENT_STATES = Topic("document-states", (events.DocumentState,), compact=True, transactional=True)
SOURCE_DOCUMENTS = Topic("source-documents", (events.DocumentState,), compact=True, transactional=True)
API_KEYS = Topic("api-keys", (events.ApiKey,), compact=True)
DEAD_LETTERS = Topic("dead-letters", (events.DeadLetter,), retention_ms=_LONG_MS)

STAGE_HEALTH = Topic("stage-health", (events.StageHealth,), compact=True)

#: A new type of source adds its `runs.<type>` topic here and its connector in `services/connectors`.
RUNS: dict[str, Topic] = {"folder": RUNS_FOLDER, "file_upload": RUNS_FILE_UPLOAD}

CATALOGUE: Sequence[Topic] = (
    SOURCES,
    *RUNS.values(),
    DOCUMENTS,
    PARSED,
    CHUNKS,
    EMBEDDINGS,
    PROGRESS,
    PROGRESS_BLOCKS,
    INVOCATIONS,
    DOCUMENT_STATES,
    SOURCE_DOCUMENTS,
    API_KEYS,
    DEAD_LETTERS,
    STAGE_HEALTH,
)

BY_NAME: dict[str, Topic] = {topic.name: topic for topic in CATALOGUE}
