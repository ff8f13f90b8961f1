"""What passes between a caller and Chroma, with a fake of Chroma that says what it got."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.chroma import upstream
from api.gateway import ChromaAccess
from tests.api.conftest import ADMIN_KEY, DATABASE, Server, Start
from tests.api.raw import head, send

V2 = "/api/v2"
ID = "11111111-2222-4333-8444-555555555555"
RECORDS = f"{V2}/tenants/default_tenant/databases/{DATABASE}/collections/{ID}"
BIG = 3_000_000


class FakeChroma:
    """Answers a look-up by id, and says of every other request what it got."""

    def __init__(self) -> None:
        self.got: list[web.BaseRequest] = []
        self.sizes: list[int] = []
        self.breaks_off = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "/collections/" not in request.path:  # the gateway looks at the system when it starts
            return web.json_response({})
        if "/by-id/" in request.path:
            place = {"tenant": "default_tenant", "database": DATABASE}
            return web.json_response({"id": ID, "name": "collection", **place})
        self.got.append(request)
        self.sizes.append(sum([len(piece) async for piece in request.content.iter_any()]))
        if request.path.endswith("/query"):
            return await self.stream(request)
        headers = {"Connection": "x-hop", "x-hop": "1", "chroma-trace-id": "t", "Set-Cookie": "a=b"}
        return web.json_response({"raw": request.raw_path}, headers=headers)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * BIG)
        if self.breaks_off:
            assert request.transport is not None
            request.transport.abort()
        return response


@pytest.fixture
async def fake() -> FakeChroma:
    return FakeChroma()


@pytest.fixture
async def passing(fake: FakeChroma, start: Start) -> AsyncIterator[Server]:
    """A gateway before the fake."""
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", fake.answer)
    async with TestServer(app) as server:
        yield await start(chroma=ChromaAccess(str(server.make_url("")), "chroma's token"), stalled_s=0.5)


async def test_headers_of_a_connection_and_of_who_asks_stay_behind(passing: Server, fake: FakeChroma) -> None:
    dropped = {"Cookie": "a=b", "Authorization": "Bearer x", "TE": "trailers", "x-one": "1"}
    headers = {**dropped, "Connection": "keep-alive, X-One", "x-kept": "1", "User-Agent": "a client"}
    async with passing.client.get(
        f"{RECORDS}/count?read_level=index_only", headers={"x-chroma-token": ADMIN_KEY, **headers}
    ) as response:
        answered = response.headers
        assert (await response.json())["raw"] == f"{RECORDS}/count?read_level=index_only"

    (got,) = fake.got
    assert got.headers["x-chroma-token"] == "chroma's token"
    assert (got.headers["x-kept"], got.headers["User-Agent"]) == ("1", "a client")
    assert not {name.lower() for name in got.headers} & {"cookie", "authorization", "te", "x-one"}
    assert answered["chroma-trace-id"] == "t"
    assert not {name.lower() for name in answered} & {"x-hop", "set-cookie"}


async def test_large_bodies_stream_both_ways(passing: Server, fake: FakeChroma) -> None:
    sizes = {"whole": bytes(BIG), "pieces": pieces(BIG), "small": b"{}"}
    for body in sizes.values():
        async with passing.client.post(
            f"{RECORDS}/query", data=body, headers={"x-chroma-token": ADMIN_KEY}
        ) as response:
            assert response.status == 200
            assert len(await response.read()) == BIG

    assert fake.sizes == [BIG, BIG, 2]
    assert [request.headers.get("Content-Length") for request in fake.got] == [str(BIG), None, "2"]


async def test_an_answer_that_breaks_off_never_looks_whole(passing: Server, fake: FakeChroma) -> None:
    fake.breaks_off = True
    with pytest.raises(aiohttp.ClientPayloadError):
        async with passing.client.post(
            f"{RECORDS}/query", data=b"{}", headers={"x-chroma-token": ADMIN_KEY}
        ) as response:
            await response.read()
    fake.breaks_off = False
    await passing.call("GET", f"{RECORDS}/count", status=200)


async def test_a_body_over_the_limit_is_refused_announced_or_not(
    passing: Server, fake: FakeChroma, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "MAX_BODY_BYTES", 1_000_000)
    for body in (bytes(BIG), pieces(BIG)):
        refused = await passing.call("POST", f"{RECORDS}/get", status=413, data=body)
        assert refused["error"] == "BatchSizeExceededError"
        assert "send smaller batches" in refused["message"]


async def test_a_caller_that_stalls_is_refused_and_holds_no_connection(
    passing: Server, fake: FakeChroma
) -> None:
    for announced in (10, BIG):
        raw = head("POST", f"{RECORDS}/get", f"x-chroma-token: {ADMIN_KEY}", f"Content-Length: {announced}")
        answer = await send(passing, raw + b"12345")
        assert answer.status == 400
        assert "sent nothing for 0.5 s" in answer.json()["message"]


async def test_a_chroma_that_is_away_is_said_to_be(start: Start) -> None:
    server = await start(chroma=ChromaAccess("http://127.0.0.1:9"))
    for path in (f"{V2}/heartbeat", f"{RECORDS}/count"):
        refused = await server.call("GET", path, status=503)
        assert refused["error"] == "InternalError"
        assert "HEADRACE_CHROMA_URL" in refused["message"]


async def test_what_is_an_odd_name_stays_one_segment_of_the_path(passing: Server, fake: FakeChroma) -> None:
    names = f"{V2}/tenants/default_tenant/databases/a%2Fb%3F%2E%2E/collections/..%2F..%2Fx%23"
    found = await passing.call("GET", names, status=200)
    assert found["raw"] == f"{V2}/tenants/default_tenant/databases/a%2Fb%3F../collections/..%2F..%2Fx%23"


async def pieces(size: int) -> AsyncIterator[bytes]:
    while size > 0:
        yield bytes(min(size, 100_000))
        size -= 100_000
        await asyncio.sleep(0)
