"""A vector store in memory that behaves as Chroma was seen to: an upsert merges metadata, None clears a key,
a request is refused whole, ids that do not exist are deleted without complaint."""

from collections.abc import Callable, Sequence
from itertools import count

from schemas.errors import DocumentError
from schemas.events import CollectionSwitched, MetadataValue
from services.indexing.rows import Collection, Row, Update
from services.indexing.vectors import CollectionFault, CollectionReplaced, Guard
from streams.reembedded import Reembedded

Stored = tuple[str, bytes, dict[str, MetadataValue]]


class Crash(Exception):
    """The process dies here."""


class Budget:
    """How many requests may still be made before the process dies."""

    def __init__(self, requests: int | None = None) -> None:
        self.left = requests

    def spend(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise Crash
            self.left -= 1


class MemoryVectors:
    """`watch` is called after every change. A row whose text begins with `poison` is refused; the collections
    named in `faulty` answer with errors, and all others too while it is not `healthy`."""

    def __init__(self, watch: Callable[["MemoryVectors"], None] = lambda store: None) -> None:
        self.collections: dict[Collection, dict[str, Stored]] = {}
        self.requests: list[str] = []
        #: Rows that were written whole, and rows whose metadata alone were changed.
        self.written = self.changed = 0
        self.faulty: set[str] = set()
        self.healthy = True
        self.ids: dict[Collection, str] = {}
        self.models: dict[str, str] = {}
        self.dropped: set[str] = set()
        self.renewed: dict[str, Reembedded] = {}
        #: Switches that are done or given up, by the name that the former collection gets.
        self.switched: set[str] = set()
        self._numbers = count(1)
        self.watch = watch

    async def create(self, collection: Collection, guard: Guard) -> str:
        if known := self.ids.get(collection):
            return known
        guard()
        self._check(collection)
        self.collections.setdefault(collection, {})
        identity = self.ids.setdefault(collection, f"{collection.name}-{next(self._numbers)}")
        self.models.setdefault(identity, collection.model)
        return identity

    def model_of(self, identity: str) -> str:
        return self.models.get(identity, "")

    def reembedded(self, identity: str) -> Reembedded | None:
        return self.renewed.get(identity)

    async def settled(self, switch: CollectionSwitched, waited_s: float, guard: Guard) -> bool:
        return switch.former in self.switched

    async def look_up(self, collection: Collection) -> str | None:
        if collection not in self.ids:
            self._check(collection)
        return self.ids.get(collection)

    async def upsert(self, collection: Collection, identity: str, rows: Sequence[Row], guard: Guard) -> None:
        guard()
        self.requests.append(f"upsert {len(rows)}")
        self._check(collection, identity)
        if any(row.text.startswith("poison") for row in rows):
            raise DocumentError("Chroma refused it (400): poison")
        self.put(collection, rows)

    async def update(
        self, collection: Collection, identity: str, updates: Sequence[Update], guard: Guard
    ) -> None:
        guard()
        self.requests.append(f"update {len(updates)}")
        self._check(collection, identity)
        self.change(collection, updates)

    def drop(self, name: str) -> None:
        """A user deletes the collections of this name; workers find out when they use the id."""
        for collection in [each for each in self.collections if each.name == name]:
            del self.collections[collection]
            self.dropped.add(self.ids[collection])

    def put(self, collection: Collection, rows: Sequence[Row]) -> None:
        stored = self.collections.setdefault(collection, {})
        for row in rows:
            metadata = dict(stored[row.id][2]) if row.id in stored else {}
            metadata |= row.metadata
            kept: dict[str, MetadataValue] = {k: v for k, v in metadata.items() if v is not None}
            stored[row.id] = (row.text, bytes(row.vector), kept)
            self.written += 1
        self.watch(self)

    def change(self, collection: Collection, updates: Sequence[Update]) -> None:
        stored = self.collections.setdefault(collection, {})
        for update in updates:
            if update.row.id not in stored:
                self.put(collection, [update.row])
                continue
            text, vector, metadata = stored[update.row.id]
            merged = {**metadata, **update.metadata}
            stored[update.row.id] = (text, vector, {k: v for k, v in merged.items() if v is not None})
            self.changed += 1
        self.watch(self)

    async def delete(self, collection: Collection, identity: str, ids: Sequence[str], guard: Guard) -> None:
        guard()
        self.requests.append(f"delete {len(ids)}")
        self._check(collection, identity)
        for id_ in ids:
            self.collections.get(collection, {}).pop(id_, None)
        self.watch(self)

    async def writable(self, beside: Collection, guard: Guard) -> bool:
        return self.healthy

    def _check(self, collection: Collection, identity: str | None = None) -> None:
        if identity in self.dropped:
            self.ids.pop(collection, None)
            raise CollectionReplaced(f"{collection} was deleted meanwhile")
        if collection.name in self.faulty or not self.healthy:
            raise CollectionFault(f"Chroma refused 1 chunks for {collection} (500): damaged")

    async def close(self) -> None:
        pass

    def content(self) -> dict[str, Stored]:
        """All rows of all collections, by id."""
        return {id_: row for rows in self.collections.values() for id_, row in rows.items()}


def stored(rows: Sequence[Row]) -> dict[str, Stored]:
    """What a fresh collection holds after these rows."""
    return {row.id: (row.text, bytes(row.vector), dict(row.metadata)) for row in rows}
