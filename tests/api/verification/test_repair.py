"""A repair runs the sources of a collection, and no others."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from api.verification.verifier import Compared
from api.views.documents import Place
from schemas.api import CollectionFinding
from tests.api.conftest import DATABASE, Server, Start
from tests.api.test_access import make_key
from tests.api.verification.test_running import finding


class Found:
    """A comparison that has found one document, of these sources."""

    def __init__(self, sources: list[str]) -> None:
        self._sources = sources

    @asynccontextmanager
    async def open(self, place: Place) -> AsyncIterator["Found"]:
        yield self

    async def compare(self, tell: Callable[[int], None]) -> Compared:
        findings: list[CollectionFinding] = [finding(1)]
        return Compared(1, 1, 0, 0, 0, findings, self._sources)

    async def doubt(self) -> None: ...


async def test_a_source_of_another_tenant_is_not_run(
    start: Start, folder_source: str, server: Server
) -> None:
    foreign = (await make_key(server, tenant="another", admin=True))["key"]
    chroma = "/api/v2/tenants/another/databases"
    await server.call("POST", chroma, status=200, key=foreign, json={"name": DATABASE})
    await server.call(
        "POST", f"{chroma}/{DATABASE}/collections", status=200, key=foreign, json={"name": "theirs"}
    )
    gateway = await start(verifier=Found([folder_source]))
    path, body = "/api/v1/collections/theirs", {"database_name": DATABASE}
    await gateway.call("POST", f"{path}/repair", status=202, key=foreign, json=body)

    async with asyncio.timeout(30):
        while True:
            found = await gateway.call("GET", f"{path}/verification", status=200, key=foreign, params=body)
            if found["state"] != "running":
                break
            await asyncio.sleep(0.02)
    assert (found["invocation_ids"], found["remarks"]) == (
        [],
        [f"source {folder_source} does not exist in this database"],
    )
