"""One request is bounded, and a server is asked politely."""

import asyncio
import gzip
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from services.connectors.web.access import WebAccess
from services.connectors.web.transport.fetch import Answer, Fetcher, NoAnswer
from services.connectors.web.transport.visit import Visitor
from streams.http.errors import asked_seconds
from tests.services.connectors.web.site import Indexed, Site, access, crawl, packed, page, redirect


async def get(site: Site, path: str = "/", **fields: Any) -> Answer:
    seconds = fields.pop("answer_s", 20.0)
    async with Fetcher(access(site, **fields), seconds) as fetcher:
        return await fetcher.get(site.url + path)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"text", mtime=0)),
        ("deflate", zlib.compress(b"text")),
        ("gzip", b"text"),  # it says so and is not
        ("gzip", b""),
        ("identity", b"text"),
    ],
)
async def test_a_body_is_unpacked_where_it_is_packed(site: Site, encoding: str, body: bytes) -> None:
    site.pages["/"] = lambda _: web.Response(body=body, headers={"Content-Encoding": encoding})
    assert (await get(site)).body == (b"text" if body else b"")


async def test_a_bomb_ends_at_the_limit(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    site.pages["/"] = lambda _: web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(NoAnswer, match="larger than 1,000,000 bytes"):
        await get(site, max_bytes=1_000_000)


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65536)


async def dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.02)


async def test_an_endless_body_ends_at_the_limit(site: Site) -> None:
    site.pages["/"] = endless
    with pytest.raises(NoAnswer, match="larger than"):
        await get(site, max_bytes=1_000_000)


async def test_a_server_that_drips_ends_at_the_deadline(site: Site) -> None:
    site.pages["/"] = dripping
    with pytest.raises(NoAnswer, match="no whole answer within 0 s") as caught:
        await get(site, answer_s=0.3)
    assert caught.value.passing


@pytest.mark.parametrize("kind", ["gzip without its end", "short of its length"])
async def test_half_a_page_is_no_page(site: Site, indexed: Indexed, kind: str) -> None:
    site.pages = {"/": page("start", "/a"), "/a": page("good text " * 100)}
    await crawl(site, indexed)

    async def half(request: web.Request) -> web.StreamResponse:
        body = gzip.compress(page("half a text " * 100).encode())
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/html"}
        if kind.startswith("gzip"):
            return web.Response(body=body[:-12], headers=headers)
        response = web.StreamResponse(headers={"Content-Length": "100000", "Content-Type": "text/html"})
        await response.prepare(request)
        await response.write(page("half a text " * 100).encode())
        assert request.transport is not None
        request.transport.close()
        return response

    site.pages["/a"] = half
    again = await crawl(site, indexed)
    assert (again.written, again.deleted, set(again.listing.unreadable)) == ({}, set(), {"/a"})


async def test_an_encoding_that_was_not_asked_for_is_refused(site: Site) -> None:
    site.pages["/"] = lambda _: web.Response(body=b"x", headers={"Content-Encoding": "br"})
    with pytest.raises(NoAnswer, match="was not asked for"):
        await get(site)


async def test_a_server_that_is_busy_for_a_moment_is_asked_again(site: Site) -> None:
    site.pages = {"/": page("start", "/a", "/b"), "/b": page("b")}
    answers = [web.Response(status=429, headers={"Retry-After": "0"}), web.Response(status=503)]
    site.pages["/a"] = lambda _: (
        answers.pop() if answers else web.Response(text=page("a"), content_type="text/html")
    )
    found = await crawl(site)
    assert found.keys == {"/", "/a", "/b"}


