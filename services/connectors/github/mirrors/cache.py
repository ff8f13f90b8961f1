"""All mirrors of a process: an LRU cache in one folder, limited in bytes."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path

import structlog

from schemas.errors import RequestError
from services.connectors.github.access import GithubAccess
from services.connectors.github.mirrors.disk import size_of
from services.connectors.github.mirrors.mirror import Mirror

log = structlog.get_logger(__name__)

_USED = "used"


class Mirrors:
    """One mirror for each host and repository, shared by all runs that read it."""

    def __init__(self, access: GithubAccess) -> None:
        self._access = access
        self._open: dict[Path, tuple[Mirror, int]] = {}  # with the number of runs that use it

    @asynccontextmanager
    async def use(self, url: str) -> AsyncIterator[Mirror]:
        """The mirror of a repository, which is not evicted while the block runs. Raises RequestError if there
        is no folder for mirrors."""
        if self._access.folder is None:
            raise RequestError("this process keeps no mirrors of repositories; connectors do")
        folder = self._access.folder / sha256(url.lower().encode()).hexdigest()[:32]
        mirror, users = self._open.get(folder) or (
            Mirror(folder, self._access.stall_s, self._access.cache_bytes),
            0,
        )
        self._open[folder] = mirror, users + 1
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / _USED).touch()
            yield mirror
        finally:
            _, users = self._open[folder]
            if users > 1:
                self._open[folder] = mirror, users - 1
            else:
                del self._open[folder]
            if mirror.grown:
                await asyncio.to_thread(self.make_room)

    def make_room(self) -> None:
        """Evict unused mirrors until the others fit."""
        assert self._access.folder is not None
        known = [(self._last_use(one), one) for one in self._access.folder.iterdir() if one.is_dir()]
        sizes = {folder: size_of(folder) for _, folder in known}
        total = sum(sizes.values())
        for _, folder in sorted(known):
            if total <= self._access.cache_bytes:
                return
            if folder not in self._open:
                log.info("mirror of a repository makes room", folder=folder.name, bytes=sizes[folder])
                Mirror(folder, 1, 1).discard()
                total -= sizes[folder]

    @staticmethod
    def _last_use(folder: Path) -> float:
        with suppress(OSError):
            return os.stat(folder / _USED).st_mtime
        return time.time() if folder.exists() else 0.0
