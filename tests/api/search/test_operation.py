"""`POST /api/v1/search` on a real Chroma and an index in memory."""

import asyncio
import uuid
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from chromadb import K, Search

from api.gateway import ChromaAccess
from api.search.rerank import RerankAccess
from schemas.events import Document, Embedding
from schemas.ids import document_id
from tests.api.chroma.test_endpoint import OURS
from tests.api.chroma.test_search import Indexed, indexed, searching
from tests.api.conftest import DATABASE, Server, Start
from tests.api.fake_sparse import FakeEmbedder
from tests.api.test_access import make_key

__all__ = ["indexed", "searching"]
SEARCH = "/api/v1/search"


async def ask(on: Indexed, query: str, status: int = 200, **fields: Any) -> Any:
    names = {"database_name": DATABASE, "collection_name": on.collection["name"], "query": query}
    return await on.server.call("POST", SEARCH, status=status, key=on.key, json={**names, **fields})


def ids(found: Any) -> list[str]:
    return [hit["id"] for hit in found["hits"]]


async def test_both_legs_are_fused_and_each_says_what_it_knows(indexed: Indexed) -> None:
    found = await ask(indexed, "green pie")

    assert ids(found) == ["c", "a", "b", "d"]
    first, second = found["hits"][:2]
    assert (first["text"], first["metadata"], first["rank"]) == (
        "green apple pie",
        {"n": 3, "of": "fruit"},
        1,
    )
    assert (first["dense"]["rank"], first["sparse"]) == (3, {"rank": 1, "score": 2.0})
    assert first["dense"]["similarity"] == pytest.approx(0.7071, abs=1e-3)
    assert (second["sparse"], second["relevance"]) == (None, None)
    assert first["score"] == pytest.approx(1 / 23 + 1 / 21)
    assert (found["mode"], found["notes"], found["candidates"]) == ("hybrid", [], 4)
    assert found["complete"] is True
    assert found["searched"] == {"dense": 4, "sparse": 4}


async def test_one_leg_alone_has_its_own_scores(indexed: Indexed) -> None:
    found = await ask(indexed, "sky", mode="dense", limit=2)
    assert (ids(found), found["mode"]) == (["d", "c"], "dense")
    assert found["hits"][0]["score"] == pytest.approx(1.0)
    found = await ask(indexed, "red apple", mode="sparse")
    assert ids(found) == ["a", "b", "c"]
    assert [hit["score"] for hit in found["hits"]] == [2.0, 1.0, 1.0]


async def test_pages_have_every_chunk_once_and_one_total(indexed: Indexed) -> None:
    whole = await ask(indexed, "red apple pie")
    pages = [await ask(indexed, "red apple pie", limit=1, offset=offset) for offset in range(6)]

    assert [hit for page in pages for hit in page["hits"]] == whole["hits"]
    assert {page["candidates"] for page in pages} == {4}


async def test_filters_apply_to_both_legs(indexed: Indexed) -> None:
    assert ids(await ask(indexed, "red apple", contains="apple")) == ["a", "c"]
    assert ids(await ask(indexed, "red apple", regex="^(blue|red b)")) == ["b", "d"]
    assert ids(await ask(indexed, "red apple", where={"of": "fruit"}, contains="pie")) == ["c"]
    assert ids(await ask(indexed, "red apple", where={"of": {"$ne": "fruit"}})) == ["b", "d"]
    nothing = await ask(indexed, "red apple", where={"of": "nobody"})
    assert (nothing["hits"], nothing["candidates"], nothing["complete"]) == ([], 0, True)


async def test_numbers_come_back_as_they_were_written(indexed: Indexed) -> None:
    numbers = {"big": 2**53 + 1, "sum": 0.1 + 0.2, "whole": 3.0}
    row = {"ids": ["e"], "embeddings": [[0.5, 0.5]], "documents": ["odd"], "metadatas": [numbers]}
    path = f"{OURS}/{indexed.collection['id']}"
    await indexed.server.call("POST", f"{path}/upsert", status=200, json=row)

    [hit] = (await ask(indexed, "odd", where={"sum": numbers["sum"]}))["hits"]
    searched = await indexed.search(Search(where=K("big") == numbers["big"]).select(K.METADATA))

    assert hit["metadata"] == numbers
    assert searched["metadatas"] == [[numbers]]


