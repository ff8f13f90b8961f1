"""State on a compacted topic: the file is a copy, the topic the truth."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from schemas.events import ApiKey
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.state import checkpoints as positions
from streams.state.store import BEGINNING, PartitionStore
from streams.topics import API_KEYS, SOURCES
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key, made_anew


@pytest.fixture(scope="module")
async def cluster(kafka: Kafka) -> Cluster:
    return await fresh_cluster(kafka, partitions=8)


@pytest.fixture
def opened(cluster: Cluster, tmp_path: Path) -> Iterator["Opened"]:
    made = Opened(cluster, tmp_path / "state.sqlite")
    yield made
    made.close()


class Opened:
    """A store that can be closed and opened again."""

    def __init__(self, cluster: Cluster, path: Path) -> None:
        self._cluster, self.path = cluster, path
        self.store = self._open()

    def _open(self) -> PartitionStore[ApiKey]:
        return PartitionStore(
            self._cluster,
            CODEC,
            API_KEYS,
            self.path,
            scope=lambda event: event.name or None,
            place=lambda event: event.tenant.encode(),
            essence=lambda event: event.key_sha256.encode(),
        )

    def close(self) -> None:
        self.store.close()

    def reopen(self) -> PartitionStore[ApiKey]:
        self.store.close()
        self.store = self._open()
        return self.store

    def rows(self, partition: int) -> list[str]:
        return sorted(name for name, _ in self.store.scan(partition))


async def write(cluster: Cluster, partition: int, *names: str) -> None:
    """`-name` is a tombstone."""
    writer = Writer(cluster)
    for name in names:
        bare = name.removeprefix("-")
        writer.write(API_KEYS, bare, None if name.startswith("-") else key(bare), partition)
    await writer.written()


async def test_the_newest_event_of_each_key_is_there_and_tombstones_remove(
    cluster: Cluster, opened: Opened
) -> None:
    await write(cluster, 0, "a", "b", "c", "-b", "c")

    await opened.store.catch_up([0])

    assert opened.rows(0) == ["a", "c"]
    assert opened.store.get(0, "a") == key("a")
    assert opened.store.get(0, "b") is None
    assert opened.store.get(1, "a") is None


async def test_a_restart_resumes_from_the_file_and_reads_only_what_is_new(
    cluster: Cluster, opened: Opened
) -> None:
    await write(cluster, 1, "a", "b")
    await opened.store.catch_up([1])
    with sqlite3.connect(opened.path) as database:  # a mark that reading from the beginning would remove
        database.execute("UPDATE rows SET key = 'marked' WHERE key = 'a'")
    store = opened.reopen()
    await write(cluster, 1, "c", "-b")

    await store.catch_up([1])

    assert opened.rows(1) == ["c", "marked"]


async def test_a_lost_file_is_rebuilt(cluster: Cluster, opened: Opened) -> None:
    await write(cluster, 2, "a", "b", "-a")
    await opened.store.catch_up([2])
    opened.store.close()
    opened.path.unlink()

    await opened.reopen().catch_up([2])

    assert opened.rows(2) == ["b"]


@pytest.mark.parametrize("where", [0, 8192])
async def test_a_damaged_file_is_rebuilt_wherever_the_damage_is(
    cluster: Cluster, opened: Opened, where: int
) -> None:
    names = [f"{where}-{number}" for number in range(300)]  # several pages
    await write(cluster, 3, *names)
    await opened.store.catch_up([3])
    opened.store.close()
    with opened.path.open("r+b") as file:
        file.seek(where)
        file.write(b"\xde\xad" * 3_000)

    await opened.reopen().catch_up([3])

    assert set(opened.rows(3)) >= set(names)


async def test_a_file_of_another_cluster_is_emptied(cluster: Cluster, opened: Opened, kafka: Kafka) -> None:
    await write(cluster, 4, "a", "b", "c")
    await opened.store.catch_up([4])
    other = await fresh_cluster(kafka, partitions=5)
    await write(other, 4, "x")

    moved = Opened(other, opened.path)
    await moved.store.catch_up([4])

    assert moved.rows(4) == ["x"]
    moved.close()


async def test_a_file_of_a_topic_that_was_made_anew_and_has_grown_further_is_emptied(
    kafka: Kafka, tmp_path: Path
) -> None:
    own = await fresh_cluster(kafka)
    opened = Opened(own, tmp_path / "state.sqlite")
    await write(own, 0, "a", "b")
    await opened.store.catch_up([0])
    await made_anew(own, API_KEYS)
    await write(own, 0, "x", "y", "z")

    await opened.reopen().catch_up([0])

    assert opened.rows(0) == ["x", "y", "z"]
    opened.close()


async def test_a_file_that_may_have_missed_tombstones_is_rebuilt(
    cluster: Cluster, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(cluster, 5, "a")
    await opened.store.catch_up([5])
    with sqlite3.connect(opened.path) as database:
        database.execute("UPDATE rows SET key = 'removed long ago' WHERE key = 'a'")
    monkeypatch.setattr(positions, "STALE_SECONDS", 0)

    await opened.reopen().catch_up([5])

    assert opened.rows(5) == ["a"]


async def test_a_file_that_is_read_to_the_end_again_and_again_does_not_grow_stale(
    cluster: Cluster, opened: Opened
) -> None:
    await write(cluster, 5, "a")
    await opened.store.catch_up([5])
    for _ in range(2):
        with sqlite3.connect(opened.path) as database:
            database.execute("UPDATE read_to SET read_at = read_at - 11 * 3600")
            database.execute("UPDATE rows SET key = 'not read again' WHERE key = 'a'")
        await opened.store.catch_up([5])

    assert opened.rows(5) == ["not read again"]


async def test_a_record_without_sense_is_passed_over_and_says_so(kafka: Kafka, tmp_path: Path) -> None:
    cluster = await fresh_cluster(kafka, partitions=1)
    writer = Writer(cluster)
    for name, number in (("a", "1"), ("b", "2"), ("b", "no number"), ("c", "3")):
        writer.write(API_KEYS, name, key(name, number))
    await writer.written()
    store = PartitionStore[ApiKey](
        cluster, CODEC, API_KEYS, tmp_path / "s.sqlite", essence=lambda event: bytes([int(event.name)])
    )

    with capture_logs() as logs:
        await store.catch_up([0])

    assert {name: event.name for name, event in store.scan(0)} == {"a": "1", "b": "2", "c": "3"}
    store.close()
    told = [line for line in logs if line["event"] == "record passed over"]
    assert [line["record"] for line in told] == ["api-keys[0]@2"]
    assert "no number" in str(told[0]["exc_info"])


async def test_an_open_transaction_is_waited_for_and_an_aborted_one_is_not_seen(
    cluster: Cluster, opened: Opened
) -> None:
    writer = Writer(cluster, "owner")
    writer.client.begin_transaction()
    writer.write(API_KEYS, "aborted", key("aborted"), 6)
    await asyncio.to_thread(writer.client.flush, 10)
    await asyncio.to_thread(writer.client.abort_transaction, 10)
    writer.client.begin_transaction()
    writer.write(API_KEYS, "committed", key("committed"), 6)
    await asyncio.to_thread(writer.client.flush, 10)

    catching_up = asyncio.create_task(opened.store.catch_up([6]))
    done, _ = await asyncio.wait([catching_up], timeout=0.5)
    assert not done
    await asyncio.to_thread(writer.client.commit_transaction, 10)
    await asyncio.wait_for(catching_up, 20)

    assert opened.rows(6) == ["committed"]


async def test_what_a_transaction_wrote_is_taken_over_without_reading_and_reading_goes_on_behind_it(
    cluster: Cluster, opened: Opened
) -> None:
    await write(cluster, 7, "a", "b")
    await opened.store.catch_up([7])
    sends = [Send(API_KEYS, "c", key("c", "mine")), Send(API_KEYS, "a", None), Send(SOURCES, "other", None)]

    opened.store.apply([RecordMetadata(send, 7, offset) for offset, send in enumerate(sends, start=2)])

    assert opened.rows(7) == ["b", "c"]
    assert [name for name, _ in opened.store.scan(7, "mine")] == ["c"]
    opened.store.apply([])


def test_a_batch_leaves_the_last_word_on_each_key_and_the_bytes_that_were_produced(tmp_path: Path) -> None:
    opened = Opened(Cluster("nowhere:1"), tmp_path / "state.sqlite")
    values = {name: CODEC.encode(key(name), API_KEYS.name) for name in ("a", "produced")}
    sends = [
        (Send(API_KEYS, "back", key("back")), None),
        (Send(API_KEYS, "back", None), None),
        (Send(API_KEYS, "back", key("back", "again")), None),
        (Send(API_KEYS, "gone", key("gone")), None),
        (Send(API_KEYS, "gone", None), None),
        (Send(API_KEYS, "a", key("a")), values["produced"]),  # tells the bytes from an encoding of the event
    ]

    opened.store.apply([RecordMetadata(send, 7, at, value) for at, (send, value) in enumerate(sends)])

    assert opened.rows(7) == ["a", "back"]
    assert opened.store.get(7, "back") == key("back", "again")
    assert [name for name, _ in opened.store.scan(7, "again")] == ["back"]
    assert opened.store.get(7, "a") == key("produced")
    opened.close()


def placed(name: str, place: str, essence: str, scope: str = "mine") -> ApiKey:
    return key(name, says=scope).model_copy(update={"tenant": place, "key_sha256": essence})


async def test_the_rows_of_a_scope_come_in_order_of_places_a_page_at_a_time_with_their_essence(
    cluster: Cluster, opened: Opened
) -> None:
    writer = Writer(cluster)
    events = [
        placed("1", "b", "B"),
        placed("2", "a", "A"),
        placed("3", "b", "second of B"),
        placed("4", "\uff5e", "after ASCII"),
        placed("5", "\U0001f600", "last, as its UTF-8 is"),
        placed("6", "a", "of somebody else", "theirs"),
    ]
    for event in events:
        writer.write(API_KEYS, event.id, event, 6)
    await writer.written()
    await opened.store.catch_up([6])

    def pages(size: int) -> list[str]:
        found, after = list[str](), BEGINNING
        while page := opened.store.ordered(6, "mine", after, size):
            assert len(page) <= size
            found += [row.essence.decode() for row in page]
            after = page[-1]
        return found

    assert [pages(size) for size in (1, 2, 100)] == [
        ["A", "B", "second of B", "after ASCII", "last, as its UTF-8 is"]
    ] * 3
    assert [row.key for row in opened.store.at(6, "mine", b"b")] == ["1", "3"]
