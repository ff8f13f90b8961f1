"""Pages and sitemaps that are small on the wire and cost their reader more than they should."""

import gzip

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from schemas.urls import MAX_URL_LENGTH
from services.connectors.web.frontier import Frontier
from services.connectors.web.memo import Page, packed, unpacked
from services.connectors.web.pages.content import is_html
from services.connectors.web.pages.page import read_page
from services.connectors.web.pages.parser import PageParser, page_workers
from services.connectors.web.pages.sitemap import MAX_NAMED
from services.connectors.web.transport.fetch import Answer

#: What a sitemap may unpack to.
FULL = 50 * 1024 * 1024
ENTRY = b"<url><loc>https://e.org/a</loc></url>"


def answer(body: bytes) -> Answer:
    return Answer("https://e.org/", 200, CIMultiDictProxy(CIMultiDict()), body)


@pytest.mark.parametrize("end", [b"<html>", b"<x>"])
def test_a_page_may_begin_with_any_number_of_comments(end: bytes) -> None:
    """This is asked in the event loop of all runs. Each comment once doubled the time."""
    assert is_html(answer(b"<?xml version='1.0'?>" + b"<!---->\n" * 100 + end)) is (end == b"<html>")


@pytest.mark.faults
@pytest.mark.parametrize(
    "filling", [b"<a/>", b"<a>", b"<a b='c'/>", b"<sitemap><loc>https://e.org/s</loc></sitemap>"]
)
async def test_a_sitemap_that_unpacks_to_millions_of_elements_has_no_tree(filling: bytes) -> None:
    """A tree of these would take 5 GB, which no worker has."""
    body = b"<urlset>" + ENTRY + filling * ((FULL - 100) // len(filling))
    workers = page_workers()
    try:
        found = await PageParser(workers).sitemap(gzip.compress(gzip.compress(body, 1), 1))
    finally:
        workers.close()

    assert list(found.pages) == ["https://e.org/a"]
    assert len(found.sitemaps) == (MAX_NAMED if b"sitemap" in filling else 0)


def test_the_addresses_of_a_page_do_not_multiply_its_size() -> None:
    """Five thousand links relative to a base of a megabyte would be five gigabytes."""
    long = "x" * MAX_URL_LENGTH
    body = f'<base href="https://e.org/{long}/"><a href="{long}x">a</a><a href="b">b</a>'

    assert read_page(body.encode(), "text/html", "https://e.org/c/", "headrace").links == (
        "https://e.org/c/b",
    )


def test_a_site_of_endless_addresses_fills_no_memory_and_displaces_no_indexed_page() -> None:
    frontier = Frontier({"https://e.org/known"}, max_bytes=100_000)
    for number in range(10_000):
        frontier.add(f"https://e.org/{number}", 1)
    frontier.add("https://e.org/known", 9)

    assert 100 < frontier.left < 1_000
    assert frontier.met("https://e.org/known")


def test_the_memo_of_a_site_that_repeats_everything_fits_into_a_record() -> None:
    page = Page("https://e.org/", 0, furniture=frozenset(range(1 << 40, (1 << 40) + 500_000)))

    memo = packed(page)

    assert len(memo) < 900_000
    assert unpacked(page.key, memo).furniture < page.furniture  # type: ignore[union-attr]
