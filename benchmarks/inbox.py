"""Events as fast as a producer can, and uploads beside them.

    python -m benchmarks inbox [--events 1000000] [--seconds 60]

Starts what `headrace up` starts on a temporary data folder. A producer sends small JSON events to `inbox` as
fast as it can. While they wait there, small uploads go one after the other, each until a get by id finds its
chunk in Chroma. The memory is that of the process in which the inbox runs.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import aiohttp
from confluent_kafka import Producer

from benchmarks.plain import DATABASE, TENANT
from benchmarks.tables import command_line, show, table
from benchmarks.texts import sentences
from headrace.admin.topics import quiet
from headrace.cli.settings import load_settings
from headrace.local.supervisor import StateChange
from headrace.local.system import LocalSystem, run_local
from schemas.ids import text_sha256
from streams.topics import INBOX

SERVICE, COLLECTION, UPLOADS = "connectors", "events", "uploads"
_ASK_SECONDS = 0.02
_FOUND_SECONDS = 120
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LEAST_UPLOADS = 5


class Watch:
    """Looks at the process of the inbox, and at what is indexed."""

    def __init__(self, system: LocalSystem, http: aiohttp.ClientSession, pids: Mapping[str, int]) -> None:
        self._http, self._pids = http, pids
        self._collections = (
            f"{system.running.chroma_url}/api/v2/tenants/{TENANT}/databases/{DATABASE}/collections"
        )
        self.memory: list[float] = [self.resident()]

    def resident(self) -> float:
        """MiB of the process's memory."""
        pages = Path(f"/proc/{self._pids[SERVICE]}/statm").read_text().split()[1]
        return int(pages) * _PAGE / 2**20

    async def indexed(self, collection: str, ids: list[str] | None = None) -> int:
        """Chunks of a collection, or how many of these ids are there."""
        async with self._http.get(f"{self._collections}/{collection}") as answer:
            if answer.status != 200:
                return 0
            identity = (await answer.json())["id"]
        if ids is None:
            async with self._http.get(f"{self._collections}/{identity}/count") as answer:
                return int(await answer.text())
        body = {"ids": ids, "include": []}
        async with self._http.post(f"{self._collections}/{identity}/get", json=body) as answer:
            return len((await answer.json())["ids"])

    async def run(self) -> None:
        """Look every second, until it is cancelled."""
        while True:
            self.memory.append(self.resident())
            await asyncio.sleep(1)


def produce(system: LocalSystem, events: int) -> float:
    """Send so many events; the seconds until the broker has them all. Blocks."""
    cluster = quiet(system.wiring.cluster)
    producer = Producer(cluster.client(enable_idempotence=True, compression_type="lz4", linger_ms=20))
    chance, topic = random.Random(1), cluster.name(INBOX)
    texts = [sentences(chance, 3) for _ in range(1_000)]
    begun = time.perf_counter()
    for number in range(events):
        content = f"{number} {texts[number % len(texts)]}"
        event = {"collection": COLLECTION, "document_key": f"row-{number}", "content": content}
        while True:
            try:
                producer.produce(topic, json.dumps(event), f"row-{number}")
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    producer.flush(600)
    return time.perf_counter() - begun


async def upload(system: LocalSystem, http: aiohttp.ClientSession, watch: Watch, number: int) -> float:
    """Seconds from the request to found."""
    name, content = f"note-{number}.txt", sentences(random.Random(f"upload {number}"), 3).encode()
    form = aiohttp.FormData({"database_name": DATABASE, "collection_name": UPLOADS})
    form.add_field("file", content, filename=name)
    headers = {"x-chroma-token": system.key, "x-upload-content-length": str(len(content))}
    begun = time.perf_counter()
    async with http.post(f"{system.running.url}/api/v1/add-file", data=form, headers=headers) as answer:
        if answer.status != 201:
            raise SystemExit(f"the upload was refused: {await answer.text()}")
    async with asyncio.timeout(_FOUND_SECONDS):
        while True:
            if await watch.indexed(UPLOADS, [f"{text_sha256(name)}-0"]):
                return time.perf_counter() - begun
            await asyncio.sleep(_ASK_SECONDS)


async def measure(asked: argparse.Namespace, system: LocalSystem, pids: Mapping[str, int]) -> None:
    """One flood of events, with uploads beside it."""
    async with aiohttp.ClientSession() as http:
        watch = Watch(system, http, pids)
        alone = [await upload(system, http, watch, -1 - number) for number in range(_LEAST_UPLOADS)]
        watching = asyncio.create_task(watch.run())
        begun = time.perf_counter()
        sending = asyncio.create_task(asyncio.to_thread(produce, system, asked.events))
        beside: list[float] = []
        while time.perf_counter() - begun < asked.seconds or not sending.done():
            beside.append(await upload(system, http, watch, len(beside)))
        took, lasted = await sending, time.perf_counter() - begun
        done = await watch.indexed(COLLECTION)
        watching.cancel()
    rate = f"{asked.events:,} events produced at {asked.events / took:,.0f}/s, {done / lasted:.0f} indexed/s"
    rows = [
        ("upload to found, before, s", _middle(alone), f"{max(alone):.2f}"),
        (f"the same beside events, {len(beside)} uploads, s", _middle(beside), f"{max(beside):.2f}"),
        (
            "memory of connectors, before and at most, MiB",
            f"{watch.memory[0]:.0f}",
            f"{max(watch.memory):.0f}",
        ),
    ]
    show(table(rate, ("", "median or before", "most"), rows))


def _middle(values: list[float]) -> str:
    return f"{sorted(values)[len(values) // 2]:.2f}"


async def run(asked: argparse.Namespace) -> None:
    """Start everything, measure, stop everything."""
    pids: dict[str, int] = {}

    def changed(change: StateChange) -> None:
        if change.pid is not None:
            pids[change.name] = change.pid

    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        settings = load_settings(Path(folder) / "data", port=0, log_level="warning")
        await run_local(settings, lambda system: measure(asked, system, pids), changed)


if __name__ == "__main__":
    options = command_line("inbox", __doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--seconds", type=float, default=60)
    asyncio.run(run(options.parse_args()))
