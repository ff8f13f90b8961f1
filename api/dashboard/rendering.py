"""Rendering: templates with autoescape, and the headers of a page."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, unquote, urlencode

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from api.dashboard.assets import asset
from api.dashboard.forms import token_of
from api.dashboard.navigation import navigation_of
from api.dashboard.page import Page
from api.dashboard.sessions import SESSION
from api.dashboard.shown import formats
from api.requests import CALLER

#: Nothing from elsewhere, nothing inline: what a document says can never run.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: Blocks of a template that are sent again when they change.
LIVE = "live_"
#: Embeddings and overrides of the direction of writing, which nothing needs that is one text.
_TURNS = re.compile("[\u202a-\u202e]")
#: What was done, for the page that follows a form.
SAID = "headrace_said"


@cache
def environment() -> Environment:
    """The templates, compiled once."""
    made = Environment(
        loader=PackageLoader("api.dashboard"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        finalize=_in_order,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(formats.FILTERS)
    made.globals.update(asset=asset, params=params, find=find, **formats.GLOBALS)
    made.globals["ui"] = made.get_template("macros.html").module
    return made


def _in_order(value: Any) -> Any:
    """A text with what turns its direction as an escape: U+202E in a name hides how the name ends."""
    if not isinstance(value, str) or not _TURNS.search(value):
        return value
    return type(value)(_TURNS.sub(lambda found: f"\\u{ord(found[0]):04x}", value))


def compile_all() -> None:
    """Compile every template, so that the first page is as quick as the others. Takes a tenth of a second."""
    made = environment()
    for name in made.list_templates():
        made.get_template(name)


def params(query: Mapping[str, str], name: str, value: object) -> str:
    """A query string with one parameter changed; None removes it."""
    kept = {key: text for key, text in query.items() if key != name}
    return urlencode(kept if value is None else {**kept, name: str(value)})


def find(database: str, collection: str, key: str, source_id: str | None = None) -> str:
    """The query of `/documents/find`: a document by what an outcome knows of it."""
    known = {
        "database": database,
        "collection": collection,
        "key": key,
        "source_id": source_id,
    }
    return urlencode({name: value for name, value in known.items() if value})


def template_of(page: Page) -> Template:
    """The template of a page."""
    return environment().get_template(page.template)


def complete(request: web.Request, page: Page, context: Mapping[str, Any]) -> dict[str, Any]:
    """What a template needs besides what its page shows."""
    session, caller = request.get(SESSION), request.get(CALLER)
    return {
        "title": page.title,
        "live": page.live,
        "path": request.path,
        "query": request.query,
        "here": request.path_qs,
        "me": caller if session is not None else None,
        "csrf": token_of(request),
        "navigation": navigation_of(caller),
        "said": unquote(request.cookies.get(SAID, "")),
        **context,
    }


def render(request: web.Request, page: Page, context: Mapping[str, Any], status: int = 200) -> web.Response:
    """A page as HTML."""
    text = template_of(page).render(complete(request, page, context))
    headers = dict(HEADERS)
    if page.frames:
        headers["Content-Security-Policy"] += "; frame-src 'self'"
    response = web.Response(text=text, status=status, content_type="text/html", headers=headers)
    if SAID in request.cookies:
        response.del_cookie(SAID, path="/")
    return response


def see_other(path: str, said: str = "") -> web.Response:
    """Lead the browser to another page, which says what was done."""
    response = web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})
    if said:  # a cookie, because a link could make a page say anything
        response.set_cookie(SAID, quote(said[:500]), max_age=30, path="/", httponly=True, samesite="Strict")
    return response


def live_blocks(page: Page, context: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The live blocks of a page, by name, as HTML."""
    template = template_of(page)
    for name, block in template.blocks.items():
        if name.startswith(LIVE):
            yield name, "".join(block(template.new_context(context)))
