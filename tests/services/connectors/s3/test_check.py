"""What a source may read is checked when it is made, with the one request that its runs need."""

import pytest

from schemas.errors import RequestError
from services.connectors import Access, S3Access
from services.connectors.s3 import S3Origin
from tests.s3_server import Answer, MemoryS3, refusal
from tests.services.connectors.s3.conftest import OnePair, config


async def test_exactly_the_prefix_is_listed_and_nothing_else_is_asked(
    store: MemoryS3, origin: S3Origin
) -> None:
    made = config(store, path_prefix="docs/")

    assert await origin.check(made, "t") == made

    [asked] = store.asked
    assert (asked.method, asked.key, asked.query["prefix"]) == ("GET", "", "docs/")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            refusal(301, "PermanentRedirect", x_amz_bucket_region="eu-west-1"),
            "is in region eu-west-1, the source says us-east-1: set s3.region to eu-west-1",
        ),
        (
            Answer(
                400,
                b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting 'eu-west-2'</Message>"
                b"<Region>eu-west-2</Region></Error>",
            ),
            "is in region eu-west-2",
        ),
        (refusal(301, "PermanentRedirect"), "is not in region us-east-1"),
        (refusal(403, "SignatureDoesNotMatch"), "secret access key does not belong to its access key"),
        (refusal(403, "AccessDenied"), "may not list bucket .*: allow s3:ListBucket on arn:aws:s3:::library"),
    ],
)
async def test_a_refusal_says_what_to_do_and_no_other_host_is_asked(
    store: MemoryS3, origin: S3Origin, answer: Answer, message: str
) -> None:
    store.fault = lambda asked: answer

    with pytest.raises(RequestError, match=message):
        await origin.check(config(store), "t")

    assert len(store.asked) == 1


async def test_a_bucket_that_does_not_exist(store: MemoryS3, origin: S3Origin) -> None:
    with pytest.raises(RequestError, match=r"bucket nobodys at .* does not exist; check its name"):
        await origin.check(config(store, bucket_name="nobodys"), "t")


async def test_a_credential_is_its_tenants_alone(store: MemoryS3, origin: S3Origin) -> None:
    for number, tenant in ((1, "another"), (2, "t")):
        with pytest.raises(RequestError, match=f"credential {number} does not exist"):
            await origin.check(config(store, credential_id=number), tenant)
    assert not store.asked


async def test_the_machines_own_credentials_are_used_where_that_is_allowed(
    store: MemoryS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOWN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own")
    own = config(store, credential_id=None)

    with pytest.raises(RequestError, match="s3 needs aws_credential_id"):
        await S3Origin(Access(s3=S3Access([store.url]))).check(own, "t")
    assert not store.asked
    await S3Origin(Access(s3=S3Access([store.url], ambient=True))).check(own, "t")

    assert "AKIAOWN" in store.asked[0].headers["authorization"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "http://s3.amazonaws.com",
        "https://s3.amazonaws.com:8443",
        "https://evil-amazonaws.com",
        "https://s3.amazonaws.com.evil.example",
    ],
)
async def test_an_endpoint_is_allowed_by_the_deployment(store: MemoryS3, origin: S3Origin, url: str) -> None:
    for check in (origin.check, origin.check_run):
        with pytest.raises(
            RequestError, match=r"is not allowed here: HEADRACE_S3_ENDPOINTS names http://127"
        ):
            await check(config(store, endpoint_url=url), "t")


async def test_before_a_run_the_store_is_not_asked(store: MemoryS3, origin: S3Origin) -> None:
    store.fault = lambda asked: refusal(503, "SlowDown")

    await origin.check_run(config(store), "t")

    assert not store.asked


async def test_an_address_where_nobody_answers(store: MemoryS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.connectors.s3.CHECK_PATIENCE_S", 0.1)
    origin = S3Origin(Access(credentials=OnePair(), s3=S3Access(["http://127.0.0.1:9"])))

    with pytest.raises(RequestError, match=r"does not answer: .*; is s3.endpoint_url right\?"):
        await origin.check(config(store, endpoint_url="http://127.0.0.1:9"), "t")


async def test_the_environment_leads_nowhere_else(store: MemoryS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    bucket = await S3Origin(Access(credentials=OnePair())).bucket(config(store, endpoint_url=None), "t")

    assert bucket.endpoint_url == "https://s3.us-east-1.amazonaws.com"