async def test_a_server_that_wants_to_be_left_alone_is(site: Site, indexed: Indexed) -> None:
    site.pages = {"/": page("start", "/a", "/b"), "/a": page("a"), "/b": page("b")}
    await crawl(site, indexed)
    site.asked.clear()
    site.pages["/a"] = lambda _: web.Response(status=503, headers={"Retry-After": "86400"})
    again = await crawl(site, indexed)
    assert (again.deleted, again.keys) == (set(), {"/"})
    assert "left alone" in again.listing.unreadable["/b"]
    assert site.counts["/b"] == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("5", 5), ("1.5", 1.5), ("-5", 0), ("soon", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)]
    + [(hostile, None) for hostile in ("nan", "inf", "9" * 400, "²", "", "Mon, 1 Jan 99999 00:00:00 GMT")],
)
def test_retry_after_is_read_in_all_its_forms(value: str | None, seconds: float | None) -> None:
    assert asked_seconds(value) == seconds


def test_retry_after_may_be_a_date() -> None:
    assert (asked_seconds("Fri, 31 Dec 9999 23:59:59 -2300") or 0) > 1e9  # in no range of UTC
    in_a_minute = datetime.now(UTC) + timedelta(seconds=60)
    assert 50 < (asked_seconds(format_datetime(in_a_minute, usegmt=True)) or 0) <= 60


async def test_requests_of_a_run_come_one_at_a_time_with_a_pause(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    at_once = 0

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def slow(request: web.Request) -> web.Response:
        nonlocal at_once
        at_once += 1
        assert at_once == 1
        try:
            return web.Response(text=page("text " + request.path), content_type="text/html")
        finally:
            at_once -= 1

    site.pages = {
        "/": page("start", "/a", "/b"),
        "/a": slow,
        "/b": slow,
        "/robots.txt": "User-agent: *\nCrawl-delay: 7",
    }
    monkeypatch.setattr("services.connectors.web.transport.visit.asyncio.sleep", sleep)
    await crawl(site, fields={})
    pauses = [round(seconds) for seconds in slept]
    assert pauses.count(7) >= 3
    assert max(pauses) == 7


@pytest.mark.parametrize(("delay", "counts"), [("0.5", 0.5), ("86400", 60.0), ("-3", 0.0), ("soon", 0.0)])
async def test_a_crawl_delay_is_read_up_to_a_cap(site: Site, delay: str, counts: float) -> None:
    site.pages["/robots.txt"] = f"User-agent: headrace\nCrawl-delay: {delay}"
    async with Fetcher(access(site)) as fetcher:
        robots = await Visitor(access(site), fetcher).robots(site.url)
    assert robots.crawl_delay_s == counts


async def test_the_crawler_says_who_it_is(site: Site) -> None:
    site.pages["/"] = page("start")
    await crawl(site)
    agents = {request.headers["User-Agent"] for request in site.requests}
    assert agents == {WebAccess().agent}
    assert WebAccess().product == "headrace"


async def test_a_redirect_to_itself_with_a_cookie_is_followed_and_a_loop_ends(site: Site) -> None:
    def door(request: web.Request) -> web.Response:
        if "seen" in request.cookies:
            return web.Response(text=page("inside"), content_type="text/html")
        response = redirect("/", 302)
        response.set_cookie("seen", "1")
        return response

    site.pages = {"/": door}
    assert (await crawl(site)).keys == {"/"}
    site.pages = {"/": page("start", "/x"), "/x": lambda _: redirect("/y"), "/y": lambda _: redirect("/x")}
    assert (await crawl(site)).listing.unreadable == {"/x": "more than 10 redirects"}


async def test_a_target_in_raw_bytes_is_read(site: Site) -> None:
    site.pages = {
        "/": page("start", "/a"),
        "/a": lambda _: redirect("/übernatürlich", 301),
        "/%C3%BCbernat%C3%BCrlich": page("found"),
    }
    assert "/%C3%BCbernat%C3%BCrlich" in (await crawl(site)).keys


async def test_a_packed_page_is_a_page(site: Site) -> None:
    site.pages["/"] = lambda _: packed(page("text").encode(), **{"Content-Type": "text/html"})
    assert "text" in (await crawl(site)).written["/"]
