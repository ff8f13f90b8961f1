"""A run that was interrupted goes on where it was: nothing that was fetched is fetched again."""

import asyncio
import os
import time
from pathlib import Path

import pytest
from aiohttp import web

from schemas.sources.web_scrape import WebScrapeConfig
from services.connectors.lister import Access
from services.connectors.web.lister import WebLister, WebOrigin
from services.connectors.web.transport.spool import KEPT_SECONDS, Spool
from tests.services.connectors.listing import Listing
from tests.services.connectors.web.site import Indexed, Site, access, crawl, page

_PAGES = [f"/{name}" for name in "abcdef"]


def lister(site: Site, folder: Path, indexed: Indexed | None = None) -> WebLister:
    config = WebScrapeConfig(starting_url=site.url + "/")
    return WebLister(config, access(site), indexed or Indexed(), pause_s=0.001, spool=Spool(folder))


async def interrupted(site: Site, folder: Path, at: str, indexed: Indexed | None = None) -> None:
    """A crawl that ends with its process while it waits for a page."""
    asked = asyncio.Event()
    answer = site.pages[at]

    async def slow(request: web.Request) -> web.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    site.pages[at] = slow
    first = lister(site, folder, indexed)
    crawling = asyncio.create_task(Listing.of(first))
    await asyncio.wait_for(asked.wait(), 10)
    crawling.cancel()
    await asyncio.gather(crawling, return_exceptions=True)
    await first.aclose()
    site.pages[at] = answer


async def listed(site: Site, folder: Path) -> Listing:
    """A whole crawl."""
    made = lister(site, folder)
    try:
        return await Listing.of(made)
    finally:
        await made.aclose()


@pytest.mark.parametrize("known", [False, True])
async def test_the_next_attempt_asks_only_for_what_is_left(
    site: Site, indexed: Indexed, tmp_path: Path, known: bool
) -> None:
    site.etags = True
    site.pages = {"/": page("start", *_PAGES)} | {name: page(f"text of {name}") for name in _PAGES}
    if known:
        await crawl(site, indexed)
        site.pages["/b"] = page("new text of /b")
    unbroken = (await crawl(site, Indexed())).listing
    site.asked.clear()

    await interrupted(site, tmp_path / "run", "/d", indexed)
    second = lister(site, tmp_path / "run", indexed)
    listing = await Listing.of(second)

    once = {name: 2 if name == "/d" else 1 for name in ("/", *_PAGES)}
    assert {name: site.counts[name] for name in once} == once
    assert (site.counts["/robots.txt"], site.counts["/sitemap.xml"]) == (1, 1)
    versions = {key.removeprefix(site.url): item.version for key, item in listing.items.items()}
    assert versions == {key: item.version for key, item in unbroken.items.items()}
    read = await second.read(listing.items[f"{site.url}/a"])
    assert "text of /a" in read.body.decode()
    await second.aclose()


async def test_a_page_that_failed_is_asked_again_by_the_next_attempt(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("start", "/a", "/b"), "/a": 500, "/b": page("b")}
    await interrupted(site, tmp_path / "run", "/b")
    site.pages["/a"] = page("a")
    listing = await listed(site, tmp_path / "run")
    assert {key.removeprefix(site.url) for key in listing.items} == {"/", "/a", "/b"}


async def test_what_was_fetched_too_long_ago_is_fetched_again(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("start", "/a"), "/a": page("a")}
    for name in ("run", "another"):
        await listed(site, tmp_path / name)
        long_ago = time.time() - KEPT_SECONDS - 1
        os.utime(tmp_path / name, (long_ago, long_ago))
    site.asked.clear()
    await listed(site, tmp_path / "run")
    assert site.counts["/a"] == 1
    assert not (tmp_path / "another").exists(), "what no process came back to is deleted"


async def test_an_answer_that_was_written_in_part_is_none(site: Site, tmp_path: Path) -> None:
    site.pages["/"] = page("start")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "0123.new").write_bytes(b'["http')
    assert (await listed(site, tmp_path / "run")).items


async def test_a_disk_without_room_costs_another_request_and_nothing_else(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    site.pages["/"] = page("start")
    made = lister(site, tmp_path / "run")
    listing = await Listing.of(made)
    assert "start" in (await made.read(listing.items[f"{site.url}/"])).body.decode()
    assert site.counts["/"] == 2
    await made.aclose()


async def test_a_run_that_has_ended_leaves_nothing(site: Site, tmp_path: Path) -> None:
    origin = WebOrigin(Access(web=access(site, folder=tmp_path)))
    folder = origin._folder("the-run")
    assert folder is not None
    site.pages["/"] = page("start")
    await listed(site, folder)
    assert len(list(folder.iterdir())) > 1
    origin.forget("another")
    assert folder.exists()
    origin.forget("the-run")
    assert not folder.exists()
