"""Claim checks: small payloads travel inline, large ones by the hash of their content."""

import hashlib
import os
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.store import S3Store

from schemas.errors import DocumentError, DocumentTooLarge, TransientError
from schemas.events import Payload
from streams.blobs import INLINE_BYTES, BlobStore, _open

LARGE = os.urandom(INLINE_BYTES + 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def blobs(folder: Path) -> BlobStore:
    return BlobStore(str(folder))


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def pieces(content: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


@pytest.mark.parametrize("size", [0, 1, INLINE_BYTES])
async def test_a_small_payload_is_inline_and_nothing_is_stored(
    blobs: BlobStore, folder: Path, size: int
) -> None:
    content = LARGE[:size]

    for payload in (await blobs.put(content), await blobs.put_stream(pieces(content), max_bytes=10**6)):
        assert (payload.size, payload.inline, payload.blob) == (size, content, None)
        assert payload.sha256 == hashlib.sha256(content).hexdigest()
        assert await blobs.get(payload) == content
    assert files(folder) == []


async def test_a_large_payload_lies_once_under_its_hash_however_it_came(
    blobs: BlobStore, folder: Path
) -> None:
    whole = await blobs.put(LARGE)
    streamed = await blobs.put_stream(pieces(LARGE), max_bytes=len(LARGE))

    digest = hashlib.sha256(LARGE).hexdigest()
    assert whole == streamed == Payload(size=len(LARGE), sha256=digest, blob=f"{digest[:2]}/{digest}")
    assert files(folder) == [folder / digest[:2] / digest]
    assert await blobs.get(whole) == LARGE


async def test_a_stream_of_several_parts_of_the_store_is_whole(blobs: BlobStore) -> None:
    content = os.urandom(1 << 20) * 20  # more than two of its 8 MB parts

    payload = await blobs.put_stream(pieces(content, 1 << 20), max_bytes=len(content))

    assert await blobs.get(payload) == content


async def test_a_stream_beyond_the_limit_is_given_up_at_once_and_nothing_is_stored(
    blobs: BlobStore, folder: Path
) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(100_000)

    with pytest.raises(DocumentTooLarge, match="250,000 bytes"):
        await blobs.put_stream(endless(), max_bytes=250_000)
    assert taken == 3
    assert files(folder) == []


async def test_a_blob_that_is_gone_or_changed_fails_the_document(blobs: BlobStore, folder: Path) -> None:
    payload = await blobs.put(LARGE)
    [path] = files(folder)

    path.write_bytes(LARGE[:-1] + b"?")
    with pytest.raises(DocumentError, match="does not hold what its hash says"):
        await blobs.get(payload)
    path.unlink()
    with pytest.raises(DocumentError, match="is gone"):
        await blobs.get(payload)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ab/cd", "a\0b"])
async def test_a_name_that_is_not_that_of_its_hash_fails_the_document_and_is_not_looked_up(
    blobs: BlobStore, name: str
) -> None:
    digest = hashlib.sha256(LARGE).hexdigest()

    with pytest.raises(DocumentError, match="named by its hash"):
        await blobs.get(Payload(size=1, sha256=digest, blob=name))
    with pytest.raises(DocumentError, match="neither"):
        await blobs.get(Payload(size=1, sha256=digest))


async def test_a_store_that_does_not_answer_is_tried_again(blobs: BlobStore, folder: Path) -> None:
    payload = await blobs.put(LARGE)
    [path] = files(folder)
    path.unlink()
    path.mkdir()
    (path / "in the way").touch()

    with pytest.raises(TransientError):
        await blobs.put(LARGE)
    with pytest.raises((TransientError, DocumentError)):
        await blobs.get(payload)


async def test_a_sweep_takes_what_is_old_and_a_second_put_makes_it_young(
    blobs: BlobStore, folder: Path
) -> None:
    kept, gone = await blobs.put(LARGE), await blobs.put(LARGE + b"!")
    long_ago = time.time() - 3 * 86_400
    for path in files(folder):
        os.utime(path, (long_ago, long_ago))
    await blobs.put(LARGE)

    assert await blobs.sweep(timedelta(days=2)) == 1
    assert await blobs.get(kept) == LARGE
    with pytest.raises(DocumentError, match="is gone"):
        await blobs.get(gone)


async def test_a_young_blob_stays(blobs: BlobStore) -> None:
    payload = await blobs.put(LARGE)

    assert await blobs.sweep(timedelta(minutes=5)) == 0
    assert await blobs.get(payload) == LARGE


async def test_a_file_url_is_a_folder(folder: Path) -> None:
    payload = await BlobStore(folder.as_uri()).put(LARGE)

    assert await BlobStore(str(folder)).get(payload) == LARGE


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


@pytest.mark.usefixtures("region")
def test_a_bucket_url_names_the_bucket_and_the_prefix() -> None:
    store = _open("s3://archive/headrace/blobs")

    assert isinstance(store, S3Store)
    assert store.config["bucket"] == "archive"
    assert str(store.prefix).strip("/") == "headrace/blobs"
