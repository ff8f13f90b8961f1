"""How many documents of a run, or of the inbox, may be in flight. Pure except for the clock."""

import time
from collections import deque
from collections.abc import Callable

#: The in-flight limit in seconds of work: as long as a small upload waits behind a big run. An idle pipeline
#: indexes a document in 0.1 s, but larger limits fill the batches of embedding better. CPU time of the
#: pipeline beyond that of a plain loop, on two cores: 15 % with three seconds, 21 % with two, 5 % with a
#: fixed limit of 48 documents, behind which an upload waited ten seconds
#: (`python -m benchmarks pipeline --busy 100`).
_SECONDS = 3.0
#: Minimum at any rate: at the start, and for documents that take minutes each.
_LEAST = 8
#: The rate is measured over this time.
_LOOK_BACK_SECONDS = 5.0


class InFlightLimit:
    """Follows the rate at which documents of a run are done.

    Args:
        most: maximum of the limit, at any rate.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])

    def window(self, done: int) -> int:
        """Documents that may be in flight now; `done` is the number of documents done so far."""
        now = self._clock()
        if done > self._seen[-1][1]:
            self._seen.append((now, done))
        while len(self._seen) > 1 and now - self._seen[1][0] > _LOOK_BACK_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        rate = (done - before) / (now - since) if now > since else 0.0
        return int(min(self._most, max(_LEAST, rate * _SECONDS)))
