"""Extract a page from a response, rendered in the browser if it needs JavaScript."""

from dataclasses import replace

from services.connectors.web.access import WebAccess
from services.connectors.web.browser import Renderer
from services.connectors.web.pages import verdicts
from services.connectors.web.pages.page import Html
from services.connectors.web.pages.parser import PageParser
from services.connectors.web.pages.sitemap import Sitemap
from services.connectors.web.scope import Scope
from services.connectors.web.transport.fetch import Answer

#: How to index pages that need JavaScript.
TO_RENDER = (
    "install headrace[browser] and Chromium, and set HEADRACE_WEB_BROWSER=auto for the connectors to render "
    "such pages"
)
_EMPTY = f"{verdicts.SHELL}, and shows none in the browser"


class Reader:
    """Reads the pages of one run.

    Args:
        renderer: renders pages that show no text without JavaScript.
    """

    def __init__(
        self, scope: Scope, access: WebAccess, parser: PageParser, renderer: Renderer | None = None
    ) -> None:
        self._scope, self._access, self._parser, self._renderer = scope, access, parser, renderer

    async def read(self, key: str, answer: Answer) -> tuple[Html, Answer]:
        """A page, and the response that contains it: that of the browser if it was rendered. Raises
        NotRendered, NotParsed.

        Args:
            key: its canonical URL, for relative links.
        """
        html = await self._read(key, answer)
        if html.fault != verdicts.SHELL or html.noindex or html.refresh is not None:
            return html, answer
        if self._renderer is None:
            return replace(html, fault=f"{verdicts.SHELL}; {TO_RENDER}"), answer
        rendered = await self._renderer.render(answer)
        shown = await self._read(key, rendered)
        if not rendered.body or shown.numbers == html.numbers:
            return replace(shown, fault=_EMPTY, refresh=rendered.headers.get("Refresh")), rendered
        if shown.fault == verdicts.SHELL:  # a rendered page may be short
            shown = replace(shown, fault=None)
        return shown, rendered

    async def sitemap(self, answer: Answer) -> Sitemap:
        """The content of a sitemap. Raises NotParsed."""
        return await self._parser.sitemap(answer.body)

    async def _read(self, key: str, answer: Answer) -> Html:
        content_type = answer.headers.get("Content-Type")
        product, whole = self._access.product, self._scope.whole
        return await self._parser.read(answer.body, content_type, key, product, whole)
