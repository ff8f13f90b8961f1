"""Group commit: the outputs and offsets of many records share transactions.

    emitted, released ──► waiting ──► one transaction after the other ──► done

A producer has one transaction at a time, and each takes some 5 ms, with one event or with a hundred.
Everything that waits when a transaction ends shares the next one.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from schemas.errors import ContractError, DocumentError, FencedError, TransientError
from streams.engine.log import Headers, Log, RecordMetadata
from streams.engine.outputs import Send
from streams.partitions import Partition

#: Maximum events of one transaction; the rest goes into the next one.
_MOST_EVENTS = 1_000
#: A transaction that takes longer is stuck: its coordinator aborted it after 15 s (`streams.kafka.producer`).
STUCK_SECONDS = 20.0
#: What to write instead of events that fit no message: alternatives, each tried when the one before does not
#: fit either.
Instead = Callable[[Exception], Sequence[Sequence[Send]]]


@dataclass(slots=True, eq=False)
class _Write:
    """Events that are written in the same transaction.

    Attributes:
        position: the offset that is committed with them.
    """

    place: Partition
    position: int
    sends: Sequence[Send]
    headers: Headers
    instead: Instead | None
    done: "asyncio.Future[list[RecordMetadata]]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    _alternatives: Iterator[Sequence[Send]] | None = None

    def take_alternative(self, error: Exception) -> bool:
        """Replace the events, which were refused with `error`, by the next alternative; False if none is
        left."""
        if self._alternatives is None:
            self._alternatives = iter(self.instead(error) if self.instead else ())
        sends = next(self._alternatives, None)
        if sends is None:
            return False
        self.sends = sends
        return True


class GroupCommit:
    """Writes to the log in shared transactions, in the order of the calls.

    Each transaction commits the offsets of all partitions that it writes for. The broker accepts them only
    from a member of the group's current generation, so writes of a former owner are refused.

    Args:
        failed: called with the error that ends the worker; nothing is written after that.
        stuck_seconds: a transaction that takes longer ends the worker.
    """

    def __init__(
        self, log: Log, failed: Callable[[BaseException], None], stuck_seconds: float = STUCK_SECONDS
    ) -> None:
        self._log, self._failed, self._stuck_seconds = log, failed, stuck_seconds
        self._waiting: deque[_Write] = deque()
        self._under_way: list[_Write] = []
        self._ended = asyncio.Event()  # the current transaction has ended
        self._positions: dict[Partition, int] = {}
        self._writer: asyncio.Task[None] | None = None

    def write(
        self,
        place: Partition,
        position: int,
        sends: Sequence[Send],
        headers: Headers | None = None,
        instead: Instead | None = None,
    ) -> "asyncio.Future[list[RecordMetadata]]":
        """Append events for a record of `place`; the future is done when they are committed.

        A DocumentError or ContractError, for events that fit no message, concerns this call only. `instead`
        is called with the first such error, and its first alternative that fits is written. If none does, the
        future gets the last error.
        """
        write = _Write(place, position, sends, headers or {}, instead)
        self._waiting.append(write)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return write.done

    async def let_go(self, places: Iterable[Partition], timeout: float) -> bool:
        """Drop the waiting events of these partitions, and wait for the current transaction; False if that
        takes longer than `timeout` seconds."""
        gone = frozenset(places)
        for write in self._waiting:
            if write.place in gone:
                write.done.cancel()
        try:
            if any(write.place in gone for write in self._under_way):
                await asyncio.wait_for(self._ended.wait(), timeout)
        except TimeoutError:
            return False
        finally:
            for place in gone:
                self._positions.pop(place, None)
        return True

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                self._under_way = self._next()
                self._ended.clear()
                await self._together(self._under_way)
                self._ended.set()
        except Exception as error:
            fenced = error if isinstance(error, FencedError) else FencedError(f"not written: {error!r}")
            for write in [*self._under_way, *self._waiting]:
                _settle(write, fenced)
            self._waiting.clear()
            self._failed(fenced)
        finally:
            self._under_way = []
            self._ended.set()

    def _next(self) -> list[_Write]:
        """The waiting writes that fit into one transaction, without cancelled ones."""
        group: list[_Write] = []
        events = 0
        while self._waiting and (not group or events + len(self._waiting[0].sends) <= _MOST_EVENTS):
            write = self._waiting.popleft()
            if not write.done.cancelled():
                group.append(write)
                events += len(write.sends)
        return group

    async def _together(self, group: Sequence[_Write]) -> None:
        """Write in one transaction; if an event fits no message, one transaction per write."""
        try:
            written = iter(await self._transact(group))
        except (DocumentError, ContractError) as error:
            if len(group) > 1:
                for write in group:
                    await self._together([write])
            elif group[0].take_alternative(error):
                await self._together(group)
            else:
                _settle(group[0], error)
        except TransientError as error:  # nothing was written: the schema registry is unavailable
            for write in group:
                _settle(write, error)
        else:
            for write in group:
                _settle(write, [next(written) for _ in write.sends])

    async def _transact(self, group: Sequence[_Write]) -> list[RecordMetadata]:
        if not group:
            return []
        self._log.check_alive()
        positions: dict[Partition, int] = {}
        for write in group:  # a position may be older than one that was committed meanwhile
            at = max(write.position, positions.get(write.place, 0), self._positions.get(write.place, 0))
            positions[write.place] = at
        sends = [send for write in group for send in write.sends]
        headers = [write.headers for write in group for _ in write.sends]
        async with asyncio.timeout(self._stuck_seconds):
            written = await self._log.transact(sends, positions, headers)
        self._positions.update(positions)
        return written


def _settle(write: _Write, outcome: list[RecordMetadata] | Exception) -> None:
    if write.done.done():  # the caller was cancelled
        return
    if isinstance(outcome, Exception):
        write.done.set_exception(outcome)
    else:
        write.done.set_result(outcome)
