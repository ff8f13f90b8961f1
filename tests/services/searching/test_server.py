"""The HTTP interface: who may ask, what is refused and how, and what the answers say."""

import json
from collections.abc import AsyncIterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from schemas.api.searching import MAX_BODY_BYTES
from services.embedding.sparse import Bm25, SparseEncoders
from services.searching.audit import Audit
from services.searching.index import SparseIndex
from services.searching.server import SearchServer
from tests.services.searching.rows import record, row

TOKEN = "a-token"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
COLLECTION = "11111111-1111-4111-8111-111111111111"
Client = TestClient[Any, Any]


@dataclass
class Follows:
    ready: bool = True
    fault: str | None = None
    rebuilt: int = 0

    def rebuild(self) -> None:
        self.rebuilt += 1

    def audit(self, collection: str, repair: bool) -> "Future[Audit | None]":
        found: Future[Audit | None] = Future()
        found.set_result(None)
        return found


@pytest.fixture
def follows() -> Follows:
    return Follows()


@pytest.fixture
def index(tmp_path: Path) -> SparseIndex:
    index = SparseIndex(tmp_path)
    texts = ["a commit log", "the log of a broker", "a broker and another broker"]
    vectors = Bm25().encode(texts)
    index.fold(
        [
            record(
                row(
                    f"r-{n}",
                    dict(zip(v.indices.tolist(), v.values.tolist(), strict=True)),
                    identity=COLLECTION,
                    metadata={"n": n},
                )
            )
            for n, v in enumerate(vectors)
        ]
    )
    index.fold([record(row("s-0", {1: 2.0}, identity=COLLECTION, key="splade", model="a splade"))])
    return index


@pytest.fixture
async def client(index: SparseIndex, follows: Follows) -> AsyncIterator[Client]:
    server = SearchServer(index, follows, TOKEN, SparseEncoders().query, patience_s=0.1)
    async with TestClient(TestServer(server.app())) as client:
        yield client
    index.close()


def query(**members: Any) -> dict[str, Any]:
    where = {"tenant": "default_tenant", "database": "default_database", "collection_id": COLLECTION}
    return {**where, "key": "sparse_embedding", **members}


async def search(client: Client, *queries: dict[str, Any]) -> tuple[int, Any]:
    answer = await client.post("/search", json={"queries": queries}, headers=HEADERS)
    return answer.status, await answer.json()


async def test_several_queries_are_answered_in_their_order(client: Client) -> None:
    [log] = Bm25().encode(["commit log"])
    vector = {"indices": log.indices.tolist(), "values": log.values.tolist()}

    status, body = await search(
        client,
        query(text="broker"),
        query(vector=vector, limit=1),
        query(text="broker", where={"n": {"$lt": 2}}),
        query(text="broker", ids=["r-2", "elsewhere"]),
        query(text="the"),
        query(vector={"indices": [1], "values": [3.0]}, key="splade"),
    )

    assert status == 200
    ids = [[hit["id"] for hit in result["hits"]] for result in body["results"]]
    assert ids == [["r-2", "r-1"], ["r-0"], ["r-1"], ["r-2"], [], ["s-0"]]
    assert [result["indexed"] for result in body["results"]] == [3, 3, 3, 3, 3, 1]
    assert body["results"][5]["hits"] == [{"id": "s-0", "score": 6.0}]


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"collection_id": "22222222-2222-4222-8222-222222222222"},
        {"key": "other"},
        {"tenant": "other"},
        {"database": "other"},
    ],
)
async def test_what_is_not_indexed_has_no_hits(client: Client, elsewhere: dict[str, str]) -> None:
    vector = {"indices": [1], "values": [1.0]}

    status, body = await search(client, query(text="log", **elsewhere), query(vector=vector, **elsewhere))

    assert (status, body) == (200, {"results": [{"hits": [], "indexed": 0}] * 2})


async def test_keys_of_collections(client: Client) -> None:
    body = {"collection_ids": [COLLECTION, "22222222-2222-4222-8222-222222222222"]}

    answer = await client.post("/keys", json=body, headers=HEADERS)

    assert await answer.json() == {
        "collections": {
            COLLECTION: [
                {"key": "sparse_embedding", "model": "Chroma/BM25", "indexed": 3},
                {"key": "splade", "model": "a splade", "indexed": 1},
            ]
        }
    }


