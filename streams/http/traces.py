"""Spans of HTTP requests that are sent, by OpenTelemetry's conventions.

Queries and headers may hold secrets, and bodies hold texts: none of them is in a span.
"""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL

from streams import tracing
from streams.tracing import Kind, OpenSpan

#: The path of a request without its names and ids, for the name of its span.
Template = Callable[[str], str]

#: Variable segments of Chroma's paths: `/api/v2/tenants/acme/databases/main/collections/5f3c…/upsert`.
_NAMED = re.compile(r"(?<=/)(tenants|databases|collections|functions)/[^/]+")


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
