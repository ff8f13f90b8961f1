"""A fake of the neighbour `services/tracking`, for the gateway's tests only.

It folds what the gateway writes to `progress` into `invocations`, as tracking does, but counts nothing.
Tests that need a state (processing, complete, …) write the invocation themselves through `put`.
"""

import asyncio
import threading

from schemas.events import CancelRequested, Invocation, InvocationCreated, Status
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.kafka.producer import EventProducer
from streams.state.reader import ChangelogRecord, Reader
from streams.topics import INVOCATIONS, PROGRESS

from schemas.codec import SingleObjectCodec  # isort: skip


class FakeTracking:
    """Answers `InvocationCreated` with a pending invocation and `CancelRequested` with its decision."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.codec = cluster, SingleObjectCodec()
        self.known: dict[str, Invocation] = {}
        #: What a created invocation becomes at once; None = tracking is not running.
        self.answer: Status | None = Status.PENDING
        self._stopping = threading.Event()

    async def start(self) -> None:
        self.producer = EventProducer(self.cluster, self.codec)
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    async def close(self) -> None:
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)
        await self.producer.close()

    async def put(self, invocation_id: str, **fields: object) -> RecordMetadata:
        """Write an invocation with some fields changed."""
        run = self.known[invocation_id].model_copy(update=fields)
        self.known[invocation_id] = run
        return await self.producer.send(Send(INVOCATIONS, run.id, run))

    def _follow(self) -> None:
        reader = Reader(self.cluster, self.codec)
        counts = partition_counts(admin(self.cluster), self.cluster)
        reader.assign({(PROGRESS.name, p): 0 for p in range(counts[PROGRESS.name])})
        while not self._stopping.is_set():
            for change in reader.poll(0.1).changes:
                self._loop.call_soon_threadsafe(self._fold, change)
        reader.close()

    def _fold(self, change: ChangelogRecord) -> None:
        event = change.event
        if isinstance(event, InvocationCreated) and self.answer is not None:
            fields = {**event.model_dump(exclude={"invocation_id"}), "id": event.invocation_id}
            self._write(Invocation(**fields, status=self.answer))
        elif isinstance(event, CancelRequested):
            run = self.known[event.invocation_id]
            possible = {Status.PENDING} if run.single_document else {Status.PENDING, Status.PROCESSING}
            cancelled = run.model_copy(update={"status": Status.CANCELLED})
            self._write(cancelled if run.status in possible else run)

    def _write(self, run: Invocation) -> None:
        self.known[run.id] = run
        self.producer.produce(Send(INVOCATIONS, run.id, run))
