"""Reading objects, and runs over one of them."""

import gzip
from contextlib import aclosing

import pytest

from schemas.errors import CorruptDocument, DocumentError, DocumentTooLarge, RequestError
from schemas.limits import MAX_FILE_BYTES
from services.connectors.lister import Gone, Item, Skipped
from services.connectors.s3 import S3Origin, client
from services.connectors.s3.objects import version_of
from tests.s3_server import Answer, Asked, MemoryS3, refusal
from tests.services.connectors.listing import Known
from tests.services.connectors.s3.conftest import config, listed, read_all, run_of


def of_objects(answer: Answer) -> "object":
    def fault(asked: Asked) -> Answer | None:
        return answer if asked.key else None

    return fault


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            refusal(403, "AccessDenied", "no"),
            "a.txt: credential 1 may not read it: allow s3:GetObject on arn",
        ),
        (
            refusal(403, "AccessDenied", "... is not authorized to perform: kms:Decrypt on the resource ..."),
            "a.txt: credential 1 may not use its encryption key: allow kms:Decrypt",
        ),
        (
            refusal(400, "KMS.DisabledException", "arn:aws:kms:… is disabled."),
            "may not use its encryption key",
        ),
        (refusal(403, "InvalidObjectState"), "is archived; restore it"),
        (
            refusal(
                400, "InvalidRequest", "encrypted using a form of Server Side Encryption with customer ..."
            ),
            "SSE-C",
        ),
        (refusal(418, "Teapot", "I am\na teapot"), "cannot be read: Teapot: I am a teapot"),
    ],
)
async def test_an_object_that_cannot_be_read_fails_alone_and_says_why(
    store: MemoryS3, origin: S3Origin, answer: Answer, message: str
) -> None:
    store.put("a.txt")
    store.fault = of_objects(answer)  # type: ignore[assignment]

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        [item] = await listed(lister)
        assert isinstance(item, Item)
        with pytest.raises(DocumentError, match=message):
            await lister.read(item)


