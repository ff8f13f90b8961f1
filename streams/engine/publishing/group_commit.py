"""Group commit: outputs and positions of many records share transactions.

    emitted, released ──► waiting ──► one transaction after the other ──► done

A producer has one transaction at a time, and each takes some 5 ms, whether it holds one event or a hundred.
What waits when one ends goes into the next as one.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from schemas.errors import ContractError, DocumentError, FencedError, TransientError
from streams.engine.log import Headers, Log, RecordMetadata
from streams.engine.outputs import Send
from streams.partitions import Partition

#: Events of one transaction; what is beyond them goes into the next.
_MOST_EVENTS = 1_000
#: A transaction that takes longer is stuck: its coordinator gave it up after 15 s (`streams.kafka.producer`).
STUCK_SECONDS = 20.0
#: What to write in place of events that no message takes: alternatives, each tried when the one before it
#: fits no message either.
Instead = Callable[[Exception], Sequence[Sequence[Send]]]


@dataclass(slots=True, eq=False)
class _Write:
    """What is written together.

    Attributes:
        position: where the next owner of the partition begins once this is written.
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
        """Put the next alternative in place of what was refused with `error`; False if none is left."""
        if self._alternatives is None:
            self._alternatives = iter(self.instead(error) if self.instead else ())
        sends = next(self._alternatives, None)
        if sends is None:
            return False
        self.sends = sends
        return True


class GroupCommit:
    """Writes to the log in shared transactions, in the order of the calls.

    Each transaction holds the positions of all partitions that it writes for. The broker takes them from a
    member of the group's present generation only, so that what a former owner has left to write is refused.

    Args:
        failed: called with what ends the worker; nothing is written after that.
        stuck_seconds: a transaction that takes longer ends the worker.
    """

    def __init__(
        self, log: Log, failed: Callable[[BaseException], None], stuck_seconds: float = STUCK_SECONDS
    ) -> None:
        self._log, self._failed, self._stuck_seconds = log, failed, stuck_seconds
        self._waiting: deque[_Write] = deque()
        self._under_way: list[_Write] = []
        self._ended = asyncio.Event()  # what is under way has come to its end
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

        DocumentError and ContractError, of events that no message takes, are those of this call alone. The
        first goes to `instead`, whose first alternative that fits is written in their place; without one,
        the last goes into the future.
        """
        write = _Write(place, position, sends, headers or {}, instead)
        self._waiting.append(write)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return write.done

    async def let_go(self, places: Iterable[Partition], timeout: float) -> bool:
        """Drop what waits for these partitions, and wait for what is under way; False if that takes longer
        than `timeout` seconds."""
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
        """What fits into one transaction, without what was cancelled."""
        group: list[_Write] = []
        events = 0
        while self._waiting and (not group or events + len(self._waiting[0].sends) <= _MOST_EVENTS):
            write = self._waiting.popleft()
            if not write.done.cancelled():
                group.append(write)
                events += len(write.sends)
        return group

    async def _together(self, group: Sequence[_Write]) -> None:
        """Write as one; where an event fits no message, one by one."""
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
        except TransientError as error:  # nothing was written: a schema registry that is away
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
        for write in group:  # those that were asked for before others were written may be behind them
            at = max(write.position, positions.get(write.place, 0), self._positions.get(write.place, 0))
            positions[write.place] = at
        sends = [send for write in group for send in write.sends]
        headers = [write.headers for write in group for _ in write.sends]
        async with asyncio.timeout(self._stuck_seconds):
            written = await self._log.transact(sends, positions, headers)
        self._positions.update(positions)
        return written


def _settle(write: _Write, outcome: list[RecordMetadata] | Exception) -> None:
    if write.done.done():  # whoever waited was cancelled
        return
    if isinstance(outcome, Exception):
        write.done.set_exception(outcome)
    else:
        write.done.set_result(outcome)
