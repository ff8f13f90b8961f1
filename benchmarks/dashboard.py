"""`python -m benchmarks dashboard`: pages of the dashboard over many invocations and documents.

A gateway on a broker of its own has read the invocations and sources from their topics; the index of
documents is filled as in `python -m benchmarks listing`. Chroma is away, which only the overview asks about.
Times are of whole HTTP requests of one browser.
"""

import asyncio
import logging
import re
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
import structlog
from aiohttp import web

from api import ChromaAccess, Gateway, Models
from api.app import create_app
from api.dependencies import PARTS
from api.views.documents import DocumentIndex
from benchmarks.listing import SOURCES, Tables, fold_all
from benchmarks.tables import command_line, show, table
from schemas.codec import SingleObjectCodec
from schemas.events import Chunking, Counts, Embedding, Invocation, Status, make_source
from schemas.sources.folder import FolderConfig
from streams.blobs import BlobStore
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.producer import EventProducer
from streams.local import LocalBroker
from streams.state.views import View
from streams.topics import INVOCATIONS
from streams.topics import SOURCES as SOURCES_TOPIC

_KEY, _ROUNDS = "benchmark", 15
_SCOPE: dict[str, Any] = {"tenant": "default_tenant", "database": "default_database"}


async def fill(cluster: Cluster, count: int) -> None:
    """Sources and their runs: one of a hundred has failed, five go on."""
    producer, began = EventProducer(cluster, SingleObjectCodec()), datetime.now(UTC)
    for number, id_ in enumerate(SOURCES):
        source = make_source(
            FolderConfig(path=f"/srv/handbook-{number}"),
            id=id_,
            type="folder",
            embedding=Embedding(model="m"),
            chunking=Chunking(),
            created_at=began,
            **_SCOPE,
        )
        await producer.send(Send(SOURCES_TOPIC, id_, source))
    sends = []
    for number in range(count):
        at = began - timedelta(seconds=60 * number)
        status = Status.PROCESSING if number < 5 else Status.FAILED if number % 100 == 7 else Status.COMPLETE
        run = Invocation(
            id=str(uuid.uuid4()),
            collection="docs-0",
            source_id=SOURCES[number % len(SOURCES)],
            source_type="folder",
            single_document=False,
            status=status,
            total=1_000,
            counts=Counts(parsed=900, chunked=900, embedded=800, indexed=700, unchanged=100, chunks=4_200),
            error="the folder cannot be read" if status is Status.FAILED else None,
            created_at=at,
            started_at=at,
            finished_at=None if status is Status.PROCESSING else at + timedelta(seconds=30),
            **_SCOPE,
        )
        sends.append(producer.send(Send(INVOCATIONS, run.id, run)))
    await asyncio.gather(*sends)
    await producer.close()


class Filled(DocumentIndex):
    """An index that is there, in place of the gateway's, which it closes."""

    def __init__(self, tables: Tables, replaced: DocumentIndex) -> None:
        super().__init__(cast(View, tables))
        self._replaced = replaced

    async def ready(self, timeout: float = 10) -> None:
        """At once."""

    async def close(self) -> None:
        """Close what it stands for."""
        await self._replaced.close()


async def signed_in(http: aiohttp.ClientSession) -> None:
    """Sign in, as a browser does."""
    async with http.get("/sign-in") as answer:
        token = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
    assert token is not None
    async with http.post("/sign-in", data={"csrf": token[1], "key": _KEY}, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()


async def timed(http: aiohttp.ClientSession, path: str) -> tuple[str, str, str, str]:
    """First, median and worst of some rounds, in milliseconds."""
    took = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        async with http.get(path, headers={"Accept": "text/html"}) as answer:
            await answer.read()
            assert answer.status == 200, path
        took.append((time.perf_counter() - began) * 1000)
    first, ordered = took[0], sorted(took)
    return path, f"{first:.0f}", f"{ordered[len(took) // 2]:.0f}", f"{ordered[-1]:.0f}"


async def measured(folder: Path, runs: int, documents: int) -> list[tuple[str, str, str, str]]:
    """The times of all pages."""
    tables = Tables(folder / "documents.sqlite")
    await asyncio.to_thread(fold_all, tables, documents)
    async with LocalBroker(folder / "kafka", authenticate=False) as broker:
        cluster = Cluster(broker.bootstrap_servers, prefix="dashboard.")
        await asyncio.to_thread(ensure_topics, cluster, 12)
        await fill(cluster, runs)
        gateway = Gateway(
            cluster=cluster,
            codec=SingleObjectCodec(),
            blobs=BlobStore(str(folder / "blobs")),
            state_folder=folder / "state",
            chroma=ChromaAccess("http://127.0.0.1:9"),
            models=Models("m"),
            admin_key=_KEY,
        )
        app = create_app(gateway)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        app[PARTS].index = Filled(tables, app[PARTS].index)
        url = "http://{}:{}".format(*runner.addresses[0][:2])
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(url, cookie_jar=jar) as http:
            await signed_in(http)
            paths = ("/", "/sources", f"/sources/{SOURCES[3]}", "/invocations")
            more = (
                "/invocations?status=failed",
                "/documents",
                f"/documents?source_id={SOURCES[3]}",
                "/documents?state=indexing",
                "/topics",
            )
            found = [await timed(http, path) for path in (*paths, *more)]
        await runner.cleanup()
    return found


def main() -> None:
    """Fill, and ask for each page."""
    parser = command_line("dashboard", __doc__)
    parser.add_argument("--invocations", type=int, default=10_000)
    parser.add_argument("--documents", type=int, default=1_000_000)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measured(Path(folder), given.invocations, given.documents))
    title = f"{given.invocations:,} invocations, {given.documents:,} documents: milliseconds"
    show(table(title, ("page", "first", "median", "worst"), rows))


if __name__ == "__main__":
    main()
