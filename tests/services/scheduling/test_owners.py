"""Owners that die or freeze at the moment at which schedules are due, on a real broker."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.events import Event, InvocationCreated, RunRequested, ScheduleState
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.kafka.producer import EventProducer
from streams.state.reader import Reader, end_offsets
from streams.topics import PROGRESS, RUNS, SCHEDULES, SOURCES, Topic
from tests.conftest import Kafka
from tests.processes import is_frozen
from tests.services.scheduling.schedules import cron, source
from tests.streams.broker import CODEC, fresh_cluster
from tests.waiting import eventually

SCHEDULED, PARTITIONS = 12, 2
#: On the owners' clock it is due some seconds after they have begun.
DUE = datetime(2026, 7, 1, 12, tzinfo=UTC)
BEFORE_S = 5.0


class Process:
    """An owner in a process, and the lines that it wrote."""

    def __init__(self, path: Path, argv: list[str]) -> None:
        self._path = path
        self._process = subprocess.Popen([sys.executable, "-m", "tests.services.scheduling.owner", *argv])

    def said(self, words: str) -> bool:
        return self._path.exists() and words in self._path.read_text()

    def signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    @property
    def gone(self) -> bool:
        return self._process.poll() is not None

    @property
    def frozen(self) -> bool:
        return is_frozen(self._process.pid)

    def end(self) -> None:
        if not self.gone:
            self._process.kill()
        self._process.wait(10)


@contextmanager
def owners(cluster: Cluster, folder: Path) -> Iterator["Start"]:
    started = Start(cluster, folder)
    try:
        yield started
    finally:
        for process in started.processes:
            process.end()


class Start:
    """Starts owners of a cluster's schedules, all with one clock."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster, self._folder = cluster, folder
        begins = DUE - timedelta(seconds=BEFORE_S)
        self._offset = (begins - datetime.now(UTC)).total_seconds()
        self.processes: list[Process] = []

    def __call__(self, slot: str, mode: str) -> Process:
        folder = self._folder / f"{slot}-{len(self.processes)}"
        folder.mkdir(parents=True)
        path, cluster = folder / "lines", self._cluster
        argv = [
            slot,
            str(path),
            cluster.bootstrap_servers,
            cluster.prefix,
            str(folder),
            str(self._offset),
            mode,
        ]
        self.processes.append(Process(path, argv))
        return self.processes[-1]


async def scheduled(kafka: Kafka) -> Cluster:
    """Topics with sources that are due once, at `DUE`."""
    cluster = await fresh_cluster(kafka, PARTITIONS)
    producer = EventProducer(cluster, CODEC)
    since = DUE - timedelta(hours=1)
    for number in range(SCHEDULED):
        one = source(cron("0 12 1 7 *", since), str(number))
        await producer.send(Send(SOURCES, one.id, one))
    await producer.close()
    return cluster


def committed(cluster: Cluster, topic: Topic) -> list[tuple[str, Event | None]]:
    """Keys and events of the committed records of a topic."""
    ends = end_offsets(cluster, [(topic.name, partition) for partition in range(PARTITIONS)])
    reader = Reader(cluster, CODEC)
    try:
        reader.assign(dict.fromkeys(ends, 0))
        return [(one.key, one.event) for batch in reader.read_to(ends) for one in batch.changes]
    finally:
        reader.close()


def require_one_run_each(cluster: Cluster) -> None:
    runs = [event for _, event in committed(cluster, RUNS["folder"])]
    created = [event for _, event in committed(cluster, PROGRESS)]
    states = dict(committed(cluster, SCHEDULES))
    assert all(isinstance(run, RunRequested) for run in runs)
    wanted = Counter(f"source-{number}" for number in range(SCHEDULED))
    assert Counter(run.source.id for run in runs if isinstance(run, RunRequested)) == wanted
    assert Counter(one.source_id for one in created if isinstance(one, InvocationCreated)) == wanted
    for state in states.values():
        assert isinstance(state, ScheduleState)
        assert (state.runs, state.skips, state.decided) == (1, 0, DUE)
    assert len(states) == SCHEDULED


async def ends_at_the_moment(kafka: Kafka, folder: Path, mode: str) -> None:
    """One owner ends, as `tests.services.scheduling.owner` says, when it has decided; another takes over."""
    cluster = await scheduled(kafka)
    with owners(cluster, folder) as start:
        # A process that is started again aborts the open transaction of the one before: a static member.
        slots = ("static", "static") if mode == "torn" else ("one", "two")
        first = start(slots[0], mode)
        await eventually(lambda: first.said("decided"), 60)
        await eventually(lambda: first.frozen if mode == "frozen" else first.gone)

        heir = start(slots[1], "well")
        await eventually(lambda: heir.said("decided"), 60)
        await eventually(lambda: len(committed(cluster, SCHEDULES)) >= SCHEDULED)
        if mode == "frozen":
            first.signal(signal.SIGCONT)
            await eventually(lambda: first.said("ended FencedError") and first.gone, 30)

        await asyncio.to_thread(require_one_run_each, cluster)


@pytest.mark.faults
async def test_a_due_time_makes_one_run_though_its_owner_ends_at_that_moment(
    kafka: Kafka, tmp_path: Path
) -> None:
    modes = ("killed", "frozen", "torn")
    await asyncio.gather(*(ends_at_the_moment(kafka, tmp_path / mode, mode) for mode in modes))
