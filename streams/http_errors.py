"""Why an HTTP server did not answer, for a person."""

import os

import aiohttp


def reason_of(error: Exception) -> str:
    """Why nobody answered, without the words of the library."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return error.os_error.strerror or str(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno:
        return os.strerror(error.os_error.errno)
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return "it closed the connection"
    if isinstance(error, TimeoutError):
        return "the time is up"
    return str(error) or type(error).__name__
