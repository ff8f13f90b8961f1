"""Documents per second of a run that finds nothing changed: the listing compared with what is indexed.

    python -m benchmarks compare [--documents 100000]

A listing from memory, with versions, against a store of that many states on disk. No broker and no Chroma:
what is measured is the connector. The store is filled by another process, so the peak of memory is that of
the comparison. Three listings:

- in key order, versions alone (a branch of a repository);
- in key order, with metadata that decides whether a document is the same (a bucket);
- in any order, so that it is sorted first (a web site).
"""

import asyncio
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.tables import command_line, show, table
from schemas.codec import SingleObjectCodec
from schemas.events import (
    Chunking,
    DocumentState,
    Embedding,
    Event,
    InvocationCreated,
    MetadataValue,
    RunPosition,
    RunRequested,
    Status,
    make_source,
)
from schemas.ids import document_id, fingerprint
from schemas.sources.folder import FolderConfig
from services.connectors import Invocations, SyncConnector, source_documents
from services.connectors.difference import document_of
from services.connectors.invocations import OtherRun, RunState
from services.connectors.lister import Content, Item, Known, Lister, Origin
from services.tracking import InvocationState, fold
from streams.blobs import BlobStore
from streams.chroma import FoundCollection
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Output, Send
from streams.engine.publishing.progress import coalesce
from streams.engine.stage import Record
from streams.kafka.cluster import Cluster
from streams.topics import PROGRESS, SOURCE_DOCUMENTS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CODEC = SingleObjectCodec()
COLLECTION = "5a0c6f0e-4a0e-4a53-8f6e-0f6f5d0e7a11"
RUN = RunRequested(
    invocation_id="this-run",
    source=make_source(
        FolderConfig(path="/srv/notes"),
        id="5e8b2a0c-3f43-4c8e-9a57-6c6f3a3b6d10",
        tenant="t",
        database="d",
        type="folder",
        embedding=Embedding(model="m"),
        chunking=Chunking(),
        created_at=NOW,
    ),
    collection="notes",
    requested_at=NOW,
)


@dataclass(frozen=True)
class Listing:
    """A kind of listing: whether it has metadata, and whether it is in order."""

    name: str
    facts: bool
    in_order: bool


LISTINGS = (
    Listing("in order", facts=False, in_order=True),
    Listing("in order, with metadata", facts=True, in_order=True),
    Listing("in any order", facts=False, in_order=False),
)


def item(number: int, facts: bool) -> Item:
    key = f"guide/{number // 1000:04}/chapter-{number:07}.md"
    told: Mapping[str, MetadataValue] = {"bucket": "notes", "size": number, "owner": "ada"} if facts else {}
    return Item(key, f"{number:064x}", number, told)


class Shelf:
    """An origin in memory, and its lister."""

    when_empty = ""
    only: Sequence[str] | None = None

    def __init__(self, documents: int, listing: Listing) -> None:
        self._documents, self._listing = documents, listing
        self.in_order = listing.in_order

    async def check(self, config: Any, tenant: str) -> Any:
        return config

    def open(self, run: RunRequested, known: Known) -> Lister:
        return self

    def facts(self) -> Mapping[str, MetadataValue]:
        return {}

    async def pages(self) -> AsyncIterator[Sequence[Item]]:
        starts = range(0, self._documents, 1000)
        for start in starts if self.in_order else reversed(starts):
            numbers = range(start, min(start + 1000, self._documents))
            yield [item(number, self._listing.facts) for number in numbers]

    async def read(self, item: Item) -> Content:
        raise AssertionError("nothing has changed")

    async def aclose(self) -> None:
        pass


def filled(path: Path, documents: int, facts: bool) -> None:
    """Make a store of what an earlier run has indexed."""
    store = source_documents(Cluster("127.0.0.1:1"), CODEC, path)
    for start in range(0, documents, 1000):
        store.apply([written(item(n, facts)) for n in range(start, min(start + 1000, documents))])
    store.close()


