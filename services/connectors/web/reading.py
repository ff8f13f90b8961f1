"""The page in an answer, as a reader of the site sees it."""

import asyncio

from services.connectors.web.access import WebAccess
from services.connectors.web.pages.page import Html, read_page
from services.connectors.web.scope import Scope
from services.connectors.web.transport.fetch import Answer


class Reader:
    """Reads pages of one run."""

    def __init__(self, scope: Scope, access: WebAccess) -> None:
        self._scope, self._access = scope, access

    async def read(self, key: str, answer: Answer) -> tuple[Html, Answer]:
        """What a page says, and the answer that holds it.

        Args:
            key: its canonical address, which its links are relative to.
        """
        return await self._read(key, answer), answer

    async def _read(self, key: str, answer: Answer) -> Html:
        content_type = answer.headers.get("Content-Type")
        product, whole = self._access.product, self._scope.whole
        return await asyncio.to_thread(read_page, answer.body, content_type, key, product, whole)
