"""Spans of HTTP requests that are served; those that are sent are in `traces`, without aiohttp's server.

Queries and headers may hold secrets, and bodies hold texts: none of them is in a span.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from streams import tracing
from streams.tracing import Kind
from streams.tracing.headers import TRACEPARENT, TRACESTATE, Headers

#: Methods that a span is named with; a client may send any word.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"})


def middlewares() -> list[Middleware]:
    """The outermost middleware of a traced server; none while traces are off."""
    return [] if tracing.tracer() is None else [_served]


@web.middleware
async def _served(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A span from the head of a request to the end of its answer, child of the caller's."""
    resource = request.match_info.route.resource
    route = "" if resource is None else resource.canonical
    method = request.method if request.method in _METHODS else "HTTP"
    attributes = _described(request, route)
    with tracing.span(f"{method} {route}".rstrip(), attributes, Kind.SERVER, _headers(request)) as span:
        response = await handler(request)
        span.note({"http.response.status_code": response.status})
        if response.status >= 500:
            span.fail(str(response.status))
        return response


def _described(request: web.Request, route: str) -> dict[str, str | int]:
    """Attributes of a request that is served, without its Host and without a path that is none of ours: they
    may be anything."""
    attributes: dict[str, str | int] = {
        "http.request.method": request.method if request.method in _METHODS else "_OTHER",
        "url.scheme": request.scheme,
        "network.protocol.version": f"{request.version.major}.{request.version.minor}",
    }
    if request.transport is not None and (ours := request.transport.get_extra_info("sockname")):
        attributes |= {"server.address": str(ours[0]), "server.port": int(ours[1])}
    if route:
        attributes |= {"http.route": route, "url.path": request.path}
    return attributes


def _headers(request: web.Request) -> Headers:
    found = {name: request.headers.get(name) for name in (TRACEPARENT, TRACESTATE)}
    return {name: value.encode(errors="replace") for name, value in found.items() if value is not None}
