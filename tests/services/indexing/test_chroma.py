"""`ChromaStore` on a real server, and on servers that misbehave as a real one does on no demand."""

import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from schemas.errors import DocumentError, DocumentTooLarge, FencedError, RateLimited, TransientError
from schemas.events import Embedding, MetadataValue, Task
from services.indexing import vectors
from services.indexing.chroma import PROBE, ChromaStore
from services.indexing.configuration import embedding_function
from services.indexing.plan import plan
from services.indexing.rows import Collection, Row, Update
from services.indexing.vectors import CollectionFault, CollectionReplaced
from tests.conftest import Chroma
from tests.services.indexing.documents import MINILM, NOON, Version, vector
from tests.services.indexing.reader import Reader, packed

if TYPE_CHECKING:
    from chromadb.api import AsyncClientAPI


def alive() -> None:
    """A guard that lets everything pass."""


def fenced() -> None:
    """A guard that lets nothing pass."""
    raise FencedError("away for too long")


def collection(name: str, embedding: Embedding = MINILM, database: str = "default_database") -> Collection:
    return Collection("default_tenant", database, f"indexing-{name}", embedding)


def row(number: int, text: str = "text", dimension: int = 3, **metadata: MetadataValue) -> Row:
    return Row(f"row-{number}", text, vector(text, dimension), metadata)


async def write(store: ChromaStore, target: Collection, rows: Sequence[Row]) -> None:
    """An upsert into the collection as it is now; it is created if there is none."""
    await store.upsert(target, await store.create(target, alive), rows, alive)


async def remove(store: ChromaStore, target: Collection, ids: Sequence[str]) -> None:
    """A delete in the collection as it is now."""
    if ids and (identity := await store.look_up(target)) is not None:
        await store.delete(target, identity, ids, alive)


@pytest.fixture
async def store(chroma: Chroma) -> AsyncIterator[ChromaStore]:
    store = ChromaStore(chroma.url)
    yield store
    await store.close()


@pytest.fixture
def reader(chroma: Chroma) -> Reader:
    return Reader(chroma.url)


async def test_ids_texts_vectors_and_metadata_arrive_exactly(store: ChromaStore, reader: Reader) -> None:
    target = collection("exact")
    metadata: dict[str, MetadataValue] = {"s": 'a "b" ü \n', "i": 2**40, "f": 0.5, "b": True, "l": ["x", "y"]}
    rows = [Row("row-0", "first\t\u0000é", vector("first"), metadata), row(1, "second")]

    await write(store, target, rows)

    assert await reader.content(target.name) == {r.id: (r.text, r.vector, dict(r.metadata)) for r in rows}


async def test_versions_replace_each_other_to_the_last_key(store: ChromaStore, reader: Reader) -> None:
    target = collection("versions")
    state = None
    for version in (
        Version(1, ["a", "b", "c"], {"team": "red", "draft": True, "tags": ["x"]}, page=7),
        Version(2, ["x"], {"team": "blue"}),
        Version(3, ["y", "z"], {"other": 1}, page=8),
        Version(4, ["y", "z"], {"tags": ["y"]}),
        Version(5, ["y", "w"], {"tags": ["y"]}),
    ):
        made = plan(state, version.events, NOON)
        if rows := [row for rows in made.upserts for row in rows]:
            await write(store, target, rows)
        if updates := [update for some in made.updates for update in some]:
            await store.update(target, await store.create(target, alive), updates, alive)
        await remove(store, target, made.surplus)
        state = made.state

        expected = {r.id: (r.text, r.vector, dict(r.metadata)) for r in version.rows}
        assert await reader.content(target.name) == expected


async def test_rows_are_replaced_though_others_of_their_request_are_new(
    store: ChromaStore, reader: Reader
) -> None:
    target = collection("mixed")
    await write(store, target, [row(0, "old", a=1)])

    await write(store, target, [Row("row-0", "new", vector("new"), {"a": None, "b": 2}), row(1, "other")])

    assert await reader.content(target.name) == {
        "row-0": ("new", vector("new"), {"b": 2}),
        "row-1": ("other", vector("other"), {}),
    }


