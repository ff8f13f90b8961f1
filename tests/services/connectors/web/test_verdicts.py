"""Pages whose text is not what their address stands for, and what robots.txt says."""

import pytest
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from schemas.errors import RequestError
from services.connectors.web.pages.page import robots_header
from services.connectors.web.reading import TO_RENDER
from services.connectors.web.transport.fetch import Answer
from services.connectors.web.transport.robots import Robots, read_robots
from tests.services.connectors.web.site import Indexed, Site, crawl, page, redirect

SHELLS = [
    '<html><body><div id="root"></div><script src="app.js"></script></body></html>',
    '<html><body><div id="app">Loading…</div><script>start()</script></body></html>',
    '<html><body><a href="#main">Skip to content</a><div id="__next"></div><script></script></body></html>',
    "<html><body><noscript>Please enable JavaScript to run this.</noscript><script></script></body></html>",
    "<html><body><app-root></app-root><script></script></body></html>",
]
CHALLENGES = [
    page("Checking your browser before accessing", title="Just a moment..."),
    page("Please verify you are human", title="example.org"),
    '<html><head><title>x</title></head><body><div class="g-recaptcha"></div>One more step</body></html>',
    page("Before you continue to Example, accept cookies", title="Consent"),
]


@pytest.mark.parametrize("shell", SHELLS)
async def test_a_shell_is_told_and_never_replaces_text(site: Site, indexed: Indexed, shell: str) -> None:
    site.pages = {"/": page("start", "/a"), "/a": shell}
    told = f"needs JavaScript to show its text; {TO_RENDER}"
    assert (await crawl(site)).listing.skipped == {"/a": told}
    site.pages["/a"] = page("good text")
    await crawl(site, indexed)
    site.pages["/a"] = shell
    again = await crawl(site, indexed)
    assert (again.deleted, again.written) == (set(), {})
    assert again.listing.unreadable == {"/a": told}


async def test_an_application_with_text_is_no_shell(site: Site) -> None:
    text = "Rendered on the server, with all that there is to say. " * 10
    site.pages["/"] = (
        f'<html><body><div id="root"><p>{text}</p></div><script src="a.js"></script></body></html>'
    )
    assert (await crawl(site)).keys == {"/"}


@pytest.mark.parametrize("challenge", CHALLENGES)
async def test_a_challenge_never_replaces_text(site: Site, indexed: Indexed, challenge: str) -> None:
    site.pages = {"/": page("start", "/a"), "/a": page("good text")}
    await crawl(site, indexed)
    site.pages["/a"] = challenge
    again = await crawl(site, indexed)
    assert (again.deleted, again.written, set(again.listing.unreadable)) == (set(), {}, {"/a"})


async def test_a_challenge_by_header_is_told_whatever_it_says(site: Site, indexed: Indexed) -> None:
    site.pages = {"/": page("start", "/a"), "/a": page("good text")}
    await crawl(site, indexed)
    for status in (200, 403):
        site.pages["/a"] = lambda _, status=status: web.Response(
            status=status, text=page("hm"), headers={"cf-mitigated": "challenge"}, content_type="text/html"
        )
        assert set((await crawl(site, indexed)).listing.unreadable) == {"/a"}


async def test_a_long_article_about_captchas_is_an_article(site: Site) -> None:
    site.pages["/"] = page("How to verify you are human with a captcha. " * 60, title="Captchas")
    assert (await crawl(site)).keys == {"/"}


async def test_many_pages_that_turn_into_one_text_keep_theirs(site: Site, indexed: Indexed) -> None:
    names = [f"/{n}" for n in range(6)]
    site.pages = {"/": page("start", *names), **{name: page(f"text {name}") for name in names}}
    await crawl(site, indexed)
    site.pages |= dict.fromkeys(names[:4], page("Our systems have found something odd about you"))
    again = await crawl(site, indexed)
    assert (again.deleted, again.written) == (set(), {})
    assert set(again.listing.unreadable) == set(names[:4])


async def test_not_found_with_status_200_is_not_found(site: Site, indexed: Indexed) -> None:
    missing = page("Sorry, there is nothing at this address.", "products/", title="Oops")
    site.pages = {
        "/": page("start", "/a", "/gone", "products/"),
        "/a": page("a"),
        "/gone": page("still here"),
    }
    site.other = missing
    first = await crawl(site, indexed)
    assert first.keys == {"/", "/a", "/gone"}
    assert len(site.asked) < 12  # products/products/products/… is not followed
    del site.pages["/gone"]
    again = await crawl(site, indexed)
    assert again.deleted == {"/gone"}
    assert again.listing.skipped["/gone"] == "says 'not found' with status 200"


