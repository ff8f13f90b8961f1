"""A file is closed only once no thread uses it: SQLite would crash the process."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from schemas.events import ApiKey
from streams.kafka.cluster import Cluster
from streams.state.store import BEGINNING, PartitionStore
from streams.state.views import View
from streams.topics import API_KEYS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, fresh_cluster
from tests.waiting import eventually

#: Longer than a close takes that waits for nobody.
_WAIT_SECONDS = 1.5


@pytest.fixture(scope="module")
async def cluster(kafka: Kafka) -> Cluster:
    return await fresh_cluster(kafka)


class Gate(str):
    """A value of a query at which SQLite waits until the gate opens."""

    def __init__(self, text: str) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def __conform__(self, protocol: object) -> str:
        self.entered.set()
        self.opened.wait()
        return str(self)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate("scope")
    yield made
    made.opened.set()


async def closed_during(
    gate: Gate, ask: Callable[[], list[object]], close: Callable[[], Awaitable[None]]
) -> list[object]:
    """What `ask` returns while `close` waits for it."""
    asking = asyncio.ensure_future(asyncio.to_thread(ask))
    await eventually(gate.entered.is_set)
    closing = asyncio.ensure_future(close())

    await asyncio.wait([closing], timeout=_WAIT_SECONDS)

    assert not closing.done()
    gate.opened.set()
    rows = await asking
    await closing
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        ask()
    return rows


async def test_a_store_waits_for_the_run_that_reads_it(cluster: Cluster, gate: Gate, tmp_path: Path) -> None:
    store = PartitionStore[ApiKey](cluster, CODEC, API_KEYS, tmp_path / "state.sqlite")

    rows = await closed_during(
        gate, lambda: list(store.ordered(0, gate, BEGINNING, 10)), lambda: asyncio.to_thread(store.close)
    )

    assert rows == []


async def test_a_view_waits_for_the_thread_that_queries_it(
    cluster: Cluster, gate: Gate, tmp_path: Path
) -> None:
    view = View(cluster, CODEC, [API_KEYS], tmp_path / "view.sqlite", "", lambda database, change: None)
    await view.start()

    rows = await closed_during(gate, lambda: [row[0] for row in view.query("SELECT ?", (gate,))], view.close)

    assert rows == ["scope"]
