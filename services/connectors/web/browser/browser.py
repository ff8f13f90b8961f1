"""Renders pages for all runs of a process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from services.connectors.web.browser.chromium import MEMORY_BYTES, Chromium, NotRendered, first_line
from services.connectors.web.browser.gate import MAX_REQUESTS, Gate

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Playwright

#: Maximum number of concurrent pages; each takes 100 to 200 MB.
_PAGES_AT_ONCE = 3
#: Number of pages after which the process is replaced, because its memory grows slowly.
_PAGES_OF_A_PROCESS = 100
#: Time limit for a page without the delays between its requests, and including them.
PAGE_SECONDS = 30.0
_MOST_SECONDS = 300.0
_QUIET_SECONDS = 0.5
#: A page whose text keeps changing (a clock) is taken once it has sent no request for this long.
_RESTLESS_SECONDS = 3.0
_LOOK_SECONDS = 0.1
_CLOSE_SECONDS = 5.0
#: Time until a browser that did not start is tried again.
_TRY_AGAIN_SECONDS = 60.0
_TEXT_LENGTH = "() => document.body ? document.body.textContent.length : 0"


class Browser:
    """Starts with the first page that is rendered, and ends when no run uses it any more (`leave`).

    Args:
        program: path of Chromium.
        page_s: time limit for a page, without the delays between its requests.
        memory_bytes: memory limit for all its processes together.
        pages: number of pages after which the process is replaced.
        quiet_s: a page is complete when it has sent no request, and its text has not changed, for this long.
        close_s: if closing a page takes longer, the process is killed.
    """

    def __init__(
        self,
        program: str,
        page_s: float = PAGE_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        pages: int = _PAGES_OF_A_PROCESS,
        quiet_s: float = _QUIET_SECONDS,
        close_s: float = _CLOSE_SECONDS,
    ) -> None:
        self._quiet_s, self._close_s = quiet_s, close_s
        self._program, self._page_s, self._memory_bytes, self._pages = program, page_s, memory_bytes, pages
        self._users = 0
        self._changing = asyncio.Lock()
        self._places = asyncio.Semaphore(_PAGES_AT_ONCE)
        self._playwright: Playwright | None = None
        self.chromium: Chromium | None = None
        self._failed: tuple[float, str] | None = None

    def enter(self) -> None:
        """A run starts to use it."""
        self._users += 1

    async def leave(self) -> None:
        """A run has ended. The browser ends with the last one."""
        self._users -= 1
        async with self._changing:
            if self._users:
                return
            if self.chromium is not None:
                await self.chromium.end()
            if self._playwright is not None:
                with contextlib.suppress(Exception):
                    await self._playwright.stop()
            self.chromium = self._playwright = None

    async def render(self, gate: Gate) -> tuple[bytes, str]:
        """The rendered page in UTF-8, and the URL that its scripts navigate to (empty for none). A page that
        navigates at once is empty.

        Raises NotRendered if the browser does not start, the page crashes it twice, the page is not complete
        in time, or a resource of the site itself cannot be loaded.
        """
        async with self._places:
            for last in (False, True):
                chromium = await self._taken()
                try:
                    return await self._rendered(chromium, gate), gate.leads_to
                except _Died as error:
                    if last:
                        raise NotRendered(chromium.killed or str(error)) from error
                    gate = Gate(gate.page, gate.access, gate.visitors)
                finally:
                    await self._left(chromium)
        raise AssertionError

    # --------------------------------------------------------------------------------------- process

    async def _taken(self) -> Chromium:
        """A process for a page. Raises NotRendered."""
        async with self._changing:
            chromium = self.chromium
            if chromium is None or not chromium.alive or chromium.pages >= self._pages:
                self.chromium = None
                if chromium is not None and not chromium.open:
                    await chromium.end()
                self.chromium = chromium = await self._started()
            chromium.pages += 1
            chromium.open += 1
            return chromium

    async def _left(self, chromium: Chromium) -> None:
        chromium.open -= 1
        if chromium is not self.chromium and not chromium.open:
            await chromium.end()

    async def _started(self) -> Chromium:
        if self._failed and time.monotonic() - self._failed[0] < _TRY_AGAIN_SECONDS:
            raise NotRendered(self._failed[1])
        try:
            from playwright.async_api import async_playwright
        except ImportError as error:
            raise NotRendered("Playwright is not installed: install headrace[browser]") from error
        try:
            if self._playwright is None:
                self._playwright = await async_playwright().start()
            return await Chromium.start(self._playwright, self._program, self._memory_bytes)
        except NotRendered as error:
            self._failed = time.monotonic(), str(error)
            raise
        except Exception as error:  # Playwright's driver process
            self._playwright = None
            raise NotRendered(f"Playwright does not start: {first_line(error)}") from error

    # ------------------------------------------------------------------------------------------ page

    async def _rendered(self, chromium: Chromium, gate: Gate) -> bytes:
        from playwright.async_api import Error

        limit = min(self._page_s + MAX_REQUESTS * gate.access.delay_s, _MOST_SECONDS)
        context: BrowserContext | None = None
        try:
            async with asyncio.timeout(limit):
                context = await chromium.context(gate.access.agent, gate.answer)
                text = await self._shown(await context.new_page(), gate)
        except TimeoutError:
            raise NotRendered(f"did not come to rest in the browser within {limit:.0f} s") from None
        except Error as error:
            if not gate.leads_to:
                raise _Died(f"the browser failed on it: {first_line(error)}") from error
            text = ""
        finally:
            if context is not None:
                await self._closed(chromium, context)
        if gate.failed:
            raise NotRendered(f"could not load {gate.failed}")
        if len(text) > gate.access.max_bytes:
            raise NotRendered(f"is larger than {gate.access.max_bytes:,} bytes in the browser")
        return text.encode("utf-8", "replace")

    async def _shown(self, page: Page, gate: Gate) -> str:
        page.context.on("page", lambda popup: asyncio.ensure_future(_close(popup)))
        await page.goto(gate.page.url, wait_until="domcontentloaded", timeout=0)
        length, changed_at = -1, time.monotonic()
        while True:
            now = time.monotonic()
            if (found := await page.evaluate(_TEXT_LENGTH)) != length:
                length, changed_at = found, now
            quiet = 0.0 if gate.pending else now - gate.quiet_since
            if quiet > self._quiet_s and (now - changed_at > self._quiet_s or quiet > _RESTLESS_SECONDS):
                return "" if page.url.startswith("chrome-error:") else await page.content()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _closed(self, chromium: Chromium, context: BrowserContext) -> None:
        """Close a page; kill the process if that takes too long."""
        try:
            async with asyncio.timeout(self._close_s):
                await context.close()
        except Exception:
            chromium.kill("a page of it could not be closed")


class _Died(Exception):
    """The browser process, or the renderer process of the page, has died."""


async def _close(page: Page) -> None:
    with contextlib.suppress(Exception):
        await page.close()
