"""Detect a site's "not found" page; many sites send it with status 200."""

import re
import secrets

from schemas.urls import origin_of
from services.connectors.web.browser import NotRendered
from services.connectors.web.memo import Page
from services.connectors.web.outcome import alike
from services.connectors.web.pages.content import is_html
from services.connectors.web.pages.parser import NotParsed
from services.connectors.web.reading import Reader
from services.connectors.web.scope import Scope
from services.connectors.web.transport.visit import Visitor

_SAYS_SO = re.compile(
    r"\b404\b|not found|doesn.t exist|nicht gefunden|introuvable|no encontrad|non trovat|niet gevonden", re.I
)


class NotFound:
    """The page that a site returns for a missing URL, learnt with one request."""

    def __init__(self) -> None:
        self._sample: Page | None = None

    async def learn(self, visitor: Visitor, scope: Scope, reader: Reader) -> None:
        """Request a page that does not exist."""
        url = scope.at_home(f"{origin_of(scope.start)}/{secrets.token_hex(12)}")
        visit = await visitor.visit(url, refuses=lambda at: None if scope.is_ours(at) else "on another host")
        if visit.answer is None or visit.answer.status != 200 or not is_html(visit.answer):
            return
        try:
            html, _ = await reader.read(visit.url, visit.answer)
        except (NotRendered, NotParsed):
            return
        if html.fault is None:
            self._sample = Page(visit.url, numbers=html.numbers, whole=html.whole, title=html.title)

    def is_it(self, page: Page) -> bool:
        """Whether a page has exactly this text and therefore does not exist."""
        return self._sample is not None and page.digest == self._sample.digest

    def is_like_it(self, page: Page) -> bool:
        """Whether a page has nearly this text, or a title that says "not found"."""
        sample = self._sample
        if sample is None:
            return False
        titled = page.title is not None and page.title == sample.title and _SAYS_SO.search(page.title)
        return bool(titled) or alike(page, sample)
