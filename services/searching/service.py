"""The whole service: an index, its follower, the removal of deleted collections, and the HTTP interface."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from schemas.codec import Codec
from services.searching.collections import Collections, keep_dropping
from services.searching.follower import Follower
from services.searching.index import SparseIndex
from services.searching.server import Encode, SearchServer
from streams.kafka.cluster import Cluster


@asynccontextmanager
async def search_service(
    cluster: Cluster,
    codec: Codec,
    folder: Path,
    address: tuple[str, int],
    token: str,
    encode: Encode,
    collections: Collections,
) -> AsyncIterator[int]:
    """Serve while the block runs; yields the port.

    Args:
        folder: of the index; belongs to this process alone.
        address: host and port to listen on; port 0 chooses a free one.
        token: what a caller must present.
        encode: encodes the texts of queries.
        collections: looks up whether collections still exist.

    Raises RequestError if another process has the folder or the port.
    """
    index = await asyncio.to_thread(SparseIndex, folder)
    follower = Follower(cluster, codec, index, folder)
    try:
        async with SearchServer(index, follower, token, encode).serve(*address) as port:
            follower.start()
            dropping = asyncio.create_task(keep_dropping(index, follower, collections))
            try:
                yield port
            finally:
                dropping.cancel()
                await asyncio.to_thread(follower.stop)
    finally:
        await asyncio.to_thread(index.close)
