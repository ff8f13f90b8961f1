"""One system for all whole-pipeline tests; each test uses a collection of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from streams.secrets import SecretsKey
from tests.conftest import Chroma, Kafka
from tests.s3_server import MemoryS3, serving
from tests.system.pipeline import Pipeline, running


@pytest.fixture(scope="package")
def store() -> Iterator[MemoryS3]:
    """A bucket that the pipeline may read."""
    with serving(MemoryS3()) as found:
        yield found


@pytest.fixture(scope="package")
async def pipeline(
    kafka: Kafka, chroma: Chroma, store: MemoryS3, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pipeline]:
    data = tmp_path_factory.mktemp("system")
    settings = {"HEADRACE_S3_ENDPOINTS": store.url, "HEADRACE_SECRETS_KEY": SecretsKey.new().text}
    async with running(kafka.bootstrap_servers, chroma.url, data, settings=settings) as made:
        yield made
