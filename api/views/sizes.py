"""How many bytes the topics take on the brokers' disks: asked in the background, so that nobody waits."""

import asyncio

import structlog

from schemas.errors import IngestError
from streams.kafka.cluster import Cluster
from streams.kafka.sizes import TopicSizes, topic_sizes

log = structlog.get_logger(__name__)

#: An answer is this old at most when somebody looks, and a broker is not asked more often.
_KEEP_S = 20.0


class Sizes:
    """The newest answer of the brokers.

    Attributes:
        unknown: why there is none; empty if there is one.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._found: TopicSizes | None = None
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self.unknown = "the brokers are being asked"

    async def newest(self, patience_s: float = 0.0) -> TopicSizes | None:
        """The newest answer; waits for the first one for `patience_s` seconds at most. None if there is none:
        `unknown` says why."""
        if asyncio.get_running_loop().time() - self._asked_at >= _KEEP_S and self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="ask for the sizes of topics")
        if self._found is None and self._asking is not None:
            await asyncio.wait([self._asking], timeout=patience_s)
        return self._found

    async def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _ask(self) -> None:
        try:
            self._found, self.unknown = await asyncio.to_thread(topic_sizes, self._cluster), ""
        except IngestError as error:
            self._found, self.unknown = None, str(error)
        except Exception:
            log.exception("the sizes of the topics cannot be asked for")
            self._found, self.unknown = None, "unexpected error; see the log of the gateway"
        finally:
            self._asked_at = asyncio.get_running_loop().time()
            self._asking = None
