"""Read the multipart body of an upload part by part: small texts as a whole, the file as a stream.

The bytes go through `multipart`'s push parser in steps of at most 64 KiB, and the event loop runs between two
steps. Data outside the parts is limited.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.client_exceptions import ClientPayloadError
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from api.errors import BadRequest
from api.sync.disposition import read_disposition
from schemas.limits import MAX_CUSTOM_ID_BYTES, MAX_FILE_NAME_BYTES, MAX_METADATA_BYTES

#: Maximum bytes of each text part: the limit of its own validation, or ample room for a name.
TEXT_PARTS = {
    "database_name": 4096,
    "collection_name": 4096,
    "custom_id": 4096,
    "metadata": MAX_METADATA_BYTES,
    "embedding": MAX_METADATA_BYTES,
    "chunking": MAX_METADATA_BYTES,
    "content_type": 4096,
    "main_content": 4096,
}
#: The form as JSON schema.
FILE_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["database_name", "collection_name", "file"],
    "additionalProperties": False,
    "properties": {
        "database_name": {"type": "string", "description": "Where it goes; must come before `file`."},
        "collection_name": {
            "type": "string",
            "description": "Made by the first upload; must come before `file`.",
        },
        "custom_id": {
            "type": "string",
            "maxLength": MAX_CUSTOM_ID_BYTES,
            "description": "Base of chunk ids.",
        },
        "metadata": {"type": "string", "description": "A JSON object of at most 16 KiB, merged into chunks."},
        "embedding": {"type": "string", "description": "`SourceEmbeddingConfig` as JSON."},
        "chunking": {"type": "string", "description": "`SourceChunkingConfig` as JSON."},
        "content_type": {"type": "string", "maxLength": 512, "description": "Used before all other hints."},
        "main_content": {
            "type": "string",
            "enum": ["true", "false"],
            "description": "Of a web page only that.",
        },
        "file": {
            "type": "string",
            "format": "binary",
            "description": "At most 200 MiB. Its file name becomes the document's key.",
        },
    },
}
#: Transfer encodings of a part that do not change its bytes. RFC 7578, 4.7, has deprecated all others.
_PLAIN = frozenset({"", "binary", "8bit", "7bit"})
#: Room for the longest file name, every byte of it percent-encoded, and the rest of its header.
_MAX_HEADER_BYTES = 3 * MAX_FILE_NAME_BYTES + 1024
_MAX_HEADERS = 16
#: Bytes per step of the parser; 64 KiB take about 0.1 ms.
_STEP_BYTES = 64 * 1024
#: Maximum bytes before the first boundary and after the last, where the format allows arbitrary text.
_MAX_IDLE_BYTES = 64 * 1024
#: RFC 2046, 5.1.1.
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")

_Event: TypeAlias = MultipartSegment | bytes | None


@dataclass(frozen=True)
class Part:
    """The head of a part. `content_type` is its header as sent, empty if there is none."""

    name: str
    filename: str | None
    content_type: str


class UploadBody:
    """The parts of an upload. Raises BadRequest for a malformed or stalled body."""

    def __init__(self, request: web.Request, stalled_s: float) -> None:
        self._content, self._stalled_s = request.content, stalled_s
        self._parser = PushMultipartParser(
            _boundary(request),
            max_header_size=_MAX_HEADER_BYTES,
            max_header_count=_MAX_HEADERS,
        )
        self._events = self._parse()
        self._inside = False

    async def parts(self) -> AsyncIterator[Part]:
        """Yield each part once. Its unread bytes are skipped when the next part is requested."""
        async for event in self._events:
            assert isinstance(event, MultipartSegment)
            self._inside = True
            yield _head(event)
            async for _ in self.chunks():
                pass

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the part that `parts` yielded last, at most 64 KiB at a time."""
        while self._inside:
            event = await anext(self._events)
            if event is None:
                self._inside = False
            else:
                assert isinstance(event, bytes)
                yield event

    async def text(self, name: str) -> str:
        """The whole text of the part that `parts` yielded last."""
        limit, content = TEXT_PARTS[name], bytearray()
        async for chunk in self.chunks():
            content += chunk
            if len(content) > limit:
                raise BadRequest(f"part {name!r} is larger than {limit} bytes")
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"part {name!r} is not UTF-8") from error

    async def _parse(self) -> AsyncIterator[_Event]:
        """Heads, bytes and ends (None) of the parts, until the body ends."""
        idle = 0
        try:
            while read := await self._read():
                idle += len(read)
                for event in self._parser.parse(read):
                    idle = 0
                    yield event
                if idle > _MAX_IDLE_BYTES + _STEP_BYTES:
                    raise BadRequest(
                        f"more than {_MAX_IDLE_BYTES} bytes of the body are outside of its parts"
                    )
                await asyncio.sleep(0)
        except MultipartError as error:
            raise BadRequest(f"the multipart body is malformed: {error.args[0]}") from error
        try:
            self._parser.close()
        except MultipartError as error:
            raise BadRequest("the body ended before its closing boundary") from error

    async def _read(self) -> bytes:
        try:
            async with asyncio.timeout(self._stalled_s):
                return await self._content.read(_STEP_BYTES)
        except TimeoutError as error:
            raise BadRequest(f"the upload stalled: no data for {self._stalled_s:g} s") from error
        except (ClientPayloadError, web.RequestPayloadError, EOFError) as error:
            raise BadRequest("the body ended before its closing boundary") from error


def _boundary(request: web.Request) -> str:
    kind, options = parse_options_header(request.headers.get("Content-Type", ""))
    if kind != "multipart/form-data":
        raise BadRequest(f"expected a multipart/form-data body, found {kind[:80] or 'no Content-Type'}")
    boundary = options.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequest("Content-Type needs a boundary of 1 to 70 characters (RFC 2046, 5.1.1)")
    return str(boundary)


def _head(segment: MultipartSegment) -> Part:
    headers: dict[str, str] = {}
    for name, value in segment.headerlist:
        if name in headers:
            raise BadRequest(f"a part has the header {name[:40]} twice")
        headers[name] = value.strip()
    names = read_disposition(headers.get("Content-Disposition"))
    content_type = headers.get("Content-Type", "")
    if content_type.lower().startswith("multipart/"):
        raise BadRequest("a part is itself multipart; send one file per part")
    if headers.get("Content-Transfer-Encoding", "").lower() not in _PLAIN or "Content-Encoding" in headers:
        raise BadRequest(f"part {names.name[:80]!r} is encoded; send parts unencoded")
    return Part(names.name, names.filename, content_type)
