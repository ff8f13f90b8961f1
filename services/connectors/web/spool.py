"""What a crawl has fetched, on disk until the run has read it."""

import asyncio
import hashlib
import shutil
import tempfile
from pathlib import Path

#: Of all that one run keeps; what is beyond is fetched again.
MAX_BYTES = 1024**3


class Spool:
    """Bodies by key, in a folder that goes with it."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._folder: Path | None = None
        self._left = max_bytes
        self._types: dict[str, str] = {}

    async def put(self, key: str, body: bytes, content_type: str) -> None:
        """Keep a body, if there is room for it."""
        if len(body) <= self._left:
            self._left -= len(body)
            await asyncio.to_thread(self._write, key, body)
            self._types[key] = content_type

    async def get(self, key: str) -> tuple[bytes, str] | None:
        """Body and content type; None where it was not kept."""
        if key not in self._types:
            return None
        return await asyncio.to_thread(self._path(key).read_bytes), self._types[key]

    def close(self) -> None:
        """Delete everything."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._types.clear()

    def _write(self, key: str, body: bytes) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="headrace-web-"))
        self._path(key).write_bytes(body)

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / hashlib.sha256(key.encode()).hexdigest()
