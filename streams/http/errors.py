"""Why an HTTP server did not answer, as a message for users, and when to retry."""

import math
import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp


def reason_of(error: Exception) -> str:
    """Why there was no response, without the library's own wording."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return error.os_error.strerror or str(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno:
        return os.strerror(error.os_error.errno)
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return "it closed the connection"
    if isinstance(error, TimeoutError):
        return "the time is up"
    return str(error) or type(error).__name__


def retry_after_seconds(header: str | None) -> float:
    """`Retry-After` (RFC 9110: seconds or a date) as seconds from now; 1 when it says nothing usable."""
    try:
        seconds = float(header or 1)
        return max(0.0, seconds) if math.isfinite(seconds) else 1.0
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(header or "")
    except ValueError:
        return 1.0
    return max(0.0, (when.astimezone(UTC) - datetime.now(UTC)).total_seconds())
