"""Materialised views: what is on the topics, in tables, and never stale in silence."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from schemas.errors import TransientError
from schemas.events import ApiKey
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.kafka.producer import EventProducer
from streams.partitions import Partition
from streams.state import reader as reader_module
from streams.state import views as views_module
from streams.state.checkpoints import STALE_SECONDS, Freshness
from streams.state.reader import ChangelogRecord
from streams.state.views import Fold, View
from streams.topics import API_KEYS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key, made_anew
from tests.waiting import eventually

SCHEMA = "CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, says TEXT);"


@pytest.fixture(scope="module")
async def cluster(kafka: Kafka) -> Cluster:
    return await fresh_cluster(kafka)


@pytest.fixture
async def producer(cluster: Cluster) -> AsyncIterator[EventProducer]:
    made = EventProducer(cluster, CODEC)
    yield made
    await made.close()


def fold(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    if isinstance(change.event, ApiKey):
        database.execute("INSERT OR REPLACE INTO keys VALUES (?, ?)", (change.key, change.event.name))
    else:
        database.execute("DELETE FROM keys WHERE id = ?", (change.key,))


@asynccontextmanager
async def following(cluster: Cluster, path: Path, folded: Fold = fold) -> AsyncIterator[View]:
    view = View(cluster, CODEC, [API_KEYS], path, SCHEMA, folded)
    await view.start()
    try:
        yield view
    finally:
        await view.close()


async def written(cluster: Cluster, *names: str) -> None:
    """All into one partition."""
    writer = Writer(cluster)
    for name in names:
        writer.write(API_KEYS, name, key("x", "one"))
    await writer.written()


def says(view: View, name: str) -> str | None:
    rows = view.query("SELECT says FROM keys WHERE id = ?", (name,))
    return rows[0]["says"] if rows else None


async def test_who_has_written_reads_it_back_and_a_tombstone_removes_it(
    cluster: Cluster, producer: EventProducer, tmp_path: Path
) -> None:
    async with following(cluster, tmp_path / "view.sqlite") as view:
        written = await producer.send(Send(API_KEYS, "read-back", key("x", "one")))
        await view.passed(API_KEYS, written.partition, written.offset)
        assert says(view, "read-back") == "one"

        gone = await producer.send(Send(API_KEYS, "read-back", None))
        await view.passed(API_KEYS, gone.partition, gone.offset)
        assert says(view, "read-back") is None


async def test_a_restart_resumes_from_the_file_and_a_lost_or_damaged_one_is_rebuilt(
    cluster: Cluster, producer: EventProducer, tmp_path: Path
) -> None:
    path = tmp_path / "view.sqlite"
    await producer.send(Send(API_KEYS, "resumed", key("x", "one")))
    async with following(cluster, path):
        pass
    with sqlite3.connect(path) as database:  # a mark that reading from the beginning would remove
        database.execute("UPDATE keys SET says = 'marked' WHERE id = 'resumed'")
    await producer.send(Send(API_KEYS, "resumed-later", key("x", "two")))
    async with following(cluster, path) as view:
        assert (says(view, "resumed"), says(view, "resumed-later")) == ("marked", "two")

    path.write_bytes(b"no database" * 1_000)
    async with following(cluster, path) as view:
        assert (says(view, "resumed"), says(view, "resumed-later")) == ("one", "two")


async def test_a_file_of_another_cluster_is_emptied(
    cluster: Cluster, producer: EventProducer, kafka: Kafka, tmp_path: Path
) -> None:
    path = tmp_path / "view.sqlite"
    await producer.send(Send(API_KEYS, "elsewhere", key("x", "one")))
    async with following(cluster, path) as view:
        assert says(view, "elsewhere") == "one"

    async with following(await fresh_cluster(kafka), path) as view:
        assert says(view, "elsewhere") is None


async def test_a_file_of_a_topic_that_was_made_anew_and_has_grown_further_is_emptied(
    kafka: Kafka, tmp_path: Path
) -> None:
    own, path = await fresh_cluster(kafka), tmp_path / "view.sqlite"
    await written(own, "a")
    async with following(own, path) as view:
        assert says(view, "a") == "one"
    await made_anew(own, API_KEYS)
    await written(own, "b", "c")

    async with following(own, path) as view:
        assert [says(view, name) for name in "abc"] == [None, "one", "one"]


async def test_a_file_that_may_have_missed_tombstones_is_rebuilt(kafka: Kafka, tmp_path: Path) -> None:
    own, path = await fresh_cluster(kafka), tmp_path / "view.sqlite"
    await written(own, "a")
    async with following(own, path):
        pass
    with sqlite3.connect(path) as database:
        database.execute("UPDATE keys SET id = 'removed long ago' WHERE id = 'a'")
        database.execute("UPDATE read_to SET read_at = read_at - 11 * 3600")
    async with following(own, path) as view:
        assert says(view, "a") is None
    with sqlite3.connect(path) as database:
        database.execute("UPDATE read_to SET read_at = read_at - 13 * 3600")

    async with following(own, path) as view:
        assert (says(view, "a"), says(view, "removed long ago")) == ("one", None)


async def test_a_view_of_idle_topics_does_not_grow_stale_while_it_follows_them(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views_module, "CONFIRM_SECONDS", 0)
    own, path = await fresh_cluster(kafka), tmp_path / "view.sqlite"
    await written(own, "a")
    async with following(own, path) as view:
        for _ in range(3):  # the first time also coming to the end of a partition is noted
            with sqlite3.connect(path) as database:
                database.execute("UPDATE read_to SET read_at = 0")
            await eventually(lambda: view.query("SELECT min(read_at) > 0 FROM read_to")[0][0] == 1, 10)


async def test_waiting_for_what_nobody_writes_ends_after_its_time(cluster: Cluster, tmp_path: Path) -> None:
    async with following(cluster, tmp_path / "view.sqlite") as view:
        with pytest.raises(TransientError, match="the view of api-keys is more than 0 s behind"):
            await view.passed(API_KEYS, 0, 10**9, timeout=0.05)
        assert not await view.until(lambda: False, 0.05)
        assert await view.until(lambda: True, 0.05)


async def test_a_condition_is_tried_at_every_change(
    cluster: Cluster, producer: EventProducer, tmp_path: Path
) -> None:
    async with following(cluster, tmp_path / "view.sqlite") as view:
        waiting = asyncio.create_task(view.until(lambda: says(view, "condition") == "two", 20))
        await producer.send(Send(API_KEYS, "condition", key("x", "one")))
        await view.caught_up()
        assert not waiting.done()
        await producer.send(Send(API_KEYS, "condition", key("x", "two")))

        assert await waiting


async def test_a_view_that_cannot_fold_fails_whoever_waits_and_heals_when_it_can(
    cluster: Cluster, producer: EventProducer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views_module, "TRY_AGAIN_SECONDS", 0.05)
    full = False

    def folded(database: sqlite3.Connection, change: ChangelogRecord) -> None:
        fold(database, change)
        if full and change.key == "last straw":
            raise sqlite3.OperationalError("database or disk is full")

    async with following(cluster, tmp_path / "view.sqlite", folded) as view:
        full = True
        written = await producer.send(Send(API_KEYS, "last straw", key("x", "one")))
        for wait in (
            lambda: view.passed(API_KEYS, written.partition, written.offset, 20),
            lambda: view.caught_up(20),
            lambda: view.until(lambda: False, 20),
        ):
            with pytest.raises(TransientError, match=r"view of api-keys cannot go on: .* disk is full"):
                await wait()
        assert says(view, "last straw") is None  # nothing of the batch, and no offset behind it

        full = False
        async with asyncio.timeout(20):
            while True:
                try:
                    await view.passed(API_KEYS, written.partition, written.offset)
                    break
                except TransientError:
                    await asyncio.sleep(0.02)
        assert says(view, "last straw") == "one"


async def test_a_record_that_cannot_be_folded_costs_itself_alone(cluster: Cluster, tmp_path: Path) -> None:
    def folded(database: sqlite3.Connection, change: ChangelogRecord) -> None:
        fold(database, change)
        if change.key == "bad":
            raise OverflowError("Python int too large to convert to SQLite INTEGER")

    async with following(cluster, tmp_path / "view.sqlite", folded) as view:
        writer = Writer(cluster)
        for name in ("a", "bad", "c"):
            writer.write(API_KEYS, name, key(name))
        await writer.written()
        await view.caught_up(20)

        assert [says(view, name) for name in ("a", "bad", "c")] == ["", None, ""]


async def test_who_waits_for_a_view_gives_up_in_time_though_no_broker_answers(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a request with an unknown key does, which anybody can send."""
    back, asked = threading.Event(), 0

    def away(*_: object) -> dict[Partition, int]:
        nonlocal asked
        asked += 1
        back.wait(20)
        return {}

    async with following(cluster, tmp_path / "view.sqlite") as view:
        monkeypatch.setattr(views_module, "end_offsets", away)
        waiting = [view.caught_up(timeout=0.1) for _ in range(20)]
        refused = await asyncio.gather(*waiting, return_exceptions=True)
        back.set()

    assert {str(error) for error in refused} == {"no broker has told the ends of api-keys within 0 s"}
    assert asked == 1


