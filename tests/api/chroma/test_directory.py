from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.chroma.directory import ChromaDirectory
from api.errors import NotFound
from api.gateway import ChromaAccess
from schemas.errors import TransientError


class FakeChroma:
    """Chroma's answers to look-ups, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.token: str | None = None

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.raw_path)
        self.token = request.headers.get("x-chroma-token")
        return web.json_response({"id": "an-id", "metadata": None}, status=self.status)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def fake() -> FakeChroma:
    return FakeChroma()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def directory(fake: FakeChroma, clock: Clock) -> AsyncIterator[ChromaDirectory]:
    app = web.Application()
    app.router.add_get("/{path:.*}", fake.answer)
    async with TestServer(app) as server:
        access = ChromaAccess(str(server.make_url("/")), "secret")
        directory = ChromaDirectory(access, clock)
        yield directory
        await directory.close()


async def test_a_database_that_exists_is_remembered_for_a_while(
    directory: ChromaDirectory, fake: FakeChroma, clock: Clock
) -> None:
    for _ in range(3):
        await directory.require_database("t", "a/b?")
    assert fake.asked == ["/api/v2/tenants/t/databases/a%2Fb%3F"]
    assert fake.token == "secret"
    clock.now += 31
    await directory.require_database("t", "a/b?")
    assert len(fake.asked) == 2


async def test_a_database_that_is_missing_is_found_as_soon_as_it_is_made(
    directory: ChromaDirectory, fake: FakeChroma
) -> None:
    fake.status = 404
    with pytest.raises(NotFound, match="'db'"):
        await directory.require_database("t", "db")
    fake.status = 200
    await directory.require_database("t", "db")


@pytest.mark.parametrize("name", ["", ".", ".."])
async def test_a_name_that_is_another_path_is_never_asked_for(
    directory: ChromaDirectory, fake: FakeChroma, name: str
) -> None:
    with pytest.raises(NotFound):
        await directory.require_database("t", name)
    assert fake.asked == []


@pytest.mark.parametrize(("status", "reason"), [(401, "HEADRACE_CHROMA_API_KEY"), (503, "503")])
async def test_what_is_no_answer_is_tried_again_by_the_caller(
    directory: ChromaDirectory, fake: FakeChroma, status: int, reason: str
) -> None:
    fake.status = status
    with pytest.raises(TransientError, match=reason):
        await directory.require_database("t", "db")
    assert not await directory.answers()


async def test_a_collection_without_metadata_is_open(directory: ChromaDirectory) -> None:
    found = await directory.collection("t", "db", "collection")
    assert found is not None
    assert not found.closed
