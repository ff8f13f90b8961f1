"""Whether `documents` is still the topic to whose offsets the era of this process belongs."""

import asyncio
import time

from schemas.errors import TransientError
from streams.kafka.cluster import Cluster
from streams.state.checkpoints import topic_ids
from streams.topics import DOCUMENTS


class DocumentsOrder:
    """Asks the broker for the id of `documents`, once for all who ask meanwhile.

    Args:
        topic_id: the one that the layout has noted; None takes the first answer for it.
    """

    def __init__(self, cluster: Cluster, topic_id: str | None) -> None:
        self._cluster, self._id = cluster, topic_id
        self._looking, self._looked_at = asyncio.Lock(), float("-inf")

    async def require(self) -> None:
        """Return if what was written to `documents` before the call lies on the topic of the era.

        Raises TransientError if it was deleted, and perhaps made anew: what was written since may count as
        older than what is indexed, until an era begins (`streams.growth.renewing`).
        """
        asked = time.monotonic()
        async with self._looking:
            if self._looked_at >= asked:
                return
            began = time.monotonic()
            found = (await asyncio.to_thread(topic_ids, self._cluster, [DOCUMENTS.name]))[DOCUMENTS.name]
            self._id = self._id or found
            if found != self._id:
                raise TransientError("`documents` was made anew: its order is restored within seconds")
            self._looked_at = began
