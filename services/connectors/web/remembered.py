"""The memos of the previous crawl for pages that are indexed."""

from services.connectors.lister import Known
from services.connectors.web.memo import Page, unpacked


class Remembered:
    """The indexed pages and their memos. Reads all keys: blocking.

    Args:
        mode: of this crawl (`memo.MAIN`, `memo.WHOLE`).
    """

    def __init__(self, known: Known, mode: str) -> None:
        self._memos, self._mode = known, mode
        self.keys = frozenset(known.keys())

    def of(self, key: str) -> Page | None:
        """The memo of an indexed page; None if there is none."""
        return unpacked(key, self._memos.memo(key), self._mode) if key in self.keys else None
