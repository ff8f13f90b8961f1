"""Look-ups in Chroma: whether a database exists, a collection is closed, Chroma answers."""

import time
from collections.abc import Callable
from typing import Any

from api.errors import NotFound
from api.gateway import ChromaAccess
from schemas.errors import DocumentError, TransientError
from streams.chroma import ChromaClient, FoundCollection

_SECONDS = 5.0
#: How long an existing database is cached.
_REMEMBER_SECONDS = 30.0
#: Maximum cached names; above that the cache is cleared.
_REMEMBER_NAMES = 10_000


class ChromaDirectory:
    """Looks up databases and collections; caches existing databases for half a minute."""

    def __init__(self, access: ChromaAccess, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = ChromaClient(access.url, access.token, access.tenant, _SECONDS)
        self._clock = clock
        self._known: dict[tuple[str, str], float] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def require_database(self, tenant: str, database: str) -> None:
        """Raise NotFound if the tenant has no such database, TransientError without an answer."""
        until = self._known.get((tenant, database), 0.0)
        if until > self._clock():
            return
        if await self._get(lambda: self._client.database(tenant, database), "the database") is None:
            raise NotFound(f"database {database!r} does not exist in tenant {tenant!r}; create it in Chroma")
        if len(self._known) >= _REMEMBER_NAMES:
            self._known.clear()
        self._known[tenant, database] = self._clock() + _REMEMBER_SECONDS

    async def collection(self, tenant: str, database: str, name: str) -> FoundCollection | None:
        """The collection, if it exists."""
        return await self._client.collection(tenant, database, name)

    async def answers(self) -> bool:
        """Whether the server answers."""
        try:
            return await self._get(lambda: "/api/v2/heartbeat", "the heartbeat") is not None
        except TransientError:
            return False

    async def _get(self, path: Callable[[], str], what: str) -> dict[str, Any] | None:
        """The object at `path`; None if it does not exist or Chroma refuses its name."""
        try:
            found = await self._client.get(path(), what)
        except DocumentError:
            return None
        return found if isinstance(found, dict) else {}
