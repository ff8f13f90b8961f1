"""Look up collections by id, within one database.

Chroma's data routes accept a collection's id and ignore tenant and database of the path; its look-up by id
checks them. Therefore ids are looked up in the caller's database before a request is forwarded.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from api.chroma.place import Place
from api.chroma.upstream import Upstream
from api.errors import NotFound, Unavailable

#: Cached collections; about 2 KB each.
_MOST = 5_000
#: Name and configuration may change, but not the database of an id: Chroma moves no collections and reuses no
#: ids. Chroma itself refuses deleted collections.
_REMEMBER_SECONDS = 30.0


class CollectionIds:
    """Looks up collections by id. The cache key is tenant, database and id, so a collection can never be
    found from another database."""

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream, self._clock = upstream, clock
        self._known: OrderedDict[tuple[str, str, str], tuple[float, dict[str, Any]]] = OrderedDict()

    async def require(self, place: Place, collection_id: str, fresh: bool = False) -> dict[str, Any]:
        """The collection as Chroma shows it.

        Args:
            fresh: look it up now; else what was found half a minute ago is good enough.

        Raises:
            NotFound: there is none in this database.
            Unavailable: Chroma does not say.
        """
        key = (place.stored_tenant, place.database, collection_id)
        until, known = self._known.get(key, (0.0, {}))
        if not fresh and until > self._clock():
            return known
        found = await self._look_up(place, collection_id)
        self._known[key] = (self._clock() + _REMEMBER_SECONDS, found)
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return found

    async def _look_up(self, place: Place, collection_id: str) -> dict[str, Any]:
        answer = await self._upstream.ask("GET", f"{place.path}/collections/by-id/{collection_id}")
        if answer.status == 404:
            raise NotFound(f"Collection [{collection_id}] does not exist")
        found = json.loads(answer.body) if answer.status == 200 else {}
        if found.get("id") != collection_id:
            raise Unavailable(f"Chroma does not say whether collection {collection_id} exists")
        if (found.get("tenant"), found.get("database")) != (place.stored_tenant, place.database):
            raise NotFound(f"Collection [{collection_id}] does not exist")
        return dict(found)