async def test_a_hit_says_where_it_is_in_which_document(indexed: Indexed) -> None:
    document = Document(
        tenant="default_tenant",
        database=DATABASE,
        collection=indexed.collection["name"],
        document_key="a.md",
        embedding=Embedding(model="m"),
        custom_id="a-1",
    )
    row = {
        "ids": ["a-1-7", "a-1-8"],
        "embeddings": [[0.5, 0.5]] * 2,
        "documents": ["odd", "odd too"],
        "metadatas": [{"document_key": "a.md", "n": 9}, {"n": 9}],
    }
    path = f"{OURS}/{indexed.collection['id']}"
    await indexed.server.call("POST", f"{path}/upsert", status=200, json=row)

    hits = {hit["id"]: hit for hit in (await ask(indexed, "odd", where={"n": 9}))["hits"]}

    found = {id_: (hit["document_id"], hit["chunk_number"]) for id_, hit in hits.items()}
    assert found == {"a-1-7": (document_id(document), 7), "a-1-8": (None, None)}  # the other is not ours


async def test_what_a_collection_lacks_is_left_out_and_said(indexed: Indexed) -> None:
    body = {"name": f"plain-{uuid.uuid4()}"}
    plain = await indexed.server.call("POST", OURS, status=200, json=body)
    row = {"ids": ["x"], "embeddings": [[1.0, 0.0]], "documents": ["red"]}
    await indexed.server.call("POST", f"{OURS}/{plain['id']}/add", status=201, json=row)
    other = Indexed(indexed.server, indexed.sparse, indexed.embedder, plain, indexed.key)

    refused = await ask(other, "red", status=400)
    assert "does not say with which model" in refused["message"]
    assert "has no sparse vectors" in (await ask(other, "red", status=400, mode="sparse"))["message"]
    indexed.sparse.index(plain["id"], "words", {"x": "red"})
    found = await ask(other, "red")
    assert (ids(found), found["mode"]) == (["x"], "sparse")
    assert found["notes"][0].startswith("searched by words only: ")
    assert "it has 'words'" in (await ask(other, "red", status=400, sparse_key="wards"))["message"]

    indexed.sparse.rows.pop((indexed.collection["id"], "sparse_embedding"))
    found = await ask(indexed, "red")
    assert (found["mode"], len(found["hits"])) == ("dense", 4)
    assert found["notes"] == ["searched by meaning only: the collection has no sparse vectors"]


async def test_an_index_that_is_away_leaves_the_search_by_meaning(indexed: Indexed) -> None:
    indexed.sparse.away = True
    found = await ask(indexed, "red")
    assert (found["mode"], len(found["hits"])) == ("dense", 4)
    assert "does not answer" in found["notes"][0]
    await ask(indexed, "red", status=503, mode="sparse")


async def test_an_embedding_service_that_is_away_leaves_the_search_by_words(indexed: Indexed) -> None:
    indexed.embedder.away = True
    found = await ask(indexed, "pie")
    assert (found["mode"], ids(found)) == ("sparse", ["c"])
    assert found["notes"] == ["searched by words only: the embedding service does not answer"]
    await ask(indexed, "pie", status=503, mode="dense")
    indexed.sparse.away = True
    await ask(indexed, "pie", status=503)


async def test_a_model_that_is_not_served_is_never_loaded(indexed: Indexed) -> None:
    function = {"type": "known", "name": "sentence_transformer", "config": {"model_name": "evil/huge"}}
    body = {"name": f"evil-{uuid.uuid4()}", "configuration": {"embedding_function": function}}
    made = await indexed.server.call("POST", OURS, status=200, json=body)
    refused = await ask(
        Indexed(indexed.server, indexed.sparse, indexed.embedder, made, indexed.key), "x", 400
    )
    assert "'evil/huge', which is not served here" in refused["message"]
    assert indexed.embedder.asked == []


