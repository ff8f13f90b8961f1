"""What counts as a change of a page."""

import re
import time
from itertools import count

import pytest
from aiohttp import web

from services.connectors.web.memo import Page, packed, unpacked
from tests.services.connectors.web.site import Indexed, Site, crawl, page


def chain(site: Site) -> None:
    """`/` → `/1` → `/2`, with validators."""
    site.etags = True
    site.pages = {"/": page("start", "/1"), "/1": page("one", "/2"), "/2": page("two")}


async def test_what_is_not_modified_is_seen_and_its_links_are_followed(site: Site, indexed: Indexed) -> None:
    chain(site)
    first = await crawl(site, indexed)
    assert first.facts == {"pages_fetched": 3, "pages_not_modified": 0}
    again = await crawl(site, indexed)
    assert again.facts == {"pages_fetched": 0, "pages_not_modified": 3}
    assert (again.keys, again.written, again.deleted) == ({"/", "/1", "/2"}, {}, set())
    site.pages["/1"] = page("one", "/2", "/3")  # only its links have changed
    site.pages["/3"] = page("three")
    third = await crawl(site, indexed)
    assert set(third.written) == {"/1", "/3"}


async def test_a_page_that_only_others_link_to_is_met_over_pages_not_modified(
    site: Site, indexed: Indexed
) -> None:
    chain(site)
    await crawl(site, indexed)
    del indexed.items[site.url + "/2"]  # as if it had failed
    assert set((await crawl(site, indexed)).written) == {"/2"}


async def test_validators_go_back_exactly_as_they_came(site: Site, indexed: Indexed) -> None:
    modified = "Tue, 03 Jun 2025  07:00:00 GMT"
    site.pages = {"/": page("start")}
    site.headers["/"] = {"ETag": 'W/"a-gzip"', "Last-Modified": modified}
    await crawl(site, indexed)
    await crawl(site, indexed)
    asked = [request for request in site.requests if request.path == "/"][-1]
    assert asked.headers["If-None-Match"] == 'W/"a-gzip"'
    assert asked.headers["If-Modified-Since"] == modified


async def test_other_bytes_around_the_same_text_write_nothing(site: Site, indexed: Indexed) -> None:
    numbers = count()

    def fresh(request: web.Request) -> web.Response:
        number = next(numbers)
        now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(number))
        body = (
            f'<html lang="en"><head><title>T</title><script nonce="{number}">var n={number}</script>'
            f"<style>.a{number}{{}}</style></head><body data-build='{number}'>"
            f'<nav><a href="/n{number}">news {number}</a></nav><main class="c{number}"><p>The text.</p>\n\n'
            f'<form><input type="hidden" name="csrf" value="{number}"></form></main>'
            f"<footer>{number} readers</footer></body></html>"
        )
        return web.Response(
            text=body, content_type="text/html", headers={"ETag": f'"{number}"', "Last-Modified": now}
        )

    site.pages = {"/": fresh}
    first = await crawl(site, indexed)
    assert set(first.written) == {"/"}
    facts = dict(indexed.items[site.url + "/"].facts)
    for _ in range(3):
        again = await crawl(site, indexed)
        assert (again.written, again.deleted) == ({}, set())
    assert dict(indexed.items[site.url + "/"].facts) == facts


@pytest.mark.parametrize(
    "change",
    [
        page("The text!", title="T"),
        page("The text", title="U"),
        page("The text", title="T", lang="de"),
        page("The text", title="T").replace("</main>", "<p>More.</p></main>"),
        page("The text", title="T").replace("<p>The text</p>", "<h2>The text</h2>"),
    ],
)
async def test_text_title_and_language_are_what_a_page_is(site: Site, indexed: Indexed, change: str) -> None:
    site.pages = {"/": page("The text", title="T")}
    await crawl(site, indexed)
    site.pages["/"] = change
    assert set((await crawl(site, indexed)).written) == {"/"}


async def test_a_lastmod_that_never_changes_hides_no_change(site: Site, indexed: Indexed) -> None:
    sitemap = f"<urlset><url><loc>{site.url}/a</loc><lastmod>2020-01-01</lastmod></url></urlset>"
    site.pages = {"/": page("start"), "/a": page("old"), "/sitemap.xml": sitemap}
    await crawl(site, indexed)
    assert indexed.items[site.url + "/a"].facts["last_modified"] == "2020-01-01"
    site.pages["/a"] = page("new")
    entry = f"<url><loc>{site.url}/b</loc><lastmod>2019-01-01</lastmod></url>"
    site.pages |= {"/b": page("older than the site"), "/sitemap.xml": f"<urlset>{entry}</urlset>"}
    assert set((await crawl(site, indexed)).written) == {"/a", "/b"}
    site.pages["/a"] = 404  # nothing names it any more, and its old date does not keep it
    assert (await crawl(site, indexed)).deleted == {"/a"}


