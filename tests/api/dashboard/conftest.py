"""One whole pipeline, one browser and one signed-in page for all browser tests.

They are skipped, and say so, where Chromium or Playwright is missing.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headrace.wiring import SERVICES
from streams.local.ports import free_port
from streams.secrets import SecretsKey
from tests.conftest import Chroma, Kafka
from tests.system.pipeline import KEY, Pipeline, running

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, StorageState

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
#: For modules whose tests need a browser.
needs_browser = [
    pytest.mark.skipif(not PROGRAM, reason="NOT TESTED: no Chromium here (apt-get install chromium)"),
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None,
        reason="NOT TESTED: no Playwright here (pip install headrace[browser])",
    ),
]
#: Long, for nothing to be pushed aside by a name.
COLLECTION = "handbook-of-the-mill-with-all-its-gates-and-ladders-as-they-were-and-are-now"
#: A document whose name and text are markup, and one that cannot be parsed.
HOSTILE_NAME = "<script>alert(1).md"
HOSTILE = '# <script>window.harmed = true</script>\n\n<img src=x onerror="window.harmed = true"> flood gate'


@dataclass(frozen=True)
class Dashboard:
    """A pipeline with a folder that was synced once, and a browser."""

    pipeline: Pipeline
    browser: Browser
    url: str
    folder: Path
    source: str
    invocation: str
    webhook: str
    documents: Mapping[str, str]  # ids by key
    session: StorageState  # of who has signed in with the admin key

    async def context(self, *, signed_in: bool = True, **options: object) -> BrowserContext:
        """A fresh profile; signed in with the admin key unless it is not."""
        state = self.session if signed_in else None
        made = await self.browser.new_context(base_url=self.url, storage_state=state, **options)  # type: ignore[arg-type]
        made.set_default_timeout(20_000)
        return made


async def sign_in(page: Page, key: str = KEY) -> None:
    """Sign in on a page."""
    await page.goto("/sign-in")
    await page.get_by_label("API key").fill(key)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.fixture(scope="package")
async def dashboard(
    kafka: Kafka, chroma: Chroma, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Dashboard]:
    from playwright.async_api import async_playwright

    data, folder = tmp_path_factory.mktemp("dashboard"), tmp_path_factory.mktemp("documents")
    for number in range(6):
        (folder / f"guide-{number}.md").write_text(f"# Guide {number}\n\nHow to open flood gate {number}.\n")
    (folder / HOSTILE_NAME).write_text(HOSTILE)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 that is all")
    embed_port = free_port()
    settings = {
        "HEADRACE_SECRETS_KEY": SecretsKey.new().text,
        "HEADRACE_EMBED_PORT": str(embed_port),
        "HEADRACE_EMBED_URL": f"http://127.0.0.1:{embed_port}",
        "HEADRACE_EMBED_KEY": KEY,
        "HEADRACE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
    }
    async with (
        async_playwright() as playwright,
        running(
            kafka.bootstrap_servers, chroma.url, data, services=tuple(SERVICES), settings=settings
        ) as pipeline,
    ):
        source = await pipeline.source(folder)
        invocation = await pipeline.begin(source, COLLECTION)
        await pipeline.ended(invocation)
        told = {"url": "http://127.0.0.1:9/nobody", "description": "<b>paused</b>"}
        _, webhook = await pipeline.call("POST", "/api/v1/webhook-endpoints", json=told)
        path = f"/api/v1/webhook-endpoints/{webhook['id']}"
        await pipeline.call("PATCH", path, json={"enabled": False})
        await pipeline.call("POST", f"{path}/test")
        _, listed = await pipeline.call("GET", "/api/v1/documents")
        documents = {one["document_key"]: one["id"] for one in listed["documents"]}
        browser = await playwright.chromium.launch(
            executable_path=PROGRAM,
            # One process less: a page takes a third less of a core.
            args=["--no-sandbox", "--disable-gpu", "--in-process-gpu"],
        )
        url = f"http://127.0.0.1:{pipeline.environment['HEADRACE_PORT']}"
        async with await browser.new_context(base_url=url) as context:
            await sign_in(await context.new_page())
            session = await context.storage_state()
        yield Dashboard(pipeline, browser, url, folder, source, invocation, webhook["id"], documents, session)
        await browser.close()


@pytest.fixture
async def page(dashboard: Dashboard) -> AsyncIterator[Page]:
    """A page of a fresh profile that is signed in. What its scripts report as errors fails the test."""
    context = await dashboard.context()
    opened = await context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
    yield opened
    assert await opened.evaluate("window.harmed") is None
    await context.close()
    assert errors == []