async def test_not_found_that_repeats_the_address_keeps_what_is_known(site: Site, indexed: Indexed) -> None:
    def missing(request: web.Request) -> web.Response:
        body = page(f"There is no {request.path} here.", "/", title="Page not found")
        return web.Response(text=body, content_type="text/html")

    site.pages = {"/": page("start", "/a", "/b"), "/a": page("a")}
    site.other = missing
    first = await crawl(site, indexed)
    assert first.keys == {"/", "/a"}
    del site.pages["/a"]
    again = await crawl(site, indexed)
    assert (again.deleted, set(again.listing.unreadable)) == (set(), {"/a"})


async def test_a_login_page_is_no_document(site: Site) -> None:
    login = '<html><body><form><input name="u"><input type="password"></form>Sign in</body></html>'
    site.pages = {"/": page("start", "/login?rd=/a"), "/login?rd=/a": login}
    assert (await crawl(site)).listing.skipped == {"/login?rd=/a": "asks for a login"}


def rules(text: str | bytes, status: int = 200) -> Robots:
    body = text if isinstance(text, bytes) else text.encode()
    return read_robots(
        Answer("https://e.org/robots.txt", status, CIMultiDictProxy(CIMultiDict()), body), "headrace"
    )


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("\ufeffUser-agent: *\nDisallow: /x", "/x", False),
        ("\r\n\r\nUser-agent: *\rDisallow: /x\r", "/x/y", False),
        ("User-agent: *\nDisallow: /\nAllow: /*/filter/page=*/$", "/a/filter/page=2/", True),
        ("User-agent: *\nDisallow: /en/*q=*relevance*", "/en/s?q=%3Arelevance", False),
        ("User-agent: *\nDisallow: /*%2F*", "/plain/path", True),
        ("User-agent: race\nDisallow: /\nUser-agent: *\nAllow: /", "/a", True),
        ("User-agent: Headrace\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", True),
        ("User-agent: *\nUser-agent: Googlebot\nDisallow: /x", "/x", False),
        ("User-agent: *\nDisallow: */test", "/a/test", False),
        ("<!DOCTYPE html><html>User-agent: *\nDisallow: /</html>", "/a", True),
        ("", "/a", True),
    ],
)
def test_robots_txt_is_read_as_it_is_meant(text: str, path: str, allowed: bool) -> None:
    assert rules(text).allows(f"https://e.org{path}") is allowed


def test_a_huge_robots_txt_is_read_to_a_limit_in_whole_lines() -> None:
    text = b"User-agent: *\nDisallow: /a\n" + b"# filler\n" * 60_000 + b"Disallow: /b\n"
    assert not rules(text).allows("https://e.org/a")
    assert rules(text).allows("https://e.org/b")
    rules(b"User-agent: *\nDisallow: /" + b"a*" * 3_000_000)


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_robots_txt_that_is_not_there_allows_all(site: Site, status: int) -> None:
    site.pages = {"/": page("start"), "/robots.txt": status}
    assert (await crawl(site)).keys == {"/"}


async def test_a_robots_txt_that_has_moved_is_followed(site: Site) -> None:
    site.pages = {"/": page("start", "/private/a", "/b"), "/private/a": page("a"), "/b": page("b")}
    site.pages["/robots.txt"] = lambda _: redirect("/rules/robots.txt")
    site.pages["/rules/robots.txt"] = "User-agent: *\nDisallow: /private/"
    assert (await crawl(site)).keys == {"/", "/b"}


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_robots_txt_that_fails_allows_nothing_and_deletes_nothing(
    site: Site, indexed: Indexed, status: int
) -> None:
    site.pages = {"/": page("start"), "/robots.txt": status}
    with pytest.raises(
        RequestError, match=rf"robots\.txt answers {status}; nothing was crawled and nothing deleted"
    ):
        await crawl(site, indexed)
    assert "/" not in site.asked
    assert (await crawl(site, fields={"obeys_robots": False})).keys == {"/"}


async def test_a_start_that_is_disallowed_fails_the_run(site: Site) -> None:
    site.pages = {"/": page("start"), "/robots.txt": "User-agent: *\nDisallow: /"}
    with pytest.raises(RequestError, match=r"disallowed by robots\.txt"):
        await crawl(site)


@pytest.mark.parametrize(
    ("values", "noindex"),
    [
        (["noindex"], True),
        (["NOINDEX, nofollow"], True),
        (["headrace: noindex"], True),
        (["otherbot: noindex"], False),
        (["otherbot: noindex, nofollow", "noindex"], True),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST, noindex"], True),
        ([], False),
    ],
)
def test_the_header_for_robots_may_be_for_one_of_them(values: list[str], noindex: bool) -> None:
    assert ("noindex" in robots_header(values, "headrace")) is noindex
