"""What deletes a page, and what never does."""

from typing import Any

import pytest
from aiohttp import web

from schemas.errors import RequestError
from tests.services.connectors.web.site import Indexed, Site, crawl, page, redirect


def hub(site: Site) -> None:
    """`/` links to `/hub`, which alone links to `/a`, `/b` and `/c`."""
    site.pages = {
        "/": page("start", "/hub"),
        "/hub": page("hub", "/a", "/b", "/c"),
        **{f"/{name}": page(f"text of {name}", title=name) for name in "abc"},
    }


ALL = {"/", "/hub", "/a", "/b", "/c"}


async def test_the_first_crawl_brings_everything_and_the_second_nothing(site: Site, indexed: Indexed) -> None:
    hub(site)
    first = await crawl(site, indexed)
    assert first.keys == set(first.written) == ALL
    second = await crawl(site, indexed)
    assert (second.keys, second.written, second.deleted) == (ALL, {}, set())


async def test_a_change_a_removal_and_a_failure_are_told_apart(site: Site, indexed: Indexed) -> None:
    hub(site)
    await crawl(site, indexed)
    site.pages |= {"/a": page("another text", title="a"), "/b": 404, "/c": 500}
    second = await crawl(site, indexed)
    assert set(second.written) == {"/a"}
    assert second.deleted == {"/b"}
    assert second.listing.unreadable == {"/c": "answers 500"}
    assert second.listing.left_out == {}, "a deleted page is counted once"


@pytest.mark.parametrize("fault", [500, 503, 403, 429, "reset"])
async def test_pages_that_only_a_failed_page_links_to_stay(
    site: Site, indexed: Indexed, fault: object
) -> None:
    hub(site)
    await crawl(site, indexed)
    site.pages["/hub"] = broken if fault == "reset" else fault
    for _ in range(2):  # however often
        again = await crawl(site, indexed)
        assert again.deleted == set()
        assert again.keys == ALL - {"/hub"}
        assert set(again.listing.unreadable) == {"/hub"}
    hub(site)
    assert (await crawl(site, indexed)).written == {}


