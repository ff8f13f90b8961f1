"""One HTTP connection: what the parser refuses is answered and logged as every other refusal is.

What aiohttp says about a request that it cannot parse quotes that request: the key, when the key's header is
malformed. None of it reaches a log or an answer; only the kind of the fault does.
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
    """aiohttp's connection, with refusals of ours."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what cannot be parsed (400), or to an error that passed all middlewares (500)."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun, so no other can be sent")
        if status >= 500:
            return _refusal(status, "something went wrong", exc)
        return _refusal(status, _WORDS.get(type(exc), _MALFORMED) if exc else _MALFORMED, exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. aiohttp's own, such as 417, come past the middlewares and are made ours here."""
        if isinstance(resp, web.HTTPException):
            resp = _refusal(resp.status, describe_status(resp), resp)
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """What ended the connection: its kind and where it was raised, never its text."""
        error = kw.get("exc_info")
        kind = type(error).__name__
        if isinstance(error, RequestPayloadError | http_exceptions.HttpProcessingError):
            log.info("connection ended", reason=kind)
        else:
            log.error("connection broken off", reason=kind, stack=_frames(error))


def _refusal(status: int, message: str, error: BaseException | None) -> web.Response:
    """The answer, with its own request id; one log line and one count."""
    request_id, reason = uuid.uuid4().hex, type(error).__name__
    REQUESTS.labels("unknown", "unknown", status).inc()
    if status >= 500:
        message = f"{message}; the log has it as request {request_id}"
        log.error("request failed", request_id=request_id, reason=reason, stack=_frames(error))
    else:
        log.info("request refused", request_id=request_id, status=status, reason=reason)
    response = error_response(status, message, {REQUEST_ID_HEADER: request_id, "Server": SERVER})
    response.force_close()
    return response


def _frames(error: object) -> list[str]:
    """Where an error was raised, outermost call first, without its text."""
    trace = error.__traceback__ if isinstance(error, BaseException) else None
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
