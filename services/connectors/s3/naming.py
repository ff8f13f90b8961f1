"""Which objects a source in metadata mode wants: those that its `.meta.json` files name.

They are read before the objects are listed, because a file may name any key. Their content is kept in memory,
about a hundred bytes for each.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from schemas.errors import DocumentError, RequestError
from schemas.meta_files import MAX_BYTES, is_meta_file, options_in
from schemas.sources.s3 import S3_BUCKET, S3Config
from services.connectors.lister import Gone, Known
from services.connectors.s3.objects import Given
from services.connectors.states import place_of

#: Files read concurrently.
_AT_ONCE = 32

#: Reads an object.
ReadFile = Callable[[str], Awaitable[bytes]]


class Named:
    """The content of a source's `.meta.json` files for the documents of one collection.

    Attributes:
        faults: by file, why it is unusable.
    """

    def __init__(self, config: S3Config, collection: str) -> None:
        self._config, self._collection = config, collection
        self._said: dict[str, tuple[str, bytes]] = {}
        self.faults: dict[str, str] = {}

    async def take(self, contents: Sequence[Mapping[str, Any]], read: ReadFile) -> None:
        """Read the `.meta.json` files of a page of the listing. Raises TransientError, and RequestError if
        read permission is missing."""
        files = [found for found in contents if is_meta_file(str(found["Key"]))]
        for start in range(0, len(files), _AT_ONCE):
            await asyncio.gather(*(self._take(found, read) for found in files[start : start + _AT_ONCE]))

    async def _take(self, found: Mapping[str, Any], read: ReadFile) -> None:
        key, size = str(found["Key"]), int(found.get("Size", 0))
        try:
            content = await read(key) if size <= MAX_BYTES else bytes(MAX_BYTES + 1)
        except Gone:
            return
        except DocumentError as error:
            self.faults[key] = str(error)
            return
        try:
            options, collection = options_in(content, self._config.collection_name)
            S3_BUCKET.complete(options, self._config)
        except (RequestError, DocumentError) as error:
            self.faults[key] = str(error)
            return
        if collection == self._collection and options.object_key is not None:
            self._say(options.object_key, str(found.get("LastModified", "")), Given.of(options).memo() or b"")

    def _say(self, key: str, when: str, memo: bytes) -> None:
        """Record a file. Of two files that name the same object the newer one wins, as with events."""
        if (when, memo) >= self._said.get(key, ("", b"")):
            self._said[key] = when, memo

    def of(self, key: str) -> Given | None:
        """The options that the files give an object; None if no file names it."""
        said = self._said.get(key)
        return None if said is None else Given.kept(said[1])


class IndexedKeys:
    """Whether keys are indexed in the collection of a run.

    Args:
        in_order: whether look-ups are in key order; then no keys are kept in memory.
    """

    def __init__(self, known: Known, in_order: bool) -> None:
        self._keys: Iterator[str] = iter(known.keys())
        self._all = None if in_order else frozenset(self._keys)
        self._head: str | None = next(self._keys, None) if in_order else None

    def has(self, key: str) -> bool:
        """Whether this key is indexed."""
        if self._all is not None:
            return key in self._all
        place = place_of(key)
        while self._head is not None and place_of(self._head) < place:
            self._head = next(self._keys, None)
        return self._head == key
