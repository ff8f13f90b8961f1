"""The record of a parsed text is found among many by its sequence."""

import asyncio
from datetime import UTC, datetime

import pytest

from api.documents.parsed import Search
from schemas.errors import TransientError
from schemas.events import Document, DocumentDeleted, DocumentParsed, Embedding, Payload
from streams.kafka.cluster import Cluster
from streams.state.reader import Reader
from streams.topics import PARSED
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COUNT = 300


def document(number: int) -> Document:
    return Document(
        tenant="t",
        database="d",
        collection="c",
        document_key=f"{number}",
        version_key="1",
        embedding=Embedding(model="m"),
    )


def event(number: int) -> DocumentParsed | DocumentDeleted:
    if number % 7 == 0:
        return DocumentDeleted(document=document(number), sequence=number * 3)
    text = Payload(size=1, sha256="0", inline=b"x")
    return DocumentParsed(document=document(number), sequence=number * 3, text=text, media_type="text/plain")


@pytest.fixture(scope="module")
async def cluster(kafka: Kafka) -> Cluster:
    """Documents and deletions in the order of their sequences, every eleventh of them twice."""
    made = await fresh_cluster(kafka, 1)
    writer = Writer(made)
    for number in range(COUNT):
        for _ in range(1 + (number % 11 == 0)):
            writer.write(PARSED, f"{number}", event(number))
    await writer.written()
    return made


def test_each_version_is_found_and_no_other_is_taken_for_it(cluster: Cluster) -> None:
    reader = Reader(cluster, CODEC)
    for number in (1, 121, 299):
        found = Search(cluster, reader, (PARSED.name, 0)).find(f"{number}", number * 3)
        assert found is not None, number
        assert found.document.document_key == f"{number}"
    for id_, sequence in (("2", 3), ("7", 21), ("299", COUNT * 3)):
        assert Search(cluster, reader, (PARSED.name, 0)).find(id_, sequence) is None
    reader.close()


async def test_a_thread_that_looks_for_a_text_does_not_wait_for_a_broker_that_is_away() -> None:
    away = Cluster("127.0.0.1:1")
    reader = Reader(away, CODEC)
    with pytest.raises(TransientError):  # else after a minute
        await asyncio.wait_for(asyncio.to_thread(Search, away, reader, (PARSED.name, 0)), 30)
    reader.close()
