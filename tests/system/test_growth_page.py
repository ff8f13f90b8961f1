"""Partitions are grown from the page of topics, by keyboard, though the gateway is killed in the middle."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from headrace.wiring import SERVICES
from streams.kafka.cluster import admin, partition_counts
from streams.local import LocalBroker, LocalChroma
from streams.topics import DOCUMENTS
from tests.api.dashboard.conftest import PROGRAM, needs_browser, sign_in
from tests.system.pipeline import PARTITIONS, Pipeline, running

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.timeout(300), *needs_browser]

#: A gateway that is gone is gone on with after three seconds.
SOON = "from streams.growth import keeper; keeper.SILENT_SECONDS, keeper.LOOK_SECONDS = 4, 1\n"
AFTER = PARTITIONS + 1


@pytest.fixture
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pipeline]:
    folder = tmp_path_factory.mktemp("grown-by-page")
    async with LocalBroker(folder / "kafka") as broker, LocalChroma(folder / "chroma") as chroma:
        data = tmp_path_factory.mktemp("page")
        async with running(
            broker.bootstrap_servers, chroma.url, data, broker.client_file, SERVICES, before=SOON
        ) as made:
            yield made


@pytest.fixture
async def page(system: Pipeline) -> AsyncIterator[Page]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=PROGRAM, args=["--no-sandbox", "--disable-gpu"]
        )
        made = await browser.new_page(base_url=f"http://127.0.0.1:{system.environment['HEADRACE_PORT']}")
        made.set_default_timeout(20_000)
        await sign_in(made)
        yield made
        await browser.close()


async def tab_to(page: Page, name: str) -> None:
    """Move the focus forwards until it is on what has this text or id."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        focused = "[document.activeElement.id, document.activeElement.textContent.trim()]"
        if name in await page.evaluate(focused):
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


async def test_partitions_grow_from_the_page_though_the_gateway_is_killed(
    system: Pipeline, page: Page
) -> None:
    from playwright.async_api import Error, expect

    await system.ended(await system.upload("kept", "before.md", b"# Before the growth"))
    system.signal("parsing", signal.SIGSTOP)  # so that something is on its way
    late = await system.upload("kept", "meanwhile.md", b"# While nobody parses")

    await page.goto("/topics")
    await tab_to(page, "More partitions")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/topics/grow")
    await tab_to(page, "partitions")
    await page.keyboard.press("Control+A")
    await page.keyboard.type(str(AFTER))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=f"From {PARTITIONS} to {AFTER} partitions")).to_be_visible()
    await expect(
        page.get_by_text(re.compile(r"Now \d records? of documents waits? for parsing"))
    ).to_be_visible()
    await tab_to(page, "sure")
    await page.keyboard.press("Space")
    await tab_to(page, f"Grow to {AFTER} partitions")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text(f"From {PARTITIONS} to {AFTER} partitions")
    await expect(
        page.get_by_text(re.compile(r"Waiting: \d records? of documents waits? for parsing"))
    ).to_be_visible()
    status, said = await system.call("POST", "/api/v1/keys", json={"name": "refused"})
    assert (status, "by a gateway" in said["message"]) == (503, True)

    system.signal("api", signal.SIGKILL)
    await expect(page.get_by_text(re.compile("Begun anew where it was"))).to_be_visible(timeout=60_000)
    system.signal("parsing", signal.SIGCONT)
    done = page.get_by_text(f"All topics have {AFTER} partitions; the services begin anew.")
    await expect(done).to_be_visible(timeout=90_000)
    await expect(page.get_by_role("heading", name=re.compile("The last growth"))).to_be_visible()

    assert (await system.ended(late))["indexed"] == 1
    counts = await asyncio.to_thread(partition_counts, admin(system.cluster), system.cluster)
    assert counts[DOCUMENTS.name] == AFTER
    each = page.get_by_text(f"{AFTER} partitions each")
    async with asyncio.timeout(60):  # the gateway begins anew, and refuses connections for a moment
        while not await each.is_visible():
            with contextlib.suppress(Error):
                await page.goto("/topics")
            await asyncio.sleep(0.2)
