"""Pages are parsed in a process of their own, while the next one is fetched."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.connectors.web.pages import page as threads
from services.connectors.web.pages.page import Html
from services.connectors.web.pages.parser import NotParsed, PageParser, page_workers
from streams.processes.pool import WorkerPool
from tests.services.connectors.web.site import Indexed, Site, crawl, page
from tests.waiting import eventually


class Parser(PageParser):
    """Parses in threads; before a page, `before` is called with its URL."""

    def __init__(self, before: Any) -> None:
        super().__init__()
        self._before = before

    async def read(self, body: bytes, content_type: str | None, url: str, product: str, whole: bool) -> Html:
        await self._before(url)
        return await super().read(body, content_type, url, product, whole)


@pytest.fixture
async def workers() -> AsyncIterator[WorkerPool]:
    pool = page_workers()
    yield pool
    pool.close()


async def test_a_process_says_of_a_page_what_a_thread_says(workers: WorkerPool) -> None:
    parser = PageParser(workers)
    body = page("Some words. " * 20, "/a", "https://other.test/", lang="de").encode()
    for content in (body, b"\xff\xfe", b"", "<p>\u00fcber \ud7ff".encode()):
        for whole in (False, True):
            expected = threads.read_page(content, "text/html", "http://h/", "headrace", whole)
            assert await parser.read(content, "text/html", "http://h/", "headrace", whole) == expected
        dropped = frozenset(expected.numbers[:1])
        assert await parser.stripped(content, None, dropped) == threads.stripped(content, None, dropped)
        assert await parser.whole_text(content, None) == threads.whole_text(content, None)


async def test_the_next_page_is_fetched_while_one_is_parsed_and_one_request_at_a_time(site: Site) -> None:
    names = [f"/{letter}" for letter in "abcd"]
    site.pages = {"/": page("start", *names)} | {name: page(f"text {name}") for name in names}
    seen: list[str] = []

    async def before(url: str) -> None:
        path = url.removeprefix(site.url)
        seen.append(path)
        if path in names[:-1]:
            await eventually(lambda: names[names.index(path) + 1] in site.asked)

    found = await crawl(site, parser=Parser(before))

    assert found.keys == {"/", *names}
    assert [path for path in site.asked if path in names] == names == [one for one in seen if one in names]


async def test_a_page_beyond_the_limit_is_not_fetched_ahead(site: Site) -> None:
    names = [f"/{letter}" for letter in "abcd"]
    site.pages = {"/": page("start", *names)} | {name: page(f"text {name}") for name in names}
    await crawl(site, page_limit=3)
    assert [path for path in site.asked if path in names] == ["/a", "/b"]


async def test_a_page_that_its_parser_does_not_survive_fails_alone_and_stays(site: Site) -> None:
    site.pages = {"/": page("start", "/a", "/b"), "/a": page("text a"), "/b": page("text b")}
    indexed = Indexed()
    await crawl(site, indexed)

    async def before(url: str) -> None:
        if url.endswith("/a"):
            raise NotParsed("takes longer than 60 s to parse")

    site.pages["/a"], site.pages["/b"] = page("another a"), page("another b")
    found = await crawl(site, indexed, parser=Parser(before))

    assert found.listing.unreadable == {"/a": "takes longer than 60 s to parse"}
    assert set(found.written) == {"/b"}
