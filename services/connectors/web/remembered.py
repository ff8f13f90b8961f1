"""What the crawl before has remembered of the pages that are indexed."""

from services.connectors.lister import Known
from services.connectors.web.memo import Page, unpacked


class Remembered:
    """The pages that are indexed, and what is known of them. Reads all keys; for a thread.

    Args:
        mode: of the crawl (`memo.MAIN`, `memo.WHOLE`).
    """

    def __init__(self, known: Known, mode: str) -> None:
        self._memos, self._mode = known, mode
        self.keys = frozenset(known.keys())

    def of(self, key: str) -> Page | None:
        """What an earlier crawl has kept of a page."""
        return unpacked(key, self._memos.memo(key), self._mode) if key in self.keys else None
