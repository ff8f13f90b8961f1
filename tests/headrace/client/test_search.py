"""From a collection's configuration to its model, from Chroma's answer to hits."""

import struct
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from numpy.typing import NDArray

from headrace.cli.content import beginning, print_hits
from headrace.cli.settings import load_settings
from headrace.client.search import ChromaSearch, Collection, Hit, _hit, embedding_of, search
from schemas.errors import RequestError
from schemas.events import Embedding, Task
from services import indexing
from services.indexing.chroma import embedding_function
from streams.chroma import EMBEDDING_KEY, ChromaClient
from tests.conftest import Chroma

TRIAL = "sentence-transformers/all-MiniLM-L6-v2"
PROMPTED = Embedding(model=TRIAL, task=Task(task_name="retrieval", query_prompt="query: "))


@pytest.mark.parametrize("model", [TRIAL, "Qwen/Qwen3-Embedding-0.6B", "BAAI/bge-small-en-v1.5"])
def test_a_collection_is_asked_with_the_model_that_filled_it(model: str) -> None:
    embedding = Embedding(model=model)
    made = {"configuration_json": {"embedding_function": embedding_function(embedding)}, "metadata": None}

    assert embedding_of(made) == embedding


@pytest.mark.parametrize(
    "collection",
    [
        {},
        {"configuration_json": {"embedding_function": None}},
        {"configuration_json": {"embedding_function": {}}},
        {"metadata": {EMBEDDING_KEY: "somebody else's"}},
        {"metadata": {EMBEDDING_KEY: 7}},
    ],
)
def test_a_collection_that_names_no_model_leaves_it_to_the_setting(collection: dict[str, object]) -> None:
    assert embedding_of(collection) is None


async def stored(chroma: Chroma, target: indexing.Collection, *vectors: list[float]) -> None:
    store = indexing.ChromaStore(chroma.url)
    rows = [indexing.Row(str(n), f"row {n}", struct.pack("<2f", *v), {}) for n, v in enumerate(vectors)]
    await store.upsert(target, await store.create(target, lambda: None), rows, lambda: None)
    await store.close()


def collection(name: str, embedding: Embedding = PROMPTED) -> indexing.Collection:
    return indexing.Collection("default_tenant", "default_database", f"search-{name}", embedding)


@pytest.mark.parametrize(
    "embedding",
    [
        PROMPTED,
        Embedding(model="a-model-of-ours"),
        Embedding(model="BAAI/bge-small-en-v1.5", task=PROMPTED.task),
        Embedding(model="Qwen/Qwen3-Embedding-0.6B", task=PROMPTED.task),
    ],
    ids=lambda embedding: embedding.model,
)
async def test_a_question_gets_the_prompt_that_the_source_named(
    chroma: Chroma, embedding: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = collection(f"prompt-{abs(hash(embedding.model_dump_json()))}", embedding)
    await stored(chroma, target, [1.0, 0.0])
    asked: list[tuple[str, object]] = []

    class Model:
        def __init__(self, model: str, *_: object) -> None:
            self.model = model

        async def embed_queries(self, texts: list[str], task: object) -> NDArray[np.float32]:
            asked.append((self.model, getattr(task, "query_prompt", None)))
            return np.array([[1.0, 0.0]] * len(texts), np.float32)

        async def close(self) -> None:
            pass

    monkeypatch.setattr("services.embedding.catalogue.config_of", lambda *_: None)
    monkeypatch.setattr("services.embedding.catalogue.open_model", Model)
    [hit] = await search(load_settings(), chroma.url, "default_database", target.name, "what?", 5)

    assert asked == [(embedding.model, "query: " if embedding.task else None)]
    assert hit.score == pytest.approx(1.0)


@pytest.mark.parametrize("space", ["cosine", "l2", "ip"])
async def test_a_score_is_the_cosine_however_the_collection_measures(chroma: Chroma, space: str) -> None:
    target = collection(f"space-{space}")
    body = {"name": target.name, "configuration": {"hnsw": {"space": space}}}
    client = ChromaClient(chroma.url)
    await client.post(client.collections("default_tenant", "default_database"), body, "the collection")
    await client.close()
    await stored(chroma, target, [1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-1.0, 0.0])

    async with ChromaSearch(chroma.url, load_settings(), "default_database") as chroma_search:
        found = await chroma_search.collection(target.name)
        hits = await chroma_search.nearest(found, [1.0, 0.0], 4)

    assert [hit.text for hit in hits] == ["row 0", "row 1", "row 2", "row 3"]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.6, 0.0, -1.0], abs=1e-5)


async def test_what_does_not_exist_is_named_with_what_does(chroma: Chroma) -> None:
    async with ChromaSearch(chroma.url, load_settings(), "default_database") as found:
        with pytest.raises(RequestError, match="no collection 'nothing' in database 'default_database'"):
            await found.collection("nothing")
        with pytest.raises(RequestError, match="is no name"):
            await found.collection("..")
    async with ChromaSearch(chroma.url, load_settings(), "nowhere") as found:
        with pytest.raises(RequestError, match=r"no database 'nowhere'.*default_database"):
            await found.collection("nothing")


def test_a_hit_says_file_lines_and_page() -> None:
    metadata = {"document_key": "a.pdf", "start_line": 3, "end_line": 9, "page": 2, "context": "Gates"}
    hit = _hit("text", metadata, 0.75)

    assert hit == Hit("a.pdf", 3, 9, 0.75, "text", "Gates", 2)
    assert hit.place == "a.pdf:3–9 (page 2)"


def test_a_hit_that_somebody_else_wrote_still_shows() -> None:
    assert _hit("text", {}, 0.0).place == "?"


def test_the_beginning_of_a_hit_is_folded_and_says_that_it_goes_on() -> None:
    assert beginning("# Gates\n\nup and down", 4, 80) == ["# Gates", "up and down"]
    assert beginning("one two three four", 4, 9) == ["one two", "three", "four"]
    assert beginning("    one two three", 4, 12) == ["    one two", "    three"]
    assert beginning("a\nb\nc", 2, 9) == ["a", "b", "…"]


async def test_the_index_is_searched_more_broadly_than_hits_are_wanted() -> None:
    asked: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        found = range(asked[-1]["n_results"])
        rows = {"documents": [[str(n) for n in found]], "metadatas": [[{}] * len(found)]}
        return web.json_response({**rows, "distances": [[n / 1000 for n in found]]})

    app = web.Application()
    app.router.add_post("/{path:.*}/query", answer)
    async with (
        TestServer(app) as server,
        ChromaSearch(str(server.make_url("")), load_settings(), "d") as chroma,
    ):
        hits = await chroma.nearest(Collection("c"), [0.5], 2)

    assert [hit.text for hit in hits] == ["0", "1"]
    assert asked[0]["n_results"] == 300  # Chroma's graph is walked as broadly as it is asked for results


def test_a_document_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_hits([Hit("a\x1b[2J\nb.txt", 1, 1, 0.5, "red \x1b[31m\u202e and \tblue", "in \x07", None)])

    shown = capsys.readouterr().out
    assert "a\\x1b[2J\\nb.txt:1–1" in shown
    assert "red \\x1b[31m\\u202e and" in shown
    assert not [c for c in shown if c != "\n" and not c.isprintable()]
