"""How many scheduled runs may wait for a connector: so many schedules that are due at once hold up nobody."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from schemas.runs import Run
from services.scheduling.view import Lane

#: Scheduled runs of a type and a partition that may wait to begin. Runs of a partition begin in order: what
#: somebody asks for by hand waits behind these at most. 16 runs of a type begin at once in a process, and a
#: look every quarter of a second tops them up: 12 partitions ask for 300 runs a second.
MOST_WAITING = 8
#: A run that has not begun by then waits for another one of its source, or for a connector that is away: it
#: keeps nobody from their turn any longer.
WAITING_SECONDS = 60.0


class Turns:
    """Which runs were asked for and have not begun.

    Args:
        begun: whether a run has begun, or has ended without.
        clock: seconds.
    """

    def __init__(self, begun: Callable[[str], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._begun, self._clock = begun, clock
        self._waiting: dict[str, tuple[Lane, float]] = {}

    def waiting(self) -> Counter[Lane]:
        """How many runs wait, by lane."""
        now = self._clock()
        self._waiting = {
            id_: (lane, since)
            for id_, (lane, since) in self._waiting.items()
            if now - since < WAITING_SECONDS and not self._begun(id_)
        }
        return Counter(lane for lane, _ in self._waiting.values())

    def add(self, lane: Lane, runs: Sequence[Run]) -> None:
        """These were asked for."""
        for run in runs:
            self._waiting[run.id] = (lane, self._clock())
