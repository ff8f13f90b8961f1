"""Signing in with a key, and out again."""

import secrets
import time
from collections import deque
from collections.abc import Callable

from aiohttp import web

from api.dashboard.forms import TOKEN_FIELD, VISIT, read_form, require_own_origin, require_token
from api.dashboard.page import Page
from api.dashboard.rendering import render, see_other
from api.dashboard.sessions import COOKIE, SESSION, SESSIONS, set_cookie
from api.dependencies import PARTS
from api.errors import HttpError, TooManyRequests, Unauthorized

#: Attempts that failed, of one address in a minute; more wait. Keys have 256 random bits: this spares the log
#: and the broker, which is asked about each unknown key. Keys that this process knows never wait: behind a
#: proxy all share one address, and anybody could shut the others out.
_MOST, _WINDOW_S = 10, 60.0
_MOST_ADDRESSES = 10_000


class Throttle:
    """Counts attempts that failed, by address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._failed = clock, dict[str, deque[float]]()

    def check(self, address: str) -> None:
        """Raises TooManyRequests."""
        failed = self._failed.get(address)
        while failed and failed[0] <= self._clock() - _WINDOW_S:
            failed.popleft()
        if failed and len(failed) >= _MOST:
            raise TooManyRequests(f"{_MOST} attempts failed within a minute; wait a minute, then try again")

    def failed(self, address: str) -> None:
        """Count one."""
        if len(self._failed) >= _MOST_ADDRESSES:
            self._failed.clear()
        self._failed.setdefault(address, deque(maxlen=_MOST)).append(self._clock())


THROTTLE = web.AppKey("throttle", Throttle)


async def show(request: web.Request) -> web.StreamResponse:
    """The form."""
    if request.get(SESSION) is not None:
        return see_other(_next(request.query.get("next")))
    return _form(request)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Open a session for a key; 401 with the form again for one that is not known."""
    require_own_origin(request)
    fields, sessions, address = await request.post(), request.app[SESSIONS], request.remote or ""
    visit = request.cookies.get(VISIT, "")
    require_token(request, str(fields.get(TOKEN_FIELD, "")), sessions.token("visit", visit) if visit else "")
    throttle, doorkeeper = request.app[THROTTLE], request.app[PARTS].doorkeeper
    key = str(fields.get("key", "")).strip()
    try:
        if (caller := doorkeeper.at_hand(key)) is None:
            throttle.check(address)
            caller = await doorkeeper.caller(key)
    except Unauthorized:
        throttle.failed(address)
        return _form(request, "This key is not known. It may have been revoked.", 401)
    except HttpError as error:
        return _form(request, str(error), error.status)
    response = see_other(_next(str(fields.get("next", ""))))
    session = sessions.open(caller)
    if (cookie := sessions.seal(session)) is not None:
        set_cookie(request, response, COOKIE, cookie)
    return response


async def sign_out(request: web.Request) -> web.StreamResponse:
    """End this session, or all of its key."""
    form = await read_form(request)
    await request.app[SESSIONS].end(request[SESSION], everywhere=form.ticked("everywhere"))
    response = see_other("/sign-in")
    response.del_cookie(COOKIE, path="/")
    return response


def _form(request: web.Request, error: str | None = None, status: int = 200) -> web.StreamResponse:
    visit = request.cookies.get(VISIT) or secrets.token_urlsafe(16)
    context = {
        "error": error,
        "token": request.app[SESSIONS].token("visit", visit),
        "next": _next(request.query.get("next")),
    }
    response = render(request, Page("sign_in.html", "Sign in"), context, status)
    set_cookie(request, response, VISIT, visit)
    return response


def _next(path: str | None) -> str:
    """Where to go after signing in: a path of ours, never another host."""
    plain = path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain and path else "/"
