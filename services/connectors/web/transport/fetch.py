"""One request with limits on time, bytes, and bytes after decompression. Does not follow redirects."""

import asyncio
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from schemas.urls import host_of
from services.connectors.web.access import WebAccess
from services.connectors.web.transport.addresses import ForbiddenAddress, connector, refusal
from streams.http.errors import invalid_certificate

#: Time limit for a whole response, so that a server that sends single bytes does not block a run.
ANSWER_SECONDS = 60.0
_CONNECT_SECONDS = 15.0
_PIECE_BYTES = 64 * 1024
_ACCEPT = "text/html,application/xhtml+xml,application/pdf,text/*;q=0.9,*/*;q=0.5"
_ZLIB_HEADS = {b"\x1f\x8b": 31, b"\x78\x01": 15, b"\x78\x5e": 15, b"\x78\x9c": 15, b"\x78\xda": 15}


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. `body` is decompressed; it is empty unless the status is a success with content."""

    url: str
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes = b""


class NoAnswer(Exception):
    """There is no complete response; the message is the reason.

    Attributes:
        passing: whether a retry may succeed.
        unreachable: whether the request timed out, or no connection held: the host may be down.
    """

    def __init__(self, reason: str, *, passing: bool = True, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.passing, self.unreachable = passing, unreachable


class Fetcher:
    """Sends the requests of one run, with one cookie jar.

    Args:
        answer_s: time limit for a whole response.
    """

    def __init__(self, access: WebAccess, answer_s: float = ANSWER_SECONDS) -> None:
        self._access, self._answer_s = access, answer_s
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._cookies: aiohttp.CookieJar | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Request a canonical URL. Raises NoAnswer."""
        if reason := refusal(url, self._access):
            raise NoAnswer(reason, passing=False)
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._get(url, headers or {})
        except TimeoutError:
            raise NoAnswer(f"no whole answer within {self._answer_s:.0f} s", unreachable=True) from None
        except aiohttp.InvalidURL as error:
            raise NoAnswer("its address is not valid", passing=False) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise _unreachable(error, "its name cannot be resolved") from error
        except (aiohttp.ClientConnectorError, ForbiddenAddress) as error:
            raise _unreachable(error, "it cannot be connected to") from error
        except (aiohttp.ClientError, OSError, ValueError, ssl.SSLError) as error:
            raise NoAnswer(f"the answer broke off ({type(error).__name__})", unreachable=True) from error

    async def _get(self, url: str, headers: Mapping[str, str]) -> Answer:
        session = self._session(guarded=not self._access.allows(host_of(url)))
        async with session.get(
            URL(url, encoded=True), headers=dict(headers), allow_redirects=False
        ) as response:
            body = b""
            if response.status < 300 and response.status not in (204, 205):
                body = await _body(response, self._access.max_bytes)
            return Answer(url, response.status, response.headers, body)

    def _session(self, guarded: bool) -> aiohttp.ClientSession:
        if guarded not in self._sessions:
            self._cookies = self._cookies or aiohttp.CookieJar(unsafe=True)  # also for IP addresses
            self._sessions[guarded] = aiohttp.ClientSession(
                connector=connector(guarded),
                cookie_jar=self._cookies,
                headers={
                    "User-Agent": self._access.agent,
                    "Accept": _ACCEPT,
                    "Accept-Encoding": "gzip, deflate",
                },
                timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS),
                auto_decompress=False,
                trust_env=False,  # a proxy resolves names itself, which bypasses the address check
                max_line_size=16 * 1024,
                max_field_size=32 * 1024,
            )
        return self._sessions[guarded]


def _unreachable(error: Exception, what: str) -> NoAnswer:
    """The reason at the end of an exception chain: that of the address check, or of the system."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, ForbiddenAddress):
            return NoAnswer(str(at), passing=False)
        at = at.__cause__ or at.__context__
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return NoAnswer(invalid_certificate(error), passing=False, unreachable=True)
    detail = getattr(error, "strerror", None) or type(error).__name__
    return NoAnswer(f"{what} ({detail})", unreachable=True)


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read and decompress a body as it streams. Raises NoAnswer if it is too large or incomplete."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise NoAnswer(f"its encoding {encoding[:20]!r} was not asked for", passing=False)
    if (declared := response.content_length) is not None and declared > limit:
        raise _too_large(limit)
    unpacker, pieces, size = Unpacker(packed=encoding not in ("", "identity")), [], 0
    async for piece in response.content.iter_chunked(_PIECE_BYTES):
        for part in unpacker.parts(piece):
            pieces.append(part)
            size += len(part)
            if size > limit:
                raise _too_large(limit)
    unpacker.end()
    return b"".join(pieces)


def _too_large(limit: int) -> NoAnswer:
    return NoAnswer(f"it is larger than {limit:,} bytes (HEADRACE_WEB_MAX_BYTES)", passing=False)


class Unpacker:
    """Decompresses gzip or zlib in pieces of bounded size. A body that is not compressed although its headers
    say so passes unchanged."""

    def __init__(self, packed: bool) -> None:
        self._packed, self._head = packed, b""
        self._inflate: zlib._Decompress | None = None

    def parts(self, piece: bytes) -> "list[bytes] | _Parts":
        """Decompress a piece, some bytes at a time. Raises NoAnswer if it is corrupt."""
        if not self._packed:
            return [piece]
        if self._inflate is None:
            self._head += piece
            if len(self._head) < 2:
                return []
            piece, self._head = self._head, b""
            bits = _ZLIB_HEADS.get(piece[:2])
            if bits is None:
                self._packed = False
                return [piece]
            self._inflate = zlib.decompressobj(bits)
        return _Parts(self._inflate, piece)

    def end(self) -> None:
        """Raises NoAnswer if the body is truncated."""
        if self._packed and self._inflate is not None and not self._inflate.eof:
            raise NoAnswer("its compressed body ends too early")
        if self._packed and self._inflate is None and self._head:
            raise NoAnswer("its compressed body ends too early")


class _Parts:
    def __init__(self, inflate: "zlib._Decompress", piece: bytes) -> None:
        self._inflate, self._waiting = inflate, piece

    def __iter__(self) -> "_Parts":
        return self

    def __next__(self) -> bytes:
        if not self._waiting or self._inflate.eof:
            raise StopIteration
        try:
            part = self._inflate.decompress(self._waiting, _PIECE_BYTES * 16)
        except zlib.error as error:
            raise NoAnswer("its compressed body is damaged") from error
        self._waiting = self._inflate.unconsumed_tail
        return part
