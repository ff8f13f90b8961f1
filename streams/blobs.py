"""Claim check: payloads above the inline limit lie in a blob store and travel by name.

Blobs are content addressed (`sha256[:2]/sha256`), so a payload that is put twice lies there once, and a put
renews its age. `sweep` deletes what is older than any record that may still point to it.
"""

import hashlib
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from schemas.errors import DocumentError, DocumentTooLarge, TransientError
from schemas.events import Payload

#: Above this a payload goes to the blob store: a typical document (a few KB) needs no second round trip, and
#: sixteen of the largest inline payloads still fit into one 1 MB batch of the producer.
INLINE_BYTES = 64 * 1024
#: Upload and copy unit; obstore's multipart parts must be at least 5 MB on S3.
_PART_BYTES = 8 * 1024 * 1024


class BlobStore:
    """A folder (`file:///…` or a plain path) or a bucket (`s3://bucket/prefix`, credentials as boto finds
    them) that holds payloads by the hash of their content."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore = _open(url)

    async def put(self, content: bytes, inline: bool = True) -> Payload:
        """Payload for `content`: inline when it is small and may be, else stored."""
        digest = hashlib.sha256(content).hexdigest()
        if inline and len(content) <= INLINE_BYTES:
            return Payload(size=len(content), sha256=digest, inline=content)
        await self._write(_name(digest), content)
        return Payload(size=len(content), sha256=digest, blob=_name(digest))

    async def put_stream(self, parts: AsyncIterator[bytes], max_bytes: int) -> Payload:
        """Payload for a stream of unknown length; never more than one part of it is in memory.

        Raises DocumentTooLarge as soon as `max_bytes` is passed; nothing is stored then.
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
            await self._write(_name(digest.hexdigest()), spool)
        return Payload(size=size, sha256=digest.hexdigest(), blob=_name(digest.hexdigest()))

    async def get(self, payload: Payload) -> bytes:
        """The content. Raises DocumentError when it is gone or is not what its hash says."""
        if payload.inline is not None:
            return payload.inline
        if payload.blob is None:
            raise DocumentError("the payload has neither inline content nor the name of a blob")
        if payload.blob != _name(payload.sha256):
            expected = _name(payload.sha256)
            raise DocumentError(f"a blob is named by its hash: expected {expected}, found {payload.blob!r}")
        try:
            content = bytes(await (await obstore.get_async(self._store, payload.blob)).bytes_async())
        except FileNotFoundError as error:
            raise DocumentError(f"blob {payload.blob} is gone: swept, or another blob store") from error
        except Exception as error:
            raise TransientError(f"blob {payload.blob} cannot be read: {error}") from error
        if hashlib.sha256(content).hexdigest() != payload.sha256:
            raise DocumentError(f"blob {payload.blob} does not hold what its hash says")
        return content

    async def sweep(self, max_age: timedelta) -> int:
        """Delete blobs that were put longer ago than `max_age`; returns how many."""
        before = datetime.now(UTC) - max_age
        swept = 0
        async for listed in obstore.list(self._store):
            old = [entry["path"] for entry in listed if entry["last_modified"] < before]
            if old:
                await obstore.delete_async(self._store, old)
                swept += len(old)
        return swept

    async def _write(self, name: str, content: bytes | IO[bytes]) -> None:
        try:
            await obstore.put_async(self._store, name, content, chunk_size=_PART_BYTES)
        except Exception as error:
            raise TransientError(f"blob {name} cannot be written: {error}") from error


def _open(url: str) -> ObjectStore:
    if "://" not in url:
        return LocalStore(Path(url).expanduser().absolute(), mkdir=True)
    return from_url(url, mkdir=True) if url.startswith("file://") else from_url(url)


def _name(digest: str) -> str:
    return f"{digest[:2]}/{digest}"
