"""How many documents of a run may be under way. Pure but for the clock."""

import time
from collections import deque
from collections.abc import Callable

#: What is under way is done in so many seconds, which a small upload waits behind a big run. A document that
#: meets nobody takes 0.1 s, but batches of embeddings fill better with more of them. CPU of the pipeline over
#: that of a plain loop, on two cores: 15 % with three seconds, 21 % with two, 5 % with 48 documents at any
#: rate, which an upload waited ten seconds behind (`python -m benchmarks pipeline --busy 100`).
_SECONDS = 3.0
#: Whatever the rate: at the start, and of documents that take minutes each.
_LEAST = 8
#: The rate is that of so many seconds.
_LOOK_BACK_SECONDS = 5.0


class InFlightLimit:
    """Follows how fast documents of a run get done.

    Args:
        most: documents under way, whatever the rate.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])

    def window(self, done: int) -> int:
        """Documents that may be under way now; `done` is the number of those that got through so far."""
        now = self._clock()
        if done > self._seen[-1][1]:
            self._seen.append((now, done))
        while len(self._seen) > 1 and now - self._seen[1][0] > _LOOK_BACK_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        rate = (done - before) / (now - since) if now > since else 0.0
        return int(min(self._most, max(_LEAST, rate * _SECONDS)))
