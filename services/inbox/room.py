"""How many documents of the inbox may be in flight: three seconds of work, as for a run.

Records wait here for their turn, so a producer of a million events fills its topic and not the pipeline, and
others' documents wait for three seconds of work at most.

A document is in flight until its outcome is on `progress`. Its `run` says so: a run without an invocation,
whose id names this process.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from schemas.errors import TransientError
from schemas.events import RunPosition
from schemas.markers import INBOX_RUN
from streams.engine.publishing.in_flight import InFlightLimit
from streams.partitions import Partition

#: A record that waits longer is tried again, so that no try exceeds HEADRACE_RECORD_SECONDS.
_PATIENCE_SECONDS = 300.0
#: When nothing has got done for this long, the oldest document is not counted any more: its outcome may be
#: lost (its record expired, or its transaction was aborted), and the inbox must not stop for ever.
_STUCK_SECONDS = 60.0
#: No window has records whose offsets are that far apart: the topic was made anew and counts from 0 again.
_REACH = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    place: Partition
    offset: int
    turn: "asyncio.Future[None]"


class Room:
    """Gives records their turn, in the order in which they ask.

    When a record has its turn, all earlier ones of its partition have theirs, too: it cannot be released
    before them, so it would wait for them, and they for its room.

    Args:
        most: maximum of the in-flight limit.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.run_id, self._attempt = f"{INBOX_RUN}{secrets.token_hex(8)}", secrets.randbits(63)
        self._limit, self._clock = InFlightLimit(most, clock), clock
        self._next = self._done = 0
        self._outstanding: dict[int, None] = {}  # ordinals, oldest first
        self._granted = 0  # turns that were given and not taken yet
        self._waiting: list[_Waiting] = []
        self._passed: dict[Partition, int] = {}  # the greatest offset that has had its turn
        self._moved = clock()

    @property
    def in_flight(self) -> int:
        """Documents that have had their turn and are not done."""
        return len(self._outstanding)

    async def enter(self, place: Partition, offset: int, count: int = 1) -> list[RunPosition]:
        """Wait for the turn of a record with `count` documents; their positions.

        Raises TransientError if that takes too long.
        """
        if not self._is_behind(place, offset) and (self._waiting or not self._has_room()):
            await self._turn(place, offset)
        self._pass(place, offset)
        return [
            RunPosition(invocation_id=self.run_id, attempt=self._attempt, ordinal=self._take())
            for _ in range(count)
        ]

    def done(self, ordinals: Iterable[int]) -> None:
        """These documents have an outcome."""
        for ordinal in ordinals:
            if ordinal in self._outstanding:
                del self._outstanding[ordinal]
                self._done += 1
                self._moved = self._clock()
        self._wake()

    def look(self) -> None:
        """Call this now and then: time passes."""
        if self._waiting and self._clock() - self._moved > _STUCK_SECONDS and self._outstanding:
            del self._outstanding[next(iter(self._outstanding))]
            self._moved = self._clock()
        self._wake()

    def _is_behind(self, place: Partition, offset: int) -> bool:
        """Whether a later record of its window has had its turn."""
        return 0 <= self._passed.get(place, -1) - offset < _REACH

    def _pass(self, place: Partition, offset: int) -> None:
        if not self._is_behind(place, offset):
            self._passed[place] = offset

    async def _turn(self, place: Partition, offset: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(place, offset, turn)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await turn
        except TimeoutError:
            raise TransientError(
                f"{self.in_flight} documents of the inbox are in flight, and there was no room for another "
                f"within {_PATIENCE_SECONDS:.0f} s"
            ) from None
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            else:
                self._granted -= 1

    def _wake(self) -> None:
        while self._waiting and self._has_room():
            first = self._waiting[0]
            self._pass(first.place, first.offset)  # now: an earlier record may ask before this one goes on
            before = [one for one in self._waiting if one.place == first.place and one.offset <= first.offset]
            for one in before:
                self._waiting.remove(one)
                self._granted += 1
                if not one.turn.done():
                    one.turn.set_result(None)

    def _has_room(self) -> bool:
        return len(self._outstanding) + self._granted < self._limit.window(self._done)

    def _take(self) -> int:
        ordinal = self._next
        self._next += 1
        if not self._outstanding:
            self._moved = self._clock()
        self._outstanding[ordinal] = None
        return ordinal
