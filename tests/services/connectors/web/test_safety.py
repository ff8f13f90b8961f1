"""No request reaches a private address."""

import pytest
from aiohttp.resolver import ThreadedResolver

from schemas.errors import RequestError
from schemas.sources.web_scrape import WebScrapeConfig
from schemas.urls import canonical
from services.connectors.lister import Access
from services.connectors.web.access import WebAccess
from services.connectors.web.lister import WebOrigin
from services.connectors.web.transport.addresses import is_public, refusal
from services.connectors.web.transport.fetch import Fetcher, NoAnswer
from tests.services.connectors.web.site import Site, crawl, page, redirect

GUARDED = WebAccess(delay_s=0)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.0.0.5",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "192.0.0.192",
        "168.63.129.16",
        "::ffff:168.63.129.16",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "no address",
    ],
)
def test_what_is_not_of_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_is_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


HOSTS = [
    "127.0.0.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "0",
    "localhost",
    "localhost.",
    "a.localhost",
]


@pytest.mark.parametrize("host", HOSTS)
async def test_a_private_host_is_not_asked_whatever_it_is_called(site: Site, host: str) -> None:
    site.pages["/"] = page("secret")
    allowed = WebAccess(allowed_hosts=frozenset({f"elsewhere:{site.port}"}))
    async with Fetcher(allowed) as fetcher:
        for port in (site.port, 80):
            with pytest.raises(NoAnswer, match=r"no public address|port|not valid|resolved"):
                await fetcher.get(f"http://{host}:{port}/")
        with pytest.raises(NoAnswer, match="no public address"):
            await fetcher.get(canonical(f"http://{host}/"))
    assert site.asked == []


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["10.0.0.1"]])
async def test_a_name_that_leads_to_a_private_address_is_refused(
    site: Site, names: dict[str, list[list[str]]], addresses: list[str]
) -> None:
    names["7f000001.nip.example"] = [addresses]
    async with Fetcher(GUARDED) as fetcher:
        with pytest.raises(NoAnswer, match=r"nip\.example leads to no public address") as refused:
            await fetcher.get("http://7f000001.nip.example/")
    assert not any(address in str(refused.value) for address in addresses)
    assert site.asked == []


async def test_the_address_that_is_connected_to_is_checked_and_not_another_look_up(
    site: Site, names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver that says yes is not enough: the socket has the last word."""
    from streams.http import addresses

    names["rebind.example"] = [["127.0.0.1"]]
    monkeypatch.setattr(addresses, "GuardedResolver", lambda advice: ThreadedResolver())
    async with Fetcher(GUARDED) as fetcher:
        with pytest.raises(NoAnswer, match="no public address") as refused:
            await fetcher.get("http://rebind.example/")
    assert "127.0.0.1" not in str(refused.value)
    assert site.asked == []


async def test_an_answer_of_dns_that_changes_is_checked_again(
    site: Site, names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from streams.http import addresses

    really = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda one: one == "127.0.0.1" or really(one))
    site.pages["/"] = page("fine")
    site.headers["/"] = {"Connection": "close"}
    names["rebind.example"] = [["127.0.0.1"], ["127.0.0.2"]]  # public first, then private
    async with Fetcher(GUARDED) as fetcher:
        assert (await fetcher.get("http://rebind.example/")).status == 200
        with pytest.raises(NoAnswer, match="no public address"):
            await fetcher.get("http://rebind.example/")


TARGETS = ["http://169.254.169.254/latest/", "http://[::1]/", "http://167772161/", "http://localhost/"]


@pytest.mark.parametrize("target", TARGETS)
async def test_a_redirect_to_a_private_address_is_not_followed(site: Site, target: str) -> None:
    site.pages = {"/": page("start", "/a"), "/a": lambda _: redirect(target), "/b": page("b")}
    found = await crawl(site)
    assert found.keys == {"/"}
    with pytest.raises(RequestError, match=r"public address|resolved"):
        await crawl(site, path="/a")


async def test_robots_sitemap_canonical_and_refresh_are_under_the_same_rule(site: Site) -> None:
    inner = "http://169.254.169.254"
    site.pages = {
        "/": page("start", "/refresh", head=f'<link rel="canonical" href="{inner}/c">'),
        "/refresh": f'<meta http-equiv="refresh" content="0; url={inner}/r">',
        "/robots.txt": f"Sitemap: {inner}/sitemap.xml\nSitemap: {site.url}/other.xml",
        "/other.xml": lambda _: redirect(f"{inner}/sitemap.xml"),
    }
    assert (await crawl(site)).keys == {"/"}
    site.pages["/robots.txt"] = lambda _: redirect(f"{inner}/robots.txt")
    with pytest.raises(RequestError, match=r"robots\.txt: 169\.254\.169\.254 is no public address"):
        await crawl(site)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://e.org:22/", "port 22 is not allowed"),
        ("https://e.org:8443/", "port 8443 is not allowed"),
        ("http://10.0.0.1/", "no public address"),
        ("http://me.localhost/", "no public address"),
        ("http://e.org:443/", None),
        ("http://intranet.example/", None),
        ("http://intranet.example:8080/", None),
        ("http://wiki.example:81/", None),
        ("http://wiki.example:82/", "port 82"),
    ],
)
def test_hosts_that_are_named_are_meant(url: str, reason: str | None) -> None:
    access = WebAccess(allowed_hosts=frozenset({"intranet.example", "wiki.example:81"}))
    found = refusal(url, access)
    assert found is None if reason is None else reason in (found or "")


async def test_the_gateway_refuses_what_the_crawler_would(site: Site) -> None:
    origin = WebOrigin(Access(web=GUARDED))
    for url in (site.url, "http://[::ffff:10.0.0.1]/", "https://e.org:22/"):
        with pytest.raises(RequestError, match="HEADRACE_WEB_ALLOWED_HOSTS"):
            await origin.check(WebScrapeConfig(starting_url=url), "t")
    with pytest.raises(RequestError, match="HEADRACE_WEB_PAGE_LIMIT"):
        await origin.check(WebScrapeConfig(starting_url="https://e.org", page_limit=10_001), "t")


async def test_a_proxy_of_the_environment_is_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{site.port}")
    async with Fetcher(GUARDED) as fetcher:
        with pytest.raises(NoAnswer, match="resolved"):
            await fetcher.get("http://no-such-name.invalid/")
    assert site.asked == []
