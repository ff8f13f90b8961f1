"""Which pages are found, and each of them once."""

import gzip
from typing import Any

import pytest
from aiohttp import web

from schemas.errors import RequestError
from schemas.sources.web_scrape import WebScrapeConfig
from services.connectors.web.access import WebAccess
from services.connectors.web.pages.sitemap import read_sitemap
from services.connectors.web.scope import Scope
from services.connectors.web.traps import Traps, repeats
from tests.services.connectors.web.site import Indexed, Site, crawl, page, redirect


def scope(start: str = "https://x.example/news", **config: Any) -> Scope:
    return Scope(WebScrapeConfig(starting_url=start, **config), WebAccess())


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("https://x.example/news/a", True),
        ("http://www.x.example/news?b", True),
        ("https://x.example/newsletter", False),
        ("https://x.example.evil.test/news/a", False),
        ("https://evil-x.example/news/a", False),
        ("https://sub.x.example/news/a", False),
        ("https://x.example/news/a.png", False),
        ("https://x.example/news/a.pdf", True),
        ("https://x.example/news/cart?add-to-cart=9", False),
        ("https://x.example:22/news/a", False),
    ],
)
def test_hosts_are_compared_whole_and_patterns_see_path_and_query(url: str, inside: bool) -> None:
    one = scope(include_path_regexes=["^/news([/?]|$)"], exclude_path_regexes=[".*add-to-cart=.*"])
    assert (one.refuses(url) is None) is inside
    assert one.refuses("https://x.example/news") is None


def test_addresses_are_at_home_where_the_start_led_to() -> None:
    one = scope("http://x.example/")
    assert one.at_home("https://x.example/a") == "https://x.example/a"
    one.anchor("https://www.x.example/")
    assert one.at_home("http://www.x.example/a?b") == "https://www.x.example/a?b"
    assert one.at_home("http://x.example/a") == "http://x.example/a"  # another host until it is proven
    one.learn("http://x.example/b", "https://www.x.example/c")  # proves nothing
    assert one.at_home("http://x.example/a") == "http://x.example/a"
    one.learn("http://x.example/b", "https://www.x.example/b")
    assert one.at_home("http://x.example/a") == "https://www.x.example/a"
    assert one.at_home("https://other.test/a") == "https://other.test/a"


async def test_a_start_that_moved_for_good_takes_the_crawl_along(site: Site) -> None:
    old = f"http://localhost:{site.port}"
    hosts: dict[str, Any] = {"fields": {"allowed_hosts": frozenset({"localhost", "127.0.0.1"})}}

    def moved(request: web.Request) -> web.StreamResponse:
        if request.host.startswith("localhost"):
            return redirect(site.url + request.path_qs)
        text = (
            page("start", "/a", f"{old}/b", "https://other.test/")
            if request.path == "/"
            else page(request.path)
        )
        return web.Response(text=text, content_type="text/html")

    site.pages = dict.fromkeys(("/", "/a", "/b"), moved)
    assert (await crawl(site, path=f"{old}/", **hosts)).keys == {"/", "/a", "/b"}
    site.pages["/"] = lambda request: redirect(site.url + "/x", 302)
    with pytest.raises(RequestError, match="redirects for now to another host"):
        await crawl(site, path=f"{old}/", **hosts)


async def test_depth_is_the_least_number_of_links(site: Site) -> None:
    site.pages = {
        "/": page("start", "/long1", "/p3"),
        "/long1": page("1", "/long2"),
        "/long2": page("2", "/p"),
        "/p3": page("3", "/p"),
        "/p": page("p", "/deep/er/path"),
        "/deep/er/path": page("end"),
    }
    assert (await crawl(site, max_depth=2)).keys == {"/", "/long1", "/long2", "/p3", "/p"}
    assert (await crawl(site, max_depth=0)).keys == {"/"}
    assert site.counts["/p"] == 1


