"""Stock Chroma clients on the gateway, and what no key may reach through it."""

import asyncio
import re
import uuid
from dataclasses import dataclass
from typing import Any

import aiohttp
import chromadb
import pytest
from chromadb.errors import (
    AuthorizationError,
    ChromaAuthError,
    ChromaError,
    InvalidArgumentError,
    NotFoundError,
)

from api.chroma.routes import ROUTES
from tests.api.conftest import ADMIN_KEY, DATABASE, Server, create_folder_source, create_run
from tests.api.test_access import make_key
from tests.conftest import Chroma

V2 = "/api/v2"
OURS = f"{V2}/tenants/default_tenant/databases/{DATABASE}/collections"
VECTORS = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]


def client_of(server: Server, key: str = ADMIN_KEY, **where: str) -> Any:
    """A stock client; it answers in its own thread only."""
    tenant, database = where.get("tenant", "default_tenant"), where.get("database", DATABASE)
    headers = {"x-chroma-token": key}
    return chromadb.HttpClient("127.0.0.1", server.port, headers=headers, tenant=tenant, database=database)


async def make_collection(server: Server, name: str | None = None, **fields: Any) -> dict[str, Any]:
    body = {"name": name or f"c-{uuid.uuid4()}", **fields}
    made = await server.call("POST", OURS, status=200, json=body)
    assert isinstance(made, dict)
    return made


async def test_a_stock_client_works_with_a_key_that_is_no_admin_key(server: Server) -> None:
    key = (await make_key(server, databases=[DATABASE]))["key"]
    name = f"stock-{uuid.uuid4()}"

    def use() -> None:
        client = client_of(server, key)
        assert client.heartbeat() > 0
        assert client.get_version()
        assert client.get_max_batch_size() > 0
        made = client.create_collection(name, metadata={"a": 1}, embedding_function=None)
        made.add(["a", "b", "c"], VECTORS, [{"n": 1}, {"n": 2}, {"n": 3}], ["one", "two", "three"])
        made.upsert(["c"], [VECTORS[2]], [{"n": 4}])
        made.update(["b"], [VECTORS[1]], documents=["zwei"])
        assert made.count() == 3
        found = made.query(VECTORS[:1], n_results=2, where={"n": {"$gt": 1}})
        assert found["ids"] == [["c", "b"]]
        assert made.get(where_document={"$contains": "zwei"})["ids"] == ["b"]
        made.delete(ids=["a"])
        assert sorted(made.get()["ids"]) == ["b", "c"]
        made.modify(metadata={"a": 2})
        again = client.get_collection(name, embedding_function=None)
        assert (again.id, again.metadata) == (made.id, {"a": 2})
        assert name in [one.name for one in client.list_collections()]
        assert client.count_collections() >= 1
        client.delete_collection(name)

    await asyncio.to_thread(use)


async def test_a_stock_asynchronous_client_works(server: Server) -> None:
    async def use() -> list[str]:
        client = await chromadb.AsyncHttpClient(
            "127.0.0.1", server.port, headers={"x-chroma-token": ADMIN_KEY}, database=DATABASE
        )
        made = await client.create_collection(f"stock-{uuid.uuid4()}", embedding_function=None)
        await made.add(["a", "b"], VECTORS[:2])  # type: ignore[arg-type]
        found = await asyncio.gather(*(made.query([VECTORS[n % 2]], n_results=1) for n in range(20)))  # type: ignore[arg-type]
        return [one["ids"][0][0] for one in found]

    # In an event loop of its own: all asynchronous clients of a loop send the headers of the first.
    assert await asyncio.to_thread(asyncio.run, use()) == ["a", "b"] * 10


async def test_refusals_raise_the_exception_of_their_kind_in_a_stock_client(server: Server) -> None:
    limited = (await make_key(server, databases=["elsewhere"]))["key"]

    def use() -> None:
        client = client_of(server)
        with pytest.raises(NotFoundError):
            client.get_collection("nothing-here")
        made = client.create_collection(f"stock-{uuid.uuid4()}", embedding_function=None)
        made.add(["a"], VECTORS[:1])
        with pytest.raises(InvalidArgumentError, match="dimension"):
            made.add(["b"], [[1.0, 2.0, 3.0]])
        with pytest.raises(ChromaError, match="already exists"):
            client.create_collection(made.name, embedding_function=None)
        with pytest.raises(AuthorizationError, match="not known"):
            client_of(server, "wrong")
        with pytest.raises(ChromaAuthError, match="limited to some databases"):
            client_of(server, limited)
        with pytest.raises(ChromaAuthError, match="give the client tenant='default_tenant'"):
            client_of(server, limited, tenant="other")

    await asyncio.to_thread(use)


