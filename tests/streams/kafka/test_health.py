"""What a process of a stage says of what it has in hand."""

import asyncio
import gc
import random
import time
from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import Producer
from structlog.testing import capture_logs

from schemas.errors import TransientError
from schemas.events import ApiKey, StageHealth
from streams.engine.engine import Engine
from streams.engine.outputs import Output
from streams.engine.stage import Context, Record, Stage
from streams.engine.window import Entry
from streams.kafka import health as health_module
from streams.kafka.cluster import Cluster
from streams.kafka.health import HealthReporter, until_next
from tests.streams.broker import CODEC
from tests.streams.engine.simulation import INPUT, SimulatedLog, entry
from tests.streams.engine.test_engine_faults import about_a_document
from tests.waiting import eventually

PARTITION = (INPUT.name, 0)


class Slow(Stage[ApiKey]):
    """Works on odd records until it is told to stop; fails with the others, over and over."""

    name = "slow"
    topic = INPUT

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        if record.offset % 2:
            await self.go_on.wait()
        elif not self.go_on.is_set():
            raise TransientError("Chroma does not answer")
        return []


async def test_the_oldest_record_in_hand_runs_or_waits_for_its_next_try() -> None:
    stage = Slow()
    engine = Engine(stage, SimulatedLog(random.Random(1)), wait=lambda *_: 0.01)
    await engine.assign([PARTITION, (INPUT.name, 1)])
    assert engine.oldest() is None

    engine.deliver([entry(0, 1)])
    engine.deliver([entry(1, 2)])
    first = engine.oldest()
    assert first is not None
    assert first.position == (INPUT.name, 0, 1)
    assert first.begun_at is not None
    await engine.lose([PARTITION])

    def failed() -> bool:
        second = engine.oldest()
        return second is not None and second.last_error == "Chroma does not answer" and second.attempt > 2

    await eventually(failed, 10)
    stage.go_on.set()
    await eventually(lambda: engine.oldest() is None, 10)


async def test_a_run_is_in_hand_for_long_only_when_it_fails() -> None:
    class Runs(Slow):
        sequential_keys = True

    engine = Engine(Runs(), SimulatedLog(random.Random(1)), wait=lambda *_: 0.01)
    await engine.assign([PARTITION])
    engine.deliver([entry(0, 1)])
    assert engine.oldest() is None
    engine.deliver([entry(0, 2)])

    await eventually(lambda: engine.oldest() is not None, 10)
    failing = engine.oldest()
    assert failing is not None
    assert failing.offset == 2
    await engine.lose([PARTITION])


class Sent:
    """What a reporter has sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.values: list[tuple[str, bytes | None]] = []
        sent = self.values

        class Nowhere:
            def __init__(self, *args: Any, **named: Any) -> None: ...

            def produce(self, topic: str, value: bytes | None, key: str) -> None:
                sent.append((key, value))

            def poll(self, timeout: float) -> None: ...

            def flush(self, timeout: float) -> None: ...

        monkeypatch.setattr(health_module, Producer.__name__, Nowhere)

    @property
    def last(self) -> StageHealth:
        value = self.values[-1][1]
        assert value is not None
        event = CODEC.decode(value)
        assert isinstance(event, StageHealth)
        return event


def reporter(oldest: Entry | None) -> HealthReporter:
    return HealthReporter(Cluster("nowhere:1"), CODEC, "indexing", "2", lambda: oldest, lambda: ["9 expired"])


def test_a_report_names_stage_document_since_when_attempts_and_the_last_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent, made = Sent(monkeypatch), about_a_document(7)
    made.begun_at, made.attempt, made.last_error = 1_000.0, 4, "time-out" * 1_000
    monkeypatch.setattr(time, "time", lambda: 1_042.0)

    assert reporter(made).report()

    assert sent.values[-1][0] == "indexing/2"
    oldest = sent.last.oldest
    assert oldest is not None
    assert (oldest.document_key, oldest.collection, oldest.invocation_id) == ("big.pdf", "c", "run")
    assert (oldest.offset, oldest.attempt, oldest.since.timestamp()) == (7, 4, 1_000.0)
    assert (oldest.error or "").startswith("time-out")
    assert len(oldest.error or "") <= 500
    assert sent.last.expired == ["9 expired"]


def test_a_record_in_hand_for_a_moment_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    sent, made = Sent(monkeypatch), about_a_document(7)
    made.begun_at = 1_000.0
    monkeypatch.setattr(time, "time", lambda: 1_002.0)

    assert not reporter(made).report()
    assert sent.last.oldest is None


def test_a_record_that_takes_long_is_told_to_the_log_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    Sent(monkeypatch)
    made = about_a_document(7)
    made.begun_at, made.last_error = 1_000.0, "time-out"
    health, told = reporter(made), []
    for age in range(0, 200, 5):
        monkeypatch.setattr(time, "time", lambda age=age: 1_000.0 + age)
        with capture_logs() as lines:
            health.report()
        told += [(line["seconds"], line["document"], line["error"]) for line in lines]

    assert told == [(seconds, "big.pdf", "time-out") for seconds in (30, 60, 120)]


def test_all_stages_of_a_process_report_with_one_producer(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    def produced(*_: object, **__: object) -> object:
        made.append(object())
        return made[-1]

    monkeypatch.setattr(health_module, "Producer", produced)
    reporters = [HealthReporter(Cluster("localhost:1"), CODEC, stage, "0", lambda: None) for stage in "abc"]
    assert len(made) == 1

    del reporters
    gc.collect()
    HealthReporter(Cluster("localhost:1"), CODEC, "a", "0", lambda: None)
    assert len(made) == 2, "it is closed with the last of them"


@pytest.mark.parametrize(("now", "left"), [(30.0, 15.0), (31.0, 14.0), (44.5, 0.5), (45.0, 15.0)])
def test_stages_report_at_the_same_moments(now: float, left: float) -> None:
    assert until_next(15.0, now) == left


async def test_a_report_that_fails_costs_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    Sent(monkeypatch)
    monkeypatch.setattr(health_module, "IDLE_SECONDS", 0)
    asked = 0

    def broken() -> None:
        nonlocal asked
        asked += 1
        raise ZeroDivisionError

    health = HealthReporter(Cluster("nowhere:1"), CODEC, "indexing", "2", broken)
    reporting = asyncio.create_task(health.run())
    await eventually(lambda: asked > 2)
    assert not reporting.done()
    reporting.cancel()