async def test_a_limit_takes_the_same_pages_each_time(site: Site, indexed: Indexed) -> None:
    names = [f"/{n:02}" for n in range(30)]
    site.pages = {"/": page("start", *reversed(names)), **{name: page(f"text {name}") for name in names}}
    expected = {"/", *names[:9]}
    assert (await crawl(site, indexed, page_limit=10)).keys == expected
    assert site.counts["/20"] == 0
    site.pages |= {"/": page("start", "/000", *names), "/000": page("new, and first of all")}
    again = await crawl(site, indexed, page_limit=10)
    assert (again.keys, again.deleted) == (expected, set())
    site.pages["/05"] = 404  # a place is free: the new page that comes first has it
    third = await crawl(site, indexed, page_limit=10)
    assert (third.deleted, set(third.written)) == ({"/05"}, {"/", "/000"} & set(third.written) | {"/000"})
    assert len(third.keys) == 10


async def test_a_page_that_fails_keeps_its_place(site: Site, indexed: Indexed) -> None:
    names = [f"/{n}" for n in range(9)]
    site.pages = {"/": page("start", *names), **{name: page(f"text {name}") for name in names}}
    await crawl(site, indexed, page_limit=5)
    site.pages["/2"] = 500
    again = await crawl(site, indexed, page_limit=5)
    assert (again.keys, again.deleted) == ({"/", "/0", "/1", "/3"}, set())


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ('<base href="/forum/">', "/forum/x"),
        ('<base href="sub/">', "/forum/index.php/msg/1/sub/x"),
        ('<base href="">', "/forum/index.php/msg/1/x"),
        ('<base target="_top"><base href="/one/"><base href="/two/">', "/one/x"),
        ('<base href="http://[bad">', "/forum/index.php/msg/1/x"),
        ('<base href="javascript:1">', "/forum/index.php/msg/1/x"),
        ('<base href="http://elsewhere.test/">', None),
    ],
)
async def test_links_are_relative_to_the_base_of_the_page(
    site: Site, base: str, expected: str | None
) -> None:
    start = "/forum/index.php/msg/1/0"
    site.pages = {start: page("start", "x", head=base)}
    await crawl(site, path=start)
    asked = {path for path in site.asked if path.endswith("/x")}
    assert asked == ({expected} if expected else set())


async def test_links_of_a_redirected_page_are_relative_to_where_it_is(site: Site) -> None:
    site.pages = {
        "/": lambda _: redirect("/start.html", 302),
        "/start.html": page("start", "impressum.html"),
        "/impressum.html": page("imprint"),
    }
    assert (await crawl(site)).keys == {"/start.html", "/impressum.html"}


async def test_a_start_that_moves_keeps_the_patterns_where_they_were(site: Site) -> None:
    site.pages = {
        "/foo": lambda _: redirect("/foo~7400"),
        "/foo~7400": page("start", "/foo/a"),
        "/foo/a": page("a"),
    }
    found = await crawl(site, path="/foo", include_path_regexes=["^/foo(/|$)"])
    assert found.keys == {"/foo~7400", "/foo/a"}


async def test_a_link_that_leads_away_is_left_out_and_nothing_fails(site: Site) -> None:
    site.pages = {"/": page("start", "/go"), "/go": lambda _: redirect("https://other.test/page", 302)}
    found = await crawl(site)
    assert (found.keys, found.listing.unreadable) == ({"/"}, {})
    assert found.listing.left_out == {"redirects to a page that is on another host": 1}


@pytest.mark.parametrize("to", ["mailto:team@example.test", "http://[::1", None])
async def test_a_redirect_to_nowhere_costs_its_page_alone(site: Site, to: str | None) -> None:
    headers = {} if to is None else {"Location": to}
    site.pages = {
        "/": page("start", "/go", "/other"),
        "/go": lambda _: web.Response(status=302, headers=headers),
        "/other": page("other"),
    }

    found = await crawl(site)

    assert found.keys == {"/", "/other"}


async def test_a_page_that_sends_its_readers_on_is_a_redirect(site: Site, indexed: Indexed) -> None:
    refresh = '<html><head><meta http-equiv="Refresh" content="0; URL=\'/en/\'"></head><body></body></html>'
    site.pages = {"/": refresh, "/en/": page("welcome", "/loop"), "/loop": refresh.replace("/en/", "/loop2")}
    site.pages["/loop2"] = refresh.replace("/en/", "/loop")
    first = await crawl(site, indexed)
    assert first.keys == {"/en/"}
    assert (await crawl(site, indexed)).written == {}


