"""The local vector store: the server of the package chromadb, on this machine.

data_dir/
    lock, port     the owner of the folder; the port, the same at every start
    chroma.log     the server's output
    store/         the collections
"""

import asyncio
import http.client
import os
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from streams.local.ports import LOOPBACK, kept_port
from streams.local.process import ProcessSpec, wait_until
from streams.local.server import EmbeddedServer

#: What the command `chroma` does, without the Python client that it imports first: two seconds of CPU, 30 MB.
_COMMAND = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', *sys.argv[1:]])"


#: What SQLite calls a full disk, and what has to be free before the server is started again.
_FULL, _ROOM_BYTES = b"database or disk is full", 64 * 1024 * 1024


class LocalChroma(EmbeddedServer):
    """A local Chroma server, without telemetry.

    Args:
        data_dir: folder of its collections.
        port: the port on loopback; default: the previous port of this data folder, else a free one.
    """

    title = "Chroma server"

    def __init__(self, data_dir: Path, port: int | None = None) -> None:
        super().__init__(data_dir, port)

    @property
    def url(self) -> str:
        """`http://host:port`."""
        return f"http://{self.address}"

    def _prepare(self) -> ProcessSpec:
        self.port = self.port or kept_port(self.data_dir / "port")
        argv = [sys.executable, "-P", "-c", _COMMAND, "run", "--path", str(self.data_dir / "store")]
        argv += ["--host", LOOPBACK, "--port", str(self.port)]
        log = self.data_dir / "chroma.log"
        return ProcessSpec(
            "chroma",
            argv,
            log,
            _environment(),
            self.data_dir,
            ready=self._answers,
            keep_fds=(self._lock.fd,),
            stuck=lambda: room_again(log),
        )

    async def _answers(self) -> None:
        await wait_until(lambda: asyncio.to_thread(_has_heartbeat, self.port))


async def room_again(log: Path, every_s: float = 5.0) -> str:
    """Return once a disk that the server has found full has room again, with that as the reason to start it
    again: writes to a collection that met the full disk are not answered any more (Chroma 1.5.9)."""
    read_to, full = await asyncio.to_thread(lambda: log.stat().st_size), False
    while True:
        await asyncio.sleep(every_s)
        read_to, found = await asyncio.to_thread(_says_full, log, read_to)
        full = full or found
        free = (await asyncio.to_thread(shutil.disk_usage, log.parent)).free
        if full and free > _ROOM_BYTES:
            return "its disk was full and has room again"


def _says_full(log: Path, start: int) -> tuple[int, bool]:
    """The end of a log, and whether what is behind `start` says that the disk is full."""
    end = log.stat().st_size
    with log.open("rb") as file:
        file.seek(start if start <= end else 0)
        return end, _FULL in file.read()


def _has_heartbeat(port: int) -> bool:
    """Blocks for a second at most. Not with aiohttp: to load it would delay the start of the broker."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=1)
    try:
        connection.request("GET", "/api/v2/heartbeat")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _environment() -> Mapping[str, str]:
    # The user's settings for Chroma clients must not affect our server.
    own = {name: value for name, value in os.environ.items() if not name.startswith("CHROMA_")}
    return own | {"ANONYMIZED_TELEMETRY": "False"}


def vector_folder(data_dir: Path, collection_id: str) -> Path | None:
    """Where the server of a data folder keeps the vectors of a collection; None if it does not say.

    Args:
        collection_id: Chroma's id of the collection.
    """
    store = data_dir / "store"
    query = "SELECT id FROM segments WHERE collection = ? AND scope = 'VECTOR'"
    try:
        with closing(sqlite3.connect(f"{(store / 'chroma.sqlite3').as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute(query, (collection_id,)).fetchone()
    except (sqlite3.Error, ValueError):
        return None
    return store / str(found[0]) if found else None