def broken(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.mark.parametrize("fault", [500, 403, "reset", "challenge"])
async def test_a_start_that_cannot_be_read_fails_the_run(site: Site, indexed: Indexed, fault: object) -> None:
    hub(site)
    await crawl(site, indexed)
    challenge = page("Just a moment...", title="Just a moment...")
    site.pages["/"] = {"reset": broken, "challenge": challenge}.get(str(fault), fault)
    for _ in range(2):
        with pytest.raises(RequestError, match="nothing deleted"):
            await crawl(site, indexed)


async def test_a_host_that_is_down_fails_the_run(site: Site, indexed: Indexed) -> None:
    with pytest.raises(RequestError, match="nothing deleted"):
        await crawl(site, indexed, "http://127.0.0.1:9/")
    with pytest.raises(RequestError, match="its name cannot be resolved"):
        await crawl(site, indexed, "http://no-such-name.invalid/")


async def test_a_host_that_comes_back_finds_everything_as_it_was(site: Site, indexed: Indexed) -> None:
    hub(site)
    await crawl(site, indexed)
    before, port = dict(indexed.items), site.port
    for _ in range(2):
        site.port = 9  # nobody listens there
        with pytest.raises(RequestError, match="nothing deleted"):
            await crawl(site, indexed, f"http://127.0.0.1:{site.port}/")
    site.port = port
    again = await crawl(site, indexed)
    assert (again.written, again.deleted, indexed.items.keys()) == ({}, set(), before.keys())


async def test_a_host_that_goes_down_in_the_middle_keeps_every_page(site: Site, indexed: Indexed) -> None:
    names = [f"/{n:02}" for n in range(30)]
    site.pages = {"/": page("start", *names), **{name: page(f"text {name}") for name in names}}
    await crawl(site, indexed)
    for name in names[3:]:
        site.pages[name] = broken
    again = await crawl(site, indexed)
    assert again.deleted == set()
    assert len(again.listing.unreadable) == 27
    assert len(site.asked) < 2 * 36 + 8  # not each of them three times
    assert any("no longer answers" in why for why in again.listing.unreadable.values())


async def test_a_start_that_is_gone_goes_alone(site: Site, indexed: Indexed) -> None:
    hub(site)
    await crawl(site, indexed)
    site.pages["/"] = 404
    again = await crawl(site, indexed)
    assert again.deleted == {"/"}
    assert again.keys == ALL - {"/"}
    with pytest.raises(RequestError, match="answers 404"):
        await crawl(site, Indexed())


async def test_a_page_that_moved_for_good_is_there_once(site: Site, indexed: Indexed) -> None:
    hub(site)
    await crawl(site, indexed)
    site.pages |= {"/a": lambda _: redirect("/new"), "/new": page("text of a", title="a")}
    again = await crawl(site, indexed)
    assert (again.deleted, set(again.written)) == ({"/a"}, {"/new"})


async def test_a_page_that_redirects_for_now_stays(site: Site, indexed: Indexed) -> None:
    hub(site)
    await crawl(site, indexed)
    site.pages |= {"/a": lambda _: redirect("/upkeep", 302), "/upkeep": page("back soon")}
    again = await crawl(site, indexed)
    assert again.deleted == set()
    assert "redirects for now" in again.listing.unreadable["/a"]


async def test_a_page_that_redirects_for_now_to_its_own_text_has_moved(site: Site, indexed: Indexed) -> None:
    hub(site)
    await crawl(site, indexed)
    site.pages |= {"/a": lambda _: redirect("/a/", 302), "/a/": page("text of a", title="a")}
    again = await crawl(site, indexed)
    assert (again.deleted, again.listing.unreadable) == ({"/a"}, {})
    assert "/a/" in again.keys


@pytest.mark.parametrize(
    ("config", "left"),
    [
        ({"exclude_path_regexes": ["^/b$"]}, ALL - {"/b"}),
        ({"include_path_regexes": ["/hub", "/a"]}, {"/", "/hub", "/a"}),
        ({"max_depth": 1}, {"/", "/hub"}),
        ({"max_depth": 0}, {"/"}),
        ({"page_limit": 3}, {"/", "/hub", "/a"}),
    ],
)
async def test_what_leaves_the_scope_is_deleted_and_nothing_else(
    site: Site, indexed: Indexed, config: dict[str, Any], left: set[str]
) -> None:
    hub(site)
    await crawl(site, indexed)
    again = await crawl(site, indexed, **config)
    assert again.keys == left
    assert again.deleted == ALL - left
    assert again.written == {}


async def test_what_robots_txt_newly_disallows_is_dropped(site: Site, indexed: Indexed) -> None:
    hub(site)
    await crawl(site, indexed)
    site.pages["/robots.txt"] = "User-agent: *\nDisallow: /b"
    again = await crawl(site, indexed)
    assert again.deleted == {"/b"}
    assert again.listing.skipped == {"/b": "disallowed by robots.txt"}


@pytest.mark.parametrize("how", ["NOINDEX, follow", "none", "header", "header of ours"])
async def test_noindex_deletes_the_page_and_not_what_it_links_to(
    site: Site, indexed: Indexed, how: str
) -> None:
    hub(site)
    await crawl(site, indexed)
    if how.startswith("header"):
        site.headers["/hub"] = {
            "X-Robots-Tag": "noindex" if how == "header" else "otherbot: all, headrace: noindex"
        }
    else:
        meta = f'<meta name="Robots" content="{how}">'
        site.pages["/hub"] = page("hub", "/a", "/b", "/c", "/d", head=meta)
        site.pages["/d"] = page("text of d")
    again = await crawl(site, indexed)
    assert again.deleted == {"/hub"}
    assert again.keys >= {"/", "/a", "/b", "/c"}
    assert ("/d" in again.keys) is (how == "NOINDEX, follow")


async def test_a_copy_takes_the_place_of_the_page_that_is_gone(site: Site, indexed: Indexed) -> None:
    site.pages = {"/": page("start", "/a", "/b"), "/a": page("same"), "/b": page("same")}
    first = await crawl(site, indexed)
    assert first.keys == {"/", "/a"}
    assert first.listing.left_out["the same text as another page"] == 1
    site.pages["/a"] = 404
    again = await crawl(site, indexed)
    assert (again.keys, again.deleted) == ({"/", "/b"}, {"/a"})