async def test_every_route_of_chroma_has_been_thought_of(chroma: Chroma) -> None:
    published = {(method, blank(path)) for method, path in await routes_of(chroma)}

    assert published == {(method, blank(V2 + path)) for method, path, _ in ROUTES}


@dataclass(frozen=True)
class Two:
    """A collection of tenant B, and a key of tenant A, whose databases have the same names."""

    key: str
    tenant: str
    other: str
    database: str
    collection: dict[str, Any]


@pytest.fixture
async def two(server: Server) -> Two:
    tenant, other, database = f"a-{uuid.uuid4()}", f"b-{uuid.uuid4()}", "shared-name"
    for name in (tenant, other):
        await server.call("POST", f"{V2}/tenants", status=200, json={"name": name})
        await server.call("POST", f"{V2}/tenants/{name}/databases", status=200, json={"name": database})
    there = f"{V2}/tenants/{other}/databases/{database}/collections"
    made = await server.call("POST", there, status=200, json={"name": "secret", "metadata": {"of": "b"}})
    body = {"ids": ["x"], "embeddings": [[1.0, 0.0]], "documents": ["of tenant b"]}
    await server.call("POST", f"{there}/{made['id']}/add", status=201, json=body)
    key = (await make_key(server, tenant=tenant, admin=True))["key"]
    return Two(key, tenant, other, database, made)


BODIES = {
    "add": {"ids": ["y"], "embeddings": [[1.0, 0.0]]},
    "update": {"ids": ["x"], "documents": ["changed"]},
    "upsert": {"ids": ["x"], "embeddings": [[0.0, 1.0]], "documents": ["changed"]},
    "delete": {"ids": ["x"]},
    "query": {"query_embeddings": [[1.0, 0.0]]},
    "fork": {"new_name": "taken"},
    "search": {"searches": [{"rank": {"$knn": {"query": [1.0, 0.0]}}, "select": {"keys": ["#document"]}}]},
    "attach": {"name": "f", "function_id": "f", "output_collection": "taken"},
    "detach": {"delete_output": True},
    "": {"new_name": "taken", "new_metadata": {"of": "a"}, "name": "secret"},
}


async def test_no_route_leads_to_a_collection_of_another_tenant(
    server: Server, chroma: Chroma, two: Two
) -> None:
    before = await everything(chroma, two)
    walked = 0
    for method, path in await routes_of(chroma):
        if "{collection_id}" not in path and "{crn}" not in path:
            continue
        for tenant in (two.tenant, two.other):
            for collection in (two.collection["id"], two.collection["id"].upper(), "secret"):
                place = {"tenant": tenant, "database": two.database, "collection_id": collection}
                crn = f"{tenant}:{two.database}:{two.collection['name']}"
                url = path.format(**place, name="f", function_name="f", crn=crn)
                last = path.rpartition("/")[2]
                status, text = await answered(server, two.key, method, url, BODIES.get(last, BODIES[""]))
                assert status in (400, 403, 404), f"{method} {url}: {status} {text}"
                assert "of tenant b" not in text
                walked += 1
    assert walked > 60
    assert await everything(chroma, two) == before


async def test_the_rights_of_a_key_are_those_of_its_databases(server: Server, two: Two) -> None:
    limited = (await make_key(server, databases=[DATABASE, "not-made-yet"]))["key"]
    tenants = f"{V2}/tenants"

    me = await server.call("GET", f"{V2}/auth/identity", status=200, key=limited)
    assert (me["tenant"], me["databases"]) == ("default_tenant", [DATABASE, "not-made-yet"])
    databases = await server.call("GET", f"{tenants}/default_tenant/databases", status=200, key=limited)
    assert [one["name"] for one in databases] == [DATABASE]
    own = f"{tenants}/default_tenant/databases"
    for method, path, body in (
        ("GET", f"{own}/default_database", None),
        ("GET", f"{own}/default_database/collections", None),
        ("POST", own, {"name": "another"}),
        ("DELETE", f"{own}/{DATABASE}", None),
        ("POST", tenants, {"name": "another"}),
        ("PATCH", f"{tenants}/default_tenant", {"resource_name": "x"}),
        ("GET", f"{tenants}/{two.other}", None),
        ("GET", f"{tenants}/{two.other}/databases", None),
        ("POST", f"{V2}/reset", None),
    ):
        refused = await server.call(method, path, status=403, key=limited, json=body)
        assert refused["error"] == "AuthError", path
    refused = await server.call("POST", f"{V2}/reset", status=403, key=two.key)
    assert "HEADRACE_API_KEY" in refused["message"]
    await server.call("GET", f"{V2}/heartbeat", status=401, key=None)
    assert (await server.call("GET", f"{V2}/nothing", status=404))["error"] == "NotFoundError"


