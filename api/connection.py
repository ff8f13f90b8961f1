"""One HTTP connection: errors of the parser are answered and logged like all others.

aiohttp's message about a request that it cannot parse quotes that request, including the key if its header is
malformed. Only the kind of the error reaches a log or a response.
"""

import traceback
import uuid
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import http_exceptions, web
from aiohttp.web_protocol import RequestPayloadError

from api.errors import describe_status, error_response
from api.metrics import REQUESTS

log = structlog.get_logger("api")

REQUEST_ID_HEADER = "X-Request-Id"
#: What every answer says instead of names and versions of libraries.
SERVER = "headrace"

#: Most bytes of the request line and of each header; longer names and values hold nothing that is served.
MAX_LINE_BYTES = 8190

_MALFORMED = "the request is not well-formed HTTP/1.1: its first line, a header or the framing of its body"
_WORDS: Mapping[type[BaseException], str] = {
    http_exceptions.BadHttpMethod: "the method is unknown, or this is not HTTP (TLS ends before the gateway)",
    http_exceptions.LineTooLong: f"the request line or a header has more than {MAX_LINE_BYTES} bytes",
}


class Connection(web.RequestHandler):
    """aiohttp's connection, with error responses of Headrace."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The response to a malformed request (400), or to an error past all middlewares (500)."""
        if request.writer.output_size > 0:
            raise ConnectionError("the response has begun, so no other can be sent")
        if status >= 500:
            return _refusal(status, "something went wrong", exc)
        return _refusal(status, _WORDS.get(type(exc), _MALFORMED) if exc else _MALFORMED, exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response. Those of aiohttp itself, such as 417, bypass the middlewares: replace them."""
        if isinstance(resp, web.HTTPException):
            resp = _refusal(resp.status, describe_status(resp), resp)
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log the error that ended the connection: its type and traceback, never its text."""
        error = kw.get("exc_info")
        kind = type(error).__name__
        if isinstance(error, RequestPayloadError | http_exceptions.HttpProcessingError):
            log.info("connection ended", reason=kind)
        else:
            log.error("connection failed", reason=kind, stack=_frames(error))


def _refusal(status: int, message: str, error: BaseException | None) -> web.Response:
    """The response, with its own request id; one log line and one count."""
    request_id, reason = uuid.uuid4().hex, type(error).__name__
    REQUESTS.labels("unknown", "unknown", status).inc()
    if status >= 500:
        message = f"{message}; see request {request_id} in the log"
        log.error("request failed", request_id=request_id, reason=reason, stack=_frames(error))
    else:
        log.info("request refused", request_id=request_id, status=status, reason=reason)
    response = error_response(status, message, {REQUEST_ID_HEADER: request_id, "Server": SERVER})
    response.force_close()
    return response


def _frames(error: object) -> list[str]:
    """The traceback of an error, outermost call first, without its text."""
    trace = error.__traceback__ if isinstance(error, BaseException) else None
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
