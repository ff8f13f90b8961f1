"""Everything around a connector in memory: tracking, the pipeline behind `documents`, and its states."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from schemas.events import (
    FINAL_STEPS,
    Chunking,
    Document,
    DocumentDeleted,
    DocumentMemo,
    DocumentState,
    DocumentUpserted,
    Embedding,
    Event,
    Passed,
    Progress,
    RunFailed,
    RunListed,
    RunRequested,
    RunStarted,
    Source,
    Status,
    Step,
    make_source,
)
from schemas.ids import document_id, fingerprint
from schemas.markers import is_marker
from schemas.sources.file_upload import FileUploadConfig
from schemas.sources.folder import FolderConfig
from services.connectors.invocations import OtherRun, RunState
from services.connectors.states import Indexed, place_of, scope_of
from streams.chroma import FoundCollection
from streams.engine.outputs import Output, Send
from streams.engine.publishing.progress import coalesce
from streams.engine.stage import Record
from streams.reembedded import Reembedded
from streams.state.store import BEGINNING, Essence
from streams.topics import DOCUMENTS, PROGRESS, SOURCE_MEMOS

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def ordinals_of(event: Progress) -> set[int]:
    """All that it tells of."""
    told = {passed.ordinal for passed in event.passed}
    return told.union(*(range(one.first, one.first + one.count) for one in event.ranges))


class Tracking:
    """An `InvocationTable` of one invocation: answers attempts and counts documents, as tracking does."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.status = Status.PENDING
        self.attempt: int | None = None
        self.attempts = 0
        self.done_ordinals: set[int] = set()
        self.total: int | None = None
        self.total_final = False
        self.answers = self.exists = True
        self.other_runs: list[OtherRun] = []
        self.waiting_runs = frozenset[str]()
        self.failed = 0

    def get(self, invocation_id: str) -> RunState | None:
        if not self.exists:
            return None
        return RunState(self.status, self.attempt, self.attempts, len(self.done_ordinals), self.failed)

    def others(self, invocation_id: str) -> Sequence[OtherRun]:
        return self.other_runs

    def waiting(self, invocation_id: str) -> frozenset[str]:
        return self.waiting_runs

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    await self._changed.wait()
                    self._changed.clear()
        except TimeoutError:
            return condition()
        return True

    def fold(self, event: Event) -> None:
        if isinstance(event, RunStarted) and self.answers:
            self.status, self.attempt, self.total = Status.PROCESSING, event.attempt, None
            self.total_final = False
            self.attempts += 1
            self.done_ordinals = set()
        if isinstance(event, RunListed) and event.attempt == self.attempt:
            self.total, self.total_final = event.total, event.final
        if isinstance(event, RunFailed) and event.attempt == self.attempt:
            self.status = Status.FAILED
        if isinstance(event, Progress) and event.attempt == self.attempt and event.stage in FINAL_STEPS:
            self.done_ordinals |= ordinals_of(event)
            self.failed += len(event.passed) if event.stage is Step.FAILED else 0
        if self.total_final and self.done_ordinals >= set(range(self.total or 0)):
            self.status = Status.COMPLETE
        self._changed.set()

    def becomes(self, status: Status | None = None, attempt: int | None = None) -> None:
        """Somebody else has changed the invocation."""
        self.status, self.attempt = status or self.status, attempt or self.attempt
        self._changed.set()


class Pipeline:
    """The context of a stage. What is emitted to `documents` is indexed after `emit`, unless `slow`."""

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking
        self.sends: list[Send] = []
        self.states: dict[str, DocumentState] = {}
        #: Made by the first document that has chunks, as indexing does.
        self.collection_id: str | None = None
        self.collections_made = 0
        self.slow = False
        self.most_in_flight = 0
        self._under_way: list[Event] = []
        self.memos: dict[str, Event | None] = {}

    def _make_collection(self) -> str:
        self.collections_made += 1
        return f"collection-{self.collections_made}"

    def check_alive(self) -> None:
        return

    async def emit(self, outputs: Sequence[Output]) -> None:
        for send in coalesce(outputs):
            self.sends.append(send)
            if send.topic is SOURCE_MEMOS:
                self.memos[send.key] = send.event
                continue
            assert send.event is not None
            if send.topic is PROGRESS:
                self._tracking.fold(send.event)
            else:
                self._under_way.append(send.event)
        self.most_in_flight = max(self.most_in_flight, len(self._under_way))
        if not self.slow:
            asyncio.get_running_loop().call_soon(self.index_all)

    def index_all(self) -> None:
        """Everything that is under way arrives in the collection."""
        for event in self._under_way:
            assert isinstance(event, DocumentUpserted | DocumentDeleted)
            deleted = isinstance(event, DocumentDeleted)
            if not deleted:
                self.collection_id = self.collection_id or self._make_collection()
            self.states[document_id(event.document)] = DocumentState(
                document=event.document,
                sequence=len(self.states),
                fingerprint=fingerprint(event.document),
                deleted=deleted,
                complete=True,
                chunks=0 if deleted else 3,
                indexed_at=NOON,
                collection_id=self.collection_id,
            )
            run = event.document.run
            if run is None:
                assert is_marker(event.document)
                continue
            stage = Step.DELETED if deleted else Step.INDEXED
            passed = Progress.model_validate(
                {
                    "invocation_id": run.invocation_id,
                    "attempt": run.attempt,
                    "stage": stage,
                    "passed": [{"ordinal": run.ordinal}],
                }
            )
            self._tracking.fold(passed)
        self._under_way.clear()

    def of(self, *kinds: type[Event]) -> list[Event]:
        """What was emitted of these kinds, in order."""
        return [send.event for send in self.sends if isinstance(send.event, kinds)]

    def written(self) -> dict[str, str]:
        """Document key → what was asked for, of the documents emitted."""
        kinds = {DocumentUpserted: "upsert", DocumentDeleted: "delete"}
        return {
            send.event.document.document_key: kinds[type(send.event)]
            for send in self.sends
            if send.topic is DOCUMENTS and isinstance(send.event, DocumentUpserted | DocumentDeleted)
        }

    def counted(self, stage: Step) -> list[str | None]:
        """Keys (None where a note has none) that the connector itself has counted in a stage."""
        return [passed.document_key for passed in self.notes(stage)]

    def notes(self, stage: Step) -> list[Passed]:
        """What the connector itself has counted in a stage."""
        found = [e for e in self.of(Progress) if isinstance(e, Progress) and e.stage is stage]
        passed = [passed for event in found for passed in event.passed]
        ranges = [one for event in found for one in event.ranges]
        return passed + [Passed(ordinal=one.first + n) for one in ranges for n in range(one.count)]

    def ordinals(self) -> list[int]:
        """Every number the connector has given, in the order of what was emitted."""
        found: list[int] = []
        for event in self.of(DocumentUpserted, DocumentDeleted, Progress):
            if isinstance(event, Progress):
                found.extend(sorted(ordinals_of(event)))
            elif isinstance(event, DocumentUpserted | DocumentDeleted) and event.document.run:
                found.append(event.document.run.ordinal)
        return found


