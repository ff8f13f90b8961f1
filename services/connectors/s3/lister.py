"""A run over all objects of a prefix, and one over a single object."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from schemas.errors import DocumentError, RequestError
from schemas.events import MetadataValue
from schemas.sources.s3 import S3Config, S3Options
from services.connectors.lister import Content, Entry, Gone, Item, Known, Skipped
from services.connectors.s3.client import Bucket, OpenObject
from services.connectors.s3.errors import Denied, Replaced
from services.connectors.s3.naming import IndexedKeys, Named
from services.connectors.s3.objects import (
    FOLDER_MARKER,
    Given,
    Objects,
    content_type_of,
    etag_of,
    is_folder_marker,
    version_of,
)

SignIn = Callable[[], Awaitable[Bucket]]

#: Consecutive denied objects after which the run fails, because read permission seems to be missing.
_MOST_DENIED = 50
#: Suffix of S3 Express buckets, whose listings are unordered.
_DIRECTORY_BUCKET = "--x-s3"
METADATA = "metadata"


class _Reader:
    """Reads objects, for both kinds of runs."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in
        self._bucket: Bucket | None = None
        self._denied = 0

    async def bucket(self) -> Bucket:
        """The bucket; the first call authenticates."""
        if self._bucket is None:
            self._bucket = await self._sign_in()
        return self._bucket

    async def content(self, item: Item, found: OpenObject | None = None) -> Content:
        """The bytes of the listed version, or of the one that has replaced it.

        Raises Gone, DocumentError, and RequestError when so many objects are denied that read permission
        seems to be missing."""
        bucket, etag, replaced = await self.bucket(), etag_of(item.version), False
        try:
            try:
                opened = found or await bucket.open(item.key, etag)
                body = await bucket.content(item.key, etag, opened)
            except Replaced:
                opened, replaced = await bucket.open(item.key), True
                body = await bucket.content(item.key, opened.etag or None, opened)
        except Denied as error:
            self._denied += 1
            if self._denied >= _MOST_DENIED:
                raise RequestError(f"the last {self._denied} objects were denied: {error}") from error
            raise
        self._denied = 0
        version = version_of(opened.etag, opened.size) if replaced else None
        return Content(body, content_type_of(item.key, opened.content_type), version=version)


