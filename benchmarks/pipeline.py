"""The whole pipeline beside a plain loop over the same functions, and the time from upload to found.

    python -m benchmarks pipeline [--documents 60] [--rounds 2] [--uploads 30] [--busy 100]

Starts what `headrace up` starts (broker, Chroma, every service a process of its own) on a temporary data
folder. A round syncs new documents through the pipeline and as many through the loop, in turns, into
collections of the same Chroma with the same settings; the vector cache has seen none of them, and the loop
has none. Both are warm. CPU is that of all processes of a side, Chroma's included.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import MappingProxyType

import aiohttp
from rich.table import Table

from benchmarks.plain import DATABASE, TENANT, PlainLoop
from benchmarks.processor import seconds_by_name
from benchmarks.tables import command_line, show, table
from benchmarks.texts import write_documents
from benchmarks.uploads import UploadBench, beside_a_sync
from headrace.cli.settings import load_settings
from headrace.client.gateway import GatewayClient, to_json
from headrace.embedding_models import models_of, open_embedder
from headrace.local.supervisor import StateChange
from headrace.local.system import LocalSystem, run_local
from services.indexing import ChromaStore

#: A run that takes longer has something wrong with it.
_RUN_SECONDS = 900
#: How often a run's progress is asked for; its end is what tracking wrote, so a figure is not the longer.
_ASK_SECONDS = 0.5
_IDLE_SECONDS = 3
_WARM_DOCUMENTS = 12
OWN, CHROMA = "this process", "chroma"


@dataclass
class Way:
    """What one way took: a figure for each round."""

    name: str
    counts: list[tuple[int, int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[Mapping[str, float]] = field(default_factory=list)

    def per_second(self, index: int) -> float:
        """Median of documents (0) or chunks (1) a second."""
        return median(count[index] / s for count, s in zip(self.counts, self.seconds, strict=True))

    def cpu_per_chunk(
        self, idle: Mapping[str, float] = MappingProxyType({}), name: str | None = None
    ) -> float:
        """Median of milliseconds of CPU a chunk, of one process or of all, without their idle shares."""
        found = []
        for (_, chunks), seconds, spent in zip(self.counts, self.seconds, self.cpu_seconds, strict=True):
            beyond = {each: max(0.0, cpu - idle.get(each, 0.0) * seconds) for each, cpu in spent.items()}
            found.append(1000 * (sum(beyond.values()) if name is None else beyond.get(name, 0.0)) / chunks)
        return median(found)


class RateBench:
    """Syncs folders through a running system and through the plain loop."""

    def __init__(
        self, system: LocalSystem, client: GatewayClient, http: aiohttp.ClientSession, loop: PlainLoop
    ) -> None:
        self._system, self._client, self._http, self._loop = system, client, http, loop
        self._pids: dict[str, int] = {}
        self.ways = Way("plain loop"), Way("pipeline")

    def watch(self, pids: Mapping[str, int]) -> None:
        """Processes whose CPU counts."""
        self._pids = dict(pids)

    async def round(self, folders: tuple[Path, Path], name: str, swapped: bool) -> None:
        """Both ways once, each with its folder."""
        plain, pipeline = self.ways
        steps: list[tuple[Way, Callable[[], Awaitable[tuple[int, int, float]]], list[str]]] = [
            (plain, lambda: self._loop.sync(folders[0], f"{name}-loop"), [OWN, CHROMA]),
            (pipeline, lambda: self.sync(folders[1], f"{name}-pipeline"), sorted(self._pids)),
        ]
        for way, work, counted in reversed(steps) if swapped else steps:
            before, begun = self._cpu(), time.time()
            documents, chunks, ended = await work()
            way.counts.append((documents, chunks))
            way.seconds.append(ended - begun)
            after = self._cpu()
            way.cpu_seconds.append({p: after.get(p, 0.0) - before.get(p, 0.0) for p in counted})
        in_loop, in_pipeline = [await self._rows(f"{name}-{way}") for way in ("loop", "pipeline")]
        if (in_loop, in_pipeline) != (plain.counts[-1][1], pipeline.counts[-1][1]):
            raise SystemExit(f"rows in Chroma: {in_loop} and {in_pipeline}, counted {plain}, {pipeline}")

    async def sync(self, folder: Path, collection: str) -> tuple[int, int, float]:
        """Documents and chunks of a run through the system, and when it was complete."""
        config = {"folder": {"path": str(folder)}, "database_name": DATABASE}
        source = await self._client.create_source(config)
        invocation = await self._client.create_invocation(source, collection)
        async with asyncio.timeout(_RUN_SECONDS):
            while True:
                progress = await self._client.progress(invocation)
                if progress.finished_at is not None:
                    break
                await asyncio.sleep(_ASK_SECONDS)
        counts = to_json(progress)["counts"]
        if counts["failed"]:
            raise SystemExit(f"{counts['failed']} documents failed: {progress.last_errors}")
        return counts["indexed"], counts["chunks"], progress.finished_at.timestamp()

    async def idle(self, seconds: float) -> dict[str, float]:
        """Share of a core that each process takes when there is nothing to do."""
        before = self._cpu()
        await asyncio.sleep(seconds)
        return {name: (spent - before[name]) / seconds for name, spent in self._cpu().items() if name != OWN}

    def _cpu(self) -> dict[str, float]:
        return seconds_by_name(self._pids) | {OWN: time.process_time()}

    async def _rows(self, collection: str) -> int:
        base = f"/api/v2/tenants/{TENANT}/databases/{DATABASE}/collections"
        async with self._http.get(f"{self._system.running.chroma_url}{base}/{collection}") as answer:
            identity = (await answer.json())["id"]
        async with self._http.get(f"{self._system.running.chroma_url}{base}/{identity}/count") as answer:
            return int(await answer.text())


def rates(ways: tuple[Way, Way], idle: Mapping[str, float]) -> Table:
    """Documents and chunks a second, and what they cost beyond what the processes take when idle."""
    plain = ways[0]
    documents, chunks = plain.counts[-1]
    rows = []
    for way in ways:
        paired = zip(way.seconds, way.counts, plain.seconds, plain.counts, strict=True)
        ratio = median(own[1] / s / (base[1] / b) for s, own, b, base in paired)
        rows.append(
            (
                way.name,
                f"{median(way.seconds):.1f}",
                f"{way.per_second(0):.2f}",
                f"{way.per_second(1):.1f}",
                f"{ratio:.2f}",
                f"{way.cpu_per_chunk():.1f}",
                f"{way.cpu_per_chunk(idle):.1f}",
                f"{plain.cpu_per_chunk(idle) / (way.cpu_per_chunk(idle) or 1):.2f}",
            )
        )
    columns = (
        "way",
        "seconds",
        "documents/s",
        "chunks/s",
        "x loop",
        "CPU ms/chunk",
        "without idle",
        "x loop",
    )
    rounds = f"{len(plain.seconds)} rounds in turns"
    return table(f"whole pipeline, {rounds}, each {documents} new documents, {chunks} chunks", columns, rows)


def costs(ways: tuple[Way, Way], idle: Mapping[str, float]) -> Table:
    """CPU of each process: a chunk, and with nothing to do."""
    plain, pipeline = ways
    rows = []
    for name in sorted({*idle, OWN}, key=lambda each: -pipeline.cpu_per_chunk({}, each)):
        figures = [way.cpu_per_chunk(idle, name) for way in (pipeline, plain)]
        quiet = f"{100 * idle[name]:.1f}" if name in idle else "-"
        rows.append((name, *(f"{each:.1f}" if each else "-" for each in figures), quiet))
    rows.append(
        (
            "all",
            *(f"{w.cpu_per_chunk(idle):.1f}" for w in (pipeline, plain)),
            f"{100 * sum(idle.values()):.1f}",
        )
    )
    columns = ("process", "pipeline, ms/chunk", "plain loop, ms/chunk", "idle, % of a core")
    return table("CPU by process, without what it takes when idle", columns, rows)


async def measure(
    asked: argparse.Namespace, system: LocalSystem, pids: Mapping[str, int], work: Path
) -> None:
    """Both measurements on a system that is ready."""
    settings = system.wiring.settings
    model = models_of(settings).default
    embedder = await asyncio.to_thread(open_embedder, settings, model)
    chroma = ChromaStore(system.running.chroma_url)
    loop = PlainLoop(chroma, embedder, model, settings.embed_context)
    async with GatewayClient(system.running.url, system.key) as client, aiohttp.ClientSession() as http:
        rate = RateBench(system, client, http, loop)
        rate.watch(pids)
        await rate.round(_folders(work, asked, "warm", _WARM_DOCUMENTS), "warm", swapped=False)
        rate.ways = Way("plain loop"), Way("pipeline")
        for number in range(asked.rounds):
            folders = _folders(work, asked, f"round-{number}", asked.documents)
            await rate.round(folders, f"round-{number}", swapped=number % 2 == 1)
        idle = await rate.idle(_IDLE_SECONDS)
        if asked.rounds:
            show(rates(rate.ways, idle), costs(rate.ways, idle))
        if asked.uploads:
            show(*await UploadBench(system, http, loop).run(asked.uploads, asked.seed))
        if asked.busy:
            write_documents(work / "busy", asked.busy, asked.seed - 1)
            sync = asyncio.create_task(rate.sync(work / "busy", "busy"))
            found = await UploadBench(system, http, loop).beside(sync, asked.seed)
            await sync
            show(beside_a_sync(found, asked.busy))
    await chroma.close()
    await embedder.close()


def _folders(work: Path, asked: argparse.Namespace, name: str, documents: int) -> tuple[Path, Path]:
    """The documents of a round, the loop's and the pipeline's: equal, unless one cache could see both."""
    if asked.folder is not None and name != "warm":
        return asked.folder, asked.folder
    folder = work / name
    write_documents(folder, documents, asked.seed + sum(name.encode()))
    return folder, folder


async def run(asked: argparse.Namespace) -> None:
    """Start everything, measure, stop everything."""
    pids: dict[str, int] = {}

    def changed(change: StateChange) -> None:
        if change.pid is not None:
            pids[change.name] = change.pid

    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        roots = [str(path) for path in (folder, asked.folder) if path is not None]
        settings = load_settings(Path(folder) / "data", port=0, log_level="warning", folder_roots=roots)
        await run_local(settings, lambda system: measure(asked, system, pids, Path(folder)), changed)


def main() -> None:
    """Read the command line and print the tables."""
    parser = command_line("pipeline", __doc__)
    parser.add_argument("--documents", type=int, default=60, help="of a round")
    parser.add_argument("--rounds", type=int, default=2, help="how often each way runs; 0: uploads alone")
    parser.add_argument("--uploads", type=int, default=30, help="0: rates alone")
    parser.add_argument("--busy", type=int, default=0, help="also uploads while so many documents are synced")
    parser.add_argument("--folder", type=Path, help="sync this folder, in one round, instead of new texts")
    parser.add_argument("--seed", type=int, default=1, help="other texts")
    asked = parser.parse_args()
    if asked.folder is not None:
        asked.folder, asked.rounds = asked.folder.resolve(), 1  # a second round would find its vectors cached
    asyncio.run(run(asked))


if __name__ == "__main__":
    main()
