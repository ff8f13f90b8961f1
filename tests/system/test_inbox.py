"""JSON events of any program, and rows of a database, on the real pipeline."""

import asyncio
import base64
import json
import time
from collections import Counter
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.codec import SingleObjectCodec
from schemas.events import DeadLetter, DocumentDeleted, DocumentUpserted, LetterSettled
from schemas.ids import text_sha256
from streams.kafka.cluster import CLIENT_LOG
from streams.state.reader import ChangelogRecord, Reader, end_offsets
from streams.topics import DEAD_LETTERS, DOCUMENTS, INBOX, Topic
from tests.system.conftest import ROWS
from tests.system.pipeline import PARTITIONS, RUN_WINDOW, Pipeline
from tests.waiting import eventually

pytestmark = pytest.mark.system

WITHIN_S = 60


class Program:
    """A producer that knows nothing of Headrace but the topic."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._cluster = pipeline.cluster
        self._producer = Producer(self._cluster.client(enable_idempotence=True), logger=CLIENT_LOG)

    def send(
        self, *values: Any, key: str | None = None, topic: str | None = None, partition: int = -1
    ) -> None:
        for value in values:
            raw = value if isinstance(value, bytes | None) else json.dumps(value).encode()
            self._producer.produce(topic or self._cluster.name(INBOX), raw, key, partition)
        assert self._producer.flush(30) == 0


def event(collection: str, key: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {"collection": collection, "document_key": key, "content": content, **fields}


async def texts(pipeline: Pipeline, collection: str, wanted: dict[str, str]) -> None:
    """Wait until a collection has exactly these documents: key → text."""
    deadline, found = time.monotonic() + WITHIN_S, dict[str, str]()
    while time.monotonic() < deadline:
        rows = await pipeline.rows(collection)
        found = {str(metadata["document_key"]): text.strip() for text, metadata in rows.values()}
        if found == wanted and len(rows) == len(wanted):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{collection} has {found}")


def read(pipeline: Pipeline, topic: Topic) -> list[ChangelogRecord]:
    """All committed records of a topic."""
    places = [(topic.name, number) for number in range(PARTITIONS)]
    reader = Reader(pipeline.cluster, SingleObjectCodec())
    reader.assign(dict.fromkeys(places, 0))
    ends = end_offsets(pipeline.cluster, places)
    changes = [change for batch in reader.read_to(ends) for change in batch.changes]
    reader.close()
    return changes


def written(pipeline: Pipeline) -> int:
    """The end offsets of `documents`, added up."""
    return sum(end_offsets(pipeline.cluster, [(DOCUMENTS.name, n) for n in range(PARTITIONS)]).values())


def is_beyond(pipeline: Pipeline, count: int) -> bool:
    return written(pipeline) > count


def sent_of(pipeline: Pipeline, collection: str) -> int:
    """Documents of a collection on `documents`."""
    events = (change.event for change in read(pipeline, DOCUMENTS))
    return sum(isinstance(one, DocumentUpserted) and one.document.collection == collection for one in events)


def letters(pipeline: Pipeline, mark: bytes) -> list[str]:
    """Errors of the dead letters whose record has this in it."""
    found = [change.event for change in read(pipeline, DEAD_LETTERS)]
    return [one.error for one in found if isinstance(one, DeadLetter) and mark in (one.value or b"")]


async def test_events_of_any_program_are_documents_and_a_broken_one_costs_itself(pipeline: Pipeline) -> None:
    name, program = "inbox-any", Program(pipeline)
    pdf = base64.b64encode(b"<p>A <b>page</b></p>").decode()
    program.send(event(name, "a", "one"), key="x")
    program.send(event(name, "a", "two", metadata={"team": "search"}), key="x")
    program.send(b"{inbox-any", event(name, "broken", 5), None)
    program.send(event(name, "b", "gone"), event(name, "b", None), key="b")
    program.send({"collection": name, "document_key": "c.html", "content_base64": pdf}, key="x")
    rows = f"{pipeline.cluster.prefix}{ROWS}"
    row = {"id": 7, "name": "Kettle", "price": 19.5}
    program.send({"op": "r", "before": None, "after": row, "source": {"lsn": 4}}, topic=rows, key='{"id":7}')
    program.send({"op": "c", "before": None, "after": row | {"id": 8}}, topic=rows, key='{"id":8}')
    program.send({"op": "d", "before": {"id": 8}, "after": None}, None, topic=rows, key='{"id":8}')

    await texts(pipeline, name, {"a": "two", "c.html": "A **page**"})
    await texts(pipeline, "inbox-rows", {"rows/7": "Kettle"})
    rows_now = await pipeline.rows(name)
    base = text_sha256("a")
    assert rows_now[f"{base}-0"][1]["team"] == "search"
    # They may be in other partitions, which are read later.
    await eventually(lambda: bool(letters(pipeline, b"{inbox-any") and letters(pipeline, b'"broken"')))
    [broken] = letters(pipeline, b"{inbox-any")
    [wrong] = letters(pipeline, b'"broken"')
    assert "not JSON" in broken
    assert "content (a number): input should be a valid string" in wrong


async def test_what_could_not_be_read_and_was_sent_again_under_its_key_leaves_no_open_letter(
    pipeline: Pipeline,
) -> None:
    name, program = "inbox-again", Program(pipeline)
    program.send(event(name, "again", 5), event(name, "again", "text"), key="again")
    program.send(event(name, "lost", 6), event(name, "other", "text"), key="any")

    await texts(pipeline, name, {"again": "text", "other": "text"})
    found = [change.event for change in read(pipeline, DEAD_LETTERS)]
    settled = {one.id for one in found if isinstance(one, LetterSettled)}
    broken = [one for one in found if isinstance(one, DeadLetter) and name.encode() in (one.value or b"")]
    assert {one.key: one.id in settled for one in broken} == {b"again": True, b"any": False}


async def test_of_two_producers_of_one_document_the_greater_version_stays(pipeline: Pipeline) -> None:
    name, first, second = "inbox-two", Program(pipeline), Program(pipeline)
    for version in range(20, 0, -2):
        first.send(event(name, "a", f"version {version}", version=version), partition=0)
        second.send(event(name, "a", f"version {version - 1}", version=version - 1), partition=1)
    second.send(event(name, "z", "last"), partition=1)
    first.send(event(name, "y", "last"), partition=0)

    await texts(pipeline, name, {"a": "version 20", "y": "last", "z": "last"})


@pytest.mark.faults
async def test_a_burst_waits_on_its_topic_and_an_upload_passes_it(pipeline: Pipeline) -> None:
    name, count, program = "inbox-burst", 600, Program(pipeline)
    program.send(*(event(name, f"doc-{number}", f"number {number}") for number in range(count)))

    uploaded = await pipeline.upload("inbox-beside", "beside.md", b"An upload beside the burst.")
    most = found = 0
    while not await pipeline.rows("inbox-beside"):
        sent = await asyncio.to_thread(sent_of, pipeline, name)
        most, found = max(most, sent - len(await pipeline.rows(name))), sent
        await asyncio.sleep(0.05)

    assert found < count  # it did not wait for the burst
    assert 0 < most <= 2 * RUN_WINDOW  # in flight; a partition's turn lets in all that precede it
    assert (await pipeline.ended(uploaded))["indexed"] == 1
    await texts(pipeline, name, {f"doc-{number}": f"number {number}" for number in range(count)})


@pytest.mark.faults
async def test_a_service_that_is_killed_writes_every_event_once_and_in_order(pipeline: Pipeline) -> None:
    name, program = "inbox-killed", Program(pipeline)
    keys = [f"doc-{number}" for number in range(16)]
    before = written(pipeline)
    for round_ in range(3):
        for key in keys:
            program.send(event(name, key, f"{key} in round {round_}"), key=key)
    for count in (4, 24):
        await eventually(partial(is_beyond, pipeline, before + count))
        await pipeline.kill("connectors")

    await texts(pipeline, name, {key: f"{key} in round 2" for key in keys})

    said: dict[str, list[str]] = {}
    for change in sorted(read(pipeline, DOCUMENTS), key=lambda change: change.offset):
        if isinstance(change.event, DocumentUpserted | DocumentDeleted):
            document = change.event.document
            if document.collection == name:
                content = change.event.content.inline if isinstance(change.event, DocumentUpserted) else b""
                said.setdefault(document.document_key, []).append((content or b"").decode())
    assert Counter(map(len, said.values())) == {3: 16}
    assert all(said[key] == [f"{key} in round {n}" for n in range(3)] for key in keys)
