"""The service as a process of its own, to be killed.

python -m tests.services.searching.searching_process BOOTSTRAP_SERVERS PREFIX FOLDER PORT
"""

import asyncio
import signal
import sys
from pathlib import Path
from typing import NoReturn

from schemas.codec import SingleObjectCodec
from schemas.errors import DocumentError
from services.searching import follower, search_service
from streams.chroma import FoundCollection
from streams.kafka.cluster import Cluster

TOKEN = "a-token"


class AllThere:
    """Every collection is there, with the id that it was asked by."""

    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection | None:
        return FoundCollection({"docs": "c1", "wiki": "c2"}[collection], False)


follower.FLUSH_SECONDS = 0.1  # so that a kill comes between flushes, and during one


async def no_text(model: str, text: str) -> NoReturn:
    raise DocumentError("nobody asks by text here")


async def main(bootstrap_servers: str, prefix: str, folder: Path, port: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    cluster, codec = Cluster(bootstrap_servers, prefix), SingleObjectCodec()
    async with search_service(cluster, codec, folder, ("127.0.0.1", port), TOKEN, no_text, AllThere()):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
