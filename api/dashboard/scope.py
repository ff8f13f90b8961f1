"""What the caller of a page may see, and where in a list it is."""

from aiohttp import web

from api.access import Caller
from api.errors import BadRequest
from api.requests import query_text
from api.views.browsing import Cursor, Scope


def scope_of(caller: Caller) -> Scope:
    """The rows that a caller may see."""
    return Scope(caller.tenant, caller.databases)


def cursor_of(request: web.Request) -> Cursor | None:
    """The cursor of the page that is asked for; None for the first."""
    text = query_text(request, "after")
    if text is None:
        return None
    moment, _, id_ = text.partition(".")
    if not (moment.isascii() and moment.isdecimal() and len(moment) < 18 and 0 < len(id_) <= 64):
        raise BadRequest("after is no cursor of this list; begin at its first page")
    return int(moment), id_


def cursor_text(cursor: Cursor | None) -> str | None:
    """A cursor as it stands in a link."""
    return None if cursor is None else f"{cursor[0]}.{cursor[1]}"
