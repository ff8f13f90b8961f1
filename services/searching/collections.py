"""Drop the shards of deleted collections, periodically.

A collection that is deleted and created again gets another id, and its rows replace the former ones on the
topic. No record says when the former collection is gone, so Chroma is asked.
"""

import asyncio
from typing import Protocol

import structlog

from schemas.errors import IngestError
from services.searching.follower import Follower
from services.searching.index import Indexed, SparseIndex
from streams.chroma import FoundCollection

log = structlog.get_logger(__name__)

_EVERY_SECONDS = 60 * 60.0
_AGAIN_SECONDS = 5.0


class Collections(Protocol):
    """Looks collections up; `streams.chroma.ChromaClient` is one."""

    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection | None:
        """The collection of this name, None if there is none. Raises TransientError without an answer."""
        ...


async def drop_gone(index: SparseIndex, follower: Follower, collections: Collections) -> None:
    """Drop every shard whose collection is gone.

    If a dropped collection exists again, for example after a restore of Chroma, the index is rebuilt.
    """
    try:
        for known in index.collections():
            if await _is_gone(collections, known):
                log.info("rows of a collection that is gone are dropped", collection=known.name, id=known.id)
                follower.drop(known.id)
        for id_, *names in index.dropped():
            found = await collections.collection(*names)
            if found is not None and found.id == id_:
                log.warning("a collection that was gone is there again", collection=names[-1], id=id_)
                follower.rebuild()
                return
    except IngestError:  # Chroma is unavailable: unknown
        return


async def _is_gone(collections: Collections, known: Indexed) -> bool:
    """Whether a collection is gone. One whose name is being given to its successor is missing for a moment,
    so it is looked for twice."""
    for pause in (_AGAIN_SECONDS, 0.0):
        found = await collections.collection(known.tenant, known.database, known.name)
        if found is not None:
            return found.id != known.id
        await asyncio.sleep(pause)
    return True


async def keep_dropping(index: SparseIndex, follower: Follower, collections: Collections) -> None:
    """Run `drop_gone` once an hour, and as soon as the index is up to date."""
    while True:
        if follower.fault is None:
            await drop_gone(index, follower, collections)
            await asyncio.sleep(_EVERY_SECONDS)
        else:
            await asyncio.sleep(1)