async def test_slashes_and_index_files_are_one_page_where_they_say_the_same(site: Site) -> None:
    same = page("the documentation", "a")
    site.pages = {
        "/": page("start", "/docs/", "/docs", "/docs/index.html", "/x/", "/y", "/y/"),
        **dict.fromkeys(("/docs/", "/docs", "/docs/index.html"), same),
        "/docs/a": page("a"),
        "/x/": page("only with a slash"),
        "/y": page("one y"),
        "/y/": page("another y"),
    }
    found = await crawl(site)
    assert found.keys == {"/", "/docs", "/docs/a", "/x/", "/y", "/y/"}
    assert found.listing.left_out["the same text as another page"] == 2


async def test_canonical_is_a_hint_that_the_text_must_bear_out(site: Site, indexed: Indexed) -> None:
    def named(text: str, target: str, *links: str) -> str:
        return page(text, *links, head=f'<link rel="canonical" href="{target}">')

    text = "a long text about one thing " * 3
    site.pages = {
        "/": page("start", "/a?print=1", "/b", "/c", "/d", "/e"),
        "/a?print=1": named(text, "a"),
        "/a": named(text, "/a"),
        "/b": named("all pages name the start", "/"),
        "/c": named("this one names another host", "https://other.test/c"),
        "/d": named("this one names what is not there", "/nowhere"),
        "/e": page("two names", head='<link rel="canonical" href="/x"><link rel="canonical" href="/y">'),
    }
    assert (await crawl(site, indexed)).keys == {"/", "/a", "/b", "/c", "/d", "/e"}
    assert (await crawl(site, indexed)).written == {}


async def test_nofollow_is_obeyed(site: Site) -> None:
    site.pages = {
        "/": '<html><body><p>start</p><a href="/a" rel="ugc nofollow">a</a><a href="/b">b</a></body></html>',
        "/a": page("a"),
        "/b": page("b", "/c", head='<meta name="robots" content="nofollow">'),
        "/c": page("c"),
        "/e": page("e"),
    }
    assert (await crawl(site)).keys == {"/", "/b"}


async def test_what_is_a_document_is_told_by_its_bytes(site: Site) -> None:
    pdf, docx = b"%PDF-1.7 ...", b"PK\x03\x04..."
    site.pages = {
        "/": page("start", "/download?id=7", "/b", "/x.pdf", "/notes.txt", "/data.json", "/blob", "/i"),
        "/download?id=7": pdf,
        "/b": docx,
        "/x.pdf": page("a page"),
        "/notes.txt": b"notes",
        "/data.json": b"{}",
        "/blob": b"\0\1\2",
        "/i": b"GIF89a",
    }
    site.headers = {
        "/download?id=7": {"Content-Type": "application/octet-stream"},
        "/x.pdf": {"Content-Type": "application/pdf"},
        "/notes.txt": {"Content-Type": "text/plain; charset=utf-8"},
        "/data.json": {"Content-Type": "application/json"},
        "/blob": {"Content-Type": "application/octet-stream"},
        "/i": {"Content-Type": "image/gif"},
    }
    found = await crawl(site)
    assert found.keys == {"/", "/download?id=7", "/b", "/x.pdf", "/notes.txt"}
    assert found.written["/download?id=7"] == pdf.decode()
    assert found.listing.left_out == {"no document": 3}


@pytest.mark.parametrize(
    ("charset", "header", "body"),
    [
        ("gbk", "text/html", '<meta charset="gbk"><p>你好，世界</p>'),
        ("windows-1251", "text/html; charset=windows-1251", "<p>Привет, мир</p>"),
        ("utf-16", "text/html", "<p>Grüße</p>"),
        ("utf-8", "text/html; charset=no-such", "<p>Grüße</p>"),
        ("utf-8", "text/html", '<script src="x?charset=gbk&bbc=1"></script><p>Grüße</p>'),
        ("latin-1", "text/html; charset=iso-8859-1", "<p>Grüße</p>"),
    ],
)
async def test_a_page_is_read_in_its_encoding(site: Site, charset: str, header: str, body: str) -> None:
    site.pages["/"] = f"<html><head></head><body>{body}</body></html>".encode(charset)
    site.headers["/"] = {"Content-Type": header}
    text = body[body.index("<p>") + 3 : body.index("</p>")]
    assert text in (await crawl(site)).written["/"]


