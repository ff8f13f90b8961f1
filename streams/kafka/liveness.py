"""Whether a member of a consumer group may still act: its last poll is younger than its session."""

import time
from collections.abc import Callable

from schemas.errors import FencedError

#: An event loop that does not answer for this long is stuck in a call that never returns.
_LOOP_STUCK_SECONDS = 120.0


def awake_and_asleep() -> float:
    """Seconds that also count while the machine sleeps, where the platform can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Liveness:
    """The poll thread notes its polls; the event loop asks before each effect outside Kafka.

    Args:
        on_fenced: called, from either thread, when the partitions have other owners.
        clock: seconds.
    """

    def __init__(
        self,
        session_seconds: float,
        on_fenced: Callable[[], None],
        clock: Callable[[], float] = awake_and_asleep,
    ) -> None:
        self._session_seconds, self._on_fenced, self._clock = session_seconds, on_fenced, clock
        #: Whether the partitions have other owners. For good.
        self.fenced = False
        self.begin()

    def begin(self) -> None:
        """Polling begins now."""
        self.polled_at = self._beat_at = self._clock()

    def polled(self) -> None:
        """The poll thread has polled. Raises FencedError if it was frozen, or the event loop hangs."""
        now = self._clock()
        if now - self.polled_at > self._session_seconds:
            self.fence()
            raise FencedError(f"frozen for {now - self.polled_at:.1f} s; the partitions have other owners")
        if now - self._beat_at > _LOOP_STUCK_SECONDS:
            raise FencedError("the event loop hangs")
        self.polled_at = now

    def beat(self, polled_at: float) -> None:
        """The event loop has heard of the poll at this time."""
        self._beat_at = polled_at

    def check(self) -> None:
        """Raises FencedError if the partitions may have other owners."""
        away = self._clock() - self.polled_at
        if self.fenced or away > self._session_seconds:
            self.fence()
            raise FencedError(
                f"away for {away:.1f} s, longer than the session of {self._session_seconds:.0f} s"
            )

    def fence(self) -> None:
        """The partitions have other owners."""
        self.fenced = True
        self._on_fenced()
