"""The whole system as processes, and what a test wants to do with it and see of it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from headrace.cli.settings import load_settings
from headrace.local.supervisor import ProcessState, RestartDelay, Supervisor
from headrace.preload import PRELOAD
from headrace.wiring import SERVICES, run_service
from schemas.codec import SingleObjectCodec
from schemas.events import Chunk, Chunking, SparseRow
from services.chunking.stage import cut
from services.parsing import parse
from streams.kafka.client_config import read_client_config
from streams.kafka.cluster import Cluster, admin, ensure_topics, partition_counts
from streams.local import ProcessSpec
from streams.local.ports import free_port
from streams.processes.forked import ForkedProcess, Forks
from streams.state.reader import Reader, end_offsets
from streams.topics import SPARSE_ROWS
from tests.waiting import eventually

_RUN = """
import asyncio, sys
from headrace.wiring import run_service
from headrace.settings import Settings
asyncio.run(run_service(sys.argv[1], Settings()))
"""
KEY = "the-key-of-the-tests"
DATABASE = "default_database"
#: Without the sparse index, which only queries need.
PIPELINE = tuple(name for name in SERVICES if name != "searching")
#: Few, so that partitions hold several documents and every worker starts quickly.
PARTITIONS = 4
#: Small, so that a run or a burst of a test exceeds it.
RUN_WINDOW = 40


def serve(arguments: Sequence[str]) -> int:
    """What a forked process of a service does: what `_RUN` does."""
    asyncio.run(run_service(arguments[0], load_settings()))
    return 0


@dataclass
class Pipeline:
    """The gateway's and Chroma's HTTP interfaces, and the processes behind them."""

    cluster: Cluster
    chroma_url: str
    http: aiohttp.ClientSession
    supervisor: Supervisor
    data: Path
    environment: Mapping[str, str]
    program: str = _RUN
    forks: Forks | None = None  # None: each process starts Python and loads everything
    metrics_port: int = field(default_factory=free_port)  # of the first process of embedding
    killed: dict[str, int | None] = field(default_factory=dict)  # by `kill`

    async def start(self, service: str, slot: int = 0) -> str:
        """Start a process of a service; its name."""
        name = f"{service}-{slot}"
        argv = [sys.executable, "-c", self.program, service]
        environment = {**self.environment, "HEADRACE_SLOT": str(slot)}
        if slot:  # the gateway asks the first
            environment["HEADRACE_SEARCH_PORT"] = "0"
            environment.pop("HEADRACE_EMBED_PORT", None)
        elif service == "embedding":
            environment["HEADRACE_METRICS_PORT"] = str(self.metrics_port)

        async def fork(spec: ProcessSpec, log: int) -> ForkedProcess | None:
            return await self.forks.start([service], environment, log, ()) if self.forks else None

        spec = ProcessSpec(name, argv, self.data / f"{name}.log", environment, fork=fork)
        await self.supervisor.start(spec)
        return name

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Status and JSON of a request to the gateway."""
        async with self.http.request(method, path, **options) as response:
            return response.status, await response.json() if response.content_length else None

    async def source(self, folder: Path) -> str:
        """The id of a new source for a folder."""
        return await self.source_of({"folder": {"path": str(folder)}})

    async def source_of(self, config: dict[str, Any]) -> str:
        """The id of a new source of any type."""
        payload = {**config, "database_name": DATABASE}
        status, body = await self.call("POST", "/api/v1/sources", json=payload)
        assert status == 201, body
        return str(body["source_id"])

    async def begin(self, source: str, collection: str, allow_empty: bool = False) -> str:
        """Begin an invocation; its id."""
        path = f"/api/v1/sources/{source}/invocations"
        payload = {"target_collection_name": collection, "allow_empty": allow_empty}
        status, body = await self.call("POST", path, json=payload)
        assert status == 201, body
        return str(body["invocation_id"])

    async def sync(self, source: str, collection: str) -> dict[str, int]:
        """Run an invocation to its end; its counts, with `total`."""
        return await self.ended(await self.begin(source, collection))

    async def upload(self, collection: str, name: str, content: bytes, **fields: str) -> str:
        """Upload a file; the id of its invocation."""
        form = aiohttp.FormData()
        for key, value in {"database_name": DATABASE, "collection_name": collection, **fields}.items():
            form.add_field(key, value)
        form.add_field("file", content, filename=name)
        headers = {"x-upload-content-length": str(len(content))}
        status, body = await self.call("POST", "/api/v1/add-file", data=form, headers=headers)
        assert status == 201, body
        return str(body["invocation_id"])

    async def ended(self, invocation: str, within: float = 120) -> dict[str, int]:
        """Counts of an invocation once it is complete; fails if it fails or takes too long."""
        progress = await self.final(invocation, within)
        assert "complete" in progress["status"], progress
        return {**progress["counts"], "total": progress["total"]}

    async def final(self, invocation: str, within: float = 120) -> dict[str, Any]:
        """Progress of an invocation once it has ended, whichever way."""
        deadline = time.monotonic() + within
        progress: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                _, progress = await self.call("GET", f"/api/v1/invocations/{invocation}/progress")
            except aiohttp.ClientError:  # the gateway may be what a test has killed
                await asyncio.sleep(0.2)
                continue
            if progress.get("status") not in ("pending", "processing") and "counts" in progress:
                return progress
            await asyncio.sleep(0.05)
        raise AssertionError(f"not ended within {within:.0f} s: {progress}")

    async def counted(self, invocation: str, at_least: int, stage: str = "indexed") -> None:
        """Wait until so many documents have passed a stage: the run is in the middle."""
        async with asyncio.timeout(60):
            while True:
                _, progress = await self.call("GET", f"/api/v1/invocations/{invocation}/progress")
                if progress["counts"][stage] >= at_least:
                    return
                await asyncio.sleep(0.02)

    async def begun_anew(self, invocation: str) -> None:
        """Wait until another attempt has begun: nothing of it has passed a stage yet."""
        async with asyncio.timeout(60):
            while True:
                _, progress = await self.call("GET", f"/api/v1/invocations/{invocation}/progress")
                if not any(progress["counts"].values()):
                    return
                await asyncio.sleep(0.02)

    def signal(self, service: str, number: signal.Signals, slot: int = 0) -> None:
        """Send a signal to a process of a service."""
        pid = self.supervisor.states[f"{service}-{slot}"].pid
        assert pid is not None
        os.kill(pid, number)

    async def kill(self, service: str) -> None:
        """`kill -9` of the first process of a service, once it runs: an earlier one may have killed it."""
        name = f"{service}-0"

        def runs_anew() -> bool:
            now = self.supervisor.states[name]
            return now.state is ProcessState.RUNNING and now.pid != self.killed.get(name)

        await eventually(runs_anew, 60)
        self.killed[name] = self.supervisor.states[name].pid
        self.signal(service, signal.SIGKILL)

    async def drop(self, collection: str) -> None:
        """Delete a collection behind Headrace's back."""
        path = f"/api/v2/tenants/default_tenant/databases/{DATABASE}/collections/{collection}"
        async with aiohttp.ClientSession() as chroma, chroma.delete(self.chroma_url + path) as response:
            assert response.status == 200

    async def sparse(self, collection: str) -> tuple[set[str], int]:
        """Ids of a collection's rows on `sparse-rows`, and how many of them the index finds."""
        rows = await asyncio.to_thread(self._sparse_rows, collection)
        if not rows:
            return set(), 0
        body = {"collection_ids": sorted({row.collection_id for row in rows})}
        url, headers = self.environment["HEADRACE_SEARCH_URL"], {"Authorization": f"Bearer {KEY}"}
        found = {}
        with suppress(aiohttp.ClientError):  # it may be what a test has killed
            async with (
                aiohttp.ClientSession() as http,
                http.post(f"{url}/keys", json=body, headers=headers) as response,
            ):
                found = (await response.json()).get("collections", {})
        return {row.id for row in rows}, sum(key["indexed"] for keys in found.values() for key in keys)

    def _sparse_rows(self, collection: str) -> list[SparseRow]:
        count = partition_counts(admin(self.cluster), self.cluster)[SPARSE_ROWS.name]
        partitions = [(SPARSE_ROWS.name, number) for number in range(count)]
        reader, rows = Reader(self.cluster, SingleObjectCodec()), dict[str, SparseRow]()
        reader.assign(dict.fromkeys(partitions, 0))
        for batch in reader.read_to(end_offsets(self.cluster, partitions)):
            for change in batch.changes:
                rows.pop(change.key, None)
                if isinstance(change.event, SparseRow):
                    rows[change.key] = change.event
        reader.close()
        return [row for row in rows.values() if row.collection == collection]

    async def embedded(self) -> int:
        """How many texts the model has embedded since its process was started."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            lines = (await response.text()).splitlines()
        counts = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return int(float(counts.get('headrace_embedded_texts_total{source="model"}', 0)))

    async def rows(self, collection: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
        """Everything in a collection: id → document, metadata. Empty if there is no collection."""
        base = f"{self.chroma_url}/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"
        async with aiohttp.ClientSession() as chroma:
            async with chroma.get(f"{base}/{collection}") as response:
                if response.status == 404:
                    return {}
                identity = (await response.json())["id"]
            body = {"include": ["documents", "metadatas"]}
            async with chroma.post(f"{base}/{identity}/get", json=body) as response:
                found = await response.json()
        return {
            id_: (document, metadata)
            for id_, document, metadata in zip(
                found["ids"], found["documents"], found["metadatas"], strict=True
            )
        }


def chunks_of(name: str, content: bytes) -> list[Chunk]:
    """What the pure functions make of a file: what must be in the collection."""
    document = parse(content, name)
    return cut(document.markdown, name, document.text_type, Chunking(), [])


@asynccontextmanager
async def running(
    bootstrap: str,
    chroma_url: str,
    data: Path,
    kafka_config: Path | None = None,
    services: Sequence[str] = PIPELINE,
    before: str = "",
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Pipeline]:
    """Services as processes of their own, started again when they die; `before` is Python that each of
    them runs first, `settings` are further variables. Without `before` they are forked, as `headrace up` does
    it: starts of Python took ten seconds of a core."""
    properties = read_client_config(kafka_config) if kafka_config else {}
    cluster = Cluster(bootstrap, prefix=f"{data.name}.", properties=properties)
    await asyncio.to_thread(ensure_topics, cluster, PARTITIONS)
    port = free_port()
    search_port = free_port(frozenset({port}))
    environment = os.environ | {
        "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "HEADRACE_KAFKA_CONFIG": str(kafka_config or ""),
        "HEADRACE_TOPIC_PREFIX": cluster.prefix,
        "HEADRACE_CHROMA_URL": chroma_url,
        "HEADRACE_DATA_DIR": str(data),
        "HEADRACE_API_KEY": KEY,
        "HEADRACE_PORT": str(port),
        "HEADRACE_FOLDER_ROOTS": str(data.parent),
        "HEADRACE_GITHUB_URL": f"http://127.0.0.1:{free_port()}",  # for a test that serves there
        "HEADRACE_WEB_ALLOWED_HOSTS": "127.0.0.1",
        "HEADRACE_WEB_DELAY_SECONDS": "0",
        "HEADRACE_STATIC_MEMBERSHIP": "true",
        "HEADRACE_RUN_WINDOW": str(RUN_WINDOW),
        "HEADRACE_SPARSE_DEFAULT": "bm25",
        "HEADRACE_SEARCH_URL": f"http://127.0.0.1:{search_port}",
        "HEADRACE_SEARCH_PORT": str(search_port),
        "HEADRACE_SEARCH_TOKEN": KEY,
        **(settings or {}),
    }
    forks = Forks(PRELOAD, f"{__name__}:{serve.__name__}")
    with closing(forks):
        async with Supervisor(backoff=RestartDelay(first_s=0.1, most_s=0.5), signals=()) as supervisor:
            headers = {"x-chroma-token": KEY}
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as http:
                pipeline = Pipeline(cluster, chroma_url, http, supervisor, data, environment, before + _RUN)
                pipeline.forks = None if before else forks
                for name in services:
                    await pipeline.start(name)
                await _healthy(pipeline)
                yield pipeline


async def _healthy(pipeline: Pipeline) -> None:
    async with asyncio.timeout(90):
        while True:
            try:
                async with pipeline.http.get("/health") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
