"""Saved credentials, followed from their topic."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.errors import RequestError
from schemas.events import Credential
from streams.credentials import SavedCredentials, context_of, require_members
from streams.engine.outputs import Send
from streams.kafka.producer import EventProducer
from streams.secrets import Secrets, SecretsKey
from streams.topics import CREDENTIALS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, fresh_cluster

KEY, OTHER = SecretsKey(b"k" * 32), SecretsKey(b"o" * 32)
PAIR = {"access_key_id": "AKIA1", "secret_access_key": "marked-s3cr3t"}


def credential(secrets: Secrets, number: int, tenant: str = "t") -> Credential:
    made = Credential(
        id=number,
        tenant=tenant,
        kind="aws",
        name="docs",
        secret=secrets.seal({}, ""),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return made.model_copy(update={"secret": secrets.seal(PAIR, context_of(made))})


async def test_a_secret_is_found_by_its_tenant_alone_and_lies_encrypted(kafka: Kafka, tmp_path: Path) -> None:
    cluster = await fresh_cluster(kafka, 1)
    producer = EventProducer(cluster, CODEC)
    file = tmp_path / "credentials.sqlite"
    saved = SavedCredentials(cluster, CODEC, file, Secrets(lambda: [KEY]))
    await saved.start()
    try:
        for number, secrets in ((1, saved.secrets), (2, Secrets(lambda: [OTHER]))):
            await producer.send(Send(CREDENTIALS, str(number), credential(secrets, number)))

        assert await saved.secret("t", 1, "aws") == PAIR  # a moment after it was written
        with pytest.raises(RequestError, match="credential 1 does not exist"):
            await saved.secret("another tenant", 1, "aws")
        with pytest.raises(RequestError, match="is of kind aws, expected github_token"):
            await saved.secret("t", 1, "github_token")
        with pytest.raises(RequestError, match=rf"credential 2 \(docs\): .* key {OTHER.id}"):
            await saved.secret("t", 2, "aws")
        assert [one.id for one in saved.all("t")] == [1, 2]

        moved = credential(saved.secrets, 3).model_copy(update={"tenant": "thief"})
        await producer.send(Send(CREDENTIALS, "3", moved))
        with pytest.raises(RequestError, match=r"credential 3 .* was changed since, or is of another"):
            await saved.secret("thief", 3, "aws")

        await saved.passed(await producer.send(Send(CREDENTIALS, "1", None)))
        with pytest.raises(RequestError, match="credential 1 does not exist"):
            await saved.secret("t", 1, "aws")
        assert saved.taken(2)
        assert not saved.taken(1)
    finally:
        await saved.close()
        await producer.close()
    assert b"marked-s3cr3t" not in file.read_bytes()


def test_members_of_a_kind_are_checked() -> None:
    require_members("aws", PAIR)
    for kind, secret, message in (
        ("gcp", PAIR, "none of aws, github_token, github_app"),
        ("aws", {"access_key_id": "x"}, "access_key_id and secret_access_key"),
        ("aws", {**PAIR, "secret_access_key": ""}, "none is empty"),
        ("github_token", {**PAIR}, "has token"),
        ("github_app", {"app_id": "-----BEGIN X-----", "private_key": "marked"}, "app_id is no id"),
        ("github_app", {"app_id": "77", "private_key": "marked"}, "private_key is no RSA key in PEM"),
    ):
        with pytest.raises(RequestError, match=message) as refused:
            require_members(kind, secret)
        assert "marked" not in str(refused.value)
