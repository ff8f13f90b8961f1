"""A run over all objects of a prefix: what is listed, what is left out, and what ends it."""

from contextlib import aclosing

import pytest

from schemas.errors import RequestError, TransientError
from services.connectors.lister import Item, Skipped
from services.connectors.s3 import S3Origin, client
from tests.s3_server import Answer, Asked, MemoryS3, refusal
from tests.services.connectors.listing import Known
from tests.services.connectors.s3.conftest import config, listed, read_all, run_of

#: Keys that some stores, clients and proxies have folded, cleaned, decoded twice or not at all.
ODD_KEYS = (
    "a+ b.txt",
    "a%2Bb.txt",
    "literal %20.txt",
    "a//b",
    "/a",
    "./a",
    "data/../../../home/u/.bashrc",
    "file..txt",
    "..",
    "exp2",
    "exp2/x",
    "with & and <angle>.txt",
    "emoji 😀.txt",
    "Auftr\u00e4ge.md",
    "Auftra\u0308ge.md",
    "control \x04.txt",
    "new\nline.txt",
    "back\\slash",
    'quote".txt',
    "5:00.log",
    "5%3A00.log",
    "a?b=c#d",
    "~tilde",
    "*",
    "1" * 1024,
)


async def test_a_key_is_an_opaque_text_that_is_listed_and_read_as_it_is(
    store: MemoryS3, origin: S3Origin
) -> None:
    for key in ODD_KEYS:
        store.put(key, f"I am {key}".encode())

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        found = await read_all(lister)

    assert {key: content.body.decode() for key, content in found.items()} == {
        key: f"I am {key}" for key in ODD_KEYS
    }
    assert list(found) == sorted(ODD_KEYS, key=str.encode)