async def test_an_audit_of_a_collection(client: Client) -> None:
    body = {"collection_id": "22222222-2222-4222-8222-222222222222"}

    answer = await client.post("/audit", json=body, headers=HEADERS)

    assert await answer.json() == {"rows": 0, "missing": 0, "wrong": 0, "surplus": 0}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": TOKEN}])
async def test_without_the_token_nothing_is_answered(client: Client, headers: dict[str, str]) -> None:
    for path in ("/search", "/keys", "/audit"):
        answer = await client.post(path, json={"queries": []}, headers=headers)
        assert answer.status == 401
        assert "HEADRACE_SEARCH_TOKEN" in (await answer.json())["message"]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "exactly one of vector and text"),
        ({"text": "a", "vector": {"indices": [], "values": []}}, "exactly one of vector and text"),
        ({"vector": {"indices": [2, 1], "values": [1.0, 1.0]}}, "ascending and unique"),
        ({"vector": {"indices": [1], "values": []}}, "1 indices and 0 values"),
        ({"vector": {"indices": [-1], "values": [1.0]}}, "queries.0.vector.indices.0"),
        ({"vector": {"indices": [2**32], "values": [1.0]}}, "queries.0.vector.indices.0"),
        ({"text": "a", "limit": 0}, "queries.0.limit"),
        ({"text": "a", "limit": 10_001}, "queries.0.limit"),
        ({"text": "a" * 40_000}, "queries.0.text"),
        ({"text": "a", "where": {"a": {"$gt": "x"}}}, "expects a number"),
        ({"text": "a", "where": [1]}, "queries.0.where"),
        ({"text": "a", "more": 1}, "queries.0.more"),
        ({"text": "a", "key": "splade"}, "a splade"),
    ],
)
async def test_a_query_that_cannot_be_carried_out_is_refused_with_the_reason(
    client: Client, members: dict[str, Any], reason: str
) -> None:
    status, body = await search(client, query(**members))

    assert (status, body["error"]) == (400, "InvalidArgumentError")
    assert reason in body["message"]


async def test_of_a_key_of_two_models_the_one_with_more_rows_is_searched(
    client: Client, index: SparseIndex
) -> None:
    index.fold([record(row(f"t-{n}", {1: 2.0}, identity=COLLECTION, key="splade")) for n in range(2)])

    status, body = await search(client, query(vector={"indices": [1], "values": [3.0]}, key="splade"))

    assert status == 200
    [result] = body["results"]
    assert ([hit["id"] for hit in result["hits"]], result["indexed"]) == (["t-0", "t-1"], 2)


async def test_nested_json_and_no_json_are_refused(client: Client) -> None:
    deep = '{"$and": [' * 5_000 + "]}" * 5_000
    bodies = ["{", '{"queries": 3}', json.dumps({"queries": [query(text="a")] * 65}), "[" * 100_000]
    bodies.append(json.dumps({"queries": [query(text="a", where="X")]}).replace('"X"', deep))
    for body in bodies:
        answer = await client.post("/search", data=body, headers=HEADERS)
        assert answer.status == 400, body[:80]

    answer = await client.post("/search", data=b" " * (MAX_BODY_BYTES + 1), headers=HEADERS)
    assert answer.status == 413
    answer = await client.get("/elsewhere", headers=HEADERS)
    assert answer.status == 404


async def test_while_the_index_is_read_nothing_is_answered(client: Client, follows: Follows) -> None:
    follows.ready, follows.fault = False, "the sparse index is being read from its topic"

    status, body = await search(client, query(text="log"))
    assert (status, body["message"]) == (503, follows.fault)
    answer = await client.get("/health")
    assert (answer.status, (await answer.json())["message"]) == (503, follows.fault)


async def test_while_the_disk_is_full_what_is_there_is_found(client: Client, follows: Follows) -> None:
    follows.fault = "the disk is full"

    status, body = await search(client, query(text="log"))
    assert (status, len(body["results"][0]["hits"])) == (200, 2)
    assert (await client.get("/health")).status == 503
