"""The multipart body of an upload, read part by part: small texts whole, the file as a stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.client_exceptions import ClientPayloadError
from aiohttp.http_exceptions import HttpProcessingError

from api.errors import BadRequest
from api.sync.options import MAX_METADATA_BYTES

T = TypeVar("T")

#: Most bytes of each text part; what its own check allows, or ample room for the name that it holds.
TEXT_PARTS = {
    "database_name": 4096,
    "collection_name": 4096,
    "custom_id": 4096,
    "metadata": MAX_METADATA_BYTES,
    "embedding": MAX_METADATA_BYTES,
    "chunking": MAX_METADATA_BYTES,
    "content_type": 4096,
}
#: Encodings of a part that leave its bytes as they are (RFC 7578, 4.7, knows no others any more).
_PLAIN = frozenset({"", "binary", "8bit", "7bit"})


@contextmanager
def faults_as_refusals() -> Iterator[None]:
    """A body that breaks the multipart format is the caller's fault; so is one that ends too early."""
    try:
        yield
    except (ValueError, LookupError, AssertionError, RuntimeError, HttpProcessingError) as error:
        raise BadRequest(f"the multipart body is broken: {error or type(error).__name__}") from error
    except (ClientPayloadError, web.RequestPayloadError, EOFError) as error:
        raise BadRequest("the body ended before its last boundary") from error


class UploadBody:
    """The parts of an upload. Raises BadRequest for whatever breaks the format, or stalls."""

    def __init__(self, request: web.Request, stalled_s: float) -> None:
        self._request, self._stalled_s = request, stalled_s

    async def parts(self) -> AsyncIterator[BodyPartReader]:
        """Each part once; it has to be read before the next is asked for."""
        if self._request.content_type != "multipart/form-data":
            raise BadRequest(f"expected a multipart/form-data body, found {self._request.content_type}")
        with faults_as_refusals():
            reader = await self._request.multipart()
        while True:
            part = await self._next(reader)
            if part is None:
                return
            yield part

    async def _next(self, reader: MultipartReader) -> BodyPartReader | None:
        with faults_as_refusals():
            part = await self._in_time(reader.next())
        if part is None:
            return None
        if not isinstance(part, BodyPartReader):
            raise BadRequest("a part is itself multipart; files are sent one by one")
        encoding = part.headers.get("Content-Transfer-Encoding", "").lower()
        if encoding not in _PLAIN or "Content-Encoding" in part.headers:
            raise BadRequest(f"part {part.name!r} is encoded; parts are sent as they are")
        return part

    async def text(self, part: BodyPartReader) -> str:
        """The whole of a small part."""
        name, limit, content = part.name or "", TEXT_PARTS[part.name or ""], bytearray()
        # In small steps: the reader looks one step ahead, and what comes next may be a file that is slow.
        async for chunk in self.chunks(part, 1024):
            content += chunk
            if len(content) > limit:
                raise BadRequest(f"part {name!r} is larger than {limit} bytes")
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"part {name!r} is not UTF-8") from error

    async def chunks(self, part: BodyPartReader, size: int = 64 * 1024) -> AsyncIterator[bytes]:
        """The bytes of a part, at most `size` at a time."""
        while True:
            with faults_as_refusals():
                chunk = await self._in_time(part.read_chunk(size))
            if not chunk:
                return
            yield bytes(chunk)

    async def _in_time(self, reading: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._stalled_s):
                return await reading
        except TimeoutError as error:
            raise BadRequest(f"the upload stalled: nothing came for {self._stalled_s:g} s") from error
