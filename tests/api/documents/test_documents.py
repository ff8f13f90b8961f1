"""Documents, collections, failures and dead letters over HTTP: real broker, real Chroma, records as the
pipeline writes them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from api.cursor import cursor_of
from schemas.events import (
    DeadLetter,
    Document,
    DocumentDeleted,
    DocumentState,
    DocumentUpserted,
    Embedding,
    Passed,
    Payload,
    Progress,
    RunPosition,
    RunStarted,
    Status,
    Step,
)
from schemas.ids import chunk_id_base, document_id
from streams.engine.outputs import Send
from streams.kafka.producer import EventProducer
from streams.topics import DEAD_LETTERS, DOCUMENT_STATES, DOCUMENTS, PROGRESS
from tests.api.conftest import DATABASE, MODEL, Server, create_folder_source, create_run
from tests.api.fake_tracking import FakeTracking
from tests.api.records import read_all

COLLECTIONS = f"/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"


class Written:
    """Writes what the pipeline would, about one source and one collection."""

    def __init__(self, server: Server, producer: EventProducer, source_id: str, collection: str) -> None:
        self.server, self.producer = server, producer
        self.source_id, self.collection = source_id, collection

    def document(self, key: str, run_id: str | None = None) -> Document:
        return Document(
            tenant="default_tenant",
            database=DATABASE,
            collection=self.collection,
            document_key=key,
            namespace=self.source_id,
            version_key="v1",
            embedding=Embedding(model=MODEL),
            source_id=self.source_id,
            run=RunPosition(invocation_id=run_id, attempt=1, ordinal=0) if run_id else None,
        )

    async def state(self, key: str, chunks: int = 1, collection_id: str = "c", **fields: Any) -> str:
        document = self.document(key)
        made = {"sequence": 1, "fingerprint": "f", "indexed_at": datetime.now(UTC), "complete": True}
        state = DocumentState(
            document=document, chunks=chunks, collection_id=collection_id, **{**made, **fields}
        )
        id_ = document_id(document)
        await self.producer.send(Send(DOCUMENT_STATES, id_, state))
        return id_

    async def failed(self, run_id: str, key: str, error: str, ordinal: int = 0, letter: bool = True) -> None:
        passed = [Passed(ordinal=ordinal, document_key=key, error=error)]
        progress = Progress(invocation_id=run_id, attempt=1, stage=Step.FAILED, passed=passed)
        await self.producer.send(Send(PROGRESS, run_id, progress))
        if letter:
            made = self.letter(run_id, key, error)
            await self.producer.send(Send(DEAD_LETTERS, made.id, made))

    def letter(self, run_id: str, key: str, error: str) -> DeadLetter:
        document = self.document(key, run_id)
        upserted = DocumentUpserted(
            document=document, content=Payload(size=2, sha256="0" * 64, inline=b"\xff\xfe")
        )
        id_ = document_id(document)
        return DeadLetter(
            id=f"{id_[:8]}-0000-4000-8000-{run_id[-12:]}",
            topic="documents",
            partition=0,
            offset=73514510714175488 % 2**40,
            key=id_.encode(),
            value=self.server.gateway.codec.encode(upserted, "documents"),
            stage="parsing",
            error_class="CorruptDocument",
            error=error,
            attempt=1,
            document_key=key,
            invocation_id=run_id,
            failed_at=datetime.now(UTC),
        )


@pytest.fixture
async def written(
    server: Server, tracking: FakeTracking, folder_source: str, request: pytest.FixtureRequest
) -> Written:
    collection = request.node.name.partition("[")[0].replace("_", "-")[-50:].strip("-")
    return Written(server, tracking.producer, folder_source, collection)


async def listed(server: Server, key: str | None = None, **query: Any) -> list[dict[str, Any]]:
    """All documents over all pages."""
    found: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {} if key is None else {"key": key}
    while True:
        page = await server.call("GET", "/api/v1/documents", status=200, params=query, **arguments)
        found += page["documents"]
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


async def until_known(server: Server, *ids: str) -> None:
    for id_ in ids:  # a document that is not known yet is waited for
        await server.call("GET", f"/api/v1/documents/{id_}", status=200)


async def test_pages_are_what_one_large_page_would_be(server: Server, written: Written) -> None:
    ids = [await written.state(f"guide/{number}.md") for number in range(7)]
    await until_known(server, *ids)
    scope = {"source_id": written.source_id}

    keys = [one["document_key"] for one in await listed(server, **scope, limit="3")]
    assert keys == sorted(f"guide/{number}.md" for number in range(7))
    assert [one["document_key"] for one in await listed(server, **scope, prefix="guide/3")] == ["guide/3.md"]
    assert [one["document_key"] for one in await listed(server, **scope, contains="E/4")] == ["guide/4.md"]
    assert await listed(server, **scope, contains="%") == []
    assert await listed(server, **scope, state="deleted") == []
    in_collection = {"database_name": DATABASE, "collection_name": written.collection}
    assert len(await listed(server, **in_collection, limit="2", state="indexed")) == 7


async def test_a_document_shows_its_chunks_as_they_are_in_the_collection(
    server: Server, written: Written
) -> None:
    body = {"name": written.collection, "get_or_create": True}
    made = await server.call("POST", COLLECTIONS, status=200, json=body)
    base = chunk_id_base(written.document("<script>.md"))
    rows = {
        "ids": [f"{base}-{number}" for number in range(3)],
        "embeddings": [[1.0, 0.0]] * 3,
        "documents": [f"text {number}" for number in range(3)],
        "metadatas": [
            {"start_line": n, "end_line": n, "page": 7, "context": "# A", "by": "me"} for n in (1, 2, 3)
        ],
    }
    await server.call("POST", f"{COLLECTIONS}/{made['id']}/upsert", status=200, json=rows)
    id_ = await written.state("<script>.md", chunks=3, collection_id=made["id"])

    query = {"chunks": "2"}
    shown = await server.call("GET", f"/api/v1/documents/{id_}", status=200, params=query)
    assert (shown["document_key"], shown["state"], shown["gone"]) == ("<script>.md", "indexed", False)
    first = shown["chunk_list"][0]
    assert (first["text"], first["start_line"], first["page"], first["context"]) == ("text 0", 1, 7, "# A")
    assert (first["metadata"], shown["next_chunk"]) == ({"by": "me"}, 2)
    rest = await server.call(
        "GET", f"/api/v1/documents/{id_}", status=200, params={"first_chunk": shown["next_chunk"]}
    )
    assert [one["number"] for one in rest["chunk_list"]] == [2]
    assert rest["next_chunk"] is None

    (collection,) = [
        one
        for one in await server.call(
            "GET", "/api/v1/collections", status=200, params={"database_name": DATABASE}
        )
        if one["name"] == written.collection
    ]
    assert (collection["documents"], collection["chunks"], collection["rows"]) == (
        {"indexed": 1, "indexing": 0, "failed": 0},
        3,
        3,
    )
    assert (collection["vector_bytes"], collection["source_ids"]) == (3 * 2 * 4, [written.source_id])

    await server.call("DELETE", f"{COLLECTIONS}/{written.collection}", status=200)
    after = await server.call("GET", f"/api/v1/documents/{id_}", status=200)
    assert (after["gone"], after["chunk_list"]) == (True, [])


async def test_chunks_that_are_missing_do_not_hide_those_behind_them(
    server: Server, written: Written
) -> None:
    body = {"name": written.collection, "get_or_create": True}
    made = await server.call("POST", COLLECTIONS, status=200, json=body)
    last = f"{chunk_id_base(written.document('a.md'))}-4"
    rows = {"ids": [last], "embeddings": [[1.0]], "documents": ["the end"], "metadatas": [{"start_line": 9}]}
    await server.call("POST", f"{COLLECTIONS}/{made['id']}/upsert", status=200, json=rows)
    id_ = await written.state("a.md", chunks=5, collection_id=made["id"])

    texts, first = [], 0
    while first is not None:
        query = {"first_chunk": str(first), "chunks": "2"}
        page = await server.call("GET", f"/api/v1/documents/{id_}", status=200, params=query)
        texts += [one["text"] for one in page["chunk_list"]]
        first = page["next_chunk"]
    assert texts == ["the end"]


async def test_a_collection_whose_name_goes_to_its_successor_just_now_is_not_gone(
    server: Server, written: Written
) -> None:
    await create_run(server, written.source_id, written.collection)
    body = {"name": written.collection, "get_or_create": True}
    made = await server.call("POST", COLLECTIONS, status=200, json=body)
    id_ = await written.state("a.md", collection_id=made["id"])
    await until_known(server, id_)
    path = f"{COLLECTIONS}/{made['id']}"
    await server.call("PUT", path, status=200, json={"new_name": f"{written.collection}-2"})
    shown = asyncio.create_task(server.call("GET", f"/api/v1/documents/{id_}", status=200))
    await asyncio.sleep(0.1)
    await server.call("PUT", path, status=200, json={"new_name": written.collection})
    assert (await shown)["gone"] is False


async def test_a_delete_goes_through_the_pipeline_and_says_that_the_source_may_bring_it_back(
    server: Server, written: Written
) -> None:
    id_ = await written.state("old.md")
    told = await server.call("DELETE", f"/api/v1/documents/{id_}", status=202)
    assert f"source {written.source_id} brings it back" in told["message"]
    sent = [one.event for one in await read_all(server.gateway.cluster, DOCUMENTS) if one.key == id_]
    assert len(sent) == 1
    assert isinstance(sent[0], DocumentDeleted)
    assert document_id(sent[0].document) == id_

    await written.state("old.md", chunks=0, deleted=True, sequence=2)
    await server.call("GET", "/api/v1/documents/" + "0" * 32, status=404)  # reads to the end
    refused = await server.call("DELETE", f"/api/v1/documents/{id_}", status=409)
    assert "is deleted already" in refused["message"]


async def fail(written: Written, tracking: FakeTracking, errors: Sequence[tuple[str, str, bool]]) -> str:
    """An invocation that has ended with these failures: key, error, and whether there is a letter."""
    run_id = await create_run(written.server, written.source_id, written.collection)
    now = datetime.now(UTC)
    started = RunStarted(invocation_id=run_id, attempt=1, started_at=now)
    await tracking.producer.send(Send(PROGRESS, run_id, started))
    for ordinal, (key, error, letter) in enumerate(errors):
        await written.failed(run_id, key, error, ordinal, letter)
    await tracking.put(run_id, status=Status.COMPLETE, attempt=1, attempts=1, finished_at=now)
    while True:  # the stream of an invocation ends when the gateway knows its end
        progress = await written.server.call("GET", f"/api/v1/invocations/{run_id}/progress", status=200)
        if progress["attempts"]:
            break
    await written.server.call("GET", "/api/v1/documents/" + "0" * 32, status=404)  # reads to the end
    return run_id


async def test_failures_are_grouped_by_reason_and_one_reason_is_retried(
    server: Server, written: Written, tracking: FakeTracking
) -> None:
    run_id = await fail(
        written,
        tracking,
        [
            ("a.pdf", "a.pdf: page 7 of 9 is damaged", True),
            ("b.pdf", "b.pdf: page 12 of 80 is damaged", True),
            ("c.doc", "c.doc: encrypted", True),
        ],
    )
    groups = await server.call("GET", f"/api/v1/invocations/{run_id}/failures", status=200)
    assert [(one["documents"], one["letters"], one["reason"]) for one in groups] == [
        (2, 2, "…: page … of … is damaged"),
        (1, 1, "…: encrypted"),
    ]
    failed = await listed(server, source_id=written.source_id, state="failed")
    assert [(one["document_key"], one["error"], one["invocation_id"]) for one in failed][2] == (
        "c.doc",
        "c.doc: encrypted",
        run_id,
    )

    body = {"reason": groups[0]["reason"]}
    done = await server.call("POST", f"/api/v1/invocations/{run_id}/retry", status=202, json=body)
    assert (done["replayed"], done["left"], done["invocation_id"]) == (2, 0, None)
    again = [one for one in await read_all(server.gateway.cluster, DOCUMENTS) if one.headers]
    wanted = {document_id(written.document(key)) for key in ("a.pdf", "b.pdf")}
    assert {one.key for one in again} & wanted == wanted
    left = await server.call(
        "GET", "/api/v1/dead-letters", status=200, params={"invocation_id": run_id, "state": "all"}
    )
    assert [(one["document_key"], one["state"]) for one in left["letters"]] == [
        ("c.doc", "open"),
        ("b.pdf", "replayed"),
        ("a.pdf", "replayed"),
    ]
    unknown = {"reason": "none has this"}
    await server.call("POST", f"/api/v1/invocations/{run_id}/retry", status=400, json=unknown)


async def test_one_failed_document_is_retried_alone(
    server: Server, written: Written, tracking: FakeTracking
) -> None:
    run_id = await fail(
        written, tracking, [("a.pdf", "a.pdf: damaged", True), ("b.pdf", "b.pdf: damaged", True)]
    )
    path = f"/api/v1/documents/{document_id(written.document('a.pdf'))}/retry"
    done = await server.call("POST", path, status=202)
    assert (done["replayed"], done["left"], done["invocation_id"]) == (1, 0, None)
    query = {"invocation_id": run_id}
    (left,) = (await server.call("GET", "/api/v1/dead-letters", status=200, params=query))["letters"]
    assert left["document_key"] == "b.pdf"
    again = await server.call("POST", path, status=202)  # a second click starts no run
    assert (again["replayed"], again["invocation_id"]) == (0, None)
    assert "sent again before" in again["message"]

    whole = await written.state("whole.md")
    await until_known(server, whole)
    refused = await server.call("POST", f"/api/v1/documents/{whole}/retry", status=412)
    assert "has not failed; its state is indexed" in refused["message"]


async def test_documents_of_other_sources_with_the_same_key_do_not_displace_a_history(
    server: Server, written: Written, tracking: FakeTracking
) -> None:
    run_id = await fail(written, tracking, [("README.md", "README.md: encrypted", False)])
    (document,) = await listed(server, source_id=written.source_id, state="failed")
    for number in range(60):
        await written.failed(f"{number:032x}", "README.md", "README.md: not theirs to see", letter=False)
    await server.call("GET", f"/api/v1/invocations/{run_id}/failures", status=200)  # reads to the end
    shown = await server.call("GET", f"/api/v1/documents/{document['id']}", status=200)
    assert [(one["invocation_id"], one["error"]) for one in shown["history"]] == [
        (run_id, "README.md: encrypted")
    ]


async def test_a_file_that_could_not_be_read_is_retried_by_a_new_run(
    server: Server, written: Written, tracking: FakeTracking
) -> None:
    run_id = await fail(written, tracking, [("a.md", "a.md: permission denied", False)])
    done = await server.call("POST", f"/api/v1/invocations/{run_id}/retry", status=202, json={})
    assert done["replayed"] == 0
    assert done["invocation_id"]
    job = await server.call("GET", f"/api/v1/invocations/{done['invocation_id']}", status=200)
    assert job["trigger"] == "retry"


async def test_an_invocation_without_failures_has_nothing_to_retry(
    server: Server, written: Written, tracking: FakeTracking
) -> None:
    run_id = await fail(written, tracking, [])
    await server.call("POST", f"/api/v1/invocations/{run_id}/retry", status=412, json={})


async def test_a_document_that_could_not_be_read_is_retried_by_a_run_of_its_source(
    server: Server, written: Written, tracking: FakeTracking
) -> None:
    await fail(written, tracking, [("a.md", "a.md: permission denied", False)])
    path = f"/api/v1/documents/{document_id(written.document('a.md'))}/retry"
    done = await server.call("POST", path, status=202)
    assert (done["replayed"], "reads the source again" in done["message"]) == (0, True)
    job = await server.call("GET", f"/api/v1/invocations/{done['invocation_id']}", status=200)
    assert (job["source_id"], job["trigger"]) == (written.source_id, "retry")


async def test_a_letter_shows_its_record_as_text_and_is_dropped_once(
    server: Server, written: Written, tracking: FakeTracking
) -> None:
    run_id = await fail(written, tracking, [("a.pdf", "a.pdf: broken", True)])
    query = {"invocation_id": run_id}
    (letter,) = (await server.call("GET", "/api/v1/dead-letters", status=200, params=query))["letters"]
    shown = await server.call("GET", f"/api/v1/dead-letters/{letter['id']}", status=200)
    assert shown["record_type"] == "DocumentUpserted"
    assert '"document_key": "a.pdf"' in shown["record"]
    assert shown["key"] == document_id(written.document("a.pdf"))

    body = {"ids": [letter["id"]]}
    done = await server.call("POST", "/api/v1/dead-letters/drop", status=200, json=body)
    assert (done["settled"], done["left"]) == (1, 0)
    page = await server.call("GET", "/api/v1/dead-letters", status=200, params=query)
    assert (page["letters"], page["total"]) == ([], 0)
    await server.call("POST", "/api/v1/dead-letters/replay", status=404, json=body)


async def test_a_key_sees_what_is_in_its_databases_alone(
    server: Server, written: Written, tracking: FakeTracking
) -> None:
    run_id = await fail(written, tracking, [("a.pdf", "a.pdf: broken", True)])
    id_ = await written.state("b.md")
    await until_known(server, id_)
    made = [
        await server.call("POST", "/api/v1/keys", status=201, json={"name": "x", **scope})
        for scope in ({"databases": ["elsewhere"]}, {"tenant": "another"}, {})
    ]
    limited, foreign, own = (one["key"] for one in made)
    (letter,) = (
        await server.call("GET", "/api/v1/dead-letters", status=200, params={"invocation_id": run_id})
    )["letters"]

    for key, status in ((limited, 403), (foreign, 404)):
        assert await listed(server, key, source_id=written.source_id) == []
        await server.call("GET", f"/api/v1/documents/{id_}", status=status, key=key)
        await server.call("DELETE", f"/api/v1/documents/{id_}", status=status, key=key)
        await server.call("GET", f"/api/v1/dead-letters/{letter['id']}", status=404, key=key)
        body = {"ids": [letter["id"]]}
        await server.call("POST", "/api/v1/dead-letters/replay", status=404, key=key, json=body)
        await server.call("POST", f"/api/v1/invocations/{run_id}/retry", status=status, key=key, json={})
        page = await server.call("GET", "/api/v1/dead-letters", status=200, key=key)
        assert (page["letters"], page["total"]) == ([], 0)
    names = {"database_name": DATABASE}
    await server.call("GET", "/api/v1/documents", status=403, key=limited, params=names)
    await server.call("GET", "/api/v1/collections", status=403, key=limited, params=names)
    assert await server.call("GET", "/api/v1/collections", status=200, key=foreign) == []
    assert len(await listed(server, own, source_id=written.source_id)) == 2
    await server.call("POST", "/api/v1/dead-letters/drop", status=403, key=own, json={"ids": [letter["id"]]})
    await server.call("DELETE", f"/api/v1/documents/{id_}", status=403, key=own)
    path = "/api/v1/collections/some-collection/repair"
    await server.call("POST", path, status=403, key=own, json=names)


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": "W10"},
        {"cursor": cursor_of("d", "c", "key", "no id")},
        {"cursor": cursor_of("d", "c", "\ud800", "0" * 32)},
        {"limit": "0"},
        {"state": "lost"},
        {"source_id": "x"},
        {"collection_name": "c"},
    ],
)
async def test_a_list_refuses_what_it_cannot_mean(server: Server, query: dict[str, str]) -> None:
    await server.call("GET", "/api/v1/documents", status=400, params=query)


async def test_a_cursor_of_no_time_is_refused(server: Server) -> None:
    for milliseconds in (2**63, -(2**63) - 1):
        query = {"cursor": cursor_of(milliseconds, "id")}
        await server.call("GET", "/api/v1/dead-letters", status=400, params=query)


async def test_another_source_in_the_same_collection_is_listed_beside_it(
    server: Server, written: Written, roots: Any, tmp_path: Any
) -> None:
    folder = roots / f"{tmp_path.name}-other"
    folder.mkdir()
    other = Written(server, written.producer, await create_folder_source(server, folder), written.collection)
    ids = [await one.state(key) for one in (written, other) for key in ("a.md", "b.md")]
    await until_known(server, *ids)
    where = {"database_name": DATABASE, "collection_name": written.collection, "limit": "1"}
    assert [one["document_key"] for one in await listed(server, **where)] == ["a.md", "a.md", "b.md", "b.md"]
    assert {one["source_id"] for one in await listed(server, source_id=other.source_id)} == {other.source_id}
