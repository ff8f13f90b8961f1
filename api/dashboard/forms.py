"""Forms: every one carries a token that only a page of ours has, and comes from our own origin."""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web

from api.dashboard.sessions import SESSION, SESSIONS
from api.errors import BadRequest, Forbidden
from api.sync.options import require_text

#: The field of a form, and the header of a script's request, with the token.
TOKEN_FIELD, TOKEN_HEADER = "csrf", "X-Csrf-Token"
#: Names a browser that has not signed in, for the token of the form with which it does.
VISIT = "headrace_visit"


def token_of(request: web.Request) -> str:
    """The token for the forms of this page; empty without a session."""
    session = request.get(SESSION)
    return "" if session is None else request.app[SESSIONS].token("form", session.id)


async def read_form(request: web.Request) -> "Form":
    """The fields of a form. Raises Forbidden without the right token, or from another site."""
    require_own_origin(request)
    fields = await request.post()
    given = fields.get(TOKEN_FIELD)
    require_token(request, given if isinstance(given, str) else "")
    return Form({name: [str(one) for one in fields.getall(name)] for name in fields})


def require_token(request: web.Request, given: str, expected: str | None = None) -> None:
    """Raises Forbidden for a wrong token."""
    expected = token_of(request) if expected is None else expected
    if not expected or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise Forbidden("this form is not of this session; go back, reload the page and send it again")


def require_own_origin(request: web.Request) -> None:
    """Raises Forbidden for a request that a page of another site sends."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign = site not in (None, "same-origin", "none")
    if not foreign and origin is not None and site is None:
        foreign = urlsplit(origin).netloc != request.headers.get("Host")
    if foreign:
        raise Forbidden("a page of another site sent this form; open the dashboard and send it from there")


class Form:
    """The fields of a form that was sent. Texts lose the white space around them; empty ones are None."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields

    @property
    def values(self) -> dict[str, str]:
        """What was typed, to show it again; secrets are typed again."""
        hidden = ("secret", "key_id", "token", TOKEN_FIELD)
        return {name: found[0] for name, found in self._fields.items() if not any(h in name for h in hidden)}

    def text(self, name: str) -> str | None:
        """A text."""
        values = self._fields.get(name, [])
        if len(values) > 1:
            raise BadRequest(f"{name} occurs {len(values)} times")
        found = values[0].strip() if values else ""
        return require_text(name, found) if found else None

    def required(self, name: str, label: str) -> str:
        """A text that must be there."""
        found = self.text(name)
        if found is None:
            raise BadRequest(f"{label} is missing")
        return found

    def lines(self, name: str) -> list[str] | None:
        """One text on each line; None for none."""
        return [line.strip() for line in (self.text(name) or "").splitlines() if line.strip()] or None

    def all(self, name: str) -> list[str]:
        """The values of the boxes that are ticked."""
        return [value for value in self._fields.get(name, []) if value]

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.text(name) is not None

    def number(self, name: str, label: str) -> int | None:
        """A whole number."""
        found = self.text(name)
        if found is None:
            return None
        if not (found.isascii() and found.isdecimal() and len(found) < 12):
            raise BadRequest(f"{label} must be a whole number, found {found[:40]!r}")
        return int(found)
