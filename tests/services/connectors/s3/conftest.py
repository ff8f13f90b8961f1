"""A store in memory, an origin that may use it, and runs over it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from schemas.errors import RequestError
from schemas.events import RunOptions, RunRequested
from schemas.sources.s3 import S3Config, S3Options
from services.connectors import Access, S3Access
from services.connectors.lister import Content, Entry, Item, Lister
from services.connectors.s3 import S3Origin, client
from tests.s3_server import BUCKET, MemoryS3, serving
from tests.services.connectors.fakes import requested, source

SECRET = {"access_key_id": "AKIA-MARKED-ID", "secret_access_key": "marked-secret"}


class OnePair:
    """Credential 1 of tenant t."""

    async def secret(self, tenant: str, credential_id: int, kind: str) -> Mapping[str, str]:
        if (tenant, credential_id, kind) != ("t", 1, "aws"):
            raise RequestError(f"credential {credential_id} does not exist")
        return SECRET


@pytest.fixture
def store() -> Iterator[MemoryS3]:
    with serving(MemoryS3()) as found:
        yield found


@pytest.fixture(scope="session")
def clients() -> client.Clients:
    """For all tests: the first of a session takes a while."""
    return client.Clients()


@pytest.fixture
def origin(store: MemoryS3, clients: client.Clients) -> S3Origin:
    return S3Origin(Access(credentials=OnePair(), s3=S3Access([store.url])), clients)


@pytest.fixture
def impatient(store: MemoryS3, clients: client.Clients) -> S3Origin:
    """An origin whose runs do not wait for a busy store."""
    return S3Origin(Access(credentials=OnePair(), s3=S3Access([store.url])), clients, patience_s=0.05)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST_PAUSE_S", 0.01)


def config(store: MemoryS3, **fields: Any) -> S3Config:
    given = {"bucket_name": BUCKET, "region": "us-east-1", "collection_name": "library", "credential_id": 1}
    return S3Config(**{**given, "endpoint_url": store.url, **fields})


def run_of(of: S3Config, trigger: str = "api", **options: Any) -> RunRequested:
    run = requested(source(of, "s3")).event
    asked = RunOptions.model_validate({"s3": S3Options(**options)}) if options else None
    return run.model_copy(update={"trigger": trigger, "options": asked})


async def listed(lister: Lister) -> list[Entry]:
    return [entry async for page in lister.pages() for entry in page]


async def read_all(lister: Lister) -> dict[str, Content]:
    """Every document of a listing, read."""
    return {one.key: await lister.read(one) for one in await listed(lister) if isinstance(one, Item)}
