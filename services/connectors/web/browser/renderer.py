"""Render the pages of one run."""

from multidict import CIMultiDict, CIMultiDictProxy

from services.connectors.web.access import WebAccess
from services.connectors.web.browser.browser import Browser
from services.connectors.web.browser.gate import Gate, Visitors
from services.connectors.web.transport.fetch import Answer
from services.connectors.web.transport.spool import Spool


class Renderer:
    """Renders the pages of one run, each once, also across interruptions."""

    def __init__(self, browser: Browser, access: WebAccess, visitors: Visitors, spool: Spool) -> None:
        self._browser, self._access, self._visitors, self._spool = browser, access, visitors, spool
        self._entered = False

    async def render(self, answer: Answer) -> Answer:
        """The rendered page, with a `Refresh` header if its scripts navigate to another one. Raises
        NotRendered.

        It has no validators, because those of the server are for the shell, which stays the same when the
        text changes.
        """
        url = f"{answer.url}#rendered"
        if (kept := await self._spool.get(url)) is not None:
            return kept
        if not self._entered:
            self._entered = True
            self._browser.enter()
        body, leads_to = await self._browser.render(Gate(answer, self._access, self._visitors))
        headers = CIMultiDict({"Content-Type": "text/html; charset=utf-8"})
        headers.extend([("X-Robots-Tag", value) for value in answer.headers.getall("X-Robots-Tag", [])])
        if leads_to:
            headers["Refresh"] = leads_to
        rendered = Answer(url, answer.status, CIMultiDictProxy(headers), body)
        await self._spool.put(rendered)
        return rendered

    async def aclose(self) -> None:
        """Call at the end of the run."""
        if self._entered:
            self._entered = False
            await self._browser.leave()
