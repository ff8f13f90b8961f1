"""`make screenshots`: the pictures of the dashboard in `docs/images/`, in a browser.

A system of its own, in the folder for temporary files, syncs the docs and the invented documents, one of
which cannot be read, and then the sources of the services, so that there is something to see. It needs
Chromium and Playwright (`headrace[browser]`).
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.cli.settings import load_settings
from headrace.client.gateway import GatewayClient
from headrace.local.running_file import Interrupted
from headrace.local.system import LocalSystem, run_local
from schemas.errors import IngestError
from schemas.limits import BM25

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
#: Away from the checkout: its path is in the pictures.
WORK = Path(tempfile.gettempdir()) / "headrace-pictures"
COLLECTION, DATABASE = "handbook", "default_database"
QUESTION = "how are credentials of sources encrypted"
#: Name of the picture, page, whether it is dark, whether it is a phone's.
PICTURES: Sequence[tuple[str, str, bool, bool]] = (
    ("search", f"/search?collection={DATABASE}/{COLLECTION}&q={QUESTION.replace(' ', '+')}", False, False),
    ("invocation-dark", "/invocations/{failed}", True, False),
    ("grow", "/topics/grow?partitions=24", False, False),
    ("source-phone", "/sources/{source}", False, True),
)
#: Taken while a run goes on.
OVERVIEW = ("overview", "/", False, False)
_DESKTOP, _PHONE = {"width": 1160, "height": 740}, {"width": 390, "height": 760}


def prepare() -> tuple[Path, Path]:
    """A folder with the docs, the invented documents and one that cannot be parsed; and one with code."""
    folder, code = WORK / "handbook", WORK / "code"
    for one in (folder, code):
        shutil.rmtree(one, ignore_errors=True)
    shutil.copytree(ROOT / "services" / "chunking", code, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "docs").mkdir(parents=True)
    for page in ("dashboard", "folders", "s3", "security", "tracking", "triggers", "web", "webhooks"):
        shutil.copy(ROOT / "docs" / f"{page}.md", folder / "docs")
    shutil.copytree(ROOT / "examples" / "documents", folder / "documents")
    (folder / "documents" / "scan-2019.pdf").write_bytes(b"%PDF-1.7 cut off")
    return folder, code


async def sync(client: GatewayClient, folder: Path) -> dict[str, str]:
    """Sync the folder twice, with a change between; the ids that the pages need."""
    body: dict[str, Any] = {
        "folder": {"path": str(folder)},
        "database_name": DATABASE,
        "embedding": {"sparse": {"model": BM25}},
        "schedule": {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "target_collection_name": COLLECTION},
    }
    source = await client.create_source(body)
    failed = await client.create_invocation(source, COLLECTION)
    await ended(client, failed)
    (folder / "documents" / "news.md").write_text("# News\n\nThe new trash rack arrives in April.\n")
    await ended(client, await client.create_invocation(source, COLLECTION))
    return {"source": source, "failed": failed}


async def begin_code(client: GatewayClient, code: Path) -> str:
    """Begin a run that takes a while, and wait until some of it is done; its id."""
    source = await client.create_source({"folder": {"path": str(code)}, "database_name": DATABASE})
    run = await client.create_invocation(source, "code")
    while True:
        found = await client.progress(run)
        if found.finished_at is not None or (found.total is not None and found.done >= found.total / 3):
            return run
        await asyncio.sleep(0.2)


async def ended(client: GatewayClient, invocation: str) -> None:
    """Wait for the end of a run."""
    while True:
        if (await client.progress(invocation)).finished_at is not None:
            return
        await asyncio.sleep(0.5)


async def take(
    browser: "Browser",
    system: LocalSystem,
    ids: dict[str, str],
    chosen: Sequence[tuple[str, str, bool, bool]],
) -> None:
    """Pictures of pages."""
    for name, path, dark, phone in chosen:
        context = await browser.new_context(
            base_url=system.running.url,
            viewport=_PHONE if phone else _DESKTOP,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
        )
        page = await context.new_page()
        await sign_in(page, system.key)
        await page.goto(path.format(**ids))
        await page.wait_for_selector("html[data-ready]")
        await page.wait_for_timeout(1_500)
        await page.reload()  # what was asked in the background is there
        await page.wait_for_timeout(1_000)
        await page.screenshot(path=IMAGES / f"{name}.png")
        await context.close()


async def sign_in(page: "Page", key: str) -> None:
    """Sign in with the system's key."""
    await page.goto("/sign-in")
    await page.get_by_label("API key").fill(key)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda address: "/sign-in" not in address)


async def pictures(system: LocalSystem) -> None:
    """Sync, then take the pictures."""
    from playwright.async_api import async_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    IMAGES.mkdir(exist_ok=True)
    folder, code = prepare()
    async with (
        GatewayClient(system.running.url, system.key) as client,
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"]) as browser,
    ):
        ids = await sync(client, folder)
        await begin_code(client, code)
        await take(browser, system, ids, [OVERVIEW])
        await take(browser, system, ids, PICTURES)


def main() -> int:
    """Take the pictures; the exit status."""
    shutil.rmtree(WORK, ignore_errors=True)
    settings = load_settings(WORK / "data", folder_roots=[str(WORK)], port=0)
    try:
        asyncio.run(run_local(settings, pictures))
    except (IngestError, Interrupted) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
