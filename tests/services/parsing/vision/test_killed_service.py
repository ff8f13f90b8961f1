"""The service on a real broker with a vision model: killed while the model reads, it asks about no page that
was answered again, and loses no document."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from confluent_kafka import Consumer
from PIL import Image, ImageDraw

from schemas.codec import SingleObjectCodec
from schemas.events import Document, DocumentParsed, DocumentUpserted, Embedding
from schemas.ids import document_id
from streams.blobs import BlobStore
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.kafka.producer import EventProducer
from streams.topics import DOCUMENTS, PARSED
from tests.conftest import Kafka
from tests.services.parsing.vision.conftest import Model, said, serving
from tests.services.parsing.vision.test_documents import of_pages
from tests.streams.broker import fresh_cluster
from tests.waiting import eventually

CODEC = SingleObjectCodec()
_RUN = """
import asyncio
from headrace.wiring import run_service
from headrace.settings import Settings
asyncio.run(run_service("parsing", Settings()))
"""
PAGES, ANSWERED = 4, 2


def scan_with_a_bar(number: int) -> Image.Image:
    """A page without words; how far its bar reaches tells its number."""
    page = Image.new("RGB", (425, 550), "white")
    ImageDraw.Draw(page).rectangle((40, 100, 40 + 50 * number, 140), "black")
    return page


def number_of(picture: Image.Image) -> int:
    dark = np.asarray(picture.convert("L")) < 128
    return round(float(dark.any(axis=0).sum()) / picture.width * 425 / 50)


class Reader(Model):
    """Says what it sees on a page, of `patience` pages; then it keeps everybody waiting."""

    patience = ANSWERED

    async def reply(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.reached.set()
        if self.patience == 0:
            await asyncio.sleep(60)
        self.patience -= 1
        return web.json_response(said(f"The bar of page {number_of(self.pictures[-1])}."))


@asynccontextmanager
async def parsing(
    kafka: Kafka, cluster: Cluster, folder: Path, url: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = os.environ | {
        "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "HEADRACE_TOPIC_PREFIX": cluster.prefix,
        "HEADRACE_DATA_DIR": str(folder),
        "HEADRACE_BLOB_URL": str(folder / "blobs"),
        "HEADRACE_VISION_URL": url,
        "HEADRACE_VISION_MODEL": "seer",
        "HEADRACE_WORKERS": "1",
        "HEADRACE_STATIC_MEMBERSHIP": "true",  # its successor need not wait for the end of its session
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _RUN, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def send(cluster: Cluster, folder: Path, files: dict[str, bytes]) -> None:
    blobs, producer = BlobStore(str(folder / "blobs")), EventProducer(cluster, CODEC)
    sent = []
    for name, data in files.items():
        document = Document(
            tenant="t", database="d", collection="c", document_key=name, embedding=Embedding(model="m")
        )
        event = DocumentUpserted(document=document, content=await blobs.put(data))
        sent.append(Send(DOCUMENTS, document_id(document), event))
    await producer.send_all(sent)
    await producer.close()


def parsed(cluster: Cluster, count: int) -> Sequence[DocumentParsed]:
    """The first records on `parsed`, once there are `count`."""
    consumer = Consumer(
        cluster.client() | {"group.id": cluster.name("test"), "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([cluster.name(PARSED)])
    found: list[DocumentParsed] = []
    try:
        for _ in range(360):
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                event = CODEC.decode(message.value() or b"")
                assert isinstance(event, DocumentParsed)
                found.append(event)
                if len(found) == count:
                    return found
    finally:
        consumer.close()
    raise AssertionError(f"{len(found)} documents were parsed within 180 s")


def answers_kept(cache: Path) -> int:
    if not cache.exists():
        return 0
    with closing(sqlite3.connect(cache)) as database:
        try:
            return int(database.execute("SELECT count(*) FROM answers").fetchone()[0])
        except sqlite3.OperationalError:  # it is being made
            return 0


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    stub = Reader()
    async with serving(stub):
        yield stub


@pytest.mark.faults
@pytest.mark.timeout(400)
async def test_a_service_that_is_killed_while_pages_are_read_asks_only_about_those_in_hand(
    kafka: Kafka, reader: Reader, tmp_path: Path
) -> None:
    cluster = await fresh_cluster(kafka)
    ledger = of_pages(*(scan_with_a_bar(number) for number in range(1, PAGES + 1)))
    await send(cluster, tmp_path, {"ledger.pdf": ledger, "note.md": b"A note."})
    cache = tmp_path / "cache" / "vision.sqlite"
    async with parsing(kafka, cluster, tmp_path, reader.url) as first:
        await eventually(lambda: len(reader.asked) == PAGES, 60, "all pages are asked about")
        await eventually(lambda: answers_kept(cache) == ANSWERED, 20, "the answers are kept")
        first.kill()
    reader.patience = PAGES

    async with parsing(kafka, cluster, tmp_path, reader.url):
        documents = await asyncio.to_thread(parsed, cluster, 2)

    asked = Counter(number_of(picture) for picture in reader.pictures)
    assert sorted(asked) == list(range(1, PAGES + 1))
    assert Counter(asked.values()) == {1: ANSWERED, 2: PAGES - ANSWERED}
    blobs = BlobStore(str(tmp_path / "blobs"))
    texts = {one.document.document_key: (await blobs.get(one.text)).decode() for one in documents}
    assert texts["note.md"] == "A note."
    assert texts["ledger.pdf"].split("\n\n") == [
        f"The bar of page {number}." + "\n" * (number == PAGES) for number in range(1, PAGES + 1)
    ]
    [ledger_event] = [one for one in documents if one.document.document_key == "ledger.pdf"]
    assert [page.number for page in ledger_event.pages] == list(range(1, PAGES + 1))
    assert ledger_event.warnings == []
