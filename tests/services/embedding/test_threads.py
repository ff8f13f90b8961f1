import asyncio
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from schemas.errors import TransientError
from services.embedding.embedder import Vectors
from services.embedding.threads import BatchThreads


@pytest_asyncio.fixture
async def threads() -> AsyncIterator[BatchThreads]:
    pool = BatchThreads(2, "test")
    yield pool
    await pool.close()


def rows(batch: list[int]) -> Vectors:
    return np.array([[index] for index in batch], dtype=np.float32)


async def test_every_row_gets_the_vector_of_its_own_text(threads: BatchThreads) -> None:
    out = await threads.run_batches([[3, 0], [2], [1, 4]], rows, np.zeros((5, 1), np.float32))
    assert out[:, 0].tolist() == [0, 1, 2, 3, 4]


async def test_a_cancelled_call_starts_no_further_batch(threads: BatchThreads) -> None:
    started: list[list[int]] = []
    both, gate = threading.Barrier(3), threading.Event()

    def run(batch: list[int]) -> Vectors:
        started.append(batch)
        both.wait(10)
        gate.wait(10)
        return rows(batch)

    call = asyncio.ensure_future(
        threads.run_batches([[index] for index in range(50)], run, np.zeros((50, 1), np.float32))
    )
    await asyncio.to_thread(both.wait, 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    gate.set()
    await threads.close()
    assert len(started) == 2


async def test_a_short_call_does_not_wait_for_a_long_one(threads: BatchThreads) -> None:
    done: list[list[int]] = []
    gate = threading.Event()

    def slow(batch: list[int]) -> Vectors:
        gate.wait(10)
        done.append(batch)
        return rows(batch)

    long = asyncio.ensure_future(
        threads.run_batches([[index] for index in range(100)], slow, np.zeros((100, 1), np.float32))
    )
    await asyncio.sleep(0)
    short = asyncio.ensure_future(threads.run_batches([[-1]], slow, np.zeros((1, 1), np.float32)))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(short, long)
    assert done.index([-1]) < 20
    assert len(done) == 101


async def test_an_error_in_a_batch_is_raised_and_stops_the_call(threads: BatchThreads) -> None:
    started: list[list[int]] = []

    def fail(batch: list[int]) -> Vectors:
        started.append(batch)
        raise ValueError("no memory")

    with pytest.raises(ValueError, match="no memory"):
        await threads.run_batches([[index] for index in range(50)], fail, np.zeros((50, 1), np.float32))
    await threads.close()
    assert len(started) <= 4


async def test_closing_twice_is_harmless(threads: BatchThreads) -> None:
    await threads.close()
    await threads.close()


async def test_urgent_work_goes_before_all_that_waits(threads: BatchThreads) -> None:
    order: list[str] = []
    gate, started = threading.Event(), threading.Barrier(3)

    def first(batch: list[int]) -> Vectors:
        started.wait(10)
        gate.wait(10)
        return rows(batch)

    def noted(name: str) -> Vectors:
        order.append(name)
        return rows([0])

    out = np.zeros((2, 1), np.float32)
    running = asyncio.ensure_future(threads.run_batches([[0], [1]], first, out))
    await asyncio.to_thread(started.wait, 10)
    bulk = [asyncio.ensure_future(threads.call(lambda: noted("bulk"))) for _ in range(5)]
    await asyncio.sleep(0)
    urgent = asyncio.ensure_future(threads.call(lambda: noted("urgent"), urgent=True))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(running, urgent, *bulk)
    assert "urgent" in order[:2]


async def test_after_closing_nothing_runs(threads: BatchThreads) -> None:
    await threads.close()
    with pytest.raises(TransientError, match="closed"):
        await threads.call(lambda: None)


async def test_what_waits_when_it_closes_is_told_so_and_not_cancelled(threads: BatchThreads) -> None:
    """A cancellation that nobody asked for would end the caller without a word."""
    gate, started = threading.Event(), threading.Barrier(3)

    def run() -> str:
        started.wait(10)
        gate.wait(10)
        return "done"

    running = [asyncio.ensure_future(threads.call(run)) for _ in range(2)]
    await asyncio.to_thread(started.wait, 10)
    waiting = asyncio.ensure_future(threads.call(lambda: "late"))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(threads.close())
    with pytest.raises(TransientError, match="closed"):
        await waiting
    gate.set()
    assert await asyncio.gather(*running) == ["done", "done"]
    await closing
