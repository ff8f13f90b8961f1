"""Error responses: status codes, and the `error` names that Chroma's clients map to exceptions.

RequestError
└── HttpError             one class per status code
    ├── BadRequest        400   ├── NotFound             404
    ├── Unauthorized      401   ├── Conflict             409 ── SourceExists, Overlap
    ├── Forbidden         403   ├── PreconditionFailed   412
    ├── Unavailable       503   ├── PayloadTooLarge      413
    ├── Gone              410   ├── Encoded              415
    └── NotAnswered       500   └── TooManyRequests      429
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

from aiohttp import web
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.api import ErrorResponse
from schemas.errors import RequestError

#: Chroma's own API names these; everything else is a `ChromaError`.
_NAMES = {400: "InvalidArgumentError", 404: "NotFoundError", 500: "InternalError", 503: "InternalError"}
#: Names for which stock Chroma clients have a class of their own; on Chroma's paths only.
_CHROMA_NAMES = {
    401: "AuthorizationError",
    403: "AuthError",
    413: "BatchSizeExceededError",
    429: "RateLimitError",
}


#: Listing a fault takes 2 µs, and a body may have a hundred thousand.
_MOST_FAULTS = 1000
#: Characters of a value that an error quotes.
_SHOWN = 80
#: Fields whose values are not quoted.
_SECRET = re.compile("secret|key|token|password|credential|auth|cookie|header")
#: Errors that say all, and those of a text that is no JSON.
_WITHOUT_VALUE = frozenset({"missing", "json_invalid", "value_error", "string_too_short"})


class HttpError(RequestError):
    """An error response with its status code. `fields` are added to the body."""

    status: ClassVar[int] = 400
    headers: ClassVar[Mapping[str, str]] = {}
    fields: Mapping[str, str] = {}


class BadRequest(HttpError):
    """A field or parameter is missing, malformed or not supported."""


class Unauthorized(HttpError):
    """The key is missing or unknown."""

    status = 401


class Forbidden(HttpError):
    """The key may not do this."""

    status = 403


class NotFound(HttpError):
    """The object does not exist, or belongs to another tenant."""

    status = 404


class Conflict(HttpError):
    """The object exists already, or is closed."""

    status = 409


class SourceExists(Conflict):
    """A source with the same configuration exists; the body has its id."""

    def __init__(self, source_id: str) -> None:
        super().__init__(f"source {source_id} with the same configuration exists already")
        self.fields = {"source_id": source_id}


class Overlap(Conflict):
    """Another source brings the same documents into the collection; the body has its id."""

    def __init__(self, message: str, source_id: str) -> None:
        super().__init__(message)
        self.fields = {"source_id": source_id}


class Gone(HttpError):
    """What was here is no longer served."""

    status = 410


class PreconditionFailed(HttpError):
    """The object is not in the required state."""

    status = 412


class PayloadTooLarge(HttpError):
    """The body is larger than is taken."""

    status = 413


class Encoded(HttpError):
    """The body is compressed; only plain bodies are accepted."""

    status = 415
    headers: ClassVar[Mapping[str, str]] = {"Accept-Encoding": "identity"}


class TooManyRequests(HttpError):
    """Over a limit; retry shortly."""

    status = 429
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class NotAnswered(HttpError):
    """A component behind the gateway did not answer in time."""

    status = 500


class Unavailable(HttpError):
    """A component that the gateway needs does not answer (`/health`, `/api/v2`, searches)."""

    status = 503


class Growing(Unavailable):
    """Partitions are being grown, and nothing may be written meanwhile."""

    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "10"}


#: What begins with it is answered as Chroma answers.
CHROMA_ROOT = "/api/v2"


def error_name(status: int, path: str = "") -> str:
    """The `error` field for a status code; stock clients raise the exception of that name."""
    names = _NAMES | _CHROMA_NAMES if path.startswith(CHROMA_ROOT) else _NAMES
    return names.get(status, "ChromaError")


def error_response(
    status: int,
    message: str,
    headers: Mapping[str, str] | None = None,
    fields: Mapping[str, str] | None = None,
    path: str = "",
) -> web.Response:
    """`{"error", "message"}` as JSON, and `fields` beside them. `path` is that of the request."""
    body = ErrorResponse(error=error_name(status, path), message=message, **(fields or {}))
    return web.Response(
        status=status,
        body=body.model_dump_json(exclude_unset=True).encode(),
        content_type="application/json",
        headers=dict(headers or {}),
    )


def describe_invalid(error: ValidationError, subject: str) -> str:
    """The first three errors of a body, each with its place and the value that is there, if that is short and
    may be shown."""
    if error.error_count() > _MOST_FAULTS:
        return f"{subject}: {error.error_count():,} errors, too many to list"
    return f"{subject}: {'; '.join(_described(fault) for fault in error.errors(include_url=False)[:3])}"


def _described(fault: ErrorDetails) -> str:
    # A class is a branch of a union, and no field.
    place = ".".join(str(part) for part in fault["loc"] if not str(part)[:1].isupper() and part != "str")
    why = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        why = "there is no such field; /docs lists them"
    elif place and fault["type"] not in _WITHOUT_VALUE and not _SECRET.search(place):
        value = fault["input"]
        if value is None or (isinstance(value, str | int | float) and len(str(value)) <= _SHOWN):
            why = f"{why}, found {json.dumps(value, ensure_ascii=False)}"
    return f"{place}: {why}" if place else why


def describe_status(error: web.HTTPException) -> str:
    """The message for errors that aiohttp raises itself."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return f"{error.method} is not allowed here; allowed are {allowed}"
    if isinstance(error, web.HTTPNotFound):
        return "unknown path; /openapi.json lists all paths"
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return f"the body is too large: {error.text}"
    if isinstance(error, web.HTTPExpectationFailed):
        return "the only supported Expect is 100-continue"
    return error.text or HTTPStatus(error.status).phrase
