"""Sources of a bucket over HTTP, and what they sign in with: it comes in once, and never goes out."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api import Gateway
from services.connectors import Access, GithubAccess, S3Access, origins
from streams.credentials import SavedCredentials
from streams.secrets import Secrets, SecretsKey
from streams.topics import RUNS
from tests.api.conftest import DATABASE, Server, asked_runs, running
from tests.api.fake_tracking import FakeTracking
from tests.s3_server import BUCKET, Answer, Asked, MemoryS3, refusal, serving
from tests.services.connectors.github.git_server import key_pair

CREDENTIALS, SOURCES = "/api/v1/credentials", "/api/v1/sources"
PAIR = {"access_key_id": "AKIA0MARKED0KEY0WXYZ", "secret_access_key": "marked/secret+key"}
OLD, NEW = SecretsKey(b"o" * 32), SecretsKey(b"n" * 32)


@pytest.fixture(scope="module")
def s3_store() -> Iterator[MemoryS3]:
    with serving(MemoryS3()) as found:
        yield found


@pytest.fixture(scope="module")
def keys() -> list[SecretsKey]:
    """Of the gateway; a test may add one."""
    return [OLD]


@pytest.fixture(scope="module")
async def gateway(
    configuration: Gateway,
    tracking: FakeTracking,
    database: str,
    s3_store: MemoryS3,
    keys: list[SecretsKey],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Server]:
    folder = Path(tmp_path_factory.mktemp("credentials"))
    saved = SavedCredentials(
        configuration.cluster, configuration.codec, folder / "credentials.sqlite", Secrets(lambda: keys)
    )
    nobody = GithubAccess(url="http://127.0.0.1:1")
    access = Access(credentials=saved, github=nobody, s3=S3Access([s3_store.url]))
    made = replace(configuration, credentials=saved, origins=origins(access), state_folder=folder / "state")
    async with running(made) as server:
        yield server


@pytest.fixture(autouse=True)
def sound(s3_store: MemoryS3) -> None:
    s3_store.fault = lambda asked: None
    s3_store.asked.clear()


async def saved(gateway: Server, name: str, **fields: Any) -> dict[str, Any]:
    body = {"kind": "aws", "name": name, "secret": PAIR, **fields}
    made = await gateway.call("POST", CREDENTIALS, status=201, json=body)
    assert isinstance(made, dict)
    return made


def bucket(store: MemoryS3, **fields: Any) -> dict[str, Any]:
    config = {"bucket_name": BUCKET, "region": "us-east-1", "collection_name": "library", **fields}
    return {"s3": {"endpoint_url": store.url, **config}, "database_name": DATABASE}


async def created(gateway: Server, store: MemoryS3, **fields: Any) -> str:
    made = await gateway.call("POST", SOURCES, status=201, json=bucket(store, **fields))
    return str(made["source_id"])


async def listed(gateway: Server) -> dict[int, dict[str, Any]]:
    return {one["id"]: one for one in await gateway.call("GET", CREDENTIALS, status=200)}


async def test_a_credential_is_saved_shown_without_its_secret_and_forgotten(gateway: Server) -> None:
    made = await saved(gateway, "docs bucket")

    assert 10**8 <= made["id"] < 10**9
    assert (made["kind"], made["name"], made["hint"], made["key_id"]) == (
        "aws",
        "docs bucket",
        "…WXYZ",
        OLD.id,
    )
    assert (await listed(gateway))[made["id"]] == made
    assert not any(value in str(made) for value in PAIR.values())

    await gateway.call("DELETE", f"{CREDENTIALS}/{made['id']}", status=204)
    assert made["id"] not in await listed(gateway)
    await gateway.call("DELETE", f"{CREDENTIALS}/{made['id']}", status=404)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"kind": "gcp"}, "kind"),
        ({"name": ""}, "name"),
        ({"secret": {"access_key_id": "x"}}, "access_key_id and secret_access_key"),
        ({"secret": {**PAIR, "token": "marked"}}, "access_key_id and secret_access_key"),
        ({"secret": {**PAIR, "access_key_id": 7}}, "secret.access_key_id"),
        ({"secret": "marked/secret+key"}, "secret"),
        ({"secrets": {}}, "secrets"),
    ],
)
async def test_what_is_no_credential_is_refused_and_not_repeated(
    gateway: Server, body: dict[str, Any], reason: str
) -> None:
    sent = {"kind": "aws", "name": "n", "secret": PAIR, **body}

    refused = await gateway.call("POST", CREDENTIALS, status=400, json=sent)

    assert reason in refused["message"]
    assert "marked" not in refused["message"]


async def test_only_an_admin_of_all_databases_sees_credentials(gateway: Server) -> None:
    keys = [
        (await gateway.call("POST", "/api/v1/keys", status=201, json={"name": "k", **fields}))["key"]
        for fields in ({}, {"admin": True, "databases": [DATABASE]})
    ]
    for key in keys:
        await gateway.call("GET", CREDENTIALS, status=403, key=key)
        await gateway.call("POST", CREDENTIALS, status=403, key=key, json={})
        await gateway.call("DELETE", f"{CREDENTIALS}/123456789", status=403, key=key)
    admin = await gateway.call("POST", "/api/v1/keys", status=201, json={"name": "k", "admin": True})
    await gateway.call("POST", f"{CREDENTIALS}/rotate", status=403, key=admin["key"])


async def test_a_credential_of_another_tenant_is_not_there(gateway: Server, s3_store: MemoryS3) -> None:
    made = await saved(gateway, "ours")
    body = {"name": "k", "admin": True, "tenant": "another_tenant"}
    other = (await gateway.call("POST", "/api/v1/keys", status=201, json=body))["key"]

    assert await gateway.call("GET", CREDENTIALS, status=200, key=other) == []
    await gateway.call("DELETE", f"{CREDENTIALS}/{made['id']}", status=404, key=other)


async def test_an_inline_pair_is_saved_once_and_never_shown(gateway: Server, s3_store: MemoryS3) -> None:
    pair = {f"aws_{name}": f"inline-{value}" for name, value in PAIR.items()}
    before = await listed(gateway)

    first = await created(gateway, s3_store, path_prefix="one/", **pair)
    second = await created(gateway, s3_store, path_prefix="two/", **pair)
    again = await gateway.call("POST", SOURCES, status=409, json=bucket(s3_store, path_prefix="one/", **pair))

    assert again["source_id"] == first
    [credential] = [one for id_, one in (await listed(gateway)).items() if id_ not in before]
    assert set(credential["source_ids"]) == {first, second}
    assert credential["name"] == f"s3://{BUCKET}"
    shown = (await gateway.call("GET", f"{SOURCES}/{first}", status=200))["s3"]
    assert shown == {
        "bucket_name": BUCKET,
        "region": "us-east-1",
        "collection_name": "library",
        "aws_credential_id": credential["id"],
        "path_prefix": "one/",
        "auto_sync": "none",
        "endpoint_url": s3_store.url,
    }

    refused = await gateway.call("DELETE", f"{CREDENTIALS}/{credential['id']}", status=409)
    assert f"{first} (s3://{BUCKET}/one/" in refused["message"]
    for source in (first, second):
        await gateway.call("DELETE", f"{SOURCES}/{source}", status=204)
    await gateway.call("DELETE", f"{CREDENTIALS}/{credential['id']}", status=204)


async def test_a_pair_that_the_bucket_refuses_is_not_kept(gateway: Server, s3_store: MemoryS3) -> None:
    before = await listed(gateway)
    s3_store.fault = lambda asked: refusal(403, "InvalidAccessKeyId", "AKIAREFUSED is not known")
    pair = {"aws_access_key_id": "AKIAREFUSED", "aws_secret_access_key": "refused"}

    refused = await gateway.call("POST", SOURCES, status=400, json=bucket(s3_store, **pair))

    assert "the access key is not known to the store" in refused["message"]
    assert "AKIAREFUSED" not in refused["message"]
    assert await listed(gateway) == before


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"aws_access_key_id": "x"}, "go together"),
        ({"aws_access_key_id": "x", "aws_secret_access_key": "y", "aws_credential_id": 1}, "not both"),
        ({"aws_credential_id": 1}, "credential 1 does not exist"),
        ({}, "s3 needs aws_credential_id"),
        ({"aws_credential_id": 2**31}, "aws_credential_id"),
        ({"aws_credential_id": "1"}, "aws_credential_id"),
        ({"region": "x.evil.example/"}, "is no region"),
        ({"bucket_name": "no spaces"}, "is no name of a bucket"),
        ({"bucket_name": "arn:aws:s3:eu-west-1:1:accesspoint/x"}, "-s3alias"),
        ({"bucket_name": "s3://b-c/docs"}, "put 'docs' into s3.path_prefix"),
        ({"endpoint_url": "http://169.254.169.254"}, "HEADRACE_S3_ENDPOINTS names http://127.0.0.1"),
        ({"endpoint_url": "http://me:pw@minio/x"}, "http://host:port"),
        ({"auto_sync": "always"}, "auto_sync"),
        ({"path_prefix": "x" * 1025}, "1 to 1,024"),
    ],
)
async def test_a_source_that_cannot_be_is_refused_with_the_reason(
    gateway: Server, s3_store: MemoryS3, fields: dict[str, Any], reason: str
) -> None:
    refused = await gateway.call("POST", SOURCES, status=400, json=bucket(s3_store, **fields))

    assert reason in refused["message"]
    assert not s3_store.asked


async def test_what_the_official_clients_send_is_taken(gateway: Server, s3_store: MemoryS3) -> None:
    credential = await saved(gateway, "client")
    body = bucket(
        s3_store,
        bucket_name=f"arn:aws:s3:::{BUCKET}",
        aws_credential_id=credential["id"],
        aws_access_key_id=None,
        aws_secret_access_key=None,
        path_prefix=None,
        auto_sync=None,
    )
    body |= {
        "embedding": {"sparse": None, "dense": None},
        "embedding_model": None,
        "chunking": None,
        "unknown": 1,
    }

    source = (await gateway.call("POST", SOURCES, status=201, json=body))["source_id"]
    run = await gateway.call(
        "POST",
        f"{SOURCES}/{source}/invocations",
        status=201,
        json={
            "target_collection_name": None,
            "object_key": "docs/a.md",
            "custom_id": None,
            "metadata": {"year": 2026, "tags": ["a", "b"], "none": None},
            "ref_identifier": None,
        },
    )

    [asked] = [one for one in await asked_runs(gateway, RUNS["s3"]) if one.source.id == source]
    assert (asked.collection, asked.trigger) == ("library", "api")
    options = getattr(asked.options, "s3")  # noqa: B009  (a member that the table of types adds)
    assert (options.object_key, options.custom_id, options.bucket_name) == ("docs/a.md", None, BUCKET)
    job = await gateway.call("GET", f"/api/v1/invocations/{run['invocation_id']}", status=200)
    assert job["metadata"] == {
        "database_name": DATABASE,
        "collection_name": "library",
        "s3": {
            "bucket_name": BUCKET,
            "object_key": "docs/a.md",
            "additional_metadata": {"year": 2026, "tags": ["a", "b"], "none": None},
        },
    }
    latest = await gateway.call(
        "POST",
        f"{SOURCES}/{source}/invocations/latest-by-keys",
        status=200,
        json={"object_keys": ["docs/a.md", "never"]},
    )
    assert {key: one["id"] for key, one in latest.items()} == {"docs/a.md": run["invocation_id"]}
    assert source in {one["id"] for one in await gateway.call("GET", f"{SOURCES}?source_type=s3", status=200)}
    await gateway.call("DELETE", f"{SOURCES}/{source}", status=204)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"object_key": "other/a.md"}, "does not begin with the source's path_prefix 'docs/'"),
        ({"object_key": ""}, "1 to 1,024"),
        ({"custom_id": "x"}, "custom_id is of one object: it needs object_key"),
        ({"metadata": {}}, "metadata is of one object"),
        ({"object_key": "docs/a", "metadata": {"chroma_x": 1}}, "reserved"),
        ({"object_key": "docs/a", "metadata": {"x": {"y": 1}}}, "found an object"),
        ({"object_key": "docs/a", "custom_id": "ä" * 61}, "custom_id has 122 bytes"),
        ({"object_key": "docs/a", "ref_identifier": {"branch": "main"}}, "ref_identifier"),
    ],
)
async def test_a_run_that_cannot_be_is_refused_with_the_reason(
    gateway: Server, s3_store: MemoryS3, fields: dict[str, Any], reason: str
) -> None:
    source = await created(
        gateway, s3_store, path_prefix="docs/", aws_credential_id=(await saved(gateway, "r"))["id"]
    )

    refused = await gateway.call("POST", f"{SOURCES}/{source}/invocations", status=400, json=fields)

    assert reason in refused["message"]
    await gateway.call("DELETE", f"{SOURCES}/{source}", status=204)


async def test_a_bucket_that_is_away_does_not_keep_anybody_from_asking_for_a_run(
    gateway: Server, s3_store: MemoryS3
) -> None:
    source = await created(gateway, s3_store, aws_credential_id=(await saved(gateway, "away"))["id"])
    s3_store.fault = lambda asked: refusal(503, "SlowDown")

    await gateway.call("POST", f"{SOURCES}/{source}/invocations", status=201, json={})
    await gateway.call("DELETE", f"{SOURCES}/{source}", status=204)


async def test_prefixes_that_overlap_do_not_share_a_collection(gateway: Server, s3_store: MemoryS3) -> None:
    credential = (await saved(gateway, "overlaps"))["id"]
    made = {
        prefix: await created(gateway, s3_store, path_prefix=prefix, aws_credential_id=credential)
        for prefix in ("foo", "foo2/", "bar/")
    }
    into = {"target_collection_name": "overlapping"}
    path = f"{SOURCES}/{{}}/invocations"

    await gateway.call("POST", path.format(made["foo"]), status=201, json=into)
    await gateway.call("POST", path.format(made["bar/"]), status=201, json=into)
    refused = await gateway.call("POST", path.format(made["foo2/"]), status=409, json=into)

    assert refused["source_id"] == made["foo"]
    assert "ids follow from the keys alone" in refused["message"]
    for source in made.values():
        await gateway.call("DELETE", f"{SOURCES}/{source}", status=204)


async def test_region_credential_and_prefix_of_a_source_may_change_and_its_bucket_not(
    gateway: Server, s3_store: MemoryS3
) -> None:
    credential = (await saved(gateway, "change"))["id"]
    source = await created(gateway, s3_store, aws_credential_id=credential, path_prefix="a/")
    pair = {"aws_access_key_id": "AKIACHANGED", "aws_secret_access_key": "changed"}

    put = {"s3": bucket(s3_store, region="eu-west-1", path_prefix="b/", **pair)["s3"]}
    changed = await gateway.call("PUT", f"{SOURCES}/{source}", status=200, json=put)
    assert changed["s3"]["region"] == "eu-west-1"
    assert changed["s3"]["aws_credential_id"] not in (None, credential)

    put["s3"]["bucket_name"] = "another"
    s3_store.fault = lambda asked: None if asked.key else refusal(404, "NoSuchBucket")
    await gateway.call("PUT", f"{SOURCES}/{source}", status=400, json=put)
    await gateway.call("DELETE", f"{SOURCES}/{source}", status=204)


async def test_a_sparse_key_is_refused_before_anything_is_saved(gateway: Server, s3_store: MemoryS3) -> None:
    before = await listed(gateway)
    body = bucket(s3_store, aws_access_key_id="AKIASPARSE", aws_secret_access_key="s")
    body["embedding"] = {"sparse": {"model": "Chroma/BM25", "key": "chroma_x"}}

    refused = await gateway.call("POST", SOURCES, status=400, json=body)

    assert "embedding.sparse" in refused["message"]
    assert await listed(gateway) == before


async def test_a_source_with_the_credential_of_an_app_names_that_app(gateway: Server) -> None:
    secrets = {"github_app": {"app_id": "77", "private_key": key_pair()[0]}, "github_token": {"token": "t"}}
    ids = {}
    for kind, secret in secrets.items():
        body = {"kind": kind, "name": "n", "secret": secret}
        ids[kind] = (await gateway.call("POST", CREDENTIALS, status=201, json=body))["id"]
    body = {
        "database_name": DATABASE,
        "github": {"repository": "owner/repo", "credential_id": ids["github_app"]},
    }
    source = (await gateway.call("POST", SOURCES, status=201, json=body))["source_id"]

    shown = (await gateway.call("GET", f"{SOURCES}/{source}", status=200))["github"]
    assert (shown["app_id"], shown["credential_id"]) == ("77", ids["github_app"])
    changed = {"github": {"repository": "owner/repo", "credential_id": ids["github_token"]}}
    now = await gateway.call("PUT", f"{SOURCES}/{source}", status=200, json=changed)
    assert now["github"]["app_id"] is None
    again = {"github": {"credential_id": ids["github_app"]}}
    found = await gateway.call("PATCH", f"{SOURCES}/{source}", status=200, json=again)
    assert found["github"]["app_id"] == "77"


async def test_filters_of_repositories_go_with_their_type(gateway: Server) -> None:
    for path in (SOURCES, "/api/v1/invocations"):
        for name in ("repository", "app_id"):
            query = f"{path}?github.{name}=x"
            refused = await gateway.call("GET", query, status=400)
            assert "go with source_type=github" in refused["message"]
            assert await gateway.call("GET", f"{query}&source_type=github", status=200) == []


async def test_keys_are_changed_while_the_gateway_runs(gateway: Server, keys: list[SecretsKey]) -> None:
    made = await saved(gateway, "rotated")
    keys.insert(0, NEW)

    first = await gateway.call("POST", f"{CREDENTIALS}/rotate", status=200)
    keys.remove(OLD)
    again = await gateway.call("POST", f"{CREDENTIALS}/rotate", status=200)

    assert (first["key_id"], first["failed"]) == (NEW.id, [])
    assert first["rotated"] >= 1
    assert again == {"key_id": NEW.id, "rotated": 0, "failed": []}
    assert {one["key_id"] for one in (await listed(gateway)).values()} == {NEW.id}
    found = gateway.gateway.credentials
    assert found is not None
    assert await found.secret("default_tenant", made["id"], "aws") == PAIR


async def test_a_credential_that_is_deleted_during_a_rotation_stays_deleted(
    gateway: Server, keys: list[SecretsKey]
) -> None:
    made = [(await saved(gateway, f"one of many {number}"))["id"] for number in range(8)]
    keys.insert(0, SecretsKey.new())
    rotate = gateway.call("POST", f"{CREDENTIALS}/rotate", status=200)
    await asyncio.gather(
        rotate, *(gateway.call("DELETE", f"{CREDENTIALS}/{one}", status=204) for one in made)
    )
    assert set(made) & set(await listed(gateway)) == set()


async def test_a_refused_source_does_not_take_the_credential_of_another_along(
    gateway: Server, s3_store: MemoryS3
) -> None:
    pair = {"aws_access_key_id": "AKIA0SHARED", "aws_secret_access_key": "shared"}
    saved_first, both = threading.Event(), threading.Event()

    def fault(asked: Asked) -> Answer | None:
        if asked.query.get("prefix") == "theirs/":
            both.set()
            return None
        saved_first.set()
        both.wait(0.3)  # as long as the other one could use the credential
        return refusal(403, "InvalidAccessKeyId", "not known")

    s3_store.fault = fault
    refused = bucket(s3_store, path_prefix="refused/", **pair)
    first = asyncio.create_task(gateway.call("POST", SOURCES, status=400, json=refused))
    assert await asyncio.to_thread(saved_first.wait, 20)
    source = await created(gateway, s3_store, path_prefix="theirs/", **pair)
    await first
    used = (await gateway.call("GET", f"{SOURCES}/{source}", status=200))["s3"]["aws_credential_id"]
    assert used in await listed(gateway)


async def test_a_gateway_that_keeps_none_says_so(server: Server) -> None:
    refused = await server.call("GET", CREDENTIALS, status=400)
    assert "cannot be saved in this deployment" in refused["message"]