@pytest.mark.parametrize("space", ["cosine", "l2", "ip"])
async def test_a_similarity_is_the_cosine_however_the_collection_measures(
    indexed: Indexed, space: str
) -> None:
    function = {"type": "known", "name": "default", "config": {}}
    configuration = {"hnsw": {"space": space}, "embedding_function": function}
    body = {"name": f"{space}-{uuid.uuid4()}", "configuration": configuration}
    made = await indexed.server.call("POST", OURS, status=200, json=body)
    vectors = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-1.0, 0.0]]
    rows = {"ids": ["a", "b", "c", "d"], "embeddings": vectors, "documents": ["x"] * 4}
    await indexed.server.call("POST", f"{OURS}/{made['id']}/add", status=201, json=rows)

    found = await ask(Indexed(indexed.server, indexed.sparse, indexed.embedder, made, indexed.key), "x")

    assert ids(found) == ["a", "b", "c", "d"]
    assert [hit["score"] for hit in found["hits"]] == pytest.approx([1.0, 0.6, 0.0, -1.0], abs=1e-5)


async def test_a_reranker_orders_the_first_hits_and_its_absence_is_said(
    indexed: Indexed, start: Start
) -> None:
    async def answer(request: web.Request) -> web.Response:
        texts = (await request.json())["documents"]
        results = [{"index": n, "relevance_score": float("sky" in text)} for n, text in enumerate(texts)]
        return web.json_response({"results": results})

    app = web.Application()
    app.router.add_post("/rerank", answer)
    async with TestServer(app) as reranker:
        rerank = RerankAccess(str(reranker.make_url("/rerank")))
        parts = {"sparse": indexed.sparse, "embedder": indexed.embedder}
        server = await start(rerank=rerank, **parts)
        key = (await make_key(server))["key"]
        on = Indexed(server, indexed.sparse, indexed.embedder, indexed.collection, key)
        found = await ask(on, "red apple")
        assert (ids(found)[0], found["reranked"], found["hits"][0]["relevance"]) == ("d", True, 1.0)
        assert (await ask(on, "red apple", rerank=False))["reranked"] is False
    found = await ask(on, "red apple")
    assert (ids(found)[0], found["reranked"]) == ("a", False)
    assert found["notes"][0].startswith("not reranked: the reranker does not answer")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "blank": ({"query": "  "}, "query is blank"),
    "empty": ({"query": ""}, "at least 1 character"),
    "a mode": ({"mode": "magic"}, "'hybrid', 'dense' or 'sparse'"),
    "a limit": ({"limit": 1000}, "less than or equal to 300"),
    "too deep": ({"limit": 300, "offset": 400}, "at most 600"),
    "unknown": ({"contain": "x"}, "contain: there is no such field; /docs lists them"),
    "a filter": ({"where": {"$not": 1}}, "where: '$not'"),
    "a pattern": ({"regex": "(?=a)"}, "look-around"),
    "an open group": ({"regex": "("}, "the regular expression cannot be read: unclosed group"),
    "odd name": ({"collection_name": ".."}, "collection name"),
    "no collection": ({"collection_name": "nothing-here"}, "no collection 'nothing-here' in database"),
    "odd database": ({"database_name": "no"}, "name"),
    "a number": ({"offset": -1}, "greater than or equal to 0, found -1"),
    "no database": ({"database_name": "nowhere"}, "no database 'nowhere' in Chroma; there are"),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_wrong_is_said(indexed: Indexed, wrong: str) -> None:
    fields, words = WRONG[wrong]
    status = 404 if wrong.startswith("no c") or wrong == "no database" else 400
    refused = await ask(indexed, **{"query": "x", "status": status, **fields})
    assert words in refused["message"]


async def test_a_key_searches_its_own_databases_only(server: Server, indexed: Indexed) -> None:
    limited = (await make_key(server, databases=["elsewhere"]))["key"]
    other = Indexed(indexed.server, indexed.sparse, indexed.embedder, indexed.collection, limited)
    await ask(other, "x", status=403)


async def test_many_searches_at_once_are_answered_alike(indexed: Indexed) -> None:
    found = await asyncio.gather(*(ask(indexed, "green pie", limit=2) for _ in range(64)))
    assert [ids(one) for one in found] == [["c", "a"]] * 64


async def test_a_chroma_that_is_away_is_503(start: Start) -> None:
    server = await start(chroma=ChromaAccess("http://127.0.0.1:9"), embedder=FakeEmbedder({}))
    refused = await server.call(
        "POST", SEARCH, status=503, json={"collection_name": "docs", "query": "x", "database_name": DATABASE}
    )
    assert "HEADRACE_CHROMA_URL" in refused["message"]