def written(one: Item) -> RecordMetadata:
    document = document_of(RUN, one, one.version or "")
    number = one.size or 0
    document = document.model_copy(
        update={"run": RunPosition(invocation_id="earlier", attempt=1, ordinal=number)}
    )
    state = DocumentState(
        document=document,
        sequence=number,
        fingerprint=fingerprint(document),
        complete=True,
        chunks=3,
        extent=3,
        indexed_at=NOW,
        collection_id=COLLECTION,
    )
    send = Send(SOURCE_DOCUMENTS, document_id(document), state)
    return RecordMetadata(send, 0, number, CODEC.encode(state, SOURCE_DOCUMENTS.name))


class Around:
    """Everything around the connector: tracking, the topics, the collection."""

    def __init__(self) -> None:
        self.events = 0
        self._changed = asyncio.Event()
        self._state = InvocationState(
            InvocationCreated(
                invocation_id=RUN.invocation_id,
                tenant="t",
                database="d",
                collection=RUN.collection,
                source_id=RUN.source.id,
                source_type="folder",
                single_document=False,
                created_at=NOW,
            )
        )

    def check_alive(self) -> None:
        pass

    async def emit(self, outputs: Sequence[Output]) -> None:
        for send in coalesce(outputs):
            self.events += 1
            assert send.topic is PROGRESS
            event: Any = CODEC.decode(CODEC.encode(send.event or Event(), PROGRESS.name))
            fold(self._state, event, 0)
        self._changed.set()

    def get(self, invocation_id: str) -> RunState | None:
        run = self._state.summary()
        return RunState(run.status, run.attempt, run.attempts, run.counts.done)

    def others(self, invocation_id: str) -> Sequence[OtherRun]:
        return ()

    def waiting(self, invocation_id: str) -> frozenset[str]:
        return frozenset()

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        while not condition():
            await self._changed.wait()
            self._changed.clear()
        return True

    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection | None:
        return FoundCollection(COLLECTION, closed=False)

    def check(self, documents: int) -> None:
        """Raises AssertionError unless all were unchanged."""
        run = self._state.summary()
        assert run.status is Status.COMPLETE
        assert run.counts.unchanged == documents


async def measure(
    path: Path, documents: int, kind: str, origin: Origin[Any], run: RunRequested
) -> tuple[float, int]:
    """Seconds of a run whose documents are all unchanged, and events that it emitted."""
    store = source_documents(Cluster("127.0.0.1:1"), CODEC, path)

    async def catch_up(partitions: Sequence[int]) -> None:
        """It is up to date."""

    store.catch_up = catch_up  # type: ignore[method-assign]
    around = Around()
    blobs = BlobStore(str(path.parent / "blobs"))
    connector = SyncConnector(
        kind, origin, Invocations(around), store, around, blobs, window=100, partitions=12
    )
    began = time.perf_counter()
    await connector.process(Record(f"runs.{kind}", 0, 0, run.source.id, run, 0), around)
    seconds = time.perf_counter() - began
    around.check(documents)
    store.close()
    return seconds, around.events


def compared(documents: int, listing: Listing) -> tuple[str, ...]:
    """A row of the table; for a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "states.sqlite"
        with ProcessPoolExecutor(1, get_context("spawn")) as other:
            other.submit(filled, path, documents, listing.facts).result()
        seconds, events = asyncio.run(measure(path, documents, "folder", Shelf(documents, listing), RUN))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return listing.name, f"{seconds:.2f}", f"{documents / seconds:,.0f}", f"{peak}", str(events)


def main() -> None:
    parser = command_line("compare", __doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    documents = parser.parse_args().documents
    columns = ("listing", "seconds", "documents/s", "peak MB", "events")
    rows = []
    for listing in LISTINGS:
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            rows.append(process.submit(compared, documents, listing).result())
    show(table(f"{documents:,} unchanged documents compared", columns, rows))


if __name__ == "__main__":
    main()
