"""An engine that cannot go on says so: whatever raises in it, wherever it is called from, `run` ends."""

import asyncio
import gc
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import DocumentError, TransientError
from schemas.events import ApiKey
from streams.engine.engine import Engine
from streams.engine.journal import Journal
from streams.engine.outputs import Output, Send
from streams.engine.schedule import Schedule
from streams.engine.stage import Context, Record, Stage
from streams.engine.window import PartitionWindow, WindowLimits
from tests.streams.engine.simulation import INPUT, OUTPUT, SimulatedLog, entry
from tests.waiting import eventually

PARTITION = (INPUT.name, 0)


class Copy(Stage[ApiKey]):
    """Copies; fails once for each record whose number is odd."""

    name = "copy"
    topic = INPUT
    concurrency = 2

    def __init__(self) -> None:
        self.tried: set[str] = set()

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        await asyncio.sleep(0)
        if record.offset % 2 and record.key not in self.tried:
            self.tried.add(record.key)
            raise TransientError("not now")
        return [Send(OUTPUT, record.key, record.event)]


def breaking(method: Callable[..., Any], after: int) -> Callable[..., Any]:
    """The method, which raises from its call number `after` (0 is the first) on."""
    calls = 0

    def broken(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise ZeroDivisionError("broken inside")
        return method(*args, **named)

    return broken


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Journal, "begin"),
        (Journal, "end"),
        (Schedule, "next_group"),
        (Schedule, "done"),
        (Schedule, "resume"),
        (Schedule, "put_back"),
        (PartitionWindow, "finish"),
        (PartitionWindow, "take_releasable"),
        (PartitionWindow, "acknowledge"),
        (PartitionWindow, "take_committable"),
        (SimulatedLog, "produce"),
        (SimulatedLog, "commit"),
        (SimulatedLog, "resume"),
    ],
)
async def test_whatever_raises_in_an_engine_ends_its_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, owner: type, name: str, after: int
) -> None:
    monkeypatch.setattr(owner, name, breaking(getattr(owner, name), after))
    log = SimulatedLog(random.Random(1))
    engine = Engine(
        Copy(), log, WindowLimits(records=2), Journal(tmp_path / "journal"), wait=lambda *_: 0.001
    )
    await engine.assign([PARTITION])

    async def feed() -> None:
        for offset in range(0, sys.maxsize, 2):
            await eventually(lambda: PARTITION not in log.paused)
            try:
                engine.deliver([entry(0, offset), entry(0, offset + 1)])
            except ZeroDivisionError as error:  # what its caller does
                engine.fail(error)
            await asyncio.sleep(0.001)

    feeding = asyncio.create_task(feed())
    try:
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(engine.run(), 30)
    finally:
        feeding.cancel()  # the event loop is that of all tests


class Endless(Stage[ApiKey]):
    """Never done with a record."""

    name = "endless"
    topic = INPUT

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        await asyncio.Event().wait()
        return []


async def test_work_that_somebody_else_cancels_ends_the_run() -> None:
    engine, before = Engine(Endless(), SimulatedLog(random.Random(1))), asyncio.all_tasks()
    await engine.assign([PARTITION])
    engine.deliver([entry(0, 0)])
    [work] = asyncio.all_tasks() - before
    work.cancel()

    with pytest.raises(TransientError, match="cancelled"):
        await asyncio.wait_for(engine.run(), 30)


def test_an_event_loop_that_ends_in_the_middle_leaves_no_error_that_nobody_hears_of() -> None:
    unheard: list[str] = []

    async def begin() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unheard.append(str(context)))
        engine = Engine(Endless(), SimulatedLog(random.Random(1)))
        await engine.assign([PARTITION])
        engine.deliver([entry(0, 0)])
        running.append(asyncio.create_task(engine.run()))
        await asyncio.sleep(0)

    running: list[asyncio.Task[None]] = []
    asyncio.run(begin())  # it cancels what is left
    assert running.pop().cancelled()
    gc.collect()

    assert unheard == []


async def test_a_record_over_which_the_worker_ends_twice_with_an_error_is_a_dead_letter_with_the_reason(
    tmp_path: Path,
) -> None:
    class Refuses(SimulatedLog):
        """Says late what nobody foresees of one record's output."""

        def produce(self, send: Send, headers: Any = None) -> "asyncio.Future[Any]":
            if send.key != "0-1" or send.topic is not OUTPUT:
                return super().produce(send, headers)
            refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            refused.set_exception(ZeroDivisionError("broken inside"))
            return refused

    async def life() -> SimulatedLog:
        log = Refuses(random.Random(1))
        engine = Engine(Copy(), log, journal=Journal(tmp_path / "journal"), wait=lambda *_: 0.001)
        await engine.assign([PARTITION])
        engine.deliver([entry(0, offset) for offset in range(4)])
        running = asyncio.create_task(engine.run())
        await eventually(lambda: running.done() or log.committed[PARTITION] == 4)
        if not running.done():
            engine.finish()
        await engine.lose([PARTITION])
        await running
        return log

    lives = 0
    while True:
        lives += 1
        try:
            log = await life()
            break
        except ZeroDivisionError:
            assert lives < 4
    [letter] = [send.event for send in log.produced if send.topic.name == "dead-letters"]
    assert getattr(letter, "error") == (  # noqa: B009
        "the record api-keys[0]@1 has ended its worker 2 times: ZeroDivisionError: broken inside"
    )
    assert getattr(letter, "error_class") == DocumentError.__name__  # noqa: B009
