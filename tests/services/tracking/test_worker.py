"""Tracking on the real broker: killed in mid-stream again and again, the counts stay exact."""

import asyncio
import random
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from schemas.codec import SingleObjectCodec
from schemas.events import Counts, Invocation, Passed, ProgressBlock, Status, Step
from services.tracking.fold import ProgressEvent
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.producer import EventProducer
from streams.state.reader import ReadBatch, Reader, end_offsets
from streams.topics import INVOCATIONS, PROGRESS, PROGRESS_BLOCKS
from tests.conftest import Kafka
from tests.services.tracking.runs import WAY, created, listed, passed, started

CODEC = SingleObjectCodec()
PARTITIONS = 3
ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS, UPLOADS, KILLS = 1_500, 150, 3


def reports(invocation_id: str, total: int, chance: random.Random) -> list[ProgressEvent]:
    """Everything about `total` documents in any order, a tenth of it twice; every 50th document fails."""
    events: list[ProgressEvent] = [listed(1, total, invocation_id)]
    for ordinal in range(total):
        failing = ordinal % 50 == 49
        end = Step.FAILED if failing else Step.INDEXED
        entry = Passed(ordinal=ordinal, document_key=f"{ordinal}", chunks=0 if failing else 2)
        events += [passed(1, stage, entry, invocation_id=invocation_id) for stage in (*WAY, end)]
    events += chance.sample(events, len(events) // 10)
    chance.shuffle(events)
    return events


def a_log() -> list[ProgressEvent]:
    """One run of many documents among many uploads, each event for itself."""
    chance = random.Random(11)
    streams = [[created("run"), started(1, "run"), *reports("run", DOCUMENTS, chance)]]
    for upload in range(UPLOADS):
        name = f"upload-{upload}"
        streams.append([created(name, single_document=True), started(1, name), *reports(name, 1, chance)])
    turns = [stream for stream in streams for _ in stream]
    chance.shuffle(turns)
    following = {id(stream): iter(stream) for stream in streams}
    return [next(following[id(stream)]) for stream in turns]


@asynccontextmanager
async def tracking(cluster: Cluster, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process; it is killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.services.tracking.worker_process"),
        *(cluster.bootstrap_servers, cluster.prefix, str(folder)),
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Rows:
    """The newest committed value of every key on the topics that tracking writes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._reader = Reader(cluster, CODEC)
        self._partitions = [(t.name, p) for t in (INVOCATIONS, PROGRESS_BLOCKS) for p in range(PARTITIONS)]
        self._reader.assign(dict.fromkeys(self._partitions, 0))
        self.invocations: dict[str, Invocation] = {}
        self.blocks: dict[str, ProgressBlock] = {}
        self.writes = 0

    async def until(self, condition: Callable[[], bool], within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._take(await asyncio.to_thread(self._reader.poll, 0.1))

    async def to_the_end(self) -> None:
        def read() -> None:
            for batch in self._reader.read_to(end_offsets(self._cluster, self._partitions)):
                self._take(batch)

        self._reader.assign(dict.fromkeys(self._partitions, 0))
        await asyncio.to_thread(read)

    def close(self) -> None:
        self._reader.close()

    @property
    def open(self) -> int:
        return sum(row.status is not Status.COMPLETE for row in self.invocations.values())

    def _take(self, batch: ReadBatch) -> None:
        for change in batch.changes:
            self.writes += 1
            if isinstance(change.event, Invocation):
                self.invocations[change.key] = change.event
            elif isinstance(change.event, ProgressBlock):
                self.blocks[change.key] = change.event
            else:
                self.blocks.pop(change.key)


@pytest.mark.faults
async def test_counts_are_exact_though_the_worker_is_killed_in_mid_stream(
    kafka: Kafka, tmp_path: Path
) -> None:
    cluster = Cluster(kafka.bootstrap_servers, prefix=f"t{uuid.uuid4().hex[:8]}.")
    await asyncio.to_thread(ensure_topics, cluster, PARTITIONS)
    producer, rows, log = EventProducer(cluster, CODEC), Rows(cluster), a_log()

    async def produce(part: int) -> None:
        events = log[part * len(log) // (KILLS + 1) : (part + 1) * len(log) // (KILLS + 1)]
        await producer.send_all([Send(PROGRESS, event.invocation_id, event) for event in events])

    for kill in range(KILLS):
        seen = rows.writes
        producing = asyncio.create_task(produce(kill))
        async with tracking(cluster, tmp_path / str(kill % 2)):  # now with its files, now without
            await rows.until(lambda seen=seen: rows.writes > seen, 60)  # type: ignore[misc]
        await producing
    async with tracking(cluster, tmp_path / "0") as process:
        await produce(KILLS)
        await rows.until(lambda: len(rows.invocations) == UPLOADS + 1 and not rows.open, 60)
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)
    await producer.close()
    await rows.to_the_end()
    rows.close()

    failed, indexed = DOCUMENTS // 50, DOCUMENTS - DOCUMENTS // 50
    assert rows.invocations.pop("run").counts == Counts(
        parsed=DOCUMENTS,
        chunked=DOCUMENTS,
        embedded=DOCUMENTS,
        indexed=indexed,
        failed=failed,
        chunks=2 * indexed,
    )
    assert {upload.counts for upload in rows.invocations.values()} == {
        Counts(parsed=1, chunked=1, embedded=1, indexed=1, chunks=2)
    }
    assert set(rows.blocks) == {f"run/{stage}/0" for stage in (*WAY, Step.FAILED)}
