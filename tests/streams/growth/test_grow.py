"""Growing partitions on a real broker: what is kept is where it belongs then, whatever is killed."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from headrace.wiring.growth import why_anew
from schemas.errors import RequestError, TransientError
from schemas.events import (
    ChunkDigests,
    Counts,
    DeadLetter,
    Document,
    DocumentMemo,
    DocumentState,
    Embedding,
    Era,
    Event,
    Invocation,
    LetterSettled,
    ProgressBlock,
    SessionsEnded,
    SparseRow,
    Status,
    Step,
    TopicLayout,
    WebhookDelivery,
)
from schemas.ids import chunk_id_base, document_id, sparse_row_key
from streams.growth import cancel_growth, command, copy_topics, draining, grow, moving, plan_growth
from streams.growth.draining import INTAKE, READERS
from streams.growth.placing import PLACED
from streams.kafka.cluster import CLIENT_LOG, Cluster, admin, cleanup_policies, partition_counts
from streams.partitions import partition_of
from streams.state.lags import committed_offsets
from streams.state.layout import DRAINING, GROWING, SETTLED, STOPPING, order_of, read_layout, require_settled
from streams.state.reader import Reader, end_offsets, first_offsets
from streams.state.store import PartitionStore
from streams.topics import (
    API_KEYS,
    CATALOGUE,
    DEAD_LETTERS,
    DOCUMENT_STATES,
    DOCUMENTS,
    INBOX,
    INVOCATIONS,
    PROGRESS_BLOCKS,
    SOURCE_DOCUMENTS,
    SOURCE_MEMOS,
    SPARSE_ROWS,
    STAGE_HEALTH,
    WEBHOOK_DELIVERIES,
    Topic,
)
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key

pytestmark = pytest.mark.faults

BEFORE, AFTER = 2, 5  # no multiple: keys move between partitions that were there, too
NOW = datetime(2026, 1, 1, tzinfo=UTC)
#: What a system keeps: topic → key → newest event, and the key that places it.
Kept = dict[Topic, dict[str, tuple[Event, str]]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(draining, "STILL_SECONDS", 0.1)
    monkeypatch.setattr(draining, "LATE_SECONDS", 0.0)


def document(number: int) -> Document:
    return Document(
        tenant="t",
        database="d",
        collection="c",
        document_key=f"{number}.md",
        version_key="1",
        source_id=f"source-{number % 7}",
        embedding=Embedding(model="m"),
    )


def state(number: int, sequence: int) -> DocumentState:
    return DocumentState(
        document=document(number),
        sequence=sequence,
        fingerprint="f",
        complete=True,
        chunks=1,
        extent=1,
        indexed_at=NOW,
    )


def events(number: int) -> Iterator[tuple[Topic, str, Event, str]]:
    """What is kept of one document, its run and its delivery; and the key by which its producer places it."""
    one = document(number)
    id_, source = document_id(one), f"source-{number % 7}"
    yield DOCUMENT_STATES, id_, state(number, number), id_
    yield DOCUMENT_STATES, f"{id_}/0", ChunkDigests(digest_epoch=1, digests=b"d"), id_
    yield SOURCE_DOCUMENTS, id_, state(number, number), source
    row = SparseRow(
        tenant="t",
        database="d",
        collection="c",
        collection_id="1",
        id=f"{chunk_id_base(one)}-0",
        sequence=number,
        model="bm25",
        key="sparse",
        indices=b"",
        values=b"",
    )
    yield SPARSE_ROWS, sparse_row_key(one, row.id), row, id_
    memo = DocumentMemo(source_id=source, document_key=f"{number}.md", version_key="1", memo=b"m")
    yield SOURCE_MEMOS, f"memo-{number}", memo, source
    run = f"run-{number}"
    yield (
        INVOCATIONS,
        run,
        Invocation(
            id=run,
            tenant="t",
            database="d",
            collection="c",
            source_id="s",
            source_type="folder",
            single_document=False,
            status=Status.COMPLETE,
            counts=Counts(indexed=number),
            created_at=NOW,
        ),
        run,
    )
    block = ProgressBlock(invocation_id=run, attempt=1, stage=Step.INDEXED, block=0, bitmap=b"b")
    yield PROGRESS_BLOCKS, f"{run}/indexed/0", block, run
    delivery = WebhookDelivery(
        id=f"delivery-{number}",
        endpoint_id="e",
        tenant="t",
        event_type="ping",
        invocation_id=run if number % 2 else "",
        body="{}",
        created_at=NOW,
    )
    yield WEBHOOK_DELIVERIES, delivery.id, delivery, delivery.invocation_id or delivery.id
    yield API_KEYS, f"key-{number}", key(f"key-{number}"), f"key-{number}"
    session = f"key-{number}/session"
    yield API_KEYS, session, SessionsEnded(key_id=f"key-{number}", ended_at=NOW), session


async def filled(cluster: Cluster) -> Kept:
    """Write old versions, newest versions and tombstones, each to the partition of its key."""
    writer, kept = Writer(cluster), Kept({topic: {} for topic in PLACED})
    for number in range(40):
        for topic, name, event, placing in events(number):
            place = partition_of(placing, BEFORE)
            writer.write(topic, name, event, place)
            if number % 4 == 3:
                writer.write(topic, name, None, place)
            else:
                writer.write(topic, name, event, place)
                kept[topic][name] = event, placing
    for number in range(10):
        letter = DeadLetter(
            id=f"letter-{number}",
            topic="documents",
            partition=0,
            offset=number,
            stage="parsing",
            error_class="E",
            error="e",
            attempt=1,
            failed_at=NOW,
        )
        place = partition_of(letter.id, BEFORE)
        writer.write(DEAD_LETTERS, letter.id, letter, place)
        settled = LetterSettled(id=letter.id, action="dropped", settled_at=NOW)
        kept[DEAD_LETTERS][letter.id] = letter if number % 2 else settled, letter.id
        if not number % 2:
            writer.write(DEAD_LETTERS, letter.id, settled, place)
    await writer.written()
    await asyncio.to_thread(read_by, cluster, "notifying", INVOCATIONS)
    return kept


@retry(retry=retry_if_exception_type(KafkaException), wait=wait_fixed(0.1), stop=stop_after_delay(30))
def read_by(cluster: Cluster, group: str, topic: Topic) -> None:
    """Commit the ends of a topic for a group, and leave."""
    consumer = Consumer(cluster.client(group_id=cluster.name(group)), logger=CLIENT_LOG)
    count = partition_counts(admin(cluster), cluster)[topic.name]
    ends = end_offsets(cluster, [(topic.name, p) for p in range(count)])
    places = [TopicPartition(cluster.name(topic), p, end) for (_, p), end in ends.items()]
    consumer.commit(offsets=places, asynchronous=False)
    consumer.close()


def read_to(cluster: Cluster, group: str, topic: Topic) -> tuple[dict[int, int], dict[int, int]]:
    """By partition, the committed offset of a group, and the end."""
    found = committed_offsets(cluster, cluster.name(group))
    ends = end_offsets(cluster, [(topic.name, p) for p in range(AFTER)])
    committed = {p: offset for (name, p), offset in found.items() if name == topic.name}
    return committed, {p: end for (_, p), end in ends.items()}


def found_in(cluster: Cluster, topic: Topic) -> dict[str, list[tuple[int, Event | None]]]:
    """Key → partition and event of each record that is kept."""
    count = partition_counts(admin(cluster), cluster)[topic.name]
    places = [(topic.name, p) for p in range(count)]
    reader, found = Reader(cluster, CODEC), dict[str, list[tuple[int, Event | None]]]()
    reader.assign(first_offsets(cluster, places))
    for batch in reader.read_to(end_offsets(cluster, places)):
        for change in batch.changes:
            found.setdefault(change.key, []).append((change.partition, change.event))
    reader.close()
    return found


def check(cluster: Cluster, kept: Kept) -> None:
    """Everything is there, nothing else, and nothing at a place that another key count gave."""
    for topic, newest in kept.items():
        found = found_in(cluster, topic)
        assert {name: records[-1][1] for name, records in found.items()} == {
            name: event for name, (event, _) in newest.items()
        }, topic.name
        for name, records in found.items():
            places = {place for place, _ in records}
            assert places == {partition_of(newest[name][1], AFTER)}, (topic.name, name)


_KILLED = """
import os, signal, sys
from streams.growth import draining, grow
from streams.kafka.cluster import Cluster
from schemas.codec import SingleObjectCodec
draining.LOOK_SECONDS, draining.STILL_SECONDS, draining.LATE_SECONDS = 0.02, 0.1, 0
def told(step):
    if step.startswith(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
grow(Cluster(sys.argv[1], sys.argv[2]), SingleObjectCodec(), int(sys.argv[4]), told)
"""


async def killed(cluster: Cluster, step: str) -> None:
    """A command that is killed in the middle."""
    program = [sys.executable, "-c", _KILLED, cluster.bootstrap_servers, cluster.prefix, step, str(AFTER)]
    died = await asyncio.to_thread(subprocess.run, program, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr


class Died(BaseException):
    """The command is gone."""


def refused(cluster: Cluster, partitions: int, reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        grow(cluster, CODEC, partitions, lambda step: None)


def waits_and_is_given_up(cluster: Cluster) -> None:
    """As long as something is on its way, nothing is changed."""
    said: list[str] = []

    def told(step: str) -> None:
        said.append(step)
        if step.startswith("waiting"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grow(cluster, CODEC, AFTER, told)
    assert said[-1] == "waiting: 1 record of documents waits for parsing, which does not run: start it"
    layout = read_layout(cluster, CODEC)
    assert (layout.phase, layout.partitions, layout.target) == (SETTLED, BEFORE, None)
    with pytest.raises(RequestError, match="no growth"):
        cancel_growth(cluster, CODEC)


async def half_removed(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that dies while old records are removed."""
    remove = moving.remove_before

    def dies_after_some(one: Cluster, ends: Mapping[Topic, Sequence[int]]) -> None:
        remove(one, dict(list(ends.items())[:4]))
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(command, "remove_before", dies_after_some)
        with pytest.raises(Died):
            await asyncio.to_thread(grow, cluster, CODEC, AFTER, lambda step: None)


async def test_what_is_kept_is_where_its_key_belongs_wherever_the_command_was_killed(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await fresh_cluster(kafka, BEFORE)
    kept = await filled(cluster)
    path = tmp_path / "state.sqlite"
    store = PartitionStore[DocumentState](cluster, CODEC, DOCUMENT_STATES, path)
    await store.catch_up([0, 1])
    store.close()
    refused(cluster, BEFORE, "already")
    refused(cluster, BEFORE - 1, "cannot take any away")
    refused(cluster, 99_999, "at most 10,000")
    writer = Writer(cluster)
    writer.write(DOCUMENTS, "a", key("no document, and yet unread"), 0)
    await writer.written()
    await asyncio.to_thread(waits_and_is_given_up, cluster)
    read_by(cluster, "parsing", DOCUMENTS)
    plan = await asyncio.to_thread(plan_growth, cluster, CODEC, AFTER)
    assert (plan.before, plan.after, plan.topics) == (BEFORE, AFTER, len(CATALOGUE) - 1)

    await killed(cluster, "invocations")
    assert read_layout(cluster, CODEC).phase == GROWING
    refused(cluster, AFTER + 1, "finish that first")
    with pytest.raises(TransientError, match="being grown from 2 to 5"):
        require_settled(cluster, CODEC)
    with pytest.raises(RequestError, match="finishes it"):
        cancel_growth(cluster, CODEC)
    await half_removed(cluster, monkeypatch)
    said: list[str] = []
    layout = await asyncio.to_thread(grow, cluster, CODEC, AFTER, said.append)

    assert not [step for step in said if "records" in step]  # nothing is copied from what was half removed
    assert (layout.phase, layout.partitions, layout.eras) == (SETTLED, AFTER, [Era(base=1, begins=[1, 0])])
    counts = partition_counts(admin(cluster), cluster)
    assert {n for name, n in counts.items() if name != INBOX.name} == {AFTER}
    assert counts[INBOX.name] == BEFORE
    check(cluster, kept)
    assert cleanup_policies(admin(cluster), cluster)[SOURCE_DOCUMENTS.name] == "compact"
    told_to, ends = await asyncio.to_thread(read_to, cluster, "notifying", INVOCATIONS)
    assert told_to == ends  # nobody is told a second time
    store = PartitionStore[DocumentState](cluster, CODEC, DOCUMENT_STATES, path)
    await store.catch_up(range(AFTER))
    held = {(p, name) for p in range(AFTER) for name, _ in store.scan(p)}
    assert held == {(partition_of(by, AFTER), name) for name, (_, by) in kept[DOCUMENT_STATES].items()}
    store.close()


@pytest.mark.faults
async def test_a_copy_on_another_cluster_has_all_state_and_sequences_beyond_those_here(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, BEFORE)
    kept = await filled(cluster)
    writer = Writer(cluster)
    for _ in range(7):
        writer.write(DOCUMENTS, "a", key("a"), 1)
    await writer.written()
    read_by(cluster, "parsing", DOCUMENTS)
    there = replace(cluster, prefix=f"{cluster.prefix}there.")

    layout = await asyncio.to_thread(copy_topics, cluster, there, CODEC, lambda step: None, AFTER)

    headers = {"headrace-sequence": b"%d"}
    for id_, (event, by) in kept[DEAD_LETTERS].items():
        if isinstance(event, DeadLetter):
            of_letter = {name: value % event.offset for name, value in headers.items()}
            kept[DEAD_LETTERS][id_] = event.model_copy(update={"headers": of_letter}), by
    check(there, kept)
    assert read_layout(there, CODEC).eras == layout.eras
    assert [order_of(layout.eras, partition, 0) for partition in range(AFTER)] == [7] * AFTER
    told_to, ends = await asyncio.to_thread(read_to, there, "notifying", INVOCATIONS)
    assert told_to == ends
    assert require_settled(cluster, CODEC).partitions == BEFORE  # the source goes on
    with pytest.raises(RequestError, match="the target is not empty: api-keys, dead-letters"):
        copy_topics(cluster, there, CODEC, lambda step: None, AFTER)
    writer.write(INBOX, "a", key("a"), 0)
    await writer.written()
    with pytest.raises(RequestError, match="1 events of the inbox are unread"):
        copy_topics(cluster, there, CODEC, lambda step: None, AFTER)


def test_offsets_of_a_later_era_are_greater_than_all_before() -> None:
    eras = [Era(base=100, begins=[40, 100]), Era(base=300, begins=[90, 120, 7])]

    assert [order_of(eras, 0, offset) for offset in (39, 40, 89, 90)] == [39, 140, 189, 390]
    assert [order_of(eras, 2, offset) for offset in (0, 6, 7)] == [100, 106, 307]
    assert order_of(eras, 3, 0) == 300
    assert order_of([], 3, 5) == 5


@pytest.mark.parametrize(
    ("service", "phase", "partitions", "drained", "anew"),
    [
        ("parsing", SETTLED, 2, False, False),
        ("parsing", DRAINING, 2, True, False),
        ("parsing", STOPPING, 2, True, True),
        ("parsing", GROWING, 2, True, True),
        ("api", STOPPING, 2, True, False),
        ("api", SETTLED, 5, True, True),
        ("searching", SETTLED, 5, True, True),
        ("connectors", SETTLED, 2, True, True),  # given up: its intake begins again
        ("api", SETTLED, 2, True, False),
    ],
)
def test_who_has_to_begin_anew(service: str, phase: str, partitions: int, drained: bool, anew: bool) -> None:
    began = TopicLayout(partitions=2, since=NOW)
    now = TopicLayout(partitions=partitions, phase=phase, since=NOW)

    assert bool(why_anew(service, began, now, drained)) is anew


def test_why_a_process_begins_anew_is_said() -> None:
    began = TopicLayout(partitions=2, since=NOW)
    grows = TopicLayout(partitions=2, target=4, phase=STOPPING, since=NOW)
    raises, raised = (
        TopicLayout(partitions=2, phase=STOPPING, since=NOW),
        TopicLayout(partitions=2, eras=[Era(base=9)], since=NOW),
    )

    assert why_anew("parsing", began, grows, True) == "partitions are being grown"
    assert why_anew("parsing", began, raises, False) == "the offsets of a topic are raised"
    assert "had lost its last records" in why_anew("parsing", began, raised, False)
    assert (
        why_anew("api", began, TopicLayout(partitions=4, since=NOW), False)
        == "the topics have 4 partitions now"
    )


def test_every_topic_is_state_that_moves_or_events_that_somebody_reads() -> None:
    from services.chunking.ahead import RequestedPartsStage
    from services.notifying import NotifyingStage
    from services.scheduling import SchedulingStage

    others = {INBOX.name, STAGE_HEALTH.name, "layout"}
    assert {topic.name for topic in CATALOGUE} == {topic.name for topic in PLACED} | READERS.keys() | others
    assert (READERS["part-requests"], READERS["invocations"]) == (
        RequestedPartsStage.name,
        NotifyingStage.name,
    )
    assert {SchedulingStage.name, "inbox"} == INTAKE
