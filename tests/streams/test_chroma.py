"""The client's paths and errors; what each service makes of them is tested there."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from schemas.errors import DocumentError, TransientError
from streams.chroma import ChromaClient, NotFound, Unanswered, segment, space_of


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A server that has a collection, has none, answers nonsense, or does not answer at all."""
    may_end = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/hangs":
            await may_end.wait()
        if request.path == "/none":
            return web.json_response({"error": "NotFoundError", "message": "nothing here"}, status=404)
        if request.path == "/nonsense":
            return web.Response(text="<html>")
        return web.json_response({"path": request.raw_path, "token": request.headers.get("x-chroma-token")})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield f"http://{server.host}:{server.port}/"
        may_end.set()


async def test_names_are_quoted_and_the_accounts_tenant_and_token_are_used(url: str) -> None:
    client = ChromaClient(url, token="secret", tenant="ours")

    found = await client.get(f"{client.collections('theirs', 'a/b?')}/x", "it")

    assert found == {"path": "/api/v2/tenants/ours/databases/a%2Fb%3F/collections/x", "token": "secret"}
    await client.close()


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_is_another_path_is_refused(name: str) -> None:
    with pytest.raises(DocumentError, match="is no name"):
        segment(name)


async def test_what_is_missing_is_told_from_what_does_not_answer(url: str) -> None:
    client, hasty = ChromaClient(url), ChromaClient(url, seconds=0.2)

    with pytest.raises(NotFound, match="nothing here"):
        await client.get("/none", "it")
    with pytest.raises(Unanswered, match="has not answered it within"):
        await hasty.get("/hangs", "it")
    with pytest.raises(TransientError, match="HEADRACE_CHROMA_URL"):
        await client.get("/nonsense", "it")
    await client.close()
    await hasty.close()


async def test_a_server_that_is_away_is_not_one_that_hangs() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        client = ChromaClient(f"http://127.0.0.1:{reserved.getsockname()[1]}")

        with pytest.raises(TransientError, match="HEADRACE_CHROMA_URL") as raised:
            await client.get("/", "it")

    assert type(raised.value) is TransientError
    assert str(raised.value).endswith("Connection refused")
    await client.close()


@pytest.mark.parametrize(
    ("configuration", "space"),
    [
        ({"hnsw": {"space": "ip"}, "spann": None}, "ip"),
        ({"hnsw": None, "spann": {"space": "cosine"}}, "cosine"),
        ({"hnsw": {}}, "l2"),
        (None, "l2"),
    ],
)
def test_a_collection_that_says_nothing_measures_as_chroma_does(
    configuration: dict[str, object] | None, space: str
) -> None:
    assert space_of(configuration) == space
