"""Pages per second of a crawl: a packaged documentation, served on this machine, without any delay."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from benchmarks.tables import command_line, show, table
from schemas.events import Chunking
from schemas.sources.web_scrape import WebScrapeConfig
from services.chunking.stage import cut
from services.connectors.lister import Item
from services.connectors.web.access import WebAccess
from services.connectors.web.lister import WebLister
from services.parsing import parse

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


async def crawl(url: str, limit: int, kept: Kept) -> tuple[float, float, int, int]:
    """Seconds to list, seconds to read, parse and cut what has changed; pages listed, pages changed."""
    config = WebScrapeConfig(starting_url=url, page_limit=limit)
    access = WebAccess(allowed_hosts=frozenset({"127.0.0.1"}), delay_s=0)
    lister = WebLister(config, access, kept)
    try:
        began = time.perf_counter()
        entries = [entry async for page in lister.pages() for entry in page]
        items = {entry.key: entry for entry in entries if isinstance(entry, Item)}
        listed = time.perf_counter()
        changed = [
            item
            for key, item in items.items()
            if key not in kept.items or kept.items[key].version != item.version
        ]
        for item in changed:
            content = await lister.read(item)
            await asyncio.to_thread(_parsed_and_cut, item.key, content.body, content.content_type)
        kept.items = items
        return listed - began, time.perf_counter() - listed, len(items), len(changed)
    finally:
        await lister.aclose()


def _parsed_and_cut(key: str, body: bytes, content_type: str | None) -> int:
    document = parse(body, "page.html", content_type, main_content=True)
    return len(cut(document.markdown, key, document.text_type, Chunking(), []))


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


async def measured(folder: Path | None, start: str, limit: int) -> None:
    """Two crawls, and a table of them."""
    kept, rows = Kept(), []
    async with served(folder) as url:
        for name in ("first", "again"):
            listing, reading, pages, changed = await crawl(f"{url}/{start}", limit, kept)
            rate = pages / (listing + reading)
            rows.append(
                (name, f"{pages:,}", f"{changed:,}", f"{listing:.1f}", f"{reading:.1f}", f"{rate:.0f}")
            )
    head = ("crawl", "pages", "changed", "listing s", "read, parsed, cut s", "pages/s")
    show(table(str(folder or "pages made up"), head, rows))


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
    asyncio.run(measured(found, given.start or ("index.html" if found else ""), given.pages))


if __name__ == "__main__":
    main()