async def test_what_was_replaced_is_read_as_it_is_now_and_what_was_deleted_is_gone(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.put("changed", b"old")
    store.put("gone")

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        changed, gone = await listed(lister)
        store.put("changed", b"new")
        store.delete("gone")
        assert isinstance(changed, Item)
        assert isinstance(gone, Item)
        found = await lister.read(changed)
        assert (found.body, found.version) == (b"new", version_of(store.objects["changed"].etag, 3))
        with pytest.raises(Gone, match="gone: does not exist"):
            await lister.read(gone)


async def test_an_object_that_is_replaced_again_and_again_fails(store: MemoryS3, origin: S3Origin) -> None:
    store.put("busy")
    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        [item] = await listed(lister)
        assert isinstance(item, Item)
        store.fault = lambda asked: refusal(412, "PreconditionFailed")
        with pytest.raises(DocumentError, match="busy: is being overwritten repeatedly"):
            await lister.read(item)


async def test_a_requester_who_pays_says_so_and_one_who_does_not_is_told(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.put("a")

    def bills(asked: Asked) -> Answer | None:
        pays = asked.headers.get("x-amz-request-payer") == "requester"
        return None if pays else refusal(403, "AccessDenied", "Access Denied")

    store.fault = bills
    with pytest.raises(RequestError, match=r"or set s3\.requester_pays if the bucket is Requester Pays"):
        await origin.check(config(store), "t")
    async with aclosing(origin.open(run_of(config(store, requester_pays=True)), Known())) as lister:
        assert list(await read_all(lister)) == ["a"]
    async with aclosing(
        origin.open(run_of(config(store, requester_pays=True), object_key="a"), Known())
    ) as lister:
        assert list(await read_all(lister)) == ["a"]


async def test_a_404_that_is_none_of_the_store_is_no_proof(store: MemoryS3, origin: S3Origin) -> None:
    store.put("a")
    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        [item] = await listed(lister)
        assert isinstance(item, Item)
        store.fault = lambda asked: Answer(404, b"nothing here")
        with pytest.raises(DocumentError) as raised:
            await lister.read(item)
        assert not isinstance(raised.value, Gone)


async def test_credentials_that_are_revoked_in_the_middle_end_the_run(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.put("a")
    store.fault = of_objects(refusal(403, "InvalidAccessKeyId"))  # type: ignore[assignment]

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        [item] = await listed(lister)
        assert isinstance(item, Item)
        with pytest.raises(RequestError, match="access key is not known"):
            await lister.read(item)


async def test_when_every_object_is_denied_the_run_ends(store: MemoryS3, origin: S3Origin) -> None:
    for number in range(60):
        store.put(f"{number:02}")
    store.fault = of_objects(refusal(403, "AccessDenied"))  # type: ignore[assignment]

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        items = [one for one in await listed(lister) if isinstance(one, Item)]
        for item in items[:49]:
            with pytest.raises(DocumentError, match="may not read it"):
                await lister.read(item)
        with pytest.raises(RequestError, match="the last 50 objects were denied"):
            await lister.read(items[49])


async def test_a_connection_that_breaks_costs_another_call(store: MemoryS3, origin: S3Origin) -> None:
    store.put("a", b"whole text")
    cut = [Answer(200, b"whole", {"Content-Length": "10", "ETag": '"x"', "Connection": "close"})]
    store.fault = lambda asked: cut.pop() if cut and asked.key else None

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        assert (await read_all(lister))["a"].body == b"whole text"


async def test_what_is_stored_packed_is_unpacked_once_and_within_the_limit(
    store: MemoryS3, origin: S3Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_FILE_BYTES", 10_000)
    packed = {"Content-Encoding": "gzip"}
    store.put("a.txt", gzip.compress(b"text"), headers=packed)
    store.put("b.gz", gzip.compress(b"a file that is packed by itself"))
    store.put("c.txt", b"said to be packed and is not", headers=packed)
    store.put("bomb.txt", gzip.compress(b"\0" * 10_001), headers=packed)
    store.put("cut.txt", gzip.compress(b"text")[:-6], headers=packed)

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        items = {one.key: one for one in await listed(lister) if isinstance(one, Item)}
        assert (await lister.read(items["a.txt"])).body == b"text"
        assert (await lister.read(items["b.gz"])).body.startswith(b"\x1f\x8b")
        assert (await lister.read(items["c.txt"])).body == b"said to be packed and is not"
        with pytest.raises(DocumentTooLarge, match="more than 10,000 bytes when unpacked"):
            await lister.read(items["bomb.txt"])
        with pytest.raises(CorruptDocument, match="its bytes are not"):
            await lister.read(items["cut.txt"])


async def test_an_object_that_is_larger_than_it_says_is_not_read_to_its_end(
    store: MemoryS3, origin: S3Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("a", b"x" * 101)
    store.put("listed", b"", size=MAX_FILE_BYTES + 1)
    monkeypatch.setattr(client, "MAX_FILE_BYTES", 100)

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        small, large = await listed(lister)
        assert isinstance(small, Item)
        assert isinstance(large, Item)
        assert large.size == MAX_FILE_BYTES + 1, "a run does not read it"
        with pytest.raises(DocumentTooLarge, match="101 bytes, the limit is 100"):
            await lister.read(small)


@pytest.mark.parametrize(
    ("key", "told", "taken"),
    [
        ("a.md", "text/plain", None),
        ("README", "text/markdown", "text/markdown"),
        ("README", "binary/octet-stream", None),
    ],
)
async def test_a_name_says_more_of_the_format_than_a_content_type(
    store: MemoryS3, origin: S3Origin, key: str, told: str, taken: str | None
) -> None:
    store.put(key, headers={"Content-Type": told})

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        assert (await read_all(lister))[key].content_type == taken


async def test_a_run_of_one_object_takes_one_request(store: MemoryS3, origin: S3Origin) -> None:
    store.put("docs/a", b"text")
    store.put("docs/a2")
    run = run_of(config(store), object_key="docs/a", custom_id="me", metadata={"year": 2026, "none": None})

    lister = origin.open(run, Known())
    async with aclosing(lister):
        [item] = await listed(lister)
        assert isinstance(item, Item)
        content = await lister.read(item)

    assert lister.only == ["docs/a"]
    assert (item.key, item.custom_id, dict(item.facts)) == ("docs/a", "me", {"year": 2026})
    assert content.body == b"text"
    assert [asked.key for asked in store.asked] == ["docs/a"]


async def test_what_one_object_was_given_survives_runs_over_all_and_events_that_say_nothing(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.put("a")
    run = run_of(config(store), object_key="a", custom_id="me", metadata={"tags": ["x"]})
    async with aclosing(origin.open(run, Known())) as lister:
        [given] = await listed(lister)
    assert isinstance(given, Item)
    assert given.memo is not None
    known = Known(a=given.memo)

    for later in (run_of(config(store)), run_of(config(store), "event", object_key="a")):
        async with aclosing(origin.open(later, known)) as lister:
            assert await listed(lister) == [given]
    async with aclosing(origin.open(run_of(config(store), object_key="a"), known)) as lister:
        [plain] = await listed(lister)

    assert isinstance(plain, Item)
    assert (plain.custom_id, dict(plain.facts), plain.memo) == (None, {}, None), "somebody asked for it so"


async def test_an_object_that_is_gone_is_an_event_and_a_failure_of_who_asks(
    store: MemoryS3, origin: S3Origin
) -> None:
    async with aclosing(origin.open(run_of(config(store), "event", object_key="a"), Known())) as lister:
        assert await listed(lister) == []
    async with aclosing(origin.open(run_of(config(store), object_key="a"), Known())) as lister:
        with pytest.raises(RequestError, match="object a: does not exist in bucket library"):
            await listed(lister)


@pytest.mark.parametrize(
    "answer", [refusal(403, "AccessDenied"), refusal(404, "NoSuchBucket"), refusal(403, "InvalidObjectState")]
)
async def test_what_cannot_be_looked_at_is_not_gone(
    store: MemoryS3, origin: S3Origin, answer: Answer
) -> None:
    store.fault = lambda asked: answer

    async with aclosing(origin.open(run_of(config(store), "event", object_key="a"), Known())) as lister:
        with pytest.raises(RequestError):
            await listed(lister)


async def test_a_marker_of_a_folder_is_no_document_by_itself_either(
    store: MemoryS3, origin: S3Origin
) -> None:
    store.put("photos/", b"")

    async with aclosing(origin.open(run_of(config(store), "event", object_key="photos/"), Known())) as lister:
        assert await listed(lister) == [Skipped("photos/", "folder marker")]
