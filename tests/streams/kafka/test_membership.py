"""Members of groups: what they have, and that nothing is left without one."""

import asyncio
import socket
import struct
from collections.abc import Sequence

import pytest

from schemas.errors import TransientError
from schemas.events import ApiKey
from streams.engine.stage import AnyStage, Context, Outcome, Record, StatefulStage
from streams.kafka import worker
from streams.kafka.cluster import Cluster
from streams.kafka.membership import Group, Membership, group_of, owned_in, without_owner
from streams.kafka.worker import Worker
from streams.topics import API_KEYS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, key
from tests.waiting import eventually

PARTITIONS = 4


class Reading(StatefulStage[ApiKey]):
    """Notes from which partitions it has read; with `gate` it hangs when partitions are to leave it."""

    name = "reading"
    topic = API_KEYS
    stores = ()

    def __init__(self, seen: set[int], gate: asyncio.Event | None = None) -> None:
        self._seen, self._gate = seen, gate
        self.hangs = False

    async def revoked(self, partitions: Sequence[int]) -> None:
        if self._gate is not None:
            self.hangs = True
            await self._gate.wait()

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        self._seen.update(record.partition for record in records)
        return [()] * len(records)


def member(cluster: Cluster, stage: AnyStage, slot: str) -> Worker:
    return Worker(stage, cluster, CODEC, Membership(slot=slot, static=True))


async def test_a_group_is_described_with_what_its_members_have(kafka: Kafka) -> None:
    cluster = await fresh_cluster(kafka, PARTITIONS)
    workers = [member(cluster, Reading(set()), slot) for slot in ("0", "1")]
    running = [asyncio.create_task(one.run()) for one in workers]
    whole = {(cluster.name(API_KEYS), partition) for partition in range(PARTITIONS)}
    try:
        await eventually(lambda: group_of(cluster, Reading.name) == Group(True, 2, frozenset(whole)), 60)
        assert without_owner(cluster, Reading.name, [API_KEYS.name, "no-topic"]) == []
    finally:
        for one in workers:
            one.stop()
        await asyncio.wait_for(asyncio.gather(*running), 60)
    assert group_of(cluster, "nobody") == Group(True, 0, frozenset())
    assert without_owner(cluster, "nobody", [API_KEYS.name]) == sorted(f"{topic}[{p}]" for topic, p in whole)


def test_a_broker_that_does_not_answer_says_nothing_of_a_group() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cluster = Cluster(f"127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TransientError, match="group reading cannot be described"):
            group_of(cluster, Reading.name, 0.5)


def test_an_assignment_is_read_as_consumers_write_it() -> None:
    written = struct.pack("!hih1si2ih2sii", 0, 2, 1, b"a", 2, 0, 7, 2, b"bc", 1, 3)
    assert list(owned_in(written + struct.pack("!i", 0))) == [("a", 0), ("a", 7), ("bc", 3)]
    assert list(owned_in(None)) == list(owned_in(b"")) == []


@pytest.mark.faults
async def test_what_leaves_a_member_that_dies_meanwhile_has_an_owner_all_the_same(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "OWNERS_SECONDS", 1.0)
    cluster, seen = await fresh_cluster(kafka, PARTITIONS), set[int]()
    gate = asyncio.Event()
    stage = Reading(set(), gate)
    first = member(cluster, stage, "0")
    hanging = asyncio.create_task(first.run())
    await eventually(first.ready.is_set)

    others = [member(cluster, Reading(seen), slot) for slot in ("1", "0")]
    running = [asyncio.create_task(others[0].run())]
    await eventually(lambda: stage.hangs, 60)
    running.append(asyncio.create_task(others[1].run()))  # takes the place of the first

    writer = Writer(cluster)
    for partition in range(PARTITIONS):
        writer.write(API_KEYS, "a", key("a"), partition)
    await writer.written()
    try:
        await eventually(lambda: seen == set(range(PARTITIONS)), 60, "all partitions are read")
    finally:
        gate.set()
        for one in (first, *others):
            one.stop()
        await asyncio.wait_for(asyncio.gather(*running), 60)
        await asyncio.gather(hanging, return_exceptions=True)