def urlset(*urls: str, space: str = "") -> str:
    entries = "".join(f"<url><loc>\n {url} </loc></url>" for url in urls)
    return f'<?xml version="1.0"?><urlset {space}>{entries}</urlset>'


async def test_sitemaps_bring_pages_that_nothing_links_to(site: Site) -> None:
    names = [f"/{letter}" for letter in "abcdefgh"]
    site.pages = {"/": page("start")} | {name: page(f"text {name}") for name in names}
    u = site.url
    nested = f"<sitemapindex><sitemap><loc>{u}/s.xml</loc></sitemap><sitemap><loc>{u}/one.xml</loc></sitemap>"
    nested += f"<sitemap><loc>{u}/two.xml.gz</loc></sitemap><sitemap><loc>{u}/moved.xml</loc></sitemap>"
    nested += "</sitemapindex>"
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://i"'
    more: dict[str, Any] = {
        "/robots.txt": f"Sitemap: {u}/s.xml\nSitemap: /robots.txt\nSitemap: {u}/page.html",
        "/page.html": page("no sitemap"),
        "/s.xml": nested,
        "/one.xml": urlset(
            f"{u}/a", "https://other.test/x", f"http://www.127.0.0.1:{site.port}/y", space=space
        ),
        "/two.xml.gz": lambda _: web.Response(
            body=gzip.compress(gzip.compress(urlset(f"{u}/b").encode())), headers={"Content-Encoding": "gzip"}
        ),
        "/moved.xml": lambda _: redirect("/list.txt"),
        "/list.txt": gzip.compress(f"{u}/c\n{u}/d\n".encode()),
    }
    site.pages |= more
    found = await crawl(site)
    assert found.keys == {"/", "/a", "/b", "/c", "/d"}
    assert (await crawl(site, max_depth=5)).keys == {"/"}


async def test_a_sitemap_that_names_its_host_without_www_brings_each_page_once(
    site: Site, names: dict[str, list[list[str]]]
) -> None:
    home, bare = "http://www.site.example", "http://site.example"
    names["www.site.example"] = names["site.example"] = [["127.0.0.1"]]
    index = f"<sitemapindex><sitemap><loc>{bare}/child.xml</loc></sitemap></sitemapindex>"
    texts: dict[str, str | bytes] = {
        "/": page("start", "/a"),
        "/a": page("text a"),
        "/b": page("text b"),
        "/robots.txt": f"Sitemap: {bare}/index.xml",
        "/index.xml": index,
        "/child.xml": urlset(f"{bare}/a", f"{bare}/b", f"{home}/b", "http://site.example.evil.test/c"),
    }

    def answer(request: web.Request) -> web.StreamResponse:
        if request.host == "site.example" and request.path in ("/a", "/b"):
            return redirect(home + request.path)
        text = texts[request.path]
        return web.Response(text=str(text), content_type="text/html" if "html" in str(text) else "text/xml")

    site.pages = dict.fromkeys(texts, answer)
    found = await crawl(
        site, path=f"{home}/", fields={"allowed_hosts": frozenset({"site.example", "www.site.example"})}
    )

    assert found.keys == {f"{home}/", f"{home}/a", f"{home}/b"}
    assert found.listing.unreadable == {}
    assert site.counts["/b"] <= 2  # once where it redirects, which proves that both hosts are one


async def test_a_sitemap_is_known_by_its_bytes_and_read_once_whatever_leads_to_it(site: Site) -> None:
    u = site.url
    packed = gzip.compress(urlset(f"{u}/b").encode())
    listed = "".join(
        f"<sitemap><loc>{u}/{name}</loc></sitemap>"
        for name in ("plain.xml.gz", "typed.xml.gz", "bytes.xml.gz", "back.xml", "index.xml")
    )
    more: dict[str, Any] = {
        "/": page("start"),
        "/robots.txt": f"Sitemap: {u}/index.xml",
        "/index.xml": f"<sitemapindex>{listed}</sitemapindex>",
        "/plain.xml.gz": urlset(f"{u}/a"),  # the name alone is of gzip
        "/typed.xml.gz": lambda _: web.Response(body=packed, content_type="application/gzip"),
        "/bytes.xml.gz": lambda _: web.Response(
            body=gzip.compress(urlset(f"{u}/c").encode()), content_type="application/octet-stream"
        ),
        "/back.xml": lambda _: redirect("/index.xml"),
    }
    site.pages = {f"/{letter}": page(f"text {letter}") for letter in "abc"} | more

    found = await crawl(site)

    assert found.keys == {"/", "/a", "/b", "/c"}
    assert found.listing.unreadable == {}
    assert site.counts["/index.xml"] <= 2  # once by its name, once where another leads back to it


