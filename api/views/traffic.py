"""Sample the topics and the lag of each service over the last hour.

Sampling starts with the first request for it, which the gateway makes at its start. From then on the broker
is queried every 30 s until the gateway stops.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial

import structlog

from api.views.sizes import Sizes
from schemas.errors import IngestError
from streams.kafka.cluster import Cluster
from streams.state.lags import TopicsSample, sample_topics
from streams.state.shared import Shared

log = structlog.get_logger(__name__)

_EVERY_S = 30.0
_HOUR_S = 60 * 60
#: Maximum age of the sample that `now` returns.
FRESH_S = 4.0
#: How long `now` waits for one.
PATIENCE_S = 10.0


class Traffic:
    """Samples of the topics, newest last.

    Attributes:
        sizes: their bytes on disk.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.sizes = Sizes(cluster)
        self._sample = Shared(partial(sample_topics, cluster))
        self._samples: deque[TopicsSample] = deque(maxlen=int(_HOUR_S / _EVERY_S))
        self._newest: TopicsSample | None = None
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None

    async def now(self) -> TopicsSample | None:
        """A current sample, at most a few seconds old; None while the broker does not answer."""
        if self._following is None:
            self._following = asyncio.create_task(self._follow(), name="sample the topics")
        async with self._asking:
            clock = asyncio.get_running_loop().time
            if clock() - self._asked_at >= FRESH_S:
                self._newest = await _found(self._sample.answer(), PATIENCE_S)
                self._asked_at = clock()
        return self._newest

    @property
    def history(self) -> Sequence[TopicsSample]:
        """The samples of the last hour, one per 30 s."""
        return tuple(self._samples)

    def rates(self) -> Mapping[str, float]:
        """Topic → records per second, over the last minutes."""
        samples = [*self._samples, *([self._newest] if self._newest else [])][-5:]
        if len(samples) < 2 or samples[-1].at <= samples[0].at:
            return {}
        first, last = samples[0], samples[-1]
        return {
            name: max(0.0, (end - first.ends.get(name, end)) / (last.at - first.at))
            for name, end in last.ends.items()
        }

    async def close(self) -> None:
        """Stop sampling."""
        await self.sizes.close()
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following

    async def _follow(self) -> None:
        while True:
            before = self._samples[-1] if self._samples else None
            asking = asyncio.to_thread(sample_topics, self._cluster, before)
            if (found := await _found(asking, None)) is not None:
                self._samples.append(found)
            await asyncio.sleep(_EVERY_S)


async def _found(asking: Awaitable[TopicsSample], within_s: float | None) -> TopicsSample | None:
    try:
        async with asyncio.timeout(within_s):
            return await asking
    except (IngestError, TimeoutError) as error:
        log.warning("the topics cannot be looked at", error=str(error) or "no broker answers")
        return None
