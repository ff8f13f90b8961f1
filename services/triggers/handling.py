"""One message of a bucket: when `handle` returns, Kafka has all that follows from it.

understood      its runs; the same ones, by their ids, when it comes again
in part         its runs, and a dead letter that says what was not understood
not at all      a dead letter
Kafka or the bucket is away     TransientError: the message comes again
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog

from schemas.errors import DocumentError, RequestError
from schemas.events import DeadLetter, RunFailed, RunOptions, Source
from schemas.ids import invocation_id
from schemas.meta_files import options_in
from schemas.runs import Run, make_run
from schemas.sources.s3 import S3_BUCKET, S3Options
from services.triggers import metrics
from services.triggers.choosing import Before, MetaFile, Wanted, concerns, wanted
from services.triggers.messages import MessageError, ObjectEvent, events_in
from streams import tracing
from streams.engine.outputs import Send
from streams.engine.publishing.dead_letters import error_text, without_record
from streams.engine.publishing.runs import write_run
from streams.topics import DEAD_LETTERS, PROGRESS
from streams.tracing import Kind

log = structlog.get_logger(__name__)

STAGE = "triggers"

#: Reads an object of a source. Raises DocumentError or RequestError when it cannot be read, TransientError
#: when the store may answer later.
ReadObject = Callable[[Source, str], Awaitable[bytes]]
#: Produces a record and waits until the broker has it.
Write = Callable[[Send], Awaitable[object]]


class Sources(Protocol):
    """What is known of sources; `services.triggers.sources.BucketSources` is one."""

    def of_bucket(self, bucket: str) -> Sequence[Source]:
        """The sources of a bucket that sync by themselves."""
        ...

    def syncing(self) -> Sequence[Source]:
        """The sources that sync by themselves."""
        ...

    def collections(self, source: Source) -> Sequence[str]:
        """The collections that its objects are run into."""
        ...

    def before(self, source_id: str, object_key: str) -> Before:
        """The collections that an object was run into, and what its newest run there said of it."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came.

    Attributes:
        place: where it came from, for a dead letter: `sqs:<queue>` or `kafka:<topic>`.
        id: names it there.
        only: the sources that it may concern; None for all.
    """

    body: bytes
    place: str
    id: str
    partition: int = 0
    offset: int = 0
    only: frozenset[str] | None = None


class Handler:
    """Handles messages, any number at once.

    Args:
        clock: now, in UTC.
    """

    def __init__(
        self,
        sources: Sources,
        read: ReadObject,
        write: Write,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sources, self._read, self._write, self._clock = sources, read, write, clock

    async def handle(self, message: Message) -> None:
        """Returns when all that follows is acknowledged by Kafka. Raises TransientError."""
        system, _, name = message.place.partition(":")
        name = name.rpartition("/")[2]
        attributes = {
            "messaging.system": {"sqs": "aws_sqs"}.get(system, system),
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": name,
            "messaging.message.id": message.id,
        }
        with tracing.span(f"process {name}", attributes, Kind.CONSUMER, parent={}):
            await self._handle(message)

    async def _handle(self, message: Message) -> None:
        try:
            events = events_in(message.body)
        except MessageError as error:
            await self.give_up(message, error)
            return
        asked = await asyncio.gather(*(self._carry_out(event, message) for event in events.found))
        if events.faults:
            await self.give_up(message, MessageError("; ".join(events.faults[:5])))
        else:
            metrics.MESSAGES.labels("run" if any(asked) else "ignored").inc()

    async def catch_up(self, cause: str) -> None:
        """Ask for runs of the whole prefix of every source that syncs by itself, into each of its
        collections. Returns when Kafka has them. Raises TransientError.

        Args:
            cause: names the events that are lost: told again, it asks for the same runs.
        """
        for source in self._sources.syncing():
            metrics.RUNS.labels(S3_BUCKET.of(source).auto_sync).inc()
            for collection in self._sources.collections(source):
                await write_run(self._run(source, collection, S3Options(), cause), self._write)

    async def _carry_out(self, event: ObjectEvent, message: Message) -> int:
        """Ask for the runs of an event; how many there are."""
        cause = f"s3/{event.bucket}/{event.key}/{event.mark or message.id}"
        tasks = [
            self._ask(one, cause)
            for source in self._concerned(event, message)
            for one in wanted(event, source, self._sources.before(source.id, event.key))
        ]
        await asyncio.gather(*tasks)
        return len(tasks)

    def _concerned(self, event: ObjectEvent, message: Message) -> Iterable[Source]:
        found = self._sources.of_bucket(event.bucket)
        if not found:
            log.warning("no source syncs this bucket by itself", bucket=event.bucket, place=message.place)
        for source in found:
            if concerns(event, source) and (message.only is None or source.id in message.only):
                yield source

    async def _ask(self, one: Wanted | MetaFile, cause: str) -> None:
        metrics.RUNS.labels(S3_BUCKET.of(one.source).auto_sync).inc()
        if isinstance(one, Wanted):
            await write_run(self._run(one.source, one.collection, one.options, cause), self._write)
            return
        try:
            options, collection = await self._meta(one)
        except (RequestError, DocumentError) as error:
            await self._fail(one, cause, error)
        else:
            await write_run(self._run(one.source, collection, options, cause), self._write)

    async def _meta(self, one: MetaFile) -> tuple[S3Options, str]:
        config = S3_BUCKET.of(one.source)
        options, collection = options_in(await self._read(one.source, one.key), config.collection_name)
        return S3_BUCKET.complete(options, config), collection

    def _run(self, source: Source, collection: str, options: S3Options, cause: str) -> Run:
        complete = S3_BUCKET.complete(options, S3_BUCKET.of(source))
        return make_run(
            source,
            collection,
            invocation_id(cause, source.id, collection),
            self._now(),
            trigger="event",
            options=RunOptions.model_validate({S3_BUCKET.name: complete}),
            object_key=options.object_key,
            custom_id=options.custom_id,
        )

    async def _fail(self, one: MetaFile, cause: str, error: Exception) -> None:
        """An invocation that has failed: what its file asks for cannot be."""
        run = self._run(
            one.source, S3_BUCKET.of(one.source).collection_name, S3Options(object_key=one.key), cause
        )
        failed = RunFailed(invocation_id=run.id, attempt=0, error=error_text(f"{one.key}: {error}"))
        await self._write(Send(PROGRESS, run.id, run.created))
        await self._write(Send(PROGRESS, run.id, failed))

    async def give_up(self, message: Message, error: Exception) -> None:
        """A dead letter of a message that cannot be handled, for whatever reason."""
        metrics.MESSAGES.labels("dead_letter").inc()
        log.warning("message not understood", place=message.place, id=message.id, error=str(error))
        letter = DeadLetter(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{STAGE}/{message.place}/{message.id}")),
            topic=message.place,
            partition=message.partition,
            offset=message.offset,
            key=message.id.encode(),
            value=message.body,
            stage=STAGE,
            error_class=type(error).__name__,
            error=error_text(str(error)),
            attempt=1,
            failed_at=self._now(),
        )
        send = Send(DEAD_LETTERS, letter.id, letter)
        try:
            await self._write(send)
        except DocumentError:  # it does not fit
            await self._write(without_record(send) or send)

    def _now(self) -> datetime:
        """In whole milliseconds, as topics keep it."""
        moment = self._clock()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
