"""Publishes outputs, progress reports and dead letters of a stage, in order or in one transaction."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from schemas.errors import ContractError, DocumentError
from streams import metrics
from streams.engine.log import Headers, Log, RecordMetadata
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.publishing.dead_letters import about, dead_letter, without_record
from streams.engine.publishing.group_commit import GroupCommit
from streams.engine.publishing.progress import coalesce
from streams.engine.publishing.traces import headers_of, headers_of_sends
from streams.engine.stage import AnyStage
from streams.engine.window import Entry
from streams.partitions import Partition

log = structlog.get_logger(__name__)


class Publisher:
    """Publishes the outcomes of records.

    Args:
        shared: the group commit of a transactional stage; None for other stages.
    """

    def __init__(self, stage: AnyStage, log_: Log, shared: GroupCommit | None = None) -> None:
        self._stage, self._log, self._shared = stage, log_, shared

    def given_up(self, entry: Entry, error: Exception) -> list[Output]:
        """The outputs for a record that failed for good: its dead letter, then those of `Stage.failed`."""
        metrics.DEAD_LETTERS.labels(self._stage.name, type(error).__name__).inc()
        log.warning(
            "dead letter",
            stage=self._stage.name,
            topic=entry.topic,
            partition=entry.partition,
            offset=entry.offset,
            **about(entry.record),
            error_class=type(error).__name__,
            error=str(error),
        )
        return [dead_letter(self._stage.name, entry, error), *self._failed(entry, error)]

    def _failed(self, entry: Entry, error: Exception) -> Sequence[Output]:
        """The outputs of `Stage.failed`. The dead letter is written even if it raises."""
        if entry.record is None:
            return []
        try:
            return self._stage.failed(entry.record, error)
        except Exception:
            log.exception("a failed document is not counted", stage=self._stage.name, offset=entry.offset)
            return []

    async def emit(
        self, outputs: Sequence[Output], place: Partition, position: int, headers: Headers
    ) -> None:
        """Produce at once, and wait for the acknowledgement.

        Only outputs for transactional topics use a transaction. Progress from a worker that has lost its
        partitions does no harm (`services.tracking.fold`), and an upload would wait for two transactions.

        Args:
            position: offset of the oldest record of the partition that is not done.
            headers: of the trace that the outputs continue.
        """
        sends = coalesce(outputs)
        if self._shared and any(send.topic.transactional for send in sends):
            await self._shared.write(place, position, sends, headers)
        else:
            await asyncio.gather(*[await self._produce(send, headers) for send in sends])

    async def hand_over(self, entries: Sequence[Entry]) -> "Sequence[asyncio.Future[Any]]":
        """Produce the outputs of entries in order; the futures are done when all are acknowledged."""
        if self._shared:
            return [self._share(entry, self._shared) for entry in entries]
        futures: list[asyncio.Future[RecordMetadata]] = []
        notes: list[Output] = []
        traces: dict[str, Headers] = {}
        for entry in entries:
            for note in await self._hand_over(entry, futures):
                notes.append(note)
                traces.setdefault(note.run.invocation_id, headers_of(entry))
        for send in coalesce(notes):
            futures += await self._produce_all([send], traces[send.key])
        return futures

    async def transact(
        self, entries: Sequence[Entry], offsets: Mapping[Partition, int]
    ) -> list[RecordMetadata]:
        """Write one transaction. If an event fits no message, write one per record, and a dead letter for
        that record."""
        sends = coalesce(output for entry in entries for output in entry.outputs)
        try:
            return await self._log.transact(sends, offsets, headers_of_sends(entries, sends))
        except (DocumentError, ContractError) as error:
            if len(entries) == 1:
                return await self._transact_letter(entries[0], error, offsets)
            written = []
            for entry in entries:
                written += await self.transact([entry], {entry.place: entry.offset + 1})
            return written

    def _share(self, entry: Entry, shared: GroupCommit) -> "asyncio.Future[list[RecordMetadata]]":
        """Write the outputs of an entry with its offset; if they fit no message, its dead letter."""
        return shared.write(
            entry.place,
            entry.offset + 1,
            coalesce(entry.outputs),
            headers_of(entry),
            lambda error: _fallbacks(self.given_up(entry, error)),
        )

    async def _transact_letter(
        self, entry: Entry, error: Exception, offsets: Mapping[Partition, int]
    ) -> list[RecordMetadata]:
        entry.outputs = self.given_up(entry, error)
        *fallbacks, last = _fallbacks(entry.outputs)
        headers = headers_of(entry)
        for sends in fallbacks:
            try:
                return await self._log.transact(sends, offsets, [headers] * len(sends))
            except (DocumentError, ContractError) as refusal:
                log.error("too large for a message", stage=self._stage.name, error=str(refusal))
        return await self._log.transact(last, offsets, [headers] * len(last))

    async def _hand_over(
        self, entry: Entry, futures: "list[asyncio.Future[RecordMetadata]]"
    ) -> list[ProgressReport]:
        """Produce the events of an entry; returns its progress reports. If an event fits no message, the
        document fails; events before it stay written, as after a crash."""
        headers = headers_of(entry)
        outputs: Sequence[Output] = entry.outputs
        try:
            for send in outputs:
                if isinstance(send, Send):
                    futures.append(await self._produce(send, headers))
        except (DocumentError, ContractError) as error:
            outputs = self.given_up(entry, error)
            futures.extend(
                await self._produce_all([send for send in outputs if isinstance(send, Send)], headers)
            )
        return [output for output in outputs if not isinstance(output, Send)]

    async def _produce_all(
        self, sends: Sequence[Send], headers: Headers
    ) -> "list[asyncio.Future[RecordMetadata]]":
        """Produce progress events and dead letters; those that fit no message are logged and skipped."""
        futures: list[asyncio.Future[RecordMetadata]] = []
        for send in sends:
            try:
                futures.append(await self._produce(send, headers))
            except (DocumentError, ContractError) as error:
                log.error("too large for a message", stage=self._stage.name, error=str(error))
        return futures

    async def _produce(self, send: Send, headers: Headers) -> "asyncio.Future[RecordMetadata]":
        """Produce an event. A dead letter that does not fit is produced without its record."""
        if send.topic.transactional:
            raise TypeError(
                f"{self._stage.name} writes to {send.topic.name} and is not transactional: a worker "
                "that has lost its partitions could overwrite new versions with old ones"
            )
        bare = without_record(send)
        if bare is None:
            return await self._produce_once(send, headers)
        try:
            written = await self._produce_once(send, headers)
        except (DocumentError, ContractError):
            return await self._produce_once(bare, headers)
        return asyncio.ensure_future(self._written_or_bare(written, bare, headers))

    async def _written_or_bare(
        self, written: "asyncio.Future[RecordMetadata]", bare: Send, headers: Headers
    ) -> RecordMetadata:
        try:
            return await written
        except DocumentError:  # the broker's limit is lower than ours
            return await (await self._produce_once(bare, headers))

    async def _produce_once(self, send: Send, headers: Headers) -> "asyncio.Future[RecordMetadata]":
        while True:
            try:
                return self._log.produce(send, headers)
            except BufferError:  # the producer's queue is full; acknowledgements make room
                await asyncio.sleep(0.01)


def _fallbacks(given_up: Sequence[Output]) -> Sequence[Sequence[Send]]:
    """Alternatives for a record that is given up, best first: the letter with the stage's other outputs, then
    less and less, down to the letter without its record. `given_up` begins with the letter."""
    everything, letter = coalesce(given_up), coalesce(given_up[:1])
    return [everything, _without_records(everything), letter, _without_records(letter)]


def _without_records(sends: Sequence[Send]) -> Sequence[Send]:
    return [without_record(send) or send for send in sends]
