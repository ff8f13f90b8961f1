"""The stage of the inbox: from the bytes of a record to events on `documents`."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import ContractError, RequestError, TransientError
from schemas.events import DocumentDeleted, DocumentUpserted
from schemas.ids import document_id
from schemas.inbox import Rules
from services.inbox import Collections, InboxCodec, InboxStage, Room, Table, Values
from services.inbox.values import Framed
from streams.blobs import INLINE_BYTES, BlobStore
from streams.engine.outputs import Send
from streams.engine.stage import Record
from streams.topics import DOCUMENTS

EVENT = {"collection": "docs", "document_key": "a.md", "content": "text"}
TABLE = Table(topic="shop.products", collection="products", key=["id"], text=["name"])


class NoContext:
    def check_alive(self) -> None:
        return

    async def emit(self, outputs: Any) -> None:
        raise AssertionError("not used")


class NoChroma:
    async def collection(self, tenant: str, database: str, collection: str) -> None:
        return None


def stage(folder: Path, framed: Framed | None = None) -> InboxStage:
    return InboxStage(
        Values(framed),
        Rules(),
        {TABLE.topic: TABLE},
        Collections(NoChroma()),
        BlobStore(str(folder)),
        Room(1_000),
    )


def record(value: bytes, topic: str = "inbox", key: str = "any") -> Record[Any]:
    return Record(topic, 3, 41, key, InboxCodec(None).decode(value), 0)  # type: ignore[arg-type]


async def sent(one: InboxStage, value: bytes, topic: str = "inbox", key: str = "any") -> list[Send]:
    outputs = await one.process(record(value, topic, key), NoContext())
    return [output for output in outputs if isinstance(output, Send)]


async def test_an_event_goes_to_documents_under_the_id_of_its_document(tmp_path: Path) -> None:
    one = stage(tmp_path)

    [written] = await sent(one, json.dumps(EVENT).encode())
    [deleted] = await sent(one, json.dumps(EVENT | {"content": None}).encode())

    assert isinstance(written.event, DocumentUpserted)
    assert isinstance(deleted.event, DocumentDeleted)
    assert written.topic is deleted.topic is DOCUMENTS
    assert written.key == deleted.key == document_id(written.event.document)
    assert written.event.content.inline == b"text"
    runs = [written.event.document.run, deleted.event.document.run]
    assert [run and run.ordinal for run in runs] == [0, 1]


async def test_a_large_content_travels_by_claim_check(tmp_path: Path) -> None:
    text = "x" * (INLINE_BYTES + 1)

    [written] = await sent(stage(tmp_path), json.dumps(EVENT | {"content": text}).encode())

    assert isinstance(written.event, DocumentUpserted)
    assert written.event.content.inline is None
    assert await BlobStore(str(tmp_path)).get(written.event.content) == text.encode()


async def test_rows_are_read_as_their_table_says(tmp_path: Path) -> None:
    one = stage(tmp_path)
    moved = {"op": "u", "before": {"id": 1, "name": "A"}, "after": {"id": 2, "name": "B"}}

    deleted, written = await sent(one, json.dumps(moved).encode(), TABLE.topic)

    assert isinstance(deleted.event, DocumentDeleted)
    assert isinstance(written.event, DocumentUpserted)
    assert (deleted.event.document.document_key, written.event.document.document_key) == ("1", "2")
    assert await sent(one, b"", TABLE.topic) == []  # a tombstone


@pytest.mark.parametrize(
    ("value", "says"), [(b"", "the record has no value"), (b"\0\0\0\0\1{}", "HEADRACE_SCHEMA_REGISTRY_URL")]
)
async def test_what_cannot_be_read_says_what_to_do(tmp_path: Path, value: bytes, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        await sent(stage(tmp_path), value)


async def test_a_registry_reads_what_it_framed_and_one_that_refuses_is_asked_again(tmp_path: Path) -> None:
    class Registry:
        refuses = False

        def read(self, value: bytes) -> Any:
            if self.refuses:
                raise RequestError("401")
            return EVENT

    registry = Registry()
    one = stage(tmp_path, registry)

    assert len(await sent(one, b"\0\0\0\0\1..")) == 1
    registry.refuses = True
    with pytest.raises(TransientError, match="401"):
        await sent(one, b"\0\0\0\0\1..")
