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
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return invalid_certificate(error)
    if isinstance(error, aiohttp.ClientConnectorSSLError):  # its errno is none of the system
        why = str(getattr(error.os_error, "reason", None) or error.os_error).lower().replace("_", " ")
        return f"it makes no TLS connection ({why}); does it speak https?"
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno:
        return os.strerror(error.os_error.errno)
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return "it closed the connection"
    if isinstance(error, TimeoutError):
        return "the time is up"
    return str(error) or type(error).__name__


def invalid_certificate(error: aiohttp.ClientConnectorCertificateError) -> str:
    """What is wrong with the certificate of a server."""
    why = getattr(error.certificate_error, "verify_message", "") or type(error.certificate_error).__name__
    return f"its certificate is not valid: {why}"


def retry_after_seconds(header: str | None) -> float:
    """`Retry-After` as seconds from now; 1 when it says nothing usable."""
    asked = asked_seconds(header)
    return 1.0 if asked is None else asked


def asked_seconds(header: str | None) -> float | None:
    """`Retry-After` (RFC 9110: seconds or a date) as seconds from now, 0 if that is past; None if it says
    nothing usable. A server may send anything."""
    if header is None:
        return None
    try:
        seconds = float(header)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(header)
        if when.tzinfo is None:  # `-0000`: UTC, of an unknown place
            when = when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
