"""Pages that need JavaScript, in a real Chromium."""

import asyncio
import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from schemas.sources.web_scrape import WebScrapeConfig
from services.connectors.web.browser import Browser
from services.connectors.web.browser.chromium import memory_of
from services.connectors.web.lister import WebLister
from tests.services.connectors.listing import Listing
from tests.services.connectors.web.site import Indexed, Site, access, page, redirect

_PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
pytestmark = [
    pytest.mark.skipif(not _PROGRAM, reason="NOT TESTED: no Chromium here (apt-get install chromium)"),
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None,
        reason="NOT TESTED: no Playwright here (pip install headrace[browser])",
    ),
]

_APPLICATION = """
const root = document.getElementById('root');
const told = fetch('/api' + location.pathname).then(answer => answer.json());
told.then(page => {
  document.title = page.title;
  root.innerHTML = `<h1>${page.title}</h1><p>${page.text}</p>`
    + page.links.map(link => `<a href="${link}">${link}</a>`).join('');
}).catch(error => { root.textContent = 'Something went wrong, please try again later. '.repeat(20); });
"""


def shell(script: str = '<script src="/app.js"></script>') -> str:
    return f'<html lang="en"><head><title>App</title></head><body><div id="root"></div>{script}</body></html>'


def written(text: str) -> str:
    """A script that shows a text."""
    return f"document.getElementById('root').innerHTML = '<p>' + '{text}. '.repeat(20) + '</p>'"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    made = Browser(_PROGRAM, page_s=90, quiet_s=0.2)
    made.enter()
    yield made
    await made.leave()


async def crawled(
    site: Site, browser: Browser, indexed: Indexed | None = None, path: str = "/", **fields: Any
) -> tuple[Listing, dict[str, str], WebLister]:
    """A listing with paths as keys, and what was read of it; brings `indexed` up to date."""
    indexed = indexed if indexed is not None else Indexed()
    lister = WebLister(
        WebScrapeConfig(starting_url=site.url + path), access(site, **fields), indexed, 0.001, browser=browser
    )
    try:
        listing = await Listing.of(lister)
        texts = {}
        for key, item in listing.items.items():
            if key not in indexed.items or indexed.items[key].version != item.version:
                texts[key.removeprefix(site.url)] = (await lister.read(item)).body.decode()
        indexed.items |= listing.items
    finally:
        await lister.aclose()
    short = Listing(
        {key.removeprefix(site.url): item for key, item in listing.items.items()},
        {key.removeprefix(site.url): why for key, why in listing.skipped.items()},
        {key.removeprefix(site.url): why for key, why in listing.unreadable.items()},
        listing.left_out,
    )
    return short, texts, lister


def application(site: Site, **texts: str) -> None:
    """An application of pages `/`, `/a`, …, which all are one shell."""
    site.etags = True
    site.pages = {"/app.js": _APPLICATION, "/robots.txt": 404, "/sitemap.xml": 404}
    site.headers["/app.js"] = {"Content-Type": "text/javascript"}
    site.other = shell()
    for name in ("", *texts):
        text = texts.get(name, "The start of the application. " * 10)
        links = str([f"/{other}" for other in texts]).replace("'", '"')
        told = f'{{"title": "Page {name}", "text": "{text}", "links": {links}}}'
        site.pages[f"/api/{name}"] = told
        site.headers[f"/api/{name}"] = {"Content-Type": "application/json"}
        site.pages[f"/{name}"] = shell()


@pytest.mark.faults  # long
async def test_an_application_is_crawled_as_its_readers_see_it(site: Site, browser: Browser) -> None:
    application(site, a="What page A has to say. " * 10, b="What page B has to say. " * 10)
    indexed = Indexed()
    listing, texts, _ = await crawled(site, browser, indexed)
    assert set(listing.items) == {"/", "/a", "/b"}
    assert listing.items["/a"].facts["title"] == "Page a"
    assert "What page A has to say." in texts["/a"]
    assert (site.counts["/app.js"], site.counts["/a"]) == (1, 1)

    site.pages["/api/a"] = str(site.pages["/api/a"]).replace("What page A", "Today page A")
    listing, texts, _ = await crawled(site, browser, indexed)
    assert "Today page A" in texts.pop("/a"), "the shell has not changed, its text has"
    assert not texts

    site.pages["/api/b"] = 503
    listing, texts, _ = await crawled(site, browser, indexed)
    assert (set(listing.unreadable), texts) == ({"/b"}, {}), "an error does not replace good text"
    assert "could not load" in listing.unreadable["/b"]


