"""Claim check: payloads above the inline limit go to a blob store, and events hold their names.

A blob's name is the day it was written (UTC) and the SHA-256 of its content: `2026-01-31/ab/ab12…`. The same
content is stored once a day. `sweep` deletes whole days older than any record that may refer to them. A sweep
and a write never conflict, because writes only use the current day.
"""

import hashlib
import re
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO
from urllib.request import url2pathname

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from schemas.errors import DocumentError, DocumentTooLarge, RequestError, TransientError
from schemas.events import Payload
from streams import tracing

#: Above this a payload goes to the blob store: a typical document (a few KB) needs no second round trip, and
#: sixteen of the largest inline payloads still fit into one 1 MB batch of the producer.
INLINE_BYTES = 64 * 1024
#: Upload and copy unit; obstore's multipart parts must be at least 5 MB on S3.
_PART_BYTES = 8 * 1024 * 1024

#: The name of a blob. Producers may omit the day, as earlier versions did.
_NAME = re.compile(r"(?:(\d{4}-\d\d-\d\d)/)?([0-9a-f]{2}/[0-9a-f]{64})")


class BlobStore:
    """Payloads by the hash of their content, in a folder (`file:///…` or a plain path) or a bucket
    (`s3://bucket/prefix`, credentials as in boto).

    Args:
        url: the folder or bucket.
        now: the clock, in UTC.
    """

    def __init__(self, url: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store: ObjectStore = _open(url)
        self._now = now

    async def put(self, content: bytes, inline: bool = True) -> Payload:
        """The payload for `content`: inline if it is small and `inline` allows it, else stored."""
        digest = hashlib.sha256(content).hexdigest()
        if inline and len(content) <= INLINE_BYTES:
            return Payload(size=len(content), sha256=digest, inline=content)
        name = self._name(digest)
        await self._write(name, content)
        return Payload(size=len(content), sha256=digest, blob=name)

    async def put_stream(self, parts: AsyncIterator[bytes], max_bytes: int) -> Payload:
        """Store a stream of unknown length; at most one part of it is in memory.

        Raises DocumentTooLarge as soon as `max_bytes` is exceeded, and stores nothing.
        """
        digest, size = hashlib.sha256(), 0
        with tempfile.SpooledTemporaryFile(max_size=_PART_BYTES) as spool:
            async for part in parts:
                size += len(part)
                if size > max_bytes:
                    raise DocumentTooLarge(f"the content is larger than the limit of {max_bytes:,} bytes")
                digest.update(part)
                spool.write(part)
            spool.seek(0)
            if size <= INLINE_BYTES:
                return Payload(size=size, sha256=digest.hexdigest(), inline=spool.read())
            name = self._name(digest.hexdigest())
            await self._write(name, spool)
        return Payload(size=size, sha256=digest.hexdigest(), blob=name)

    async def get(self, payload: Payload) -> bytes:
        """The content. Raises DocumentError if it is missing or does not match its hash."""
        if payload.inline is not None:
            return payload.inline
        if payload.blob is None:
            raise DocumentError("the payload has neither inline content nor the name of a blob")
        named, expected = _NAME.fullmatch(payload.blob), _by_hash(payload.sha256)
        if named is None or named[2] != expected:
            raise DocumentError(
                f"a blob is named by its hash: expected {expected}, with or without the day in front, "
                f"found {payload.blob!r}"
            )
        try:
            with tracing.span("get blob", {"headrace.blob": payload.blob}):
                content = bytes(await (await obstore.get_async(self._store, payload.blob)).bytes_async())
        except FileNotFoundError as error:
            raise DocumentError(
                f"blob {payload.blob} is missing: it was swept, or is in another blob store"
            ) from error
        except Exception as error:
            raise TransientError(f"blob {payload.blob} cannot be read: {_words(error)}") from error
        if hashlib.sha256(content).hexdigest() != payload.sha256:
            raise DocumentError(f"blob {payload.blob} does not match its hash")
        return content

    async def probe(self) -> None:
        """Write, read and delete a blob of a name of its own. Raises TransientError if the store refuses."""
        name, content = f"probe-{uuid.uuid4().hex}", b"headrace"
        await self._write(name, content)
        try:
            found = bytes(await (await obstore.get_async(self._store, name)).bytes_async())
            await obstore.delete_async(self._store, name)
        except Exception as error:
            raise TransientError(
                f"a blob was written, but cannot be read or deleted: {_words(error)}"
            ) from error
        if found != content:
            raise TransientError("a blob was written, but other bytes were read")

    async def sweep(self, max_age: timedelta) -> int:
        """Delete blobs of days that ended longer ago than `max_age`; returns how many.

        A blob without a day in its name expires by its own age, which is checked again right before deleting
        it.
        """
        before, swept = self._now() - max_age, 0
        async for listed in obstore.list(self._store):
            days = {entry["path"]: _day_of(entry["path"]) for entry in listed}
            old = [path for path, day in days.items() if day is not None and day < before.date()]
            if old:
                await obstore.delete_async(self._store, old)
            swept += len(old)
            for entry in listed:
                if days[entry["path"]] is None and entry["last_modified"] < before:
                    swept += await self._sweep_undated(entry["path"], before)
        return swept

    async def _sweep_undated(self, path: str, before: datetime) -> bool:
        try:
            if (await obstore.head_async(self._store, path))["last_modified"] >= before:
                return False  # written again since it was listed
            await obstore.delete_async(self._store, path)
        except FileNotFoundError:  # another process has deleted it
            return False
        return True

    def _name(self, digest: str) -> str:
        return f"{self._now().date().isoformat()}/{_by_hash(digest)}"

    async def _write(self, name: str, content: bytes | IO[bytes]) -> None:
        try:
            with tracing.span("put blob", {"headrace.blob": name}):
                await obstore.put_async(self._store, name, content, chunk_size=_PART_BYTES)
        except Exception as error:
            raise TransientError(f"blob {name} cannot be written: {_words(error)}") from error


def folder_of(url: str) -> Path | None:
    """The folder of a store (`file:///…` or a plain path); None for a bucket."""
    scheme, separator, path = url.partition("://")
    if not separator:
        return Path(url).expanduser().absolute()
    return Path(url2pathname(path)) if scheme == "file" else None


def _open(url: str) -> ObjectStore:
    folder = folder_of(url)
    try:
        return from_url(url) if folder is None else LocalStore(folder, mkdir=True, automatic_cleanup=True)
    except (OSError, ValueError, BaseError) as error:
        raise RequestError(f"{url} cannot be a blob store (HEADRACE_BLOB_URL): {_words(error)}") from error


def _words(error: Exception) -> str:
    """The message without obstore's dump of the objects behind it."""
    return str(error).partition("\n\nDebug source")[0].strip()


def _by_hash(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


def _day_of(name: str) -> date | None:
    """The day in the name of a blob, if there is one."""
    named = _NAME.fullmatch(name)
    try:
        return date.fromisoformat(named[1]) if named and named[1] else None
    except ValueError:  # the 31st of February
        return None