async def test_a_store_that_does_not_encode_keys_is_taken_at_its_word(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.encodes = False
    keys = ["a+ b.txt", "a%2Bb.txt", "literal %20.txt"]
    for key in keys:
        store.put(key)

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        assert list(await read_all(lister)) == sorted(keys)


async def test_only_what_the_prefix_begins_is_listed_over_several_pages(
    store: MemoryS3, origin: S3Origin
) -> None:
    for number in range(2500):
        store.put(f"docs/{number}", b"")
    for sibling in ("docs2/x", "doc", "Docs/x"):
        store.put(sibling)

    lister = origin.open(run_of(config(store, path_prefix="docs/")), Known())
    async with aclosing(lister):
        found = await listed(lister)

    assert [one.key for one in found if isinstance(one, Item)] == sorted(f"docs/{n}" for n in range(2500))
    assert lister.in_order
    assert lister.facts() == {"list_requests": 3}
    assert {asked.key for asked in store.asked} == {""}, "no request for any single object"


async def test_a_prefix_is_a_text_and_neither_trimmed_nor_completed(
    store: MemoryS3, origin: S3Origin
) -> None:
    for key in ("bags/v1", "bags/v1/x", "bags/v10/x", "bags/v2"):
        store.put(key)

    for prefix, keys in (
        ("bags/v1", ["bags/v1", "bags/v1/x", "bags/v10/x"]),
        ("bags/v1/", ["bags/v1/x"]),
        ("bags/v3", []),
    ):
        async with aclosing(origin.open(run_of(config(store, path_prefix=prefix)), Known())) as lister:
            assert [one.key for one in await listed(lister) if isinstance(one, Item)] == keys


async def test_versions_follow_from_etag_and_size_and_stay_with_the_object(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.put("one", b"1")
    store.put("multipart", b"2", etag="0123-7")
    store.put("no-etag", b"3", etag="")

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        found = {one.key: one.version for one in await listed(lister) if isinstance(one, Item)}
    async with aclosing(origin.open(run_of(config(store), object_key="multipart"), Known())) as single:
        [alone] = await listed(single)

    assert found["multipart"] == "0123-7-1"
    assert found["no-etag"] is None, "its content decides"
    assert isinstance(alone, Item)
    assert alone.version == found["multipart"]


async def test_markers_of_folders_are_not_listed_and_objects_that_are_named_like_one_are(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.put("photos/", b"")
    store.put("notes/", b"text")
    store.put("empty.txt", b"")

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        found = await listed(lister)

    assert [one.key for one in found if isinstance(one, Item)] == ["empty.txt", "notes/"]
    assert len(found) == 2


async def test_what_is_archived_is_skipped_unless_it_is_restored_and_what_is_indexed_of_it_stays(
    store: MemoryS3, origin: S3Origin
) -> None:
    for key, kind in (
        ("deep", "DEEP_ARCHIVE"),
        ("flexible", "GLACIER"),
        ("ir", "GLACIER_IR"),
    ):
        store.put(key, storage_class=kind)
    store.put("restored", storage_class="GLACIER", restored=True)

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        found = await listed(lister)

    assert {one.key for one in found if isinstance(one, Item)} == {"ir", "restored"}
    assert [one for one in found if isinstance(one, Skipped)] == [
        Skipped("deep", "archived (DEEP_ARCHIVE): restore it to index it", keep=True),
        Skipped("flexible", "archived (GLACIER): restore it to index it", keep=True),
    ]
    assert len(store.asked) == 1, "nothing archived was asked for"


async def test_with_auto_sync_the_files_about_other_files_are_no_documents(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.put("a.meta.json", b'{"version": "chroma-v1", "id": "a", "path": "a"}')

    for mode, kind in (("none", Item), ("direct", Skipped), ("metadata", Skipped)):
        async with aclosing(origin.open(run_of(config(store, auto_sync=mode)), Known())) as lister:
            [found] = await listed(lister)
        assert isinstance(found, kind)


async def test_a_busy_store_is_asked_again(store: MemoryS3, origin: S3Origin) -> None:
    for number in range(1500):
        store.put(f"{number}")
    busy = [refusal(503, "SlowDown"), refusal(429, "Whatever"), refusal(500, "InternalError"), Answer(502)]
    store.fault = lambda asked: busy.pop() if busy and "continuation-token" in asked.query else None

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        assert len(await listed(lister)) == 1500
    assert not busy


async def test_a_store_that_stays_away_is_another_time(store: MemoryS3, impatient: S3Origin) -> None:
    store.fault = lambda asked: refusal(503, "SlowDown", "Please reduce your request rate.")

    async with aclosing(impatient.open(run_of(config(store)), Known())) as lister:
        with pytest.raises(TransientError, match="asks to retry later: SlowDown: Please reduce"):
            await listed(lister)


def second_page(answer: Answer) -> "object":
    """The first page is answered as ever."""

    def fault(asked: Asked) -> Answer | None:
        return answer if "continuation-token" in asked.query else None

    return fault


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            refusal(403, "AccessDenied", "not today"),
            r"credential 1 may not list .* allow s3:ListBucket .*today",
        ),
        (refusal(404, "NoSuchBucket"), "does not exist"),
        (Answer(200, b""), "cannot be read at the page after '0999'"),
        (Answer(200, b"<html>Please log in</html>"), "cannot be read at the page after '0999'"),
        (refusal(403, "InvalidAccessKeyId"), "access key is not known"),
        (refusal(400, "ExpiredToken", "The provided token has expired."), "credential 1 has expired"),
        (refusal(403, "RequestTimeTooSkewed", Date="Thu, 01 Jan 2026 00:00:00 GMT"), "clock .* 01 Jan 2026"),
        (
            Answer(200, b"<ListBucketResult><Key>\x04</Key></ListBucketResult>"),
            "cannot be read at the page after",
        ),
        (
            Answer(200, b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
            "incomplete after '0999': the store says that there is more, but gives no token to continue with",
        ),
        (
            Answer(
                200,
                b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>0</Key></Contents>"
                b"</ListBucketResult>",
            ),
            "incomplete after '0999': '0' is out of order",
        ),
        (
            Answer(
                200,
                b"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>n"
                b"</NextContinuationToken></ListBucketResult>",
            ),
            "a page that is not the last one has no objects",
        ),
    ],
)
async def test_a_listing_that_breaks_off_in_the_middle_is_no_listing(
    store: MemoryS3, impatient: S3Origin, answer: Answer, message: str
) -> None:
    for number in range(1001):
        store.put(f"{number:04}")
    store.fault = second_page(answer)  # type: ignore[assignment]

    async with aclosing(impatient.open(run_of(config(store)), Known())) as lister:
        with pytest.raises(RequestError, match=message) as failed:
            await listed(lister)

    assert "marked" not in str(failed.value).lower()


async def test_a_key_outside_the_prefix_ends_the_listing(store: MemoryS3, origin: S3Origin) -> None:
    body = (
        b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>foo2/x</Key></Contents>"
        b"</ListBucketResult>"
    )
    store.fault = lambda asked: Answer(200, body)

    async with aclosing(origin.open(run_of(config(store, path_prefix="foo/")), Known())) as lister:
        with pytest.raises(RequestError, match="'foo2/x', which is outside the prefix"):
            await listed(lister)


async def test_a_store_that_repeats_what_it_was_told_does_not_tell_it_on(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.fault = lambda asked: refusal(400, "Odd", "key AKIA-MARKED-ID, secret marked-secret")

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        with pytest.raises(RequestError, match="cannot be listed: Odd: key …, secret …"):
            await listed(lister)


def test_pages_are_as_large_as_they_can_be() -> None:
    assert client.PAGE_KEYS == 1000