class S3Lister:
    """All objects below the prefix: pages of 1,000 in key order, the next one fetched ahead.

    In metadata mode, only the objects that a `.meta.json` file names for the collection, and those already
    indexed in it. The prefix is then listed twice: first for these files, then for the objects.
    """

    when_empty = "Is the prefix right, and may the credential see what is below it?"
    only: Sequence[str] | None = None

    def __init__(self, sign_in: SignIn, config: S3Config, collection: str, known: Known) -> None:
        self._reader, self._prefix = _Reader(sign_in), config.path_prefix or ""
        self.in_order = not config.bucket_name.endswith(_DIRECTORY_BUCKET)
        self._config, self._collection, self._known = config, collection, known
        self._shown, self._requests = config.bucket_name, 0

    def excludes(self, key: str) -> bool:
        """Whether a key is outside the prefix, which may have changed."""
        return not key.startswith(self._prefix)

    def facts(self) -> Mapping[str, MetadataValue]:
        """The number of list requests, because stores charge for them."""
        return {"list_requests": self._requests}

    async def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """Every object. Raises RequestError if the listing is denied, breaks off or does not advance."""
        objects = Objects(self._config, self._known)
        if self._config.auto_sync == METADATA:
            objects = await self._named()
        async with aclosing(self._contents()) as pages:
            async for contents in pages:
                yield objects.entries(contents)

    async def _named(self) -> Objects:
        """The objects that are wanted in metadata mode."""
        named, bucket = Named(self._config, self._collection), await self._reader.bucket()

        async def read(key: str) -> bytes:
            return await bucket.content(key, None)

        async with aclosing(self._contents()) as pages:
            async for contents in pages:
                await named.take(contents, read)
        indexed = IndexedKeys(self._known, self.in_order)

        def wanted(key: str) -> Given | None:
            return named.of(key) or (Given.kept(self._known.memo(key)) if indexed.has(key) else None)

        return Objects(self._config, self._known, wanted, named.faults)

    async def _contents(self) -> AsyncGenerator[Sequence[Mapping[str, Any]], None]:
        """The pages of the listing, checked for order and progress."""
        bucket, last = await self._reader.bucket(), None
        coming = asyncio.create_task(self._page(bucket, None, None))
        try:
            while True:
                found = await coming
                contents = found.get("Contents", [])
                before, last = last, str(contents[-1]["Key"]) if contents else last
                token = self._next(found, before, last)
                if token is not None:
                    coming = asyncio.create_task(self._page(bucket, token, last))
                self._require_order(contents, before)
                yield contents
                if token is None:
                    return
        finally:
            coming.cancel()

    async def read(self, item: Item) -> Content:
        """The listed version of an object."""
        return await self._reader.content(item)

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _page(self, bucket: Bucket, token: str | None, after: str | None) -> dict[str, Any]:
        self._requests += 1
        return await bucket.page(self._prefix, token, after)

    def _next(self, found: Mapping[str, Any], before: str | None, last: str | None) -> str | None:
        """The token of the next page. Some stores return none, or repeat the same keys."""
        if not found.get("IsTruncated"):
            return None
        token = found.get("NextContinuationToken")
        if not token or token == found.get("ContinuationToken"):
            raise self._incomplete(
                last, "the store says that there is more, but gives no token to continue with"
            )
        if last is None or last == before:
            raise self._incomplete(last, "a page that is not the last one has no objects")
        return str(token)

    def _require_order(self, contents: Sequence[Mapping[str, Any]], before: str | None) -> None:
        last = (before or "").encode()
        for found in contents:
            key = str(found["Key"])
            if not key.startswith(self._prefix):
                raise self._incomplete(before, f"the store lists {key[:200]!r}, which is outside the prefix")
            now = key.encode()
            if self.in_order and now <= last:
                raise self._incomplete(before, f"{key[:200]!r} is out of order")
            last = now

    def _incomplete(self, last: str | None, why: str) -> RequestError:
        where = "at its beginning" if last is None else f"after {last[:200]!r}"
        return RequestError(
            f"the listing of bucket {self._shown} is incomplete {where}: {why}; nothing was deleted"
        )


class ObjectLister:
    """The current state of one object. A single request tells whether it exists and returns its bytes."""

    when_empty = "Does the object exist?"
    in_order = True

    def __init__(self, sign_in: SignIn, options: S3Options, trigger: str, known: Known) -> None:
        assert options.object_key is not None
        self._key, self._options, self._trigger, self._known = options.object_key, options, trigger, known
        self._reader = _Reader(sign_in)
        self._found: OpenObject | None = None
        self.only: Sequence[str] | None = [self._key]

    def facts(self) -> Mapping[str, MetadataValue]:
        """None."""
        return {}

    async def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """The object; nothing if an event triggered the run and the object is gone.

        Raises RequestError if a user asked for an object that does not exist, or if it cannot be read."""
        bucket = await self._reader.bucket()
        try:
            self._found = await bucket.open(self._key)
        except Gone as error:
            if self._trigger == "event":
                return
            raise RequestError(f"object {error}") from error
        except DocumentError as error:
            raise RequestError(f"object {error}") from error
        if is_folder_marker(self._key, self._found.size):
            yield [Skipped(self._key, FOLDER_MARKER)]
            return
        yield [self._given().item(self._key, self._found.etag, self._found.size)]

    async def read(self, item: Item) -> Content:
        """The bytes of the object that `pages` found; a retry requests the same version."""
        found, self._found = self._found, None
        return await self._reader.content(item, found)

    async def aclose(self) -> None:
        """Close the response if it was not read."""
        if self._found is not None:
            await asyncio.to_thread(self._found.close)

    def _given(self) -> Given:
        """The options of the run; an event without options keeps the stored ones."""
        given = Given.of(self._options)
        if self._trigger == "event" and given == Given():
            return Given.kept(self._known.memo(self._key))
        return given
