"""The dashboard in a real browser, with the whole pipeline behind it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.dashboard.conftest import COLLECTION, HOSTILE, HOSTILE_NAME, Dashboard, needs_browser, sign_in

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

pytestmark = needs_browser


async def test_a_source_is_made_and_seen_running_live_until_all_is_indexed(
    dashboard: Dashboard, page: Page, tmp_path: Path
) -> None:
    from playwright.async_api import expect

    folder = dashboard.folder.parent / "more"
    folder.mkdir()
    for number in range(30):
        (folder / f"page-{number}.md").write_text(f"# Page {number}\n\nWater level {number}.\n" * 20)
    await page.goto("/sources")
    await page.get_by_role("link", name="New source").click()
    await page.get_by_role("link", name=re.compile("^Folder")).click()
    await page.get_by_label("Path on the server").fill("/no/such/folder")
    await page.get_by_label("Collection", exact=True).fill("levels")
    await page.get_by_role("button", name="Create source").click()
    await expect(page.get_by_role("alert")).to_contain_text("/no/such/folder")
    await page.get_by_label("Path on the server").fill(str(folder))  # the rest is still filled in
    await page.get_by_role("button", name="Check first").click()
    await expect(page.get_by_role("status")).to_contain_text("30 documents would be synced")
    await page.get_by_role("button", name="Create source").click()

    await page.wait_for_url(re.compile("/invocations/"))
    await expect(page.locator("html")).to_have_attribute("data-stream", "open")
    await expect(page.get_by_role("status").filter(has_text="Complete")).to_be_visible(timeout=60_000)
    await expect(page.locator(".state .count")).to_have_text("30 of 30 documents")

    await page.goto("/sources?q=more")
    row = page.get_by_role("row").filter(has_text=str(folder))
    await expect(row).to_contain_text("levels")
    await expect(row).to_contain_text("Complete")
    await expect(row.get_by_role("link", name="30", exact=True)).to_be_visible()


async def test_a_source_gets_a_schedule_is_paused_and_resumed(dashboard: Dashboard, page: Page) -> None:
    from playwright.async_api import expect

    await page.goto(f"/sources/{dashboard.source}")
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_label("Or at these times").fill("61 2 * * *")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("61")
    await page.get_by_label("Or at these times").fill("30 2 * * *")
    await page.get_by_label("Time zone of the times").fill("Europe/Berlin")
    await page.get_by_label("Collection of scheduled runs").fill(COLLECTION)
    await page.get_by_label("Not files that match").fill("drafts/")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".said")).to_contain_text("The source is changed")
    await expect(page.get_by_text("30 2 * * * (Europe/Berlin)")).to_be_visible()
    await page.goto("/")
    await expect(page.get_by_role("region", name="Next")).to_contain_text(str(dashboard.folder))
    await page.goto(f"/sources/{dashboard.source}")
    await page.get_by_role("button", name="Pause schedule").click()
    await expect(page.get_by_text("paused", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Resume schedule").click()
    await expect(page.get_by_role("button", name="Pause schedule")).to_be_visible()


async def test_a_failed_document_is_found_with_its_reason_and_retried(
    dashboard: Dashboard, page: Page
) -> None:
    from playwright.async_api import expect

    await page.goto("/")
    failed = page.get_by_role("region", name="Failed lately")
    await expect(failed).to_contain_text("broken.pdf")
    await failed.get_by_role("link", name=str(dashboard.folder)).first.click()
    await expect(page.get_by_role("status").filter(has_text="1 failure")).to_be_visible()
    await page.get_by_role("link", name="broken.pdf").first.click()
    await expect(page.get_by_role("heading", name="broken.pdf")).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("Its newest try failed")
    await expect(page.get_by_role("alert")).not_to_contain_text("broken.pdf")  # the heading says that

    await page.get_by_role("link", name="Beside the original").click()
    await expect(page.get_by_role("heading", name="the version that failed")).to_be_visible()
    await page.goto("/dead-letters")
    await expect(page.get_by_role("row").filter(has_text="broken.pdf")).to_be_visible()
    await page.goto(f"/invocations/{dashboard.invocation}")
    await page.get_by_role("button", name="Retry these").click()
    await expect(page.locator(".said")).to_contain_text("1 record sent again")


async def test_search_marks_words_and_leads_to_the_chunk(dashboard: Dashboard, page: Page) -> None:
    from playwright.async_api import expect

    await page.goto("/search")
    await page.get_by_label("Collection").select_option(f"default_database/{COLLECTION}")
    await page.get_by_label("What to look for").fill("flood gates 3")
    await page.get_by_role("button", name="Search").click()
    hit = page.locator(".hit").filter(has_text="guide-3.md")
    await expect(hit.locator("mark").filter(has_text="flood")).to_be_visible()
    await expect(hit).to_contain_text(re.compile(r"dense #\d+, 0\.\d{3}"))
    await expect(page.locator("#code-curl")).to_contain_text("/api/v1/search")
    await expect(page.locator("#code-python")).to_contain_text("httpx.post")
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")  # as over HTTP
    await page.get_by_role("button", name="Copy").first.click()
    await expect(page.get_by_role("button", name="Selected: press Ctrl+C")).to_be_visible()
    assert str(await page.evaluate("getSelection().toString()")).startswith("curl ")
    await hit.get_by_role("link", name="guide-3.md").click()
    await page.wait_for_url(re.compile(r"/documents/[0-9a-f]{32}#chunk-0$"))
    await expect(page.locator("#chunk-0")).to_contain_text("How to open flood gate 3.")

    await page.goto(f"/search?collection={COLLECTION}&q=gate&regex=%5B")
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.goto(f"/search?collection={COLLECTION}&q=gate&where=document_key+%3D+guide-1.md")
    await expect(page.locator(".hit")).to_have_count(1)


async def test_a_document_that_is_markup_is_shown_and_does_nothing(dashboard: Dashboard, page: Page) -> None:
    from playwright.async_api import expect

    await page.goto(f"/search?collection={COLLECTION}&q=script+harmed&mode=sparse")
    hit = page.locator(".hit").filter(has_text="window.harmed")
    await expect(hit.locator("pre.text")).to_contain_text('<img src=x onerror="window.harmed = true">')
    await hit.get_by_role("link").first.click()
    await expect(page.get_by_role("heading", name=HOSTILE_NAME)).to_be_visible()
    await page.get_by_role("link", name="Beside the original").click()
    await expect(page.get_by_role("heading", name="Parsed text, 1 chunk")).to_be_visible()
    for name in ("Original file", "Parsed text"):
        region = page.get_by_role("region", name=name, exact=True)
        await expect(region).to_contain_text('<img src=x onerror="window.harmed = true">')
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Download").click()
    assert (await (await saved.value).path()).read_text() == HOSTILE
    for path in ("/", "/documents", f"/invocations/{dashboard.invocation}", "/documents?q=<script>alert(1)"):
        await page.goto(path)
        assert await page.locator("main script:not([src])").count() == 0
    # the page fixture looks whether a script of the document has run


async def test_files_are_uploaded_with_their_limits_said_before(
    dashboard: Dashboard, page: Page, tmp_path: Path
) -> None:
    from playwright.async_api import expect

    (tmp_path / "notes.md").write_text("# Notes\n\nThe sluice keeper's notes.\n")
    (tmp_path / "empty.txt").touch()
    await page.goto("/upload")
    await page.get_by_label("Collection").fill("uploads")
    await page.locator("#files").set_input_files([tmp_path / "notes.md", tmp_path / "empty.txt"])
    row = page.get_by_role("row").filter(has_text="notes.md")
    await expect(row.get_by_role("link", name="Sent")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="empty.txt")).to_contain_text("Empty: not sent")
    await row.get_by_role("link", name="Sent").click()
    await expect(page.get_by_role("status").filter(has_text="Complete")).to_be_visible(timeout=30_000)


async def test_a_key_is_made_used_and_revoked_and_its_open_page_ends(
    dashboard: Dashboard, page: Page
) -> None:
    from playwright.async_api import expect

    await page.goto("/keys")
    await page.get_by_label("Name").fill("a colleague")
    await page.get_by_role("button", name="Make key").click()
    key = await page.locator("#made-key").text_content()
    assert key is not None
    assert key.startswith("hr_")
    await page.goto("/keys")
    assert key not in await page.content()

    theirs = await dashboard.context(signed_in=False)
    other = await theirs.new_page()
    await sign_in(other, key)
    await expect(other.locator("html")).to_have_attribute("data-stream", "open")
    await other.goto("/keys")
    await expect(other.get_by_role("heading", name="Not allowed")).to_be_visible()
    await other.goto("/")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("row").filter(has_text="a colleague").get_by_role("button", name="Revoke").click()
    await expect(page.locator(".said")).to_contain_text("The key is revoked")
    await other.wait_for_url(re.compile("/sign-in"))
    await theirs.close()


async def test_a_page_that_cannot_follow_says_so_until_it_can(page: Page) -> None:
    from playwright.async_api import expect

    async def broken(route: Route) -> None:
        await (route.abort() if route.request.resource_type == "eventsource" else route.continue_())

    await page.route("**/*", broken)
    await page.goto("/")
    await expect(page.get_by_text("The gateway does not answer")).to_be_visible(timeout=30_000)
    await page.unroute("**/*")
    await expect(page.get_by_text("The gateway does not answer")).to_be_hidden(timeout=30_000)
    await expect(page.locator("html")).to_have_attribute("data-stream", "open")


async def test_a_collection_is_compared_with_what_is_recorded(dashboard: Dashboard, page: Page) -> None:
    from playwright.async_api import expect

    await page.goto("/collections")
    row = page.get_by_role("row").filter(has=page.get_by_text(COLLECTION, exact=True))
    await row.get_by_role("link", name="Verify").click()
    await page.get_by_role("button", name="Verify", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("Everything is as recorded", timeout=30_000)


async def test_every_page_reads_without_scripts_and_loads_nothing_from_elsewhere(
    dashboard: Dashboard,
) -> None:
    context = await dashboard.context(java_script_enabled=False)
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in pages(dashboard):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        assert await page.get_by_role("heading", level=1).count() == 1, path
    # `chrome:` and `chrome-extension:` are the browser's own reader of PDF.
    assert [url for url in asked if not url.startswith((dashboard.url, "chrome:", "chrome-extension:"))] == []
    await context.close()


@pytest.mark.faults  # long
async def test_axe_finds_nothing_serious_and_enough_contrast_in_the_dark(dashboard: Dashboard) -> None:
    from axe_playwright_python.base import AXE_SCRIPT

    run = "options => axe.run(document, {resultTypes: ['violations'], ...options})"
    found: dict[str, list[str]] = {}
    for signed_in, paths in ((False, ["/sign-in", "/no/such/page"]), (True, pages(dashboard))):
        context = await dashboard.context(signed_in=signed_in)
        page = await context.new_page()
        for path in paths:
            await page.goto(path)
            await page.evaluate(AXE_SCRIPT)
            results = [await page.evaluate(run, {})]
            if path in (
                "/",
                f"/invocations/{dashboard.invocation}",
                f"/sources/{dashboard.source}",
                "/sign-in",
            ):
                await page.emulate_media(color_scheme="dark")
                results.append(await page.evaluate(run, {"runOnly": ["color-contrast"]}))
                await page.emulate_media(color_scheme="light")
            for violation in (one for result in results for one in result["violations"]):
                if violation["impact"] in ("serious", "critical"):
                    nodes = [node["html"][:200] for node in violation["nodes"]]
                    found.setdefault(f"{path}: {violation['id']}", []).extend(nodes[:3])
        await context.close()
    assert found == {}


#: Tables that reach into what stands beside them.
_OVER = """() => [...document.querySelectorAll('.rows')].filter(
    (one) => one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right + 1
).map((one) => one.innerText.slice(0, 80))"""

#: Choices that are cut off, and parts of a cell that stand below its label instead of beside it.
_CUT = """() => [
  ...[...document.querySelectorAll('.modes')].filter((one) => one.scrollWidth > one.clientWidth),
  ...[...document.querySelectorAll('td[data-label] > *')].filter(
    (one) => one.getBoundingClientRect().width && one.tagName !== 'BR'
      && one.getBoundingClientRect().left < one.parentElement.getBoundingClientRect().left + 96),
].map((one) => one.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize(
    "room", [375, 1001, *(pytest.param(room, marks=pytest.mark.faults) for room in (1211, 1401))]
)
async def test_no_page_scrolls_sideways_and_each_shows_where_it_is(dashboard: Dashboard, room: int) -> None:
    from playwright.async_api import expect

    context = await dashboard.context(viewport={"width": room, "height": 740})
    page = await context.new_page()
    wide = {}
    for path in pages(dashboard):
        await page.goto(path)
        width = await page.evaluate("document.documentElement.scrollWidth")
        if width > room:
            wide[path] = width
        for table in await page.evaluate(_OVER):
            wide[f"{path}: {table}"] = room
        for cut in await page.evaluate(_CUT) if room < 1001 else ():
            wide[f"{path}: {cut}"] = room
        here = page.get_by_role("navigation", name="Main").locator("[aria-current]")
        if await here.count():
            await expect(here, path).to_be_in_viewport()
    await context.close()
    assert wide == {}


def pages(dashboard: Dashboard) -> list[str]:
    """Every page."""
    return [
        "/",
        "/search",
        f"/search?collection={COLLECTION}&q=flood+gate",
        "/sources",
        "/sources/new",
        "/sources/new?type=folder",
        "/sources/new?type=github",
        f"/sources/{dashboard.source}",
        f"/sources/{dashboard.source}/edit",
        "/documents",
        f"/documents/find?database=default_database&collection={COLLECTION}&key=guide-1.md",
        f"/documents/{dashboard.documents['guide-1.md']}/original",
        f"/documents/{dashboard.documents['broken.pdf']}/original",
        "/collections",
        f"/collections/verification?collection=default_database/{COLLECTION}",
        "/upload",
        "/invocations",
        f"/invocations/{dashboard.invocation}",
        "/dead-letters",
        "/webhook-endpoints",
        f"/webhook-endpoints/{dashboard.webhook}",
        "/topics",
        "/keys",
        "/credentials",
    ]
