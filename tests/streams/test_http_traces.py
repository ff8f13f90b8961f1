"""Spans of HTTP requests: names without ids, parents across servers, no query and no secret."""

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.trace import SpanKind

from streams import tracing
from streams.http.served import middlewares
from streams.http.server import listening
from streams.http.traces import chroma_template, client_traces
from tests.spans import Spans, id_of, parent_of, recorded, trace_of

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def spans() -> Iterator[Spans]:
    with recorded() as found:
        yield found


async def _answer(request: web.Request) -> web.Response:
    if request.match_info["id"] == "broken":
        raise web.HTTPServiceUnavailable
    return web.Response(text=request.headers.get("traceparent", ""))


def runner() -> web.AppRunner:
    app = web.Application(middlewares=middlewares())
    app.router.add_get("/sources/{id}", _answer)
    return web.AppRunner(app, access_log=None)


async def test_a_served_request_is_a_child_of_its_caller_and_named_by_its_route(spans: Spans) -> None:
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "Authorization": "Bearer secret"}
    async with listening(runner(), "127.0.0.1", 0, "no") as port, aiohttp.ClientSession() as http:
        url = f"http://user:secret@127.0.0.1:{port}/sources/a?token=secret"
        async with http.get(url.replace("user:secret@", ""), headers=headers) as answer:
            assert answer.status == 200

    span = spans.one("GET /sources/{id}")
    assert (trace_of(span), parent_of(span), span.kind) == (TRACE, CALLER, SpanKind.SERVER)
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/sources/{id}",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "url.path": "/sources/a",
        "server.address": "127.0.0.1",
        "server.port": port,
        "network.protocol.version": "1.1",
    }


async def test_what_a_stranger_writes_into_a_request_is_in_no_span(spans: Spans) -> None:
    async with listening(runner(), "127.0.0.1", 0, "no") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PROPFIND /secret HTTP/1.1\r\nHost: secret:x\r\nConnection: close\r\n\r\n")
        assert b" 404 " in await reader.readline()
        writer.close()

    [span] = spans.all()
    assert span.name == "HTTP"
    assert (span.attributes or {})["http.request.method"] == "_OTHER"
    assert "secret" not in span.to_json().lower()


async def test_a_sent_request_hands_its_trace_on_and_says_neither_query_nor_password(spans: Spans) -> None:
    async with listening(runner(), "127.0.0.1", 0, "no") as port:
        url = f"http://user:secret@127.0.0.1:{port}/sources/a?token=secret"
        async with aiohttp.ClientSession(trace_configs=client_traces()) as http:
            with tracing.span("work"):
                async with http.get(url) as answer:
                    received = await answer.text()

    sent, served, work = spans.one("GET"), spans.one("GET /sources/{id}"), spans.one("work")
    assert parent_of(sent) == id_of(work)
    assert parent_of(served) == id_of(sent)
    assert received.startswith(f"00-{trace_of(work)}-{id_of(sent)}-")
    assert sent.kind == SpanKind.CLIENT
    assert (sent.attributes or {})["url.full"] == f"http://127.0.0.1:{port}/sources/a"
    assert "secret" not in "".join(span.to_json() for span in spans.all())


async def test_what_fails_says_with_which_class_or_status(spans: Spans) -> None:
    async with (
        listening(runner(), "127.0.0.1", 0, "no") as port,
        aiohttp.ClientSession(trace_configs=client_traces(str)) as http,
        http.get(f"http://127.0.0.1:{port}/sources/broken") as answer,
    ):
        assert answer.status == 503
    async with aiohttp.ClientSession(trace_configs=client_traces()) as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"http://127.0.0.1:{port}/")

    errors = {(span.name, (span.attributes or {}).get("error.type")) for span in spans.all()}
    assert errors == {
        ("GET /sources/broken", "503"),
        ("GET /sources/{id}", "HTTPServiceUnavailable"),
        ("GET", "ClientConnectorError"),
    }


def test_paths_of_chroma_are_named_without_names_and_ids() -> None:
    path = "/api/v2/tenants/acme/databases/collections/collections/5f3c/upsert"

    assert chroma_template(path) == (
        "/api/v2/tenants/{tenant}/databases/{database}/collections/{collection}/upsert"
    )
    assert chroma_template("/api/v2/pre-flight-checks") == "/api/v2/pre-flight-checks"


def test_without_traces_there_is_neither_a_middleware_nor_a_hook() -> None:
    assert middlewares() == []
    assert client_traces() == []