async def test_an_address_that_the_application_does_not_know_is_not_found(
    site: Site, browser: Browser
) -> None:
    application(site, a="What page A has to say. " * 10)
    lost = "const lost = 'This page does not exist here. '.repeat(10);"
    site.pages["/app.js"] = _APPLICATION.replace("'Something", "lost; 'Something")
    site.pages["/app.js"] = lost + str(site.pages["/app.js"])
    site.pages["/"] = page("start", "/a", "/old")
    site.pages["/api/"] = 404
    listing, _, _ = await crawled(site, browser)
    assert set(listing.items) == {"/", "/a"}
    assert listing.skipped == {"/old": "says 'not found' with status 200"}


# ------------------------------------------------------------------------------------------- safety


@dataclass
class Forbidden:
    """A server that no source may read; it only counts who comes, by TCP and by UDP."""

    port: int
    came: list[str] = field(default_factory=list)


@pytest.fixture
async def forbidden() -> AsyncIterator[Forbidden]:
    async def tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.came.append(f"tcp {(await reader.read(100))[:60]!r}")
        writer.close()

    class Udp(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            made.came.append("udp")

    server = await asyncio.start_server(tcp, "127.0.0.1", 0)
    made = Forbidden(server.sockets[0].getsockname()[1])
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Udp, local_addr=("127.0.0.1", made.port))
    yield made
    transport.close()
    server.close()


_ATTACK = """
const at = 'http://127.0.0.1:{port}', said = [];
const asked = (name, url) => fetch(url)
  .then(() => said.push(name + ':read'), () => said.push(name + ':refused'));
const element = (name, set) => {{
  const made = document.createElement(name); Object.assign(made, set); document.body.append(made);
}};
element('img', {{src: at + '/img'}});
element('script', {{src: at + '/script'}});
element('iframe', {{src: at + '/frame'}});
element('iframe', {{srcdoc: `<script>fetch('${{at}}/srcdoc')</script>`}});
element('object', {{data: at + '/object'}});
element('video', {{src: at + '/video'}});
element('link', {{rel: 'stylesheet', href: at + '/style'}});
element('link', {{rel: 'preconnect', href: at}});
element('link', {{rel: 'prefetch', href: at + '/prefetch'}});
element('link', {{rel: 'modulepreload', href: at + '/preload'}});
const answers = [
  asked('fetch', at + '/fetch'), asked('redirect', '/leads-there'),
  asked('cloud', 'http://169.254.169.254/latest/'), asked('file', 'file:///etc/passwd'),
];
fetch(at + '/post', {{method: 'POST', mode: 'no-cors', body: 'x'}}).catch(() => 0);
navigator.sendBeacon(at + '/beacon', 'x');
new EventSource(at + '/events');
try {{ new WebSocket('ws://127.0.0.1:{port}/socket'); }} catch (error) {{}}
try {{ new WebTransport('https://127.0.0.1:{port}/transport'); }} catch (error) {{}}
try {{
  const peer = new RTCPeerConnection({{iceServers: [
    {{urls: 'stun:127.0.0.1:{port}'}},
    {{urls: 'turn:127.0.0.1:{port}?transport=tcp', username: 'a', credential: 'b'}}]}});
  peer.createDataChannel('x');
  peer.createOffer().then(offer => peer.setLocalDescription(offer));
}} catch (error) {{}}
const work = new Blob([`fetch('${{at}}/worker').catch(() => 0); importScripts('${{at}}/import')`]);
new Worker(URL.createObjectURL(work));
window.open(at + '/popup');
navigator.serviceWorker && navigator.serviceWorker.register('/worker.js').catch(() => 0);
element('a', {{href: URL.createObjectURL(new Blob(['x'])), download: 'x'}});
document.querySelector('a[download]').click();
Promise.all(answers).then(() => {{
  document.getElementById('root').textContent = said.sort().join(' ') + ' shown. '.repeat(50);
}});
"""


async def test_a_page_reaches_nothing_that_its_source_may_not_read(site: Site, forbidden: Forbidden) -> None:
    patient = Browser(_PROGRAM, page_s=90, quiet_s=1.5)  # the page tells what was refused when it knows
    site.pages = {"/": shell("<script src='/attack.js'></script>")}
    site.pages["/attack.js"] = _ATTACK.format(port=forbidden.port)
    site.pages["/leads-there"] = lambda _: redirect(f"http://127.0.0.1:{forbidden.port}/", 302)
    allowed = frozenset({f"127.0.0.1:{site.port}"})
    listing, texts, _ = await crawled(site, patient, allowed_hosts=allowed)
    assert set(listing.items) == {"/"}, listing
    for refused in ("fetch:refused", "redirect:refused", "cloud:refused", "file:refused"):
        assert refused in texts["/"]
    assert forbidden.came == []
    assert site.counts["/worker.js"] == 0


