"""A packaged documentation through the whole pipeline, without any delay; and the same again.

    python -m benchmarks crawl [--folder /usr/share/doc/python3.11/html] [--pages 1000] [--no-vectors]

Starts the broker, Chroma and every service as processes of their own, and a web server in another one. The
embedder is a stub, so that the figure is of what is before it. "cut" is when the last page has been
fetched, parsed and cut; "indexed" when it was in Chroma. Beside it stands what fetching the pages alone
takes, one after the other over one connection. CPU is that of all processes without the web server.

A run has three seconds of work in flight, so pages are cut as fast as they are indexed. With `--no-vectors`
nothing is written to Chroma, whose graph otherwise takes most of the time.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from rich.table import Table

from benchmarks.apart import served_apart
from benchmarks.processor import seconds_by_name
from benchmarks.tables import command_line, show, table
from benchmarks.web import packaged, serve
from streams.local import LocalBroker, LocalChroma
from tests.system.pipeline import Pipeline, running

COLLECTION = "site"
_ASK_SECONDS = 0.2
#: A run that takes longer has something wrong with it.
_RUN_SECONDS = 600.0
#: Vectors of the dimension of the usual model, each at once; equal ones would be hard on Chroma's graph.
_STUB = """
import sys
if sys.argv[1] == "embedding":
    import headrace.wiring.services
    import numpy as np

    class Stub:
        model, fingerprint, dimension, max_tokens = "stub", "stub", 384, 100_000

        drawn = np.random.default_rng(1).standard_normal((4096, dimension), np.float32)

        async def embed_documents(self, texts, task=None):
            numbers = np.array([hash(text) for text in texts])
            vectors = self.drawn[numbers % 4096] + self.drawn[numbers // 4096 % 4096]
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

        embed_queries = embed_documents

        async def close(self):
            pass

    headrace.wiring.services.open_cached  # what the service opens its models with
    headrace.wiring.services.open_cached = lambda *args: Stub()
"""
#: Everything of indexing but Chroma's own work: its states, transactions and progress.
_NO_VECTORS = """
if sys.argv[1] == "indexing":
    from services.indexing import ChromaStore

    async def nothing(*args):
        pass

    ChromaStore.upsert  # what the service writes with
    ChromaStore.upsert = nothing
"""


@dataclass
class Run:
    """What a run took.

    Attributes:
        cut_s, indexed_s: from the request to the last page.
        cpu_s: by process.
    """

    name: str
    counts: Mapping[str, int]
    cut_s: float
    indexed_s: float
    cpu_s: Mapping[str, float]

    @property
    def pages(self) -> int:
        """Documents that the run has seen."""
        return self.counts["indexed"] + self.counts["unchanged"]

    def cpu_ms(self, name: str, idle: Mapping[str, float]) -> float:
        """CPU of a process, a page, without what it takes when there is nothing to do."""
        return max(0.0, 1000 * (self.cpu_s[name] - idle[name] * self.indexed_s) / self.pages)


def pids_of(pipeline: Pipeline) -> dict[str, int]:
    """The processes of the system."""
    return {each: state.pid for each, state in pipeline.supervisor.states.items() if state.pid is not None}


async def idle(pipeline: Pipeline, seconds: float = 5.0) -> dict[str, float]:
    """Share of a core that each process takes when there is nothing to do."""
    pids = pids_of(pipeline)
    before = seconds_by_name(pids)
    await asyncio.sleep(seconds)
    after = seconds_by_name(pids)
    return {name: (after[name] - before[name]) / seconds for name in pids}


async def run(pipeline: Pipeline, source: str, name: str) -> Run:
    """One run to its end."""
    pids = pids_of(pipeline)
    before, begun, cut_s = seconds_by_name(pids), time.perf_counter(), 0.0
    invocation = await pipeline.begin(source, COLLECTION)
    while True:
        _, progress = await pipeline.call("GET", f"/api/v1/invocations/{invocation}/progress")
        counts: dict[str, Any] = progress["counts"]
        if not cut_s and progress["total"] and counts["chunked"] + counts["unchanged"] >= progress["total"]:
            cut_s = time.perf_counter() - begun
        if progress.get("status") not in ("pending", "processing"):
            break
        if time.perf_counter() - begun > _RUN_SECONDS:
            raise SystemExit(
                f"the run has not ended within {_RUN_SECONDS:.0f} s: {counts}, cut {cut_s:.1f} s"
            )
        await asyncio.sleep(_ASK_SECONDS)
    seconds, after = time.perf_counter() - begun, seconds_by_name(pids)
    if counts["failed"] or not counts["indexed"] + counts["unchanged"]:
        raise SystemExit(f"the run has failed: {progress}")
    return Run(name, counts, cut_s or seconds, seconds, {each: after[each] - before[each] for each in pids})


async def fetched_alone(url: str, paths: list[str]) -> float:
    """Seconds for these pages, one after the other over one connection."""
    begun = time.perf_counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as http:
        for path in paths:
            async with http.get(f"{url}/{path}") as answer:
                await answer.read()
    return time.perf_counter() - begun


async def measure(folder: Path, paths: list[str], limit: int, before: str, work: Path) -> None:
    """Two runs, and a table of them."""
    with served_apart(serve, folder) as url:
        broker_of, chroma_of = LocalBroker(work / "kafka", authenticate=False), LocalChroma(work / "chroma")
        async with broker_of as broker, chroma_of as chroma:
            data = work / "data"
            data.mkdir()
            settings = {"HEADRACE_RUN_WINDOW": "1000"}
            async with running(
                broker.bootstrap_servers, chroma.url, data, before=before, settings=settings
            ) as pipeline:
                config = {"starting_url": f"{url}/index.html", "page_limit": limit}
                source = await pipeline.source_of({"web_scrape": config})
                runs = [await run(pipeline, source, name) for name in ("first", "again")]
                quiet = await idle(pipeline)
        fetching = await fetched_alone(url, paths)
    show(rates(folder, runs, len(paths) / fetching, quiet), costs(runs, quiet))


def rates(folder: Path, runs: list[Run], alone: float, quiet: Mapping[str, float]) -> Table:
    """Pages a second, beside fetching alone."""
    rows = [
        (
            each.name,
            f"{each.pages:,}",
            f"{each.counts['indexed']:,}",
            f"{each.cut_s:.1f}",
            f"{each.pages / each.cut_s:.0f}",
            f"{each.pages / each.cut_s / alone:.2f}",
            f"{each.indexed_s:.1f}",
            f"{sum(each.cpu_ms(name, quiet) for name in quiet):.1f}",
        )
        for each in runs
    ]
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    title = f"{folder}; fetching alone: {alone:.0f} pages/s; {load}"
    columns = ("run", "pages", "written", "cut s", "pages/s", "x fetching", "indexed s", "CPU ms/page")
    return table(title, columns, rows)


def costs(runs: list[Run], quiet: Mapping[str, float]) -> Table:
    """CPU of each process, a page."""
    names = sorted(runs[0].cpu_s, key=lambda name: -runs[0].cpu_s[name])
    rows = [(name, *(f"{each.cpu_ms(name, quiet):.2f}" for each in runs)) for name in names]
    title = "CPU by process, ms a page, without what it takes when idle"
    return table(title, ("process", *(each.name for each in runs)), rows)


def main() -> None:
    """Read the command line and print the tables."""
    parser = command_line("crawl", __doc__)
    parser.add_argument("--folder", type=Path, help="of HTML; default: a packaged documentation")
    parser.add_argument("--pages", type=int, default=1000, help="most pages")
    parser.add_argument("--no-vectors", action="store_true", help="write nothing to Chroma")
    asked = parser.parse_args()
    before = _STUB + (_NO_VECTORS if asked.no_vectors else "")
    folder = asked.folder or packaged()
    if folder is None:
        raise SystemExit("no packaged documentation here: apt-get install python3-doc, or give --folder")
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as work:
        paths = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.html"))[: asked.pages]
        asyncio.run(measure(folder.resolve(), paths, asked.pages, before, Path(work)))


if __name__ == "__main__":
    main()
