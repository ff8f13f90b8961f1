"""Whether a group member may still act: its last poll is younger than its session."""

import time
from collections.abc import Callable

from schemas.errors import FencedError

#: An event loop that does not answer for this long is stuck in a call that never returns.
_LOOP_STUCK_SECONDS = 120.0


def awake_and_asleep() -> float:
    """Monotonic seconds that include suspend, where the platform supports it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Liveness:
    """Detects a fenced worker. The poll thread notes its polls; the event loop checks before each effect
    outside Kafka.

    Args:
        on_fenced: called from either thread when the partitions may have other owners.
        clock: seconds.
    """

    def __init__(
        self,
        session_seconds: float,
        on_fenced: Callable[[], None],
        clock: Callable[[], float] = awake_and_asleep,
    ) -> None:
        self._session_seconds, self._on_fenced, self._clock = session_seconds, on_fenced, clock
        #: Whether the partitions have other owners. Never reset.
        self.fenced = False
        self.begin()

    def begin(self) -> None:
        """Note the start of polling."""
        self.polled_at = self._beat_at = self._clock()

    def polled(self) -> None:
        """Note a poll. Raises FencedError if the thread was frozen or the event loop hangs."""
        now = self._clock()
        if now - self.polled_at > self._session_seconds:
            self.fence()
            raise FencedError(f"frozen for {now - self.polled_at:.1f} s; the partitions have other owners")
        if now - self._beat_at > _LOOP_STUCK_SECONDS:
            raise FencedError("the event loop hangs")
        self.polled_at = now

    def beat(self, polled_at: float) -> None:
        """Note that the event loop has seen the poll made at this time."""
        self._beat_at = polled_at

    def check(self) -> None:
        """Raise FencedError if the partitions may have other owners."""
        away = self._clock() - self.polled_at
        if self.fenced or away > self._session_seconds:
            self.fence()
            raise FencedError(
                f"away for {away:.1f} s, longer than the session of {self._session_seconds:.0f} s"
            )

    def fence(self) -> None:
        """Note that the partitions have other owners."""
        self.fenced = True
        self._on_fenced()
