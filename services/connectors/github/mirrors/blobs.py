"""Reads blobs of a mirror through one process of git."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from services.connectors.github.mirrors.command import running
from services.connectors.github.mirrors.mirror import Mirror

_PIECE = 256 * 1024


class Blobs:
    """A `git cat-file --batch` process, started by the first request; one request at a time."""

    def __init__(self, opened: AsyncExitStack, mirror: Mirror) -> None:
        self._opened, self._mirror = opened, mirror
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def read(self, oid: str, most: int) -> tuple[int, bytes] | None:
        """Size of a blob and its first `most` bytes; None if the mirror does not have it. Raises
        TransientError for an unexpected answer of git: the repository is damaged, or was deleted
        meanwhile."""
        async with self._lock:
            if self._process is None:
                batch = running(self._mirror.git_dir, ["cat-file", "--batch"])
                self._process = await self._opened.enter_async_context(batch)
            out, into = self._process.stdout, self._process.stdin
            assert out is not None
            assert into is not None
            try:
                into.write(oid.encode() + b"\n")
                await into.drain()
                head = (await out.readuntil(b"\n")).split()
                if head[-1:] == [b"missing"]:
                    return None
                size = int(head[2])
                body = bytearray()
                left = size
                while left:
                    piece = await out.readexactly(min(left, _PIECE))
                    left -= len(piece)
                    body += piece[: most - len(body)]
                await out.readexactly(1)
            except (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError) as error:
                raise self._mirror.damaged(f"git cannot read {oid} from its mirror") from error
            return size, bytes(body)


@asynccontextmanager
async def opened(mirror: Mirror) -> AsyncIterator[Blobs]:
    """Blobs of a mirror, until the end of the block."""
    async with AsyncExitStack() as stack:
        yield Blobs(stack, mirror)