async def test_rows_that_are_missing_when_their_metadata_change_are_written_whole(
    store: ChromaStore, reader: Reader
) -> None:
    target = collection("lost")
    rows = [row(n, f"text {n}", a=n) for n in range(3)]
    await write(store, target, rows)
    await remove(store, target, ["row-1"])
    updates = [
        Update(replace(one, metadata={"a": None, "b": n}), {"a": None, "b": n}) for n, one in enumerate(rows)
    ]

    with capture_logs() as logs:
        await store.update(target, await store.create(target, alive), updates, alive)

    assert await reader.content(target.name) == {
        one.id: (one.text, one.vector, {"b": n}) for n, one in enumerate(rows)
    }
    assert [(entry["event"], entry["rows"]) for entry in logs if "rows" in entry] == [
        ("rows were missing in the collection and are written again", 1)
    ]


async def test_a_collection_is_made_so_that_a_stock_client_can_query_it(
    store: ChromaStore, reader: Reader
) -> None:
    target = collection("made")

    await write(store, target, [row(0)])

    described = await reader.describe(target.name)
    assert described["metadata"] is None
    made = described["configuration_json"]
    assert isinstance(made, dict)
    assert made["hnsw"]["space"] == "cosine"
    graph = {
        "max_neighbors": 32,
        "ef_construction": 200,
        "ef_search": 300,
    }  # docs/indexing.md has the figures
    assert made["hnsw"].items() >= graph.items()
    assert made["embedding_function"] == {"type": "known", "name": "default", "config": {}}


@pytest.mark.parametrize(
    ("embedding", "name"),
    [
        (Embedding(model="BAAI/bge-small-en-v1.5"), "sentence_transformer"),
        (Embedding(model="Qwen/Qwen3-Embedding-0.6B"), "chroma-cloud-qwen"),
        (
            Embedding(
                model="Qwen/Qwen3-Embedding-0.6B",
                task=Task(task_name="generic_retrieval", query_prompt="Find"),
            ),
            "chroma-cloud-qwen",
        ),
        (Embedding(model="intfloat/e5", task=Task(task_name="t", query_prompt="query: ")), None),
        (MINILM.model_copy(update={"task": Task(task_name="t", query_prompt="query: ")}), None),
    ],
)
async def test_the_server_takes_every_embedding_function_that_we_name(
    store: ChromaStore, reader: Reader, embedding: Embedding, name: str | None
) -> None:
    target = collection(f"function-{abs(hash(embedding.model_dump_json()))}", embedding)

    await write(store, target, [row(0)])

    assert embedding_function(embedding).get("name") == name
    made = (await reader.describe(target.name))["configuration_json"]
    assert isinstance(made, dict)
    assert made["embedding_function"] == embedding_function(embedding)


async def test_a_collection_that_a_user_has_made_keeps_its_configuration(
    chroma: Chroma, store: ChromaStore, reader: Reader
) -> None:
    target = collection("theirs")
    client = await stock_client(chroma)
    await client.create_collection(target.name, configuration={"hnsw": {"space": "l2", "max_neighbors": 8}})
    before = (await reader.describe(target.name))["configuration_json"]

    await write(store, target, [row(0)])

    assert (await reader.describe(target.name))["configuration_json"] == before
    assert sorted(await reader.content(target.name)) == ["row-0"]


async def test_rows_are_deleted_and_deleting_again_does_no_harm(store: ChromaStore, reader: Reader) -> None:
    target = collection("deleted")
    await write(store, target, [row(n) for n in range(4)])

    await remove(store, target, ["row-1", "row-3", "row-99"])
    await remove(store, target, ["row-1"])

    assert sorted(await reader.content(target.name)) == ["row-0", "row-2"]


async def test_a_collection_that_does_not_exist_is_not_created_by_a_look_up(
    store: ChromaStore, reader: Reader
) -> None:
    assert await store.look_up(collection("never")) is None
    assert (await reader.describe(collection("never").name))["error"] == "NotFoundError"


async def test_nothing_is_written_under_the_id_of_a_collection_that_was_deleted(
    store: ChromaStore, reader: Reader
) -> None:
    target = collection("recreated")
    old = await store.create(target, alive)
    await store.upsert(target, old, [row(0)], alive)
    await reader.drop(target.name)

    with pytest.raises(CollectionReplaced, match="deleted meanwhile"):
        await store.upsert(target, old, [row(1)], alive)
    new = await store.create(target, alive)
    await store.upsert(target, new, [row(1)], alive)
    assert new != old
    assert sorted(await reader.content(target.name)) == ["row-1"]

    await reader.drop(target.name)
    with pytest.raises(CollectionReplaced):
        await store.delete(target, new, ["row-1"], alive)
    assert await store.look_up(target) is None
    assert (await reader.describe(target.name))["error"] == "NotFoundError"