async def test_a_canonical_page_that_leads_back_keeps_the_page_that_names_it(site: Site) -> None:
    text = "a long text about one thing " * 3
    site.pages = {
        "/": page("start", "/a"),
        "/a": page(text, head='<link rel="canonical" href="/by-country">'),
        "/by-country": lambda _: redirect("/a", 302),
    }

    found = await crawl(site)

    assert found.keys == {"/", "/a"}


@pytest.mark.parametrize(
    ("body", "pages"),
    [
        (b"<urlset><url><loc>https://e.org/a<loc>https://e.org/b</url></urlset>", 1),
        (b"<urlset><url><loc><![CDATA[https://e.org/a]]></loc></url></urlset>", 1),
        (
            b"<urlset><url><loc>https://e.org/a</loc><image><loc>https://e.org/i</loc></image></url></urlset>",
            1,
        ),
        (
            b'<urlset><url><loc>https://e.org/a</loc><link rel="alternate" hreflang="de" '
            b'href="https://e.org/de"/></url></urlset>',
            2,
        ),
        (b"\x1f\x8bdamaged", 0),
        (b"<!DOCTYPE html><html><body>no</body></html>", 0),
        (b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><urlset><url><loc>&c;</loc></url></urlset>', 0),
        (b"", 0),
    ],
)
def test_a_sitemap_is_read_as_far_as_it_can_be(body: bytes, pages: int) -> None:
    assert len(read_sitemap(body).pages) == pages


def test_paths_that_repeat_are_traps() -> None:
    assert repeats("/products/products/products/")
    assert repeats("/event/1/www.cnn.com/www.cnn.com/www.cnn.com")
    assert repeats("/" + "/".join(map(str, range(30))))
    assert not repeats("/2024/05/05/05/a")
    assert not repeats("/en/latest/en/")


def test_filters_and_calendars_have_a_share_of_the_limit() -> None:
    traps = Traps(page_limit=500)
    combined = [traps.refuses(f"https://e.org/search?a={n}&b={n}") for n in range(200)]
    assert (combined.count(False), combined[:100]) == (100, [False] * 100)
    calendar = [traps.refuses(f"https://e.org/cal/{2000 + n // 12}/{n % 12 + 1}/") for n in range(300)]
    assert calendar.count(False) == 100
    single = [traps.refuses(f"https://e.org/index.php?title={n}") for n in range(400)]
    assert single.count(False) == 250
    assert not any(traps.refuses(f"https://e.org/2024/05/{n}/a-story-{n}-of-its-own") for n in range(50))
    assert not any(traps.refuses(f"https://e.org/article/{n}") for n in range(500))


async def test_a_site_without_end_ends(site: Site) -> None:
    def event(request: web.Request) -> web.Response:
        if request.path.startswith("/event/"):
            return web.Response(text=page("the event", "www.cnn.com/", "other/"), content_type="text/html")
        if request.path == "/cal":
            number = int(request.query["year"])
            return web.Response(
                text=page(f"year {number}", f"/cal?year={number + 1}"), content_type="text/html"
            )
        return web.Response(status=404)

    site.pages = {"/": page("start", "/event/1/a/", "/cal?year=2000", "/real"), "/real": page("a real page")}
    site.other = event
    found = await crawl(site, page_limit=50)
    assert {"/", "/real", "/event/1/a/"} <= found.keys
    assert len([key for key in found.keys if key.startswith("/event")]) == 1
    assert len([key for key in found.keys if key.startswith("/cal")]) <= 25
    assert len(site.asked) < 60


async def test_routes_of_scripts_are_told(site: Site) -> None:
    site.pages["/"] = page("start", "#/guide", "#!/api", "#section")
    found = await crawl(site)
    assert list(found.listing.left_out.values()) == [2]
    assert "needs a browser" in next(iter(found.listing.left_out))
