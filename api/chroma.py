"""What the gateway asks of Chroma: does the database exist, is the collection closed, does it answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from api.errors import NotFound
from api.gateway import ChromaAccess
from schemas.errors import TransientError

#: A database that was there is taken to be there for this long.
_REMEMBER_SECONDS = 30.0
#: Names remembered at most; above that all are asked for again.
_REMEMBER_NAMES = 10_000


@dataclass(frozen=True)
class FoundCollection:
    """A collection's id, and whether its metadata says `finished_ingest: true`: it takes no more."""

    id: str
    finished: bool


class ChromaDirectory:
    """Looks databases and collections up, and remembers databases that exist for half a minute."""

    def __init__(self, access: ChromaAccess, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._headers, self._clock = access.url.rstrip("/"), access.headers, clock
        self._tenant = access.tenant
        self._known: dict[tuple[str, str], float] = {}

    async def start(self) -> None:
        """Open the connection pool."""
        timeout = aiohttp.ClientTimeout(total=5)
        self._session = aiohttp.ClientSession(timeout=timeout, headers=dict(self._headers))

    async def close(self) -> None:
        """Close the connection pool."""
        await self._session.close()

    async def require_database(self, tenant: str, database: str) -> None:
        """Raises NotFound for a database that the tenant does not have, TransientError without an answer."""
        until = self._known.get((tenant, database), 0.0)
        if until > self._clock():
            return
        if not _can_exist(database) or await self._get(self._path(tenant, database)) is None:
            raise NotFound(f"database {database!r} does not exist in tenant {tenant!r}; create it in Chroma")
        if len(self._known) >= _REMEMBER_NAMES:
            self._known.clear()
        self._known[tenant, database] = self._clock() + _REMEMBER_SECONDS

    async def collection(self, tenant: str, database: str, name: str) -> FoundCollection | None:
        """The collection, if it exists."""
        found = await self._get(f"{self._path(tenant, database)}/collections/{quote(name, safe='')}")
        if found is None:
            return None
        finished = (found.get("metadata") or {}).get("finished_ingest") is True
        return FoundCollection(str(found.get("id")), finished)

    async def id_of(self, tenant: str, database: str, collection: str) -> str | None:
        """The id of a collection, None where there is none. Raises TransientError without an answer."""
        found = await self.collection(tenant, database, collection)
        return found.id if found else None

    async def answers(self) -> bool:
        """Whether the server is there."""
        try:
            return await self._get("/api/v2/heartbeat") is not None
        except TransientError:
            return False

    def _path(self, tenant: str, database: str) -> str:
        owner = quote(self._tenant or tenant, safe="")
        return f"/api/v2/tenants/{owner}/databases/{quote(database, safe='')}"

    async def _get(self, path: str) -> dict[str, Any] | None:
        """The object at `path`, None for one that is not there."""
        try:
            async with self._session.get(f"{self._url}{path}") as response:
                if response.status in (400, 404, 422):  # a name that Chroma refuses names nothing
                    return None
                if response.status in (401, 403):
                    raise TransientError(
                        f"Chroma at {self._url} refuses our credentials with {response.status}; "
                        "HEADRACE_CHROMA_API_KEY sets them"
                    )
                if response.status != 200:
                    raise TransientError(f"Chroma at {self._url} answered {response.status}, expected 200")
                found = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise TransientError(
                f"Chroma at {self._url} does not answer ({type(error).__name__}); HEADRACE_CHROMA_URL sets it"
            ) from error
        return found if isinstance(found, dict) else {}


def _can_exist(name: str) -> bool:
    """Names that would be read as another path ask for something else than a database."""
    return name not in ("", ".", "..")
