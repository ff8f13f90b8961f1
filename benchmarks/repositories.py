"""A repository that changes a little: from the commit to found, and a run that finds nothing new.

    python -m benchmarks repositories [--files 10000] [--rounds 5]

Then a branch in which one file of a hundred differs is synced into a collection of its own, and the default
branch into a third: how many texts of each the model has embedded, and how many had their vectors already.

Starts what `headrace up` starts on a temporary data folder, and git's own `http-backend` as the server. The
repository has small files, so that the first run does not take an hour. Beside it stands what a run without
a mirror does: `git clone --depth 1` of the newest commit.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks.plain import DATABASE, TENANT
from benchmarks.tables import command_line, show, table
from headrace.cli.settings import load_settings
from headrace.client.gateway import GatewayClient
from headrace.local.system import LocalSystem, run_local
from schemas.api import InvocationProgress
from schemas.ids import text_sha256
from tests.services.connectors.github.git_server import GitServer, serving
from tests.services.connectors.github.repositories import Repository

COLLECTION = "repository"
_RUN_SECONDS = 3600.0
#: The counter of the embedding service.
_TEXTS = 'headrace_embedded_texts_total{{source="{}"}}'
#: How often Chroma and the gateway are asked; a figure may be longer by as much.
_ASK_SECONDS = 0.02

#: Texts that the model has embedded, and those whose vectors came from the cache.
Embedded = tuple[int, int]


class Bench:
    """One repository, one collection."""

    def __init__(
        self, system: LocalSystem, client: GatewayClient, repository: Repository, data: Path
    ) -> None:
        self._system, self._client, self._repository, self._data = system, client, repository, data
        self._source = ""

    async def first(self, files: int) -> InvocationProgress:
        """Commit and sync everything."""
        texts = {_path(n): f"Page {n} says {text_sha256(str(n))[:8]}.\n" for n in range(files)}
        await asyncio.to_thread(self._repository.commit, texts)
        config = {"github": {"repository": self._repository.name}, "database_name": DATABASE}
        self._source = await self._client.create_source(config)
        return await self.run()

    async def branch(self, files: int, http: aiohttp.ClientSession) -> tuple[InvocationProgress, Embedded]:
        """Sync a branch in which one file of a hundred differs."""
        texts = {_path(n): f"Page {n} of the branch.\n" for n in range(0, files, 100)}
        await asyncio.to_thread(self._repository.branch, "next", texts)
        return await self.anew("repository-next", http, branch="next")

    async def anew(
        self, collection: str, http: aiohttp.ClientSession, **ref: str
    ) -> tuple[InvocationProgress, Embedded]:
        """Sync into a collection that does not exist yet."""
        before = await self._embedded(http)
        progress = await self.run(collection, **ref)
        after = await self._embedded(http)
        return progress, (after[0] - before[0], after[1] - before[1])

    async def _embedded(self, http: aiohttp.ClientSession) -> Embedded:
        """The counters of the embedding service, which is one process here."""
        port = (self._data / "ports" / "embedding").read_text().strip()
        async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        counts = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        sources = ("model", "cache")
        model, cache = (int(float(counts.get(_TEXTS.format(one), 0))) for one in sources)
        return model, cache

    async def run(self, collection: str = COLLECTION, **ref: str) -> InvocationProgress:
        """A run to its end. Exits when it fails."""
        options = {"ref_identifier": ref} if ref else {}
        invocation = await self._client.create_invocation(self._source, collection, options)
        async with asyncio.timeout(_RUN_SECONDS):
            while True:
                progress = await self._client.progress(invocation)
                if progress.finished_at is not None:
                    break
                await asyncio.sleep(_ASK_SECONDS)
        if "complete" not in progress.model_dump()["status"]:
            raise SystemExit(f"the run has failed: {progress.status}")
        return progress

    async def change(self, number: int, http: aiohttp.ClientSession) -> tuple[float, InvocationProgress]:
        """Change one file and run: seconds from the commit to found, and the run."""
        path, text = _path(number), f"Changed in round {number} at {time.time()}.\n"
        await asyncio.to_thread(self._repository.commit, {path: text})
        begun = time.perf_counter()
        running = asyncio.create_task(self.run())
        await self._found(path, text, http)
        found = time.perf_counter() - begun
        return found, await running

    async def _found(self, path: str, text: str, http: aiohttp.ClientSession) -> None:
        base = f"{self._system.running.chroma_url}/api/v2/tenants/{TENANT}/databases/{DATABASE}/collections"
        async with http.get(f"{base}/{COLLECTION}") as answer:
            identity = (await answer.json())["id"]
        id_ = f"{text_sha256(f'{self._source}{chr(0)}{path}')}-0"
        body = {"ids": [id_], "include": ["documents"]}
        async with asyncio.timeout(_RUN_SECONDS):
            while True:
                async with http.post(f"{base}/{identity}/get", json=body) as answer:
                    if text.strip() in str((await answer.json())["documents"]):
                        return
                await asyncio.sleep(_ASK_SECONDS)


async def measure(asked: argparse.Namespace, system: LocalSystem, server: GitServer, work: Path) -> None:
    """All figures on a system that is ready."""
    repository = server.repository("bench/repository")
    async with GatewayClient(system.running.url, system.key) as client, aiohttp.ClientSession() as http:
        bench = Bench(system, client, repository, work / "data")
        first = await bench.first(asked.files)
        quiet: list[float] = []
        changed: list[tuple[float, InvocationProgress]] = []
        for number in range(-1, asked.rounds):  # the first round warms up
            begun = time.perf_counter()
            nothing = await bench.run()
            seconds = time.perf_counter() - begun
            change = await bench.change(asked.files // 2 + number, http)
            if number >= 0:
                quiet.append(seconds)
                changed.append(change)
        branch, of_branch = await bench.branch(asked.files, http)
        anew, of_anew = await bench.anew("repository-again", http)
        cloned = await _clone(server, work)
    rows = [
        ("first run", _seconds(first), _counted(first)),
        ("nothing new", f"{median(quiet):.2f} (most {max(quiet):.2f})", _counted(nothing)),
        (
            "one file changed: commit to found",
            f"{median(s for s, _ in changed):.2f} (most {max(s for s, _ in changed):.2f})",
            _counted(changed[-1][1]),
        ),
        ("another branch, 1 % other files", _seconds(branch), f"{_counted(branch)}; {_shown(of_branch)}"),
        ("a new collection", _seconds(anew), f"{_counted(anew)}; {_shown(of_anew)}"),
        ("git clone --depth 1, nothing indexed", f"{cloned:.2f}", ""),
    ]
    show(table(f"a repository of {asked.files:,} files", ("run", "seconds", "came to"), rows))


async def _clone(server: GitServer, work: Path) -> float:
    begun = time.perf_counter()
    command = (
        "git",
        "clone",
        "--quiet",
        "--depth=1",
        f"{server.url}/bench/repository.git",
        str(work / "clone"),
    )
    process = await asyncio.create_subprocess_exec(*command)
    await process.wait()
    return time.perf_counter() - begun


def _counted(progress: InvocationProgress) -> str:
    counts: Mapping[str, int] = progress.counts.model_dump()
    named = ", ".join(f"{counts[name]:,} {name}" for name in ("indexed", "unchanged") if counts[name])
    return f"{named}; blobs fetched: {progress.facts['blobs_fetched']}"


def _seconds(progress: InvocationProgress) -> str:
    return f"{(progress.elapsed_ms or 0) / 1000:.1f}"


def _shown(embedded: Embedded) -> str:
    return f"embedded: {embedded[0]:,}; from the cache: {embedded[1]:,}"


def _path(number: int) -> str:
    return f"docs/{number // 100:03}/{number:06}.md"


async def run(asked: argparse.Namespace) -> None:
    """Start everything, measure, stop everything."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        async with serving(Path(folder) / "served") as server:
            os.environ["HEADRACE_GITHUB_URL"] = server.url  # the services are processes of their own
            settings = load_settings(Path(folder) / "data", port=0, log_level="warning")
            await run_local(settings, lambda system: measure(asked, system, server, Path(folder)))


def main() -> None:
    """Read the command line and print the table."""
    parser = command_line("repositories", __doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