async def test_a_lastmod_of_now_writes_nothing(site: Site, indexed: Indexed) -> None:
    years = count(2000)

    def sitemap(request: web.Request) -> web.Response:
        entry = f"<url><loc>{site.url}/a</loc><lastmod>{next(years)}</lastmod></url>"
        return web.Response(text=f"<urlset>{entry}</urlset>")

    site.pages = {"/": page("start"), "/a": page("text"), "/sitemap.xml": sitemap}
    await crawl(site, indexed)
    assert (await crawl(site, indexed)).written == {}


async def test_what_another_format_has_remembered_is_asked_for_in_full(site: Site, indexed: Indexed) -> None:
    chain(site)
    await crawl(site, indexed)
    from services.connectors.web import memo

    old, memo.FORMAT = memo.FORMAT, 99
    try:
        again = await crawl(site, indexed)
    finally:
        memo.FORMAT = old
    assert again.facts["pages_not_modified"] == 0


def furnished(site: Site, numbers: range, banner: str = "Visit our annual conference in May!") -> None:
    """Pages whose furniture no tag gives away."""

    def body(number: int) -> str:
        menu = "".join(f'<li><a href="/{n}">Page {n}</a></li>' for n in numbers)
        return (
            f"<html><head><title>Page {number}</title></head><body><div>{banner}</div>"
            f"<div><h3>Contents</h3><ul>{menu}</ul></div><h1>Page {number}</h1>"
            f"<h2>Parameters</h2><p>What number {number} is about, in words.</p>"
            f"<table><tr><td>int</td></tr></table>"
            f"<p>Copyright of the company, all rights reserved</p></body></html>"
        )

    site.pages = {"/": body(0), **{f"/{n}": body(n) for n in numbers}}


async def test_what_repeats_on_most_pages_is_left_out_of_them(site: Site, indexed: Indexed) -> None:
    furnished(site, range(1, 9))
    first = await crawl(site, indexed)
    assert len(first.written) == 9
    for path, text in first.written.items():
        words = re.sub(r"<[^>]*>", " ", text)
        # "Contents" is the heading of nothing by then, "Parameters" is not; "int" is a cell.
        found = [
            word for word in ("conference", "Copyright", "Contents", "Parameters", "int") if word in words
        ]
        assert found == ["Parameters", "int"]
        assert words.count("in words") == 1
        assert re.findall(r"Page \d", words) == [f"Page {path[1:] or 0}"] * 2  # title and heading
    assert (await crawl(site, indexed)).written == {}


async def test_a_banner_that_changes_on_all_pages_writes_none(site: Site, indexed: Indexed) -> None:
    furnished(site, range(1, 9))
    await crawl(site, indexed)
    furnished(site, range(1, 9), banner="There are 1,234 happy users by now")
    assert (await crawl(site, indexed)).written == {}


async def test_pages_do_not_flap_while_a_site_grows_and_shrinks(site: Site, indexed: Indexed) -> None:
    shared = "<p>This note stands on some pages of the site.</p>"

    def some(total: int) -> None:
        plain = {f"/{n}": page(f"number {n}", title=str(n)) for n in range(total)}
        marked = {name: text.replace("</main>", f"{shared}</main>") for name, text in list(plain.items())[:5]}
        site.pages = {"/": page("start", *plain)} | plain | marked

    some(7)  # on 5 of 8
    first = await crawl(site, indexed)
    assert "some pages" not in first.written["/0"]
    some(12)  # on 5 of 13: less than half
    assert set((await crawl(site, indexed)).written) == {"/", *(f"/{n}" for n in range(7, 12))}
    some(30)  # on 5 of 31: not any more
    assert set((await crawl(site, indexed)).written) >= {f"/{n}" for n in range(5)}
    some(12)
    assert "/0" not in (await crawl(site, indexed)).written


async def test_a_small_site_keeps_what_repeats(site: Site, indexed: Indexed) -> None:
    furnished(site, range(1, 3))
    assert "conference" in (await crawl(site, indexed)).written["/1"]


async def test_a_page_that_was_not_modified_is_read_when_its_furniture_changes(
    site: Site, indexed: Indexed
) -> None:
    site.etags = True
    furnished(site, range(1, 4))
    assert "conference" in (await crawl(site, indexed)).written["/1"]
    pages = dict(site.pages)
    furnished(site, range(1, 9))
    site.pages |= {path: text for path, text in pages.items() if path != "/"}
    again = await crawl(site, indexed)
    assert again.facts["pages_not_modified"] == 3
    assert "conference" not in again.written["/1"]
    assert (await crawl(site, indexed)).written == {}


def test_a_memo_comes_back_as_it_was_and_a_damaged_one_as_nothing() -> None:
    page = Page("k", 3, title="T", links=("a", "b"), etag='"x"', furniture=frozenset({8, 16}), version="v")
    assert unpacked("k", packed(page)) == page
    for damaged in (None, b"", b"x", packed(page)[:-3], b"\x00" * 100):
        assert unpacked("k", damaged) is None
    huge = Page("k", 3, etag='"x"', links=tuple(f"https://e.org/{hash(str(n))}" for n in range(20_000)))
    small = unpacked("k", packed(huge))
    assert small is not None
    assert (small.depth, small.validators()) == (3, {})