async def test_a_view_that_was_cut_off_for_days_ends_its_process_and_is_rebuilt(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, now, ended = await fresh_cluster(kafka), [0.0], threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda args: ended.set())
    path = tmp_path / "keys.sqlite"
    view = View(cluster, CODEC, [API_KEYS], path, SCHEMA, fold, Freshness(lambda: now[0]))
    await view.start()
    await written(cluster, "a")
    await view.caught_up(30)
    now[0] += STALE_SECONDS + 1
    await written(cluster, "b")
    assert await asyncio.to_thread(ended.wait, 30)
    assert [row["id"] for row in view.query("SELECT id FROM keys")] == ["a"]  # nothing behind the gap
    await view.close()


@pytest.mark.parametrize("more", [0, 3])
async def test_a_view_whose_topic_is_made_anew_ends_its_process(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    cluster, ended = await fresh_cluster(kafka, 1), threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda args: ended.set())
    monkeypatch.setattr(reader_module, "LOOK_SECONDS", 0.5)  # a new topic that has more may look the same
    async with following(cluster, tmp_path / "keys.sqlite") as view:
        await written(cluster, "a", "b")
        await view.caught_up(30)
        await made_anew(cluster, API_KEYS)
        await written(cluster, "c", *("d" * (1 + number) for number in range(more)))
        assert await asyncio.to_thread(ended.wait, 60)
    async with following(cluster, tmp_path / "keys.sqlite") as view:
        assert "a" not in [row["id"] for row in view.query("SELECT id FROM keys")]


@pytest.mark.parametrize("hours", [-13, 13])
async def test_a_checkpoint_of_a_clock_that_was_far_away_is_not_believed(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    cluster, path = await fresh_cluster(kafka), tmp_path / "keys.sqlite"
    await written(cluster, "a")
    async with following(cluster, path):
        pass
    database = sqlite3.connect(path)
    database.execute("INSERT INTO keys VALUES ('its tombstone is gone', '')")
    database.execute("UPDATE read_to SET read_at = read_at + ?", (hours * 3600,))
    database.commit()
    database.close()
    async with following(cluster, path) as view:
        assert [row["id"] for row in view.query("SELECT id FROM keys")] == ["a"]
