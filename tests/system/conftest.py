"""One system for all whole-pipeline tests; each test uses a collection of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Chroma, Kafka
from tests.system.pipeline import Pipeline, running


@pytest.fixture(scope="package")
async def pipeline(
    kafka: Kafka, chroma: Chroma, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pipeline]:
    async with running(kafka.bootstrap_servers, chroma.url, tmp_path_factory.mktemp("system")) as made:
        yield made
