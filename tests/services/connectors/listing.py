"""All that a lister lists, in memory, and what earlier runs have found as a test says it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.connectors.lister import Item, LeftOut, Lister, Skipped, Unreadable


@dataclass(slots=True)
class Listing:
    """A complete listing: items and reasons by key, and how many are left out by reason."""

    items: dict[str, Item] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    @classmethod
    async def of(cls, lister: Lister) -> "Listing":
        """Raises what `Lister.pages` does."""
        listing = cls()
        async for page in lister.pages():
            for entry in page:
                match entry:
                    case Item():
                        assert entry.key not in listing.items, f"{entry.key} is listed twice"
                        listing.items[entry.key] = entry
                    case Skipped():
                        listing.skipped[entry.key] = entry.reason
                    case Unreadable():
                        listing.unreadable[entry.place] = entry.reason
                    case LeftOut():
                        listing.left_out[entry.reason] = listing.left_out.get(entry.reason, 0) + entry.count
        return listing


class Known:
    """What earlier runs found: the keys that are indexed, and memos."""

    def __init__(self, *keys: str, **memos: bytes) -> None:
        self._keys, self._memos = sorted(keys), memos

    def keys(self) -> Iterator[str]:
        return iter(self._keys)

    def memo(self, key: str) -> bytes | None:
        return self._memos.get(key)

    def version(self, key: str) -> str | None:
        return None
