"""Around every page: the session in place of a key, errors as pages, the cookie's renewal."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

import structlog
from aiohttp import web

from api.dashboard.page import Page
from api.dashboard.rendering import render, see_other
from api.dashboard.routes import is_open, is_page
from api.dashboard.sessions import COOKIE, SESSION, SESSIONS, set_cookie
from api.errors import HttpError, describe_status
from api.requests import CALLER
from schemas.errors import IngestError, RequestError, TransientError

log = structlog.get_logger("api")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what is a page. Everything else goes on to the API, which knows no cookies."""
    if not is_page(request):
        return await handler(request)
    sessions = request.app[SESSIONS]
    session = sessions.read(request.cookies.get(COOKIE))
    if session is not None:
        request[SESSION], request[CALLER] = session, session.caller
    elif not is_open(request):
        return _to_sign_in(request)
    response = await _answered(request)
    if session is not None and not response.prepared and COOKIE not in response.cookies:
        renewed = sessions.renewed(session)
        if renewed is not None and (value := sessions.seal(renewed)) is not None:
            set_cookie(request, response, COOKIE, value)
    return response


def _to_sign_in(request: web.Request) -> web.StreamResponse:
    if request.method != "GET" or "text/html" not in request.headers.get("Accept", ""):
        return _error(request, 401, "you are not signed in, or the session has ended")
    here = "" if request.path == "/" else f"?next={quote(request.path_qs, safe='')}"
    return see_other(f"/sign-in{here}")


async def _answered(request: web.Request) -> web.StreamResponse:
    """The page, or the page of its error. An unexpected error is logged, and shows nothing of itself."""
    try:
        return await request.match_info.handler(request)
    except HttpError as error:
        return _error(request, error.status, str(error), dict(error.headers))
    except web.HTTPNotFound:
        return _error(request, 404, "there is no page at this address")
    except web.HTTPException as error:
        return _error(request, error.status, describe_status(error))
    except TransientError as error:
        log.warning("a component behind the gateway does not answer", error=str(error))
        return _error(request, 503, str(error))
    except (RequestError, IngestError) as error:
        return _error(request, 400, str(error))
    except (ConnectionError, web.RequestPayloadError):
        return _error(request, 400, "the request ended before the end of its body")
    except Exception:
        log.exception("page failed")
        return _error(request, 500, "an error that nobody foresaw; the gateway's log has it with the request")


#: What an error is called on its page, and what to do about it.
_NAMED = {
    401: ("Not signed in", "Sign in, then try again."),
    403: ("Not allowed", "Ask whoever gave you the key for one that may do this."),
    404: ("Not found", "It may have been deleted, or the address has a mistake."),
    429: ("Too much at once", "Wait a little, then try again."),
    503: ("Not available", "Something behind the gateway does not answer. The overview says what."),
}


def _error(
    request: web.Request, status: int, message: str, headers: dict[str, str] | None = None
) -> web.StreamResponse:
    if "application/json" in request.headers.get("Accept", ""):  # a script asks
        return web.json_response({"message": message}, status=status, headers=headers)
    name, advice = _NAMED.get(status, (HTTPStatus(status).phrase, "Go back and try again."))
    context = {"status": status, "message": message, "advice": advice}
    response = render(request, Page("error.html", name), context, status)
    response.headers.update(headers or {})
    return response