async def test_a_collection_that_another_worker_has_made_anew_is_found(
    chroma: Chroma, store: ChromaStore, reader: Reader
) -> None:
    target, other = collection("both"), ChromaStore(chroma.url)
    old = await store.create(target, alive)
    await reader.drop(target.name)
    new = await other.create(target, alive)

    with pytest.raises(CollectionReplaced):
        await store.delete(target, old, ["row-1"], alive)

    assert await store.look_up(target) == new
    await other.close()


async def test_a_space_that_is_not_the_vectors_own_is_said_once(
    chroma: Chroma, store: ChromaStore, reader: Reader
) -> None:
    target = collection("space")
    client = await stock_client(chroma)
    await client.create_collection(target.name, configuration={"hnsw": {"space": "l2"}})

    with capture_logs() as logs:
        for number in range(2):
            await write(store, target, [row(number)])
            await write(store, collection("own-space"), [row(number)])

    assert [(line["log_level"], line["collection"], line["space"]) for line in logs if "space" in line] == [
        ("warning", target.name, "l2")
    ]


async def test_the_largest_request_that_is_packed_is_taken(store: ChromaStore, reader: Reader) -> None:
    target = collection("largest")
    nasty = "\u0000" * 40_000  # six bytes each in JSON
    rows = [row(n, nasty) for n in range(vectors.MAX_ROWS)]
    (packed, *_) = vectors.pack([("document", rows)])

    await write(store, target, packed.rows)

    assert len(packed.rows) > 100
    assert len(await reader.content(target.name)) == len(packed.rows)


@pytest.mark.parametrize(
    ("target", "rows", "message"),
    [
        (collection("dimension"), [row(1, dimension=4)], "dimension of 3, got 4"),
        (collection("dimension"), [row(1), row(2, dimension=4)], "Inconsistent dimensions"),
        (collection("dimension"), [Row("r", "t", vector("t"), {"#k": 1})], "Invalid metadata"),
        (
            collection("dimension"),
            [Row("r", "t", vector("t"), {"k": float("nan")})],
            "cannot be written as JSON",
        ),
        (collection("dimension"), [Row("r", "\ud800", vector("t"), {})], "cannot be written as JSON"),
        (collection("x", database="nowhere"), [row(1)], r"Database \[nowhere\] does not exist"),
        (collection("x", database=".."), [row(1)], "is no name"),
        (collection("b@d"), [row(1)], "Expected a name containing"),
    ],
)
async def test_what_the_server_refuses_is_the_documents_error_in_its_words(
    store: ChromaStore, target: Collection, rows: Sequence[Row], message: str
) -> None:
    await write(store, collection("dimension"), [row(0)])

    with pytest.raises(DocumentError, match=message):
        await write(store, target, rows)


async def test_a_guard_that_forbids_it_stops_every_request_that_writes(
    store: ChromaStore, reader: Reader
) -> None:
    with pytest.raises(FencedError):
        await store.create(collection("fenced"), fenced)
    assert (await reader.describe(collection("fenced").name))["error"] == "NotFoundError"

    target = collection("fenced-later")
    await write(store, target, [row(0)])
    identity = await store.create(target, alive)
    with pytest.raises(FencedError):
        await store.upsert(target, identity, [row(1)], fenced)
    with pytest.raises(FencedError):
        await store.delete(target, identity, ["row-0"], fenced)
    assert sorted(await reader.content(target.name)) == ["row-0"]


async def test_a_server_that_is_down_is_transient() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        store = ChromaStore(f"http://127.0.0.1:{reserved.getsockname()[1]}")

        with pytest.raises(TransientError, match="HEADRACE_CHROMA_URL"):
            await write(store, collection("down"), [row(0)])
        with pytest.raises(TransientError, match="HEADRACE_CHROMA_URL"):
            await remove(store, collection("down"), ["row-0"])
    await store.close()


async def test_a_store_that_takes_writes_says_so_and_keeps_nothing_of_the_question(
    store: ChromaStore, reader: Reader
) -> None:
    own = collection("headrace-probe")  # what a person may call one
    await write(store, own, [row(0)])
    assert await store.writable(collection("any"), alive)
    assert await store.writable(collection("any"), alive)  # the collection it made is gone, and its id

    assert (await reader.describe(PROBE))["error"] == "NotFoundError"
    assert sorted(await reader.content(own.name)) == ["row-0"]
    with pytest.raises(FencedError):
        await store.writable(collection("any"), fenced)


async def test_a_store_that_takes_no_writes_says_so(scripted: "tuple[Scripted, str]") -> None:
    server, url = scripted
    store = ChromaStore(url)

    for server.status in (500, 507, 422):
        assert not await store.writable(collection("any"), alive)
    await store.close()


