"""The stage of the documentation, as its reader would run it: a process beside the pipeline."""

import asyncio
import os
import signal
import sys
import uuid
from pathlib import Path

from confluent_kafka import Consumer

from examples.custom_stage import SECRETS, SecretsFound, find_secrets
from schemas.codec import SingleObjectCodec
from schemas.events import Document, DocumentDeleted, DocumentParsed, Embedding, Event
from schemas.ids import document_id
from streams.blobs import BlobStore
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.producer import EventProducer
from streams.local import LocalBroker
from streams.topics import PARSED

ROOT = Path(__file__).parents[2]
CODEC = SingleObjectCodec(own=[SecretsFound])
KEY = "AKIA" + "A" * 16


def test_a_secret_is_found_with_its_line() -> None:
    text = f"one\nkey = {KEY}\n-----BEGIN RSA PRIVATE KEY-----\nAKIAtooshort\n"

    assert find_secrets(text) == {"AWS access key": [2], "private key": [3]}


async def test_it_reads_parsed_documents_and_writes_its_own_topic(
    broker: LocalBroker, tmp_path: Path
) -> None:
    cluster = Cluster.from_file(broker.client_file, f"t{uuid.uuid4().hex[:8]}.")
    await asyncio.to_thread(ensure_topics, cluster, 2)
    blobs = BlobStore(str(tmp_path / "blobs"))
    documents = [
        await _parsed(blobs, "clean.md", "nothing"),
        await _parsed(blobs, "big.md", "x\n" * 50_000 + KEY),
    ]
    producer = EventProducer(cluster, CODEC)
    deleted = DocumentDeleted(document=documents[0].document, sequence=9)
    sent: list[Event] = [deleted, *documents]
    await producer.send_all([Send(PARSED, document_id(documents[0].document), event) for event in sent])
    await producer.close()
    environment = os.environ | {
        "HEADRACE_KAFKA_CONFIG": str(broker.client_file),
        "HEADRACE_TOPIC_PREFIX": cluster.prefix,
        "HEADRACE_BLOB_URL": str(tmp_path / "blobs"),
    }

    stage = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "examples.custom_stage", cwd=ROOT, env=environment
    )
    try:
        found = await asyncio.to_thread(_first, cluster)
        stage.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(stage.wait(), 20) == 0
    finally:
        if stage.returncode is None:
            stage.kill()
            await stage.wait()

    assert found.document.document_key == "big.md"
    assert found.lines == {"AWS access key": [50_001]}


async def _parsed(blobs: BlobStore, key: str, text: str) -> DocumentParsed:
    document = Document(
        tenant="t", database="d", collection="c", document_key=key, embedding=Embedding(model="m")
    )
    payload = await blobs.put(text.encode())
    return DocumentParsed(document=document, sequence=1, text=payload, media_type="text/markdown")


def _first(cluster: Cluster) -> SecretsFound:
    """The first record of the stage's topic, which the stage itself creates."""
    settings = {
        "group.id": cluster.name("test"),
        "auto.offset.reset": "earliest",
        "topic.metadata.refresh.interval.ms": 200,
    }
    consumer = Consumer(cluster.client() | settings)
    consumer.subscribe([cluster.name(SECRETS)])
    try:
        for _ in range(120):
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                event = CODEC.decode(message.value() or b"")
                assert isinstance(event, SecretsFound)
                return event
    finally:
        consumer.close()
    raise AssertionError("nothing on the stage's topic within 60 s")
