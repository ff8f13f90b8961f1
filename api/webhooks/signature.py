"""The body of a delivery, read within its limits, and whether its sender knows the secret."""

import asyncio
import hmac
import re
from hashlib import sha256

from aiohttp import web

from api.errors import BadRequest, Unauthorized

SIGNATURE_HEADER = "X-Hub-Signature-256"
#: GitHub's own limit; it does not deliver what is larger.
MAX_PAYLOAD_BYTES = 25 * 1024 * 1024
#: Bodies of unknown senders are in memory until their signature is known: small ones as they come, of the
#: others so many at once.
_SMALL_BYTES = 1024 * 1024
_LARGE_AT_ONCE = 4
#: GitHub itself gives up after this long.
READ_SECONDS = 10.0

_FORM = re.compile(r"sha256=([0-9a-fA-F]{64})")


class SignedBodies:
    """Reads what is signed with a secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def read(self, request: web.Request) -> bytes:
        """The body as it came. The signature is made of these bytes, never of what was parsed and written
        again.

        Raises Unauthorized for a missing or wrong signature, HTTPRequestEntityTooLarge for a body over
        `MAX_PAYLOAD_BYTES` (before it is read, if it says so), BadRequest for one that does not come.
        """
        given = _FORM.fullmatch(request.headers.get(SIGNATURE_HEADER, ""))
        if given is None:
            raise Unauthorized(
                f"the header {SIGNATURE_HEADER} is missing or not sha256=<64 hex digits>; is a secret set in "
                "the settings of the hook?"
            )
        size = request.content_length
        if size is not None and size > MAX_PAYLOAD_BYTES:
            raise web.HTTPRequestEntityTooLarge(MAX_PAYLOAD_BYTES, size)
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await self._body(request, size)
        except TimeoutError as error:
            raise BadRequest(f"the body was not whole within {READ_SECONDS:g} s") from error
        made = hmac.new(self._secret, body, sha256).hexdigest()
        if not hmac.compare_digest(made.encode(), given[1].lower().encode()):
            raise Unauthorized(
                f"{SIGNATURE_HEADER} does not fit the body: the secret of the hook is not that of "
                "HEADRACE_GITHUB_WEBHOOK_SECRET"
            )
        return body

    async def _body(self, request: web.Request, size: int | None) -> bytes:
        if size is not None and size <= _SMALL_BYTES:
            return await _read(request)
        async with self._large:
            return await _read(request)


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_PAYLOAD_BYTES:
            raise web.HTTPRequestEntityTooLarge(MAX_PAYLOAD_BYTES, len(body))
    return bytes(body)
