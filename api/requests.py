"""Reading requests: bodies, ids, pages. Invalid values raise a BadRequest with the expected ones."""

import uuid
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from aiohttp import web
from pydantic import BaseModel, ValidationError

from api.access import Caller
from api.errors import BadRequest, describe_invalid
from api.sync.options import require_text
from api.sync.source_types import require_type_name
from api.views.catalogue import ResultPage
from schemas.events import Status

#: Most rows of one answer; a thousand invocations are about 400 KB of JSON.
MAX_LIMIT = 1000
#: SQLite counts rows in 63 bits; nobody pages this far.
_MAX_OFFSET = 2**31

B = TypeVar("B", bound=BaseModel)

CALLER = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """The caller."""
    return request[CALLER]


async def read_body(request: web.Request, model: type[B]) -> B:
    """The JSON body."""
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise BadRequest(describe_invalid(error, "the body")) from error


def path_id(request: web.Request, name: str) -> str:
    """An id of the path, in the lower-case form in which ids are stored."""
    text = request.match_info[name]
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        parsed = None
    if parsed is None or len(text) != 36:
        raise BadRequest(f"{name} {text[:80]!r} is not a UUID")
    return str(parsed)


def query_text(request: web.Request, name: str) -> str | None:
    """A parameter of the query, None if it is absent or empty."""
    if not _is_utf8(request.rel_url.raw_query_string):
        raise BadRequest("the query is not UTF-8")
    values = request.query.getall(name, [])
    if len(values) > 1:
        raise BadRequest(f"{name} occurs {len(values)} times")
    return require_text(name, values[0]) if values and values[0] else None


def _is_utf8(query: str) -> bool:
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return False
    return True


def query_uuid(request: web.Request, name: str) -> str | None:
    """An id of the query, in the lower-case form in which ids are stored; None if it is absent."""
    text = query_text(request, name)
    return None if text is None else uuid_of(name, text)


def uuid_of(name: str, text: str) -> str:
    """An id in the lower-case form in which ids are stored."""
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise BadRequest(f"{name} {text[:80]!r} is not a UUID") from error


def query_number(request: web.Request, name: str, default: int, most: int, least: int = 0) -> int:
    """A whole number of the query, `least` to `most`."""
    text = query_text(request, name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 20) or not least <= int(text) <= most:
        raise BadRequest(f"{name} must be a whole number from {least} to {most}, found {text[:40]!r}")
    return int(text)


def query_choice(request: web.Request, name: str, choices: tuple[str, ...]) -> str | None:
    """A parameter with a fixed set of values, None if it is absent."""
    text = query_text(request, name)
    if text is not None and text not in choices:
        raise BadRequest(f"{name} must be one of {', '.join(choices)}, found {text[:40]!r}")
    return text


def page_of(request: web.Request) -> ResultPage:
    """Filters, limit and offset of a list, restricted to what the caller may see."""
    caller = caller_of(request)
    database, kind = query_text(request, "database_name"), query_text(request, "source_type")
    if database is not None:
        caller.require_database(database)
    repository, app_id = query_text(request, "github.repository"), query_text(request, "github.app_id")
    if (repository or app_id) and kind != "github":
        raise BadRequest("github.repository and github.app_id go with source_type=github")
    return ResultPage(
        tenant=caller.tenant,
        databases=caller.databases,
        database=database,
        type=None if kind is None else require_type_name(kind),
        status=query_choice(request, "status", tuple(Status)),
        repository=repository,
        app_id=app_id,
        limit=query_number(request, "limit", 100, MAX_LIMIT),
        offset=query_number(request, "offset", 0, _MAX_OFFSET),
        ascending=query_choice(request, "order_by", ("ASC", "DESC")) == "ASC",
    )
