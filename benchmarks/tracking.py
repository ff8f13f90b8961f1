"""Progress events per second of tracking: the fold, the fold between bytes, and a whole worker.

    python -m benchmarks tracking [--events 40000] [--batch 1000] [--worker [--repeat 3]]

Every event carries one ordinal, the worst there is; a stage under load reports many in one. Two loads:

- one run: one invocation whose documents pass four stages;
- uploads: invocations of one document, seven events each (created, started, listed, four stages),
  of which a few hundred are under way at once.

`--worker` starts the local broker, fills `progress` and measures from the moment the worker has its
partitions to the commit of the last event, with what it made; each load `--repeat` times (the median counts).
It ends with the proof that every invocation is complete.
"""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from confluent_kafka import Consumer, TopicPartition

from benchmarks.tables import command_line, show, table
from schemas.codec import SingleObjectCodec
from schemas.events import (
    Invocation,
    InvocationCreated,
    Passed,
    Progress,
    RunListed,
    RunStarted,
    Status,
    Step,
)
from services.tracking import InvocationState, TrackingStage, fold
from services.tracking.fold import ProgressEvent
from streams.engine.outputs import Send
from streams.engine.window import WindowLimits
from streams.gc_tuning import collect_seldom
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.producer import EventProducer
from streams.kafka.worker import Worker
from streams.local import LocalBroker
from streams.state.reader import Reader, end_offsets
from streams.topics import INVOCATIONS, PROGRESS

CODEC = SingleObjectCodec()
WAY = (Step.PARSED, Step.CHUNKED, Step.EMBEDDED, Step.INDEXED)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
#: Uploads under way at once.
ABREAST = 300
PARTITIONS = 6


def created(name: str, single: bool) -> InvocationCreated:
    return InvocationCreated(
        invocation_id=name,
        tenant="default_tenant",
        database="default_database",
        collection="notes",
        source_id="5e8b2a0c-3f43-4c8e-9a57-6c6f3a3b6d10",
        source_type="file_upload" if single else "folder",
        single_document=single,
        created_at=NOW,
    )


def run_of(name: str, documents: int, single: bool) -> Iterator[ProgressEvent]:
    """Everything that is reported about one invocation."""
    yield created(name, single)
    yield RunStarted(invocation_id=name, attempt=1, started_at=NOW)
    yield RunListed(invocation_id=name, attempt=1, total=documents)
    for ordinal in range(documents):
        for stage in WAY:
            passed = Passed(ordinal=ordinal, chunks=4 * (stage is Step.INDEXED))
            yield Progress(invocation_id=name, attempt=1, stage=stage, passed=[passed])


