"""How a toy source is listed and read. As a package of `services.connectors` would be."""

from collections.abc import AsyncIterator, Mapping, Sequence
from hashlib import sha256

from schemas.errors import RequestError
from schemas.events import MetadataValue, RunRequested
from services.connectors.lister import Access, Content, Entry, Item, Known, Lister
from tests.toy_source.toy import TOY, ToyConfig


class ToyOrigin:
    """Any shelf but the forbidden one."""

    def __init__(self, access: Access) -> None:
        pass

    async def check(self, config: ToyConfig, tenant: str) -> ToyConfig:
        """Raises RequestError for the forbidden shelf."""
        if config.shelf == "forbidden":
            raise RequestError("the shelf is forbidden")
        return config

    def open(self, run: RunRequested, known: Known) -> Lister:
        """The texts of a source."""
        return ToyLister(TOY.of(run.source))


class ToyLister:
    """Versions are known without reading."""

    when_empty = "Is the shelf bare?"
    in_order = True
    only: Sequence[str] | None = None

    def __init__(self, config: ToyConfig) -> None:
        self._texts = config.texts

    def facts(self) -> Mapping[str, MetadataValue]:
        """How many texts there are."""
        return {"texts": len(self._texts)}

    async def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """One page, in key order."""
        yield [Item(key, sha256(text.encode()).hexdigest()) for key, text in sorted(self._texts.items())]

    async def read(self, item: Item) -> Content:
        """A text."""
        return Content(self._texts[item.key].encode(), "text/plain")

    async def aclose(self) -> None:
        """Nothing is open."""
