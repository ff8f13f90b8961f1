"""Follows `progress`: which documents of the inbox are done."""

import asyncio
import contextlib
from collections.abc import Mapping

import structlog

from schemas.codec import Codec
from schemas.errors import TransientError
from schemas.events import Progress, Step
from services.inbox.room import Room
from streams.kafka.cluster import Cluster
from streams.partitions import Partition, partition_of
from streams.state.checkpoints import topic_ids
from streams.state.reader import FOLLOWER_FETCH_WAIT_MS, ReadBatch, Reader, TopicMadeAnew, end_offsets
from streams.topics import PROGRESS

log = structlog.get_logger(__name__)

#: How long a read waits for the first event: how often an idle inbox wakes up, and how long it takes to stop.
_POLL_SECONDS = 1.0
_ENDS = frozenset({Step.INDEXED, Step.DELETED, Step.FAILED, Step.SKIPPED})


class Following:
    """Tells a room what is done, from `start` to `close`."""

    def __init__(self, cluster: Cluster, codec: Codec, partitions: int, room: Room) -> None:
        self._cluster, self._codec, self._room = cluster, codec, room
        self._place = (PROGRESS.name, partition_of(room.run_id, partitions))
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Follow from the present end. Raises TransientError if the broker does not answer."""
        ends = await asyncio.to_thread(end_offsets, self._cluster, [self._place])
        self._reader = Reader(self._cluster, self._codec, fetch_wait_ms=FOLLOWER_FETCH_WAIT_MS)
        await self._assign(ends)
        self._following = asyncio.create_task(self._follow(), name="inbox progress")

    async def _assign(self, positions: Mapping[Partition, int]) -> None:
        ids = await asyncio.to_thread(topic_ids, self._cluster, [PROGRESS.name])
        self._reader.assign(positions, ids)

    async def close(self) -> None:
        """Follow no more."""
        if self._following is None:
            return
        self._following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._following
        await asyncio.to_thread(self._reader.close)

    async def _follow(self) -> None:
        while True:
            poll = asyncio.ensure_future(asyncio.to_thread(self._reader.poll, _POLL_SECONDS))
            try:
                self._tell(await asyncio.shield(poll))
            except TopicMadeAnew as error:
                log.warning("progress of the inbox is read from the beginning", reason=str(error))
                with contextlib.suppress(TransientError):  # comes again
                    await self._assign({self._place: 0})
            except TransientError as error:
                log.warning("progress of the inbox cannot be read", error=str(error))
                await asyncio.sleep(_POLL_SECONDS)
            except asyncio.CancelledError:
                await asyncio.wait([poll])  # the reader must not be closed under its thread
                raise
            self._room.look()

    def _tell(self, batch: ReadBatch) -> None:
        for change in batch.changes:
            event = change.event
            if change.key == self._room.run_id and isinstance(event, Progress) and event.stage in _ENDS:
                self._room.done(passed.ordinal for passed in event.passed)