async def test_what_headrace_keeps_is_written_by_admins_only(
    server: Server, roots: Any, tmp_path: Any
) -> None:
    folder = roots / tmp_path.name
    folder.mkdir()
    name = f"kept-{uuid.uuid4()}"
    await create_run(server, await create_folder_source(server, folder), name)
    key = (await make_key(server))["key"]
    row = {"ids": ["a"], "embeddings": [[1.0]]}

    refused = await server.call("POST", OURS, status=403, key=key, json={"name": name})
    assert "Headrace keeps" in refused["message"]
    kept = await make_collection(server, name)
    mine = await make_collection(server)
    await server.call("POST", OURS, status=200, key=key, json={"name": name, "get_or_create": True})
    for route, body in (("add", row), ("upsert", row), ("update", row), ("delete", {"ids": ["a"]})):
        await server.call("POST", f"{OURS}/{kept['id']}/{route}", status=403, key=key, json=body)
    await server.call("PUT", f"{OURS}/{kept['id']}", status=403, key=key, json={"new_name": "free-again"})
    await server.call("PUT", f"{OURS}/{mine['id']}", status=403, key=key, json={"new_name": name})
    await server.call("POST", f"{OURS}/{mine['id']}/fork", status=403, key=key, json={"new_name": name})
    await server.call("DELETE", f"{OURS}/{name}", status=403, key=key)

    assert await server.call("GET", f"{OURS}/{kept['id']}/count", status=200, key=key) == 0
    await server.call("POST", f"{OURS}/{mine['id']}/add", status=201, key=key, json=row)
    await server.call("POST", f"{OURS}/{kept['id']}/add", status=201, json=row)
    await server.call("DELETE", f"{OURS}/{name}", status=200)


@pytest.mark.parametrize(
    "more", ["1" * 5_000, "[" * 5_000 + "]" * 5_000, "NaN"], ids=["digits", "depth", "NaN"]
)
async def test_a_name_that_only_chroma_can_read_is_refused(
    server: Server, roots: Any, tmp_path: Any, more: str
) -> None:
    """Chroma passes over members that it does not know, whatever they hold; Python's JSON has limits."""
    folder = roots / tmp_path.name
    folder.mkdir()
    key, name = (await make_key(server))["key"], f"kept-{uuid.uuid4()}"
    await create_run(server, await create_folder_source(server, folder), name)
    mine = await make_collection(server)

    for method, path, member in (("POST", OURS, "name"), ("PUT", f"{OURS}/{mine['id']}", "new_name")):
        body = f'{{"{member}": "{name}", "x": {more}}}'
        await server.call(
            method, path, status=400, key=key, data=body, headers={"Content-Type": "application/json"}
        )

    await server.call("GET", f"{OURS}/{name}", status=404)


async def test_a_renamed_collection_is_judged_by_its_name_of_now(
    server: Server, roots: Any, tmp_path: Any
) -> None:
    folder = roots / tmp_path.name
    folder.mkdir()
    key, name = (await make_key(server))["key"], f"kept-{uuid.uuid4()}"
    made = await make_collection(server)
    row = {"ids": ["a"], "embeddings": [[1.0]]}
    await server.call("POST", f"{OURS}/{made['id']}/add", status=201, key=key, json=row)

    await create_run(server, await create_folder_source(server, folder), name)
    await server.call("PUT", f"{OURS}/{made['id']}", status=200, json={"new_name": name})

    await server.call("POST", f"{OURS}/{made['id']}/upsert", status=403, key=key, json=row)


async def test_clients_that_are_too_old_are_told_which_version_they_need(server: Server) -> None:
    for method, path in (
        ("GET", "heartbeat"),
        ("GET", "collections/x"),
        ("POST", "tenants"),
        ("POST", "reset"),
    ):
        refused = await server.call(method, f"/api/v1/{path}", status=410)
        assert "chromadb 1.0 or newer" in refused["message"]


async def routes_of(chroma: Chroma) -> list[tuple[str, str]]:
    """Method and path of every operation that the server publishes."""
    async with aiohttp.ClientSession() as session, session.get(f"{chroma.url}/openapi.json") as response:
        paths = (await response.json())["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def blank(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


async def answered(server: Server, key: str, method: str, url: str, body: Any) -> tuple[int, str]:
    headers = {"x-chroma-token": key}
    sent = None if method == "GET" else body
    async with server.client.request(method, url, json=sent, headers=headers) as response:
        return response.status, await response.text()


async def everything(chroma: Chroma, two: Two) -> tuple[Any, Any]:
    """The collection and its records, asked of Chroma itself."""
    there = f"{chroma.url}{V2}/tenants/{two.other}/databases/{two.database}/collections"
    async with aiohttp.ClientSession() as session:
        async with session.get(there) as response:
            collections = await response.json()
        body = {"include": ["documents", "embeddings", "metadatas"]}
        async with session.post(f"{there}/{two.collection['id']}/get", json=body) as response:
            return collections, await response.json()
