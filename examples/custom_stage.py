"""A stage of your own: notes which parsed documents hold secrets, on a topic of its own.

    HEADRACE_KAFKA_CONFIG=D/kafka/client.properties HEADRACE_BLOB_URL=D/blobs python -m examples.custom_stage

beside a `headrace up` on the data folder D. HEADRACE_KAFKA_BOOTSTRAP_SERVERS names one without password.

It is one more consumer group on `parsed`, so it takes nothing from the pipeline and can be started, stopped
and scaled on its own. Its output is at least once: who reads `secrets` may see a document's lines again.
"""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from schemas.codec import SingleObjectCodec
from schemas.events import Document, DocumentDeleted, DocumentParsed, Event
from streams.blobs import BlobStore
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Record, Stage
from streams.kafka.cluster import Cluster, admin
from streams.kafka.worker import Worker
from streams.topics import PARSED, Topic

PATTERNS = {
    "AWS access key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
}


class SecretsFound(Event):
    """Topic `secrets`: kind of secret → 1-based lines on which this version of the document holds one."""

    document: Document
    sequence: int
    lines: dict[str, list[int]]


SECRETS = Topic("secrets", (SecretsFound,))


class Secrets(Stage[DocumentParsed | DocumentDeleted]):
    """Looks for secrets in the text of every document; silent about documents without."""

    name = "secrets"
    topic = PARSED

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    async def process(
        self, record: Record[DocumentParsed | DocumentDeleted], context: Context
    ) -> Sequence[Output]:
        event = record.event
        if isinstance(event, DocumentDeleted):
            return []
        text = (await self._blobs.get(event.text)).decode()
        if not (lines := find_secrets(text)):
            return []
        found = SecretsFound(document=event.document, sequence=event.sequence, lines=lines)
        return [Send(SECRETS, record.key, found)]


def find_secrets(text: str) -> dict[str, list[int]]:
    """Kind of secret → the 1-based lines that hold one."""
    lines = text.splitlines()
    found = {kind: [n for n, line in enumerate(lines, 1) if p.search(line)] for kind, p in PATTERNS.items()}
    return {kind: numbers for kind, numbers in found.items() if numbers}


async def main() -> None:
    """Run one worker until SIGTERM or Ctrl-C; start several to share the work."""
    prefix = os.environ.get("HEADRACE_TOPIC_PREFIX", "headrace.")
    if config := os.environ.get("HEADRACE_KAFKA_CONFIG"):
        cluster = Cluster.from_file(Path(config), prefix)
    else:
        cluster = Cluster(os.environ["HEADRACE_KAFKA_BOOTSTRAP_SERVERS"], prefix)
    for created in admin(cluster).create_topics([NewTopic(cluster.name(SECRETS), 12)]).values():
        with contextlib.suppress(Exception):  # it is there already
            await asyncio.to_thread(created.result, 10)
    stage = Secrets(BlobStore(os.environ.get("HEADRACE_BLOB_URL", "data/blobs")))
    worker = Worker(stage, cluster, SingleObjectCodec(own=[SecretsFound]))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.stop)
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main())
