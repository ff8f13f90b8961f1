"""`examples/events/`: three programs that know nothing of Headrace put the same events on the inbox."""

import asyncio
import shutil
import sys
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from schemas.inbox import Rules, Said, read_event
from streams.kafka.cluster import Cluster, ensure_topics
from streams.local import LocalBroker
from streams.topics import INBOX
from tests.conftest import Kafka

FOLDER = Path(__file__).parents[2] / "examples" / "events"
EVENTS = (FOLDER / "events.jsonl").read_text().splitlines()
PARTITIONS = 3
NPM = ("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--silent")


async def run(*command: str, folder: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode()


def need(*programs: str) -> None:
    if missing := [program for program in programs if shutil.which(program) is None]:
        pytest.skip(f"NOT TESTED: {', '.join(missing)} not installed")


async def python(folder: Path) -> Sequence[str]:
    return sys.executable, str(FOLDER / "send_events.py")


async def node(folder: Path) -> Sequence[str]:
    need("node", "npm")
    for name in ("send_events.mjs", "package.json"):
        shutil.copy(FOLDER / name, folder)
    status, output = await run(*NPM, folder=folder)
    if status:
        pytest.skip(f"NOT TESTED: npm cannot install kafkajs: {output[-200:]}")
    return "node", "send_events.mjs"


@pytest.mark.parametrize("program", [python, node], ids=["python", "node"])
async def test_the_program_puts_events_on_the_inbox(
    broker: LocalBroker, tmp_path: Path, program: Callable[[Path], Awaitable[Sequence[str]]]
) -> None:
    cluster = Cluster.from_file(broker.client_file, f"t{uuid.uuid4().hex[:8]}.")

    await _sends(await program(tmp_path), broker.client_file, cluster, tmp_path)


async def test_kcat_puts_events_on_the_inbox(kafka: Kafka, tmp_path: Path) -> None:
    """On the broker without a password: with librdkafka before 2.6.1 kcat cannot log in to Kafka 4."""
    need("kcat", "jq")
    properties = tmp_path / "client.properties"
    properties.write_text(f"bootstrap.servers={kafka.bootstrap_servers}\n")
    cluster = Cluster.from_file(properties, f"t{uuid.uuid4().hex[:8]}.")

    await _sends(("sh", str(FOLDER / "send_events.sh")), properties, cluster, tmp_path)


async def _sends(program: Sequence[str], properties: Path, cluster: Cluster, folder: Path) -> None:
    await asyncio.to_thread(ensure_topics, cluster, PARTITIONS)
    arguments = (str(properties), str(FOLDER / "events.jsonl"), cluster.name(INBOX))

    status, output = await run(*program, *arguments, folder=folder)

    assert status == 0, output
    messages = await asyncio.to_thread(_read, cluster, len(EVENTS))
    sent = [read_event(message.value() or b"", Rules()) for message in messages]
    wanted = [read_event(line, Rules()) for line in EVENTS]
    assert sorted(sent, key=_key) == sorted(wanted, key=_key)
    keys = [(message.key() or b"").decode() for message in messages]
    assert keys == [one.document.document_key for one in sent]


def _key(one: Said) -> str:
    return one.document.document_key


def _read(cluster: Cluster, count: int) -> "list[Message[bytes, bytes]]":
    consumer = Consumer(cluster.client(group_id=cluster.name("test"), auto_offset_reset="earliest"))
    consumer.assign([TopicPartition(cluster.name(INBOX), number, 0) for number in range(PARTITIONS)])
    found: list[Message[bytes, bytes]] = []
    try:
        while len(found) < count:
            message = consumer.poll(20)
            assert message is not None, f"{len(found)} of {count} events within 20 s"
            assert message.error() is None
            found.append(message)
        return found
    finally:
        consumer.close()
