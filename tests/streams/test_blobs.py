"""Claim checks: small payloads travel inline, large ones by the hash of their content."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import ObjectStore, S3Store

from schemas.errors import DocumentError, DocumentTooLarge, TransientError
from schemas.events import Payload
from streams.blobs import INLINE_BYTES, BlobStore, _open

LARGE = os.urandom(INLINE_BYTES + 1)
NAME = "{0:.2}/{0}".format(hashlib.sha256(LARGE).hexdigest())
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def blobs(folder: Path) -> BlobStore:
    return BlobStore(str(folder), lambda: NOON)


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
    name = f"2026-01-31/{digest[:2]}/{digest}"
    assert whole == streamed == Payload(size=len(LARGE), sha256=digest, blob=name)
    assert files(folder) == [folder / name]
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
    with pytest.raises(DocumentError, match="does not match its hash"):
        await blobs.get(payload)
    path.unlink()
    with pytest.raises(DocumentError, match="is gone"):
        await blobs.get(payload)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "",
        "ab/cd",
        "a\0b",
        pytest.param(f"../../x/{NAME}", id="outside"),
        pytest.param(f"2026-1-1/{NAME}", id="no day"),
    ],
)
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


async def test_a_sweep_takes_the_days_that_are_old(folder: Path) -> None:
    gone = await BlobStore(str(folder), lambda: NOON - timedelta(days=3)).put(LARGE)
    kept = await BlobStore(str(folder), lambda: NOON - timedelta(days=2)).put(LARGE + b"!")
    blobs = BlobStore(str(folder), lambda: NOON)

    assert await blobs.sweep(timedelta(days=2)) == 1

    assert await blobs.get(kept) == LARGE + b"!"
    with pytest.raises(DocumentError, match="is gone"):
        await blobs.get(gone)
    assert os.listdir(folder) == ["2026-01-29"]  # no empty folder stays


@pytest.mark.parametrize(
    "moment", ["before the list", "after the list", "before the delete", "after the delete"]
)
async def test_a_blob_that_is_put_again_during_a_sweep_is_there_afterwards(
    folder: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The put is placed at each point where a sweep gives the loop back, and has answered there."""
    first = await BlobStore(str(folder), lambda: NOON - timedelta(days=20)).put(LARGE)
    blobs, put = BlobStore(str(folder), lambda: NOON), list[Payload]()

    async def put_again(now: str) -> None:
        if now == moment:
            put.append(await blobs.put(LARGE))

    async def listing(store: ObjectStore) -> AsyncIterator[Sequence[Any]]:
        await put_again("before the list")
        listed = [entry async for some in real_list(store) for entry in some]
        await put_again("after the list")
        yield listed

    async def deleting(store: ObjectStore, paths: str | Sequence[str]) -> None:
        await put_again("before the delete")
        await real_delete(store, paths)
        await put_again("after the delete")

    real_list, real_delete = obstore.list, obstore.delete_async
    monkeypatch.setattr(obstore, "list", listing)
    monkeypatch.setattr(obstore, "delete_async", deleting)

    assert await blobs.sweep(timedelta(days=14)) == 1

    assert await blobs.get(put[0]) == LARGE
    assert put[0].blob != first.blob


async def test_a_put_during_real_sweeps_is_never_lost(folder: Path) -> None:
    """Without a placed moment: many old blobs are swept while their contents are put again."""
    contents = [LARGE + bytes([n]) for n in range(60)]
    old = BlobStore(str(folder), lambda: NOON - timedelta(days=20))
    for content in contents:
        await old.put(content)
    blobs = BlobStore(str(folder), lambda: NOON)

    sweep = asyncio.create_task(blobs.sweep(timedelta(days=14)))
    put = await asyncio.gather(*(blobs.put(content) for content in contents))
    swept = await sweep

    assert swept == len(contents)
    for content, payload in zip(contents, put, strict=True):
        assert await blobs.get(payload) == content


def undated(folder: Path, content: bytes, age: timedelta) -> tuple[Payload, Path]:
    """A blob as another producer, or an earlier version, has put it."""
    digest = hashlib.sha256(content).hexdigest()
    path = folder / digest[:2] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    when = (NOON - age).timestamp()
    os.utime(path, (when, when))
    return Payload(size=len(content), sha256=digest, blob=f"{digest[:2]}/{digest}"), path


async def test_a_blob_without_a_day_goes_by_its_own_age(folder: Path) -> None:
    kept, _ = undated(folder, LARGE, timedelta(days=1))
    gone, _ = undated(folder, LARGE + b"!", timedelta(days=3))
    blobs = BlobStore(str(folder), lambda: NOON)

    assert await blobs.sweep(timedelta(days=2)) == 1

    assert await blobs.get(kept) == LARGE
    with pytest.raises(DocumentError, match="is gone"):
        await blobs.get(gone)


async def test_a_blob_without_a_day_that_was_put_again_since_it_was_listed_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload, path = undated(folder, LARGE, timedelta(days=3))

    async def listing(store: ObjectStore) -> AsyncIterator[Sequence[Any]]:
        listed = [entry async for some in real_list(store) for entry in some]
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
        yield listed

    real_list = obstore.list
    monkeypatch.setattr(obstore, "list", listing)
    blobs = BlobStore(str(folder), lambda: NOON)

    assert await blobs.sweep(timedelta(days=2)) == 0
    assert await blobs.get(payload) == LARGE


async def test_two_sweeps_at_once_do_each_other_no_harm(folder: Path) -> None:
    for n in range(30):
        undated(folder, LARGE + bytes([n]), timedelta(days=3))
    sweeps = [BlobStore(str(folder), lambda: NOON).sweep(timedelta(days=2)) for _ in range(3)]

    assert sum(await asyncio.gather(*sweeps)) >= 30
    assert files(folder) == []


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
