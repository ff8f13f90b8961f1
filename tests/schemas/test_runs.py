"""The two records of a run say the same."""

from datetime import UTC, datetime

from schemas.events import Chunking, Embedding, Payload, Source, Upload, make_source
from schemas.runs import make_run
from schemas.sources.folder import FolderConfig

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
EMBEDDING, CHUNKING = Embedding(model="m"), Chunking()


def source() -> Source:
    return make_source(
        FolderConfig(path="/docs"),
        id="b9a4f649-f642-566c-a1b4-06de9bad2a09",
        tenant="t",
        database="d",
        type="folder",
        created_at=NOON,
        embedding=EMBEDDING,
        chunking=CHUNKING,
    )


def test_what_both_records_say_is_the_same() -> None:
    run = make_run(source(), "docs", "an-id", NOON, trigger="webhook")

    created, requested = run.created.model_dump(), run.requested.model_dump()
    shared = created.keys() & requested.keys()
    assert {"invocation_id", "collection", "options", "trigger"} <= shared
    assert {name: created[name] for name in shared} == {name: requested[name] for name in shared}
    assert (created["source_id"], created["tenant"], created["database"]) == (source().id, "t", "d")
    assert created["created_at"] == requested["requested_at"] == NOON
    assert not created["single_document"]


def test_an_upload_is_one_document_and_says_what_it_is_of() -> None:
    content = Payload(size=1, sha256="00", inline=b"a")
    upload = Upload(
        filename="a.md", content=content, custom_id="mine", embedding=EMBEDDING, chunking=CHUNKING
    )

    run = make_run(source(), "docs", "an-id", NOON, upload=upload)

    assert run.created.single_document
    assert (run.created.object_key, run.created.custom_id) == ("a.md", "mine")
    assert run.created.trigger == run.requested.trigger == "upload"
