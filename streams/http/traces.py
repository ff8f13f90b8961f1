"""Spans of HTTP requests, by OpenTelemetry's conventions: those that are served and those that are sent.

Queries and headers may hold secrets, and bodies hold texts: none of them is in a span.
"""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from streams import tracing
from streams.tracing import Kind, OpenSpan
from streams.tracing.headers import TRACEPARENT, TRACESTATE, Headers

#: The path of a request without its names and ids, for the name of its span.
Template = Callable[[str], str]

#: Methods that a span is named with; a client may send any word.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"})
#: Variable segments of Chroma's paths: `/api/v2/tenants/acme/databases/main/collections/5f3c…/upsert`.
_NAMED = re.compile(r"(?<=/)(tenants|databases|collections|functions)/[^/]+")


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


def client_traces(template: Template | None = None) -> list[aiohttp.TraceConfig]:
    """What gives each request of a client session a span, and the server its headers; nothing while traces
    are off. For servers of the deployment: those of others learn nothing of our traces.

    Args:
        template: shortens paths that contain names and ids; without it, spans are named by the method alone.
    """
    if tracing.tracer() is None:
        return []
    config = aiohttp.TraceConfig()
    config.on_request_start.append(lambda *given: _begin(template, *given))
    config.on_request_end.append(_end)
    config.on_request_exception.append(_fail)
    return [config]


def chroma_template(path: str) -> str:
    """The template of a path of Chroma's API."""
    return _NAMED.sub(lambda found: f"{found[1]}/{{{found[1][:-1]}}}", path)


async def _begin(template: Template | None, session: Any, held: SimpleNamespace, sent: Any) -> None:
    tracer = tracing.tracer()
    held.span = None
    if tracer is None:
        return
    url: URL = sent.url
    attributes: dict[str, str | int] = {
        "http.request.method": sent.method,
        "url.full": str(url.with_user(None).with_query(None)),
        "server.address": url.host or "",
        "server.port": url.port or 0,
    }
    name = sent.method
    if template is not None:
        attributes["url.template"] = template(url.raw_path)
        name = f"{name} {attributes['url.template']}"
    span = held.span = tracer.begin(name, Kind.CLIENT, attributes)
    sent.headers.update({key: value.decode() for key, value in span.headers.items()})


async def _end(session: Any, held: SimpleNamespace, sent: Any) -> None:
    span: OpenSpan | None = held.span
    if span is not None:
        status: int = sent.response.status
        span.note({"http.response.status_code": status})
        span.end(str(status) if status >= 400 else None)


async def _fail(session: Any, held: SimpleNamespace, sent: Any) -> None:
    span: OpenSpan | None = held.span
    if span is not None:
        span.end(type(sent.exception).__name__)


def _headers(request: web.Request) -> Headers:
    found = {name: request.headers.get(name) for name in (TRACEPARENT, TRACESTATE)}
    return {name: value.encode(errors="replace") for name, value in found.items() if value is not None}
