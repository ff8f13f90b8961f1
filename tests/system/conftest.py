"""One system for all whole-pipeline tests; each test uses a collection of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from streams.local.ports import free_port
from streams.secrets import SecretsKey
from tests.conftest import Chroma, Kafka
from tests.moto_server import Aws, serving_aws
from tests.s3_server import MemoryS3, serving
from tests.system.pipeline import Pipeline, running


@pytest.fixture(scope="package")
def store() -> Iterator[MemoryS3]:
    """A bucket that the pipeline may read."""
    with serving(MemoryS3()) as found:
        yield found


@pytest.fixture(scope="package")
def aws_port() -> int:
    """Where the pipeline looks for `aws`."""
    return free_port()


@pytest.fixture(scope="package")
def aws(aws_port: int) -> Iterator[Aws]:
    """S3 and SQS that the pipeline may read; started by the first test that needs them."""
    with serving_aws(aws_port) as found:
        yield found


@pytest.fixture(scope="package")
async def pipeline(
    kafka: Kafka,
    chroma: Chroma,
    store: MemoryS3,
    aws_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Pipeline]:
    data = tmp_path_factory.mktemp("system")
    endpoints = f"{store.url},http://127.0.0.1:{aws_port}"
    settings = {"HEADRACE_S3_ENDPOINTS": endpoints, "HEADRACE_SECRETS_KEY": SecretsKey.new().text}
    async with running(kafka.bootstrap_servers, chroma.url, data, settings=settings) as made:
        yield made