class IndexedStates:
    """`source-documents`: knows what the pipeline has written up to the last `catch_up`."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._read: dict[str, DocumentState] = {}

    async def catch_up(self, partitions: Sequence[int]) -> None:
        self._read = dict(self.pipeline.states)

    def get(self, partition: int, key: str) -> DocumentState | None:
        return self._read.get(key)

    def _rows(self, scope: str) -> list[Essence]:
        rows = [
            Essence(place_of(state.document.document_key), key, Indexed.of(state).packed())
            for key, state in self._read.items()
            if scope_of(state.document.source_id or "", state.document.collection) == scope
            and not is_marker(state.document)
        ]
        return sorted(rows, key=lambda row: (row.place, row.key))

    def ordered(self, partition: int, scope: str, after: Essence, limit: int) -> list[Essence]:
        rows = [row for row in self._rows(scope) if (row.place, row.key) > (after.place, after.key)]
        return rows[:limit]

    def at(self, partition: int, scope: str, place: bytes) -> list[Essence]:
        return [row for row in self._rows(scope) if row.place == place]


class KeptMemos:
    """`source-memos`: knows what was written up to the last `catch_up`."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._read: dict[str, Event | None] = {}

    async def catch_up(self, partitions: Sequence[int]) -> None:
        self._read = dict(self._pipeline.memos)

    def ordered(self, partition: int, scope: str, after: Essence, limit: int) -> list[Essence]:
        rows = [
            Essence(place_of(memo.document_key), key, memo.version_key.encode() + b"\0" + memo.memo)
            for key, memo in self._read.items()
            if isinstance(memo, DocumentMemo) and memo.source_id == scope
        ]
        rows.sort(key=lambda row: (row.place, row.key))
        return [row for row in rows if (row.place, row.key) > (after.place, after.key)][:limit]

    def at(self, partition: int, scope: str, place: bytes) -> list[Essence]:
        return [row for row in self.ordered(partition, scope, BEGINNING, 1 << 30) if row.place == place]


class HasCollection(Protocol):
    """Whoever knows the id of the collection."""

    @property
    def collection_id(self) -> str | None: ...


class Collections:
    """The vector store: which id the collection has, if it is there, and whether it is closed."""

    def __init__(self, pipeline: "HasCollection", closed: bool = False) -> None:
        self._pipeline, self.closed = pipeline, closed
        self.reembedded: Reembedded | None = None

    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection | None:
        id_ = self._pipeline.collection_id
        return None if id_ is None else FoundCollection(id_, self.closed, reembedded=self.reembedded)


def source(config: Event | None = None, kind: str = "folder") -> Source:
    return make_source(
        config or FileUploadConfig(),
        id="source-1",
        tenant="t",
        database="d",
        type=kind,
        embedding=Embedding(model="m"),
        chunking=Chunking(),
        created_at=NOON,
    )


def folder_source(path: object, globs: list[str] | None = None) -> Source:
    return source(FolderConfig(path=str(path), include_globs=globs))


def requested(
    of: Source,
    invocation: str = "run-1",
    offset: int = 0,
    **fields: Any,
) -> Record[RunRequested]:
    run = RunRequested(invocation_id=invocation, source=of, collection="library", requested_at=NOON)
    run = run.model_copy(update=fields)
    return Record(f"runs.{of.type}", 2, offset, of.id, run, 0)


def documents(pipeline: Pipeline) -> list[Document]:
    found = pipeline.of(DocumentUpserted, DocumentDeleted)
    return [e.document for e in found if isinstance(e, DocumentUpserted | DocumentDeleted)]