class Scripted:
    """A server that answers writes as it is told, and remembers what it was asked."""

    def __init__(self, *, base64: bool = True) -> None:
        self.status, self.headers, self.base64 = 200, dict[str, str](), base64
        self.seen: list[tuple[str, str, dict[str, object]]] = []

    async def answer(self, request: web.Request) -> web.Response:
        if request.path.endswith("pre-flight-checks"):
            return web.json_response({"max_batch_size": 1000, "supports_base64_encoding": self.base64})
        token = request.headers.get("x-chroma-token", "")
        self.seen.append((request.path, token, await request.json() if request.can_read_body else {}))
        if request.path.endswith("collections"):
            return web.json_response({"id": "abc"})
        body = {"error": "E", "message": "the reason"} if self.status >= 300 else {}
        return web.json_response(body, status=self.status, headers=self.headers)


@pytest.fixture
async def scripted() -> AsyncIterator[tuple[Scripted, str]]:
    script = Scripted()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", script.answer)
    async with TestServer(app) as server:
        yield script, f"http://{server.host}:{server.port}"


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (401, TransientError, "HEADRACE_CHROMA_API_KEY"),
        (403, TransientError, "HEADRACE_CHROMA_API_KEY"),
        (409, CollectionFault, "the reason"),
        (413, DocumentTooLarge, "the reason"),
        (422, DocumentError, "the reason"),
        (500, CollectionFault, "the reason"),
        (501, DocumentError, "the reason"),
        (503, TransientError, "the reason"),
    ],
)
async def test_an_error_status_says_what_becomes_of_the_document(
    scripted: tuple[Scripted, str], status: int, error: type[Exception], message: str
) -> None:
    server, url = scripted
    server.status = status
    store = ChromaStore(url)

    with pytest.raises(error, match=message) as raised:
        await write(store, collection("status"), [row(0)])

    assert type(raised.value) is error
    await store.close()


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7.0),
        ("in 300 s", 300.0),
        ("soon", 1.0),
        (None, 1.0),
    ],
)
async def test_a_server_that_asks_for_time_gets_it(
    scripted: tuple[Scripted, str], retry_after: str | None, seconds: float
) -> None:
    server, url = scripted
    if retry_after == "in 300 s":  # the header's other form, a date
        retry_after = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    server.status, server.headers = 429, {"Retry-After": retry_after} if retry_after else {}
    store = ChromaStore(url)

    with pytest.raises(RateLimited) as raised:
        await write(store, collection("slow"), [row(0)])

    assert raised.value.retry_after == pytest.approx(seconds, abs=30)
    await store.close()


async def test_token_and_tenant_of_an_account_are_used(scripted: tuple[Scripted, str]) -> None:
    server, url = scripted
    store = ChromaStore(url + "/", token="secret", tenant="our/own")

    await write(store, collection("cloud"), [row(0)])

    assert {token for _, token, _ in server.seen} == {"secret"}
    assert all(path.startswith("/api/v2/tenants/our/own/databases/") for path, _, _ in server.seen)
    await store.close()


async def test_a_server_that_knows_no_base64_gets_numbers(scripted: tuple[Scripted, str]) -> None:
    server, url = scripted
    server.base64 = False
    store = ChromaStore(url)

    await write(store, collection("old"), [Row("r", "t", packed([1.0, 2.5]), {})])

    assert server.seen[-1][2]["embeddings"] == [[1.0, 2.5]]
    await store.close()


async def stock_client(chroma: Chroma) -> "AsyncClientAPI":
    import chromadb  # here and not above: collecting the tests need not wait for it
    from chromadb.config import Settings

    host, port = chroma.url.removeprefix("http://").split(":")
    return await chromadb.AsyncHttpClient(
        host=host, port=int(port), settings=Settings(anonymized_telemetry=False)
    )


async def test_a_stock_client_finds_what_was_written(chroma: Chroma, store: ChromaStore) -> None:
    target = collection("client")
    near = Row("row-0", "near", packed([1.0, 0.0, 0.1]), {"page": 1})
    far = Row("row-1", "far", packed([0.0, 1.0, 0.1]), {})
    await write(store, target, [near, far])

    theirs = await (await stock_client(chroma)).get_collection(target.name)
    found = await theirs.get(where={"page": 1})
    nearest = await theirs.query(query_embeddings=[0.1, 1.0, 0.0], n_results=1)

    assert found["documents"] == ["near"]
    assert nearest["ids"] == [["row-1"]]
