"""Pages per second of a crawl: a packaged documentation, served on this machine, without any delay.

    python -m benchmarks web [--folder /usr/share/doc/python3/html] [--pages 1000]

Pages are fetched, read, parsed and cut by the code and the processes of the services, without Kafka between
them: one process crawls, one extracts pages, as many as there are cores parse and cut. The web server is a
process of its own on the same cores. "CPU ms/page" is that of all of them but the server.
"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web
from rich.table import Table

from benchmarks.apart import served_apart
from benchmarks.cutting import parsed_and_cut
from benchmarks.processor import seconds_by_name
from benchmarks.tables import command_line, show, table
from schemas.sources.web_scrape import WebScrapeConfig
from services.connectors.lister import Content, Item
from services.connectors.web.access import WebAccess
from services.connectors.web.lister import WebLister
from services.connectors.web.pages.parser import PageParser, page_workers
from streams.processes.pool import WorkerPool

CORES = os.cpu_count() or 1
#: Where Debian's python3-doc, sqlite3-doc and a Rust toolchain put theirs.
_PACKAGED = ("python3/html", "python3-doc/html", "python3.1?/html", "sqlite3")
_GENERATED_PAGES = 500


class Kept:
    """What the crawl before has kept."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def keys(self) -> Iterator[str]:
        """Keys in order."""
        yield from sorted(self.items)

    def memo(self, key: str) -> bytes | None:
        """What is remembered of a page."""
        return self.items[key].memo if key in self.items else None

    def version(self, key: str) -> str | None:
        """The version that its memo was kept for."""
        return self.items[key].version if key in self.items else None


@dataclass(frozen=True, slots=True)
class Crawled:
    """What a crawl took."""

    listing_s: float
    reading_s: float
    cpu_s: float
    pages: int
    changed: int


async def crawl(url: str, limit: int, kept: Kept, pages: WorkerPool, cutters: WorkerPool) -> Crawled:
    """List a site, then read, parse and cut what has changed."""
    config = WebScrapeConfig(starting_url=url, page_limit=limit)
    access = WebAccess(allowed_hosts=frozenset({"127.0.0.1"}), delay_s=0)
    lister = WebLister(config, access, kept, parser=PageParser(pages))
    in_flight = asyncio.Semaphore(2 * CORES)

    async def cut(item: Item, content: Content) -> None:
        await cutters.run(parsed_and_cut, content.body, content.content_type, item.key)
        in_flight.release()

    try:
        began, cpu = time.perf_counter(), cpu_of_tree()
        entries = [entry async for page in lister.pages() for entry in page]
        items = {entry.key: entry for entry in entries if isinstance(entry, Item)}
        listed = time.perf_counter()
        known = {key: item.version for key, item in kept.items.items()}
        changed = [item for key, item in sorted(items.items()) if known.get(key) != item.version]
        async with asyncio.TaskGroup() as cutting:
            for item in changed:
                await in_flight.acquire()
                cutting.create_task(cut(item, await lister.read(item)))
        kept.items = items
        ended = time.perf_counter()
        return Crawled(listed - began, ended - listed, cpu_of_tree() - cpu, len(items), len(changed))
    finally:
        await lister.aclose()


def cpu_of_tree() -> float:
    """CPU seconds of this process and those below it, without the web server."""
    [server] = multiprocessing.active_children()
    return seconds_by_name({"crawl": os.getpid(), "server": server.pid or 0}).get("crawl", 0.0)


@asynccontextmanager
async def served(folder: Path | None) -> AsyncIterator[str]:
    """The address of a folder of pages, or of pages made up."""
    app = web.Application()
    if folder is None:
        app.router.add_get("/{name:.*}", _made_up)
    else:
        app.router.add_static("/", folder)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _made_up(request: web.Request) -> web.Response:
    name = request.match_info["name"].removesuffix(".html") or "0"
    if not name.isdigit() or int(name) >= _GENERATED_PAGES:
        return web.Response(status=404)
    number = int(name)
    links = "".join(f'<li><a href="/{n}.html">Page {n}</a></li>' for n in range(number, number + 20))
    text = "".join(f"<h2>Part {n}</h2><p>{f'Sentence {n} of page {number}. ' * 20}</p>" for n in range(20))
    body = f"<html><head><title>Page {number}</title></head><body><ul>{links}</ul>{text}</body></html>"
    etag = f'"{number}"'
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers={"ETag": etag})
    return web.Response(text=body, content_type="text/html", headers={"ETag": etag})


def serve(folder: Path | None, told: Connection) -> None:
    """A folder over HTTP in this process, until the other end closes."""

    async def serving() -> None:
        async with served(folder) as url:
            told.send(url)
            await asyncio.to_thread(told.poll, None)

    asyncio.run(serving())


async def measured(url: str, limit: int) -> Table:
    """Two crawls, and a table of them."""
    kept, rows = Kept(), []
    loaded = ["services.parsing.sandbox.preloaded", "benchmarks.cutting"]  # as in the service
    pages, cutters = page_workers(), WorkerPool(CORES, 120, preload=loaded)
    await PageParser(pages).whole_text(
        b"<p>", None
    )  # workers load their libraries before anything is measured
    await asyncio.gather(*(cutters.run(parsed_and_cut, b"<p>a", None, "a") for _ in range(CORES)))
    for name in ("first", "again"):
        found = await crawl(url, limit, kept, pages, cutters)
        seconds = found.listing_s + found.reading_s
        rows.append(
            (
                name,
                f"{found.pages:,}",
                f"{found.changed:,}",
                f"{found.listing_s:.1f}",
                f"{found.reading_s:.1f}",
                f"{found.pages / seconds:.0f}",
                f"{1000 * found.cpu_s / found.pages:.1f}",
            )
        )
    pages.close()
    cutters.close()
    head = ("crawl", "pages", "changed", "listing s", "read, parsed, cut s", "pages/s", "CPU ms/page")
    return table(f"load {os.getloadavg()[0]:.1f} on {CORES} cores", head, rows)


def packaged() -> Path | None:
    """A documentation that a package of this machine has brought."""
    found = (index for one in _PACKAGED for index in sorted(Path("/usr/share/doc").glob(f"{one}/index.html")))
    return next((index.parent for index in found), None)


def main() -> None:
    parser = command_line("web", __doc__)
    parser.add_argument(
        "--folder", type=Path, help="of HTML; default: a packaged documentation, else made up"
    )
    parser.add_argument("--start", default="", help="page below the folder that the crawl begins with")
    parser.add_argument("--pages", type=int, default=1000, help="most pages")
    given = parser.parse_args()
    found = given.folder or packaged()
    start = given.start or ("index.html" if found else "")
    with served_apart(serve, found and found.resolve()) as url:
        shown = asyncio.run(measured(f"{url}/{start}", given.pages))
    show(shown)


if __name__ == "__main__":
    main()