async def test_a_page_goes_nowhere_by_itself(site: Site, browser: Browser) -> None:
    site.pages = {
        "/": page("start", "/away", "/moves", "/asks"),
        "/away": shell("<script>location.href = 'http://example.com/'</script>"),
        "/moves": shell("<script>location.replace('/here')</script>"),
        "/here": page("here"),
        "/asks": shell(f"<script>alert('x'); {written('answered')}</script>"),
        "/robots.txt": "User-agent: *\nDisallow: /private/",
    }
    site.pages["/private/x.js"] = written("private")
    site.pages["/closed"] = shell("<script src='/private/x.js'></script>")
    site.pages["/"] = page("start", "/away", "/moves", "/asks", "/closed")
    listing, _, _ = await crawled(site, browser)
    assert set(listing.items) == {"/", "/here", "/asks"}
    assert listing.left_out["leads to another page at once"] == 2
    assert "needs JavaScript" in listing.skipped["/closed"]
    assert site.counts["/private/x.js"] == 0


# ------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("for (;;) {}", "did not come to rest in the browser within 8 s"),
        ("const all = []; for (;;) all.push(new Array(1e6).fill(all.length))", "MiB of memory"),
    ],
)
@pytest.mark.faults
async def test_a_page_that_takes_too_much_fails_alone(site: Site, script: str, reason: str) -> None:
    page_s = 8 if "rest" in reason else 20
    made = Browser(_PROGRAM, page_s, memory_bytes=600 * 1024**2, quiet_s=0.2, close_s=0.5)
    site.pages = {
        "/": page("start", "/bad", "/good"),
        "/bad": shell(f"<script>{script}</script>"),
        "/good": shell(f"<script>{written('good')}</script>"),
    }
    listing, texts, _ = await crawled(site, made)
    assert reason in listing.unreadable["/bad"]
    assert set(listing.items) == {"/", "/good"}
    assert "good. good." in texts["/good"]
    assert made.chromium is None, "the last run ends the browser"


@pytest.mark.faults
async def test_a_browser_that_crashes_or_is_used_up_is_replaced(site: Site) -> None:
    made = Browser(_PROGRAM, pages=2, quiet_s=0.2)
    names = [f"/{name}" for name in "abcd"]
    pids = set()

    def answer(_: object) -> Any:
        assert made.chromium is not None
        pids.add(made.chromium.pid)
        if len(pids) == 1:
            os.kill(made.chromium.pid, signal.SIGKILL)
        return 404

    site.pages = {"/": page("start", *names), "/data": answer} | {
        name: shell(f"<script>fetch('/data{name}').then(() => {{ {written(name[1:])} }})</script>")
        for name in names
    }
    for name in names:
        site.pages[f"/data{name}"] = answer
    listing, _, _ = await crawled(site, made)
    assert set(listing.items) == {"/", *names}
    assert len(pids) == 3
    await ended(pids)


async def test_a_browser_that_does_not_start_is_said(site: Site, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    site.pages = {"/": page("start", "/a", "/b"), "/a": shell(), "/b": shell()}
    listing, _, _ = await crawled(site, Browser(str(broken)))
    assert set(listing.items) == {"/"}
    assert all(f"the browser {broken} does not start" in why for why in listing.unreadable.values())
    assert set(listing.unreadable) == {"/a", "/b"}


_WORKER = """
import asyncio, sys
from services.connectors.web.browser import Browser
async def main():
    browser = Browser(sys.argv[1])
    browser.enter()
    chromium = await browser._taken()
    print(chromium.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.faults
async def test_a_browser_dies_with_the_process_that_started_it() -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _WORKER,
        _PROGRAM,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "A_SECRET": "1"},
    )
    assert worker.stdout is not None
    pid = int(await asyncio.wait_for(worker.stdout.readline(), 60))
    assert memory_of(pid) > 0
    environment = await asyncio.to_thread(Path(f"/proc/{pid}/environ").read_bytes)
    assert b"A_SECRET" not in environment
    worker.kill()
    await worker.wait()
    await ended({pid})


async def ended(groups: set[int]) -> None:
    """Wait until no process of these groups is left."""
    async with asyncio.timeout(20):
        while any(map(memory_of, groups)):  # noqa: ASYNC110  (processes of others tell nobody)
            await asyncio.sleep(0.05)
