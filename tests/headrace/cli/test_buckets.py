"""`headrace sync s3://…`: which source a bucket is, and what of one that is there stays."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from headrace.cli.origins.buckets import bucket, is_bucket, not_asked_about, require_fitting
from headrace.client.gateway import GatewayClient
from headrace.client.sync import SyncRequest, looked_for, source_of_sync
from headrace.usage_error import UsageError
from schemas.api import Source
from schemas.errors import RequestError
from tests.headrace.client.fake_gateway import ID, source


class Gateway:
    """A client that knows some sources."""

    reconnect_s = 0.0

    def __init__(self, *known: dict[str, Any]) -> None:
        self.known = [Source.model_validate(_shown(number, one)) for number, one in enumerate(known, 1)]
        self.created: list[Mapping[str, Any]] = []
        self.changed: list[Mapping[str, Any]] = []

    async def sources(self, **query: str | None) -> list[Source]:
        assert query["source_type"] == "s3"
        return self.known

    async def create_source(self, payload: Mapping[str, Any]) -> str:
        self.created.append(payload)
        return ID.format(9)

    async def change_source(self, source_id: str, payload: Mapping[str, Any]) -> None:
        self.changed.append(payload)


def _shown(number: int, config: dict[str, Any]) -> dict[str, Any]:
    shown = source(number).model_dump(exclude_unset=True)
    del shown["folder"]
    return {**shown, "s3": config}


def config(**fields: Any) -> dict[str, Any]:
    return {
        "bucket_name": "library",
        "region": "eu-west-1",
        "collection_name": "first",
        "aws_credential_id": 7,
        "path_prefix": "docs/",
        "auto_sync": "direct",
        **fields,
    }


async def source_id(
    gateway: Gateway,
    path: str,
    region: str | None = None,
    credential: int | None = None,
    endpoint: str | None = None,
) -> str:
    request = SyncRequest(
        path,
        "d",
        "c",
        origin=bucket(path, "c", region, endpoint, credential),
        keeps=not_asked_about(region, credential, endpoint),
    )
    return (await source_of_sync(cast(GatewayClient, gateway), request)).id


@pytest.mark.parametrize(
    ("path", "is_one"), [("s3://b/x", True), ("S3://b", True), ("arn:aws:s3:::b", True), ("./s3:", False)]
)
def test_a_bucket_is_known_by_its_address(path: str, is_one: bool) -> None:
    assert is_bucket(path) is is_one


async def test_a_bucket_becomes_a_source_of_its_own() -> None:
    gateway = Gateway()

    assert await source_id(gateway, "S3://library/docs/a b", credential=7) == ID.format(9)

    assert gateway.created == [
        {
            "s3": {
                "bucket_name": "library",
                "region": "us-east-1",
                "collection_name": "c",
                "aws_credential_id": 7,
                "path_prefix": "docs/a b",
                "auto_sync": "none",
            },
            "database_name": "d",
        }
    ]


async def test_what_is_not_asked_about_stays() -> None:
    gateway = Gateway(config())

    assert await source_id(gateway, "s3://library/docs/") == ID.format(1)
    assert not gateway.changed
    assert await source_id(gateway, "s3://library/docs/", credential=8) == ID.format(1)

    assert gateway.changed == [{"s3": config(aws_credential_id=8)}]


async def test_another_prefix_is_another_source_or_overlaps() -> None:
    gateway = Gateway(config())

    assert await source_id(gateway, "s3://library/notes/") == ID.format(9)
    with pytest.raises(RequestError, match="s3://library/docs/ is synced into collection 'c' already"):
        await source_id(gateway, "s3://library/docs/new/")
    with pytest.raises(
        RequestError, match="and s3://other/docs/ writes documents of the same ids: ids follow"
    ):
        await source_id(gateway, "s3://other/docs/")
    elsewhere = Gateway(config(endpoint_url="http://one:9000"))
    with pytest.raises(
        RequestError, match=r"docs/ at http://one:9000 is .* and s3://library/docs/ at http://two:9000 "
    ):
        await source_id(elsewhere, "s3://library/docs/", endpoint="http://two:9000")

    assert not gateway.changed


async def test_the_store_of_a_bucket_that_fills_the_collection_need_not_be_named_again() -> None:
    gateway = Gateway(config(endpoint_url="http://one:9000"))

    assert await source_id(gateway, "s3://library/docs/") == ID.format(1)
    assert await source_id(gateway, "s3://library/docs/", endpoint="http://one:9000") == ID.format(1)

    assert not gateway.changed
    assert not gateway.created


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("s3://", None, None), "is no name of a bucket"),
        (("s3://b-c", "x.evil/", None), "--region 'x.evil/' is no region"),
        (("s3://b-c", "x" * 41, None), "--region: "),
        (("s3://b-c", None, "minio:9000"), "--endpoint-url must be http"),
        (("s3://b-c/" + "x" * 1025, None, None), "PATH has 1,025 bytes"),
    ],
)
def test_what_no_gateway_takes_is_said_at_once(
    arguments: tuple[str, str | None, str | None], message: str
) -> None:
    path, region, endpoint = arguments
    with pytest.raises(UsageError, match=message):
        bucket(path, "c", region, endpoint, None)


def test_options_go_with_what_they_are_of() -> None:
    require_fitting(True, (None, None), ("eu-west-1", None))
    with pytest.raises(UsageError, match=r"--include, .* are not for buckets"):
        require_fitting(True, (["*.md"],), (None,))
    with pytest.raises(UsageError, match="need a bucket"):
        require_fitting(False, (None,), (None, 7))


def test_a_bucket_is_named_in_what_was_looked_for() -> None:
    request = SyncRequest("s3://b-c/docs", "d", "c", origin=bucket("s3://b-c/docs", "c", None, None, 1))
    assert looked_for(request) == "objects of s3://b-c/docs"
