"""Against moto: another implementation of S3, with IAM policies."""

import json
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from typing import Any

import aiohttp
import boto3
import pytest
from moto.server import ThreadedMotoServer

from schemas.errors import DocumentError, RequestError
from schemas.sources.s3 import S3Config
from services.connectors import Access, S3Access
from services.connectors.lister import Item
from services.connectors.s3 import S3Origin
from tests.services.connectors.listing import Known
from tests.services.connectors.s3.conftest import listed, read_all, run_of
from tests.services.connectors.s3.test_listing import ODD_KEYS

BUCKET = "moto-library"
#: Its HTTP layer folds paths and cuts lines; `test_listing.py` has these keys.
KEYS = [
    key
    for key in ODD_KEYS
    if not key.startswith((".", "/")) and "//" not in key and "../" not in key and "\n" not in key
]
ROOT = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "eu-west-1"}


class Saved:
    """Credentials by id."""

    def __init__(self, **pairs: Mapping[str, str]) -> None:
        self._pairs = pairs

    async def secret(self, tenant: str, credential_id: int, kind: str) -> Mapping[str, str]:
        return self._pairs[str(credential_id)]


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def config(url: str, **fields: Any) -> S3Config:
    given = {"bucket_name": BUCKET, "region": "eu-west-1", "collection_name": "c", "credential_id": 1}
    return S3Config(**{**given, "endpoint_url": url, **fields})


@pytest.fixture(scope="module")
def bucket(moto: str) -> Any:
    """A client with all rights, and a bucket with keys of every sort."""
    client = boto3.client("s3", endpoint_url=moto, **ROOT)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key in KEYS:
        client.put_object(Bucket=BUCKET, Key=key, Body=f"I am {key}".encode())
    return client


def origin(url: str, **pairs: Mapping[str, str]) -> S3Origin:
    root = {"access_key_id": "testing", "secret_access_key": "testing"}
    return S3Origin(Access(credentials=Saved(**{"1": root, **pairs}), s3=S3Access([url])))


async def test_every_key_is_listed_and_read_as_it_is(moto: str, bucket: Any) -> None:
    async with aclosing(origin(moto).open(run_of(config(moto)), Known())) as lister:
        found = await read_all(lister)

    assert {key: content.body.decode() for key, content in found.items()} == {
        key: f"I am {key}" for key in KEYS
    }


async def test_an_object_that_is_overwritten_after_it_was_listed(moto: str, bucket: Any) -> None:
    bucket.put_object(Bucket=BUCKET, Key="changing", Body=b"old")
    async with aclosing(origin(moto).open(run_of(config(moto, path_prefix="changing")), Known())) as lister:
        [item] = await listed(lister)
        bucket.put_object(Bucket=BUCKET, Key="changing", Body=b"new")
        assert isinstance(item, Item)
        found = await lister.read(item)

    assert found.body == b"new"
    assert found.version not in (None, item.version)


async def test_what_a_policy_denies_is_named(moto: str, bucket: Any) -> None:
    iam = boto3.client("iam", endpoint_url=moto, **ROOT)
    allowed = {"lists": "s3:ListBucket", "reads": "s3:GetObject"}
    pairs = {}
    for name, action in allowed.items():
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": [action], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        pairs[name] = {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}
    made = origin(moto, **{"2": pairs["lists"], "3": pairs["reads"]})
    async with aiohttp.ClientSession() as session:
        await session.post(f"{moto}/moto-api/reset-auth", data="0")
        try:
            with pytest.raises(RequestError, match=r"credential 3 may not list .*: allow s3:ListBucket"):
                await made.check(config(moto, credential_id=3), "t")
            await made.check(config(moto, credential_id=2), "t")
            async with aclosing(made.open(run_of(config(moto, credential_id=2)), Known())) as lister:
                first = (await listed(lister))[0]
                assert isinstance(first, Item)
                with pytest.raises(DocumentError, match="credential 2 may not read it: allow s3:GetObject"):
                    await lister.read(first)
            run = run_of(config(moto, credential_id=3), object_key="exp2")
            async with aclosing(made.open(run, Known())) as single:
                assert list(await read_all(single)) == ["exp2"]
            wrong = origin(moto, **{"1": {**pairs["lists"], "secret_access_key": "another"}})
            with pytest.raises(RequestError, match="does not belong to its access key"):
                await wrong.check(config(moto), "t")
        finally:
            await session.post(f"{moto}/moto-api/reset-auth", data="1000000")
