"""How many bytes the topics take on the brokers' disks: asked in the background, so that nobody waits."""

import asyncio

import structlog

from api.views.kept import Kept
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
        self._kept = Kept(self._ask, _KEEP_S, stale_s=float("inf"))  # topics seldom shrink
        self.unknown = "the brokers are being asked"

    async def newest(self, patience_s: float = 0.0) -> TopicSizes | None:
        """The newest answer; waits for the first one for `patience_s` seconds at most. None if there is none:
        `unknown` says why."""
        return await self._kept.newest(patience_s)

    async def close(self) -> None:
        """Stop asking."""
        await self._kept.close()

    async def _ask(self) -> TopicSizes | None:
        found, unknown = None, ""
        try:
            found = await asyncio.to_thread(topic_sizes, self._cluster)
        except IngestError as error:
            unknown = str(error)
        except Exception:
            log.exception("the sizes of the topics cannot be asked for")
            unknown = "unexpected error; see the log of the gateway"
        self.unknown = unknown
        return found
