"""What Chroma says of the collections that events name: are they closed, and how are they embedded."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from schemas.errors import ContractError
from schemas.events import Document
from streams.chroma import FoundCollection

#: How old an answer may be. A collection that is closed takes events for so long.
_FRESH_SECONDS = 5.0
#: Answers that are kept: more collections are asked for again and again.
_MOST = 1_000

_Key = tuple[str, str, str]


class LookUp(Protocol):
    """The one request that is needed; `streams.chroma.ChromaClient` has it."""

    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection | None:
        """The collection; None if it does not exist yet. Raises TransientError."""
        ...


class Collections:
    """Looks collections up, each every few seconds at most."""

    def __init__(self, chroma: LookUp, clock: Callable[[], float] = time.monotonic) -> None:
        self._chroma, self._clock = chroma, clock
        self._asked: dict[_Key, tuple[float, asyncio.Task[FoundCollection | None]]] = {}

    async def placed(self, document: Document) -> Document:
        """The document as its collection takes it: with the model of one that was embedded again.

        Raises ContractError if the collection is closed, TransientError if Chroma does not answer.
        """
        found = await self._look_up((document.tenant, document.database, document.collection))
        if found is None:
            return document
        if found.closed:
            raise ContractError(
                f"collection {document.collection!r} is closed: its metadata has finished_ingest = true; "
                "nothing was written"
            )
        if found.reembedded is None:
            return document
        return document.model_copy(update={"embedding": found.reembedded.over(document.embedding)})

    async def _look_up(self, key: _Key) -> FoundCollection | None:
        at, asked = self._asked.get(key, (float("-inf"), None))
        if asked is None or self._clock() - at > _FRESH_SECONDS:
            asked = asyncio.create_task(self._chroma.collection(*key))
            self._asked.pop(key, None)
            self._asked[key] = self._clock(), asked
            while len(self._asked) > _MOST:
                del self._asked[next(iter(self._asked))]
        try:
            return await asyncio.shield(asked)
        except Exception:
            if self._asked.get(key, (0.0, None))[1] is asked:  # the next one asks again
                del self._asked[key]
            raise
