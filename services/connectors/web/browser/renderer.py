"""What one run has of the browser."""

from multidict import CIMultiDict, CIMultiDictProxy

from services.connectors.web.access import WebAccess
from services.connectors.web.browser.browser import Browser
from services.connectors.web.browser.gate import Gate, Visitors
from services.connectors.web.transport.fetch import Answer
from services.connectors.web.transport.spool import Spool


class Renderer:
    """Renders the pages of one run; each once, also when the run is interrupted."""

    def __init__(self, browser: Browser, access: WebAccess, visitors: Visitors, spool: Spool) -> None:
        self._browser, self._access, self._visitors, self._spool = browser, access, visitors, spool
        self._entered = False

    async def render(self, answer: Answer) -> Answer:
        """A page as its scripts have made it, with a header `Refresh` where they lead to another one.

        It has no validators: those of its server are for the shell, which stays as it is when the text
        changes. Raises NotRendered.
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
        """The run has ended."""
        if self._entered:
            self._entered = False
            await self._browser.leave()
