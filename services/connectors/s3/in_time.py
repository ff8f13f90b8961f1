"""A time limit for a whole answer of a store: urllib3 limits each read alone, and an answer that trickles
would hold a thread for hours."""

import http.client
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

_this_thread = threading.local()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Answers that this thread reads meanwhile raise botocore's ReadTimeoutError once the time is over, if
    their client is one of `limited`."""
    _this_thread.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _this_thread.until = None


def limited(client: Any) -> Any:
    """The same client of boto3, whose answers heed `within`. Call it before the first request."""
    pools = {"http": _Pool, "https": _SecurePool}
    client._endpoint.http_session._pool_classes_by_scheme.update(pools)  # noqa: SLF001  (it has no setting)
    return client


class _Arriving(io.RawIOBase):
    """The bytes of a socket."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        until = getattr(_this_thread, "until", None)
        if until is not None and time.monotonic() > until:
            raise TimeoutError("the answer did not arrive in time")
        return self._raw.readinto(buffer)

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fp = io.BufferedReader(_Arriving(self.fp.detach()))


class _Connection(AWSHTTPConnection):  # type: ignore[misc]
    response_class = _Response


class _SecureConnection(AWSHTTPSConnection):  # type: ignore[misc]
    response_class = _Response


class _Pool(AWSHTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _Connection


class _SecurePool(AWSHTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _SecureConnection
