"""`Search` of a stock client, on a real Chroma and an index in memory."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from chromadb import K, Knn, Rrf, Search, SparseVector
from chromadb.errors import InvalidArgumentError, NotFoundError
from chromadb.execution.expression import GroupBy, MinK, Rank

from api.gateway import ChromaAccess, Gateway
from tests.api.chroma.test_endpoint import OURS, client_of
from tests.api.conftest import Server, Start, running
from tests.api.fake_sparse import FakeEmbedder, FakeSparse, words
from tests.api.fake_tracking import FakeTracking
from tests.api.test_access import make_key

KEY = "sparse_embedding"
#: Text, distance from the vector [1, 0] in order, and metadata.
ROWS: dict[str, tuple[str, list[float], dict[str, Any]]] = {
    "a": ("red apple", [1.0, 0.0], {"n": 1, "of": "fruit"}),
    "b": ("red brick", [0.9, 0.1], {"n": 2, "of": "house"}),
    "c": ("green apple pie", [0.5, 0.5], {"n": 3, "of": "fruit"}),
    "d": ("blue C# sky", [0.0, 1.0], {"n": 4}),
}


@dataclass(frozen=True)
class Indexed:
    """A gateway before a collection with sparse vectors, and a key that may read it."""

    server: Server
    sparse: FakeSparse
    embedder: FakeEmbedder
    collection: dict[str, Any]
    key: str

    async def search(self, *searches: Search, status: int = 200) -> Any:
        path = f"{OURS}/{self.collection['id']}/search"
        body = {"searches": [one.to_dict() for one in searches]}
        return await self.server.call("POST", path, status=status, key=self.key, json=body)

    async def ids(self, search: Search) -> list[str]:
        (found,) = (await self.search(search))["ids"]
        return list(found)


@pytest.fixture(scope="module")
async def searching(
    configuration: Gateway,
    tracking: FakeTracking,
    database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Server, FakeSparse, FakeEmbedder]]:
    """A gateway, and what it searches with."""
    sparse, embedder = FakeSparse(), FakeEmbedder({"sky": [0.0, 1.0]})
    folder = tmp_path_factory.mktemp("searching")
    async with running(
        replace(configuration, state_folder=folder, sparse=sparse, embedder=embedder)
    ) as server:
        yield server, sparse, embedder


@pytest.fixture
async def indexed(searching: tuple[Server, FakeSparse, FakeEmbedder]) -> Indexed:
    server, sparse, embedder = searching
    sparse.forget()
    embedder.forget()
    function = {"type": "known", "name": "default", "config": {}}
    body = {
        "name": f"search-{uuid.uuid4()}",
        "configuration": {"hnsw": {"space": "cosine"}, "embedding_function": function},
    }
    made = await server.call("POST", OURS, status=200, json=body)
    texts, vectors, metadatas = zip(*ROWS.values(), strict=True)
    rows = {"ids": list(ROWS), "documents": texts, "embeddings": vectors, "metadatas": metadatas}
    await server.call("POST", f"{OURS}/{made['id']}/add", status=201, json=rows)
    sparse.index(made["id"], KEY, {id_: text for id_, (text, _, _) in ROWS.items()})
    return Indexed(server, sparse, embedder, made, (await make_key(server))["key"])


def sparse(text: str) -> SparseVector:
    found = sorted(words(text).items())
    return SparseVector([index for index, _ in found], [weight for _, weight in found])


DENSE = [1.0, 0.0]


async def test_a_stock_client_searches_by_both_vectors(indexed: Indexed) -> None:
    ranks: list[Rank] = [
        Knn(DENSE, return_rank=True, default=100),
        Knn(sparse("apple pie"), key=KEY, return_rank=True, default=100),
    ]
    search = Search(rank=Rrf(ranks), limit=3).select(K.DOCUMENT, K.SCORE, "n")

    def use() -> Any:
        collection = client_of(indexed.server, indexed.key).get_collection(indexed.collection["name"])
        assert KEY in collection.schema.keys
        return collection.search(search).rows()[0]

    rows = await asyncio.to_thread(use)

    assert [row["id"] for row in rows] == ["a", "c", "b"]
    assert rows[0]["document"] == "red apple"
    assert rows[0]["metadata"] == {"n": 1}
    assert rows[0]["score"] == pytest.approx(-(1 / 60 + 1 / 61))


async def test_dense_alone_gives_what_query_gives_and_words_alone_what_the_index_gives(
    indexed: Indexed,
) -> None:
    body = {"query_embeddings": [[0.3, 0.7]], "n_results": 3}
    path = f"{OURS}/{indexed.collection['id']}/query"
    queried = await indexed.server.call("POST", path, status=200, key=indexed.key, json=body)
    found = await indexed.search(Search(rank=Knn([0.3, 0.7], limit=3)).select(K.SCORE))
    assert found["ids"] == queried["ids"]
    assert found["scores"] == queried["distances"]

    found = await indexed.search(Search(rank=Knn(sparse("red apple"), key=KEY)).select(K.SCORE))
    assert (found["ids"], found["scores"]) == ([["a", "b", "c"]], [[-1.0, 0.0, 0.0]])


async def test_text_is_embedded_with_the_model_of_the_collection(indexed: Indexed) -> None:
    def by(query: str, **more: Any) -> dict[str, Any]:
        return {"rank": {"$knn": {"query": query, **more}}}

    path = f"{OURS}/{indexed.collection['id']}/search"
    body = {"searches": [by("sky", limit=1), by("pie", key=KEY)]}
    found = await indexed.server.call("POST", path, status=200, json=body)

    assert found["ids"] == [["d"], ["c"]]
    assert indexed.embedder.asked == [("sentence-transformers/all-MiniLM-L6-v2", ["sky"])]


async def test_filters_apply_inside_each_leg(indexed: Indexed) -> None:
    fruit, house = K("of") == "fruit", K("of") == "house"
    by_words = Knn(sparse("red apple"), key=KEY, limit=1)

    assert await indexed.ids(Search(where=house, rank=Knn(DENSE, limit=1))) == ["b"]
    assert await indexed.ids(Search(where=house, rank=by_words)) == ["b"]
    assert await indexed.ids(Search(where=K.DOCUMENT.contains("pie"), rank=by_words)) == ["c"]
    assert await indexed.ids(Search(where=K.DOCUMENT.regex("^red b"), rank=by_words)) == ["b"]
    assert await indexed.ids(Search(where=K.DOCUMENT.not_contains("red"), rank=by_words)) == ["c"]
    assert await indexed.ids(Search(where=house | K.DOCUMENT.contains("pie"), rank=by_words)) == ["b"]
    assert await indexed.ids(Search(where=K.DOCUMENT.contains("C#"), rank=Knn(DENSE))) == ["d"]
    assert await indexed.ids(Search(where=K.ID.is_in(["c", "d"]) & fruit, rank=Knn(DENSE))) == ["c"]
    assert await indexed.ids(Search(where=K.ID.is_in(["c"]), rank=by_words)) == ["c"]
    assert await indexed.ids(Search(where=K("of") != "fruit", rank=Knn(DENSE))) == ["b", "d"]
    assert await indexed.ids(Search(where=K.DOCUMENT.contains("nothing"), rank=by_words)) == []


async def test_a_filter_on_most_documents_is_applied_to_hits_until_there_are_enough(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.search.legs.MAX_RESOLVED", 0)
    by_words = Knn(sparse("red apple"), key=KEY, limit=1)

    assert await indexed.ids(Search(where=K.DOCUMENT.contains("pie"), rank=by_words)) == ["c"]

    assert [asked.limit for asked in indexed.sparse.asked] == [1, 4]


async def test_what_is_gone_from_chroma_is_not_found_by_words(indexed: Indexed) -> None:
    indexed.sparse.index(indexed.collection["id"], KEY, {"0-ghost": "red apple", "1-ghost": "red apple"})
    assert await indexed.ids(Search(rank=Knn(sparse("red apple"), key=KEY, limit=2))) == ["a", "b"]


async def test_pages_of_one_search_are_one_large_page(indexed: Indexed) -> None:
    ranks: list[Rank] = [
        Knn(DENSE, return_rank=True, default=9),
        Knn(sparse("red"), key=KEY, return_rank=True, default=9),
    ]
    whole = await indexed.ids(Search(rank=Rrf(ranks)))
    pages = [await indexed.ids(Search(rank=Rrf(ranks)).limit(1, offset)) for offset in range(5)]
    assert [id_ for page in pages for id_ in page] == whole
    assert pages[4] == []


async def test_several_searches_select_group_and_order_on_their_own(indexed: Indexed) -> None:
    group = GroupBy(K("of"), MinK(K.SCORE, 1))
    first = Search(rank=Knn(DENSE), group_by=group).select(K.METADATA)
    second = Search(limit=2).select(K.DOCUMENT, K.EMBEDDING)
    third = Search(where=K("n") > 2)

    found = await indexed.search(first, second, third)

    assert found["ids"] == [["a", "b", "d"], ["a", "b"], ["c", "d"]]
    assert found["documents"] == [None, ["red apple", "red brick"], None]
    assert found["embeddings"][1][0] == [1.0, 0.0]
    assert found["metadatas"] == [[ROWS[id_][2] for id_ in "abd"], None, None]
    assert found["scores"] == [None, None, None]
    assert found["select"] == [["#metadata"], ["#document", "#embedding"], []]


async def test_what_this_collection_cannot_do_is_said_with_its_names(indexed: Indexed) -> None:
    refused = await indexed.search(Search(rank=Knn(sparse("x"), key="spares")), status=400)
    assert refused["message"].endswith("has no sparse key 'spares'; it has 'sparse_embedding'")
    refused = await indexed.search(Search(rank=Knn([1.0, 0.0, 0.0])), status=400)
    assert "has 3 numbers" in refused["message"]
    assert "all-MiniLM-L6-v2" in refused["message"]
    refused = await indexed.search(Search(where=K.DOCUMENT.regex("(?=a)"), rank=Knn(DENSE)), status=400)
    assert "look-around" in refused["message"]
    nan = b'{"searches": [{"rank": {"$knn": {"query": [NaN, 0]}}}]}'
    path = f"{OURS}/{indexed.collection['id']}/search"
    refused = await indexed.server.call("POST", path, status=400, data=nan)
    assert "NaN" in refused["message"]

    def use() -> None:
        collection = client_of(indexed.server, indexed.key).get_collection(indexed.collection["name"])
        with pytest.raises(InvalidArgumentError, match="needs at least one"):
            collection.search(Search(rank={"$val": 1}))
        collection._model.id = uuid.uuid4()  # noqa: SLF001  (of the client)
        with pytest.raises(NotFoundError):
            collection.search(Search())

    await asyncio.to_thread(use)


async def test_an_index_or_a_chroma_that_is_away_is_503_and_hides_no_collection(
    indexed: Indexed, start: Start
) -> None:
    indexed.sparse.away = True
    refused = await indexed.search(Search(rank=Knn(sparse("x"), key=KEY)), status=503)
    assert "searching" in refused["message"]
    shown = await indexed.server.call("GET", f"{OURS}/{indexed.collection['name']}", status=200)
    assert KEY not in shown["schema"]["keys"]
    assert await indexed.ids(Search(rank=Knn(DENSE, limit=1))) == ["a"]

    other = await start(chroma=ChromaAccess("http://127.0.0.1:9"))
    path = f"{OURS}/{indexed.collection['id']}/search"
    await other.call("POST", path, status=503, json={"searches": [{}]})


async def test_a_key_for_other_databases_searches_nothing(indexed: Indexed) -> None:
    limited = (await make_key(indexed.server, databases=["elsewhere"]))["key"]
    path = f"{OURS}/{indexed.collection['id']}/search"
    await indexed.server.call("POST", path, status=403, key=limited, json={"searches": [{}]})


async def test_64_searches_at_once_are_all_answered_alike(indexed: Indexed) -> None:
    search = Search(rank=Knn(DENSE) + Knn(sparse("red"), key=KEY, default=2.0)).limit(2)
    found = await asyncio.gather(*(indexed.ids(search) for _ in range(64)))
    assert found == [["a", "b"]] * 64


async def test_a_chroma_that_searches_itself_is_asked(indexed: Indexed, start: Start) -> None:
    chroma = ChromaAccess(indexed.server.gateway.chroma.url, searches=True)
    other = await start(chroma=chroma)
    path = f"{OURS}/{indexed.collection['id']}/search"
    refused = await other.call("POST", path, status=501, json={"searches": [{}]})
    assert "not implemented for local executor" in refused["message"]