def one_run(events: int) -> list[ProgressEvent]:
    """One invocation of many documents."""
    return list(run_of("run", events // len(WAY), single=False))


def uploads(events: int) -> list[ProgressEvent]:
    """Many invocations of one document, `ABREAST` of them taking turns."""
    log: list[ProgressEvent] = []
    count = events // 7
    for first in range(0, count, ABREAST):
        runs = [run_of(f"upload-{n}", 1, single=True) for n in range(first, min(first + ABREAST, count))]
        log += [event for turn in zip(*runs, strict=True) for event in turn]
    return log


def rate_of_fold(log: Sequence[ProgressEvent]) -> float:
    """Events/s of the pure fold, events and states in memory."""
    states: dict[str, InvocationState] = {}
    begun = time.perf_counter()
    for event in log:
        folded(states, event)
    return len(log) / (time.perf_counter() - begun)


def rate_of_bytes(log: Sequence[ProgressEvent], batch: int) -> float:
    """Events/s from the bytes of the events to the bytes of the changed summaries and blocks, by batches."""
    values = [CODEC.encode(event, PROGRESS.name) for event in log]
    states: dict[str, InvocationState] = {}
    begun = time.perf_counter()
    for first in range(0, len(values), batch):
        touched = {}
        for value in values[first : first + batch]:
            event: ProgressEvent = CODEC.decode(value)  # type: ignore[assignment]
            touched[event.invocation_id] = folded(states, event)
        for state in touched.values():
            for _, block in state.blocks():
                if block is not None:
                    CODEC.encode(block, "progress-blocks")
            CODEC.encode(state.summary(), INVOCATIONS.name)
    return len(log) / (time.perf_counter() - begun)


def folded(states: dict[str, InvocationState], event: ProgressEvent) -> InvocationState:
    state = states.get(event.invocation_id)
    if state is None and isinstance(event, InvocationCreated):
        state = states[event.invocation_id] = InvocationState(event)
    assert state is not None
    fold(state, event, 0)
    return state


async def rates_of_worker(
    log: Sequence[ProgressEvent], cluster: Cluster, folder: Path
) -> tuple[float, float]:
    """Events/s of a whole worker on a broker (consume, fold, a transaction a batch, stores), and events per
    second of this process's CPU time, which a busy machine changes less."""
    await asyncio.to_thread(ensure_topics, cluster, PARTITIONS)
    producer = EventProducer(cluster, CODEC)
    await producer.send_all([Send(PROGRESS, event.invocation_id, event) for event in log])
    await producer.close()
    stage = TrackingStage.opened(cluster, CODEC, folder)
    collect_seldom()  # this and the window as `headrace service` has them
    worker = Worker(stage, cluster, CODEC, limits=WindowLimits(records=10_000))
    task = asyncio.create_task(worker.run())
    await worker.ready.wait()
    seconds, cpu_seconds = await asyncio.to_thread(until_committed, cluster, len(log))
    worker.stop()
    await task
    await asyncio.to_thread(check_complete, cluster, {event.invocation_id for event in log})
    return len(log) / seconds, len(log) / cpu_seconds


def until_committed(cluster: Cluster, events: int) -> tuple[float, float]:
    """Seconds and CPU seconds until so many events are committed, looked up every 20 ms."""
    begun, cpu_begun = time.perf_counter(), time.process_time()
    topic = cluster.name(PROGRESS)
    group = Consumer(
        cluster.client(
            group_id=cluster.name(TrackingStage.name),
            enable_auto_commit=False,
            isolation_level="read_uncommitted",  # does not wait for transactions
        )
    )
    places = [TopicPartition(topic, p) for p in range(PARTITIONS)]
    committed = 0
    while committed < events:
        time.sleep(0.02)
        committed = sum(max(0, found.offset) for found in group.committed(places, 10))
    group.close()
    return time.perf_counter() - begun, time.process_time() - cpu_begun


def check_complete(cluster: Cluster, invocations: set[str]) -> None:
    """Every invocation's last summary says that it is complete."""
    partitions = {(INVOCATIONS.name, p): 0 for p in range(PARTITIONS)}
    reader = Reader(cluster, CODEC)
    reader.assign(partitions)
    status = {
        change.key: change.event.status
        for batch in reader.read_to(end_offsets(cluster, partitions))
        for change in batch.changes
        if isinstance(change.event, Invocation)
    }
    reader.close()
    assert status == dict.fromkeys(invocations, Status.COMPLETE)


async def on_the_broker(loads: Sequence[Sequence[ProgressEvent]], repeat: int) -> list[tuple[float, float]]:
    """Medians of `rates_of_worker` for each load; the loads take turns, so that a busy minute meets all."""
    rates: list[list[tuple[float, float]]] = [[] for _ in loads]
    with tempfile.TemporaryDirectory() as folder:
        async with LocalBroker(Path(folder) / "kafka") as broker:
            for turn, number in itertools.product(range(repeat), range(len(loads))):
                prefix = f"b{number}-{turn}."
                cluster = Cluster(broker.bootstrap_servers, prefix, broker.client_properties)
                state = Path(folder) / cluster.prefix
                rates[number].append(await rates_of_worker(loads[number], cluster, state))
    return [(median(rate for rate, _ in found), median(rate for _, rate in found)) for found in rates]


async def main() -> None:
    parser = command_line("tracking", __doc__)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--worker", action="store_true", help="on the local broker, too")
    parser.add_argument("--repeat", type=int, default=3, help="times that a worker folds each load")
    options = parser.parse_args()
    loads = {"one run": one_run(options.events), "uploads": uploads(options.events)}
    made = table(f"tracking, {options.events:,} events of one ordinal each", ("events/s", *loads))
    made.add_row("fold alone", *(f"{rate_of_fold(log):,.0f}" for log in loads.values()))
    rates = [rate_of_bytes(log, options.batch) for log in loads.values()]
    made.add_row(f"decode, fold, encode, batches of {options.batch:,}", *(f"{rate:,.0f}" for rate in rates))
    if options.worker:
        both = await on_the_broker(list(loads.values()), options.repeat)
        made.add_row("a worker on the broker", *(f"{rate:,.0f}" for rate, _ in both))
        made.add_row("  the same by its CPU time", *(f"{rate:,.0f}" for _, rate in both))
    show(made)


if __name__ == "__main__":
    asyncio.run(main())
