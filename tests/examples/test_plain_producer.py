"""`docs/events.md`: its figures are true, and its producer is understood."""

import asyncio
import hashlib
import sys
import uuid
from pathlib import Path

from confluent_kafka import Consumer, Message, TopicPartition

from schemas.codec import SingleObjectCodec, records
from schemas.events import Document, DocumentDeleted, DocumentUpserted, Embedding
from schemas.ids import chunk_id_base, document_id
from streams.kafka.cluster import Cluster, ensure_topics
from streams.local import LocalBroker
from streams.partitions import murmur2, partition_of
from streams.topics import DOCUMENTS, MAX_VALUE_BYTES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text()
PARTITIONS = 12


def test_the_page_shows_the_producer_as_it_is() -> None:
    assert f"```python\n{(ROOT / 'examples' / 'plain_producer.py').read_text()}```" in PAGE


def test_the_worked_example_is_right() -> None:
    document = Document(
        tenant="default_tenant",
        database="default_database",
        collection="docs",
        document_key="guide/intro.md",
        embedding=Embedding(model="any"),
    )
    key = document_id(document)

    assert f"| chunk id base | `{chunk_id_base(document)}` |" in PAGE
    assert f"| document id | `{key}` |" in PAGE
    assert f"cleared | `{murmur2(key.encode()) & 0x7FFFFFFF}` |" in PAGE
    assert f"| partition of 12 | `{partition_of(key, 12)}` |" in PAGE
    assert f"below {MAX_VALUE_BYTES:,} bytes" in PAGE


def test_the_frames_are_those_of_the_schemas() -> None:
    for event_type in (DocumentUpserted, DocumentDeleted):
        assert f"| `{event_type.__name__}` | `c301{records()[event_type].fingerprint.hex()}` |" in PAGE


async def test_a_plain_producer_is_understood(broker: LocalBroker, tmp_path: Path) -> None:
    cluster = Cluster.from_file(broker.client_file, f"t{uuid.uuid4().hex[:8]}.")
    await asyncio.to_thread(ensure_topics, cluster, PARTITIONS)
    (tmp_path / "notes.md").write_text("# Notes\n")
    script, schema = (
        ROOT / "examples" / "plain_producer.py",
        ROOT / "schemas" / "avro" / "DocumentUpserted.avsc",
    )
    arguments = [str(broker.client_file), str(schema), "docs", "notes.md", cluster.name(DOCUMENTS)]

    process = await asyncio.create_subprocess_exec(sys.executable, str(script), *arguments, cwd=tmp_path)
    assert await asyncio.wait_for(process.wait(), 40) == 0
    message = await asyncio.to_thread(_first, cluster)

    event = SingleObjectCodec().decode(message.value() or b"")
    assert isinstance(event, DocumentUpserted)
    assert (message.key() or b"").decode() == document_id(event.document)
    assert message.partition() == partition_of(document_id(event.document), PARTITIONS)
    assert event.content.inline == b"# Notes\n"
    assert event.content.sha256 == hashlib.sha256(b"# Notes\n").hexdigest()
    assert event.document.run is None
    assert event.document.metadata == {"team": "search"}


def _first(cluster: Cluster) -> "Message[bytes, bytes]":
    consumer = Consumer(cluster.client(group_id=cluster.name("test"), auto_offset_reset="earliest"))
    name = cluster.name(DOCUMENTS)
    consumer.assign([TopicPartition(name, number, 0) for number in range(PARTITIONS)])
    try:
        message: Message[bytes, bytes] | None = consumer.poll(30)
        assert message is not None, "nothing on the topic within 30 s"
        assert message.error() is None
        return message
    finally:
        consumer.close()
