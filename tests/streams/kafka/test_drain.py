"""A worker that is frozen while partitions leave it has no effect when it wakes beside their heir."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from schemas.errors import FencedError
from streams.kafka.cluster import Cluster
from streams.kafka.expired import ExpiredRecords
from streams.kafka.liveness import Liveness
from streams.kafka.membership import Membership
from streams.kafka.messages import Incoming
from streams.kafka.poller import Poller
from streams.kafka.worker import ENDING_SECONDS
from streams.topics import API_KEYS
from tests.conftest import Kafka
from tests.processes import is_frozen
from tests.streams.broker import CODEC, Writer, fresh_cluster, key
from tests.streams.kafka.frozen_worker import SESSION_SECONDS, Counting
from tests.waiting import eventually

PARTITIONS = 4


class Clock:
    """The time that a worker sees."""

    def __init__(self) -> None:
        self.now = 100.0


class Drain:
    """A poll thread whose partitions leave as `drain` has it; it has just polled."""

    def __init__(self, drain: Callable[["Drain"], Awaitable[None]]) -> None:
        self.clock = Clock()
        self.liveness = Liveness(10, lambda: None, lambda: self.clock.now)
        cluster, stage = Cluster("127.0.0.1:1"), Counting(lambda line: None)
        self._poller = Poller(
            stage,
            cluster,
            Membership().consumer(cluster, stage.name, stage.fetch_seconds),
            Incoming(cluster, CODEC, stage.topic),
            SimpleNamespace(revoke=lambda partitions, deadline: drain(self)),  # type: ignore[arg-type]
            SimpleNamespace(transactional=False),  # type: ignore[arg-type]
            self.liveness,
            ExpiredRecords(cluster, CODEC, stage.name),
            1,
            threading.Event(),
            lambda: None,
        )

    async def leave(self) -> None:
        """Answer a rebalance that takes partitions away, as the poll thread does."""
        consumer = SimpleNamespace(incremental_unassign=lambda partitions: None)
        await asyncio.to_thread(self._poller.revoked, consumer, [])  # type: ignore[arg-type]


async def test_the_end_of_a_drain_does_not_hide_that_the_worker_was_frozen_in_it() -> None:
    async def frozen(drain: Drain) -> None:
        drain.clock.now += 14

    drain = Drain(frozen)

    with pytest.raises(FencedError, match=r"frozen for 14\.0 s"):
        await drain.leave()
    with pytest.raises(FencedError):
        drain.liveness.check()


async def test_a_drain_that_takes_longer_than_a_session_is_not_time_away() -> None:
    async def slow(drain: Drain) -> None:
        for _ in range(5):
            drain.clock.now += 4
            await eventually(lambda: drain.liveness.polled_at == drain.clock.now)

    drain = Drain(slow)

    await drain.leave()
    drain.liveness.check()


class Process:
    """A worker in a process of its own, and the lines that it has written."""

    def __init__(self, cluster: Cluster, name: str, folder: Path, freezes: bool) -> None:
        self._path = folder / f"{name}.txt"
        self._path.touch()
        argv = [sys.executable, "-m", "tests.streams.kafka.frozen_worker", name, str(self._path)]
        argv += [cluster.bootstrap_servers, cluster.prefix, *(["freezes"] if freezes else [])]
        self._child = subprocess.Popen(argv)

    @property
    def lines(self) -> list[str]:
        return self._path.read_text().splitlines()

    @property
    def frozen(self) -> bool:
        return is_frozen(self._child.pid)

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    def wake(self) -> None:
        os.kill(self._child.pid, signal.SIGCONT)

    def end(self) -> None:
        if not self.ended:
            self._child.kill()  # also one that is frozen
        self._child.wait()


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    made: list[Process] = []
    yield made
    for process in made:
        process.end()


@pytest.mark.timeout(240)
@pytest.mark.faults
async def test_a_worker_frozen_at_the_end_of_a_drain_has_no_effect_on_what_it_kept_when_it_wakes(
    kafka: Kafka, tmp_path: Path, processes: list[Process]
) -> None:
    cluster = await fresh_cluster(kafka, PARTITIONS)
    writer = Writer(cluster)
    for partition in range(PARTITIONS):
        for number in range(20):
            writer.write(API_KEYS, f"{number}", key(f"{number}"), partition)
    await writer.written()
    zombie = Process(cluster, "zombie", tmp_path, freezes=True)
    processes.append(zombie)
    await eventually(lambda: "effect" in str(zombie.lines), 30)

    heir = Process(cluster, "heir", tmp_path, freezes=False)
    processes.append(heir)
    await eventually(lambda: zombie.frozen, 30)
    [kept] = {line.split()[1] for line in zombie.lines if line.startswith("kept")}
    await eventually(lambda: f"effect {kept}" in heir.lines, SESSION_SECONDS + 40)

    before = len(zombie.lines)
    zombie.wake()
    await eventually(lambda: zombie.ended, ENDING_SECONDS + 30)
    assert [line for line in zombie.lines[before:] if line.startswith("effect")] == []
    assert "ended FencedError" in zombie.lines
